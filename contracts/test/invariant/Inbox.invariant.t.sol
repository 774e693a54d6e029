// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Inbox} from "../../src/Inbox.sol";
import {BatchHeader} from "../../src/types/BatchHeader.sol";
import {EdgeTest} from "../support/Cheats.sol";
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
    }

    Inbox public immutable inbox;
    Queued[] internal _queue;
    BatchHeader[] internal _headers;
    uint64[] internal _blocks;
    uint256 public refused;
    uint256 public forced;
    /// @dev Set when a batch was accepted although an overdue deposit stayed behind.
    bool public leftOverdue;
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

    function deposit(address from, address to, bytes calldata opaqueData) external {
        vm.prank(PORTAL);
        inbox.enqueue(from, to, opaqueData);
        (uint64 number, uint64 timestamp) = _now();
        bytes32 before = _queue.length == 0 ? bytes32(0) : _queue[_queue.length - 1].rolling;
        _queue.push(Queued(keccak256(abi.encode(before, from, to, number, keccak256(opaqueData))), number, timestamp));
    }

    /// @dev Posts with an origin some blocks back and the checkpoint that belongs to it, or with one beside it.
    function post(uint256 back, uint256 wrong, bool asAnyone, bytes calldata data) external {
        (uint64 number, uint64 timestamp) = _now();
        uint64 origin = number - uint64(_bound(back, 1, 60));
        uint64 checkpoint = _checkpointUpTo(origin);
        if (wrong % 8 == 0) ++checkpoint;
        if (wrong % 8 == 1 && checkpoint != 0) --checkpoint;

        bool overdue = _isOverdue(timestamp);
        vm.prank(asAnyone ? ANYONE : BATCHER);
        try inbox.postCalldata(uint64(_headers.length), origin, checkpoint, data) {
            BatchHeader memory parent = _headers[_headers.length - 1];
            uint64 consumed = _countUpTo(origin);
            if (overdue) {
                ++forced;
                if (consumed == parent.depositsAfter) leftOverdue = true;
            } else if (asAnyone) {
                postedUninvited = true;
            }
            _headers.push(
                BatchHeader({
                    parentCommitment: parent.commitment(),
                    index: uint64(_headers.length),
                    dataHash: keccak256(abi.encode(uint8(0), keccak256(data))),
                    depositsBefore: parent.depositsAfter,
                    depositHashBefore: parent.depositHashAfter,
                    depositsAfter: consumed,
                    depositHashAfter: consumed == 0 ? bytes32(0) : _queue[consumed - 1].rolling,
                    originNumber: origin,
                    originHash: blockhash(origin),
                    postedAt: timestamp
                })
            );
        } catch {
            ++refused;
        }
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
        uint64 consumed = _headers[_headers.length - 1].depositsAfter;
        return consumed < _queue.length && timestamp > _queue[consumed].timestamp + 12 hours;
    }
}

/// IN-1 to IN-5 of docs/reference/inbox.md, whatever is deposited and posted.
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
    }

    /// IN-1 and IN-2: every commitment is that of the header recomputed from scratch, with the chain and with exactly the
    /// deposits up to the origin.
    function _headersAreThoseRecomputed() private view {
        uint256 count = handler.headerCount();
        vm.assertEq(inbox.batchCount(), count - 1);
        for (uint256 i = 0; i < count; ++i) {
            BatchHeader memory header = handler.header(i);
            vm.assertEq(inbox.batchCommitment(uint64(i)), header.commitment());
            vm.assertEq(inbox.postedAt(uint64(i)), header.postedAt);
            if (i != 0) {
                BatchHeader memory parent = handler.header(i - 1);
                // IN-3
                vm.assertGe(header.originNumber, parent.originNumber);
                // No deposit is skipped or consumed twice.
                vm.assertEq(header.depositsBefore, parent.depositsAfter);
                vm.assertGe(header.depositsAfter, header.depositsBefore);
            }
        }
        vm.assertEq(inbox.batchCommitment(uint64(count)), bytes32(0));
    }

    function _checkpointsIncrease() private view {
        uint256 count = inbox.checkpointCount();
        uint64 block_ = 0;
        uint64 deposits = 0;
        for (uint256 i = 0; i < count; ++i) {
            (, uint64 total, uint64 blockNumber,) = inbox.depositCheckpoints(i);
            vm.assertTrue(blockNumber > block_ && total > deposits);
            (block_, deposits) = (blockNumber, total);
        }
    }
}
