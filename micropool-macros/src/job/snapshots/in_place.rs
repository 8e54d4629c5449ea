/// Halves it.
pub(crate) fn halve<'a, T: Copy>(&'a mut self, mut wanted: usize) -> Option<&'a [T]> {
    match &(&self.pool) {
        __micropool_pool => {
            ::micropool::__private::in_pool(
                __micropool_pool,
                || -> Option<&'a [T]> {
                    let __micropool_job = ::micropool::__private::enter("mip maps");
                    { self.levels(&mut wanted)?.last() }
                },
            )
        }
    }
}
