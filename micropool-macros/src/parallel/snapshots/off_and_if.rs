fn expanded() {
    {
        let __micropool_run = ::micropool::__private::Block::new(&["a", "b", "c"]);
        let __micropool_block = &__micropool_run;
        let mut __micropool_kept0 = ::micropool::__private::Moved::new();
        let mut __micropool_kept1 = ::micropool::__private::Moved::new();
        let mut __micropool_kept2 = ::micropool::__private::Moved::new();
        let (
            (__micropool_cell0, __micropool_fill0),
            (__micropool_cell1, __micropool_fill1),
            (__micropool_cell2, __micropool_fill2),
        ) = (
            (&mut __micropool_kept0).open(),
            (&mut __micropool_kept1).open(),
            (&mut __micropool_kept2).open(),
        );
        {
            let (mut __micropool_job0,) = (
                ::micropool::__private::OnceJob::new(|_| {
                    let __micropool_ok = __micropool_fill0
                        .keep(__micropool_block.run(0u32, || f(1)));
                    let __micropool_ok = __micropool_fill1
                        .keep({
                            #[cfg(not(not(all(unix))))]
                            {
                                __micropool_block
                                    .run(
                                        ::micropool::__private::given(__micropool_ok, 1u32),
                                        || {
                                            let a = (&*__micropool_cell0).take();
                                            g(a)
                                        },
                                    )
                            }
                            #[cfg(not(all(unix)))]
                            {
                                __micropool_block
                                    .run(
                                        ::micropool::__private::given(__micropool_ok, 1u32),
                                        || {
                                            let a = (&*__micropool_cell0).take();
                                            let _ = &a;
                                            ::micropool::__private::off()
                                        },
                                    )
                            }
                        });
                    let __micropool_ok = __micropool_fill2
                        .keep(
                            __micropool_block
                                .run(
                                    ::micropool::__private::given(__micropool_ok, 2u32),
                                    || {
                                        (&*__micropool_cell1)
                                            .with_mut(|b| ::micropool::__private::when(
                                                ::micropool::__private::condition(|| {
                                                    let b = &*b;
                                                    let _ = &b;
                                                    b.is_ready()
                                                }),
                                                || { h(b) },
                                            ))
                                    },
                                ),
                        );
                    __micropool_ok
                }),
            );
            ::micropool::__private::run_graph::<
                1usize,
                { ::micropool::__private::words(1usize) },
            >(
                {
                    static __MICROPOOL_PLAN: ::micropool::__private::Plan<1usize> = ::micropool::__private::Plan::new(
                        [
                            ::micropool::__private::NodeSpec {
                                succs: &[],
                                here: false,
                            },
                        ],
                        1u32,
                    );
                    &__MICROPOOL_PLAN
                },
                [&mut __micropool_job0],
                &mut [],
            );
        }
        ::micropool::__private::finish(
            __micropool_run,
            (
                __micropool_kept0.into_inner(),
                (__micropool_kept1.into_inner(), __micropool_kept2.into_inner()),
            ),
            |(_, (__micropool_value1, __micropool_value2))| {
                #[derive(::micropool::__private::std_core::fmt::Debug)]
                struct Parallel<T0, T1, T2> {
                    pub a: T0,
                    pub b: T1,
                    pub c: T2,
                }
                impl<T0, T1, T2> Parallel<T0, T1, T2> {
                    pub fn into_tuple(self) -> (T0, T1, T2) {
                        (self.a, self.b, self.c)
                    }
                }
                Parallel {
                    a: (),
                    b: ::micropool::__private::value(__micropool_value1),
                    c: ::micropool::__private::value(__micropool_value2),
                }
            },
        )
    }
}
