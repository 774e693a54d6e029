use oneslot_riscv::{Instruction, Op};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::{Case, EDGES, RS1, RS2, Random, Subject, Verdict};
use crate::tables::{Table, air::InstructionTable, branch::Branch};

const TABLE: Subject = Subject { table: Table::Branch, generate: Branch::generate };
const OPS: [Op; 6] = [Op::Beq, Op::Bne, Op::Blt, Op::Bge, Op::Bltu, Op::Bgeu];

fn case(op: Op, a: u64, b: u64, pc: u64, imm: i32) -> Case {
    Case { instruction: Instruction { op, rd: 0, rs1: RS1, rs2: RS2, imm }, pc, a, b }
}

#[test]
fn agrees_with_the_interpreter() {
    let mut random = Random(15);
    for op in OPS {
        for a in EDGES {
            for b in EDGES.into_iter().chain([a ^ 1, random.next()]) {
                let imm = [8, -8, 0xffc, -0x1000][random.below(4)];
                TABLE.agrees(&case(op, a, b, 0x1_0040, imm));
            }
        }
    }
    // Targets outside the address space.
    TABLE.agrees(&case(Op::Beq, 1, 1, 0x40, -0x100));
    TABLE.agrees(&case(Op::Beq, 1, 1, 0xffff_fffc, 0x100));
    TABLE.agrees(&case(Op::Bne, 1, 1, 0xffff_fffc, 0x100));
}

#[test]
fn padding_is_silent() {
    TABLE.padding_is_silent();
}

/// Rows that the search for forgeries starts from.
fn starts() -> Vec<Case> {
    let cases = OPS.map(|op| {
        [
            case(op, 5, 5, 0x1_0040, 8),
            case(op, u64::MAX, 5, 0x1_0040, -8),
            case(op, 5, 0x1_0000_0005, 0x1_0040, 64),
            case(op, 0x2_0000_0005, 5, 0x1_0040, 64),
            case(op, 0x1_0000_0006, 0x1_0000_0007, 0x1_0040, -64),
        ]
    });
    cases.concat()
}

#[test]
fn resists_forgery() {
    TABLE.resists(&starts());
}

#[test]
#[ignore = "minutes"]
fn needs_each_constraint() {
    TABLE.needs_each_constraint(&starts(), &[], &[]);
}

#[test]
fn equality_cannot_be_denied() {
    let row = TABLE.row(&case(Op::Beq, 5, 5, 0x1_0040, 64));
    for (same, less) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        for gap in [0, 0xffff] {
            let cells =
                [("equal", 0), ("order.same", same), ("order.less", less), ("next_pc", 0x1_0044)];
            let cells = [&cells[..], &[("order.gap[0]", gap), ("order.gap[1]", gap)]].concat();
            assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
        }
    }
}

#[test]
fn a_negative_target_is_no_address() {
    let row = TABLE.row(&case(Op::Beq, 1, 1, 0x40, -0x100));
    let target = row[TABLE.column("next_pc")];
    assert_eq!(target, Goldilocks::from_u64(0x40) - Goldilocks::from_u64(0x100));
    for target in [0u64.wrapping_sub(0xc0), 0xffff_ff40, 1] {
        assert_eq!(TABLE.with(&row, &[("next_pc", target)]), Verdict::Refused);
    }
}
