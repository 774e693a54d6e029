// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Inbox} from "../../src/Inbox.sol";
import {BatchHeader} from "../../src/types/BatchHeader.sol";
import {EdgeTest} from "../support/Cheats.sol";
import {nth, raw} from "../support/Ids.sol";
import {InboxFixture} from "../support/InboxFixture.sol";

/// @notice Lets blocks pass, deposits, and posts: rightly, wrongly, as batcher and as anyone. Keeps its own account of
/// what was deposited and what each batch must have consumed.
contract InboxHandler is EdgeTest {
    address internal constant BATCHER = address(0xBA7C);
    address internal constant PORTAL = address(0x9047);
    address internal constant ANYONE = address(0xA11);

    struct Queued {
        bytes32 rolling;
        uint64 l1Block;
        uint64 timestamp;
        uint64 gasLimit;
    }

    Inbox public immutable inbox;
    Queued[] internal _queue;
    BatchHeader[] internal _headers;
    uint64[] internal _blocks;
    uint256 public refused;
    uint256 public forced;
    /// @dev Set when a batch was accepted although an overdue deposit stayed behind that it could have consumed, or
    /// come nearer to.
    bool public leftOverdue;
    /// @dev Set when a batch went too far, or took several checkpoints with too much gas.
    bool public pastTheLimits;
    /// @dev Set when the shortest step forward was refused.
    bool public stuck;
    /// @dev Set when somebody else than the batcher posted although nothing was overdue.
    bool public postedUninvited;

    constructor(Inbox inbox_, BatchHeader memory genesis) {
        inbox = inbox_;
        _headers.push(genesis);
    }

    function pass(uint256 blocks) external {
        blocks = _bound(blocks, 1, 40);
        (uint64 number, uint64 timestamp) = _now();
        for (uint256 i = 1; i <= blocks; ++i) {
            _mine(number + i, timestamp + 12 * i);
        }
    }

    function passLong(uint256 time) external {
        (uint64 number, uint64 timestamp) = _now();
        _mine(number + 1, timestamp + _bound(time, 1 hours, 20 hours));
    }

    /// @dev More blocks than a batch can move the origin, without a day's worth of time.
    function passFar(uint256 blocks) external {
        (uint64 number, uint64 timestamp) = _now();
        blocks = _bound(blocks, 500, 3000);
        _mine(number + blocks, timestamp + 12 * blocks);
    }

    /// @dev A portal that sells more in one L1 block than it should is among what is tried.
    function depositGas(address from, address to, uint64 gasLimit, bytes calldata data) external {
        gasLimit = uint64(_bound(gasLimit, 0, 5_000_000));
        _deposit(from, to, abi.encodePacked(uint256(0), uint256(0), gasLimit, false, data), gasLimit);
    }

    function deposit(address from, address to, bytes calldata opaqueData) external {
        uint64 gasLimit = 0;
        if (opaqueData.length >= 73) gasLimit = uint64(bytes8(opaqueData[64:72]));
        _deposit(from, to, opaqueData, gasLimit);
    }

    function _deposit(address from, address to, bytes memory opaqueData, uint64 gasLimit) private {
        vm.prank(PORTAL);
        inbox.enqueue(from, to, opaqueData);
        (uint64 number, uint64 timestamp) = _now();
        bytes32 before = _queue.length == 0 ? bytes32(0) : _queue[_queue.length - 1].rolling;
        bytes32 rolling = keccak256(abi.encode(before, from, to, number, keccak256(opaqueData)));
        _queue.push(Queued(rolling, number, timestamp, gasLimit));
    }

    /// @dev Posts with an origin some blocks back, or some blocks on from the parent's, and the checkpoint that belongs
    /// to it, or with one beside it.
    function post(uint256 where, uint256 wrong, bool asAnyone, bytes calldata data) external {
        (uint64 number,) = _now();
        uint64 origin = number - uint64(_bound(where / 4, 1, 60));
        if (where % 4 == 0) origin = _last().originNumber + uint64(_bound(where / 4, 0, 1030));
        if (where % 4 == 1) origin = _last().originNumber + 1024;
        uint64 checkpoint = _checkpointUpTo(origin);
        if (wrong % 8 == 0) ++checkpoint;
        if (wrong % 8 == 1 && checkpoint != 0) --checkpoint;
        if (!_post(origin, checkpoint, asAnyone, data)) ++refused;
    }

    /// @dev The shortest step forward: to the next L1 block with deposits, or as far as a batch may. Whatever happened
    /// before, it must be possible, and for anyone if a deposit is overdue.
    function goOn(bool asAnyone) external {
        (uint64 number, uint64 timestamp) = _now();
        if (timestamp == _last().postedAt) {
            _nextBlock();
            (number, timestamp) = _now();
        }
        uint64 origin = _last().originNumber + 1024;
        if (origin >= number) origin = number - 1;
        uint64 consumed = _last().depositsAfter;
        if (consumed < _queue.length && _queue[consumed].l1Block < origin) origin = _queue[consumed].l1Block;
        // What L1 forgot, somebody keeps by walking back to it; here only the outcome, in the slot of the mapping.
        if (number - origin > 8191) {
            vm.store(address(inbox), keccak256(abi.encode(uint256(origin), uint256(4))), _hashOf(origin));
        }
        if (!_post(origin, _checkpointUpTo(origin), asAnyone && _isOverdue(timestamp), "")) stuck = true;
    }

    function _post(uint64 origin, uint64 checkpoint, bool asAnyone, bytes memory data) private returns (bool) {
        (, uint64 timestamp) = _now();
        bool overdue = _isOverdue(timestamp);
        bytes32 originHash = _known(origin);
        vm.prank(asAnyone ? ANYONE : BATCHER);
        try inbox.postCalldata(nth(uint64(_headers.length)), _last().commitment(), origin, checkpoint, data) {}
        catch {
            return false;
        }
        BatchHeader memory parent = _last();
        uint64 consumed = _countUpTo(origin);
        if (overdue) {
            ++forced;
            bool nearer = origin == parent.originNumber + 1024 && _queue[parent.depositsAfter].l1Block > origin;
            if (consumed == parent.depositsAfter && !nearer) leftOverdue = true;
        } else if (asAnyone) {
            postedUninvited = true;
        }
        if (origin > parent.originNumber + 1024) pastTheLimits = true;
        if (!_fits(parent.depositsAfter, consumed)) pastTheLimits = true;
        _headers.push(
            BatchHeader({
                parentCommitment: parent.commitment(),
                index: nth(uint64(_headers.length)),
                dataHash: keccak256(abi.encode(uint8(0), keccak256(data))),
                depositsBefore: parent.depositsAfter,
                depositHashBefore: parent.depositHashAfter,
                depositsAfter: consumed,
                depositHashAfter: consumed == 0 ? bytes32(0) : _queue[consumed - 1].rolling,
                originNumber: origin,
                originHash: originHash,
                postedAt: timestamp
            })
        );
        return true;
    }

    /// @dev What the chain answers for a past block; the history contract knows all that `blockhash` does not.
    function _known(uint64 origin) private returns (bytes32) {
        (uint64 number,) = _now();
        if (origin >= number) return 0;
        if (number - origin <= 256) return blockhash(origin);
        if (number - origin > 8191) return inbox.keptOrigin(origin);
        vm.store(HISTORY, bytes32(uint256(origin) % 8191), _hashOf(origin));
        return _hashOf(origin);
    }

    function _last() private view returns (BatchHeader memory) {
        return _headers[_headers.length - 1];
    }

    /// @dev Whether the deposits from one place in the queue to another are of one L1 block, or have little gas.
    function _fits(uint64 from, uint64 to) private view returns (bool) {
        if (from == to || _queue[from].l1Block == _queue[to - 1].l1Block) return true;
        uint256 sum = 0;
        for (uint64 i = from; i < to; ++i) {
            sum += _queue[i].gasLimit;
        }
        return sum <= 4_000_000;
    }

    function headerCount() external view returns (uint256) {
        return _headers.length;
    }

    function header(uint256 index) external view returns (BatchHeader memory) {
        return _headers[index];
    }

    function queueLength() external view returns (uint256) {
        return _queue.length;
    }

    function queueHash() external view returns (bytes32) {
        return _queue.length == 0 ? bytes32(0) : _queue[_queue.length - 1].rolling;
    }

    /// @dev Deposits made up to that block.
    function _countUpTo(uint64 l1Block) private view returns (uint64 count) {
        while (count < _queue.length && _queue[count].l1Block <= l1Block) ++count;
    }

    /// @dev L1 blocks with deposits up to that block.
    function _checkpointUpTo(uint64 l1Block) private view returns (uint64 count) {
        uint64 deposits = _countUpTo(l1Block);
        for (uint64 i = 0; i < deposits; ++i) {
            if (i == 0 || _queue[i].l1Block != _queue[i - 1].l1Block) ++count;
        }
    }

    function _isOverdue(uint64 timestamp) private view returns (bool) {
        uint64 consumed = _last().depositsAfter;
        return consumed < _queue.length && timestamp > _queue[consumed].timestamp + 12 hours;
    }
}

