//! Every instruction against a model written from the manual in plain `i128` arithmetic. (RV-2 in docs/reference/riscv.md)

mod assembler;

use assembler::*;
use oneslot_riscv::{MachineStatus, Op};
use proptest::prelude::*;

const TWO_64: i128 = 1 << 64;

fn signed(value: u64, bits: u32) -> i128 {
    let low = i128::from(value).rem_euclid(1 << bits);
    if low >= 1 << (bits - 1) { low - (1 << bits) } else { low }
}

fn unsigned(value: u64, bits: u32) -> i128 {
    i128::from(value).rem_euclid(1 << bits)
}

/// The integer modulo 2^64, as a register.
fn register(value: i128) -> u64 {
    value.rem_euclid(TWO_64) as u64
}

/// The integer modulo 2^32, sign-extended to a register.
fn word(value: i128) -> u64 {
    register(signed(register(value), 32))
}

/// Result of an operation on two values; the immediate forms are those of their register forms.
fn model(op: Op, a: u64, b: u64) -> u64 {
    let (sa, sb, ua, ub) = (signed(a, 64), signed(b, 64), unsigned(a, 64), unsigned(b, 64));
    let (sa32, sb32, ua32, ub32) = (signed(a, 32), signed(b, 32), unsigned(a, 32), unsigned(b, 32));
    let (by64, by32) = (1i128 << (b % 64), 1i128 << (b % 32));
    let quotient = |a: i128, b: i128| if b == 0 { -1 } else { a / b };
    let remainder = |a: i128, b: i128| if b == 0 { a } else { a - a / b * b };
    let bits = |f: fn(bool, bool) -> bool| {
        (0..64).filter(|n| f(a >> n & 1 == 1, b >> n & 1 == 1)).map(|n| 1 << n).sum()
    };
    match op {
        Op::Add | Op::Addi => register(sa + sb),
        Op::Sub => register(sa - sb),
        Op::Slt | Op::Slti => u64::from(sa < sb),
        Op::Sltu | Op::Sltiu => u64::from(ua < ub),
        Op::Xor | Op::Xori => bits(|a, b| a != b),
        Op::Or | Op::Ori => bits(|a, b| a || b),
        Op::And | Op::Andi => bits(|a, b| a && b),
        // The operand is cut first so that the product fits.
        Op::Sll | Op::Slli => register((ua % (TWO_64 / by64)) * by64),
        Op::Srl | Op::Srli => register(ua / by64),
        Op::Sra | Op::Srai => register(sa.div_euclid(by64)),
        Op::Addw | Op::Addiw => word(sa + sb),
        Op::Subw => word(sa - sb),
        Op::Sllw | Op::Slliw => word(ua32 * by32),
        Op::Srlw | Op::Srliw => word(ua32 / by32),
        Op::Sraw | Op::Sraiw => word(sa32.div_euclid(by32)),
        Op::Mul => (0..64)
            .filter(|n| b >> n & 1 == 1)
            .fold(0, |sum, n| register(i128::from(sum) + (ua % (1 << (64 - n))) * (1 << n))),
        Op::Mulh => register((sa * sb).div_euclid(TWO_64)),
        Op::Mulhsu => register((sa * ub).div_euclid(TWO_64)),
        Op::Mulhu => {
            // The square of 2^64 does not fit: (2^63 h + l) b = 2^63 (h b) + l b with l below 2^63.
            let (high, low) = (ua >> 63, ua & ((1 << 63) - 1));
            let product = low * ub;
            register((product / 2 + high * (ub << 62)).div_euclid(TWO_64 / 2))
        }
        Op::Div => register(quotient(sa, sb)),
        Op::Divu => register(quotient(ua, ub)),
        Op::Rem => register(remainder(sa, sb)),
        Op::Remu => register(remainder(ua, ub)),
        Op::Mulw => word(sa32 * sb32),
        Op::Divw => word(quotient(sa32, sb32)),
        Op::Divuw => word(quotient(ua32, ub32)),
        Op::Remw => word(remainder(sa32, sb32)),
        Op::Remuw => word(remainder(ua32, ub32)),
        Op::Beq => u64::from(ua == ub),
        Op::Bne => u64::from(ua != ub),
        Op::Blt => u64::from(sa < sb),
        Op::Bge => u64::from(sa >= sb),
        Op::Bltu => u64::from(ua < ub),
        Op::Bgeu => u64::from(ua >= ub),
        _ => unreachable!("{op:?} has no model here"),
    }
}

