//! The enclave as a process: it has threads of its own, and beside it are `/health` and `/metrics`.
//!
//! The enclave is a synchronous library that knows nothing of HTTP. Here it is watched from outside, over its own socket, so
//! that a healthy answer means that it serves.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use alloy_primitives::B256;
use oneslot_tee::{Client, ClientConfig, Endpoint, Event, PlatformKind, Server, ServerConfig};
use tokio_util::sync::CancellationToken;

use super::enclave::blocking;
use crate::{EnclaveConfig, Error, Pace, Progress, Service, service};

/// Between two looks at the enclave.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Longest life of a key, by `TeeLane`; its lane may allow less.
const MAX_KEY_LIFE_S: u64 = 30 * 86_400;

/// Watches an enclave over its socket.
#[derive(Debug)]
struct Watch {
    client: Client,
    pace: Pace,
}

impl Service for Watch {
    const NAME: &'static str = "enclave";

    fn pace(&self) -> Pace {
        self.pace
    }

    async fn step(&mut self) -> Result<Progress, Error> {
        let client = self.client.clone();
        let info = blocking(move || client.info()).await?;
        let age = info.uptime_seconds;
        metrics::gauge!("oneslot_tee_key_age_seconds").set(age as f64);
        metrics::gauge!("oneslot_tee_key_seconds_left")
            .set(MAX_KEY_LIFE_S.saturating_sub(age) as f64);
        metrics::gauge!("oneslot_tee_peak_memory_bytes").set(info.peak_memory_bytes as f64);
        Ok(Progress::Idle("the enclave answers"))
    }
}

/// Counts what the enclave did.
fn count(event: Event) {
    match event {
        Event::Signed { batch, took } => {
            metrics::counter!("oneslot_tee_statements_signed_total").increment(1);
            metrics::gauge!("oneslot_tee_signed_batch").set(batch.0 as f64);
            metrics::histogram!("oneslot_tee_execution_seconds").record(took.as_secs_f64());
        }
        Event::Refused(refusal) => {
            let reason = format!("{refusal:?}").to_lowercase();
            metrics::counter!("oneslot_tee_refusals_total", "reason" => reason).increment(1);
        }
        _ => {}
    }
}

/// Runs an enclave with a fresh key until cancelled. `program` is the hash of this build's program.
pub(crate) async fn run_enclave(
    config: EnclaveConfig,
    program: B256,
    cancel: CancellationToken,
) -> Result<(), Error> {
    let named = |key: &'static str| move |e| Error::Config(format!("{key}: {e}"));
    let endpoint: Endpoint = config.endpoint.parse().map_err(named("endpoint"))?;
    let platform: PlatformKind = config.platform.parse().map_err(named("platform"))?;
    if platform == PlatformKind::Dev && !config.allow_dev {
        return Err(Error::Config(
            "platform: \"dev\" is no enclave and proves nothing; set allow_dev = true if that is what you want"
                .into(),
        ));
    }
    if config.http_addr.is_some() {
        // Before the enclave starts, so that its first signature is counted.
        oneslot_l2::metrics_handle();
    }
    let program = config.program_hash.unwrap_or(program);
    let server = Server::bind(ServerConfig::new(endpoint, platform, program))?.with_observer(count);
    let watch = Watch {
        client: Client::new(ClientConfig::new(server.endpoint().clone())),
        pace: Pace {
            http_addr: config.http_addr,
            poll: LOOK_EVERY,
            max_silence_s: config.max_silence_s,
        },
    };

    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    let enclave = blocking(move || server.run(&flag));
    tokio::pin!(enclave);
    // Whichever ends first ends the other.
    tokio::select! {
        ended = &mut enclave => ended,
        watched = service::run(watch, cancel) => {
            stop.store(true, Ordering::Relaxed);
            watched.and(enclave.await)
        }
    }
}
