use oneslot_riscv::{Instruction, Op};
use p3_field::{PrimeCharacteristicRing, PrimeField64};

use super::{Case, EDGES, IMMEDIATES, RD, Subject, Verdict};
use crate::tables::{Table, air::InstructionTable, jump::Jump};

const TABLE: Subject = Subject { table: Table::Jump, generate: Jump::generate };
const PCS: [u64; 4] = [0, 0x1_0040, 0x8000_0000, 0xffff_fffc];

fn case(op: Op, pc: u64, imm: i32) -> Case {
    Case { instruction: Instruction { op, rd: RD, rs1: 0, rs2: 0, imm }, pc, a: 0, b: 0 }
}

fn jalr(a: u64, imm: i32) -> Case {
    Case::immediate(Op::Jalr, a, imm)
}

#[test]
fn agrees_with_the_interpreter() {
    for pc in PCS {
        for imm in [8, -8, 0xf_fffc, -0x10_0000] {
            TABLE.agrees(&case(Op::Jal, pc, imm));
        }
        for imm in [0, 0x1000, 0x7fff_f000, -0x1000, -0x8000_0000] {
            TABLE.agrees(&case(Op::Auipc, pc, imm));
        }
        for imm in IMMEDIATES {
            for target in [0, 4, 0x1_0040, 0x7fff_fffc, 0x8000_0000, 0xffff_fffc] {
                for odd in [0, 1] {
                    let a = (target + odd as u64).wrapping_sub(i64::from(imm) as u64);
                    TABLE.agrees(&Case { pc, ..jalr(a, imm) });
                }
            }
        }
    }
}

#[test]
fn padding_is_silent() {
    TABLE.padding_is_silent();
}

/// Rows that the search for forgeries starts from.
fn starts() -> Vec<Case> {
    let cases = [
        case(Op::Jal, 0x1_0040, 64),
        case(Op::Jal, 0x40, 4),
        case(Op::Jal, 0xffff_fffc, -64),
        case(Op::Jal, 0x20, -64),
        case(Op::Auipc, 0x1_0040, 0x5000),
        case(Op::Auipc, 0x1_0040, -0x5000),
        case(Op::Auipc, 0x1_0040, -0x8000_0000),
        jalr(0x2_0001, 4),
        jalr(0x2_0000, -4),
        jalr(0xffff_ffff_ffff_fff8, 0x100),
        Case { pc: 0xffff_fffc, ..jalr(0x2_0000, 0) },
    ];
    cases.to_vec()
}

#[test]
fn resists_forgery() {
    TABLE.resists(&starts());
}

#[test]
#[ignore = "minutes"]
fn needs_each_constraint() {
    // That `auipc` is boolean follows: the sum allows -1 and -2 beside it, in a row that says nothing, or with `jalr`. There
    // all constraints but those of `jal` hold, so that the result is `(pc + 4) / 2 = result[0] = 2^32 result[1]`. If `result[1]`
    // is 1, pc is the last and the first equation fails; if it is 0, pc is -4, `imm` 4 + 2^32 carry, and the low limb of rs1
    // -4 or -3, which no word has.
    TABLE.needs_each_constraint(&starts(), &[2], &[ONE_OPERATION]);
}

/// The constraint that the sum of the flags is 0 or 1.
const ONE_OPERATION: usize = 6;

/// `jal` and `auipc` have the number of `jalr` together: `jalr x0, 4(x0)` goes to the next instruction, twice at once.
#[test]
fn two_flags_make_another_operation() {
    let mut case = case(Op::Jal, 0x40, 4);
    case.instruction.rd = 0;
    let row = TABLE.row(&case);
    TABLE.needs(ONE_OPERATION, &TABLE.changed(&row, &[("auipc", 1), ("value[0]", 0x44)]));
}

#[test]
fn a_jump_to_the_pc_of_a_halted_machine_is_refused() {
    let row = TABLE.row(&jalr(1, 0));
    assert_eq!(TABLE.with(&row, &[("next_pc", 1), ("odd", 0)]), Verdict::Refused);
    // Half of 1 exists in the field.
    let half = p3_goldilocks::Goldilocks::ONE.halve().as_canonical_u64();
    let cells = [("next_pc", 1), ("odd", 0), ("value[0]", half)];
    assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
}

#[test]
fn a_target_above_the_address_space_is_not_provable() {
    for a in EDGES.into_iter().filter(|a| a >> 32 != 0) {
        let target = a & !1;
        let row = TABLE.row(&jalr(0x2_0000, 0));
        let cells = [
            ("a.value[0]", a & 0xffff_ffff),
            ("a.value[1]", a >> 32),
            ("odd", a & 1),
            ("next_pc", target & 0xffff_fffe),
            ("value[0]", target >> 1 & 0xffff),
            ("value[1]", target >> 17 & 0x7fff),
        ];
        assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
    }
}

#[test]
fn a_link_of_two_to_the_32_is_refused() {
    let row = TABLE.row(&case(Op::Jal, 0xffff_fffc, -64));
    let cells = [("result[0]", 1 << 32), ("result[1]", 0)];
    assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
}
