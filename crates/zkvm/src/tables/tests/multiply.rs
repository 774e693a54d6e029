use oneslot_riscv::Op;
use p3_field::PrimeField64;
use p3_goldilocks::Goldilocks;

use super::{Case, EDGES, Random, Subject, Verdict, quarter_cells};
use crate::tables::{Table, air::InstructionTable, multiply::Multiply};

const TABLE: Subject = Subject { table: Table::Multiply, generate: Multiply::generate };
const OPS: [Op; 2] = [Op::Mul, Op::Mulhu];

#[test]
fn agrees_with_the_interpreter() {
    let mut random = Random(16);
    for op in OPS {
        for a in EDGES {
            for b in EDGES {
                TABLE.agrees(&Case::registers(op, a, b));
            }
        }
        for _ in 0..500 {
            TABLE.agrees(&Case::registers(op, random.operand(), random.operand()));
        }
    }
}

#[test]
fn padding_is_silent() {
    TABLE.padding_is_silent();
}

/// Rows that the search for forgeries starts from.
fn starts() -> Vec<Case> {
    let cases = OPS.map(|op| {
        [
            Case::registers(op, u64::MAX, u64::MAX),
            Case::registers(op, 0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210),
            Case::registers(op, 3, 5),
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
    // That one flag of two is boolean follows from the other and the sum: it could be -1 where the sum is 0, in a row that
    // says nothing.
    TABLE.needs_each_constraint(&starts(), &[0, 1], &[UPPER_OF_FIRST_CARRY]);
}

/// The constraint that the upper bit of the first carry is a bit.
const UPPER_OF_FIRST_CARRY: usize = 3;

/// A carry that is any field element: `2^-32 = 1 - 2^32`, so that 1 more in the low limb and `2^32 - 1 = 2^64` more in its
/// carry make the same sum, and the next limb and its carry take that up.
#[test]
fn a_carry_that_is_no_integer_makes_a_wrong_product() {
    let row = TABLE.row(&Case::registers(Op::Mul, 0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210));
    let by = [
        ("low[0]", 1),
        ("carries.upper[0]", 1 << 48),
        ("low[2]", -1),
        ("carries.lower[1]", 1),
        ("high[0]", 1),
        ("result[0]", 1),
        ("result[1]", -1),
    ];
    TABLE.needs(UPPER_OF_FIRST_CARRY, &TABLE.moved(&row, &by));
}

#[test]
fn a_product_off_by_the_modulus_is_refused() {
    let (a, b) = (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210);
    let product = u128::from(a) * u128::from(b);
    for wrong in
        [product - u128::from(Goldilocks::ORDER_U64), product + u128::from(Goldilocks::ORDER_U64)]
    {
        let row = TABLE.row(&Case::registers(Op::Mulhu, a, b));
        let (low, high) = (wrong as u64, (wrong >> 64) as u64);
        let limbs = quarter_cells(["low[0]", "low[1]", "low[2]", "low[3]"], low);
        let high_limbs = [("high[0]", high & 0xffff), ("high[1]", high >> 16 & 0xffff)];
        let result = [("result[0]", high & 0xffff_ffff), ("result[1]", high >> 32)];
        let cells = [&limbs[..], &high_limbs, &result].concat();
        assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
    }
}

#[test]
fn a_carry_kept_back_is_refused() {
    // 2^32 stays in the low limb instead of going up.
    let row = TABLE.row(&Case::registers(Op::Mul, 0xffff_ffff, 0xffff_ffff));
    let carry = TABLE.column("carries.lower[0]");
    let k0 = row[carry].as_canonical_u64();
    let cells = [
        ("carries.lower[0]", k0 - 1),
        ("low[1]", (1 << 16) + row[TABLE.column("low[1]")].as_canonical_u64()),
    ];
    assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
}
