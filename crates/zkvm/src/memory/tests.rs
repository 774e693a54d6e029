use std::{collections::BTreeSet, sync::Arc};

use oneslot_riscv::PAGE_SIZE;
use p3_field::PrimeCharacteristicRing;
use proptest::{collection::btree_map, prelude::*};

use super::*;
use crate::Error;

type Words = BTreeMap<u64, u64>;

/// Digest of a node by the definition, without any table of zeros.
fn naive(words: &Words, level: u32, index: u64) -> Digest {
    let numbers = (index << (level + 2))..((index + 1) << (level + 2));
    if level == 0 {
        let word = |word| words.get(&(4 * index + word)).copied().unwrap_or(0);
        return leaf_digest([0, 1, 2, 3].map(word));
    }
    if words.range(numbers).next().is_none() {
        let child = naive(words, level - 1, 2 * index);
        return compress(&child, &child);
    }
    let [left, right] = [2 * index, 2 * index + 1].map(|child| naive(words, level - 1, child));
    compress(&left, &right)
}

/// Words in a few places far apart and close together, system words among them.
fn words(size: std::ops::Range<usize>) -> impl Strategy<Value = Words> {
    let number = prop_oneof![
        0..40_u64,
        500..1100_u64,
        (SYSTEM_NUMBER - 20)..(SYSTEM_NUMBER + 38),
        0..SYSTEM_NUMBER,
    ];
    btree_map(number, any::<u64>(), size)
}

/// Pages and system words that hold these words.
fn parts(words: &Words) -> (PageMap, [u64; SYSTEM_WORDS]) {
    let mut pages = BTreeMap::new();
    let mut system = [0; SYSTEM_WORDS];
    for (&number, &value) in words {
        if number >= SYSTEM_NUMBER {
            system[(number - SYSTEM_NUMBER) as usize] = value;
            continue;
        }
        let page = pages.entry((number / 512) as u32).or_insert([0; PAGE_SIZE]);
        page.as_chunks_mut::<8>().0[(number % 512) as usize] = value.to_le_bytes();
    }
    (pages.into_iter().map(|(number, page)| (number, Arc::new(page))).collect(), system)
}

fn tree(words: &Words) -> MemoryTree {
    let (pages, system) = parts(words);
    MemoryTree::new(&pages, &system)
}

fn leaves(words: &Words) -> BTreeSet<u32> {
    words.keys().map(|number| (number / 4) as u32).collect()
}

