// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title L1Block: what the L2 chain knows of L1
/// @notice The predeploy at 0x4200000000000000000000000000000000000015. The first transaction of every block, a deposit
/// by the depositor account, writes the block's L1 origin here. Getters, selectors and storage slots are those of the
/// OP Stack up to Jovian, because the fee rules of the execution engine read the slots directly:
///
/// | slot | bytes, most significant first |
/// |---|---|
/// | 0 | 16 unused, timestamp (8), number (8) |
/// | 1 | basefee |
/// | 2 | hash |
/// | 3 | 16 unused, baseFeeScalar (4), blobBaseFeeScalar (4), sequenceNumber (8) |
/// | 4 | batcherHash |
/// | 5, 6 | l1FeeOverhead, l1FeeScalar: unused since Ecotone, kept zero |
/// | 7 | blobBaseFee |
/// | 8 | 18 unused, daFootprintGasScalar (2), operatorFeeScalar (4), operatorFeeConstant (8) |
///
/// Calldata of the setters after the selector, packed without padding: baseFeeScalar (4), blobBaseFeeScalar (4),
/// sequenceNumber (8), timestamp (8), number (8), basefee (32), blobBaseFee (32), hash (32), batcherHash (32),
/// operatorFeeScalar (4), operatorFeeConstant (8), and for Jovian daFootprintGasScalar (2).
/// Source: OP Stack specification, L1 attributes of Isthmus and Jovian.
contract L1Block {
    /// @notice The caller is not the depositor account.
    error NotDepositor();

    /// @notice Number of the L1 origin.
    uint64 public number;
    /// @notice Timestamp of the L1 origin.
    uint64 public timestamp;
    /// @notice Base fee of the L1 origin, in wei.
    uint256 public basefee;
    /// @notice Hash of the L1 origin.
    bytes32 public hash;
    /// @notice L2 blocks since the origin last changed; 0 for the first with this origin.
    uint64 public sequenceNumber;
    /// @notice Scales the blob base fee in the L1 fee; 6 decimals.
    uint32 public blobBaseFeeScalar;
    /// @notice Scales the base fee in the L1 fee; 6 decimals.
    uint32 public baseFeeScalar;
    /// @notice The batcher's address, left-padded.
    bytes32 public batcherHash;
    /// @notice Unused since Ecotone.
    uint256 public l1FeeOverhead;
    /// @notice Unused since Ecotone.
    uint256 public l1FeeScalar;
    /// @notice Blob base fee of the L1 origin, in wei.
    uint256 public blobBaseFee;
    /// @notice Constant part of the operator fee, in wei.
    uint64 public operatorFeeConstant;
    /// @notice Scales the operator fee with the gas used.
    uint32 public operatorFeeScalar;
    /// @notice Gas that a byte of estimated data availability use counts for.
    uint16 public daFootprintGasScalar;

    /// @notice The only account that may write: the sender of the L1 attributes transaction.
    function DEPOSITOR_ACCOUNT() public pure returns (address) {
        return 0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001;
    }

    /// @notice Version of the OP Stack contract whose interface this follows.
    function version() external pure returns (string memory) {
        return "1.8.0-oneslot";
    }

    /// @notice Whether gas is paid in something else than ether: never.
    function isCustomGasToken() external pure returns (bool) {
        return false;
    }

    /// @notice The gas token: ether, in OP's notation.
    function gasPayingToken() external pure returns (address token, uint8 decimals) {
        return (0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE, 18);
    }

    /// @notice Name of the gas token.
    function gasPayingTokenName() external pure returns (string memory) {
        return "Ether";
    }

    /// @notice Symbol of the gas token.
    function gasPayingTokenSymbol() external pure returns (string memory) {
        return "ETH";
    }

    /// @notice Writes the L1 origin, in Isthmus' packed format: 176 bytes with the selector.
    function setL1BlockValuesIsthmus() external {
        _setOrigin();
        assembly ("memory-safe") {
            // operatorFeeScalar, operatorFeeConstant: the low 12 bytes; the DA scalar becomes zero
            sstore(operatorFeeConstant.slot, shr(160, calldataload(164)))
        }
    }

    /// @notice Writes the L1 origin, in Jovian's packed format: 178 bytes with the selector.
    function setL1BlockValuesJovian() external {
        _setOrigin();
        assembly ("memory-safe") {
            // daFootprintGasScalar stands above them in the slot, but behind them in the calldata
            let operatorFee := shr(160, calldataload(164))
            let daScalar := shr(240, calldataload(176))
            sstore(operatorFeeConstant.slot, or(shl(96, daScalar), operatorFee))
        }
    }

    function _setOrigin() private {
        if (msg.sender != DEPOSITOR_ACCOUNT()) revert NotDepositor();
        assembly ("memory-safe") {
            // baseFeeScalar, blobBaseFeeScalar, sequenceNumber: 16 bytes
            sstore(sequenceNumber.slot, shr(128, calldataload(4)))
            // timestamp, number: 16 bytes
            sstore(number.slot, shr(128, calldataload(20)))
            sstore(basefee.slot, calldataload(36))
            sstore(blobBaseFee.slot, calldataload(68))
            sstore(hash.slot, calldataload(100))
            sstore(batcherHash.slot, calldataload(132))
        }
    }
}
