//! The hashes of an opening, computed before its verification, many at a time.
//!
//! The library's verifier computes one hash after the other. Here all that it will need is computed first, for
//! `Packed::WIDTH` inputs together, and the verifier gets functions that have the results at hand.
//! What they do not have at hand they compute. Each result at hand is that of the very function for the very input, so a
//! mistake in this file, or a proof made to cause one, costs time and never changes a verdict.

use std::{
    any::Any,
    sync::atomic::{AtomicUsize, Ordering},
};

use oneslot_stark::DIGEST_LENGTH;
use p3_field::PackedValue;
use p3_matrix::Dimensions;
use p3_symmetric::{CryptographicHasher, PseudoCompressionFunction};

use super::{Compress, Digest, Hash, Packed, Val};

/// Rows of one query at one height, which are hashed together.
type Leaf<'a> = Vec<&'a [Val]>;

/// Results at hand.
#[derive(Default)]
pub(super) struct BatchedHashes<'a> {
    leaves: Results<Leaf<'a>>,
    pairs: Results<[Digest; 2]>,
}

/// Results in the order in which the library asks for them.
struct Results<Input> {
    entries: Vec<(Input, Digest)>,
    next: AtomicUsize,
}

impl<Input> Default for Results<Input> {
    fn default() -> Self {
        Self { entries: Vec::new(), next: AtomicUsize::new(0) }
    }
}

impl<Input> Results<Input> {
    /// The next result, if it is that of the input asked for.
    fn next(&self, is_asked: impl FnOnce(&Input) -> bool) -> Option<&Digest> {
        let next = self.next.load(Ordering::Relaxed);
        let (input, digest) = self.entries.get(next)?;
        is_asked(input).then(|| {
            self.next.store(next + 1, Ordering::Relaxed);
            digest
        })
    }

    /// Whether all have been asked for.
    #[cfg(test)]
    fn is_spent(&self) -> bool {
        self.next.load(Ordering::Relaxed) == self.entries.len()
    }
}

/// Node of the tree on the way up from the queried leaves.
struct Node {
    /// Index in its layer.
    index: usize,
    /// A query below it.
    query: usize,
    digest: Digest,
}

/// An opening and the functions that verify it.
pub(super) struct Opening<'o, 'a> {
    pub(super) hash: &'o Hash,
    pub(super) compress: &'o Compress,
    pub(super) dimensions: &'o [Dimensions],
    /// Queried leaves.
    pub(super) indices: &'o [usize],
    /// Rows of each query.
    pub(super) rows: &'o [Vec<&'a [Val]>],
    /// Digests of the pruned paths, layer by layer and from left to right.
    pub(super) siblings: &'o [Digest],
}

impl<'a> BatchedHashes<'a> {
    /// Hashes leaves and nodes from the queried leaves up to the root, as far as the opening has what that takes.
    pub(super) fn new(opening: &Opening<'_, 'a>) -> Self {
        let mut hashes = Self::default();
        let mut height = opening.dimensions.iter().map(|matrix| matrix.height).max().unwrap_or(0);
        let mut siblings = opening.siblings.iter().copied();
        let queries = opening.indices.iter().copied().zip(0..opening.rows.len());
        let node = |(index, query)| Node { index, query, digest: Digest::default() };
        let mut layer: Vec<_> = queries.map(node).collect();
        layer.sort_by_key(|node| node.index);
        layer.dedup_by_key(|node| node.index);
        let digests = hashes.hash(opening, height, &layer).unwrap_or_default();
        layer.iter_mut().zip(digests).for_each(|(node, digest)| node.digest = digest);

        while height > 1 {
            let Some((mut parents, pairs)) = parents(&layer, &mut siblings) else { break };
            let mut digests = hashes.compress(opening.compress, pairs);
            height /= 2;
            if let Some(leaves) = hashes.hash(opening, height, &parents) {
                let pairs = digests.into_iter().zip(leaves).map(|(node, leaf)| [node, leaf]);
                digests = hashes.compress(opening.compress, pairs.collect());
            }
            parents.iter_mut().zip(digests).for_each(|(node, digest)| node.digest = digest);
            layer = parents;
        }
        hashes
    }

    /// Digests of the leaves at a height, one for each node; `None` if no matrix has this height.
    fn hash(
        &mut self,
        opening: &Opening<'_, 'a>,
        height: usize,
        nodes: &[Node],
    ) -> Option<Vec<Digest>> {
        let matrices = opening.dimensions.iter().map(|matrix| matrix.height);
        let there: Vec<_> = matrices.map(|other| other == height).collect();
        if !there.contains(&true) {
            return None;
        }
        let leaf = |node: &Node| -> Leaf<'a> {
            let rows = there.iter().zip(&opening.rows[node.query]);
            rows.filter(|(there, _)| **there).map(|(_, row)| *row).collect()
        };
        let leaves: Vec<_> = nodes.iter().map(leaf).collect();
        let digests: Vec<_> = leaves
            .chunks(Packed::WIDTH)
            .flat_map(|leaves| hash_leaves(opening.hash, leaves))
            .collect();
        self.leaves.entries.extend(leaves.into_iter().zip(digests.iter().copied()));
        Some(digests)
    }

    /// Compressions of pairs.
    fn compress(&mut self, compress: &Compress, pairs: Vec<[Digest; 2]>) -> Vec<Digest> {
        let digests: Vec<_> =
            pairs.chunks(Packed::WIDTH).flat_map(|pairs| compress_pairs(compress, pairs)).collect();
        self.pairs.entries.extend(pairs.into_iter().zip(digests.iter().copied()));
        digests
    }

    /// Whether the library has asked for all results.
    #[cfg(test)]
    pub(super) fn is_spent(&self) -> bool {
        self.leaves.is_spent() && self.pairs.is_spent()
    }
}

