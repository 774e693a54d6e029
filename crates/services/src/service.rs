//! The loop that every service is: look, take the next missing step, look again.
//!
//! No service keeps state that matters. What is still to do follows from L1 and the node each time; what is under way
//! is in the journal of its transactions. So a service may be killed at any moment and started again, on another machine too once
//! the first is gone.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use oneslot_l2::serve_health;
use oneslot_types::ErrorKind;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::{BaseConfig, Error, RollupHandle};

/// Longest pause between tries.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// Between two looks at the account.
const ACCOUNT_EVERY: Duration = Duration::from_secs(15);

/// What a look came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Something was done; there may be more.
    Done(String),
    /// Nothing to do now, and why.
    Idle(&'static str),
}

/// One service.
pub trait Service: Send {
    /// Name for logs, metrics and `/health`.
    const NAME: &'static str;

    /// Looks at L1 and the node, and takes the next missing step, if any.
    fn step(&mut self) -> impl Future<Output = Result<Progress, Error>> + Send;

    /// How often it looks, and where it shows how it is.
    fn pace(&self) -> Pace;

    /// The account it pays from, for metrics.
    fn rollup(&self) -> Option<&RollupHandle> {
        None
    }
}

/// How often a service looks, and where it shows how it is.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Where `/health` and `/metrics` are served; `None`: nowhere.
    pub http_addr: Option<SocketAddr>,
    /// Between looks when there is nothing to do.
    pub poll: Duration,
    /// Seconds without a successful look after which `/health` says so.
    pub max_silence_s: u64,
}

impl From<&BaseConfig> for Pace {
    fn from(config: &BaseConfig) -> Self {
        Self {
            http_addr: config.http_addr,
            poll: Duration::from_millis(config.poll_ms),
            max_silence_s: config.max_silence_s,
        }
    }
}

/// What `/health` says.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// Name of the service.
    pub service: &'static str,
    /// Whether the last successful look is recent.
    pub healthy: bool,
    /// Seconds since the last successful look.
    pub silent_s: u64,
    /// What it came to.
    pub state: String,
    /// The last error since then.
    pub error: Option<String>,
}

impl oneslot_l2::Health for Health {
    fn is_healthy(&self) -> bool {
        self.healthy
    }
}

#[derive(Debug)]
struct Pulse {
    last: u64,
    state: String,
    error: Option<String>,
}

#[derive(Clone, Debug)]
struct Monitor {
    service: &'static str,
    max_silence: u64,
    pulse: Arc<Mutex<Pulse>>,
}

impl Monitor {
    fn update(&self, change: impl FnOnce(&mut Pulse)) {
        change(&mut self.pulse.lock().expect("invariant: nobody panics with the pulse"));
    }

    fn health(&self) -> Health {
        let pulse = self.pulse.lock().expect("invariant: nobody panics with the pulse");
        let silent_s = now().saturating_sub(pulse.last);
        Health {
            service: self.service,
            healthy: silent_s <= self.max_silence,
            silent_s,
            state: pulse.state.clone(),
            error: pulse.error.clone(),
        }
    }
}

