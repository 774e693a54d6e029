//! The memory tree: one root for the whole state of a machine but its pc.
//!
//! A binary tree of depth 28 whose leaves hold four words of eight bytes. Leaf i below 2^27 holds the bytes 32 i to
//! 32 i + 31 of memory. Leaf 2^27 + s holds the system words 4 s to 4 s + 3: the registers (0 to 31), the committed
//! output (32 to 35), a flag whether output was committed (36) and the exit code (37); all others are zero.
//!
//! The digest of a leaf compresses its eight limbs of 32 bits, lowest first, each with its part of [`LEAF_TAG`] above
//! it. The digest of an inner node compresses those of its children. The tag keeps the two apart: a digest of which all
//! elements carry it takes 2^128 compressions to find. Nodes have heap indices: the root is 1, the children of h are
//! 2 h and 2 h + 1, leaf i is 2^28 + i; leaves are level 0, the root is level 28.
//!
//! One root stands for one memory: a second one with the same root would hold, at the highest node where the digests
//! agree and what is below differs, a collision of the compression.
//!
//! As a flat array, memory word w has the number w and system word s the number 2^29 + s; leaf i holds the words
//! numbered 4 i to 4 i + 3. Tables call words by other keys (see [`word_key`]).

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::LazyLock,
};

use oneslot_riscv::{INITIAL_STACK_POINTER, PageMap, Program};
use oneslot_stark::{Digest, compress};
use p3_goldilocks::Goldilocks;
use p3_maybe_rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    bus::{CODE_KEY, SYSTEM_KEY},
    record::limbs,
};

mod opening;

/// A touched leaf with the first and the last state of its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LeafRecord {
    /// Leaf, from 0.
    pub(crate) index: u32,
    pub(crate) start: [u64; LEAF_WORDS],
    pub(crate) end: [u64; LEAF_WORDS],
    pub(crate) start_time: [u64; LEAF_WORDS],
    pub(crate) end_time: [u64; LEAF_WORDS],
}

#[cfg(test)]
pub(crate) use opening::Paths;
pub(crate) use opening::{Node, Opening};

/// Level of the root.
pub(crate) const DEPTH: u32 = 28;
/// First leaf of system words; also the number of leaves of memory.
pub(crate) const SYSTEM_LEAF: u32 = 1 << 27;
/// Words of a leaf.
pub(crate) const LEAF_WORDS: usize = 4;
/// Bytes of a leaf.
pub(crate) const LEAF_BYTES: u64 = 8 * LEAF_WORDS as u64;
/// What the digest of a leaf adds to its limbs, above their 32 bits: four letters each.
pub(crate) const LEAF_TAG: [u64; 2 * LEAF_WORDS] = leaf_tag(b"oneslot memory leaf of 4 words 3");
/// Number of the first system word.
pub(crate) const SYSTEM_NUMBER: u64 = 1 << 29;
/// System words in use.
pub(crate) const SYSTEM_WORDS: usize = 38;
/// System word that holds the stack pointer, register 2.
pub(crate) const STACK_WORD: u64 = 2;
/// First of the four system words that hold the committed output.
pub(crate) const OUTPUT_WORD: u64 = 32;
/// System word that is 1 once output is committed.
pub(crate) const COMMITTED_WORD: u64 = 36;
/// System word that holds the exit code.
pub(crate) const EXIT_WORD: u64 = 37;

/// Heap index of leaf 0.
pub(crate) const FIRST_LEAF: u32 = 1 << DEPTH;
/// Level of the roots of blocks. A block holds as many leaves as a page of memory, so block n < 2^20 is page n.
const BLOCK_LEVEL: u32 = 7;
/// Leaves of a block.
const BLOCK_LEAVES: usize = 1 << BLOCK_LEVEL;
/// Heap index of the root of block 0.
const FIRST_BLOCK: u32 = FIRST_LEAF >> BLOCK_LEVEL;
/// Block of the system words.
const SYSTEM_BLOCK: u32 = SYSTEM_LEAF >> BLOCK_LEVEL;

/// Digests of trees without a word other than zero, by level.
static ZEROS: LazyLock<[Digest; DEPTH as usize + 1]> = LazyLock::new(|| {
    let mut zeros = [leaf_digest([0; LEAF_WORDS]); DEPTH as usize + 1];
    for level in 1..zeros.len() {
        zeros[level] = compress(&zeros[level - 1], &zeros[level - 1]);
    }
    zeros
});

/// The leaves that hold code: executable and never written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeRange {
    /// First leaf: address divided by 32.
    pub start: u32,
    /// Leaf after the last one.
    pub end: u32,
}

impl CodeRange {
    /// Range of addresses, which must be multiples of 32, at most 2^32.
    pub(crate) fn new(addresses: &Range<u64>) -> Self {
        let leaf = |address: u64| {
            u32::try_from(address / LEAF_BYTES).expect("invariant: code lies in the address space")
        };
        Self { start: leaf(addresses.start), end: leaf(addresses.end) }
    }

