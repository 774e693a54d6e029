use std::{collections::BTreeMap, sync::Arc};

use oneslot_riscv::{Instruction, MachineStatus, Op, Preimages, Program};

use super::*;
use crate::{Execution, check::check};

/// Address of the code of test programs.
const CODE: u64 = 0x1000;

/// Program of these instructions.
pub(crate) fn program(code: &[Instruction]) -> Program {
    let mut page = [0; 4096];
    for (word, instruction) in page.as_chunks_mut::<4>().0.iter_mut().zip(code) {
        *word = instruction.encode().to_le_bytes();
    }
    let pages = BTreeMap::from([((CODE >> 12) as u32, Arc::new(page))]);
    Program::from_image(CODE, CODE..CODE + 4096, pages).expect("a program")
}

pub(crate) fn instruction(op: Op, rd: u8, rs1: u8, rs2: u8, imm: i32) -> Instruction {
    Instruction { op, rd, rs1, rs2, imm }
}

/// Stores, loads, adds and shifts `count` times, reads input, commits 32 bytes, halts with code 0.
pub(crate) fn busy(count: i32) -> Program {
    use Op::*;
    let i = instruction;
    program(&[
        i(Lui, 5, 0, 0, 0x2000),
        i(Addi, 6, 0, 0, count),
        // Loop.
        i(Sd, 0, 5, 6, 8),
        i(Ld, 7, 5, 0, 8),
        i(Add, 8, 8, 7, 0),
        i(Slli, 9, 8, 0, 13),
        i(Xor, 8, 8, 9, 0),
        i(Srl, 9, 8, 6, 0),
        i(Mul, 10, 8, 9, 0),
        i(Mulhu, 11, 8, 9, 0),
        i(Sltu, 12, 10, 11, 0),
        i(Sb, 0, 5, 8, 3),
        i(Sh, 0, 5, 8, 6),
        i(Sw, 0, 5, 8, 20),
        i(Lb, 13, 5, 0, 3),
        i(Lhu, 14, 5, 0, 6),
        i(Lw, 15, 5, 0, 20),
        i(Sub, 16, 13, 14, 0),
        i(Addw, 18, 15, 16, 0),
        i(Sraw, 19, 18, 6, 0),
        i(Divu, 20, 8, 6, 0),
        i(Rem, 21, 19, 20, 0),
        i(Addi, 6, 6, 0, -1),
        i(Bne, 0, 6, 0, -84),
        // Input word 0, whose key is in memory that nobody wrote, and the sums.
        i(Addi, 17, 0, 0, 1),
        i(Addi, 10, 0, 0, 0),
        i(Addi, 11, 0, 0, 0),
        i(Ecall, 0, 0, 0, 0),
        i(Sd, 0, 5, 10, 0),
        i(Jal, 1, 0, 0, 8),
        i(Addi, 8, 0, 0, 0),
        i(Addi, 17, 0, 0, 2),
        i(Addi, 10, 5, 0, 0),
        i(Ecall, 0, 0, 0, 0),
        i(Addi, 17, 0, 0, 0),
        i(Addi, 10, 0, 0, 0),
        i(Ecall, 0, 0, 0, 0),
    ])
}

/// Input of [`busy`].
pub(crate) fn preimages() -> Preimages {
    Preimages::input(&[7; 5])
}

/// Names a key in a page of its own and an index, does other things for longer than a state may last, and reads the word.
pub(crate) fn idle_read() -> Program {
    use Op::*;
    let i = instruction;
    program(&[
        i(Lui, 10, 0, 0, 0x8000),
        i(Addi, 11, 0, 0, 1),
        i(Lui, 6, 0, 0, 0x3000),
        // Loop.
        i(Addi, 6, 6, 0, -1),
        i(Bne, 0, 6, 0, -4),
        i(Addi, 17, 0, 0, 1),
        i(Ecall, 0, 0, 0, 0),
        i(Addi, 17, 0, 0, 0),
        i(Ecall, 0, 0, 0, 0),
    ])
}

pub(crate) fn segments(program: &Program, steps: u64) -> Vec<(SegmentInput, PublicValues)> {
    segments_on(program, preimages(), steps)
}

