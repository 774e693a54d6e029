// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title What the meter of a Portal tells about the L2 gas that it sells to deposits, see DepositMeter.
interface IDepositMeter {
    /// @notice The deposits of this L1 block would buy more gas than there is.
    error DepositGasExhausted(uint64 maximum, uint256 bought);
    /// @notice The deposit would buy more gas than one deposit may.
    error DepositGasTooHigh(uint64 maximum, uint64 got);

    /// @notice The meter as the last deposit left it. Same as OP's.
    /// @return prevBaseFee Price of a unit of L2 gas, in wei.
    /// @return prevBoughtGas L2 gas bought in that L1 block.
    /// @return prevBlockNum That L1 block; zero before the first deposit.
    function params() external view returns (uint128 prevBaseFee, uint64 prevBoughtGas, uint64 prevBlockNum);

    /// @notice L2 gas that deposits of one L1 block may buy.
    function maxDepositGas() external view returns (uint64);

    /// @notice L2 gas that one deposit may buy.
    function maxGasPerDeposit() external view returns (uint64);
}
