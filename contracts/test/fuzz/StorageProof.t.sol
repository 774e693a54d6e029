// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";

import {StorageProof} from "../../src/bridge/StorageProof.sol";
import {EdgeTest} from "../support/Cheats.sol";
import {TrieBuilder} from "../support/TrieBuilder.sol";

/// @notice Both verifiers behind calls, for their reverts and for calldata.
contract Verifiers {
    function ours(bytes32 root, bytes32 slot, bytes[] calldata proof) external pure returns (bool) {
        return StorageProof.holdsOne(root, slot, proof);
    }

    function openZeppelin(bytes32 root, bytes32 slot, bytes[] calldata proof) external pure returns (bool) {
        return TrieProof.verify(hex"01", root, abi.encodePacked(keccak256(abi.encode(slot))), proof);
    }

    function measure(bytes32 root, bytes32 slot, bytes[] calldata proof)
        external
        view
        returns (uint256 ours_, uint256 openZeppelin_)
    {
        uint256 start = gasleft();
        require(StorageProof.holdsOne(root, slot, proof));
        ours_ = start - gasleft();
        start = gasleft();
        require(TrieProof.verify(hex"01", root, abi.encodePacked(keccak256(abi.encode(slot))), proof));
        openZeppelin_ = start - gasleft();
    }
}

