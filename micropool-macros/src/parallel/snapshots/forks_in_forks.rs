fn expanded() {
    {
        let __micropool_run = ::micropool::__private::Block::new(
            &["_", "physics", "animation", "audio", "_"],
        );
        let __micropool_block = &__micropool_run;
        let __micropool_branch0 = __micropool_block
            .once(|| {
                let __micropool_result0 = __micropool_block
                    .run(0u32, || ::micropool::__private::effect(|| poll()));
            });
        let __micropool_branch1 = __micropool_block
            .once(|| {
                let __micropool_branch1 = __micropool_block
                    .once(|| {
                        let __micropool_result1 = __micropool_block.run(1u32, || a());
                        let __micropool_ok1 = ::micropool::__private::ran(
                            &__micropool_result1,
                        );
                        (__micropool_result1, __micropool_ok1)
                    });
                let __micropool_branch2 = __micropool_block
                    .once(|| {
                        let __micropool_result2 = __micropool_block.run(2u32, || b());
                        let __micropool_ok2 = ::micropool::__private::ran(
                            &__micropool_result2,
                        );
                        (__micropool_result2, __micropool_ok2)
                    });
                let (
                    (__micropool_result1, __micropool_ok1),
                    (__micropool_result2, __micropool_ok2),
                ) = __micropool_block
                    .fork(2u32, __micropool_branch1, __micropool_branch2);
                let __micropool_result4 = __micropool_block
                    .run(
                        ::micropool::__private::given(
                            __micropool_ok1 & __micropool_ok2,
                            4u32,
                        ),
                        || ::micropool::__private::effect(|| d()),
                    );
                (__micropool_result1, __micropool_result2)
            });
        let __micropool_branch3 = __micropool_block
            .once(|| {
                let __micropool_result3 = __micropool_block.run(3u32, || c());
                (__micropool_result3,)
            });
        let (((__micropool_result1, __micropool_result2), ()), (__micropool_result3,)) = __micropool_block
            .fork_outer(
                1u32,
                || {
                    __micropool_block
                        .fork_outer(1u32, __micropool_branch1, __micropool_branch0)
                },
                __micropool_branch3,
            );
        ::micropool::__private::finish(
            __micropool_run,
            (__micropool_result1, (__micropool_result2, __micropool_result3)),
            |(__micropool_value1, (__micropool_value2, __micropool_value3))| {
                #[derive(::micropool::__private::std_core::fmt::Debug)]
                struct Parallel<T1, T2, T3> {
                    pub physics: T1,
                    pub animation: T2,
                    pub audio: T3,
                }
                impl<T1, T2, T3> Parallel<T1, T2, T3> {
                    pub fn into_tuple(self) -> (T1, T2, T3) {
                        (self.physics, self.animation, self.audio)
                    }
                }
                Parallel {
                    physics: ::micropool::__private::value(__micropool_value1),
                    animation: ::micropool::__private::value(__micropool_value2),
                    audio: ::micropool::__private::value(__micropool_value3),
                }
            },
        )
    }
}
