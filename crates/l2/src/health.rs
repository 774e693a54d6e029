//! `/health` and `/metrics`.

use std::{net::SocketAddr, sync::OnceLock, time::SystemTime};

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    chain::Chain,
    error::{Error, Result},
    rpc::status,
};

/// Seconds without a new L2 block after which a sequencer counts as ill.
const MAX_BLOCK_AGE: u64 = 60;

/// The metrics recorder of this process, if this crate could install one. A process that installed
/// its own recorder before gets the node's metrics there.
pub fn metrics_handle() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE.get_or_init(|| PrometheusBuilder::new().install_recorder().ok()).as_ref()
}

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
    let io = |source| Error::Io { what: format!("HTTP server on {address}"), source };
    let listener = tokio::net::TcpListener::bind(address).await.map_err(io)?;
    let local = listener.local_addr().map_err(io)?;
    let context = Context { chain, sequencing, caught_up };
    let app = Router::new()
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .with_state(context);
    let task = tokio::spawn(async move {
        let server = axum::serve(listener, app);
        let stopped = server.with_graceful_shutdown(cancel.cancelled_owned());
        if let Err(error) = stopped.await {
            tracing::error!(%error, "HTTP server stopped");
        }
    });
    Ok((local, task))
}

async fn metrics() -> (StatusCode, String) {
    match metrics_handle() {
        Some(handle) => (StatusCode::OK, handle.render()),
        None => {
            (StatusCode::NOT_FOUND, "the metrics of this process are served elsewhere\n".into())
        }
    }
}

async fn health(State(context): State<Context>) -> (StatusCode, Json<Health>) {
    let answer = tokio::task::spawn_blocking(move || check(&context)).await;
    let health = match answer {
        Ok(Ok(health)) => health,
        Ok(Err(error)) => ill(error.to_string()),
        Err(_) => ill("stopping".into()),
    };
    let code = if health.healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(health))
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
