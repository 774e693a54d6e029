use oneslot_riscv::Op;

use super::{Case, EDGES, Random, Subject, Verdict};
use crate::tables::{Table, shift_word::fill};

const TABLE: Subject = Subject { table: Table::ShiftWord, fill };
const OPS: [(Op, Op, u64); 4] = [
    (Op::Sra, Op::Srai, 64),
    (Op::Sllw, Op::Slliw, 32),
    (Op::Srlw, Op::Srliw, 32),
    (Op::Sraw, Op::Sraiw, 32),
];

#[test]
fn agrees_with_the_interpreter() {
    let mut random = Random(13);
    for (register, immediate, bits) in OPS {
        for amount in 0..bits {
            for a in EDGES.into_iter().chain([random.next(), random.next()]) {
                TABLE.agrees(&Case::immediate(immediate, a, amount as i32));
                let b = random.operand() & !(bits - 1) | amount;
                TABLE.agrees(&Case::registers(register, a, b));
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
    let a = 0x8123_4567_89ab_cdef;
    let cases = OPS.map(|(register, immediate, bits)| {
        let amount = (bits - 27) as i32;
        [
            Case::registers(register, a, 0xffff_ff80),
            Case::registers(register, 0x7000_0001, 9 * bits + 3),
            Case::immediate(immediate, a, amount),
            Case::immediate(immediate, 0x1_7fff_ffff, 3),
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
    TABLE.needs_each_constraint(&starts(), &[]);
}

#[test]
fn a_sign_that_does_not_enter_is_refused() {
    let row = TABLE.row(&Case::immediate(Op::Srai, u64::MAX, 8));
    let cells = [("sign", 0), ("fill", 0), ("result[1]", 0x00ff_ffff)];
    assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
}

#[test]
fn an_amount_of_32_is_refused_for_words() {
    let row = TABLE.row(&Case::registers(Op::Srlw, 5, 32));
    for (k, j) in [(0, 31), (1, 31), (0, 0)] {
        let cells = [("amount", 32), ("rest[0]", 0), ("k", k), ("j", j)];
        assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
    }
}
