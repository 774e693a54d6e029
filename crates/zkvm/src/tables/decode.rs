//! Operations: which words are instructions, and where each keeps its fields.
//!
//! A preprocessed table with one row for each combination of opcode, funct3 and selector. The selector is the part of the word
//! that, beyond opcode and funct3, tells operations apart; the format says which part that is (see [`Format`]). Opcode
//! and funct3 determine the format, so a word agrees with one row at most; a word that agrees with none is no
//! instruction that can be proven to execute (`ebreak` is one of them: it traps).
//!
//! `lui` is `addi` from x0 with its own immediate, and every `fence` is `addi x0, x0, 0`.

use std::sync::LazyLock;

use oneslot_riscv::Op::{self, *};
use oneslot_stark::columns;
use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use p3_lookup::Count;
use p3_matrix::dense::RowMajorMatrix;

use super::{
    air::TableAir,
    cells::{cell, flag},
    multiplicities::{DECODE_HEIGHT, Multiplicities},
};
use crate::{
    bus::{DECODE, TableBuilder},
    records::Records,
};

/// Where an instruction keeps its fields, and what part of the word is its selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// rd, rs1, rs2; funct7 selects.
    R = 0,
    /// rd, rs1, immediate of 12 bits.
    I = 1,
    /// rd, rs1, shift amount of 6 bits; the 6 bits above it select.
    Shift64 = 2,
    /// rd, rs1, shift amount of 5 bits; funct7 selects.
    Shift32 = 3,
    /// rs1, rs2, immediate of 12 bits.
    S = 4,
    /// rs1, rs2, even offset of 13 bits.
    B = 5,
    /// rd, upper 20 bits of the immediate.
    U = 6,
    /// rd, even offset of 21 bits.
    J = 7,
    /// No field; all bits above the opcode select.
    Call = 8,
    /// No field, and no flag.
    Fence = 9,
}

/// Flags that tell formats apart: one for each but [`Format::Fence`].
pub(super) const FORMATS: usize = Format::Fence as usize;

impl Format {
    /// Selector of a word in this format.
    pub(crate) const fn selector(self, word: u32) -> u32 {
        match self {
            Self::R | Self::Shift32 => word >> 25,
            Self::Shift64 => word >> 26,
            Self::Call => word >> 7,
            _ => 0,
        }
    }
}

/// One combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) opcode: u32,
    pub(crate) funct3: u32,
    pub(crate) selector: u32,
    pub(crate) operation: Op,
    pub(crate) format: Format,
}

/// Every entry, once.
pub(crate) static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    use Format::{B, Call, I, J, R, S, Shift32, Shift64, U};
    let entry = |(opcode, funct3, selector, operation, format)| Entry {
        opcode,
        funct3,
        selector,
        operation,
        format,
    };
    // These opcodes have no funct3: its bits belong to the immediate.
    let wide = (0..8).flat_map(|funct3| {
        [(0x37, funct3, 0, Addi, U), (0x17, funct3, 0, Auipc, U), (0x6f, funct3, 0, Jal, J)]
    });
    let narrow = [
        (0x67, 0, 0, Jalr, I),
        (0x63, 0, 0, Beq, B),
        (0x63, 1, 0, Bne, B),
        (0x63, 4, 0, Blt, B),
        (0x63, 5, 0, Bge, B),
        (0x63, 6, 0, Bltu, B),
        (0x63, 7, 0, Bgeu, B),
        (0x03, 0, 0, Lb, I),
        (0x03, 1, 0, Lh, I),
        (0x03, 2, 0, Lw, I),
        (0x03, 3, 0, Ld, I),
        (0x03, 4, 0, Lbu, I),
        (0x03, 5, 0, Lhu, I),
        (0x03, 6, 0, Lwu, I),
        (0x23, 0, 0, Sb, S),
        (0x23, 1, 0, Sh, S),
        (0x23, 2, 0, Sw, S),
        (0x23, 3, 0, Sd, S),
        (0x13, 0, 0, Addi, I),
        (0x13, 2, 0, Slti, I),
        (0x13, 3, 0, Sltiu, I),
        (0x13, 4, 0, Xori, I),
        (0x13, 6, 0, Ori, I),
        (0x13, 7, 0, Andi, I),
        (0x13, 1, 0, Slli, Shift64),
        (0x13, 5, 0, Srli, Shift64),
        (0x13, 5, 0x10, Srai, Shift64),
        (0x33, 0, 0, Add, R),
        (0x33, 0, 0x20, Sub, R),
        (0x33, 1, 0, Sll, R),
        (0x33, 2, 0, Slt, R),
        (0x33, 3, 0, Sltu, R),
        (0x33, 4, 0, Xor, R),
        (0x33, 5, 0, Srl, R),
        (0x33, 5, 0x20, Sra, R),
        (0x33, 6, 0, Or, R),
        (0x33, 7, 0, And, R),
        (0x33, 0, 1, Mul, R),
        (0x33, 1, 1, Mulh, R),
        (0x33, 2, 1, Mulhsu, R),
        (0x33, 3, 1, Mulhu, R),
        (0x33, 4, 1, Div, R),
        (0x33, 5, 1, Divu, R),
        (0x33, 6, 1, Rem, R),
        (0x33, 7, 1, Remu, R),
        (0x1b, 0, 0, Addiw, I),
        (0x1b, 1, 0, Slliw, Shift32),
        (0x1b, 5, 0, Srliw, Shift32),
        (0x1b, 5, 0x20, Sraiw, Shift32),
        (0x3b, 0, 0, Addw, R),
        (0x3b, 0, 0x20, Subw, R),
        (0x3b, 1, 0, Sllw, R),
        (0x3b, 5, 0, Srlw, R),
        (0x3b, 5, 0x20, Sraw, R),
        (0x3b, 0, 1, Mulw, R),
        (0x3b, 4, 1, Divw, R),
        (0x3b, 5, 1, Divuw, R),
        (0x3b, 6, 1, Remw, R),
        (0x3b, 7, 1, Remuw, R),
        (0x0f, 0, 0, Addi, Format::Fence),
        (0x73, 0, 0, Ecall, Call),
    ];
    wide.chain(narrow).map(entry).collect()
});

