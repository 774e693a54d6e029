//! Attempts to cheat: every witness column, the wiring, public values, constants, other keys.
//!
//! Most attempts are judged by `Circuit::check`, which evaluates all constraints and the bus on
//! the rows themselves; the named faults at the end go through both proof systems.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use oneslot_recursion::final_proof::{self, FinalParameters};
use oneslot_recursion::recursive::{self, RecursiveParameters};
use oneslot_recursion::tables::TableKind;
use oneslot_recursion::{
    BaseVar, Circuit, CircuitBuilder, Demonstration, ExtensionVar, Traces, Val, Violation, Word,
};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;

struct Case {
    circuit: Circuit,
    traces: Traces,
}

/// A circuit that uses every gate, with honest traces.
fn case() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| {
        let shape = Demonstration::TINY;
        let circuit = shape.circuit();
        let traces = circuit.trace(&shape.inputs(7)).unwrap();
        circuit.check(&traces).unwrap();
        Case { circuit, traces }
    })
}

/// Rows of a table that stand for all others: one for each pattern of selectors and of slots that
/// are defined, read or not used.
fn row_classes(circuit: &Circuit, table: usize) -> BTreeMap<Vec<usize>, usize> {
    let kind = TableKind::ALL[table];
    let first_multiplicity = match kind {
        TableKind::Arithmetic => 4,
        TableKind::Horner => 19,
        TableKind::Permutation => 5,
    };
    let mut classes = BTreeMap::new();
    for row in 0..circuit.preprocessed()[table].height() {
        let cells = circuit.preprocessed()[table].row_slice(row).unwrap();
        let class = cells[first_multiplicity..]
            .iter()
            .map(|&cell| {
                let known = [Val::ZERO, Val::NEG_ONE, Val::ONE];
                known.iter().position(|&x| x == cell).unwrap_or(known.len())
            })
            .collect();
        classes.entry(class).or_insert(row);
    }
    classes
}

/// Cells that no gate of the row's kind constrains or sends: padding and public rows.
fn is_free(circuit: &Circuit, table: usize, row: usize, column: usize) -> bool {
    let preprocessed = circuit.preprocessed()[table].row_slice(row).unwrap();
    match TableKind::ALL[table] {
        TableKind::Arithmetic => {
            let kinds = &preprocessed[8..12];
            let slot = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3][column];
            let unused = preprocessed[4 + slot] == Val::ZERO;
            let public = row == 0 || row + 1 == circuit.preprocessed()[table].height();
            let constant = kinds[3] == Val::ONE;
            if kinds.iter().all(|&kind| kind == Val::ZERO) {
                // Padding; in public rows `d` is bound and `a`, `b`, `c` are not used.
                return unused && !(public && slot == 3);
            }
            constant && slot < 3
        }
        _ => false,
    }
}

fn tampered(traces: &Traces, table: usize, row: usize, column: usize) -> Traces {
    traces.clone().tampered(|witness, _| {
        witness[table].row_mut(row)[column] += Val::from_u32(0x1234_5677);
    })
}

/// The first row of a table in which a column is not free.
fn bound_row(circuit: &Circuit, table: usize, column: usize) -> usize {
    let mut rows = 0..circuit.preprocessed()[table].height();
    rows.find(|&row| !is_free(circuit, table, row, column)).unwrap()
}

fn every_column_is_bound(table: usize) {
    let Case { circuit, traces } = case();
    let width = TableKind::ALL[table].witness_width();
    let mut bound = vec![false; width];
    for &row in row_classes(circuit, table).values() {
        for (column, bound) in bound.iter_mut().enumerate() {
            let rejected = circuit.check(&tampered(traces, table, row, column)).is_err();
            if is_free(circuit, table, row, column) {
                continue;
            }
            assert!(rejected, "table {table} row {row} column {column} is not bound");
            *bound = true;
        }
    }
    assert!(bound.into_iter().all(|bound| bound), "a column was never tested");
}

#[test]
fn every_arithmetic_column_is_bound() {
    every_column_is_bound(0);
}

