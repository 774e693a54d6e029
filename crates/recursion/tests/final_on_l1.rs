//! Rust and Solidity take the same proofs: the contracts of `contracts/artifacts`, run in revm,
//! against `final_proof::verify`, on one valid proof and on many changed ones.

use std::path::Path;
use std::thread;

use oneslot_recursion::final_proof::encoding::{self, EncodingError};
use oneslot_recursion::final_proof::{
    self, FinalError, FinalParameters, FinalProof, FinalShape, FinalVerifyingKey,
};
use oneslot_recursion::{Demonstration, Val, solidity};
use p3_multi_stark::VerificationError;
use p3_multi_stark::zerocheck::ZerocheckError;
use p3_whir::VerifierError;
use revm::context::result::ExecutionResult;
use revm::primitives::keccak256;

mod evm;

use evm::Contracts;

/// Why a proof is refused, as far as both verifiers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Reason {
    Encoding,
    Lookup,
    ClaimedSum,
    Grinding,
    Merkle,
    FinalPolynomial,
    Opening,
    Constraints,
}

/// A proof, its key and its public values.
struct Sample {
    key: FinalVerifyingKey,
    shape: FinalShape,
    public_values: [Val; 8],
    bytes: Vec<u8>,
}

fn sample() -> Sample {
    let circuit = Demonstration::TINY.circuit();
    let key = final_proof::setup(&circuit, &FinalParameters::default()).expect("keys");
    let traces = circuit.trace(&Demonstration::TINY.inputs(7)).expect("traces");
    let proof = final_proof::prove(&key, &traces).expect("proof");
    let key = key.verifying_key().clone();
    let shape = FinalShape::new(&key).expect("shape");
    let bytes = encoding::encode(&shape, &proof).expect("encoding");
    Sample { key, shape, public_values: *traces.public_values(), bytes }
}

// ── Rust ────────────────────────────────────────────────────────────────────────────────────────

fn by_rust(sample: &Sample, public_values: &[Val; 8], bytes: &[u8]) -> Result<(), Reason> {
    let proof: FinalProof =
        encoding::decode(&sample.shape, bytes).map_err(|_: EncodingError| Reason::Encoding)?;
    assert_eq!(
        encoding::encode(&sample.shape, &proof).as_deref(),
        Ok(bytes),
        "one proof has one encoding"
    );
    final_proof::verify(&sample.key, public_values, &proof).map_err(|error| match error {
        FinalError::Verify(error) => reason(&error),
        other => panic!("not about the proof: {other}"),
    })
}

fn reason(error: &VerificationError<VerifierError>) -> Reason {
    match error {
        VerificationError::Lookup(_) => Reason::Lookup,
        VerificationError::Zerocheck(ZerocheckError::ClaimedSumMismatch) => Reason::ClaimedSum,
        VerificationError::Zerocheck(ZerocheckError::FinalSumMismatch) => Reason::Constraints,
        VerificationError::Opening(error) => match error {
            VerifierError::InvalidPowWitness { .. } => Reason::Grinding,
            VerifierError::MerkleProofInvalid { .. } => Reason::Merkle,
            VerifierError::StirChallengeFailed { .. } => Reason::FinalPolynomial,
            VerifierError::SumcheckFailed { .. } => Reason::Opening,
            other => panic!("the encoding excludes {other}"),
        },
        other => panic!("the encoding excludes {other}"),
    }
}

// ── Solidity ────────────────────────────────────────────────────────────────────────────────────

/// The verdict of the contracts and the gas of the whole transaction.
fn by_solidity(
    contracts: &mut Contracts,
    public_values: &[Val; 8],
    proof: &[u8],
) -> (Result<(), Reason>, u64) {
    let result = contracts.verify(public_values, proof);
    let gas = result.tx_gas_used();
    match result {
        ExecutionResult::Success { .. } => (Ok(()), gas),
        ExecutionResult::Revert { output, .. } => (Err(revert_reason(&output)), gas),
        ExecutionResult::Halt { reason, .. } => panic!("halted: {reason:?}"),
    }
}

