//! The set of tables. One row of a table is one event of a segment; buses tie the tables together.
//!
//! A table is declared in two places: its own file implements [`TableAir`] (or [`air::InstructionTable`], which follows from
//! less), and the list below gives its place in a proof. All else asks the table.

pub(crate) mod add;
pub(crate) mod add_immediate;
pub(crate) mod add_word;
mod air;
pub(crate) mod bitwise;
pub(crate) mod boundary;
pub(crate) mod branch;
pub(crate) mod cells;
pub(crate) mod commit;
pub(crate) mod decode;
pub(crate) mod divide;
pub(crate) mod instruction;
pub(crate) mod jump;
pub(crate) mod keccak_plane;
pub(crate) mod keccak_round;
pub(crate) mod keccak_theta;
pub(crate) mod keccak_word;
pub(crate) mod leaf;
pub(crate) mod load;
pub(crate) mod load_part;
pub(crate) mod lookup;
pub(crate) mod mulmod;
pub(crate) mod multiplicities;
pub(crate) mod multiply;
pub(crate) mod node;
pub(crate) mod point;
pub(crate) mod poseidon2;
pub(crate) mod program;
pub(crate) mod refresh;
pub(crate) mod set_less;
pub(crate) mod shift;
pub(crate) mod shift_word;
pub(crate) mod store;
pub(crate) mod store_part;
pub(crate) mod system;
#[cfg(test)]
mod tests;

use std::ops::Range;

use oneslot_riscv::{Op, Step};
use p3_air::{Air, BaseAir};
use p3_goldilocks::Goldilocks;
use p3_matrix::dense::RowMajorMatrix;

use self::{air::TableAir, multiplicities::Multiplicities};
use crate::{bus::TableBuilder, records::Records};

pub(crate) use self::cells::MIN_HEIGHT;

/// Declares the tables: variant, which is also the name of the type in the module, and module.
macro_rules! tables {
    ($($(#[$meta:meta])* $table:ident = $module:ident,)*) => {
        /// A table of the machine, in the order in which a proof holds them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) enum Table {
            $($(#[$meta])* $table,)*
        }

        impl Table {
            /// Every table, in order.
            pub(crate) const ALL: &[Self] = &[$(Self::$table,)*];

            /// Name, as in the documentation.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$table => stringify!($module),)*
                }
            }

            /// Number of columns.
            pub(crate) const fn width(self) -> usize {
                match self {
                    $(Self::$table => <$module::$table as TableAir>::Row::WIDTH,)*
                }
            }

            /// Names of the columns.
            #[cfg_attr(not(test), allow(dead_code))]
            pub(crate) fn columns(self) -> Vec<String> {
                match self {
                    $(Self::$table => <$module::$table as TableAir>::Row::names(),)*
                }
            }

            /// Operations of which each executed instruction is a row of the table.
            pub(crate) const fn operations(self) -> &'static [Op] {
                match self {
                    $(Self::$table => <$module::$table as TableAir>::OPERATIONS,)*
                }
            }

            /// Height, if it is the same in every proof.
            pub(crate) const fn fixed_height(self) -> Option<usize> {
                match self {
                    $(Self::$table => <$module::$table as TableAir>::FIXED_HEIGHT,)*
                }
            }

            /// Preprocessed columns, if the table has any.
            pub(crate) fn preprocessed(self) -> Option<RowMajorMatrix<Goldilocks>> {
                match self {
                    $(Self::$table => <$module::$table as TableAir>::preprocessed(),)*
                }
            }

            const fn preprocessed_columns(self) -> usize {
                match self {
                    $(Self::$table => <$module::$table as TableAir>::PREPROCESSED_WIDTH,)*
                }
            }

            const fn public_values(self) -> usize {
                match self {
                    $(Self::$table => <$module::$table as TableAir>::PUBLIC_VALUES,)*
                }
            }

            const fn next_row_columns(self) -> Range<usize> {
                match self {
                    $(Self::$table => <$module::$table as TableAir>::NEXT_ROW_COLUMNS,)*
                }
            }

            /// Rows that a call takes besides that of its instruction.
            pub(crate) fn precompile_rows(self, call: &Step) -> usize {
                match self {
                    $(Self::$table => <$module::$table as TableAir>::precompile_rows(call),)*
                }
            }

            /// Rows in use of the segment's table.
            pub(crate) fn rows(self, records: &Records) -> usize {
                match self {
                    $(Self::$table => <$module::$table as TableAir>::rows(records),)*
                }
            }

            /// The segment's trace.
            pub(crate) fn generate(
                self,
                records: &Records,
                multiplicities: &mut Multiplicities,
            ) -> RowMajorMatrix<Goldilocks> {
                match self {
                    $(Self::$table => {
                        <$module::$table as TableAir>::generate(records, multiplicities)
                    })*
                }
            }

            fn constrain<B: TableBuilder>(self, builder: &mut B) {
                match self {
                    $(Self::$table => <$module::$table as TableAir>::eval(builder),)*
                }
            }
        }
    };
}

