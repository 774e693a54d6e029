//! The L1 block that an L2 block names as its origin.

use crate::{source::NodeSource, state::State, state::StateError};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, U256, address, uint};
use revm::Database;

/// The L1Block predeploy: what the L2 chain knows of L1.
pub const L1_BLOCK: Address = address!("4200000000000000000000000000000000000015");

/// Blob base fee update fraction of L1, as of its second blob parameter fork (EIP-7892, BPO2).
///
/// L1 headers do not carry it. Under an older or newer schedule the blob base fee that L2 sees, and so
/// the L1 data fee, is off; nothing else is.
const BLOB_BASE_FEE_UPDATE_FRACTION: U256 = uint!(11_684_671_U256);

/// What a block takes from its L1 origin. Every field is from a header that L1 vouches for, or from the
/// L1Block predeploy of the parent state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct L1Origin {
    /// Block number.
    pub number: u64,
    /// Block hash.
    pub hash: B256,
    /// Seconds.
    pub timestamp: u64,
    /// Wei.
    pub base_fee: U256,
    /// Wei.
    pub blob_base_fee: U256,
    /// PREVRANDAO of the L1 block, and so of L2 blocks with this origin.
    pub mix_hash: B256,
    /// Beacon root in the L1 header; zero if it has none.
    pub parent_beacon_block_root: B256,
}

impl L1Origin {
    /// Reads the RLP of the header with this hash and gives its parent hash with it. Fields after the
    /// beacon root, which later forks append, are not looked at. None if it is no header.
    pub fn from_rlp(rlp: &[u8], hash: B256) -> Option<(B256, Self)> {
        let mut buf = rlp;
        let mut fields = alloy_rlp::Header::decode_bytes(&mut buf, true).ok()?;
        if !buf.is_empty() {
            return None;
        }
        let mut next = || match fields {
            [] => Some([].as_slice()),
            _ => alloy_rlp::Header::decode_bytes(&mut fields, false).ok(),
        };
        let mut field = [[].as_slice(); 20];
        for field in &mut field {
            *field = next()?;
        }
        let word = |bytes: &[u8]| B256::try_from(bytes).ok();
        let number = |bytes: &[u8]| U256::try_from_be_slice(bytes);
        let excess = number(field[18])?;
        Some((
            word(field[0])?,
            Self {
                number: number(field[8])?.try_into().ok()?,
                hash,
                timestamp: number(field[11])?.try_into().ok()?,
                base_fee: number(field[15])?,
                blob_base_fee: blob_base_fee(excess),
                mix_hash: word(field[13])?,
                parent_beacon_block_root: if field[19].is_empty() {
                    B256::ZERO
                } else {
                    word(field[19])?
                },
            },
        ))
    }

    /// The origin that this L1 header is.
    pub fn from_header(header: &Header) -> Self {
        Self {
            number: header.number,
            hash: header.hash_slow(),
            timestamp: header.timestamp,
            base_fee: U256::from(header.base_fee_per_gas.unwrap_or_default()),
            blob_base_fee: blob_base_fee(U256::from(header.excess_blob_gas.unwrap_or_default())),
            mix_hash: header.mix_hash,
            parent_beacon_block_root: header.parent_beacon_block_root.unwrap_or_default(),
        }
    }
}

/// `max(1, e^(excess / fraction))` by the series of EIP-4844, for any `excess`.
fn blob_base_fee(excess: U256) -> U256 {
    // e^64 wei is past all ether there is; from there on the exact value is of no use.
    let excess = excess.min(BLOB_BASE_FEE_UPDATE_FRACTION * uint!(64_U256));
    let mut sum = U256::ZERO;
    let mut term = BLOB_BASE_FEE_UPDATE_FRACTION;
    let mut i = U256::ONE;
    while !term.is_zero() {
        sum += term;
        term = term * excess / (BLOB_BASE_FEE_UPDATE_FRACTION * i);
        i += U256::ONE;
    }
    sum / BLOB_BASE_FEE_UPDATE_FRACTION
}

/// Where a chain stands: the origin of its last block and the number of blocks before that one with
/// the same origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// Origin of the last block.
    pub origin: L1Origin,
    /// Sequence number of the last block: 0 for the first one with its origin.
    pub sequence_number: u64,
    /// Timestamp of the last block, seconds.
    pub timestamp: u64,
}

impl Tip {
    /// Reads the tip from the state after `header` (the L1Block predeploy) and from `header`.
    pub fn read<S: NodeSource>(state: &mut State<S>, header: &Header) -> Result<Self, StateError> {
        let mut slot = |index: u64| state.storage(L1_BLOCK, U256::from(index));
        let position = slot(0)?.into_limbs();
        Ok(Self {
            origin: L1Origin {
                number: position[0],
                timestamp: position[1],
                base_fee: slot(1)?,
                hash: slot(2)?.into(),
                blob_base_fee: slot(7)?,
                mix_hash: header.mix_hash,
                parent_beacon_block_root: header.parent_beacon_block_root.unwrap_or_default(),
            },
            sequence_number: slot(3)?.into_limbs()[0],
            timestamp: header.timestamp,
        })
    }

    /// The sequence number of a block with `origin` after this tip.
    pub fn next_sequence_number(&self, origin: &L1Origin) -> u64 {
        if origin.number == self.origin.number { self.sequence_number.saturating_add(1) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_eips::eip7840::BlobParams;
    use alloy_primitives::keccak256;

    #[test]
    fn blob_base_fee_is_that_of_the_reference() {
        let params = BlobParams::bpo2();
        for excess in [0, 1, 131_072, 10_000_000, 100_000_000, 400_000_000] {
            assert_eq!(
                blob_base_fee(U256::from(excess)),
                U256::from(params.calc_blob_fee(excess)),
                "{excess}"
            );
        }
        assert!(blob_base_fee(U256::MAX) > U256::from(u64::MAX));
    }

    #[test]
    fn headers_are_read_by_position() {
        let mut header = Header {
            parent_hash: B256::repeat_byte(1),
            number: 77,
            timestamp: 1234,
            mix_hash: B256::repeat_byte(2),
            ..Header::default()
        };
        let check = |header: &Header| {
            let rlp = alloy_rlp::encode(header);
            let (parent, origin) = L1Origin::from_rlp(&rlp, keccak256(&rlp)).expect("header");
            assert_eq!(parent, header.parent_hash);
            assert_eq!(origin, L1Origin::from_header(header));
        };
        check(&header);
        header.base_fee_per_gas = Some(7);
        check(&header);
        header.withdrawals_root = Some(B256::repeat_byte(3));
        header.blob_gas_used = Some(131_072);
        header.excess_blob_gas = Some(50_000_000);
        header.parent_beacon_block_root = Some(B256::repeat_byte(4));
        check(&header);
        header.requests_hash = Some(B256::repeat_byte(5));
        check(&header);
    }

    #[test]
    fn no_header_no_origin() {
        let rlp = alloy_rlp::encode(Header { number: 1, ..Header::default() });
        for cut in 0..rlp.len() {
            assert_eq!(L1Origin::from_rlp(&rlp[..cut], B256::ZERO), None, "{cut} bytes");
        }
        assert_eq!(L1Origin::from_rlp(&[&rlp[..], &[0]].concat(), B256::ZERO), None);
        assert_eq!(L1Origin::from_rlp(&[0xc0], B256::ZERO), None);
    }
}
