// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ext, NotCanonical, P, fromLanes, lanesOver, loadBase} from "./CubicExtension.sol";

/// @dev The Fiat-Shamir transcript: p3-challenger's SerializingChallenger64 over HashChallenger with Keccak-256.
///
/// What is absorbed is appended to a buffer. Drawing hashes the buffer, which from then on starts with that digest alone, and takes
/// integers of 64 bits from the digest's end, each big-endian; when the four of them are used, the digest itself is hashed.
/// Absorbing anything discards what was not drawn. A field element is drawn again until it is below p.
struct Transcript {
    /// Address of the buffer in memory.
    uint256 start;
    /// Bytes in the buffer.
    uint256 length;
    /// Integers of the last digest not drawn yet, the next one in the lowest 64 bits.
    uint256 output;
    /// How many they are.
    uint256 available;
}

using Transcripts for Transcript global;

/// @title Transcripts
/// @notice Absorbing calldata and constants, drawing challenges.
library Transcripts {
    /// @notice A proof-of-work witness does not give the bits of zero it has to.
    error GrindingFailed(uint256 offset, uint256 bits);

    /// @notice An empty transcript whose buffer can hold a number of bytes.
    function start(uint256 capacity) internal pure returns (Transcript memory t) {
        bytes memory buffer = new bytes(capacity);
        assembly ("memory-safe") {
            mstore(t, add(buffer, 32))
        }
    }

    /// @notice A transcript that goes on from the digest another one ended with.
    function resume(uint256 capacity, bytes32 last) internal pure returns (Transcript memory t) {
        t = start(capacity);
        assembly ("memory-safe") {
            mstore(mload(t), last)
        }
        t.length = 32;
    }

    /// @notice The digest a transcript ends with, if the last step was a draw: what `resume` goes on from.
    function digest(Transcript memory t) internal pure returns (bytes32 last) {
        assembly ("memory-safe") {
            last := mload(mload(t))
        }
    }

    /// @notice Absorb bytes of the calldata.
    function absorb(Transcript memory t, uint256 offset, uint256 size) internal pure {
        assembly ("memory-safe") {
            let length := mload(add(t, 0x20))
            calldatacopy(add(mload(t), length), offset, size)
            mstore(add(t, 0x20), add(length, size))
            mstore(add(t, 0x60), 0)
        }
    }

    /// @notice Absorb bytes in memory.
    function absorb(Transcript memory t, bytes memory data) internal pure {
        assembly ("memory-safe") {
            let length := mload(add(t, 0x20))
            let size := mload(data)
            mcopy(add(mload(t), length), add(data, 0x20), size)
            mstore(add(t, 0x20), add(length, size))
            mstore(add(t, 0x60), 0)
        }
    }

    /// @dev Hash the buffer; the digest takes its place.
    function _flush(Transcript memory t) private pure returns (uint256 last) {
        assembly ("memory-safe") {
            let buffer := mload(t)
            last := keccak256(buffer, mload(add(t, 0x20)))
            mstore(buffer, last)
            mstore(add(t, 0x20), 32)
            mstore(add(t, 0x40), last)
            mstore(add(t, 0x60), 4)
        }
    }

    /// @notice Draw an integer of 64 bits.
    function drawWord(Transcript memory t) internal pure returns (uint256 word) {
        if (t.available == 0) _flush(t);
        uint256 rest = t.output;
        word = rest & 0xffffffffffffffff;
        t.output = rest >> 64;
        t.available -= 1;
    }

    /// @notice Draw an element of the base field.
    function drawBase(Transcript memory t) internal pure returns (uint256 x) {
        do {
            x = drawWord(t);
        } while (x >= P);
    }

    /// @notice Draw an element of the extension.
    function drawExt(Transcript memory t) internal pure returns (Ext x) {
        uint256 available = t.available;
        if (available == 0) {
            uint256 last = _flush(t);
            // Three of the four lanes at once, unless one of them has to be drawn again (about once in 2^31).
            if (lanesOver(last) << 64 == 0) {
                t.output = last >> 192;
                t.available = 1;
                return fromLanes(last);
            }
        }
        uint256 x0 = drawBase(t);
        uint256 x1 = drawBase(t);
        return Ext.wrap(x0 | (x1 << 80) | (drawBase(t) << 160));
    }

    /// @notice Draw an element of the extension until it is not zero.
    function drawNonZero(Transcript memory t) internal pure returns (Ext x) {
        do {
            x = drawExt(t);
        } while (Ext.unwrap(x) == 0);
    }

    /// @notice Absorb the proof-of-work witness at an offset of the calldata and check that the next bits drawn are zero.
    function grind(Transcript memory t, uint256 offset, uint256 bits) internal pure {
        if (bits == 0) return;
        loadBase(offset);
        if (t.available == 0) _flush(t);
        absorb(t, offset, 8);
        if (drawWord(t) & ((1 << bits) - 1) != 0) revert GrindingFailed(offset, bits);
    }
}
