// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IStakeSlasher} from "../interfaces/staking/IStakeModules.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IUnbondingQueue} from "../interfaces/staking/IUnbondingQueue.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {BoundedCalls} from "../libraries/BoundedCalls.sol";
import {ShareMath} from "../libraries/ShareMath.sol";
import {Epoch} from "../types/Types.sol";
import {Delegations} from "./Delegations.sol";
import {Book, Stake, StakeBook} from "./StakeBook.sol";
import {StakeViews} from "./StakeViews.sol";
import {UnbondingQueue} from "./UnbondingQueue.sol";

/// @title Custody of stake
/// @dev Creates the queue, so that both know each other for good. The token is ours and calls nobody back.
contract StakingPool is AccessManaged, ReentrancyGuardTransient, IStakingPool {
    using SafeERC20 for IERC20;
    using StakeBook for Book;
    using StakeViews for Book;

    /// @dev Who may slash what stopped being counted from seal `low` to `high`, what it took and has not collected, and what
    /// it ever took of leaving stake: that wraps, as nothing but differences of it counts.
    struct Slasher {
        uint32 low;
        uint32 high;
        uint96 owed;
        uint96 queued;
    }

    uint256 private constant _MILLION = 1_000_000;
    uint256 private constant _MAX_PAUSE = 72 hours;
    uint256 private constant _HOLD_PARTS = 127;
    /// @dev More than settling a surcharge ever costs; without it a caller could make it fail.
    uint256 private constant _SETTLE_GAS = 3_000_000;

    /// @inheritdoc IStakingPool
    IERC20 public immutable token;
    /// @inheritdoc IStakingPool
    IValidatorRegistry public immutable registry;
    /// @inheritdoc IStakingPool
    IUnbondingQueue public immutable queue;
    uint256 private immutable _unbondingTime;
    uint256 private immutable _cohortPeriod;
    uint256 private immutable _maxWait;
    uint256 private immutable _redelegationPeriod;
    uint256 private immutable _commissionNotice;
    uint256 private immutable _commissionStep;
    uint256 private immutable _commissionMax;
    uint256 private immutable _minimumDelegation;
    uint256 private immutable _maxHold;

    Book private _book;
    /// @dev In the order of their appointment; the last is in office.
    address[] private _slashers;
    mapping(address slasher => Slasher) private _slasherOf;

    modifier onlyQueue() {
        if (msg.sender != address(queue)) revert StakingPoolNotQueue(msg.sender);
        _;
    }

    constructor(
        address authority,
        IERC20 token_,
        IValidatorRegistry registry_,
        Times memory t
    ) AccessManaged(authority) {
        if (t.unbondingTime == 0 || t.cohortPeriod == 0 || t.maxHold == 0 || t.commissionMax > _MILLION) {
            revert StakingPoolBadTimes();
        }
        token = token_;
        registry = registry_;
        queue = new UnbondingQueue(authority, registry_, t);
        _unbondingTime = t.unbondingTime;
        _cohortPeriod = t.cohortPeriod;
        _maxWait = t.maxWait;
        _redelegationPeriod = t.redelegationPeriod;
        _commissionNotice = t.commissionNotice;
        _commissionStep = t.commissionStep;
        _commissionMax = t.commissionMax;
        _minimumDelegation = t.minimumDelegation;
        _maxHold = t.maxHold;
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
        _permit(amount, deadline, v, r, s);
        _depositBond(validator, amount);
    }

    /// @inheritdoc IStakingPool
    function requestUnbond(uint64 validator, uint256 amount) external nonReentrant returns (uint256 cohort) {
        (, address withdrawal) = registry.controllers(validator);
        if (msg.sender != withdrawal) {
            revert StakingPoolUnauthorized(validator, msg.sender);
        }
        return Delegations.unbond(_book, queue, validator, amount);
    }

    /// @inheritdoc IStakingPool
    function delegate(uint64 validator, uint256 amount) external nonReentrant returns (uint256) {
        _requireDeposit(validator, amount);
        return _delegate(validator, msg.sender, amount, true);
    }

    /// @inheritdoc IStakingPool
    function delegateWithPermit(
        uint64 validator,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (uint256) {
        _permit(amount, deadline, v, r, s);
        _requireDeposit(validator, amount);
        return _delegate(validator, msg.sender, amount, true);
    }

    /// @inheritdoc IStakingPool
    function delegateFor(
        uint64 validator,
        address owner,
        uint256 amount
    ) external nonReentrant returns (uint256 shares) {
        _requireDeposit(validator, amount);
        if (!_book.holdsShares(validator, owner)) revert StakingPoolNoPosition(validator, owner);
        return _delegate(validator, owner, amount, false);
    }

    /// @inheritdoc IStakingPool
    function undelegate(uint64 validator, uint256 shares) external nonReentrant returns (uint256 cohort) {
        uint256 charged;
        (cohort, charged) = Delegations.undelegate(_book, queue, validator, shares);
        _owe(charged);
    }

    /// @inheritdoc IStakingPool
    function redelegate(uint64 from, uint64 to, uint256 shares) external returns (uint256) {
        // Unguarded: the slasher, if a surcharge is due, slashes.
        _release(from, StakeBook.NEVER);
        return _redelegate(from, to, shares);
    }

    /// @inheritdoc IStakingPool
    function settleLiability(uint64 validator, address owner) external nonReentrant {
        _owe(Delegations.settle(_book, queue, validator, owner));
    }

    /// @inheritdoc IStakingPool
    function clearLiability(uint64 validator, address owner, Epoch witness) external {
        IUnbondingQueue.Liability memory debt = _book.liabilities[validator][owner];
        if (debt.source == 0) return;
        IUnbondingQueue.Kind kind = IUnbondingQueue.Kind.Redelegation;
        // Unguarded: as in redelegate.
        _release(debt.source, queue.cohort(debt.source, kind, debt.cohort).lastSeal);
        _clear(validator, owner, queue.isOver(debt.source, kind, debt.cohort, witness));
    }

    /// @inheritdoc IStakingPool
    function announceCommission(uint64 validator, uint24 rate) external {
        (address operator, ) = registry.controllers(validator);
        if (msg.sender != operator) {
            revert StakingPoolUnauthorized(validator, msg.sender);
        }
        Delegations.announce(_book, times(), validator, rate);
    }

    /// @inheritdoc IStakingPool
    function applyCommission(uint64 validator) external nonReentrant {
        Delegations.applyNotice(_book, validator);
    }

    /// @inheritdoc IStakingPool
    function creditBond(uint64 validator, uint256 amount) external nonReentrant returns (bool) {
        _requireDistributor();
        if (!_isOpen(validator)) return false;
        _receive(amount);
        Delegations.bond(_book, validator, amount);
        emit Credited(validator, address(0), amount, 0);
        return true;
    }

    /// @inheritdoc IStakingPool
    function creditDelegation(uint64 validator, address owner, uint256 amount) external nonReentrant returns (bool) {
        _requireDistributor();
        if (!_isOpen(validator) || !Delegations.canCredit(_book, validator, owner, amount)) return false;
        _receive(amount);
        uint256 shares = Delegations.delegate(_book, validator, owner, amount, false);
        emit Credited(validator, owner, amount, shares);
        return true;
    }

    /// @inheritdoc IStakingPool
    function slash(
        uint64 validator,
        uint32 seal,
        uint96 part,
        uint96 whole,
        uint40 holdUntil
    ) external nonReentrant returns (uint256 juniorTaken, uint256 seniorTaken) {
        Slasher memory who = _requireSlasher();
        if (who.high == StakeBook.NEVER) _hold(validator, seal, holdUntil);
        Taken memory t = _take(validator, who, seal, part, whole);
        juniorTaken = t.bond + t.queuedBond;
        seniorTaken = t.delegated + t.queuedDelegated + t.redelegated;
        who.owed += uint96(juniorTaken + seniorTaken - t.redelegated);
        unchecked {
            who.queued += uint96(t.queuedBond + t.queuedDelegated);
        }
        _slasherOf[msg.sender] = who;
        emit Slashed(validator, msg.sender, seal, t);
        // What is convicted has no weight from now on, and what it counted is no matter.
        if (holdUntil == 0) Delegations.noteChange(_book, validator);
    }

    /// @inheritdoc IStakingPool
    function hold(uint64 validator, uint32 seal, uint40 until) external nonReentrant {
        if (_requireSlasher().high == StakeBook.NEVER) _hold(validator, seal, until);
    }

    /// @inheritdoc IStakingPool
    function collectSlashed(address slasher_) external nonReentrant returns (uint256 amount) {
        Slasher storage who = _slasherOf[slasher_];
        amount = who.owed;
        _book.held -= uint96(amount);
        who.owed = 0;
        emit SlashedCollected(slasher_, amount);
        token.safeTransfer(slasher_, amount);
    }

    /// @inheritdoc IStakingPool
    function pauseDeposits(uint40 until) external restricted {
        if (until > block.timestamp + _MAX_PAUSE) revert StakingPoolPauseTooLong(until);
        _book.depositsPausedUntil = until;
        emit DepositsPaused(until);
    }

    /// @inheritdoc IStakingPool
    function restoreBond(uint64 validator, uint256 amount) external onlyQueue nonReentrant {
        emit BondRestored(validator, amount, Delegations.bond(_book, validator, amount));
    }

    /// @inheritdoc IStakingPool
    function restoreDelegation(
        uint64 validator,
        address owner,
        uint256 amount,
        IUnbondingQueue.Liability calldata liability
    ) external onlyQueue nonReentrant {
        // What was due of the position before is not the entry's to pay.
        if (liability.source != 0) _owe(Delegations.settle(_book, queue, validator, owner));
        Delegations.restore(_book, validator, owner, amount, liability);
    }

    /// @inheritdoc IStakingPool
    function release(uint64 validator, uint32 lastSeal) external onlyQueue {
        _release(validator, lastSeal);
    }

    /// @inheritdoc IStakingPool
    function pay(address to, uint256 amount) external onlyQueue nonReentrant {
        // Unchecked: a total shared by all must not be able to fail anybody's exit.
        unchecked {
            _book.held -= uint96(amount);
        }
        token.safeTransfer(to, amount);
    }

    /// @inheritdoc IStakingPool
    function forfeit(uint256 amount) external onlyQueue {
        _owe(amount);
    }

    /// @inheritdoc IStakingPool
    function setElections(address elections_) external restricted {
        _book.elections = elections_;
        emit ElectionsSet(elections_);
    }

    /// @inheritdoc IStakingPool
    function setDistributor(address distributor_) external restricted {
        _book.distributor = distributor_;
        emit DistributorSet(distributor_);
    }

    /// @inheritdoc IStakingPool
    function setSlasher(address slasher_) external restricted {
        if (slasher_ == address(0) || _slasherOf[slasher_].high != 0) revert StakingPoolNotSlasher(slasher_);
        uint32 low;
        if (_slashers.length != 0) {
            (bool ok, uint32 seal) = _book.sealNumber();
            if (!ok) revert StakingPoolNoSeal();
            _slasherOf[slasher()].high = seal;
            low = seal + 1;
            queue.closeBelow(low);
        }
        _slasherOf[slasher_] = Slasher(low, StakeBook.NEVER, 0, 0);
        _slashers.push(slasher_);
        emit SlasherSet(slasher_, low == 0 ? 0 : low - 1);
    }

    /// @inheritdoc IStakingPool
    function slasher() public view returns (address) {
        uint256 n = _slashers.length;
        return n == 0 ? address(0) : _slashers[n - 1];
    }

    /// @inheritdoc IStakingPool
    function elections() external view returns (address) {
        return _book.elections;
    }

    /// @inheritdoc IStakingPool
    function distributor() external view returns (address) {
        return _book.distributor;
    }

    /// @inheritdoc IStakingPool
    function depositsPausedUntil() external view returns (uint40) {
        return _book.depositsPausedUntil;
    }

    /// @inheritdoc IStakingPool
    function times() public view returns (Times memory) {
        return
            Times({
                unbondingTime: _unbondingTime,
                cohortPeriod: _cohortPeriod,
                maxWait: _maxWait,
                redelegationPeriod: _redelegationPeriod,
                commissionNotice: _commissionNotice,
                commissionStep: _commissionStep,
                commissionMax: _commissionMax,
                minimumDelegation: _minimumDelegation,
                maxHold: _maxHold
            });
    }

    /// @inheritdoc IStakingPool
    function pool(uint64 validator) external view returns (Pool memory) {
        Stake storage s = _book.stakes[validator];
        return Pool(s.bond, s.delegated, s.shares, s.generation);
    }

    /// @inheritdoc IStakingPool
    function bondOf(uint64 validator) external view returns (uint256) {
        return _book.stakes[validator].bond;
    }

    /// @inheritdoc IStakingPool
    function stakeOf(uint64 validator) external view returns (uint256) {
        Stake storage s = _book.stakes[validator];
        return uint256(s.bond) + s.delegated;
    }

    /// @inheritdoc IStakingPool
    function totalStake() external view returns (uint256) {
        return _book.held - totalOwed() - queue.totalQueued();
    }

    /// @inheritdoc IStakingPool
    function totalOwed() public view returns (uint256 owed) {
        for (uint256 i = 0; i < _slashers.length; ++i) {
            owed += _slasherOf[_slashers[i]].owed;
        }
    }

    /// @inheritdoc IStakingPool
    function takenFromQueue() external view returns (uint256 taken) {
        for (uint256 i = 0; i < _slashers.length; ++i) {
            taken += _slasherOf[_slashers[i]].queued;
        }
    }

    /// @inheritdoc IStakingPool
    function liable(uint64 validator, uint32 seal) external view returns (uint256 junior, uint256 senior) {
        Slasher memory who = _slasherOf[msg.sender];
        // Anybody else is told what the one in office reaches.
        if (who.high == 0) who = _slasherOf[slasher()];
        Stake storage s = _book.stakes[validator];
        (junior, senior) = _counted(s, who);
        if (s.marks & StakeBook.QUEUED == 0) return (junior, senior);
        (uint256 bond, uint256 delegations, uint256 redelegations) = queue.liable(
            validator,
            seal < who.low ? who.low : seal,
            who.high
        );
        return (junior + bond, senior + delegations + redelegations);
    }

    /// @inheritdoc IStakingPool
    function rowCount(uint64 validator) external view returns (uint256) {
        return _book.stakes[validator].rows;
    }

    /// @inheritdoc IStakingPool
    function row(uint64 validator, uint256 index) external view returns (Row memory) {
        return _book.rows[validator][index];
    }

    /// @inheritdoc IStakingPool
    function rowAt(uint64 validator, uint32 seal) external view returns (uint256, Row memory) {
        return _book.rowAt(validator, seal);
    }

    /// @inheritdoc IStakingPool
    function position(uint64 validator, address owner) external view returns (Position memory) {
        return _book.positions[validator][owner];
    }

    /// @inheritdoc IStakingPool
    function entries(uint64 validator, address owner, uint256 from) external view returns (Entry[] memory) {
        return StakeViews.entries(_book, validator, owner, from);
    }

    /// @inheritdoc IStakingPool
    function sharesAt(uint64 validator, address owner, uint32 seal) external view returns (uint256) {
        return _book.sharesAt(validator, owner, seal);
    }

    /// @inheritdoc IStakingPool
    function tokensOf(uint64 validator, address owner) external view returns (uint256) {
        return _book.tokensOf(validator, owner);
    }

    /// @inheritdoc IStakingPool
    function liabilityOf(uint64 validator, address owner) external view returns (IUnbondingQueue.Liability memory) {
        return _book.liabilities[validator][owner];
    }

    /// @inheritdoc IStakingPool
    function holdOf(uint64 validator) external view returns (Hold memory) {
        Stake storage s = _book.stakes[validator];
        if (s.holdUntil == 0) return Hold(0, 0, 0);
        return Hold(s.holdUntil, s.holdSeal, uint40(_holdLimit(s)));
    }

    /// @inheritdoc IStakingPool
    function commissionOf(uint64 validator) external view returns (Commission memory) {
        return _book.commissionOf(validator);
    }

    function _depositBond(uint64 validator, uint256 amount) private {
        (address operator, address withdrawal) = registry.controllers(validator);
        if (msg.sender != operator && msg.sender != withdrawal) {
            revert StakingPoolUnauthorized(validator, msg.sender);
        }
        if (amount == 0) revert StakingPoolZeroAmount();
        _requireDeposit(validator, _minimumDelegation);
        _receive(amount);
        emit BondDeposited(validator, msg.sender, amount, Delegations.bond(_book, validator, amount));
    }

    function _delegate(uint64 validator, address owner, uint256 amount, bool own) private returns (uint256 shares) {
        _receive(amount);
        shares = Delegations.delegate(_book, validator, owner, amount, own);
        emit Delegated(validator, owner, msg.sender, amount, shares);
    }

    function _redelegate(uint64 from, uint64 to, uint256 shares) private nonReentrant returns (uint256) {
        if (!_isOpen(to)) revert StakingPoolClosed(to);
        return Delegations.redelegate(_book, queue, times(), from, to, shares);
    }

    function _clear(uint64 validator, address owner, bool over) private nonReentrant {
        _owe(Delegations.clear(_book, queue, validator, owner, over));
    }

    function _permit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) private {
        // Somebody may have sent the permit ahead of this call; the transfer tells whether the allowance is there.
        try IERC20Permit(address(token)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
    }

    function _receive(uint256 amount) private {
        _book.held = StakeBook.to96(_book.held + amount);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @dev Takes `part` of `whole` of what is liable and answers to the slasher.
    function _take(
        uint64 validator,
        Slasher memory who,
        uint32 seal,
        uint96 part,
        uint96 whole
    ) private returns (Taken memory t) {
        Stake storage s = _book.stakes[validator];
        (uint256 bond, uint256 delegated) = _counted(s, who);
        if (s.marks & StakeBook.QUEUED == 0) {
            uint256 amount = ShareMath.chargeUp(bond + delegated, part, whole);
            t.bond = amount < bond ? amount : bond;
            t.delegated = amount - t.bond;
        } else {
            // One call for all: a second one would read every cohort again.
            uint32 low = seal < who.low ? who.low : seal;
            t = queue.slash(validator, low, who.high, part, whole, bond, delegated);
        }
        s.bond -= uint96(t.bond);
        if (t.delegated == 0) return t;
        s.delegated = uint96(delegated - t.delegated);
        if (delegated == t.delegated && s.shares != 0) {
            s.shares = 0;
            emit PoolRetired(validator, ++s.generation);
        }
    }

    /// @dev Stake in the pool, if it answers to the slasher.
    function _counted(Stake storage s, Slasher memory who) private view returns (uint256 bond, uint256 delegated) {
        if (who.high == StakeBook.NEVER) (bond, delegated) = (s.bond, s.delegated);
    }

    /// @dev Sets or extends a hold as far as its bounds allow.
    function _hold(uint64 validator, uint32 seal, uint256 until) private {
        if (until <= block.timestamp) return;
        Stake storage s = _book.stakes[validator];
        uint256 old = s.holdUntil;
        uint256 limit = block.timestamp + _maxHold;
        if (seal > type(uint24).max) seal = type(uint24).max;
        if (old != 0 && block.timestamp < old + _unbondingTime) {
            limit = _holdLimit(s);
            if (until < old) until = old;
            if (s.holdSeal < seal) seal = s.holdSeal;
        }
        if (until > limit) until = limit;
        s.holdUntil = uint32(until);
        s.holdSeal = uint24(seal);
        s.marks = (s.marks & StakeBook.QUEUED) | (uint8(((limit - until) * _HOLD_PARTS) / _maxHold) << 1);
        emit HoldSet(validator, uint40(until), seal, uint40(limit));
    }

    /// @dev `maxHold` after the hold began, less rounding.
    function _holdLimit(Stake storage s) private view returns (uint256) {
        return uint256(s.holdUntil) + (uint256(s.marks >> 1) * _maxHold) / _HOLD_PARTS;
    }

    /// @dev Reverts while stake last counted by seal `lastSeal` must wait, and settles what is due when it need not.
    function _release(uint64 validator, uint32 lastSeal) private {
        Stake storage s = _book.stakes[validator];
        uint256 until = s.holdUntil;
        if ((registry.pendingWord(validator >> 8) >> (validator & 0xff)) & 1 == 1) {
            revert StakingPoolHeld(validator, type(uint256).max);
        }
        if (until == 0 || lastSeal < s.holdSeal) return;
        if (block.timestamp < until) revert StakingPoolHeld(validator, until);
        uint256 limit = _holdLimit(s);
        StakeBook.requireGas(_SETTLE_GAS);
        bytes memory data = abi.encodeCall(IStakeSlasher.settle, (validator));
        if (!BoundedCalls.tryCall(_slasherFor(lastSeal), _SETTLE_GAS, data) && block.timestamp < limit) {
            revert StakingPoolUnsettled(validator, limit);
        }
    }

    /// @dev To whom stake last counted by that seal answers.
    function _slasherFor(uint32 lastSeal) private view returns (address) {
        uint256 i = _slashers.length - 1;
        while (lastSeal < _slasherOf[_slashers[i]].low) --i;
        return _slashers[i];
    }

    function _requireSlasher() private view returns (Slasher memory who) {
        who = _slasherOf[msg.sender];
        if (who.high == 0) revert StakingPoolNotSlasher(msg.sender);
    }

    function _owe(uint256 amount) private {
        if (amount != 0) _slasherOf[slasher()].owed += uint96(amount);
    }

    function _isOpen(uint64 validator) private view returns (bool) {
        IValidatorRegistry.Status status = registry.standing(validator).status;
        return status == IValidatorRegistry.Status.Active || status == IValidatorRegistry.Status.Jailed;
    }

    function _requireDistributor() private view {
        if (msg.sender != _book.distributor) revert StakingPoolNotDistributor(msg.sender);
    }

    function _requireDeposit(uint64 validator, uint256 amount) private view {
        if (block.timestamp < _book.depositsPausedUntil) revert StakingPoolPaused(_book.depositsPausedUntil);
        if (amount < _minimumDelegation) revert StakingPoolBelowMinimum(amount, _minimumDelegation);
        if (!_isOpen(validator)) revert StakingPoolClosed(validator);
    }
}
