//! The connection to the rollup's node, which may be away for a moment.

use crate::{Error, l2::L2};
use alloy::{
    rpc::client::{ClientBuilder, RpcClient},
    transports::{
        RpcError, TransportError, TransportErrorKind,
        layers::{RateLimitRetryPolicy, RetryBackoffLayer},
    },
};
use std::time::Duration;
use url::Url;

/// Time between two tries of a request.
const PAUSE: Duration = Duration::from_millis(250);
/// Alloy's budget for endpoints that count what they are asked: none.
const UNITS_PER_SECOND: u64 = u64::MAX;

/// See [`crate::WalletConfig::l2_client`].
pub(crate) fn client(
    url: Url,
    request_timeout: Duration,
    outage: Duration,
) -> Result<RpcClient, Error> {
    let http = reqwest::Client::builder().timeout(request_timeout).build();
    let http = http.map_err(|error| Error::Rpc {
        chain: L2,
        method: "HTTP client",
        message: error.to_string(),
        refused: true,
    })?;
    let tries = outage.as_millis() / PAUSE.as_millis();
    let retry = RetryBackoffLayer::new_with_policy(
        u32::try_from(tries).unwrap_or(u32::MAX),
        PAUSE.as_millis() as u64,
        UNITS_PER_SECOND,
        RateLimitRetryPolicy::default().or(is_away),
    );
    Ok(ClientBuilder::default().layer(retry).http_with_client(http, url))
}

/// Whether the endpoint was not there, as opposed to slow or unwilling.
fn is_away(error: &TransportError) -> bool {
    let RpcError::Transport(TransportErrorKind::Custom(cause)) = error else { return false };
    cause.downcast_ref::<reqwest::Error>().is_some_and(|cause| !cause.is_timeout())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::providers::{Provider, ProviderBuilder};
    use std::{
        io::{Read, Write},
        net::{SocketAddr, TcpListener},
    };

    /// The chain id as a node at `address` gives it to a client that waits for `outage`.
    async fn chain_id(address: SocketAddr, outage: Duration) -> Result<u64, TransportError> {
        let url = format!("http://{address}").parse().expect("URL");
        let client = client(url, Duration::from_secs(5), outage).expect("client");
        ProviderBuilder::new().connect_client(client).get_chain_id().await
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
        assert!(chain_id(address, Duration::ZERO).await.is_err(), "nobody is there");

        let node = std::thread::spawn(move || {
            std::thread::sleep(PAUSE * 2);
            let listener = TcpListener::bind(address).expect("port");
            serve(&listener, false);
            serve(&listener, true);
        });
        let got = chain_id(address, Duration::from_secs(30)).await.expect("it came back");
        assert_eq!(got, 901);
        node.join().expect("node");
    }
}
