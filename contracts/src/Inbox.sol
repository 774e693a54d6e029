// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";

import {TestChains} from "./TestChains.sol";
import {BlobInput, IInbox, InboxParams} from "./interfaces/IInbox.sol";
import {BatchHeader, BatchHeaderLib} from "./types/BatchHeader.sol";
import {BlobOpening} from "./types/BlobOpening.sol";
import {DepositLib} from "./types/Deposit.sol";
import {BatchCommitment, BatchIndex} from "./types/Ids.sol";

/// @title Inbox
/// @dev See IInbox for what it promises and docs/reference/inbox.md for the reasons.
contract Inbox is IInbox {
    /// @dev One for each L1 block with deposits, in order. `rollingHash`, `count` and `depositGas` run over the whole
    /// queue.
    struct Checkpoint {
        bytes32 rollingHash;
        uint64 count;
        uint64 blockNumber;
        uint64 timestamp;
        uint64 depositGas;
    }

    /// @dev All that changes with every posting, in one slot.
    struct Head {
        uint64 batchCount;
        uint64 originNumber;
        uint64 checkpointsConsumed;
        uint64 checkpointCount;
    }

    /// @inheritdoc IInbox
    uint256 public constant MAX_CALLDATA_BYTES = 120_000;
    /// @inheritdoc IInbox
    uint256 public constant MAX_BLOBS = 6;
    /// @inheritdoc IInbox
    uint64 public constant MAX_DEPOSIT_GAS = 4_000_000;
    /// @inheritdoc IInbox
    uint64 public constant MAX_ORIGIN_ADVANCE = 1024;

    /// @dev Below it, a batcher that a few L1 blocks leave out would lose the order of its rollup to anyone. Test chains may.
    uint64 private constant MIN_FORCE_WINDOW = 1 hours;
    uint64 private constant MAX_FORCE_WINDOW = 7 days;

    /// @dev EIP-4844.
    address private constant POINT_EVALUATION = address(0x0A);
    uint256 private constant FIELD_ELEMENTS_PER_BLOB = 4096;
    uint256 private constant BLS_MODULUS = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;

    /// @inheritdoc IInbox
    address public immutable batcher;
    /// @inheritdoc IInbox
    address public immutable registrant;
    /// @inheritdoc IInbox
    address public immutable portal;
    /// @inheritdoc IInbox
    uint64 public immutable forceWindow;

    Head private _head;
    /// @inheritdoc IInbox
    mapping(BatchIndex index => BatchCommitment) public batchCommitment;
    /// @dev Four timestamps a slot: a posting mostly writes into a slot already in use.
    mapping(uint64 quarter => uint64[4]) private _postedAt;
    mapping(uint256 place => Checkpoint) private _checkpoints;
    /// @inheritdoc IInbox
    mapping(uint64 originNumber => bytes32) public keptOrigin;

    constructor(InboxParams memory params) {
        if (params.batcher == address(0) || params.registrant == address(0) || params.portal == address(0)) {
            revert ZeroAddress(params.batcher, params.registrant, params.portal);
        }
        uint64 minimum = TestChains.includes(block.chainid) ? 1 : MIN_FORCE_WINDOW;
        if (params.forceWindow < minimum || params.forceWindow > MAX_FORCE_WINDOW) {
            revert BadForceWindow(minimum, MAX_FORCE_WINDOW, params.forceWindow);
        }

        batcher = params.batcher;
        registrant = params.registrant;
        portal = params.portal;
        forceWindow = params.forceWindow;

        bytes32 originHash = _originHash(params.originNumber);
        if (originHash != params.originHash) {
            revert OriginMismatch(params.originNumber, originHash, params.originHash);
        }
        _head.originNumber = params.originNumber;

        BatchHeader memory header;
        header.originNumber = params.originNumber;
        header.originHash = originHash;
        header.postedAt = uint64(block.timestamp);
        _record(header, new BlobOpening[](0));
    }

    // ── Posting ─────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IInbox
    function postBlobs(
        BatchIndex index,
        BatchCommitment parent,
        uint64 originNumber,
        uint64 checkpoint,
        BlobInput[] calldata blobs
    ) external {
        BatchHeader memory header = _next(index, parent, originNumber, checkpoint);
        BlobOpening[] memory openings = _checkBlobs(blobs);
        header.dataHash = BatchHeaderLib.dataHash(openings);
        _record(header, openings);
    }

    /// @inheritdoc IInbox
    function postCalldata(
        BatchIndex index,
        BatchCommitment parent,
        uint64 originNumber,
        uint64 checkpoint,
        bytes calldata data
    ) external {
        if (data.length > MAX_CALLDATA_BYTES) revert DataTooLong(MAX_CALLDATA_BYTES, data.length);
        BatchHeader memory header = _next(index, parent, originNumber, checkpoint);
        header.dataHash = BatchHeaderLib.dataHash(data);
        emit BatchData(index, data);
        _record(header, new BlobOpening[](0));
    }

    /// @dev Checks who posts, the order, the parent, the origin and the deposits, moves the head, and returns the header
    /// of the next batch without its data hash.
    function _next(BatchIndex index, BatchCommitment parent, uint64 originNumber, uint64 checkpoint)
        private
        returns (BatchHeader memory header)
    {
        Head memory head_ = _head;
        bool overdue = _overdue(head_);
        if (msg.sender != batcher && !overdue) revert NotBatcher(msg.sender);
        BatchIndex expected = BatchIndex.wrap(head_.batchCount + 1);
        if (index != expected) revert WrongIndex(expected, index);
        BatchCommitment last = batchCommitment[BatchIndex.wrap(head_.batchCount)];
        if (parent != last) revert WrongParent(last, parent);
        uint64 parentPostedAt = _postedAt[head_.batchCount / 4][head_.batchCount % 4];
        if (block.timestamp <= parentPostedAt) revert PostedInThisBlock(parentPostedAt);
        if (originNumber < head_.originNumber) revert OriginBeforeParent(head_.originNumber, originNumber);
        uint64 furthest = head_.originNumber + MAX_ORIGIN_ADVANCE;
        if (originNumber > furthest) revert OriginTooFar(furthest, originNumber);

        header.parentCommitment = parent;
        header.index = index;
        header.originNumber = originNumber;
        header.originHash = _originHash(originNumber);
        header.postedAt = uint64(block.timestamp);
        _consume(header, head_, checkpoint);
        // The oldest waiting deposit is due, and the checkpoints consumed are those up to the origin: consuming none
        // means that the origin lies before that deposit. It may do so only where no batch can reach the deposit yet,
        // and then the batch must come as near as it can.
        if (overdue && checkpoint == head_.checkpointsConsumed && originNumber != furthest) {
            revert OverdueDepositLeft(checkpoint);
        }

        head_.batchCount = BatchIndex.unwrap(index);
        head_.originNumber = originNumber;
        head_.checkpointsConsumed = checkpoint;
        _head = head_;
    }

    /// @dev Fills the header's deposit range. `checkpoint` must split the queue at the origin; the origin never goes
    /// back, so neither does the split.
    function _consume(BatchHeader memory header, Head memory head_, uint64 checkpoint) private view {
        if (checkpoint > head_.checkpointCount) revert NoSuchCheckpoint(head_.checkpointCount, checkpoint);

        uint64 gasBefore = 0;
        if (head_.checkpointsConsumed != 0) {
            Checkpoint storage before = _checkpoints[head_.checkpointsConsumed - 1];
            header.depositHashBefore = before.rollingHash;
            header.depositsBefore = before.count;
            gasBefore = before.depositGas;
        }
        if (checkpoint == head_.checkpointsConsumed) {
            header.depositHashAfter = header.depositHashBefore;
            header.depositsAfter = header.depositsBefore;
        } else if (checkpoint != 0) {
            Checkpoint storage last = _checkpoints[checkpoint - 1];
            if (last.blockNumber > header.originNumber) {
                revert DepositsAfterOrigin(checkpoint - 1, last.blockNumber, header.originNumber);
            }
            header.depositHashAfter = last.rollingHash;
            header.depositsAfter = last.count;
            // One checkpoint is always accepted. The Portal sells no more than the limit in an L1 block, so it fits; a
            // portal that broke this could not make the next batch impossible, and the state transition cuts what does
            // not fit in an L2 block.
            if (checkpoint > head_.checkpointsConsumed + 1 && last.depositGas - gasBefore > MAX_DEPOSIT_GAS) {
                revert TooMuchDepositGas(MAX_DEPOSIT_GAS, last.depositGas - gasBefore);
            }
        }
        // Also refuses a checkpoint below the one consumed: its successor lies at or before the parent's origin.
        if (checkpoint < head_.checkpointCount) {
            uint64 waiting = _checkpoints[checkpoint].blockNumber;
            if (waiting <= header.originNumber) revert DepositsLeft(checkpoint, waiting, header.originNumber);
        }
    }

    /// @dev Every blob of the transaction is named, present and opened correctly. That the commitment hashes to the
    /// versioned hash and that `z` and `y` are canonical is part of what the precompile checks.
    function _checkBlobs(BlobInput[] calldata blobs) private view returns (BlobOpening[] memory openings) {
        uint256 count = blobs.length;
        if (count == 0 || count > MAX_BLOBS) revert BadBlobCount(MAX_BLOBS, count);
        openings = new BlobOpening[](count);
        for (uint256 k = 0; k < count; ++k) {
            BlobInput calldata blob = blobs[k];
            bytes32 versionedHash = blobhash(k);
            if (versionedHash == 0) revert MissingBlob(k);
            if (blob.commitment.length != 48 || blob.proof.length != 48) revert BadOpeningLength(k);

            (bool success, bytes memory result) = POINT_EVALUATION.staticcall(
                abi.encodePacked(versionedHash, blob.z, blob.y, blob.commitment, blob.proof)
            );
            if (!success || keccak256(result) != keccak256(abi.encode(FIELD_ELEMENTS_PER_BLOB, BLS_MODULUS))) {
                revert BadOpening(k);
            }
            openings[k] = BlobOpening({versionedHash: versionedHash, z: blob.z, y: blob.y});
        }
        if (blobhash(count) != 0) revert UnusedBlob(count);
    }

    function _record(BatchHeader memory header, BlobOpening[] memory openings) private {
        BatchCommitment commitment = header.commitment();
        batchCommitment[header.index] = commitment;
        uint64 index = BatchIndex.unwrap(header.index);
        _postedAt[index / 4][index % 4] = header.postedAt;
        emit BatchPosted(header.index, commitment, header, openings);
    }

    /// @inheritdoc IInbox
    function keepOrigin(uint64 originNumber) external {
        bytes32 hash = _originHash(originNumber);
        keptOrigin[originNumber] = hash;
        emit OriginKept(originNumber, hash);
    }

    /// @inheritdoc IInbox
    /// @dev A header that hashes to the hash of an L1 block is that block's header, so what is read out of it is true.
    /// The form is checked all the same: L1 may once hash something else.
    function keepOriginBehind(uint64 originNumber, bytes[] calldata headers) external {
        uint64 number = originNumber + uint64(headers.length);
        bytes32 hash = _originHash(number);
        for (uint256 i = 0; i < headers.length; ++i) {
            bytes calldata header = headers[i];
            bytes32 got = keccak256(header);
            if (got != hash) revert WrongOriginHeader(number, hash, got);
            hash = _parentHash(number, header);
            --number;
        }
        keptOrigin[originNumber] = hash;
        emit OriginKept(originNumber, hash);
    }

    /// @dev The first item of a header's RLP: a list with two bytes of length, then a string of 32 bytes.
    function _parentHash(uint64 number, bytes calldata header) private pure returns (bytes32) {
        if (
            header.length < 36 || header[0] != 0xf9 || uint16(bytes2(header[1:3])) != header.length - 3
                || header[3] != 0xa0
        ) {
            revert NotAHeader(number);
        }
        return bytes32(header[4:36]);
    }

    /// @dev From the 256 hashes of the EVM, else from the history contract of EIP-2935 (8191 blocks), else from those
    /// kept here. No answer is zero, and refused.
    function _originHash(uint64 originNumber) private view returns (bytes32 hash) {
        if (originNumber >= block.number) revert OriginNotPast(uint64(block.number), originNumber);
        hash = Blockhash.blockHash(originNumber);
        if (hash == 0) hash = keptOrigin[originNumber];
        if (hash == 0) revert OriginUnknown(originNumber);
    }

    // ── Deposits ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IInbox
    function enqueue(address from, address to, bytes calldata opaqueData) external {
        if (msg.sender != portal) revert NotPortal(msg.sender);

        uint64 count = _head.checkpointCount;
        uint64 l1Block = uint64(block.number);
        Checkpoint memory last;
        if (count != 0) last = _checkpoints[count - 1];

        uint64 index = last.count;
        Checkpoint memory checkpoint = Checkpoint({
            rollingHash: DepositLib.next(last.rollingHash, from, to, l1Block, opaqueData),
            count: index + 1,
            blockNumber: l1Block,
            timestamp: uint64(block.timestamp),
            depositGas: last.depositGas + _gasOf(opaqueData)
        });
        if (count != 0 && last.blockNumber == l1Block) {
            _checkpoints[count - 1] = checkpoint;
        } else {
            _checkpoints[count] = checkpoint;
            _head.checkpointCount = count + 1;
        }
        emit DepositQueued(index, checkpoint.rollingHash, l1Block, checkpoint.timestamp);
    }

    /// @dev What a deposit counts against MAX_DEPOSIT_GAS: its gas limit, which stands behind mint and value. Data that
    /// is too short to be a deposit does nothing on L2. Above the limit all are alike, so that no portal can make the
    /// sum overflow.
    function _gasOf(bytes calldata opaqueData) private pure returns (uint64) {
        if (opaqueData.length < 73) return 0;
        uint64 gasLimit = uint64(bytes8(opaqueData[64:72]));
        return gasLimit > MAX_DEPOSIT_GAS ? MAX_DEPOSIT_GAS + 1 : gasLimit;
    }

    // ── Views ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IInbox
    function batchCount() external view returns (uint64) {
        return _head.batchCount;
    }

    /// @inheritdoc IInbox
    function postedAt(BatchIndex index) external view returns (uint64) {
        uint64 number = BatchIndex.unwrap(index);
        return _postedAt[number / 4][number % 4];
    }

    /// @inheritdoc IInbox
    function head()
        external
        view
        returns (uint64 count, uint64 originNumber, uint64 checkpointsConsumed, uint64 depositsConsumed)
    {
        Head memory head_ = _head;
        count = head_.batchCount;
        originNumber = head_.originNumber;
        checkpointsConsumed = head_.checkpointsConsumed;
        if (checkpointsConsumed != 0) depositsConsumed = _checkpoints[checkpointsConsumed - 1].count;
    }

    /// @inheritdoc IInbox
    function checkpointCount() external view returns (uint256) {
        return _head.checkpointCount;
    }

    /// @inheritdoc IInbox
    function depositCheckpoints(uint256 i)
        external
        view
        returns (bytes32 rollingHash, uint64 count, uint64 blockNumber, uint64 timestamp, uint64 depositGas)
    {
        uint64 total = _head.checkpointCount;
        if (i >= total) revert NoSuchCheckpoint(total, i);
        Checkpoint memory found = _checkpoints[i];
        return (found.rollingHash, found.count, found.blockNumber, found.timestamp, found.depositGas);
    }

    /// @inheritdoc IInbox
    function depositCount() external view returns (uint64) {
        uint64 total = _head.checkpointCount;
        return total == 0 ? 0 : _checkpoints[total - 1].count;
    }

    /// @inheritdoc IInbox
    function depositHash() external view returns (bytes32) {
        uint64 total = _head.checkpointCount;
        return total == 0 ? bytes32(0) : _checkpoints[total - 1].rollingHash;
    }

    /// @inheritdoc IInbox
    function forcedDue() external view returns (bool) {
        return _overdue(_head);
    }

    function _overdue(Head memory head_) private view returns (bool) {
        if (head_.checkpointsConsumed == head_.checkpointCount) return false;
        return block.timestamp > uint256(_checkpoints[head_.checkpointsConsumed].timestamp) + forceWindow;
    }
}
