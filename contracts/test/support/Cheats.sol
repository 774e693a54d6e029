// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice The cheatcodes of forge that these tests use. The packaged forge-std needs a library that npm does not have.
interface Cheats {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function assertEq(uint256 left, uint256 right) external pure;
    function assertEq(bytes32 left, bytes32 right) external pure;
    function assertEq(address left, address right) external pure;
    function assertEq(bool left, bool right) external pure;
    function assertEq(bytes calldata left, bytes calldata right) external pure;
    function assertEq(string calldata left, string calldata right) external pure;
    function assertTrue(bool condition) external pure;
    function assertFalse(bool condition) external pure;
    function assertLe(uint256 left, uint256 right) external pure;
    function assertGe(uint256 left, uint256 right) external pure;
    function assume(bool condition) external pure;

    function roll(uint256 blockNumber) external;
    function warp(uint256 timestamp) external;
    function fee(uint256 baseFee) external;
    function getBlockNumber() external view returns (uint256);
    function getBlockTimestamp() external view returns (uint256);
    function chainId(uint256 id) external;
    function blobhashes(bytes32[] calldata hashes) external;
    function setBlockhash(uint256 blockNumber, bytes32 blockHash) external;
    function etch(address target, bytes calldata code) external;
    function load(address target, bytes32 slot) external view returns (bytes32);
    function store(address target, bytes32 slot, bytes32 value) external;
    function deal(address target, uint256 balance) external;
    function cool(address target) external;
    function getNonce(address account) external view returns (uint64);
    function computeCreateAddress(address deployer, uint256 nonce) external pure returns (address);
    function snapshotState() external returns (uint256);
    function revertToState(uint256 snapshot) external returns (bool);

    function prank(address sender) external;
    function prank(address sender, address origin) external;
    function startPrank(address sender) external;
    function startPrank(address sender, address origin) external;
    function stopPrank() external;

    function expectRevert() external;
    function expectRevert(bytes calldata data) external;
    function expectRevert(bytes4 selector) external;
    function expectPartialRevert(bytes4 selector) external;
    function expectEmit() external;
    function expectEmit(address emitter) external;
    function expectCall(address target, bytes calldata data) external;
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
    function snapshotValue(string calldata group, string calldata name, uint256 value) external;

    function readFile(string calldata path) external view returns (string memory);
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
    function parseJsonBytes32(string calldata json, string calldata key) external pure returns (bytes32);
    function parseJsonBytesArray(string calldata json, string calldata key) external pure returns (bytes[] memory);
    function parseJsonUint(string calldata json, string calldata key) external pure returns (uint256);
    function parseJsonUintArray(string calldata json, string calldata key) external pure returns (uint256[] memory);
    function parseJsonString(string calldata json, string calldata key) external pure returns (string memory);
    function parseJsonKeys(string calldata json, string calldata key) external pure returns (string[] memory);
    function keyExistsJson(string calldata json, string calldata key) external view returns (bool);
    function parseAddress(string calldata text) external pure returns (address);
    function parseBytes32(string calldata text) external pure returns (bytes32);
    function toString(uint256 value) external pure returns (string memory);
}

/// @notice Base of the tests of Inbox, Portal and bridge.
abstract contract EdgeTest {
    /// @notice Marks a test contract for forge.
    bool public constant IS_TEST = true;

    Cheats internal constant vm = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev Runtime code of the EIP-2935 history contract, which forge does not deploy.
    bytes internal constant HISTORY_CODE =
        hex"3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500";
    address internal constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    /// @dev A value of `[minimum, maximum]`.
    function _bound(uint256 value, uint256 minimum, uint256 maximum) internal pure returns (uint256) {
        uint256 size = maximum - minimum + 1;
        return minimum + value % size;
    }

    /// @dev The present block, also after `_mine`: the compiler takes `block.number` for a constant of the call.
    function _now() internal view returns (uint64 number, uint64 timestamp) {
        return (uint64(vm.getBlockNumber()), uint64(vm.getBlockTimestamp()));
    }

    /// @dev The next L1 block, twelve seconds later.
    function _nextBlock() internal {
        (uint64 number, uint64 timestamp) = _now();
        _mine(number + 1, timestamp + 12);
    }

    /// @dev Moves to a block and gives its parent a hash, as a chain would.
    function _mine(uint256 blockNumber, uint256 timestamp) internal {
        vm.roll(blockNumber);
        vm.warp(timestamp);
        vm.setBlockhash(blockNumber - 1, _hashOf(blockNumber - 1));
    }

    function _hashOf(uint256 blockNumber) internal pure returns (bytes32) {
        return keccak256(abi.encode("block", blockNumber));
    }
}