#[test]
fn every_horner_column_is_bound() {
    every_column_is_bound(1);
}

#[test]
fn every_permutation_column_is_bound() {
    every_column_is_bound(2);
}

/// A value that a gate writes follows from what it reads: changing the written cell and all cells
/// that read it elsewhere is not enough.
#[test]
fn a_wrong_product_is_rejected_even_if_all_readers_agree() {
    let mut builder = CircuitBuilder::new();
    let x = builder.input_extension();
    let y = builder.mul(x, x);
    let z = builder.mul(y, y);
    builder.publish(y.into(), z.into());
    let circuit = builder.build();
    let seven: Word = [Val::from_u8(7), Val::ZERO, Val::ZERO, Val::ZERO];
    let traces = circuit.trace(&[seven]).unwrap();
    let honest = Val::from_u8(49);
    let wrong = Val::from_u8(50);
    let cheat = traces.tampered(|witness, public| {
        for table in witness.iter_mut() {
            for cell in &mut table.values {
                if *cell == honest {
                    *cell = wrong;
                }
            }
        }
        public[0] = wrong;
    });
    assert!(matches!(circuit.check(&cheat), Err(Violation::Constraint { .. })));
}

#[test]
fn swapped_wires_are_rejected() {
    // x - y and y - x have the same gates; only the wiring differs.
    let circuit = |swap: bool| {
        let mut builder = CircuitBuilder::new();
        let (x, y) = (builder.input_extension(), builder.input_extension());
        let zero = builder.zero();
        let (x1, y1) = (builder.add(x, zero), builder.add(y, zero));
        let difference = if swap { builder.sub(y1, x1) } else { builder.sub(x1, y1) };
        builder.publish(difference.into(), difference.into());
        builder.build()
    };
    let (circuit, other) = (circuit(false), circuit(true));
    assert_eq!(circuit.log_heights(), other.log_heights());
    let word = |x: u8| [Val::from_u8(x), Val::ZERO, Val::ZERO, Val::ZERO];
    let traces = other.trace(&[word(5), word(3)]).unwrap();
    other.check(&traces).unwrap();
    assert!(matches!(circuit.check(&traces), Err(Violation::Bus { .. })));
}

#[test]
fn a_reader_that_sees_another_value_is_rejected() {
    let Case { circuit, traces } = case();
    // Shift a value that a product gate reads and adjust the gate's result and its readers would
    // be needed: the bus alone must notice the read.
    let cheat = traces.clone().tampered(|witness, _| {
        let row = witness[1].height() - 1;
        // A padding row reads zeros. Out = c_15 keeps the constraint.
        let cells = witness[1].row_mut(row);
        let last = cells.len() - 3;
        cells[last] += Val::ONE;
        cells[6] += Val::ONE;
    });
    assert!(matches!(circuit.check(&cheat), Err(Violation::Bus { .. })));
}

#[test]
fn public_values_are_bound() {
    let Case { circuit, traces } = case();
    for i in 0..traces.public_values().len() {
        let cheat = traces.clone().tampered(|_, public| public[i] += Val::ONE);
        assert!(matches!(circuit.check(&cheat), Err(Violation::Constraint { .. })), "value {i}");
    }
    // With the cell changed too, the bus notices.
    for (i, row) in [(0, 0), (4, traces.witness()[0].height() - 1)] {
        let cheat = traces.clone().tampered(|witness, public| {
            public[i] += Val::ONE;
            witness[0].row_mut(row)[9] += Val::ONE;
        });
        assert!(matches!(circuit.check(&cheat), Err(Violation::Bus { .. })), "value {i}");
    }
}

#[test]
fn constants_are_bound() {
    let circuit = |constant: u8| {
        let mut builder = CircuitBuilder::new();
        let x = builder.input_extension();
        let c = builder.constant_base(Val::from_u8(constant));
        let product = builder.mul(x, c);
        builder.publish(product.into(), product.into());
        builder.build()
    };
    let (three, four) = (circuit(3), circuit(4));
    let word = [Val::from_u8(9), Val::ZERO, Val::ZERO, Val::ZERO];
    let traces = four.trace(&[word]).unwrap();
    assert!(matches!(three.check(&traces), Err(Violation::Constraint { .. })));
}

