//! Executed instructions: one row fetches the instruction at one pc from memory, decodes it, and provides it as often
//! as it is executed.
//!
//! The word comes from the code range, as the key shows: the word's number is below 2^32, so its key lies in
//! 2^33 to 2^33 + 2^32, where leaves of code alone have keys. So pc lies in the code range, below 2^32, and is a
//! multiple of 4.
//!
//! The bits determine opcode, funct3 and, for the claimed format, the selector; only the true format leads to an entry
//! of the decode table. The fields follow from the bits and the format.
//!
//! Fetches take one unit of time each. They may stand anywhere among the accesses of their word, since code is never
//! written.

use oneslot_riscv::Instruction;
use oneslot_stark::columns;
use p3_air::WindowAccess;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_goldilocks::Goldilocks;
use p3_lookup::Count;
use p3_matrix::dense::RowMajorMatrix;

use super::{
    air::TableAir,
    cells::{cell, cells, flag, matrix},
    decode::{self, ENTRIES, FORMATS, format_flags},
    instruction::WordState,
    multiplicities::Multiplicities,
};
use crate::{
    bus::{Access, CODE_KEY, DECODE, PROGRAM, TableBuilder, WRITES, constant, count, join, ranges},
    record::{Fetch, Seen, limbs, quarters},
    records::Records,
};

columns! {
    /// One instruction of the program.
    Row {
        /// 1 for an instruction.
        real: one,
        /// Times that it is executed.
        multiplicity: one,
        /// Address divided by 8, limbs of 16 bits.
        word: [2],
        /// 1 for the upper half of the word.
        half: one,
        /// Word that holds the instruction.
        code: (WordState),
        /// Bits of the instruction, lowest first.
        bits: [32],
        /// Flag of the instruction's format.
        format: [FORMATS],
        selector: one,
        /// Number of the operation.
        operation: one,
        /// 1 if rd is not x0.
        write: one,
        /// Inverse of rd; 0 for x0.
        inverse: one,
        rd: one,
        rs1: one,
        rs2: one,
        /// Immediate, sign-extended to limbs of 32 bits.
        imm: [2],
    }
}

/// The table.
pub(crate) struct Program;

impl TableAir for Program {
    type Row = Row<()>;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        let real: B::Expr = row.real.into();
        builder.assert_bools([row.real, row.half]);
        builder.assert_bools(row.bits);
        // Padding provides nothing.
        builder.assert_zero(row.multiplicity * (B::Expr::ONE - real.clone()));

        let word = join::<B>(row.word[0], row.word[1]);
        ranges(builder, row.word, &real);
        let key = word.clone() + constant::<B>(CODE_KEY);
        let time = row.code.time + B::Expr::ONE;
        Access::<B>::reading(key, row.code, time).emit_unordered(builder, &real);
        let instruction = row.code.value[0] + row.half * (row.code.value[1] - row.code.value[0]);
        builder.assert_eq(bits::<B>(&row.bits), instruction);

        let fields = Fields::<B>::new(&row);
        builder.assert_eq(row.selector, fields.selector);
        builder.assert_eq(row.rd, fields.rd);
        builder.assert_eq(row.rs1, fields.rs1);
        builder.assert_eq(row.rs2, fields.rs2);
        builder.assert_eq(row.imm[0], fields.imm[0].clone());
        builder.assert_eq(row.imm[1], fields.imm[1].clone());
        // write is 1 if rd has an inverse, and rd is 0 otherwise.
        builder.assert_eq(row.write, row.rd * row.inverse);
        builder.assert_zero(row.rd * (B::Expr::ONE - row.write));
        builder.assert_zero(row.inverse * (B::Expr::ONE - row.write));

        let entry = [bits::<B>(&row.bits[..7]), bits::<B>(&row.bits[12..15])]
            .into_iter()
            .chain([row.selector, row.operation].map(Into::into))
            .chain(row.format.map(Into::into));
        builder.push_interaction(DECODE, entry, count::<B>(&real));