/// IN-1 to IN-7 of docs/reference/inbox.md, whatever is deposited and posted.
contract InboxInvariantTest is InboxFixture {
    InboxHandler internal handler;

    function setUp() public override {
        super.setUp();
        handler = new InboxHandler(inbox, last);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev One campaign checks them all: forge runs one for each function of this prefix.
    function invariant_InboxKeepsItsPromises() public view {
        _headersAreThoseRecomputed();
        _checkpointsIncrease();
        vm.assertEq(inbox.depositCount(), handler.queueLength());
        vm.assertEq(inbox.depositHash(), handler.queueHash());
        // IN-4, and nobody posts in the batcher's place otherwise.
        vm.assertFalse(handler.leftOverdue());
        vm.assertFalse(handler.postedUninvited());
        // IN-6 and IN-7
        vm.assertFalse(handler.pastTheLimits());
        vm.assertFalse(handler.stuck());
    }

    /// IN-1 and IN-2: every commitment is that of the header recomputed from scratch, with the chain and with exactly the
    /// deposits up to the origin.
    function _headersAreThoseRecomputed() private view {
        uint256 count = handler.headerCount();
        vm.assertEq(inbox.batchCount(), count - 1);
        for (uint256 i = 0; i < count; ++i) {
            BatchHeader memory header = handler.header(i);
            vm.assertEq(raw(inbox.batchCommitment(nth(uint64(i)))), raw(header.commitment()));
            vm.assertEq(inbox.postedAt(nth(uint64(i))), header.postedAt);
            if (i != 0) {
                BatchHeader memory parent = handler.header(i - 1);
                // IN-3 and IN-8
                vm.assertGe(header.originNumber, parent.originNumber);
                vm.assertGe(header.postedAt, parent.postedAt + 1);
                // No deposit is skipped or consumed twice.
                vm.assertEq(header.depositsBefore, parent.depositsAfter);
                vm.assertGe(header.depositsAfter, header.depositsBefore);
            }
        }
        vm.assertEq(raw(inbox.batchCommitment(nth(uint64(count)))), bytes32(0));
    }

    function _checkpointsIncrease() private view {
        uint256 count = inbox.checkpointCount();
        uint64 block_ = 0;
        uint64 deposits = 0;
        uint64 gas_ = 0;
        for (uint256 i = 0; i < count; ++i) {
            (, uint64 total, uint64 blockNumber,, uint64 depositGas) = inbox.depositCheckpoints(i);
            vm.assertTrue(blockNumber > block_ && total > deposits && depositGas >= gas_);
            (block_, deposits, gas_) = (blockNumber, total, depositGas);
        }
    }
}
