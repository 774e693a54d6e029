use oneslot_riscv::Op;

use super::{Case, EDGES, Random, Subject, Verdict};
use crate::tables::{Table, air::InstructionTable, shift_word::ShiftWord};

const TABLE: Subject = Subject { table: Table::ShiftWord, generate: ShiftWord::generate };
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
    // That right shifts of words have k = 1 follows. With k = 0, the amount is the one of the same j for k = 1, and 32 more. An
    // immediate is below 32 as the program has it; a register allows the amount with a `rest` less by 1, but only j enters
    // the result.
    let by_hand = [ONE_OPERATION, ONE_SPLIT_OF_LOW_LIMB, ONE_SPLIT_OF_HIGH_LIMB];
    TABLE.needs_each_constraint(&starts(), &[11], &by_hand);
}

/// The constraint that the sum of the flags is 0 or 1.
const ONE_OPERATION: usize = 10;
/// The constraints that leave one split of the product of each limb.
const ONE_SPLIT_OF_LOW_LIMB: usize = 18;
const ONE_SPLIT_OF_HIGH_LIMB: usize = 20;

/// Zero shifted by no bits in a register and in an immediate: the messages of a row have a multiplicity of at most 1.
#[test]
fn two_flags_make_messages_count_twice() {
    let row = TABLE.row(&Case::registers(Op::Sllw, 0, 0));
    TABLE.needs(ONE_OPERATION, &TABLE.changed(&row, &[("slliw", 1), ("target.write", 0)]));
}

/// 2^28 split as `2^28 + 1 + 2^32 (2^32 - 1) = 2^28 + p`: 1 shifted right is -1, and not 0.
#[test]
fn a_split_off_by_the_modulus_makes_a_wrong_shift_of_a_word() {
    let row = TABLE.row(&Case::registers(Op::Srlw, 1, 4));
    let cells = [
        ("product.low[0]", 1),
        ("product.high[0]", 0xffff),
        ("product.high[1]", 0xffff),
        ("signed[0]", 0xffff),
        ("signed[1]", 0xffff),
        ("sign", 1),
        ("fill", (1 << 32) - (1 << 28)),
        ("result[0]", 0xffff_ffff),
        ("result[1]", 0xffff_ffff),
    ];
    TABLE.needs(ONE_SPLIT_OF_LOW_LIMB, &TABLE.changed(&row, &cells));
}

/// As above, in the high limb of an arithmetic shift.
#[test]
fn a_split_off_by_the_modulus_makes_a_wrong_arithmetic_shift() {
    let row = TABLE.row(&Case::immediate(Op::Srai, 1 << 32, 4));
    let cells = [
        ("product.low[2]", 1),
        ("product.high[2]", 0xffff),
        ("product.high[3]", 0xffff),
        ("result[0]", (1 << 28) + 1),
        ("result[1]", 0xffff_ffff),
    ];
    TABLE.needs(ONE_SPLIT_OF_HIGH_LIMB, &TABLE.changed(&row, &cells));
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
        let cells = [("amount", 32), ("rest[0]", 0), ("product.k", k), ("product.j", j)];
        assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
    }
}