fn segments_on(
    program: &Program,
    preimages: Preimages,
    steps: u64,
) -> Vec<(SegmentInput, PublicValues)> {
    let mut execution = Execution::new(program, preimages, steps).expect("a size");
    std::iter::from_fn(|| execution.next_segment().expect("the program halts")).collect()
}

#[test]
fn traces_of_a_run_satisfy_all_constraints_and_balance() {
    let program = busy(100);
    let segments = segments(&program, 1 << 10);
    assert_eq!(segments.len(), 3);
    for (input, public) in segments {
        let witness = Witness::new(&input).expect("a witness");
        assert_eq!(witness.public, public);
        let values = witness.public_values();
        let instances: Vec<_> = Table::ALL
            .iter()
            .zip(&witness.traces)
            .zip(&values)
            .map(|((table, trace), public)| (*table, trace, public.as_slice()))
            .collect();
        assert_eq!(check(&instances), Ok(()));
    }
}

/// Calls keccak on the state at 0x2000 and multiplies: the number at 0x2000 by that at 0x2020 modulo that at 0x2040, then by code
/// modulo itself overlapping. Adds code to the point at 0x2008, then the point to itself, and doubles it; commits the first
/// words and halts.
pub(crate) fn precompiles() -> Program {
    use Op::*;
    let i = instruction;
    program(&[
        i(Lui, 5, 0, 0, 0x2000),
        i(Addi, 6, 0, 0, 5),
        // Loop.
        i(Addi, 10, 5, 0, 0),
        i(Addi, 17, 0, 0, 3),
        i(Ecall, 0, 0, 0, 0),
        i(Addi, 11, 5, 0, 32),
        i(Addi, 12, 5, 0, 64),
        i(Addi, 17, 0, 0, 4),
        i(Ecall, 0, 0, 0, 0),
        // The areas overlap, the modulus lies in the code.
        i(Addi, 10, 5, 0, 8),
        i(Addi, 11, 5, 0, 24),
        i(Lui, 12, 0, 0, 0x1000),
        i(Ecall, 0, 0, 0, 0),
        i(Addi, 11, 10, 0, 0),
        i(Addi, 12, 10, 0, 8),
        i(Ecall, 0, 0, 0, 0),
        // Points.
        i(Addi, 17, 0, 0, 6),
        i(Ecall, 0, 0, 0, 0),
        i(Addi, 17, 0, 0, 5),
        i(Lui, 11, 0, 0, 0x1000),
        i(Ecall, 0, 0, 0, 0),
        i(Addi, 11, 10, 0, 16),
        i(Ecall, 0, 0, 0, 0),
        i(Addi, 11, 10, 0, 0),
        i(Ecall, 0, 0, 0, 0),
        i(Addi, 6, 6, 0, -1),
        i(Bne, 0, 6, 0, -96),
        i(Addi, 17, 0, 0, 2),
        i(Addi, 10, 5, 0, 0),
        i(Ecall, 0, 0, 0, 0),
        i(Addi, 17, 0, 0, 0),
        i(Addi, 10, 0, 0, 0),
        i(Ecall, 0, 0, 0, 0),
    ])
}

/// What [`check`] says of all traces of a witness.
pub(crate) fn violation(witness: &Witness) -> Result<(), crate::check::Violation> {
    let values = witness.public_values();
    let instances: Vec<_> = Table::ALL
        .iter()
        .zip(&witness.traces)
        .zip(&values)
        .map(|((table, trace), public)| (*table, trace, public.as_slice()))
        .collect();
    check(&instances)
}

#[test]
fn traces_of_precompiles_satisfy_all_constraints_and_balance() {
    let segments = segments(&precompiles(), 1 << 10);
    let [(input, public)] = &segments[..] else { panic!("one segment") };
    let witness = Witness::new(input).expect("a witness");
    assert_eq!(witness.public, *public);
    assert_eq!(violation(&witness), Ok(()));
}

/// A call: number, a0, a1, a2.
type Call = [u64; 4];
/// First word of data of [`calls`].
pub(crate) const DATA: u64 = 0x10_0000;

