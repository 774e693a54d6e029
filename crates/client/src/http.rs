//! The connection: HTTP with limits, to a node that may be away for a moment.

use crate::Error;
use alloy::{
    rpc::{
        client::{ClientBuilder, RpcClient},
        json_rpc::{RequestPacket, ResponsePacket},
    },
    transports::{
        RpcError, TransportError, TransportErrorKind, TransportFut, TransportResult,
        layers::{RateLimitRetryPolicy, RetryBackoffLayer},
    },
};
use std::{task, time::Duration};
use url::Url;

/// Time between two tries of a request.
const PAUSE: Duration = Duration::from_millis(250);
/// Alloy's budget for endpoints that count what they are asked: none.
const UNITS_PER_SECOND: u64 = u64::MAX;

/// Where a node is, and how patient and how trusting its client is.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// JSON-RPC of the node.
    pub url: Url,
    /// Limit on one request.
    pub request_timeout: Duration,
    /// How long the node may be away before a request fails.
    pub outage: Duration,
    /// Longest answer that is read, bytes.
    pub max_answer: usize,
}

impl ClientConfig {
    /// The defaults: 10 s a request, 3 s away, 64 MiB an answer.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            request_timeout: Duration::from_secs(10),
            outage: Duration::from_secs(3),
            max_answer: 64 << 20,
        }
    }

    /// The same with room for the input of a batch, which holds its whole witness: 5 min a request,
    /// 512 MiB an answer. A node that is away is not waited for: services look again by themselves.
    pub fn for_services(url: Url) -> Self {
        Self {
            request_timeout: Duration::from_secs(300),
            outage: Duration::ZERO,
            max_answer: 512 << 20,
            ..Self::new(url)
        }
    }

    /// Alloy's client with these limits.
    pub(crate) fn rpc_client(&self) -> Result<RpcClient, Error> {
        // reqwest comes without one. An error says that the process has a provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().timeout(self.request_timeout).build();
        let http = http.map_err(|error| Error::Client(error.without_url().to_string()))?;
        let tries = self.outage.as_millis() / PAUSE.as_millis();
        let retry = RetryBackoffLayer::new_with_policy(
            u32::try_from(tries).unwrap_or(u32::MAX),
            PAUSE.as_millis() as u64,
            UNITS_PER_SECOND,
            RateLimitRetryPolicy::default().or(is_away),
        );
        let transport =
            BoundedHttp { client: http, url: self.url.clone(), max_answer: self.max_answer };
        Ok(ClientBuilder::default().layer(retry).transport(transport, false))
    }
}

/// An answer is longer than the client reads.
#[derive(Debug, thiserror::Error)]
#[error("the answer is longer than {0} bytes")]
pub(crate) struct TooLong(usize);

/// JSON-RPC over HTTP that reads at most so much of an answer. Alloy's own reads all of it.
#[derive(Clone, Debug)]
struct BoundedHttp {
    client: reqwest::Client,
    url: Url,
    max_answer: usize,
}

impl BoundedHttp {
    async fn ask(self, request: RequestPacket) -> TransportResult<ResponsePacket> {
        let sent = self.client.post(self.url).json(&request).send().await;
        let mut response = sent.map_err(TransportErrorKind::custom)?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(TransportErrorKind::custom)? {
            if body.len() + part.len() > self.max_answer {
                return Err(TransportErrorKind::non_retryable(TooLong(self.max_answer)));
            }
            body.extend_from_slice(&part);
        }
        if !status.is_success() {
            let text = String::from_utf8_lossy(&body).into_owned();
            return Err(TransportErrorKind::http_error(status.as_u16(), text));
        }
        serde_json::from_slice(&body)
            .map_err(|error| TransportError::deser_err(error, String::from_utf8_lossy(&body)))
    }
}

impl tower::Service<RequestPacket> for BoundedHttp {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<Result<(), TransportError>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: RequestPacket) -> Self::Future {
        Box::pin(self.clone().ask(request))
    }
}

/// Whether the endpoint was not there, as opposed to slow or unwilling.
fn is_away(error: &TransportError) -> bool {
    let RpcError::Transport(TransportErrorKind::Custom(cause)) = error else { return false };
    cause.downcast_ref::<reqwest::Error>().is_some_and(|cause| !cause.is_timeout())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NodeClient;
    use std::{
        io::{Read, Write},
        net::{SocketAddr, TcpListener},
    };

    /// What a client that waits for `outage` and reads `max_answer` bytes makes of a node.
    async fn chain_id(
        address: SocketAddr,
        outage: Duration,
        max_answer: usize,
    ) -> Result<u64, Error> {
        let url = format!("http://{address}").parse().expect("URL");
        let config = ClientConfig { outage, max_answer, ..ClientConfig::new(url) };
        NodeClient::new(&config).expect("client").chain_id().await
    }

    /// Takes one request and answers it, or breaks off.
    fn serve(listener: &TcpListener, answers: bool) {
        let (mut stream, _) = listener.accept().expect("connection");
        let _ = stream.read(&mut [0; 4096]).expect("request");
        let body = r#"{"jsonrpc":"2.0","id":0,"result":"0x385"}"#;
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
        if answers {
            write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
                .expect("answer");
        }
    }

    #[tokio::test]
    async fn a_node_that_starts_again_is_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("port");
        let address = listener.local_addr().expect("address");
        drop(listener);
        let error = chain_id(address, Duration::ZERO, 1000).await.expect_err("nobody is there");
        assert!(!error.to_string().contains(&address.port().to_string()), "{error}");

        let node = std::thread::spawn(move || {
            std::thread::sleep(PAUSE * 2);
            let listener = TcpListener::bind(address).expect("port");
            serve(&listener, false);
            serve(&listener, true);
        });
        let got = chain_id(address, Duration::from_secs(30), 1000).await.expect("it came back");
        assert_eq!(got, 901);
        node.join().expect("node");
    }

    #[tokio::test]
    async fn a_long_answer_is_refused_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("port");
        let address = listener.local_addr().expect("address");
        let node = std::thread::spawn(move || serve(&listener, true));
        let error = chain_id(address, Duration::from_secs(30), 40).await.expect_err("41 bytes");
        assert_eq!(
            error.to_string(),
            "rollup node, eth_chainId: the answer is longer than 40 bytes"
        );
        node.join().expect("node");
    }
}
