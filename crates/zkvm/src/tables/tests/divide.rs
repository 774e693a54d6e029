use oneslot_riscv::Op;
use p3_field::{Field, PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;

use super::{Case, EDGES, Random, Subject, Verdict, quarter_cells};
use crate::tables::{Table, air::InstructionTable, divide::Divide};

const TABLE: Subject = Subject { table: Table::Divide, generate: Divide::generate };
const OPS: [Op; 11] = [
    Op::Mulh,
    Op::Mulhsu,
    Op::Mulw,
    Op::Div,
    Op::Divu,
    Op::Rem,
    Op::Remu,
    Op::Divw,
    Op::Divuw,
    Op::Remw,
    Op::Remuw,
];
const X: [&str; 4] = ["x[0]", "x[1]", "x[2]", "x[3]"];
const Z: [&str; 4] = ["z[0]", "z[1]", "z[2]", "z[3]"];
const W_LOW: [&str; 4] = ["w_low[0]", "w_low[1]", "w_low[2]", "w_low[3]"];
const VALUE: [&str; 4] = ["value[0]", "value[1]", "value[2]", "value[3]"];

#[test]
fn agrees_with_the_interpreter() {
    let mut random = Random(17);
    for op in OPS {
        for a in EDGES {
            for b in EDGES {
                TABLE.agrees(&Case::registers(op, a, b));
            }
        }
        for _ in 0..200 {
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
            Case::registers(op, 0x8123_4567_89ab_cdef, 0xffff_ffff_ffff_1234),
            Case::registers(op, 0xffff_ffff_ffff_fff9, 0x7),
            Case::registers(op, 0xffff_ffff_8000_0000, 0),
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
    TABLE.needs_each_constraint(&starts(), &IMPLIED, &BY_HAND);
}

/// Constraints that follow from the others.
///
/// - `sign_a` (12) and `negative` (44) are boolean if the other is: `negative` is `sign_a`, or `1 - sign_a` if `sign_b` is set in
///   a product or quotient. Only in a quotient with `zero` set is it 0 whatever `sign_a` is, and the result is then all
///   ones, whatever the dividend is.
/// - `zero` (36) is boolean: if it is not 0, the row is a division and `y` is 0, so that no `gap + 1`, which is positive, is minus
///   limbs of `z`; the factor `1 - zero` of that equation must be 0.
/// - `zero` is not set for products (40): `x` would be 2^64 - 1, but it is at most 2^63 as the magnitude of a signed operand, and
///   below 2^32 in a product of words.
/// - `zero` is set only if `y` is 0 (41): with `x = 2^64 - 1`, a product `x y` below 2^64 leaves `y = 1` besides, and
///   `a = 2^64 - 1`. There all ones and no remainder are right.
/// - `borrow` is boolean (45): if the low word is not 0, `1 - borrow` is; if it is 0, `borrow` is.
const IMPLIED: [usize; 6] = [12, 36, 40, 41, 44, 45];

/// Constraints without which the tests below make forgeries.
const BY_HAND: [usize; 10] = [
    FLAG_OF_WORD_PRODUCT,
    HIGH_LIMB_OF_WORD_DIVISOR,
    UPPER[0],
    UPPER[1],
    UPPER[2],
    UPPER[3],
    NO_ADDEND_IN_PRODUCT,
    DIVIDEND_BELOW_2_64,
    DIVIDEND_BELOW_2_96,
    SAME_HIGH_LIMBS,
];
const FLAG_OF_WORD_PRODUCT: usize = 2;
const HIGH_LIMB_OF_WORD_DIVISOR: usize = 23;
/// That the upper parts of carries are bits.
const UPPER: [usize; 4] = [24, 25, 26, 27];
/// In the high limb.
const NO_ADDEND_IN_PRODUCT: usize = 33;
const DIVIDEND_BELOW_2_64: usize = 34;
const DIVIDEND_BELOW_2_96: usize = 35;
const SAME_HIGH_LIMBS: usize = 38;

/// Row with the inverse that `borrow` needs.
fn inverted(mut row: Vec<Goldilocks>) -> Vec<Goldilocks> {
    let cell = |limb: usize| row[TABLE.column(W_LOW[limb])];
    let sum = cell(0) + cell(2) + (cell(1) + cell(3)) * Goldilocks::from_u64(1 << 16);
    row[TABLE.column("inverse")] = sum.inverse();
    row
}

/// `mulh + divw - mulw` is `mulhsu`: 5 by -1 is 0, the quotient of the negated operands less the negated
/// dividend.
#[test]
fn a_flag_of_minus_one_makes_another_operation() {
    let negated = 5_u64.wrapping_neg();
    let row = TABLE.row(&Case::registers(Op::Divu, negated, 1));
    let flags = [("divu", 0), ("mulh", 1), ("divw", 1), ("mulw", Goldilocks::ORDER_U64 - 1)];
    let signs = [("sign_a", 1), ("sign_b", 1), ("carry_a", 1), ("carry_b", 1)];
    let operands = [
        ("a.value[0]", 5),
        ("a.value[1]", 0),
        ("b.value[0]", 0xffff_ffff),
        ("b.value[1]", 0xffff_ffff),
    ];
    let folded =
        [("folded_a[0]", 0), ("folded_a[1]", 0), ("folded_b[0]", 0xffff), ("folded_b[1]", 0xffff)];
    let result = [("borrow", 1), ("sign", 0), ("result_high", 0)];
    let cells =
        [&flags[..], &signs, &operands, &folded, &result, &quarter_cells(VALUE, 0)].concat();
    TABLE.needs(FLAG_OF_WORD_PRODUCT, &inverted(TABLE.changed(&row, &cells)));
}

/// 7 by `7 + 2^32` is 0.
#[test]
fn a_word_divisor_with_a_high_limb_makes_a_wrong_quotient() {
    let row = TABLE.row(&Case::registers(Op::Divuw, 7, 7));
    let cells =
        [("x[0]", 0), ("y[2]", 1), ("z[0]", 7), ("same", 0), ("gap[0]", 0), ("value[0]", 0)];
    TABLE.needs(HIGH_LIMB_OF_WORD_DIVISOR, &TABLE.changed(&row, &cells));
}

/// As in [`multiply`](super::multiply): a limb and a carry that is no integer make the same sum, `1 + 2^32 2^64 = 0`, and the
/// limbs above take it up.
#[test]
fn a_carry_that_is_no_integer_makes_a_wrong_product() {
    let row = TABLE.row(&Case::registers(Op::Mulh, 0x0123_4567_89ab_cdef, 0x7edc_ba98_7654_3210));
    let first = [
        ("w_low[0]", 1),
        ("carries.upper[0]", 1 << 48),
        ("w_low[2]", -1),
        ("carries.lower[1]", 1),
        ("w_high[0]", 1),
        ("value[0]", 1),
    ];
    TABLE.needs(UPPER[0], &TABLE.moved(&row, &first));
    for (constraint, upper) in
        [(UPPER[1], ("carries.upper[1]", 1 << 48)), (UPPER[2], ("carries.upper[2]", 1 << 47))]
    {
        let second = [
            ("w_low[2]", 1),
            upper,
            ("w_high[0]", -1),
            ("carries.lower[2]", 1),
            ("w_top", 1),
            ("value[0]", -1),
            ("value[2]", 1),
            ("result_high", 1),
        ];
        TABLE.needs(constraint, &inverted(TABLE.moved(&row, &second)));
    }
    let row = TABLE.row(&Case::registers(Op::Mulh, 3, 5));
    let third = [
        ("w_high[0]", 1),
        ("carries.upper[3]", 1 << 48),
        ("w_top", 0xffff_ffff),
        ("value[0]", 1),
        ("value[2]", 0xffff),
        ("value[3]", 0xffff),
        ("result_high", 0xffff_ffff),
    ];
    TABLE.needs(UPPER[3], &TABLE.moved(&row, &third));
}

/// `3 2^32` and `2^64 - 3 2^32` make 2^64.
#[test]
fn an_addend_makes_a_wrong_product() {
    let row = TABLE.row(&Case::registers(Op::Mulh, 1 << 32, 3));
    let cells = [
        ("z[2]", 0xfffd),
        ("z[3]", 0xffff),
        ("w_low[2]", 0),
        ("carries.lower[1]", 1),
        ("w_high[0]", 1),
        ("borrow", 0),
        ("value[0]", 1),
    ];
    TABLE.needs(NO_ADDEND_IN_PRODUCT, &TABLE.changed(&row, &cells));
}

/// `2^64 + 7` by 2^32, and `2^96 + 7` by 2^48, in place of 7.
#[test]
fn a_dividend_that_is_cut_off_makes_a_wrong_quotient() {
    let row = TABLE.row(&Case::registers(Op::Divu, 7, 1 << 32));
    let cells = [("x[2]", 1), ("w_high[0]", 1), ("value[2]", 1), ("result_high", 1)];
    TABLE.needs(DIVIDEND_BELOW_2_64, &TABLE.changed(&row, &cells));
    let row = TABLE.row(&Case::registers(Op::Divu, 7, 1 << 48));
    let cells = [("x[3]", 1), ("w_top", 1), ("value[3]", 1), ("result_high", 1 << 16)];
    TABLE.needs(DIVIDEND_BELOW_2_96, &TABLE.changed(&row, &cells));
}

/// The remainder 2^32 of a division by 5: its limbs exceed those of the divisor by 1 and -5, together by less than 0.
#[test]
fn high_limbs_that_differ_make_a_wrong_quotient() {
    let row = TABLE.row(&Case::registers(Op::Divu, 1 << 32, 5));
    let cells = [
        &quarter_cells(X, 0)[..],
        &quarter_cells(Z, 1 << 32),
        &quarter_cells(VALUE, 0),
        &[("carries.lower[0]", 0), ("same", 1), ("gap[0]", 3), ("gap[1]", 0), ("sign", 0)],
    ]
    .concat();
    TABLE.needs(SAME_HIGH_LIMBS, &TABLE.changed(&row, &cells));
}

#[test]
fn a_division_by_zero_has_one_result() {
    // The quotient 0, with and without the claim that the divisor is zero.
    for zero in [0, 1] {
        let row = TABLE.row(&Case::registers(Op::Divu, 7, 0));
        let cells = [
            &quarter_cells(X, 0)[..],
            &quarter_cells(VALUE, 0),
            &[("zero", zero), ("sign", 0), ("result_high", 0)],
        ]
        .concat();
        assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
    }
    // The remainder 0.
    let row = TABLE.row(&Case::registers(Op::Remu, 7, 0));
    let cells = [&quarter_cells(Z, 0)[..], &quarter_cells(VALUE, 0)].concat();
    assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
}

#[test]
fn a_division_by_one_is_not_by_zero() {
    let row = TABLE.row(&Case::registers(Op::Divu, 7, 1));
    let ones = quarter_cells(X, u64::MAX);
    let cells = [&ones[..], &quarter_cells(VALUE, u64::MAX), &[("zero", 1)]].concat();
    assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
}

#[test]
fn a_quotient_too_small_by_one_is_refused() {
    let row = TABLE.row(&Case::registers(Op::Divu, 100, 7));
    let cells = [
        &quarter_cells(X, 13)[..],
        &quarter_cells(Z, 9),
        &quarter_cells(VALUE, 13),
        &[("gap[0]", 0xfffd), ("gap[1]", 0xffff)],
    ]
    .concat();
    assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
}

#[test]
fn the_overflow_has_one_result() {
    // Least value by -1: neither the negated magnitude with another sign nor quotient 0.
    let least = 1 << 63;
    let row = TABLE.row(&Case::registers(Op::Div, least, u64::MAX));
    let value = quarter_cells(VALUE, least - 1);
    assert_eq!(TABLE.with(&row, &value), Verdict::Refused);
    let cells = [
        &quarter_cells(X, 0)[..],
        &quarter_cells(Z, least),
        &quarter_cells(VALUE, 0),
        &[("result_high", 0)],
    ]
    .concat();
    assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
}

#[test]
fn a_high_product_off_by_the_modulus_is_refused() {
    let (a, b) = (0x0123_4567_89ab_cdef, 0x7edc_ba98_7654_3210);
    let row = TABLE.row(&Case::registers(Op::Mulh, a, b));
    let wrong = u128::from(a) * u128::from(b) + u128::from(Goldilocks::ORDER_U64);
    let (low, high) = (wrong as u64, (wrong >> 64) as u64);
    let cells = [
        &quarter_cells(W_LOW, low)[..],
        &[("w_high[0]", high & 0xffff), ("w_high[1]", high >> 16 & 0xffff), ("w_top", high >> 32)],
        &quarter_cells(VALUE, high),
        &[("result_high", high >> 32)],
    ]
    .concat();
    assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
}
