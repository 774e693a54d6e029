//! The payload of a batch: blocks as bytes.
//!
//! `0x00 ‖ deflate(rlp([block, ...]))` with `block = [timestamp, originNumber, [transaction, ...]]`, raw
//! deflate (RFC 1951), transactions as EIP-2718 bytes.

use crate::{bounds::MAX_BATCH_TRANSACTIONS, inflate::inflate};
use alloc::vec::Vec;
use alloy_primitives::Bytes;
use alloy_rlp::{Buf, Decodable, Encodable, Header};
use miniz_oxide::deflate::compress_to_vec;
use oneslot_types::RollupConfig;

/// The only version.
const VERSION: u8 = 0;

/// Level of the encoder; a decoder takes any.
const LEVEL: u8 = 9;

/// What the sequencer decided about one block. All else follows from L1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchBlock {
    /// Seconds.
    pub timestamp: u64,
    /// Number of the L1 origin.
    pub origin_number: u64,
    /// EIP-2718 bytes.
    pub transactions: Vec<Bytes>,
}

/// The payload that holds `blocks`.
pub fn encode(blocks: &[BatchBlock]) -> Bytes {
    let mut rlp = Vec::new();
    Header { list: true, payload_length: blocks.iter().map(Encodable::length).sum() }
        .encode(&mut rlp);
    for block in blocks {
        block.encode(&mut rlp);
    }
    let mut payload = Vec::with_capacity(rlp.len() / 2);
    payload.push(VERSION);
    payload.extend_from_slice(&compress_to_vec(&rlp, LEVEL));
    payload.into()
}

/// The blocks in `payload`, or none if it is not a payload within the limits of `config`. Any bytes may come.
pub fn decode(payload: &[u8], config: &RollupConfig) -> Option<Vec<BatchBlock>> {
    let (&version, deflated) = payload.split_first()?;
    if version != VERSION {
        return None;
    }
    let limit = usize::try_from(config.maxBatchBytes).ok()?;
    let rlp = Bytes::from(inflate(deflated, limit)?);
    let mut rest = rlp.as_ref();
    let mut list = Header::decode_bytes(&mut rest, true).ok()?;
    if !rest.is_empty() {
        return None;
    }
    let mut blocks = Vec::new();
    let mut room = MAX_BATCH_TRANSACTIONS;
    while !list.is_empty() {
        if blocks.len() as u64 == config.maxBlocksPerBatch {
            return None;
        }
        let block = block(&mut list, &rlp, room)?;
        room -= block.transactions.len();
        blocks.push(block);
    }
    Some(blocks)
}

/// One block off the front of `list`, which is part of `whole`; none if it has more than `room`
/// transactions.
fn block(list: &mut &[u8], whole: &Bytes, room: usize) -> Option<BatchBlock> {
    let mut fields = Header::decode_bytes(list, true).ok()?;
    let timestamp = u64::decode(&mut fields).ok()?;
    let origin_number = u64::decode(&mut fields).ok()?;
    let mut items = Header::decode_bytes(&mut fields, true).ok()?;
    if fields.has_remaining() {
        return None;
    }
    let mut transactions = Vec::new();
    while !items.is_empty() {
        if transactions.len() == room {
            return None;
        }
        let item = Header::decode_bytes(&mut items, false).ok()?;
        transactions.push(whole.slice_ref(item));
    }
    Some(BatchBlock { timestamp, origin_number, transactions })
}

impl BatchBlock {
    fn payload_length(&self) -> usize {
        self.timestamp.length() + self.origin_number.length() + self.transactions.length()
    }
}

impl Encodable for BatchBlock {
    fn encode(&self, out: &mut dyn alloy_rlp::BufMut) {
        Header { list: true, payload_length: self.payload_length() }.encode(out);
        self.timestamp.encode(out);
        self.origin_number.encode(out);
        self.transactions.encode(out);
    }

