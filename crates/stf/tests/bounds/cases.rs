//! Contracts that use their gas on one thing, again and again.

use alloy_eips::{eip2935, eip4788};
use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use c_kzg::{Blob, Bytes32, ethereum_kzg_settings};
use oneslot_stf::{BlobProof, GenesisAccount, PostedBlob, blob::evaluation_point};
use oneslot_types::BlobOpening;
use sha2::{Digest, Sha256};

/// What a transaction executes.
pub(crate) struct Case {
    /// For messages.
    pub(crate) name: &'static str,
    /// Of the contract that it calls.
    pub(crate) code: Vec<u8>,
    /// Of the transaction.
    pub(crate) calldata: Vec<u8>,
    /// Of the contract that it calls.
    pub(crate) storage: Vec<(U256, U256)>,
    /// Other accounts.
    pub(crate) others: Vec<(Address, GenesisAccount)>,
    /// Gas limits of the two runs whose difference is measured.
    pub(crate) gas: [u64; 2],
    /// Whether it ends because the gas is gone, and is undone.
    pub(crate) fails: bool,
}

impl Case {
    pub(crate) fn new(name: &'static str, code: Vec<u8>) -> Self {
        Self {
            name,
            code,
            calldata: Vec::new(),
            storage: Vec::new(),
            others: Vec::new(),
            gas: [1_200_000, 2_800_000],
            fails: false,
        }
    }
}

/// A loop without end around `body`: JUMPDEST, body, PUSH0, JUMP.
pub(crate) fn forever(body: &[u8]) -> Vec<u8> {
    [&[0x5b], body, &[0x5f, 0x56]].concat()
}

/// A loop around `body` that begins at `start` and stops when no more than `rest` gas is left: JUMPDEST,
/// body, PUSH4 rest, GAS, GT, PUSH1 start, JUMPI. What it does is not undone.
fn while_gas(start: u8, body: &[u8], rest: u32) -> Vec<u8> {
    [&[0x5b], body, &[0x63], &rest.to_be_bytes(), &[0x5a, 0x11, 0x60, start, 0x57]].concat()
}

/// A loop around 100 times `body`, of which each takes at most 400 gas.
fn often(body: &[u8]) -> Vec<u8> {
    while_gas(0, &body.repeat(100), 50_000)
}

/// A loop around 10 times `body`, of which each takes at most 4,000 gas.
fn some(body: &[u8]) -> Vec<u8> {
    while_gas(0, &body.repeat(10), 50_000)
}

/// A loop around `body`, which takes at most 100,000 gas.
fn dear(body: &[u8]) -> Vec<u8> {
    while_gas(0, body, 110_000)
}

/// A loop around 100 times an instruction on `arity` numbers, all of them below it on the stack: `first`,
/// which is the last operand, then numbers of 32 bytes.
fn arithmetic(op: u8, arity: u8, first: &[u8]) -> Vec<u8> {
    let push = |bytes: &[u8]| [&[0x5f + bytes.len() as u8][..], bytes].concat();
    let mut code = [push(first), push(&[0xff; 32]), push(&[0xfe; 32])].concat();
    // DUP3 as often as there are operands, the operation, POP.
    let body = [&[0x82].repeat(arity.into())[..], &[op, 0x50]].concat().repeat(20);
    code.extend(while_gas(code.len() as u8, &body, 50_000));
    code
}

