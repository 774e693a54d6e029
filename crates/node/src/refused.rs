//! What L1 refused, so that it is not asked for again at every look.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use alloy_primitives::B256;

/// Things that L1 refused, by id, each left alone for the same while.
#[derive(Debug)]
pub(crate) struct Refused {
    pause: Duration,
    at: HashMap<B256, Instant>,
}

impl Refused {
    pub(crate) fn for_a(pause: Duration) -> Self {
        Self { pause, at: HashMap::new() }
    }

    /// Notes that L1 refused it now.
    pub(crate) fn note(&mut self, id: B256) {
        if self.at.len() > 4096 {
            self.at.retain(|_, at| at.elapsed() < self.pause);
        }
        self.at.insert(id, Instant::now());
    }

    /// Whether it was refused a short time ago.
    pub(crate) fn recently(&self, id: &B256) -> bool {
        self.at.get(id).is_some_and(|at| at.elapsed() < self.pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_left_alone_for_its_while() {
        let (a, b) = (B256::repeat_byte(1), B256::repeat_byte(2));
        let mut refused = Refused::for_a(Duration::from_secs(3600));
        refused.note(a);
        assert!(refused.recently(&a) && !refused.recently(&b));
        let mut refused = Refused::for_a(Duration::ZERO);
        refused.note(a);
        assert!(!refused.recently(&a));
    }
}