/// Runs a service until it is cancelled or fails for good. A step under way is finished or left to the journal.
pub async fn run<S: Service>(mut service: S, cancel: CancellationToken) -> Result<(), Error> {
    let Pace { http_addr, poll, max_silence_s } = service.pace();
    let monitor = Monitor {
        service: S::NAME,
        max_silence: max_silence_s,
        pulse: Arc::new(Mutex::new(Pulse { last: now(), state: "started".into(), error: None })),
    };
    if let Some(address) = http_addr {
        let monitor = monitor.clone();
        let served = serve_health(address, move || monitor.health(), cancel.clone()).await;
        served.map_err(|e| Error::Local {
            what: "listening for /health and /metrics",
            message: format!("{address}: {e}"),
        })?;
    }
    let mut failures = 0u32;
    let mut account_seen: Option<Instant> = None;
    tracing::info!(service = S::NAME, "started");
    loop {
        if account_seen.is_none_or(|at| at.elapsed() >= ACCOUNT_EVERY)
            && let Some(rollup) = service.rollup()
        {
            account_seen = Some(Instant::now());
            tokio::select! {
                () = cancel.cancelled() => break,
                () = watch_account(S::NAME, rollup) => {}
            }
        }
        let result = tokio::select! {
            () = cancel.cancelled() => break,
            result = service.step() => result,
        };
        let pause = match result {
            Ok(progress) => {
                failures = 0;
                let (state, pause) = match progress {
                    Progress::Done(what) => {
                        tracing::info!(service = S::NAME, "{what}");
                        metrics::counter!("oneslot_steps_total", "service" => S::NAME).increment(1);
                        (what, Duration::ZERO)
                    }
                    Progress::Idle(why) => {
                        tracing::debug!(service = S::NAME, why, "idle");
                        (why.to_owned(), poll)
                    }
                };
                monitor.update(|pulse| {
                    *pulse = Pulse { last: now(), state, error: None };
                });
                pause
            }
            Err(error) => {
                failures += 1;
                let kind = error.kind();
                metrics::counter!("oneslot_errors_total", "service" => S::NAME).increment(1);
                tracing::warn!(service = S::NAME, %error, ?kind, failures, "step failed");
                monitor.update(|pulse| pulse.error = Some(error.to_string()));
                match kind {
                    ErrorKind::Fatal => return Err(error),
                    ErrorKind::Reset if failures < 3 => poll,
                    ErrorKind::Reset | ErrorKind::Retry => {
                        (poll * (1 << failures.min(10))).min(MAX_PAUSE)
                    }
                }
            }
        };
        tokio::select! {
            () = cancel.cancelled() => break,
            () = tokio::time::sleep(pause) => {}
        }
    }
    tracing::info!(service = S::NAME, "stopped");
    Ok(())
}

/// Puts the account's balance and open transactions into the metrics, if L1 answers.
async fn watch_account(service: &'static str, rollup: &RollupHandle) {
    let pending = rollup.tx_manager.pending().await;
    metrics::gauge!("oneslot_pending_transactions", "service" => service).set(pending as f64);
    if let Ok(balance) = rollup.balance().await {
        let ether = f64::from(balance) / 1e18;
        metrics::gauge!("oneslot_account_balance_ether", "service" => service).set(ether);
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    struct Scripted {
        steps: Vec<Result<Progress, Error>>,
        taken: Arc<AtomicUsize>,
        cancel: CancellationToken,
    }

    impl Service for Scripted {
        const NAME: &'static str = "scripted";

        fn pace(&self) -> Pace {
            Pace { http_addr: None, poll: Duration::from_millis(1), max_silence_s: 120 }
        }

        async fn step(&mut self) -> Result<Progress, Error> {
            self.taken.fetch_add(1, Ordering::SeqCst);
            if self.steps.is_empty() {
                self.cancel.cancel();
                return Ok(Progress::Idle("over"));
            }
            self.steps.remove(0)
        }
    }

    async fn script(steps: Vec<Result<Progress, Error>>) -> (Result<(), Error>, usize) {
        let (taken, cancel) = (Arc::new(AtomicUsize::new(0)), CancellationToken::new());
        let service = Scripted { steps, taken: taken.clone(), cancel: cancel.clone() };
        let result = run(service, cancel).await;
        (result, taken.load(Ordering::SeqCst))
    }

    #[tokio::test]
    async fn errors_that_pass_do_not_end_a_service() {
        let retry = || {
            Err(Error::Disagreement {
                batch: oneslot_types::BatchIndex::FIRST,
                what: "x",
                expected: Default::default(),
                got: Default::default(),
            })
        };
        let (result, taken) =
            script(vec![retry(), retry(), Ok(Progress::Done("it".into())), retry()]).await;
        result.unwrap();
        assert_eq!(taken, 5);
    }

    #[tokio::test]
    async fn a_fatal_error_ends_a_service_at_once() {
        let (result, taken) =
            script(vec![Err(Error::Config("no".into())), Ok(Progress::Idle("never"))]).await;
        assert!(matches!(result, Err(Error::Config(_))));
        assert_eq!(taken, 1);
    }

    #[test]
    fn silence_is_ill_health() {
        let monitor = Monitor {
            service: "x",
            max_silence: 10,
            pulse: Arc::new(Mutex::new(Pulse {
                last: now() - 11,
                state: String::new(),
                error: Some("away".into()),
            })),
        };
        assert!(!monitor.health().healthy);
        monitor.update(|pulse| pulse.last = now());
        assert!(monitor.health().healthy);
    }
}
