// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchHeader} from "../types/BatchHeader.sol";
import {BlobOpening} from "../types/BlobOpening.sol";
import {BatchCommitment, BatchIndex} from "../types/Ids.sol";

/// @notice One blob of a posting, opened at one point. Blob `k` of the call is blob `k` of the transaction.
struct BlobInput {
    /// Point of evaluation. Honest posters derive it from the bytes; L1 only checks `p(z) = y`.
    bytes32 z;
    /// Value there.
    bytes32 y;
    /// KZG commitment, 48 bytes.
    bytes commitment;
    /// KZG proof, 48 bytes.
    bytes proof;
}

/// @notice What an Inbox is made of; nothing of it can change later.
struct InboxParams {
    /// The account that may always post.
    address batcher;
    /// The account that may register this rollup with a Settlement, see `ISettlement.register`.
    address registrant;
    /// The one contract that may enqueue deposits; usually deployed right after, at an address known before.
    address portal;
    /// Seconds a deposit may wait before anyone may post, and every batch must consume it. At least an hour, but for test
    /// chains, and at most 7 days.
    uint64 forceWindow;
    /// L1 origin of the L2 genesis: an L1 block of the last 8191, strictly past.
    uint64 originNumber;
    bytes32 originHash;
}

/// @title Inbox: the inputs of one rollup, in order
/// @notice Fixes on L1, once and for all, what each batch of one rollup consists of: its data, the deposits it
/// consumes, its L1 origin and the time of posting. It judges nothing of the data: the state transition is total, so
/// every batch recorded here has exactly one right output. No owner, no upgrade, no pause.
/// @dev Invariants (docs/reference/inbox.md): IN-1 commitments form one linear chain; IN-2 a batch consumes exactly the deposits
/// made up to its origin; IN-3 origins never go back and are strictly past; IN-4 a batch posted while a deposit is
/// overdue consumes it or moves the origin as far towards it as a batch may; IN-5 only the portal adds deposits; IN-6 a
/// batch moves the origin by at most MAX_ORIGIN_ADVANCE, and its deposits have at most MAX_DEPOSIT_GAS; IN-8 batches are posted at
/// strictly increasing times, at most one in an L1 block; IN-9 a batch is recorded behind the parent that its poster named, or not
/// at all; IN-10 the data of a batch stand in blobs that the header names, or in a log of the posting.
interface IInbox {
    /// @notice A batch was recorded. Index 0 is the genesis header, emitted at construction.
    /// @param openings The blobs' openings in blob order; empty for a batch posted as calldata.
    event BatchPosted(
        BatchIndex indexed index, BatchCommitment indexed commitment, BatchHeader header, BlobOpening[] openings
    );

    /// @notice The data of a batch posted as calldata, in the transaction of its `BatchPosted`. Whoever wants the data needs this
    /// log and nothing else: the call may stand deep inside another contract's transaction, where only a trace would find it.
    event BatchData(BatchIndex indexed index, bytes data);

    /// @notice A deposit joined the queue.
    /// @param index Its place in the queue, from zero.
    /// @param rollingHash Rolling hash of the queue after it, see `DepositLib.next`.
    /// @param l1Block The L1 block of the deposit.
    /// @param timestamp That block's timestamp.
    event DepositQueued(uint64 indexed index, bytes32 rollingHash, uint64 l1Block, uint64 timestamp);

    /// @notice An L1 block's hash was kept, so that it can be an origin for ever.
    event OriginKept(uint64 indexed originNumber, bytes32 originHash);

