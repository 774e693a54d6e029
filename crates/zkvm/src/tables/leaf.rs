//! Touched leaves of the memory tree: where the words that a segment uses come from and where they go.
//!
//! A leaf takes its digests at the start and at the end from the node above it, shows that they compress its words, and
//! brings its words into the memory of the segment and takes them out again.
//!
//! Each index has at most one leaf here (see [`super::node`]), and system leaves, code and other memory have keys of
//! their own, so a word has exactly one state that is sent and not left by an access, and exactly one that is received
//! and not taken by an access. Every access takes one state of its word and leaves one whose time is later by 1 to
//! 2^32. With fewer than p / 2^32 accesses in all tables, no sequence of them comes back to an earlier time, so the
//! accesses of a word form one chain from the start to the end. This is why the time at the start is free: instructions
//! have times of their own, which grow from 16 along control flow, and order the chain.
//!
//! Limbs at the start are range-checked here: they come in two halves of 16 bits. That the leaf of a root holds these
//! limbs and no others is what the compression gives, not the range check, and the limbs of an honest root are in range
//! already; but then no reader of memory depends on the hash for it. Limbs at the end are on the bus, where every writer
//! has checked them.

use oneslot_stark::columns;
use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use p3_matrix::dense::RowMajorMatrix;

use super::{
    air::TableAir,
    cells::{cell, cells, flag, matrix},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{
        CODE_KEY, MEMORY, POSEIDON2, SYSTEM_KEY, TableBuilder, constant, count, join, ranges, tree,
    },
    memory::{
        CodeRange, FIRST_LEAF, LEAF_TAG, LEAF_WORDS, LeafRecord, SYSTEM_LEAF, SYSTEM_NUMBER,
        leaf_digest, leaf_halves,
    },
    record::{Compression, limbs, quarters},
    records::Records,
};

/// Limbs of a leaf.
const LIMBS: usize = 2 * LEAF_WORDS;

columns! {
    /// One leaf. Exactly one of the first four columns is 1.
    Row {
        /// 1 for system words.
        system: one,
        /// 1 for memory below the code range.
        below: one,
        /// 1 for code.
        code: one,
        /// 1 for memory above the code range.
        above: one,
        /// Leaf, from 0.
        index: one,
        /// Distance from a bound of the leaf's region, limbs of 16 bits.
        distance: [2],
        /// Distance from the other bound, limbs of 16 bits, where the region needs two.
        room: [2],
        /// The words at the start, limbs of 16 bits.
        start: [2 * LIMBS],
        /// The words at the end, limbs of 32 bits.
        end: [LIMBS],
        /// Digest of the words at the start.
        start_digest: [4],
        /// Digest of the words at the end.
        end_digest: [4],
        /// Time of the first state of each word.
        start_time: [LEAF_WORDS],
        /// Time of the last state of each word.
        end_time: [LEAF_WORDS],
    }
}

/// The table.
pub(crate) struct Leaf;

impl TableAir for Leaf {
    type Row = Row<()>;

    /// First leaf of code, leaf after the last one.
    const PUBLIC_VALUES: usize = 2;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        let regions = [row.system, row.below, row.code, row.above];
        builder.assert_bools(regions);
        let real: B::Expr = row.system + row.below + row.code + row.above;
        builder.assert_bool(real.clone());
        region(builder, &row, &real);

        let index: B::Expr = row.index.into();
        let node = [B::Expr::ZERO, index.clone() + constant::<B>(FIRST_LEAF.into())];
        let digests = [row.start_digest, row.end_digest].map(|digest| digest.map(Into::into));
        tree(builder, node, digests, -count::<B>(&real));

        ranges(builder, row.start, &real);
        let start: [B::Expr; LIMBS] =
            std::array::from_fn(|limb| join::<B>(row.start[2 * limb], row.start[2 * limb + 1]));
        let end: [B::Expr; LIMBS] = row.end.map(Into::into);
        for (limbs, digest) in [(&start, row.start_digest), (&end, row.end_digest)] {
            let tagged =
                limbs.iter().zip(LEAF_TAG).map(|(limb, tag)| limb.clone() + constant::<B>(tag));
            let compression = tagged.chain(digest.map(Into::into));
            builder.push_interaction(POSEIDON2, compression, count::<B>(&real));
        }

        let first_key = index * constant::<B>(LEAF_WORDS as u64)
            + row.system * Goldilocks::new(SYSTEM_KEY - SYSTEM_NUMBER)
            + row.code * Goldilocks::new(CODE_KEY);
        for word in 0..LEAF_WORDS {
            let key = first_key.clone() + constant::<B>(word as u64);
            let state = |limbs: &[B::Expr; LIMBS], time: B::Var| {
                [key.clone(), limbs[2 * word].clone(), limbs[2 * word + 1].clone(), time.into()]
            };
            let first = state(&start, row.start_time[word]);
            builder.push_interaction(MEMORY, first, count::<B>(&real));
            let last = state(&end, row.end_time[word]);
            builder.push_interaction(MEMORY, last, -count::<B>(&real));
        }
    }

    fn rows(records: &Records) -> usize {
        records.leaves.len()
    }

    fn generate(
        records: &Records,
        multiplicities: &mut Multiplicities,
    ) -> RowMajorMatrix<Goldilocks> {
        matrix(Row::WIDTH, 1, &records.leaves, |leaf, values| {
            generate(leaf, records.code, multiplicities, values);
        })
    }
}

