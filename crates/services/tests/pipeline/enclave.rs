//! The enclave's process shows how it is.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256, Bytes};
use oneslot_services::{EnclaveConfig, Error, enclave};
use oneslot_tee::{Client, ClientConfig};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A plain HTTP GET: status line and body. `None` while nobody listens.
fn get(address: SocketAddr, path: &str) -> Option<(String, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    Some((head.lines().next()?.to_owned(), body.to_owned()))
}

/// Asks until the answer satisfies.
fn until(address: SocketAddr, path: &str, holds: impl Fn(&str, &str) -> bool) -> String {
    let start = Instant::now();
    loop {
        match get(address, path) {
            Some((head, body)) if holds(&head, &body) => return body,
            last => assert!(start.elapsed() < Duration::from_secs(60), "{path}: {last:?}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_counts_what_it_signs_and_says_that_it_serves() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/stf-input.json");
    let vectors: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let vector = vectors[0].clone();
    let input: Bytes = serde_json::from_value(vector["input"].clone()).unwrap();
    let chain =
        oneslot_stf::ExecutionInput::decode(input.clone()).unwrap().config().unwrap().l1ChainId;

    let (endpoint, http) = (free_address(), free_address());
    let config: EnclaveConfig = serde_json::from_value(json!({
        "endpoint": endpoint.to_string(), "platform": "dev", "allow_dev": true, "http_addr": http,
    }))
    .unwrap();
    let cancel = CancellationToken::new();
    let process = tokio::spawn(enclave(config, B256::repeat_byte(7), cancel.clone()));
    let checks = tokio::task::spawn_blocking(move || {
        let health = until(http, "/health", |head, body| {
            head.contains("200") && body.contains("the enclave answers")
        });
        assert!(health.contains(r#""service":"enclave""#), "{health}");

        let client = Client::new(ClientConfig::new(endpoint.to_string().parse().unwrap()));
        let lane = Address::repeat_byte(1);
        client.attest(chain, lane, lane, &input).unwrap();
        client.attest(chain, lane, lane, &input[..50]).unwrap_err();
        let metrics = until(http, "/metrics", |_, body| {
            body.contains("oneslot_tee_statements_signed_total 1")
        });
        for line in [
            "oneslot_tee_execution_seconds_count 1",
            r#"oneslot_tee_refusals_total{reason="input"} 1"#,
            "oneslot_tee_key_age_seconds ",
            "oneslot_tee_key_seconds_left 2",
        ] {
            assert!(metrics.contains(line), "no {line} in:\n{metrics}");
        }
    });
    checks.await.unwrap();
    cancel.cancel();
    process.await.unwrap().unwrap();
    assert!(get(http, "/health").is_none());
}

#[tokio::test]
async fn the_dev_platform_has_to_be_asked_for() {
    for (keys, named) in [
        (json!({"endpoint": "127.0.0.1:0", "platform": "dev"}), "allow_dev"),
        (json!({"endpoint": "127.0.0.1:0", "platform": "abacus"}), "platform"),
        (json!({"endpoint": "8.8.8.8", "platform": "dev", "allow_dev": true}), "endpoint"),
    ] {
        let config: EnclaveConfig = serde_json::from_value(keys).unwrap();
        let error = enclave(config, B256::ZERO, CancellationToken::new()).await.unwrap_err();
        assert!(matches!(error, Error::Config(_)), "{error}");
        assert!(error.to_string().contains(named), "{error}");
    }
}
