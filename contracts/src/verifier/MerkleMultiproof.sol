// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @dev Nodes in memory, 64 bytes each: index in its level, digest.
type Nodes is uint256;

using MerkleMultiproof for Nodes global;

/// @title MerkleMultiproof
/// @notice Several leaves of one binary Keccak-256 tree against its root, with every digest that is not computed given once:
/// p3-merkle-tree's pruned paths. Digests have their full 32 bytes.
library MerkleMultiproof {
    /// @notice The root does not come out, two openings of one leaf differ, or there are more or fewer digests than needed.
    error MerkleProofFailed(bytes32 root);

    /// @notice Room for a number of nodes, in fresh memory.
    function allocate(uint256 count) internal pure returns (Nodes nodes) {
        assembly ("memory-safe") {
            nodes := mload(0x40)
            mstore(0x40, add(nodes, shl(6, count)))
        }
    }

    /// @notice Write a node.
    function put(Nodes nodes, uint256 i, uint256 index, bytes32 digest) internal pure {
        assembly ("memory-safe") {
            let node := add(nodes, shl(6, i))
            mstore(node, index)
            mstore(add(node, 0x20), digest)
        }
    }

    /// @notice Verify leaves sorted by index. Equal indices may repeat with equal digests. The nodes are overwritten.
    /// @param nodes The leaves.
    /// @param count How many they are, at least one.
    /// @param depth Levels from the leaves to the root.
    /// @param siblings Where the digests that cannot be computed stand in the calldata: level by level from the leaves, in the
    /// order of their indices.
    /// @param siblingCount How many there are; exactly so many must be used.
    function verify(Nodes nodes, uint256 count, uint256 depth, bytes32 root, uint256 siblings, uint256 siblingCount)
        internal
        pure
    {
        uint256 failed;
        bytes32 top;
        uint256 used;
        assembly ("memory-safe") {
            // One node for each index.
            let last := add(nodes, shl(6, sub(count, 1)))
            let out := nodes
            for { let node := add(nodes, 0x40) } iszero(gt(node, last)) { node := add(node, 0x40) } {
                switch eq(mload(node), mload(out))
                case 1 { failed := or(failed, xor(mload(add(node, 0x20)), mload(add(out, 0x20)))) }
                default {
                    out := add(out, 0x40)
                    mstore(out, mload(node))
                    mstore(add(out, 0x20), mload(add(node, 0x20)))
                }
            }
            last := out

            let sibling := siblings
            for {} depth { depth := sub(depth, 1) } {
                out := nodes
                for { let node := nodes } iszero(gt(node, last)) { node := add(node, 0x40) } {
                    let index := mload(node)
                    let side := shl(5, and(index, 1))
                    mstore(side, mload(add(node, 0x20)))
                    // The next node is its sibling if it is a left one and the next index follows; only then are both known.
                    switch and(iszero(side), and(lt(node, last), eq(mload(add(node, 0x40)), add(index, 1))))
                    case 1 {
                        node := add(node, 0x40)
                        mstore(0x20, mload(add(node, 0x20)))
                    }
                    default {
                        mstore(xor(side, 0x20), calldataload(sibling))
                        sibling := add(sibling, 0x20)
                    }
                    mstore(out, shr(1, index))
                    mstore(add(out, 0x20), keccak256(0, 0x40))
                    out := add(out, 0x40)
                }
                last := sub(out, 0x40)
            }
            top := mload(add(nodes, 0x20))
            used := shr(5, sub(sibling, siblings))
        }
        if (failed != 0 || top != root || used != siblingCount) revert MerkleProofFailed(root);
    }
}
