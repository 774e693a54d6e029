// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Inbox} from "../../src/Inbox.sol";
import {Portal} from "../../src/Portal.sol";
import {InboxParams} from "../../src/interfaces/IInbox.sol";
import {IPortal, OutputRootProof, PortalParams, WithdrawalTransaction} from "../../src/interfaces/IPortal.sol";
import {BatchIndex, OutputRoot, RollupId} from "../../src/types/Ids.sol";
import {StatementLib} from "../../src/types/Statement.sol";
import {EdgeTest} from "./Cheats.sol";
import {nth, raw} from "./Ids.sol";
import {TrieBuilder} from "./TrieBuilder.sol";

/// @notice Stands for Settlement: the test says what is final.
contract FinalOutputs {
    mapping(RollupId rollupId => mapping(BatchIndex batchIndex => bytes32)) public finalOutput;
    mapping(RollupId rollupId => mapping(BatchIndex batchIndex => bool)) public isSettledBeyondInstant;
    mapping(RollupId rollupId => address) public inbox;

    function domain() public view returns (bytes32) {
        return StatementLib.domainOf(block.chainid, address(this));
    }

    function register(RollupId rollupId, address inbox_) external {
        inbox[rollupId] = inbox_;
    }

    function finalize(RollupId rollupId, BatchIndex batchIndex, OutputRoot output) external {
        finalOutput[rollupId][batchIndex] = raw(output);
    }

    function settle(RollupId rollupId, BatchIndex batchIndex) external {
        isSettledBeyondInstant[rollupId][batchIndex] = true;
    }
}

/// @notice A Portal with its Inbox, and outputs holding any withdrawals.
abstract contract PortalFixture is EdgeTest {
    using TrieBuilder for TrieBuilder.Trie;

    address internal constant ALICE = address(0xA11CE);
    address internal constant BOB = address(0xB0B);
    uint64 internal constant START = 1_800_000_000;
    uint64 internal constant L2_GAS_LIMIT = 30_000_000;

    FinalOutputs internal outputs;
    Inbox internal inbox;
    Portal internal portal;

    function setUp() public virtual {
        _deployPortal(0);
    }

    function _deployPortal(uint256 instantCap) internal {
        _deployPortal(instantCap, L2_GAS_LIMIT);
    }

    function _deployPortal(uint256 instantCap, uint64 l2GasLimit) internal {
        vm.etch(HISTORY, HISTORY_CODE);
        _mine(1000, START);
        outputs = new FinalOutputs();
        address portalAddress = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        inbox = new Inbox(
            InboxParams({
                batcher: address(0xBA7C),
                registrant: address(0x4E61),
                portal: portalAddress,
                forceWindow: 12 hours,
                originNumber: 999,
                originHash: _hashOf(999)
            })
        );
        portal = new Portal(
            PortalParams({
                settlement: address(outputs), inbox: address(inbox), l2GasLimit: l2GasLimit, instantCap: instantCap
            })
        );
        outputs.register(portal.rollupId(), address(inbox));
    }

    function _withdrawal(uint256 nonce, address target, uint256 value, bytes memory data)
        internal
        pure
        returns (WithdrawalTransaction memory)
    {
        return WithdrawalTransaction({
            nonce: 1 << 240 | nonce, sender: ALICE, target: target, value: value, gasLimit: 100_000, data: data
        });
    }

    /// @dev Makes an output final that holds the withdrawals of these hashes, and returns its preimage and trie.
    function _finalize(BatchIndex batchIndex, bytes32[] memory hashes)
        internal
        returns (OutputRootProof memory proof, TrieBuilder.Trie memory trie)
    {
        bytes32[] memory slots = new bytes32[](hashes.length + 1);
        uint256[] memory contents = new uint256[](hashes.length + 1);
        for (uint256 i = 0; i < hashes.length; ++i) {
            slots[i] = keccak256(abi.encode(hashes[i], uint256(0)));
            contents[i] = 1;
        }
        // The passer's nonce.
        slots[hashes.length] = bytes32(uint256(1));
        contents[hashes.length] = hashes.length;
        trie = TrieBuilder.build(slots, contents);
        proof = _finalizeRoot(batchIndex, trie.root());
    }

    function _finalizeRoot(BatchIndex batchIndex, bytes32 messagePasserRoot)
        internal
        returns (OutputRootProof memory proof)
    {
        proof = OutputRootProof({
            version: 0,
            stateRoot: keccak256(abi.encode("state", batchIndex)),
            messagePasserStorageRoot: messagePasserRoot,
            latestBlockhash: keccak256(abi.encode("block", batchIndex))
        });
        outputs.finalize(portal.rollupId(), batchIndex, OutputRoot.wrap(keccak256(abi.encode(proof))));
    }

    /// @dev Makes one withdrawal final in batch 1.
    function _finalizeOne(WithdrawalTransaction memory withdrawal)
        internal
        returns (OutputRootProof memory proof, bytes[] memory withdrawalProof)
    {
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = portal.hashWithdrawal(withdrawal);
        TrieBuilder.Trie memory trie;
        (proof, trie) = _finalize(nth(1), hashes);
        withdrawalProof = trie.prove(_slotOf(hashes[0]));
    }

    function _slotOf(bytes32 withdrawalHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(withdrawalHash, uint256(0)));
    }
}
