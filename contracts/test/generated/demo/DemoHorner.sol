// SPDX-License-Identifier: MIT OR Apache-2.0
// Written by `cargo xtask verifier` from a verifying key. Do not edit.
pragma solidity 0.8.37;

import {Ext} from "src/verifier/CubicExtension.sol";
import {Row} from "src/verifier/Sumcheck.sol";
import {TableConstraints} from "src/verifier/TableConstraints.sol";

/// @title DemoHorner
/// @notice Circuit "demo": a table of 84 columns; constraints 0 to 40; interactions 0 to 18.
contract DemoHorner is TableConstraints {
    function verifyingKey() public pure override returns (bytes32) {
        return 0x68b541327721fb356927662e5c6d1210d469ac3f575848963554c2f4095d15cc;
    }

    function _slots() internal pure override returns (uint256) {
        return 233;
    }

    function _columns(Row v, uint256 values, Ext first) internal pure override {
        _load(v, 9, 63, values, 18);
        _load(v, 72, 21, values, 176);
        first;
    }

    function _evaluate(Row v) internal pure override {
        _part0(v);
        _part1(v);
        _part2(v);
        _part3(v);
        _part4(v);
    }

    function _part0(Row v) private pure {
        v.put(93, _mul(v.at(13), v.at(11)) + _mul(v.at(14), v.at(10)));
        v.put(94, _mul(v.at(12), v.at(9)) + v.at(93) + v.at(24));
        v.put(95, _mul(v.at(11), v.at(14)));
        v.put(96, v.at(93) + (_mul(v.at(12), v.at(10)) + _mul(v.at(9), v.at(13))) + v.at(95) + v.at(25));
        v.put(97, v.at(95) + (_mul(v.at(12), v.at(11)) + _mul(v.at(13), v.at(10)) + _mul(v.at(9), v.at(14))) + v.at(26));
        v.put(98, _mul(v.at(11), v.at(96)) + _mul(v.at(10), v.at(97)));
        v.put(99, _mul(v.at(9), v.at(94)) + v.at(98) + v.at(27));
        v.put(100, _mul(v.at(11), v.at(97)));
        v.put(101, v.at(98) + (_mul(v.at(10), v.at(94)) + _mul(v.at(9), v.at(96))) + v.at(100) + v.at(28));
        v.put(102, v.at(100) + (_mul(v.at(11), v.at(94)) + _mul(v.at(10), v.at(96)) + _mul(v.at(9), v.at(97))) + v.at(29));
        v.put(103, _mul(v.at(11), v.at(101)) + _mul(v.at(10), v.at(102)));
        v.put(104, _mul(v.at(9), v.at(99)) + v.at(103) + v.at(30));
        v.put(105, _mul(v.at(11), v.at(102)));
        v.put(106, v.at(103) + (_mul(v.at(10), v.at(99)) + _mul(v.at(9), v.at(101))) + v.at(105) + v.at(31));
        v.put(107, v.at(105) + (_mul(v.at(11), v.at(99)) + _mul(v.at(10), v.at(101)) + _mul(v.at(9), v.at(102))) + v.at(32));
        v.put(108, _mul(v.at(11), v.at(106)) + _mul(v.at(10), v.at(107)));
        v.put(109, _mul(v.at(9), v.at(104)) + v.at(108) + v.at(33));
        v.put(110, _mul(v.at(11), v.at(107)));
        v.put(111, v.at(108) + (_mul(v.at(10), v.at(104)) + _mul(v.at(9), v.at(106))) + v.at(110) + v.at(34));
        v.put(112, v.at(110) + (_mul(v.at(11), v.at(104)) + _mul(v.at(10), v.at(106)) + _mul(v.at(9), v.at(107))) + v.at(35));
        v.put(113, _mul(v.at(11), v.at(111)) + _mul(v.at(10), v.at(112)));
        v.put(114, _mul(v.at(9), v.at(109)) + v.at(113) + v.at(36));
        v.put(115, _mul(v.at(11), v.at(112)));
        v.put(116, v.at(113) + (_mul(v.at(10), v.at(109)) + _mul(v.at(9), v.at(111))) + v.at(115) + v.at(37));
        v.put(117, v.at(115) + (_mul(v.at(11), v.at(109)) + _mul(v.at(10), v.at(111)) + _mul(v.at(9), v.at(112))) + v.at(38));
        v.put(118, _mul(v.at(11), v.at(116)) + _mul(v.at(10), v.at(117)));
        _constraint(v, v.at(18) - (_mul(v.at(9), v.at(114)) + v.at(118) + v.at(39)));
        v.put(119, _mul(v.at(11), v.at(117)));
        v.put(120, v.at(19) - (v.at(118) + (_mul(v.at(10), v.at(114)) + _mul(v.at(9), v.at(116))) + v.at(119) + v.at(40)));
        _constraint(v, v.at(120));
        v.put(121, v.at(20) - (v.at(119) + (_mul(v.at(11), v.at(114)) + _mul(v.at(10), v.at(116)) + _mul(v.at(9), v.at(117))) + v.at(41)));
        _constraint(v, v.at(121));
        v.put(122, _mul(v.at(11), v.at(19)) + _mul(v.at(10), v.at(20)));
        v.put(123, _mul(v.at(18), v.at(9)) + v.at(122) + v.at(42));
        v.put(124, _mul(v.at(11), v.at(20)));
        v.put(125, v.at(122) + (_mul(v.at(18), v.at(10)) + _mul(v.at(9), v.at(19))) + v.at(124) + v.at(43));
        v.put(126, v.at(124) + (_mul(v.at(18), v.at(11)) + _mul(v.at(10), v.at(19)) + _mul(v.at(9), v.at(20))) + v.at(44));
        v.put(127, _mul(v.at(11), v.at(125)) + _mul(v.at(10), v.at(126)));
        v.put(128, _mul(v.at(9), v.at(123)) + v.at(127) + v.at(45));
        v.put(129, _mul(v.at(11), v.at(126)));
        v.put(130, v.at(127) + (_mul(v.at(10), v.at(123)) + _mul(v.at(9), v.at(125))) + v.at(129) + v.at(46));
        v.put(131, v.at(129) + (_mul(v.at(11), v.at(123)) + _mul(v.at(10), v.at(125)) + _mul(v.at(9), v.at(126))) + v.at(47));
        v.put(132, _mul(v.at(11), v.at(130)) + _mul(v.at(10), v.at(131)));
        v.put(133, _mul(v.at(9), v.at(128)) + v.at(132) + v.at(48));
        v.put(134, _mul(v.at(11), v.at(131)));
        v.put(135, v.at(132) + (_mul(v.at(10), v.at(128)) + _mul(v.at(9), v.at(130))) + v.at(134) + v.at(49));
        v.put(136, v.at(134) + (_mul(v.at(11), v.at(128)) + _mul(v.at(10), v.at(130)) + _mul(v.at(9), v.at(131))) + v.at(50));
        v.put(137, _mul(v.at(11), v.at(135)) + _mul(v.at(10), v.at(136)));
    }

    function _part1(Row v) private pure {
        v.put(138, _mul(v.at(9), v.at(133)) + v.at(137) + v.at(51));
        v.put(139, _mul(v.at(11), v.at(136)));
        v.put(140, v.at(137) + (_mul(v.at(10), v.at(133)) + _mul(v.at(9), v.at(135))) + v.at(139) + v.at(52));
        v.put(141, v.at(139) + (_mul(v.at(11), v.at(133)) + _mul(v.at(10), v.at(135)) + _mul(v.at(9), v.at(136))) + v.at(53));
        v.put(142, _mul(v.at(11), v.at(140)) + _mul(v.at(10), v.at(141)));
        v.put(143, _mul(v.at(9), v.at(138)) + v.at(142) + v.at(54));
        v.put(144, _mul(v.at(11), v.at(141)));
        v.put(145, v.at(142) + (_mul(v.at(10), v.at(138)) + _mul(v.at(9), v.at(140))) + v.at(144) + v.at(55));
        v.put(146, v.at(144) + (_mul(v.at(11), v.at(138)) + _mul(v.at(10), v.at(140)) + _mul(v.at(9), v.at(141))) + v.at(56));
        v.put(147, _mul(v.at(11), v.at(145)) + _mul(v.at(10), v.at(146)));
        _constraint(v, v.at(21) - (_mul(v.at(9), v.at(143)) + v.at(147) + v.at(57)));
        v.put(148, _mul(v.at(11), v.at(146)));
        v.put(149, v.at(22) - (v.at(147) + (_mul(v.at(10), v.at(143)) + _mul(v.at(9), v.at(145))) + v.at(148) + v.at(58)));
        _constraint(v, v.at(149));
        v.put(150, v.at(23) - (v.at(148) + (_mul(v.at(11), v.at(143)) + _mul(v.at(10), v.at(145)) + _mul(v.at(9), v.at(146))) + v.at(59)));
        _constraint(v, v.at(150));
        v.put(151, _mul(v.at(11), v.at(22)) + _mul(v.at(10), v.at(23)));
        v.put(152, _mul(v.at(9), v.at(21)) + v.at(151) + v.at(60));
        v.put(153, _mul(v.at(11), v.at(23)));
        v.put(154, v.at(151) + (_mul(v.at(10), v.at(21)) + _mul(v.at(9), v.at(22))) + v.at(153) + v.at(61));
        v.put(155, v.at(153) + (_mul(v.at(11), v.at(21)) + _mul(v.at(10), v.at(22)) + _mul(v.at(9), v.at(23))) + v.at(62));
        v.put(156, _mul(v.at(11), v.at(154)) + _mul(v.at(10), v.at(155)));
        v.put(157, _mul(v.at(9), v.at(152)) + v.at(156) + v.at(63));
        v.put(158, _mul(v.at(11), v.at(155)));
        v.put(159, v.at(156) + (_mul(v.at(10), v.at(152)) + _mul(v.at(9), v.at(154))) + v.at(158) + v.at(64));
        v.put(160, v.at(158) + (_mul(v.at(11), v.at(152)) + _mul(v.at(10), v.at(154)) + _mul(v.at(9), v.at(155))) + v.at(65));
        v.put(161, _mul(v.at(11), v.at(159)) + _mul(v.at(10), v.at(160)));
        v.put(162, _mul(v.at(9), v.at(157)) + v.at(161) + v.at(66));
        v.put(163, _mul(v.at(11), v.at(160)));
        v.put(164, v.at(161) + (_mul(v.at(10), v.at(157)) + _mul(v.at(9), v.at(159))) + v.at(163) + v.at(67));
        v.put(165, v.at(163) + (_mul(v.at(11), v.at(157)) + _mul(v.at(10), v.at(159)) + _mul(v.at(9), v.at(160))) + v.at(68));
        v.put(166, _mul(v.at(11), v.at(164)) + _mul(v.at(10), v.at(165)));
        _constraint(v, v.at(15) - (_mul(v.at(9), v.at(162)) + v.at(166) + v.at(69)));
        v.put(167, _mul(v.at(11), v.at(165)));
        v.put(168, v.at(16) - (v.at(166) + (_mul(v.at(10), v.at(162)) + _mul(v.at(9), v.at(164))) + v.at(167) + v.at(70)));
        _constraint(v, v.at(168));
        v.put(169, v.at(17) - (v.at(167) + (_mul(v.at(11), v.at(162)) + _mul(v.at(10), v.at(164)) + _mul(v.at(9), v.at(165))) + v.at(71)));
        _constraint(v, v.at(169));
        _constraint(v, _mul(v.at(25), v.at(92)));
        _constraint(v, _mul(v.at(26), v.at(92)));
        _constraint(v, _mul(v.at(28), v.at(92)));
        _constraint(v, _mul(v.at(29), v.at(92)));
        _constraint(v, _mul(v.at(31), v.at(92)));
        _constraint(v, _mul(v.at(32), v.at(92)));
        _constraint(v, _mul(v.at(34), v.at(92)));
        _constraint(v, _mul(v.at(35), v.at(92)));
        _constraint(v, _mul(v.at(37), v.at(92)));
        _constraint(v, _mul(v.at(38), v.at(92)));
    }

    function _part2(Row v) private pure {
        _constraint(v, _mul(v.at(40), v.at(92)));
        _constraint(v, _mul(v.at(41), v.at(92)));
        _constraint(v, _mul(v.at(43), v.at(92)));
        _constraint(v, _mul(v.at(44), v.at(92)));
        _constraint(v, _mul(v.at(46), v.at(92)));
        _constraint(v, _mul(v.at(47), v.at(92)));
        _constraint(v, _mul(v.at(49), v.at(92)));
        _constraint(v, _mul(v.at(50), v.at(92)));
        _constraint(v, _mul(v.at(52), v.at(92)));
        _constraint(v, _mul(v.at(53), v.at(92)));
        _constraint(v, _mul(v.at(55), v.at(92)));
        _constraint(v, _mul(v.at(56), v.at(92)));
        _constraint(v, _mul(v.at(58), v.at(92)));
        _constraint(v, _mul(v.at(59), v.at(92)));
        _constraint(v, _mul(v.at(61), v.at(92)));
        _constraint(v, _mul(v.at(62), v.at(92)));
        _constraint(v, _mul(v.at(64), v.at(92)));
        _constraint(v, _mul(v.at(65), v.at(92)));
        _constraint(v, _mul(v.at(67), v.at(92)));
        _constraint(v, _mul(v.at(68), v.at(92)));
        _constraint(v, _mul(v.at(70), v.at(92)));
        _constraint(v, _mul(v.at(71), v.at(92)));
        v.put(170, _mul(v.at(11), v.at(BETA)) + v.at(10));
        v.put(171, _mul(v.at(170), v.at(BETA)) + v.at(9));
        v.put(172, _mul(v.at(171), v.at(BETA)) + v.at(72));
        _interaction(v, 0, Ext.wrap(18446744069414584320), v.at(172));
        v.put(173, _mul(v.at(14), v.at(BETA)) + v.at(13));
        v.put(174, _mul(v.at(173), v.at(BETA)) + v.at(12));
        v.put(175, _mul(v.at(174), v.at(BETA)) + v.at(73));
        _interaction(v, 1, Ext.wrap(18446744069414584320), v.at(175));
        v.put(176, _mul(v.at(17), v.at(BETA)) + v.at(16));
        v.put(177, _mul(v.at(176), v.at(BETA)) + v.at(15));
        v.put(178, _mul(v.at(177), v.at(BETA)) + v.at(74));
        _interaction(v, 2, v.at(91), v.at(178));
        v.put(179, Ext.wrap(1) - v.at(92));
        v.put(180, _mul(_mul(v.at(33), v.at(92)), v.at(BETA)) + (_mul(v.at(30), v.at(92)) + _mul(v.at(26), v.at(179))));
        v.put(181, _mul(v.at(180), v.at(BETA)) + (_mul(v.at(27), v.at(92)) + _mul(v.at(25), v.at(179))));
        v.put(182, _mul(v.at(181), v.at(BETA)) + (_mul(v.at(24), v.at(92)) + _mul(v.at(24), v.at(179))));
        v.put(183, _mul(v.at(182), v.at(BETA)) + v.at(75));
        _interaction(v, 3, Ext.wrap(18446744069414584320), v.at(183));
        v.put(184, _mul(_mul(v.at(45), v.at(92)), v.at(BETA)) + (_mul(v.at(42), v.at(92)) + _mul(v.at(29), v.at(179))));
        v.put(185, _mul(v.at(184), v.at(BETA)) + (_mul(v.at(39), v.at(92)) + _mul(v.at(28), v.at(179))));
        v.put(186, _mul(v.at(185), v.at(BETA)) + (_mul(v.at(36), v.at(92)) + _mul(v.at(27), v.at(179))));
        v.put(187, _mul(v.at(186), v.at(BETA)) + v.at(76));
        _interaction(v, 4, Ext.wrap(18446744069414584320), v.at(187));
        v.put(188, _mul(_mul(v.at(57), v.at(92)), v.at(BETA)) + (_mul(v.at(54), v.at(92)) + _mul(v.at(32), v.at(179))));
        v.put(189, _mul(v.at(188), v.at(BETA)) + (_mul(v.at(51), v.at(92)) + _mul(v.at(31), v.at(179))));
        v.put(190, _mul(v.at(189), v.at(BETA)) + (_mul(v.at(48), v.at(92)) + _mul(v.at(30), v.at(179))));
    }

    function _part3(Row v) private pure {
        v.put(191, _mul(v.at(190), v.at(BETA)) + v.at(77));
        _interaction(v, 5, Ext.wrap(18446744069414584320), v.at(191));
        v.put(192, _mul(_mul(v.at(69), v.at(92)), v.at(BETA)) + (_mul(v.at(66), v.at(92)) + _mul(v.at(35), v.at(179))));
        v.put(193, _mul(v.at(192), v.at(BETA)) + (_mul(v.at(63), v.at(92)) + _mul(v.at(34), v.at(179))));
        v.put(194, _mul(v.at(193), v.at(BETA)) + (_mul(v.at(60), v.at(92)) + _mul(v.at(33), v.at(179))));
        v.put(195, _mul(v.at(194), v.at(BETA)) + v.at(78));
        _interaction(v, 6, Ext.wrap(18446744069414584320), v.at(195));
        v.put(196, _mul(v.at(38), v.at(BETA)) + v.at(37));
        v.put(197, _mul(v.at(196), v.at(BETA)) + v.at(36));
        v.put(198, _mul(v.at(197), v.at(BETA)) + v.at(79));
        v.put(199, Ext.wrap(0) - _reduce(v.at(179)));
        _interaction(v, 7, v.at(199), v.at(198));
        v.put(200, _mul(v.at(41), v.at(BETA)) + v.at(40));
        v.put(201, _mul(v.at(200), v.at(BETA)) + v.at(39));
        v.put(202, _mul(v.at(201), v.at(BETA)) + v.at(80));
        _interaction(v, 8, v.at(199), v.at(202));
        v.put(203, _mul(v.at(44), v.at(BETA)) + v.at(43));
        v.put(204, _mul(v.at(203), v.at(BETA)) + v.at(42));
        v.put(205, _mul(v.at(204), v.at(BETA)) + v.at(81));
        _interaction(v, 9, v.at(199), v.at(205));
        v.put(206, _mul(v.at(47), v.at(BETA)) + v.at(46));
        v.put(207, _mul(v.at(206), v.at(BETA)) + v.at(45));
        v.put(208, _mul(v.at(207), v.at(BETA)) + v.at(82));
        _interaction(v, 10, v.at(199), v.at(208));
        v.put(209, _mul(v.at(50), v.at(BETA)) + v.at(49));
        v.put(210, _mul(v.at(209), v.at(BETA)) + v.at(48));
        v.put(211, _mul(v.at(210), v.at(BETA)) + v.at(83));
        _interaction(v, 11, v.at(199), v.at(211));
        v.put(212, _mul(v.at(53), v.at(BETA)) + v.at(52));
        v.put(213, _mul(v.at(212), v.at(BETA)) + v.at(51));
        v.put(214, _mul(v.at(213), v.at(BETA)) + v.at(84));
        _interaction(v, 12, v.at(199), v.at(214));
        v.put(215, _mul(v.at(56), v.at(BETA)) + v.at(55));
        v.put(216, _mul(v.at(215), v.at(BETA)) + v.at(54));
        v.put(217, _mul(v.at(216), v.at(BETA)) + v.at(85));
        _interaction(v, 13, v.at(199), v.at(217));
        v.put(218, _mul(v.at(59), v.at(BETA)) + v.at(58));
        v.put(219, _mul(v.at(218), v.at(BETA)) + v.at(57));
        v.put(220, _mul(v.at(219), v.at(BETA)) + v.at(86));
        _interaction(v, 14, v.at(199), v.at(220));
        v.put(221, _mul(v.at(62), v.at(BETA)) + v.at(61));
        v.put(222, _mul(v.at(221), v.at(BETA)) + v.at(60));
        v.put(223, _mul(v.at(222), v.at(BETA)) + v.at(87));
        _interaction(v, 15, v.at(199), v.at(223));
        v.put(224, _mul(v.at(65), v.at(BETA)) + v.at(64));
        v.put(225, _mul(v.at(224), v.at(BETA)) + v.at(63));
        v.put(226, _mul(v.at(225), v.at(BETA)) + v.at(88));
        _interaction(v, 16, v.at(199), v.at(226));
    }

    function _part4(Row v) private pure {
        v.put(227, _mul(v.at(68), v.at(BETA)) + v.at(67));
        v.put(228, _mul(v.at(227), v.at(BETA)) + v.at(66));
        v.put(229, _mul(v.at(228), v.at(BETA)) + v.at(89));
        _interaction(v, 17, v.at(199), v.at(229));
        v.put(230, _mul(v.at(71), v.at(BETA)) + v.at(70));
        v.put(231, _mul(v.at(230), v.at(BETA)) + v.at(69));
        v.put(232, _mul(v.at(231), v.at(BETA)) + v.at(90));
        _interaction(v, 18, v.at(199), v.at(232));
    }
}
