// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Inbox} from "../../src/Inbox.sol";
import {BlobInput, IInbox, InboxParams} from "../../src/interfaces/IInbox.sol";
import {BatchHeader} from "../../src/types/BatchHeader.sol";
import {BlobOpening} from "../../src/types/BlobOpening.sol";
import {BatchCommitment} from "../../src/types/Ids.sol";
import {Cheats} from "../support/Cheats.sol";
import {nth, raw} from "../support/Ids.sol";
import {InboxFixture} from "../support/InboxFixture.sol";

/// constructor
/// ├── an address is zero → ZeroAddress
/// ├── force window zero or above 7 days → BadForceWindow
/// ├── origin is the present block or later → OriginNotPast
/// ├── origin unknown to L1 → OriginUnknown
/// ├── origin has another hash → OriginMismatch
/// └── records and emits the genesis header
contract InboxConstructorTest is InboxFixture {
    function test_RevertWhen_AnAddressIsZero() public {
        for (uint256 which = 0; which < 3; ++which) {
            InboxParams memory params = _params();
            if (which == 0) params.batcher = address(0);
            if (which == 1) params.registrant = address(0);
            if (which == 2) params.portal = address(0);
            vm.expectRevert(
                abi.encodeWithSelector(IInbox.ZeroAddress.selector, params.batcher, params.registrant, params.portal)
            );
            new Inbox(params);
        }
    }

    function test_RevertWhen_ForceWindowOutOfBounds() public {
        InboxParams memory params = _params();
        params.forceWindow = 0;
        vm.expectRevert(abi.encodeWithSelector(IInbox.BadForceWindow.selector, 1, 7 days, 0));
        new Inbox(params);
        params.forceWindow = 7 days + 1;
        vm.expectRevert(abi.encodeWithSelector(IInbox.BadForceWindow.selector, 1, 7 days, 7 days + 1));
        new Inbox(params);
        params.forceWindow = 1;
        new Inbox(params);
    }

    /// @dev A finding of the audit. Before, a window of a second was accepted anywhere: any L1 block without a batch would have
    /// opened the Inbox to everybody.
    function test_RevertWhen_ForceWindowIsShortOutsideTestChains() public {
        InboxParams memory params = _params();
        vm.chainId(1);
        params.forceWindow = 1 hours - 1;
        vm.expectRevert(abi.encodeWithSelector(IInbox.BadForceWindow.selector, 1 hours, 7 days, 1 hours - 1));
        new Inbox(params);
        params.forceWindow = 1 hours;
        new Inbox(params);
    }

    function test_RevertWhen_OriginNotPast() public {
        InboxParams memory params = _params();
        params.originNumber = 1000;
        vm.expectRevert(abi.encodeWithSelector(IInbox.OriginNotPast.selector, 1000, 1000));
        new Inbox(params);
    }

    function test_RevertWhen_OriginUnknown() public {
        _mine(990 + 257, START + 12 * 257);
        vm.expectRevert(abi.encodeWithSelector(IInbox.OriginUnknown.selector, 990));
        new Inbox(_params());
    }

    function test_RevertWhen_OriginHasAnotherHash() public {
        InboxParams memory params = _params();
        params.originHash = bytes32(uint256(1));
        vm.expectRevert(abi.encodeWithSelector(IInbox.OriginMismatch.selector, 990, _hashOf(990), bytes32(uint256(1))));
        new Inbox(params);
    }

    function test_RecordsGenesis() public {
        last.postedAt = START;
        vm.expectEmit();
        emit IInbox.BatchPosted(nth(0), last.commitment(), last, new BlobOpening[](0));
        Inbox fresh = new Inbox(_params());

        vm.assertEq(raw(fresh.batchCommitment(nth(0))), raw(last.commitment()));
        vm.assertEq(fresh.batchCount(), 0);
        vm.assertEq(fresh.postedAt(nth(0)), START);
        vm.assertEq(fresh.batcher(), BATCHER);
        vm.assertEq(fresh.registrant(), REGISTRANT);
        vm.assertEq(fresh.portal(), PORTAL);
        vm.assertEq(fresh.forceWindow(), FORCE_WINDOW);
        vm.assertEq(fresh.checkpointCount(), 0);
        vm.assertEq(fresh.depositCount(), 0);
        vm.assertEq(fresh.depositHash(), 0);
        vm.assertFalse(fresh.forcedDue());
    }
}