/// Properties of StorageProof:
/// - accepts the proofs that another implementation (alloy-trie) makes, of tries of 1 to 65,536 messages
/// - agrees with OpenZeppelin's verifier on random tries, for slots that are there and slots that are not
/// - refuses any proof with a byte changed, a node dropped, repeated or added
/// - finds leaves inside their parent, repeated or not
contract StorageProofTest is EdgeTest {
    using TrieBuilder for TrieBuilder.Trie;

    Verifiers internal verifiers = new Verifiers();

    function _accepts(bytes32 root, bytes32 slot, bytes[] memory proof) internal view returns (bool accepted) {
        try verifiers.ours(root, slot, proof) returns (bool result) {
            accepted = result;
        } catch {}
    }

    function _openZeppelinAccepts(bytes32 root, bytes32 slot, bytes[] memory proof)
        internal
        view
        returns (bool accepted)
    {
        try verifiers.openZeppelin(root, slot, proof) returns (bool result) {
            accepted = result;
        } catch {}
    }

    function _slots(uint256 seed, uint256 count)
        internal
        pure
        returns (bytes32[] memory slots, uint256[] memory contents)
    {
        slots = new bytes32[](count);
        contents = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            slots[i] = keccak256(abi.encode(seed, i));
            contents[i] = i % 3 == 0 ? uint256(keccak256(abi.encode(i))) : 1;
        }
    }

    function test_AcceptsProofsOfAlloyTrie() public view {
        string memory json = vm.readFile("../fixtures/message_passer.json");
        for (uint256 i = 0; i < 6; ++i) {
            string memory trie = string.concat(".tries[", vm.toString(i), "]");
            bytes32 root = vm.parseJsonBytes32(json, string.concat(trie, ".root"));
            bytes32 hash = vm.parseJsonBytes32(json, string.concat(trie, ".withdrawalHash"));
            bytes[] memory proof = vm.parseJsonBytesArray(json, string.concat(trie, ".proof"));
            vm.assertTrue(verifiers.ours(root, keccak256(abi.encode(hash, uint256(0))), proof));
            vm.assertFalse(_accepts(root, keccak256(abi.encode(hash, uint256(1))), proof));
            vm.assertFalse(_accepts(bytes32(uint256(root) ^ 1), keccak256(abi.encode(hash, uint256(0))), proof));
        }
    }

    function testFuzz_AgreesWithOpenZeppelin(uint256 seed, uint256 count, uint256 pick) public view {
        count = _bound(count, 1, 60);
        (bytes32[] memory slots, uint256[] memory contents) = _slots(seed, count);
        TrieBuilder.Trie memory trie = TrieBuilder.build(slots, contents);
        bytes32 root = trie.root();

        uint256 index = pick % count;
        bytes[] memory proof = trie.prove(slots[index]);
        bool accepted = _accepts(root, slots[index], proof);
        vm.assertEq(accepted, contents[index] == 1);
        vm.assertEq(accepted, _openZeppelinAccepts(root, slots[index], proof));

        bytes32 absent = keccak256(abi.encode("absent", pick));
        proof = trie.prove(absent);
        vm.assertFalse(_accepts(root, absent, proof));
        vm.assertFalse(_openZeppelinAccepts(root, absent, proof));
    }

    function testFuzz_AcceptsAnyDepth(bytes32 slot, uint256 branches, uint256 seed) public view {
        branches = _bound(branches, 0, 64);
        // A made-up sibling that happened to be the leaf's own hash would need a collision.
        (bytes32 root, bytes[] memory proof) = TrieBuilder.deepProof(slot, branches, seed);
        // Leaves shorter than 32 bytes stand inside the last branch: repeated here, then left out.
        vm.assertTrue(verifiers.ours(root, slot, proof));
        if (branches != 0 && proof[branches].length < 32) {
            bytes[] memory shorter = new bytes[](branches);
            for (uint256 i = 0; i < branches; ++i) {
                shorter[i] = proof[i];
            }
            vm.assertTrue(verifiers.ours(root, slot, shorter));
            vm.assertEq(_openZeppelinAccepts(root, slot, shorter), true);
        }
        vm.assertEq(_openZeppelinAccepts(root, slot, proof), true);
    }

    function testFuzz_RefusesAnyChange(bytes32 slot, uint256 branches, uint256 node, uint256 place, uint8 mask)
        public
        view
    {
        branches = _bound(branches, 0, 20);
        vm.assume(mask != 0);
        (bytes32 root, bytes[] memory proof) = TrieBuilder.deepProof(slot, branches, 7);
        node %= proof.length;
        place %= proof[node].length;
        proof[node][place] ^= bytes1(mask);
        vm.assertFalse(_accepts(root, slot, proof));
    }

    function testFuzz_RefusesDroppedAndAddedNodes(bytes32 slot, uint256 branches, uint256 place) public view {
        branches = _bound(branches, 1, 8);
        (bytes32 root, bytes[] memory proof) = TrieBuilder.deepProof(slot, branches, 7);
        place %= proof.length;

        bytes[] memory fewer = new bytes[](proof.length - 1);
        for (uint256 i = 0; i < fewer.length; ++i) {
            fewer[i] = proof[i < place ? i : i + 1];
        }
        vm.assertFalse(_accepts(root, slot, fewer));

        bytes[] memory more = new bytes[](proof.length + 1);
        for (uint256 i = 0; i < more.length; ++i) {
            more[i] = proof[i <= place ? i : i - 1];
        }
        vm.assertFalse(_accepts(root, slot, more));
    }

    function testFuzz_NeverAcceptsGarbage(bytes32 slot, bytes[] calldata proof) public view {
        vm.assertFalse(_accepts(keccak256("root"), slot, proof));
        if (proof.length != 0) vm.assertFalse(_accepts(keccak256(proof[0]), slot, proof));
    }

    /// A node that is authenticated yet no trie node: each is refused, none is read past its end.
    function test_RefusesMalformedNodes() public view {
        bytes32 slot = bytes32(uint256(5));
        bytes[] memory proof = new bytes[](1);
        bytes[18] memory nodes = [
            bytes(""), // nothing
            hex"80", // a string
            hex"01", // a byte
            hex"c0", // empty list
            hex"c101", // one item
            hex"c22001", // a leaf with an empty path, the whole key left
            hex"c20001", // an extension with an empty path
            hex"c24001", // an unknown flag
            hex"c28001", // an empty path
            hex"c32001ff", // trailing bytes
            hex"c52001", // shorter than it says
            hex"f8022001", // long form: parses, but wrong path
            hex"f90002", // long form, cut
            hex"fa0000022001", // longer than any node
            hex"c4b8012001", // a long string
            hex"c3010101", // a branch of three items
            hex"d1c2200180808080808080808080808080808080", // a branch cut short
            hex"ff"
        ];
        for (uint256 i = 0; i < nodes.length; ++i) {
            proof[0] = nodes[i];
            vm.assertFalse(_accepts(keccak256(nodes[i]), slot, proof));
        }
    }

    /// The value must be exactly 1, as RLP encodes it.
    function test_RefusesOtherValues() public view {
        bytes32 slot = bytes32(uint256(5));
        bytes32 key = keccak256(abi.encode(slot));
        bytes[6] memory values = [bytes(hex"02"), hex"80", hex"00", hex"8101", hex"c101", hex"820101"];
        bytes[] memory proof = new bytes[](1);
        bytes[] memory leaf = new bytes[](2);
        leaf[0] = RLP.encode(TrieBuilder.compact(key, 0, 64, true));
        for (uint256 i = 0; i < values.length; ++i) {
            leaf[1] = values[i];
            proof[0] = RLP.encode(leaf);
            vm.assertFalse(_accepts(keccak256(proof[0]), slot, proof));
        }
        leaf[1] = hex"01";
        proof[0] = RLP.encode(leaf);
        vm.assertTrue(verifiers.ours(keccak256(proof[0]), slot, proof));
    }

    function test_SnapshotGas() public {
        bytes32 slot = keccak256("slot");
        for (uint256 branches = 0; branches <= 6; ++branches) {
            (bytes32 root, bytes[] memory proof) = TrieBuilder.deepProof(slot, branches, 1);
            (uint256 ours, uint256 theirs) = verifiers.measure(root, slot, proof);
            string memory name = string.concat(vm.toString(branches), " full branches");
            vm.snapshotValue("StorageProof", name, ours);
            vm.snapshotValue("StorageProof by OpenZeppelin's TrieProof", name, theirs);
        }
    }
}
