fn atlas<T>(
    self: Arc<Self>,
    of: impl Iterator<Item = T> + Send + 'static,
) -> ::micropool::SharedTask<Vec<T>>
where
    T: Send + Sync + 'static,
{
    {
        let __micropool_parameter0 = of;
        let __micropool_work = ({
            fn __micropool_typed<P0, R, F>(_: &P0, __micropool_work: F) -> F
            where
                F: ::core::ops::FnOnce(P0) -> R,
            {
                __micropool_work
            }
            __micropool_typed
        })(
            &__micropool_parameter0,
            move |__micropool_parameter0| -> Vec<T> {
                let _ = &self;
                let of = __micropool_parameter0;
                let __micropool_job = ::micropool::__private::enter("atlas");
                { of.take(self.size).collect() }
            },
        );
        {
            fn __micropool_start<P0, R, F>(
                __micropool_parameter0: P0,
                __micropool_work: F,
            ) -> ::micropool::SharedTask<R>
            where
                P0: ::core::marker::Send + 'static,
                R: ::core::marker::Send + ::core::marker::Sync + 'static,
                F: ::core::ops::FnOnce(P0) -> R + ::core::marker::Send + 'static,
            {
                ::micropool::__private::spawn_shared_after(
                    "atlas",
                    (),
                    &[],
                    move |()| __micropool_work(__micropool_parameter0),
                )
            }
            __micropool_start(__micropool_parameter0, __micropool_work)
        }
    }
}