/// One use of an operation: `body` computes x7 from x5 and x6, which hold `a` and `b`.
struct Case {
    op: Op,
    body: Vec<u32>,
    a: u64,
    b: u64,
}

impl Case {
    fn register(op: Op, (a, b): (u64, u64)) -> Self {
        Self { op, body: vec![r(op, 7, 5, 6)], a, b }
    }

    /// x7 = 1 if the branch skips the last instruction.
    fn branch(op: Op, (a, b): (u64, u64)) -> Self {
        Self { op, body: vec![li(7, 1), s(op, 5, 6, 8), li(7, 0)], a, b }
    }

    fn immediate(op: Op, a: u64, imm: i32) -> Self {
        Self { op, body: vec![i(op, 7, 5, imm)], a, b: i64::from(imm) as u64 }
    }
}

/// Runs all cases as one program and compares each result with the model.
fn check(cases: &[Case]) {
    let mut code = vec![point_to_data()];
    for case in cases {
        code.extend([i(Op::Ld, 5, 31, 0), i(Op::Ld, 6, 31, 8)]);
        code.extend(&case.body);
        code.extend([s(Op::Sd, 31, 7, 0), i(Op::Addi, 31, 31, 16)]);
    }
    code.extend(halt());
    assert!(CODE + 4 * (code.len() as u64) < DATA, "the code fits below the data");
    let data = bytes(&cases.iter().flat_map(|case| [case.a, case.b]).collect::<Vec<_>>());
    let mut machine = machine(&code, &data, &[]);
    assert_eq!(machine.run(1_000_000), MachineStatus::Halted { code: 0 });
    for (Case { op, a, b, .. }, address) in cases.iter().zip((DATA..).step_by(16)) {
        let got = machine.memory().word(address);
        assert_eq!(got, Some(model(*op, *a, *b)), "{op:?} of {a:#x} and {b:#x}");
    }
}

/// Every operation on every pair.
fn check_all(pairs: &[(u64, u64)]) {
    let mut cases = Vec::new();
    for &(a, b) in pairs {
        cases.extend(REGISTER_OPS.map(|op| Case::register(op, (a, b))));
        cases.extend(BRANCHES.map(|op| Case::branch(op, (a, b))));
        cases.extend(IMMEDIATE_OPS.map(|(op, least, greatest)| {
            let imm = least + (b % (greatest - least + 1) as u64) as i32;
            Case::immediate(op, a, imm)
        }));
    }
    check(&cases);
}

fn edge_pairs() -> impl Iterator<Item = (u64, u64)> {
    EDGES.iter().flat_map(|&a| EDGES.iter().map(move |&b| (a, b)))
}

#[test]
fn register_operations_and_branches_on_edges() {
    for op in REGISTER_OPS {
        let mut cases: Vec<_> = edge_pairs().map(|pair| Case::register(op, pair)).collect();
        // The destination may be a source, and both sources the same.
        for (a, b) in edge_pairs() {
            cases.push(Case { op, body: vec![r(op, 5, 5, 6), i(Op::Addi, 7, 5, 0)], a, b });
            cases.push(Case { op, body: vec![r(op, 6, 5, 6), i(Op::Addi, 7, 6, 0)], a, b });
        }
        cases.extend(EDGES.map(|a| Case { op, body: vec![r(op, 7, 5, 5)], a, b: a }));
        check(&cases);
    }
    for op in BRANCHES {
        check(&edge_pairs().map(|pair| Case::branch(op, pair)).collect::<Vec<_>>());
    }
}

