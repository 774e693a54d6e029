// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ext, ONE, P_LANES, inverseOf, loadExt, reduce, scale} from "./CubicExtension.sol";
import {Transcript} from "./Transcript.sol";

/// @dev A list of extension elements in memory, one word each, without a length.
type Row is uint256;

/// @dev Bytes of an extension element in the calldata.
uint256 constant EXT_BYTES = 24;

/// A row of so many elements, in fresh memory.
function newRow(uint256 length) pure returns (Row row) {
    assembly ("memory-safe") {
        row := mload(0x40)
        mstore(0x40, add(row, shl(5, length)))
    }
}

/// Element i of a row.
function at(Row row, uint256 i) pure returns (Ext x) {
    assembly ("memory-safe") {
        x := mload(add(row, shl(5, i)))
    }
}

/// Write element i of a row.
function put(Row row, uint256 i, Ext x) pure {
    assembly ("memory-safe") {
        mstore(add(row, shl(5, i)), x)
    }
}

/// The row's tail, from element i on.
function from(Row row, uint256 i) pure returns (Row tail) {
    assembly ("memory-safe") {
        tail := add(row, shl(5, i))
    }
}

using {at, put, from} for Row global;

/// @title Sumcheck
/// @notice The verifier's side of p3-sumcheck: quadratic rounds and rounds of any degree.
library Sumcheck {
    /// @notice Rounds of a sumcheck of degree two, each two evaluations at 0 and infinity, a witness if there is grinding, and a
    /// challenge: p3-sumcheck's SumcheckData.
    /// @param claim The sum before the first round.
    /// @param cursor Where the rounds stand in the calldata.
    /// @param challenges Receives the challenges, in order.
    /// @return The reduced claim, and the cursor behind the rounds.
    function quadratic(Transcript memory t, Ext claim, uint256 cursor, uint256 rounds, uint256 powBits, Row challenges)
        internal
        pure
        returns (Ext, uint256)
    {
        for (uint256 i = 0; i < rounds; ++i) {
            Ext at0 = loadExt(cursor);
            Ext atInf = loadExt(cursor + EXT_BYTES);
            t.absorb(cursor, 2 * EXT_BYTES);
            cursor += 2 * EXT_BYTES;
            if (powBits != 0) {
                t.grind(cursor, powBits);
                cursor += 8;
            }
            Ext r = t.drawExt();
            challenges.put(i, r);
            // s(r) = s(0) (1 - r) + s(1) r + s(inf) r (r - 1) with s(1) = claim - s(0)
            //      = s(0) + r ((claim - 2 s(0)) + s(inf) (r - 1)).
            claim = at0 + r * ((claim - (at0 + at0)) + atInf * (r - ONE));
        }
        return (claim, cursor);
    }

    /// @notice Rounds of a sumcheck of a degree up to 12, each the evaluations at 0, 2, 3, ..., degree: p3-sumcheck's
    /// GenericDegreeProof without its claimed sum.
    function ofDegree(
        Transcript memory t,
        Ext claim,
        uint256 cursor,
        uint256 rounds,
        uint256 degree,
        uint256 powBits,
        Row challenges
    ) internal pure returns (Ext, uint256) {
        Row values = newRow(degree + 1);
        for (uint256 i = 0; i < rounds; ++i) {
            Ext first = loadExt(cursor);
            values.put(0, first);
            values.put(1, reduce(claim - first));
            for (uint256 k = 2; k <= degree; ++k) {
                values.put(k, loadExt(cursor + (k - 1) * EXT_BYTES));
            }
            t.absorb(cursor, degree * EXT_BYTES);
            cursor += degree * EXT_BYTES;
            if (powBits != 0) {
                t.grind(cursor, powBits);
                cursor += 8;
            }
            Ext r = t.drawExt();
            challenges.put(i, r);
            claim = interpolate(values, degree, r);
        }
        return (claim, cursor);
    }

    /// @notice The value at r of the polynomial with given reduced values at 0, 1, ..., degree, by Newton's forward differences,
    /// f(r) = D0 + r (D1 + (r - 1)/2 (D2 + (r - 2)/3 (...))). Overwrites the values by the differences.
    function interpolate(Row values, uint256 degree, Ext r) internal pure returns (Ext z) {
        for (uint256 k = 1; k <= degree; ++k) {
            for (uint256 j = degree; j >= k; --j) {
                // Coefficients of the k-th differences are below 2^(65 + k): 2^k p in each lane covers what is subtracted.
                Ext more = values.at(j);
                Ext less = values.at(j - 1);
                assembly ("memory-safe") {
                    more := sub(add(more, shl(k, P_LANES)), less)
                }
                values.put(j, more);
            }
        }
        z = values.at(degree);
        for (uint256 k = degree; k > 0; --k) {
            Ext factor = k == 1 ? r : scale(r - Ext.wrap(k - 1), inverseOf(k));
            z = values.at(k - 1) + factor * z;
        }
        return reduce(z);
    }
}
