//! Names for what a service wants to happen, so that a restart never does it twice.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Seconds before an intent that succeeded without visible effect is tried again.
const REPEAT_AFTER: Duration = Duration::from_secs(60);

/// Counts successes by intent.
///
/// A transaction may succeed and yet not change what the service looks at: an endpoint that lags behind, or an
/// `advance` that came too early. The next try is then another intent, under a name of its own, and not at once.
#[derive(Debug, Default)]
pub(crate) struct Intents {
    done: HashMap<String, (u32, Instant)>,
}

impl Intents {
    /// The name to use now; `None`: it was done a moment ago, so wait for its effect.
    pub(crate) fn name(&self, intent: &str) -> Option<String> {
        match self.done.get(intent) {
            None => Some(intent.to_owned()),
            Some((_, at)) if at.elapsed() < REPEAT_AFTER => None,
            Some((times, _)) => Some(format!("{intent}#{times}")),
        }
    }

    /// Notes a success.
    pub(crate) fn done(&mut self, intent: &str) {
        if self.done.len() > 4096 {
            self.done.retain(|_, (_, at)| at.elapsed() < 10 * REPEAT_AFTER);
        }
        let entry = self.done.entry(intent.to_owned()).or_insert((0, Instant::now()));
        *entry = (entry.0 + 1, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intent_that_was_done_is_not_repeated_at_once_and_never_under_its_name() {
        let mut intents = Intents::default();
        assert_eq!(intents.name("a").as_deref(), Some("a"));
        assert_eq!(intents.name("a").as_deref(), Some("a"));
        intents.done("a");
        assert_eq!(intents.name("a"), None);
        let entry = intents.done.get_mut("a").unwrap();
        entry.1 = Instant::now() - REPEAT_AFTER;
        assert_eq!(intents.name("a").as_deref(), Some("a#1"));
        assert_eq!(intents.name("b").as_deref(), Some("b"));
    }
}
