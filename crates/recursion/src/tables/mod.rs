//! The tables that every circuit compiles to.
//!
//! A circuit is a list of gates over variables. A variable has an address (its number) and holds
//! one [`Word`](crate::Word). Each gate is one row of one table:
//!
//! | table | a row |
//! |---|---|
//! | [`Arithmetic`](TableKind::Arithmetic) | `d = a * b + c` in the cubic extension, a constant, or a word split into its elements |
//! | [`Horner`](TableKind::Horner) | sixteen steps of Horner's rule in the cubic extension |
//! | [`Permutation`](TableKind::Permutation) | one Poseidon2 permutation, with the swap of a Merkle path in front |
//!
//! A row has preprocessed columns, which say what the circuit is (addresses, multiplicities, the
//! kind of gate), and witness columns, which hold values. Rows are wired through one bus,
//! [`WIRES`]: the row that defines a variable sends `(address, value)` with the number of its
//! readers as multiplicity, each reader takes it once. Addresses and multiplicities are fixed, so
//! the bus balances only if all readers of an address see the value of its one definition.
//!
//! No constraint reads the next row. The same constraints serve both provers; only the place of
//! the preprocessed columns differs, see [`PreprocessedPlacement`].

mod arithmetic;
mod horner;
mod permutation;

use std::sync::Arc;

use oneslot_stark::Columns;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::{Count, InteractionBuilder};
use p3_matrix::dense::RowMajorMatrix;

pub(crate) use arithmetic::{ArithmeticPreprocessed, ArithmeticRow};
pub(crate) use horner::{HORNER_STEPS, HORNER_WORDS, HornerPreprocessed, HornerRow};
pub(crate) use permutation::{PermutationInput, PermutationPreprocessed, generate_permutation};

use crate::field::{Val, WORD};

/// Name of the bus that carries `(address, value)`.
pub const WIRES: &str = "wires";

/// Public values of a circuit: two words, bound by the first and the last arithmetic row.
pub const PUBLIC_VALUES: usize = 2 * WORD;

/// A table: its columns and constraints.
pub(crate) trait TableAir {
    /// Witness columns.
    type Witness: Columns;
    /// Preprocessed columns.
    type Preprocessed: Columns;

    /// Number of public values that the constraints read.
    const PUBLIC_VALUES: usize = 0;

    /// Emits constraints and messages of a row.
    fn eval<AB>(builder: &mut AB, witness: &[AB::Var], preprocessed: &[AB::Var])
    where
        AB: AirBuilder<F = Val> + InteractionBuilder;
}