/// Parents of a layer's nodes, without digests yet, and the digests of their children; `None` if a sibling is missing.
fn parents(
    layer: &[Node],
    siblings: &mut impl Iterator<Item = Digest>,
) -> Option<(Vec<Node>, Vec<[Digest; 2]>)> {
    let (mut parents, mut pairs) = (Vec::new(), Vec::new());
    let mut rest = layer.iter().peekable();
    while let Some(node) = rest.next() {
        let sibling = match rest.next_if(|next| next.index == node.index ^ 1) {
            Some(next) => next.digest,
            None => siblings.next()?,
        };
        let (index, query) = (node.index / 2, node.query);
        parents.push(Node { index, query, digest: Digest::default() });
        let right = node.index % 2 == 1;
        pairs.push(if right { [sibling, node.digest] } else { [node.digest, sibling] });
    }
    Some((parents, pairs))
}

/// Digests of up to `Packed::WIDTH` leaves, together if their rows have the same lengths.
fn hash_leaves(hash: &Hash, leaves: &[Leaf<'_>]) -> Vec<Digest> {
    let lengths = |leaf: &Leaf<'_>| leaf.iter().map(|row| row.len()).collect::<Vec<_>>();
    let first = lengths(&leaves[0]);
    if leaves.len() < Packed::WIDTH || leaves.iter().any(|leaf| lengths(leaf) != first) {
        return leaves.iter().map(|leaf| hash.hash_iter_slices(leaf.iter().copied())).collect();
    }
    let places =
        first.iter().enumerate().flat_map(|(row, &length)| (0..length).map(move |at| (row, at)));
    let elements = places.map(|(row, at)| Packed::from_fn(|lane| leaves[lane][row][at]));
    unpack(hash.hash_iter(elements))
}

/// Compressions of up to `Packed::WIDTH` pairs, together if there are as many.
fn compress_pairs(compress: &Compress, pairs: &[[Digest; 2]]) -> Vec<Digest> {
    if pairs.len() < Packed::WIDTH {
        return pairs.iter().map(|pair| compress.compress(*pair)).collect();
    }
    let pack = |side: usize| -> [Packed; DIGEST_LENGTH] {
        std::array::from_fn(|element| Packed::from_fn(|lane| pairs[lane][side][element]))
    };
    unpack(compress.compress([pack(0), pack(1)]))
}

fn unpack(digests: [Packed; DIGEST_LENGTH]) -> Vec<Digest> {
    (0..Packed::WIDTH).map(|lane| digests.map(|element| element.as_slice()[lane])).collect()
}

/// The functions of a tree with results at hand.
#[derive(Clone)]
pub(super) struct Remembering<'o, 'a, F> {
    pub(super) function: &'o F,
    pub(super) hashes: &'o BatchedHashes<'a>,
}

/// Leaves are recognised as the very same memory, which cannot have changed while it is borrowed. Elements may be packed;
/// where the processor has no vectors, packed elements are elements.
impl<T: Copy + 'static> CryptographicHasher<T, [T; DIGEST_LENGTH]> for Remembering<'_, '_, Hash>
where
    Hash: CryptographicHasher<T, [T; DIGEST_LENGTH]>,
{
    fn hash_iter<I: IntoIterator<Item = T>>(&self, input: I) -> [T; DIGEST_LENGTH] {
        self.function.hash_iter(input)
    }

    fn hash_iter_slices<'b, I>(&self, input: I) -> [T; DIGEST_LENGTH]
    where
        I: IntoIterator<Item = &'b [T]>,
    {
        let rows: Vec<_> = input.into_iter().collect();
        let is_asked = |leaf: &Leaf<'_>| {
            let place = |(left, right): (&&[Val], &&[T])| {
                left.as_ptr().addr() == right.as_ptr().addr() && left.len() == right.len()
            };
            leaf.len() == rows.len() && leaf.iter().zip(&rows).all(place)
        };
        let digest = self.hashes.leaves.next(is_asked);
        let digest = digest.and_then(|digest| (digest as &dyn Any).downcast_ref());
        digest.copied().unwrap_or_else(|| self.function.hash_iter_slices(rows))
    }
}

/// Pairs are recognised by their value.
impl<T: Copy + 'static> PseudoCompressionFunction<[T; DIGEST_LENGTH], 2>
    for Remembering<'_, '_, Compress>
where
    Compress: PseudoCompressionFunction<[T; DIGEST_LENGTH], 2>,
{
    fn compress(&self, input: [[T; DIGEST_LENGTH]; 2]) -> [T; DIGEST_LENGTH] {
        let pair = (&input as &dyn Any).downcast_ref::<[Digest; 2]>();
        let digest = pair.and_then(|pair| self.hashes.pairs.next(|other| other == pair));
        let digest = digest.and_then(|digest| (digest as &dyn Any).downcast_ref());
        digest.copied().unwrap_or_else(|| self.function.compress(input))
    }
}