pub(crate) fn instructions() -> Vec<Case> {
    let mut cases = vec![
        Case::new("jump destinations", often(&[0x5b])),
        Case::new("push and pop", often(&[0x5f, 0x50])),
        Case::new("keccak of a byte", often(&[0x60, 1, 0x5f, 0x20, 0x50])),
        Case::new("keccak of 4 KiB", some(&[0x61, 16, 0, 0x5f, 0x20, 0x50])),
        Case::new("keccak across words", some(&[0x61, 16, 0, 0x60, 7, 0x20, 0x50])),
        Case::new("block hashes", often(&[0x60, 1, 0x43, 0x03, 0x40, 0x50])),
        Case::new("memory words", often(&[0x5f, 0x5f, 0x52])),
        Case::new("memory words across words", often(&[0x5f, 0x60, 13, 0x52])),
        Case::new("memory copies", some(&[0x61, 0x80, 0, 0x5f, 0x60, 7, 0x5e])),
        Case::new("code copies", some(&[0x61, 0x60, 0, 0x5f, 0x5f, 0x39])),
        Case::new(
            "calls of nothing",
            often(&[0x5f, 0x5f, 0x5f, 0x5f, 0x60, 0xaa, 0x5a, 0xfa, 0x50]),
        ),
        // Calls of itself, until the depth or the gas of a call ends it.
        Case {
            fails: true,
            ..Case::new(
                "calls of itself",
                forever(&[0x5f, 0x5f, 0x5f, 0x5f, 0x30, 0x5a, 0xfa, 0x50]),
            )
        },
    ];
    // Multiplication, divisions, remainders, powers, shifts, with operands of several lengths.
    for (name, op, arity) in [
        ("multiplications", 0x02, 2),
        ("divisions", 0x04, 2),
        ("signed divisions", 0x05, 2),
        ("remainders", 0x06, 2),
        ("signed remainders", 0x07, 2),
        ("sums modulo", 0x08, 3),
        ("products modulo", 0x09, 3),
        ("powers", 0x0a, 2),
        ("sign extensions", 0x0b, 2),
        ("shifts", 0x1d, 2),
    ] {
        for length in [32, 24, 17, 11] {
            cases.push(Case::new(name, arithmetic(op, arity, &vec![0x93; length])));
        }
    }
    cases
}

pub(crate) fn state() -> Vec<Case> {
    // GAS is a number that never comes twice.
    let logs = [0x5a, 0x5a, 0x5a, 0x5a, 0x5f, 0x5f, 0xa4];
    let values = [0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x5a, 0x5a, 0xf1, 0x50];
    let zeros = vec![0; 20_000];
    vec![
        Case::new("transient writes", often(&[0x5a, 0x5a, 0x5d])),
        Case::new("transient reads", often(&[0x5a, 0x5c, 0x50])),
        Case::new("slots read", dear(&[0x5a, 0x54, 0x50])),
        Case::new("slots written", dear(&[0x5a, 0x5a, 0x55])),
        Case::new("one slot written", often(&[0x5a, 0x5f, 0x55])),
        Case {
            storage: slots(),
            ..Case::new("slots read in a deep trie", dear(&[0x5a, 0x54, 0x50]))
        },
        Case {
            storage: slots(),
            ..Case::new("slots written in a deep trie", dear(&[0x5a, 0x5a, 0x55]))
        },
        // Slots 0, 1, 2 and so on: PUSH0, and DUP1, PUSH0, SWAP1, SSTORE, PUSH1 1, ADD.
        Case {
            storage: slots(),
            ..Case::new(
                "slots cleared",
                [&[0x5f][..], &while_gas(1, &[0x80, 0x5f, 0x90, 0x55, 0x60, 1, 0x01], 30_000)]
                    .concat(),
            )
        },
        Case::new("accounts read", dear(&[0x5a, 0x31, 0x50])),
        Case::new("empty logs", dear(&[0x5f, 0x5f, 0xa0])),
        Case::new("logs of topics", dear(&logs)),
        Case::new("logs of bytes", dear(&[0x61, 4, 0, 0x5f, 0xa0])),
        Case::new("creations", dear(&[0x5f, 0x5f, 0x5f, 0xf0, 0x50])),
        Case::new("creations of long init code", dear(&[0x61, 0xbf, 0, 0x5f, 0x5f, 0xf0, 0x50])),
        Case::new("calls of new accounts", dear(&values)),
        Case { calldata: zeros, ..Case::new("zeros in calldata", vec![0]) },
        Case { calldata: random(19_200), ..Case::new("bytes in calldata", vec![0]) },
        calls_of_codes(codes(1_100)),
        Case { others: codes(1_100), ..Case::new("sizes of codes", from_the_first(&[0x80, 0x3b])) },
    ]
}

