// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IStakingPool} from "../../contracts/interfaces/staking/IStakingPool.sol";
import {IValidatorRegistry} from "../../contracts/interfaces/staking/IValidatorRegistry.sol";

/// @notice Rows and positions as tests want custody to answer: the same for every seal.
contract PositionsPool {
    IERC20 public immutable token;
    IValidatorRegistry public immutable registry;
    mapping(uint64 validator => IStakingPool.Row) private _rows;
    mapping(uint64 validator => mapping(address owner => uint256)) private _shares;

    constructor(IERC20 token_, IValidatorRegistry registry_) {
        token = token_;
        registry = registry_;
    }

    function setRow(uint64 validator, uint128 shares, uint32 bondFraction) external {
        _rows[validator].shares = shares;
        _rows[validator].bondFraction = bondFraction;
    }

    function setShares(uint64 validator, address owner, uint256 shares) external {
        _shares[validator][owner] = shares;
    }

    function rowAt(uint64 validator, uint32) external view returns (uint256 index, IStakingPool.Row memory row) {
        return (0, _rows[validator]);
    }

    function sharesAt(uint64 validator, address owner, uint32) external view returns (uint256) {
        return _shares[validator][owner];
    }
}