/// postCalldata
/// ├── caller is not the batcher, nothing overdue → NotBatcher
/// ├── index repeated or skipped → WrongIndex
/// ├── the batch before is of the same block → PostedInThisBlock
/// ├── the parent is another → WrongParent
/// ├── more than 120,000 bytes → DataTooLong
/// ├── origin before the parent's → OriginBeforeParent
/// ├── origin is the present block or later → OriginNotPast
/// ├── origin more than 8191 blocks back → OriginUnknown
/// ├── origin between 257 and 8191 blocks back → found in the history contract
/// ├── origin kept when it was known → found for ever
/// ├── emits the data
/// └── records header, commitment chain and time
contract InboxPostCalldataTest is InboxFixture {
    function test_RevertWhen_CallerIsNotTheBatcher() public {
        vm.expectRevert(abi.encodeWithSelector(IInbox.NotBatcher.selector, ANYONE));
        vm.prank(ANYONE);
        inbox.postCalldata(nth(1), _parent(), 999, 0, "");
    }

    function test_RevertWhen_IndexIsNotTheNext() public {
        for (uint64 index = 0; index < 4; ++index) {
            if (index == 1) continue;
            vm.expectRevert(abi.encodeWithSelector(IInbox.WrongIndex.selector, 1, index));
            _post(index, 999, 0);
        }
        _post(1, 999, 0);
        vm.expectRevert(abi.encodeWithSelector(IInbox.WrongIndex.selector, 2, 1));
        _post(1, 999, 0);
    }

    function test_RevertWhen_DataTooLong() public {
        vm.expectRevert(abi.encodeWithSelector(IInbox.DataTooLong.selector, 120_000, 120_001));
        vm.prank(BATCHER);
        inbox.postCalldata(nth(1), _parent(), 999, 0, new bytes(120_001));
    }

    function test_AcceptsTheLongestData() public {
        vm.prank(BATCHER);
        inbox.postCalldata(nth(1), _parent(), 999, 0, new bytes(120_000));
        vm.assertEq(inbox.batchCount(), 1);
    }

    /// @dev A finding of the audit. Before, a batch said nothing of its parent: a transaction that was sent on top of one history of
    /// L1 was recorded on top of another, and its data then continued a chain that they did not know.
    function test_RevertWhen_TheParentIsAnother() public {
        uint256 before = vm.snapshotState();
        _post(1, 998, 0);
        _nextBlock();
        BatchCommitment seen = _parent();
        // L1 takes batch 1 back, and another one takes its place. The poster's batch 2 is still waiting.
        vm.revertToState(before);
        _post(1, 999, 0);
        _nextBlock();
        BatchCommitment found = _parent();
        bytes memory reason = abi.encodeWithSelector(IInbox.WrongParent.selector, found, seen);
        vm.expectRevert(reason);
        vm.prank(BATCHER);
        inbox.postCalldata(nth(2), seen, 999, 0, "built on what is gone");
        (BlobInput[] memory inputs, bytes32[] memory hashes) = _blobs(1);
        vm.blobhashes(hashes);
        vm.expectRevert(reason);
        vm.prank(BATCHER);
        inbox.postBlobs(nth(2), seen, 999, 0, inputs);
        _post(2, 999, 0);
    }

    /// @dev A finding of the audit. Before, the data stood in the calldata alone, and a contract could post an overdue batch in
    /// a transaction whose trace nobody can compute.
    function test_EmitsTheData() public {
        bytes memory data = "the whole body";
        vm.expectEmit(address(inbox));
        emit IInbox.BatchData(nth(1), data);
        vm.prank(BATCHER);
        inbox.postCalldata(nth(1), _parent(), 999, 0, data);
        _nextBlock();
        // Empty data too: a reader finds exactly one for each batch without openings.
        vm.expectEmit(address(inbox));
        emit IInbox.BatchData(nth(2), "");
        _post(2, 999, 0);
    }

    /// The log is the data, to the byte, up to the most that it may be.
    function testFuzz_TheLogIsThePreimageOfTheDataHash(bytes memory data, uint256 length) public {
        if (length % 8 == 0) data = new bytes(_bound(length, 0, 120_000));
        vm.recordLogs();
        vm.prank(BATCHER);
        inbox.postCalldata(nth(1), _parent(), 999, 0, data);
        Cheats.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 2);
        vm.assertEq(logs[0].topics[0], IInbox.BatchData.selector);
        vm.assertEq(uint256(logs[0].topics[1]), 1);
        (BatchHeader memory header,) = abi.decode(logs[1].data, (BatchHeader, BlobOpening[]));
        bytes memory emitted = abi.decode(logs[0].data, (bytes));
        vm.assertEq(header.dataHash, keccak256(abi.encode(uint8(0), keccak256(emitted))));
    }

    function test_RevertWhen_OriginBeforeParent() public {
        _post(1, 999, 0);
        _nextBlock();
        vm.expectRevert(abi.encodeWithSelector(IInbox.OriginBeforeParent.selector, 999, 998));
        _post(2, 998, 0);
    }

    /// @dev IN-8; a finding of the audit. Before, a batcher could post many batches at one time, and nothing that counts by
    /// `postedAt` told them apart.
    function test_RevertWhen_TheBatchBeforeIsInThisBlock() public {
        _post(1, 999, 0);
        for (uint256 i; i < 5; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IInbox.PostedInThisBlock.selector, inbox.postedAt(nth(1 + uint64(i))))
            );
            _post(2 + uint64(i), 999, 0);
            _nextBlock();
            _post(2 + uint64(i), 999, 0);
        }
    }

    function test_RevertWhen_GenesisIsInThisBlock() public {
        Inbox fresh = new Inbox(_params());
        vm.expectRevert(abi.encodeWithSelector(IInbox.PostedInThisBlock.selector, START));
        vm.prank(BATCHER);
        fresh.postCalldata(nth(1), _parentOn(fresh), 999, 0, "");
    }

    function test_AcceptsTheParentsOriginAgain() public {
        _post(1, 999, 0);
        _nextBlock();
        _post(2, 999, 0);
        vm.assertEq(inbox.batchCount(), 2);
    }

    function test_RevertWhen_OriginNotPast() public {
        vm.expectRevert(abi.encodeWithSelector(IInbox.OriginNotPast.selector, 1000, 1000));
        _post(1, 1000, 0);
        vm.expectRevert(abi.encodeWithSelector(IInbox.OriginNotPast.selector, 1000, 1001));
        _post(1, 1001, 0);
        vm.expectRevert(abi.encodeWithSelector(IInbox.OriginNotPast.selector, 1000, 2014));
        _post(1, 2014, 0);
    }

    function test_RevertWhen_OriginForgotten() public {
        vm.store(HISTORY, bytes32(uint256(999) % 8191), _hashOf(999));
        _mine(999 + 8192, START + 12 * 8192);
        vm.expectRevert(abi.encodeWithSelector(IInbox.OriginUnknown.selector, 999));
        _post(1, 999, 0);
    }

    function test_FindsTheOriginInTheHistoryContract() public {
        vm.store(HISTORY, bytes32(uint256(999) % 8191), _hashOf(999));
        _mine(999 + 8191, START + 12 * 8191);
        last.parentCommitment = last.commitment();
        last.index = nth(1);
        last.dataHash = keccak256(abi.encode(uint8(0), keccak256("")));
        last.originNumber = 999;
        last.originHash = _hashOf(999);
        last.postedAt = START + 12 * 8191;
        _post(1, 999, 0);
        vm.assertEq(raw(inbox.batchCommitment(nth(1))), raw(last.commitment()));
    }

    function test_FindsAKeptOrigin() public {
        vm.expectEmit();
        emit IInbox.OriginKept(999, _hashOf(999));
        vm.prank(ANYONE);
        inbox.keepOrigin(999);
        vm.assertEq(inbox.keptOrigin(999), _hashOf(999));
        _mine(1_000_000, START + 12 * 999_000);
        vm.expectRevert(abi.encodeWithSelector(IInbox.OriginUnknown.selector, 998));
        _post(1, 998, 0);
        last.parentCommitment = last.commitment();
        last.index = nth(1);
        last.dataHash = keccak256(abi.encode(uint8(0), keccak256("")));
        last.originNumber = 999;
        last.originHash = _hashOf(999);
        last.postedAt = START + 12 * 999_000;
        _post(1, 999, 0);
        vm.assertEq(raw(inbox.batchCommitment(nth(1))), raw(last.commitment()));
    }

    function test_RevertWhen_KeepingAnUnknownOrigin() public {
        vm.expectRevert(abi.encodeWithSelector(IInbox.OriginNotPast.selector, 1000, 1000));
        inbox.keepOrigin(1000);
        _mine(20_000, START + 12 * 19_000);
        vm.expectRevert(abi.encodeWithSelector(IInbox.OriginUnknown.selector, 999));
        inbox.keepOrigin(999);
        // Asking again for one that was kept changes nothing.
        vm.store(address(inbox), keccak256(abi.encode(uint256(999), uint256(4))), _hashOf(999));
        vm.assertEq(inbox.keptOrigin(999), _hashOf(999));
        inbox.keepOrigin(999);
        vm.assertEq(inbox.keptOrigin(999), _hashOf(999));
    }

    function test_RevertWhen_ThereIsNoHistoryContract() public {
        vm.etch(HISTORY, "");
        _mine(999 + 300, START + 12 * 300);
        vm.expectRevert(abi.encodeWithSelector(IInbox.OriginUnknown.selector, 999));
        _post(1, 999, 0);
    }

    function test_RecordsAChainOfHeaders() public {
        uint64 origin = 990;
        for (uint64 index = 1; index <= 9; ++index) {
            _nextBlock();
            origin = 999 + index;
            bytes memory data = abi.encode("body", index);
            last.parentCommitment = last.commitment();
            last.index = nth(index);
            last.dataHash = keccak256(abi.encode(uint8(0), keccak256(data)));
            last.originNumber = origin;
            last.originHash = _hashOf(origin);
            last.postedAt = START + 12 * index;

            vm.expectEmit();
            emit IInbox.BatchPosted(nth(index), last.commitment(), last, new BlobOpening[](0));
            vm.prank(BATCHER);
            inbox.postCalldata(nth(index), _parent(), origin, 0, data);
            vm.assertEq(raw(inbox.batchCommitment(nth(index))), raw(last.commitment()));
            vm.assertEq(inbox.batchCount(), index);
        }
        for (uint64 index = 1; index <= 9; ++index) {
            vm.assertEq(inbox.postedAt(nth(index)), START + 12 * index);
        }
        vm.assertEq(inbox.postedAt(nth(10)), 0);
        vm.assertEq(raw(inbox.batchCommitment(nth(10))), 0);
        (uint64 count, uint64 originNumber,,) = inbox.head();
        vm.assertEq(count, 9);
        vm.assertEq(originNumber, origin);
    }
}

