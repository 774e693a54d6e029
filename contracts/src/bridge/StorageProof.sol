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

    /// @dev An RLP item inside a node: `[start, content)` is its prefix, `[content, end)` its content.
    struct Item {
        uint256 start;
        uint256 content;
        uint256 end;
        bool isList;
    }

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
            Item memory list = _item(node, 0);
            if (!list.isList || list.end != node.length) revert MalformedNode();
            Item memory child = _item(node, list.content);
            Item memory second = _item(node, child.end);

            if (second.end == list.end) {
                // Leaf or extension: a path and a value or child.
                (bool matches, bool isLeaf, uint256 nibbles) = _followPath(node[child.content:child.end], key, depth);
                if (!matches) return false;
                depth += nibbles;
                if (isLeaf) {
                    return depth == KEY_NIBBLES && used == proof.length && !second.isList
                        && second.end - second.start == 1 && node[second.start] == 0x01;
                }
                if (nibbles == 0) revert MalformedNode();
                child = second;
            } else {
                // Branch: 16 children, then a value that no 64-nibble key reaches.
                if (depth == KEY_NIBBLES) return false;
                for (uint256 nibble = (key << (4 * depth)) >> 252; nibble != 0; --nibble) {
                    child = _item(node, child.end);
                }
                if (child.end >= list.end) revert MalformedNode();
                ++depth;
            }

            if (child.isList) {
                node = node[child.start:child.end];
                if (used < proof.length && keccak256(proof[used]) == keccak256(node)) ++used;
            } else if (child.end - child.content == 32) {
                if (used == proof.length) return false;
                bytes32 expected = bytes32(node[child.content:child.end]);
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

    /// @dev The RLP item at `start`. Storage tries hold no string longer than 55 bytes and no node longer than 65,535.
    function _item(bytes calldata node, uint256 start) private pure returns (Item memory item) {
        uint256 prefix = uint8(node[start]);
        item.start = start;
        if (prefix < 0x80) {
            item.content = start;
            item.end = start + 1;
        } else if (prefix <= 0xb7) {
            item.content = start + 1;
            item.end = item.content + prefix - 0x80;
        } else if (prefix < 0xc0) {
            revert MalformedNode();
        } else if (prefix <= 0xf7) {
            item.isList = true;
            item.content = start + 1;
            item.end = item.content + prefix - 0xc0;
        } else if (prefix == 0xf8) {
            item.isList = true;
            item.content = start + 2;
            item.end = item.content + uint8(node[start + 1]);
        } else if (prefix == 0xf9) {
            item.isList = true;
            item.content = start + 3;
            item.end = item.content + uint16(bytes2(node[start + 1:start + 3]));
        } else {
            revert MalformedNode();
        }
        if (item.end > node.length) revert MalformedNode();
    }
}
