//! Deploys what rollups settle with, registers rollups with it, and reads both back.
//!
//! [`SystemPlan`] deploys Settlement and the lanes, once for an L1; the result is a [`System`], the
//! file `deployment.json` of the system. [`RollupPlan`] adds one rollup: its Inbox, Portal and
//! bridge, and its entry in Settlement under a policy with a [`PolicyName`]; the result is a
//! [`Deployment`], the file that the rollup's services read. [`check_system`] and [`check_rollup`]
//! compare both files with L1.
//!
//! A rollup's contracts and its genesis need each other. So [`RollupPlan::new`] first fixes the L1
//! origin and every address; the caller builds the genesis from that; [`RollupPlan::execute`] deploys
//! and registers. A plan is a list of [`PlannedTx`]. It can be executed again after a crash, or by
//! somebody else: what is on L1 already is not sent again, and [`SystemPlan::read`] and
//! [`RollupPlan::read`] say where everything is, whoever executed it.

mod check;
mod contract;
mod deployment;
mod lane;
mod planned;
mod rollup;
mod system;

pub use self::{
    check::{Difference, check_rollup, check_system},
    contract::{Contract, Deployed},
    deployment::Deployment,
    lane::{OptimisticParams, PolicyName, QuoteVerifier, TeeParams},
    planned::{CREATE2_FACTORY, Creation, PlannedTx},
    rollup::{CouncilPlan, RollupParams, RollupPlan},
    system::{System, SystemParams, SystemPlan},
};
