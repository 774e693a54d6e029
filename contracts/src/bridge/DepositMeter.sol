// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title DepositMeter: sells the L2 gas of deposits
/// @notice Deposits are forced on L2 and pay no L2 fee, so their gas is sold on L1. At most `maxDepositGas` is sold in
/// one L1 block, at a price that moves as in EIP-1559 (target a tenth of the maximum, denominator 8), never
/// below 1 gwei. The price is paid by burning L1 gas, less the gas the deposit used anyway. Same rules and `params()`
/// as OP's ResourceMetering.
/// @dev Burning rather than charging keeps `msg.value` what it is for every OP front end: the amount minted.
abstract contract DepositMeter {
    /// @notice The deposits of this L1 block would buy more gas than there is.
    error DepositGasExhausted(uint64 maximum, uint256 bought);

    uint256 private constant ELASTICITY = 10;
    uint256 private constant CHANGE_DENOMINATOR = 8;
    uint256 private constant MINIMUM_BASE_FEE = 1 gwei;
    uint256 private constant MAXIMUM_BASE_FEE = type(uint128).max;
    /// @dev (1 - 1/8) ^ 1024 brings any base fee of 128 bits below the minimum.
    uint256 private constant IDLE_BLOCKS_MAX = 1024;

    struct Meter {
        uint128 baseFee;
        uint64 boughtGas;
        uint64 blockNumber;
    }

    /// @notice L2 gas that deposits of one L1 block may buy.
    uint64 public immutable maxDepositGas;

    Meter private _meter;

    constructor(uint64 maxDepositGas_) {
        maxDepositGas = maxDepositGas_;
        _meter = Meter({baseFee: uint128(MINIMUM_BASE_FEE), boughtGas: 0, blockNumber: uint64(block.number)});
    }

    /// @notice The meter as the last deposit left it.
    /// @return prevBaseFee Price of a unit of L2 gas, in wei.
    /// @return prevBoughtGas L2 gas bought in that L1 block.
    /// @return prevBlockNum That L1 block.
    function params() external view returns (uint128 prevBaseFee, uint64 prevBoughtGas, uint64 prevBlockNum) {
        return (_meter.baseFee, _meter.boughtGas, _meter.blockNumber);
    }

    /// @dev Buys `gasAmount` of L2 gas for the function it stands on.
    modifier metered(uint64 gasAmount) {
        uint256 gasBefore = gasleft();
        _;
        uint256 cost = _buy(gasAmount) / (block.basefee < 1 gwei ? 1 gwei : block.basefee);
        uint256 used = gasBefore - gasleft();
        if (cost > used) _burn(cost - used);
    }

    /// @dev Returns the price in wei of L1 gas to burn.
    function _buy(uint64 gasAmount) private returns (uint256) {
        Meter memory meter = _meter;
        if (block.number != meter.blockNumber) {
            meter.baseFee = uint128(_baseFeeNow(meter));
            meter.boughtGas = 0;
            meter.blockNumber = uint64(block.number);
        }
        uint256 bought = uint256(meter.boughtGas) + gasAmount;
        if (bought > maxDepositGas) revert DepositGasExhausted(maxDepositGas, bought);
        meter.boughtGas = uint64(bought);
        _meter = meter;
        return uint256(gasAmount) * meter.baseFee;
    }

    /// @dev One step for the block of the last deposit, then one for each idle block since.
    function _baseFeeNow(Meter memory meter) private view returns (uint256 fee) {
        uint256 target = maxDepositGas / ELASTICITY;
        fee = meter.baseFee;
        if (meter.boughtGas > target) {
            fee += fee * (meter.boughtGas - target) / (target * CHANGE_DENOMINATOR);
        } else {
            fee -= fee * (target - meter.boughtGas) / (target * CHANGE_DENOMINATOR);
        }
        fee = _clamp(fee);

        uint256 idle = block.number - meter.blockNumber - 1;
        if (idle != 0) {
            if (idle > IDLE_BLOCKS_MAX) idle = IDLE_BLOCKS_MAX;
            fee = _clamp(fee * FixedPointMathLib.rpow(1e18 - 1e18 / CHANGE_DENOMINATOR, idle, 1e18) / 1e18);
        }
    }

    function _clamp(uint256 fee) private pure returns (uint256) {
        if (fee < MINIMUM_BASE_FEE) return MINIMUM_BASE_FEE;
        return fee > MAXIMUM_BASE_FEE ? MAXIMUM_BASE_FEE : fee;
    }

    function _burn(uint256 amount) private view {
        uint256 start = gasleft();
        while (start - gasleft() < amount) {}
    }
}
