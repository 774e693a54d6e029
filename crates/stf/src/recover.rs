//! Who signed a transaction.
//!
//! The usual routine verifies the signature again after it has recovered the key, which doubles the cost.
//! Nothing is gained by it: the recovered key is the one for which the equation holds.

use crate::{crypto::Crypto, mulmod::from_be_bytes, secp256k1::Recoverable};
use alloy_primitives::{Address, B256, Signature, U256, uint};
use op_alloy_consensus::OpTxEnvelope;

/// Largest `s` that a transaction's signature may have: half of the order of secp256k1, rounded down.
const HALF_ORDER: U256 =
    uint!(0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0_U256);

/// The sender of a signed transaction; none if the signature is none, or not in the lower half (EIP-2),
/// or the transaction is of a type that nobody signs.
pub(crate) fn sender(envelope: &OpTxEnvelope, crypto: Crypto) -> Option<Address> {
    let recover = |signature, hash| recover(signature, hash, crypto);
    match envelope {
        OpTxEnvelope::Legacy(tx) => recover(tx.signature(), tx.signature_hash()),
        OpTxEnvelope::Eip2930(tx) => recover(tx.signature(), tx.signature_hash()),
        OpTxEnvelope::Eip1559(tx) => recover(tx.signature(), tx.signature_hash()),
        OpTxEnvelope::Eip7702(tx) => recover(tx.signature(), tx.signature_hash()),
        OpTxEnvelope::Deposit(_) | OpTxEnvelope::PostExec(_) => None,
    }
}

/// The address of the key that signed `hash`; none if `s` is not in the lower half or there is no such key.
fn recover(signature: &Signature, hash: B256, crypto: Crypto) -> Option<Address> {
    if signature.s() > HALF_ORDER {
        return None;
    }
    let key = (crypto.recover)(&Recoverable {
        r: signature.r().into_limbs(),
        s: signature.s().into_limbs(),
        odd: signature.v(),
        hash: from_be_bytes(&hash.0),
    });
    key.map(|key| Address::from_raw_public_key(&key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mulmod::Software;
    use proptest::prelude::*;

    /// All routines, which must agree.
    fn recover(signature: &Signature, hash: B256) -> Option<Address> {
        let got = super::recover(signature, hash, Crypto::SOFTWARE);
        for crypto in [Crypto::multiplying::<Software>(), Crypto::adding_points::<Software>()] {
            assert_eq!(super::recover(signature, hash, crypto), got);
        }
        got
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Against the routine of alloy, on random bytes: half of the points exist.
        #[test]
        fn recovered_is_what_alloy_recovers(
            r in any::<[u8; 32]>(),
            s in any::<[u8; 32]>(),
            hash in any::<[u8; 32]>(),
            parity in any::<bool>(),
        ) {
            let s = U256::from_be_bytes(s) >> 1;
            let signature = Signature::new(U256::from_be_bytes(r), s, parity);
            let hash = B256::from(hash);
            let expected = alloy_consensus::crypto::secp256k1::recover_signer(&signature, hash).ok();
            prop_assert_eq!(recover(&signature, hash), expected);
        }
    }

    #[test]
    fn bounds_of_a_signature() {
        let order = U256::from_be_slice(&alloy_primitives::hex!(
            "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
        ));
        let half = order >> 1;
        let one = U256::ONE;
        let cases = [
            (U256::ZERO, one),
            (one, U256::ZERO),
            (order, one),
            (U256::MAX, one),
            (one, half),
            (one, half + one),
            (one, order - one),
            (one, order),
            (order - one, one),
        ];
        for (r, s) in cases {
            for parity in [false, true] {
                let signature = Signature::new(r, s, parity);
                let expected =
                    alloy_consensus::crypto::secp256k1::recover_signer(&signature, B256::ZERO).ok();
                assert_eq!(recover(&signature, B256::ZERO), expected, "{r} {s}");
            }
        }
        let signature = Signature::new(one, half, true);
        assert!(recover(&signature, B256::ZERO).is_some());
    }
}
