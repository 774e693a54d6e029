//! Transactions waiting for a block.
//!
//! The pool holds at most a fixed number of bytes, of transactions, and of transactions per sender. A sender's
//! transactions are ordered by nonce; only an unbroken run from the account's nonce is offered to
//! the sequencer. When the pool is full, the last transaction of the sender who pays least goes
//! first, and a newcomer that pays less than that is refused.

mod tx;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BinaryHeap, HashMap};

use alloy_primitives::{Address, B256, U256};

pub use tx::{PoolError, PoolLimits, PoolTx};

/// What admission needs to know about the chain.
#[derive(Clone, Copy, Debug)]
pub struct SenderState {
    /// Next nonce of the account.
    pub nonce: u64,
    /// Wei of the account.
    pub balance: U256,
    /// Whether the account has code that is not an EIP-7702 delegation (EIP-3607).
    pub has_code: bool,
}

/// The pool. Not shared: callers put it behind a lock.
#[derive(Debug)]
pub struct Pool {
    limits: PoolLimits,
    senders: HashMap<Address, BTreeMap<u64, PoolTx>>,
    hashes: HashMap<B256, (Address, u64)>,
    bytes: usize,
}

impl Pool {
    /// An empty pool.
    pub fn new(limits: PoolLimits) -> Self {
        Self { limits, senders: HashMap::new(), hashes: HashMap::new(), bytes: 0 }
    }

    /// The limits in force.
    pub fn limits(&self) -> &PoolLimits {
        &self.limits
    }

    /// Number of transactions.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Bytes of all transactions.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// A waiting transaction.
    pub fn get(&self, hash: &B256) -> Option<&PoolTx> {
        let (sender, nonce) = self.hashes.get(hash)?;
        self.senders.get(sender)?.get(nonce)
    }

    /// The nonce after the unbroken run of waiting transactions that starts at `nonce`.
    pub fn next_nonce(&self, sender: Address, nonce: u64) -> u64 {
        let Some(waiting) = self.senders.get(&sender) else {
            return nonce;
        };
        let mut next = nonce;
        while waiting.contains_key(&next) {
            next += 1;
        }
        next
    }

    /// Takes a decoded transaction in, or says why not.
    ///
    /// `state` is the sender's account at the head; `base_fee` the head's next base fee.
    pub fn add(
        &mut self,
        tx: PoolTx,
        state: SenderState,
        base_fee: u64,
    ) -> Result<B256, PoolError> {
        if self.hashes.contains_key(&tx.hash) {
            return Err(PoolError::AlreadyKnown);
        }
        tx.check(&self.limits, state, base_fee)?;
        let (hash, sender, nonce, size) = (tx.hash, tx.sender, tx.nonce, tx.raw.len());
        let waiting = self.senders.get(&sender);
        let replaced = waiting.and_then(|txs| txs.get(&nonce));
        if let Some(old) = replaced {
            if !tx.outbids(old, self.limits.replacement_percent) {
                return Err(PoolError::Underpriced { percent: self.limits.replacement_percent });
            }
        } else if waiting.map_or(0, BTreeMap::len) >= self.limits.per_sender {
            return Err(PoolError::SenderFull { limit: self.limits.per_sender });
        }
        let others: U256 = waiting
            .into_iter()
            .flat_map(|txs| txs.iter())
            .filter(|(other, _)| **other != nonce)
            .fold(U256::ZERO, |sum, (_, tx)| sum.saturating_add(tx.cost));
        let need = others.saturating_add(tx.cost);
        if need > state.balance {
            return Err(PoolError::Funds { need, got: state.balance });
        }
        let freed = replaced.map_or(0, |old| old.raw.len());
        let bytes = (self.bytes - freed + size).saturating_sub(self.limits.max_bytes);
        let count = usize::from(freed == 0 && self.len() >= self.limits.max_count);
        self.make_room(bytes, count, &tx)?;
        if let Some(old) = self.senders.entry(sender).or_default().insert(nonce, tx) {
            self.hashes.remove(&old.hash);
            self.bytes -= old.raw.len();
        }
        self.hashes.insert(hash, (sender, nonce));
        self.bytes += size;
        Ok(hash)
    }

