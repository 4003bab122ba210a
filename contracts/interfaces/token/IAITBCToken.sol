// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title The AITBC token
/// @notice ERC-20 with 18 decimals and ERC-2612 permits. Minted once, at deployment; nobody can mint later.
interface IAITBCToken is IERC20, IERC20Permit {
    /// @notice Who gets how much at deployment.
    /// @param to Account; not zero
    /// @param amount Base units
    struct Allocation {
        address to;
        uint256 amount;
    }

    /// @notice The allocations add up to more than can ever exist, base units.
    error AITBCTokenCapExceeded(uint256 supply, uint256 cap);

    /// @notice Most that can ever exist: 1,000,000,000 AITBC in base units.
    function cap() external view returns (uint256);
}