fn revert_reason(output: &[u8]) -> Reason {
    const ERRORS: [(&str, Reason); 9] = [
        ("NotCanonical(uint256)", Reason::Encoding),
        ("ProofLength(uint256,uint256)", Reason::Encoding),
        ("LookupFailed(uint256)", Reason::Lookup),
        ("ClaimedSumMismatch()", Reason::ClaimedSum),
        ("GrindingFailed(uint256,uint256)", Reason::Grinding),
        ("MerkleProofFailed(bytes32)", Reason::Merkle),
        ("FinalPolynomialMismatch()", Reason::FinalPolynomial),
        ("OpeningMismatch()", Reason::Opening),
        ("ConstraintsMismatch()", Reason::Constraints),
    ];
    ERRORS
        .iter()
        .find(|(error, _)| output.starts_with(&keccak256(error)[..4]))
        .map(|(_, reason)| *reason)
        .unwrap_or_else(|| panic!("no reason: {output:02x?}"))
}

fn contracts(sample: &Sample) -> Contracts {
    let files = solidity::generate(&sample.key, "tiny").expect("verifier");
    let names: Vec<String> = files.into_iter().map(|file| file.name).collect();
    Contracts::deploy(&names, evm::committed)
}

// ── Agreement ───────────────────────────────────────────────────────────────────────────────────

/// A reproducible sequence of numbers (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// Changed proof number `i`: the first ones change each run of eight bytes once, and with that each
/// field of the proof; the later ones are changes of other kinds.
fn change(valid: &[u8], i: usize) -> Vec<u8> {
    let mut bytes = valid.to_vec();
    let mut numbers = Numbers(i as u64);
    let words = valid.len().div_ceil(8);
    if i < words {
        let at = (8 * i + numbers.below(8)).min(valid.len() - 1);
        bytes[at] ^= 1 << numbers.below(8);
        return bytes;
    }
    let at = numbers.below(valid.len());
    match i % 6 {
        0 => bytes[at] = bytes[at].wrapping_add(1 + numbers.below(255) as u8),
        1 => {
            let other = numbers.below(valid.len());
            bytes.swap(at, other);
        }
        2 => bytes.truncate(at),
        3 => {
            let added = 1 + numbers.below(64);
            bytes.resize(valid.len() + added, numbers.next() as u8);
        }
        4 => {
            let end = (at + 8 * (1 + numbers.below(4))).min(valid.len());
            bytes[at..end].fill(if numbers.below(2) == 0 { 0 } else { 0xff });
        }
        _ => {
            // A digest more or less, with the header's number.
            let count = 2 * numbers.below(4);
            let old = u16::from_be_bytes([bytes[count], bytes[count + 1]]);
            let at = at.max(64);
            if numbers.below(2) == 0 {
                bytes[count..count + 2].copy_from_slice(&(old + 1).to_be_bytes());
                bytes.splice(at..at, [numbers.next() as u8; 32]);
            } else {
                bytes[count..count + 2].copy_from_slice(&(old - 1).to_be_bytes());
                let at = at.min(bytes.len() - 32);
                bytes.drain(at..at + 32);
            }
        }
    }
    if bytes == valid {
        bytes.push(0)
    }
    bytes
}

/// Changes of every eight bytes, and 1,500 of other kinds: 10^4 together.
fn all_changes(valid: &[u8]) -> usize {
    valid.len().div_ceil(8).max(9_000) + 1_500
}

/// Every `step`-th changed proof is refused by both verifiers for the same reason. Returns the
/// reasons, sorted.
fn refused_alike(step: usize) -> Vec<Reason> {
    let sample = sample();
    let contracts = contracts(&sample);
    assert_eq!(by_rust(&sample, &sample.public_values, &sample.bytes), Ok(()));
    let (verdict, gas) = by_solidity(&mut contracts.clone(), &sample.public_values, &sample.bytes);
    assert_eq!(verdict, Ok(()));
    println!("{} bytes, {gas} gas", sample.bytes.len());

    let changes: Vec<usize> = (0..all_changes(&sample.bytes)).step_by(step).collect();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut reasons = thread::scope(|scope| {
        let shares: Vec<_> = (0..threads)
            .map(|share| {
                let (sample, changes, mut contracts) = (&sample, &changes, contracts.clone());
                scope.spawn(move || {
                    let share = changes[share..].iter().step_by(threads);
                    share.map(|&i| both_refuse(sample, &mut contracts, i)).collect::<Vec<_>>()
                })
            })
            .collect();
        shares.into_iter().flat_map(|share| share.join().expect("share")).collect::<Vec<_>>()
    });
    assert_eq!(reasons.len(), changes.len());
    reasons.sort_unstable();
    for group in reasons.chunk_by(|a, b| a == b) {
        println!("{:?}: {}", group[0], group.len());
    }
    reasons
}