/// Program that makes these calls one after the other and halts; `data` lies at [`DATA`].
pub(crate) fn calls(calls: &[Call], data: &[u64]) -> Program {
    use Op::*;
    const LIST: u64 = 0x2_0000;
    let i = instruction;
    let count = i32::try_from(calls.len()).expect("few calls");
    assert!(count < 2048 && LIST + 32 * calls.len() as u64 <= DATA);
    let code = [
        i(Lui, 5, 0, 0, LIST as i32),
        i(Addi, 6, 0, 0, count),
        // Loop.
        i(Ld, 17, 5, 0, 0),
        i(Ld, 10, 5, 0, 8),
        i(Ld, 11, 5, 0, 16),
        i(Ld, 12, 5, 0, 24),
        i(Ecall, 0, 0, 0, 0),
        i(Addi, 5, 5, 0, 32),
        i(Addi, 6, 6, 0, -1),
        i(Bne, 0, 6, 0, -28),
        i(Addi, 17, 0, 0, 0),
        i(Addi, 10, 0, 0, 0),
        i(Ecall, 0, 0, 0, 0),
    ];
    let mut pages: BTreeMap<u32, Box<[u8; 4096]>> = BTreeMap::new();
    let mut put = |address: u64, bytes: &[u8]| {
        for (address, byte) in (address..).zip(bytes) {
            let page = pages.entry((address >> 12) as u32).or_insert_with(|| Box::new([0; 4096]));
            page[(address & 0xfff) as usize] = *byte;
        }
    };
    let bytes =
        |words: &[u64]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
    put(CODE, &code.map(|instruction| instruction.encode().to_le_bytes()).concat());
    put(LIST, &bytes(calls.as_flattened()));
    put(DATA, &bytes(data));
    let pages = pages.into_iter().map(|(number, page)| (number, page.into())).collect();
    Program::from_image(CODE, CODE..CODE + 4096, pages).expect("a program")
}

/// Witness of a run of one segment; its traces lead to the memory that the interpreter left.
fn agrees(program: &Program) -> Witness {
    let segments = segments(program, 1 << 15);
    let [(input, public)] = &segments[..] else { panic!("one segment") };
    let witness = Witness::new(input).expect("a witness");
    assert_eq!(witness.public, *public);
    assert_eq!(violation(&witness), Ok(()));
    witness
}

/// SplitMix64: the same sequence in every run.
fn random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
}

#[test]
fn keccak_agrees_with_the_interpreter() {
    let mut random = random(1);
    let mut data = vec![0; 25];
    data.extend([u64::MAX; 25]);
    data.extend((0..100).map(|_| random()));
    // Each state, overlapping ones, one of them again and again.
    let at = (0..6).map(|state| DATA + 200 * state).chain([8, 96, 96, 96, 400].map(|by| DATA + by));
    let list: Vec<_> = at.map(|address| [3, address, 0, 0]).collect();
    agrees(&calls(&list, &data));
}

#[test]
fn mulmod_agrees_with_the_interpreter() {
    let mut random = random(2);
    let edges: [[u64; 4]; 10] = [
        [0; 4],
        [1, 0, 0, 0],
        [u64::MAX; 4],
        [u64::MAX - 1, u64::MAX, u64::MAX, u64::MAX],
        [0, 0, 0, 1 << 63],
        [0xffff, 0, 0, 0],
        [0, 1, 0, 0],
        // The field and the order of secp256k1, the scalar field of BLS12-381.
        [0xffff_fffe_ffff_fc2f, u64::MAX, u64::MAX, u64::MAX],
        [0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, u64::MAX - 1, u64::MAX],
        [
            0xffff_ffff_0000_0001,
            0x53bd_a402_fffe_5bfe,
            0x3339_d808_09a1_d805,
            0x73ed_a753_299d_7d48,
        ],
    ];
    let mut numbers = Vec::new();
    for a in edges {
        for b in edges {
            numbers.extend(edges[1..].iter().flat_map(|m| [a, b, *m]));
        }
    }
    for _ in 0..100 {
        numbers.push(std::array::from_fn(|_| random()));
        numbers.push(std::array::from_fn(|_| random()));
        let words = random() % 4;
        numbers.push(std::array::from_fn(|n| if n as u64 <= words { random() | 1 } else { 0 }));
    }
    let list: Vec<_> = (0..numbers.len() as u64 / 3)
        .map(|n| [4, DATA + 96 * n, DATA + 96 * n + 32, DATA + 96 * n + 64])
        .collect();
    let mut expected = Vec::new();
    for [a, b, m] in numbers.as_chunks::<3>().0 {
        let [x, y, z] = [a, b, m].map(|number| ruint::aliases::U256::from_limbs(*number));
        expected.push(*x.mul_mod(y, z).as_limbs());
    }
    let witness = agrees(&calls(&list, numbers.as_flattened()));
    // The results stand in the table, in order.
    let columns = Table::MulMod.columns();
    let r = columns.iter().position(|name| name == "limbs[48]").expect("a column");
    let rows = witness.traces[Table::MulMod as usize].values.chunks(columns.len()).step_by(2);
    for (row, expected) in rows.zip(expected) {
        let limbs = expected.iter().flat_map(|word| crate::record::quarters(*word));
        assert!(limbs.map(crate::tables::cells::cell).eq(row[r..r + 16].iter().copied()));
    }
}

