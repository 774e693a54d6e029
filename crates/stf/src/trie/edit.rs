//! Insertion and removal.

use super::node::{Child, Kind, TrieError};
use crate::source::NodeSource;
use alloc::{boxed::Box, vec::Vec};
use alloy_trie::Nibbles;
use core::mem;

/// Puts `value` under `key` below `slot`, which `depth` nibbles of the key lead to.
pub(super) fn insert<S: NodeSource + ?Sized>(
    slot: &mut Child,
    source: &S,
    key: &Nibbles,
    depth: usize,
    value: Vec<u8>,
) -> Result<(), TrieError> {
    let Some(node) = slot.resolve(source, depth)? else {
        *slot = Child::new(Kind::Leaf { path: key.slice(depth..), value });
        return Ok(());
    };
    node.reference = None;
    match &mut node.kind {
        Kind::Branch(children) => {
            let next = &mut children[usize::from(key.get_unchecked(depth))];
            insert(next, source, key, depth + 1, value)
        }
        Kind::Leaf { path, value: old } => {
            let rest = key.slice(depth..);
            if rest == *path {
                *old = value;
                return Ok(());
            }
            let (path, old) = (*path, mem::take(old));
            let common = path.common_prefix_length(&rest);
            let kept = Child::new(Kind::Leaf { path: path.slice(common + 1..), value: old });
            *slot = fork(&path, &rest, common, kept, value);
            Ok(())
        }
        Kind::Extension { path, child } => {
            let rest = key.slice(depth..);
            let common = path.common_prefix_length(&rest);
            if common == path.len() {
                return insert(child, source, key, depth + common, value);
            }
            let (path, child) = (*path, mem::take(child));
            let kept = if common + 1 == path.len() {
                child
            } else {
                Child::new(Kind::Extension { path: path.slice(common + 1..), child })
            };
            *slot = fork(&path, &rest, common, kept, value);
            Ok(())
        }
    }
}

/// A branch after `common` nibbles with the old subtree under `path` and a new leaf under `rest`.
fn fork(path: &Nibbles, rest: &Nibbles, common: usize, kept: Child, value: Vec<u8>) -> Child {
    let mut children = Box::<[Child; 16]>::default();
    children[usize::from(path.get_unchecked(common))] = kept;
    children[usize::from(rest.get_unchecked(common))] =
        Child::new(Kind::Leaf { path: rest.slice(common + 1..), value });
    let branch = Child::new(Kind::Branch(children));
    if common == 0 {
        branch
    } else {
        Child::new(Kind::Extension { path: path.slice(..common), child: branch })
    }
}

/// Removes `key` below `slot` and says whether it was there. What is left is canonical again: a branch
/// has two children at least, and short nodes in a row are joined.
pub(super) fn remove<S: NodeSource + ?Sized>(
    slot: &mut Child,
    source: &S,
    key: &Nibbles,
    depth: usize,
) -> Result<bool, TrieError> {
    let Some(node) = slot.resolve(source, depth)? else {
        return Ok(false);
    };
    match &mut node.kind {
        Kind::Leaf { path, .. } => {
            let found = key.slice(depth..) == *path;
            if found {
                *slot = Child::Empty;
            }
            Ok(found)
        }
        Kind::Extension { path, child } => {
            let end = depth + path.len();
            if key.slice(depth..end) != *path || !remove(child, source, key, end)? {
                return Ok(false);
            }
            node.reference = None;
            let (path, child) = (*path, mem::take(child));
            *slot = prefix(path, child, source, end)?;
            Ok(true)
        }
        Kind::Branch(children) => {
            let index = usize::from(key.get_unchecked(depth));
            if !remove(&mut children[index], source, key, depth + 1)? {
                return Ok(false);
            }
            node.reference = None;
            let mut left =
                children.iter().enumerate().filter(|(_, child)| !matches!(child, Child::Empty));
            let only = match (left.next(), left.next()) {
                (Some((only, _)), None) => only,
                _ => return Ok(true),
            };
            let child = mem::take(&mut children[only]);
            // `only` is below 16.
            let nibble = Nibbles::from_nibbles([only as u8]);
            *slot = prefix(nibble, child, source, depth + 1)?;
            Ok(true)
        }
    }
}

/// `child`, `depth` nibbles deep, with `path` in front of it.
fn prefix<S: NodeSource + ?Sized>(
    path: Nibbles,
    mut child: Child,
    source: &S,
    depth: usize,
) -> Result<Child, TrieError> {
    let Some(node) = child.resolve(source, depth)? else {
        return Ok(Child::Empty);
    };
    match &mut node.kind {
        Kind::Leaf { path: tail, .. } | Kind::Extension { path: tail, .. } => {
            *tail = path.join(tail);
            node.reference = None;
            Ok(child)
        }
        Kind::Branch(_) => Ok(Child::new(Kind::Extension { path, child })),
    }
}