/// What the opened leaves become.
fn end(opening: &Opening, changes: &Words) -> Vec<[u64; LEAF_WORDS]> {
    let word = |number: u64, before| changes.get(&number).copied().unwrap_or(before);
    opening
        .leaves()
        .iter()
        .map(|&(leaf, before)| {
            std::array::from_fn(|index| word(4 * u64::from(leaf) + index as u64, before[index]))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn root_is_that_of_the_definition(start in words(0..30), changes in words(0..30)) {
        let mut tree = tree(&start);
        prop_assert_eq!(tree.root(), naive(&start, DEPTH, 0));
        tree.update(changes.iter().map(|(&number, &value)| (number, value)));
        let mut end = start;
        end.extend(changes);
        prop_assert_eq!(tree.root(), naive(&end, DEPTH, 0));
    }

    #[test]
    fn openings_lead_to_both_roots(
        start in words(0..30),
        changes in words(1..30),
        read in words(0..10),
    ) {
        let mut tree = tree(&start);
        let touched: BTreeSet<_> = leaves(&changes).union(&leaves(&read)).copied().collect();
        let opening = tree.open(&touched);
        let paths = opening.paths(&end(&opening, &changes)).unwrap();
        prop_assert_eq!(paths.root.start, tree.root());
        tree.update(changes.iter().map(|(&number, &value)| (number, value)));
        prop_assert_eq!(paths.root.end, tree.root());

        // The nodes are those above the leaves, each once.
        let above: BTreeSet<_> = touched
            .iter()
            .flat_map(|leaf| (1..=DEPTH).map(move |level| (level, (FIRST_LEAF + leaf) >> level)))
            .collect();
        let nodes: Vec<_> = paths.nodes.iter().map(|node| (node.level, node.index)).collect();
        prop_assert_eq!(nodes, above.into_iter().collect::<Vec<_>>());
        for node in &paths.nodes {
            let [left, right] = node.children.map(|child| child.digest);
            prop_assert_eq!(node.digest.start, compress(&left.start, &right.start));
            prop_assert_eq!(node.digest.end, compress(&left.end, &right.end));
            for child in node.children {
                prop_assert!(child.touched || child.digest.start == child.digest.end);
            }
        }
    }

    #[test]
    fn tampered_openings_have_another_root(
        start in words(0..30),
        touched in words(1..10),
        place in any::<prop::sample::Index>(),
        limb in 0..4_usize,
    ) {
        let tree = tree(&start);
        let opening = tree.open(&leaves(&touched));
        let bytes = postcard::to_allocvec(&opening).unwrap();
        let (mut openings, mut siblings): (Vec<(u32, [u64; LEAF_WORDS])>, Vec<Digest>) =
            postcard::from_bytes(&bytes).unwrap();
        let place = place.index(openings.len() + siblings.len());
        match place.checked_sub(openings.len()) {
            None => openings[place].1[limb] ^= 1 << (16 * limb),
            Some(place) => siblings[place].0[limb] += Goldilocks::ONE,
        }
        let bytes = postcard::to_allocvec(&(openings, siblings)).unwrap();
        let tampered: Opening = postcard::from_bytes(&bytes).unwrap();
        let end = end(&tampered, &BTreeMap::new());
        prop_assert_ne!(tampered.paths(&end).unwrap().root.start, tree.root());
    }
}

#[test]
fn malformed_openings_are_refused() {
    let words = Words::from([(0, 1), (5, 2), (4096, 3), (SYSTEM_NUMBER, 4)]);
    let tree = tree(&words);
    type Plain = (Vec<(u32, [u64; LEAF_WORDS])>, Vec<Digest>);
    let bytes = postcard::to_allocvec(&tree.open(&leaves(&words))).unwrap();
    let honest: Plain = postcard::from_bytes(&bytes).unwrap();
    let decode = |plain: &Plain| -> Opening {
        postcard::from_bytes(&postcard::to_allocvec(plain).unwrap()).unwrap()
    };
    let refused = |tamper: &dyn Fn(&mut Plain)| {
        let mut plain = honest.clone();
        tamper(&mut plain);
        let opening = decode(&plain);
        let end = vec![[0; LEAF_WORDS]; plain.0.len()];
        matches!(opening.paths(&end), Err(Error::Input { .. }))
    };
    assert!(!refused(&|_| ()));
    assert!(refused(&|(leaves, _)| leaves.clear()));
    assert!(refused(&|(leaves, _)| leaves.swap(0, 1)));
    assert!(refused(&|(leaves, _)| leaves[1].0 = leaves[0].0));
    assert!(refused(&|(leaves, _)| leaves.last_mut().unwrap().0 = FIRST_LEAF));
    assert!(refused(&|(_, siblings)| siblings.truncate(siblings.len() - 1)));
    assert!(refused(&|(_, siblings)| siblings.push(Digest::default())));
    assert!(decode(&honest).paths(&[]).is_err(), "no values at the end");
}

#[test]
fn keys_are_apart() {
    let code = CodeRange::new(&(0x1_0000..0x2_0000));
    assert_eq!(code, CodeRange { start: 0x800, end: 0x1000 });
    for (number, key) in [
        (0, 0),
        (0x1fff, 0x1fff),
        (0x2000, CODE_KEY + 0x2000),
        (0x3fff, CODE_KEY + 0x3fff),
        (0x4000, 0x4000),
        (SYSTEM_NUMBER - 1, SYSTEM_NUMBER - 1),
        (SYSTEM_NUMBER + EXIT_WORD, SYSTEM_KEY + EXIT_WORD),
    ] {
        assert_eq!(word_key(number, code), key);
    }
}

#[test]
fn the_initial_tree_has_image_and_stack_pointer() {
    let image = PageMap::from([(16, Arc::new([0x13; PAGE_SIZE]))]);
    let program = Program::from_image(0x1_0000, 0x1_0000..0x1_1000, image).unwrap();
    let mut words = Words::from([(SYSTEM_NUMBER + STACK_WORD, INITIAL_STACK_POINTER)]);
    words.extend((0x2000..0x2200).map(|number| (number, 0x1313_1313_1313_1313)));
    let image = ProgramImage::new(&program);
    assert_eq!(image.root, naive(&words, DEPTH, 0));

    // The identity depends on everything.
    let ProgramImage { id, root, entry, code } = image;
    assert_eq!(id, program_id(root, entry, code));
    let others = [
        program_id(id, entry, code),
        program_id(root, entry + 4, code),
        program_id(root, entry, CodeRange { start: code.start + 1, ..code }),
        program_id(root, entry, CodeRange { end: code.end + 1, ..code }),
    ];
    assert!(!others.contains(&id));
}
