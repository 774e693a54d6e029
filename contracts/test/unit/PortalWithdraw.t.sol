// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Portal} from "../../src/Portal.sol";
import {IPortal, OutputRootProof, WithdrawalTransaction} from "../../src/interfaces/IPortal.sol";
import {OutputRoot} from "../../src/types/Ids.sol";
import {nth} from "../support/Ids.sol";
import {PortalFixture} from "../support/PortalFixture.sol";
import {TrieBuilder} from "../support/TrieBuilder.sol";

/// @notice A target that records who called it.
contract Target {
    Portal internal immutable _portal;
    address public sender;
    address public l2Sender;
    uint256 public value;
    bytes public data;
    uint256 public gasGot;
    bool public refusing;

    constructor(Portal portal) {
        _portal = portal;
    }

    function refuse(bool yes) external {
        refusing = yes;
    }

    fallback() external payable {
        gasGot = gasleft();
        require(!refusing, "refused");
        sender = msg.sender;
        l2Sender = _portal.l2Sender();
        value = msg.value;
        data = msg.data;
    }
}

/// @notice A target that pays another withdrawal, or the same once more, from inside.
contract Reentrant {
    Portal internal immutable _portal;
    bytes internal _call;
    bool public innerSucceeded;
    bytes public innerError;

    constructor(Portal portal) {
        _portal = portal;
    }

    function prepare(bytes calldata call) external {
        _call = call;
    }

    receive() external payable {
        (innerSucceeded, innerError) = address(_portal).call(_call);
    }
}

/// @notice A target that answers with a lot of data.
contract Loud {
    fallback() external payable {
        assembly {
            return(0, 1000000)
        }
    }
}

