//! Bytes as trie nodes under a state root that is theirs.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| oneslot_stf::devchain::fuzz::witness(data));
