// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICheckpointManager} from "../interfaces/consensus/ICheckpointManager.sol";
import {IElections} from "../interfaces/staking/IElections.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IUnbondingQueue} from "../interfaces/staking/IUnbondingQueue.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {Epoch} from "../types/Types.sol";

/// @title Custody of stake that is leaving
/// @dev Loops only over the cohorts of one validator that answer for one seal. A new cohort needs both a new day and a
/// seal since the last amount joined, and `lastSeal` never falls from one cohort to the next, so those that answer
/// for an epoch still open to evidence are its days since that epoch's seal, at most about 23.
contract UnbondingQueue is AccessManaged, ReentrancyGuardTransient, IUnbondingQueue {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @notice Times in seconds, fixed at deployment.
    struct Times {
        uint256 unbondingTime;
        uint256 cohortPeriod;
        uint256 maxWait;
    }

    /// @notice A time of zero would let stake leave at once.
    error UnbondingQueueZeroTime();

    /// @dev Seal number for stake that live weights may go on counting: above every other.
    uint32 private constant _NEVER = type(uint32).max;

    /// @inheritdoc IUnbondingQueue
    IERC20 public immutable token;
    /// @inheritdoc IUnbondingQueue
    IStakingPool public immutable pool;
    IValidatorRegistry public immutable registry;
    /// @inheritdoc IUnbondingQueue
    uint256 public immutable unbondingTime;
    /// @inheritdoc IUnbondingQueue
    uint256 public immutable cohortPeriod;
    /// @inheritdoc IUnbondingQueue
    uint256 public immutable maxWait;

    /// @inheritdoc IUnbondingQueue
    address public checkpoints;
    /// @inheritdoc IUnbondingQueue
    address public elections;
    /// @inheritdoc IUnbondingQueue
    uint256 public totalQueued;
    mapping(uint64 validator => Cohort[]) private _cohorts;

    modifier onlyWithdrawal(uint64 validator) {
        if (msg.sender != registry.validator(validator).withdrawal) {
            revert UnbondingQueueUnauthorized(validator, msg.sender);
        }
        _;
    }

    /// @dev Called by the pool's constructor.
    constructor(
        address authority,
        IERC20 token_,
        IValidatorRegistry registry_,
        Times memory times
    ) AccessManaged(authority) {
        if (times.unbondingTime == 0 || times.cohortPeriod == 0) revert UnbondingQueueZeroTime();
        token = token_;
        pool = IStakingPool(msg.sender);
        registry = registry_;
        unbondingTime = times.unbondingTime;
        cohortPeriod = times.cohortPeriod;
        maxWait = times.maxWait;
    }

    /// @inheritdoc IUnbondingQueue
    function queueBond(uint64 validator, uint256 amount, bool counted) external returns (uint256 index) {
        if (msg.sender != address(pool)) revert UnbondingQueueNotPool(msg.sender);
        uint40 day = uint40(block.timestamp / cohortPeriod);
        uint32 seal = counted ? _NEVER : _sealNumber();
        Cohort[] storage list = _cohorts[validator];
        index = list.length;
        if (index != 0) {
            Cohort memory last = list[index - 1];
            if (last.tokens == 0) {
                // Emptied: used anew, so that nobody can make the list longer than its days.
                list[--index] = Cohort(amount.toUint128(), day, seal);
            } else if (last.day == day || last.lastSeal >= seal) {
                if (seal < last.lastSeal) seal = last.lastSeal;
                list[--index] = Cohort((last.tokens + amount).toUint128(), day, seal);
            }
        }
        if (index == list.length) list.push(Cohort(amount.toUint128(), day, seal));
        totalQueued += amount;
        emit BondQueued(validator, index, amount, day, seal);
    }

    /// @inheritdoc IUnbondingQueue
    function cancelBond(
        uint64 validator,
        uint256 index,
        uint256 amount
    ) external nonReentrant onlyWithdrawal(validator) {
        IValidatorRegistry.Status status = registry.validator(validator).status;
        if (status != IValidatorRegistry.Status.Active && status != IValidatorRegistry.Status.Jailed) {
            revert UnbondingQueueClosed(validator);
        }
        Cohort storage c = _cohort(validator, index);
        if (amount == 0 || amount > c.tokens) {
            revert UnbondingQueueInsufficient(validator, index, c.tokens, amount);
        }
        c.tokens -= uint128(amount);
        _reduceTotal(amount);
        emit BondCancelled(validator, index, amount);
        token.safeTransfer(address(pool), amount);
        pool.restoreBond(validator, amount);
    }

    /// @inheritdoc IUnbondingQueue
    function withdrawBond(
        uint64 validator,
        uint256 index,
        Epoch witness
    ) external nonReentrant onlyWithdrawal(validator) returns (uint256 amount) {
        amount = withdrawable(validator, index, witness);
        if (amount == 0) {
            if (_cohort(validator, index).tokens == 0) revert UnbondingQueueEmpty(validator, index);
            revert UnbondingQueueNotReady(validator, index, withdrawableAtLatest(validator, index));
        }
        _cohorts[validator][index].tokens = 0;
        _reduceTotal(amount);
        emit BondWithdrawn(validator, index, msg.sender, amount);
        token.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IUnbondingQueue
    function slashBond(uint64 validator, uint32 seal, uint256 amount) external restricted returns (uint256 taken) {
        uint256 liable = liableBond(validator, seal);
        if (amount > liable) amount = liable;
        Cohort[] storage list = _cohorts[validator];
        for (uint256 i = list.length; i != 0 && taken < amount; --i) {
            // Those liable are the newest, and their parts, rounded up, make the amount before others are reached.
            Cohort storage c = list[i - 1];
            if (c.tokens == 0) continue;
            uint256 part = Math.mulDiv(c.tokens, amount, liable, Math.Rounding.Ceil);
            if (part > amount - taken) part = amount - taken;
            c.tokens -= uint128(part);
            taken += part;
            emit CohortSlashed(validator, i - 1, msg.sender, part);
        }
        _reduceTotal(taken);
        token.safeTransfer(msg.sender, taken);
    }

    /// @inheritdoc IUnbondingQueue
    function setCheckpoints(address checkpoints_) external restricted {
        checkpoints = checkpoints_;
        emit CheckpointsSet(checkpoints_);
    }

    /// @inheritdoc IUnbondingQueue
    function setElections(address elections_) external restricted {
        elections = elections_;
        emit ElectionsSet(elections_);
    }

    /// @inheritdoc IUnbondingQueue
    function cohortCount(uint64 validator) external view returns (uint256) {
        return _cohorts[validator].length;
    }

    /// @inheritdoc IUnbondingQueue
    function cohort(uint64 validator, uint256 index) external view returns (Cohort memory) {
        return _cohort(validator, index);
    }

    /// @inheritdoc IUnbondingQueue
    function liableBond(uint64 validator, uint32 seal) public view returns (uint256 liable) {
        Cohort[] storage list = _cohorts[validator];
        for (uint256 i = list.length; i != 0; --i) {
            Cohort storage c = list[i - 1];
            if (c.lastSeal < seal) break;
            liable += c.tokens;
        }
    }

    /// @inheritdoc IUnbondingQueue
    function withdrawable(uint64 validator, uint256 index, Epoch witness) public view returns (uint256) {
        Cohort storage c = _cohort(validator, index);
        if (block.timestamp >= withdrawableAtLatest(validator, index)) return c.tokens;
        uint256 start = _clockStart(c.lastSeal, witness);
        return start != 0 && block.timestamp >= start + unbondingTime ? c.tokens : 0;
    }

    /// @inheritdoc IUnbondingQueue
    function witnessOf(
        uint64 validator,
        uint256 index,
        Epoch from
    ) external view returns (bool found, Epoch witness, uint256 from_) {
        uint32 lastSeal = _cohort(validator, index).lastSeal;
        uint64 end = Epoch.unwrap(ICheckpointManager(checkpoints).epochNow());
        for (uint64 e = Epoch.unwrap(from); e < end; ++e) {
            uint256 start = _clockStart(lastSeal, Epoch.wrap(e));
            if (start != 0) return (true, Epoch.wrap(e), start + unbondingTime);
        }
    }

    /// @inheritdoc IUnbondingQueue
    function withdrawableAtLatest(uint64 validator, uint256 index) public view returns (uint256) {
        return (uint256(_cohort(validator, index).day) + 1) * cohortPeriod + maxWait + unbondingTime;
    }

    /// @dev When the boundary of `witness` was accepted if the epoch after it is decided under a later seal, else 0.
    function _clockStart(uint32 lastSeal, Epoch witness) private view returns (uint256) {
        ICheckpointManager module = ICheckpointManager(checkpoints);
        if (address(module) == address(0)) return 0;
        (, uint32 seal, ) = module.recordedRegistry(Epoch.wrap(Epoch.unwrap(witness) + 1));
        return seal > lastSeal ? module.boundaryAcceptedAt(witness) : 0;
    }

    /// @dev A module that does not answer holds nothing up: the cohort then leaves at the latest date.
    function _sealNumber() private view returns (uint32) {
        address module = elections;
        if (module.code.length == 0) return _NEVER;
        try IElections(module).sealNumber() returns (uint32 number) {
            return number;
        } catch {
            return _NEVER;
        }
    }

    function _cohort(uint64 validator, uint256 index) private view returns (Cohort storage) {
        if (index >= _cohorts[validator].length) revert UnbondingQueueEmpty(validator, index);
        return _cohorts[validator][index];
    }

    /// @dev Unchecked: a total shared by all must not be able to fail anybody's exit.
    function _reduceTotal(uint256 amount) private {
        unchecked {
            totalQueued -= amount;
        }
    }
}
