//! Transactions written to a file, for others to send: for Safe's Transaction Builder, or as `forge
//! script` keeps those that it broadcasts.

use alloy_primitives::{Address, hex, keccak256};
use eyre::{Result, WrapErr, ensure};
use oneslot_l1::{L1Client, PlannedTx, save_json};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

/// Gas of the transactions in one batch. A Safe executes a batch in one transaction, which may use
/// 16,777,216 (EIP-7825); the rest is for the Safe itself.
const BATCH_GAS: u64 = 14_000_000;
/// Calldata bytes in one batch. Nodes take transactions of at most 128 KiB.
const BATCH_BYTES: usize = 100_000;

/// Where transactions are written instead of being sent.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Target {
    /// Send nothing: write what has to be executed as a batch for Safe's Transaction Builder. What
    /// one transaction cannot hold goes on in FILE-2, FILE-3, ...
    #[arg(long, value_name = "FILE", conflicts_with = "as_broadcast")]
    pub(super) as_safe_batch: Option<PathBuf>,
    /// Send nothing: write what has to be executed as a broadcast file of `forge script`.
    #[arg(long, value_name = "FILE")]
    pub(super) as_broadcast: Option<PathBuf>,
}

/// What was written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Written {
    /// The files in the order in which they have to be executed; none if everything was executed.
    files: Vec<PathBuf>,
    transactions: Vec<Summary>,
}

/// A transaction in a few words.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    name: String,
    to: Address,
    gas: u64,
    /// The contracts that it creates.
    creates: Vec<Address>,
}

impl Target {
    /// Whether there is one.
    pub(super) fn is_some(&self) -> bool {
        self.as_safe_batch.is_some() || self.as_broadcast.is_some()
    }

    /// Writes the transactions that `from` has to execute.
    pub(super) async fn write(
        &self,
        client: &L1Client,
        from: Address,
        transactions: &[PlannedTx],
    ) -> Result<Written> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let now = u64::try_from(now)?;
        let mut files = Vec::new();
        let mut write = |path: PathBuf, value: &Value| -> Result<()> {
            save_json("transactions", &path, value)?;
            files.push(path);
            Ok(())
        };
        if transactions.is_empty() {
            return Ok(Written { files, transactions: Vec::new() });
        }
        if let Some(path) = &self.as_safe_batch {
            for (place, batch) in batches(transactions).into_iter().enumerate() {
                let path = numbered(path, place)?;
                write(path, &safe_batch(client.chain_id(), from, now, batch))?;
            }
        } else if let Some(path) = &self.as_broadcast {
            use alloy::providers::Provider;
            let nonce = client.provider().get_transaction_count(from).await;
            let nonce = nonce.wrap_err("eth_getTransactionCount")?;
            write(path.clone(), &broadcast(client.chain_id(), from, nonce, now, transactions))?;
        }
        let transactions = transactions.iter().map(Summary::of).collect();
        Ok(Written { files, transactions })
    }
}

impl Written {
    /// What a person reads.
    pub(super) fn print(&self, again: &str) {
        for Summary { name, to, gas, creates } in &self.transactions {
            println!("{name:<16} to {to}, at most {gas} gas");
            creates.iter().for_each(|address| println!("{:<16} creates {address}", ""));
        }
        for file in &self.files {
            println!("written: {}", file.display());
        }
        match self.files.len() {
            0 => println!("everything was executed; `{again}` writes the files"),
            _ => println!("once all of it is executed, `{again}` writes the files"),
        }
    }
}

impl Summary {
    fn of(tx: &PlannedTx) -> Self {
        let creates = tx.creations.iter().map(|creation| creation.address).collect();
        Self { name: tx.name.clone(), to: tx.to, gas: tx.gas, creates }
    }
}

/// The transactions in order, cut where one transaction of the Safe cannot hold more.
fn batches(transactions: &[PlannedTx]) -> Vec<&[PlannedTx]> {
    let (mut batches, mut start, mut gas, mut bytes) = (Vec::new(), 0, 0, 0);
    for (place, tx) in transactions.iter().enumerate() {
        if place > start && (gas + tx.gas > BATCH_GAS || bytes + tx.data.len() > BATCH_BYTES) {
            batches.push(&transactions[start..place]);
            (start, gas, bytes) = (place, 0, 0);
        }
        (gas, bytes) = (gas + tx.gas, bytes + tx.data.len());
    }
    batches.push(&transactions[start..]);
    batches
}

