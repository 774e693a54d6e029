//! Additions and doublings of points.

use p3_field::{Field, PrimeCharacteristicRing};
use p3_goldilocks::Goldilocks;
use ruint::aliases::U256;

use super::{
    Neglect, Random, Verdict,
    rows::{Rows, on_bus},
};
use crate::{
    bus::{CALL, CODE_KEY, MEMORY, SYSTEM_KEY},
    check::{Message, Place, evaluate},
    record::{PointCall, Seen},
    tables::{
        Table,
        mulmod::{LIMBS, reduction, split},
        multiplicities::Multiplicities,
        point::{
            CELLS, Kind, NUMBERS, Numbers, P, PROOF, distances, generate, relations, run_relation,
            shown, shown_run,
        },
    },
};

const TABLE: Rows = Rows {
    table: Table::Point,
    judge,
    first: &["time", "word", "q_code", "p_time", "q_time", "register_time", "inverse", "last"],
    // Whether a word of the second point is code.
    needed: Neglect::Constraint(86),
};
/// What a doubling does not use.
const SECOND_POINT: [&str; 4] = ["word[1]", "q_code", "q_time", "register_time"];
const TIME: u64 = 0x2_0010;
/// Addresses of the points divided by 8.
const AREAS: [u64; 2] = [0x400, 0x2_0000];
/// Coordinates of the generator of secp256k1.
const GENERATOR: [[u64; 4]; 2] = [
    [0x59f2_815b_16f8_1798, 0x029b_fcdb_2dce_28d9, 0x55a0_6295_ce87_0b07, 0x79be_667e_f9dc_bbac],
    [0x9c47_d08f_fb10_d4b8, 0xfd17_b448_a685_5419, 0x5da4_fbfc_0e11_08a8, 0x483a_da77_26a3_c465],
];

/// Coordinates x1, y1, x2 and y2. A doubling has no second point.
type Points = [U256; 4];

fn small(number: u64) -> U256 {
    U256::from(number)
}

fn minus(a: U256, b: U256) -> U256 {
    a.add_mod(P - b.reduce_mod(P), P)
}

fn over(a: U256, b: U256) -> U256 {
    a.mul_mod(b.pow_mod(P - small(2), P), P)
}

/// What the page of the machine says.
fn expected(doubles: bool, [x1, y1, x2, y2]: Points) -> [U256; 2] {
    let [rise, run] = if doubles {
        [x1.mul_mod(x1, P).mul_mod(small(3), P), y1.add_mod(y1, P)]
    } else {
        [minus(y2, y1), minus(x2, x1)]
    };
    if run.is_zero() {
        return [U256::ZERO; 2];
    }
    let slope = over(rise, run);
    let x3 = minus(minus(slope.mul_mod(slope, P), x1), if doubles { x1 } else { x2 });
    [x3, minus(slope.mul_mod(minus(x1, x3), P), y1)]
}

fn row(doubles: bool, points: Points) -> Vec<Goldilocks> {
    let seen = |point: usize, time| {
        let words = [points[2 * point], points[2 * point + 1]].map(|number| *number.as_limbs());
        std::array::from_fn(|word| Seen { value: words[word / 4][word % 4], time })
    };
    let call = PointCall {
        time: TIME,
        doubles,
        word: if doubles { [AREAS[0], 0] } else { AREAS },
        seen: [seen(0, TIME - 5), seen(1, TIME - 100)],
        code: std::array::from_fn(|word| !doubles && word > 2),
        register: Seen { value: 0, time: TIME - 2 },
    };
    let mut values = Vec::new();
    generate(&call, &mut Multiplicities::new(), &mut values);
    values
}

fn sum(points: Points) -> Vec<Goldilocks> {
    row(false, points)
}

fn double(x: U256, y: U256) -> Vec<Goldilocks> {
    row(true, [x, y, U256::ZERO, U256::ZERO])
}

fn generator() -> [U256; 2] {
    GENERATOR.map(U256::from_limbs)
}

/// Numbers at the edges of the field and of 256 bits.
fn edges() -> [U256; 10] {
    let one = small(1);
    let top = U256::MAX;
    [U256::ZERO, one, small(5), P - one, P, P + one, P + small(5), top, top - one, one << 255]
}

fn random() -> impl FnMut() -> U256 {
    let mut random = Random(31);
    move || U256::from_limbs(std::array::from_fn(|_| random.next()))
}

