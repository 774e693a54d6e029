// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ext, ONE, ZERO, loadBase, loadExt, reduce, scale, square} from "./CubicExtension.sol";
import {IFinalConstraints} from "./IFinalVerifier.sol";
import {EXT_BYTES, Row, newRow} from "./Sumcheck.sol";

/// @title TableConstraints
/// @notice Evaluates one table's constraints and lookups at a point. The constraints come from a generated contract that inherits this
/// one and was written from the table's symbolic expressions.
/// @dev Works in a row of slots: the ones named here, the table's columns, and what the generated code keeps.
abstract contract TableConstraints is IFinalConstraints {
    uint256 internal constant ALPHA = 0;
    uint256 internal constant BETA = 1;
    /// @dev Selectors: the product of 1 - r_i, the product of r_i, and 1 less that.
    uint256 internal constant FIRST_ROW = 2;
    uint256 internal constant LAST_ROW = 3;
    uint256 internal constant TRANSITION = 4;
    /// @dev Sums: of the constraints, of multiplicities and of denominators less one.
    uint256 internal constant CONSTRAINTS = 5;
    uint256 internal constant MULTIPLICITIES = 6;
    uint256 internal constant DENOMINATORS = 7;
    /// @dev What messages are subtracted from, less one.
    uint256 internal constant PREFIX = 8;

    /// @dev Number of slots.
    function _slots() internal pure virtual returns (uint256);
    /// @dev Load the columns.
    /// @param values Where the values of the proof stand in the calldata.
    /// @param first The point's first coordinate.
    function _columns(Row v, uint256 values, Ext first) internal pure virtual;
    /// @dev Evaluate constraints and interactions, in the order of the AIR.
    function _evaluate(Row v) internal pure virtual;

    /// @inheritdoc IFinalConstraints
    function evaluate(
        uint256 alpha,
        uint256 beta,
        uint256 prefix,
        uint256[] calldata,
        uint256[] calldata point,
        bytes calldata,
        bytes calldata values
    ) external pure returns (uint256 constraints, uint256 multiplicities, uint256 denominators) {
        Row v = newRow(_slots());
        v.put(ALPHA, Ext.wrap(alpha));
        v.put(BETA, Ext.wrap(beta));
        v.put(PREFIX, Ext.wrap(prefix));
        v.put(CONSTRAINTS, ZERO);
        v.put(MULTIPLICITIES, ZERO);
        v.put(DENOMINATORS, ZERO);
        _boundary(v, point);
        uint256 offset;
        assembly ("memory-safe") {
            offset := values.offset
        }
        _columns(v, offset, Ext.wrap(point[0]));
        _evaluate(v);
        return (
            Ext.unwrap(reduce(v.at(CONSTRAINTS))),
            Ext.unwrap(reduce(v.at(MULTIPLICITIES))),
            Ext.unwrap(reduce(v.at(DENOMINATORS)))
        );
    }

    function _boundary(Row v, uint256[] calldata point) private pure {
        Ext first = ONE;
        Ext last = ONE;
        for (uint256 i = 0; i < point.length; ++i) {
            first = first * (ONE - Ext.wrap(point[i]));
            last = last * Ext.wrap(point[i]);
        }
        v.put(FIRST_ROW, first);
        v.put(LAST_ROW, last);
        v.put(TRANSITION, ONE - last);
    }

    /// @dev Load so many neighbouring values from number `first` on into slots from `slot` on.
    function _load(Row v, uint256 slot, uint256 count, uint256 values, uint256 first) internal pure {
        for (uint256 i = 0; i < count; ++i) {
            v.put(slot + i, loadExt(values + (first + i) * EXT_BYTES));
        }
    }

    /// @dev Load a column that the proof opens in halves: (1 - first) lower + first upper.
    function _loadHalves(Row v, uint256 slot, uint256 values, uint256 lower, uint256 upper, Ext first) internal pure {
        Ext low = loadExt(values + lower * EXT_BYTES);
        Ext high = loadExt(values + upper * EXT_BYTES);
        v.put(slot, reduce(low + first * (high - low)));
    }

    /// @dev Add a constraint with coefficients below 2^79.
    function _constraint(Row v, Ext x) internal pure {
        v.put(CONSTRAINTS, _mul(v.at(CONSTRAINTS), v.at(ALPHA)) + x);
    }

    /// @dev Add an interaction: its number in the table, its multiplicity with coefficients below 2^79, and its message with
    /// coefficients at most 2^72.
    function _interaction(Row v, uint256 interaction, Ext multiplicity, Ext message) internal pure {
        Ext weight;
        assembly ("memory-safe") {
            // The offset of the weights, counted from the first argument, is the fourth argument.
            weight := calldataload(add(add(calldataload(0x64), 0x24), shl(5, interaction)))
        }
        v.put(MULTIPLICITIES, v.at(MULTIPLICITIES) + _mul(weight, multiplicity));
        v.put(DENOMINATORS, v.at(DENOMINATORS) + _mul(weight, v.at(PREFIX) - message));
    }

    // The operations of `CubicExtension.sol`, here not to be copied to each of the many places of their use: the compiler does not copy
    // a function that branches.

    function _mul(Ext x, Ext y) internal pure returns (Ext z) {
        if (Ext.unwrap(x) != 0) z = x * y;
    }

    function _square(Ext x) internal pure returns (Ext z) {
        if (Ext.unwrap(x) != 0) z = square(x);
    }

    function _scale(Ext x, uint256 s) internal pure returns (Ext z) {
        if (Ext.unwrap(x) != 0) z = scale(x, s);
    }

    function _reduce(Ext x) internal pure returns (Ext z) {
        if (Ext.unwrap(x) != 0) z = reduce(x);
    }

    /// @dev Public value i.
    function _public(uint256 i) internal pure returns (Ext x) {
        uint256 offset;
        assembly ("memory-safe") {
            offset := add(add(calldataload(0xa4), 0x24), shl(3, i))
        }
        return Ext.wrap(loadBase(offset));
    }
}
