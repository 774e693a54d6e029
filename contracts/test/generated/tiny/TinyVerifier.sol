// SPDX-License-Identifier: MIT OR Apache-2.0
// Written by `cargo xtask verifier` from a verifying key. Do not edit.
pragma solidity 0.8.37;

import {IFinalConstraints, IFinalOpening, IFinalVerifier} from "src/verifier/IFinalVerifier.sol";
import {StarkVerifier} from "src/verifier/StarkVerifier.sol";

/// @title TinyVerifier
/// @notice The verifier of final proofs of circuit "tiny".
contract TinyVerifier is StarkVerifier {
    IFinalOpening private immutable _openingPart;
    IFinalConstraints private immutable _part0;
    IFinalConstraints private immutable _part1;
    IFinalConstraints private immutable _part2;
    IFinalConstraints private immutable _part3;

    /// @param opening The opening's contract.
    /// @param parts The tables' contracts: TinyArithmetic, TinyHorner, TinyPermutation1, TinyPermutation2.
    constructor(IFinalOpening opening, IFinalConstraints[4] memory parts) {
        if (opening.verifyingKey() != verifyingKey()) revert PartMismatch(address(opening));
        for (uint256 i = 0; i < 4; ++i) {
            if (parts[i].verifyingKey() != verifyingKey()) revert PartMismatch(address(parts[i]));
        }
        _openingPart = opening;
        _part0 = parts[0];
        _part1 = parts[1];
        _part2 = parts[2];
        _part3 = parts[3];
    }

    function _opening() internal view override returns (IFinalOpening) {
        return _openingPart;
    }

    function _constraints(uint256 part) internal view override returns (IFinalConstraints) {
        if (part == 0) return _part0;
        if (part == 1) return _part1;
        if (part == 2) return _part2;
        return _part3;
    }

    /// @inheritdoc IFinalVerifier
    function circuit() external pure returns (string memory) {
        return "tiny";
    }

    function verifyingKey() public pure override returns (bytes32) {
        return 0xf77993c7261f7845dd97202fb8d373b7d683e7e3a6297e507579087f45ea13f3;
    }

    function publicValueCount() public pure override returns (uint256) {
        return 8;
    }

    function _shape() internal pure override returns (Shape memory shape) {
        shape.lookupVariables = 11;
        shape.messageWidth = 5;
        shape.rounds = 11;
        shape.degree = 8;
        shape.counts = 3;
        shape.fixedBytes = 35920;
        shape.oodSamples = 1;
        shape.values = 213;
        shape.transcriptCapacity = 2528;
        shape.tables = new Table[](3);
        shape.tables[0] = Table({logHeight: 8, firstBlock: 0, interactions: 4});
        shape.tables[1] = Table({logHeight: 4, firstBlock: 74, interactions: 19});
        shape.tables[2] = Table({logHeight: 5, firstBlock: 32, interactions: 5});
        shape.parts = new Part[](4);
        shape.parts[0] = Part({table: 0, constraintsBehind: 0});
        shape.parts[1] = Part({table: 1, constraintsBehind: 0});
        shape.parts[2] = Part({table: 2, constraintsBehind: 33});
        shape.parts[3] = Part({table: 2, constraintsBehind: 0});
    }

    /// @dev Seeds of the tables and of the commitment, root over the preprocessed columns: 520 bytes.
    function _statementSeed() internal pure override returns (bytes memory) {
        return 
            hex"31010000000000000270332d6d756c0074692d73746172006b000000000000000000000000000000"
            hex"00000000000000000000000000000000000000000000000000000000000000000000000000000000"
            hex"0e759e95fe273b007f1aa3d16212f20021d42f6383dec20054122dcf98020f00d5517d1e0f000000"
            hex"00cc0000000800000000000000000300000000080000000000000000000000000008000000000000"
            hex"00000800000008000000000000000000190000000800000000000000000000000000080000000000"
            hex"00000000000000000800000000000000000000000008000000000000000004000000000800000000"
            hex"00000000540000000008000000000000000000000000080000000000000000000000000008000000"
            hex"00000000000000000000080000000000000000050000000008000000000000000068000000080000"
            hex"00000000000000000000000800000000000000000000000000080000000000000000008000000000"
            hex"65000000000000000170332d73756d00636865636b2d6c0061796f75742d63006f6d6d69746d6500"
            hex"6e740000000000000000000000000000000000000000000000000000000000000000000000000000"
            hex"1dde2644dafc9d00326c94bcd3346a00d8cdb2ce615d4d00185a524fd7d11e004be51e8256000000"
            hex"00008000000000005432c2f38fa45b2b18225dbb0080036eb568c9e0ef9f46dd214677747da7b512";
    }

    /// @dev Seed of the lookup argument: 728 bytes.
    function _lookupSeed() internal pure override returns (bytes memory) {
        return 
            hex"75020000000000000170332d6d756c0074692d73746172006b2d6c6f6f6b75007000000000000000"
            hex"00000000000000000000000000000000000000000000000000000000000000000000000000000000"
            hex"158e2166b8940c00a03a623126ef1900aede60b4396f1f005d9dac3b7ad745002e6374047d000000"
            hex"02100000000800000000000000000b00000000080000000000000000050000000008000000000000"
            hex"00000100000008000000000000000000030000000800000000000000000000000000080000000000"
            hex"00000008000000000800000000000000000000000008000000000000000004000000000800000000"
            hex"00000000000000000008000000000000000000000000080000000000000000000000000008000000"
            hex"00000000000000000000080000000000000000020000000008000000000000000005000000080000"
            hex"00000000000400000000000800000000000000000500000000080000000000000000000000000800"
            hex"00000000000000000000000008000000000000000000000000000800000000000000000000000000"
            hex"08000000000000000000000000080000000000000000010000000008000000000000000004000000"
            hex"00080000000000000004a00000000800000000000000000013000000080000000000000000000000"
            hex"00000800000000000000000000000000080000000000000000000000000800000000000000000000"
            hex"00000008000000000000000000000000000800000000000000000000000008000000000000000000"
            hex"00000000080000000000000000000000000008000000000000000000000000000800000000000000"
            hex"00000000000800000000000000000000000000080000000000000000000000000008000000000000"
            hex"00000000000008000000000000000000000000000800000000000000000000000000080000000000"
            hex"00000000000000000800000000000000000000000008000000000000000000000000000800000000"
            hex"0000000000800000";
    }

    /// @dev Seed of the fractional reduction: 128 bytes.
    function _gkrSeed() internal pure override returns (bytes memory) {
        return 
            hex"65000000000000000270332d6d756c0074692d73746172006b2d667261637400696f6e2d676b7200"
            hex"00000000000000000000000000000000000000000000000000000000000000000000000000000000"
            hex"1b528a2a85a9850070fe5b40c21f9400c6983c8158279600786549703dbd2800e2bdac22c0000000"
            hex"0000800000000000";
    }

    /// @dev Seed of the zerocheck: 264 bytes.
    function _zerocheckSeed() internal pure override returns (bytes memory) {
        return 
            hex"dd000000000000000170332d6d756c0074692d73746172006b2d7a65726f63006865636b00000000"
            hex"00000000000000000000000000000000000000000000000000000000000000000000000000000000"
            hex"1820381e43453300b313407e86e6f1001449e11d43099700e81527ab0bfb7c00d2f656e89f000000"
            hex"00780000000800000000000000000b000000000800000000000000000b0000000008000000000000"
            hex"00000000000008000000000000000000030000000800000000000000000300000000080000000000"
            hex"00000001000000000800000000000000000700000008000000000000000002000000000800000000"
            hex"000000000700000000080000000000000000028000000000";
    }

    /// @dev Seed of the sumcheck: 128 bytes.
    function _sumcheckSeed() internal pure override returns (bytes memory) {
        return 
            hex"65000000000000000170332d73756d00636865636b2d6700656e657269632d006465677265650000"
            hex"00000000000000000000000000000000000000000000000000000000000000000000000000000000"
            hex"1ae9e06eb82bb20015c8e59ca12a6b00975cbf287ee8c7008653ad72dd332100c0b0cbb80a000000"
            hex"0000800000000000";
    }
}
