//! Traces under attack: which defences count, the tree hashed anew, limbs written into rows.

use std::collections::{BTreeMap, HashMap, HashSet};

use oneslot_stark::{Digest, compress, concatenate, permute};
use p3_field::{Field, PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;
use p3_matrix::Matrix;

use crate::{
    bus::{RANGE, TIME_START, TIME_STEP},
    check::Message,
    memory::{DEPTH, LEAF_TAG, LEAF_WORDS},
    record::Compression,
    soundness::{Forgery, Refusal},
    tables::{Table, poseidon2},
    verify::public_values,
};

/// What stands against the attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Defences {
    /// The compression adds its left half.
    pub(super) feed_forward: bool,
    /// The limbs of an opened leaf are looked up.
    pub(super) limbs_checked: bool,
}

pub(super) const BOTH: Defences = Defences { feed_forward: true, limbs_checked: true };
pub(super) const FEED_FORWARD: Defences = Defences { limbs_checked: false, ..BOTH };
pub(super) const LIMBS_CHECKED: Defences = Defences { feed_forward: false, ..BOTH };
pub(super) const NONE: Defences = Defences { feed_forward: false, limbs_checked: false };

impl Defences {
    pub(super) fn compress(self, left: &Digest, right: &Digest) -> Digest {
        if self.feed_forward {
            return compress(left, right);
        }
        let [a, b, c, d, ..] = permute(concatenate(left, right));
        Digest([a, b, c, d])
    }

    /// A message as tables with these defences would send it. `opened` are the halves of limbs that leaves open.
    fn see(
        self,
        table: Table,
        mut message: Message,
        opened: &HashSet<Goldilocks>,
    ) -> Option<Message> {
        if !self.feed_forward && table == Table::Poseidon2 {
            for index in 0..4 {
                let left = message.fields[index];
                message.fields[8 + index] -= left;
            }
        }
        let half = table == Table::Leaf && message.bus == RANGE;
        let outside = half && message.fields[0].as_canonical_u64() >> 16 != 0;
        let ignored = !self.limbs_checked && outside && opened.contains(&message.fields[0]);
        (!ignored).then_some(message)
    }
}

/// Columns `name[0]`, `name[1]` and so on.
fn columns(table: Table, name: &str) -> Vec<usize> {
    let prefix = format!("{name}[");
    let names = table.columns().into_iter().enumerate();
    let columns: Vec<_> =
        names.filter(|(_, column)| column.starts_with(&prefix)).map(|(index, _)| index).collect();
    assert!(!columns.is_empty(), "{table:?} has no columns {name}");
    columns
}

fn digest(cells: &[Goldilocks], columns: &[usize]) -> Digest {
    Digest(std::array::from_fn(|index| cells[columns[index]]))
}

impl Forgery {
    pub(super) fn height(&self, table: Table) -> usize {
        self.traces[table as usize].height()
    }

    fn set(&mut self, table: Table, row: usize, name: &str, values: &[Goldilocks]) {
        let cells = self.row(table, row);
        for (column, value) in columns(table, name).into_iter().zip(values) {
            cells[column] = *value;
        }
    }

    /// Sets limbs of 32 bits in columns for limbs of 16. What does not fit in one goes into the lower column whole.
    pub(super) fn set_limbs(&mut self, row: usize, limbs: &[Goldilocks]) {
        let halves = limbs.iter().flat_map(|limb| match limb.as_canonical_u64() {
            limb if limb >> 32 == 0 => [limb & 0xffff, limb >> 16],
            limb => [limb, 0],
        });
        let halves: Vec<_> = halves.map(Goldilocks::from_u64).collect();
        self.set(Table::Leaf, row, "start", &halves);
    }