/// What the messages say, against formulas of the test.
fn judge(messages: &[Message]) -> Verdict {
    let calls = on_bus(messages, CALL);
    let [(call, false)] = &calls[..] else { return Verdict::Wrong("the call") };
    let [number @ (5 | 6), time, first, 0] = call[..] else { return Verdict::Wrong("the call") };
    let doubles = number == 6;
    let memory = on_bus(messages, MEMORY);
    if memory.len() != if doubles { 16 } else { 34 } {
        return Verdict::Wrong("number of accesses");
    }
    let mut words = [first, 0];
    let mut points = [[0; 8]; 3];
    for (index, pair) in memory.as_chunks::<2>().0.iter().enumerate() {
        let [(taken, false), (left, true)] = pair else { return Verdict::Wrong("an access") };
        let ([key, low, high, _], [left_key, after_low, after_high, left_time]) =
            (&taken[..], &left[..])
        else {
            panic!("{pair:?}")
        };
        // Memory holds valid limbs and no keys but those of words.
        if low >> 32 != 0 || high >> 32 != 0 {
            return Verdict::Refused;
        }
        let value = low + (high << 32);
        let read = (low, high) == (after_low, after_high);
        let after = if index == 0 && !doubles {
            if *key != SYSTEM_KEY + 11 || !read {
                return Verdict::Wrong("a register");
            }
            if value % 8 != 0 {
                return Verdict::Refused;
            }
            words[1] = value / 8;
            1
        } else {
            let (word, area) = if doubles { (index, 0) } else { ((index - 1) / 2, index % 2) };
            let number = words[area] + word as u64;
            let code = *key == number + CODE_KEY && area == 1;
            if *key != number && !code {
                return Verdict::Wrong("an address");
            }
            points[area][word] = value;
            if area == 0 {
                if after_low >> 32 != 0 || after_high >> 32 != 0 {
                    return Verdict::Wrong("a limb of the result");
                }
                points[2][word] = after_low + (after_high << 32);
            } else if !read {
                return Verdict::Wrong("a write");
            }
            3 - area as u64
        };
        if left_key != key || *left_time != time.wrapping_add(after) {
            return Verdict::Wrong("a time");
        }
    }
    let [p, q, result] = points.map(|point| {
        let [low, high] = [0, 4].map(|at| std::array::from_fn(|word| point[at + word]));
        [low, high].map(U256::from_limbs)
    });
    let right = expected(doubles, [p[0], p[1], q[0], q[1]]) == result;
    if right { Verdict::Right } else { Verdict::Wrong("the result") }
}

#[test]
fn rows_are_right_and_every_cell_matters() {
    let mut any = random();
    let [x, y] = generator();
    TABLE.agree(&[sum([any(), any(), any(), any()]), sum([U256::MAX, P, small(1), small(0)])]);
    TABLE.agree_but(&[double(x, y), double(any(), any())], &SECOND_POINT);
    // Nothing is inverted where the run is zero.
    TABLE.agree_but(&[sum([x, y, x, P - y]), sum([x, y, x, y])], &["inverse[0]"]);
    let unused = [&SECOND_POINT[..], &["inverse[0]"]].concat();
    TABLE.agree_but(&[double(x, P), double(x, U256::ZERO)], &unused);
}

/// Equal, opposite, y = 0, x + p, y + p, off the curve, (0, 0), and all that is near.
#[test]
fn rows_of_edges_are_right() {
    let mut rows = Vec::new();
    for x1 in edges() {
        for y1 in edges() {
            rows.push(double(x1, y1));
            for x2 in edges() {
                for y2 in [U256::ZERO, small(5), P, U256::MAX] {
                    rows.push(sum([x1, y1, x2, y2]));
                }
            }
        }
    }
    TABLE.are_right(&rows);
}

#[test]
fn resists_forgery() {
    let [x, y] = generator();
    let mut any = random();
    TABLE.resist(&[
        sum([x, y, any(), any()]),
        double(x, y),
        sum([x, y, x, y]),
        double(x, U256::ZERO),
    ]);
}

/// What a row claims: what kind of call it is, and its slope, run, x3 and y3.
#[derive(Clone, Copy)]
struct Claim {
    kind: Kind<Goldilocks>,
    results: [U256; 4],
}