    /// @notice An address of the parameters is zero.
    error ZeroAddress(address batcher, address registrant, address portal);
    /// @notice The force window is out of bounds.
    error BadForceWindow(uint64 minimum, uint64 maximum, uint64 got);
    /// @notice The caller is neither the batcher nor may anyone post now.
    error NotBatcher(address caller);
    /// @notice The caller is not the portal.
    error NotPortal(address caller);
    /// @notice The batch is not the next one: a repeated or a lost race, or a gap.
    error WrongIndex(BatchIndex expected, BatchIndex got);
    /// @notice The batch was made to follow another one than that which stands before it: L1 took that one back.
    error WrongParent(BatchCommitment expected, BatchCommitment got);
    /// @notice The batch before was posted in the present L1 block: there is at most one in each.
    error PostedInThisBlock(uint64 postedAt);
    /// @notice The origin lies before the origin of the batch before.
    error OriginBeforeParent(uint64 parentOrigin, uint64 got);
    /// @notice The origin lies further past that of the batch before than one batch may move it.
    error OriginTooFar(uint64 furthest, uint64 got);
    /// @notice The origin is the present block or lies in the future.
    error OriginNotPast(uint64 blockNumber, uint64 got);
    /// @notice L1 no longer knows the origin's hash (more than 8191 blocks back), and nobody kept it.
    error OriginUnknown(uint64 originNumber);
    /// @notice Something else than the header of L1 block `blockNumber`: it has another hash.
    error WrongOriginHeader(uint64 blockNumber, bytes32 expected, bytes32 got);
    /// @notice What hashes to the hash of L1 block `blockNumber` is not the RLP of a header.
    error NotAHeader(uint64 blockNumber);
    /// @notice The given genesis origin has another hash on this chain.
    error OriginMismatch(uint64 originNumber, bytes32 expected, bytes32 got);
    /// @notice `checkpoint` exceeds the number of checkpoints.
    error NoSuchCheckpoint(uint256 count, uint256 got);
    /// @notice A deposit up to the origin would be skipped: the checkpoint `checkpoint` is at or before the origin.
    error DepositsLeft(uint64 checkpoint, uint64 depositBlock, uint64 originNumber);
    /// @notice A deposit made after the origin would be consumed.
    error DepositsAfterOrigin(uint64 checkpoint, uint64 depositBlock, uint64 originNumber);
    /// @notice The deposits of the batch have more gas than one batch may consume.
    error TooMuchDepositGas(uint64 maximum, uint64 got);
    /// @notice The oldest waiting deposit is overdue, and the batch neither consumes it nor moves the origin as far as
    /// a batch may.
    error OverdueDepositLeft(uint64 checkpoint);
    /// @notice More bytes than a posting may have.
    error DataTooLong(uint256 maximum, uint256 got);
    /// @notice No blob, or more than a posting may have.
    error BadBlobCount(uint256 maximum, uint256 got);
    /// @notice The transaction carries no blob at this position.
    error MissingBlob(uint256 position);
    /// @notice The transaction carries a blob that the posting does not name.
    error UnusedBlob(uint256 position);
    /// @notice A commitment or proof is not 48 bytes long.
    error BadOpeningLength(uint256 position);
    /// @notice The point evaluation precompile refused: wrong commitment, non-canonical `z` or `y`, or `p(z) != y`.
    error BadOpening(uint256 position);

    /// @notice Records the next batch from all blobs of this transaction.
    /// @param index Must be `batchCount() + 1`, so that a repeated transaction cannot post twice.
    /// @param parent Must be `batchCommitment(batchCount())`. The data continue the chain that the poster saw; should L1 take
    /// the batch before back and another one take its place, the transaction reverts instead of following that.
    /// @param originNumber L1 origin of the batch: strictly past, at least the parent's and at most MAX_ORIGIN_ADVANCE
    /// more, at most 8191 blocks back or kept.
    /// @param checkpoint Number of deposit checkpoints consumed after the batch: exactly those up to the origin.
    /// If there are several, their gas is at most MAX_DEPOSIT_GAS.
    /// @param blobs One entry for every blob of the transaction, in order.
    function postBlobs(
        BatchIndex index,
        BatchCommitment parent,
        uint64 originNumber,
        uint64 checkpoint,
        BlobInput[] calldata blobs
    ) external;

    /// @notice Records the next batch from calldata, and emits the data as `BatchData`. Empty data is the shortest forced inclusion: it decodes to no
    /// block of its own, and the deposits run all the same.
    /// @param index As in `postBlobs`.
    /// @param parent As in `postBlobs`.
    /// @param originNumber As in `postBlobs`.
    /// @param checkpoint As in `postBlobs`.
    /// @param data The batch body, at most 120,000 bytes: as a public L1 node relays a transaction of at most 131,072 bytes, anyone
    /// can bring the whole body to L1 in one, also as a preimage in a dispute.
    function postCalldata(
        BatchIndex index,
        BatchCommitment parent,
        uint64 originNumber,
        uint64 checkpoint,
        bytes calldata data
    ) external;

