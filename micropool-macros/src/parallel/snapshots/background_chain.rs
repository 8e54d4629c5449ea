fn expanded() {
    {
        let __micropool_run = ::micropool::__private::Block::new(&["a", "b", "c", "d"]);
        let __micropool_block = &__micropool_run;
        let __micropool_result0 = __micropool_block.run(0u32, || f(1));
        let __micropool_ok0 = ::micropool::__private::ran(&__micropool_result0);
        let mut __micropool_result1 = __micropool_block
            .read1(
                ::micropool::__private::given(__micropool_ok0, 1u32),
                &__micropool_result0,
                |a| {
                    let __micropool_closure = if ::micropool::__private::condition(|| {
                        *a > 0
                    }) {
                        let a = ::micropool::__private::std_core::clone::Clone::clone(a);
                        let _ = &a;
                        ::micropool::__private::std_core::option::Option::Some(
                            __micropool_block.once(move || g(a)),
                        )
                    } else {
                        ::micropool::__private::std_core::option::Option::None
                    };
                    __micropool_block.spawn_some(1u32, __micropool_closure)
                },
            );
        let __micropool_ok1 = ::micropool::__private::ran(&__micropool_result1);
        let __micropool_result1 = ::micropool::__private::held(__micropool_result1);
        let __micropool_result2 = __micropool_block
            .run(
                ::micropool::__private::given(__micropool_ok1, 2u32),
                || {
                    let b = ::micropool::__private::arrived(__micropool_result1);
                    {
                        __micropool_block
                            .spawn_after(
                                2u32,
                                (b,),
                                &[],
                                move |(b,)| {
                                    let _ = &b;
                                    h(b)
                                },
                            )
                    }
                },
            );
        let __micropool_ok2 = ::micropool::__private::ran(&__micropool_result2);
        let __micropool_result3 = __micropool_block
            .read1(
                ::micropool::__private::given(__micropool_ok2, 3u32),
                &__micropool_result2,
                |__micropool_handle2| {
                    __micropool_block
                        .spawn_after(
                            3u32,
                            (),
                            &[
                                __micropool_handle2 as &dyn ::micropool::__private::AnyTask,
                            ],
                            move |()| i(),
                        )
                },
            );
        ::micropool::__private::finish(
            __micropool_run,
            (__micropool_result0, (__micropool_result2, __micropool_result3)),
            |(__micropool_value0, (__micropool_value2, __micropool_value3))| {
                #[derive(::micropool::__private::std_core::fmt::Debug)]
                struct Parallel<T0, T1, T2, T3> {
                    pub a: T0,
                    pub b: T1,
                    pub c: T2,
                    pub d: T3,
                }
                impl<T0, T1, T2, T3> Parallel<T0, T1, T2, T3> {
                    pub fn into_tuple(self) -> (T0, T1, T2, T3) {
                        (self.a, self.b, self.c, self.d)
                    }
                }
                Parallel {
                    a: ::micropool::__private::value(__micropool_value0),
                    b: (),
                    c: ::micropool::__private::value(__micropool_value2),
                    d: ::micropool::__private::value(__micropool_value3),
                }
            },
        )
    }
}
