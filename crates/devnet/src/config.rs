//! What the devnet's files say: accounts, the deployment's configuration and that of the services.

use crate::{Args, ports::Ports};
use alloy::signers::local::{MnemonicBuilder, PrivateKeySigner};
use alloy_primitives::{Address, U256};
use eyre::{Result, WrapErr};
use serde_json::{Map, Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};
use url::Url;

/// anvil's published test mnemonic. Its accounts hold test ether and nothing else anywhere.
pub(crate) const MNEMONIC: &str = "test test test test test test test test test test test junk";
/// EIP-155 id of L1.
pub(crate) const L1_CHAIN_ID: u64 = 31337;
/// EIP-155 id of the first rollup; those of the others follow.
const L2_CHAIN_ID: u64 = 901;
/// Accounts of the mnemonic that have ether on L2. anvil gives them ether on L1, too.
pub(crate) const FUNDED: u32 = 10;
/// Accounts of the mnemonic that belong to one rollup.
pub(crate) const ACCOUNTS: u32 = 20;
/// What each of them has on L2: 10,000 ether, as on L1.
const FUNDS: u128 = 10_000 * 10u128.pow(18);
/// The processes beside L1.
pub(crate) const SERVICES: [&str; 6] = ["node", "enclave", "post", "attest", "propose", "settle"];
/// Seconds of a day.
const DAY: u64 = 86_400;

/// What an account of the mnemonic is used for; the number is its index for the first rollup.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    Deployer = 0,
    Batcher = 1,
    Proposer = 2,
    Settler = 3,
    Attester = 4,
    /// Gives the user ether on L1.
    Faucet = 5,
    /// Has nothing on L2 until it deposits.
    User = 11,
    /// Whom the user pays.
    Recipient = 12,
}

impl Role {
    /// Its key for a rollup. The services and users of each rollup have accounts of their own.
    pub(crate) fn key(self, place: u32) -> Result<PrivateKeySigner> {
        account(place * ACCOUNTS + self as u32)
    }
}

/// The key of an account of the mnemonic.
fn account(index: u32) -> Result<PrivateKeySigner> {
    Ok(MnemonicBuilder::english().phrase(MNEMONIC).index(index)?.build()?)
}

/// EIP-155 id of a rollup.
pub(crate) fn l2_chain_id(place: u32) -> u64 {
    L2_CHAIN_ID + u64::from(place)
}

/// Name of a rollup and of its folder.
pub(crate) fn rollup_name(place: u32) -> String {
    format!("rollup-{}", place + 1)
}

/// Where the deployment is, and who made it: the sections that every `oneslot deploy` reads.
pub(crate) fn deploy_section(l1_rpc: &Url, dir: &Path, files: &Path) -> Value {
    json!({
        "dir": files,
        "l1": {"rpc_url": l1_rpc, "chain_id": L1_CHAIN_ID},
        "key": {"file": dir.join("deployer.key")},
        "journal": dir.join("deployer.redb"),
    })
}

/// The configuration of `oneslot deploy`: one system and its rollups, with the numbers of OP Mainnet
/// where it has them.
pub(crate) fn deployment(args: &Args, deploy: Value) -> Result<Value> {
    let rollups: Vec<Value> = (0..args.rollups).map(rollup).collect::<Result<_>>()?;
    Ok(json!({
        "deploy": deploy,
        "system": {
            "safe": true,
            "test_token": true,
            "tee": {
                "platform": "dev",
                "key_activation_delay_s": 0,
                "key_life_s": 30 * DAY,
                "key_bond": U256::ZERO,
            },
            "optimistic": {"window_s": args.window, "bond": U256::from(10u64.pow(17))},
        },
        "rollup": rollups,
    }))
}

