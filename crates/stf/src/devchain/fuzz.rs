//! What must hold for any bytes. The fuzz targets and the seeded test run the same functions; each
//! panics if its property does not hold.

use super::{Account, DevChain, config};
use crate::{
    BatchBlock, BatchData, Error, ExecutionInput, L1_BLOCK, PostedBatch, StateError, TrieError,
    batch, blob, execute, record,
};
use alloc::vec::Vec;
use alloy_consensus::Sealed;
use alloy_primitives::{Address, Bytes, U256, keccak256};
use oneslot_types::DepositFields;

/// Bytes as an execution input: decoding is the inverse of encoding, and executing gives a statement or
/// an error.
pub fn input(data: &[u8]) {
    let Ok(input) = ExecutionInput::decode(Bytes::copy_from_slice(data)) else { return };
    assert_eq!(input.encode(), data, "one encoding for each input");
    let _ = execute(&input);
}

/// Bytes as the data of a batch, as a payload, deflated as blocks, and as transactions: always a statement,
/// and the recorded input executes to the same one.
pub fn batch(data: &[u8]) {
    let (chain, transfer) = chain();
    let Some((kind, rest)) = data.split_first() else { return };
    let posted = match kind % 4 {
        0 => chain.post_data(BatchData::Calldata(Bytes::copy_from_slice(rest))),
        1 => {
            let mut payload = alloc::vec![0];
            payload.extend(miniz_oxide::deflate::compress_to_vec(rest, 1));
            chain.post_data(BatchData::Calldata(payload.into()))
        }
        2 => {
            // A zero byte ends a transaction; what is cut off is put on a valid one too.
            let mut transactions: Vec<Bytes> =
                rest.split(|byte| *byte == 0).map(Bytes::copy_from_slice).collect();
            let mut longer = transfer.to_vec();
            longer.extend_from_slice(transactions[0].as_ref());
            transactions.push(longer.into());
            transactions.push(transfer);
            let posted = chain.blocks([transactions]);
            let posted = chain.post(&posted);
            let (_, executed) = record(&posted, &chain.source).expect("total");
            assert!(executed.blocks[0].transactions.len() >= 2, "the valid transfer is in");
            posted
        }
        _ => {
            let blocks: Vec<_> = rest
                .chunks(3)
                .map(|bytes| BatchBlock {
                    timestamp: chain.header.timestamp + u64::from(bytes[0]),
                    origin_number: chain.batch.origin_number
                        + u64::from(bytes.get(1).copied().unwrap_or_default() % 4),
                    transactions: alloc::vec![
                        transfer.clone();
                        usize::from(bytes.get(2).copied().unwrap_or_default() % 2)
                    ],
                })
                .collect();
            chain.post_blobs(&blocks)
        }
    };
    total(&chain, posted);
}

/// Bytes as deposits: always a statement, each deposit in a block or without effect.
pub fn deposits(data: &[u8]) {
    let (mut chain, _) = chain();
    for part in data.chunks(40) {
        let byte = |at: usize| part.get(at).copied().unwrap_or_default();
        if byte(0) & 1 == 1 {
            chain.l1_block();
        }
        let number = |at: usize| U256::from_be_slice(part.get(at..at + 8).unwrap_or_default());
        let gas: u64 = number(8).to();
        let fields = DepositFields {
            mint: number(16) << usize::from(byte(1) % 64),
            value: number(24) << usize::from(byte(2)),
            gas_limit: gas >> (byte(3) % 64),
            is_creation: byte(4) & 1 == 1,
            data: Bytes::copy_from_slice(&part[part.len().min(32)..]),
        };
        let to = match byte(5) % 3 {
            0 => L1_BLOCK,
            1 => Address::with_last_byte(byte(6) % 20),
            _ => Address::repeat_byte(byte(6)),
        };
        chain.deposit(Address::repeat_byte(byte(7) % 4), to, &fields);
    }
    let posted = chain.post(&[]);
    total(&chain, posted);
}