#[test]
fn areas_of_mulmod_may_overlap() {
    let mut random = random(3);
    let data: Vec<_> = (0..12 * 125).map(|_| random()).collect();
    let list: Vec<_> = (0..125)
        .map(|n| [n / 25, n / 5 % 5, n % 5].map(|word| DATA + 8 * (12 * n + word)))
        .map(|[a, b, m]| [4, a, b, m])
        .chain([[4, DATA, CODE + 4096 - 16, CODE], [4, DATA, CODE, CODE - 16]])
        .collect();
    agrees(&calls(&list, &data));
}

/// Numbers modulo the order of the field of secp256k1: 0, 1 and 5, each twice, and others at the edges.
fn coordinates() -> Vec<[u64; 4]> {
    let order = [0xffff_fffe_ffff_fc2f, u64::MAX, u64::MAX, u64::MAX];
    let above = |number: u64| [order[0] + number, u64::MAX, u64::MAX, u64::MAX];
    vec![
        [0; 4],
        order,
        [1, 0, 0, 0],
        above(1),
        [5, 0, 0, 0],
        above(5),
        [u64::MAX; 4],
        [order[0] - 1, u64::MAX, u64::MAX, u64::MAX],
        // The generator and its opposite.
        [
            0x59f2_815b_16f8_1798,
            0x029b_fcdb_2dce_28d9,
            0x55a0_6295_ce87_0b07,
            0x79be_667e_f9dc_bbac,
        ],
        [
            0x9c47_d08f_fb10_d4b8,
            0xfd17_b448_a685_5419,
            0x5da4_fbfc_0e11_08a8,
            0x483a_da77_26a3_c465,
        ],
        [
            0x63b8_2f6f_04ef_2777,
            0x02e8_4bb7_597a_abe6,
            0xa25b_0403_f1ee_f757,
            0xb7c5_2588_d95c_3b9a,
        ],
    ]
}

#[test]
fn points_agree_with_the_interpreter() {
    let mut random = random(4);
    let coordinates = coordinates();
    let mut points = Vec::new();
    for x in &coordinates {
        points.extend(coordinates.iter().map(|y| [*x, *y].concat()));
    }
    points.extend((0..40).map(|_| (0..8).map(|_| random()).collect()));
    let mut data = Vec::new();
    let mut list = Vec::new();
    // Each point doubled, and with some others added to it.
    for (index, point) in points.iter().enumerate() {
        let at = DATA + 8 * data.len() as u64;
        list.push([6, at, 0, 0]);
        data.extend(point);
        for other in [index, index + 1, index + coordinates.len() + 2] {
            let at = DATA + 8 * data.len() as u64;
            list.push([5, at, at + 64, 0]);
            data.extend(point);
            data.extend(&points[other % points.len()]);
        }
    }
    agrees(&calls(&list, &data));
}

