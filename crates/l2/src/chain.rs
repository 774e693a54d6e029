//! The L2 chain over the store: executing, appending and rolling back blocks.
//!
//! One [`Chain`] is the only writer of its store. All methods that write are synchronous and take
//! the writer lock, so sequencing, derivation and L1 reorganisations never interleave.

use std::sync::Arc;

use alloy_consensus::{Header, Sealed};
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_primitives::{B256, Bytes, keccak256};
use oneslot_stf::{BlockAttributes, Crypto, ExecutedBlock, ForkRules, L1Origin, State, Transition};
use oneslot_types::{BatchIndex, RollupConfig};
use op_alloy_consensus::{OpTxEnvelope, TxDeposit};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::{
    error::{Error, Result},
    pool::{Pool, PoolTx, SenderState},
    store::{Block, BlockBody, L1Block, NewBlock, Reader, StateNodes, Store},
};

/// What changed last; waiters look at the store for the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Number of the unsafe head.
    pub number: u64,
    /// Hash of the unsafe head.
    pub hash: B256,
}

/// The L2 chain. Clones share it.
#[derive(Clone, Debug)]
pub struct Chain {
    store: Store,
    pool: Arc<Mutex<Pool>>,
    config: RollupConfig,
    rules: ForkRules,
    writer: Arc<Mutex<()>>,
    head: Arc<watch::Sender<Head>>,
}

impl Chain {
    /// The chain in `store`, whose genesis is installed.
    ///
    /// Errors: the store has no genesis, or the config breaks a bound of the state transition.
    pub fn open(store: Store, pool: Arc<Mutex<Pool>>, config: RollupConfig) -> Result<Self> {
        oneslot_stf::check_config(&config)?;
        let head = store.read()?.head()?;
        let (sender, _) = watch::channel(Head { number: head.header.number, hash: head.hash });
        Ok(Self {
            store,
            pool,
            rules: oneslot_stf::fork_rules(&config),
            config,
            writer: Arc::default(),
            head: Arc::new(sender),
        })
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The pool.
    pub fn pool(&self) -> &Arc<Mutex<Pool>> {
        &self.pool
    }

    /// Rules of the rollup.
    pub fn config(&self) -> &RollupConfig {
        &self.config
    }

    /// Forks.
    pub fn rules(&self) -> &ForkRules {
        &self.rules
    }

    /// Tells of every change of the head.
    pub fn watch_head(&self) -> watch::Receiver<Head> {
        self.head.subscribe()
    }

    /// Runs `work` while nobody else writes.
    pub(crate) fn exclusive<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let _guard = self.writer.lock();
        let result = work();
        self.announce()?;
        result
    }

    fn announce(&self) -> Result<()> {
        let reader = self.store.read()?;
        let number = reader.head_number()?.unwrap_or(0);
        let hash = reader.canonical(number)?.unwrap_or_default();
        let head = Head { number, hash };
        self.head.send_if_modified(|old| {
            let changed = *old != head;
            *old = head;
            changed
        });
        metrics::gauge!("oneslot_l2_unsafe_block").set(number as f64);
        metrics::gauge!("oneslot_l2_safe_block").set(reader.safe_number()? as f64);
        metrics::gauge!("oneslot_l2_finalized_block").set(reader.finalized_number()? as f64);
        Ok(())
    }

