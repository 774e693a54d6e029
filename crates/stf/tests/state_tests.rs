//! Ethereum's state tests, executed as blocks of a rollup.
//!
//! Most come from npm's `ethereumjs-testing` (ethereum/tests of October 2016), which the lock file in
//! `tests/state_tests` pins; `state_tests/generated.json` has further ones about what came later. What must
//! become of each by the rules of Prague is in `state_tests/expected.json`, computed by Ethereum's executable
//! specification (`state_tests/fill.py`). Each test is one block with one transaction, executed and sealed
//! by [`Transition::execute_block`] with the rules of an Oneslot rollup: the same EVM, fork and precompiles, and the same
//! trie. State root, hash of the logs and gas used must be those of the specification; a transaction that
//! the specification rejects must be skipped and leave the state as it was.
//!
//! What is of L2 alone is neutral: the base fee is 0, and without an L1Block contract the L1 fee, the
//! operator fee and the data footprint are 0.

use alloy_consensus::{Header, Sealable};
use alloy_eips::eip1559::BaseFeeParams;
use alloy_primitives::{Address, B256, Bytes, Log, U256, keccak256};
use alloy_rlp::Encodable;
use k256::ecdsa::SigningKey;
use oneslot_stf::{
    BlockAttributes, Crypto, ForkRules, GenesisAccount, MemorySource, Transition, devchain,
    extra_data, genesis_state,
};
use oneslot_types::RollupConfig;
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Of the tests' chain.
const CHAIN_ID: u64 = 1;

/// More gas than a block of a rollup can have (`check_config`). Tests that use more are skipped: revm counts
/// the cost of memory right only below 2^55 gas.
const MOST_GAS: u64 = 1 << 40;