/// proveAndPay
/// ├── target is the portal or its inbox → ForbiddenTarget
/// ├── called from inside a withdrawal → Reentered
/// ├── paid before → AlreadyFinalized
/// ├── batch without final output → NotFinal
/// ├── another preimage, or version → WrongOutput
/// ├── not in the message passer's trie → NotInOutput
/// ├── gas below the withdrawal's limit → NotEnoughGas
/// ├── target fails → TargetFailed, and nothing is recorded
/// └── pays, calls with at least the gas asked for, and tells who sent it
contract PortalWithdrawTest is PortalFixture {
    using TrieBuilder for TrieBuilder.Trie;

    function setUp() public override {
        super.setUp();
        vm.deal(address(portal), 100 ether);
    }

    function _call(WithdrawalTransaction memory withdrawal, OutputRootProof memory proof, bytes[] memory nodes)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeCall(IPortal.proveAndPay, (withdrawal, nth(1), proof, nodes));
    }

    function test_RevertWhen_TheTargetTrustsThePortal() public {
        address[2] memory targets = [address(portal), address(inbox)];
        for (uint256 i = 0; i < 2; ++i) {
            WithdrawalTransaction memory withdrawal = _withdrawal(1, targets[i], 0, "");
            (OutputRootProof memory proof, bytes[] memory nodes) = _finalizeOne(withdrawal);
            vm.expectRevert(abi.encodeWithSelector(IPortal.ForbiddenTarget.selector, targets[i]));
            portal.proveAndPay(withdrawal, nth(1), proof, nodes);
        }
    }

    function test_RevertWhen_PaidBefore() public {
        WithdrawalTransaction memory withdrawal = _withdrawal(1, BOB, 1 ether, "");
        (OutputRootProof memory proof, bytes[] memory nodes) = _finalizeOne(withdrawal);
        portal.proveAndPay(withdrawal, nth(1), proof, nodes);
        bytes memory refused =
            abi.encodeWithSelector(IPortal.AlreadyFinalized.selector, portal.hashWithdrawal(withdrawal));
        vm.expectRevert(refused);
        portal.proveAndPay(withdrawal, nth(1), proof, nodes);
        // Neither by another output that holds it.
        outputs.finalize(portal.rollupId(), nth(2), OutputRoot.wrap(keccak256(abi.encode(proof))));
        vm.expectRevert(refused);
        portal.proveAndPay(withdrawal, nth(2), proof, nodes);
        vm.assertEq(BOB.balance, 1 ether);
    }

    function test_RevertWhen_ThereIsNoFinalOutput() public {
        WithdrawalTransaction memory withdrawal = _withdrawal(1, BOB, 1 ether, "");
        (OutputRootProof memory proof, bytes[] memory nodes) = _finalizeOne(withdrawal);
        vm.expectRevert(abi.encodeWithSelector(IPortal.NotFinal.selector, 2));
        portal.proveAndPay(withdrawal, nth(2), proof, nodes);
    }

    function test_RevertWhen_ThePreimageIsAnother() public {
        WithdrawalTransaction memory withdrawal = _withdrawal(1, BOB, 1 ether, "");
        (OutputRootProof memory proof, bytes[] memory nodes) = _finalizeOne(withdrawal);
        OutputRoot output = OutputRoot.wrap(outputs.finalOutput(portal.rollupId(), nth(1)));
        for (uint256 word = 0; word < 4; ++word) {
            OutputRootProof memory other =
                OutputRootProof(proof.version, proof.stateRoot, proof.messagePasserStorageRoot, proof.latestBlockhash);
            if (word == 0) other.version = bytes32(uint256(1));
            if (word == 1) other.stateRoot ^= bytes32(uint256(1));
            if (word == 2) other.messagePasserStorageRoot ^= bytes32(uint256(1));
            if (word == 3) other.latestBlockhash ^= bytes32(uint256(1));
            vm.expectRevert(abi.encodeWithSelector(IPortal.WrongOutput.selector, output, keccak256(abi.encode(other))));
            portal.proveAndPay(withdrawal, nth(1), other, nodes);
        }
    }

    function test_RevertWhen_TheVersionIsNotZero() public {
        WithdrawalTransaction memory withdrawal = _withdrawal(1, BOB, 1 ether, "");
        (OutputRootProof memory proof, bytes[] memory nodes) = _finalizeOne(withdrawal);
        proof.version = bytes32(uint256(1));
        OutputRoot output = OutputRoot.wrap(keccak256(abi.encode(proof)));
        outputs.finalize(portal.rollupId(), nth(1), output);
        vm.expectRevert(abi.encodeWithSelector(IPortal.WrongOutput.selector, output, output));
        portal.proveAndPay(withdrawal, nth(1), proof, nodes);
    }

    function test_RevertWhen_AnythingOfTheWithdrawalIsAnother() public {
        WithdrawalTransaction memory withdrawal = _withdrawal(1, BOB, 1 ether, "data");
        (OutputRootProof memory proof, bytes[] memory nodes) = _finalizeOne(withdrawal);
        for (uint256 field = 0; field < 6; ++field) {
            WithdrawalTransaction memory other = WithdrawalTransaction(
                withdrawal.nonce,
                withdrawal.sender,
                withdrawal.target,
                withdrawal.value,
                withdrawal.gasLimit,
                withdrawal.data
            );
            if (field == 0) ++other.nonce;
            if (field == 1) other.sender = BOB;
            if (field == 2) other.target = ALICE;
            if (field == 3) ++other.value;
            if (field == 4) --other.gasLimit;
            if (field == 5) other.data = "other data";
            vm.expectRevert(abi.encodeWithSelector(IPortal.NotInOutput.selector, portal.hashWithdrawal(other)));
            portal.proveAndPay(other, nth(1), proof, nodes);
        }
    }

    function test_HashIsThatOfTheMessagePasser() public view {
        WithdrawalTransaction memory withdrawal = _withdrawal(7, BOB, 3 ether, "data");
        vm.assertEq(
            portal.hashWithdrawal(withdrawal),
            keccak256(abi.encode(uint256(1 << 240 | 7), ALICE, BOB, uint256(3 ether), uint256(100_000), bytes("data")))
        );
    }

    function test_CallsTheTargetAndTellsWhoSentIt() public {
        Target target = new Target(portal);
        WithdrawalTransaction memory withdrawal = _withdrawal(1, address(target), 2 ether, "the call");
        withdrawal.gasLimit = 250_000;
        (OutputRootProof memory proof, bytes[] memory nodes) = _finalizeOne(withdrawal);
        bytes32 withdrawalHash = portal.hashWithdrawal(withdrawal);

        vm.assertFalse(portal.finalizedWithdrawals(withdrawalHash));
        vm.expectEmit(address(portal));
        emit IPortal.WithdrawalFinalized(withdrawalHash, true);
        vm.prank(BOB);
        portal.proveAndPay(withdrawal, nth(1), proof, nodes);

        vm.assertTrue(portal.finalizedWithdrawals(withdrawalHash));
        vm.assertEq(target.sender(), address(portal));
        vm.assertEq(target.l2Sender(), ALICE);
        vm.assertEq(target.value(), 2 ether);
        vm.assertEq(target.data(), "the call");
        vm.assertGe(target.gasGot(), 249_900);
        vm.assertEq(address(portal).balance, 98 ether);
        vm.assertEq(portal.l2Sender(), address(0xdEaD));
    }

    function test_FailedTargetCanBeTriedAgain() public {
        Target target = new Target(portal);
        target.refuse(true);
        WithdrawalTransaction memory withdrawal = _withdrawal(1, address(target), 2 ether, "");
        (OutputRootProof memory proof, bytes[] memory nodes) = _finalizeOne(withdrawal);
        bytes32 withdrawalHash = portal.hashWithdrawal(withdrawal);

        vm.expectRevert(abi.encodeWithSelector(IPortal.TargetFailed.selector, withdrawalHash));
        portal.proveAndPay(withdrawal, nth(1), proof, nodes);
        vm.assertFalse(portal.finalizedWithdrawals(withdrawalHash));
        vm.assertEq(portal.l2Sender(), address(0xdEaD));

        target.refuse(false);
        portal.proveAndPay(withdrawal, nth(1), proof, nodes);
        vm.assertEq(address(target).balance, 2 ether);
    }

    function test_RevertWhen_ThePortalIsShortOfEther() public {
        WithdrawalTransaction memory withdrawal = _withdrawal(1, BOB, 101 ether, "");
        (OutputRootProof memory proof, bytes[] memory nodes) = _finalizeOne(withdrawal);
        vm.expectRevert(abi.encodeWithSelector(IPortal.TargetFailed.selector, portal.hashWithdrawal(withdrawal)));
        portal.proveAndPay(withdrawal, nth(1), proof, nodes);
    }

    /// Whatever gas the caller gives: either the target gets what the withdrawal asks for, or nothing happens.
    function testFuzz_NobodyStarvesTheTarget(uint256 given) public {
        given = _bound(given, 100_000, 700_000);
        Target target = new Target(portal);
        WithdrawalTransaction memory withdrawal = _withdrawal(1, address(target), 1 ether, "");
        withdrawal.gasLimit = 300_000;
        (OutputRootProof memory proof, bytes[] memory nodes) = _finalizeOne(withdrawal);
        (bool success,) = address(portal).call{gas: given}(_call(withdrawal, proof, nodes));
        if (success) vm.assertGe(target.gasGot(), 299_900);
        vm.assertEq(success, portal.finalizedWithdrawals(portal.hashWithdrawal(withdrawal)));
        vm.assertEq(address(target).balance, success ? 1 ether : 0);
    }

    function test_RevertWhen_TheGasLimitCannotBeMet() public {
        WithdrawalTransaction memory withdrawal = _withdrawal(1, BOB, 1 ether, "");
        withdrawal.gasLimit = type(uint256).max;
        (OutputRootProof memory proof, bytes[] memory nodes) = _finalizeOne(withdrawal);
        vm.expectRevert(abi.encodeWithSelector(IPortal.NotEnoughGas.selector, type(uint256).max));
        portal.proveAndPay(withdrawal, nth(1), proof, nodes);
    }

    function test_DoesNotPayForReturnedData() public {
        Loud loud = new Loud();
        WithdrawalTransaction memory withdrawal = _withdrawal(1, address(loud), 1 ether, "");
        withdrawal.gasLimit = 3_000_000;
        (OutputRootProof memory proof, bytes[] memory nodes) = _finalizeOne(withdrawal);
        portal.proveAndPay{gas: 3_300_000}(withdrawal, nth(1), proof, nodes);
        vm.assertEq(address(loud).balance, 1 ether);
    }

    function test_RevertWhen_ReenteredWithAnotherOrTheSame() public {
        Reentrant reentrant = new Reentrant(portal);
        WithdrawalTransaction memory outer = _withdrawal(1, address(reentrant), 1 ether, "");
        outer.gasLimit = 500_000;
        WithdrawalTransaction memory inner = _withdrawal(2, BOB, 1 ether, "");
        bytes32[] memory hashes = new bytes32[](2);
        hashes[0] = portal.hashWithdrawal(outer);
        hashes[1] = portal.hashWithdrawal(inner);
        (OutputRootProof memory proof, TrieBuilder.Trie memory trie) = _finalize(nth(1), hashes);
        bytes[] memory outerNodes = trie.prove(_slotOf(hashes[0]));
        bytes[] memory innerNodes = trie.prove(_slotOf(hashes[1]));

        for (uint256 same = 0; same < 2; ++same) {
            uint256 snapshot = vm.snapshotState();
            reentrant.prepare(same == 1 ? _call(outer, proof, outerNodes) : _call(inner, proof, innerNodes));
            portal.proveAndPay(outer, nth(1), proof, outerNodes);
            vm.assertFalse(reentrant.innerSucceeded());
            vm.assertEq(reentrant.innerError(), abi.encodePacked(IPortal.Reentered.selector));
            vm.assertEq(address(reentrant).balance, 1 ether);
            vm.revertToState(snapshot);
        }

        // Afterwards the other one goes through, in the same transaction too.
        portal.proveAndPay(outer, nth(1), proof, outerNodes);
        portal.proveAndPay(inner, nth(1), proof, innerNodes);
        vm.assertEq(BOB.balance, 1 ether);
    }

    function test_ATargetMayDepositFromInside() public {
        Reentrant reentrant = new Reentrant(portal);
        reentrant.prepare(abi.encodeCall(IPortal.depositTransaction, (BOB, 0, 21_000, false, "")));
        WithdrawalTransaction memory withdrawal = _withdrawal(1, address(reentrant), 1 ether, "");
        withdrawal.gasLimit = 500_000;
        (OutputRootProof memory proof, bytes[] memory nodes) = _finalizeOne(withdrawal);
        portal.proveAndPay(withdrawal, nth(1), proof, nodes);
        vm.assertTrue(reentrant.innerSucceeded());
        vm.assertEq(inbox.depositCount(), 1);
    }
}

