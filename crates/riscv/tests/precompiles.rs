//! The precompiles against other implementations, and every way they can stop. (docs/reference/riscv.md)

mod assembler;

use assembler::*;
use k256::{ProjectivePoint, Scalar, elliptic_curve::sec1::ToEncodedPoint};
use num_bigint::BigUint;
use oneslot_riscv::{Access, Machine, MachineStatus, MemoryWord, Op, Step, Trap};
use std::collections::HashMap;

const KECCAK: i32 = 3;
const MULMOD: i32 = 4;
const POINT_ADD: i32 = 5;
const POINT_DOUBLE: i32 = 6;

/// Runs one call; `areas` are the values of a0, a1 and a2, which the program loads from the words of memory before
/// `data`, and `data` lies at [`AREA`]. Gives the machine in front of the `ecall`.
fn before_call(number: i32, areas: [u64; 3], data: &[u64]) -> Machine {
    let load = |n: u8| i(Op::Ld, 10 + n, 31, 8 * i32::from(n));
    let code = [point_to_data(), load(0), load(1), load(2), li(17, number), ECALL, ECALL];
    let mut words = vec![0; 8];
    words[..3].copy_from_slice(&areas);
    words.extend(data);
    let mut machine = machine(&code, &bytes(&words), &[]);
    machine.run(5);
    assert_eq!(machine.status(), MachineStatus::Running);
    machine
}

/// Address of the data of [`before_call`].
const AREA: u64 = DATA + 64;

fn words(machine: &Machine, address: u64, count: u64) -> Vec<u64> {
    (0..count).map(|n| machine.memory().word(address + 8 * n).expect("in range")).collect()
}

fn number(words: &[u64]) -> BigUint {
    BigUint::from_bytes_le(&bytes(words))
}

fn product(a: &[u64], b: &[u64], m: &[u64]) -> Vec<u64> {
    let mut digits = (number(a) * number(b) % number(m)).to_u64_digits();
    digits.resize(4, 0);
    digits
}

/// The step of the call that comes next; its accesses must lead from the memory before to the memory after.
fn call(machine: &mut Machine) -> Step {
    let mut memory: HashMap<u64, u64> = HashMap::new();
    let start: HashMap<u64, u64> = machine
        .memory()
        .pages()
        .flat_map(|(page, bytes)| {
            let words = bytes.as_chunks::<8>().0.iter().enumerate();
            let address = u64::from(page) << 12;
            words.map(move |(n, word)| (address + 8 * n as u64, u64::from_le_bytes(*word)))
        })
        .collect();
    let registers = *machine.registers();
    let step = machine.trace().next().expect("a step");
    assert_eq!(machine.registers(), &registers, "a call changes no register");
    for &MemoryWord { address, before, after } in &step.words {
        let found = memory.insert(address, after).or_else(|| start.get(&address).copied());
        assert_eq!(found.unwrap_or(0), before);
    }
    for (address, value) in start.iter().map(|(address, value)| (*address, *value)) {
        let expected = memory.get(&address).copied().unwrap_or(value);
        assert_eq!(machine.memory().word(address), Some(expected));
    }
    step
}

#[test]
fn keccak_is_the_permutation() {
    let mut random = Random(1);
    for round in 0..200 {
        let state: [u64; 25] = match round {
            0 => [0; 25],
            1 => [u64::MAX; 25],
            _ => std::array::from_fn(|_| random.operand()),
        };
        let mut expected = state;
        tiny_keccak::keccakf(&mut expected);
        let mut machine = before_call(KECCAK, [AREA, 0, 0], &state);
        let step = call(&mut machine);
        assert_eq!(words(&machine, AREA, 25), expected);
        assert_eq!(step.access, Some(Access::Keccak { address: AREA }));
        assert_eq!((step.reads, step.more_reads), ([(17, 3), (10, AREA)], [(0, 0); 2]));
        assert_eq!((step.write, step.result), (None, AREA));
        let listed: Vec<_> = step.words.iter().map(|word| (word.address, word.before)).collect();
        assert!((AREA..).step_by(8).zip(state).take(25).eq(listed));
    }
}

