//! The private key of the user or service, from the environment or a file.

use alloy::signers::local::PrivateKeySigner;
use eyre::{Result, WrapErr, eyre};

/// The variable that holds a key, 32 bytes of hex.
pub(crate) const VARIABLE: &str = "ONESLOT_KEY";
/// The variable that names a file holding a key.
pub(crate) const FILE_VARIABLE: &str = "ONESLOT_KEY_FILE";

/// Reads the key. Errors never show it.
pub(crate) fn signer() -> Result<PrivateKeySigner> {
    let text = match (std::env::var(VARIABLE), std::env::var(FILE_VARIABLE)) {
        (Ok(key), _) => key,
        (_, Ok(path)) => {
            std::fs::read_to_string(&path).wrap_err_with(|| format!("{FILE_VARIABLE}={path}"))?
        }
        _ => {
            return Err(eyre!(
                "no private key: set {VARIABLE}, or {FILE_VARIABLE} to a file that holds it"
            ));
        }
    };
    text.trim().parse().map_err(|_| eyre!("the private key is not 32 bytes of hex"))
}
