// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ICheckpointManager} from "../interfaces/consensus/ICheckpointManager.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IUnbondingQueue} from "../interfaces/staking/IUnbondingQueue.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {BoundedCalls} from "../libraries/BoundedCalls.sol";
import {ShareMath} from "../libraries/ShareMath.sol";
import {Epoch} from "../types/Types.sol";

/// @title Books of stake that is leaving
/// @dev Loops only over the cohorts of one validator that answer for one seal; `lastSeal` never falls from one cohort to
/// the next, so these are the newest. A cohort is charged if it has fewer tokens than shares.
contract UnbondingQueue is AccessManaged, ReentrancyGuardTransient, IUnbondingQueue {
    /// @dev An account's part of a cohort of delegations.
    struct Part {
        uint96 shares;
        bool encumbered;
    }

    /// @dev More than any view of a checkpoint module costs.
    uint256 private constant _VIEW_GAS = 50_000;

    /// @inheritdoc IUnbondingQueue
    IStakingPool public immutable pool;
    /// @inheritdoc IUnbondingQueue
    IValidatorRegistry public immutable registry;
    /// @inheritdoc IUnbondingQueue
    uint256 public immutable unbondingTime;
    /// @inheritdoc IUnbondingQueue
    uint256 public immutable cohortPeriod;
    /// @inheritdoc IUnbondingQueue
    uint256 public immutable maxWait;

    /// @inheritdoc IUnbondingQueue
    address public checkpoints;
    /// @dev What joined less what left. What slashes took of it the pool counts, in a slot that they write anyway.
    uint128 private _total;
    /// @dev Cohorts last counted below this seal take nothing more: they answer to a slasher that was replaced.
    uint32 private _frontier;
    /// @dev Cohorts of each kind, 64 bits a kind: a slash reads one slot for all.
    mapping(uint64 validator => uint256 counts) private _counts;
    mapping(uint64 validator => mapping(Kind => mapping(uint256 index => Cohort))) private _cohorts;
    mapping(uint64 validator => mapping(uint256 cohort => mapping(address owner => Part))) private _parts;
    mapping(uint64 validator => mapping(uint256 cohort => mapping(address owner => Liability))) private _liabilities;

    modifier onlyWithdrawal(uint64 validator) {
        (, address withdrawal) = registry.controllers(validator);
        if (msg.sender != withdrawal) {
            revert UnbondingQueueUnauthorized(validator, msg.sender);
        }
        _;
    }

    modifier onlyPool() {
        if (msg.sender != address(pool)) revert UnbondingQueueNotPool(msg.sender);
        _;
    }

    /// @dev Called by the pool's constructor.
    constructor(
        address authority,
        IValidatorRegistry registry_,
        IStakingPool.Times memory times
    ) AccessManaged(authority) {
        pool = IStakingPool(msg.sender);
        registry = registry_;
        unbondingTime = times.unbondingTime;
        cohortPeriod = times.cohortPeriod;
        maxWait = times.maxWait;
    }

    /// @inheritdoc IUnbondingQueue
    function queueBond(uint64 validator, uint256 amount, uint32 seal) external onlyPool returns (uint256) {
        _total += uint128(amount);
        return _join(validator, Kind.Bond, amount, seal);
    }

    /// @inheritdoc IUnbondingQueue
    function queueDelegation(
        uint64 validator,
        address owner,
        uint256 amount,
        uint32 seal,
        Liability calldata liability
    ) external onlyPool returns (uint256 index) {
        _total += uint128(amount);
        index = _join(validator, Kind.Delegation, amount, seal);
        _parts[validator][index][owner].shares += uint96(amount);
        if (liability.source != 0) _inherit(validator, index, owner, liability);
    }

    /// @inheritdoc IUnbondingQueue
    function noteRedelegation(uint64 validator, uint256 amount, uint32 seal) external onlyPool returns (uint256) {
        return _join(validator, Kind.Redelegation, amount, seal);
    }

    /// @inheritdoc IUnbondingQueue
    function cancelBond(
        uint64 validator,
        uint256 index,
        uint256 amount
    ) external nonReentrant onlyWithdrawal(validator) {
        _requireOpen(validator);
        Cohort storage c = _at(validator, Kind.Bond, index);
        (uint256 tokens, uint256 shares) = (c.tokens, c.shares);
        if (amount == 0 || amount > tokens) revert UnbondingQueueInsufficient(validator, index, tokens, amount);
        c.tokens = uint96(tokens - amount);
        c.shares = uint96(shares - ShareMath.partDown(shares, amount, tokens));
        _reduceTotal(amount);
        emit BondCancelled(validator, index, amount);
        pool.restoreBond(validator, amount);
    }

    /// @inheritdoc IUnbondingQueue
    function cancel(uint64 validator, uint256 index, uint256 shares) external nonReentrant {
        _requireOpen(validator);
        Part storage p = _parts[validator][index][msg.sender];
        Liability memory moved;
        uint256 owned = p.shares;
        if (p.encumbered) {
            owned = _charge(validator, index, msg.sender);
            if (shares > owned) shares = owned;
        }
        if (shares == 0 || shares > owned) revert UnbondingQueueInsufficient(validator, index, owned, shares);
        Cohort storage c = _cohorts[validator][Kind.Delegation][index];
        uint256 amount = ShareMath.partDown(shares, c.tokens, c.shares);
        if (amount == 0) revert UnbondingQueueEmpty(validator, index);
        if (p.encumbered) {
            moved = _split(_liabilities[validator][index][msg.sender], owned, shares);
            // What answers goes on answering with the same part of the tokens.
            moved.bound = uint128(ShareMath.partUp(amount, moved.bound, shares));
            if (_liabilities[validator][index][msg.sender].bound == 0) _free(validator, index, msg.sender);
        }
        p.shares = uint96(owned - shares);
        _leave(c, shares, amount);
        emit DelegationCancelled(validator, msg.sender, index, amount, shares);
        pool.restoreDelegation(validator, msg.sender, amount, moved);
    }

    /// @inheritdoc IUnbondingQueue
    function withdrawBond(
        uint64 validator,
        uint256 index,
        Epoch witness
    ) external nonReentrant onlyWithdrawal(validator) returns (uint256 amount) {
        Cohort storage c = _at(validator, Kind.Bond, index);
        _requireOver(validator, Kind.Bond, index, witness);
        pool.release(validator, c.lastSeal);
        amount = c.tokens;
        if (amount == 0) revert UnbondingQueueEmpty(validator, index);
        _leave(c, c.shares, amount);
        emit BondWithdrawn(validator, index, msg.sender, amount);
        pool.pay(msg.sender, amount);
    }

    /// @inheritdoc IUnbondingQueue
    function withdraw(uint64 validator, uint256 index, Epoch witness) external nonReentrant returns (uint256 amount) {
        Part storage p = _parts[validator][index][msg.sender];
        uint256 shares = p.shares;
        if (shares == 0) revert UnbondingQueueEmpty(validator, index);
        _requireOver(validator, Kind.Delegation, index, witness);
        Cohort storage c = _cohorts[validator][Kind.Delegation][index];
        pool.release(validator, c.lastSeal);
        if (p.encumbered) {
            Liability storage debt = _liabilities[validator][index][msg.sender];
            (uint64 source, uint256 noted) = (debt.source, debt.cohort);
            _requireOver(source, Kind.Redelegation, noted, witness);
            pool.release(source, _cohorts[source][Kind.Redelegation][noted].lastSeal);
            shares = _charge(validator, index, msg.sender);
            if (p.encumbered) _free(validator, index, msg.sender);
        }
        amount = ShareMath.partDown(shares, c.tokens, c.shares);
        p.shares = 0;
        _leave(c, shares, amount);
        emit DelegationWithdrawn(validator, msg.sender, index, amount, shares);
        pool.pay(msg.sender, amount);
    }

    /// @inheritdoc IUnbondingQueue
    function settleLiability(uint64 validator, address owner, uint256 index) external nonReentrant {
        if (_parts[validator][index][owner].encumbered) _charge(validator, index, owner);
    }

    /// @inheritdoc IUnbondingQueue
    function slash(
        uint64 validator,
        uint256 low,
        uint256 high,
        uint256 part,
        uint256 whole,
        uint256 bond,
        uint256 delegated
    ) external onlyPool returns (IStakingPool.Taken memory t) {
        (t.bond, t.delegated) = (bond, delegated);
        uint256 counts = _counts[validator];
        mapping(Kind => mapping(uint256 => Cohort)) storage lists = _cohorts[validator];
        if (uint64(counts) != 0) t.queuedBond = _liable(lists[Kind.Bond], uint64(counts), low, high);
        if (uint64(counts >> 64) != 0) {
            t.queuedDelegated = _liable(lists[Kind.Delegation], uint64(counts >> 64), low, high);
        }
        if (counts >> 128 != 0) t.redelegated = _liable(lists[Kind.Redelegation], counts >> 128, low, high);
        _divide(t, ShareMath.chargeUp(_sum(t), part, whole), validator, high, counts);
    }

    /// @inheritdoc IUnbondingQueue
    function closeBelow(uint32 seal) external onlyPool {
        _frontier = seal;
    }

    /// @inheritdoc IUnbondingQueue
    function setCheckpoints(address checkpoints_) external restricted {
        checkpoints = checkpoints_;
        emit CheckpointsSet(checkpoints_);
    }

    /// @inheritdoc IUnbondingQueue
    function totalQueued() external view returns (uint256) {
        unchecked {
            return uint96(_total - pool.takenFromQueue());
        }
    }

    /// @inheritdoc IUnbondingQueue
    function cohortCount(uint64 validator, Kind kind) public view returns (uint256) {
        return uint64(_counts[validator] >> (uint256(kind) << 6));
    }

    /// @inheritdoc IUnbondingQueue
    function cohort(uint64 validator, Kind kind, uint256 index) external view returns (Cohort memory) {
        return _at(validator, kind, index);
    }

    /// @inheritdoc IUnbondingQueue
    function entryOf(
        uint64 validator,
        address owner,
        uint256 index
    ) external view returns (uint256 shares, uint256 tokens, Liability memory liability) {
        Cohort storage c = _at(validator, Kind.Delegation, index);
        shares = _parts[validator][index][owner].shares;
        tokens = ShareMath.partDown(shares, c.tokens, c.shares);
        liability = _liabilities[validator][index][owner];
    }

    /// @inheritdoc IUnbondingQueue
    function isEncumbered(uint64 validator, address owner) external view returns (bool) {
        uint256 n = cohortCount(validator, Kind.Delegation);
        return n != 0 && _parts[validator][n - 1][owner].encumbered;
    }

    /// @inheritdoc IUnbondingQueue
    function liable(
        uint64 validator,
        uint32 low,
        uint32 high
    ) external view returns (uint256 bond, uint256 delegations, uint256 redelegations) {
        uint256 counts = _counts[validator];
        mapping(Kind => mapping(uint256 => Cohort)) storage lists = _cohorts[validator];
        bond = _liable(lists[Kind.Bond], uint64(counts), low, high);
        delegations = _liable(lists[Kind.Delegation], uint64(counts >> 64), low, high);
        redelegations = _liable(lists[Kind.Redelegation], counts >> 128, low, high);
    }

    /// @inheritdoc IUnbondingQueue
    function lossOf(Liability memory liability) public view returns (uint256) {
        Cohort storage c = _at(liability.source, Kind.Redelegation, liability.cohort);
        return liability.shares - ShareMath.partDown(liability.shares, c.tokens, c.shares);
    }

    /// @inheritdoc IUnbondingQueue
    function isOver(uint64 validator, Kind kind, uint256 index, Epoch witness) public view returns (bool) {
        if (block.timestamp >= withdrawableAtLatest(validator, kind, index)) return true;
        uint256 start = _clockStart(_cohorts[validator][kind][index].lastSeal, witness);
        return start != 0 && block.timestamp >= start + unbondingTime;
    }

    /// @inheritdoc IUnbondingQueue
    function witnessOf(
        uint64 validator,
        Kind kind,
        uint256 index,
        Epoch from
    ) external view returns (bool found, Epoch witness, uint256 from_) {
        uint32 lastSeal = _at(validator, kind, index).lastSeal;
        uint64 end = Epoch.unwrap(ICheckpointManager(checkpoints).epochNow());
        for (uint64 e = Epoch.unwrap(from); e < end; ++e) {
            uint256 start = _clockStart(lastSeal, Epoch.wrap(e));
            if (start != 0) return (true, Epoch.wrap(e), start + unbondingTime);
        }
    }

    /// @inheritdoc IUnbondingQueue
    function withdrawableAtLatest(uint64 validator, Kind kind, uint256 index) public view returns (uint256) {
        return _latestStart(_at(validator, kind, index).day) + unbondingTime;
    }

    /// @dev Books an amount in the open cohort, or opens the next one.
    function _join(uint64 validator, Kind kind, uint256 amount, uint32 seal) private returns (uint256 index) {
        mapping(uint256 => Cohort) storage list = _cohorts[validator][kind];
        index = cohortCount(validator, kind);
        uint32 today = uint32(block.timestamp / cohortPeriod);
        if (index != 0) {
            Cohort memory c = list[index - 1];
            // Never falls: the cohorts that answer for a seal are the newest.
            if (seal < c.lastSeal) seal = c.lastSeal;
            // Emptied: used anew, so that asking and taking back makes no list longer.
            bool anew = c.shares == 0;
            if (anew || !_isClosed(list, index, c, today, seal)) {
                if (anew) c.day = today;
                if (anew || c.lastSeal != seal) emit CohortSet(validator, kind, index - 1, c.day, seal);
                // Uncharged: a share is a base unit.
                c.tokens = c.shares = _to96(c.tokens + amount);
                c.lastSeal = seal;
                list[--index] = c;
                return index;
            }
        }
        list[index] = Cohort(_to96(amount), uint96(amount), today, seal);
        _counts[validator] += 1 << (uint256(kind) << 6);
        emit CohortSet(validator, kind, index, today, seal);
    }

    /// @dev Whether the last of a list's `count` cohorts, `c`, takes nothing more.
    function _isClosed(
        mapping(uint256 => Cohort) storage list,
        uint256 count,
        Cohort memory c,
        uint32 today,
        uint32 seal
    ) private view returns (bool) {
        if (c.tokens != c.shares || block.timestamp >= _latestStart(c.day)) return true;
        if (seal == c.lastSeal) return false;
        if (c.lastSeal < _frontier) return true;
        if (today == c.day) return false;
        if (count == 1) return true;
        Cohort storage before = list[count - 2];
        return block.timestamp >= _latestStart(before.day) || _hasStarted(before.lastSeal);
    }

    /// @dev Whether a boundary was accepted whose next epoch is decided under a later seal than `lastSeal`. A module that
    /// does not answer starts no clock.
    function _hasStarted(uint32 lastSeal) private view returns (bool) {
        // Else a caller could keep a cohort open that others wait in.
        if (gasleft() < 3 * _VIEW_GAS) revert UnbondingQueueInsufficientGas();
        (bool ok, uint256 epoch) = BoundedCalls.tryRead(
            checkpoints,
            _VIEW_GAS,
            abi.encodeCall(ICheckpointManager.epochNow, ()),
            0
        );
        if (!ok || epoch > type(uint64).max) return false;
        (bool known, uint256 seal) = BoundedCalls.tryRead(
            checkpoints,
            _VIEW_GAS,
            abi.encodeCall(ICheckpointManager.recordedRegistry, (Epoch.wrap(uint64(epoch)))),
            1
        );
        return known && seal > lastSeal;
    }

    /// @dev When the boundary of `witness` was accepted if the epoch after it is decided under a later seal, else 0.
    function _clockStart(uint32 lastSeal, Epoch witness) private view returns (uint256) {
        ICheckpointManager module = ICheckpointManager(checkpoints);
        if (address(module) == address(0)) return 0;
        (, uint32 seal, ) = module.recordedRegistry(Epoch.wrap(Epoch.unwrap(witness) + 1));
        return seal > lastSeal ? module.boundaryAcceptedAt(witness) : 0;
    }

    /// @dev Adds to what an entry answers for. There is never another source: the pool takes no redelegation of an
    /// account whose entry of the open cohort is encumbered.
    function _inherit(uint64 validator, uint256 index, address owner, Liability calldata added) private {
        Liability storage debt = _liabilities[validator][index][owner];
        _parts[validator][index][owner].encumbered = true;
        (debt.source, debt.cohort) = (added.source, added.cohort);
        debt.shares += added.shares;
        debt.paid += added.paid;
        debt.bound += added.bound;
    }

    /// @dev Takes from an entry what became due since its last settlement, at most what the shares that answer are
    /// worth.
    /// @return left Shares left to the entry
    function _charge(uint64 validator, uint256 index, address owner) private returns (uint256 left) {
        Part storage p = _parts[validator][index][owner];
        Liability storage debt = _liabilities[validator][index][owner];
        left = p.shares;
        (uint64 source, uint256 loss, uint256 bound) = (debt.source, lossOf(debt), debt.bound);
        // Splitting rounds what was paid up: less may have been lost than paid.
        if (loss <= debt.paid) return left;
        uint256 due = loss - debt.paid;
        Cohort storage c = _cohorts[validator][Kind.Delegation][index];
        uint256 amount = ShareMath.partDown(bound, c.tokens, c.shares);
        uint256 burnt = bound;
        if (due < amount) (amount, burnt) = (due, ShareMath.partUp(due, c.shares, c.tokens));
        debt.paid = uint96(loss);
        debt.bound = uint128(bound - burnt);
        left -= burnt;
        p.shares = uint96(left);
        if (bound == burnt) _free(validator, index, owner);
        _leave(c, burnt, amount);
        emit LiabilityCharged(validator, owner, index, source, amount, burnt);
        pool.forfeit(amount);
    }

    /// @dev The part of an entry's liability that goes with `shares` of its `owned`: those that answer go last.
    function _split(Liability storage debt, uint256 owned, uint256 shares) private returns (Liability memory moved) {
        uint256 bound = debt.bound;
        uint256 free = owned - bound;
        if (shares <= free) return moved;
        uint256 beyond = shares - free;
        moved = Liability({
            source: debt.source,
            cohort: debt.cohort,
            shares: uint96(ShareMath.partUp(debt.shares, beyond, bound)),
            paid: uint96(ShareMath.partDown(debt.paid, beyond, bound)),
            bound: uint128(beyond)
        });
        debt.shares -= moved.shares;
        debt.paid -= moved.paid;
        debt.bound = uint128(bound - beyond);
    }

    function _free(uint64 validator, uint256 index, address owner) private {
        _parts[validator][index][owner].encumbered = false;
        delete _liabilities[validator][index][owner];
    }

    function _leave(Cohort storage c, uint256 shares, uint256 amount) private {
        c.tokens -= uint96(amount);
        c.shares -= uint96(shares);
        _reduceTotal(amount);
    }

    /// @dev Takes `amount` of the liable stake `t`, the junior tranche first, and leaves in `t` what each kind paid: what is
    /// in the pool its part rounded up, redelegated stake what is left.
    function _divide(
        IStakingPool.Taken memory t,
        uint256 amount,
        uint64 validator,
        uint256 high,
        uint256 counts
    ) private {
        // Below 2^100 each: neither sums nor products overflow.
        unchecked {
            uint256 junior = t.bond + t.queuedBond;
            uint256 leaving = t.queuedDelegated + t.redelegated;
            uint256 senior = t.delegated + leaving;
            uint256 rest = amount < junior ? amount : junior;
            amount -= rest;
            if (rest != 0) {
                uint256 own = (rest * t.bond + junior - 1) / junior;
                rest -= own;
                if (rest != 0) _take(validator, Kind.Bond, uint64(counts), high, rest, t.queuedBond);
                t.bond = own;
            } else {
                t.bond = 0;
            }
            t.queuedBond = rest;
            rest = amount;
            if (rest != 0) {
                amount = (rest * t.delegated + senior - 1) / senior;
                rest -= amount;
            }
            t.delegated = amount;
            amount = rest;
            if (rest != 0) {
                amount = (rest * t.queuedDelegated + leaving - 1) / leaving;
                rest -= amount;
                counts >>= 64;
                if (amount != 0) {
                    _take(validator, Kind.Delegation, uint64(counts), high, amount, t.queuedDelegated);
                }
                if (rest != 0) _take(validator, Kind.Redelegation, counts >> 64, high, rest, t.redelegated);
            }
            t.queuedDelegated = amount;
            t.redelegated = rest;
        }
    }

    function _sum(IStakingPool.Taken memory t) private pure returns (uint256) {
        unchecked {
            return t.bond + t.queuedBond + t.delegated + t.queuedDelegated + t.redelegated;
        }
    }

    /// @dev Takes `amount`, which is not 0, of the `liable_` tokens of a list of `i` cohorts, the newest of which are liable;
    /// each cohort's part is rounded up.
    function _take(uint64 validator, Kind kind, uint256 i, uint256 high, uint256 amount, uint256 liable_) private {
        mapping(uint256 => Cohort) storage list = _cohorts[validator][kind];
        // Amounts are below 2^96, and parts add up before the list ends.
        unchecked {
            uint256 left = amount;
            do {
                Cohort storage c = list[--i];
                (uint256 tokens, uint32 lastSeal) = (c.tokens, c.lastSeal);
                if (lastSeal > high || tokens == 0) continue;
                uint256 part = (tokens * amount + liable_ - 1) / liable_;
                if (part > left) part = left;
                c.tokens = uint96(tokens - part);
                left -= part;
                emit CohortSlashed(validator, kind, i, part);
            } while (left != 0);
        }
    }

    /// @dev Tokens of a list of `i` cohorts that seals from `low` to `high` counted last.
    function _liable(
        mapping(uint256 => Cohort) storage list,
        uint256 i,
        uint256 low,
        uint256 high
    ) private view returns (uint256 liable_) {
        // Amounts are below 2^96.
        unchecked {
            while (i != 0) {
                Cohort storage c = list[--i];
                (uint256 tokens, uint32 lastSeal) = (c.tokens, c.lastSeal);
                if (lastSeal < low) break;
                if (lastSeal <= high) liable_ += tokens;
            }
        }
    }

    function _requireOver(uint64 validator, Kind kind, uint256 index, Epoch witness) private view {
        if (!isOver(validator, kind, index, witness)) {
            revert UnbondingQueueNotReady(validator, index, withdrawableAtLatest(validator, kind, index));
        }
    }

    function _requireOpen(uint64 validator) private view {
        IValidatorRegistry.Status status = registry.standing(validator).status;
        if (status != IValidatorRegistry.Status.Active && status != IValidatorRegistry.Status.Jailed) {
            revert UnbondingQueueClosed(validator);
        }
    }

    function _at(uint64 validator, Kind kind, uint256 index) private view returns (Cohort storage) {
        if (index >= cohortCount(validator, kind)) revert UnbondingQueueEmpty(validator, index);
        return _cohorts[validator][kind][index];
    }

    function _to96(uint256 value) private pure returns (uint96) {
        if (value > type(uint96).max) revert UnbondingQueueOverflow();
        return uint96(value);
    }

    /// @dev Second at which the clock of a cohort of that day starts in any case.
    function _latestStart(uint32 day) private view returns (uint256) {
        return (uint256(day) + 1) * cohortPeriod + maxWait;
    }

    /// @dev Unchecked: a total shared by all must not be able to fail anybody's exit.
    function _reduceTotal(uint256 amount) private {
        unchecked {
            _total -= uint128(amount);
        }
    }
}
