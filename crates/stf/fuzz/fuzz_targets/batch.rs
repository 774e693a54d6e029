//! Bytes as the data of a batch.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| oneslot_stf::devchain::fuzz::batch(data));
