// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {StorageProof} from "./bridge/StorageProof.sol";
import {DepositMeter} from "./bridge/DepositMeter.sol";
import {IInbox} from "./interfaces/IInbox.sol";
import {IPortal, OutputRootProof, PortalParams, WithdrawalTransaction} from "./interfaces/IPortal.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {BatchIndex, NO_OUTPUT, OutputRoot, RollupId} from "./types/Ids.sol";
import {ATTRIBUTES_GAS} from "./types/RollupConfig.sol";
import {StatementLib} from "./types/Statement.sol";

/// @title Portal
/// @dev See IPortal for what it promises and docs/reference/portal.md for the reasons.
contract Portal is IPortal, DepositMeter {
    /// @dev What `l2Sender` answers when no withdrawal is being paid, as in OP.
    address private constant NO_SENDER = 0x000000000000000000000000000000000000dEaD;
    /// @dev Added to the address of a contract that deposits, so that it cannot pose as an L2 account of that address.
    uint160 private constant ALIAS_OFFSET = uint160(0x1111000000000000000000000000000000001111);
    uint256 private constant DEPOSIT_VERSION = 0;
    uint64 private constant RECEIVE_GAS_LIMIT = 100_000;
    uint256 private constant MAX_DEPOSIT_DATA = 120_000;
    /// @dev Gas kept for what stands between the check and the call, and the CALL's own worst case, as in OP's SafeCall.
    uint256 private constant CALL_OVERHEAD = 40_000;
    /// @dev The cap's window is cut in quarters: the present one and the four before cover at least 24 hours.
    uint256 private constant QUARTER = 6 hours;

    /// @dev The slot in which L2ToL1MessagePasser keeps its mapping of messages.
    uint256 private constant MESSAGES_SLOT = 0;

    /// @inheritdoc IPortal
    address public immutable settlement;
    /// @inheritdoc IPortal
    address public immutable inbox;
    /// @inheritdoc IPortal
    RollupId public immutable rollupId;
    /// @inheritdoc IPortal
    uint256 public immutable instantCap;

    bool private transient _paying;
    address private transient _l2Sender;

    /// @inheritdoc IPortal
    mapping(bytes32 withdrawalHash => bool) public finalizedWithdrawals;
    /// @dev Wei that left in a quarter, counted by `block.timestamp / QUARTER`, on two immediate votes alone.
    mapping(uint256 quarter => uint256) private _leftInstantly;

    constructor(PortalParams memory params) DepositMeter(_maxDepositGas(params)) {
        address expected = IInbox(params.inbox).portal();
        if (expected != address(this)) revert NotItsPortal(expected, address(this));
        settlement = params.settlement;
        inbox = params.inbox;
        rollupId = StatementLib.rollupIdOf(ISettlement(params.settlement).domain(), params.inbox);
        instantCap = params.instantCap;
    }

    // ── Deposits ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Deposits the ether to the sender's own address on L2. For accounts without code only: a contract's
    /// ether would arrive at its alias.
    receive() external payable {
        _deposit(msg.sender, msg.value, RECEIVE_GAS_LIMIT, false, "");
    }

    /// @inheritdoc IPortal
    function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes calldata data)
        external
        payable
    {
        _deposit(to, value, gasLimit, isCreation, data);
    }

    function _deposit(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes memory data)
        private
        metered(gasLimit)
    {
        if (isCreation && to != address(0)) revert CreationWithTarget(to);
        if (data.length > MAX_DEPOSIT_DATA) revert DepositDataTooLong(MAX_DEPOSIT_DATA, data.length);
        uint64 minimum = minimumGasLimit(uint64(data.length));
        if (gasLimit < minimum) revert DepositGasTooLow(minimum, gasLimit);

        address from = _isAccount() ? msg.sender : _aliasOf(msg.sender);
        bytes memory opaqueData = abi.encodePacked(msg.value, value, gasLimit, isCreation, data);
        emit TransactionDeposited(from, to, DEPOSIT_VERSION, opaqueData);
        IInbox(inbox).enqueue(from, to, opaqueData);
    }

    /// @dev Registration fixes the genesis output for ever. Before it, whoever registers could still choose one that gives
    /// the ether deposited so far to himself.
    function _requireOpen() internal view override {
        if (ISettlement(settlement).inbox(rollupId) != inbox) revert NotRegistered(rollupId);
    }

    /// @dev Whether a key controls the caller's address: it signed this transaction, or its code is a delegation of
    /// EIP-7702 (0xef0100 and 20 bytes). Only then does the same key control that address on L2.
    function _isAccount() private view returns (bool) {
        if (msg.sender == tx.origin) return true;
        return msg.sender.code.length == 23 && bytes3(msg.sender.code) == 0xef0100;
    }

    /// @dev Addition modulo 2^160, as in OP.
    function _aliasOf(address account) private pure returns (address) {
        unchecked {
            return address(uint160(account) + ALIAS_OFFSET);
        }
    }

    /// @inheritdoc IPortal
    function minimumGasLimit(uint64 byteCount) public pure returns (uint64) {
        return byteCount * 40 + 21_000;
    }

    /// @dev So that the deposits of any one L1 block fit in one L2 block and in one batch.
    function _maxDepositGas(PortalParams memory params) private view returns (uint64) {
        if (params.l2GasLimit < 2 * ATTRIBUTES_GAS) revert GasLimitTooLow(params.l2GasLimit);
        uint64 room = params.l2GasLimit - ATTRIBUTES_GAS;
        uint64 most = IInbox(params.inbox).MAX_DEPOSIT_GAS();
        return room < most ? room : most;
    }

    // ── Withdrawals ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IPortal
    function proveAndPay(
        WithdrawalTransaction calldata withdrawal,
        BatchIndex batchIndex,
        OutputRootProof calldata proof,
        bytes[] calldata withdrawalProof
    ) external {
        // The Inbox trusts this contract's calls; nothing else does but those who check `l2Sender`.
        if (withdrawal.target == address(this) || withdrawal.target == inbox) {
            revert ForbiddenTarget(withdrawal.target);
        }
        if (_paying) revert Reentered();

        bytes32 withdrawalHash = hashWithdrawal(withdrawal);
        if (finalizedWithdrawals[withdrawalHash]) revert AlreadyFinalized(withdrawalHash);
        _checkOutput(batchIndex, proof);
        bytes32 slot = keccak256(abi.encode(withdrawalHash, MESSAGES_SLOT));
        if (!StorageProof.holdsOne(proof.messagePasserStorageRoot, slot, withdrawalProof)) {
            revert NotInOutput(withdrawalHash);
        }
        if (instantCap != 0 && !ISettlement(settlement).isSettledBeyondInstant(rollupId, batchIndex)) {
            _countInstant(withdrawal, withdrawalHash);
        }

        finalizedWithdrawals[withdrawalHash] = true;
        emit WithdrawalFinalized(withdrawalHash, true);

        _paying = true;
        _l2Sender = withdrawal.sender;
        bool success = _call(withdrawal.target, withdrawal.gasLimit, withdrawal.value, withdrawal.data);
        _paying = false;
        _l2Sender = address(0);
        if (!success) revert TargetFailed(withdrawalHash);
    }

    function _checkOutput(BatchIndex batchIndex, OutputRootProof calldata proof) private view {
        OutputRoot output = ISettlement(settlement).finalOutput(rollupId, batchIndex);
        if (output == NO_OUTPUT) revert NotFinal(batchIndex);
        OutputRoot got = OutputRoot.wrap(keccak256(abi.encode(proof)));
        if (proof.version != 0 || got != output) revert WrongOutput(output, got);
    }

    /// @dev Copies no return data, so that the target cannot make this contract pay for it. EIP-150 keeps back a 64th of
    /// the gas: 63/64 of what is left after the overhead must reach `gasLimit`.
    function _call(address target, uint256 gasLimit, uint256 value, bytes memory data) private returns (bool success) {
        uint256 available = gasleft();
        if (available < CALL_OVERHEAD || gasLimit > (available - CALL_OVERHEAD) / 64 * 63) {
            revert NotEnoughGas(gasLimit);
        }
        assembly ("memory-safe") {
            success := call(gas(), target, value, add(data, 32), mload(data), 0, 0)
        }
    }

    /// @inheritdoc IPortal
    function hashWithdrawal(WithdrawalTransaction calldata withdrawal) public pure returns (bytes32) {
        return keccak256(
            abi.encode(
                withdrawal.nonce,
                withdrawal.sender,
                withdrawal.target,
                withdrawal.value,
                withdrawal.gasLimit,
                withdrawal.data
            )
        );
    }

    /// @inheritdoc IPortal
    function l2Sender() external view returns (address) {
        return _paying ? _l2Sender : NO_SENDER;
    }

    // ── The cap on instant outputs ──────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IPortal
    function instantAvailable() public view returns (uint256) {
        if (instantCap == 0) return type(uint256).max;
        uint256 quarter = block.timestamp / QUARTER;
        uint256 left = 0;
        for (uint256 back = 0; back <= 4; ++back) {
            left += _leftInstantly[quarter - back];
        }
        return instantCap - left;
    }

    /// @dev A call can move tokens held elsewhere on this Portal's word, whose worth it cannot know: it waits.
    function _countInstant(WithdrawalTransaction calldata withdrawal, bytes32 withdrawalHash) private {
        if (withdrawal.data.length != 0) revert CallBeforeThirdVote(withdrawalHash);
        uint256 available = instantAvailable();
        if (withdrawal.value > available) revert AboveInstantCap(available, withdrawal.value);
        _leftInstantly[block.timestamp / QUARTER] += withdrawal.value;
    }
}