    /// The state transition on `parent` over a snapshot. Nothing is written.
    pub(crate) fn transition(
        &self,
        reader: &Reader,
        parent: Sealed<Header>,
    ) -> Result<Transition<'_, StateNodes>> {
        let nodes = reader.state_nodes()?;
        Ok(Transition::new(&self.rules, Crypto::SOFTWARE, parent, nodes).keep_new())
    }

    /// Puts transactions of removed blocks back into the pool, as far as they are still valid.
    pub(crate) fn requeue(&self, transactions: Vec<Bytes>) -> Result<()> {
        if transactions.is_empty() {
            return Ok(());
        }
        let reader = self.store.read()?;
        let head = reader.head()?;
        let mut state = State::new(reader.state_nodes()?, head.header.state_root);
        let base_fee = oneslot_stf::next_base_fee(&head.header, &self.rules)?;
        let mut pool = self.pool.lock();
        let limits = pool.limits().clone();
        for raw in transactions {
            let outcome = PoolTx::decode(raw, &limits).and_then(|tx| {
                // An account that cannot be read drops only this transaction from the pool.
                let account = state.account(tx.sender).ok().flatten().unwrap_or_default();
                let sender =
                    SenderState { nonce: account.nonce, balance: account.balance, has_code: false };
                pool.add(tx, sender, base_fee)
            });
            if let Err(error) = outcome {
                tracing::debug!(%error, "transaction of a removed block not taken back");
            }
        }
        Ok(())
    }

    /// Drops from the pool what the chain has passed.
    pub(crate) fn prune_pool(&self) -> Result<()> {
        let senders = self.pool.lock().senders();
        if senders.is_empty() {
            return Ok(());
        }
        let reader = self.store.read()?;
        let head = reader.head()?;
        let mut state = State::new(reader.state_nodes()?, head.header.state_root);
        for sender in senders {
            let account = state.account(sender).map_err(oneslot_stf::Error::from)?;
            let nonce = account.map_or(0, |account| account.nonce);
            self.pool.lock().advance(sender, nonce);
        }
        metrics::gauge!("oneslot_l2_pool_transactions").set(self.pool.lock().len() as f64);
        Ok(())
    }

    /// Takes in the next L1 block.
    ///
    /// Errors: it does not follow the last one, or its deposits or batches do not fit.
    pub fn append_l1(&self, block: &L1Block) -> Result<()> {
        self.exclusive(|| {
            let writer = self.store.write()?;
            writer.append_l1(block)?;
            writer.commit()
        })?;
        metrics::gauge!("oneslot_l2_l1_block").set(block.header.number as f64);
        Ok(())
    }

    /// Drops all L1 blocks above `number`, the batches posted in them, and the L2 blocks whose
    /// origin is among them. A node that only derives also drops what no longer comes from L1.
    pub fn reorg_l1(&self, number: u64, keep_unsafe: bool) -> Result<()> {
        self.exclusive(|| {
            let reader = self.store.read()?;
            let head = reader.head_number()?.unwrap_or(0);
            let keep = last_with_origin(&reader, head, number)?;
            let writer = self.store.write()?;
            writer.truncate_l1(number)?;
            let mut returned = writer.truncate(keep)?;
            writer.commit()?;
            if !keep_unsafe {
                let safe = self.store.read()?.safe_number()?;
                if safe < keep {
                    let writer = self.store.write()?;
                    returned.splice(0..0, writer.truncate(safe)?);
                    writer.commit()?;
                }
            }
            if keep < head {
                tracing::warn!(l1 = number, from = head, to = keep, "L1 reorganised");
                metrics::counter!("oneslot_l2_rollbacks").increment(1);
            }
            self.requeue(returned)
        })
    }

    /// Marks what L1 has made final.
    pub fn set_finalized(&self, batch: BatchIndex) -> Result<()> {
        let reader = self.store.read()?;
        let batch = batch.min(reader.derived_batch()?);
        if batch == reader.finalized_batch()? {
            return Ok(());
        }
        self.exclusive(|| {
            let writer = self.store.write()?;
            writer.set_finalized(batch)?;
            writer.commit()
        })
    }

    /// The deposits that become due between two origins, exclusive and inclusive, as transactions,
    /// and the gas they may take.
    pub fn due_deposits(
        &self,
        reader: &Reader,
        after: u64,
        through: u64,
    ) -> Result<(Vec<TxDeposit>, u64)> {
        if through <= after {
            return Ok((Vec::new(), 0));
        }
        let first = reader.deposits_through(after)?;
        let mut gas = 0u64;
        let mut transactions = Vec::new();
        for (index, record) in reader.deposits_until(first, through)? {
            let deposit = record.deposit();
            let tx = oneslot_stf::deposit_transaction(&deposit, record.l1_block_hash, index);
            if let Some(tx) = tx {
                gas = gas.saturating_add(tx.gas_limit);
                transactions.push(tx);
            }
        }
        Ok((transactions, gas))
    }
}

/// An executed block and the state it adds.
#[derive(Debug)]
pub(crate) struct Executed {
    /// The sealed block.
    pub(crate) block: ExecutedBlock,
    /// New trie nodes and codes.
    pub(crate) new: oneslot_stf::NewState,
}

impl Executed {
    /// The record to append, for a block with this origin.
    pub(crate) fn into_record(self, origin: &L1Origin, sequence_number: u64) -> NewBlock {
        let Self { block, new } = self;
        let (header, hash) = block.header.into_parts();
        NewBlock {
            header,
            hash,
            body: BlockBody {
                senders: block.transactions.iter().map(|tx| tx.sender).collect(),
                transactions: block.transactions.into_iter().map(|tx| tx.encoded).collect(),
                origin_number: origin.number,
                origin_hash: origin.hash,
                sequence_number,
            },
            receipts: block.receipts.iter().map(|receipt| receipt.encoded_2718().into()).collect(),
            nodes: new.nodes,
            codes: new.codes,
        }
    }
}

/// The last block up to `head` whose origin is at most `number`; origins never decrease.
fn last_with_origin(reader: &Reader, head: u64, number: u64) -> Result<u64> {
    let (mut low, mut high) = (0, head);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        let block = reader.block(middle)?.ok_or(Error::Missing { what: "block" })?;
        if block.body.origin_number <= number {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Ok(low)
}

/// The attributes that a stored block was built from: executing them gives the block again.
pub fn attributes_of(block: &Block) -> Result<BlockAttributes> {
    let header = &block.header;
    let mut deposits = Vec::new();
    let mut transactions = Vec::new();
    for raw in &block.body.transactions {
        if raw.first() != Some(&op_alloy_consensus::DEPOSIT_TX_TYPE_ID) {
            transactions.push(raw.clone());
            continue;
        }
        let corrupt = |reason: String| Error::Corrupt { table: "bodies", reason };
        match OpTxEnvelope::decode_2718_exact(raw) {
            Ok(OpTxEnvelope::Deposit(deposit)) => deposits.push(deposit.into_inner()),
            Ok(_) => return Err(corrupt(format!("{} is no deposit", keccak256(raw)))),
            Err(error) => return Err(corrupt(error.to_string())),
        }
    }
    Ok(BlockAttributes {
        timestamp: header.timestamp,
        prev_randao: header.mix_hash,
        fee_recipient: header.beneficiary,
        parent_beacon_block_root: header.parent_beacon_block_root.unwrap_or_default(),
        gas_limit: header.gas_limit,
        extra_data: header.extra_data.clone(),
        deposits,
        transactions,
    })
}

/// The state after a stored block.
pub(crate) fn state_after(reader: &Reader, header: &Header) -> Result<State<StateNodes>> {
    Ok(State::new(reader.state_nodes()?, header.state_root))
}
