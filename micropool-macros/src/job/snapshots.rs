//! What jobs expand into: see `snapshot.rs`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::snapshot;

fn check(name: &str, options: TokenStream, function: TokenStream) {
    snapshot::check(&format!("job/snapshots/{name}"), super::job(options, function));
}

#[test]
fn plain() {
    check(
        "plain",
        quote!(),
        quote! {
            fn step(world: &mut World, time: f32) -> usize {
                world.bodies.iter_mut().map(|body| body.step(time)).count()
            }
        },
    );
}

#[test]
fn in_place() {
    check(
        "in_place",
        quote!(pool = &self.pool, name = "mip maps"),
        quote! {
            /// Halves it.
            pub(crate) fn halve<'a, T: Copy>(&'a mut self, mut wanted: usize) -> Option<&'a [T]> {
                self.levels(&mut wanted)?.last()
            }
        },
    );
}

#[test]
fn background() {
    check(
        "background",
        quote!(background, pool = &pool.clone()),
        quote! {
            fn checksum(#[after] bytes: Vec<u8>, (from, to): (usize, usize), #[after] mut seed: u32, pool: Arc<Pool>) -> u32 {
                seed += sum(&bytes[from..to]);
                seed
            }
        },
    );
}

#[test]
fn shared_method() {
    check(
        "shared_method",
        quote!(background, shared),
        quote! {
            fn atlas<T>(self: Arc<Self>, of: impl Iterator<Item = T> + Send + 'static) -> Vec<T>
            where
                T: Send + Sync + 'static,
            {
                of.take(self.size).collect()
            }
        },
    );
}