#[derive(Deserialize)]
struct Test {
    env: Env,
    pre: BTreeMap<Address, Account>,
    transaction: Transaction,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Env {
    current_coinbase: Address,
    current_difficulty: U256,
    current_gas_limit: U256,
    current_number: U256,
    current_timestamp: U256,
}

#[derive(Deserialize)]
struct Account {
    balance: U256,
    nonce: U256,
    code: Bytes,
    storage: BTreeMap<U256, U256>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transaction {
    data: Bytes,
    gas_limit: U256,
    gas_price: U256,
    nonce: U256,
    secret_key: B256,
    /// Empty for a creation.
    to: Bytes,
    value: U256,
}

/// What the specification says.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Expected {
    /// State root, hash of the logs, gas used.
    Executed(B256, B256, u64),
    /// Why it says nothing.
    Unfilled(String),
    Rejected,
}

impl Transaction {
    /// Signed for the chain (EIP-155), as a legacy transaction. Encoded by hand: some tests have numbers
    /// that no transaction can hold.
    fn signed(&self) -> Bytes {
        let with = |v: U256, r: U256, s: U256| {
            let mut fields = Vec::new();
            for number in [self.nonce, self.gas_price, self.gas_limit] {
                number.encode(&mut fields);
            }
            self.to.encode(&mut fields);
            self.value.encode(&mut fields);
            self.data.encode(&mut fields);
            for number in [v, r, s] {
                number.encode(&mut fields);
            }
            let mut list = Vec::new();
            alloy_rlp::Header { list: true, payload_length: fields.len() }.encode(&mut list);
            [list, fields].concat()
        };
        let hash = keccak256(with(U256::from(CHAIN_ID), U256::ZERO, U256::ZERO));
        let key = SigningKey::from_slice(self.secret_key.as_slice()).expect("secret key");
        let (signature, recovery) =
            key.sign_prehash_recoverable(hash.as_slice()).expect("a hash can be signed");
        let v = 35 + 2 * CHAIN_ID + u64::from(recovery.to_byte());
        let (r, s) = signature.split_bytes();
        with(U256::from(v), U256::from_be_slice(&r), U256::from_be_slice(&s)).into()
    }
}

impl Test {
    /// Executes the block that is this test.
    fn run(&self) -> Expected {
        let accounts = self.pre.iter().map(|(address, account)| {
            let account = GenesisAccount {
                nonce: account.nonce.to(),
                balance: account.balance,
                code: account.code.clone(),
                storage: account.storage.iter().map(|(slot, value)| (*slot, *value)).collect(),
            };
            (*address, account)
        });
        let before = genesis_state(&accounts.collect());
        let mut source = MemorySource::default();
        source.extend(before.new);

        let config = RollupConfig { minBaseFee: 0, ..devchain::config() };
        let gas_limit = self.env.current_gas_limit.to();
        let parent = Header {
            number: self.env.current_number.max(U256::ONE).to::<u64>() - 1,
            state_root: before.root,
            gas_limit,
            base_fee_per_gas: Some(0),
            extra_data: extra_data(&config),
            ..Header::default()
        };
        let attributes = BlockAttributes {
            timestamp: self.env.current_timestamp.to(),
            prev_randao: self.env.current_difficulty.into(),
            fee_recipient: self.env.current_coinbase,
            gas_limit,
            extra_data: extra_data(&config),
            transactions: vec![self.transaction.signed()],
            ..BlockAttributes::default()
        };
        // Ethereum's prices of precompiles.
        let rules = ForkRules {
            bounded: false,
            ..ForkRules::jovian(CHAIN_ID, BaseFeeParams::optimism_canyon())
        };
        let block = Transition::new(&rules, Crypto::SOFTWARE, parent.seal_slow(), source)
            .unlimited()
            .execute_block(&attributes)
            .expect("an error is never about a transaction");
        let root = block.header.state_root;
        if let [skipped] = block.skipped.as_slice() {
            assert_eq!(root, before.root, "a skipped transaction leaves no trace: {skipped:?}");
            return Expected::Rejected;
        }
        let logs: Vec<Log> =
            block.receipts.iter().flat_map(|receipt| receipt.logs()).cloned().collect();
        Expected::Executed(root, keccak256(alloy_rlp::encode(logs)), block.header.gas_used)
    }
}

/// What the specification says of each test, by file and name.
fn expectations() -> BTreeMap<String, BTreeMap<String, Expected>> {
    read(&folder().join("expected.json"))
}

/// The tests of one file.
fn tests(file: &str) -> BTreeMap<String, Test> {
    let folder = match file {
        "generated.json" => folder(),
        _ => folder().join("node_modules/ethereumjs-testing/tests/StateTests"),
    };
    read(&folder.join(file))
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/state_tests")
}

fn read<T: DeserializeOwned>(path: &Path) -> T {
    let json = fs::read(path).unwrap_or_else(|error| {
        panic!("{}: {error}; `cargo xtask setup` installs the tests", path.display())
    });
    serde_json::from_slice(&json).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn state_tests_end_as_the_specification_says() {
    let (mut executed, mut rejected, mut skipped) = (0, 0, 0);
    let mut failures = Vec::new();
    for (file, expected) in expectations() {
        let tests = tests(&file);
        assert!(tests.keys().eq(expected.keys()), "{file} has other tests than expected.json");
        for (name, test) in tests {
            let expected = &expected[&name];
            let reason = match expected {
                Expected::Unfilled(reason) => Some(reason.as_str()),
                Expected::Executed(_, _, gas) if *gas > MOST_GAS => {
                    Some("more gas than a block has")
                }
                _ => None,
            };
            if let Some(reason) = reason {
                println!("skipped: {file} {name}: {reason}");
                skipped += 1;
                continue;
            }
            let got = test.run();
            match got {
                Expected::Rejected => rejected += 1,
                _ => executed += 1,
            }
            if got != *expected {
                failures.push(format!("{file} {name}: expected {expected:?}, got {got:?}"));
            }
        }
    }
    println!("{executed} executed, {rejected} rejected, {skipped} skipped");
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn a_changed_test_ends_elsewhere() {
    const FILE: &str = "stExample.json";
    let expected = &expectations()[FILE]["add11"];
    let run = |change: fn(&mut Test)| {
        let mut test = tests(FILE).remove("add11").expect("the test is in the file");
        change(&mut test);
        test.run()
    };
    assert_eq!(run(|_| ()), *expected);
    assert_ne!(run(|test| test.transaction.value += U256::ONE), *expected);
    assert_ne!(run(|test| test.env.current_coinbase = Address::repeat_byte(1)), *expected);
    assert_eq!(run(|test| test.transaction.nonce = U256::ONE), Expected::Rejected);
}