/// Determines the region of the leaf. The tree bounds its index, and the verifier the code range, so every difference
/// is less than 2^29 in size, and a limb pair below 2^32 shows that it is not negative.
fn region<B: TableBuilder>(builder: &mut B, row: &Row<B::Var>, real: &B::Expr) {
    let [code_start, code_end] =
        [0, 1].map(|bound| -> B::Expr { builder.public_values()[bound].into() });
    let index: B::Expr = row.index.into();
    let system_start = constant::<B>(SYSTEM_LEAF.into());
    let one = B::Expr::ONE;

    let distance = row.system * (index.clone() - system_start.clone())
        + row.below * (code_start.clone() - one.clone() - index.clone())
        + row.code * (index.clone() - code_start)
        + row.above * (index.clone() - code_end.clone());
    builder.assert_eq(join::<B>(row.distance[0], row.distance[1]), distance);
    let room = row.code * (code_end - one.clone() - index.clone())
        + row.above * (system_start - one - index);
    builder.assert_eq(join::<B>(row.room[0], row.room[1]), room);
    ranges(builder, row.distance.into_iter().chain(row.room), real);
}

/// Compressions that the rows of these leaves look up: one for each leaf, another for one that changes.
pub(crate) fn compressions(leaves: &[LeafRecord]) -> Vec<Compression> {
    let compression = |words, count| {
        let [left, right] = leaf_halves(words);
        Compression { left, right, count }
    };
    let mut compressions = Vec::with_capacity(2 * leaves.len());
    for leaf in leaves {
        if leaf.start == leaf.end {
            compressions.push(compression(leaf.start, 2));
        } else {
            compressions.extend([leaf.start, leaf.end].map(|words| compression(words, 1)));
        }
    }
    compressions
}

pub(crate) fn generate(
    leaf: &LeafRecord,
    code: CodeRange,
    multiplicities: &mut Multiplicities,
    values: &mut Vec<Goldilocks>,
) {
    let index = leaf.index;
    let is_system = index >= SYSTEM_LEAF;
    let is_below = index < code.start;
    let is_code = code.contains(index);
    let (distance, room) = match () {
        () if is_system => (index - SYSTEM_LEAF, 0),
        () if is_below => (code.start - 1 - index, 0),
        () if is_code => (index - code.start, code.end - 1 - index),
        () => (index - code.end, SYSTEM_LEAF - 1 - index),
    };
    let start = leaf.start.map(quarters);
    Row {
        system: flag(is_system),
        below: flag(!is_system && is_below),
        code: flag(!is_system && is_code),
        above: flag(!(is_system || is_below || is_code)),
        index: cell(index.into()),
        distance: multiplicities.halves(distance.into()),
        room: multiplicities.halves(room.into()),
        start: std::array::from_fn(|limb| multiplicities.range(start[limb / 4][limb % 4])),
        end: std::array::from_fn(|limb| cell(limbs(leaf.end[limb / 2])[limb % 2])),
        start_digest: leaf_digest(leaf.start).0,
        end_digest: leaf_digest(leaf.end).0,
        start_time: cells(leaf.start_time),
        end_time: cells(leaf.end_time),
    }
    .write(values);
}

#[cfg(test)]
mod tests {
    use p3_field::PrimeField64;

    use super::*;
    use crate::{
        bus::RANGE,
        check::{Place, evaluate, unnoticed, valid_ranges},
        memory::{word_key, word_numbers},
        tables::Table,
    };

    const CODE: CodeRange = CodeRange { start: 0x1000, end: 0x3000 };
    /// Leaves next to every bound of a region.
    const LEAVES: [u32; 12] = [
        0,
        17,
        CODE.start - 1,
        CODE.start,
        CODE.start + 1,
        CODE.end - 1,
        CODE.end,
        CODE.end + 1,
        SYSTEM_LEAF - 1,
        SYSTEM_LEAF,
        SYSTEM_LEAF + 18,
        2 * SYSTEM_LEAF - 1,
    ];

    fn row(index: u32) -> Vec<Goldilocks> {
        let record = LeafRecord {
            index,
            start: [0x0123_4567_89ab_cdef, 5, u64::MAX, 1 << 63],
            end: [7, u64::MAX, 0, 6],
            start_time: [3, 1 << 40, 4, 5],
            end_time: [900, 1000, 1100, 1200],
        };
        let mut values = Vec::new();
        generate(&record, CODE, &mut Multiplicities::new(), &mut values);
        values
    }

