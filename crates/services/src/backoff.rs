//! What L1 refused, so that it is not asked for again at every look.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Things that L1 refused, each left alone for the same while.
///
/// All of it follows from L1 again: after a restart each thing is tried once more and refused once
/// more.
#[derive(Debug)]
pub(crate) struct Backoff<T> {
    pause: Duration,
    /// The things and when each was refused, the oldest refusal first.
    refused: VecDeque<(T, Instant)>,
}

impl<T: PartialEq> Backoff<T> {
    /// Nothing refused yet; what will be is left alone for `pause`.
    pub(crate) fn of(pause: Duration) -> Self {
        Self { pause, refused: VecDeque::new() }
    }

    /// Notes that L1 refused a thing now.
    pub(crate) fn refuse(&mut self, thing: T) {
        self.refused.retain(|(known, _)| *known != thing);
        self.refused.push_back((thing, Instant::now()));
    }

    /// Whether a thing was refused a short time ago. Forgets what was refused longer ago, so
    /// whoever wants that back asks [`Backoff::take_due`] instead.
    pub(crate) fn holds(&mut self, thing: &T) -> bool {
        while self.take_due().is_some() {}
        self.refused.iter().any(|(known, _)| known == thing)
    }

    /// The thing that was refused longest ago, if its while is over.
    pub(crate) fn due(&self) -> Option<&T> {
        let (thing, at) = self.refused.front()?;
        (at.elapsed() >= self.pause).then_some(thing)
    }

    /// The same, and takes it out.
    pub(crate) fn take_due(&mut self) -> Option<T> {
        self.due()?;
        self.refused.pop_front().map(|(thing, _)| thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_left_alone_for_its_while() {
        let mut backoff = Backoff::of(Duration::from_secs(3600));
        backoff.refuse('a');
        assert!(backoff.holds(&'a') && !backoff.holds(&'b'));
        assert_eq!(backoff.due(), None);

        let mut backoff = Backoff::of(Duration::ZERO);
        backoff.refuse('a');
        assert!(!backoff.holds(&'a'));
        assert_eq!(backoff.due(), None, "it was forgotten");
    }

    #[test]
    fn what_is_due_comes_out_in_the_order_of_refusal_and_once() {
        let mut backoff = Backoff::of(Duration::ZERO);
        for thing in ['a', 'b', 'a'] {
            backoff.refuse(thing);
        }
        assert_eq!(backoff.due(), Some(&'b'));
        let mut take = || backoff.take_due();
        assert_eq!([take(), take(), take()], [Some('b'), Some('a'), None]);
    }
}
