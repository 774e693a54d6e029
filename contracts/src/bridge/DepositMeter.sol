// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IDepositMeter} from "../interfaces/IDepositMeter.sol";

/// @title DepositMeter: sells the L2 gas of deposits
/// @notice Deposits are forced on L2 and pay no L2 fee, so their gas is sold on L1. At most `maxDepositGas` is sold in
/// one L1 block, half of it at most to one deposit, at a price that moves as in EIP-1559 (target a tenth of the maximum,
/// denominator 8), never below 1 gwei. The price is paid by burning L1 gas, less the gas the deposit used anyway. Same
/// `params()` as OP's ResourceMetering, and the same rules but for two limits: that on one deposit, and MAXIMUM_RATE.
/// @dev Burning rather than charging keeps `msg.value` what it is for every OP front end: the amount minted. It also
/// bounds what can be sold, for a transaction has at most 2^24 gas (EIP-7825). The two limits keep this promise: in
/// every state of the meter and of L1's base fee, the largest deposit fits in one transaction. It burns at most
/// 2,000,000 x 6 = 12,000,000 gas, less than 1,000,000 goes to its data, and a quarter is left for what senders add to an
/// estimate. The price of the promise is that the rate cannot rise without end against somebody who buys every block out.
/// He has to burn 4,000,000 x 6 = 24,000,000 gas in each L1 block for it, most of the 30,000,000 that L1 sells at a base fee
/// that does not rise.
abstract contract DepositMeter is IDepositMeter {
    uint256 private constant ELASTICITY = 10;
    uint256 private constant CHANGE_DENOMINATOR = 8;
    uint256 private constant MINIMUM_BASE_FEE = 1 gwei;
    /// @dev L1 gas that a unit of L2 gas costs at most.
    uint256 private constant MAXIMUM_RATE = 6;
    /// @dev (1 - 1/8) ^ 1024 brings any base fee of 128 bits below the minimum.
    uint256 private constant IDLE_BLOCKS_MAX = 1024;

    struct Meter {
        uint128 baseFee;
        uint64 boughtGas;
        /// Zero until the first sale.
        uint64 blockNumber;
    }

    /// @inheritdoc IDepositMeter
    uint64 public immutable maxDepositGas;
    /// @inheritdoc IDepositMeter
    /// @dev Half of the block's, so that a small deposit in front of a large one does not keep it out.
    uint64 public immutable maxGasPerDeposit;

    Meter private _meter;

    constructor(uint64 maxDepositGas_) {
        maxDepositGas = maxDepositGas_;
        maxGasPerDeposit = maxDepositGas_ / 2;
        _meter.baseFee = uint128(MINIMUM_BASE_FEE);
    }

    /// @inheritdoc IDepositMeter
    function params() external view returns (uint128 prevBaseFee, uint64 prevBoughtGas, uint64 prevBlockNum) {
        return (_meter.baseFee, _meter.boughtGas, _meter.blockNumber);
    }

    /// @dev Buys `gasAmount` of L2 gas for the function it stands on.
    modifier metered(uint64 gasAmount) {
        uint256 gasBefore = gasleft();
        _;
        uint256 cost = _buy(gasAmount) / _l1BaseFee();
        uint256 used = gasBefore - gasleft();
        if (cost > used) _burn(cost - used);
    }

    /// @dev Reverts while nothing may be sold. The first sale asks, the later ones do not: a sale that opened stays open.
    function _requireOpen() internal view virtual;

    /// @dev Returns the price in wei of L1 gas to burn.
    function _buy(uint64 gasAmount) private returns (uint256) {
        if (gasAmount > maxGasPerDeposit) revert DepositGasTooHigh(maxGasPerDeposit, gasAmount);
        Meter memory meter = _meter;
        if (meter.blockNumber == 0) _requireOpen();
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

    /// @dev The upper end moves with L1's base fee, which is the same for all deposits of a block. It has 64 bits in L1's
    /// header, so the result fits in 128.
    function _clamp(uint256 fee) private view returns (uint256) {
        if (fee < MINIMUM_BASE_FEE) return MINIMUM_BASE_FEE;
        uint256 maximum = MAXIMUM_RATE * _l1BaseFee();
        return fee > maximum ? maximum : fee;
    }

    /// @dev What a unit of burnt gas counts, in wei.
    function _l1BaseFee() private view returns (uint256) {
        return block.basefee < 1 gwei ? 1 gwei : block.basefee;
    }

    function _burn(uint256 amount) private view {
        uint256 start = gasleft();
        while (start - gasleft() < amount) {}
    }
}
