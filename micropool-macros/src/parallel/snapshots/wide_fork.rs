fn expanded() {
    {
        let __micropool_run = ::micropool::__private::Block::new(
            &["a", "b", "c", "d", "e", "f", "g", "all"],
        );
        let __micropool_block = &__micropool_run;
        let mut __micropool_result0 = ::micropool::__private::Maybe::None;
        let mut __micropool_ok0 = false;
        let mut __micropool_result1 = ::micropool::__private::Maybe::None;
        let mut __micropool_ok1 = false;
        let mut __micropool_result2 = ::micropool::__private::Maybe::None;
        let mut __micropool_ok2 = false;
        let mut __micropool_result3 = ::micropool::__private::Maybe::None;
        let mut __micropool_ok3 = false;
        let mut __micropool_result4 = ::micropool::__private::Maybe::None;
        let mut __micropool_ok4 = false;
        let mut __micropool_result5 = ::micropool::__private::Maybe::None;
        let mut __micropool_ok5 = false;
        let mut __micropool_result6 = ::micropool::__private::Maybe::None;
        let mut __micropool_ok6 = false;
        {
            let (
                mut __micropool_branch0,
                mut __micropool_branch1,
                mut __micropool_branch2,
                mut __micropool_branch3,
                mut __micropool_branch4,
                mut __micropool_branch5,
                mut __micropool_branch6,
            ) = (
                ::micropool::__private::OnceJob::new(|_| {
                    __micropool_result0 = __micropool_block.run(0u32, || f(1));
                    __micropool_ok0 = ::micropool::__private::ran(&__micropool_result0);
                    true
                }),
                ::micropool::__private::OnceJob::new(|_| {
                    __micropool_result1 = __micropool_block.run(1u32, || f(2));
                    __micropool_ok1 = ::micropool::__private::ran(&__micropool_result1);
                    true
                }),
                ::micropool::__private::OnceJob::new(|_| {
                    __micropool_result2 = __micropool_block.run(2u32, || f(3));
                    __micropool_ok2 = ::micropool::__private::ran(&__micropool_result2);
                    true
                }),
                ::micropool::__private::OnceJob::new(|_| {
                    __micropool_result3 = __micropool_block.run(3u32, || f(4));
                    __micropool_ok3 = ::micropool::__private::ran(&__micropool_result3);
                    true
                }),
                ::micropool::__private::OnceJob::new(|_| {
                    __micropool_result4 = __micropool_block.run(4u32, || f(5));
                    __micropool_ok4 = ::micropool::__private::ran(&__micropool_result4);
                    true
                }),
                ::micropool::__private::OnceJob::new(|_| {
                    __micropool_result5 = __micropool_block.run(5u32, || f(6));
                    __micropool_ok5 = ::micropool::__private::ran(&__micropool_result5);
                    true
                }),
                ::micropool::__private::OnceJob::new(|_| {
                    __micropool_result6 = __micropool_block.run(6u32, || f(7));
                    __micropool_ok6 = ::micropool::__private::ran(&__micropool_result6);
                    true
                }),
            );
            ::micropool::__private::run_graph::<
                7usize,
                { ::micropool::__private::words(7usize) },
            >(
                {
                    static __MICROPOOL_PLAN: ::micropool::__private::Plan<7usize> = ::micropool::__private::Plan::new(
                        [::micropool::__private::NodeSpec {
                            succs: &[],
                            here: false,
                        }; 7usize],
                        7u32,
                    );
                    &__MICROPOOL_PLAN
                },
                [
                    &mut __micropool_branch0,
                    &mut __micropool_branch1,
                    &mut __micropool_branch2,
                    &mut __micropool_branch3,
                    &mut __micropool_branch4,
                    &mut __micropool_branch5,
                    &mut __micropool_branch6,
                ],
                &mut [],
            );
        }
        let __micropool_result1 = ::micropool::__private::held(__micropool_result1);
        let __micropool_result7 = __micropool_block
            .read1(
                ::micropool::__private::given(
                    __micropool_ok0 & __micropool_ok1 & __micropool_ok2 & __micropool_ok3
                        & __micropool_ok4 & __micropool_ok5 & __micropool_ok6,
                    7u32,
                ),
                &__micropool_result0,
                |a| {
                    let b = ::micropool::__private::arrived(__micropool_result1);
                    a + b
                },
            );
        ::micropool::__private::finish(
            __micropool_run,
            (
                (__micropool_result0, (__micropool_result2, __micropool_result3)),
                (
                    (__micropool_result4, __micropool_result5),
                    (__micropool_result6, __micropool_result7),
                ),
            ),
            |
                (
                    (__micropool_value0, (__micropool_value2, __micropool_value3)),
                    (
                        (__micropool_value4, __micropool_value5),
                        (__micropool_value6, __micropool_value7),
                    ),
                )|
            {
                #[derive(::micropool::__private::std_core::fmt::Debug)]
                struct Parallel<T0, T1, T2, T3, T4, T5, T6, T7> {
                    pub a: T0,
                    pub b: T1,
                    pub c: T2,
                    pub d: T3,
                    pub e: T4,
                    pub f: T5,
                    pub g: T6,
                    pub all: T7,
                }
                impl<
                    T0,
                    T1,
                    T2,
                    T3,
                    T4,
                    T5,
                    T6,
                    T7,
                > Parallel<T0, T1, T2, T3, T4, T5, T6, T7> {
                    pub fn into_tuple(self) -> (T0, T1, T2, T3, T4, T5, T6, T7) {
                        (
                            self.a,
                            self.b,
                            self.c,
                            self.d,
                            self.e,
                            self.f,
                            self.g,
                            self.all,
                        )
                    }
                }
                Parallel {
                    a: ::micropool::__private::value(__micropool_value0),
                    b: (),
                    c: ::micropool::__private::value(__micropool_value2),
                    d: ::micropool::__private::value(__micropool_value3),
                    e: ::micropool::__private::value(__micropool_value4),
                    f: ::micropool::__private::value(__micropool_value5),
                    g: ::micropool::__private::value(__micropool_value6),
                    all: ::micropool::__private::value(__micropool_value7),
                }
            },
        )
    }
}
