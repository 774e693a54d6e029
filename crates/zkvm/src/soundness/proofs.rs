//! Whole proofs: of false traces and public values, and honest ones changed afterwards. The verifier refuses all of them.

use oneslot_stark::Digest;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::Forgery;
use crate::{
    Error, Prover, SegmentInput, SegmentProof, Verifier, config::VERSION, memory::CodeRange,
    proof::MAX_LOG_HEIGHT, tables::Table, verify::public_values, witness::tests::segments,
};

pub(super) fn prove(prover: &Prover, forgery: &Forgery) -> SegmentProof {
    let public = forgery.public;
    SegmentProof { public, proof: prover.prove_traces(&forgery.traces, &public_values(&public)) }
}

type Forge = fn(&mut Forgery);

/// What a malicious prover rewrites, by what is wrong with it.
const FORGERIES: [(&str, Forge); 6] = [
    // A constraint fails.
    ("a product off by one", |forgery| {
        *forgery.cell(Table::MulMod, 0, "limbs[48]") += Goldilocks::ONE;
    }),
    ("a sum of points off by one", |forgery| {
        *forgery.cell(Table::Point, 1, "limbs[32]") += Goldilocks::ONE;
    }),
    // All constraints hold, a bus does not balance.
    ("a false permutation", |forgery| {
        for column in ["after[1]", "after_spread[1]"] {
            *forgery.cell(Table::KeccakWord, 2, column) = Goldilocks::ZERO;
        }
    }),
    ("a call without effect", |forgery| {
        forgery.traces[Table::MulMod as usize].values.fill(Goldilocks::ZERO);
    }),
    // The traces are honest, what they are said to prove is not.
    ("another exit code", |forgery| forgery.public.exit_code = 1),
    ("another root at the end", |forgery| forgery.public.end_root.0[2] += Goldilocks::ONE),
];

#[test]
fn no_false_segment_is_proven() {
    let (prover, verifier) = (Prover::new(), Verifier::new());
    for (name, forge) in FORGERIES {
        let mut forgery = Forgery::new();
        forge(&mut forgery);
        assert!(forgery.refusal().is_some(), "{name}");
        let proof = prove(&prover, &forgery);
        let error = verifier.verify_segment(&proof).expect_err(name);
        assert!(matches!(error, Error::Invalid { .. }), "{name}: {error}");
    }
}

/// A proof proves its own statement alone, with every table in its own place and height.
#[test]
fn a_proof_changed_afterwards_is_refused() {
    let (prover, verifier) = (Prover::new(), Verifier::new());
    let forgery = Forgery::new();
    let bytes = prove(&prover, &forgery).to_bytes();
    let decode = || SegmentProof::from_bytes(&bytes).expect("a proof");
    verifier.verify_segment(&decode()).expect("valid");
    let refused = |name: &str, change: &dyn Fn(&mut SegmentProof)| {
        let mut proof = decode();
        change(&mut proof);
        assert!(verifier.verify_segment(&proof).is_err(), "{name}");
    };

    // Public values, also those that no constraint depends on.
    refused("program", &|proof| proof.public.program = Digest::default());
    refused("code", &|proof| {
        proof.public.code = CodeRange { end: proof.public.code.end + 1, ..proof.public.code };
    });
    refused("segment", &|proof| proof.public.segment += 1);
    refused("start pc", &|proof| proof.public.start_pc += 4);
    refused("end pc", &|proof| proof.public.end_pc = proof.public.start_pc);
    refused("start root", &|proof| proof.public.start_root = proof.public.end_root);
    refused("end root", &|proof| proof.public.end_root = proof.public.start_root);
    refused("committed", &|proof| proof.public.committed = false);
    refused("exit code", &|proof| proof.public.exit_code = 1 << 32);
    refused("output", &|proof| proof.public.output[31] ^= 1);

    // Row counts: taller and lower than they are, beyond the limit, of a table of fixed height.
    for table in Table::ALL {
        refused(table.name(), &|proof| proof.proof.degree_bits[*table as usize] += 1);
        refused(table.name(), &|proof| proof.proof.degree_bits[*table as usize] -= 1);
    }
    refused("height", &|proof| proof.proof.degree_bits[0] = MAX_LOG_HEIGHT + 1);
    refused("height", &|proof| proof.proof.degree_bits[0] = usize::MAX);
    refused("tables", &|proof| proof.proof.degree_bits.truncate(1));

    // The order of tables, of one height, with all that belongs to them.
    let (one, other) = (Table::Add as usize, Table::Bitwise as usize);
    assert_eq!(decode().log_heights()[one], decode().log_heights()[other]);
    refused("order", &|proof| proof.proof.opened_values.instances.swap(one, other));
    refused("order of sums", &|proof| proof.proof.lookup_terminals.swap(one, other));

    // Opened values, and a bus that balances by what one table adds to another's sum.
    let last = Table::ALL.len() - 1;
    refused("opened value", &|proof| {
        let values = &mut proof.proof.opened_values.instances[last].base_opened_values;
        values.trace_local[0] += Goldilocks::ONE;
    });
    refused("sums", &|proof| {
        for (table, by) in [(one, Goldilocks::ONE), (other, Goldilocks::NEG_ONE)] {
            let sum = proof.proof.lookup_terminals[table].as_mut().expect("a sum");
            sum.0 += by;
        }
    });
    refused("a missing sum", &|proof| proof.proof.lookup_terminals[one] = None);
}

/// Proofs and inputs of another version: those of version 2 could be false.
#[test]
fn other_versions_are_refused() {
    let proof = prove(&Prover::new(), &Forgery::new()).to_bytes();
    let [(input, _)] = &segments(&super::small(), 1 << 10)[..] else { panic!("one segment") };
    let input = input.to_bytes();
    for version in [VERSION - 1, VERSION + 1] {
        let other = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            bytes[8..16].copy_from_slice(&version.to_le_bytes());
            bytes
        };
        let proof = SegmentProof::from_bytes(&other(&proof)).map(drop);
        let input = SegmentInput::from_bytes(&other(&input)).map(drop);
        for refused in [proof, input] {
            assert!(matches!(refused, Err(Error::Malformed { .. })), "version {version}");
        }
    }
}
