// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IUnbondingQueue} from "../interfaces/staking/IUnbondingQueue.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {ElectionsClient} from "./ElectionsClient.sol";
import {UnbondingQueue} from "./UnbondingQueue.sol";

/// @title Custody of bonded stake
/// @dev Creates the queue, so that both know each other for good. The token is ours and calls nobody back.
contract StakingPool is AccessManaged, ReentrancyGuardTransient, ElectionsClient, IStakingPool {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @inheritdoc IStakingPool
    IERC20 public immutable token;
    /// @inheritdoc IStakingPool
    IValidatorRegistry public immutable registry;
    /// @inheritdoc IStakingPool
    IUnbondingQueue public immutable queue;

    /// @inheritdoc IStakingPool
    uint256 public totalStake;
    mapping(uint64 validator => Pool) private _pools;

    constructor(
        address authority,
        IERC20 token_,
        IValidatorRegistry registry_,
        UnbondingQueue.Times memory times
    ) AccessManaged(authority) {
        token = token_;
        registry = registry_;
        queue = new UnbondingQueue(authority, token_, registry_, times);
    }

    /// @inheritdoc IStakingPool
    function depositBond(uint64 validator, uint256 amount) external nonReentrant {
        _depositBond(validator, amount);
    }

    /// @inheritdoc IStakingPool
    function depositBondWithPermit(
        uint64 validator,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        // Somebody may have sent the permit ahead of this call; the transfer tells whether the allowance is there.
        try IERC20Permit(address(token)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _depositBond(validator, amount);
    }

    /// @inheritdoc IStakingPool
    function requestUnbond(uint64 validator, uint256 amount) external nonReentrant returns (uint256 cohort) {
        if (msg.sender != registry.validator(validator).withdrawal) {
            revert StakingPoolUnauthorized(validator, msg.sender);
        }
        if (amount == 0) revert StakingPoolZeroAmount();
        Pool storage p = _pools[validator];
        uint256 bond = p.bond;
        if (amount > bond) revert StakingPoolInsufficientBond(validator, bond, amount);
        p.bond = uint128(bond - amount);
        _reduceTotal(amount);
        bool told = _report(validator);
        token.safeTransfer(address(queue), amount);
        cohort = queue.queueBond(validator, amount, !told);
        emit BondReleased(validator, cohort, amount, bond - amount);
    }

    /// @inheritdoc IStakingPool
    function restoreBond(uint64 validator, uint256 amount) external {
        if (msg.sender != address(queue)) revert StakingPoolNotQueue(msg.sender);
        uint256 bond = _credit(validator, amount);
        emit BondRestored(validator, amount, bond);
        _report(validator);
    }

    /// @inheritdoc IStakingPool
    function slashBond(uint64 validator, uint256 amount) external restricted returns (uint256 taken) {
        Pool storage p = _pools[validator];
        uint256 bond = p.bond;
        taken = amount < bond ? amount : bond;
        p.bond = uint128(bond - taken);
        _reduceTotal(taken);
        emit BondSlashed(validator, msg.sender, taken, bond - taken);
        token.safeTransfer(msg.sender, taken);
    }

    /// @inheritdoc IStakingPool
    function setElections(address elections_) external restricted {
        _elections = elections_;
        emit ElectionsSet(elections_);
    }

    /// @inheritdoc IStakingPool
    function elections() external view returns (address) {
        return _elections;
    }

    /// @inheritdoc IStakingPool
    function pool(uint64 validator) external view returns (Pool memory) {
        return _pools[validator];
    }

    /// @inheritdoc IStakingPool
    function bondOf(uint64 validator) external view returns (uint256) {
        return _pools[validator].bond;
    }

    /// @inheritdoc IStakingPool
    function stakeOf(uint64 validator) external view returns (uint256) {
        Pool storage p = _pools[validator];
        return uint256(p.bond) + p.delegated;
    }

    function _depositBond(uint64 validator, uint256 amount) private {
        IValidatorRegistry.Validator memory v = registry.validator(validator);
        if (msg.sender != v.operator && msg.sender != v.withdrawal) {
            revert StakingPoolUnauthorized(validator, msg.sender);
        }
        if (v.status != IValidatorRegistry.Status.Active && v.status != IValidatorRegistry.Status.Jailed) {
            revert StakingPoolClosed(validator);
        }
        if (amount == 0) revert StakingPoolZeroAmount();
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 bond = _credit(validator, amount);
        emit BondDeposited(validator, msg.sender, amount, bond);
        _report(validator);
    }

    function _credit(uint64 validator, uint256 amount) private returns (uint256 bond) {
        Pool storage p = _pools[validator];
        bond = p.bond + amount;
        p.bond = bond.toUint128();
        totalStake += amount;
    }

    function _report(uint64 validator) private returns (bool told) {
        told = _refresh(validator);
        if (!told) emit RefreshFailed(validator);
    }

    /// @dev Unchecked: a total shared by all must not be able to fail anybody's exit.
    function _reduceTotal(uint256 amount) private {
        unchecked {
            totalStake -= amount;
        }
    }
}
