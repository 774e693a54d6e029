//! The development platform: quotes anyone can forge.

use crate::{Error, signer::Key};
use alloy_primitives::{Address, B256, address, keccak256};
use alloy_sol_types::SolValue;
use k256::ecdsa::SigningKey;

/// Shown wherever a dev enclave shows itself.
pub(crate) const WARNING: &str = "DEVELOPMENT PLATFORM: THIS IS NOT AN ENCLAVE. Its quotes are signed by a root whose \
     private key is public, so anyone can forge them. Never let it guard anything of value.";

/// What the root's private key is the keccak-256 of. Published here on purpose.
const ROOT_SEED: &str = "oneslot dev quote root: public, never for value";

/// Address of the root that signs dev quotes: the constructor argument of `DevQuoteVerifier`.
pub const DEV_QUOTE_ROOT: Address = address!("82bd2c701cb6ffde69299a1eba27700d05dbfac3");

/// A quote as `contracts/src/lanes/DevQuoteVerifier.sol` reads it, 161 bytes: measurement 32, report data 64,
/// signature `r ‖ s ‖ v` of the root over
/// `keccak256(abi.encode("oneslot.dev.quote.v1", measurement, reportData[0], reportData[1]))`.
pub(crate) fn quote(measurement: B256, report_data: &[u8; 64]) -> Result<Vec<u8>, Error> {
    let digest = keccak256(
        (
            "oneslot.dev.quote.v1",
            measurement,
            B256::from_slice(&report_data[..32]),
            B256::from_slice(&report_data[32..]),
        )
            .abi_encode_params(),
    );
    let mut quote = Vec::with_capacity(161);
    quote.extend_from_slice(measurement.as_slice());
    quote.extend_from_slice(report_data);
    quote.extend_from_slice(&root()?.sign(digest)?);
    Ok(quote)
}

fn root() -> Result<Key, Error> {
    SigningKey::from_slice(keccak256(ROOT_SEED).as_slice())
        .map(Key::new)
        .map_err(|error| Error::Internal(format!("the dev root: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signer::recover;
    use alloy_primitives::hex;
    use oneslot_types::{StatementId, key_report_data, tee_digest};
    use std::{fs, path::Path};

    #[test]
    fn the_root_is_the_published_one() {
        assert_eq!(root().unwrap().address(), DEV_QUOTE_ROOT);
    }

    #[test]
    fn a_quote_binds_measurement_and_report_data() {
        let quote = quote(B256::repeat_byte(1), &[2; 64]).unwrap();
        assert_eq!(quote.len(), 161);
        assert_eq!(quote[..32], [1; 32]);
        assert_eq!(quote[32..96], [2; 64]);
    }

    /// `fixtures/tee.json` is read by Foundry too. After a deliberate change of format run with
    /// `ONESLOT_BLESS=1` and say so in the changelog.
    #[test]
    fn golden_vector() {
        let (chain, lane, payee) = (31337, Address::repeat_byte(0x11), Address::repeat_byte(0x22));
        let key = Key::new(SigningKey::from_slice(keccak256("a test key").as_slice()).unwrap());
        let (measurement, statement_id) = (keccak256("measurement"), keccak256("statement"));
        let l1_block_hash = keccak256("an L1 block");
        let report_data = key_report_data(chain, lane, key.address(), l1_block_hash);
        let quote = quote(measurement, &report_data).unwrap();
        let digest = tee_digest(chain, lane, StatementId(statement_id), payee);
        let signature = key.sign(digest).unwrap();
        assert_eq!(recover(digest, &signature), Some(key.address()));

        let (report_data, quote) = (hex::encode_prefixed(report_data), hex::encode_prefixed(quote));
        let (key, signature) = (key.address(), hex::encode_prefixed(signature));
        let made = format!(
            r#"{{
  "l1ChainId": {chain},
  "lane": "{lane}",
  "devQuoteRoot": "{DEV_QUOTE_ROOT}",
  "measurement": "{measurement}",
  "key": "{key}",
  "l1BlockHash": "{l1_block_hash}",
  "reportData": "{report_data}",
  "quote": "{quote}",
  "statementId": "{statement_id}",
  "payee": "{payee}",
  "digest": "{digest}",
  "signature": "{signature}"
}}
"#
        );
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/tee.json");
        if std::env::var_os("ONESLOT_BLESS").is_some() {
            fs::write(&path, &made).unwrap();
        }
        assert_eq!(fs::read_to_string(path).unwrap(), made);
    }
}
