//! One EVM for all blocks of a batch against a new one for each block, on hostile blocks.

use alloy_consensus::{TxEip1559, TxEip7702};
use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address};
use oneslot_stf::{
    BlockAttributes, Crypto, GenesisAccount, Transition, bounds,
    devchain::{Account, DevChain, config},
    fork_rules,
};
use oneslot_types::DepositFields;
use op_alloy_consensus::OpTxEnvelope;

const PROBE: Address = Address::repeat_byte(0xaa);
const KILLER: Address = Address::repeat_byte(0xab);

/// Writes to slots keyed by the block number what a transaction can see of anything left over.
fn probe() -> Bytes {
    let mut code = Vec::new();
    let mut store = |what: &[u8]| {
        // slot = NUMBER * 2^32 + GASLIMIT-independent counter: use msize-free constant by length.
        let tag = code.len() as u16;
        code.extend_from_slice(what);
        code.extend_from_slice(&[0x43, 0x60, 0x10, 0x1b]); // NUMBER << 16
        code.extend_from_slice(&[0x61]);
        code.extend_from_slice(&tag.to_be_bytes());
        code.extend_from_slice(&[0x01]); // + tag
        code.extend_from_slice(&[0x33, 0x18]); // xor caller
        code.push(0x55);
    };
    store(&[0x5f, 0x5c]); // TLOAD 0
    store(&[0x5a, 0x41, 0x31, 0x50, 0x5a, 0x90, 0x03]); // gas of BALANCE(COINBASE)
    store(&[0x5a, 0x60, 0x42, 0x31, 0x50, 0x5a, 0x90, 0x03]); // gas of BALANCE(0x42)
    store(&[0x5a, 0x60, 0x01, 0x31, 0x50, 0x5a, 0x90, 0x03]); // gas of BALANCE(precompile)
    store(&[0x5a, 0x60, 0x07, 0x54, 0x50, 0x5a, 0x90, 0x03]); // gas of SLOAD(7)
    store(&[0x5a, 0x32, 0x31, 0x50, 0x5a, 0x90, 0x03]); // gas of BALANCE(ORIGIN)
    let history = address!("0000F90827F1C53a10cb7A02335B175320002935");
    let mut extcode = vec![0x5a, 0x73];
    extcode.extend_from_slice(history.as_slice());
    extcode.extend_from_slice(&[0x31, 0x50, 0x5a, 0x90, 0x03]);
    store(&extcode); // gas of BALANCE(history contract)
    store(&[0x42]); // TIMESTAMP
    store(&[0x44]); // PREVRANDAO
    store(&[0x48]); // BASEFEE
    store(&[0x4a]); // BLOBBASEFEE
    store(&[0x3a]); // GASPRICE
    store(&[0x41]); // COINBASE
    store(&[0x60, 0x01, 0x43, 0x03, 0x40]); // BLOCKHASH(NUMBER - 1)
    store(&[0x60, 0x02, 0x43, 0x03, 0x40]); // BLOCKHASH(NUMBER - 2)
    store(&[0x3d]); // RETURNDATASIZE
    store(&[0x59]); // MSIZE
    code.extend_from_slice(&[0x43, 0x5f, 0x5d]); // TSTORE(0, NUMBER)
    code.extend_from_slice(&[0x43, 0x60, 0x07, 0x55]); // SSTORE(7, NUMBER)
    code.extend_from_slice(&[0x60, 0x2a, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xa0]); // LOG0
    code.push(0x00);
    code.into()
}

struct Random(u64);
impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

