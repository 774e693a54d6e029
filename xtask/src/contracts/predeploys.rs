//! `predeploys.json`: the contracts of the L2 genesis.
//!
//! ```json
//! { "0x4200…": { "name": "…", "code": "0x…", "storage": { "0x…": "0x…" },
//!                "template": { "0x…slot": "l1Messenger" }, "immutables": { "feeRecipient": [450] } } }
//! ```
//!
//! `code` and `storage` go into the genesis as they are. `template` names the slots that differ from
//! rollup to rollup, `immutables` the byte offsets in `code` at which a 32-byte word does; the
//! genesis builder fills both, addresses padded on the left:
//!
//! | name | value |
//! |---|---|
//! | `l1Messenger` | address of the rollup's L1CrossDomainMessenger on L1 |
//! | `l1Bridge` | address of the rollup's L1StandardBridge on L1 |
//! | `originTimestampNumber` | genesis origin: timestamp << 64 \| number |
//! | `originHash` | genesis origin: hash |
//! | `feeRecipient` | address on L1 that the fee vaults withdraw to |
//!
//! OP's contracts stand at their addresses without proxies, already initialised: nothing can
//! upgrade them.

use super::{code, op_artifact};
use eyre::{Result, ensure, eyre};
use serde_json::{Map, Value, json};

/// `L2CrossDomainMessenger`; also the L2 bridge's messenger.
const MESSENGER: &str = "0x4200000000000000000000000000000000000007";
/// `L2StandardBridge`; also the bridge of the token factory.
const BRIDGE: &str = "0x4200000000000000000000000000000000000010";
/// What the messenger's `xDomainMsgSender` holds between messages.
const NO_SENDER: &str = "0x000000000000000000000000000000000000dead";

/// Fee vaults: address, artifact, and where that artifact has its recipient, least amount and
/// network. The operator fee vault came after this release of OP's package; its code is that of
/// the base fee vault.
const VAULTS: [(&str, &str); 4] = [
    ("0x4200000000000000000000000000000000000011", "SequencerFeeVault"),
    ("0x4200000000000000000000000000000000000019", "BaseFeeVault"),
    ("0x420000000000000000000000000000000000001a", "L1FeeVault"),
    ("0x420000000000000000000000000000000000001b", "BaseFeeVault"),
];

/// A vault pays out from this many wei on: 0.1 ether.
const VAULT_MINIMUM: u128 = 100_000_000_000_000_000;

/// Contracts that the protocol calls at the start of every block: EIP-2935 and EIP-4788.
const SYSTEM_CONTRACTS: [(&str, &str, &str); 2] = [
    (
        "0x0000f90827f1c53a10cb7a02335b175320002935",
        "HistoryStorage",
        "0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257\
         611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500",
    ),
    (
        "0x000f3df6d732807ef1319fb7b8bb8522d0beac02",
        "BeaconRoots",
        "0x3373fffffffffffffffffffffffffffffffffffffffe14604d57602036146024575f5ffd5b5f35801560495762\
         001fff810690815414603c575f5ffd5b62001fff01545f5260205ff35b5f5ffd5b62001fff42064281555f359062\
         001fff015500",
    ),
];

/// The whole file. `l1_block` is the Foundry artifact of our own `L1Block`.
pub(super) fn build(l1_block: &Value) -> Result<Value> {
    let mut all = Map::new();
    for (address, name, code) in SYSTEM_CONTRACTS {
        all.insert(address.to_owned(), json!({ "name": name, "code": code }));
    }
    all.insert("0x4200000000000000000000000000000000000006".to_owned(), op("WETH", &[], &[])?);
    all.insert(
        MESSENGER.to_owned(),
        // `_initialized` is the byte above an address-sized spacer.
        op(
            "L2CrossDomainMessenger",
            &[(0, word(&format!("01{}", "00".repeat(20)))?), (204, word(NO_SENDER)?)],
            &[(207, "l1Messenger")],
        )?,
    );
    all.insert(
        "0x420000000000000000000000000000000000000f".to_owned(),
        // isEcotone and isFjord
        op("GasPriceOracle", &[(0, word("0101")?)], &[])?,
    );
    all.insert(
        BRIDGE.to_owned(),
        op("L2StandardBridge", &[(0, word("01")?), (3, word(MESSENGER)?)], &[(4, "l1Bridge")])?,
    );
    all.insert(
        "0x4200000000000000000000000000000000000012".to_owned(),
        op("OptimismMintableERC20Factory", &[(0, word("01")?), (1, word(BRIDGE)?)], &[])?,
    );
    all.insert(
        "0x4200000000000000000000000000000000000015".to_owned(),
        json!({
            "name": "L1Block",
            "code": code(l1_block, "deployedBytecode")?,
            "template": { slot(0): "originTimestampNumber", slot(2): "originHash" },
        }),
    );
    all.insert(
        "0x4200000000000000000000000000000000000016".to_owned(),
        op("L2ToL1MessagePasser", &[], &[])?,
    );
    let variables = op_artifact("FeeVault")?;
    for (address, name) in VAULTS {
        all.insert(address.to_owned(), vault(name, &variables)?);
    }
    all.sort_keys();
    Ok(Value::Object(all))
}