/// A kind by its position among the flags.
fn kind(which: usize) -> Kind<Goldilocks> {
    let [sum, twice, no_sum, no_double] =
        std::array::from_fn(|index| Goldilocks::from_bool(index == which));
    Kind { sum, twice, no_sum, no_double }
}

fn column(name: &str) -> usize {
    let names = TABLE.table.columns();
    names.iter().position(|other| other == name).unwrap_or_else(|| panic!("no column {name}"))
}

/// Where the rows of a call hold a limb that shows what the numbers are.
fn proof_cell(index: usize) -> usize {
    let limbs = column("limbs[0]");
    match index {
        _ if index == PROOF - 1 => column("last"),
        _ if index < PROOF / 2 => limbs + NUMBERS + index,
        _ => TABLE.table.width() + limbs + NUMBERS + index - PROOF / 2,
    }
}

/// The coefficient of a relation that is off: the run's, then those of the slope, of x3 and of y3.
type Off = Option<(usize, usize)>;

/// The row of a call with a claim, honest in all else: quotients and carries are those of relations that differ from the true
/// ones by 1 at a coefficient.
fn claimed(doubles: bool, points: Points, claim: Claim, off: Off) -> Vec<Goldilocks> {
    let Claim { kind, results } = claim;
    let (width, limbs) = (TABLE.table.width(), column("limbs[0]"));
    let mut row = row(doubles, points);
    for (index, number) in results.iter().enumerate() {
        for (limb, value) in split::<LIMBS>(number.as_limbs()).into_iter().enumerate() {
            row[width + limbs + LIMBS * index + limb] = Goldilocks::from_u64(value);
        }
    }
    for (name, flag) in [
        ("sum", kind.sum),
        ("twice", kind.twice),
        ("no_sum", kind.no_sum),
        ("no_double", kind.no_double),
    ] {
        row[column(name)] = flag;
    }
    let numbers = Numbers::<Goldilocks>::new(
        &row[limbs..limbs + CELLS],
        &row[width + limbs..width + limbs + CELLS],
    );
    for (index, distance) in distances(&numbers.run, &Goldilocks::ONE).into_iter().enumerate() {
        // The first inverse is of use with a result alone.
        let used = if index == 0 { kind.sum + kind.twice } else { Goldilocks::ONE };
        row[column("inverse[0]") + index] = distance.try_inverse().unwrap_or_default() * used;
    }
    let mut run = run_relation(&kind, &numbers);
    let mut three = relations(&kind, &numbers);
    match off {
        None => {}
        Some((0, limb)) => run[limb] -= Goldilocks::ONE,
        Some((relation, limb)) => three[relation - 1][limb] -= Goldilocks::ONE,
    }
    let mut proof = three.into_iter().flat_map(shown).collect::<Vec<_>>();
    proof.extend(shown_run(run));
    let p = split(P.as_limbs());
    for (index, name) in [(2, "x_differs[0]"), (3, "y_differs[0]")] {
        if results[index] < P {
            let (differs, gap) = reduction(&p, &split(results[index].as_limbs()));
            row[column(name)..][..differs.len()].copy_from_slice(&differs);
            proof.extend(gap);
        } else {
            proof.extend([0, 0]);
        }
    }
    for (index, value) in proof.into_iter().enumerate() {
        row[proof_cell(index)] = Goldilocks::from_u64(value);
    }
    row
}

/// What follows when each relation is off by a power of 2^16 that `off` names.
fn followed(doubles: bool, [x1, y1, x2, y2]: Points, off: Off) -> [U256; 4] {
    let by = |relation: usize| match off {
        Some((which, limb)) if which == relation => small(1) << (16 * limb),
        _ => U256::ZERO,
    };
    let run = if doubles {
        over(y1.add_mod(y1, P).add_mod(by(0), P), small(3))
    } else {
        minus(x2, x1).add_mod(by(0), P)
    };
    let rise = if doubles { x1.mul_mod(x1, P) } else { minus(y2, y1) };
    let slope = over(rise.add_mod(by(1), P), run);
    let after = minus(minus(slope.mul_mod(slope, P), x1), if doubles { x1 } else { x2 });
    let x3 = minus(after, by(2));
    let y3 = minus(minus(slope.mul_mod(minus(x1, x3), P), y1), by(3));
    [slope, run, x3, y3]
}

