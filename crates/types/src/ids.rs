//! Types for the ids, roots and indices that would otherwise all be 32 bytes or a `u64`.
//!
//! None becomes another by itself: whoever makes one from raw bytes writes its name, and whoever
//! takes the bytes out writes `.0`. So an output root cannot stand where a commitment is due:
//!
//! ```compile_fail,E0308
//! use oneslot_types::{BatchCommitment, OutputParts};
//!
//! fn record(_commitment: BatchCommitment) {}
//!
//! record(OutputParts::default().root());
//! ```
//!
//! A conversion has to be written, where a reader sees it:
//!
//! ```
//! use oneslot_types::{BatchCommitment, OutputParts};
//!
//! fn record(_commitment: BatchCommitment) {}
//!
//! record(BatchCommitment(OutputParts::default().root().0));
//! ```
//!
//! In JSON, in texts and in hashes each looks like the bytes or the number inside it.

use alloy_primitives::B256;
use core::fmt;

/// A type for one meaning of 32 bytes. It is ordered as the bytes are, and written as they are.
macro_rules! hashes {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(transparent))]
        pub struct $name(pub B256);

        impl $name {
            /// 32 zero bytes, by which contracts say that there is none.
            pub const ZERO: Self = Self(B256::ZERO);

            /// Whether all bytes are zero.
            pub fn is_zero(&self) -> bool {
                self.0.is_zero()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    )+};
}

hashes! {
    /// The 32 bytes that lanes attest, see [`crate::Statement::id`].
    StatementId;
    /// The id of the question that a statement answers, see [`crate::Statement::input_id`].
    InputId;
    /// The id of a rollup, see [`crate::rollup_id`].
    RollupId;
    /// The OP Stack's output root of a state, see [`crate::OutputParts::root`].
    OutputRoot;
    /// The hash of a batch header, see [`crate::BatchHeader::commitment`].
    BatchCommitment;
}

/// The position of a batch in the Inbox of its rollup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct BatchIndex(pub u64);

impl BatchIndex {
    /// The index of genesis, which nobody posted.
    pub const GENESIS: Self = Self(0);

    /// The index of the first posted batch.
    pub const FIRST: Self = Self(1);

    /// Batches of an epoch. An epoch ends at each multiple of it.
    pub const EPOCH: u64 = 256;

    /// How many batches follow this one up to the end of the epoch that holds the next batch. All of
    /// an epoch's follow its predecessor's last batch.
    pub const fn left_in_epoch(self) -> u64 {
        Self::EPOCH - self.0 % Self::EPOCH
    }

    /// The index of the batch after this one; none after 2^64 - 1.
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(index) => Some(Self(index)),
            None => None,
        }
    }

    /// The index of the batch before this one; none before genesis.
    pub const fn previous(self) -> Option<Self> {
        match self.0.checked_sub(1) {
            Some(index) => Some(Self(index)),
            None => None,
        }
    }
}

impl fmt::Display for BatchIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString};

    use super::*;

    #[test]
    fn a_neighbour_of_an_index_is_none_at_the_ends() {
        assert_eq!(BatchIndex::GENESIS.previous(), None);
        assert_eq!(BatchIndex::GENESIS.next(), Some(BatchIndex::FIRST));
        assert_eq!(BatchIndex::FIRST.previous(), Some(BatchIndex::GENESIS));
        assert_eq!(BatchIndex(u64::MAX).next(), None);
        assert_eq!(BatchIndex(u64::MAX).previous(), Some(BatchIndex(u64::MAX - 1)));
    }

    #[test]
    fn an_epoch_ends_at_each_multiple_of_its_length() {
        let left = |index| BatchIndex(index).left_in_epoch();
        assert_eq!([left(0), left(1), left(255), left(256), left(257)], [256, 255, 1, 256, 255]);
    }

    #[test]
    fn each_is_written_as_what_is_inside() {
        let word = B256::repeat_byte(0xab);
        let root = OutputRoot(word);
        assert_eq!(root.to_string(), word.to_string());
        assert_eq!(format!("{root:?}"), format!("{word:?}"));
        assert_eq!(format!("{:>4}", BatchIndex(7)), "   7");
    }

    #[cfg(feature = "serde")]
    #[test]
    fn each_is_in_json_what_is_inside() {
        let word = B256::repeat_byte(0xab);
        let json = serde_json::to_value(word).unwrap();
        assert_eq!(serde_json::to_value(StatementId(word)).unwrap(), json);
        assert_eq!(serde_json::from_value::<StatementId>(json).unwrap(), StatementId(word));
        assert_eq!(serde_json::to_value(BatchIndex(7)).unwrap(), 7);
        assert_eq!(serde_json::from_value::<BatchIndex>(7.into()).unwrap(), BatchIndex(7));
        assert!(serde_json::from_value::<BatchIndex>("7".into()).is_err());
    }
}
