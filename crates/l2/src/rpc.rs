//! JSON-RPC over HTTP and WebSocket.

mod backend;
mod call;
mod convert;
mod error;
mod eth;
mod fees;
mod logs;
mod rollup;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use jsonrpsee::{
    RpcModule,
    server::{BatchRequestConfig, Server, ServerConfig, ServerHandle},
};
use tower_http::cors::{Any, CorsLayer};

pub use backend::{Backend, RpcLimits};
pub use error::{NOT_DERIVED_CODE, RpcError};
pub(crate) use rollup::status;

use crate::error::{Error, Result};
use eth::{EthServer, NetServer, Web3Server};
use rollup::{DebugServer, OneslotServer, OptimismServer};

/// All methods of the node.
pub fn methods(backend: Backend) -> RpcModule<()> {
    let mut module = RpcModule::new(());
    let parts = [
        module.merge(EthServer::into_rpc(backend.clone())),
        module.merge(NetServer::into_rpc(backend.clone())),
        module.merge(Web3Server::into_rpc(backend.clone())),
        module.merge(OneslotServer::into_rpc(backend.clone())),
        module.merge(OptimismServer::into_rpc(backend.clone())),
        module.merge(DebugServer::into_rpc(backend)),
    ];
    for part in parts {
        part.expect("invariant: no method has two names");
    }
    module
}

/// Serves the methods until the handle is stopped. Gives the address, with the port that was
/// chosen if `address` has port 0.
pub async fn serve(address: SocketAddr, backend: Backend) -> Result<(SocketAddr, ServerHandle)> {
    let limits = backend.limits.clone();
    let config = ServerConfig::builder()
        .max_connections(limits.max_connections)
        .max_request_body_size(limits.max_request_bytes)
        .max_response_body_size(limits.max_response_bytes)
        .set_batch_request_config(BatchRequestConfig::Limit(limits.max_batch))
        .build();
    let cors = CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(Any);
    let io = |source| Error::Io { what: format!("RPC server on {address}"), source };
    let server = Server::builder()
        .set_config(config)
        .set_http_middleware(tower::ServiceBuilder::new().layer(cors))
        .build(address)
        .await
        .map_err(io)?;
    let local = server.local_addr().map_err(io)?;
    Ok((local, server.start(methods(backend))))
}
