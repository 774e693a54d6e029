use oneslot_riscv::Op;
use p3_field::PrimeField64;
use p3_goldilocks::Goldilocks;

use super::{Case, EDGES, Random, Subject, Verdict, quarter_cells};
use crate::tables::{Table, divide::fill};

const TABLE: Subject = Subject { table: Table::Divide, fill };
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
    TABLE.needs_each_constraint(&starts(), &[]);
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
        &quarter_cells(["w_low[0]", "w_low[1]", "w_low[2]", "w_low[3]"], low)[..],
        &[("w_high[0]", high & 0xffff), ("w_high[1]", high >> 16 & 0xffff), ("w_top", high >> 32)],
        &quarter_cells(VALUE, high),
        &[("result_high", high >> 32)],
    ]
    .concat();
    assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
}