    /// The addresses.
    pub(crate) const fn addresses(self) -> Range<u64> {
        LEAF_BYTES * self.start as u64..LEAF_BYTES * self.end as u64
    }

    /// Whether the leaf holds code.
    pub(crate) const fn contains(&self, leaf: u32) -> bool {
        self.start <= leaf && leaf < self.end
    }
}

/// Leaf that holds the word with this number.
pub(crate) const fn leaf_of(number: u64) -> u32 {
    (number / LEAF_WORDS as u64) as u32
}

/// Numbers of the words of a leaf.
pub(crate) const fn word_numbers(leaf: u32) -> Range<u64> {
    let first = LEAF_WORDS as u64 * leaf as u64;
    first..first + LEAF_WORDS as u64
}

/// Key by which tables call a word: system words and code have spaces of their own.
pub(crate) const fn word_key(number: u64, code: CodeRange) -> u64 {
    if number >= SYSTEM_NUMBER {
        number - SYSTEM_NUMBER + SYSTEM_KEY
    } else if code.contains(leaf_of(number)) {
        number + CODE_KEY
    } else {
        number
    }
}

const fn leaf_tag(letters: &[u8; 8 * LEAF_WORDS]) -> [u64; 2 * LEAF_WORDS] {
    let mut tag = [0; 2 * LEAF_WORDS];
    let mut limb = 0;
    while limb < tag.len() {
        let [a, b, c, d] = letters.as_chunks::<4>().0[limb];
        tag[limb] = (u32::from_le_bytes([a, b, c, d]) as u64) << 32;
        limb += 1;
    }
    tag
}

/// What the digest of a leaf compresses: its limbs with the tag.
pub(crate) fn leaf_halves(words: [u64; LEAF_WORDS]) -> [Digest; 2] {
    let mut elements = [Goldilocks::default(); 2 * LEAF_WORDS];
    for ((element, limb), tag) in elements.iter_mut().zip(words.map(limbs).concat()).zip(LEAF_TAG) {
        *element = Goldilocks::new(tag + limb);
    }
    let [a, b, c, d, e, f, g, h] = elements;
    [Digest([a, b, c, d]), Digest([e, f, g, h])]
}

/// Digest of a leaf.
pub(crate) fn leaf_digest(words: [u64; LEAF_WORDS]) -> Digest {
    let [left, right] = leaf_halves(words);
    compress(&left, &right)
}

/// The leaves of a page and the digests above them.
#[derive(Clone)]
struct Block {
    leaves: [[u64; LEAF_WORDS]; BLOCK_LEAVES],
    /// By heap index within the block: the leaves come last, 0 is unused.
    nodes: [Digest; 2 * BLOCK_LEAVES],
}

impl Block {
    fn zero() -> Box<Self> {
        let mut nodes = [Digest::default(); 2 * BLOCK_LEAVES];
        for (index, node) in nodes.iter_mut().enumerate().skip(1) {
            *node = ZEROS[(BLOCK_LEVEL - index.ilog2()) as usize];
        }
        Box::new(Self { leaves: [[0; LEAF_WORDS]; BLOCK_LEAVES], nodes })
    }

    fn new(leaves: [[u64; LEAF_WORDS]; BLOCK_LEAVES]) -> Box<Self> {
        let mut nodes = [Digest::default(); 2 * BLOCK_LEAVES];
        for (node, leaf) in nodes[BLOCK_LEAVES..].iter_mut().zip(leaves) {
            *node = leaf_digest(leaf);
        }
        for index in (1..BLOCK_LEAVES).rev() {
            nodes[index] = compress(&nodes[2 * index], &nodes[2 * index + 1]);
        }
        Box::new(Self { leaves, nodes })
    }
}

/// The memory tree of one state. What it does not hold is zero.
#[derive(Clone)]
pub(crate) struct MemoryTree {
    blocks: BTreeMap<u32, Box<Block>>,
    /// Digests above the roots of blocks, by heap index.
    upper: HashMap<u32, Digest>,
}

impl MemoryTree {
    /// Tree of the given pages and system words.
    pub(crate) fn new(pages: &PageMap, system: &[u64; SYSTEM_WORDS]) -> Self {
        let pages: Vec<_> = pages.iter().collect();
        let mut blocks: BTreeMap<_, _> = pages
            .into_par_iter()
            .map(|(&number, page)| {
                let leaves = page.as_chunks::<32>().0.as_chunks::<BLOCK_LEAVES>().0[0];
                (number, Block::new(leaves.map(words)))
            })
            .collect::<Vec<_>>()
            .into_iter()
            .collect();
        let mut leaves = [[0; LEAF_WORDS]; BLOCK_LEAVES];
        leaves.as_flattened_mut()[..SYSTEM_WORDS].copy_from_slice(system);
        blocks.insert(SYSTEM_BLOCK, Block::new(leaves));

        let parents = blocks.keys().map(|number| (FIRST_BLOCK + number) / 2).collect();
        let mut tree = Self { blocks, upper: HashMap::new() };
        tree.rehash(parents);
        tree
    }