    fn length(&self) -> usize {
        let payload = self.payload_length();
        payload + alloy_rlp::length_of_length(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn config() -> RollupConfig {
        RollupConfig { maxBlocksPerBatch: 8, maxBatchBytes: 1 << 20, ..RollupConfig::default() }
    }

    prop_compose! {
        fn any_block()(
            timestamp in any::<u64>(),
            origin_number in any::<u64>(),
            transactions in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..6),
        ) -> BatchBlock {
            let transactions = transactions.into_iter().map(Bytes::from).collect();
            BatchBlock { timestamp, origin_number, transactions }
        }
    }

    proptest! {
        #[test]
        fn a_body_decodes_to_its_blocks(blocks in prop::collection::vec(any_block(), 0..8)) {
            prop_assert_eq!(decode(&encode(&blocks), &config()), Some(blocks));
        }

        #[test]
        fn any_bytes_decode_or_do_not(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&bytes, &config());
            let mut payload = alloc::vec![VERSION];
            payload.extend(compress_to_vec(&bytes, 1));
            let _ = decode(&payload, &config());
        }

        #[test]
        fn a_cut_body_is_none(blocks in prop::collection::vec(any_block(), 1..4), cut in 0.0..1.0) {
            let payload = encode(&blocks);
            let cut = (payload.len() as f64 * cut) as usize;
            prop_assert_eq!(decode(&payload[..cut], &config()), None);
        }
    }

    #[test]
    fn limits_hold() {
        let blocks = alloc::vec![BatchBlock::default(); 9];
        assert_eq!(decode(&encode(&blocks), &config()), None);
        assert!(decode(&encode(&blocks[..8]), &config()).is_some());

        // A megabyte of zeros deflates to a kilobyte: the limit is on what it inflates to.
        let block = BatchBlock {
            transactions: alloc::vec![Bytes::from(alloc::vec![0; 1 << 20])],
            ..BatchBlock::default()
        };
        let payload = encode(&[block]);
        assert!(payload.len() < 4096);
        assert_eq!(decode(&payload, &config()), None);
        let config = RollupConfig { maxBatchBytes: (1 << 20) + 64, ..config() };
        assert!(decode(&payload, &config).is_some());
    }

    /// However they are spread over the blocks, and however small the payload is.
    #[test]
    fn transactions_are_counted_over_all_blocks() {
        let block = |count| BatchBlock {
            transactions: alloc::vec![Bytes::from_static(&[1]); count],
            ..BatchBlock::default()
        };
        let most = MAX_BATCH_TRANSACTIONS;
        let posted = |counts: &[usize]| {
            let blocks: Vec<_> = counts.iter().map(|count| block(*count)).collect();
            decode(&encode(&blocks), &config()).is_some()
        };
        assert!(posted(&[most]) && posted(&[0, most - 1, 1]));
        assert!(!posted(&[most + 1]) && !posted(&[1, most - 1, 1]) && !posted(&[500_000]));
    }

    #[test]
    fn other_versions_and_extra_bytes_are_none() {
        let mut payload = encode(&[BatchBlock::default()]).to_vec();
        payload[0] = 1;
        assert_eq!(decode(&payload, &config()), None);
        assert_eq!(decode(&[], &config()), None);

        let extra = |rlp: &[u8]| {
            let mut payload = alloc::vec![VERSION];
            payload.extend(compress_to_vec(rlp, 6));
            decode(&payload, &config())
        };
        assert_eq!(extra(&[0xc0]), Some(Vec::new()));
        assert_eq!(extra(&[0xc0, 0x00]), None);
        // A block with a fourth field.
        assert_eq!(extra(&[0xc5, 0xc4, 0x01, 0x01, 0xc0, 0x01]), None);
        assert!(extra(&[0xc4, 0xc3, 0x01, 0x01, 0xc0]).is_some());
        // A timestamp with a leading zero.
        assert_eq!(extra(&[0xc6, 0xc5, 0x82, 0x00, 0x01, 0x01, 0xc0]), None);
    }
}
