//! From a program to the preprocessed columns: rows, addresses and multiplicities.

use std::sync::Arc;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use super::TABLES;
use super::gate::{Gate, Operation, Solve, Variable};
use crate::field::Val;
use crate::tables::{
    ArithmeticPreprocessed, HORNER_STEPS, HornerPreprocessed, PermutationPreprocessed, TableKind,
};

/// Rows that a table has at least.
const MIN_ROWS: usize = 16;

/// How many gates of each kind a circuit has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GateCounts {
    /// Rows of the arithmetic table that are in use.
    pub arithmetic: usize,
    /// Among them, rows that multiply in the extension.
    pub products: usize,
    /// Rows of the Horner table that are in use.
    pub horner: usize,
    /// Permutations.
    pub permutations: usize,
}

impl GateCounts {
    /// Multiplications in the cubic extension: a product gate is one, a Horner row is sixteen.
    pub const fn extension_multiplications(&self) -> usize {
        self.products + HORNER_STEPS * self.horner
    }
}

/// A compiled circuit: the program and the preprocessed columns of its tables.
#[derive(Clone, Debug)]
pub struct Circuit {
    pub(super) operations: Vec<Operation>,
    pub(super) variables: u32,
    pub(super) public: [Variable; 2],
    preprocessed: [Arc<RowMajorMatrix<Val>>; TABLES],
    counts: GateCounts,
}

impl Circuit {
    /// The preprocessed columns of each table, in the order of [`TableKind::ALL`].
    pub const fn preprocessed(&self) -> &[Arc<RowMajorMatrix<Val>>; TABLES] {
        &self.preprocessed
    }

    /// Logarithm of the height of each table.
    pub fn log_heights(&self) -> [usize; TABLES] {
        std::array::from_fn(|i| self.preprocessed[i].height().trailing_zeros() as usize)
    }

    /// How many gates of each kind the circuit has.
    pub const fn counts(&self) -> GateCounts {
        self.counts
    }
}

/// What a row does to a variable in one of its slots.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The row computes it.
    Defines,
    /// The row reads it; if no row defines the variable, this slot may.
    MayDefine,
    /// The row reads it and cannot define it.
    Reads,
}

/// Multiplicities: how often each variable is read and which slot defines it.
struct Wiring {
    readers: Vec<u64>,
    defined: Vec<bool>,
}

impl Wiring {
    fn visit(&mut self, variable: Variable, role: Role) {
        match role {
            Role::Defines => {
                assert!(
                    !std::mem::replace(&mut self.defined[variable.index()], true),
                    "invariant: a variable is defined once"
                );
            }
            Role::MayDefine | Role::Reads => self.readers[variable.index()] += 1,
        }
    }

    /// The multiplicity of a slot: the readers of what it defines, or minus one where it reads.
    fn multiplicity(&mut self, variable: Variable, role: Role) -> Val {
        let index = variable.index();
        if role == Role::Defines {
            return Val::from_u64(self.readers[index]);
        }
        if role == Role::MayDefine && !std::mem::replace(&mut self.defined[index], true) {
            return Val::from_u64(self.readers[index] - 1);
        }
        Val::NEG_ONE
    }
}

fn address(variable: Variable) -> Val {
    Val::from_u32(variable.0)
}

pub(super) fn compile(
    mut operations: Vec<Operation>,
    variables: u32,
    public: [Variable; 2],
) -> Circuit {
    define_unused_hints(&mut operations, variables, public);
    let zero = Variable(0);
    let mut counts = GateCounts::default();
    for gate in gates(&operations) {
        match gate {
            Gate::Product { .. } => {
                counts.products += 1;
                counts.arithmetic += 1;
            }
            Gate::Split { .. }
            | Gate::Join { .. }
            | Gate::Match { .. }
            | Gate::Bits { .. }
            | Gate::Constant { .. } => counts.arithmetic += 1,
            Gate::Horner { .. } | Gate::HornerPacked { .. } => counts.horner += 1,
            Gate::Permutation { .. } => counts.permutations += 1,
        }
    }
    let height = |rows: usize| rows.next_power_of_two().max(MIN_ROWS);
    let heights =
        [height(counts.arithmetic + 2), height(counts.horner), height(counts.permutations)];

    // Padding rows of the Horner and the permutation table read the constant zero.
    let horner_padding = heights[1] - counts.horner;
    let permutation_padding = heights[2] - counts.permutations;

    let mut wiring =
        Wiring { readers: vec![0; variables as usize], defined: vec![false; variables as usize] };
    for gate in gates(&operations) {
        slots(gate, |variable, role| wiring.visit(variable, role));
    }
    for word in public {
        wiring.visit(word, Role::MayDefine);
    }
    let padding_reads = horner_padding * (2 + HORNER_STEPS) + permutation_padding;
    wiring.readers[zero.index()] += padding_reads as u64;

    let mut preprocessed = std::array::from_fn(|i| {
        RowMajorMatrix::new(
            Val::zero_vec(TableKind::ALL[i].preprocessed_width() * heights[i]),
            TableKind::ALL[i].preprocessed_width(),
        )
    });
    let [arithmetic, horner, permutation] = &mut preprocessed;

    // The public words: the first and the last row.
    for (row, word) in [(0, public[0]), (heights[0] - 1, public[1])] {
        let mut cells = ArithmeticPreprocessed::default();
        cells.address[3] = address(word);
        cells.multiplicity[3] = wiring.multiplicity(word, Role::MayDefine);
        cells.put(&mut arithmetic.row_mut(row).iter_mut());
    }
    let (mut arithmetic_row, mut horner_row, mut permutation_row) = (1, 0, 0);
    for gate in gates(&operations) {
        let mut slot = Vec::with_capacity(3 + HORNER_STEPS);
        slots(gate, |variable, role| {
            slot.push((address(variable), wiring.multiplicity(variable, role)));
        });
        match gate {
            Gate::Horner { .. } | Gate::HornerPacked { .. } => {
                let cells = horner_preprocessed(gate, &slot);
                cells.put(&mut horner.row_mut(horner_row).iter_mut());
                horner_row += 1;
            }
            Gate::Permutation { .. } => {
                let cells = permutation_preprocessed(&slot);
                cells.put(&mut permutation.row_mut(permutation_row).iter_mut());
                permutation_row += 1;
            }
            _ => {
                let cells = arithmetic_preprocessed(gate, &slot);
                cells.put(&mut arithmetic.row_mut(arithmetic_row).iter_mut());
                arithmetic_row += 1;
            }
        }
    }
    Circuit { operations, variables, public, preprocessed: preprocessed.map(Arc::new), counts }
}