/// the cap on instant outputs
/// ├── no cap: nothing is counted
/// ├── output settled beyond its two votes: nothing is counted
/// ├── a call → CallBeforeThirdVote
/// ├── above what is left → AboveInstantCap
/// ├── never more than the cap within 24 hours
/// └── all of it is back after 30 hours
contract PortalCapTest is PortalFixture {
    using TrieBuilder for TrieBuilder.Trie;

    uint256 internal constant CAP = 10 ether;
    WithdrawalTransaction[] internal withdrawals;
    bytes[][] internal nodes;
    OutputRootProof internal proof;

    function setUp() public override {
        _deployPortal(CAP);
        vm.deal(address(portal), 1000 ether);
        bytes32[] memory hashes = new bytes32[](12);
        for (uint256 i = 0; i < 12; ++i) {
            withdrawals.push(_withdrawal(i, BOB, 1 ether * (i + 1), ""));
            hashes[i] = portal.hashWithdrawal(withdrawals[i]);
        }
        TrieBuilder.Trie memory trie;
        OutputRootProof memory proof_;
        (proof_, trie) = _finalize(nth(1), hashes);
        proof = proof_;
        for (uint256 i = 0; i < 12; ++i) {
            nodes.push(trie.prove(_slotOf(hashes[i])));
        }
    }

    /// @dev Pays the withdrawal of that many ether.
    function _pay(uint256 ethers) private {
        portal.proveAndPay(withdrawals[ethers - 1], nth(1), proof, nodes[ethers - 1]);
    }

    function _refuses(uint256 ethers, uint256 available) private {
        vm.expectRevert(abi.encodeWithSelector(IPortal.AboveInstantCap.selector, available, ethers * 1 ether));
        _pay(ethers);
    }

    function test_CountsUpToTheCap() public {
        vm.assertEq(portal.instantAvailable(), CAP);
        _refuses(11, CAP);
        _pay(6);
        vm.assertEq(portal.instantAvailable(), 4 ether);
        _refuses(5, 4 ether);
        _pay(4);
        vm.assertEq(portal.instantAvailable(), 0);
        _refuses(1, 0);
    }

    function test_PaysAllOnceSettledBeyondTwoVotes() public {
        _pay(10);
        outputs.settle(portal.rollupId(), nth(1));
        _pay(12);
        _pay(11);
        // Nor does it count.
        vm.assertEq(portal.instantAvailable(), 0);
    }

    function test_RevertWhen_ACallComesBeforeTheThirdVote() public {
        WithdrawalTransaction memory call = _withdrawal(1, BOB, 0, "call");
        (OutputRootProof memory proof_, bytes[] memory nodes_) = _finalizeOne(call);
        vm.expectRevert(abi.encodeWithSelector(IPortal.CallBeforeThirdVote.selector, portal.hashWithdrawal(call)));
        portal.proveAndPay(call, nth(1), proof_, nodes_);
        outputs.settle(portal.rollupId(), nth(1));
        portal.proveAndPay(call, nth(1), proof_, nodes_);
    }

    function test_AFailedPaymentDoesNotCount() public {
        vm.etch(BOB, hex"fe");
        vm.expectPartialRevert(IPortal.TargetFailed.selector);
        _pay(6);
        vm.assertEq(portal.instantAvailable(), CAP);
    }

    function test_ComesBackBetween24And30Hours() public {
        uint256 quarter = 6 hours;
        uint256 start = (START / quarter + 1) * quarter;
        _mine(2000, start);
        _pay(6);
        _mine(2001, start + quarter);
        _pay(4);
        _mine(2002, start + 5 * quarter - 1);
        vm.assertEq(portal.instantAvailable(), 0);
        _mine(2003, start + 5 * quarter);
        vm.assertEq(portal.instantAvailable(), 6 ether);
        _mine(2004, start + 6 * quarter);
        vm.assertEq(portal.instantAvailable(), CAP);
    }

    /// Over any 24 hours no more than the cap leaves, whatever the times and amounts.
    function testFuzz_NeverMoreThanTheCapWithin24Hours(uint256 seed) public {
        uint256[12] memory paidAt;
        uint256 time = START;
        for (uint256 i = 0; i < 12; ++i) {
            time += uint256(keccak256(abi.encode(seed, i))) % 9 hours;
            _mine(2000 + i, time);
            uint256 ethers = 1 + (uint256(keccak256(abi.encode(seed, "which"))) + i * 5) % 12;
            try portal.proveAndPay(withdrawals[ethers - 1], nth(1), proof, nodes[ethers - 1]) {
                paidAt[ethers - 1] = time;
            } catch {}
            uint256 recent = 0;
            for (uint256 k = 0; k < 12; ++k) {
                if (paidAt[k] != 0 && paidAt[k] + 24 hours > time) recent += (k + 1) * 1 ether;
            }
            vm.assertLe(recent, CAP);
        }
    }
}
