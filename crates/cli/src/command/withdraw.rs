//! `oneslot withdraw start | status | pay`: L2 to L1.

use super::{Amount, WalletSection, print};
use crate::config::Source;
use alloy_primitives::{Address, B256};
use eyre::{Result, eyre};
use oneslot_wallet::{Payment, Stage, Wallet, Withdrawal, WithdrawalStatus};
use serde::Serialize;
use serde_json::json;

/// Move ETH or an ERC-20 from L2 to L1.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Start a withdrawal on L2.
    Start {
        #[command(flatten)]
        amount: Amount,
        /// Recipient on L1; absent: the sender.
        #[arg(long, value_name = "ADDRESS")]
        to: Option<Address>,
    },
    /// Where a withdrawal stands: which lanes attested, which is missing, when it can be paid.
    Status {
        /// The L2 transaction that started it.
        l2_tx: B256,
    },
    /// Pay a withdrawal out on L1; anyone may, for anyone.
    Pay {
        /// The L2 transaction that started it.
        l2_tx: B256,
        /// Wait until its batch is final.
        #[arg(long)]
        wait: bool,
    },
}

/// A status as JSON: `state` first, then everything known.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    state: Stage,
    withdrawal_hash: B256,
    #[serde(flatten)]
    status: WithdrawalStatus,
}

pub(crate) async fn run(source: &Source, command: Command, json: bool) -> Result<()> {
    let section = WalletSection::load(source)?;
    match command {
        Command::Start { amount, to } => {
            let wallet = section.connect(true).await?;
            let withdrawal = start(&wallet, amount, to).await?;
            let hash = withdrawal.hash();
            print(
                json,
                &json!({"l2Tx": withdrawal.l2_tx, "hash": hash, "withdrawal": withdrawal}),
                || {
                    println!("started on L2 in block {}, withdrawal {hash}", withdrawal.l2_block);
                    println!("next: oneslot withdraw pay --wait {}", withdrawal.l2_tx);
                },
            )
        }
        Command::Status { l2_tx } => {
            let wallet = section.connect(false).await?;
            for withdrawal in find(&wallet, l2_tx).await? {
                let status = wallet.status(&withdrawal).await?;
                let shown =
                    Shown { state: status.stage, withdrawal_hash: withdrawal.hash(), status };
                print(json, &shown, || print_status(&shown.status))?;
            }
            Ok(())
        }
        Command::Pay { l2_tx, wait } => {
            let wallet = section.connect(true).await?;
            for withdrawal in find(&wallet, l2_tx).await? {
                if wait {
                    wallet.until_payable(&withdrawal, |_| {}).await;
                }
                let payment = wallet.pay(&withdrawal).await?;
                print(json, &paid(&withdrawal, &payment), || match payment.l1_tx {
                    Some(tx) => println!("paid on L1 by {tx}"),
                    None => println!("it was paid before"),
                })?;
            }
            Ok(())
        }
    }
}

fn paid(withdrawal: &Withdrawal, payment: &Payment) -> serde_json::Value {
    json!({"state": "paid", "withdrawalHash": withdrawal.hash(), "l1Tx": payment.l1_tx, "relay": payment.relay})
}

async fn start(wallet: &Wallet, amount: Amount, to: Option<Address>) -> Result<Withdrawal> {
    let own = wallet.address().ok_or_else(|| eyre!("no account"))?;
    let to = to.unwrap_or(own);
    match (amount.eth, amount.token, amount.amount) {
        (Some(wei), ..) => Ok(wallet.withdraw_eth(to, wei, None).await?),
        (_, Some(token), Some(amount)) => Ok(wallet.withdraw_erc20(token, to, amount).await?),
        _ => Err(eyre!("nothing to withdraw: give --eth, or --token and --amount")),
    }
}

async fn find(wallet: &Wallet, l2_tx: B256) -> Result<Vec<Withdrawal>> {
    let found = wallet.find(l2_tx).await?;
    if found.is_empty() {
        return Err(eyre!("L2 transaction {l2_tx} is not in a block, or starts no withdrawal"));
    }
    Ok(found)
}

fn print_status(status: &WithdrawalStatus) {
    let state = match status.stage {
        Stage::NotIncluded => "not in an L2 block",
        Stage::Included => "in an L2 block; its batch is not posted yet",
        Stage::Posted => "posted; waits for two lanes",
        Stage::Capped => "final; held back by the instant cap",
        Stage::Payable => "payable now, by anyone",
        Stage::Paid => "paid",
    };
    println!("{state}");
    if let Some(batch) = status.batch {
        println!("  batch       {batch}");
    }
    if !status.lanes.is_empty() {
        println!("  lanes       {}; {} missing", status.votes(), status.votes_missing);
    }
    let time = |seconds: Option<u64>| {
        seconds.map_or(String::from("unknown"), |s| format!("{s} (L1 time, s)"))
    };
    if !matches!(status.stage, Stage::Paid) {
        println!("  earliest    {}", time(status.earliest));
        println!("  worst case  {}", time(status.worst_case));
    }
}