fn gates(operations: &[Operation]) -> impl Iterator<Item = &Gate> {
    operations.iter().filter_map(|operation| match operation {
        Operation::Gate(gate) => Some(gate),
        Operation::Hint { .. } => None,
    })
}

/// Calls `visit` for each slot of a gate, in the order of the table's addresses.
fn slots(gate: &Gate, mut visit: impl FnMut(Variable, Role)) {
    use Role::{Defines, MayDefine, Reads};
    match *gate {
        Gate::Product { slots, solve } => {
            let solved = match solve {
                Solve::A => Some(0),
                Solve::C => Some(2),
                Solve::D => Some(3),
                Solve::Nothing => None,
            };
            for (i, variable) in slots.into_iter().enumerate() {
                visit(variable, if solved == Some(i) { Defines } else { MayDefine });
            }
        }
        Gate::Split { slots: [a, b, c, d] } => {
            visit(a, Defines);
            visit(b, Defines);
            // The constant zero closes a split of a pair.
            visit(c, if c == Variable(0) { Reads } else { Defines });
            visit(d, MayDefine);
        }
        Gate::Join { slots: [a, b, c, d] } | Gate::Bits { slots: [a, b, c, d] } => {
            visit(a, MayDefine);
            visit(b, MayDefine);
            visit(c, MayDefine);
            visit(d, Defines);
        }
        Gate::Match { slots } => slots.into_iter().for_each(|slot| visit(slot, MayDefine)),
        Gate::Constant { d, .. } => visit(d, Defines),
        Gate::Horner { x, acc, out, coefficients } => {
            visit(x, Reads);
            visit(acc, Reads);
            visit(out, Defines);
            coefficients.into_iter().for_each(|c| visit(c, Reads));
        }
        Gate::HornerPacked { x, acc, out, words } => {
            visit(x, Reads);
            visit(acc, Reads);
            visit(out, Defines);
            words.into_iter().for_each(|word| visit(word, Reads));
        }
        Gate::Permutation { current, other, bit, out } => {
            visit(current, MayDefine);
            visit(other, MayDefine);
            visit(bit, Reads);
            out.into_iter().for_each(|word| visit(word, Defines));
        }
    }
}

/// Gives each variable that only slots without a multiplicity read a row that defines it.
fn define_unused_hints(operations: &mut Vec<Operation>, variables: u32, public: [Variable; 2]) {
    let mut definable = vec![false; variables as usize];
    let mut read = vec![false; variables as usize];
    for gate in gates(operations) {
        slots(gate, |variable, role| match role {
            Role::Reads => read[variable.index()] = true,
            Role::Defines | Role::MayDefine => definable[variable.index()] = true,
        });
    }
    for word in public {
        definable[word.index()] = true;
    }
    let zero = Variable(0);
    for index in 0..variables {
        if read[index as usize] && !definable[index as usize] {
            // 0 * 0 + x = x.
            let x = Variable(index);
            let gate = Gate::Product { slots: [zero, zero, x, x], solve: Solve::Nothing };
            operations.push(Operation::Gate(gate));
        }
    }
}

fn arithmetic_preprocessed(gate: &Gate, slot: &[(Val, Val)]) -> ArithmeticPreprocessed<Val> {
    let mut cells = ArithmeticPreprocessed::default();
    if let Gate::Constant { value, .. } = gate {
        cells.constant = Val::ONE;
        cells.address[..3].copy_from_slice(&value[..3]);
        (cells.address[3], cells.multiplicity[3]) = slot[0];
        return cells;
    }
    for (i, &(address, multiplicity)) in slot.iter().enumerate() {
        cells.address[i] = address;
        cells.multiplicity[i] = multiplicity;
    }
    match gate {
        Gate::Product { .. } => cells.product = Val::ONE,
        Gate::Bits { .. } => cells.bits = Val::ONE,
        _ => cells.split = Val::ONE,
    }
    cells
}

fn horner_preprocessed(gate: &Gate, slot: &[(Val, Val)]) -> HornerPreprocessed<Val> {
    let mut cells = HornerPreprocessed {
        x: slot[0].0,
        acc: slot[1].0,
        out: slot[2].0,
        out_multiplicity: slot[2].1,
        packed: Val::from_bool(matches!(gate, Gate::HornerPacked { .. })),
        ..HornerPreprocessed::default()
    };
    for (cell, &(address, _)) in cells.coefficients.iter_mut().zip(&slot[3..]) {
        *cell = address;
    }
    cells
}

fn permutation_preprocessed(slot: &[(Val, Val)]) -> PermutationPreprocessed<Val> {
    PermutationPreprocessed {
        address: std::array::from_fn(|i| slot[i].0),
        multiplicity: [slot[0].1, slot[1].1, slot[3].1, slot[4].1],
    }
}
