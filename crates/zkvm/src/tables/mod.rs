//! The fixed set of tables. One row of a table is one event of a segment; buses tie the tables together.

pub(crate) mod add;
pub(crate) mod add_immediate;
pub(crate) mod add_word;
pub(crate) mod bitwise;
pub(crate) mod boundary;
pub(crate) mod branch;
pub(crate) mod commit;
pub(crate) mod decode;
pub(crate) mod divide;
pub(crate) mod fill;
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
pub(crate) mod multiply;
pub(crate) mod node;
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

use p3_air::{Air, BaseAir};
use p3_goldilocks::Goldilocks;
use p3_matrix::dense::RowMajorMatrix;

use crate::bus::TableBuilder;

/// Least height of a table.
pub(crate) const MIN_HEIGHT: usize = 16;

/// Declares the tables: variant, module, and what is special about a module.
macro_rules! tables {
    ($($(#[$meta:meta])* $variant:ident = $module:ident,)*) => {
        /// A table of the machine, in the order in which a proof holds them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) enum Table {
            $($(#[$meta])* $variant,)*
        }

        impl Table {
            /// Every table, in order.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Name, as in the documentation.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($module),)*
                }
            }

            /// Number of columns.
            pub(crate) const fn width(self) -> usize {
                match self {
                    $(Self::$variant => $module::WIDTH,)*
                }
            }

            /// Names of the columns.
            #[cfg_attr(not(test), allow(dead_code))]
            pub(crate) fn columns(self) -> Vec<String> {
                match self {
                    $(Self::$variant => $module::columns(),)*
                }
            }

            fn constrain<B: TableBuilder>(self, builder: &mut B) {
                match self {
                    $(Self::$variant => $module::eval(builder),)*
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

impl Table {
    /// Fixed columns, if the table has any.
    pub(crate) fn preprocessed(self) -> Option<RowMajorMatrix<Goldilocks>> {
        match self {
            Self::Decode => Some(decode::preprocessed()),
            Self::KeccakRound => Some(keccak_round::preprocessed()),
            Self::Lookup => Some(lookup::preprocessed()),
            _ => None,
        }
    }

    /// Height, if it is the same in every proof.
    pub(crate) const fn fixed_height(self) -> Option<usize> {
        match self {
            Self::Decode => Some(decode::HEIGHT),
            Self::KeccakRound => Some(keccak_round::HEIGHT),
            Self::Lookup => Some(lookup::HEIGHT),
            Self::Boundary => Some(MIN_HEIGHT),
            _ => None,
        }
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
        match self {
            Self::Decode => decode::PREPROCESSED_WIDTH,
            Self::KeccakRound => keccak_round::PREPROCESSED_WIDTH,
            Self::Lookup => lookup::PREPROCESSED_WIDTH,
            _ => 0,
        }
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        match self {
            Self::Boundary => (0..boundary::WIDTH).collect(),
            Self::MulMod => mulmod::NEXT.collect(),
            _ => Vec::new(),
        }
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn num_public_values(&self) -> usize {
        match self {
            Self::Boundary => boundary::PUBLIC_VALUES,
            Self::Leaf => leaf::PUBLIC_VALUES,
            _ => 0,
        }
    }
}

impl<B: TableBuilder> Air<B> for Table {
    fn eval(&self, builder: &mut B) {
        self.constrain(builder);
    }
}
