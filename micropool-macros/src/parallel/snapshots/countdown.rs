fn expanded() {
    {
        let block = ::micropool::__private::Block::new(
            &["physics", "cull", "hear", "draw", "show", "save"],
        );
        let cell0 = ::micropool::__private::Moved::new();
        let cell1 = ::micropool::__private::Moved::new();
        let cell2 = ::micropool::__private::Moved::new();
        let cell3 = ::micropool::__private::Lent::new();
        let cell4 = ::micropool::__private::Moved::new();
        let cell5 = ::micropool::__private::Moved::new();
        let resource0 = ::micropool::__private::LentBoth::new(&mut world);
        let resource1 = ::micropool::__private::LentRef::new(&scene);
        {
            let job0 = ::micropool::__private::OnceJob::new(|| {
                let ok = cell0
                    .run(
                        &block,
                        0u32,
                        || {
                            resource0
                                .with_mut(|#[allow(unused_variables)] world| world.step())
                        },
                    );
                ok
            });
            let job1 = ::micropool::__private::OnceJob::new(|| {
                let ok = cell1
                    .run(
                        &block,
                        1u32,
                        || ::micropool::__private::read2(
                            &resource0,
                            &resource1,
                            |
                                #[allow(unused_variables)]
                                world,
                                #[allow(unused_variables)]
                                scene|
                            visible(world, scene),
                        ),
                    );
                let ok = ok
                    && cell3
                        .run(
                            &block,
                            3u32,
                            || ::micropool::__private::read1(
                                &resource1,
                                |#[allow(unused_variables)] scene| {
                                    #[allow(unused_variables)]
                                    let cull = cell1.take();
                                    render(cull, scene)
                                },
                            ),
                        );
                ok
            });
            let job2 = ::micropool::__private::OnceJob::new(|| {
                let ok = cell2
                    .run(
                        &block,
                        2u32,
                        || ::micropool::__private::read1(
                            &resource0,
                            |#[allow(unused_variables)] world| sounds(world),
                        ),
                    );
                ok
            });
            let job3 = ::micropool::__private::OnceJob::new(|| {
                let ok = cell4
                    .run(
                        &block,
                        4u32,
                        || ::micropool::__private::read1(
                            &cell3,
                            |#[allow(unused_variables)] draw| present(draw),
                        ),
                    );
                ok
            });
            let job4 = ::micropool::__private::OnceJob::new(|| {
                let ok = cell5
                    .run(
                        &block,
                        5u32,
                        || ::micropool::__private::read1(
                            &resource0,
                            |#[allow(unused_variables)] world| {
                                #[allow(unused_variables)]
                                let world = ::micropool::__private::std_core::clone::Clone::clone(
                                    world,
                                );
                                block.spawn(5u32, move || write(world))
                            },
                        ),
                    );
                ok
            });
            ::micropool::__private::run_graph(
                {
                    static PLAN: ::micropool::__private::Plan = ::micropool::__private::Plan {
                        nodes: &[
                            ::micropool::__private::NodeSpec {
                                preds: 1u32,
                                succs: &[],
                                here: false,
                            },
                            ::micropool::__private::NodeSpec {
                                preds: 0u32,
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
                                preds: 1u32,
                                succs: &[
                                    ::micropool::__private::Edge {
                                        to: 4u32,
                                        needs: true,
                                    },
                                ],
                                here: false,
                            },
                            ::micropool::__private::NodeSpec {
                                preds: 1u32,
                                succs: &[],
                                here: false,
                            },
                            ::micropool::__private::NodeSpec {
                                preds: 1u32,
                                succs: &[],
                                here: true,
                            },
                        ],
                        width: 3u32,
                    };
                    &PLAN
                },
                [&job4, &job0, &job1, &job2, &::micropool::__private::Nothing],
                &[&job3],
            );
        }
        ::micropool::__private::finish(
            block,
            (
                cell0.into_inner(),
                cell2.into_inner(),
                cell3.into_inner(),
                cell4.into_inner(),
                cell5.into_inner(),
            ),
            |(value0, value2, value3, value4, value5)| {
                #[derive(::micropool::__private::std_core::fmt::Debug)]
                #[allow(dead_code, non_snake_case, clippy::struct_field_names)]
                struct Parallel<T0, T1, T2, T3, T4, T5> {
                    pub physics: T0,
                    pub cull: T1,
                    pub hear: T2,
                    pub draw: T3,
                    pub show: T4,
                    pub save: T5,
                }
                #[allow(dead_code, clippy::type_complexity)]
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
                    physics: ::micropool::__private::value(value0),
                    cull: (),
                    hear: ::micropool::__private::value(value2),
                    draw: ::micropool::__private::value(value3),
                    show: ::micropool::__private::value(value4),
                    save: ::micropool::__private::value(value5),
                }
            },
        )
    }
}
