//! The state transition as a program: answers the question that it reads, and commits the id of the
//! statement.

#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use alloy_primitives::{B256, Bytes, U256, keccak256};
use oneslot_guest_runtime::{
    FEATURE_MULMOD, FEATURE_POINT, Key, commit, entry, features, halt, mul_mod, point_add,
    point_double, read_elements, read_preimage, read_word, square_mod,
};
use oneslot_stf::{
    BlobProof, Crypto, MulMod, Points, PreimageSource, blob::ELEMENTS, execute_with,
};
use oneslot_types::{PreimageKey, StatementInput, opening_hash};

/// Exit code for a question about no batch that L1 fixed.
const REFUSED: u64 = 1;

entry!(main);

/// The machine: its reads, and its precompiles for arithmetic. The one for hashes is in the runtime's
/// `native_keccak256`.
#[derive(Clone, Copy, Debug)]
struct Machine;

impl MulMod for Machine {
    #[inline(always)]
    fn mul_mod(a: &mut [u64; 4], b: &[u64; 4], m: &[u64; 4]) {
        mul_mod(a, b, m);
    }

    #[inline(always)]
    fn square_mod(a: &mut [u64; 4], m: &[u64; 4]) {
        square_mod(a, m);
    }
}

impl Points for Machine {
    #[inline(always)]
    fn point_add(p: &mut [u64; 8], q: &[u64; 8]) {
        point_add(p, q);
    }

    #[inline(always)]
    fn point_double(p: &mut [u64; 8]) {
        point_double(p);
    }
}

/// What the machine reads. In a proof each word is advice, so a preimage is copied once, and what is
/// used is the copy that was checked.
impl PreimageSource for Machine {
    fn keccak(&self, hash: &B256) -> Option<Bytes> {
        let content = read(PreimageKey::Keccak(*hash))?;
        (keccak256(&content) == *hash).then(|| content.into())
    }

    fn blob(&self, versioned_hash: &B256) -> Option<Bytes> {
        let first = PreimageKey::BlobElement { versioned_hash: *versioned_hash, index: 0 };
        let elements = read_elements(Key(first.to_bytes()), ELEMENTS, |key, index| {
            key.0[PreimageKey::INDEX..].copy_from_slice(&(index as u16).to_be_bytes());
        });
        Some(elements.into())
    }

    fn opening(&self, versioned_hash: &B256, z: &B256) -> Option<BlobProof> {
        let content = read(PreimageKey::Opening(opening_hash(versioned_hash, z)))?;
        let (commitment, proof) = content.split_first_chunk()?;
        Some(BlobProof { commitment: *commitment, proof: proof.try_into().ok()? })
    }
}

/// The content of a key. None if it is longer than any that L1 knows.
fn read(key: PreimageKey) -> Option<Vec<u8>> {
    read_preimage(&Key(key.to_bytes()), PreimageKey::MAX_CONTENT)
}

/// A content that has 32 bytes by definition.
fn word(key: &Key) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (index, word) in (1..).zip(bytes.as_chunks_mut().0) {
        *word = read_word(key, index).to_le_bytes();
    }
    bytes
}

/// The question.
fn asked() -> Option<StatementInput> {
    let fields = core::array::from_fn(|number| {
        word(&Key(PreimageKey::Statement(number as u8).to_bytes())).into()
    });
    StatementInput::from_fields(fields)
}

/// The arithmetic that the image names. Points alone are of no use, because a recovery multiplies, too.
fn crypto() -> Crypto {
    let mask = features();
    if mask & FEATURE_MULMOD == 0 {
        Crypto::SOFTWARE
    } else if mask & FEATURE_POINT == 0 {
        Crypto::multiplying::<Machine>()
    } else {
        Crypto::adding_points::<Machine>()
    }
}

fn main() {
    let Some(asked) = asked() else { halt(REFUSED) };
    // The commitment covers all that was posted, so what was posted cannot be chosen for the key.
    let [k0, k1, ..] = U256::from_be_bytes(asked.batch_commitment.0.0).into_limbs();
    foldhash::fast::set_key([k0, k1]);
    match execute_with(&asked, &Machine, crypto()) {
        Ok(statement) => commit(&statement.id().0.0),
        Err(_) => halt(REFUSED),
    }
}
