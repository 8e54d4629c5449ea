fn expanded() {
    match &(pool) {
        pool => {
            ::micropool::__private::in_pool(
                pool,
                || {
                    let block = ::micropool::__private::Block::<
                        std::io::Error,
                    >::new(&["text", "parsed", "log"]);
                    let mut result0 = block
                        .run_try(
                            0u32,
                            || ::micropool::__private::call(|| -> ::micropool::__private::std_core::result::Result<
                                _,
                                std::io::Error,
                            > { read("a") }),
                        );
                    let ok0 = result0.is_some();
                    let result1 = if ok0 {
                        block
                            .run_try(
                                1u32,
                                || {
                                    #[allow(unused_variables)]
                                    let text = ::micropool::__private::value(result0);
                                    ::micropool::__private::call(|| -> ::micropool::__private::std_core::result::Result<
                                        _,
                                        std::io::Error,
                                    > { parse(text) })
                                },
                            )
                    } else {
                        ::micropool::__private::skipped((result0,))
                    };
                    let ok1 = result1.is_some();
                    let result2 = if ok1 {
                        block
                            .run(
                                2u32,
                                || ::micropool::__private::read1(
                                    &result1,
                                    |#[allow(unused_variables)] parsed| {
                                        #[allow(unused_variables)]
                                        let parsed = ::micropool::__private::std_core::clone::Clone::clone(
                                            parsed,
                                        );
                                        block.spawn(2u32, move || print(parsed))
                                    },
                                ),
                            )
                    } else {
                        ::micropool::__private::skipped(())
                    };
                    ::micropool::__private::finish_try(
                        block,
                        (result1, result2),
                        |(value1, value2)| {
                            #[derive(::micropool::__private::std_core::fmt::Debug)]
                            #[allow(
                                dead_code,
                                non_snake_case,
                                clippy::struct_field_names
                            )]
                            struct Parallel<T0, T1, T2> {
                                pub text: T0,
                                pub parsed: T1,
                                pub log: T2,
                            }
                            #[allow(dead_code, clippy::type_complexity)]
                            impl<T0, T1, T2> Parallel<T0, T1, T2> {
                                pub fn into_tuple(self) -> (T0, T1, T2) {
                                    (self.text, self.parsed, self.log)
                                }
                            }
                            Parallel {
                                text: (),
                                parsed: ::micropool::__private::value(value1),
                                log: ::micropool::__private::value(value2),
                            }
                        },
                    )
                },
            )
        }
    }
}
