//! Preimages by hash, checked and decoded.

use crate::{
    error::{Error, Result},
    source::PreimageSource,
};
use alloy_primitives::{B256, Bytes};
use oneslot_types::{PreimageKey, RollupConfig, StatementInput};

/// The rules that the question names.
pub(crate) fn config<S: PreimageSource>(
    asked: &StatementInput,
    source: &S,
) -> Result<RollupConfig> {
    preimage(source, "rollup config", asked.config_hash, RollupConfig::from_words)
}

/// The bytes that have this hash, which are no more than L1 takes.
pub(crate) fn keccak<S: PreimageSource>(source: &S, hash: B256) -> Result<Bytes> {
    let content = source.keccak(&hash).ok_or(Error::Missing { key: PreimageKey::Keccak(hash) })?;
    match content.len() <= PreimageKey::MAX_CONTENT {
        true => Ok(content),
        false => Err(Error::Preimage { what: "content of at most 131,072 bytes", hash }),
    }
}

/// What has this hash, decoded.
pub(crate) fn preimage<S: PreimageSource, T>(
    source: &S,
    what: &'static str,
    hash: B256,
    decode: impl FnOnce(&[u8]) -> Option<T>,
) -> Result<T> {
    decode(&keccak(source, hash)?).ok_or(Error::Preimage { what, hash })
}
