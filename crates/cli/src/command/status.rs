//! `oneslot status`: what is final, by which lanes, and how old it is.

use super::{WalletSection, print};
use crate::config::Source;
use eyre::Result;
use oneslot_l1::{
    Final, L1Client, L1Config,
    bindings::{Inbox, Settlement},
};
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) async fn run(source: &Source, json: bool) -> Result<()> {
    let section = WalletSection::load(source)?;
    let deployment = section.deployment()?;
    let l1 =
        L1Client::connect(&L1Config::new(section.l1_rpc.clone(), deployment.l1_chain_id)).await?;
    let settlement = Settlement::new(deployment.settlement, l1.provider());
    let last = settlement.lastFinalized(deployment.rollup_id.0).call().await?;
    let Final { batch, output, at: finalized_at } = last.into();
    let posted = Inbox::new(deployment.inbox, l1.provider()).batchCount().call().await?;
    let sync = section.wallet_config()?.l2_client()?.sync_status().await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let age = now.saturating_sub(finalized_at);
    let value = json!({
        "finalizedBatch": batch, "finalOutput": output, "finalizedAt": finalized_at,
        "ageSeconds": age, "postedBatches": posted, "sync": sync,
    });
    print(json, &value, || {
        println!("final     batch {} of {posted} posted, {age} s ago, output {}", batch, output);
        println!(
            "L2        unsafe {}, safe {}, final {}",
            sync.unsafe_l2.number, sync.safe_l2.number, sync.finalized_l2.number
        );
        println!(
            "L1        block {}, taken in up to {}",
            sync.head_l1.number, sync.current_l1.number
        );
    })
}
