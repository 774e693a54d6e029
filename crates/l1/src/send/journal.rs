//! What the TxManager has decided, on disk before anyone hears of it.
//!
//! One redb file: jobs by key, blobs by key, and the account it belongs to. redb locks the file, so a second process
//! cannot sign with the same journal.

use std::path::Path;

use alloy_primitives::{Address, Bytes, TxHash, U256};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use serde::{Deserialize, Serialize};

use super::fees::Fees;
use crate::{BlockRef, Error};

const JOBS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("jobs");
const BLOBS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("blobs");
const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");

/// Settled jobs kept for their receipts; older ones are forgotten.
const KEEP_SETTLED: usize = 2048;

/// A transaction to be made exactly once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) key: String,
    /// Grows with every job; keeps them in order of submission.
    pub(super) serial: u64,
    pub(super) to: Option<Address>,
    pub(super) value: U256,
    pub(super) data: Bytes,
    pub(super) gas: u64,
    pub(super) has_blobs: bool,
    pub(super) nonce: u64,
    /// Every signed form, oldest first. Written before it is broadcast.
    pub(super) attempts: Vec<Attempt>,
    /// L1 head at which the nonce was first seen used by a transaction that is none of ours.
    pub(super) lost_since: Option<u64>,
    pub(super) state: JobState,
}

/// One signed form of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) nonce: u64,
    pub(super) fees: Fees,
    pub(super) hash: TxHash,
    /// L1 head when it was signed.
    pub(super) at: u64,
}

/// Life of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum JobState {
    /// Not in a block, as far as known.
    Pending,
    /// In a block that can still go away.
    Included(Inclusion),
    /// In a block deep enough not to be looked at again.
    Settled(Inclusion),
}

/// Where a transaction ended up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inclusion {
    /// The attempt that made it.
    pub tx_hash: TxHash,
    /// The block it is in.
    pub block: BlockRef,
    /// Whether it did what it should; `false`: reverted.
    pub success: bool,
    /// Gas used.
    pub gas_used: u64,
    /// Wei paid per unit of gas.
    pub gas_price: u128,
    /// Address of the contract it created.
    pub contract: Option<Address>,
}

impl Job {
    /// Where it is included, settled or not.
    pub(super) fn inclusion(&self) -> Option<&Inclusion> {
        match &self.state {
            JobState::Pending => None,
            JobState::Included(inclusion) | JobState::Settled(inclusion) => Some(inclusion),
        }
    }
}

/// The journal file.
#[derive(Debug)]
pub(super) struct Journal {
    db: Database,
}

impl Journal {
    /// Opens or creates the file, and refuses one of another chain or account.
    pub(super) fn open(path: &Path, chain_id: u64, account: Address) -> Result<Self, Error> {
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir).map_err(err)?;
        }
        let db = Database::create(path).map_err(err)?;
        let mut owner = chain_id.to_be_bytes().to_vec();
        owner.extend_from_slice(account.as_slice());
        let tx = db.begin_write().map_err(err)?;
        {
            tx.open_table(JOBS).map_err(err)?;
            tx.open_table(BLOBS).map_err(err)?;
            let mut meta = tx.open_table(META).map_err(err)?;
            let known = meta.get("owner").map_err(err)?.map(|v| v.value().to_vec());
            match known {
                None => {
                    meta.insert("owner", owner.as_slice()).map_err(err)?;
                }
                Some(known) if known == owner => {}
                Some(known) => {
                    return Err(Error::Journal(format!(
                        "belongs to another chain or account: expected {}, got {}",
                        hex::encode(owner),
                        hex::encode(known)
                    )));
                }
            }
        }
        tx.commit().map_err(err)?;
        Ok(Self { db })
    }

    /// All jobs, by serial.
    pub(super) fn jobs(&self) -> Result<Vec<Job>, Error> {
        let tx = self.db.begin_read().map_err(err)?;
        let table = tx.open_table(JOBS).map_err(err)?;
        let mut jobs = Vec::new();
        for entry in table.iter().map_err(err)? {
            let (_, value) = entry.map_err(err)?;
            jobs.push(serde_json::from_slice::<Job>(value.value()).map_err(err)?);
        }
        jobs.sort_by_key(|job| job.serial);
        Ok(jobs)
    }

    /// Writes a job that changed.
    pub(super) fn put(&self, job: &Job) -> Result<(), Error> {
        let tx = self.db.begin_write().map_err(err)?;
        write_job(&tx, job)?;
        tx.commit().map_err(err)
    }

    /// Writes a new job with its blobs. `retired` is an earlier try under the same key, which has another key by now;
    /// its blobs move along.
    pub(super) fn add(
        &self,
        job: &Job,
        blobs: &[Bytes],
        retired: Option<&Job>,
    ) -> Result<(), Error> {
        let tx = self.db.begin_write().map_err(err)?;
        write_job(&tx, job)?;
        if let Some(retired) = retired {
            write_job(&tx, retired)?;
        }
        {
            let mut table = tx.open_table(BLOBS).map_err(err)?;
            let old = table.remove(job.key.as_str()).map_err(err)?.map(|v| v.value().to_vec());
            if let (Some(old), Some(retired)) = (old, retired) {
                table.insert(retired.key.as_str(), old.as_slice()).map_err(err)?;
            }
            if job.has_blobs {
                table.insert(job.key.as_str(), blobs.concat().as_slice()).map_err(err)?;
            }
        }
        tx.commit().map_err(err)
    }

    /// The blobs of a job, concatenated.
    pub(super) fn blobs(&self, key: &str) -> Result<Vec<u8>, Error> {
        let tx = self.db.begin_read().map_err(err)?;
        let table = tx.open_table(BLOBS).map_err(err)?;
        let blobs = table.get(key).map_err(err)?;
        blobs
            .map(|v| v.value().to_vec())
            .ok_or_else(|| Error::Journal(format!("the blobs of {key} are missing")))
    }

    /// Writes settled jobs, drops their blobs, and drops the oldest settled jobs beyond the limit.
    pub(super) fn settle(&self, jobs: &[&Job], all: &[Job]) -> Result<Vec<String>, Error> {
        let mut settled: Vec<&Job> =
            all.iter().filter(|job| matches!(job.state, JobState::Settled(_))).collect();
        settled.sort_by_key(|job| job.serial);
        let dropped: Vec<String> = settled
            .iter()
            .take(settled.len().saturating_sub(KEEP_SETTLED))
            .map(|job| job.key.clone())
            .collect();
        let tx = self.db.begin_write().map_err(err)?;
        {
            let mut table = tx.open_table(JOBS).map_err(err)?;
            let mut blobs = tx.open_table(BLOBS).map_err(err)?;
            for job in jobs {
                let bytes = serde_json::to_vec(job).map_err(err)?;
                table.insert(job.key.as_str(), bytes.as_slice()).map_err(err)?;
                blobs.remove(job.key.as_str()).map_err(err)?;
            }
            for key in &dropped {
                table.remove(key.as_str()).map_err(err)?;
            }
        }
        tx.commit().map_err(err)?;
        Ok(dropped)
    }
}

fn write_job(tx: &redb::WriteTransaction, job: &Job) -> Result<(), Error> {
    let bytes = serde_json::to_vec(job).map_err(err)?;
    let mut table = tx.open_table(JOBS).map_err(err)?;
    table.insert(job.key.as_str(), bytes.as_slice()).map_err(err)?;
    Ok(())
}

fn err(error: impl std::fmt::Display) -> Error {
    Error::Journal(error.to_string())
}