#[test]
fn bits_are_canonical() {
    let circuit = {
        let mut builder = CircuitBuilder::new();
        let x: ExtensionVar = builder.input_extension();
        let [base, _, _] = builder.coordinates(x);
        let bits = builder.bits(base);
        let low: BaseVar = bits[0].into();
        builder.publish(low.into(), low.into());
        builder.build()
    };
    for value in [0, 1, 2, (1 << 32) - 1, 1 << 32, u64::MAX - (1 << 32), 0xffff_ffff_0000_0000] {
        let traces = circuit.trace(&[[Val::from_u64(value), Val::ZERO, Val::ZERO, Val::ZERO]]);
        let traces = traces.unwrap();
        circuit.check(&traces).unwrap();
        assert_eq!(traces.public_values()[0], Val::from_u64(value & 1), "{value}");
    }
}

/// Zero also has the bits of the order of the field. A prover that claims those is rejected.
#[test]
fn the_order_of_the_field_is_no_zero() {
    const ORDER: u64 = 0xffff_ffff_0000_0001;
    // The same program with the bits as inputs, so that the test may choose them.
    let mut builder = CircuitBuilder::new();
    let x = builder.input_extension();
    let [base, _, _] = builder.coordinates(x);
    let bits = builder.bits(base);
    let low: BaseVar = bits[0].into();
    builder.publish(low.into(), low.into());
    let circuit = builder.build();
    let zero = [Val::ZERO; 4];
    let honest = circuit.trace(&[zero]).unwrap();
    let cheat = honest.tampered(|witness, public| {
        // The rows of the digits follow the constants and the split.
        let digit_rows: Vec<usize> = (0..circuit.preprocessed()[0].height())
            .filter(|&row| circuit.preprocessed()[0].row_slice(row).unwrap()[10] == Val::ONE)
            .collect();
        assert_eq!(digit_rows.len(), 22);
        for (half, rows) in digit_rows.chunks(11).enumerate() {
            for (i, &row) in rows.iter().enumerate() {
                let value = (ORDER >> (32 * half)) & 0xffff_ffff;
                let digit = (value >> (3 * i)) & 7;
                let cells = witness[0].row_mut(row);
                for bit in 0..3 {
                    cells[3 * bit] = Val::from_u64((digit >> bit) & 1);
                }
                cells[9] = Val::from_u64(digit);
            }
        }
        public[0] = Val::ONE;
        public[4] = Val::ONE;
    });
    assert!(circuit.check(&cheat).is_err());
}

#[test]
fn programs_without_a_witness_say_so() {
    let mut builder = CircuitBuilder::new();
    let x = builder.input_extension();
    builder.inverse(x);
    let circuit = builder.build();
    assert!(circuit.trace(&[[Val::ZERO; 4]]).is_err());
    assert!(circuit.trace(&[]).is_err());
    assert!(circuit.trace(&[[Val::ONE; 4]]).is_err(), "no extension element");
    let one = [Val::ONE, Val::ZERO, Val::ZERO, Val::ZERO];
    assert!(circuit.trace(&[one, one]).is_err(), "a superfluous input");
    assert!(circuit.trace(&[one]).is_ok());
}

// The faults that a proof must not survive.

