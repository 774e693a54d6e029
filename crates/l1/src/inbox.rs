//! Reads what a rollup's Inbox and Portal recorded, and checks it against the commitments in the logs themselves.
//!
//! Deposits are paired with the Portal's events by order and verified by the queue's rolling hash, so an endpoint that
//! drops, adds or reorders a log is noticed at the next deposit. Batch headers are hashed to the commitment that the
//! event carries. What remains to the endpoint's honesty is to leave out the newest logs altogether: the next batch,
//! whose header counts the deposits, shows it.

use alloy::{
    rpc::types::{Filter, Log},
    sol_types::SolEvent,
};
use alloy_primitives::{Address, B256, TxHash, U256};
use oneslot_types::{BatchHeader, BatchIndex, BlobOpening, Deposit, blob_data_hash};

use crate::{
    BlockRef, Error, L1Client,
    bindings::{Inbox, Portal},
};

/// L2 gas limits of the deposits that one batch consumes, in all, unless they are of one L1 block. The Inbox's
/// constant, which `check_rollup` compares.
pub const MAX_DEPOSIT_GAS: u64 = 4_000_000;

/// Bytes of a batch posted as calldata. The Inbox's constant, which `check_rollup` compares.
pub const MAX_CALLDATA_BYTES: usize = 120_000;

/// L1 blocks from the origin of a batch to that of the next. The Inbox's constant, which `check_rollup` compares.
pub const MAX_ORIGIN_ADVANCE: u64 = 1024;

/// Blocks asked for in one `eth_getLogs`. Public endpoints refuse more than some thousand.
pub(crate) const LOG_RANGE: u64 = 1000;

/// A deposit in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedDeposit {
    /// Place in the queue, from zero.
    pub index: u64,
    /// What was deposited.
    pub deposit: Deposit,
    /// Rolling hash of the queue after it, recomputed here.
    pub rolling_hash: B256,
    /// Hash of the L1 block that holds it.
    pub l1_block_hash: B256,
    /// Timestamp of that block, seconds.
    pub timestamp: u64,
    /// The L1 transaction.
    pub tx_hash: TxHash,
}

/// Where in the deposit queue a reader stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DepositCursor {
    /// Deposits read so far; the index of the next one.
    pub count: u64,
    /// Rolling hash over them; zero for none.
    pub rolling_hash: B256,
}

/// A batch as the Inbox recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedBatch {
    /// What the batch commits to. Its hash was checked against the event.
    pub header: BatchHeader,
    /// The blobs' openings; empty in calldata mode.
    pub openings: Vec<BlobOpening>,
    /// The L1 transaction that posted it.
    pub tx_hash: TxHash,
    /// L1 block number of the posting.
    pub l1_block_number: u64,
    /// L1 block hash of the posting.
    pub l1_block_hash: B256,
}

/// What one L1 block, or a range of them, holds for the rollup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxEvents {
    /// Deposits in queue order.
    pub deposits: Vec<QueuedDeposit>,
    /// Batches in order.
    pub batches: Vec<PostedBatch>,
}

/// Reads one rollup's Inbox and Portal.
#[derive(Clone, Debug)]
pub struct InboxReader {
    pub(crate) client: L1Client,
    pub(crate) inbox: Address,
    portal: Address,
}

impl InboxReader {
    /// A reader of the two contracts of one rollup.
    pub fn new(client: L1Client, inbox: Address, portal: Address) -> Self {
        Self { client, inbox, portal }
    }

    /// The connection.
    pub fn client(&self) -> &L1Client {
        &self.client
    }

    /// The Inbox's address.
    pub fn inbox(&self) -> Address {
        self.inbox
    }