impl Entry {
    /// Whether the word agrees with this entry.
    pub(crate) const fn agrees(&self, word: u32) -> bool {
        self.opcode == word & 127
            && self.funct3 == word >> 12 & 7
            && self.selector == self.format.selector(word)
    }
}

/// Number of the entry that the word agrees with; `None` if it is no instruction that can be proven to execute.
pub(crate) fn find(word: u32) -> Option<usize> {
    ENTRIES.iter().position(|entry| entry.agrees(word))
}

columns! {
    /// Lookups of the entry.
    Row {
        multiplicity: one,
    }
}

columns! {
    /// Entry, the same in every proof.
    EntryRow {
        opcode: one,
        funct3: one,
        selector: one,
        /// Number of the operation.
        operation: one,
        /// 1 for the format of the operation; all 0 for [`Format::Fence`].
        format: [FORMATS],
    }
}

/// Rows. Those beyond the entries repeat the first one.
const HEIGHT: usize = DECODE_HEIGHT;

/// Flags of a format.
pub(super) fn format_flags(format: Format) -> [Goldilocks; FORMATS] {
    std::array::from_fn(|index| flag(index == format as usize))
}

/// The table.
pub(crate) struct Decode;

impl TableAir for Decode {
    type Row = Row<()>;

    const FIXED_HEIGHT: Option<usize> = Some(HEIGHT);
    const PREPROCESSED_WIDTH: usize = EntryRow::WIDTH;

    /// The entries.
    fn preprocessed() -> Option<RowMajorMatrix<Goldilocks>> {
        let mut values = Vec::with_capacity(HEIGHT * EntryRow::WIDTH);
        for index in 0..HEIGHT {
            let entry = ENTRIES.get(index).unwrap_or(&ENTRIES[0]);
            EntryRow {
                opcode: cell(entry.opcode.into()),
                funct3: cell(entry.funct3.into()),
                selector: cell(entry.selector.into()),
                operation: cell(entry.operation as u64),
                format: format_flags(entry.format),
            }
            .write(&mut values);
        }
        Some(RowMajorMatrix::new(values, EntryRow::WIDTH))
    }

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        let entry = {
            let preprocessed = builder.preprocessed().clone();
            EntryRow::read(preprocessed.current_slice())
        };
        let message = [entry.opcode, entry.funct3, entry.selector, entry.operation]
            .into_iter()
            .chain(entry.format);
        builder.push_interaction(DECODE, message, Count::provided(-row.multiplicity.into()));
    }

    fn rows(_: &Records) -> usize {
        HEIGHT
    }

    fn generate(_: &Records, multiplicities: &mut Multiplicities) -> RowMajorMatrix<Goldilocks> {
        let values = multiplicities.operations.map(Goldilocks::from_u32);
        RowMajorMatrix::new(values.into(), Row::WIDTH)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use oneslot_riscv::Instruction;

    use super::*;

    /// The operation as program messages name it; `None` if it cannot be proven.
    fn operation(word: u32) -> Option<Op> {
        match Instruction::decode(word).op {
            Ebreak | Illegal => None,
            Lui | Fence => Some(Addi),
            operation => Some(operation),
        }
    }

    /// Every opcode, funct3 and funct7, with other bits from a fixed sequence.
    pub(crate) fn words() -> impl Iterator<Item = u32> {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        (0..1 << 17).map(move |index: u32| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let other = (random >> 20) as u32 & 0x01ff_8f80;
            index & 127 | (index >> 7 & 7) << 12 | (index >> 10) << 25 | other
        })
    }

    #[test]
    fn entries_agree_with_the_decoder() {
        let calls = [0x73, 0x0010_0073, 0x0020_0073, 0x3020_0073, 0x73 | 1 << 7, 0x73 | 1 << 15];
        for word in words().chain(calls) {
            let found: Vec<_> = ENTRIES.iter().filter(|entry| entry.agrees(word)).collect();
            assert!(found.len() <= 1, "{word:#010x}: {found:?}");
            assert_eq!(found.first().map(|entry| entry.operation), operation(word), "{word:#010x}");
        }
    }

    #[test]
    fn opcode_and_funct3_determine_the_format() {
        assert!(ENTRIES.len() <= HEIGHT);
        for (index, one) in ENTRIES.iter().enumerate() {
            for other in &ENTRIES[..index] {
                if (one.opcode, one.funct3) == (other.opcode, other.funct3) {
                    assert_eq!(one.format, other.format);
                    assert_ne!(one.selector, other.selector);
                }
            }
        }
    }
}
