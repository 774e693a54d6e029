//! Log search: the header's bloom rules most blocks out, the receipts decide.

use alloy_eips::BlockId;
use alloy_primitives::B256;
use alloy_rpc_types_eth::{Filter, FilterBlockOption, Log};

use super::{backend::Backend, convert, error::RpcError};
use crate::store::{Block, Reader};

impl Backend {
    /// `eth_getLogs`.
    pub(super) fn logs(&self, filter: &Filter) -> Result<Vec<Log>, RpcError> {
        self.check_filter(filter)?;
        let reader = self.store.read()?;
        let (first, last) = match filter.block_option {
            FilterBlockOption::AtBlockHash(hash) => {
                return self.logs_at(&reader, hash, filter);
            }
            FilterBlockOption::Range { from_block, to_block } => {
                let number = |tag| self.number(&reader, tag);
                (number(from_block.unwrap_or_default())?, number(to_block.unwrap_or_default())?)
            }
        };
        if first > last {
            return Err(RpcError::Params(format!("fromBlock {first} is after toBlock {last}")));
        }
        self.logs_between(&reader, first, last, filter)
    }

    /// The logs of the canonical blocks `first..=last` that match.
    pub(super) fn logs_between(
        &self,
        reader: &Reader,
        first: u64,
        last: u64,
        filter: &Filter,
    ) -> Result<Vec<Log>, RpcError> {
        let span = last.saturating_sub(first).saturating_add(1);
        if span > self.limits.log_blocks {
            return Err(RpcError::Limit {
                what: "block range",
                limit: self.limits.log_blocks,
                got: span,
            });
        }
        let head = reader.head_number()?.unwrap_or(0);
        let mut found = Vec::new();
        for number in first..=last.min(head) {
            let Some((header, hash)) = reader.header_at(number)? else {
                break;
            };
            if filter.matches_bloom(header.logs_bloom)
                && let Some(block) = reader.block_by_hash(hash)?
            {
                self.collect(reader, &block, filter, &mut found)?;
            }
        }
        Ok(found)
    }

    fn logs_at(&self, reader: &Reader, hash: B256, filter: &Filter) -> Result<Vec<Log>, RpcError> {
        let block = self.block(reader, BlockId::from(hash))?.ok_or(RpcError::UnknownBlock)?;
        let mut found = Vec::new();
        self.collect(reader, &block, filter, &mut found)?;
        Ok(found)
    }

    fn collect(
        &self,
        reader: &Reader,
        block: &Block,
        filter: &Filter,
        found: &mut Vec<Log>,
    ) -> Result<(), RpcError> {
        if block.body.transactions.is_empty() {
            return Ok(());
        }
        let receipts = convert::receipts(reader, block)?;
        let logs = convert::logs(block, &receipts).into_iter().flatten();
        found.extend(logs.filter(|log| filter.matches(&log.inner)));
        if found.len() > self.limits.log_results {
            return Err(RpcError::Limit {
                what: "number of logs",
                limit: self.limits.log_results as u64,
                got: found.len() as u64,
            });
        }
        Ok(())
    }

    pub(super) fn check_filter(&self, filter: &Filter) -> Result<(), RpcError> {
        let most = filter.topics.iter().map(|set| set.len()).max().unwrap_or(0);
        let got = most.max(filter.address.len());
        if got > self.limits.log_filter_items {
            return Err(RpcError::Limit {
                what: "number of addresses or topics",
                limit: self.limits.log_filter_items as u64,
                got: got as u64,
            });
        }
        Ok(())
    }
}
