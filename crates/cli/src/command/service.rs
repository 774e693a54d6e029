//! The services as processes.

use crate::{config::Source, program};
use alloy_primitives::B256;
use eyre::{Result, WrapErr, ensure};
use oneslot_node::{
    AttesterConfig, PosterConfig, ProposerConfig, SettlerConfig,
    l2::{Node, NodeConfig},
    tee::{Endpoint, PlatformKind, Server, ServerConfig},
};
use serde::Deserialize;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio_util::sync::CancellationToken;

pub(crate) async fn node(source: &Source, cancel: CancellationToken) -> Result<()> {
    let config: NodeConfig = source.section("node")?;
    Ok(Node::run(config, cancel).await?)
}

pub(crate) async fn post(source: &Source, cancel: CancellationToken) -> Result<()> {
    let config: PosterConfig = source.section("post")?;
    Ok(oneslot_node::post(config, cancel).await?)
}

pub(crate) async fn attest(source: &Source, cancel: CancellationToken) -> Result<()> {
    let config: AttesterConfig = source.section("attest")?;
    Ok(oneslot_node::attest(config, cancel).await?)
}

pub(crate) async fn propose(source: &Source, cancel: CancellationToken) -> Result<()> {
    let config: ProposerConfig = source.section("propose")?;
    Ok(oneslot_node::propose(config, cancel).await?)
}

pub(crate) async fn settle(source: &Source, cancel: CancellationToken) -> Result<()> {
    let config: SettlerConfig = source.section("settle")?;
    Ok(oneslot_node::settle(config, cancel).await?)
}

/// Section `[prove_tee]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProverSection {
    /// `127.0.0.1:9700` or `unix:/path`.
    endpoint: String,
    /// `dev`, or a platform of hardware.
    platform: String,
    /// Must be true for the platform `dev`, which proves nothing.
    #[serde(default)]
    allow_dev: bool,
    /// SHA-256 of the program it may sign for; absent: the one of this build.
    program_hash: Option<B256>,
}

pub(crate) async fn prove_tee(source: &Source, cancel: CancellationToken) -> Result<()> {
    let section: ProverSection = source.section("prove_tee")?;
    let endpoint: Endpoint = section.endpoint.parse().wrap_err("[prove_tee] endpoint")?;
    let platform: PlatformKind = section.platform.parse().wrap_err("[prove_tee] platform")?;
    ensure!(
        platform != PlatformKind::Dev || section.allow_dev,
        "[prove_tee] platform \"dev\" is no enclave and proves nothing; set allow_dev = true if that is what you want"
    );
    let program = section.program_hash.unwrap_or_else(program::hash);
    let stop = Arc::new(AtomicBool::new(false));
    let server = {
        let stop = stop.clone();
        tokio::task::spawn_blocking(move || -> Result<()> {
            let server = Server::bind(ServerConfig::new(endpoint, platform, program))?;
            if let Some(warning) = server.info().warning {
                tracing::warn!("{warning}");
            }
            Ok(server.run(&stop)?)
        })
    };
    tokio::spawn(async move {
        cancel.cancelled().await;
        stop.store(true, Ordering::Relaxed);
    });
    server.await?
}