/// The known answer for the zero state: first lanes after one and two permutations (Keccak Code Package).
#[test]
fn keccak_of_zeros_is_known() {
    let mut machine = before_call(KECCAK, [AREA, 0, 0], &[]);
    machine.step();
    assert_eq!(words(&machine, AREA, 2), [0xf125_8f79_40e1_dde7, 0x84d5_ccf9_33c0_478a]);
    machine.step();
    assert_eq!(words(&machine, AREA, 2), [0x2d5c_954d_f96e_cb3c, 0x6a33_2cd0_7057_b56d]);
}

#[test]
fn mulmod_is_the_remainder_of_the_product() {
    // The fields of secp256k1, its order, the scalar field of BLS12-381.
    let known = [
        [0xffff_fffe_ffff_fc2f, u64::MAX, u64::MAX, u64::MAX],
        [0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, u64::MAX - 1, u64::MAX],
        [
            0xffff_ffff_0000_0001,
            0x53bd_a402_fffe_5bfe,
            0x3339_d808_09a1_d805,
            0x73ed_a753_299d_7d48,
        ],
        [1, 0, 0, 0],
        [u64::MAX; 4],
        [0, 0, 0, 1 << 63],
    ];
    let mut random = Random(2);
    for round in 0..3_000 {
        let mut any = || -> [u64; 4] {
            let length = random.below(5) as usize;
            std::array::from_fn(|n| if n < length { random.operand() } else { 0 })
        };
        let (a, b, mut m) = (any(), any(), any());
        if round % 2 == 0 {
            m = known[round / 2 % known.len()];
        }
        if m == [0; 4] {
            m[3] = 1;
        }
        let areas @ [at_a, at_b, at_m] = [AREA, AREA + 64, AREA + 32];
        let mut machine = before_call(MULMOD, areas, &[a, m, b].concat());
        let step = call(&mut machine);
        assert_eq!(words(&machine, AREA, 4), product(&a, &b, &m), "{a:x?} {b:x?} {m:x?}");
        assert_eq!(step.access, Some(Access::MulMod { a: at_a, b: at_b, m: at_m }));
        assert_eq!(step.reads, [(17, 4), (10, at_a)]);
        assert_eq!(step.more_reads, [(11, at_b), (12, at_m)]);
        assert_eq!((step.write, step.result, step.words.len()), (None, at_a, 12));
        let listed = step.words.iter().map(|word| (word.address, word.before));
        let area = |start: u64, words: [u64; 4]| (start..).step_by(8).zip(words);
        assert!(area(at_m, m).chain(area(at_b, b)).chain(area(at_a, a)).eq(listed));
    }
}

/// Areas may overlap in every way: the numbers are read before the result is written.
#[test]
fn areas_of_mulmod_may_overlap() {
    let mut random = Random(3);
    let data: [u64; 12] = std::array::from_fn(|_| random.next());
    for (a, b, m) in (0..125).map(|n| (n / 25, n / 5 % 5, n % 5)) {
        let area = |n: usize| &data[n..n + 4];
        let areas = [a, b, m].map(|n| AREA + 8 * n as u64);
        let mut machine = before_call(MULMOD, areas, &data);
        call(&mut machine);
        assert_eq!(words(&machine, areas[0], 4), product(area(a), area(b), area(m)));
    }
}

/// The trap of the next step, which must change nothing.
fn trap(number: i32, areas: [u64; 3], data: &[u64]) -> Trap {
    let mut machine = before_call(number, areas, data);
    let (pc, registers) = (machine.pc(), *machine.registers());
    let pages: Vec<_> = machine.memory().pages().map(|(n, page)| (n, *page)).collect();
    let step = machine.trace().next().expect("a step");
    let MachineStatus::Trapped(trap) = step.status else { panic!("expected a trap, got {step:?}") };
    assert_eq!((step.access, step.words, step.next_pc), (None, vec![], pc));
    assert_eq!((machine.pc(), *machine.registers(), machine.steps()), (pc, registers, 6));
    assert!(machine.memory().pages().map(|(n, page)| (n, *page)).eq(pages));
    trap
}

