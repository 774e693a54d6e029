//! The constraints and messages of all tables, pinned: whoever changes them raises the version.

use oneslot_stark::{Digest, compress};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use crate::{
    check::{Place, evaluate},
    config::VERSION,
    tables::Table,
};

/// Digest of what constraints and messages amount to on rows of random cells, table by table, in their order.
fn digest() -> Digest {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |count: usize| -> Vec<Goldilocks> {
        let next = |_| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            Goldilocks::from_u64(seed)
        };
        (0..count).map(next).collect()
    };
    let mut digest = Digest::default();
    let mut absorb = |words: [Goldilocks; 4]| digest = compress(&digest, &Digest(words));
    for (number, &table) in Table::ALL.iter().enumerate() {
        for (first, last) in [(false, false), (true, false), (false, true)] {
            let (row, next) = (random(table.width()), random(table.width()));
            let (preprocessed, public) = (random(16), random(64));
            let place =
                Place { next: &next, preprocessed: &preprocessed, public: &public, first, last };
            let evaluation = evaluate(table, &row, place);
            for (constraint, residue) in evaluation.failed.into_iter().zip(evaluation.residues) {
                let [table, constraint] = [number, constraint].map(Goldilocks::from_usize);
                absorb([Goldilocks::ZERO, table, constraint, residue]);
            }
            for message in evaluation.messages {
                let bus = message.bus.bytes().fold(0, |bus, byte| bus << 8 | u64::from(byte));
                absorb([
                    Goldilocks::ONE,
                    Goldilocks::from_usize(message.fields.len()),
                    Goldilocks::from_u64(bus),
                    message.count,
                ]);
                for field in message.fields {
                    absorb([Goldilocks::TWO, field, Goldilocks::ZERO, Goldilocks::ZERO]);
                }
            }
        }
    }
    digest
}

#[test]
fn are_those_of_the_version() {
    let expected = "0xdee10eb58a0328abe3ba834d2f6953953c877926a6d6d516e675752f1877ba0a";
    assert_eq!((VERSION, digest().to_string().as_str()), (5, expected));
}
