//! What the contracts of EIP-2935 and EIP-4788 write when a block begins.
//!
//! They are called once a block, by nobody but the block itself, with more gas than they take, and there is nothing
//! that they can refuse. Their codes are fixed by the EIPs, and each does nothing but the writes below.

use alloy_eips::{
    eip2935::{HISTORY_SERVE_WINDOW, HISTORY_STORAGE_ADDRESS},
    eip4788::BEACON_ROOTS_ADDRESS,
};
use alloy_primitives::{Address, B256, U256, b256};

/// The contract of EIP-2935: address and hash of its code.
pub(crate) const BLOCK_HASHES: (Address, B256) = (
    HISTORY_STORAGE_ADDRESS,
    b256!("6e49e66782037c0555897870e29fa5e552daf4719552131a0abce779daec0a5d"),
);

/// The contract of EIP-4788: address and hash of its code.
pub(crate) const BEACON_ROOTS: (Address, B256) = (
    BEACON_ROOTS_ADDRESS,
    b256!("f57acd40259872606d76197ef052f3d35588dadf919ee1f0e3cb9b62d3f4b02c"),
);

/// Blocks, and seconds, after which the contracts write to the same slots again.
const WINDOW: u64 = HISTORY_SERVE_WINDOW as u64;

/// The slot that holds the hash of the block before.
pub(crate) fn block_hash(number: U256, parent: B256) -> [(U256, U256); 1] {
    [(remainder(number.wrapping_sub(U256::ONE)), parent.into())]
}

/// The slots that hold the block's timestamp and the beacon root.
pub(crate) fn beacon_root(timestamp: U256, root: B256) -> [(U256, U256); 2] {
    let slot = remainder(timestamp);
    [(slot, timestamp), (slot.wrapping_add(U256::from(WINDOW)), root.into())]
}

fn remainder(number: U256) -> U256 {
    match u64::try_from(number) {
        Ok(number) => U256::from(number % WINDOW),
        Err(_) => number % U256::from(WINDOW),
    }
}

#[cfg(all(test, feature = "devchain"))]
mod tests {
    use super::*;
    use crate::{
        Crypto, State, attributes::fork_rules, devchain::DevChain, evm, source::MemorySource,
    };
    use alloy_eips::{eip2935::HISTORY_STORAGE_CODE, eip4788::BEACON_ROOTS_CODE};
    use alloy_evm::{Evm as _, block::SystemCaller};
    use alloy_primitives::keccak256;
    use proptest::{prelude::*, strategy::ValueTree};

    #[test]
    fn codes_are_those_of_the_eips() {
        assert_eq!(keccak256(&HISTORY_STORAGE_CODE), BLOCK_HASHES.1);
        assert_eq!(keccak256(&BEACON_ROOTS_CODE), BEACON_ROOTS.1);
    }

    /// Block after block on one state, by the EVM and without it.
    #[test]
    fn the_contracts_write_these_slots() {
        let chain = DevChain::new(crate::devchain::config(), [], []);
        let rules = fork_rules(&chain.config);
        let state = || State::<&MemorySource>::new(&chain.source, chain.header.state_root);
        let env = evm::fork_env(&chain.header, &rules);
        let mut evm = evm::create_evm(state(), env, &rules, Crypto::SOFTWARE);
        let mut plain = state();
        let words = (any::<u64>(), any::<u64>(), any::<[u8; 32]>(), any::<[u8; 32]>());
        let edge = prop_oneof![
            Just((1, 1, [0; 32], [1; 32])),
            Just((8_191, 8_190, [2; 32], [0; 32])),
            Just((8_192, 8_191, [0; 32], [0; 32])),
            Just((8_193, 16_382, [3; 32], [4; 32])),
            Just((u64::MAX, u64::MAX, [5; 32], [6; 32])),
        ];
        let mut runner = proptest::test_runner::TestRunner::default();
        for _ in 0..200 {
            let tree = prop_oneof![edge.clone(), words].new_tree(&mut runner);
            let (number, timestamp, parent, root) = tree.expect("a value").current();
            let (number, timestamp) = (U256::from(number.max(1)), U256::from(timestamp));
            let (parent, root) = (B256::from(parent), B256::from(root));
            evm.ctx_mut().block.number = number;
            evm.ctx_mut().block.timestamp = timestamp;
            let mut caller = SystemCaller::new(&rules);
            caller.apply_blockhashes_contract_call(parent, &mut evm).expect("called");
            caller.apply_beacon_root_contract_call(Some(root), &mut evm).expect("called");
            for ((address, code), slots) in [
                (BLOCK_HASHES, &block_hash(number, parent)[..]),
                (BEACON_ROOTS, &beacon_root(timestamp, root)),
            ] {
                assert!(plain.write_as(address, code, slots).expect("reads"));
            }
            assert_eq!(plain.root().expect("reads"), evm.db_mut().root().expect("reads"));
        }
    }

    #[test]
    fn other_codes_are_left_to_the_evm() {
        let chain = DevChain::new(crate::devchain::config(), [], []);
        let mut state = State::new(&chain.source, chain.header.state_root);
        let slots = block_hash(U256::ONE, B256::ZERO);
        let nobody = Address::repeat_byte(7);
        assert!(!state.write_as(nobody, BLOCK_HASHES.1, &slots).expect("reads"));
        assert!(!state.write_as(BLOCK_HASHES.0, BEACON_ROOTS.1, &slots).expect("reads"));
        assert_eq!(state.root().expect("reads"), chain.header.state_root);
    }
}