#[test]
fn final_proofs_of_tampered_traces_do_not_verify() {
    let Case { circuit, traces } = case();
    let key = final_proof::setup(circuit, &FinalParameters::default()).unwrap();
    let vk = key.verifying_key();
    let proof = final_proof::prove(&key, traces).unwrap();
    final_proof::verify(vk, traces.public_values(), &proof).unwrap();

    for table in 0..3 {
        let width = TableKind::ALL[table].witness_width();
        for column in [0, width / 2, width - 1] {
            let row = bound_row(circuit, table, column);
            let cheat = tampered(traces, table, row, column);
            let accepted = catch_unwind(AssertUnwindSafe(|| {
                let proof = final_proof::prove(&key, &cheat).unwrap();
                final_proof::verify(vk, cheat.public_values(), &proof).is_ok()
            }));
            assert!(!accepted.unwrap_or(false), "table {table} column {column}");
        }
    }
    let mut public = *traces.public_values();
    for i in 0..public.len() {
        public[i] += Val::ONE;
        assert!(final_proof::verify(vk, &public, &proof).is_err(), "public value {i}");
        public[i] -= Val::ONE;
    }
}

#[test]
fn final_proofs_belong_to_one_key() {
    let Case { circuit, traces } = case();
    let parameters = FinalParameters::default();
    let key = final_proof::setup(circuit, &parameters).unwrap();
    let proof = final_proof::prove(&key, traces).unwrap();

    // A circuit with the same shape and another constant.
    let other = Demonstration { folds: 1, ..Demonstration::TINY };
    let other_circuit = other.circuit();
    assert_eq!(circuit.log_heights(), other_circuit.log_heights());
    let other_key = final_proof::setup(&other_circuit, &parameters).unwrap();
    assert_ne!(key.verifying_key(), other_key.verifying_key());
    assert!(
        final_proof::verify(other_key.verifying_key(), traces.public_values(), &proof).is_err()
    );

    // Preprocessed columns of one key in a proof for the other.
    let other_traces = other_circuit.trace(&other.inputs(7)).unwrap();
    let forged = final_proof::prove(&other_key, &other_traces).unwrap();
    let public = other_traces.public_values();
    final_proof::verify(other_key.verifying_key(), public, &forged).unwrap();
    assert!(final_proof::verify(key.verifying_key(), public, &forged).is_err());

    // Other heights.
    let mut heights = key.verifying_key().clone();
    heights.log_heights[1] += 1;
    assert!(final_proof::verify(&heights, traces.public_values(), &proof).is_err());

    // Weaker parameters are refused before anything is checked.
    let mut weak = key.verifying_key().clone();
    weak.parameters.term_bits = 100;
    let refused = final_proof::verify(&weak, traces.public_values(), &proof).unwrap_err();
    assert!(refused.to_string().contains("security"), "{refused}");
}

#[test]
fn recursive_proofs_are_bound_to_traces_key_and_public_values() {
    let Case { circuit, traces } = case();
    let parameters = RecursiveParameters::default();
    let key = recursive::setup(circuit, &parameters).unwrap();
    let vk = key.verifying_key();
    let proof = recursive::prove(&key, traces).unwrap();
    recursive::verify(vk, traces.public_values(), &proof).unwrap();

    let mut public = *traces.public_values();
    for i in 0..public.len() {
        public[i] += Val::ONE;
        assert!(recursive::verify(vk, &public, &proof).is_err(), "public value {i}");
        public[i] -= Val::ONE;
    }
    let other = Demonstration { folds: 1, ..Demonstration::TINY }.circuit();
    let other_key = recursive::setup(&other, &parameters).unwrap();
    assert!(recursive::verify(other_key.verifying_key(), &public, &proof).is_err());

    let mut heights = vk.clone();
    heights.log_heights[1] += 1;
    assert!(recursive::verify(&heights, &public, &proof).is_err());
    let mut weak = vk.clone();
    weak.parameters.queries = 40;
    assert!(recursive::verify(&weak, &public, &proof).is_err());

    // Builds with debug assertions refuse such traces before they are proven.
    for table in 0..3 {
        let cheat = tampered(traces, table, bound_row(circuit, table, 0), 0);
        let accepted = catch_unwind(AssertUnwindSafe(|| {
            let proof = recursive::prove(&key, &cheat).unwrap();
            recursive::verify(vk, cheat.public_values(), &proof).is_ok()
        }));
        assert!(!accepted.unwrap_or(false), "table {table}");
    }
}
