//! The services as processes.

use crate::{config::Source, program};
use eyre::{Result, WrapErr};
use oneslot_l2::{Node, NodeConfig};
use oneslot_services::{
    AttesterConfig, EnclaveConfig, PosterConfig, ProposerConfig, SettlerConfig,
};
use tokio_util::sync::CancellationToken;

pub(crate) async fn node(source: &Source, cancel: CancellationToken) -> Result<()> {
    let config: NodeConfig = source.section("node")?;
    Ok(Node::run(config, cancel).await?)
}

pub(crate) async fn post(source: &Source, cancel: CancellationToken) -> Result<()> {
    let config: PosterConfig = source.section("post")?;
    Ok(oneslot_services::post(config, cancel).await?)
}

pub(crate) async fn attest(source: &Source, cancel: CancellationToken) -> Result<()> {
    let config: AttesterConfig = source.section("attest")?;
    Ok(oneslot_services::attest(config, cancel).await?)
}

pub(crate) async fn propose(source: &Source, cancel: CancellationToken) -> Result<()> {
    let config: ProposerConfig = source.section("propose")?;
    Ok(oneslot_services::propose(config, cancel).await?)
}

pub(crate) async fn settle(source: &Source, cancel: CancellationToken) -> Result<()> {
    let config: SettlerConfig = source.section("settle")?;
    Ok(oneslot_services::settle(config, cancel).await?)
}

pub(crate) async fn enclave(source: &Source, cancel: CancellationToken) -> Result<()> {
    let config: EnclaveConfig = source.section("enclave")?;
    oneslot_services::enclave(config, program::hash(), cancel).await.wrap_err("[enclave]")
}