    /// Everything in exactly that block, by hash: safe against reorganisations between calls. `cursor` is where the
    /// queue stood before the block; it is moved on, unless there is an error.
    pub async fn events_in(
        &self,
        block: BlockRef,
        cursor: &mut DepositCursor,
    ) -> Result<InboxEvents, Error> {
        let filter = self.filter().at_block_hash(block.hash);
        let logs = self.client.logs(&filter).await?;
        for log in &logs {
            if log.block_hash != Some(block.hash) {
                return Err(mismatch(
                    log,
                    "block hash",
                    block.hash,
                    log.block_hash.unwrap_or_default(),
                ));
            }
        }
        self.read(&logs, cursor)
    }

    /// Everything in `first..=last` by number, asked for in pieces. The caller compares the block hashes with the
    /// chain it follows.
    pub async fn events(
        &self,
        first: u64,
        last: u64,
        cursor: &mut DepositCursor,
    ) -> Result<InboxEvents, Error> {
        let mut all = InboxEvents::default();
        let mut at = *cursor;
        let mut from = first;
        while from <= last {
            let to = last.min(from + LOG_RANGE - 1);
            let logs = self.client.logs(&self.filter().from_block(from).to_block(to)).await?;
            let mut events = self.read(&logs, &mut at)?;
            all.deposits.append(&mut events.deposits);
            all.batches.append(&mut events.batches);
            from = to + 1;
        }
        *cursor = at;
        Ok(all)
    }

    /// The deposits made in `first..=last`.
    pub async fn deposits(
        &self,
        first: u64,
        last: u64,
        cursor: &mut DepositCursor,
    ) -> Result<Vec<QueuedDeposit>, Error> {
        Ok(self.events(first, last, cursor).await?.deposits)
    }

    /// The batches posted in `first..=last`, without the genesis header unless its block is in the range.
    pub async fn batches(&self, first: u64, last: u64) -> Result<Vec<PostedBatch>, Error> {
        let mut all = Vec::new();
        let mut from = first;
        while from <= last {
            let to = last.min(from + LOG_RANGE - 1);
            let filter = Filter::new()
                .address(self.inbox)
                .event_signature(Inbox::BatchPosted::SIGNATURE_HASH)
                .from_block(from)
                .to_block(to);
            for log in self.client.logs(&filter).await? {
                all.push(read_batch(&log)?);
            }
            from = to + 1;
        }
        Ok(all)
    }

    /// One batch by index, searched from the head back to `from_block`, in pieces.
    pub async fn batch(
        &self,
        index: BatchIndex,
        from_block: u64,
    ) -> Result<Option<PostedBatch>, Error> {
        let filter = Filter::new()
            .address(self.inbox)
            .event_signature(Inbox::BatchPosted::SIGNATURE_HASH)
            .topic1(B256::from(U256::from(index.0)));
        let mut last = self.client.block_number().await?;
        while last >= from_block {
            let first = from_block.max(last.saturating_sub(LOG_RANGE - 1));
            let filter = filter.clone().from_block(first).to_block(last);
            if let Some(log) = self.client.logs(&filter).await?.last() {
                return Ok(Some(read_batch(log)?));
            }
            let Some(before) = first.checked_sub(1) else { break };
            last = before;
        }
        Ok(None)
    }

    fn filter(&self) -> Filter {
        Filter::new().address(vec![self.inbox, self.portal]).event_signature(vec![
            Inbox::BatchPosted::SIGNATURE_HASH,
            Inbox::DepositQueued::SIGNATURE_HASH,
            Portal::TransactionDeposited::SIGNATURE_HASH,
        ])
    }

