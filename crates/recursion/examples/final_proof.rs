//! Measures the final proof of the demonstration circuit: bytes by part, seconds, memory, provable
//! bits; without arguments the recursive proof too. What `cargo xtask bench` reads are lines of
//! JSON, a figure each.
//!
//! `cargo run -p oneslot-recursion --example final_proof -- [log inverse rate]
//! [halvings of the first round] [later fold] [term bits] [grinding] [queries of the circuit]`

mod support;

use std::error::Error;
use std::time::Instant;

use oneslot_recursion::final_proof::{self, FinalProof, FinalShape};
use oneslot_recursion::recursive::{self, RecursiveParameters};
use oneslot_recursion::{Challenge, Circuit, Traces, Val};
use p3_whir::QueryOpenings;

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
    let security = final_proof::security_report(key)?;
    for term in security.terms() {
        println!("{:>35} {:.2}", term.label, term.bits.bits());
    }
    let union = security.security_bits().ok_or("no security claim")?;
    let join = |f: fn(&final_proof::shape::CodewordShape) -> usize| {
        shape.codewords.iter().map(|word| f(word).to_string()).collect::<Vec<_>>().join(", ")
    };
    let (queries, grinding) = (join(|word| word.queries), join(|word| word.query_pow_bits));
    println!(
        r#"{{"name":"prover","value":{seconds:.1},"unit":"s","note":"{queries} queries with {grinding} bits of grinding"}}"#
    );
    println!(r#"{{"name":"peak memory","value":{},"unit":"MiB"}}"#, peak_mib());
    println!(r#"{{"name":"provable bits, all terms","value":{union:.2}}}"#);
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
    println!("recursive proof verified {:.1?}, {bytes} bytes", clock.elapsed());
    println!(r#"{{"name":"recursive prover","value":{seconds:.1},"unit":"s"}}"#);
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
    let all = whir.rounds.iter().map(|round| &round.openings).chain([&whir.final_openings]);
    let [mut rows, mut digests, mut key] = [0; 3];
    for [a, b, c] in all.map(openings) {
        (rows, digests, key) = (rows + a, digests + b, key + c);
    }
    for (name, bytes) in [
        ("digests of the proof's trees", digests),
        ("rows", rows),
        ("lookup argument", lookup),
        ("digests of the key's tree", key),
        ("column values", values),
        ("sumcheck", sumcheck),
        ("final polynomial", polynomial),
    ] {
        println!(r#"{{"table":"parts","name":"{name}","value":{bytes},"unit":"bytes"}}"#);
    }
}

/// Bytes of the rows, of the digests of their tree, and of those of the key's.
fn openings(opening: &QueryOpenings<Val, Challenge, final_proof::OpeningPaths>) -> [usize; 3] {
    let (rows, paths) = match opening {
        QueryOpenings::Base(o) => (o.rows.iter().flatten().count() * 8, &o.proof),
        QueryOpenings::Extension(o) => (o.rows.iter().flatten().count() * 24, &o.proof),
    };
    let preprocessed = paths.preprocessed.as_ref().map_or(0, |p| p.sibling_hashes.len() * 32);
    let digests = paths.rows.sibling_hashes.len() * 32;
    [rows, digests, preprocessed]
}

/// Largest resident set of this process, in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default()
        / 1024
}