/// Claims that are true give the rows that the prover makes.
#[test]
fn true_claims_are_the_honest_rows() {
    let mut any = random();
    for _ in 0..20 {
        let points = [any(), any(), any(), any()];
        let claim = Claim { kind: kind(0), results: followed(false, points, None) };
        assert_eq!(claimed(false, points, claim, None), sum(points));
        let points = [points[0], points[1], U256::ZERO, U256::ZERO];
        let claim = Claim { kind: kind(1), results: followed(true, points, None) };
        assert_eq!(claimed(true, points, claim, None), double(points[0], points[1]));
    }
}

/// Each group of each relation holds down a result that is wrong in its place alone.
#[test]
fn each_group_of_a_relation_is_needed() {
    let mut any = random();
    for doubles in [false, true] {
        let mut points = [any(), any(), any(), any()];
        if doubles {
            points[2..].fill(U256::ZERO);
        }
        for (relation, limbs) in [(0, 16), (1, 16), (2, 16), (3, 16)] {
            for limb in 0..limbs {
                let off = Some((relation, limb));
                let results = followed(doubles, points, off);
                let claim = Claim { kind: kind(usize::from(doubles)), results };
                TABLE.needs_one_constraint(&claimed(doubles, points, claim, off));
            }
        }
    }
}

/// The last group: a result that is right modulo 2^256 only. The slope's relation, say, is 2^256 times a number.
#[test]
fn a_relation_that_wraps_is_refused() {
    let mut any = random();
    let points = [any(), any(), any(), any()];
    for relation in 1..4 {
        for limb in [16, 17, 18] {
            // 2^256 and so on, modulo p.
            let by = small(1).mul_mod(small(2).pow_mod(small(16 * limb), P), P);
            let [_, _, x2, _] = points;
            let mut results = followed(false, points, None);
            let [slope, run, x3, y3] = &mut results;
            match relation {
                1 => *slope = slope.add_mod(over(by, *run), P),
                2 => *x3 = minus(*x3, by),
                _ => *y3 = minus(*y3, by),
            }
            if relation == 1 {
                *x3 = minus(minus(slope.mul_mod(*slope, P), points[0]), x2);
            }
            if relation < 3 {
                *y3 = minus(slope.mul_mod(minus(points[0], *x3), P), points[1]);
            }
            let claim = Claim { kind: kind(0), results };
            let off = Some((relation, limb as usize));
            TABLE.needs_one_constraint(&claimed(false, points, claim, off));
        }
    }
}

/// Any other result has a quotient and carries modulo the field of cells, but none in range.
#[test]
fn a_relation_modulo_the_cells_alone_is_refused() {
    let mut any = random();
    let points = [any(), any(), any(), any()];
    let honest = followed(false, points, None);
    for (relation, number) in [(2, 2), (3, 3)] {
        let mut results = honest;
        results[number] = minus(results[number], small(1));
        if number == 2 {
            let [slope, _, x3, _] = results;
            results[3] = minus(slope.mul_mod(minus(points[0], x3), P), points[1]);
        }
        let claim = Claim { kind: kind(0), results };
        let mut row = claimed(false, points, claim, None);
        // The quotient in its lowest limb alone, and carries after it in theirs.
        let (width, limbs) = (TABLE.table.width(), column("limbs[0]"));
        let numbers = Numbers::<Goldilocks>::new(
            &row[limbs..limbs + CELLS],
            &row[width + limbs..width + limbs + CELLS],
        );
        let off = relations(&claim.kind, &numbers)[relation - 1];
        let radix = Goldilocks::from_u64(1 << 16);
        let value = |limbs: &[Goldilocks]| {
            limbs.iter().rev().fold(Goldilocks::ZERO, |sum, limb| sum * radix + *limb)
        };
        let p = split::<LIMBS>(P.as_limbs()).map(Goldilocks::from_u64);
        let quotient = value(&off) / value(&p);
        let at = |limb: usize| proof_cell(19 * (relation - 1) + limb);
        row[at(0)] = quotient;
        row[at(1)] = Goldilocks::ZERO;
        row[at(2)] = Goldilocks::from_u64(1 << 15);
        let mut relation = off.to_vec();
        relation[0] += quotient * Goldilocks::from_u64(977);
        relation[2] += quotient;
        relation[16] -= quotient;
        let mut carry = Goldilocks::ZERO;
        for group in 0..8 {
            carry = (carry + value(&relation[2 * group..2 * group + 2]))
                / Goldilocks::from_u64(1 << 32);
            row[at(3 + 2 * group)] = carry + Goldilocks::from_u64(1 << 31);
            row[at(4 + 2 * group)] = Goldilocks::ZERO;
        }
        TABLE.needs_lookups(&row);
    }
}

