//! Ids of the transactions that a service sends, so that a restart never sends one twice.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Time before a task that succeeded without visible effect is tried again.
const REPEAT_AFTER: Duration = Duration::from_secs(60);

/// Gives each task of a service, for example "claim this statement", the id of its next transaction.
///
/// A transaction may succeed and yet not change what the service looks at: an endpoint lags behind, or an
/// `advance` came too early. The next try is then another transaction, with an id of its own, and not at once.
#[derive(Debug, Default)]
pub(crate) struct TransactionIds {
    done: HashMap<String, (u32, Instant)>,
}

impl TransactionIds {
    /// The id to use now; `None`: the task was done a moment ago, so wait for its effect.
    pub(crate) fn id(&self, task: &str) -> Option<String> {
        match self.done.get(task) {
            None => Some(task.to_owned()),
            Some((_, at)) if at.elapsed() < REPEAT_AFTER => None,
            Some((times, _)) => Some(format!("{task}#{times}")),
        }
    }

    /// Notes a success.
    pub(crate) fn done(&mut self, task: &str) {
        if self.done.len() > 4096 {
            self.done.retain(|_, (_, at)| at.elapsed() < 10 * REPEAT_AFTER);
        }
        let entry = self.done.entry(task.to_owned()).or_insert((0, Instant::now()));
        *entry = (entry.0 + 1, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_was_done_is_not_repeated_at_once_and_never_under_its_id() {
        let mut ids = TransactionIds::default();
        assert_eq!(ids.id("a").as_deref(), Some("a"));
        assert_eq!(ids.id("a").as_deref(), Some("a"));
        ids.done("a");
        assert_eq!(ids.id("a"), None);
        let entry = ids.done.get_mut("a").unwrap();
        entry.1 = Instant::now() - REPEAT_AFTER;
        assert_eq!(ids.id("a").as_deref(), Some("a#1"));
        assert_eq!(ids.id("b").as_deref(), Some("b"));
    }
}