/// Storage of a contract that is used a lot: its trie is five nodes deep.
fn slots() -> Vec<(U256, U256)> {
    (0..100_000_u64).map(|slot| (U256::from(slot), U256::MAX)).collect()
}

/// First of the accounts of [`codes`].
const FIRST: u32 = 0x10_0000;

/// So many contracts of the largest size, no two alike, that stop at once and may be jumped to anywhere.
pub(crate) fn codes(count: u32) -> Vec<(Address, GenesisAccount)> {
    (FIRST..FIRST + count)
        .map(|index| {
            let mut code = vec![0x5b; 24_576];
            code[0] = 0;
            code[1..5].copy_from_slice(&index.to_be_bytes());
            let account =
                GenesisAccount { nonce: 1, code: code.into(), ..GenesisAccount::default() };
            (Address::left_padding_from(&index.to_be_bytes()), account)
        })
        .collect()
}

/// A loop with a number on the stack that counts from the first of the codes; `body` adds one number.
fn from_the_first(body: &[u8]) -> Vec<u8> {
    let mut code = [&[0x63][..], &FIRST.to_be_bytes()].concat();
    let body = [body, &[0x50, 0x60, 1, 0x01]].concat();
    code.extend(while_gas(code.len() as u8, &body, 10_000));
    code
}

/// Calls of contracts that have never been read before.
pub(crate) fn calls_of_codes(others: Vec<(Address, GenesisAccount)>) -> Case {
    let call = [0x5f, 0x5f, 0x5f, 0x5f, 0x84, 0x61, 0x0a, 0xff, 0xfa];
    Case { others, ..Case::new("calls of codes", from_the_first(&call)) }
}

/// Copies the calldata to memory, then calls a precompile with so many bytes of it, as long as the gas
/// pays for another call. The first call must succeed.
fn calls(name: &'static str, address: u16, input: Vec<u8>, length: usize, output: usize) -> Case {
    let push = |value: usize| [&[0x63][..], &(value as u32).to_be_bytes()].concat();
    let one = [
        [push(output), push(length), push(length)].concat(),
        vec![0x5f, 0x61],
        address.to_be_bytes().to_vec(),
        vec![0x5a, 0xfa],
    ]
    .concat();
    // CALLDATACOPY of all, GAS, the call, INVALID unless it succeeded, GAS.
    let mut code = [&[0x36, 0x5f, 0x5f, 0x37, 0x5a][..], &one].concat();
    let succeeded = code.len() as u8 + 4;
    code.extend([0x60, succeeded, 0x57, 0xfe, 0x5b, 0x5a]);
    // What it took, and a sixteenth and 1,000 more: SWAP1, SUB, DUP1, PUSH1 4, SHR, ADD, PUSH2 1000, ADD.
    code.extend([0x90, 0x03, 0x80, 0x60, 4, 0x1c, 0x01, 0x61, 0x03, 0xe8, 0x01]);
    // JUMPDEST, the call, POP, DUP1, GAS, GT, PUSH1 start, JUMPI.
    let start = code.len() as u8;
    code.push(0x5b);
    code.extend(one);
    code.extend([0x50, 0x80, 0x5a, 0x11, 0x60, start, 0x57]);
    Case { calldata: input, ..Case::new(name, code) }
}

fn call(name: &'static str, address: u16, input: Vec<u8>, output: usize) -> Case {
    let length = input.len();
    calls(name, address, input, length, output)
}

/// The issue's case: 64 KiB that nothing keeps.
pub(crate) fn copies() -> Case {
    calls("copies", 4, Vec::new(), 65_536, 65_536)
}

/// Recursion; each call writes to its own memory, 1,700 words up.
pub(crate) fn deep_calls() -> Case {
    let write = [0x5f, 0x61, 0xd4, 0x80, 0x52];
    let recurse = [0x5f, 0x5f, 0x5f, 0x5f, 0x30, 0x5a, 0xfa, 0x50];
    Case { fails: true, ..Case::new("deep calls", forever(&[&write[..], &recurse].concat())) }
}

