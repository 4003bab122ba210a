// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IAITBCToken} from "../interfaces/token/IAITBCToken.sol";

/// @title The AITBC token
contract AITBCToken is ERC20Permit, IAITBCToken {
    /// @inheritdoc IAITBCToken
    uint256 public constant cap = 1_000_000_000 ether;

    constructor(Allocation[] memory allocations) ERC20("AITBC", "AITBC") ERC20Permit("AITBC") {
        for (uint256 i = 0; i < allocations.length; ++i) {
            _mint(allocations[i].to, allocations[i].amount);
        }
        if (totalSupply() > cap) revert AITBCTokenCapExceeded(totalSupply(), cap);
    }

    /// @inheritdoc IERC20Permit
    function nonces(address owner) public view override(ERC20Permit, IERC20Permit) returns (uint256) {
        return super.nonces(owner);
    }
}
