//! The HTTP server of `/health` and `/metrics`, for the node and for the services beside it.

use std::{net::SocketAddr, sync::Arc, sync::OnceLock};

use axum::{Json, Router, http::StatusCode, routing::get};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

/// What `/health` answers with.
pub trait Health: Serialize + Send + 'static {
    /// Whether all is well: the status of the answer is 200 then and 503 otherwise.
    fn is_healthy(&self) -> bool;
}

/// The metrics recorder of this process, if this crate could install one. A process that installed
/// its own recorder before gets the metrics there.
pub fn metrics_handle() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE.get_or_init(|| PrometheusBuilder::new().install_recorder().ok()).as_ref()
}

/// Serves `/health` and `/metrics` until `cancel`. Gives the address that it listens on and the
/// server's task.
///
/// `check` may block: it runs on a thread of its own for each question. It installs the recorder
/// of [`metrics_handle`], so that metrics count from the start.
///
/// # Errors
/// Where nothing can listen on `address`.
pub async fn serve_health<H: Health>(
    address: SocketAddr,
    check: impl Fn() -> H + Send + Sync + 'static,
    cancel: CancellationToken,
) -> std::io::Result<(SocketAddr, tokio::task::JoinHandle<()>)> {
    metrics_handle();
    let listener = tokio::net::TcpListener::bind(address).await?;
    let local = listener.local_addr()?;
    let check = Arc::new(check);
    let app = Router::new()
        .route("/health", get(move || health(check.clone())))
        .route("/metrics", get(metrics));
    let task = tokio::spawn(async move {
        let server = axum::serve(listener, app);
        let stopped = server.with_graceful_shutdown(cancel.cancelled_owned());
        if let Err(error) = stopped.await {
            tracing::error!(%error, "the server of /health and /metrics stopped");
        }
    });
    tracing::info!(address = %local, "serving /health and /metrics");
    Ok((local, task))
}

async fn health<H: Health>(
    check: Arc<impl Fn() -> H + Send + Sync + 'static>,
) -> (StatusCode, Json<Option<H>>) {
    // A check that panics leaves no answer, which is no good health either.
    let health = tokio::task::spawn_blocking(move || check()).await.ok();
    let healthy = health.as_ref().is_some_and(Health::is_healthy);
    (if healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(health))
}

async fn metrics() -> (StatusCode, String) {
    match metrics_handle() {
        Some(handle) => (StatusCode::OK, handle.render()),
        None => {
            (StatusCode::NOT_FOUND, "the metrics of this process are served elsewhere\n".into())
        }
    }
}
