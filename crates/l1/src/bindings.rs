//! Bindings of the contracts, generated from the committed artifacts: the one source of ABI types.
//!
//! There is one module for each contract, on L1 and on L2. Nothing here is written by hand, so a field
//! that a contract gains or moves is a field that the compiler finds. [`crate::deploy`] takes the
//! bytecode from here, too.

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

impl From<Inbox::BatchHeader> for oneslot_types::BatchHeader {
    fn from(h: Inbox::BatchHeader) -> Self {
        Self {
            parentCommitment: h.parentCommitment,
            index: h.index,
            dataHash: h.dataHash,
            depositsBefore: h.depositsBefore,
            depositHashBefore: h.depositHashBefore,
            depositsAfter: h.depositsAfter,
            depositHashAfter: h.depositHashAfter,
            originNumber: h.originNumber,
            originHash: h.originHash,
            postedAt: h.postedAt,
        }
    }
}

impl From<Inbox::BlobOpening> for oneslot_types::BlobOpening {
    fn from(o: Inbox::BlobOpening) -> Self {
        Self { versionedHash: o.versionedHash, z: o.z, y: o.y }
    }
}

/// Each contract's bindings have their own `Statement`; all are the one of `oneslot_types`.
macro_rules! same_statement {
    ($($contract:ident),*) => {$(
        impl From<oneslot_types::Statement> for $contract::Statement {
            fn from(s: oneslot_types::Statement) -> Self {
                Self {
                    domain: s.domain,
                    rollupId: s.rollupId,
                    programHash: s.programHash,
                    configHash: s.configHash,
                    batchIndex: s.batchIndex,
                    parentOutput: s.parentOutput,
                    batchCommitment: s.batchCommitment,
                    output: s.output,
                    l2BlockNumber: s.l2BlockNumber,
                }
            }
        }

        impl From<$contract::Statement> for oneslot_types::Statement {
            fn from(s: $contract::Statement) -> Self {
                Self {
                    domain: s.domain,
                    rollupId: s.rollupId,
                    programHash: s.programHash,
                    configHash: s.configHash,
                    batchIndex: s.batchIndex,
                    parentOutput: s.parentOutput,
                    batchCommitment: s.batchCommitment,
                    output: s.output,
                    l2BlockNumber: s.l2BlockNumber,
                }
            }
        }
    )*};
}
same_statement!(Settlement, TeeLane, OptimisticLane);
