//! The hash of the program's maps.

use std::hash::{BuildHasher, DefaultHasher, Hasher};

/// Against the standard library's hasher, which is SipHash-1-3, too: on the bytes of so many words, some of which find no
/// place in the hasher.
#[test]
fn words_hash_by_siphash() {
    program_maps::fast::set_key([0, 0]);
    let words: Vec<u64> = (1..10).map(|n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
    for count in 0..=words.len() {
        let mut expected = DefaultHasher::new();
        let mut hasher = program_maps::fast::RandomState.build_hasher();
        for word in &words[..count] {
            expected.write(&word.to_le_bytes());
            hasher.write_u64(*word);
        }
        assert_eq!(hasher.finish(), expected.finish(), "{count} words");
    }
}

/// What is written as bytes differs where the bytes do, whatever their number.
#[test]
fn bytes_are_told_apart_by_their_length() {
    let hash = |bytes: &[u8]| {
        let mut hasher = program_maps::fast::RandomState.build_hasher();
        hasher.write(bytes);
        hasher.finish()
    };
    let hashes: std::collections::HashSet<_> =
        (0..100).map(|length| hash(&vec![0; length])).collect();
    assert_eq!(hashes.len(), 100);
}