        let pc = word * constant::<B>(8) + row.half * Goldilocks::new(4);
        let operation = row.operation + row.write * Goldilocks::new(WRITES);
        let [rd, rs1, rs2, low, high] =
            [row.rd, row.rs1, row.rs2, row.imm[0], row.imm[1]].map(Into::into);
        let message = [pc, operation, rd, rs1, rs2, low, high];
        builder.push_interaction(PROGRAM, message, Count::provided(-row.multiplicity.into()));
    }

    fn rows(records: &Records) -> usize {
        records.fetches.len()
    }

    fn generate(
        records: &Records,
        multiplicities: &mut Multiplicities,
    ) -> RowMajorMatrix<Goldilocks> {
        matrix(Row::WIDTH, 1, &records.fetches, |event, values| {
            generate(event, multiplicities, values)
        })
    }
}

/// Number that bits make, lowest first.
fn bits<B: TableBuilder>(bits: &[B::Var]) -> B::Expr {
    bits.iter().rev().fold(B::Expr::ZERO, |sum, bit| sum.double() + *bit)
}

/// Fields of an instruction in its format; those that the format lacks are 0.
struct Fields<B: TableBuilder> {
    selector: B::Expr,
    rd: B::Expr,
    rs1: B::Expr,
    rs2: B::Expr,
    imm: [B::Expr; 2],
}

impl<B: TableBuilder> Fields<B> {
    fn new(row: &Row<B::Var>) -> Self {
        let [r, i, shift64, shift32, s, b, u, j, call] = row.format.map(Into::<B::Expr>::into);
        let part = |from: usize, to: usize| bits::<B>(&row.bits[from..to]);
        let sign: B::Expr = row.bits[31].into();
        // The immediate's bits below the sign, and the sign from its position up to bit 31.
        let extended = |low: B::Expr, width: u64| {
            low + sign.clone() * constant::<B>((1 << 32) - (1 << (width - 1)))
        };
        let at = |value: B::Expr, position: u64| value * constant::<B>(1 << position);
        let imm_i = extended(part(20, 31), 12);
        let imm_s = extended(part(7, 12) + at(part(25, 31), 5), 12);
        let imm_b = at(part(8, 12), 1) + at(part(25, 31), 5) + at(part(7, 8), 11);
        let imm_b = extended(imm_b, 13);
        let imm_u = at(part(12, 32), 12);
        let imm_j = at(part(21, 31), 1) + at(part(20, 21), 11) + at(part(12, 20), 12);
        let imm_j = extended(imm_j, 21);

        let signed = i.clone() + s.clone() + b.clone() + u.clone() + j.clone();
        let shifts = shift64.clone() + shift32.clone();
        let has_rd = r.clone() + i.clone() + shifts.clone() + u.clone() + j.clone();
        let has_rs1 = r.clone() + i.clone() + shifts + s.clone() + b.clone();
        let has_rs2 = r.clone() + s.clone() + b.clone();
        Self {
            selector: (r + shift32.clone()) * part(25, 32)
                + shift64.clone() * part(26, 32)
                + call * part(7, 32),
            rd: has_rd * part(7, 12),
            rs1: has_rs1 * part(15, 20),
            rs2: has_rs2 * part(20, 25),
            imm: [
                i * imm_i
                    + shift64 * part(20, 26)
                    + shift32 * part(20, 25)
                    + s * imm_s
                    + b * imm_b
                    + u * imm_u
                    + j * imm_j,
                signed * sign * constant::<B>((1 << 32) - 1),
            ],
        }
    }
}

impl Fetch {
    /// The instruction's word.
    fn instruction(&self) -> u32 {
        limbs(self.word)[usize::from(self.pc & 4 != 0)] as u32
    }
}