#[test]
fn the_address_of_keccak_is_checked() {
    let trap = |address| trap(KECCAK, [address, 0, 0], &[]);
    for address in [AREA + 4, CODE + 1, (1 << 32) - 1, u64::MAX] {
        assert_eq!(trap(address), Trap::MisalignedAccess { address, size: 200 });
    }
    for address in [(1 << 32) - 192, (1 << 32) - 8, 1 << 32, (1 << 63) + AREA, u64::MAX - 7] {
        assert_eq!(trap(address), Trap::OutOfRange { address, size: 200 });
    }
    for address in [CODE - 192, CODE - 8, CODE, CODE + 0x1000 - 8] {
        assert_eq!(trap(address), Trap::CodeWrite { address, size: 200 });
    }
    for address in [CODE - 200, CODE + 0x1000, (1 << 32) - 200] {
        assert!(before_call(KECCAK, [address, 0, 0], &[]).step().is_running());
    }
}

/// One area after the other in the order of the accesses, each in the usual order of reasons, the modulus last.
#[test]
fn the_addresses_of_mulmod_are_checked() {
    let (odd, far, size) = (AREA + 12, (1 << 32) - 24, 32);
    let misaligned = Trap::MisalignedAccess { address: odd, size };
    let out_of_range = Trap::OutOfRange { address: far, size };
    let code = |address| Trap::CodeWrite { address, size };
    let one = [1];
    let cases = [
        ([odd, far, far], out_of_range),
        ([odd, far, odd], misaligned),
        ([odd, far, AREA], out_of_range),
        ([CODE, odd, AREA], misaligned),
        ([odd, AREA, AREA], misaligned),
        ([far, AREA, AREA], out_of_range),
        ([CODE, AREA, AREA], code(CODE)),
        ([CODE - 24, AREA, AREA], code(CODE - 24)),
        ([CODE, AREA, AREA + 64], code(CODE)),
        ([AREA, AREA, AREA + 64], Trap::ZeroModulus),
    ];
    for (areas, expected) in cases {
        assert_eq!(trap(MULMOD, areas, &one), expected, "{areas:x?}");
    }
    // Code may be read.
    let mut machine = before_call(MULMOD, [AREA, CODE, CODE], &[3]);
    assert!(machine.step().is_running());
    assert_eq!(words(&machine, AREA, 4), [0; 4]);
}

/// Order of the field of secp256k1.
const FIELD: [u64; 4] = [0xffff_fffe_ffff_fc2f, u64::MAX, u64::MAX, u64::MAX];

/// A point as the machine has it: x, then y.
type Point = [u64; 8];

/// The point of k256; none for the neutral element.
fn of_curve(point: &ProjectivePoint) -> Option<Point> {
    let encoded = point.to_affine().to_encoded_point(false);
    let (x, y) = (encoded.x()?, encoded.y()?);
    let mut words = [0; 8];
    for (words, bytes) in words.chunks_mut(4).zip([x, y]) {
        for (word, bytes) in words.iter_mut().zip(bytes.rchunks(8)) {
            *word = u64::from_be_bytes(bytes.try_into().expect("8 bytes"));
        }
    }
    Some(words)
}

/// `k G`; none for the neutral element.
fn multiple(k: i64) -> Option<Point> {
    let scalar = Scalar::from(k.unsigned_abs());
    of_curve(&(ProjectivePoint::GENERATOR * if k < 0 { -scalar } else { scalar }))
}

