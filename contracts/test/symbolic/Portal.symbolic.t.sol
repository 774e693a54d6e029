// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Portal} from "../../src/Portal.sol";
import {OutputRootProof, PortalParams, WithdrawalTransaction} from "../../src/interfaces/IPortal.sol";
import {BatchIndex, NO_OUTPUT, OutputRoot} from "../../src/types/Ids.sol";
import {Cheats} from "../support/Cheats.sol";
import {nth, raw} from "../support/Ids.sol";

/// @notice Stands for Settlement and Inbox: whatever output the test wants is final, in every batch.
contract AnyOutput {
    bytes32 public constant domain = keccak256("domain");
    uint64 public constant MAX_DEPOSIT_GAS = 4_000_000;
    bytes32 private _output;

    function set(OutputRoot output) external {
        _output = raw(output);
    }

    function finalOutput(bytes32, uint64) external view returns (bytes32) {
        return _output;
    }

    /// @dev The Portal asks for it in its constructor, as for MAX_DEPOSIT_GAS.
    function portal() external view returns (address) {
        return msg.sender;
    }
}

/// @notice Properties of the Portal for all withdrawals at once, by Halmos; docs/reference/settlement.md says how to run them.
/// Every argument is symbolic; `bytes` have the lengths that halmos.toml names.
contract PortalSymbolicTest {
    Cheats private constant vm = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));

    AnyOutput private outputs;
    Portal private portal;

    function setUp() public {
        outputs = new AnyOutput();
        AnyOutput inbox = new AnyOutput();
        portal = new Portal(
            PortalParams({settlement: address(outputs), inbox: address(inbox), l2GasLimit: 30_000_000, instantCap: 0})
        );
        vm.deal(address(portal), type(uint128).max);
    }

    /// @dev An output whose message passer holds this withdrawal and nothing else: one leaf with the whole path.
    function _holding(bytes32 withdrawalHash)
        private
        pure
        returns (OutputRootProof memory proof, bytes[] memory withdrawalProof)
    {
        bytes32 key = keccak256(abi.encode(keccak256(abi.encode(withdrawalHash, uint256(0)))));
        withdrawalProof = new bytes[](1);
        withdrawalProof[0] = abi.encodePacked(hex"e3a120", key, hex"01");
        proof.messagePasserStorageRoot = keccak256(withdrawalProof[0]);
    }

    function _pay(
        WithdrawalTransaction memory withdrawal,
        BatchIndex batchIndex,
        OutputRootProof memory proof,
        bytes[] memory withdrawalProof
    ) private returns (bool paid) {
        (paid,) = address(portal)
            .call(abi.encodeCall(Portal.proveAndPay, (withdrawal, batchIndex, proof, withdrawalProof)));
    }

    /// @dev PO-1: a payment moves the withdrawal's value to its target and marks it, and then nothing pays it again.
    function check_PaidOnce(WithdrawalTransaction memory withdrawal, BatchIndex batchIndex, uint64 again) public {
        vm.assume(withdrawal.target == address(0xB0B));
        bytes32 withdrawalHash = portal.hashWithdrawal(withdrawal);
        (OutputRootProof memory proof, bytes[] memory withdrawalProof) = _holding(withdrawalHash);
        outputs.set(OutputRoot.wrap(keccak256(abi.encode(proof))));
        uint256 portalBefore = address(portal).balance;
        uint256 targetBefore = withdrawal.target.balance;

        if (!_pay(withdrawal, batchIndex, proof, withdrawalProof)) return;
        assert(portal.finalizedWithdrawals(withdrawalHash));
        assert(address(portal).balance == portalBefore - withdrawal.value);
        assert(withdrawal.target.balance == targetBefore + withdrawal.value);

        assert(!_pay(withdrawal, nth(again), proof, withdrawalProof));
        assert(address(portal).balance == portalBefore - withdrawal.value);
    }

    /// @dev PO-2: without a final output, or against another one, nothing is paid, whatever is handed in as proof.
    function check_OnlyAgainstTheFinalOutput(
        WithdrawalTransaction memory withdrawal,
        BatchIndex batchIndex,
        OutputRootProof memory proof,
        bytes[] memory withdrawalProof,
        OutputRoot output
    ) public {
        vm.assume(output == NO_OUTPUT || keccak256(abi.encode(proof)) != raw(output));
        outputs.set(output);
        assert(!_pay(withdrawal, batchIndex, proof, withdrawalProof));
    }

    /// @dev PO-2: a proof for one withdrawal is none for another: the leaf holds the withdrawal that it is paid for.
    function check_ProofIsOfItsWithdrawal(
        WithdrawalTransaction memory held,
        WithdrawalTransaction memory other,
        BatchIndex batchIndex
    ) public {
        bytes32 heldHash = portal.hashWithdrawal(held);
        vm.assume(portal.hashWithdrawal(other) != heldHash);
        vm.assume(other.target == address(0xB0B));
        (OutputRootProof memory proof, bytes[] memory withdrawalProof) = _holding(heldHash);
        outputs.set(OutputRoot.wrap(keccak256(abi.encode(proof))));
        assert(!_pay(other, batchIndex, proof, withdrawalProof));
    }

    /// @dev PO-2: the hash of a withdrawal binds every field of it.
    function check_HashBindsEveryField(WithdrawalTransaction memory one, WithdrawalTransaction memory two) public view {
        vm.assume(portal.hashWithdrawal(one) == portal.hashWithdrawal(two));
        assert(one.nonce == two.nonce);
        assert(one.sender == two.sender);
        assert(one.target == two.target);
        assert(one.value == two.value);
        assert(one.gasLimit == two.gasLimit);
        assert(keccak256(one.data) == keccak256(two.data));
    }
}
