//! An example program: commits the SHA-256 digest of its input, computed in software.

#![no_std]
#![no_main]

use oneslot_guest_runtime::{commit, entry, read_input};
use sha2::{Digest, Sha256};

entry!(main);

fn main() {
    commit(&Sha256::digest(read_input()).into());
}
