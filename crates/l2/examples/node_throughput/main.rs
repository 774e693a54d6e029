//! What one node sequences and derives: `throughput [COUNT]`, COUNT transfers, 2000 if absent.
//!
//! Everything runs in one process over databases in a temporary directory, without L1 and without
//! HTTP. L1 is a row of constructed headers.
//!
//! - Pool: what `eth_sendRawTransaction` does with a signed transaction, one after the other.
//! - Sequencing: `Chain::build_block` until the pool is empty, as often as the rules of the block
//!   demand: selection, execution, roots, and a durable commit for each block.
//! - Deriving: `Chain::derive_next` on a second node that saw none of it, from the posted batches:
//!   inflating, signature recovery, execution, roots, commits. Batches are cut as for six blobs,
//!   and handed over as calldata.
//!
//! Signing is outside of all timers. Each node works on one thread. A run ends only if all transfers
//! succeeded and both nodes have the same head. Prints a figure a line, as `cargo xtask bench` reads
//! them.

mod rollup;

use std::time::{Duration, Instant};

use alloy::{network::TxSignerSync, signers::local::PrivateKeySigner};
use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes, TxKind, U256, keccak256};
use alloy_sol_types::SolCall;
use oneslot_l1::bindings::TestToken::{self, mintCall, transferCall};
use oneslot_l2::{Genesis, GenesisSpec};

use rollup::{L1, Node, config, post};

/// Transfers of one sender; the pool takes 64, and an ERC-20 sender mints first.
const PER_SENDER: u64 = 50;
fn main() {
    let count = std::env::args().nth(1).map_or(2_000, |count| count.parse().expect("a number"));
    for (kind, erc20) in [("ETH", false), ("ERC-20", true)] {
        let times = measure(count, erc20);
        let rates = times.map(|time| count as f64 / time.as_secs_f64());
        for (of, rate) in ["pool insertion", "sequencing", "deriving from L1"].iter().zip(rates) {
            let name = format!("{kind} transfers");
            println!(r#"{{"of":"{of}","name":"{name}","value":{rate:.0},"unit":"a second"}}"#);
        }
    }
}

/// Times of the pool, of sequencing and of deriving.
fn measure(count: u64, erc20: bool) -> [Duration; 3] {
    let deployer = signer(0);
    let senders: Vec<_> = (1..=count.div_ceil(PER_SENDER)).map(signer).collect();
    let mut l1 = L1::new();
    let funded = senders.iter().chain([&deployer]).map(PrivateKeySigner::address);
    let genesis = Genesis::build(&GenesisSpec {
        config: config(),
        origin: l1.head().clone(),
        l1_messenger: Address::repeat_byte(0x11),
        l1_standard_bridge: Address::repeat_byte(0x12),
        accounts: funded.map(|address| (address, U256::from(10).pow(U256::from(20)))).collect(),
    })
    .expect("the committed predeploys make a genesis");
    let [sequencer, verifier] = [(); 2].map(|()| Node::new(&genesis, l1.head(), count));
    let mut first_nonce = 0;
    let token = deployer.address().create(0);
    if erc20 {
        sequencer.submit(sign(&deployer, 0, TxKind::Create, 0, TestToken::BYTECODE.clone()));
        sequencer.sequence();
        for sender in &senders {
            let mint = mintCall { to: sender.address(), amount: U256::from(PER_SENDER) };
            sequencer.submit(sign(sender, 0, token.into(), 0, mint.abi_encode().into()));
        }
        sequencer.sequence();
        post(&mut l1, &sequencer, &verifier);
        first_nonce = 1;
    }

    let transfers: Vec<Bytes> = (0..count)
        .map(|index| {
            let sender = &senders[(index / PER_SENDER) as usize];
            let nonce = first_nonce + index % PER_SENDER;
            let fresh = Address::from_word(keccak256(index.to_be_bytes()));
            if erc20 {
                let call = transferCall { to: fresh, value: U256::ONE };
                sign(sender, nonce, token.into(), 0, call.abi_encode().into())
            } else {
                sign(sender, nonce, fresh.into(), 1, Bytes::new())
            }
        })
        .collect();
    let before = sequencer.head().0;

    let start = Instant::now();
    transfers.into_iter().for_each(|raw| sequencer.submit(raw));
    let pool = start.elapsed();

    let start = Instant::now();
    sequencer.sequence();
    let sequencing = start.elapsed();

    assert_eq!(sequencer.succeeded_after(before), count, "all transfers are in and succeeded");
    let deriving = post(&mut l1, &sequencer, &verifier);
    assert_eq!(sequencer.head(), verifier.head(), "what is derived is what was sequenced");
    [pool, sequencing, deriving]
}

/// The `index`th account.
fn signer(index: u64) -> PrivateKeySigner {
    let key = keccak256(index.to_le_bytes());
    PrivateKeySigner::from_bytes(&key).expect("a hash is a key but for a chance of 2^-128")
}

/// An EIP-1559 transaction with a fee cap of 1 gwei and about the gas limit that a wallet sets.
fn sign(signer: &PrivateKeySigner, nonce: u64, to: TxKind, value: u64, input: Bytes) -> Bytes {
    let gas_limit = match (to.is_create(), input.is_empty()) {
        (true, _) => 3_000_000,
        (false, false) => 80_000,
        (false, true) => 21_000,
    };
    let mut tx = TxEip1559 {
        chain_id: config().l2ChainId,
        nonce,
        gas_limit,
        max_fee_per_gas: 1_000_000_000,
        max_priority_fee_per_gas: 1_000_000,
        to,
        value: U256::from(value),
        access_list: Default::default(),
        input,
    };
    let signature = signer.sign_transaction_sync(&mut tx).expect("a local key signs");
    tx.into_signed(signature).encoded_2718().into()
}
