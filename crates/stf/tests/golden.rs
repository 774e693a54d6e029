//! Inputs whose bytes and statements are pinned: a change here is a change of format or of rules.
//!
//! `ONESLOT_BLESS=1 cargo test -p oneslot-stf --test golden -- --test-threads 1` writes the files anew.

use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, bytes};
use oneslot_stf::{
    ExecutionInput, GenesisAccount,
    devchain::{Account, DevChain, config},
    execute,
};
use oneslot_types::{DepositFields, PreimageKey, Statement, StatementId};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, path::PathBuf};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    about: String,
    input: Bytes,
    statement: Statement,
    statement_id: StatementId,
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/stf-input.json")
}

/// Passes its calldata to `ecrecover`.
const RECOVERS: Address = address!("00000000000000000000000000000000000000ec");
const RECOVERS_CODE: Bytes = bytes!("60805f5f376020608060805f60015afa50");

/// A batch with signatures of `fixtures/recoveries.json`: an equal and an opposite point early, and both at the end.
fn recoveries() -> (ExecutionInput, Statement) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/recoveries.json");
    let json = fs::read_to_string(path).expect("fixture");
    let all: Vec<serde_json::Value> = serde_json::from_str(&json).expect("recoveries");
    let mut alice = Account::new(1);
    let contract = GenesisAccount { nonce: 1, code: RECOVERS_CODE, ..GenesisAccount::default() };
    let mut chain = DevChain::new(config(), [alice.address()], [(RECOVERS, contract)]);
    let chosen = all[..2].iter().chain(&all[all.len() - 2..]);
    let transactions = chosen.map(|recovery| {
        let word =
            |name: &str| serde_json::from_value::<B256>(recovery[name].clone()).expect("a word");
        let v = recovery["v"].as_u64().expect("a number") as u8;
        let call = [word("hash"), B256::with_last_byte(v), word("r"), word("s")].concat();
        alice.send(&chain.config, TxKind::Call(RECOVERS), U256::ZERO, 50_000, call.into())
    });
    let blocks = chain.blocks([transactions.collect::<Vec<_>>()]);
    let posted = chain.post(&blocks);
    let (input, executed) = chain.advance(posted).expect("execute");
    (input, executed.statement)
}

/// Transfers with a deposit in calldata, then a withdrawal in a blob; and recoveries on a chain of their own.
fn make() -> Vec<Vector> {
    let mut alice = Account::new(1);
    let mut chain = DevChain::new(config(), [alice.address()], []);
    let config = chain.config.clone();
    chain.l1_block();
    let value = U256::from(1_000);
    let fields = DepositFields {
        mint: value,
        value,
        gas_limit: 50_000,
        is_creation: false,
        data: Bytes::new(),
    };
    chain.deposit(Address::repeat_byte(7), Address::repeat_byte(8), &fields);
    let transfers =
        (1..=3).map(|to| alice.transfer(&config, Address::repeat_byte(to), 5)).collect();
    let posted = chain.post(&chain.blocks([transfers]));
    let (first, one) = chain.advance(posted).expect("execute");

    let passer = op_alloy_consensus::L2_TO_L1_MESSAGE_PASSER_ADDRESS;
    let withdrawal =
        alice.send(&config, TxKind::Call(passer), U256::from(9), 300_000, Bytes::new());
    let posted = chain.post_blobs(&chain.blocks([vec![withdrawal]]));
    let (second, two) = chain.advance(posted).expect("execute");
    let vector = |about: &str, input: &ExecutionInput, statement: Statement| Vector {
        about: about.into(),
        input: input.encode().into(),
        statement_id: statement.id(),
        statement,
    };
    let (third, three) = recoveries();
    let mut both = first.clone();
    both.append(second.clone()).expect("the second goes on where the first ends");
    let range = execute(&both).expect("execute");
    assert_eq!(range.output, two.statement.output);
    vec![
        vector("three transfers and a deposit, calldata", &first, one.statement),
        vector("a withdrawal, one blob", &second, two.statement),
        vector("recoveries that meet equal and opposite points", &third, three),
        vector("the first two batches as one range", &both, range),
    ]
}

/// What the machine reads of the inputs without blobs, by hexadecimal key: for tests of crates that do not know this one.
fn contents(vectors: &[Vector]) -> BTreeMap<&str, BTreeMap<String, Bytes>> {
    let contents = vectors.iter().map(|vector| {
        let input = ExecutionInput::decode(vector.input.clone()).expect("input");
        let contents = input.contents().map(|(key, content)| (key.to_string(), content));
        (vector.about.as_str(), contents.collect())
    });
    // A blob has 4096 elements.
    contents.filter(|(_, contents): &(_, BTreeMap<_, _>)| contents.len() < 4_096).collect()
}

#[test]
fn pinned_contents_are_those_of_the_inputs() {
    let json = fs::read_to_string(path()).expect("fixture");
    let path = path().with_file_name("stf-preimages.json");
    let vectors: Vec<Vector> = serde_json::from_str(&json).expect("vectors");
    let contents = contents(&vectors);
    assert_eq!(contents.len(), 2);
    let json = serde_json::to_string_pretty(&contents).expect("JSON") + "\n";
    if std::env::var_os("ONESLOT_BLESS").is_some() {
        fs::write(&path, &json).expect("write");
    }
    assert!(
        fs::read_to_string(path).expect("fixture") == json,
        "bless it, and say so in the changelog"
    );
}

#[test]
fn pinned_inputs_have_their_statements() {
    if std::env::var_os("ONESLOT_BLESS").is_some() {
        let json = serde_json::to_string_pretty(&make()).expect("JSON");
        fs::write(path(), json + "\n").expect("write");
    }
    let json = fs::read_to_string(path()).expect("fixture");
    let vectors: Vec<Vector> = serde_json::from_str(&json).expect("vectors");
    let mut blobs = Vec::new();
    for vector in vectors {
        let input = ExecutionInput::decode(vector.input.clone()).expect("input");
        let blob = |(key, _)| matches!(key, PreimageKey::BlobElement { .. });
        blobs.push(input.contents().any(blob));
        assert_eq!(input.encode(), vector.input, "{}", vector.about);
        let statement = execute(&input).expect("statement");
        assert_eq!(statement, vector.statement, "{}", vector.about);
        assert_eq!(statement.id(), vector.statement_id, "{}", vector.about);
    }
    assert_eq!(blobs, [false, true, false, true], "both kinds of data");
}
