// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IElections} from "../../contracts/interfaces/staking/IElections.sol";
import {IStakingPool} from "../../contracts/interfaces/staking/IStakingPool.sol";
import {IValidatorRegistry} from "../../contracts/interfaces/staking/IValidatorRegistry.sol";
import {G1Point, G2Point} from "../../contracts/types/Types.sol";

/// @notice Operator and owner of many validators: brings many in one transaction. Pays from what it holds.
contract Crowd {
    IValidatorRegistry private immutable _registry;
    IStakingPool private immutable _pool;

    constructor(IERC20 token, IValidatorRegistry registry, IStakingPool pool) {
        (_registry, _pool) = (registry, pool);
        token.approve(address(pool), type(uint256).max);
    }

    /// @notice Registers and bonds, under the next numbers.
    function bring(G1Point[] calldata keys, G2Point[] calldata possessions, uint256[] calldata bonds) external {
        for (uint256 i = 0; i < keys.length; ++i) {
            (uint64 id, ) = _registry.register(address(this), address(0), keys[i], possessions[i], "");
            _pool.depositBond(id, bonds[i]);
        }
    }

    /// @notice Adds to bonds.
    function add(uint64[] calldata ids, uint256 amount) external {
        for (uint256 i = 0; i < ids.length; ++i) _pool.depositBond(ids[i], amount);
    }

    /// @notice Tells who keeps seats of changes.
    function refresh(IElections elections, uint64[] calldata ids) external {
        for (uint256 i = 0; i < ids.length; ++i) elections.refresh(ids[i]);
    }

    /// @notice Sets new keys.
    function rotate(uint64[] calldata ids, G1Point[] calldata keys, G2Point[] calldata possessions) external {
        for (uint256 i = 0; i < ids.length; ++i) _registry.setKey(ids[i], keys[i], possessions[i]);
    }
}