    /// What the digest of a leaf compresses, at the start and at the end.
    fn leaf_halves(&mut self, row: usize) -> [[Digest; 2]; 2] {
        let (start, end) = (columns(Table::Leaf, "start"), columns(Table::Leaf, "end"));
        let cells = self.row(Table::Leaf, row);
        let joined = |limb: usize| {
            cells[start[2 * limb]] + cells[start[2 * limb + 1]] * Goldilocks::from_u64(1 << 16)
        };
        let limbs: [[Goldilocks; 8]; 2] =
            [std::array::from_fn(joined), std::array::from_fn(|limb| cells[end[limb]])];
        limbs.map(|limbs| {
            let tagged = |limb: usize| limbs[limb] + Goldilocks::from_u64(LEAF_TAG[limb]);
            [0, 4].map(|at| Digest(std::array::from_fn(|index| tagged(at + index))))
        })
    }

    /// Hashes the touched part of the tree anew, from the leaves to the public roots, with the given defences. The digests
    /// beside the touched part stay what they are.
    pub(super) fn rehash(&mut self, defences: Defences) {
        let index = |name| Table::Leaf.columns().iter().position(|column| column == name);
        let [flag, leaf] = ["above", "index"].map(|name| index(name).expect("a column"));
        let mut digests: HashMap<(u64, u64), [Digest; 2]> = HashMap::new();
        for row in 0..self.height(Table::Leaf) {
            let cells = self.row(Table::Leaf, row);
            if cells[..=flag].iter().all(|flag| *flag == Goldilocks::ZERO) {
                continue;
            }
            let node = (1 << DEPTH) + cells[leaf].as_canonical_u64();
            let both = self.leaf_halves(row).map(|[left, right]| defences.compress(&left, &right));
            self.set(Table::Leaf, row, "start_digest", &both[0].0);
            self.set(Table::Leaf, row, "end_digest", &both[1].0);
            digests.insert((0, node), both);
        }
        for row in 0..self.height(Table::Node) {
            if *self.cell(Table::Node, row, "real") == Goldilocks::ZERO {
                continue;
            }
            let [level, node] =
                ["level", "index"].map(|name| self.cell(Table::Node, row, name).as_canonical_u64());
            let names = [["left_start", "left_end"], ["right_start", "right_end"]];
            for (child, names) in names.iter().enumerate() {
                let touched = digests.get(&(level - 1, 2 * node + child as u64)).copied();
                for (name, digest) in names.iter().zip(touched.into_iter().flatten()) {
                    self.set(Table::Node, row, name, &digest.0);
                }
            }
            let both = self.node_halves(row).map(|[left, right]| defences.compress(&left, &right));
            self.set(Table::Node, row, "start", &both[0].0);
            self.set(Table::Node, row, "end", &both[1].0);
            digests.insert((level, node), both);
        }
        [self.public.start_root, self.public.end_root] = digests[&(DEPTH.into(), 1)];
        self.permutations();
    }

    /// The children of a node, at the start and at the end.
    fn node_halves(&mut self, row: usize) -> [[Digest; 2]; 2] {
        let cells = self.row(Table::Node, row).to_vec();
        [["left_start", "right_start"], ["left_end", "right_end"]]
            .map(|names| names.map(|name| digest(&cells, &columns(Table::Node, name))))
    }

    /// Fills the table of permutations with what leaves and nodes look up.
    pub(super) fn permutations(&mut self) {
        let leaves = self.height(Table::Leaf);
        let mut pairs: Vec<_> = (0..leaves).flat_map(|row| self.leaf_halves(row)).collect();
        pairs.extend((0..self.height(Table::Node)).flat_map(|row| self.node_halves(row)));
        // Rows of padding look nothing up.
        let spoken = |forgery: &mut Self, table: Table| {
            let rows = 0..forgery.height(table);
            let real = |row: usize| {
                let cells = forgery.row(table, row).to_vec();
                !forgery.evaluate(table, row, &cells).messages.is_empty()
            };
            rows.map(real).flat_map(|real| [real; 2]).collect::<Vec<_>>()
        };
        let real = [spoken(self, Table::Leaf), spoken(self, Table::Node)].concat();
        let compressions: Vec<_> = pairs
            .into_iter()
            .zip(real)
            .filter(|(_, real)| *real)
            .map(|([left, right], _)| Compression { left, right, count: 1 })
            .collect();
        self.traces[Table::Poseidon2 as usize] = poseidon2::trace(&compressions);
    }

