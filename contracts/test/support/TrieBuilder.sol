// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";

/// @notice Storage tries for tests: root and proofs of any set of slots, and single proofs of any depth.
library TrieBuilder {
    /// @dev `keys` are hashed slots, sorted; `values` their RLP.
    struct Trie {
        bytes32[] keys;
        bytes[] values;
    }

    /// @notice A trie over these slots.
    function build(bytes32[] memory slots, uint256[] memory contents) internal pure returns (Trie memory trie) {
        uint256 count = slots.length;
        trie.keys = new bytes32[](count);
        trie.values = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            bytes32 key = keccak256(abi.encode(slots[i]));
            uint256 place = i;
            for (; place > 0 && trie.keys[place - 1] > key; --place) {
                trie.keys[place] = trie.keys[place - 1];
                trie.values[place] = trie.values[place - 1];
            }
            trie.keys[place] = key;
            trie.values[place] = RLP.encode(contents[i]);
        }
    }

    /// @notice Its root.
    function root(Trie memory trie) internal pure returns (bytes32) {
        return keccak256(_node(trie, 0, trie.keys.length, 0));
    }

    /// @notice The nodes from the root to `slot`, as eth_getProof gives them: those inside their parent left out.
    function prove(Trie memory trie, bytes32 slot) internal pure returns (bytes[] memory proof) {
        bytes32 key = keccak256(abi.encode(slot));
        bytes[] memory path = new bytes[](65);
        uint256 length = 0;
        uint256 low = 0;
        uint256 high = trie.keys.length;
        uint256 depth = 0;
        while (true) {
            bytes memory node = _node(trie, low, high, depth);
            if (length == 0 || node.length >= 32) path[length++] = node;
            uint256 shared = _shared(trie, low, high, depth);
            if (high - low == 1) break;
            if (shared > depth) {
                // The extension's child.
                depth = shared;
                continue;
            }
            (low, high) = _child(trie, low, high, depth, nibbleOf(key, depth));
            if (low == high) break;
            ++depth;
        }
        proof = new bytes[](length);
        for (uint256 i = 0; i < length; ++i) {
            proof[i] = path[i];
        }
    }

    /// @notice A proof of `slot` holding 1 under `branches` full branch nodes whose other children are made up from
    /// `seed`, and the root that it leads to.
    function deepProof(bytes32 slot, uint256 branches, uint256 seed)
        internal
        pure
        returns (bytes32 hash, bytes[] memory proof)
    {
        bytes32 key = keccak256(abi.encode(slot));
        proof = new bytes[](branches + 1);
        bytes[] memory leaf = new bytes[](2);
        leaf[0] = RLP.encode(compact(key, branches, 64, true));
        leaf[1] = hex"01";
        proof[branches] = RLP.encode(leaf);
        for (uint256 left = branches; left != 0; --left) {
            uint256 depth = left - 1;
            bytes[] memory branch = new bytes[](17);
            for (uint256 i = 0; i < 16; ++i) {
                branch[i] = RLP.encode(keccak256(abi.encode(seed, depth, i)));
            }
            branch[nibbleOf(key, depth)] = _reference(proof[depth + 1]);
            branch[16] = hex"80";
            proof[depth] = RLP.encode(branch);
        }
        hash = keccak256(proof[0]);
    }

    /// @notice Nibble `place` of a key.
    function nibbleOf(bytes32 key, uint256 place) internal pure returns (uint256) {
        return uint256(key << (4 * place)) >> 252;
    }

    /// @notice Nibbles `[from, to)` of a key in compact encoding.
    function compact(bytes32 key, uint256 from, uint256 to, bool isLeaf) internal pure returns (bytes memory path) {
        uint256 count = to - from;
        uint8 flags = (isLeaf ? 2 : 0) + (count % 2 == 1 ? 1 : 0);
        path = new bytes(count / 2 + 1);
        path[0] = bytes1(flags * 16);
        uint256 place = from;
        if (count % 2 == 1) path[0] = bytes1(flags * 16 + uint8(nibbleOf(key, place++)));
        for (uint256 i = 1; i < path.length; ++i) {
            path[i] = bytes1(uint8(nibbleOf(key, place) * 16 + nibbleOf(key, place + 1)));
            place += 2;
        }
    }

    function _node(Trie memory trie, uint256 low, uint256 high, uint256 depth) private pure returns (bytes memory) {
        if (high - low == 1) {
            bytes[] memory leaf = new bytes[](2);
            leaf[0] = RLP.encode(compact(trie.keys[low], depth, 64, true));
            leaf[1] = RLP.encode(trie.values[low]);
            return RLP.encode(leaf);
        }
        uint256 shared = _shared(trie, low, high, depth);
        if (shared > depth) {
            bytes[] memory extension = new bytes[](2);
            extension[0] = RLP.encode(compact(trie.keys[low], depth, shared, false));
            extension[1] = _reference(_node(trie, low, high, shared));
            return RLP.encode(extension);
        }
        bytes[] memory branch = new bytes[](17);
        for (uint256 nibble = 0; nibble < 16; ++nibble) {
            (uint256 from, uint256 to) = _child(trie, low, high, depth, nibble);
            branch[nibble] = from == to ? bytes(hex"80") : _reference(_node(trie, from, to, depth + 1));
        }
        branch[16] = hex"80";
        return RLP.encode(branch);
    }

    function _reference(bytes memory node) private pure returns (bytes memory) {
        return node.length < 32 ? node : RLP.encode(keccak256(node));
    }

    /// @dev First nibble place which the keys `[low, high)` are not all equal.
    function _shared(Trie memory trie, uint256 low, uint256 high, uint256 depth) private pure returns (uint256) {
        while (depth < 64 && nibbleOf(trie.keys[low], depth) == nibbleOf(trie.keys[high - 1], depth)) ++depth;
        return depth;
    }

    /// @dev The keys of `[low, high)` with this nibble place `depth`.
    function _child(Trie memory trie, uint256 low, uint256 high, uint256 depth, uint256 nibble)
        private
        pure
        returns (uint256 from, uint256 to)
    {
        from = low;
        while (from < high && nibbleOf(trie.keys[from], depth) < nibble) ++from;
        to = from;
        while (to < high && nibbleOf(trie.keys[to], depth) == nibble) ++to;
    }
}
