//! The parts of contracts on L2, of lanes and of tokens that a wallet calls. Those on L1 are
//! [`oneslot_l1::bindings`].

#![allow(missing_docs, unreachable_pub, clippy::too_many_arguments)]

use alloy::sol;
use alloy_primitives::{Address, address};

/// OP's L2ToL1MessagePasser: its first storage slot maps the hashes of all messages to `true`.
pub const MESSAGE_PASSER: Address = address!("4200000000000000000000000000000000000016");
/// OP's L2StandardBridge.
pub const L2_STANDARD_BRIDGE: Address = address!("4200000000000000000000000000000000000010");

sol! {
    #[sol(rpc)]
    interface L2ToL1MessagePasser {
        event MessagePassed(
            uint256 indexed nonce,
            address indexed sender,
            address indexed target,
            uint256 value,
            uint256 gasLimit,
            bytes data,
            bytes32 withdrawalHash
        );
        function initiateWithdrawal(address target, uint256 gasLimit, bytes data) external payable;
    }

    #[sol(rpc)]
    interface L2StandardBridge {
        function bridgeERC20To(
            address localToken,
            address remoteToken,
            address to,
            uint256 amount,
            uint32 minGasLimit,
            bytes extraData
        ) external;
    }

    /// The call that the L1 messenger gets in a withdrawal that is a message.
    interface Messenger {
        function relayMessage(
            uint256 nonce,
            address sender,
            address target,
            uint256 value,
            uint256 minGasLimit,
            bytes message
        ) external payable;
    }

    #[sol(rpc)]
    interface Erc20 {
        function approve(address spender, uint256 amount) external returns (bool);
        function allowance(address owner, address spender) external view returns (uint256);
        function balanceOf(address owner) external view returns (uint256);
    }

    #[sol(rpc)]
    interface BridgedToken {
        function remoteToken() external view returns (address);
    }

    /// `contracts/src/interfaces/{ILane,IOptimisticLane}.sol`.
    #[sol(rpc)]
    interface Lane {
        enum Kind { Zk, Tee, Optimistic }
        enum ClaimState { None, Open, Returned, Lost }
        struct Claim {
            address proposer;
            uint64 readyAt;
            ClaimState state;
            uint16 challenges;
            uint16 openChallenges;
        }
        function kind() external view returns (Kind);
        function attests(bytes32 statementId, bytes32 inputId, bytes32 rollupId)
            external view returns (bool);
        function window() external view returns (uint64);
        function claimOf(bytes32 statementId) external view returns (Claim memory);
        function openClaims(bytes32 inputId) external view returns (uint256);
    }
}
