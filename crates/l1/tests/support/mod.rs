//! A local L1 for the tests of this crate.

#![allow(unreachable_pub, dead_code, reason = "each test binary uses a part")]

use alloy::providers::Provider;
use oneslot_l1::{
    L1Client,
    anvil::{Anvil, AnvilConfig},
};
use serde_json::Value;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Starts anvil.
pub fn anvil(config: &AnvilConfig) -> Anvil {
    Anvil::start(config).unwrap_or_else(|error| panic!("{error}"))
}

/// A manual chain: blocks come when the test mines them.
pub fn manual() -> Anvil {
    anvil(&AnvilConfig { manual: true, ..AnvilConfig::default() })
}

pub async fn rpc(client: &L1Client, method: &'static str, params: Value) -> Value {
    client
        .provider()
        .raw_request(method.into(), params)
        .await
        .unwrap_or_else(|e| panic!("{method}: {e}"))
}

pub async fn mine(client: &L1Client, blocks: u64) {
    rpc(client, "anvil_mine", serde_json::json!([blocks])).await;
}

/// Reads one HTTP request. None if the connection ends before it does.
pub async fn http_request(client: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut chunk = [0; 65_536];
    loop {
        let read = client.read(&mut chunk).await.ok()?;
        if read == 0 {
            return None;
        }
        request.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let Some(head) = text.find("\r\n\r\n") else { continue };
        let length: usize = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .and_then(|l| l.trim().parse().ok())
            .unwrap_or(0);
        if request.len() >= head + 4 + length {
            return String::from_utf8(request).ok();
        }
    }
}

/// What `target` answers to an HTTP request.
pub async fn forward(request: &str, target: SocketAddr) -> Option<Vec<u8>> {
    let request = request.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    let mut server = TcpStream::connect(target).await.ok()?;
    server.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await.ok()?;
    Some(answer)
}