#[test]
fn one_evm_for_a_batch_is_like_one_for_each_block() {
    let mut skipped = 0;
    let mut blocks = 0;
    for seed in 1..120_u64 {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut accounts: Vec<_> = (1..5).map(Account::new).collect();
        let contract = |code: Bytes| GenesisAccount { nonce: 1, code, ..Default::default() };
        // SELFDESTRUCT to the caller if there is no calldata, else INVALID.
        let killer: Bytes = vec![0x36, 0x60, 0x06, 0x57, 0x33, 0xff, 0x5b, 0xfe].into();
        let mut chain = DevChain::new(
            config(),
            accounts[..3].iter().map(Account::address),
            [(PROBE, contract(probe())), (KILLER, contract(killer))],
        );
        for _ in 0..2 {
            for _ in 0..random.below(4) {
                chain.l1_block();
                if random.below(2) == 0 {
                    let fields = DepositFields {
                        mint: U256::from(random.below(3)),
                        value: U256::from(random.below(2)),
                        gas_limit: 21_000 + random.below(600_000),
                        is_creation: false,
                        data: vec![1; random.below(3) as usize].into(),
                    };
                    let to = [PROBE, KILLER][random.below(2) as usize];
                    chain.deposit(Address::repeat_byte(7), to, &fields);
                }
            }
            let mut posted = Vec::new();
            for _ in 0..3 {
                let mut transactions = Vec::new();
                for _ in 0..random.below(4) {
                    let who = random.below(4) as usize;
                    let account = &mut accounts[who];
                    let to = [PROBE, KILLER, Address::repeat_byte(0x42)][random.below(3) as usize];
                    let chain_id = chain.config.l2ChainId;
                    let wrong = random.below(4) == 0 || who == 3;
                    let nonce = account.nonce + u64::from(wrong);
                    let gas_limit = 30_000 + random.below(500_000);
                    let list = match random.below(3) {
                        0 => AccessList::default(),
                        _ => AccessList(vec![
                            AccessListItem {
                                address: PROBE,
                                storage_keys: vec![B256::with_last_byte(7)],
                            },
                            AccessListItem {
                                address: Address::with_last_byte(0x42),
                                storage_keys: vec![],
                            },
                        ]),
                    };
                    let input: Bytes = vec![5; random.below(400) as usize].into();
                    let tx = if random.below(4) == 0 {
                        account.sign(TxEip7702 {
                            chain_id,
                            nonce,
                            gas_limit: gas_limit + 60_000,
                            max_fee_per_gas: 100_000_000_000,
                            max_priority_fee_per_gas: 1,
                            to,
                            value: U256::ZERO,
                            access_list: list,
                            authorization_list: vec![account.authorize(PROBE, nonce + 1)],
                            input,
                        })
                    } else {
                        account.sign(TxEip1559 {
                            chain_id,
                            nonce,
                            gas_limit,
                            max_fee_per_gas: 100_000_000_000,
                            max_priority_fee_per_gas: 1,
                            to: TxKind::Call(to),
                            value: U256::from(random.below(2)),
                            access_list: list,
                            input,
                        })
                    };
                    if !wrong {
                        account.nonce += 1;
                    }
                    transactions.push(tx);
                }
                posted.push(transactions);
            }
            let sent: Vec<_> = posted.clone();
            let batch = chain.blocks(posted);
            let posted = chain.post_blobs(&batch);
            let start = chain.header.clone();
            let rules = fork_rules(&chain.config);
            let (_, executed) = chain.advance(posted).expect("total");

            let mut parent = start;
            let mut from = 0;
            for block in &executed.blocks {
                let header = &block.header;
                let deposits = block
                    .transactions
                    .iter()
                    .filter_map(|tx| match &tx.envelope {
                        OpTxEnvelope::Deposit(deposit) => Some(deposit.inner().clone()),
                        _ => None,
                    })
                    .collect();
                // The blocks of the data come first or after blocks that take deposits: find by time.
                let own = batch.iter().position(|block| block.timestamp == header.timestamp);
                let transactions = own.map_or(Vec::new(), |place| sent[place].clone());
                from += usize::from(own.is_some());
                let attributes = BlockAttributes {
                    timestamp: header.timestamp,
                    prev_randao: header.mix_hash,
                    fee_recipient: header.beneficiary,
                    parent_beacon_block_root: header.parent_beacon_block_root.expect("a root"),
                    gas_limit: header.gas_limit,
                    extra_data: header.extra_data.clone(),
                    deposits,
                    transactions,
                };
                let mut fresh =
                    Transition::new(&rules, Crypto::SOFTWARE, parent, &chain.source).keep_new();
                let again = fresh.execute_block(&attributes).expect("total");
                assert_eq!(again.header, block.header, "seed {seed}");
                assert_eq!(again.receipts, block.receipts, "seed {seed}");
                skipped += again.skipped.len();
                blocks += 1;
                let new = fresh.take_new();
                chain.source.extend(new);
                parent = block.header.clone();
            }
            assert!(from > 0, "seed {seed}");
            // The nonces of what did not run after all.
            for account in &mut accounts {
                let address = account.address();
                let mut state = oneslot_stf::State::new(&chain.source, chain.header.state_root);
                account.nonce = state.account(address).expect("read").map_or(0, |a| a.nonce);
            }
        }
    }
    println!("{blocks} blocks, {skipped} skipped");
    assert!(skipped > 100 && blocks > 300, "{blocks} {skipped}");
    let _ = bounds::MAX_BATCH_GAS;
}
