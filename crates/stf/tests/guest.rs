//! The committed RISC-V program says what the native function says.

use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, b256, bytes};
use oneslot_riscv::{
    FEATURE_KECCAK, FEATURE_MULMOD, FEATURE_POINT, Machine, MachineStatus, PRECOMPILES, Preimages,
    Program,
};
use oneslot_stf::{
    ExecutionInput, GenesisAccount, State,
    devchain::{Account, DevChain, config, transfers},
    execute,
};
use oneslot_types::{PreimageKey, StatementId};
use revm::Database;
use std::{fs, path::PathBuf};

fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn program() -> Program {
    let elf = fs::read(file("guests/elf/stf.elf")).expect("the committed program");
    Program::from_elf(&elf).expect("a program")
}

/// Masks of the machine's precompiles.
const MASKS: [u64; 5] = [0, FEATURE_KECCAK, FEATURE_MULMOD, FEATURE_POINT, PRECOMPILES];

/// The program with this mask in its image, before it has read anything of the input.
fn machine(program: &Program, input: &ExecutionInput, mask: u64) -> Machine {
    let program = program.with_precompiles(mask).expect("a mask");
    let contents = input.contents().map(|(key, content)| (key.to_bytes(), content.to_vec()));
    Machine::new(program, Preimages::new(contents))
}

/// Runs the program with every mask, which must not change how it ends; prints instructions.
fn run(program: &Program, input: &ExecutionInput) -> (MachineStatus, Option<StatementId>) {
    let runs = MASKS.map(|mask| {
        let mut machine = machine(program, input, mask);
        let status = machine.run(u64::MAX);
        println!("precompiles {mask:x}: {} instructions", machine.steps());
        (status, machine.output().map(|id| StatementId(id.into())))
    });
    assert_eq!(runs, [runs[0]; MASKS.len()]);
    runs[0]
}

/// Instructions until the program halts.
fn steps(program: &Program, input: &ExecutionInput, mask: u64) -> u64 {
    let mut machine = machine(program, input, mask);
    assert_eq!(machine.run(u64::MAX), MachineStatus::Halted { code: 0 });
    machine.steps()
}

#[test]
fn each_precompile_saves_instructions() {
    let program = program();
    let input = transfers(3, false).expect("record");
    let [plain, keccak, mulmod, both] = [0, 1, 2, 3].map(|mask| steps(&program, &input, mask));
    assert!(keccak < plain && mulmod < plain);
    assert!(both < keccak.min(mulmod) && 3 * both < plain, "{both} of {plain}");
    let [points, points_alone] =
        [PRECOMPILES, FEATURE_POINT].map(|mask| steps(&program, &input, mask));
    assert!(points + 3 * 80_000 < both, "{points} of {both}");
    // Recovery needs multiplications, too. Reading the mask takes another branch.
    assert!(points_alone.abs_diff(plain) < 10, "{points_alone} of {plain}");
}

#[test]
fn the_program_commits_the_id_of_the_statement() {
    let program = program();
    let mut inputs =
        vec![transfers(2, false).expect("record"), transfers(1, true).expect("record")];
    let json = fs::read_to_string(file("fixtures/stf-input.json")).expect("fixture");
    let vectors: Vec<serde_json::Value> = serde_json::from_str(&json).expect("vectors");
    for vector in vectors {
        let input: Bytes = vector["input"].as_str().expect("hex").parse().expect("hex");
        inputs.push(ExecutionInput::decode(input).expect("input"));
    }
    assert_eq!(inputs.len(), 6);
    for input in inputs {
        let native = execute(&input).expect("native");
        assert_eq!(run(&program, &input), (MachineStatus::Halted { code: 0 }, Some(native.id())));
    }
}

/// Passes its calldata to `ecrecover` and stores what that returns in the slot named by the last word.
const RECOVERS: Address = address!("00000000000000000000000000000000000000ec");
const RECOVERS_CODE: Bytes = bytes!("60805f5f376020608060805f60015afa5060805160605155");

