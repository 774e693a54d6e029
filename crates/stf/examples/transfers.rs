//! Writes the input of a batch of transfers in one block: `transfers COUNT native|token FILE`.

use oneslot_stf::devchain::transfers;

fn main() {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [count, kind, file] = &args[..] else {
        eprintln!("usage: transfers COUNT native|token FILE");
        std::process::exit(2);
    };
    let count = count.parse().expect("a number");
    let input = transfers(count, kind == "token").expect("execute");
    std::fs::write(file, input.encode()).expect("write");
}
