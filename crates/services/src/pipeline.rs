//! The way of the data, one line a stage.
//!
//! ```text
//!                                 ┌─► zk   proof ─► (not built: nothing submits one yet) ┐
//! L2 blocks ─► batch ─► L1 Inbox ─┼─► tee  enclave ─► signature                          ├─► Settlement ─► final output ─► Portal pays
//!                                 └─► op   bonded claim ─► window                        ┘
//! ```
//!
//! Each stage is a service of its own, with its own account. A stage looks at L1 and at the rollup
//! node, finds the next thing that is missing, and does it. It asks nobody else, so that any stage
//! can be stopped, killed or replaced.

use alloy_primitives::B256;
use tokio_util::sync::CancellationToken as Cancel;

use crate::{
    AttesterConfig, EnclaveConfig, Error, PosterConfig, ProposerConfig, SettlerConfig,
    lanes::{op::Proposer, tee, tee::Attester},
    post::Poster,
    service::run,
    settle::Settler,
};

/// L2 blocks ─► batch ─► L1 Inbox.
pub async fn post(config: PosterConfig, cancel: Cancel) -> Result<(), Error> {
    run(Poster::connect(config).await?, cancel).await
}

/// Batch ─► execution in the enclave ─► signature. This is the enclave's process, without an account.
/// `program` is the hash of the program of this build.
pub async fn enclave(config: EnclaveConfig, program: B256, cancel: Cancel) -> Result<(), Error> {
    tee::run_enclave(config, program, cancel).await
}

/// Signature ─► `TeeLane`.
pub async fn attest(config: AttesterConfig, cancel: Cancel) -> Result<(), Error> {
    run(Attester::connect(config).await?, cancel).await
}

/// Batch ─► bonded claim ─► window ─► `OptimisticLane`.
pub async fn propose(config: ProposerConfig, cancel: Cancel) -> Result<(), Error> {
    run(Proposer::connect(config).await?, cancel).await
}

/// Two votes ─► Settlement ─► final output ─► Portal pays.
pub async fn settle(config: SettlerConfig, cancel: Cancel) -> Result<(), Error> {
    run(Settler::connect(config).await?, cancel).await
}