    fn public() -> [Goldilocks; 2] {
        [CODE.start, CODE.end].map(|leaf| cell(leaf.into()))
    }

    #[test]
    fn rows_hold_and_give_the_keys_of_their_words() {
        let zeros = vec![Goldilocks::ZERO; Row::WIDTH];
        let public = public();
        let place = Place { public: &public, ..Place::anywhere(&zeros) };
        assert_eq!(evaluate(Table::Leaf, &zeros, place).failed, [0_usize; 0]);
        assert_eq!(evaluate(Table::Leaf, &zeros, place).messages, []);
        for leaf in LEAVES {
            let evaluation = evaluate(Table::Leaf, &row(leaf), place);
            assert_eq!(evaluation.failed, [0_usize; 0], "leaf {leaf}");
            let keys: Vec<_> = evaluation
                .messages
                .iter()
                .filter(|message| message.bus == MEMORY)
                .map(|message| message.fields[0])
                .collect();
            let expected = word_numbers(leaf)
                .flat_map(|word| [cell(word_key(word, CODE)); 2])
                .collect::<Vec<_>>();
            assert_eq!(keys, expected, "leaf {leaf}");
        }
    }

    #[test]
    fn every_column_is_bound() {
        let zeros = vec![Goldilocks::ZERO; Row::WIDTH];
        let public = public();
        let place = Place { public: &public, ..Place::anywhere(&zeros) };
        for leaf in LEAVES {
            assert_eq!(unnoticed(Table::Leaf, &row(leaf), place), [""; 0], "leaf {leaf}");
        }
    }

    /// Limbs at the start are in range, whatever the tree says: the same limb in other halves is refused, and a limb above
    /// 32 bits has no halves.
    #[test]
    fn limbs_at_the_start_are_checked() {
        let zeros = vec![Goldilocks::ZERO; Row::WIDTH];
        let public = public();
        let place = Place { public: &public, ..Place::anywhere(&zeros) };
        let names = Row::names();
        for limb in 0..LIMBS {
            let column = |half: usize| {
                let name = format!("start[{}]", 2 * limb + half);
                names.iter().position(|column| *column == name).expect("a column")
            };
            let honest = row(17);
            let before = evaluate(Table::Leaf, &honest, place);
            assert!(valid_ranges(&before));
            let words = |evaluation: &crate::check::Evaluation| {
                let words = evaluation.messages.iter().filter(|message| message.bus != RANGE);
                words.cloned().collect::<Vec<_>>()
            };
            // The same limb with its lower half out of range, and with its upper one.
            let (radix, step) = (cell(1 << 16), Goldilocks::ONE);
            let full = honest[column(0)] == cell(0xffff);
            let step = if full { -step } else { step };
            for (half, [low, high]) in
                [[radix, -Goldilocks::ONE], [step, -step / radix]].into_iter().enumerate()
            {
                let mut moved = honest.clone();
                moved[column(0)] += low;
                moved[column(1)] += high;
                let other = moved[column(1 - half)].as_canonical_u64();
                assert!(half == 0 || other >> 16 == 0, "only the upper half is out of range");
                let after = evaluate(Table::Leaf, &moved, place);
                assert!(after.failed.is_empty() && !valid_ranges(&after), "limb {limb}");
                assert_eq!(words(&after), words(&before), "limb {limb}");
            }
        }
    }

    /// Whatever region a prover claims, and whatever distances it fills in, only the true one holds.
    #[test]
    fn the_index_determines_the_region() {
        let zeros = vec![Goldilocks::ZERO; Row::WIDTH];
        let public = public();
        let place = Place { public: &public, ..Place::anywhere(&zeros) };
        for leaf in LEAVES {
            let (index, start, end) = (i64::from(leaf), i64::from(CODE.start), i64::from(CODE.end));
            let system = i64::from(SYSTEM_LEAF);
            let distances = [
                [index - system, 0],
                [start - 1 - index, 0],
                [index - start, end - 1 - index],
                [index - end, system - 1 - index],
            ];
            let honest = row(leaf);
            for (region, distances) in distances.into_iter().enumerate() {
                let mut row = honest.clone();
                row[..4].fill(Goldilocks::ZERO);
                row[region] = Goldilocks::ONE;
                for (at, distance) in [5, 7].into_iter().zip(distances) {
                    // The low limb in range, the high limb whatever the constraint needs.
                    let low = distance.rem_euclid(1 << 16);
                    row[at] = Goldilocks::from_i64(low);
                    row[at + 1] = Goldilocks::from_i64((distance - low) >> 16);
                }
                let evaluation = evaluate(Table::Leaf, &row, place);
                assert_eq!(evaluation.failed, [0_usize; 0]);
                assert_eq!(valid_ranges(&evaluation), row == honest, "leaf {leaf}, {region}");
            }
        }
    }
}
