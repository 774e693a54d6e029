//! Touched inner nodes of the memory tree.
//!
//! A node takes its digests at the start and at the end from the node above it (the root from the public values),
//! shows that they compress those of its children, and passes these on to the children that are touched. A child that
//! is not touched does not change.
//!
//! Each node occurs once: the boundary sends the root, level 29 and index 1, once. A row sends one message at most to
//! each child, with the child's own index and the level below; by induction from the root, each level and index is
//! sent once at most, and received as often. Indices stay below 2^29, as levels begin at 28 and leaves take level 0
//! alone. A row that does not descend from the root would need another above it, and so on through all the p levels.

use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use p3_matrix::dense::RowMajorMatrix;

use super::{
    air::TableAir,
    cells::{cell, flag, matrix},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{POSEIDON2, TableBuilder, count, tree},
    memory::Node as TreeNode,
    record::Compression,
    records::Records,
};

columns! {
    /// One node.
    Row {
        /// 1 for a node.
        real: one,
        level: one,
        /// Heap index.
        index: one,
        /// 1 for each child, left and right, that is touched.
        touched: [2],
        /// Digests of the left child at the start and at the end.
        left_start: [4],
        left_end: [4],
        /// Digests of the right child.
        right_start: [4],
        right_end: [4],
        /// Digests of the node.
        start: [4],
        end: [4],
    }
}

/// The table.
pub(crate) struct Node;

impl TableAir for Node {
    type Row = Row<()>;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        builder.assert_bools([row.real, row.touched[0], row.touched[1]]);
        let real: B::Expr = row.real.into();

        let digests = |start: [B::Var; 4], end: [B::Var; 4]| -> [[B::Expr; 4]; 2] {
            [start, end].map(|digest| digest.map(Into::into))
        };
        let node = [row.level.into(), row.index.into()];
        tree(builder, node, digests(row.start, row.end), -count::<B>(&real));
        for (left, right, digest) in
            [(row.left_start, row.right_start, row.start), (row.left_end, row.right_end, row.end)]
        {
            let compression = left.into_iter().chain(right).chain(digest);
            builder.push_interaction(POSEIDON2, compression, count::<B>(&real));
        }

        let first_child: B::Expr = row.index.into().double();
        let below = row.level - B::Expr::ONE;
        let children = [
            (first_child.clone(), row.left_start, row.left_end),
            (first_child + B::Expr::ONE, row.right_start, row.right_end),
        ];
        for ((index, start, end), touched) in children.into_iter().zip(row.touched) {
            let touched: B::Expr = touched.into();
            builder.assert_zero(touched.clone() * (B::Expr::ONE - real.clone()));
            let mut untouched = builder.when(B::Expr::ONE - touched.clone());
            for (start, end) in start.into_iter().zip(end) {
                untouched.assert_eq(start, end);
            }
            tree(builder, [below.clone(), index], digests(start, end), count::<B>(&touched));
        }
    }

    fn rows(records: &Records) -> usize {
        records.nodes.len()
    }

    fn generate(records: &Records, _: &mut Multiplicities) -> RowMajorMatrix<Goldilocks> {
        matrix(Row::WIDTH, 1, &records.nodes, generate)
    }
}

pub(crate) fn generate(node: &TreeNode, values: &mut Vec<Goldilocks>) {
    let [left, right] = node.children;
    Row {
        real: flag(true),
        level: cell(node.level.into()),
        index: cell(node.index.into()),
        touched: [flag(left.touched), flag(right.touched)],
        left_start: left.digest.start.0,
        left_end: left.digest.end.0,
        right_start: right.digest.start.0,
        right_end: right.digest.end.0,
        start: node.digest.start.0,
        end: node.digest.end.0,
    }
    .write(values);
}

