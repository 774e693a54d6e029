//! The commands, one file each.

pub(crate) mod config;
pub(crate) mod deploy;
pub(crate) mod deposit;
pub(crate) mod inspect;
pub(crate) mod prove;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod service;
pub(crate) mod status;
pub(crate) mod withdraw;

use crate::{config::Source, key};
use alloy::network::EthereumWallet;
use alloy_primitives::{Address, U256, utils::parse_ether};
use eyre::{Result, WrapErr};
use oneslot_l1::Deployment;
use oneslot_wallet::{RollupAddresses, Wallet, WalletConfig};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Duration};
use url::Url;

/// Section `[wallet]`: what the commands of a user connect to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WalletSection {
    /// `deployment.json`.
    pub(crate) deployment: PathBuf,
    /// JSON-RPC of L1.
    pub(crate) l1_rpc: Url,
    /// JSON-RPC of the rollup.
    pub(crate) l2_rpc: Url,
    /// Milliseconds that the rollup's node may be away before a command fails.
    #[serde(default = "default_l2_outage_ms")]
    pub(crate) l2_outage_ms: u64,
}

fn default_l2_outage_ms() -> u64 {
    3000
}

impl WalletSection {
    pub(crate) fn load(source: &Source) -> Result<Self> {
        source.section("wallet")
    }

    pub(crate) fn deployment(&self) -> Result<Deployment> {
        Ok(Deployment::load(&self.deployment)?)
    }

    /// What a wallet connects to, with its limits.
    pub(crate) fn wallet_config(&self) -> Result<WalletConfig> {
        let rollup = RollupAddresses::from(&self.deployment()?);
        let mut config = WalletConfig::new(rollup, self.l1_rpc.clone(), self.l2_rpc.clone());
        config.l2_outage = Duration::from_millis(self.l2_outage_ms);
        Ok(config)
    }

    /// A wallet that signs with the user's key, or one that only reads.
    pub(crate) async fn connect(&self, signs: bool) -> Result<Wallet> {
        let config = self.wallet_config()?;
        let signer = if signs { Some(EthereumWallet::from(key::signer()?)) } else { None };
        Wallet::connect(config, signer).await.wrap_err("cannot connect")
    }
}

/// What is moved: ether or tokens.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Amount {
    /// Ether, for example 0.5.
    #[arg(long, value_name = "ETHER", value_parser = ether, required_unless_present = "token", conflicts_with = "token")]
    pub(crate) eth: Option<U256>,
    /// The token on L2, a bridged form of an ERC-20 on L1.
    #[arg(long, value_name = "ADDRESS", requires = "amount")]
    pub(crate) token: Option<Address>,
    /// Base units of the token.
    #[arg(long, value_name = "NUMBER", requires = "token")]
    pub(crate) amount: Option<U256>,
}

fn ether(text: &str) -> Result<U256, String> {
    parse_ether(text).map_err(|error| error.to_string())
}

/// Prints as JSON, or as the lines `text` gives.
pub(crate) fn print(json: bool, value: &impl Serialize, text: impl FnOnce()) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(value)?);
    } else {
        text();
    }
    Ok(())
}
