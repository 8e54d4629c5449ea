fn expanded() {
    {
        let __micropool_run = ::micropool::__private::Block::new(
            &["input", "physics", "audio", "render", "_"],
        );
        let __micropool_block = &__micropool_run;
        let __micropool_result0 = __micropool_block.run(0u32, || poll());
        let __micropool_ok0 = ::micropool::__private::ran(&__micropool_result0);
        let __micropool_branch1 = __micropool_block
            .once(|| {
                let __micropool_result1 = __micropool_block
                    .read1(
                        ::micropool::__private::given(__micropool_ok0, 1u32),
                        &__micropool_result0,
                        |input| world.step(input),
                    );
                let __micropool_ok1 = ::micropool::__private::ran(&__micropool_result1);
                let __micropool_result3 = __micropool_block
                    .run(
                        ::micropool::__private::given(__micropool_ok1, 3u32),
                        || draw(&world),
                    );
                let __micropool_ok3 = ::micropool::__private::ran(&__micropool_result3);
                (__micropool_result1, __micropool_result3, __micropool_ok3)
            });
        let __micropool_branch2 = __micropool_block
            .once(|| {
                let __micropool_result2 = __micropool_block
                    .read1(
                        ::micropool::__private::given(__micropool_ok0, 2u32),
                        &__micropool_result0,
                        |input| {
                            let _ = &input;
                            ::micropool::__private::when(
                                ::micropool::__private::condition(|| { *input > 0 }),
                                || { mix() },
                            )
                        },
                    );
                let __micropool_ok2 = ::micropool::__private::ran(&__micropool_result2);
                (__micropool_result2, __micropool_ok2)
            });
        let (
            (__micropool_result1, __micropool_result3, __micropool_ok3),
            (__micropool_result2, __micropool_ok2),
        ) = __micropool_block.fork(2u32, __micropool_branch1, __micropool_branch2);
        let __micropool_result4 = __micropool_block
            .run(
                ::micropool::__private::given(__micropool_ok2 & __micropool_ok3, 4u32),
                || ::micropool::__private::effect(|| present()),
            );
        ::micropool::__private::finish(
            __micropool_run,
            (
                (__micropool_result0, __micropool_result1),
                (__micropool_result2, __micropool_result3),
            ),
            |
                (
                    (__micropool_value0, __micropool_value1),
                    (__micropool_value2, __micropool_value3),
                )|
            {
                #[derive(::micropool::__private::std_core::fmt::Debug)]
                struct Parallel<T0, T1, T2, T3> {
                    pub input: T0,
                    pub physics: T1,
                    pub audio: T2,
                    pub render: T3,
                }
                impl<T0, T1, T2, T3> Parallel<T0, T1, T2, T3> {
                    pub fn into_tuple(self) -> (T0, T1, T2, T3) {
                        (self.input, self.physics, self.audio, self.render)
                    }
                }
                Parallel {
                    input: ::micropool::__private::value(__micropool_value0),
                    physics: ::micropool::__private::value(__micropool_value1),
                    audio: ::micropool::__private::value(__micropool_value2),
                    render: ::micropool::__private::value(__micropool_value3),
                }
            },
        )
    }
}