    /// Evicts the cheapest tails until `bytes` and `count` are freed, unless `tx` pays no more.
    fn make_room(&mut self, bytes: usize, count: usize, tx: &PoolTx) -> Result<(), PoolError> {
        let (mut freed, mut taken) = (0, HashMap::<Address, usize>::new());
        let mut victims = Vec::new();
        while freed < bytes || victims.len() < count {
            let tail = self
                .senders
                .iter()
                .filter(|(sender, _)| **sender != tx.sender)
                .filter_map(|(sender, txs)| {
                    let skip = taken.get(sender).copied().unwrap_or(0);
                    txs.values().rev().nth(skip)
                })
                .min_by_key(|tail| (tail.max_fee, tail.hash));
            match tail {
                Some(tail) if tail.max_fee < tx.max_fee => {
                    freed += tail.raw.len();
                    *taken.entry(tail.sender).or_default() += 1;
                    victims.push((tail.sender, tail.nonce));
                }
                _ => return Err(PoolError::Full),
            }
        }
        for (sender, nonce) in victims {
            self.remove_from(sender, nonce);
        }
        Ok(())
    }

    fn remove_from(&mut self, sender: Address, nonce: u64) -> Option<PoolTx> {
        let waiting = self.senders.get_mut(&sender)?;
        let tx = waiting.remove(&nonce)?;
        if waiting.is_empty() {
            self.senders.remove(&sender);
        }
        self.hashes.remove(&tx.hash);
        self.bytes -= tx.raw.len();
        Some(tx)
    }

    /// Removes one transaction by hash.
    pub fn remove(&mut self, hash: &B256) -> Option<PoolTx> {
        let (sender, nonce) = *self.hashes.get(hash)?;
        self.remove_from(sender, nonce)
    }

    /// Drops every transaction of `sender` whose nonce the chain has passed.
    pub fn advance(&mut self, sender: Address, nonce: u64) {
        let passed: Vec<u64> = match self.senders.get(&sender) {
            Some(waiting) => waiting.range(..nonce).map(|(key, _)| *key).collect(),
            None => return,
        };
        for old in passed {
            self.remove_from(sender, old);
        }
    }

    /// Senders with waiting transactions.
    pub fn senders(&self) -> Vec<Address> {
        self.senders.keys().copied().collect()
    }

    /// The transactions of the next block: best tip first, nonces in order, within `max_gas` (sum
    /// of gas limits) and `max_bytes`.
    ///
    /// `nonces` gives the account nonces at the head; senders without one are left out.
    pub fn best(
        &self,
        nonces: &HashMap<Address, u64>,
        base_fee: u64,
        max_gas: u64,
        max_bytes: usize,
    ) -> Vec<PoolTx> {
        let candidate = |sender: Address, nonce: u64| {
            let tx = self.senders.get(&sender)?.get(&nonce)?;
            let tip = tx.effective_tip(base_fee)?;
            // Equal tips: the earlier hash, so that the order does not depend on the map.
            Some((tip, std::cmp::Reverse(tx.hash), sender, nonce))
        };
        let mut heap: BinaryHeap<_> =
            nonces.iter().filter_map(|(sender, nonce)| candidate(*sender, *nonce)).collect();
        let (mut gas, mut bytes) = (0u64, 0usize);
        let mut out = Vec::new();
        while let Some((_, _, sender, nonce)) = heap.pop() {
            let tx = &self.senders[&sender][&nonce];
            if gas.saturating_add(tx.gas_limit) > max_gas || bytes + tx.raw.len() > max_bytes {
                continue;
            }
            gas += tx.gas_limit;
            bytes += tx.raw.len();
            out.push(tx.clone());
            heap.extend(candidate(sender, nonce + 1));
        }
        out
    }
}
