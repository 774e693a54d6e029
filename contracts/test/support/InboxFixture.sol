// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Inbox} from "../../src/Inbox.sol";
import {BlobInput, IInbox, InboxParams} from "../../src/interfaces/IInbox.sol";
import {BatchHeader} from "../../src/types/BatchHeader.sol";
import {BlobOpening} from "../../src/types/BlobOpening.sol";
import {BatchCommitment} from "../../src/types/Ids.sol";
import {EdgeTest} from "./Cheats.sol";
import {nth} from "./Ids.sol";

/// @notice An Inbox at L1 block 1000, with genesis origin 990.
abstract contract InboxFixture is EdgeTest {
    address internal constant BATCHER = address(0xBA7C);
    address internal constant REGISTRANT = address(0x4E61);
    address internal constant PORTAL = address(0x9047);
    address internal constant ANYONE = address(0xA11);
    uint64 internal constant FORCE_WINDOW = 12 hours;
    uint64 internal constant START = 1_800_000_000;

    Inbox internal inbox;
    /// @dev What the test believes the last header to be.
    BatchHeader internal last;

    function setUp() public virtual {
        vm.etch(HISTORY, HISTORY_CODE);
        for (uint64 number = 991; number <= 1000; ++number) {
            _mine(number, START + 12 * number - 12_000);
        }
        // A slot ago, for the first batch may not stand in the block of genesis.
        vm.warp(START - 12);
        inbox = new Inbox(_params());
        vm.warp(START);
        last.originNumber = 990;
        last.originHash = _hashOf(990);
        last.postedAt = START - 12;
    }

    function _params() internal pure returns (InboxParams memory) {
        return InboxParams({
            batcher: BATCHER,
            registrant: REGISTRANT,
            portal: PORTAL,
            forceWindow: FORCE_WINDOW,
            originNumber: 990,
            originHash: _hashOf(990)
        });
    }

    /// @dev A second later, at the same block number, so that another batch may follow and origins keep their distance.
    function _tick() internal {
        (, uint64 timestamp) = _now();
        vm.warp(timestamp + 1);
    }

    function _deposit(bytes memory opaqueData) internal {
        vm.prank(PORTAL);
        inbox.enqueue(address(0xF0), address(0x70), opaqueData);
    }

    /// @dev What the next batch has to follow.
    function _parent() internal view returns (BatchCommitment) {
        return _parentOn(inbox);
    }

    /// @dev Read from the Inbox's slots: a call would be taken for the one that a prank or an expected revert waits for.
    function _parentOn(Inbox posted) internal view returns (BatchCommitment) {
        uint256 count = uint64(uint256(vm.load(address(posted), 0)));
        return BatchCommitment.wrap(vm.load(address(posted), keccak256(abi.encode(count, uint256(1)))));
    }

    /// @dev Posts empty calldata as the batcher.
    function _post(uint64 index, uint64 originNumber, uint64 checkpoint) internal {
        vm.prank(BATCHER);
        inbox.postCalldata(nth(index), _parent(), originNumber, checkpoint, "");
    }

    /// @dev The two blobs of fixtures/blob_opening.json.
    function _blobs(uint256 count) internal view returns (BlobInput[] memory inputs, bytes32[] memory hashes) {
        string memory json = vm.readFile("../fixtures/blob_opening.json");
        inputs = new BlobInput[](count);
        hashes = new bytes32[](count);
        for (uint256 k = 0; k < count; ++k) {
            string memory opening = string.concat(".openings[", vm.toString(k % 2), "]");
            hashes[k] = vm.parseJsonBytes32(json, string.concat(opening, ".versionedHash"));
            inputs[k] = BlobInput({
                z: vm.parseJsonBytes32(json, string.concat(opening, ".z")),
                y: vm.parseJsonBytes32(json, string.concat(opening, ".y")),
                commitment: vm.parseJsonBytes(json, string.concat(opening, ".commitment")),
                proof: vm.parseJsonBytes(json, string.concat(opening, ".proof"))
            });
        }
    }
}