fn both_refuse(sample: &Sample, contracts: &mut Contracts, i: usize) -> Reason {
    let bytes = change(&sample.bytes, i);
    let rust = by_rust(sample, &sample.public_values, &bytes);
    let (solidity, _) = by_solidity(contracts, &sample.public_values, &bytes);
    assert_eq!(rust, solidity, "change {i}");
    rust.expect_err("a changed proof")
}

#[test]
fn a_valid_proof_is_taken_and_changed_ones_refused_for_the_same_reason() {
    let reasons = refused_alike(37);
    for reason in [Reason::Encoding, Reason::Lookup, Reason::Grinding, Reason::Merkle] {
        assert!(reasons.contains(&reason), "no change was refused for {reason:?}");
    }
}

#[test]
#[ignore = "takes minutes: every one of the 10^4 changes, docs/reference/zk-lane.md has the result"]
fn each_of_ten_thousand_changed_proofs_is_refused_for_the_same_reason() {
    let reasons = refused_alike(1);
    assert!(reasons.len() >= 10_000);
    let expected = [
        Reason::Encoding,
        Reason::Lookup,
        Reason::ClaimedSum,
        Reason::Grinding,
        Reason::Merkle,
        Reason::Opening,
    ];
    for reason in expected {
        assert!(reasons.contains(&reason), "no change was refused for {reason:?}");
    }
}

/// A dishonest prover that follows the protocol gets to the last checks.
#[test]
fn proofs_of_false_traces_are_refused_by_both() {
    let honest = sample();
    let mut contracts = contracts(&honest);
    let circuit = Demonstration::TINY.circuit();
    let key = final_proof::setup(&circuit, &FinalParameters::default()).expect("keys");
    let traces = circuit.trace(&Demonstration::TINY.inputs(7)).expect("traces");
    // An S-box and a step of Horner's rule; the prover does not prove an unbalanced bus.
    for (table, column) in [(2, 50), (1, 10)] {
        let cheat = traces.clone().tampered(|witness, _| {
            witness[table].row_mut(3)[column] += Val::new(1);
        });
        let proof = final_proof::prove(&key, &cheat).expect("a proof, though a false one");
        let bytes = encoding::encode(&honest.shape, &proof).expect("encoding");
        let rust = by_rust(&honest, &honest.public_values, &bytes);
        let (solidity, _) = by_solidity(&mut contracts, &honest.public_values, &bytes);
        assert_eq!(rust, solidity, "table {table} column {column}");
        assert_eq!(rust, Err(Reason::Constraints), "table {table} column {column}");
    }
}

#[test]
fn changed_public_values_are_refused_by_both() {
    let sample = sample();
    let mut contracts = contracts(&sample);
    for i in 0..8 {
        let mut public_values = sample.public_values;
        public_values[i] += Val::new(1);
        let rust = by_rust(&sample, &public_values, &sample.bytes);
        assert!(rust.is_err());
        assert_eq!(rust, by_solidity(&mut contracts, &public_values, &sample.bytes).0);
    }
}

#[test]
fn the_committed_contracts_are_what_the_key_gives() {
    for (name, shape) in [("tiny", Demonstration::TINY), ("demo", Demonstration::HONEST)] {
        let key = final_proof::setup(&shape.circuit(), &FinalParameters::default()).expect("keys");
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/test/generated").join(name);
        let files = solidity::generate(key.verifying_key(), name).expect("verifier");
        for file in &files {
            let path = folder.join(format!("{}.sol", file.name));
            let committed = std::fs::read_to_string(&path).expect("committed contract");
            assert!(committed == file.source, "{} differs: run cargo xtask verifier", file.name);
        }
        let committed = std::fs::read_dir(&folder).expect("folder").count();
        assert_eq!(committed, files.len(), "contracts that the command does not write");
    }
}
