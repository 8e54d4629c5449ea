fn checksum(
    bytes: ::micropool::Task<Vec<u8>>,
    __micropool_parameter1: (usize, usize),
    seed: ::micropool::Task<u32>,
    pool: Arc<Pool>,
) -> ::micropool::Task<u32> {
    match &(&pool.clone()) {
        __micropool_pool => {
            ::micropool::__private::in_pool(
                __micropool_pool,
                || {
                    let __micropool_parameter0 = bytes;
                    let __micropool_parameter1 = __micropool_parameter1;
                    let __micropool_parameter2 = seed;
                    let __micropool_parameter3 = pool;
                    let __micropool_work = ({
                        fn __micropool_typed<P0, P1, P2, P3, R, F>(
                            _: &::micropool::Task<P0>,
                            _: &P1,
                            _: &::micropool::Task<P2>,
                            _: &P3,
                            __micropool_work: F,
                        ) -> F
                        where
                            F: ::core::ops::FnOnce(P0, P1, P2, P3) -> R,
                        {
                            __micropool_work
                        }
                        __micropool_typed
                    })(
                        &__micropool_parameter0,
                        &__micropool_parameter1,
                        &__micropool_parameter2,
                        &__micropool_parameter3,
                        move |
                            __micropool_parameter0,
                            __micropool_parameter1,
                            __micropool_parameter2,
                            __micropool_parameter3,
                        | -> u32 {
                            let bytes = __micropool_parameter0;
                            let __micropool_parameter1 = __micropool_parameter1;
                            let (from, to) = __micropool_parameter1;
                            let mut seed = __micropool_parameter2;
                            let pool = __micropool_parameter3;
                            let _ = &pool;
                            let __micropool_job = ::micropool::__private::enter(
                                "checksum",
                            );
                            {
                                seed += sum(&bytes[from..to]);
                                seed
                            }
                        },
                    );
                    {
                        fn __micropool_start<P0, P1, P2, P3, R, F>(
                            __micropool_parameter0: ::micropool::Task<P0>,
                            __micropool_parameter1: P1,
                            __micropool_parameter2: ::micropool::Task<P2>,
                            __micropool_parameter3: P3,
                            __micropool_work: F,
                        ) -> ::micropool::Task<R>
                        where
                            P0: ::core::marker::Send + 'static,
                            P1: ::core::marker::Send + 'static,
                            P2: ::core::marker::Send + 'static,
                            P3: ::core::marker::Send + 'static,
                            R: ::core::marker::Send + 'static,
                            F: ::core::ops::FnOnce(P0, P1, P2, P3) -> R
                                + ::core::marker::Send + 'static,
                        {
                            ::micropool::__private::spawn_after(
                                "checksum",
                                (__micropool_parameter0, __micropool_parameter2),
                                &[],
                                move |(__micropool_parameter0, __micropool_parameter2)| __micropool_work(
                                    __micropool_parameter0,
                                    __micropool_parameter1,
                                    __micropool_parameter2,
                                    __micropool_parameter3,
                                ),
                            )
                        }
                        __micropool_start(
                            __micropool_parameter0,
                            __micropool_parameter1,
                            __micropool_parameter2,
                            __micropool_parameter3,
                            __micropool_work,
                        )
                    }
                },
            )
        }
    }
}