/// An OP contract without immutables.
fn op(name: &str, storage: &[(u64, String)], template: &[(u64, &str)]) -> Result<Value> {
    let artifact = op_artifact(name)?;
    ensure!(
        immutables(&artifact).is_none_or(Map::is_empty),
        "{name} has immutables that nobody fills"
    );
    let mut entry = json!({ "name": name, "code": code(&artifact, "deployedBytecode")? });
    if !storage.is_empty() {
        entry["storage"] = storage
            .iter()
            .map(|(at, value)| (slot(*at), json!(value)))
            .collect::<Map<_, _>>()
            .into();
    }
    if !template.is_empty() {
        entry["template"] = template
            .iter()
            .map(|(at, name)| (slot(*at), json!(name)))
            .collect::<Map<_, _>>()
            .into();
    }
    Ok(entry)
}

/// A fee vault that withdraws to L1: least amount and network (0 is L1) filled in, the recipient left
/// to the genesis builder.
fn vault(name: &str, variables: &Value) -> Result<Value> {
    let artifact = op_artifact(name)?;
    let mut code = code(&artifact, "deployedBytecode")?;
    let mut recipient = Vec::new();
    for (id, places) in immutables(&artifact).ok_or_else(|| eyre!("{name} has no immutables"))? {
        let variable = variable_name(&variables["ast"], id.parse()?)
            .ok_or_else(|| eyre!("{name} has an unknown immutable {id}"))?;
        for place in places.as_array().into_iter().flatten() {
            let start =
                place["start"].as_u64().ok_or_else(|| eyre!("{name}: immutable without place"))?;
            let value = match variable {
                "RECIPIENT" => {
                    recipient.push(start);
                    continue;
                }
                "MIN_WITHDRAWAL_AMOUNT" => VAULT_MINIMUM,
                "WITHDRAWAL_NETWORK" => 0,
                other => return Err(eyre!("{name} has an unknown immutable {other}")),
            };
            let at = 2 + 2 * usize::try_from(start)?;
            code.replace_range(at..at + 64, &format!("{value:064x}"));
        }
    }
    recipient.sort_unstable();
    Ok(json!({ "name": name, "code": code, "immutables": { "feeRecipient": recipient } }))
}

fn immutables(artifact: &Value) -> Option<&Map<String, Value>> {
    artifact["deployedBytecode"]["immutableReferences"].as_object()
}

/// Name of the variable declared under `id` in a Solidity syntax tree.
fn variable_name(tree: &Value, id: u64) -> Option<&str> {
    match tree {
        Value::Object(node) => {
            if node.get("id").and_then(Value::as_u64) == Some(id) {
                return node.get("name").and_then(Value::as_str);
            }
            node.values().find_map(|child| variable_name(child, id))
        }
        Value::Array(nodes) => nodes.iter().find_map(|child| variable_name(child, id)),
        _ => None,
    }
}

fn slot(at: u64) -> String {
    format!("0x{at:064x}")
}

/// `hex` padded on the left to 32 bytes.
fn word(hex: &str) -> Result<String> {
    let digits = hex.trim_start_matches("0x");
    ensure!(digits.len() <= 64, "{hex} is longer than a word");
    Ok(format!("0x{digits:0>64}"))
}
