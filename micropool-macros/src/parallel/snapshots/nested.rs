fn expanded() {
    {
        let block = ::micropool::__private::Block::new(
            &["input", "physics", "audio", "render", "_"],
        );
        let result0 = block.run(0u32, || poll());
        let ok0 = result0.is_some();
        let ((result1, result3, ok3), (result2, ok2)) = block
            .fork(
                2u32,
                || {
                    let result1 = if ok0 {
                        block
                            .run(
                                1u32,
                                || ::micropool::__private::read1(
                                    &result0,
                                    |#[allow(unused_variables)] input| world.step(input),
                                ),
                            )
                    } else {
                        ::micropool::__private::skipped(())
                    };
                    let ok1 = result1.is_some();
                    let result3 = if ok1 {
                        block.run(3u32, || draw(&world))
                    } else {
                        ::micropool::__private::skipped(())
                    };
                    let ok3 = result3.is_some();
                    (result1, result3, ok3)
                },
                || {
                    let result2 = if ok0 {
                        block
                            .run(
                                2u32,
                                || ::micropool::__private::read1(
                                    &result0,
                                    |#[allow(unused_variables)] input| ::micropool::__private::when(
                                        ::micropool::__private::condition(|| { *input > 0 }),
                                        || { mix() },
                                    ),
                                ),
                            )
                    } else {
                        ::micropool::__private::skipped(())
                    };
                    let ok2 = result2.is_some();
                    (result2, ok2)
                },
            );
        let result4 = if ok2 & ok3 {
            block.run(4u32, || ::micropool::__private::effect(|| present()))
        } else {
            ::micropool::__private::skipped(())
        };
        ::micropool::__private::finish(
            block,
            (result0, result1, result2, result3),
            |(value0, value1, value2, value3)| {
                #[derive(::micropool::__private::std_core::fmt::Debug)]
                #[allow(dead_code, non_snake_case, clippy::struct_field_names)]
                struct Parallel<T0, T1, T2, T3> {
                    pub input: T0,
                    pub physics: T1,
                    pub audio: T2,
                    pub render: T3,
                }
                #[allow(dead_code, clippy::type_complexity)]
                impl<T0, T1, T2, T3> Parallel<T0, T1, T2, T3> {
                    pub fn into_tuple(self) -> (T0, T1, T2, T3) {
                        (self.input, self.physics, self.audio, self.render)
                    }
                }
                Parallel {
                    input: ::micropool::__private::value(value0),
                    physics: ::micropool::__private::value(value1),
                    audio: ::micropool::__private::value(value2),
                    render: ::micropool::__private::value(value3),
                }
            },
        )
    }
}
