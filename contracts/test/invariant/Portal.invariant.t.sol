// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Inbox} from "../../src/Inbox.sol";
import {Portal} from "../../src/Portal.sol";
import {IPortal, OutputRootProof, WithdrawalTransaction} from "../../src/interfaces/IPortal.sol";
import {OutputRoot} from "../../src/types/Ids.sol";
import {EdgeTest} from "../support/Cheats.sol";
import {nth} from "../support/Ids.sol";
import {FinalOutputs, PortalFixture} from "../support/PortalFixture.sol";
import {TrieBuilder} from "../support/TrieBuilder.sol";

/// @notice A target that refuses ether while it is closed, and pays withdrawals again from inside.
contract Moody {
    address internal immutable _portal;
    bool public closed;
    bytes internal _inside;

    constructor(address portal) {
        _portal = portal;
    }

    function set(bool closed_, bytes calldata inside) external {
        closed = closed_;
        _inside = inside;
    }

    receive() external payable {
        require(!closed, "closed");
        if (_inside.length != 0) {
            (bool success,) = _portal.call(_inside);
            require(!success, "reentered");
        }
    }
}

/// @notice Deposits, sends withdrawals on an imagined L2 that never sends more than it has, finalizes outputs, and
/// pays: rightly, twice, from inside, with wrong proofs, with too little gas.
contract PortalHandler is EdgeTest {
    using TrieBuilder for TrieBuilder.Trie;

    address internal constant ALICE = address(0xA11CE);

    Portal public immutable portal;
    Inbox public immutable inbox;
    FinalOutputs public immutable outputs;
    Moody public immutable moody;

    WithdrawalTransaction[] internal _sent;
    bytes32[] internal _hashes;
    mapping(bytes32 => uint256) public timesPaid;
    uint256 public deposited;
    uint256 public sentValue;
    uint256 public paidValue;
    uint256 public depositEvents;
    bytes32 public queueHash;
    uint64 public lastBatch;
    /// @dev How many withdrawals the output of a batch holds.
    mapping(uint64 => uint256) internal _held;
    bool public paidUnproven;
    uint256 public payments;

    constructor(Portal portal_, Inbox inbox_, FinalOutputs outputs_) {
        portal = portal_;
        inbox = inbox_;
        outputs = outputs_;
        moody = new Moody(address(portal_));
    }

    function pass(uint256 blocks) external {
        (uint64 number, uint64 timestamp) = _now();
        blocks = _bound(blocks, 1, 3000);
        _mine(number + blocks, timestamp + 12 * blocks);
    }

    function deposit(uint256 value, uint256 gasLimit, bytes calldata data) external {
        value = _bound(value, 0, 20 ether);
        uint64 gas_ = uint64(_bound(gasLimit, portal.minimumGasLimit(uint64(data.length)), 300_000));
        (uint64 number,) = _now();
        vm.deal(ALICE, value);
        vm.prank(ALICE, ALICE);
        portal.depositTransaction{value: value}(address(0xB0B), value, gas_, false, data);
        deposited += value;
        ++depositEvents;
        bytes memory opaque = abi.encodePacked(value, value, gas_, false, data);
        queueHash = keccak256(abi.encode(queueHash, ALICE, address(0xB0B), number, keccak256(opaque)));
    }

    /// @dev L2 burns what it sends, so it cannot send more than was deposited.
    function send(uint256 value, uint256 target) external {
        uint256 left = deposited - sentValue;
        value = _bound(value, 0, left);
        address to = target % 3 == 0 ? address(moody) : address(uint160(0x10000 + target % 5));
        WithdrawalTransaction memory withdrawal = WithdrawalTransaction({
            nonce: 1 << 240 | _sent.length, sender: ALICE, target: to, value: value, gasLimit: 400_000, data: ""
        });
        sentValue += value;
        _sent.push(withdrawal);
        _hashes.push(portal.hashWithdrawal(withdrawal));
    }

    function finalize() external {
        (OutputRootProof memory proof,) = _output(_hashes.length);
        ++lastBatch;
        _held[lastBatch] = _hashes.length;
        outputs.finalize(portal.rollupId(), nth(lastBatch), OutputRoot.wrap(keccak256(abi.encode(proof))));
    }

    function settle(uint256 batch) external {
        if (lastBatch == 0) return;
        outputs.settle(portal.rollupId(), nth(uint64(_bound(batch, 1, lastBatch))));
    }

    function setMood(bool closed, uint256 which, uint256 batch) external {
        bytes memory inside = "";
        if (_hashes.length != 0 && lastBatch != 0) {
            inside = _payment(which % _hashes.length, _bound(batch, 1, lastBatch));
        }
        moody.set(closed, inside);
    }

    function pay(uint256 which, uint256 batch, uint256 gas_) external {
        if (_hashes.length == 0 || lastBatch == 0) return;
        which %= _hashes.length;
        batch = _bound(batch, 1, lastBatch);
        uint256 before = address(portal).balance;
        (bool success,) = address(portal).call{gas: _bound(gas_, 100_000, 2_000_000)}(_payment(which, batch));
        if (!success) return;
        ++payments;
        ++timesPaid[_hashes[which]];
        paidValue += before - address(portal).balance;
        if (which >= _held[uint64(batch)]) paidUnproven = true;
        if (before - address(portal).balance != _sent[which].value) paidUnproven = true;
    }

    function sent() external view returns (bytes32[] memory) {
        return _hashes;
    }

    function _payment(uint256 which, uint256 batch) private view returns (bytes memory) {
        (OutputRootProof memory proof, TrieBuilder.Trie memory trie) = _output(_held[uint64(batch)]);
        bytes[] memory nodes = trie.prove(keccak256(abi.encode(_hashes[which], uint256(0))));
        return abi.encodeCall(IPortal.proveAndPay, (_sent[which], nth(uint64(batch)), proof, nodes));
    }

    /// @dev The output after the first `count` withdrawals.
    function _output(uint256 count) private view returns (OutputRootProof memory proof, TrieBuilder.Trie memory trie) {
        bytes32[] memory slots = new bytes32[](count + 1);
        uint256[] memory contents = new uint256[](count + 1);
        for (uint256 i = 0; i < count; ++i) {
            slots[i] = keccak256(abi.encode(_hashes[i], uint256(0)));
            contents[i] = 1;
        }
        slots[count] = bytes32(uint256(1));
        contents[count] = count + 2;
        trie = TrieBuilder.build(slots, contents);
        proof.stateRoot = keccak256(abi.encode(count));
        proof.messagePasserStorageRoot = trie.root();
    }
}

