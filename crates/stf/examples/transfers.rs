//! Writes the preimages of a batch with one block: `transfers COUNT native|token FOLDER`, posted as
//! calldata, or `transfers BYTES blob FOLDER`, one transaction with so much calldata, posted in blobs.

use oneslot_stf::devchain::{blob_of_data, transfers};
use std::path::Path;

fn main() {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let usage = || -> ! {
        eprintln!("usage: transfers COUNT native|token FOLDER, transfers BYTES blob FOLDER");
        std::process::exit(2);
    };
    let [count, kind, folder] = &args[..] else { usage() };
    let count: u64 = count.parse().expect("a number");
    let input = match kind.as_str() {
        "native" | "token" => transfers(count, kind == "token"),
        "blob" => blob_of_data(count.try_into().expect("a length")),
        _ => usage(),
    };
    std::fs::create_dir_all(folder).expect("a folder");
    for (key, content) in input.expect("execute").contents() {
        std::fs::write(Path::new(folder).join(key.to_string()), content).expect("write");
    }
}