    fn read(&self, logs: &[Log], cursor: &mut DepositCursor) -> Result<InboxEvents, Error> {
        let mut events = InboxEvents::default();
        // The Portal's and the Inbox's event of one deposit share a transaction; which comes first is theirs to choose.
        let mut queued: Vec<(Inbox::DepositQueued, &Log)> = Vec::new();
        let mut deposited: Vec<(Portal::TransactionDeposited, &Log)> = Vec::new();
        for log in logs {
            match log.topic0().copied() {
                Some(Inbox::BatchPosted::SIGNATURE_HASH) if log.address() == self.inbox => {
                    events.batches.push(read_batch(log)?);
                }
                Some(Inbox::DepositQueued::SIGNATURE_HASH) if log.address() == self.inbox => {
                    queued.push((decode(log)?, log));
                }
                Some(Portal::TransactionDeposited::SIGNATURE_HASH)
                    if log.address() == self.portal =>
                {
                    deposited.push((decode(log)?, log));
                }
                _ => {}
            }
        }
        if queued.len() != deposited.len() {
            let block = logs.first().and_then(|l| l.block_number).unwrap_or(0);
            return Err(Error::Logs {
                block,
                what: "TransactionDeposited logs",
                expected: queued.len().to_string(),
                got: deposited.len().to_string(),
            });
        }
        for ((queued, log), (deposited, _)) in queued.into_iter().zip(deposited) {
            events.deposits.push(read_deposit(&queued, &deposited, log, cursor)?);
        }
        Ok(events)
    }
}

fn read_deposit(
    queued: &Inbox::DepositQueued,
    deposited: &Portal::TransactionDeposited,
    log: &Log,
    cursor: &mut DepositCursor,
) -> Result<QueuedDeposit, Error> {
    if queued.index != cursor.count {
        return Err(mismatch(log, "deposit index", cursor.count, queued.index));
    }
    let block = required(log, "block number", log.block_number)?;
    if queued.l1Block != block {
        return Err(mismatch(log, "deposit block", block, queued.l1Block));
    }
    let deposit = Deposit {
        from: deposited.from,
        to: deposited.to,
        l1_block_number: block,
        opaque_data: deposited.opaqueData.clone(),
    };
    let rolling_hash = deposit.extend(cursor.rolling_hash);
    if rolling_hash != queued.rollingHash {
        return Err(mismatch(log, "deposit rolling hash", queued.rollingHash, rolling_hash));
    }
    *cursor = DepositCursor { count: cursor.count + 1, rolling_hash };
    Ok(QueuedDeposit {
        index: queued.index,
        deposit,
        rolling_hash,
        l1_block_hash: required(log, "block hash", log.block_hash)?,
        timestamp: queued.timestamp,
        tx_hash: required(log, "transaction hash", log.transaction_hash)?,
    })
}

fn read_batch(log: &Log) -> Result<PostedBatch, Error> {
    let event: Inbox::BatchPosted = decode(log)?;
    let header = BatchHeader::from(event.header);
    if header.commitment().0 != event.commitment {
        return Err(mismatch(log, "batch commitment", event.commitment, header.commitment()));
    }
    let openings: Vec<BlobOpening> = event.openings.into_iter().map(Into::into).collect();
    if !openings.is_empty() && blob_data_hash(&openings) != header.data_hash {
        return Err(mismatch(log, "batch data hash", header.data_hash, blob_data_hash(&openings)));
    }
    Ok(PostedBatch {
        header,
        openings,
        tx_hash: required(log, "transaction hash", log.transaction_hash)?,
        l1_block_number: required(log, "block number", log.block_number)?,
        l1_block_hash: required(log, "block hash", log.block_hash)?,
    })
}

pub(crate) fn decode<E: SolEvent>(log: &Log) -> Result<E, Error> {
    E::decode_log(&log.inner)
        .map(|decoded| decoded.data)
        .map_err(|e| mismatch(log, "event encoding", E::SIGNATURE, e))
}

pub(crate) fn required<T>(log: &Log, what: &'static str, value: Option<T>) -> Result<T, Error> {
    value.ok_or_else(|| mismatch(log, what, "a mined log", "none"))
}

fn mismatch(log: &Log, what: &'static str, expected: impl ToString, got: impl ToString) -> Error {
    Error::Logs {
        block: log.block_number.unwrap_or(0),
        what,
        expected: expected.to_string(),
        got: got.to_string(),
    }
}
