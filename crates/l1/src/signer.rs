//! The keys that sign for L1.

use std::{fmt, path::Path};

use alloy::signers::{SignerSync, local::PrivateKeySigner};
use alloy_primitives::{Address, B256, Signature};
use zeroize::Zeroizing;

use crate::Error;

/// Chain ids on which published keys may sign and parts that prove nothing may be deployed: those of anvil, hardhat, geth
/// and the OP Stack's development networks. The contracts have the same list (`contracts/src/TestChains.sol`).
pub const TEST_CHAINS: [u64; 5] = [31337, 31338, 1337, 900, 901];

/// Private keys of anvil's first accounts. The whole world knows them.
const ANVIL_KEYS: [&str; 10] = [
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    "dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
];

/// A private key for L1. Never printed: `Debug` shows the address.
#[derive(Clone)]
pub struct Signer {
    key: PrivateKeySigner,
}

impl Signer {
    /// Reads 64 hex digits from an environment variable.
    pub fn from_env(name: &str) -> Result<Self, Error> {
        let value = std::env::var(name).map_err(|_| bad_key(name, "is not set"))?;
        Self::parse(name, Zeroizing::new(value))
    }

    /// Reads 64 hex digits from a file, which on Unix nobody but its owner may read.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let meta = std::fs::metadata(path).map_err(|_| bad_key(&name, "cannot be read"))?;
            if meta.permissions().mode() & 0o077 != 0 {
                return Err(bad_key(&name, "is open to others: chmod 600 it"));
            }
        }
        let value = std::fs::read_to_string(path).map_err(|_| bad_key(&name, "cannot be read"))?;
        Self::parse(&name, Zeroizing::new(value))
    }

    /// Anvil's account `index`, 0 to 9. A [`crate::TxManager`] refuses it on any chain but a test chain.
    pub fn anvil(index: usize) -> Option<Self> {
        let key = ANVIL_KEYS.get(index)?;
        Self::parse("anvil", Zeroizing::new((*key).to_owned())).ok()
    }

    fn parse(name: &str, value: Zeroizing<String>) -> Result<Self, Error> {
        let digits = value.trim();
        let digits = digits.strip_prefix("0x").unwrap_or(digits);
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits, &mut *bytes)
            .map_err(|_| bad_key(name, "is not 64 hex digits"))?;
        let key = PrivateKeySigner::from_slice(&*bytes)
            .map_err(|_| bad_key(name, "is not a valid secp256k1 key"))?;
        Ok(Self { key })
    }

    /// The account it signs for.
    pub fn address(&self) -> Address {
        self.key.address()
    }

    /// Signs a hash (RFC 6979: the same hash always gives the same signature).
    pub fn sign_hash(&self, hash: &B256) -> Result<Signature, Error> {
        self.key.sign_hash_sync(hash).map_err(|_| bad_key("in memory", "cannot sign"))
    }

    /// Whether the key is one of those that everybody knows.
    pub fn is_published(&self) -> bool {
        (0..ANVIL_KEYS.len()).filter_map(Self::anvil).any(|known| known.address() == self.address())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.address())
    }
}

fn bad_key(name: &str, message: &'static str) -> Error {
    Error::Key { name: name.into(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anvil_accounts_are_the_known_ones() {
        let first = Signer::anvil(0).unwrap();
        assert_eq!(first.address().to_string(), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        assert!(Signer::anvil(9).unwrap().is_published());
        assert!(Signer::anvil(10).is_none());
    }

    #[test]
    fn debug_and_errors_never_show_the_key() {
        let text = format!("{:?}", Signer::anvil(0).unwrap());
        assert!(!text.to_lowercase().contains(&ANVIL_KEYS[0][..8]), "{text}");
        let secret = "f".repeat(64); // above the group order
        let error = Signer::parse("X", Zeroizing::new(secret.clone())).unwrap_err();
        assert!(!error.to_string().contains(&secret), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_open_to_others_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, format!("0x{}\n", ANVIL_KEYS[1])).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Signer::from_file(&path).is_err());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let signer = Signer::from_file(&path).unwrap();
        assert_eq!(signer.address(), Signer::anvil(1).unwrap().address());
    }
}