/// postBlobs
/// ├── no blob, or more than 6 → BadBlobCount
/// ├── the transaction has fewer blobs than named → MissingBlob
/// ├── the transaction has more blobs than named → UnusedBlob
/// ├── commitment or proof not 48 bytes → BadOpeningLength
/// ├── another commitment, proof, z, y, versioned hash or order → BadOpening
/// ├── z or y not canonical → BadOpening
/// └── records the openings
contract InboxPostBlobsTest is InboxFixture {
    /// @dev With limited gas, for the precompile takes all it is given when it refuses.
    function _postBlobs(BlobInput[] memory inputs) private {
        vm.prank(BATCHER);
        inbox.postBlobs{gas: 1_000_000}(nth(1), _parent(), 999, 0, inputs);
    }

    function test_RevertWhen_NoBlobIsNamed() public {
        vm.expectRevert(abi.encodeWithSelector(IInbox.BadBlobCount.selector, 6, 0));
        _postBlobs(new BlobInput[](0));
    }

    function test_RevertWhen_TooManyBlobsAreNamed() public {
        (BlobInput[] memory inputs, bytes32[] memory hashes) = _blobs(7);
        vm.blobhashes(hashes);
        vm.expectRevert(abi.encodeWithSelector(IInbox.BadBlobCount.selector, 6, 7));
        _postBlobs(inputs);
    }

    function test_RevertWhen_ABlobIsMissing() public {
        (BlobInput[] memory inputs,) = _blobs(2);
        vm.expectRevert(abi.encodeWithSelector(IInbox.MissingBlob.selector, 0));
        _postBlobs(inputs);

        (, bytes32[] memory hashes) = _blobs(1);
        vm.blobhashes(hashes);
        vm.expectRevert(abi.encodeWithSelector(IInbox.MissingBlob.selector, 1));
        _postBlobs(inputs);
    }

    function test_RevertWhen_ABlobIsLeftOut() public {
        (, bytes32[] memory hashes) = _blobs(2);
        (BlobInput[] memory inputs,) = _blobs(1);
        vm.blobhashes(hashes);
        vm.expectRevert(abi.encodeWithSelector(IInbox.UnusedBlob.selector, 1));
        _postBlobs(inputs);
    }

    function test_RevertWhen_ALengthIsWrong() public {
        (BlobInput[] memory inputs, bytes32[] memory hashes) = _blobs(1);
        vm.blobhashes(hashes);
        // Together they would still have 96 bytes.
        bytes memory both = bytes.concat(inputs[0].commitment, inputs[0].proof);
        inputs[0].commitment = new bytes(49);
        inputs[0].proof = new bytes(47);
        for (uint256 i = 0; i < 49; ++i) {
            inputs[0].commitment[i] = both[i];
        }
        for (uint256 i = 0; i < 47; ++i) {
            inputs[0].proof[i] = both[49 + i];
        }
        vm.expectRevert(abi.encodeWithSelector(IInbox.BadOpeningLength.selector, 0));
        _postBlobs(inputs);
    }

    function test_RevertWhen_AnythingOfTheOpeningIsWrong() public {
        (, bytes32[] memory hashes) = _blobs(2);
        for (uint256 what = 0; what < 6; ++what) {
            (BlobInput[] memory inputs,) = _blobs(2);
            vm.blobhashes(hashes);
            if (what == 0) inputs[1].z = bytes32(uint256(inputs[1].z) ^ 1);
            if (what == 1) inputs[1].y = bytes32(uint256(inputs[1].y) ^ 1);
            if (what == 2) inputs[1].commitment = inputs[0].commitment;
            if (what == 3) inputs[1].proof = inputs[0].proof;
            if (what == 4) inputs[1] = inputs[0];
            if (what == 5) inputs[1].proof[20] ^= 0x01;
            vm.expectRevert(abi.encodeWithSelector(IInbox.BadOpening.selector, 1));
            _postBlobs(inputs);
        }
    }

    function test_RevertWhen_AScalarIsNotCanonical() public {
        uint256 modulus = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
        (BlobInput[] memory inputs, bytes32[] memory hashes) = _blobs(1);
        vm.blobhashes(hashes);
        bytes32 z = inputs[0].z;
        inputs[0].z = bytes32(uint256(z) + modulus);
        vm.expectRevert(abi.encodeWithSelector(IInbox.BadOpening.selector, 0));
        _postBlobs(inputs);
        inputs[0].z = z;
        inputs[0].y = bytes32(uint256(inputs[0].y) + modulus);
        vm.expectRevert(abi.encodeWithSelector(IInbox.BadOpening.selector, 0));
        _postBlobs(inputs);
    }

    function test_RecordsTheOpenings() public {
        for (uint64 count = 1; count <= 6; ++count) {
            (BlobInput[] memory inputs, bytes32[] memory hashes) = _blobs(count);
            vm.blobhashes(hashes);
            BlobOpening[] memory openings = new BlobOpening[](count);
            for (uint256 k = 0; k < count; ++k) {
                openings[k] = BlobOpening({versionedHash: hashes[k], z: inputs[k].z, y: inputs[k].y});
            }
            last.parentCommitment = last.commitment();
            last.index = nth(count);
            last.dataHash = keccak256(abi.encode(uint8(1), openings));
            last.originNumber = 999;
            last.originHash = _hashOf(999);
            last.postedAt = START + count;
            _tick();

            vm.expectEmit();
            emit IInbox.BatchPosted(nth(count), last.commitment(), last, openings);
            vm.prank(BATCHER);
            inbox.postBlobs(nth(count), _parent(), 999, 0, inputs);
            vm.assertEq(raw(inbox.batchCommitment(nth(count))), raw(last.commitment()));
        }
    }
}

