//! The memory tree: one root for the whole state of a machine but its pc.
//!
//! A binary tree of depth 29 whose leaves hold two words of eight bytes. Leaf i below 2^28 holds the bytes 16 i to
//! 16 i + 15 of memory. Leaf 2^28 + s holds the system words 2 s and 2 s + 1: the registers (0 to 31), the committed
//! output (32 to 35), a flag whether output was committed (36) and the exit code (37); all others are zero.
//!
//! The digest of a leaf is not a hash: it is the leaf's four limbs of 32 bits, lowest first. The digest of an inner
//! node compresses those of its children. Nodes have heap indices: the root is 1, the children of h are 2 h and
//! 2 h + 1, leaf i is 2^29 + i; leaves are level 0, the root is level 29.
//!
//! As a flat array, memory word w has the number w and system word s the number 2^29 + s; leaf i holds the words
//! numbered 2 i and 2 i + 1. Tables call words by other keys (see [`word_key`]).

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::LazyLock,
};

use oneslot_riscv::{INITIAL_STACK_POINTER, PageMap, Program};
use p3_goldilocks::Goldilocks;
use p3_maybe_rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    bus::{CODE_KEY, SYSTEM_KEY},
    hash::{Digest, compress},
    record::limbs,
};

mod opening;

#[cfg(test)]
pub(crate) use opening::Paths;
pub(crate) use opening::{Node, Opening};

/// Level of the root.
pub(crate) const DEPTH: u32 = 29;
/// First leaf of system words; also the number of leaves of memory.
pub(crate) const SYSTEM_LEAF: u32 = 1 << 28;
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
const BLOCK_LEVEL: u32 = 8;
/// Leaves of a block.
const BLOCK_LEAVES: usize = 1 << BLOCK_LEVEL;
/// Heap index of the root of block 0.
const FIRST_BLOCK: u32 = FIRST_LEAF >> BLOCK_LEVEL;
/// Block of the system words.
const SYSTEM_BLOCK: u32 = SYSTEM_LEAF >> BLOCK_LEVEL;

/// Digests of trees without a word other than zero, by level.
static ZEROS: LazyLock<[Digest; DEPTH as usize + 1]> = LazyLock::new(|| {
    let mut zeros = [Digest::default(); DEPTH as usize + 1];
    for level in 1..zeros.len() {
        zeros[level] = compress(&zeros[level - 1], &zeros[level - 1]);
    }
    zeros
});

/// The leaves that hold code: executable and never written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeRange {
    /// First leaf: address divided by 16.
    pub start: u32,
    /// Leaf after the last one.
    pub end: u32,
}

impl CodeRange {
    /// Range of addresses, which must be multiples of 16, at most 2^32.
    pub(crate) fn new(addresses: &Range<u64>) -> Self {
        let leaf = |address: u64| {
            u32::try_from(address / 16).expect("invariant: code lies in the address space")
        };
        Self { start: leaf(addresses.start), end: leaf(addresses.end) }
    }

    /// Whether the leaf holds code.
    pub(crate) const fn contains(&self, leaf: u32) -> bool {
        self.start <= leaf && leaf < self.end
    }
}

/// Key by which tables call a word: system words and code have spaces of their own.
pub(crate) const fn word_key(number: u64, code: CodeRange) -> u64 {
    if number >= SYSTEM_NUMBER {
        number - SYSTEM_NUMBER + SYSTEM_KEY
    } else if code.contains((number / 2) as u32) {
        number + CODE_KEY
    } else {
        number
    }
}

/// Digest of a leaf: its limbs.
pub(crate) fn leaf_digest(words: [u64; 2]) -> Digest {
    let [[a, b], [c, d]] = words.map(limbs);
    Digest([a, b, c, d].map(Goldilocks::new))
}

/// 256 leaves and the digests above them.
#[derive(Clone)]
struct Block {
    leaves: [[u64; 2]; BLOCK_LEAVES],
    /// By heap index within the block; 0 is unused.
    nodes: [Digest; BLOCK_LEAVES],
}

impl Block {
    fn zero() -> Box<Self> {
        let mut nodes = [Digest::default(); BLOCK_LEAVES];
        for (index, node) in nodes.iter_mut().enumerate().skip(1) {
            *node = ZEROS[(BLOCK_LEVEL - index.ilog2()) as usize];
        }
        Box::new(Self { leaves: [[0; 2]; BLOCK_LEAVES], nodes })
    }

    fn new(leaves: [[u64; 2]; BLOCK_LEAVES]) -> Box<Self> {
        let mut block = Box::new(Self { leaves, nodes: [Digest::default(); BLOCK_LEAVES] });
        for index in (1..BLOCK_LEAVES).rev() {
            block.nodes[index] = compress(&block.digest(2 * index), &block.digest(2 * index + 1));
        }
        block
    }

    /// Digest by heap index within the block.
    fn digest(&self, index: usize) -> Digest {
        match index.checked_sub(BLOCK_LEAVES) {
            None => self.nodes[index],
            Some(leaf) => leaf_digest(self.leaves[leaf]),
        }
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
                let leaves = page.as_chunks::<16>().0.as_chunks::<BLOCK_LEAVES>().0[0];
                (number, Block::new(leaves.map(words)))
            })
            .collect::<Vec<_>>()
            .into_iter()
            .collect();
        let mut leaves = [[0; 2]; BLOCK_LEAVES];
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
    pub(crate) fn leaf(&self, leaf: u32) -> [u64; 2] {
        let block = self.blocks.get(&(leaf >> BLOCK_LEVEL));
        block.map_or([0; 2], |block| block.leaves[leaf as usize % BLOCK_LEAVES])
    }

    /// Sets words, given by number and value, and all digests above them.
    pub(crate) fn update(&mut self, words: impl IntoIterator<Item = (u64, u64)>) {
        let mut parents = Vec::new();
        for (number, value) in words {
            assert!(number < 2 * SYSTEM_NUMBER, "invariant: the number is a word's");
            let leaf = (number / 2) as u32;
            let block = self.blocks.entry(leaf >> BLOCK_LEVEL).or_insert_with(Block::zero);
            block.leaves[leaf as usize % BLOCK_LEAVES][(number % 2) as usize] = value;
            parents.push((FIRST_LEAF + leaf) / 2);
        }
        self.rehash(parents);
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
            self.blocks.get(&block).map(|block| block.digest(index))
        };
        digest.unwrap_or(ZEROS[level as usize])
    }

    /// Sets the digest of an inner node.
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

/// Words of sixteen bytes.
fn words(bytes: [u8; 16]) -> [u64; 2] {
    let [low, high] = [0, 8].map(|at| std::array::from_fn(|index| bytes[at + index]));
    [u64::from_le_bytes(low), u64::from_le_bytes(high)]
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
