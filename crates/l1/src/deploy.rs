//! Deploys what rollups settle with, registers rollups with it, and reads both back.
//!
//! [`SystemPlan`] deploys Settlement and the lanes, once for an L1; the result is a [`System`], the
//! file `deployment.json` of the system. [`RollupPlan`] adds one rollup: its Inbox, Portal and
//! bridge, and its entry in Settlement under a policy with a [`PolicyName`]; the result is a
//! [`Deployment`], the file that the rollup's services read. [`check_system`] and [`check_rollup`]
//! compare both files with L1.
//!
//! A rollup's contracts and its genesis need each other. So [`RollupPlan::new`] first fixes the L1
//! origin and every address, which follow from the deployer's nonces; the caller builds the genesis
//! from that; [`RollupPlan::execute`] deploys and registers. A stored plan can be executed again
//! after a crash: each step has its own idempotency key, and a contract at another address than
//! planned is an error.

mod check;
mod contract;
mod deployment;
mod lane;
mod rollup;
mod system;

pub use self::{
    check::{Difference, check_rollup, check_system},
    contract::{Contract, Deployed},
    deployment::Deployment,
    lane::{OptimisticParams, PolicyName, QuoteVerifier, TeeParams},
    rollup::{CouncilPlan, RollupParams, RollupPlan},
    system::{System, SystemParams, SystemPlan},
};