    pub(super) fn refusal_without(&mut self, defences: Defences) -> Option<Refusal> {
        self.count_lookups();
        let public = public_values(&self.public);
        let start = columns(Table::Leaf, "start");
        let rows = self.traces[Table::Leaf as usize].values.chunks(Table::Leaf.width());
        let opened = rows.flat_map(|cells| start.iter().map(|&column| cells[column])).collect();
        self.refusal_seen(&public, |table, message| defences.see(table, message, &opened))
    }

    /// Splits each limb of an opened leaf the other way: the lower half is in range, the upper one takes the rest.
    pub(super) fn split_upwards(&mut self, row: usize) {
        let start = columns(Table::Leaf, "start");
        let cells = self.row(Table::Leaf, row);
        let radix = Goldilocks::from_u64(1 << 16);
        for half in start.as_chunks::<2>().0 {
            let limb = cells[half[0]] + cells[half[1]] * radix;
            let low = Goldilocks::from_u64(limb.as_canonical_u64() & 0xffff);
            (cells[half[0]], cells[half[1]]) = (low, (limb - low) / radix);
        }
    }
}

impl Forgery {
    /// Puts the limbs of the other leaf where rows take them: the first shift, and each row that overwrites a register.
    pub(super) fn spread(
        &mut self,
        first: usize,
        limbs: &[Goldilocks; 8],
        operand: [Goldilocks; 2],
        products: [u64; 2],
        lead: u64,
    ) {
        let time = TIME_START + TIME_STEP * lead;
        let shift = (0..self.height(Table::Shift))
            .find(|&row| self.cell(Table::Shift, row, "at.time").as_canonical_u64() == time)
            .expect("the row of the shift");
        self.set(Table::Shift, shift, "a.value", &operand);
        let [low, high] = [0, 32].map(|by| products.map(|product| product >> by & 0xffff_ffff));
        for (name, values) in [("product.low", low), ("product.high", high)] {
            let halves = values.map(|value| [value & 0xffff, value >> 16]).concat();
            let halves: Vec<_> = halves.into_iter().map(Goldilocks::from_u64).collect();
            self.set(Table::Shift, shift, name, &halves);
        }
        let inverses = high.map(|high| Goldilocks::from_u64(0xffff_ffff - high));
        let inverses = inverses.map(|distance| distance.try_inverse().unwrap_or_default());
        self.set(Table::Shift, shift, "product.inverse", &inverses);

        // The first access of each register in the order of time finds the limbs of the leaf.
        let mut accesses: BTreeMap<usize, (u64, Table, usize)> = BTreeMap::new();
        for &table in Table::ALL {
            let names = table.columns();
            let [Some(write), Some(rd), Some(time)] = ["target.write", "target.rd", "at.time"]
                .map(|name| names.iter().position(|column| column == name))
            else {
                continue;
            };
            for row in 0..self.height(table) {
                let cells = self.row(table, row);
                let [write, rd, time] =
                    [write, rd, time].map(|column| cells[column].as_canonical_u64());
                let word = (rd as usize).wrapping_sub(first);
                let before = accesses.get(&word).map_or(u64::MAX, |access| access.0);
                if write == 1 && word < LEAF_WORDS && time < before {
                    accesses.insert(word, (time, table, row));
                }
            }
        }
        assert_eq!(accesses.len(), LEAF_WORDS, "each register is overwritten");
        for (word, (_, table, row)) in accesses {
            self.set(table, row, "d.value", &limbs[2 * word..2 * word + 2]);
        }
    }
}