/// Compressions that the rows of these nodes look up: one for each node, another for one that changes.
pub(crate) fn compressions(nodes: &[TreeNode]) -> Vec<Compression> {
    let mut compressions = Vec::with_capacity(2 * nodes.len());
    for node in nodes {
        let [left, right] = node.children.map(|child| child.digest);
        let unchanged = left.start == left.end && right.start == right.end;
        let count = if unchanged { 2 } else { 1 };
        compressions.push(Compression { left: left.start, right: right.start, count });
        if !unchanged {
            compressions.push(Compression { left: left.end, right: right.end, count });
        }
    }
    compressions
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use oneslot_stark::compress;
    use p3_matrix::dense::RowMajorMatrix;

    use super::*;
    use crate::{
        bus::TREE,
        check::{Place, evaluate_row, surplus, unnoticed},
        memory::{CodeRange, LeafRecord, MemoryTree, Paths, SYSTEM_LEAF},
        public::tests::sample,
        record::Seen,
        tables::{Table, boundary, cells::matrix, leaf, multiplicities::Multiplicities, poseidon2},
    };

    /// Leaves that share some of their paths, with their words at the end.
    fn paths() -> (Vec<LeafRecord>, Paths) {
        let mut tree = MemoryTree::new(&BTreeMap::new(), &std::array::from_fn(|word| word as u64));
        tree.update((0..64).map(|number| (3 * number, number)));
        let leaves = BTreeSet::from([0, 1, 5, 700, SYSTEM_LEAF + 1]);
        let opening = tree.open(&leaves);
        let records: Vec<_> = opening
            .leaves()
            .iter()
            .map(|&(index, start)| LeafRecord {
                index,
                start,
                // Leaf 5 is only read.
                end: if index == 5 { start } else { [start[0] + 1, 9, 8, start[3]] },
                start_time: [1, 2, 3, 4],
                end_time: [1, 2, 3, 4],
            })
            .collect();
        let end: Vec<_> = records.iter().map(|record| record.end).collect();
        (records, opening.paths(&end).unwrap())
    }

    #[test]
    fn rows_hold_and_every_column_is_bound() {
        let zeros = vec![Goldilocks::ZERO; Row::WIDTH];
        assert_eq!(evaluate_row(Table::Node, &zeros).failed, [0_usize; 0]);
        assert_eq!(evaluate_row(Table::Node, &zeros).messages, []);
        for node in paths().1.nodes {
            let mut row = Vec::new();
            generate(&node, &mut row);
            assert_eq!(evaluate_row(Table::Node, &row).failed, [0_usize; 0]);
            assert_eq!(unnoticed(Table::Node, &row, Place::anywhere(&zeros)), [""; 0]);
        }
    }

    /// A false change below an untouched child, with true digests above it.
    #[test]
    fn an_untouched_child_cannot_change() {
        let mut forged = 0;
        for mut node in paths().1.nodes {
            let Some(child) = node.children.iter_mut().find(|child| !child.touched) else {
                continue;
            };
            child.digest.end.0[2] += Goldilocks::ONE;
            let [left, right] = node.children.map(|child| child.digest.end);
            node.digest.end = compress(&left, &right);
            let mut row = Vec::new();
            generate(&node, &mut row);
            assert_eq!(evaluate_row(Table::Node, &row).failed.len(), 1);
            forged += 1;
        }
        assert!(forged > 0);
    }

    /// The tree's own tables balance among themselves; only the leaves' memory and range lookups remain.
    #[test]
    fn tables_of_the_tree_balance() {
        let (records, paths) = paths();
        let code = CodeRange { start: 2, end: 3 };
        let mut multiplicities = Multiplicities::new();
        let mut public = sample();
        (public.code, public.start_root, public.end_root) =
            (code, paths.root.start, paths.root.end);
        let (for_boundary, for_leaf) = (public.for_boundary(), public.for_leaf());
        let leaves = matrix(Table::Leaf.width(), 1, &records, |record, values| {
            leaf::generate(record, code, &mut multiplicities, values);
        });
        let nodes = matrix(Row::WIDTH, 1, &paths.nodes, generate);
        let compressions = [leaf::compressions(&records), compressions(&paths.nodes)].concat();
        let poseidon2 = poseidon2::trace(&compressions);
        let results = [Seen { value: 0, time: 1 }; boundary::RESULTS];
        let boundary = boundary::trace(100, &results, &mut multiplicities);
        let unbalanced = |nodes: &RowMajorMatrix<Goldilocks>| {
            let surplus = surplus(&[
                (Table::Leaf, &leaves, &for_leaf),
                (Table::Node, nodes, &[]),
                (Table::Poseidon2, &poseidon2, &[]),
                (Table::Boundary, &boundary, &for_boundary),
            ]);
            let buses = surplus.unwrap().into_iter().map(|message| message.bus);
            buses.filter(|bus| bus == TREE || bus == POSEIDON2).collect::<BTreeSet<_>>()
        };
        assert_eq!(unbalanced(&nodes), BTreeSet::new());
        // A node left out, its children unreceived.
        let mut without = nodes.clone();
        without.values[..Row::<()>::WIDTH].fill(Goldilocks::ZERO);
        assert!(unbalanced(&without).contains(TREE));
    }
}