/// As much memory as the gas of a batch pays for, in one call.
pub(crate) fn memory() -> Case {
    // MSTORE8 one byte further each time would touch it; MCOPY does at once.
    let mut code = vec![0x62, 0x1c, 0, 0, 0x5f, 0x62, 0x02, 0, 0, 0x5e];
    code.extend(forever(&[]));
    let at = 10;
    *code.last_mut().expect("code") = 0x56;
    let length = code.len();
    code[length - 2] = 0x60;
    code.insert(length - 1, at);
    Case { fails: true, ..Case::new("memory", code) }
}

fn word(number: usize) -> [u8; 32] {
    U256::from(number).to_be_bytes()
}

fn power(name: &'static str, length: usize, exponent: &[u8], odd: bool) -> Case {
    let mut input = [word(length), word(exponent.len()), word(length)].concat();
    input.extend(vec![0xfd; length]);
    input.extend(exponent);
    let mut modulus = vec![0xff; length];
    modulus[length - 1] = 0xfe | u8::from(odd);
    input.extend(modulus);
    call(name, 5, input, length)
}

/// A power modulo a number that ends in many zeros.
fn even_power(name: &'static str, length: usize, top: &[u8]) -> Case {
    let mut input = [word(length), word(1), word(length)].concat();
    input.extend(vec![0xfd; length]);
    input.push(3);
    input.extend(top);
    input.extend(vec![0; length - top.len()]);
    call(name, 5, input, length)
}

/// A short base and a long exponent
pub(crate) fn worst_power() -> Case {
    power("powers of a word", 8, &[0xff; 800], false)
}

const BN_G1: [u8; 64] = {
    let mut point = [0; 64];
    point[31] = 1;
    point[63] = 2;
    point
};

const BN_G2: [u8; 128] = hex!(
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
    "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
    "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
    "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
);

const BLS_G1: [u8; 128] = hex!(
    "00000000000000000000000000000000"
    "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac58"
    "6c55e83ff97a1aeffb3af00adb22c6bb"
    "00000000000000000000000000000000"
    "08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3ed"
    "d03cc744a2888ae40caa232946c5e7e1"
);

const BLS_G2: [u8; 256] = hex!(
    "00000000000000000000000000000000"
    "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d177"
    "0bac0326a805bbefd48056c8c121bdb8"
    "00000000000000000000000000000000"
    "13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049"
    "334cf11213945d57e5ac7d055d042b7e"
    "00000000000000000000000000000000"
    "0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c"
    "923ac9cc3baca289e193548608b82801"
    "00000000000000000000000000000000"
    "0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab"
    "3f370d275cec1da1aaa9075ff05f79be"
);

/// Copies the pair of points in the calldata to memory, so many times.
fn pairs_in_memory(count: u16) -> Vec<u8> {
    // PUSH1 192, PUSH0, PUSH2 offset, CALLDATACOPY.
    let copy = |index: u16| {
        let [high, low] = (192 * index).to_be_bytes();
        [0x60, 192, 0x5f, 0x61, high, low, 0x37]
    };
    (0..count).flat_map(copy).collect()
}

/// STATICCALL of the pairing with so many pairs of the memory; the result goes behind 160 of them.
fn pairing_call(pairs: u16) -> Vec<u8> {
    let [high, low] = (192 * pairs).to_be_bytes();
    vec![0x60, 32, 0x61, 0x78, 0, 0x61, high, low, 0x5f, 0x60, 8, 0x5a, 0xfa, 0x50]
}

/// Pairings on BN254, as many in one call as the gas pays for, which is the dearest that there is.
pub(crate) fn worst_pairings() -> Case {
    let mut code = pairs_in_memory(150);
    for pairs in [150_u16, 105, 20, 5, 1] {
        let call = pairing_call(pairs);
        let needed = 45_000 + 34_000 * u32::from(pairs) + 65_000 * u32::from(pairs) / 64 + 6_000;
        let start = code.len() as u16;
        let end = start + 17 + call.len() as u16;
        // JUMPDEST, PUSH4 needed, GAS, LT, PUSH2 end, JUMPI, the call, PUSH2 start, JUMP, JUMPDEST.
        code.extend([&[0x5b, 0x63][..], &needed.to_be_bytes(), &[0x5a, 0x10, 0x61]].concat());
        code.extend([&end.to_be_bytes()[..], &[0x57], &call, &[0x61]].concat());
        code.extend([&start.to_be_bytes()[..], &[0x56, 0x5b]].concat());
    }
    Case { calldata: [&BN_G1[..], &BN_G2].concat(), ..Case::new("pairings on BN254", code) }
}

