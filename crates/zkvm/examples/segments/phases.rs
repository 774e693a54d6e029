//! Processor time by phase of prover and verifier, from the spans of the libraries.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tracing::{Subscriber, span::Id};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

/// Phase of a span, by the span's name. What has no name of its own belongs to the phase around it.
fn phase(span: &str) -> Option<&'static str> {
    Some(match span {
        "trace" => "trace",
        "build merkle tree" => "commit: hashing",
        "generate lookup permutation" => "lookup",
        "compute quotient" => "quotient",
        "evaluate matrix" => "openings: values",
        "reduce matrix quotient" => "openings: combination",
        "FRI prover" => "openings: FRI",
        "grind for proof-of-work witness" => "openings: grinding",
        "prove_batch" | "verify_batch" => "rest",
        "hash opening" => "openings: hashing",
        "infer log of constraint degree" => "degrees",
        "verify constraints" => "constraints",
        _ if span.contains("lde_batch") || span.contains("dft") => "commit: extension",
        _ => return None,
    })
}

thread_local! {
    /// Spans entered on this thread: phase, processor time at the start, time in phases within.
    static STACK: RefCell<Vec<(&'static str, Duration, Duration)>> = const { RefCell::new(Vec::new()) };
}

/// Sums, over all threads, the time in each phase without that of the phases within it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Phases(Arc<Mutex<BTreeMap<&'static str, Duration>>>);

impl Phases {
    /// Time by phase since the last call.
    pub(crate) fn take(&self) -> BTreeMap<&'static str, Duration> {
        std::mem::take(&mut self.0.lock().expect("no thread panicked"))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Phases {
    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let name = context.span(id).map_or("", |span| span.name());
        if let Some(phase) = phase(name) {
            STACK.with_borrow_mut(|stack| stack.push((phase, thread_time(), Duration::ZERO)));
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        let name = context.span(id).map_or("", |span| span.name());
        if phase(name).is_none() {
            return;
        }
        STACK.with_borrow_mut(|stack| {
            let Some((phase, start, within)) = stack.pop() else { return };
            let elapsed = thread_time().saturating_sub(start);
            if let Some(around) = stack.last_mut() {
                around.2 += elapsed;
            }
            let mut times = self.0.lock().expect("no thread panicked");
            *times.entry(phase).or_default() += elapsed.saturating_sub(within);
        });
    }
}

/// Processor time of this thread so far.
fn thread_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}