pub(crate) fn generate(
    fetch: &Fetch,
    multiplicities: &mut Multiplicities,
    values: &mut Vec<Goldilocks>,
) {
    let word = fetch.instruction();
    let number = decode::find(word).expect("invariant: an executed word is an instruction");
    multiplicities.operations[number] += 1;
    let entry = &ENTRIES[number];
    let instruction = Instruction::decode(word);
    let rd = cell(instruction.rd.into());
    let [low, high, ..] = quarters(fetch.pc / 8);
    Row {
        real: flag(true),
        multiplicity: cell(fetch.count),
        word: [low, high].map(|limb| multiplicities.range(limb)),
        half: flag(fetch.pc & 4 != 0),
        code: WordState::of(Seen { value: fetch.word, time: fetch.time }),
        bits: std::array::from_fn(|bit| flag(word >> bit & 1 == 1)),
        format: format_flags(entry.format),
        selector: cell(entry.selector.into()),
        operation: cell(entry.operation as u64),
        write: flag(instruction.rd != 0),
        inverse: rd.try_inverse().unwrap_or(Goldilocks::ZERO),
        rd,
        rs1: cell(instruction.rs1.into()),
        rs2: cell(instruction.rs2.into()),
        imm: cells(limbs(i64::from(instruction.imm) as u64)),
    }
    .write(values);
}

#[cfg(test)]
mod tests {
    use oneslot_riscv::Op;
    use p3_matrix::Matrix;

    use super::*;
    use crate::{
        check::{Evaluation, Place, evaluate_row, unnoticed},
        tables::{
            Table,
            decode::{Decode, Format},
        },
    };

    /// Fetch of an instruction at an address; the other half of the word holds something else.
    fn fetch(instruction: u32, pc: u64) -> Fetch {
        let (instruction, other) = (u64::from(instruction), 0xdead_beef);
        let word = if pc & 4 == 0 { other << 32 | instruction } else { instruction << 32 | other };
        Fetch { pc, word, time: 70, count: 5 }
    }

    fn filled(fetch: &Fetch) -> Vec<Goldilocks> {
        let mut values = Vec::new();
        generate(fetch, &mut Multiplicities::new(), &mut values);
        values
    }