/// Clears the first slots of a storage of 100,000, then calls a pairing of so many pairs.
pub(crate) fn clears_and_pairings(clears: usize, pairs: u16) -> Case {
    let mut code = pairs_in_memory(pairs);
    // PUSH0, and DUP1, PUSH0, SWAP1, SSTORE, PUSH1 1, ADD.
    code.push(0x5f);
    code.extend([0x80, 0x5f, 0x90, 0x55, 0x60, 1, 0x01].repeat(clears));
    code.extend(pairing_call(pairs));
    let calldata = [&BN_G1[..], &BN_G2].concat();
    Case { calldata, storage: slots(), ..Case::new("clears and pairings", code) }
}

/// The accounts of a chain that is not new: many of them, and the contracts of EIP-2935 and EIP-4788
/// with all of their storage in use.
pub(crate) fn old_chain() -> Vec<(Address, GenesisAccount)> {
    let slots = |count: u64| {
        let value = |slot: u64| U256::from_be_bytes(keccak256(slot.to_be_bytes()).0);
        (0..count).map(|slot| (U256::from(slot), value(slot))).collect()
    };
    let contract = |code: &Bytes, count: u64| GenesisAccount {
        nonce: 1,
        code: code.clone(),
        storage: slots(count),
        ..GenesisAccount::default()
    };
    let rich = GenesisAccount { balance: U256::from(1), ..GenesisAccount::default() };
    (0..100_000_u64)
        .map(|index| (Address::from_word(keccak256(index.to_be_bytes())), rich.clone()))
        .chain([
            (eip2935::HISTORY_STORAGE_ADDRESS, contract(&eip2935::HISTORY_STORAGE_CODE, 8_191)),
            (eip4788::BEACON_ROOTS_ADDRESS, contract(&eip4788::BEACON_ROOTS_CODE, 2 * 8_191)),
        ])
        .collect()
}

/// A signature whose recovery meets equal points at its last addition: both sums are made, and a key follows.
fn crafted_signature() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/recoveries.json");
    let json = std::fs::read_to_string(path).expect("fixture");
    let recoveries: Vec<serde_json::Value> = serde_json::from_str(&json).expect("recoveries");
    let is_equal = |about: &str| about.ends_with("equal points");
    let last = recoveries.iter().rfind(|recovery| recovery["about"].as_str().is_some_and(is_equal));
    let last = last.expect("a recovery");
    let word = |name: &str| -> B256 { serde_json::from_value(last[name].clone()).expect("a word") };
    let v = last["v"].as_u64().expect("a number") as u8;
    [word("hash"), B256::with_last_byte(v), word("r"), word("s")].concat()
}

