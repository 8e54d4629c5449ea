// One message: no name of the expansion's own is a pattern of these.
#[allow(non_upper_case_globals)]
const error: u8 = 1;
#[allow(non_upper_case_globals)]
static value0: u8 = 1;
fn main() {
    micropool::parallel! {
        a => error + value0,
        b(aa) => aa.len(),
    };
}