    /// Tree before the first instruction of `program`: its image, the stack pointer, all else zero.
    pub(crate) fn initial(program: &Program) -> Self {
        let mut system = [0; SYSTEM_WORDS];
        system[STACK_WORD as usize] = INITIAL_STACK_POINTER;
        Self::new(program.image(), &system)
    }

    /// The root.
    pub(crate) fn root(&self) -> Digest {
        self.digest(1)
    }

    /// Words of a leaf.
    pub(crate) fn leaf(&self, leaf: u32) -> [u64; LEAF_WORDS] {
        let block = self.blocks.get(&(leaf >> BLOCK_LEVEL));
        block.map_or([0; LEAF_WORDS], |block| block.leaves[leaf as usize % BLOCK_LEAVES])
    }

    /// Sets words, given by number and value, and all digests above them.
    pub(crate) fn update(&mut self, words: impl IntoIterator<Item = (u64, u64)>) {
        let mut changed = Vec::new();
        for (number, value) in words {
            assert!(number < 2 * SYSTEM_NUMBER, "invariant: the number is a word's");
            let leaf = leaf_of(number);
            let block = self.blocks.entry(leaf >> BLOCK_LEVEL).or_insert_with(Block::zero);
            block.leaves[leaf as usize % BLOCK_LEAVES][number as usize % LEAF_WORDS] = value;
            changed.push(leaf);
        }
        changed.dedup();
        for &leaf in &changed {
            self.set(FIRST_LEAF + leaf, leaf_digest(self.leaf(leaf)));
        }
        self.rehash(changed.into_iter().map(|leaf| (FIRST_LEAF + leaf) / 2).collect());
    }

    /// Recomputes nodes of one level, given in any order, and all nodes above them.
    fn rehash(&mut self, mut nodes: Vec<u32>) {
        nodes.sort_unstable();
        while nodes.first().is_some_and(|&node| node > 0) {
            nodes.dedup();
            for node in &mut nodes {
                let digest = compress(&self.digest(2 * *node), &self.digest(2 * *node + 1));
                self.set(*node, digest);
                *node /= 2;
            }
        }
    }

    /// Digest by heap index.
    fn digest(&self, node: u32) -> Digest {
        let level = level(node);
        let digest = if level > BLOCK_LEVEL {
            self.upper.get(&node).copied()
        } else {
            let (block, index) = place(node);
            self.blocks.get(&block).map(|block| block.nodes[index])
        };
        digest.unwrap_or(ZEROS[level as usize])
    }

    /// Sets the digest of a node.
    fn set(&mut self, node: u32, digest: Digest) {
        if level(node) > BLOCK_LEVEL {
            self.upper.insert(node, digest);
        } else {
            let (block, index) = place(node);
            self.blocks.entry(block).or_insert_with(Block::zero).nodes[index] = digest;
        }
    }
}

impl std::fmt::Debug for MemoryTree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryTree")
            .field("root", &self.root())
            .field("blocks", &self.blocks.len())
            .finish_non_exhaustive()
    }
}

/// Level of a node.
const fn level(node: u32) -> u32 {
    DEPTH - node.ilog2()
}

/// Block of a node and its heap index within the block.
const fn place(node: u32) -> (u32, usize) {
    let below = BLOCK_LEVEL - level(node);
    let block = (node >> below) - FIRST_BLOCK;
    (block, (1 << below | node & ((1 << below) - 1)) as usize)
}

/// Words of the bytes of a leaf.
fn words(bytes: [u8; LEAF_BYTES as usize]) -> [u64; LEAF_WORDS] {
    std::array::from_fn(|word| u64::from_le_bytes(bytes.as_chunks::<8>().0[word]))
}

/// What a program is before it runs, as public values hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProgramImage {
    /// Identity of the program: binds all that follows.
    pub(crate) id: Digest,
    /// Root of the memory tree before the first instruction.
    pub(crate) root: Digest,
    /// Address of the first instruction.
    pub(crate) entry: u64,
    pub(crate) code: CodeRange,
}

impl ProgramImage {
    /// Hashes the program's image.
    pub(crate) fn new(program: &Program) -> Self {
        let root = MemoryTree::initial(program).root();
        let (entry, code) = (program.entry(), CodeRange::new(&program.code_range()));
        Self { id: program_id(root, entry, code), root, entry, code }
    }
}

/// Identity of a program. The tag keeps it apart from every other use of the hash.
pub(crate) fn program_id(root: Digest, entry: u64, code: CodeRange) -> Digest {
    let tag = [u64::from_le_bytes(*b"oneslot "), u64::from_le_bytes(*b"program "), 1, 0];
    let start = [entry, code.start.into(), code.end.into(), 0];
    let [tag, start] = [tag, start].map(|elements| Digest(elements.map(Goldilocks::new)));
    compress(&compress(&tag, &start), &root)
}

#[cfg(test)]
mod tests;
