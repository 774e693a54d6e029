//! Measures the final proof of the demonstration circuit: bytes by part, seconds, memory, provable
//! bits; without arguments the recursive proof too. The last line is a row of the table in
//! `docs/reference/benchmarks.md`.
//!
//! `cargo run -p oneslot-recursion --example final_proof -- [log inverse rate]
//! [halvings of the first round] [later fold] [term bits] [grinding] [queries of the circuit]`

mod support;

use std::error::Error;
use std::time::Instant;

use oneslot_recursion::final_proof::{self, FinalProof, FinalShape, encoding};
use oneslot_recursion::recursive::{self, RecursiveParameters};
use oneslot_recursion::{Challenge, Circuit, Traces, Val};
use p3_whir::QueryOpenings;

/// What a byte of calldata costs at least, today (EIP-7623) and as proposed, and a transaction
/// without calldata.
const FLOORS: [usize; 2] = [40, 64];
const BASE: usize = 21_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (parameters, shape) = support::parameters(&arguments, support::circuit("demo")?)?;
    let circuit = shape.circuit();
    println!("{:?}, heights {:?}", circuit.counts(), circuit.log_heights());

    let clock = Instant::now();
    let key = final_proof::setup(&circuit, &parameters)?;
    println!("keys {:.1?}", clock.elapsed());
    let traces = circuit.trace(&shape.inputs(1))?;
    if arguments.is_empty() {
        recursive_proof(&circuit, &traces)?;
    }
    let clock = Instant::now();
    let proof = final_proof::prove(&key, &traces)?;
    let seconds = clock.elapsed().as_secs_f64();
    let key = key.verifying_key();
    let clock = Instant::now();
    final_proof::verify(key, traces.public_values(), &proof)?;
    println!("proven {seconds:.1} s, verified {:.1?}", clock.elapsed());

    let shape = FinalShape::new(key)?;
    for word in &shape.codewords {
        println!("{word:?}");
    }
    parts(&proof);
    let bytes = encoding::encode(&shape, &proof)?.len();
    let security = final_proof::security_report(key)?;
    for term in security.terms() {
        println!("{:>35} {:.2}", term.label, term.bits.bits());
    }
    let union = security.security_bits().ok_or("no security claim")?;
    let join = |f: fn(&final_proof::shape::CodewordShape) -> usize| {
        shape.codewords.iter().map(|word| f(word).to_string()).collect::<Vec<_>>().join(", ")
    };
    let [today, proposed] = FLOORS.map(|floor| BASE + floor * bytes);
    println!(
        "| {} permutations, {} multiplications | 2^-{} | {} | {} | {bytes} | {seconds:.1} | {} | {today} | {proposed} | {union:.2} |",
        circuit.counts().permutations,
        circuit.counts().extension_multiplications(),
        parameters.log_inverse_rate,
        join(|word| word.query_pow_bits),
        join(|word| word.queries),
        peak_mib(),
    );
    Ok(())
}

/// The proof that another circuit would verify.
fn recursive_proof(circuit: &Circuit, traces: &Traces) -> Result<(), Box<dyn Error>> {
    let key = recursive::setup(circuit, &RecursiveParameters::default())?;
    let clock = Instant::now();
    let proof = recursive::prove(&key, traces)?;
    let seconds = clock.elapsed().as_secs_f64();
    let clock = Instant::now();
    recursive::verify(key.verifying_key(), traces.public_values(), &proof)?;
    let bytes = postcard::to_allocvec(&proof)?.len();
    println!("recursive proof {seconds:.1} s, verified {:.1?}, {bytes} bytes", clock.elapsed());
    Ok(())
}

/// Bytes of the proof by part.
fn parts(proof: &FinalProof) {
    let lookup = proof.lookup.as_ref().map_or(0, |lookup| {
        24 + lookup.layers.iter().map(|l| 72 * l.round_polys.len() + 96).sum::<usize>()
    });
    let sumcheck = 24 + proof.sumcheck.round_polys.iter().map(|r| 24 * r.len()).sum::<usize>();
    let values: usize = proof.opening.evals.iter().map(|e| e.len() * 24).sum();
    let whir = &proof.opening.whir;
    let polynomial = whir.final_poly.as_ref().map_or(0, |p| p.as_slice().len() * 24);
    println!("lookup argument {lookup}, sumcheck {sumcheck}, column values {values}");
    for round in &whir.rounds {
        openings(&round.openings);
    }
    openings(&whir.final_openings);
    println!("final polynomial {polynomial}");
}

fn openings(opening: &QueryOpenings<Val, Challenge, final_proof::OpeningPaths>) {
    let (rows, paths) = match opening {
        QueryOpenings::Base(o) => (o.rows.iter().flatten().count() * 8, &o.proof),
        QueryOpenings::Extension(o) => (o.rows.iter().flatten().count() * 24, &o.proof),
    };
    let preprocessed = paths.preprocessed.as_ref().map_or(0, |p| p.sibling_hashes.len() * 32);
    let digests = paths.rows.sibling_hashes.len() * 32;
    println!("rows {rows}, digests {digests}, digests of the key's tree {preprocessed}");
}

/// Largest resident set of this process, in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default()
        / 1024
}