#[test]
fn areas_of_points_may_overlap() {
    let mut random = random(5);
    let data: Vec<_> = (0..24 * 17 * 17).map(|_| random()).collect();
    let list: Vec<_> = (0..17 * 17)
        .map(|n| [n / 17, n % 17].map(|word| DATA + 8 * (24 * n + word)))
        .map(|[p, q]| [5, p, q, 0])
        .chain([[5, DATA, CODE + 4096 - 32, 0], [5, DATA, CODE - 24, 0], [6, CODE - 64, 0, 0]])
        .collect();
    agrees(&calls(&list, &data));
}

/// Reads of three keys in turn, at addresses that are not aligned, beyond 2^32 and at the end of memory.
fn reading() -> (Program, Preimages) {
    let mut random = random(6);
    let keys: [[u64; 5]; 2] = std::array::from_fn(|_| std::array::from_fn(|_| random()));
    let list: Vec<Call> = (0..200)
        .map(|n| {
            let index = [0, 1, 2, 3, 1 << 40, u64::MAX][n % 6];
            let key = [DATA, DATA + 40, 0xffff_fff8][n / 6 % 3];
            [1, random() << 32 | key | (random() % 8), index, 0]
        })
        .collect();
    let bytes = |key: [u64; 5]| key.map(u64::to_le_bytes).concat().try_into().expect("a key");
    let contents = [
        (bytes(keys[0]), vec![1; 15]),
        (bytes(keys[1]), vec![2; 16]),
        (oneslot_riscv::INPUT_KEY, vec![]),
    ];
    (calls(&list, keys.as_flattened()), Preimages::new(contents))
}

#[test]
fn reads_agree_with_the_interpreter() {
    let (program, preimages) = reading();
    let segments = segments_on(&program, preimages, 1 << 10);
    assert!(segments.len() > 1);
    for (input, public) in &segments {
        assert!(!input.words_read.is_empty());
        let input = SegmentInput::from_bytes(&input.to_bytes()).expect("an input");
        let witness = Witness::new(&input).expect("a witness");
        assert_eq!(witness.public, *public);
        assert_eq!(violation(&witness), Ok(()));
    }
    let words: Vec<u64> =
        segments.iter().flat_map(|(input, _)| input.words_read.iter().copied()).collect();
    let [one, two] = [1, 2].map(|byte| u64::from_le_bytes([byte; 8]));
    let expected = [[15, one, one >> 8, 0, 0, 0], [16, two, two, 0, 0, 0], [0; 6]];
    assert!(words.iter().eq(expected.as_flattened().iter().cycle().take(200)));

    // A run on the words alone has the same segments.
    assert_eq!(segments_on(&program, Preimages::replay(words), 1 << 10), segments);
}

/// A segment has exactly the words that it reads.
#[test]
fn words_left_over_or_missing_are_refused() {
    let (program, preimages) = reading();
    for (input, _) in segments_on(&program, preimages, 1 << 10) {
        let refused = |change: fn(&mut Vec<u64>), expected: &str| {
            let mut input = input.clone();
            change(&mut input.words_read);
            let Err(Error::Input { why }) = Witness::new(&input).map(drop) else {
                panic!("accepted, but {expected}")
            };
            assert_eq!(why, expected);
        };
        refused(|words| words.push(0), "1 words of preimages are not read");
        refused(|words| words.extend([1, 2, 3]), "3 words of preimages are not read");
        refused(|words| words.truncate(words.len() - 1), "words of preimages are missing");
    }
}

#[test]
fn a_missing_preimage_is_an_error_that_names_its_key() {
    let key = [0xab; oneslot_riscv::KEY_BYTES];
    let word = u64::from_le_bytes([0xab; 8]);
    let program = calls(&[[1, 0, 0, 0], [1, DATA, 7, 0]], &[word; 5]);
    let mut execution = Execution::new(&program, preimages(), 1 << 10).expect("a size");
    for _ in 0..2 {
        let error = execution.next_segment().expect_err("a preimage is missing");
        let Error::NotHalted { status, steps, .. } = &error else { panic!("{error}") };
        assert_eq!((*status, *steps), (MachineStatus::MissingPreimage { key }, 14));
        assert!(error.to_string().contains(&"ab".repeat(40)), "{error}");
    }
    let error = Execution::count_segments(&program, preimages(), 1 << 10).expect_err("missing");
    assert!(matches!(error, Error::NotHalted { .. }), "{error}");
}
