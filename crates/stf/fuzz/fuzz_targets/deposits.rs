//! Bytes as deposits.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| oneslot_stf::devchain::fuzz::deposits(data));
