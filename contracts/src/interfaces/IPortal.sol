// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchIndex, OutputRoot, RollupId} from "../types/Ids.sol";
import {IDepositMeter} from "./IDepositMeter.sol";

/// @notice A message from L2 to L1, as OP's L2ToL1MessagePasser hashes it.
struct WithdrawalTransaction {
    /// Message nonce; its top two bytes are the message version.
    uint256 nonce;
    /// Account on L2 that sent the message.
    address sender;
    /// Account on L1 to call.
    address target;
    /// Wei to send with the call.
    uint256 value;
    /// Gas the call gets at least.
    uint256 gasLimit;
    /// Calldata of the call.
    bytes data;
}

/// @notice Preimage of an OP Stack output root, version 0.
struct OutputRootProof {
    /// Always zero.
    bytes32 version;
    bytes32 stateRoot;
    /// Storage root of the L2ToL1MessagePasser.
    bytes32 messagePasserStorageRoot;
    bytes32 latestBlockhash;
}

/// @notice What a Portal is made of; nothing of it can change later.
struct PortalParams {
    /// The Settlement whose final outputs it pays.
    address settlement;
    /// The rollup's Inbox, which must name this Portal.
    address inbox;
    /// Gas limit of an L2 block (`RollupConfig.gasLimit`): bounds the deposit gas of one L1 block.
    uint64 l2GasLimit;
    /// Wei that may leave per 24 hours on outputs that only have two immediate votes. 0: no limit.
    uint256 instantCap;
}

/// @title Portal: the door of one rollup
/// @notice Takes deposits, as OP's OptimismPortal does, and pays withdrawals from final outputs, proven and paid in one
/// call, by anyone, with no delay of its own. Holds the rollup's ether. No owner, no upgrade, no pause. Limits: tokens pass
/// through OP's standard bridge, which credits the amount that a deposit names. Tokens that take a fee on a transfer or whose
/// balances change by themselves must not be bridged, for the bridge then holds less than it owes.
/// @dev Invariants (docs/reference/portal.md): PO-1 a withdrawal is paid at most once; PO-2 only what stands in a final output is
/// paid; PO-3 ether leaves only by PO-2; PO-4 the deposit gas of an L1 block fits in one L2 block; PO-5 what leaves on
/// outputs with two immediate votes stays within the cap; PO-6 no deposit is taken before the genesis output is fixed; PO-7 the
/// largest deposit fits in one L1 transaction, whatever the fees are.
interface IPortal is IDepositMeter {
    /// @notice A deposit was made. Same event as OP's, so its indexers work.
    /// @param from Sender on L2: the caller, aliased if it is a contract.
    /// @param to Recipient on L2; zero for a creation.
    /// @param version Always 0.
    /// @param opaqueData mint (32), value (32), gas limit (8), is creation (1), data; tightly packed.
    event TransactionDeposited(address indexed from, address indexed to, uint256 indexed version, bytes opaqueData);

    /// @notice A withdrawal was paid. Same event as OP's; here `success` is always true, see `proveAndPay`.
    event WithdrawalFinalized(bytes32 indexed withdrawalHash, bool success);

    /// @notice The Inbox names another portal.
    error NotItsPortal(address expected, address got);
    /// @notice The L2 gas limit leaves no room for deposits.
    error GasLimitTooLow(uint64 l2GasLimit);
    /// @notice The rollup is not registered with the Settlement, so its genesis output is not fixed: no deposit is taken.
    error NotRegistered(RollupId rollupId);
    /// @notice A contract creation with a recipient.
    error CreationWithTarget(address to);
    /// @notice The deposit's gas limit does not pay for its data, see `minimumGasLimit`.
    error DepositGasTooLow(uint64 minimum, uint64 got);
    /// @notice The deposit's data is longer than 120,000 bytes.
    error DepositDataTooLong(uint256 maximum, uint256 got);
    /// @notice The withdrawal calls a contract that trusts this one.
    error ForbiddenTarget(address target);
    /// @notice A withdrawal inside a withdrawal.
    error Reentered();
    /// @notice The batch has no final output.
    error NotFinal(BatchIndex batchIndex);
    /// @notice The output root proof is not the preimage of the batch's final output.
    error WrongOutput(OutputRoot expected, OutputRoot got);
    /// @notice The withdrawal was paid before.
    error AlreadyFinalized(bytes32 withdrawalHash);
    /// @notice The output's message passer does not hold the withdrawal, or the proof is malformed.
    error NotInOutput(bytes32 withdrawalHash);
    /// @notice Too little gas for the call that the withdrawal asks for.
    error NotEnoughGas(uint256 gasLimit);
    /// @notice The target refused the call. Nothing was recorded: the withdrawal can be tried again.
    error TargetFailed(bytes32 withdrawalHash);
    /// @notice Above what may leave on the output's two immediate votes alone. Wait for its third vote.
    /// @param available Wei that may leave now.
    error AboveInstantCap(uint256 available, uint256 value);
    /// @notice With an instant cap, a call waits for the output's third vote, for its worth cannot be known.
    error CallBeforeThirdVote(bytes32 withdrawalHash);

    /// @notice Deposits ether and a transaction to L2, once the rollup is registered. Burns L1 gas for the L2 gas bought,
    /// see DepositMeter.
    /// @param to Recipient on L2; zero for a creation.
    /// @param value Wei to send with the L2 transaction, out of what the sender then has on L2.
    /// @param gasLimit L2 gas to buy, at least `minimumGasLimit(data.length)` and at most `maxGasPerDeposit()`.
    /// @param isCreation Whether the L2 transaction creates a contract.
    /// @param data Calldata or init code of the L2 transaction, at most 120,000 bytes.
    function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes calldata data)
        external
        payable;

    /// @notice Proves a withdrawal against a final output and pays it. Open to all. The target gets at least the
    /// withdrawal's gas limit; if it fails, everything reverts, so that the withdrawal can be tried again.
    /// @param withdrawal The message.
    /// @param batchIndex A batch with a final output that holds the message; any later one does too.
    /// @param proof Preimage of that output.
    /// @param withdrawalProof Trie nodes, root first, from the message passer's storage root to the message's slot.
    function proveAndPay(
        WithdrawalTransaction calldata withdrawal,
        BatchIndex batchIndex,
        OutputRootProof calldata proof,
        bytes[] calldata withdrawalProof
    ) external;

    /// @notice Account on L2 whose withdrawal is being paid; 0x000000000000000000000000000000000000dEaD outside.
    function l2Sender() external view returns (address);

    /// @notice Whether a withdrawal was paid.
    function finalizedWithdrawals(bytes32 withdrawalHash) external view returns (bool);

    /// @notice Wei that may still leave now on outputs with two immediate votes alone; the maximum where there is no cap.
    function instantAvailable() external view returns (uint256);

    /// @notice Least L2 gas a deposit with that much data must buy: 21,000 and the floor price of EIP-7623 for bytes
    /// that are not zero.
    function minimumGasLimit(uint64 byteCount) external pure returns (uint64);

    /// @notice Hash of a withdrawal, as L2ToL1MessagePasser computes it.
    function hashWithdrawal(WithdrawalTransaction calldata withdrawal) external pure returns (bytes32);

    /// @notice The Settlement whose final outputs count.
    function settlement() external view returns (address);

    /// @notice The rollup's Inbox.
    function inbox() external view returns (address);

    /// @notice The rollup's id.
    function rollupId() external view returns (RollupId);

    /// @notice Wei that may leave per 24 hours on outputs with two immediate votes alone; 0: no limit.
    function instantCap() external view returns (uint256);
}
