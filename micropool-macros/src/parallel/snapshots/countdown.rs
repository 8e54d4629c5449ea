fn expanded() {
    {
        let __micropool_run = ::micropool::__private::Block::new(
            &["physics", "cull", "hear", "draw", "show", "save"],
        );
        let __micropool_block = &__micropool_run;
        let mut __micropool_kept0 = ::micropool::__private::Moved::new();
        let mut __micropool_kept1 = ::micropool::__private::Moved::new();
        let mut __micropool_kept2 = ::micropool::__private::Moved::new();
        let mut __micropool_kept3 = ::micropool::__private::Lent::new();
        let mut __micropool_kept4 = ::micropool::__private::Moved::new();
        let mut __micropool_kept5 = ::micropool::__private::Moved::new();
        let (
            (__micropool_cell0, __micropool_fill0),
            (__micropool_cell1, __micropool_fill1),
            (__micropool_cell2, __micropool_fill2),
            (__micropool_cell3, __micropool_fill3),
            (__micropool_cell4, __micropool_fill4),
            (__micropool_cell5, __micropool_fill5),
        ) = (
            (&mut __micropool_kept0).open(),
            (&mut __micropool_kept1).open(),
            (&mut __micropool_kept2).open(),
            (&mut __micropool_kept3).open(),
            (&mut __micropool_kept4).open(),
            (&mut __micropool_kept5).open(),
        );
        let __micropool_resource0 = ::micropool::__private::LentBoth::new(&mut world);
        let __micropool_resource1 = ::micropool::__private::LentRef::new(&scene);
        {
            let (
                mut __micropool_job0,
                mut __micropool_job1,
                mut __micropool_job2,
                mut __micropool_job3,
                mut __micropool_job4,
            ) = (
                ::micropool::__private::OnceJob::new(|_| {
                    let __micropool_ok = __micropool_fill0
                        .keep(
                            __micropool_block
                                .run(
                                    0u32,
                                    || (&__micropool_resource0).with_mut(|world| world.step()),
                                ),
                        );
                    __micropool_ok
                }),
                ::micropool::__private::OnceJob::new(|__micropool_ok| {
                    let __micropool_ok = __micropool_fill1
                        .keep(
                            __micropool_block
                                .read2(
                                    ::micropool::__private::given(__micropool_ok, 1u32),
                                    &__micropool_resource0,
                                    &__micropool_resource1,
                                    |world, scene| visible(world, scene),
                                ),
                        );
                    let __micropool_ok = __micropool_fill3
                        .keep(
                            __micropool_block
                                .read1(
                                    ::micropool::__private::given(__micropool_ok, 3u32),
                                    &__micropool_resource1,
                                    |scene| {
                                        let cull = (&*__micropool_cell1).take();
                                        render(cull, scene)
                                    },
                                ),
                        );
                    __micropool_ok
                }),
                ::micropool::__private::OnceJob::new(|__micropool_ok| {
                    let __micropool_ok = __micropool_fill2
                        .keep(
                            __micropool_block
                                .read1(
                                    ::micropool::__private::given(__micropool_ok, 2u32),
                                    &__micropool_resource0,
                                    |world| sounds(world),
                                ),
                        );
                    __micropool_ok
                }),
                ::micropool::__private::OnceJob::new(|__micropool_ok| {
                    let __micropool_ok = __micropool_fill4
                        .keep(
                            __micropool_block
                                .read1(
                                    ::micropool::__private::given(__micropool_ok, 4u32),
                                    &*__micropool_cell3,
                                    |draw| present(draw),
                                ),
                        );
                    __micropool_ok
                }),
                ::micropool::__private::OnceJob::new(|__micropool_ok| {
                    let __micropool_ok = __micropool_fill5
                        .keep(
                            __micropool_block
                                .read1(
                                    ::micropool::__private::given(__micropool_ok, 5u32),
                                    &__micropool_resource0,
                                    |world| {
                                        let world = ::micropool::__private::std_core::clone::Clone::clone(
                                            world,
                                        );
                                        let _ = &world;
                                        __micropool_block.spawn(5u32, move || write(world))
                                    },
                                ),
                        );
                    __micropool_ok
                }),
            );
            ::micropool::__private::run_graph::<
                5usize,
                { ::micropool::__private::words(5usize) },
            >(
                {
                    static __MICROPOOL_PLAN: ::micropool::__private::Plan<5usize> = ::micropool::__private::Plan::new(
                        [
                            ::micropool::__private::NodeSpec {
                                succs: &[],
                                here: false,
                            },
                            ::micropool::__private::NodeSpec {
                                succs: &[
                                    ::micropool::__private::Edge {
                                        to: 2u32,
                                        needs: true,
                                    },
                                    ::micropool::__private::Edge {
                                        to: 3u32,
                                        needs: true,
                                    },
                                    ::micropool::__private::Edge {
                                        to: 0u32,
                                        needs: true,
                                    },
                                ],
                                here: false,
                            },
                            ::micropool::__private::NodeSpec {
                                succs: &[
                                    ::micropool::__private::Edge {
                                        to: 4u32,
                                        needs: true,
                                    },
                                ],
                                here: false,
                            },
                            ::micropool::__private::NodeSpec {
                                succs: &[],
                                here: false,
                            },
                            ::micropool::__private::NodeSpec {
                                succs: &[],
                                here: true,
                            },
                        ],
                        3u32,
                    );
                    &__MICROPOOL_PLAN
                },
                [
                    &mut __micropool_job4,
                    &mut __micropool_job0,
                    &mut __micropool_job1,
                    &mut __micropool_job2,
                    &mut ::micropool::__private::Nothing,
                ],
                &mut [&mut __micropool_job3],
            );
        }
        ::micropool::__private::finish(
            __micropool_run,
            (
                (
                    __micropool_kept0.into_inner(),
                    (__micropool_kept1.into_inner(), __micropool_kept2.into_inner()),
                ),
                (
                    __micropool_kept3.into_inner(),
                    (__micropool_kept4.into_inner(), __micropool_kept5.into_inner()),
                ),
            ),
            |
                (
                    (__micropool_value0, (_, __micropool_value2)),
                    (__micropool_value3, (__micropool_value4, __micropool_value5)),
                )|
            {
                #[derive(::micropool::__private::std_core::fmt::Debug)]
                struct Parallel<T0, T1, T2, T3, T4, T5> {
                    pub physics: T0,
                    pub cull: T1,
                    pub hear: T2,
                    pub draw: T3,
                    pub show: T4,
                    pub save: T5,
                }
                impl<T0, T1, T2, T3, T4, T5> Parallel<T0, T1, T2, T3, T4, T5> {
                    pub fn into_tuple(self) -> (T0, T1, T2, T3, T4, T5) {
                        (
                            self.physics,
                            self.cull,
                            self.hear,
                            self.draw,
                            self.show,
                            self.save,
                        )
                    }
                }
                Parallel {
                    physics: ::micropool::__private::value(__micropool_value0),
                    cull: (),
                    hear: ::micropool::__private::value(__micropool_value2),
                    draw: ::micropool::__private::value(__micropool_value3),
                    show: ::micropool::__private::value(__micropool_value4),
                    save: ::micropool::__private::value(__micropool_value5),
                }
            },
        )
    }
}
