use oneslot_riscv::Op;

use super::{Case, EDGES, Random, Subject, Verdict};
use crate::tables::{Table, air::InstructionTable, shift::Shift};

const TABLE: Subject = Subject { table: Table::Shift, generate: Shift::generate };

#[test]
fn agrees_with_the_interpreter() {
    let mut random = Random(12);
    for amount in 0..64 {
        for a in EDGES.into_iter().chain([random.next(), random.next()]) {
            for (register, immediate) in [(Op::Sll, Op::Slli), (Op::Srl, Op::Srli)] {
                TABLE.agrees(&Case::immediate(immediate, a, amount));
                let b = random.operand() & !63 | amount as u64;
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
    let cases = [
        Case::registers(Op::Sll, a, 0xffff_ffff_ffff_ffc7),
        Case::registers(Op::Sll, 1, 0),
        Case::registers(Op::Srl, a, 64 * 3 + 37),
        Case::registers(Op::Srl, 0xffff_ffff, 64),
        Case::immediate(Op::Slli, a, 40),
        Case::immediate(Op::Srli, a, 9),
        Case::immediate(Op::Srli, 0, 32),
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
    TABLE.needs_each_constraint(&starts(), &[], &[ONE_SPLIT_OF_HIGH_LIMB]);
}

/// The constraint that leaves one split of the product of the high limb.
const ONE_SPLIT_OF_HIGH_LIMB: usize = 12;

/// 16 split as `17 + 2^32 (2^32 - 1) = 16 + p`.
#[test]
fn a_split_off_by_the_modulus_makes_a_wrong_shift() {
    let row = TABLE.row(&Case::immediate(Op::Slli, 1 << 32, 4));
    let cells = [
        ("product.low[2]", 17),
        ("product.high[2]", 0xffff),
        ("product.high[3]", 0xffff),
        ("result[1]", 17),
    ];
    TABLE.needs(ONE_SPLIT_OF_HIGH_LIMB, &TABLE.changed(&row, &cells));
}

#[test]
fn a_product_off_by_the_modulus_is_refused() {
    // 1 = 2 + 2^32 (2^32 - 1) modulo p: a shift by 0 would give 2.
    let row = TABLE.row(&Case::registers(Op::Sll, 1, 0));
    let high = [("product.low[0]", 2), ("product.high[0]", 0xffff), ("product.high[1]", 0xffff)];
    let result = [("result[0]", 2), ("result[1]", 0xffff_ffff)];
    let inverses = [0, 1, 0xffff_ffff];
    for inverse in inverses {
        let cells = [&high[..], &result, &[("product.inverse[0]", inverse)]].concat();
        assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
    }
}

#[test]
fn an_amount_of_64_is_refused() {
    // b = 64: amount 64 with rest 0 for amount 0 with rest 1; the pair of 64 does not exist in either direction.
    for op in [Op::Sll, Op::Srl] {
        let row = TABLE.row(&Case::registers(op, 5, 64));
        for (k, j) in [(0, 0), (1, 31), (2, 0), (1, 32)] {
            let cells = [("amount", 64), ("rest[0]", 0), ("product.k", k), ("product.j", j)];
            assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
        }
    }
}
