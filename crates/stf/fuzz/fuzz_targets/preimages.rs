//! Bytes in the place of what the hashes of a statement stand for.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| oneslot_stf::devchain::fuzz::preimages(data));
