//! The key: made here, used here, gone with the process.

use crate::Error;
use alloy_primitives::{Address, B256, keccak256};
use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use k256::elliptic_curve::rand_core::OsRng;
use std::{fmt, fs};

/// A secp256k1 key. Its memory is wiped when it is dropped.
pub(crate) struct Key {
    secret: SigningKey,
    address: Address,
}

impl Key {
    /// A fresh key from the system's randomness.
    pub(crate) fn generate() -> Self {
        Self::new(SigningKey::random(&mut OsRng))
    }

    pub(crate) fn new(secret: SigningKey) -> Self {
        let address = address(secret.verifying_key());
        Self { secret, address }
    }

    pub(crate) fn address(&self) -> Address {
        self.address
    }

    /// `r ‖ s ‖ v` with low s, v 27 or 28; deterministic (RFC 6979).
    pub(crate) fn sign(&self, digest: B256) -> Result<[u8; 65], Error> {
        let (signature, recovery) = self
            .secret
            .sign_prehash_recoverable(digest.as_slice())
            .map_err(|error| Error::Internal(format!("signing failed: {error}")))?;
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = 27 + recovery.to_byte();
        // A reduced x coordinate (probability 2^-127) has no Ethereum encoding; a fault in the machine would
        // leak the key. Both show here.
        match recover(digest, &bytes) {
            Some(got) if got == self.address => Ok(bytes),
            _ => Err(Error::Internal("a signature did not verify".into())),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.address)
    }
}

/// The signer of a digest, as the contract recovers it: `None` for high s, a `v` that is not 27 or 28, or
/// values off the curve.
pub fn recover(digest: B256, signature: &[u8; 65]) -> Option<Address> {
    let recovery = match signature[64] {
        27 => RecoveryId::new(false, false),
        28 => RecoveryId::new(true, false),
        _ => return None,
    };
    let parsed = Signature::from_slice(&signature[..64]).ok()?;
    if parsed.normalize_s().is_some() {
        return None;
    }
    let key = VerifyingKey::recover_from_prehash(digest.as_slice(), &parsed, recovery).ok()?;
    Some(address(&key))
}

fn address(key: &VerifyingKey) -> Address {
    let point = key.to_encoded_point(false);
    Address::from_slice(&keccak256(&point.as_bytes()[1..])[12..])
}

/// Most memory that this process ever held, bytes; 0 when the system does not say (Linux does, in
/// `/proc/self/status`).
pub(crate) fn peak_memory_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{U256, address, b256, uint};

    /// Order of the curve.
    const N: U256 = uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);

    #[test]
    fn addresses_are_ethereums() {
        // The first account of anvil and hardhat.
        let secret = b256!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
        let key = Key::new(SigningKey::from_slice(secret.as_slice()).unwrap());
        assert_eq!(key.address(), address!("f39fd6e51aad88f6f4ce6ab8827279cfffb92266"));
        assert!(!format!("{key:?}").contains("ac0974"));
    }

    #[test]
    fn signatures_are_low_and_the_high_twin_is_refused() {
        let key = Key::generate();
        for number in 0..64 {
            let digest = keccak256([number]);
            let signature = key.sign(digest).unwrap();
            let s = U256::from_be_slice(&signature[32..64]);
            assert!(s <= N >> 1);
            assert_eq!(recover(digest, &signature), Some(key.address()));

            let mut twin = signature;
            twin[32..64].copy_from_slice(&(N - s).to_be_bytes::<32>());
            twin[64] = 27 + 28 - signature[64];
            assert_eq!(recover(digest, &twin), None);

            let mut raw = signature;
            raw[64] -= 27;
            assert_eq!(recover(digest, &raw), None);
        }
    }

    #[test]
    fn memory_is_reported_on_linux() {
        assert_eq!(peak_memory_bytes() > 0, cfg!(target_os = "linux"));
    }
}