/// Bytes as trie nodes, the first one the root: an error or a statement about a state that nobody has.
pub fn witness(data: &[u8]) {
    let (chain, _) = chain();
    let mut nodes = Vec::<Bytes>::new();
    let mut rest = data;
    while let Some((length, tail)) = rest.split_first() {
        let (node, tail) = tail.split_at(tail.len().min(usize::from(*length)));
        let node = if node.first().is_some_and(|byte| byte % 2 == 0) {
            // Half of them as RLP lists, so that decoding gets further.
            let mut list = Vec::new();
            alloy_rlp::Header { list: true, payload_length: node.len() }.encode(&mut list);
            list.extend_from_slice(node);
            list
        } else {
            node.to_vec()
        };
        nodes.push(node.into());
        rest = tail;
    }
    let Some(root) = nodes.first() else { return };
    let mut posted = chain.post(&[]);
    let mut header = posted.parent.into_inner();
    header.state_root = keccak256(root);
    posted.parent = Sealed::new(header);
    let mut input = posted.input().expect("own header");
    for node in nodes {
        input.insert(node);
    }
    if let Err(Error::State(StateError::Accounts(TrieError::Missing { depth, .. }))) =
        execute(&input)
    {
        assert!(depth <= 64);
    }
}

/// Bytes as what a statement's hashes stand for: a config, a batch header, posted data, an output
/// root, an L2 header, an L1 header and a deposit, each in the place of a right one. An error, or a
/// statement about a batch that nobody posted.
pub fn preimages(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else { return };
    let bytes = Bytes::copy_from_slice(bytes);
    let (chain, _) = chain();
    let mut posted = chain.post(&[]);
    match kind % 4 {
        0 => posted.header.data_hash = keccak256(&bytes),
        1 => posted.header.origin_hash = keccak256(&bytes),
        2 => posted.header.deposit_hash_after = keccak256(&bytes),
        _ => {}
    }
    let mut input = posted.input().expect("own header");
    let hash = input.insert(bytes);
    match kind / 4 % 4 {
        0 => input.statement.config_hash = hash,
        1 => input.statement.batch_commitment.0 = hash,
        2 => input.statement.parent_output.0 = hash,
        _ => {}
    }
    let _ = execute(&input);
}

/// A chain with an L1 block and a deposit waiting, and a valid transfer.
fn chain() -> (DevChain, Bytes) {
    let mut account = Account::new(1);
    let mut chain = DevChain::new(config(), [account.address()], []);
    chain.l1_block();
    let one = U256::ONE;
    let fields = DepositFields {
        mint: one,
        value: one,
        gas_limit: 30_000,
        is_creation: false,
        data: Bytes::new(),
    };
    chain.deposit(Address::repeat_byte(1), Address::repeat_byte(2), &fields);
    let transfer = account.transfer(&chain.config, Address::repeat_byte(3), 1);
    (chain, transfer)
}

fn total(chain: &DevChain, posted: PostedBatch) {
    let deposits = posted.deposits.len();
    let (input, executed) =
        record(&posted, &chain.source).expect("every posted batch has an output");
    let statement = executed.statement;
    assert_eq!(execute(&input), Ok(statement), "everything that was read is in the input");
    let in_blocks = executed
        .blocks
        .iter()
        .flat_map(|block| &block.transactions)
        .filter(|tx| tx.encoded.first() == Some(&0x7e))
        .count();
    let attributes = executed.blocks.len();
    assert!(in_blocks - attributes <= deposits);
    let without_effect = posted
        .deposits
        .iter()
        .filter(|deposit| crate::deposit_transaction(deposit, Default::default(), 0).is_none())
        .count();
    assert_eq!(in_blocks - attributes + without_effect, deposits, "no deposit is left out");
    if let BatchData::Calldata(payload) = &posted.data {
        let _ = batch::decode(payload, &chain.config);
        let _ = blob::unpack([payload.as_ref()]);
    }
}
