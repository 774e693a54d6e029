//! Proofs of another shape, and bytes that are none: refused, without a panic.
//!
//! Each list of a proof, found by walking its JSON form, is emptied, shortened, lengthened and turned, each optional value
//! left out, each number replaced: the first and the last of its kind.

use std::collections::BTreeMap;

use proptest::{prelude::*, test_runner::TestRunner};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Forgery, proofs::prove};
use crate::{Error, Prover, SegmentProof, Verifier};

/// A changed value; none where the change does not apply or changes nothing.
type Change = fn(&Value) -> Option<Value>;

const CHANGES: [(&str, Change); 8] = [
    ("empty", |value| (!value.as_array()?.is_empty()).then(|| json!([]))),
    ("shorter", |value| Some(value.as_array()?.split_last()?.1.into())),
    ("longer", |value| {
        let list = value.as_array()?;
        Some([&list[..], &[list.last()?.clone()]].concat().into())
    }),
    ("turned", |value| {
        let list = value.as_array()?;
        (list.first() != list.last()).then(|| list.iter().rev().cloned().collect())
    }),
    ("absent", |value| (!value.is_null()).then_some(Value::Null)),
    ("zero", |value| (value.as_u64()? != 0).then(|| json!(0))),
    ("greater", |value| Some(json!(value.as_u64()?.checked_add(1)?))),
    ("huge", |value| (value.as_u64()? != u64::MAX).then(|| json!(u64::MAX))),
];

/// JSON pointers of the first and the last value at each place below `value`; a place is a pointer without the positions
/// in lists.
fn places(value: &Value, pointer: &str, place: &str, into: &mut BTreeMap<String, [String; 2]>) {
    let ends =
        into.entry(place.to_owned()).or_insert_with(|| [pointer, pointer].map(str::to_owned));
    pointer.clone_into(&mut ends[1]);
    let below: Vec<_> = match value {
        Value::Array(list) => (0..).map(|i: usize| (i.to_string(), "*")).zip(list).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| ((name.clone(), name.as_str()), value)).collect()
        }
        _ => Vec::new(),
    };
    for ((name, class), value) in below {
        places(value, &format!("{pointer}/{name}"), &format!("{place}/{class}"), into);
    }
}

#[test]
fn a_proof_of_another_shape_is_refused() {
    let (prover, verifier) = (Prover::new(), Verifier::new());
    let honest = prove(&prover, &Forgery::new());
    let public = honest.public;
    let mut json = serde_json::to_value(&honest.proof).expect("JSON");
    let read = |json: &Value| {
        let proof = Deserialize::deserialize(json).ok()?;
        Some(SegmentProof { public, proof })
    };
    verifier.verify_segment(&read(&json).expect("a proof")).expect("valid");

    let mut ends = BTreeMap::new();
    places(&json, "", "", &mut ends);
    let mut tried = BTreeMap::new();
    for pointer in ends.values().flatten() {
        for (name, change) in CHANGES {
            let value = json.pointer_mut(pointer).expect("it was there");
            let Some(changed) = change(value) else { continue };
            let before = std::mem::replace(value, changed);
            if let Some(proof) = read(&json) {
                let verdict = verifier.verify_segment(&proof);
                assert!(verdict.is_err(), "{pointer} {name}");
                *tried.entry(name).or_insert(0) += 1;
            }
            *json.pointer_mut(pointer).expect("it was there") = before;
        }
    }
    for (name, _) in CHANGES {
        assert!(tried.get(name).is_some_and(|&count| count > 0), "{name}: {tried:?}");
    }
}

#[test]
fn changed_bytes_are_refused() {
    let (prover, verifier) = (Prover::new(), Verifier::new());
    let bytes = prove(&prover, &Forgery::new()).to_bytes();
    let check = |bytes: &[u8]| -> Result<(), Error> {
        let proof = SegmentProof::from_bytes(bytes)?;
        assert_eq!(proof.to_bytes(), bytes, "another encoding of the same proof");
        verifier.verify_segment(&proof)
    };
    check(&bytes).expect("valid");

    // A length of one byte, written in two.
    let long = (16..bytes.len()).find_map(|position| {
        let mut long = bytes.clone();
        long[position] |= 0x80;
        long.insert(position + 1, 0);
        SegmentProof::from_bytes(&long).err().filter(|error| error.to_string().contains("longer"))
    });
    assert!(long.is_some());

    // The opened rows take most of the bytes; lengths and the rest stand before them.
    let position = prop_oneof![0..1_usize << 12, 0..1_usize << 16, 0..bytes.len()];
    let edits = prop::collection::vec((position, any::<u8>()), 1..4);
    let cut = prop_oneof![4 => Just(bytes.len()), 1 => 0..bytes.len()];
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&(edits, cut), |(edits, cut)| {
        let mut changed = bytes[..cut].to_vec();
        for (position, by) in edits {
            if let Some(byte) = changed.get_mut(position) {
                *byte ^= by;
            }
        }
        prop_assert!(changed == bytes || check(&changed).is_err());
        Ok(())
    });
    outcome.expect("every change is refused");
}