/// A batch in a blob, with calls of `ecrecover`: valid, of a point that does not exist, with `s` in the upper half.
#[test]
fn the_program_recovers_and_evaluates_as_the_function() {
    const ORDER: U256 = alloy_primitives::uint!(
        0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256
    );
    // The precompile's test vector of go-ethereum.
    let hash = b256!("456e9aea5e197a1f1af7a3e85a3212fa4049a3ba34c2289b4c860fc0b0c64ef3");
    let r = b256!("9242685bf161793cc25603c231bc2f568eb630ea16aa137d2664ac8038825608");
    let s = b256!("4f8ae3bd7535248d0bd448298cc2e2071e56992d0774dc340c368ae950852ada");
    let signer = address!("7156526fbd7a3c72969b54f64e42c10fbb768c8a").into_word();
    let high = B256::from(ORDER - U256::from_be_bytes(s.0));
    // No point has x = 5.
    let calls = [
        (28u8, r, s, signer),
        (27, r, high, signer),
        (27, B256::with_last_byte(5), B256::with_last_byte(1), B256::ZERO),
    ];

    let mut alice = Account::new(1);
    let contract = GenesisAccount { nonce: 1, code: RECOVERS_CODE, ..GenesisAccount::default() };
    let mut chain = DevChain::new(config(), [alice.address()], [(RECOVERS, contract)]);
    let transactions = calls.map(|(v, r, s, _)| {
        let call = [hash, B256::with_last_byte(v), r, s].concat();
        alice.send(&chain.config, TxKind::Call(RECOVERS), U256::ZERO, 100_000, call.into())
    });
    let blocks = chain.blocks([transactions.to_vec()]);
    let (input, executed) = chain.advance(chain.post_blobs(&blocks)).expect("record");
    let mut state = State::new(&chain.source, chain.header.state_root);
    for (_, _, slot, expected) in calls {
        let stored = state.storage(RECOVERS, slot.into()).expect("state");
        assert_eq!(B256::from(stored), expected);
    }
    let expected = (MachineStatus::Halted { code: 0 }, Some(executed.statement.id()));
    assert_eq!(run(&program(), &input), expected);
}

/// A signature of `fixtures/recoveries.json`, which was crafted so that a recovery meets equal or opposite points.
#[derive(serde::Deserialize)]
struct Recovery {
    about: String,
    hash: B256,
    v: u8,
    r: B256,
    s: B256,
    signer: Address,
}

#[test]
fn the_program_recovers_from_crafted_signatures() {
    let json = fs::read_to_string(file("fixtures/recoveries.json")).expect("fixture");
    let recoveries: Vec<Recovery> = serde_json::from_str(&json).expect("recoveries");
    let mut alice = Account::new(1);
    let contract = GenesisAccount { nonce: 1, code: RECOVERS_CODE, ..GenesisAccount::default() };
    let mut chain = DevChain::new(config(), [alice.address()], [(RECOVERS, contract)]);
    // The contract stores in the slot `s`. An equal and an opposite point may come from one `s`, so they are apart. A batch
    // has gas for a few dozen.
    let (equal, opposite): (Vec<_>, Vec<_>) =
        recoveries.iter().partition(|recovery| recovery.about.contains("equal"));
    for recoveries in equal.chunks(40).chain(opposite.chunks(40)) {
        let transactions = recoveries.iter().map(|recovery| {
            let Recovery { hash, v, r, s, .. } = **recovery;
            let call = [hash, B256::with_last_byte(v), r, s].concat();
            alice.send(&chain.config, TxKind::Call(RECOVERS), U256::ZERO, 100_000, call.into())
        });
        let blocks = chain.blocks([transactions.collect::<Vec<_>>()]);
        let (input, executed) = chain.advance(chain.post(&blocks)).expect("record");
        let mut state = State::new(&chain.source, chain.header.state_root);
        for Recovery { about, s, signer, .. } in recoveries {
            let stored = state.storage(RECOVERS, (*s).into()).expect("state");
            assert_eq!(B256::from(stored), signer.into_word(), "{about}");
        }
        let mut machine = machine(&program(), &input, PRECOMPILES);
        assert_eq!(machine.run(u64::MAX), MachineStatus::Halted { code: 0 });
        assert_eq!(machine.output().map(B256::from), Some(executed.statement.id().0));
    }
}

#[test]
fn the_program_refuses_what_the_function_refuses() {
    let program = program();
    let input = transfers(1, false).expect("record");
    let posted = PreimageKey::Keccak(input.statement.batch_commitment.0);
    let other = |change: fn(&mut ExecutionInput)| {
        let mut other = input.clone();
        change(&mut other);
        execute(&other).expect_err("refused");
        other
    };
    let refused = (MachineStatus::Halted { code: 1 }, None);
    assert_eq!(run(&program, &other(|input| input.statement.batch_index.0 += 1)), refused);
    let no_config = other(|input| input.statement.config_hash = input.insert(Bytes::new()));
    assert_eq!(run(&program, &no_config), refused);

    // Without a preimage the machine stops before the read.
    let missing = other(|input| drop(input.remove(&input.statement.batch_commitment.0.clone())));
    let stops = MachineStatus::MissingPreimage { key: posted.to_bytes() };
    assert_eq!(run(&program, &missing), (stops, None));

    // The machine takes any content for advice. The program hashes it, and its length is bounded.
    let key = posted.to_bytes();
    let honest: Vec<_> =
        input.contents().map(|(k, content)| (k.to_bytes(), content.to_vec())).collect();
    let answers = [vec![], vec![0; 320], vec![0; PreimageKey::MAX_CONTENT + 1]];
    for answer in answers {
        let lie = honest.iter().cloned().chain([(key, answer)]);
        let mut machine = Machine::new(program.clone(), Preimages::new(lie));
        assert_eq!(machine.run(u64::MAX), MachineStatus::Halted { code: 1 });
        assert_eq!(machine.output(), None);
    }
}