/// enqueue and the deposits of a batch
/// ├── caller is not the portal → NotPortal
/// ├── one checkpoint for each L1 block with deposits
/// ├── checkpoint does not exist → NoSuchCheckpoint
/// ├── checkpoint leaves a deposit up to the origin → DepositsLeft
/// ├── checkpoint takes a deposit after the origin → DepositsAfterOrigin
/// ├── checkpoint lies before the one consumed → DepositsLeft
/// └── the header carries the range
contract InboxDepositsTest is InboxFixture {
    /// @dev Queues deposit `index` after those with hash `before` and expects its event. Returns the hash with it.
    function _queued(uint64 index, bytes32 before, uint64 l1Block, bytes memory opaqueData)
        private
        returns (bytes32 rolling)
    {
        rolling = keccak256(abi.encode(before, address(0xF0), address(0x70), l1Block, keccak256(opaqueData)));
        vm.expectEmit();
        emit IInbox.DepositQueued(index, rolling, l1Block, START + 12 * (l1Block - 1000));
        _deposit(opaqueData);
    }

    /// @dev What the Inbox keeps as checkpoint `index`.
    function _assertCheckpoint(uint256 index, bytes32 rolling, uint64 count, uint64 l1Block, uint64 time) private view {
        (bytes32 rollingHash, uint64 deposits, uint64 blockNumber, uint64 timestamp,) = inbox.depositCheckpoints(index);
        vm.assertEq(rollingHash, rolling);
        vm.assertEq(deposits, count);
        vm.assertEq(blockNumber, l1Block);
        vm.assertEq(timestamp, time);
    }

    function test_RevertWhen_CallerIsNotThePortal() public {
        vm.expectRevert(abi.encodeWithSelector(IInbox.NotPortal.selector, BATCHER));
        vm.prank(BATCHER);
        inbox.enqueue(address(1), address(2), "");
    }

    function test_KeepsOneCheckpointForEachBlock() public {
        bytes32 first = _queued(0, 0, 1000, "a");
        bytes32 second = _queued(1, first, 1000, "b");
        _nextBlock();
        bytes32 third = _queued(2, second, 1001, "c");

        vm.assertEq(inbox.checkpointCount(), 2);
        vm.assertEq(inbox.depositCount(), 3);
        vm.assertEq(inbox.depositHash(), third);
        _assertCheckpoint(0, second, 2, 1000, START);
        _assertCheckpoint(1, third, 3, 1001, START + 12);
        vm.expectRevert(abi.encodeWithSelector(IInbox.NoSuchCheckpoint.selector, 2, 2));
        inbox.depositCheckpoints(2);
    }

    function test_RevertWhen_TheCheckpointDoesNotExist() public {
        vm.expectRevert(abi.encodeWithSelector(IInbox.NoSuchCheckpoint.selector, 0, 1));
        _post(1, 999, 1);
    }

    function test_ConsumesExactlyTheDepositsUpToTheOrigin() public {
        _deposit("a"); // block 1000
        _nextBlock();
        _nextBlock();
        _deposit("b"); // block 1002
        _nextBlock();
        _nextBlock(); // block 1004

        // Origin before all of them: none.
        vm.expectRevert(abi.encodeWithSelector(IInbox.DepositsAfterOrigin.selector, 0, 1000, 999));
        _post(1, 999, 1);
        _post(1, 999, 0);

        // Origin at the first one's block: the first.
        _tick();
        vm.expectRevert(abi.encodeWithSelector(IInbox.DepositsLeft.selector, 0, 1000, 1000));
        _post(2, 1000, 0);
        vm.expectRevert(abi.encodeWithSelector(IInbox.DepositsAfterOrigin.selector, 1, 1002, 1000));
        _post(2, 1000, 2);
        _post(2, 1000, 1);

        // Nothing new up to 1001.
        _tick();
        _post(3, 1001, 1);

        // Both by 1003; going back is refused.
        _tick();
        vm.expectRevert(abi.encodeWithSelector(IInbox.DepositsLeft.selector, 0, 1000, 1003));
        _post(4, 1003, 0);
        vm.expectRevert(abi.encodeWithSelector(IInbox.DepositsLeft.selector, 1, 1002, 1003));
        _post(4, 1003, 1);
        _post(4, 1003, 2);
        (,, uint64 checkpointsConsumed, uint64 depositsConsumed) = inbox.head();
        vm.assertEq(checkpointsConsumed, 2);
        vm.assertEq(depositsConsumed, 2);

        // All consumed: zero is refused although nothing waits.
        _tick();
        vm.expectRevert(abi.encodeWithSelector(IInbox.DepositsLeft.selector, 0, 1000, 1003));
        _post(5, 1003, 0);
        _post(5, 1003, 2);
    }

    function test_HeaderCarriesTheRange() public {
        _deposit("a");
        _deposit("b");
        bytes32 before = inbox.depositHash();
        _nextBlock();
        _post(1, 1000, 1);
        _deposit("c"); // block 1001
        _nextBlock();

        BatchHeader memory header = BatchHeader({
            parentCommitment: inbox.batchCommitment(nth(1)),
            index: nth(2),
            dataHash: keccak256(abi.encode(uint8(0), keccak256(""))),
            depositsBefore: 2,
            depositHashBefore: before,
            depositsAfter: 3,
            depositHashAfter: inbox.depositHash(),
            originNumber: 1001,
            originHash: _hashOf(1001),
            postedAt: START + 24
        });
        vm.expectEmit();
        emit IInbox.BatchPosted(nth(2), header.commitment(), header, new BlobOpening[](0));
        _post(2, 1001, 2);
    }
}

