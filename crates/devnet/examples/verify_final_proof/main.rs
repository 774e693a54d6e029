//! A demonstration circuit proven, its final proof verified by contracts on a local chain in one
//! transaction, and what that costs: `cargo xtask bench final`.

mod chain;

use std::{path::PathBuf, time::Instant};

use chain::{Chain, Cost};
use clap::Parser;
use eyre::{OptionExt, Result, WrapErr, ensure};
use indicatif::ProgressBar;
use oneslot_l1::anvil;
use oneslot_recursion::{
    Circuit, Demonstration, Traces, Val,
    final_proof::{self, FinalParameters, FinalShape, encoding},
    recursive::{self, RecursiveParameters},
    solidity,
    tables::PUBLIC_VALUES,
};
use serde::Serialize;

/// Prove a demonstration circuit and verify its final proof on a local L1.
#[derive(clap::Parser)]
struct Args {
    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,
    /// The circuit: `demo` has the size of one proof verification, `tiny` is for tests.
    #[arg(long, value_enum, default_value = "demo")]
    circuit: Name,
    /// The anvil program; absent: the one that `cargo xtask setup` installs, else the one in PATH.
    #[arg(long, value_name = "FILE", env = "ONESLOT_ANVIL")]
    anvil: Option<PathBuf>,
    /// Seed of the circuit's inputs.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// A circuit whose verifier is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Name {
    Demo,
    Tiny,
}

impl Name {
    fn label(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Tiny => "tiny",
        }
    }

    fn shape(self) -> Demonstration {
        match self {
            Self::Demo => Demonstration::HONEST,
            Self::Tiny => Demonstration::TINY,
        }
    }
}

/// What was measured.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    circuit: &'static str,
    /// Poseidon2 permutations, all of them; in Merkle paths.
    permutations: usize,
    merkle_permutations: usize,
    extension_multiplications: usize,
    recursive_seconds: f64,
    final_seconds: f64,
    /// Largest resident set of this process while it proved, in MiB.
    peak_mib: Option<u64>,
    proof_bytes: usize,
    /// Provable bits of the whole proof, digest collisions included.
    security_bits: f64,
    cost: Cost,
}

/// Proves, deploys, verifies, prints. Fails if the contracts do not take the proof, or take it with
/// one bit changed.
#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    // Before the proofs, which take a while.
    let anvil = anvil::find(args.anvil.as_deref())?;
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    let (report, proof) = prove(args.circuit, args.seed, &bar)?;
    bar.set_message("deploying the verifier");
    let chain = Chain::start(anvil)?;
    let verifier = chain.deploy(&proof.contracts).await?;
    bar.set_message("verifying on L1");
    let call = verifier.call(&proof.public_values, &proof.bytes);
    let cost = verifier.verify(&call).await?;
    let mut changed = proof.bytes.clone();
    let last = changed.last_mut().expect("invariant: a proof has bytes");
    *last ^= 1;
    let refused = verifier.refuses(&verifier.call(&proof.public_values, &changed)).await?;
    bar.finish_and_clear();
    ensure!(refused, "the contracts take a proof with a changed bit");
    let report = Report { cost, ..report };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        report.print();
    }
    Ok(())
}

/// A proof and what the chain needs of it.
struct Proven {
    /// Names of the verifier's contracts, the verifier first.
    contracts: Vec<String>,
    public_values: [Val; PUBLIC_VALUES],
    bytes: Vec<u8>,
}

fn prove(name: Name, seed: u64, bar: &ProgressBar) -> Result<(Report, Proven)> {
    bar.set_message("running the circuit");
    let circuit = name.shape().circuit();
    let traces = circuit.trace(&name.shape().inputs(seed)).wrap_err("the circuit does not hold")?;

    bar.set_message("making the recursive proof");
    let recursive_seconds = prove_recursive(&circuit, &traces)?;

    bar.set_message("making the keys of the final proof");
    let key = final_proof::setup(&circuit, &FinalParameters::default())?;
    bar.set_message("making the final proof");
    let start = Instant::now();
    let proof = final_proof::prove(&key, &traces)?;
    let final_seconds = start.elapsed().as_secs_f64();
    let peak_mib = peak_mib();

    let key = key.verifying_key();
    final_proof::verify(key, traces.public_values(), &proof)?;
    let bytes = encoding::encode(&FinalShape::new(key)?, &proof)?;
    let contracts = solidity::generate(key, name.label())?;
    let security = final_proof::security_report(key)?;
    let report = Report {
        circuit: name.label(),
        permutations: circuit.counts().permutations,
        merkle_permutations: name.shape().permutations(),
        extension_multiplications: circuit.counts().extension_multiplications(),
        recursive_seconds,
        final_seconds,
        peak_mib,
        proof_bytes: bytes.len(),
        security_bits: security.security_bits().ok_or_eyre("no security claim")?,
        cost: Cost::default(),
    };
    let contracts = contracts.into_iter().map(|file| file.name).collect();
    Ok((report, Proven { contracts, public_values: *traces.public_values(), bytes }))
}

/// Makes and verifies the proof that another circuit would verify; returns the prover's seconds.
fn prove_recursive(circuit: &Circuit, traces: &Traces) -> Result<f64> {
    let key = recursive::setup(circuit, &RecursiveParameters::default())?;
    let start = Instant::now();
    let proof = recursive::prove(&key, traces)?;
    let seconds = start.elapsed().as_secs_f64();
    recursive::verify(key.verifying_key(), traces.public_values(), &proof)?;
    Ok(seconds)
}

fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1024)
}

impl Report {
    fn print(&self) {
        println!(
            "circuit {}: {} permutations in Merkle paths, {} extension multiplications",
            self.circuit, self.merkle_permutations, self.extension_multiplications
        );
        println!("recursive proof  {:.1} s", self.recursive_seconds);
        let memory = self.peak_mib.map_or_else(String::new, |mib| format!(", peak {mib} MiB"));
        println!("final proof      {:.1} s{memory}", self.final_seconds);
        println!(
            "proof            {} bytes, {:.1} provable bits",
            self.proof_bytes, self.security_bits
        );
        println!("verified         in one transaction, {} gas", self.cost.gas);
        println!(
            "                 {} gas with a floor of 64 a byte of calldata",
            self.cost.gas_floor_64
        );
        println!("refused          with one bit changed\n");
        println!("{:>10}  part", "gas");
        for part in &self.cost.parts {
            println!("{:>10}  {}", part.gas, part.name);
        }
        println!("{:>10}  together", self.cost.parts.iter().map(|part| part.gas).sum::<u64>());
        println!("{:>10}  what the calldata costs at least (EIP-7623)", self.cost.calldata_floor);
    }
}
