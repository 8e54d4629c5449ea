fn expanded() {
    match &(pool) {
        __micropool_pool => {
            ::micropool::__private::in_pool(
                __micropool_pool,
                || {
                    let __micropool_run = ::micropool::__private::Block::<
                        std::io::Error,
                    >::new(&["text", "parsed", "log"]);
                    let __micropool_block = &__micropool_run;
                    let mut __micropool_result0 = __micropool_block
                        .run_try(
                            0u32,
                            || ::micropool::__private::call(|| -> ::micropool::__private::std_core::result::Result<
                                _,
                                std::io::Error,
                            > { read("a") }),
                        );
                    let __micropool_ok0 = ::micropool::__private::ran(
                        &__micropool_result0,
                    );
                    let __micropool_result0 = ::micropool::__private::held(
                        __micropool_result0,
                    );
                    let __micropool_result1 = __micropool_block
                        .run_try(
                            ::micropool::__private::given(__micropool_ok0, 1u32),
                            || {
                                let text = ::micropool::__private::arrived(
                                    __micropool_result0,
                                );
                                ::micropool::__private::call(|| -> ::micropool::__private::std_core::result::Result<
                                    _,
                                    std::io::Error,
                                > { parse(text) })
                            },
                        );
                    let __micropool_ok1 = ::micropool::__private::ran(
                        &__micropool_result1,
                    );
                    let __micropool_result2 = __micropool_block
                        .read1(
                            ::micropool::__private::given(__micropool_ok1, 2u32),
                            &__micropool_result1,
                            |parsed| {
                                let parsed = ::micropool::__private::std_core::clone::Clone::clone(
                                    parsed,
                                );
                                let _ = &parsed;
                                __micropool_block.spawn(2u32, move || print(parsed))
                            },
                        );
                    ::micropool::__private::finish_try(
                        __micropool_run,
                        (__micropool_result1, __micropool_result2),
                        |(__micropool_value1, __micropool_value2)| {
                            #[derive(::micropool::__private::std_core::fmt::Debug)]
                            struct Parallel<T0, T1, T2> {
                                pub text: T0,
                                pub parsed: T1,
                                pub log: T2,
                            }
                            impl<T0, T1, T2> Parallel<T0, T1, T2> {
                                pub fn into_tuple(self) -> (T0, T1, T2) {
                                    (self.text, self.parsed, self.log)
                                }
                            }
                            Parallel {
                                text: (),
                                parsed: ::micropool::__private::value(__micropool_value1),
                                log: ::micropool::__private::value(__micropool_value2),
                            }
                        },
                    )
                },
            )
        }
    }
}
