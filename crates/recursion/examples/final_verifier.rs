//! What `cargo xtask verifier` runs: writes a demonstration circuit's Solidity verifier into a
//! folder, or an encoded proof with its public values.
//!
//! ```sh
//! cargo run -p oneslot-recursion --example final_verifier -- contracts tiny target/verifier/tiny
//! cargo run -p oneslot-recursion --example final_verifier -- proof tiny target/verifier
//! ```
//!
//! Other parameters than the default ones may follow; see `final_proof`.

mod support;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

use oneslot_recursion::final_proof::{self, FinalProvingKey, FinalShape, encoding};
use oneslot_recursion::{Circuit, Demonstration, solidity};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [what, label, out, numbers @ ..] = args.as_slice() else {
        let usage = support::USAGE;
        return Err(format!("expected: contracts or proof, tiny or demo, a folder, {usage}").into());
    };
    let (parameters, demonstration) = support::parameters(numbers, support::circuit(label)?)?;
    let circuit = demonstration.circuit();
    let key = final_proof::setup(&circuit, &parameters)?;
    let out = Path::new(out);
    fs::create_dir_all(out)?;
    match what.as_str() {
        "contracts" => contracts(&key, label, out),
        "proof" => proof(&demonstration, &circuit, &key, out),
        other => Err(format!("expected contracts or proof, got {other}").into()),
    }
}

fn contracts(key: &FinalProvingKey, label: &str, out: &Path) -> Result<(), Box<dyn Error>> {
    for file in solidity::generate(key.verifying_key(), label)? {
        fs::write(out.join(format!("{}.sol", file.name)), file.source)?;
    }
    Ok(())
}

fn proof(
    demonstration: &Demonstration,
    circuit: &Circuit,
    key: &FinalProvingKey,
    out: &Path,
) -> Result<(), Box<dyn Error>> {
    let traces = circuit.trace(&demonstration.inputs(7))?;
    let start = Instant::now();
    let proof = final_proof::prove(key, &traces)?;
    let seconds = start.elapsed().as_secs_f64();
    let public_values = traces.public_values();
    final_proof::verify(key.verifying_key(), public_values, &proof)?;
    let shape = FinalShape::new(key.verifying_key())?;
    let bytes = encoding::encode(&shape, &proof)?;
    println!("{shape:#?}\n{} bytes, proven in {seconds:.1} s", bytes.len());
    let public = encoding::public_values(public_values);
    fs::write(out.join("proof.bin"), bytes)?;
    fs::write(out.join("public.bin"), public)?;
    Ok(())
}