/// Equal points, and the doubling of (0, 0): with a run of 0 or p any slope would do, and any point would be the result.
#[test]
fn a_free_slope_is_refused() {
    let ([x, y], zero) = (generator(), U256::ZERO);
    let calls = [
        (false, [x, y, x, y]),
        (false, [small(5), y, P + small(5), y]),
        (true, [zero; 4]),
        (true, [zero, P, zero, zero]),
        (true, [P, zero, zero, zero]),
    ];
    for (doubles, points) in calls {
        for (run, slope) in [(zero, small(7)), (zero, P - small(1)), (P, small(7)), (P, x)] {
            let [x1, y1, x2, _] = points;
            let x3 = minus(minus(slope.mul_mod(slope, P), x1), if doubles { x1 } else { x2 });
            let y3 = minus(slope.mul_mod(minus(x1, x3), P), y1);
            let claim = Claim { kind: kind(usize::from(doubles)), results: [slope, run, x3, y3] };
            TABLE.needs_one_constraint(&claimed(doubles, points, claim, None));
        }
    }
}

/// Opposite points have no slope at all, whatever the run.
#[test]
fn opposite_points_have_no_slope() {
    let [x, y] = generator();
    for run in [U256::ZERO, P, small(1)] {
        let claim = Claim { kind: kind(0), results: [small(7), run, small(1), small(2)] };
        assert_eq!(TABLE.judge(&claimed(false, [x, y, x, P - y], claim, None)), Verdict::Refused);
    }
}

/// A result that exists is not denied.
#[test]
fn a_result_is_not_denied() {
    let mut any = random();
    let points = [any(), any(), any(), any()];
    let [_, run, ..] = followed(false, points, None);
    let zero = U256::ZERO;
    let claim = Claim { kind: kind(2), results: [zero, run, zero, zero] };
    TABLE.needs_one_constraint(&claimed(false, points, claim, None));
    let points = [points[0], points[1], zero, zero];
    let [_, run, ..] = followed(true, points, None);
    let claim = Claim { kind: kind(3), results: [zero, run, zero, zero] };
    TABLE.needs_one_constraint(&claimed(true, points, claim, None));
    // Nor with another run, whose relation fails.
    let claim = Claim { kind: kind(3), results: [zero; 4] };
    assert_eq!(TABLE.judge(&claimed(true, points, claim, None)), Verdict::Refused);
}

/// Without a result the slope is 0, and so are both coordinates.
#[test]
fn no_result_is_the_reserved_one() {
    let ([x, y], zero) = (generator(), U256::ZERO);
    for (which, points) in [(2, [x, y, x, y]), (3, [x, zero, zero, zero])] {
        let slope = small(3);
        let x3 = slope.mul_mod(slope, P);
        let y3 = slope.mul_mod(minus(x, x3), P);
        let claim = Claim { kind: kind(which), results: [slope, zero, x3, y3] };
        TABLE.needs_one_constraint(&claimed(which == 3, points, claim, None));
        // The order of the field is 0, but not reduced.
        let claim = Claim { kind: kind(which), results: [zero, zero, P, zero] };
        let row = claimed(which == 3, points, claim, None);
        assert_eq!(TABLE.judge(&row), Verdict::Refused);
        assert_eq!(TABLE.judge(&unmarked(row, "x_differs")), Verdict::Refused);
    }
}

/// The row where no limb of a result differs from the modulus, it is said.
fn unmarked(mut row: Vec<Goldilocks>, name: &str) -> Vec<Goldilocks> {
    row[column(&format!("{name}[0]"))..][..LIMBS / 2].fill(Goldilocks::ZERO);
    row
}

/// The row where this limb does, with a gap.
fn marked(row: &[Goldilocks], name: &str, limb: usize, gap: Goldilocks) -> Vec<Goldilocks> {
    let mut row = unmarked(row.to_vec(), name);
    row[column(&format!("{name}[{limb}]"))] = Goldilocks::ONE;
    let gaps = if name == "x_differs" { PROOF - 4 } else { PROOF - 2 };
    row[proof_cell(gaps)] = gap;
    row[proof_cell(gaps + 1)] = Goldilocks::ZERO;
    row
}