pub(crate) fn precompiles() -> Vec<Case> {
    // The test vectors of go-ethereum and of RIP-7212.
    let signature = hex!(
        "456e9aea5e197a1f1af7a3e85a3212fa4049a3ba34c2289b4c860fc0b0c64ef3"
        "000000000000000000000000000000000000000000000000000000000000001c"
        "9242685bf161793cc25603c231bc2f568eb630ea16aa137d2664ac8038825608"
        "4f8ae3bd7535248d0bd448298cc2e2071e56992d0774dc340c368ae950852ada"
    );
    let p256 = hex!(
        "4cee90eb86eaa050036147a12d49004b6b9c72bd725d39d4785011fe190f0b4d"
        "a73bd4903f0ce3b639bbbf6e8e80d16931ff4bcf5993d58468e8fb19086e8cac"
        "36dbcd03009df8c59286b162af3bd7fcc0450c9aa81be5d10d312af6c66b1d60"
        "4aebd3099c618202fcfe16ae7770b0c49ab5eadf74b754204a3bb6060e44eff3"
        "7618b065f9832de4ca6ca971a7a1adc826d0f7c00181a5fb2ddf79ae00b4e10e"
    );
    let blake2 = |rounds: u32| [&rounds.to_be_bytes()[..], &[0; 208], &[1]].concat();
    vec![
        call("recovery of signers", 1, signature.to_vec(), 32),
        call("recovery of signers, crafted", 1, crafted_signature(), 32),
        calls("SHA-256 of nothing", 2, Vec::new(), 0, 32),
        calls("SHA-256 of 64 KiB", 2, Vec::new(), 65_536, 32),
        calls("RIPEMD-160 of nothing", 3, Vec::new(), 0, 32),
        calls("RIPEMD-160 of 64 KiB", 3, Vec::new(), 65_536, 32),
        calls("copies of nothing", 4, Vec::new(), 0, 0),
        copies(),
        power("powers of a byte", 1, &[0xff; 1_024], true),
        worst_power(),
        power("odd powers of a word", 8, &[0xff; 800], true),
        power("powers of 16 bytes", 16, &[0xff; 400], false),
        power("powers of 32 bytes", 32, &[0xff; 32], false),
        power("odd powers of 32 bytes", 32, &[0xff; 32], true),
        power("powers of 40 bytes", 40, &[0xff; 64], false),
        power("powers of 64 bytes", 64, &[0xff; 64], true),
        power("powers of 256 bytes", 256, &[0xff; 16], false),
        power("powers of 33 bytes", 33, &[0xff; 40], true),
        power("even powers of 33 bytes", 33, &[0xff; 40], false),
        power("short powers of 33 bytes", 33, &[0xff; 2], true),
        power("longer powers of 33 bytes", 33, &[1, 0, 0], true),
        power("short powers of 256 bytes", 256, &[0xff; 2], true),
        power("longer powers of 256 bytes", 256, &[1, 0, 0], true),
        power("powers of 1024 bytes", 1_024, &[0xff], true),
        power("even powers of 256 bytes", 256, &[0xff; 4], false),
        even_power("cubes of 16 bytes and zeros", 16, &[3]),
        even_power("cubes of 40 bytes and zeros", 40, &[0xff; 3]),
        even_power("cubes of 96 bytes and zeros", 96, &[0xff; 24]),
        even_power("cubes of 256 bytes and zeros", 256, &[3]),
        even_power("cubes of 384 bytes and zeros", 384, &[0xff; 24]),
        even_power("cubes of 1024 bytes and zeros", 1_024, &[0xff; 128]),
        power("cubes of a byte", 1, &[3], true),
        power("cubes of 32 bytes", 32, &[3], false),
        power("cubes of 96 bytes", 96, &[3], true),
        power("cubes of 256 bytes", 256, &[3], true),
        power("cubes of 1024 bytes", 1_024, &[3], false),
        call("BLAKE2 of no rounds", 9, blake2(0), 64),
        call("BLAKE2 of 65,536 rounds", 9, blake2(65_536), 64),
        call("verification of P-256", 0x100, p256.to_vec(), 32),
    ]
}

/// A valid opening of a blob: versioned hash, point, value, commitment, proof.
fn opening() -> Vec<u8> {
    let settings = ethereum_kzg_settings(0);
    let blob = Blob::from_bytes(&[7; 131_072]).expect("a blob");
    let commitment = settings.blob_to_kzg_commitment(&blob).expect("canonical").to_bytes();
    let z = [9; 32];
    let (proof, y) = settings.compute_kzg_proof(&blob, &Bytes32::new(z)).expect("canonical");
    let mut hash: [u8; 32] = Sha256::digest(commitment.as_slice()).into();
    hash[0] = 1;
    [&hash[..], &z, y.as_slice(), commitment.as_slice(), proof.to_bytes().as_slice()].concat()
}

/// Bytes of seven bits, which take a code for each of them and no repetition to inflate.
pub(crate) fn literals(count: usize) -> Vec<u8> {
    random(count).into_iter().map(|byte| byte & 0x7f).collect()
}

/// Bytes that do not compress.
pub(crate) fn random(count: usize) -> Vec<u8> {
    let words = (0..count as u64).step_by(32).flat_map(|i| keccak256(i.to_be_bytes()).0);
    words.take(count).collect()
}

