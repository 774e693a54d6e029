//! How the rollup node is.

use std::{net::SocketAddr, time::SystemTime};

use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    chain::Chain,
    error::{Error, Result},
    http,
    rpc::status,
};

/// Seconds without a new L2 block after which a sequencer counts as ill.
const MAX_BLOCK_AGE: u64 = 60;

/// Answer of `/health`.
#[derive(Clone, Debug, Serialize)]
struct Health {
    healthy: bool,
    /// Why not, if so.
    reason: Option<String>,
    unsafe_block: u64,
    safe_block: u64,
    finalized_block: u64,
    l1_block: u64,
}

impl http::Health for Health {
    fn is_healthy(&self) -> bool {
        self.healthy
    }
}

#[derive(Clone)]
struct Context {
    chain: Chain,
    sequencing: bool,
    caught_up: watch::Receiver<bool>,
}

/// Serves until `cancel`. Gives the address at once through the bound listener.
pub(crate) async fn serve(
    address: SocketAddr,
    chain: Chain,
    sequencing: bool,
    caught_up: watch::Receiver<bool>,
    cancel: CancellationToken,
) -> Result<(SocketAddr, tokio::task::JoinHandle<()>)> {
    let context = Context { chain, sequencing, caught_up };
    let check = move || check(&context).unwrap_or_else(|error| ill(error.to_string()));
    let io = |source| Error::Io { what: format!("HTTP server on {address}"), source };
    http::serve_health(address, check, cancel).await.map_err(io)
}

fn ill(reason: String) -> Health {
    Health {
        healthy: false,
        reason: Some(reason),
        unsafe_block: 0,
        safe_block: 0,
        finalized_block: 0,
        l1_block: 0,
    }
}

fn check(context: &Context) -> Result<Health> {
    let reader = context.chain.store().read()?;
    let status = status(&reader, context.sequencing)?;
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs());
    let age = now.saturating_sub(status.unsafe_l2.timestamp);
    let reason = if !*context.caught_up.borrow() {
        Some("has not caught up with L1 yet".to_owned())
    } else if context.sequencing && age > MAX_BLOCK_AGE {
        Some(format!("last L2 block is {age} s old"))
    } else {
        None
    };
    Ok(Health {
        healthy: reason.is_none(),
        reason,
        unsafe_block: status.unsafe_l2.number,
        safe_block: status.safe_l2.number,
        finalized_block: status.finalized_l2.number,
        l1_block: status.current_l1.number,
    })
}
