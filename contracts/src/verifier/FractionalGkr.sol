// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ext, ONE, eqFactor, equal, loadExt, scale} from "./CubicExtension.sol";
import {EXT_BYTES, Row, newRow} from "./Sumcheck.sol";
import {Transcript} from "./Transcript.sol";

/// @title FractionalGkr
/// @notice The lookup argument's reduction: that 2^n fractions sum to zero, down to one claim about numerators and denominators at a
/// random point. p3-multi-stark's `verify_fractional_gkr`.
library FractionalGkr {
    /// @notice The root denominator is zero (`layer` is then 2^256 - 1), or a layer's gate does not match its sumcheck.
    error LookupFailed(uint256 layer);

    /// @notice What the reduction leaves to be checked.
    struct Claim {
        /// The n coordinates, in a row.
        Row point;
        Ext numerator;
        Ext denominator;
    }

    uint256 private constant HALF = 0x7fffffff80000001;
    uint256 private constant THIRD = 0xaaaaaaaa00000001;

    /// @notice Verify the layers from the root on.
    /// @param cursor Where the root denominator stands in the calldata; layers follow.
    /// @return claim The claim at the leaves.
    /// @return The cursor behind the last layer.
    function verify(Transcript memory t, uint256 cursor, uint256 numVariables)
        internal
        pure
        returns (Claim memory claim, uint256)
    {
        claim.denominator = loadExt(cursor);
        if (Ext.unwrap(claim.denominator) == 0) revert LookupFailed(type(uint256).max);
        t.absorb(cursor, EXT_BYTES);
        cursor += EXT_BYTES;
        claim.point = newRow(numVariables);
        Row next = newRow(numVariables);
        for (uint256 layer = 0; layer < numVariables; ++layer) {
            cursor = _layer(t, claim, next, cursor, layer);
            (claim.point, next) = (next, claim.point);
        }
        return (claim, cursor);
    }

    /// @dev One layer: a claim at a point of `layer` coordinates becomes one with a coordinate more, written to `next`.
    function _layer(Transcript memory t, Claim memory claim, Row next, uint256 cursor, uint256 layer)
        private
        pure
        returns (uint256)
    {
        Ext lambda = t.drawExt();
        Ext sum = claim.numerator + lambda * claim.denominator;
        Ext eq = ONE;
        for (uint256 i = 0; i < layer; ++i) {
            Ext at0 = loadExt(cursor);
            Ext at2 = loadExt(cursor + EXT_BYTES);
            Ext at3 = loadExt(cursor + 2 * EXT_BYTES);
            t.absorb(cursor, 3 * EXT_BYTES);
            cursor += 3 * EXT_BYTES;
            Ext r = t.drawNonZero();
            next.put(i + 1, r);
            sum = _cubic(at0, sum, at2, at3, r);
            eq = eq * eqFactor(claim.point.at(i), r);
        }
        Ext n0 = loadExt(cursor);
        Ext d0 = loadExt(cursor + EXT_BYTES);
        Ext n1 = loadExt(cursor + 2 * EXT_BYTES);
        Ext d1 = loadExt(cursor + 3 * EXT_BYTES);
        t.absorb(cursor, 4 * EXT_BYTES);
        if (!equal(sum, eq * (d1 * n0 + d0 * (n1 + lambda * d1)))) revert LookupFailed(layer);
        Ext branch = t.drawNonZero();
        next.put(0, branch);
        claim.numerator = n0 + branch * (n1 - n0);
        claim.denominator = d0 + branch * (d1 - d0);
        return cursor + 4 * EXT_BYTES;
    }

    /// @dev The value at r of the cubic with values f(0), f(2), f(3) and f(0) + f(1) = sum, by forward differences:
    /// f(r) = f(0) + r (D1 + (r - 1)/2 (D2 + (r - 2)/3 D3)). Takes reduced values and a sum below 2^66.
    function _cubic(Ext at0, Ext sum, Ext at2, Ext at3, Ext r) private pure returns (Ext) {
        // D1 = f1 - f0 = sum - 2 f0; D2 = f2 - 2 f1 + f0 = f2 + 3 f0 - 2 sum; D3 = f3 - 3 f2 + 3 f1 - f0 = f3 + 3 sum - (3 f2 + 4 f0).
        Ext at0x3 = at0 + at0 + at0;
        Ext sumx2 = sum + sum;
        Ext d3 = (at3 + sum + sumx2) - (at2 + at2 + at2 + at0 + at0x3);
        Ext d2 = (at2 + at0x3) - sumx2;
        Ext d1 = sum - (at0 + at0);
        return at0 + r * (d1 + scale(r - ONE, HALF) * (d2 + scale(r - Ext.wrap(2), THIRD) * d3));
    }
}