tables! {
    /// `add`, `sub`.
    Add = add,
    /// `addi`, `lui`, `fence`.
    AddImmediate = add_immediate,
    /// `addw`, `subw`, `addiw`.
    AddWord = add_word,
    /// `and`, `or`, `xor` and their immediate forms.
    Bitwise = bitwise,
    /// `sll`, `srl` and their immediate forms.
    Shift = shift,
    /// `sra`, `srai` and all shifts of words.
    ShiftWord = shift_word,
    /// `slt`, `sltu` and their immediate forms.
    SetLess = set_less,
    /// Conditional branches.
    Branch = branch,
    /// `jal`, `jalr`, `auipc`.
    Jump = jump,
    /// `mul`, `mulhu`.
    Multiply = multiply,
    /// Signed products, products of words, all divisions.
    Divide = divide,
    /// `ld`.
    Load = load,
    /// Loads of less than a word.
    LoadPart = load_part,
    /// `sd`.
    Store = store,
    /// Stores of less than a word.
    StorePart = store_part,
    /// `ecall`.
    System = system,
    /// Words of the committed output.
    Commit = commit,
    /// Words of the states that keccak permutes.
    KeccakWord = keccak_word,
    /// First half of a keccak round, by sheets.
    KeccakTheta = keccak_theta,
    /// Second half of a keccak round, by planes.
    KeccakPlane = keccak_plane,
    /// Constants of the keccak rounds.
    KeccakRound = keccak_round,
    /// Modular multiplications.
    MulMod = mulmod,
    /// Additions and doublings of points.
    Point = point,
    /// Accesses that keep words recent.
    Refresh = refresh,
    /// Executed instructions, decoded from memory.
    Program = program,
    /// Operations by opcode and function.
    Decode = decode,
    /// Touched leaves of the memory tree.
    Leaf = leaf,
    /// Touched inner nodes of the memory tree.
    Node = node,
    /// Permutations.
    Poseidon2 = poseidon2,
    /// Public values.
    Boundary = boundary,
    /// Integers, bytes, powers of two.
    Lookup = lookup,
}

/// Operations, by number.
const OPERATIONS: usize = Op::Illegal as usize + 1;

/// The table that holds each operation: exactly one.
const TABLES_OF_OPERATIONS: [Table; OPERATIONS] = {
    let mut tables = [None; OPERATIONS];
    let mut table = 0;
    while table < Table::ALL.len() {
        let operations = Table::ALL[table].operations();
        let mut index = 0;
        while index < operations.len() {
            let operation = operations[index] as usize;
            assert!(tables[operation].is_none(), "an operation has two tables");
            tables[operation] = Some(Table::ALL[table]);
            index += 1;
        }
        table += 1;
    }
    let mut all = [Table::ALL[0]; OPERATIONS];
    let mut operation = 0;
    while operation < OPERATIONS {
        all[operation] = tables[operation].expect("an operation has no table");
        operation += 1;
    }
    all
};

impl Table {
    /// The table that holds an operation.
    pub(crate) const fn of(operation: Op) -> Self {
        TABLES_OF_OPERATIONS[operation as usize]
    }
}

impl BaseAir<Goldilocks> for Table {
    fn width(&self) -> usize {
        (*self).width()
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Goldilocks>> {
        self.preprocessed()
    }

    fn preprocessed_width(&self) -> usize {
        self.preprocessed_columns()
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        self.next_row_columns().collect()
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn num_public_values(&self) -> usize {
        self.public_values()
    }
}

impl<B: TableBuilder> Air<B> for Table {
    fn eval(&self, builder: &mut B) {
        self.constrain(builder);
    }
}