/// forced inclusion
/// ├── not due up to and at the force window
/// ├── due: anyone may post a batch that consumes the deposit
/// ├── due: a batch that leaves it → OverdueDepositLeft, also from the batcher
/// ├── consuming it ends the due state, unless another deposit is overdue
/// └── a consumed deposit is never due
contract InboxForcedTest is InboxFixture {
    function setUp() public override {
        super.setUp();
        _deposit("a"); // block 1000
        _nextBlock();
    }

    function _late() private {
        _mine(1100, START + FORCE_WINDOW + 1);
    }

    function test_NotDueWithinTheWindow() public {
        _mine(1100, START + FORCE_WINDOW);
        vm.assertFalse(inbox.forcedDue());
        vm.expectRevert(abi.encodeWithSelector(IInbox.NotBatcher.selector, ANYONE));
        vm.prank(ANYONE);
        inbox.postCalldata(nth(1), _parent(), 1099, 1, "");
        _post(1, 999, 0);
    }

    function test_AnyoneForces() public {
        _late();
        vm.assertTrue(inbox.forcedDue());
        vm.prank(ANYONE);
        inbox.postCalldata(nth(1), _parent(), 1000, 1, "");
        vm.assertEq(inbox.batchCount(), 1);
        vm.assertFalse(inbox.forcedDue());
        vm.expectRevert(abi.encodeWithSelector(IInbox.NotBatcher.selector, ANYONE));
        vm.prank(ANYONE);
        inbox.postCalldata(nth(2), _parent(), 1099, 1, "");
    }

    function test_AnyoneForcesWithBlobs() public {
        _late();
        (BlobInput[] memory inputs, bytes32[] memory hashes) = _blobs(1);
        vm.blobhashes(hashes);
        vm.prank(ANYONE);
        inbox.postBlobs(nth(1), _parent(), 1099, 1, inputs);
        vm.assertEq(inbox.batchCount(), 1);
    }

    function test_RevertWhen_TheOverdueDepositIsLeft() public {
        _late();
        vm.prank(ANYONE);
        vm.expectRevert(abi.encodeWithSelector(IInbox.OverdueDepositLeft.selector, 0));
        inbox.postCalldata(nth(1), _parent(), 999, 0, "");
        vm.expectRevert(abi.encodeWithSelector(IInbox.OverdueDepositLeft.selector, 0));
        _post(1, 999, 0);
        // The batcher too only has to consume it.
        _post(1, 1000, 1);
    }

    function test_StaysDueWhileAnotherDepositIsOverdue() public {
        _deposit("b"); // block 1001
        _mine(1100, START + 12 + FORCE_WINDOW + 1);
        vm.prank(ANYONE);
        inbox.postCalldata(nth(1), _parent(), 1000, 1, "");
        vm.assertTrue(inbox.forcedDue());
        _tick();
        vm.prank(ANYONE);
        inbox.postCalldata(nth(2), _parent(), 1001, 2, "");
        vm.assertFalse(inbox.forcedDue());
    }

    function test_AConsumedDepositIsNeverDue() public {
        _post(1, 1000, 1);
        _late();
        vm.assertFalse(inbox.forcedDue());
    }

    function test_ALaterDepositOfTheSameBlockDoesNotRestartTheClock() public {
        vm.roll(1000);
        vm.warp(START);
        _deposit("b");
        vm.assertEq(inbox.checkpointCount(), 1);
        _late();
        vm.assertTrue(inbox.forcedDue());
    }
}
