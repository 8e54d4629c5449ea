fn main() {
    'frames: loop {
        micropool::parallel! {
            a if { if true { break 'frames } true } => 1,
            b if { let ready = true; if !ready { continue } ready } => 2,
        };
    }
}