/// FILE for the first, then FILE-2, FILE-3, ... before the extension.
fn numbered(path: &Path, place: usize) -> Result<PathBuf> {
    ensure!(path.file_name().is_some(), "{} names no file", path.display());
    if place == 0 {
        return Ok(path.to_owned());
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{}", place + 1));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    Ok(path.with_file_name(name))
}

/// A batch as Safe's Transaction Builder saves and loads it.
fn safe_batch(chain_id: u64, safe: Address, now: u64, transactions: &[PlannedTx]) -> Value {
    let names: Vec<_> = transactions.iter().map(|tx| tx.name.as_str()).collect();
    let transactions: Vec<_> = transactions
        .iter()
        .map(|tx| {
            json!({
                "to": tx.to.to_string(),
                "value": "0",
                "data": tx.data,
                "contractMethod": null,
                "contractInputsValues": null,
            })
        })
        .collect();
    let mut batch = json!({
        "version": "1.0",
        "chainId": chain_id.to_string(),
        "createdAt": now,
        "meta": {
            "name": "Oneslot",
            "description": names.join(", "),
            "txBuilderVersion": "1.16.5",
            "createdFromSafeAddress": safe.to_string(),
            "createdFromOwnerAddress": "",
        },
        "transactions": transactions,
    });
    batch["meta"]["checksum"] = checksum(&batch).into();
    batch
}

/// The checksum of a batch, by which the Transaction Builder sees that a file was changed: the
/// keccak-256 of a text in which the keys of every object are sorted and stand before its values.
/// The batch's name does not count.
fn checksum(batch: &Value) -> String {
    fn serialize(value: &Value, out: &mut String) {
        match value {
            Value::Array(values) => {
                out.push('[');
                for (place, value) in values.iter().enumerate() {
                    out.push_str(if place == 0 { "" } else { "," });
                    serialize(value, out);
                }
                out.push(']');
            }
            Value::Object(fields) => {
                let mut keys: Vec<_> = fields.keys().collect();
                keys.sort();
                out.push('{');
                out.push_str(&json!(keys).to_string());
                for key in keys {
                    serialize(&fields[key], out);
                    out.push(',');
                }
                out.push('}');
            }
            plain => out.push_str(&plain.to_string()),
        }
    }
    let mut batch = batch.clone();
    batch["meta"]["name"] = Value::Null;
    let mut text = String::new();
    serialize(&batch, &mut text);
    keccak256(text).to_string()
}

/// What `forge script` writes to `broadcast/.../run-latest.json`, before anything is sent: without
/// hashes and receipts.
fn broadcast(
    chain_id: u64,
    from: Address,
    nonce: u64,
    now: u64,
    transactions: &[PlannedTx],
) -> Value {
    let transaction = |(place, tx): (usize, &PlannedTx)| {
        let made = tx.creations.first();
        let others = tx.creations.iter().skip(1).map(|creation| {
            json!({
                "transactionType": "CREATE",
                "contractName": creation.contract.solidity_name(),
                "address": creation.address,
                "initCode": creation.init_code,
            })
        });
        json!({
            "hash": null,
            "transactionType": if made.is_some() { "CREATE2" } else { "CALL" },
            "contractName": tx.contract.solidity_name(),
            "contractAddress": made.map_or(tx.to, |creation| creation.address),
            "function": null,
            "arguments": null,
            "transaction": {
                "from": from,
                "to": tx.to,
                "gas": format!("{:#x}", tx.gas),
                "value": "0x0",
                "input": hex::encode_prefixed(&tx.data),
                "nonce": format!("{:#x}", nonce + place as u64),
                "chainId": format!("{chain_id:#x}"),
            },
            "additionalContracts": others.collect::<Vec<_>>(),
            "isFixedGasLimit": false,
        })
    };
    json!({
        "transactions": transactions.iter().enumerate().map(transaction).collect::<Vec<_>>(),
        "receipts": [],
        "libraries": [],
        "pending": [],
        "returns": {},
        "timestamp": now,
        "chain": chain_id,
        "commit": null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vector of the Transaction Builder's own test.
    #[test]
    fn the_checksum_is_the_transaction_builders() {
        let to = "0x49d4450977E2c95362C13D3a31a09311E0Ea26A6";
        let call = |name: &str, input: Value, values: Value| {
            json!({
                "to": to,
                "value": "0",
                "contractMethod": {"inputs": [input], "name": name, "payable": false},
                "contractInputsValues": values,
            })
        };
        let input =
            |kind: &str, name: &str| json!({"internalType": kind, "name": name, "type": kind});
        let batch = json!({
            "version": "1.0",
            "chainId": "4",
            "createdAt": 1_646_321_521_061_u64,
            "meta": {
                "name": "test batch file",
                "txBuilderVersion": "1.4.0",
                "checksum": "",
                "createdFromSafeAddress": "0xDF8a1Ce35c9a6ACE153B4e0767942f1E2291a1Aa",
                "createdFromOwnerAddress": to,
            },
            "transactions": [
                call("testAddress", input("address", "paramAddress"), json!({"paramAddress": to})),
                call(
                    "testBool",
                    input("bool", "paramBool"),
                    json!({"paramAddress": "", "paramBool": "false"}),
                ),
                {
                    "to": to,
                    "value": "2000000000000000000",
                    "data": "0x42f4579000000000000000000000000049d4450977e2c95362c13d3a31a09311e0ea26a6",
                },
            ],
        });
        assert_eq!(
            checksum(&batch),
            "0x4ecbfd364aa6759983915644e73f8bd411e85a2dc306f252a387c2728c4db64c"
        );
    }

    #[test]
    fn further_batches_are_numbered() {
        let name = |path: &str, place| numbered(Path::new(path), place).expect("a file");
        assert_eq!(name("a/batch.json", 0), Path::new("a/batch.json"));
        assert_eq!(name("a/batch.json", 1), Path::new("a/batch-2.json"));
        assert_eq!(name("batch", 2), Path::new("batch-3"));
        assert!(numbered(Path::new("/"), 0).is_err());
    }
}
