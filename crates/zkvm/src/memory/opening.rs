//! Openings: the part of a memory tree that a segment touches.

use oneslot_stark::{Digest, compress};
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{DEPTH, FIRST_LEAF, LEAF_WORDS, MemoryTree, leaf_digest, word_numbers};
use crate::Error;

/// Most leaves that a segment may touch.
pub(crate) const MAX_OPENED_LEAVES: usize = 1 << 20;

/// Some leaves of a tree with the digests that lead from them to the root, and no others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Opening {
    /// Words by leaf, in ascending order of leaves.
    leaves: Vec<(u32, [u64; LEAF_WORDS])>,
    /// Digests of the siblings that do not follow from the leaves, level by level from the leaves, from left to right.
    siblings: Vec<Digest>,
}

/// Digest of a node before and after a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) start: Digest,
    pub(crate) end: Digest,
}

/// Child of a touched node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Child {
    /// Whether the child is, or is above, an opened leaf. If not, it does not change.
    pub(crate) touched: bool,
    pub(crate) digest: Change,
}

/// Inner node above an opened leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// 1 to [`DEPTH`].
    pub(crate) level: u32,
    /// Heap index.
    pub(crate) index: u32,
    pub(crate) children: [Child; 2],
    pub(crate) digest: Change,
}

/// The nodes from the opened leaves up to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Paths {
    /// Level by level from the leaves, from left to right; the root is last.
    pub(crate) nodes: Vec<Node>,
    /// The root.
    pub(crate) root: Change,
}

impl MemoryTree {
    /// Opens leaves.
    pub(crate) fn open(&self, leaves: &BTreeSet<u32>) -> Opening {
        let mut siblings = Vec::new();
        let mut nodes: Vec<_> = leaves.iter().map(|leaf| FIRST_LEAF + leaf).collect();
        for _ in 0..DEPTH {
            let mut rest = nodes.iter().copied().peekable();
            while let Some(node) = rest.next() {
                if rest.next_if_eq(&(node ^ 1)).is_none() {
                    siblings.push(self.digest(node ^ 1));
                }
            }
            nodes.iter_mut().for_each(|node| *node /= 2);
            nodes.dedup();
        }
        Opening { leaves: leaves.iter().map(|&leaf| (leaf, self.leaf(leaf))).collect(), siblings }
    }
}

impl Opening {
    /// Opened leaves with their words, in ascending order.
    pub(crate) fn leaves(&self) -> &[(u32, [u64; LEAF_WORDS])] {
        &self.leaves
    }

    /// Opened words by number.
    pub(crate) fn words(&self) -> impl Iterator<Item = (u64, u64)> {
        self.leaves.iter().flat_map(|&(leaf, words)| word_numbers(leaf).zip(words))
    }

    /// Checks what [`Self::paths`] relies on.
    ///
    /// # Errors
    /// [`Error::Input`] if no leaf or too many are opened, if leaves are not in ascending order, or not in the tree.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.leaves.is_empty() || self.leaves.len() > MAX_OPENED_LEAVES {
            return Err(Error::input(format!(
                "it opens {} leaves of memory, expected 1 to {MAX_OPENED_LEAVES}",
                self.leaves.len()
            )));
        }
        let ascending = self.leaves.is_sorted_by(|(left, _), (right, _)| left < right);
        if !ascending || self.leaves.iter().any(|&(leaf, _)| leaf >= FIRST_LEAF) {
            return Err(Error::input("its opened leaves are not in ascending order in the tree"));
        }
        Ok(())
    }

    /// Nodes above the opened leaves, and the root, where the leaves become `end`.
    ///
    /// The opening is genuine if the root at the start is the one expected, which the caller checks.
    ///
    /// # Errors
    /// [`Error::Input`] if `end` has not one value for each opened leaf, if [`Self::check`] refuses, or if there is a
    /// sibling too few or too many.
    pub(crate) fn paths(&self, end: &[[u64; LEAF_WORDS]]) -> Result<Paths, Error> {
        self.check()?;
        if end.len() != self.leaves.len() {
            return Err(Error::input(format!(
                "{} leaves at the end, expected {}",
                end.len(),
                self.leaves.len()
            )));
        }
        let mut siblings = self.siblings.iter();
        let mut nodes = Vec::new();
        let mut touched: Vec<_> = self
            .leaves
            .iter()
            .zip(end)
            .map(|(&(leaf, start), &end)| {
                let digest = Change { start: leaf_digest(start), end: leaf_digest(end) };
                (FIRST_LEAF + leaf, Child { touched: true, digest })
            })
            .collect();
        for level in 1..=DEPTH {
            let first = nodes.len();
            parents(level, &touched, &mut siblings, &mut nodes)?;
            touched.clear();
            touched.extend(
                nodes[first..]
                    .iter()
                    .map(|node| (node.index, Child { touched: true, digest: node.digest })),
            );
        }
        if siblings.next().is_some() {
            return Err(Error::input("it has a sibling too many"));
        }
        Ok(Paths { nodes, root: touched[0].1.digest })
    }
}

/// Appends the parents, at `level`, of touched nodes.
fn parents<'a>(
    level: u32,
    touched: &[(u32, Child)],
    siblings: &mut impl Iterator<Item = &'a Digest>,
    nodes: &mut Vec<Node>,
) -> Result<(), Error> {
    let mut rest = touched.iter().copied().peekable();
    while let Some((index, child)) = rest.next() {
        let sibling = match rest.next_if(|(next, _)| *next == index ^ 1) {
            Some((_, sibling)) => sibling,
            None => {
                let &digest =
                    siblings.next().ok_or_else(|| Error::input("it has a sibling too few"))?;
                Child { touched: false, digest: Change { start: digest, end: digest } }
            }
        };
        let children = if index % 2 == 0 { [child, sibling] } else { [sibling, child] };
        let [left, right] = children.map(|child| child.digest);
        let start = compress(&left.start, &right.start);
        let changed = left.start != left.end || right.start != right.end;
        let end = if changed { compress(&left.end, &right.end) } else { start };
        nodes.push(Node { level, index: index / 2, children, digest: Change { start, end } });
    }
    Ok(())
}