    fn message<'a>(evaluation: &'a Evaluation, bus: &str) -> &'a [Goldilocks] {
        let mut messages = evaluation.messages.iter().filter(|message| message.bus == bus);
        &messages.next().expect("a message").fields
    }

    /// The program message of an instruction, from the interpreter's decoder.
    fn expected(pc: u64, word: u32) -> [Goldilocks; 7] {
        let mut instruction = Instruction::decode(word);
        if matches!(instruction.op, Op::Lui | Op::Fence) {
            instruction.op = Op::Addi;
        }
        let operation = instruction.op as u64 + if instruction.rd != 0 { WRITES } else { 0 };
        let [low, high] = limbs(i64::from(instruction.imm) as u64);
        let [rd, rs1, rs2] = [instruction.rd, instruction.rs1, instruction.rs2].map(u64::from);
        cells([pc, operation, rd, rs1, rs2, low, high])
    }

    /// Every word that the program of the state transition has, data among its code included.
    fn program() -> Vec<(u64, u32)> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../guests/elf/stf.elf");
        let elf = std::fs::read(path).expect("the committed program");
        let program = oneslot_riscv::Program::from_elf(&elf).expect("a program");
        let code = program.code_range();
        let pages = program.image().range((code.start >> 12) as u32..(code.end >> 12) as u32);
        pages
            .flat_map(|(&number, page)| {
                let words = page.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word));
                (u64::from(number) << 12..).step_by(4).zip(words).collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn messages_are_the_decoded_instructions() {
        let sample = decode::tests::words().enumerate();
        let sample = sample.map(|(index, word)| (0x1_0000 + 4 * index as u64, word));
        let entries = Decode::preprocessed().expect("entries");
        let mut legal = 0;
        let words = sample.chain(program()).chain([(0xffff_fffc, 0x73), (0, 0x0ff0_000f)]);
        for (pc, word) in words {
            let Some(entry) = decode::find(word) else { continue };
            legal += 1;
            let evaluation = evaluate_row(Table::Program, &filled(&fetch(word, pc)));
            assert_eq!(evaluation.failed, [0_usize; 0], "{word:#010x}");
            assert_eq!(message(&evaluation, PROGRAM), expected(pc, word), "{word:#010x}");
            let entry: Vec<_> = entries.row(entry).unwrap().into_iter().collect();
            assert_eq!(message(&evaluation, DECODE), entry);
        }
        assert!(legal > 100_000, "{legal}");
    }

    /// Whatever format a prover claims for a word, its entry is in the table only if the word is an instruction and
    /// the format its own.
    #[test]
    fn no_false_format_has_an_entry() {
        use Format::{B, Call, Fence, I, J, R, S, Shift32, Shift64, U};
        let formats = [R, I, Shift64, Shift32, S, B, U, J, Call, Fence];
        let selector = Row::names().iter().position(|name| name == "selector").unwrap();
        for (index, word) in decode::tests::words().enumerate().step_by(7) {
            let true_entry = decode::find(word).map(|entry| ENTRIES[entry]);
            for format in formats {
                // Columns as for `addi x0, x0, 0`, but for those that the selector follows from.
                let honest = filled(&fetch(0x13, 4 * index as u64));
                let mut row = Row::read(&honest);
                row.bits = std::array::from_fn(|bit| flag(word >> bit & 1 == 1));
                row.format = format_flags(format);
                row.selector = cell(format.selector(word).into());
                let mut cells = Vec::new();
                row.write(&mut cells);
                let failed = |cells: &[Goldilocks]| evaluate_row(Table::Program, cells).failed;
                let holds = failed(&cells);
                cells[selector] += Goldilocks::ONE;
                // The constraint of the selector held, and holds for no other selector.
                assert_eq!(failed(&cells).len(), holds.len() + 1, "{word:#010x}, {format:?}");
                let listed = ENTRIES.iter().any(|entry| {
                    entry.format == format
                        && (entry.opcode, entry.funct3) == (word & 127, word >> 12 & 7)
                        && entry.selector == format.selector(word)
                });
                let own = true_entry.is_some_and(|entry| entry.format == format);
                assert_eq!(listed, own, "{word:#010x}, {format:?}");
            }
        }
    }

    #[test]
    fn every_column_is_bound() {
        let zeros = vec![Goldilocks::ZERO; Row::WIDTH];
        assert_eq!(evaluate_row(Table::Program, &zeros).failed, [0_usize; 0]);
        assert_eq!(evaluate_row(Table::Program, &zeros).messages, []);
        // An instruction of each format, writing a register and not.
        for entry in ENTRIES.iter() {
            for fields in [0, 0x015a_5a80] {
                let word = entry.opcode
                    | entry.funct3 << 12
                    | match entry.format {
                        Format::R | Format::Shift32 => entry.selector << 25 | fields,
                        Format::Shift64 => entry.selector << 26 | fields,
                        Format::Call => 0,
                        _ => fields | 0x8000_0000,
                    };
                let word = word & !(7 << 12) | entry.funct3 << 12;
                assert_eq!(decode::find(word).map(|found| ENTRIES[found]), Some(*entry));
                let row = filled(&fetch(word, 0x1_2344));
                let place = Place::anywhere(&zeros);
                assert_eq!(unnoticed(Table::Program, &row, place), [""; 0], "{entry:?}");
            }
        }
    }

    #[test]
    fn rd_determines_whether_it_is_written() {
        for rd in [0, 1, 31] {
            let honest = filled(&fetch(0x13 | rd << 7, 0x1_0000));
            for write in [Goldilocks::ZERO, Goldilocks::ONE] {
                let mut row = Row::read(&honest);
                // The inverse that the claim needs, or the true one.
                for inverse in [Goldilocks::ZERO, write, row.inverse] {
                    (row.write, row.inverse) = (write, inverse);
                    let mut cells = Vec::new();
                    row.write(&mut cells);
                    let holds = evaluate_row(Table::Program, &cells).failed.is_empty();
                    assert_eq!(holds, cells == honest, "rd {rd}, write {write}");
                }
            }
        }
    }

    #[test]
    fn padding_provides_nothing() {
        let mut row = vec![Goldilocks::ZERO; Row::WIDTH];
        row[1] = Goldilocks::ONE;
        assert_eq!(evaluate_row(Table::Program, &row).failed.len(), 1);
    }
}