#[test]
fn immediate_operations_on_edges() {
    for (op, least, greatest) in IMMEDIATE_OPS {
        let middle = [-1, 0, 1, 2, greatest / 2, greatest / 2 + 1];
        let immediates = [least, least + 1, greatest - 1, greatest];
        let immediates = immediates.into_iter().chain(middle).filter(|imm| *imm >= least);
        let cases = immediates.flat_map(|imm| EDGES.map(|a| Case::immediate(op, a, imm)));
        check(&cases.collect::<Vec<_>>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn operations_on_any_values(pairs in proptest::collection::vec((any::<u64>(), any::<u64>()), 16)) {
        check_all(&pairs);
    }

    #[test]
    fn operations_on_any_narrow_values(pairs in proptest::collection::vec((any::<i32>(), any::<i8>()), 16)) {
        let pairs: Vec<_> = pairs.iter().map(|&(a, b)| (a as i64 as u64, b as i64 as u64)).collect();
        check_all(&pairs);
    }
}

#[test]
fn lui_and_auipc_extend_their_sign() {
    for imm in [0, 0x1000, 0x7fff_f000, i32::MIN, -4096, 0x1234_5000] {
        let code = [u(Op::Lui, 5, imm), u(Op::Auipc, 6, imm)];
        let mut machine = machine(&[&code[..], &halt()].concat(), &[], &[]);
        machine.run(2);
        assert_eq!(machine.registers()[5], register(imm.into()));
        assert_eq!(machine.registers()[6], register(i128::from(CODE) + 4 + i128::from(imm)));
    }
}

#[test]
fn jumps_link_and_clear_the_lowest_bit() {
    // jal over one instruction; jalr to the target with bit 0 set; the link is the next instruction.
    let mut code =
        vec![u(Op::Jal, 1, 8), li(10, 99), u(Op::Auipc, 5, 0), i(Op::Jalr, 5, 5, 13), li(10, 98)];
    code.extend(halt());
    let mut machine = machine(&code, &[], &[]);
    assert_eq!(machine.run(100), MachineStatus::Halted { code: 0 });
    assert_eq!(machine.registers()[1], CODE + 4);
    assert_eq!(machine.registers()[5], CODE + 16);
    assert_eq!(machine.steps(), 5);
}

#[test]
fn x0_stays_zero() {
    let mut code = vec![point_to_data()];
    code.extend([li(0, 5), i(Op::Ld, 0, 31, 0), r(Op::Add, 0, 31, 31), u(Op::Lui, 0, 4096)]);
    code.extend([u(Op::Jal, 0, 4), r(Op::Divu, 0, 31, 0), u(Op::Auipc, 0, 0)]);
    code.extend([i(Op::Addi, 10, 0, 0)]);
    code.extend(halt());
    let mut machine = machine(&code, &bytes(&[7]), &[]);
    for _ in 0..8 {
        machine.step();
        assert_eq!(machine.registers()[0], 0);
    }
    assert_eq!(machine.run(10), MachineStatus::Halted { code: 0 });
}

/// Loads and stores of each size at each offset of a word, at the ends of pages and of memory.
#[test]
fn loads_and_stores_against_bytes() {
    let (value, background) = (0x8182_8384_f5f6_f7f8u64, 0x1122_3344_5566_7788u64);
    for address in [DATA, DATA + 0xff8, DATA + 0x1000, 0, 0xffff_eff8, 0xffff_fff8] {
        for (store, store_size) in STORES {
            for offset in (0..8).step_by(store_size as usize) {
                stored(address, (store, store_size), offset, value, background);
            }
        }
    }
}

/// Stores part of `value` over `background` at `address` and loads it back in every way.
fn stored(address: u64, (store, size): (Op, u64), offset: i32, value: u64, background: u64) {
    let loads: Vec<(Op, u64, i32)> = LOADS
        .into_iter()
        .flat_map(|(op, size)| (0..8).step_by(size as usize).map(move |from| (op, size, from)))
        .collect();
    let mut code = vec![point_to_data(), i(Op::Ld, 5, 31, 16), i(Op::Ld, 6, 31, 24)];
    code.extend([i(Op::Ld, 8, 31, 32), s(Op::Sd, 5, 8, 0), s(store, 5, 6, offset)]);
    code.extend(loads.iter().map(|&(op, _, from)| i(op, 7, 5, from)));
    let mut machine = machine(&code, &bytes(&[0, 0, address, value, background]), &[]);
    assert_eq!(machine.run(6), MachineStatus::Running);

    let mut expected = background.to_le_bytes();
    let (offset, size) = (offset as usize, size as usize);
    expected[offset..offset + size].copy_from_slice(&value.to_le_bytes()[..size]);
    assert_eq!(machine.memory().word(address), Some(u64::from_le_bytes(expected)), "{store:?}");
    for (op, size, from) in loads {
        assert_eq!(machine.step(), MachineStatus::Running);
        let mut loaded = [0; 8];
        loaded[..size as usize].copy_from_slice(&expected[from as usize..][..size as usize]);
        let loaded = u64::from_le_bytes(loaded);
        let extended = match op {
            Op::Lb | Op::Lh | Op::Lw => register(signed(loaded, 8 * size as u32)),
            _ => loaded,
        };
        assert_eq!(machine.registers()[7], extended, "{store:?} {offset} {op:?} {from}");
    }
}
