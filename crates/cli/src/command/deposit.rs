//! `oneslot deposit`: L1 to L2.

use super::{Amount, WalletSection, print};
use crate::config::Source;
use alloy_primitives::{Address, B256};
use eyre::{Result, eyre};
use oneslot_wallet::Deposited;
use serde::Serialize;

/// Move ETH or an ERC-20 from L1 to L2.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    amount: Amount,
    /// The token on L1 that `--token` stands for.
    #[arg(long, value_name = "ADDRESS", requires = "token")]
    l1_token: Option<Address>,
    /// Recipient on L2; absent: the sender.
    #[arg(long, value_name = "ADDRESS")]
    to: Option<Address>,
    /// Return when L1 has it, and do not wait for L2.
    #[arg(long)]
    no_wait: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    #[serde(flatten)]
    deposited: Deposited,
    /// L2 transaction and block, if waited for.
    l2_tx: Option<B256>,
    l2_block: Option<u64>,
}

pub(crate) async fn run(source: &Source, args: Args, json: bool) -> Result<()> {
    let wallet = WalletSection::load(source)?.connect(true).await?;
    let own = wallet.address().ok_or_else(|| eyre!("no account"))?;
    let to = args.to.unwrap_or(own);
    let deposited = match (args.amount.eth, args.amount.token, args.amount.amount) {
        (Some(wei), ..) => wallet.deposit_eth(to, wei, None).await?,
        (_, Some(l2_token), Some(amount)) => {
            let l1_token = args.l1_token.ok_or_else(|| eyre!("--l1-token is missing"))?;
            wallet.deposit_erc20(l1_token, l2_token, to, amount).await?
        }
        _ => return Err(eyre!("nothing to deposit: give --eth, or --token and --amount")),
    };
    let on_l2 =
        if args.no_wait { None } else { Some(wallet.until_executed(deposited.index).await?) };
    let outcome = Outcome {
        l2_tx: on_l2.map(|(tx, _)| tx),
        l2_block: on_l2.map(|(_, block)| block),
        deposited,
    };
    print(json, &outcome, || {
        let d = &outcome.deposited;
        println!("L1 transaction {} in block {}, deposit number {}", d.l1_tx, d.l1_block, d.index);
        if let (Some(tx), Some(block)) = (outcome.l2_tx, outcome.l2_block) {
            println!("L2 transaction {tx} in block {block}");
        }
    })
}