fn rollup(place: u32) -> Result<Value> {
    let address = |index| Ok(account(index)?.address());
    let council: Vec<Address> = (7..10).map(address).collect::<Result<_>>()?;
    let mut balances = Map::new();
    for index in 0..FUNDED {
        balances.insert(address(index)?.to_string(), json!(U256::from(FUNDS)));
    }
    Ok(json!({
        "name": rollup_name(place),
        "policy": "tee-op",
        "l2_chain_id": l2_chain_id(place),
        "batcher": Role::Batcher.key(place)?.address(),
        "gas_limit": 5_700_000,
        "eip1559_denominator": 250,
        "eip1559_elasticity": 6,
        "min_base_fee": 1_000_000,
        "da_footprint_gas_scalar": 100,
        "base_fee_scalar": 1368,
        "blob_base_fee_scalar": 810_949,
        "max_sequencer_drift_s": 1800,
        "max_blocks_per_batch": 384,
        "max_batch_bytes": 1 << 20,
        "force_window_s": 600,
        "last_resort_after_s": 60 * DAY,
        "change_delay_s": 30 * DAY,
        "council": {"owners": council, "threshold": 2},
        "balances": balances,
    }))
}

/// Where the parts of one rollup are, for its configuration.
pub(crate) struct Places<'a> {
    pub(crate) l1_rpc: &'a Url,
    pub(crate) l2_rpc: &'a Url,
    /// Port of `l2_rpc`.
    pub(crate) l2_port: u16,
    /// Folder of keys, journals and data.
    pub(crate) dir: &'a Path,
    /// The rollup's `deployment.json`.
    pub(crate) deployment: &'a Path,
}

/// One configuration for every service and for the user's commands, and the addresses at which each
/// service shows how it is.
pub(crate) fn services(
    args: &Args,
    places: &Places<'_>,
    ports: &mut Ports,
) -> Result<(Map<String, Value>, Map<String, Value>)> {
    let Places { l1_rpc, l2_rpc, l2_port, dir, deployment } = places;
    let path = |name: &str| dir.join(name).display().to_string();
    let mut http = Map::new();
    for name in SERVICES {
        http.insert(name.into(), json!(format!("127.0.0.1:{}", ports.take(0)?)));
    }
    let base = |name: &str| {
        json!({
            "deployment": deployment,
            "l1": {"rpc_url": l1_rpc, "chain_id": L1_CHAIN_ID},
            "l2_rpc": l2_rpc,
            "key": {"file": path(&format!("{name}.key"))},
            "journal": path(&format!("{name}.redb")),
            "http_addr": http[name],
            "poll_ms": 500,
        })
    };
    // Not a unix socket: its path may be at most 107 bytes, and the checkout's can be longer.
    let enclave = format!("127.0.0.1:{}", ports.take(0)?);
    let config = json!({
        "node": {
            "deployment": deployment,
            "data_dir": path("node"),
            "l1_rpc": l1_rpc,
            "l1_poll_ms": 250,
            "rpc_addr": format!("127.0.0.1:{l2_port}"),
            "http_addr": http["node"],
            "sequencer": true,
        },
        "post": {
            "base": base("post"),
            "data": if args.calldata { "calldata" } else { "blobs" },
            "interval_s": args.post_interval,
        },
        "enclave": {
            "endpoint": enclave,
            "platform": "dev",
            "allow_dev": true,
            "http_addr": http["enclave"],
        },
        "attest": {"base": base("attest"), "enclave": enclave},
        "propose": {"base": base("propose")},
        "settle": {"base": base("settle")},
        "wallet": {
            "deployment": deployment,
            "l1_rpc": l1_rpc,
            "l2_rpc": l2_rpc,
            "l2_outage_ms": 60_000,
        },
    });
    let Value::Object(config) = config else { unreachable!("invariant: an object") };
    Ok((config, http))
}

/// Writes a configuration.
pub(crate) fn write_toml(path: &Path, config: &impl serde::Serialize) -> Result<()> {
    fs::write(path, toml::to_string(config)?)
        .wrap_err_with(|| format!("cannot write {}", path.display()))
}

/// Writes a key file that nobody else may read.
pub(crate) fn key_file(dir: &Path, name: &str, key: &PrivateKeySigner) -> Result<PathBuf> {
    use std::os::unix::fs::OpenOptionsExt;
    let path = dir.join(name).with_extension("key");
    let mut options = fs::File::options();
    options.create(true).write(true).truncate(true).mode(0o600);
    let mut file =
        options.open(&path).wrap_err_with(|| format!("cannot write {}", path.display()))?;
    std::io::Write::write_all(&mut file, format!("{}\n", key.to_bytes()).as_bytes())?;
    Ok(path)
}