/// What the page of the machine says, with whole numbers: the sum of two points, or the double of one.
fn expected(p: &[u64], q: Option<&[u64]>) -> Vec<u64> {
    let field = number(&FIELD);
    let minus = |a: &BigUint, b: &BigUint| (a + &field - b % &field) % &field;
    let [x1, y1] = [0, 4].map(|at| number(&p[at..at + 4]) % &field);
    let (x2, rise, run) = match q {
        None => (x1.clone(), 3u32 * &x1 * &x1, (&y1 + &y1) % &field),
        Some(q) => {
            let [x2, y2] = [0, 4].map(|at| number(&q[at..at + 4]) % &field);
            (x2.clone(), minus(&y2, &y1), minus(&x2, &x1))
        }
    };
    let [x3, y3] = if run == BigUint::ZERO {
        [BigUint::ZERO; 2]
    } else {
        // Fermat: the inverse is the power of p - 2.
        let slope = rise * run.modpow(&(&field - 2u32), &field) % &field;
        let x3 = minus(&minus(&(&slope * &slope), &x1), &x2);
        let y3 = minus(&(slope * minus(&x1, &x3)), &y1);
        [x3, y3]
    };
    [x3, y3].iter().flat_map(|n| n.iter_u64_digits().chain([0; 4]).take(4)).collect()
}

/// Adds `q` to `p` by the machine, or doubles `p`.
fn point_call(p: Point, q: Option<Point>) -> Vec<u64> {
    let (call_number, data) = match q {
        Some(q) => (POINT_ADD, [p, q].concat()),
        None => (POINT_DOUBLE, p.to_vec()),
    };
    let at_q = if q.is_some() { AREA + 64 } else { 7 };
    let mut machine = before_call(call_number, [AREA, at_q, 1], &data);
    let step = call(&mut machine);
    let registers = if q.is_some() { [(11, at_q), (0, 0)] } else { [(0, 0); 2] };
    assert_eq!(step.reads, [(17, call_number as u64), (10, AREA)]);
    assert_eq!((step.more_reads, step.write, step.result), (registers, None, AREA));
    let access = match q {
        Some(_) => Access::PointAdd { p: AREA, q: at_q },
        None => Access::PointDouble { p: AREA },
    };
    assert_eq!(step.access, Some(access));
    let listed = step.words.iter().map(|word| (word.address, word.before));
    let area =
        |start: u64, point: Option<Point>| (start..).step_by(8).zip(point.into_iter().flatten());
    assert!(area(at_q, q).chain(area(AREA, Some(p))).eq(listed));
    let result = words(&machine, AREA, 8);
    assert_eq!(result, expected(&p, q.as_ref().map(|q| &q[..])), "{p:x?} {q:x?}");
    for coordinate in result.chunks(4) {
        assert!(number(coordinate) < number(&FIELD), "results are canonical");
    }
    result
}

#[test]
fn points_add_and_double_as_on_the_curve() {
    let zero = [0; 8];
    for (a, b) in [(1, 2), (2, 1), (5, -3), (3, 3), (3, -3), (-7, -7), (1 << 40, 12345)] {
        let [p, q] = [a, b].map(|k| multiple(k).expect("not neutral"));
        let sum = multiple(a + b).filter(|_| a != b);
        assert_eq!(point_call(p, Some(q)), sum.unwrap_or(zero), "{a} + {b}");
        assert_eq!(point_call(p, None), multiple(2 * a).expect("not neutral"), "2 * {a}");
    }
    let mut random = Random(4);
    let mut any = || {
        let scalar = (0..4).fold(Scalar::ZERO, |sum, _| {
            sum * Scalar::from(u64::MAX) + Scalar::from(random.next())
        });
        ProjectivePoint::GENERATOR * scalar
    };
    for _ in 0..200 {
        let (p, q) = (any(), any());
        let [p_words, q_words] = [p, q].map(|point| of_curve(&point).expect("not neutral"));
        assert_eq!(Some(point_call(p_words, Some(q_words))), of_curve(&(p + q)).map(Vec::from));
        assert_eq!(Some(point_call(p_words, None)), of_curve(&p.double()).map(Vec::from));
    }
}

