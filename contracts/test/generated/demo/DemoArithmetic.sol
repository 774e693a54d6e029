// SPDX-License-Identifier: MIT OR Apache-2.0
// Written by `cargo xtask verifier` from a verifying key. Do not edit.
pragma solidity 0.8.37;

import {Ext} from "src/verifier/CubicExtension.sol";
import {Row} from "src/verifier/Sumcheck.sol";
import {TableConstraints} from "src/verifier/TableConstraints.sol";

/// @title DemoArithmetic
/// @notice Circuit "demo": a table of 25 columns; constraints 0 to 37; interactions 0 to 3.
contract DemoArithmetic is TableConstraints {
    function verifyingKey() public pure override returns (bytes32) {
        return 0x68b541327721fb356927662e5c6d1210d469ac3f575848963554c2f4095d15cc;
    }

    function _slots() internal pure override returns (uint256) {
        return 52;
    }

    function _columns(Row v, uint256 values, Ext first) internal pure override {
        _load(v, 9, 18, values, 0);
        _loadHalves(v, 27, values, 206, 207, first);
        _loadHalves(v, 28, values, 208, 209, first);
        _loadHalves(v, 29, values, 210, 211, first);
        _loadHalves(v, 30, values, 212, 213, first);
        _loadHalves(v, 31, values, 214, 215, first);
        _loadHalves(v, 32, values, 216, 217, first);
        _loadHalves(v, 33, values, 218, 219, first);
    }

    function _evaluate(Row v) internal pure override {
        _part0(v);
        _part1(v);
    }

    function _part0(Row v) private pure {
        v.put(34, _mul(v.at(10), v.at(14)) + _mul(v.at(11), v.at(13)));
        _constraint(v, _mul(v.at(30), _mul(v.at(9), v.at(12)) + v.at(34) + v.at(15) - v.at(18)));
        v.put(35, _mul(v.at(14), v.at(11)));
        v.put(36, v.at(34) + (_mul(v.at(9), v.at(13)) + _mul(v.at(12), v.at(10))) + v.at(35) + v.at(16) - v.at(19));
        _constraint(v, _mul(v.at(30), v.at(36)));
        v.put(37, v.at(35) + (_mul(v.at(9), v.at(14)) + _mul(v.at(10), v.at(13)) + _mul(v.at(12), v.at(11))) + v.at(17) - v.at(20));
        _constraint(v, _mul(v.at(30), v.at(37)));
        _constraint(v, _mul(v.at(30), v.at(21)));
        _constraint(v, _mul(v.at(31), v.at(9) - v.at(18)));
        _constraint(v, _mul(v.at(10), v.at(31)));
        _constraint(v, _mul(v.at(11), v.at(31)));
        _constraint(v, _mul(v.at(31), v.at(12) - v.at(19)));
        _constraint(v, _mul(v.at(13), v.at(31)));
        _constraint(v, _mul(v.at(14), v.at(31)));
        _constraint(v, _mul(v.at(31), v.at(15) - v.at(20)));
        _constraint(v, _mul(v.at(31), v.at(16) - v.at(21)));
        _constraint(v, _mul(v.at(17), v.at(31)));
        _constraint(v, _mul(v.at(32), _mul(v.at(9), v.at(9) - Ext.wrap(1))));
        _constraint(v, _mul(v.at(10), v.at(32)));
        _constraint(v, _mul(v.at(11), v.at(32)));
        _constraint(v, _mul(v.at(32), _mul(v.at(12), v.at(12) - Ext.wrap(1))));
        _constraint(v, _mul(v.at(13), v.at(32)));
        _constraint(v, _mul(v.at(14), v.at(32)));
        _constraint(v, _mul(v.at(32), _mul(v.at(15), v.at(15) - Ext.wrap(1))));
        _constraint(v, _mul(v.at(16), v.at(32)));
        _constraint(v, _mul(v.at(17), v.at(32)));
        v.put(38, v.at(15) + v.at(15));
        _constraint(v, _mul(v.at(32), v.at(18) - (v.at(9) + (v.at(12) + v.at(12)) + (v.at(38) + v.at(38)))));
        _constraint(v, _mul(v.at(19), v.at(32)));
        _constraint(v, _mul(v.at(20), v.at(32)));
        _constraint(v, _mul(v.at(21), v.at(32)));
        _constraint(v, _mul(v.at(33), v.at(18) - v.at(22)));
        _constraint(v, _mul(v.at(33), v.at(19) - v.at(23)));
        _constraint(v, _mul(v.at(33), v.at(20) - v.at(24)));
        _constraint(v, _mul(v.at(21), v.at(33)));
        _constraint(v, _mul(v.at(FIRST_ROW), v.at(18) - _public(0)));
        _constraint(v, _mul(v.at(FIRST_ROW), v.at(19) - _public(1)));
        _constraint(v, _mul(v.at(FIRST_ROW), v.at(20) - _public(2)));
        _constraint(v, _mul(v.at(FIRST_ROW), v.at(21) - _public(3)));
        _constraint(v, _mul(v.at(LAST_ROW), v.at(18) - _public(4)));
        _constraint(v, _mul(v.at(LAST_ROW), v.at(19) - _public(5)));
        _constraint(v, _mul(v.at(LAST_ROW), v.at(20) - _public(6)));
        _constraint(v, _mul(v.at(LAST_ROW), v.at(21) - _public(7)));
        v.put(39, _mul(v.at(11), v.at(BETA)) + v.at(10));
        v.put(40, _mul(v.at(39), v.at(BETA)) + v.at(9));
        v.put(41, _mul(v.at(40), v.at(BETA)) + v.at(22));
        _interaction(v, 0, v.at(26), v.at(41));
        v.put(42, _mul(v.at(14), v.at(BETA)) + v.at(13));
    }

    function _part1(Row v) private pure {
        v.put(43, _mul(v.at(42), v.at(BETA)) + v.at(12));
        v.put(44, _mul(v.at(43), v.at(BETA)) + v.at(23));
        _interaction(v, 1, v.at(27), v.at(44));
        v.put(45, _mul(v.at(17), v.at(BETA)) + v.at(16));
        v.put(46, _mul(v.at(45), v.at(BETA)) + v.at(15));
        v.put(47, _mul(v.at(46), v.at(BETA)) + v.at(24));
        _interaction(v, 2, v.at(28), v.at(47));
        v.put(48, _mul(v.at(21), v.at(BETA)) + v.at(20));
        v.put(49, _mul(v.at(48), v.at(BETA)) + v.at(19));
        v.put(50, _mul(v.at(49), v.at(BETA)) + v.at(18));
        v.put(51, _mul(v.at(50), v.at(BETA)) + v.at(25));
        _interaction(v, 3, v.at(29), v.at(51));
    }
}