/// PO-1 to PO-3 of docs/reference/portal.md, whatever is deposited, sent, finalized and paid; and that deposits reach the queue.
abstract contract PortalInvariants is PortalFixture {
    PortalHandler internal handler;

    function _start(uint256 instantCap) internal {
        _deployPortal(instantCap);
        handler = new PortalHandler(portal, inbox, outputs);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev One campaign checks them all: forge runs one for each function of this prefix.
    function invariant_PortalKeepsItsPromises() public view {
        _holdsWhatWasDepositedLessWhatWasPaid();
        _paysAtMostOnce();
        vm.assertFalse(handler.paidUnproven());
        vm.assertEq(inbox.depositCount(), handler.depositEvents());
        vm.assertEq(inbox.depositHash(), handler.queueHash());
        vm.assertEq(portal.l2Sender(), address(0xdEaD));
        // Reverts if more was counted than the cap.
        portal.instantAvailable();
    }

    function _holdsWhatWasDepositedLessWhatWasPaid() private view {
        vm.assertEq(address(portal).balance, handler.deposited() - handler.paidValue());
        vm.assertGe(address(portal).balance, handler.deposited() - handler.sentValue());
    }

    function _paysAtMostOnce() private view {
        bytes32[] memory hashes = handler.sent();
        for (uint256 i = 0; i < hashes.length; ++i) {
            uint256 times = handler.timesPaid(hashes[i]);
            vm.assertLe(times, 1);
            vm.assertEq(times == 1, portal.finalizedWithdrawals(hashes[i]));
        }
    }
}

contract PortalInvariantTest is PortalInvariants {
    function setUp() public override {
        _start(0);
    }
}

contract PortalCapInvariantTest is PortalInvariants {
    function setUp() public override {
        _start(15 ether);
    }
}
