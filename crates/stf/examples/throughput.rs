//! How many transfers a second the native function executes: `throughput [COUNT]`, COUNT transfers in one
//! batch, 100 if absent.
//!
//! The whole of `execute` on one thread (witness hashing, signature recovery, EVM, roots), best of ten.
//! Prints a figure a line, as `cargo xtask bench` reads them.

use oneslot_stf::{devchain::transfers, execute};
use std::time::Instant;

fn main() {
    let count = std::env::args().nth(1).map_or(100, |count| count.parse().expect("a number"));
    for (name, token) in [("ETH", false), ("ERC-20", true)] {
        let input = transfers(count, token).expect("record");
        let best = (0..10)
            .map(|_| {
                let start = Instant::now();
                execute(&input).expect("execute");
                start.elapsed().as_secs_f64()
            })
            .fold(f64::INFINITY, f64::min);
        let rate = count as f64 / best;
        println!(r#"{{"name":"{name} transfers","value":{rate:.0},"unit":"a second"}}"#);
    }
}