    /// @notice Keeps the hash of an L1 block that L1 still knows (the last 8191), so that it can be an origin later.
    /// Open to all.
    function keepOrigin(uint64 originNumber) external;

    /// @notice Keeps the hash of an older L1 block, found by walking back from one that L1 knows or that somebody kept.
    /// Open to all. So a rollup that stood still for however long can go on. A walk that is too long for one
    /// transaction goes on from where the one before ended.
    /// @param originNumber The block to keep.
    /// @param headers RLP headers of the L1 blocks from `originNumber + headers.length` down to `originNumber + 1`.
    function keepOriginBehind(uint64 originNumber, bytes[] calldata headers) external;

    /// @notice Adds a deposit to the queue. Portal only.
    /// @param from Sender on L2, already aliased.
    /// @param to Recipient on L2.
    /// @param opaqueData OP deposit, version 0.
    function enqueue(address from, address to, bytes calldata opaqueData) external;

    /// @notice Number of batches posted; also the index of the last one.
    function batchCount() external view returns (uint64);

    /// @notice Commitment of a batch; zero where there is none.
    function batchCommitment(BatchIndex index) external view returns (BatchCommitment);

    /// @notice L1 timestamp at which a batch was posted, above that of the batch before; zero where there is none.
    function postedAt(BatchIndex index) external view returns (uint64);

    /// @notice What the next batch starts from.
    /// @return count `batchCount()`.
    /// @return originNumber L1 origin of the last batch.
    /// @return checkpointsConsumed Deposit checkpoints consumed so far.
    /// @return depositsConsumed Deposits consumed so far.
    function head()
        external
        view
        returns (uint64 count, uint64 originNumber, uint64 checkpointsConsumed, uint64 depositsConsumed);

    /// @notice Kept hash of an L1 block; zero where nobody kept it.
    function keptOrigin(uint64 originNumber) external view returns (bytes32);

    /// @notice Number of deposit checkpoints. There is one for each L1 block that has deposits.
    function checkpointCount() external view returns (uint256);

    /// @notice A deposit checkpoint, by its place from zero; reverts where there is none.
    /// @return rollingHash Rolling hash of the queue after that block's last deposit.
    /// @return count Number of deposits in the queue after it.
    /// @return blockNumber The L1 block.
    /// @return timestamp Its timestamp.
    /// @return depositGas L2 gas limits of all deposits in the queue after it; a limit above MAX_DEPOSIT_GAS counts as
    /// one more than that.
    function depositCheckpoints(uint256 i)
        external
        view
        returns (bytes32 rollingHash, uint64 count, uint64 blockNumber, uint64 timestamp, uint64 depositGas);

    /// @notice Number of deposits ever queued.
    function depositCount() external view returns (uint64);

    /// @notice Rolling hash over all deposits ever queued.
    function depositHash() external view returns (bytes32);

    /// @notice Whether the oldest waiting deposit is older than the force window: then anyone may post, and only a
    /// batch that consumes it is accepted, or one that moves the origin by MAX_ORIGIN_ADVANCE where it lies further.
    function forcedDue() external view returns (bool);

    /// @notice The account that may always post.
    function batcher() external view returns (address);

    /// @notice The account that may register this rollup with a Settlement.
    function registrant() external view returns (address);

    /// @notice The contract that enqueues deposits.
    function portal() external view returns (address);

    /// @notice Seconds a deposit may wait before it can be forced.
    function forceWindow() external view returns (uint64);

    /// @notice Bytes a batch posted as calldata may have.
    function MAX_CALLDATA_BYTES() external view returns (uint256);

    /// @notice Blobs a batch may have.
    function MAX_BLOBS() external view returns (uint256);

    /// @notice L2 gas limits that the deposits of a batch may have in all, and those of any one L1 block.
    function MAX_DEPOSIT_GAS() external view returns (uint64);

    /// @notice L1 blocks by which a batch may move the origin.
    function MAX_ORIGIN_ADVANCE() external view returns (uint64);
}
