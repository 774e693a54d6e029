//! Contracts that only the devnet deploys or calls.

#![allow(missing_docs, unreachable_pub, clippy::too_many_arguments)]

use alloy::sol;
use alloy_primitives::{Address, address};

sol!(
    #[sol(rpc)]
    TestToken,
    "../../contracts/artifacts/TestToken.json"
);
sol! {
    /// OP's OptimismMintableERC20Factory on L2.
    #[sol(rpc)]
    interface MintableFactory {
        event OptimismMintableERC20Created(address indexed localToken, address indexed remoteToken, address deployer);
        function createOptimismMintableERC20(address remoteToken, string name, string symbol) external returns (address);
    }
}

/// Where OP puts the factory on L2.
pub(crate) const MINTABLE_FACTORY: Address = address!("4200000000000000000000000000000000000012");
