// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title StorageProof: that a storage slot holds 1
/// @notice Checks the inclusion of one slot in an account's storage trie (Merkle Patricia trie, keys and nodes hashed
/// with keccak-256; Yellow Paper, appendix D) without copying the proof out of calldata. Reads one item of a branch node
/// instead of decoding all 17, which is what keeps a withdrawal within its gas goal; tests hold it against OpenZeppelin's
/// TrieProof.
/// @dev A node that a hash commits to is a node of the real trie, or keccak-256 is broken. Even so, whatever does not
/// parse is refused.
library StorageProof {
    /// @notice A node is not the RLP of a trie node.
    error MalformedNode();

    /// @dev Nibbles of a hashed key.
    uint256 private constant KEY_NIBBLES = 64;

    /// @notice Whether the trie under `root` maps `slot` to 1.
    /// @param root Storage root of the account.
    /// @param slot The slot, not hashed.
    /// @param proof Nodes from the root down. A node shorter than 32 bytes stands inside its parent; it may be repeated
    /// as an element of its own (OP's tools do, `eth_getProof` does not). Nothing may be left over.
    function holdsOne(bytes32 root, bytes32 slot, bytes[] calldata proof) internal pure returns (bool) {
        if (proof.length == 0) return false;
        uint256 key = uint256(keccak256(abi.encode(slot)));
        uint256 depth = 0;
        uint256 used = 1;
        bytes calldata node = proof[0];
        if (keccak256(node) != root) return false;

        // Every turn consumes a nibble of the key or returns.
        while (true) {
            (uint256 start, uint256 end, bool isList) = _item(node, 0);
            if (!isList || end != node.length) revert MalformedNode();
            (uint256 first, uint256 firstEnd,) = _item(node, start);
            (, uint256 secondEnd,) = _item(node, firstEnd);

            if (secondEnd == end) {
                // Leaf or extension: a path and a value or child.
                (bool matches, bool isLeaf, uint256 nibbles) = _followPath(node[first:firstEnd], key, depth);
                if (!matches) return false;
                depth += nibbles;
                if (isLeaf) {
                    return
                        depth == KEY_NIBBLES && used == proof.length && secondEnd - firstEnd == 1
                            && node[firstEnd] == 0x01;
                }
                if (nibbles == 0) revert MalformedNode();
                start = firstEnd;
            } else {
                // Branch: 16 children, then a value that no 64-nibble key reaches.
                if (depth == KEY_NIBBLES) return false;
                start = _skip(node, start, (key << (4 * depth)) >> 252);
                ++depth;
            }

            (uint256 child, uint256 childEnd, bool isNode) = _item(node, start);
            if (childEnd > end) revert MalformedNode();
            if (isNode) {
                node = node[start:childEnd];
                if (used < proof.length && keccak256(proof[used]) == keccak256(node)) ++used;
            } else if (childEnd - child == 32) {
                if (used == proof.length) return false;
                bytes32 expected = bytes32(node[child:childEnd]);
                node = proof[used++];
                if (keccak256(node) != expected) return false;
            } else {
                // An empty child: the key is not in the trie.
                return false;
            }
        }
        return false;
    }

    /// @dev Compares a path in compact encoding with the key from nibble `depth` on.
    function _followPath(bytes calldata path, uint256 key, uint256 depth)
        private
        pure
        returns (bool matches, bool isLeaf, uint256 nibbles)
    {
        if (path.length == 0 || path.length > 33) revert MalformedNode();
        // First nibble: bit 1 marks a leaf, bit 0 an odd number of nibbles; if even, the second nibble is padding.
        uint256 flags = uint8(path[0]) >> 4;
        if (flags > 3) revert MalformedNode();
        isLeaf = flags & 2 != 0;
        bool odd = flags & 1 != 0;

        uint256 value = uint256(bytes32(path[1:]));
        nibbles = 2 * (path.length - 1);
        if (odd) {
            value = uint256(uint8(path[0])) << 252 | value >> 4;
            ++nibbles;
        }
        if (nibbles > KEY_NIBBLES - depth) return (false, isLeaf, nibbles);
        matches = (value ^ key << (4 * depth)) >> (256 - 4 * nibbles) == 0;
    }

    /// @dev Where the item `count` items after `start` begins. Most children of a branch are hashes (33 bytes) or empty.
    function _skip(bytes calldata node, uint256 start, uint256 count) private pure returns (uint256) {
        for (; count != 0; --count) {
            uint256 prefix = _byte(node, start);
            unchecked {
                if (prefix == 0xa0) start += 33;
                else if (prefix == 0x80) ++start;
                else (, start,) = _item(node, start);
            }
        }
        return start;
    }

    /// @dev The RLP item at `start`: its content is `[content, end)`. Storage tries hold no string longer than 55 bytes,
    /// and no node longer than 65,535.
    function _item(bytes calldata node, uint256 start)
        private
        pure
        returns (uint256 content, uint256 end, bool isList)
    {
        uint256 prefix = _byte(node, start);
        // No sum overflows: every place is at most the node's length plus 65,538.
        unchecked {
            if (prefix < 0x80) {
                (content, end) = (start, start + 1);
            } else if (prefix <= 0xb7) {
                (content, end) = (start + 1, start + 1 + prefix - 0x80);
            } else if (prefix < 0xc0) {
                revert MalformedNode();
            } else if (prefix <= 0xf7) {
                (content, end, isList) = (start + 1, start + 1 + prefix - 0xc0, true);
            } else if (prefix == 0xf8) {
                (content, end, isList) = (start + 2, start + 2 + _byte(node, start + 1), true);
            } else if (prefix == 0xf9) {
                uint256 length = _byte(node, start + 1) << 8 | _byte(node, start + 2);
                (content, end, isList) = (start + 3, start + 3 + length, true);
            } else {
                revert MalformedNode();
            }
        }
        if (end > node.length) revert MalformedNode();
    }

    /// @dev A byte of the node, which must be inside it.
    function _byte(bytes calldata node, uint256 place) private pure returns (uint256 value) {
        if (place >= node.length) revert MalformedNode();
        assembly ("memory-safe") {
            value := byte(0, calldataload(add(node.offset, place)))
        }
    }
}
