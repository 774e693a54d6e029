//! Bindings of the contracts, generated from the committed artifacts: the one source of ABI types.
//!
//! There is one module for each contract, on L1 and on L2. Nothing here is written by hand, so a field
//! that a contract gains or moves is a field that the compiler finds. `convert.rs` turns the structs into
//! those of `oneslot_types`. [`crate::deploy`] takes the bytecode from here, too.

#![allow(missing_docs, unreachable_pub, clippy::too_many_arguments)]

use alloy::sol;

sol!(
    #[sol(rpc, all_derives)]
    Inbox,
    "../../contracts/artifacts/Inbox.json"
);
sol!(
    #[sol(rpc, all_derives)]
    Portal,
    "../../contracts/artifacts/Portal.json"
);
sol!(
    #[sol(rpc, all_derives)]
    RollupDeployer,
    "../../contracts/artifacts/RollupDeployer.json"
);
sol!(
    #[sol(rpc, all_derives)]
    Settlement,
    "../../contracts/artifacts/Settlement.json"
);
sol!(
    #[sol(rpc, all_derives)]
    SettlementFacts,
    "../../contracts/artifacts/SettlementFacts.json"
);
sol!(
    #[sol(rpc, all_derives)]
    TeeLane,
    "../../contracts/artifacts/TeeLane.json"
);
sol!(
    #[sol(rpc, all_derives)]
    OptimisticLane,
    "../../contracts/artifacts/OptimisticLane.json"
);
sol!(
    #[sol(rpc, all_derives)]
    ZkLane,
    "../../contracts/artifacts/ZkLane.json"
);
sol!(
    #[sol(rpc, all_derives)]
    DevQuoteVerifier,
    "../../contracts/artifacts/DevQuoteVerifier.json"
);
sol!(
    #[sol(rpc, all_derives)]
    BridgeConfig,
    "../../contracts/artifacts/BridgeConfig.json"
);
sol!(
    #[sol(rpc, all_derives)]
    BridgeProxy,
    "../../contracts/artifacts/BridgeProxy.json"
);
sol!(
    #[sol(rpc, all_derives)]
    L1CrossDomainMessenger,
    "../../contracts/artifacts/L1CrossDomainMessenger.json"
);
sol!(
    #[sol(rpc, all_derives)]
    L1StandardBridge,
    "../../contracts/artifacts/L1StandardBridge.json"
);
sol!(
    #[sol(rpc, all_derives)]
    L2ToL1MessagePasser,
    "../../contracts/artifacts/L2ToL1MessagePasser.json"
);
sol!(
    #[sol(rpc, all_derives)]
    L2StandardBridge,
    "../../contracts/artifacts/L2StandardBridge.json"
);
sol!(
    #[sol(rpc, all_derives)]
    OptimismMintableERC20,
    "../../contracts/artifacts/OptimismMintableERC20.json"
);
sol!(
    #[sol(rpc, all_derives)]
    OptimismMintableERC20Factory,
    "../../contracts/artifacts/OptimismMintableERC20Factory.json"
);

sol!(
    #[sol(rpc, all_derives)]
    TestToken,
    "../../contracts/artifacts/TestToken.json"
);
sol!(
    #[sol(rpc, all_derives)]
    Safe,
    "../../contracts/artifacts/Safe.json"
);
sol!(
    #[sol(rpc, all_derives)]
    SafeProxyFactory,
    "../../contracts/artifacts/SafeProxyFactory.json"
);