/// Any numbers are points: off the curve, above the order of the field, and those that have no sum.
#[test]
fn points_are_any_numbers() {
    let shifted = |number: u64| {
        let (low, carry) = FIELD[0].overflowing_add(number);
        let high = if carry { 0 } else { u64::MAX };
        [low, high, high, high]
    };
    // The same modulo the order, twice each.
    let mut coordinates = vec![[0; 4], FIELD, [1, 0, 0, 0], shifted(1), [5, 0, 0, 0], shifted(5)];
    coordinates.extend([
        [u64::MAX; 4],
        shifted(0x1_0000_03d0),
        [FIELD[0] - 1, u64::MAX, u64::MAX, u64::MAX],
    ]);
    coordinates.push([0, 0, 0, 1 << 63]);
    let mut random = Random(5);
    coordinates.push(std::array::from_fn(|_| random.next()));
    let mut points = Vec::new();
    for x in &coordinates {
        points.extend(
            coordinates.iter().map(|y| Point::try_from([*x, *y].concat()).expect("8 words")),
        );
    }
    let mut none = 0;
    for p in &points {
        point_call(*p, None);
        for q in points.iter().step_by(7) {
            none += u32::from(point_call(*p, Some(*q)) == [0; 8]);
        }
    }
    assert!(none > 100, "points with equal x: {none}");
    // x + p and y + p: small coordinates of the curve do not exist, so the double of (0, 0) and its like stand for them.
    let p = Point::try_from([[5, 0, 0, 0], [9, 0, 0, 0]].concat()).expect("8 words");
    let q = Point::try_from([shifted(5), shifted(9)].concat()).expect("8 words");
    assert_eq!(point_call(p, Some(q)), [0; 8]);
    assert_eq!(point_call(p, None), point_call(q, None));
}

/// Areas may overlap in every way: both points are read before the sum is written.
#[test]
fn areas_of_points_may_overlap() {
    let mut random = Random(6);
    let data: [u64; 24] = std::array::from_fn(|_| random.next());
    for (p, q) in (0..17 * 17).map(|n| (n / 17, n % 17)) {
        let areas = [AREA + 8 * p as u64, AREA + 8 * q as u64, 0];
        let mut machine = before_call(POINT_ADD, areas, &data);
        call(&mut machine);
        let sum = expected(&data[p..p + 8], Some(&data[q..q + 8]));
        assert_eq!(words(&machine, areas[0], 8), sum);
        assert_eq!(sum == [0; 8], p == q);
    }
}

/// The second point for alignment and range, then the first, also for code.
#[test]
fn the_addresses_of_points_are_checked() {
    let (odd, far, size) = (AREA + 12, (1 << 32) - 56, 64);
    let misaligned = Trap::MisalignedAccess { address: odd, size };
    let out_of_range = Trap::OutOfRange { address: far, size };
    let code = |address| Trap::CodeWrite { address, size };
    let cases = [
        ([odd, far], out_of_range),
        ([far, odd], misaligned),
        ([CODE, odd], misaligned),
        ([CODE, far], out_of_range),
        ([odd, AREA], misaligned),
        ([far, AREA], out_of_range),
        ([CODE - 56, AREA], code(CODE - 56)),
        ([CODE + 0x1000 - 8, AREA], code(CODE + 0x1000 - 8)),
    ];
    for ([p, q], expected) in cases {
        assert_eq!(trap(POINT_ADD, [p, q, 0], &[]), expected, "{p:x} {q:x}");
        if q == AREA {
            assert_eq!(trap(POINT_DOUBLE, [p, 1, 0], &[]), expected, "{p:x}");
        }
    }
    // The second point may be code, and the last words of memory are words.
    let mut machine = before_call(POINT_ADD, [(1 << 32) - 64, CODE, 0], &[]);
    assert!(machine.step().is_running());
    let mut machine = before_call(POINT_DOUBLE, [CODE - 64, 0, 0], &[]);
    assert!(machine.step().is_running());
}