/// Points with a given sum `(x3, y3)`.
fn with_sum(x3: U256, y3: U256) -> Points {
    let mut any = random();
    let (slope, x1) = (any().reduce_mod(P), any().reduce_mod(P));
    let x2 = minus(minus(slope.mul_mod(slope, P), x1), x3);
    let y1 = minus(slope.mul_mod(minus(x1, x3), P), y3);
    [x1, y1, x2, y1.add_mod(slope.mul_mod(minus(x2, x1), P), P)]
}

#[test]
fn a_result_that_is_not_reduced_is_refused() {
    for (index, name) in [(2, "x_differs"), (3, "y_differs")] {
        let place = |small_number: U256| {
            let other = small(0x1234_5678);
            let coordinates =
                if index == 2 { [small_number, other] } else { [other, small_number] };
            let points = with_sum(coordinates[0], coordinates[1]);
            let mut results = followed(false, points, None);
            assert_eq!(results[2..], coordinates);
            results[index] += P;
            claimed(false, points, Claim { kind: kind(0), results }, None)
        };
        let gap = Goldilocks::from_u64;
        // p + 5: the lowest limbs differ, in the wrong direction.
        let above = place(small(5));
        TABLE.needs_one_constraint(&marked(&above, name, 0, gap(4)));
        TABLE.needs_one_constraint(&marked(&above, name, 1, gap(0)));
        // The distance that the constraint asks for is out of range.
        TABLE.needs_lookups(&marked(&above, name, 0, -gap(6)));
        // p + 2^32 - 5: the second limbs differ, and are said not to.
        let above = place(small((1 << 32) - 5));
        TABLE.needs_one_constraint(&marked(&above, name, 0, gap(4)));
        // p itself: none differs.
        assert_eq!(TABLE.judge(&unmarked(place(U256::ZERO), name)), Verdict::Refused);
    }
}

/// Limbs above their range give the same number in another way.
#[test]
fn a_limb_above_its_range_is_refused() {
    let mut any = random();
    let honest = sum([any(), any(), any(), any()]);
    let width = TABLE.table.width();
    let mut names = (0..LIMBS * 4 - 1).collect::<Vec<_>>();
    names.retain(|limb| limb % LIMBS != LIMBS - 1);
    for limb in names {
        for start in [column("limbs[0]"), width + column("limbs[0]")] {
            let mut forged = honest.clone();
            forged[start + limb] += Goldilocks::from_u64(1 << 16);
            forged[start + limb + 1] -= Goldilocks::ONE;
            assert_eq!(TABLE.judge(&forged), Verdict::Refused, "{limb}");
        }
    }
}

/// Another operation on the same words.
#[test]
fn a_call_is_of_one_kind() {
    let [x, y] = generator();
    let mut any = random();
    for honest in [sum([x, y, any(), any()]), double(x, y), sum([x, y, x, y]), double(x, P)] {
        for flags in 0..16u64 {
            let mut forged = honest.clone();
            for (bit, name) in ["sum", "twice", "no_sum", "no_double"].into_iter().enumerate() {
                forged[column(name)] = Goldilocks::from_u64(flags >> bit & 1);
            }
            let verdict = TABLE.judge(&forged);
            let expected = if forged == honest { Verdict::Right } else { Verdict::Refused };
            assert_eq!(verdict, expected, "{flags:b}");
        }
    }
}

/// Rows of a call that are not one after the other.
#[test]
fn rows_of_a_call_stay_together() {
    let mut any = random();
    let (width, honest) = (TABLE.table.width(), sum([any(), any(), any(), any()]));
    let (first, second) = honest.split_at(width);
    let zeros = vec![Goldilocks::ZERO; width];
    assert_eq!(TABLE.judge(first), Verdict::Refused);
    assert_eq!(TABLE.judge(&[first, &zeros].concat()), Verdict::Refused);
    assert_eq!(TABLE.judge(&[&zeros, second].concat()), Verdict::Refused);
    assert_eq!(TABLE.judge(&[first, first, second].concat()), Verdict::Refused);
    let place = |first, last| Place { first, last, ..Place::anywhere(&zeros) };
    assert!(!evaluate(Table::Point, second, place(true, false)).failed.is_empty());
    // The row after the last is the first one of the table.
    let last = Place { last: true, ..Place::anywhere(second) };
    assert!(!evaluate(Table::Point, first, last).failed.is_empty());
}
