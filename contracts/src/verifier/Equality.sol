// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ext, ONE, eqFactor} from "./CubicExtension.sol";
import {Row, newRow} from "./Sumcheck.sol";

/// @title Equality
/// @notice Values of the equality polynomial, eq(x, y) = product of x_i y_i + (1 - x_i)(1 - y_i).
library Equality {
    /// @notice Of two points of reduced coordinates.
    function evaluate(Row x, Row y, uint256 length) internal pure returns (Ext product) {
        product = ONE;
        for (uint256 i = 0; i < length; ++i) {
            product = product * eqFactor(x.at(i), y.at(i));
        }
    }

    /// @notice Of a point of reduced coordinates and the bits of first, first + 1, ..., first + count - 1, highest bit first. One
    /// product for each two values; unreduced, below 2^(73 + log2(bits)).
    function range(Row point, uint256 bits, uint256 first, uint256 count) internal pure returns (Row values) {
        values = newRow(1);
        values.put(0, ONE);
        uint256 parents = 0;
        for (uint256 level = 1; level <= bits; ++level) {
            uint256 low = first >> (bits - level);
            uint256 high = (first + count - 1) >> (bits - level);
            Row children = newRow(high - low + 1);
            for (uint256 parent = low >> 1; parent <= high >> 1; ++parent) {
                Ext whole = values.at(parent - parents);
                Ext odd = whole * point.at(level - 1);
                if (2 * parent >= low) children.put(2 * parent - low, whole - odd);
                if (2 * parent < high) children.put(2 * parent + 1 - low, odd);
            }
            parents = low;
            values = children;
        }
    }
}
