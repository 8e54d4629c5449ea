fn expanded() {
    {
        let __micropool_run = ::micropool::__private::Block::new(
            &["a", "b", "c", "d", "e", "f", "g", "_", "h", "i"],
        );
        let __micropool_block = &__micropool_run;
        let __micropool_branch0 = __micropool_block
            .once(|| {
                let __micropool_result0 = __micropool_block.run(0u32, || f(1));
                let __micropool_ok0 = ::micropool::__private::ran(&__micropool_result0);
                (__micropool_result0, __micropool_ok0)
            });
        let __micropool_branch1 = __micropool_block
            .once(|| {
                let __micropool_result1 = __micropool_block.run(1u32, || f(2));
                let __micropool_ok1 = ::micropool::__private::ran(&__micropool_result1);
                (__micropool_result1, __micropool_ok1)
            });
        let (
            (__micropool_result0, __micropool_ok0),
            (__micropool_result1, __micropool_ok1),
        ) = __micropool_block.fork(2u32, __micropool_branch0, __micropool_branch1);
        let mut __micropool_result2 = ::micropool::__private::Maybe::None;
        let mut __micropool_result3 = ::micropool::__private::Maybe::None;
        let mut __micropool_result4 = ::micropool::__private::Maybe::None;
        let mut __micropool_result5 = ::micropool::__private::Maybe::None;
        let mut __micropool_result6 = ::micropool::__private::Maybe::None;
        let mut __micropool_result8 = ::micropool::__private::Maybe::None;
        let mut __micropool_result9 = ::micropool::__private::Maybe::None;
        {
            let __micropool_needed0 = __micropool_ok0 & __micropool_ok1;
            let (
                mut __micropool_branch2,
                mut __micropool_branch3,
                mut __micropool_branch4,
                mut __micropool_branch5,
                mut __micropool_branch6,
                mut __micropool_branch7,
                mut __micropool_branch8,
                mut __micropool_branch9,
            ) = (
                ::micropool::__private::OnceJob::new(|_| {
                    __micropool_result2 = __micropool_block
                        .read2(
                            ::micropool::__private::given(__micropool_needed0, 2u32),
                            &__micropool_result0,
                            &__micropool_result1,
                            |a, b| a + b,
                        );
                    true
                }),
                ::micropool::__private::OnceJob::new(|_| {
                    __micropool_result3 = __micropool_block
                        .read2(
                            ::micropool::__private::given(__micropool_needed0, 3u32),
                            &__micropool_result0,
                            &__micropool_result1,
                            |a, b| a - b,
                        );
                    true
                }),
                ::micropool::__private::OnceJob::new(|_| {
                    __micropool_result4 = __micropool_block
                        .read2(
                            ::micropool::__private::given(__micropool_needed0, 4u32),
                            &__micropool_result0,
                            &__micropool_result1,
                            |a, b| a * b,
                        );
                    true
                }),
                ::micropool::__private::OnceJob::new(|_| {
                    __micropool_result5 = __micropool_block
                        .read2(
                            ::micropool::__private::given(__micropool_needed0, 5u32),
                            &__micropool_result0,
                            &__micropool_result1,
                            |a, b| a / b,
                        );
                    true
                }),
                ::micropool::__private::OnceJob::new(|_| {
                    __micropool_result6 = __micropool_block
                        .read2(
                            ::micropool::__private::given(__micropool_needed0, 6u32),
                            &__micropool_result0,
                            &__micropool_result1,
                            |a, b| a ^ b,
                        );
                    true
                }),
                ::micropool::__private::OnceJob::new(|_| {
                    () = {
                        let __micropool_result7 = __micropool_block
                            .run(
                                ::micropool::__private::given(
                                    __micropool_ok0 & __micropool_ok1,
                                    7u32,
                                ),
                                || ::micropool::__private::effect(|| ::micropool::__private::read2(
                                    &__micropool_result0,
                                    &__micropool_result1,
                                    |a, b| log(a, b),
                                )),
                            );
                    };
                    true
                }),
                ::micropool::__private::OnceJob::new(|_| {
                    (__micropool_result8,) = {
                        #[allow(unused)]
                        let __micropool_result8 = __micropool_block
                            .read2(
                                ::micropool::__private::given(
                                    __micropool_ok0 & __micropool_ok1,
                                    8u32,
                                ),
                                &__micropool_result0,
                                &__micropool_result1,
                                |a, b| a & b,
                            );
                        (__micropool_result8,)
                    };
                    true
                }),
                ::micropool::__private::OnceJob::new(|_| {
                    __micropool_result9 = __micropool_block
                        .read2(
                            ::micropool::__private::given(__micropool_needed0, 9u32),
                            &__micropool_result0,
                            &__micropool_result1,
                            |a, b| ::micropool::__private::when(
                                ::micropool::__private::condition(|| { a > b }),
                                || { a | b },
                            ),
                        );
                    true
                }),
            );
            ::micropool::__private::run_graph::<
                8usize,
                { ::micropool::__private::words(8usize) },
            >(
                {
                    static __MICROPOOL_PLAN: ::micropool::__private::Plan<8usize> = ::micropool::__private::Plan::new(
                        [::micropool::__private::NodeSpec {
                            succs: &[],
                            here: false,
                        }; 8usize],
                        8u32,
                    );
                    &__MICROPOOL_PLAN
                },
                [
                    &mut __micropool_branch2,
                    &mut __micropool_branch3,
                    &mut __micropool_branch4,
                    &mut __micropool_branch5,
                    &mut __micropool_branch6,
                    &mut __micropool_branch7,
                    &mut __micropool_branch8,
                    &mut __micropool_branch9,
                ],
                &mut [],
            );
        }
        ::micropool::__private::finish(
            __micropool_run,
            (
                (
                    (__micropool_result0, __micropool_result1),
                    (__micropool_result2, __micropool_result3),
                ),
                (
                    (__micropool_result4, __micropool_result5),
                    (__micropool_result6, (__micropool_result8, __micropool_result9)),
                ),
            ),
            |
                (
                    (
                        (__micropool_value0, __micropool_value1),
                        (__micropool_value2, __micropool_value3),
                    ),
                    (
                        (__micropool_value4, __micropool_value5),
                        (__micropool_value6, (__micropool_value8, __micropool_value9)),
                    ),
                )|
            {
                #[derive(::micropool::__private::std_core::fmt::Debug)]
                struct Parallel<T0, T1, T2, T3, T4, T5, T6, T8, T9> {
                    pub a: T0,
                    pub b: T1,
                    pub c: T2,
                    pub d: T3,
                    pub e: T4,
                    pub f: T5,
                    pub g: T6,
                    pub h: T8,
                    pub i: T9,
                }
                impl<
                    T0,
                    T1,
                    T2,
                    T3,
                    T4,
                    T5,
                    T6,
                    T8,
                    T9,
                > Parallel<T0, T1, T2, T3, T4, T5, T6, T8, T9> {
                    pub fn into_tuple(self) -> (T0, T1, T2, T3, T4, T5, T6, T8, T9) {
                        (
                            self.a,
                            self.b,
                            self.c,
                            self.d,
                            self.e,
                            self.f,
                            self.g,
                            self.h,
                            self.i,
                        )
                    }
                }
                Parallel {
                    a: ::micropool::__private::value(__micropool_value0),
                    b: ::micropool::__private::value(__micropool_value1),
                    c: ::micropool::__private::value(__micropool_value2),
                    d: ::micropool::__private::value(__micropool_value3),
                    e: ::micropool::__private::value(__micropool_value4),
                    f: ::micropool::__private::value(__micropool_value5),
                    g: ::micropool::__private::value(__micropool_value6),
                    h: ::micropool::__private::value(__micropool_value8),
                    i: ::micropool::__private::value(__micropool_value9),
                }
            },
        )
    }
}
