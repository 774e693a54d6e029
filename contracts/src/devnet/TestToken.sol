// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title The ERC-20 that the devnet bridges
/// @notice Anyone may mint: it is worth nothing. No part of the system depends on it.
contract TestToken is ERC20 {
    constructor() ERC20("Devnet Token", "DEV") {}

    /// @notice Create `amount` base units for `to`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
