//! Writes the input of a batch with one block: `transfers COUNT native|token FILE`, posted as calldata, or
//! `transfers BYTES blob FILE`, one transaction with so much calldata, posted in blobs.

use oneslot_stf::devchain::{blob_of_data, transfers};

fn main() {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let usage = || -> ! {
        eprintln!("usage: transfers COUNT native|token FILE, transfers BYTES blob FILE");
        std::process::exit(2);
    };
    let [count, kind, file] = &args[..] else { usage() };
    let count: u64 = count.parse().expect("a number");
    let input = match kind.as_str() {
        "native" | "token" => transfers(count, kind == "token"),
        "blob" => blob_of_data(count.try_into().expect("a length")),
        _ => usage(),
    };
    std::fs::write(file, input.expect("execute").encode()).expect("write");
}