/// Declares the tables: variant, which is also the name of the type in the module, and module.
macro_rules! tables {
    ($($(#[$meta:meta])* $table:ident = $module:ident,)*) => {
        /// Which table a row belongs to. The order is the order of the tables in a proof.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum TableKind {
            $($(#[$meta])* $table,)*
        }

        impl TableKind {
            /// All tables, in proof order.
            pub const ALL: [Self; [$(stringify!($table)),*].len()] = [$(Self::$table,)*];

            /// Number of witness columns.
            pub const fn witness_width(self) -> usize {
                match self {
                    $(Self::$table => <$module::$table as TableAir>::Witness::WIDTH,)*
                }
            }

            /// Number of preprocessed columns.
            pub const fn preprocessed_width(self) -> usize {
                match self {
                    $(Self::$table => <$module::$table as TableAir>::Preprocessed::WIDTH,)*
                }
            }

            /// Number of public values that the constraints read.
            pub const fn public_values(self) -> usize {
                match self {
                    $(Self::$table => <$module::$table as TableAir>::PUBLIC_VALUES,)*
                }
            }

            fn eval<AB>(self, builder: &mut AB, witness: &[AB::Var], preprocessed: &[AB::Var])
            where
                AB: AirBuilder<F = Val> + InteractionBuilder,
            {
                match self {
                    $(Self::$table => $module::$table::eval(builder, witness, preprocessed),)*
                }
            }
        }
    };
}

tables! {
    /// Extension field arithmetic, constants, splitting of words, public values.
    Arithmetic = arithmetic,
    /// Horner's rule.
    Horner = horner,
    /// Poseidon2.
    Permutation = permutation,
}

/// Where a proof system keeps the preprocessed columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreprocessedPlacement {
    /// In a trace of their own, committed when the keys are made: the recursive proof.
    OwnTrace,
    /// Behind the witness columns of the main trace: the final proof, whose commitment scheme
    /// opens them from the verifying key.
    MainTrace,
}

/// One table of one circuit: its constraints and its preprocessed columns.
#[derive(Clone, Debug)]
pub struct Table {
    kind: TableKind,
    placement: PreprocessedPlacement,
    preprocessed: Option<Arc<RowMajorMatrix<Val>>>,
}

impl Table {
    /// The table of `kind` with preprocessed columns `preprocessed`, one row a gate.
    pub(crate) fn new(
        kind: TableKind,
        placement: PreprocessedPlacement,
        preprocessed: Arc<RowMajorMatrix<Val>>,
    ) -> Self {
        assert_eq!(
            preprocessed.width,
            kind.preprocessed_width(),
            "invariant: preprocessed width follows the kind"
        );
        Self { kind, placement, preprocessed: Some(preprocessed) }
    }

    /// The constraints alone, for a verifier, which learns preprocessed columns from openings.
    pub(crate) const fn without_preprocessed(
        kind: TableKind,
        placement: PreprocessedPlacement,
    ) -> Self {
        Self { kind, placement, preprocessed: None }
    }

    /// Which table this is.
    pub const fn kind(&self) -> TableKind {
        self.kind
    }
}

impl BaseAir<Val> for Table {
    fn width(&self) -> usize {
        match self.placement {
            PreprocessedPlacement::OwnTrace => self.kind.witness_width(),
            PreprocessedPlacement::MainTrace => {
                self.kind.witness_width() + self.kind.preprocessed_width()
            }
        }
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
        match self.placement {
            PreprocessedPlacement::OwnTrace => self.preprocessed.as_deref().cloned(),
            PreprocessedPlacement::MainTrace => None,
        }
    }

    fn preprocessed_width(&self) -> usize {
        match self.placement {
            PreprocessedPlacement::OwnTrace => self.kind.preprocessed_width(),
            PreprocessedPlacement::MainTrace => 0,
        }
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn num_public_values(&self) -> usize {
        self.kind.public_values()
    }
}

impl<AB> Air<AB> for Table
where
    AB: AirBuilder<F = Val> + InteractionBuilder,
{
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let (witness, in_main) = main.current_slice().split_at(self.kind.witness_width());
        match self.placement {
            PreprocessedPlacement::OwnTrace => {
                let preprocessed = builder.preprocessed().clone();
                self.kind.eval(builder, witness, preprocessed.current_slice());
            }
            PreprocessedPlacement::MainTrace => self.kind.eval(builder, witness, in_main),
        }
    }
}

/// Sends `(address, value)` to the bus with a fixed, signed multiplicity: positive where the row
/// defines the variable, negative where it reads it.
fn send<AB: InteractionBuilder>(
    builder: &mut AB,
    address: &AB::Expr,
    value: [AB::Expr; WORD],
    multiplicity: AB::Expr,
) {
    let [v0, v1, v2, v3] = value;
    builder.push_interaction(
        WIRES,
        [address.clone(), v0, v1, v2, v3],
        Count::provided(multiplicity),
    );
}

/// Takes `(address, value)` from the bus once.
fn read<AB: InteractionBuilder>(builder: &mut AB, address: &AB::Expr, value: [AB::Expr; WORD]) {
    let [v0, v1, v2, v3] = value;
    builder.push_interaction(
        WIRES,
        [address.clone(), v0, v1, v2, v3],
        Count::bounded(-AB::Expr::ONE, 1),
    );
}

/// Product in `Val[X] / (X^3 - X - 1)`.
fn extension_product<E: PrimeCharacteristicRing>(a: &[E], b: &[E]) -> [E; 3] {
    let m = |i: usize, j: usize| a[i].clone() * b[j].clone();
    // X^3 = X + 1 and X^4 = X^2 + X.
    let cubic = m(1, 2) + m(2, 1);
    let quartic = m(2, 2);
    [
        m(0, 0) + cubic.clone(),
        m(0, 1) + m(1, 0) + cubic + quartic.clone(),
        m(0, 2) + m(1, 1) + m(2, 0) + quartic,
    ]
}

/// Cells as expressions.
fn expressions<AB: AirBuilder, const N: usize>(cells: [AB::Var; N]) -> [AB::Expr; N] {
    cells.map(Into::into)
}

/// An element of the extension as a word: the fourth element is zero.
fn extension_word<E: PrimeCharacteristicRing>(x: &[E]) -> [E; WORD] {
    [x[0].clone(), x[1].clone(), x[2].clone(), E::ZERO]
}
