//! `eth_feeHistory`.

use alloy_consensus::Transaction;
use alloy_eips::BlockNumberOrTag;
use alloy_rpc_types_eth::FeeHistory;

use super::{backend::Backend, convert, error::RpcError};
use crate::store::{Block, Reader};

/// Most percentiles in one request.
const MAX_PERCENTILES: usize = 100;

impl Backend {
    /// Base fees, gas use and tips of the `count` blocks up to `newest`, oldest first.
    pub(super) fn fees(
        &self,
        count: u64,
        newest: BlockNumberOrTag,
        percentiles: Option<Vec<f64>>,
    ) -> Result<FeeHistory, RpcError> {
        let percentiles = percentiles.unwrap_or_default();
        check_percentiles(&percentiles)?;
        let reader = self.store.read()?;
        let newest = self.number(&reader, newest)?;
        let count = count.min(self.limits.fee_history_blocks).min(newest.saturating_add(1));
        if count == 0 {
            return Ok(FeeHistory::default());
        }
        let oldest = newest + 1 - count;
        let mut history = FeeHistory {
            oldest_block: oldest,
            reward: (!percentiles.is_empty()).then(Vec::new),
            ..FeeHistory::default()
        };
        let mut next = 0;
        for number in oldest..=newest {
            let block = reader.block(number)?.ok_or(RpcError::UnknownBlock)?;
            let header = &block.header;
            let base_fee = header.base_fee_per_gas.unwrap_or_default();
            history.base_fee_per_gas.push(base_fee.into());
            history.gas_used_ratio.push(header.gas_used as f64 / header.gas_limit.max(1) as f64);
            history.base_fee_per_blob_gas.push(0);
            history.blob_gas_used_ratio.push(0.0);
            if let Some(rewards) = &mut history.reward {
                rewards.push(rewards_of(&reader, &block, &percentiles)?);
            }
            next = self.next_base_fee(header)?;
        }
        history.base_fee_per_gas.push(next.into());
        history.base_fee_per_blob_gas.push(0);
        Ok(history)
    }
}

fn check_percentiles(percentiles: &[f64]) -> Result<(), RpcError> {
    if percentiles.len() > MAX_PERCENTILES {
        return Err(RpcError::Limit {
            what: "number of percentiles",
            limit: MAX_PERCENTILES as u64,
            got: percentiles.len() as u64,
        });
    }
    let in_range = percentiles.iter().all(|p| (0.0..=100.0).contains(p));
    if !in_range || percentiles.windows(2).any(|pair| pair[0] > pair[1]) {
        return Err(RpcError::Params("percentiles must be between 0 and 100 and ascend".into()));
    }
    Ok(())
}

/// The tips that the given shares of a block's gas paid at most.
fn rewards_of(reader: &Reader, block: &Block, shares: &[f64]) -> Result<Vec<u128>, RpcError> {
    if block.body.transactions.is_empty() {
        return Ok(vec![0; shares.len()]);
    }
    let base_fee = block.header.base_fee_per_gas.unwrap_or_default();
    let mut tips = Vec::new();
    let mut before = 0;
    for (raw, receipt) in block.body.transactions.iter().zip(convert::receipts(reader, block)?) {
        let gas = receipt.cumulative_gas_used() - before;
        before = receipt.cumulative_gas_used();
        let tx = convert::envelope(raw)?;
        if !tx.is_deposit() {
            tips.push((tx.effective_tip_per_gas(base_fee).unwrap_or(0), gas));
        }
    }
    tips.sort_unstable();
    let total: u64 = tips.iter().map(|(_, gas)| gas).sum();
    let reward = |share: &f64| {
        let goal = total as f64 * share / 100.0;
        let mut sum = 0;
        for (tip, gas) in &tips {
            sum += gas;
            if sum as f64 >= goal {
                return *tip;
            }
        }
        0
    };
    Ok(shares.iter().map(reward).collect())
}