/// A blob, posted with a point that is not that of its bytes.
pub(crate) fn with_another_point(bytes: &[u8]) -> PostedBlob {
    let settings = ethereum_kzg_settings(0);
    let blob = Blob::from_bytes(bytes).expect("a blob");
    let commitment = settings.blob_to_kzg_commitment(&blob).expect("canonical").to_bytes();
    let mut hash: [u8; 32] = Sha256::digest(commitment.as_slice()).into();
    hash[0] = 1;
    let point = evaluation_point(&hash.into(), bytes);
    let (proof, _) = settings.compute_kzg_proof(&blob, &Bytes32::new(point.0)).expect("canonical");
    let opening = BlobOpening { versionedHash: hash.into(), ..BlobOpening::default() };
    let array = |bytes: &[u8]| bytes.try_into().expect("48 bytes");
    let commitment = array(commitment.as_slice());
    let proof = Some(BlobProof { commitment, proof: array(proof.to_bytes().as_slice()) });
    PostedBlob { opening, bytes: bytes.to_vec().into(), proof }
}

pub(crate) fn pairings() -> Vec<Case> {
    let coordinate = {
        let mut field = [0x11; 64];
        field[..17].fill(0);
        field
    };
    // Of the highest weight below the groups' orders: sums double and add.
    let heavy = |top: u8| {
        let mut scalar = [0xff; 32];
        scalar[0] = top;
        scalar
    };
    let g1 = [&BLS_G1[..], &heavy(0x3f)].concat();
    let g2 = [&BLS_G2[..], &heavy(0x3f)].concat();
    // Digits of three bits that are all 4, and all 5, which fall into two buckets.
    let digits = |digit: u64| -> [u8; 32] {
        (0..84).fold(U256::ZERO, |sum, at| sum | U256::from(digit) << (3 * at)).to_be_bytes()
    };
    let two_g1 = [&BLS_G1[..], &digits(4), &BLS_G1, &digits(5)].concat();
    let two_g2 = [&BLS_G2[..], &digits(4), &BLS_G2, &digits(5)].concat();
    let pair = [&BLS_G1[..], &BLS_G2].concat();
    let bn_pair = [&BN_G1[..], &BN_G2].concat();
    vec![
        call("addition on BN254", 6, BN_G1.repeat(2), 64),
        call("multiplication on BN254", 7, [&BN_G1[..], &heavy(0x2f)].concat(), 64),
        call("pairings on BN254", 8, bn_pair.clone(), 32),
        call("two pairings on BN254", 8, bn_pair.repeat(2), 32),
        call("ten pairings on BN254", 8, bn_pair.repeat(10), 32),
        Case {
            gas: [2_500_000, 4_500_000],
            ..call("20 pairings on BN254", 8, bn_pair.repeat(20), 32)
        },
        call("point evaluation", 0x0a, opening(), 64),
        call("addition on G1", 0x0b, BLS_G1.repeat(2), 128),
        call("a multiple on G1", 0x0c, g1.clone(), 128),
        call("two multiples on G1", 0x0c, two_g1, 128),
        call("two multiples on G2", 0x0e, two_g2, 256),
        call("16 multiples on G1", 0x0c, g1.repeat(16), 128),
        Case {
            gas: [3_800_000, 5_500_000],
            ..call("64 multiples on G1", 0x0c, g1.repeat(64), 128)
        },
        call("addition on G2", 0x0d, BLS_G2.repeat(2), 256),
        call("a multiple on G2", 0x0e, g2.clone(), 256),
        Case {
            gas: [3_500_000, 5_500_000],
            ..call("16 multiples on G2", 0x0e, g2.repeat(16), 256)
        },
        call("a pairing on BLS12-381", 0x0f, pair.clone(), 32),
        Case {
            gas: [3_500_000, 5_500_000],
            ..call("8 pairings on BLS12-381", 0x0f, pair.repeat(8), 32)
        },
        call("map to G1", 0x10, coordinate.to_vec(), 128),
        call("map to G2", 0x11, coordinate.repeat(2), 256),
    ]
}
