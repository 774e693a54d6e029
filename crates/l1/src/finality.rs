//! Which batch is final.

use std::iter::successors;

use oneslot_types::{BatchIndex, OutputRoot};

/// The last final batch of a rollup, as Settlement knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Final {
    /// Its index; genesis if nobody made a batch final yet.
    pub batch: BatchIndex,
    /// Its output root.
    pub output: OutputRoot,
    /// L1 time at which it became final, seconds.
    pub at: u64,
}

impl Final {
    /// The batch that becomes final next, if it is posted.
    ///
    /// An L1 node that lies about the last one may name the last index of all; that one is given then.
    pub fn next_batch(&self) -> BatchIndex {
        self.batch.next().unwrap_or(self.batch)
    }

    /// The batches after it, in order.
    pub fn following(&self) -> impl Iterator<Item = BatchIndex> + use<> {
        successors(self.batch.next(), |index| index.next())
    }

    /// The batch so many before it; the first posted one if that is not so far back.
    pub fn back(&self, batches: u64) -> BatchIndex {
        BatchIndex(self.batch.0.saturating_sub(batches)).max(BatchIndex::FIRST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(index: u64) -> Final {
        Final { batch: BatchIndex(index), output: OutputRoot::ZERO, at: 0 }
    }

    #[test]
    fn what_follows_begins_with_the_next_batch_and_ends_with_the_numbers() {
        let two: Vec<_> = last(0).following().take(2).collect();
        assert_eq!(two, [BatchIndex(1), BatchIndex(2)]);
        assert_eq!(last(0).next_batch(), two[0]);
        assert_eq!(last(u64::MAX - 1).following().count(), 1);
        assert_eq!(last(u64::MAX).following().count(), 0);
        assert_eq!(last(u64::MAX).next_batch(), BatchIndex(u64::MAX));
    }

    #[test]
    fn nothing_is_further_back_than_the_first_posted_batch() {
        assert_eq!(last(9).back(3), BatchIndex(6));
        assert_eq!(last(9).back(0), BatchIndex(9));
        assert_eq!(last(3).back(3), BatchIndex::FIRST);
        assert_eq!(last(0).back(3), BatchIndex::FIRST);
    }
}
