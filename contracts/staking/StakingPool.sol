// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IElections} from "../interfaces/staking/IElections.sol";
import {IStakeRewards, IStakeSlasher} from "../interfaces/staking/IStakeModules.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IUnbondingQueue} from "../interfaces/staking/IUnbondingQueue.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {BoundedCalls} from "../libraries/BoundedCalls.sol";
import {ShareMath} from "../libraries/ShareMath.sol";
import {Epoch} from "../types/Types.sol";
import {UnbondingQueue} from "./UnbondingQueue.sol";

/// @title Custody of stake
/// @dev Creates the queue, so that both know each other for good. The token is ours and calls nobody back.
contract StakingPool is AccessManaged, ReentrancyGuardTransient, IStakingPool {
    using SafeERC20 for IERC20;

    /// @dev A validator's stake. A charge writes the first slot only.
    struct Stake {
        uint96 bond;
        uint96 delegated;
        uint32 holdUntil;
        uint24 holdSeal; // capped: a lower seal holds more
        uint8 marks; // 1: the queue has had stake of it; the rest: what is left to extend the hold, / 127 of maxHold
        uint128 shares;
        uint32 rows;
        uint32 generation;
        uint24 commission;
    }

    /// @dev Who may slash what stopped being counted from seal `low` to `high`, and what it took since it collected.
    struct Slasher {
        uint32 low;
        uint32 high;
        uint96 owed;
        uint96 rewarded;
    }

    struct Notice {
        uint24 next;
        uint40 nextAt;
        uint40 since;
    }

    uint256 private constant _MILLION = 1_000_000;
    uint256 private constant _BILLION = 1_000_000_000;
    /// @dev Last seal of stake that live weights may go on counting: above every other.
    uint32 private constant _NEVER = type(uint32).max;
    /// @dev Entries of a trace that may be unpaid; one more may still be counted.
    uint256 private constant _TRACE = 8;
    uint256 private constant _MAX_PAUSE = 72 hours;
    uint8 private constant _QUEUED = 1;
    uint256 private constant _HOLD_PARTS = 127;
    // More gas than the calls of other modules ever need, in their order. Without these a caller could leave just too
    // little for one of them.
    uint256 private constant _SEAL_GAS = 50_000;
    uint256 private constant _REFRESH_GAS = 250_000;
    uint256 private constant _REWARDS_GAS = 400_000;
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

    /// @inheritdoc IStakingPool
    address public elections;
    /// @inheritdoc IStakingPool
    uint40 public depositsPausedUntil;
    /// @inheritdoc IStakingPool
    address public distributor;
    /// @dev Tokens on the books: staked, queued, and of slashed ones what was not collected or paid as reward since.
    uint256 private _held;
    /// @dev In the order of their appointment; the last is in office.
    address[] private _slashers;
    mapping(address slasher => Slasher) private _slasherOf;
    mapping(uint64 validator => Stake) private _stakes;
    mapping(uint64 validator => Notice) private _notices;
    mapping(uint64 validator => mapping(uint256 index => Row)) private _rows;
    mapping(uint64 validator => mapping(address owner => Position)) private _positions;
    mapping(uint64 validator => mapping(address owner => mapping(uint256 index => Entry))) private _entries;
    mapping(uint64 validator => mapping(address owner => IUnbondingQueue.Liability)) private _liabilities;

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
        if (msg.sender != registry.validator(validator).withdrawal) {
            revert StakingPoolUnauthorized(validator, msg.sender);
        }
        if (amount == 0) revert StakingPoolZeroAmount();
        Stake storage s = _stakes[validator];
        uint256 bond = s.bond;
        if (amount > bond) revert StakingPoolInsufficientBond(validator, bond, amount);
        bond -= amount;
        s.bond = uint96(bond);
        s.marks |= _QUEUED;
        cohort = queue.queueBond(validator, amount, _noteExit(validator));
        emit BondReleased(validator, cohort, amount, bond);
    }

    /// @inheritdoc IStakingPool
    function delegate(uint64 validator, uint256 amount) external nonReentrant returns (uint256) {
        return _delegate(validator, amount);
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
        return _delegate(validator, amount);
    }

    /// @inheritdoc IStakingPool
    function delegateFor(
        uint64 validator,
        address owner,
        uint256 amount
    ) external nonReentrant returns (uint256 shares) {
        _requireDeposit(validator, amount);
        if (!_holdsShares(validator, owner)) revert StakingPoolNoPosition(validator, owner);
        _receive(amount);
        shares = _mint(validator, owner, amount, false);
        emit Delegated(validator, owner, msg.sender, amount, shares);
        _report(validator, gasleft());
    }

    /// @inheritdoc IStakingPool
    function undelegate(uint64 validator, uint256 shares) external nonReentrant returns (uint256 cohort) {
        if (!_holdsShares(validator, msg.sender)) revert StakingPoolNoPosition(validator, msg.sender);
        _settleRewards(validator, msg.sender);
        Position storage p = _positions[validator][msg.sender];
        IUnbondingQueue.Liability memory inherited;
        if (p.encumbered) {
            _charge(validator, msg.sender);
            if (shares > p.shares) shares = p.shares;
        }
        uint256 amount = _worth(validator, msg.sender, shares);
        if (p.encumbered) {
            inherited = _split(validator, msg.sender, shares);
            inherited.bound = uint128(ShareMath.partUp(amount, inherited.bound, shares));
        }
        _burn(validator, msg.sender, shares, amount);
        _stakes[validator].marks |= _QUEUED;
        cohort = queue.queueDelegation(validator, msg.sender, amount, _noteExit(validator), inherited);
        emit Undelegated(validator, msg.sender, cohort, amount, shares);
    }

    /// @inheritdoc IStakingPool
    function redelegate(uint64 from, uint64 to, uint256 shares) external returns (uint256) {
        // Unguarded: the slasher, if a surcharge is due, slashes.
        _release(from, _NEVER);
        return _redelegate(from, to, shares);
    }

    /// @inheritdoc IStakingPool
    function settleLiability(uint64 validator, address owner) external nonReentrant {
        _settleLiability(validator, owner);
    }

    /// @inheritdoc IStakingPool
    function clearLiability(uint64 validator, address owner, Epoch witness) external {
        IUnbondingQueue.Liability memory l = _liabilities[validator][owner];
        if (l.source == 0) return;
        IUnbondingQueue.Kind kind = IUnbondingQueue.Kind.Redelegation;
        // Unguarded: as in redelegate.
        _release(l.source, queue.cohort(l.source, kind, l.cohort).lastSeal);
        _clear(validator, owner, queue.isOver(l.source, kind, l.cohort, witness));
    }

    /// @inheritdoc IStakingPool
    function announceCommission(uint64 validator, uint24 rate) external {
        if (msg.sender != registry.validator(validator).operator) {
            revert StakingPoolUnauthorized(validator, msg.sender);
        }
        Stake storage s = _stakes[validator];
        Notice storage n = _notices[validator];
        uint24 current = s.commission;
        uint256 from = block.timestamp + (s.shares == 0 ? 0 : _commissionNotice);
        uint256 most = _commissionMax;
        if (n.since != 0) {
            uint256 step = _commissionStep * ((from - n.since) / 1 days);
            if (current + step < most) most = current + step;
            if (rate + step < current) revert StakingPoolBadCommission(rate, current, most);
        }
        if (rate > most) revert StakingPoolBadCommission(rate, current, most);
        n.next = rate;
        n.nextAt = uint40(from);
        emit CommissionAnnounced(validator, rate, uint40(from));
    }

    /// @inheritdoc IStakingPool
    function applyCommission(uint64 validator) external nonReentrant {
        Notice storage n = _notices[validator];
        uint40 from = n.nextAt;
        if (from == 0 || block.timestamp < from) revert StakingPoolNoNotice(validator, from);
        (uint24 rate, uint32 seal) = (n.next, _requireSeal());
        _stakes[validator].commission = rate;
        n.nextAt = 0;
        n.since = uint40(block.timestamp);
        _setRow(validator, seal);
        emit CommissionApplied(validator, rate);
    }

    /// @inheritdoc IStakingPool
    function creditBond(uint64 validator, uint256 amount) external nonReentrant returns (bool) {
        _requireDistributor();
        if (!_isOpen(validator)) return false;
        _receive(amount);
        _addBond(validator, amount);
        emit Credited(validator, address(0), amount, 0);
        _report(validator, gasleft());
        return true;
    }

    /// @inheritdoc IStakingPool
    function creditDelegation(
        uint64 validator,
        address owner,
        uint256 amount
    ) external nonReentrant returns (bool) {
        _requireDistributor();
        Stake storage s = _stakes[validator];
        if (
            !_isOpen(validator) ||
            !_holdsShares(validator, owner) ||
            !_hasRoom(validator, owner, _requireSeal()) ||
            ShareMath.toSharesDown(amount, s.delegated, s.shares) == 0
        ) return false;
        _receive(amount);
        uint256 shares = _mint(validator, owner, amount, false);
        emit Credited(validator, owner, amount, shares);
        _report(validator, gasleft());
        return true;
    }

    /// @inheritdoc IStakingPool
    function slash(
        uint64 validator,
        uint32 seal,
        uint256 amount,
        address payee,
        uint256 reward,
        uint40 holdUntil
    ) external nonReentrant returns (uint256 juniorTaken, uint256 seniorTaken) {
        Slasher memory who = _requireSlasher();
        if (who.high == _NEVER) _hold(validator, seal, holdUntil);
        Taken memory t = _take(validator, who, seal, amount);
        juniorTaken = t.bond + t.queuedBond;
        seniorTaken = t.delegated + t.queuedDelegated + t.redelegated;
        if (payee == address(0)) reward = 0;
        if (reward > juniorTaken / 2) reward = juniorTaken / 2;
        who.owed += uint96(juniorTaken + seniorTaken - t.redelegated - reward);
        who.rewarded += uint96(reward);
        _slasherOf[msg.sender] = who;
        emit Slashed(validator, msg.sender, seal, t, payee, reward);
        // What is convicted has no weight from now on, and what it counted is no matter.
        if (holdUntil == 0) _noteChange(validator);
        if (reward != 0) token.safeTransfer(payee, reward);
    }

    /// @inheritdoc IStakingPool
    function hold(uint64 validator, uint32 seal, uint40 until) external nonReentrant {
        if (_requireSlasher().high == _NEVER) _hold(validator, seal, until);
    }

    /// @inheritdoc IStakingPool
    function collectSlashed(address slasher_) external nonReentrant returns (uint256 amount) {
        Slasher storage who = _slasherOf[slasher_];
        amount = who.owed;
        _held -= amount + who.rewarded;
        (who.owed, who.rewarded) = (0, 0);
        emit SlashedCollected(slasher_, amount);
        token.safeTransfer(slasher_, amount);
    }

    /// @inheritdoc IStakingPool
    function pauseDeposits(uint40 until) external restricted {
        if (until > block.timestamp + _MAX_PAUSE) revert StakingPoolPauseTooLong(until);
        depositsPausedUntil = until;
        emit DepositsPaused(until);
    }

    /// @inheritdoc IStakingPool
    function restoreBond(uint64 validator, uint256 amount) external onlyQueue nonReentrant {
        uint256 bond = _addBond(validator, amount);
        emit BondRestored(validator, amount, bond);
        _report(validator, gasleft());
    }

    /// @inheritdoc IStakingPool
    function restoreDelegation(
        uint64 validator,
        address owner,
        uint256 amount,
        IUnbondingQueue.Liability calldata liability
    ) external onlyQueue nonReentrant {
        _settleRewards(validator, owner);
        uint256 shares = _mint(validator, owner, amount, true);
        if (liability.source != 0) {
            Position storage p = _positions[validator][owner];
            if (p.encumbered) revert StakingPoolEncumbered(validator, owner);
            p.encumbered = true;
            IUnbondingQueue.Liability storage l = _liabilities[validator][owner];
            (l.source, l.cohort, l.shares, l.paid) = (
                liability.source,
                liability.cohort,
                liability.shares,
                liability.paid
            );
            l.bound = uint128(ShareMath.partUp(shares, liability.bound, amount));
        }
        emit DelegationRestored(validator, owner, amount, shares);
        _report(validator, gasleft());
    }

    /// @inheritdoc IStakingPool
    function release(uint64 validator, uint32 lastSeal) external onlyQueue {
        _release(validator, lastSeal);
    }

    /// @inheritdoc IStakingPool
    function pay(address to, uint256 amount) external onlyQueue nonReentrant {
        // Unchecked: a total shared by all must not be able to fail anybody's exit.
        unchecked {
            _held -= amount;
        }
        token.safeTransfer(to, amount);
    }

    /// @inheritdoc IStakingPool
    function forfeit(uint256 amount) external onlyQueue {
        _owe(amount);
    }

    /// @inheritdoc IStakingPool
    function setElections(address elections_) external restricted {
        elections = elections_;
        emit ElectionsSet(elections_);
    }

    /// @inheritdoc IStakingPool
    function setDistributor(address distributor_) external restricted {
        distributor = distributor_;
        emit DistributorSet(distributor_);
    }

    /// @inheritdoc IStakingPool
    function setSlasher(address slasher_) external restricted {
        if (slasher_ == address(0) || _slasherOf[slasher_].high != 0) revert StakingPoolNotSlasher(slasher_);
        uint32 low;
        if (_slashers.length != 0) {
            (bool ok, uint32 seal) = _sealNumber();
            if (!ok) revert StakingPoolNoSeal();
            _slasherOf[slasher()].high = seal;
            low = seal + 1;
            queue.closeBelow(low);
        }
        _slasherOf[slasher_] = Slasher(low, _NEVER, 0, 0);
        _slashers.push(slasher_);
        emit SlasherSet(slasher_, low == 0 ? 0 : low - 1);
    }

    /// @inheritdoc IStakingPool
    function slasher() public view returns (address) {
        uint256 n = _slashers.length;
        return n == 0 ? address(0) : _slashers[n - 1];
    }

    /// @inheritdoc IStakingPool
    function times() external view returns (Times memory) {
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
        Stake storage s = _stakes[validator];
        return Pool(s.bond, s.delegated, s.shares, s.generation);
    }

    /// @inheritdoc IStakingPool
    function bondOf(uint64 validator) external view returns (uint256) {
        return _stakes[validator].bond;
    }

    /// @inheritdoc IStakingPool
    function stakeOf(uint64 validator) external view returns (uint256) {
        Stake storage s = _stakes[validator];
        return uint256(s.bond) + s.delegated;
    }

    /// @inheritdoc IStakingPool
    function totalStake() external view returns (uint256) {
        (uint256 owed, uint256 rewarded) = _outstanding();
        return _held - owed - rewarded - queue.totalQueued();
    }

    /// @inheritdoc IStakingPool
    function totalOwed() external view returns (uint256 owed) {
        (owed, ) = _outstanding();
    }

    /// @inheritdoc IStakingPool
    function liable(uint64 validator, uint32 seal) external view returns (uint256 junior, uint256 senior) {
        Slasher memory who = _slasherOf[msg.sender];
        // Anybody else is told what the one in office reaches.
        if (who.high == 0) who = _slasherOf[slasher()];
        Stake storage s = _stakes[validator];
        if (who.high == _NEVER) (junior, senior) = (s.bond, s.delegated);
        (uint256 bonds, uint256 delegations, uint256 redelegations) = queue.liable(
            validator,
            seal < who.low ? who.low : seal,
            who.high
        );
        return (junior + bonds, senior + delegations + redelegations);
    }

    /// @inheritdoc IStakingPool
    function rowCount(uint64 validator) external view returns (uint256) {
        return _stakes[validator].rows;
    }

    /// @inheritdoc IStakingPool
    function row(uint64 validator, uint256 index) external view returns (Row memory) {
        return _rows[validator][index];
    }

    /// @inheritdoc IStakingPool
    function rowAt(uint64 validator, uint32 seal) external view returns (uint256 index, Row memory) {
        uint256 high = _stakes[validator].rows;
        while (index < high) {
            uint256 middle = (index + high) / 2;
            if (_rows[validator][middle].seal <= seal) index = middle + 1;
            else high = middle;
        }
        if (index == 0) return (0, Row(0, 0, 0, 0, 0));
        return (index - 1, _rows[validator][index - 1]);
    }

    /// @inheritdoc IStakingPool
    function position(uint64 validator, address owner) external view returns (Position memory) {
        return _positions[validator][owner];
    }

    /// @inheritdoc IStakingPool
    function entries(uint64 validator, address owner, uint256 from) external view returns (Entry[] memory list) {
        uint256 n = _positions[validator][owner].entries;
        list = new Entry[](from < n ? n - from : 0);
        for (uint256 i = 0; i < list.length; ++i) {
            list[i] = _entries[validator][owner][from + i];
        }
    }

    /// @inheritdoc IStakingPool
    function sharesAt(uint64 validator, address owner, uint32 seal) external view returns (uint256) {
        if (!_holdsShares(validator, owner)) return 0;
        Position storage p = _positions[validator][owner];
        (uint256 low, uint256 high) = (0, p.entries);
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (_entries[validator][owner][middle].seal <= seal) low = middle + 1;
            else high = middle;
        }
        if (low == 0) return 0;
        Entry storage e = _entries[validator][owner][low - 1];
        if (e.generation != p.generation) return 0;
        return e.shares < p.shares ? e.shares : p.shares;
    }

    /// @inheritdoc IStakingPool
    function tokensOf(uint64 validator, address owner) external view returns (uint256) {
        if (!_holdsShares(validator, owner)) return 0;
        Stake storage s = _stakes[validator];
        return ShareMath.toTokensDown(_positions[validator][owner].shares, s.delegated, s.shares);
    }

    /// @inheritdoc IStakingPool
    function liabilityOf(
        uint64 validator,
        address owner
    ) external view returns (IUnbondingQueue.Liability memory) {
        return _liabilities[validator][owner];
    }

    /// @inheritdoc IStakingPool
    function holdOf(uint64 validator) external view returns (Hold memory) {
        Stake storage s = _stakes[validator];
        if (s.holdUntil == 0) return Hold(0, 0, 0);
        return Hold(s.holdUntil, s.holdSeal, uint40(_holdLimit(s)));
    }

    /// @inheritdoc IStakingPool
    function commissionOf(uint64 validator) external view returns (Commission memory) {
        Notice storage n = _notices[validator];
        return Commission(_stakes[validator].commission, n.next, n.nextAt, n.since);
    }

    function _depositBond(uint64 validator, uint256 amount) private {
        IValidatorRegistry.Validator memory v = registry.validator(validator);
        if (msg.sender != v.operator && msg.sender != v.withdrawal) {
            revert StakingPoolUnauthorized(validator, msg.sender);
        }
        if (amount == 0) revert StakingPoolZeroAmount();
        _requireDeposit(validator, _minimumDelegation);
        _receive(amount);
        uint256 bond = _addBond(validator, amount);
        emit BondDeposited(validator, msg.sender, amount, bond);
        _report(validator, gasleft());
    }

    function _delegate(uint64 validator, uint256 amount) private returns (uint256 shares) {
        _requireDeposit(validator, amount);
        _settleRewards(validator, msg.sender);
        _receive(amount);
        shares = _mint(validator, msg.sender, amount, true);
        emit Delegated(validator, msg.sender, msg.sender, amount, shares);
        _report(validator, gasleft());
    }

    function _redelegate(uint64 from, uint64 to, uint256 shares) private nonReentrant returns (uint256 minted) {
        if (from == to) revert StakingPoolSameValidator(from);
        if (!_isOpen(to)) revert StakingPoolClosed(to);
        if (!_holdsShares(from, msg.sender)) revert StakingPoolNoPosition(from, msg.sender);
        _requireMovable(from, to);
        _settleRewards(from, msg.sender);
        _settleRewards(to, msg.sender);
        uint256 amount = _worth(from, msg.sender, shares);
        if (amount < _minimumDelegation) revert StakingPoolBelowMinimum(amount, _minimumDelegation);
        _burn(from, msg.sender, shares, amount);
        _positions[from][msg.sender].redelegatedAt = uint40(block.timestamp);
        _stakes[from].marks |= _QUEUED;
        uint256 noted = queue.noteRedelegation(from, amount, _noteExit(from));
        minted = _mint(to, msg.sender, amount, true);
        _positions[to][msg.sender].encumbered = true;
        _liabilities[to][msg.sender] = IUnbondingQueue.Liability({
            source: from,
            cohort: uint32(noted),
            shares: uint96(amount),
            paid: 0,
            bound: uint128(minted)
        });
        emit Redelegated(from, to, msg.sender, amount, shares, minted);
        _report(to, gasleft());
    }

    function _requireMovable(uint64 from, uint64 to) private view {
        Position storage p = _positions[from][msg.sender];
        if (p.encumbered) revert StakingPoolEncumbered(from, msg.sender);
        // One liability at a time, of a position as of an entry that may inherit it.
        if (_positions[to][msg.sender].encumbered || queue.isEncumbered(to, msg.sender)) {
            revert StakingPoolEncumbered(to, msg.sender);
        }
        uint256 next = uint256(p.redelegatedAt) + _redelegationPeriod;
        Notice storage n = _notices[from];
        bool raised = n.nextAt != 0 && n.next > _stakes[from].commission;
        if (p.redelegatedAt != 0 && block.timestamp < next && !raised) revert StakingPoolTooSoon(from, next);
    }

    function _permit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) private {
        // Somebody may have sent the permit ahead of this call; the transfer tells whether the allowance is there.
        try IERC20Permit(address(token)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
    }

    function _receive(uint256 amount) private {
        _held += amount;
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    function _addBond(uint64 validator, uint256 amount) private returns (uint256 bond) {
        Stake storage s = _stakes[validator];
        bond = s.bond + amount;
        s.bond = _to96(bond);
        _setRow(validator, _requireSeal());
    }

    /// @dev Adds tokens, already on the books, to a position and to what the next seal counts.
    /// @param own Whether the owner asked: a full trace then moves to the next seal instead of refusing
    function _mint(uint64 validator, address owner, uint256 amount, bool own) private returns (uint256 minted) {
        Stake storage s = _stakes[validator];
        uint32 seal = _requireSeal();
        (uint256 delegated, uint256 shares) = (s.delegated, s.shares);
        minted = ShareMath.toSharesDown(amount, delegated, shares);
        if (minted == 0) revert StakingPoolZeroAmount();
        s.delegated = _to96(delegated + amount);
        s.shares = _to128(shares + minted);
        uint32 generation = s.generation;
        if (generation == 0) s.generation = generation = 1;
        Position storage p = _positions[validator][owner];
        if (p.generation != generation) {
            p.shares = 0;
            p.generation = generation;
            if (p.encumbered) _free(validator, owner);
        }
        uint256 total = p.shares + minted;
        p.shares = uint128(total);
        uint256 index;
        (index, seal) = _setRow(validator, seal);
        _addEntry(validator, owner, Entry(seal, uint32(index), generation, uint128(total)), own);
    }

    function _addEntry(uint64 validator, address owner, Entry memory e, bool own) private {
        Position storage p = _positions[validator][owner];
        uint256 index = p.entries;
        mapping(uint256 => Entry) storage list = _entries[validator][owner];
        if (index != 0 && (list[index - 1].seal >= e.seal || !_hasRoom(validator, owner, e.seal))) {
            if (list[index - 1].seal < e.seal && !own) revert StakingPoolTraceFull(validator, owner);
            --index;
        } else {
            p.entries = uint32(index + 1);
        }
        list[index] = e;
        emit EntrySet(validator, owner, index, e);
    }

    /// @dev Whether a deposit counted from `seal` needs no entry or has a place for one.
    function _hasRoom(uint64 validator, address owner, uint32 seal) private view returns (bool) {
        uint256 n = _positions[validator][owner].entries;
        mapping(uint256 => Entry) storage list = _entries[validator][owner];
        if (n < _TRACE || list[n - 1].seal >= seal) return true;
        (bool ok, uint256 paid) = BoundedCalls.tryRead(
            distributor,
            _SEAL_GAS,
            abi.encodeCall(IStakeRewards.paidSeal, (validator, owner)),
            0
        );
        return ok && list[n - _TRACE].seal <= paid;
    }

    /// @dev Takes shares out of a position, and out of what it has counted, the newest first.
    function _burn(uint64 validator, address owner, uint256 shares, uint256 amount) private {
        Stake storage s = _stakes[validator];
        s.delegated -= uint96(amount);
        s.shares -= uint128(shares);
        Position storage p = _positions[validator][owner];
        uint256 left = p.shares - shares;
        p.shares = uint128(left);
        (uint256 n, uint32 generation) = (p.entries, p.generation);
        mapping(uint256 => Entry) storage list = _entries[validator][owner];
        for (uint256 i = n; i != 0 && n - i <= _TRACE; --i) {
            Entry memory e = list[i - 1];
            if (e.shares <= left || e.generation != generation) break;
            e.shares = uint128(left);
            list[i - 1].shares = uint128(left);
            emit EntrySet(validator, owner, i - 1, e);
        }
    }

    /// @dev What shares of a position are worth; fails if it has fewer, or for nothing.
    function _worth(uint64 validator, address owner, uint256 shares) private view returns (uint256 amount) {
        uint256 owned = _positions[validator][owner].shares;
        if (shares > owned) revert StakingPoolInsufficientShares(validator, owned, shares);
        Stake storage s = _stakes[validator];
        amount = ShareMath.toTokensDown(shares, s.delegated, s.shares);
        if (amount == 0) revert StakingPoolZeroAmount();
    }

    /// @dev Writes what the seal with number `seal` counts; the row of a later one stands in for it.
    function _setRow(uint64 validator, uint32 seal) private returns (uint256 index, uint32) {
        Stake storage s = _stakes[validator];
        index = s.rows;
        mapping(uint256 => Row) storage list = _rows[validator];
        uint32 last = index == 0 ? 0 : list[index - 1].seal;
        if (index != 0 && last >= seal) (index, seal) = (index - 1, last);
        else s.rows = uint32(index + 1);
        uint256 total = uint256(s.bond) + s.delegated;
        Row memory r = Row({
            seal: seal,
            shares: s.shares,
            bondFraction: uint32(ShareMath.partDown(_BILLION, s.bond, total)),
            commission: s.commission,
            generation: s.generation
        });
        list[index] = r;
        emit RowSet(validator, index, r);
        return (index, seal);
    }

    /// @dev Tells what left to the live weights and to the next seal's row. A module that does not answer holds nothing
    /// up; a caller that leaves it too little gas does not get that far.
    /// @return lastSeal Number of the last seal that may count what left
    function _noteExit(uint64 validator) private returns (uint32 lastSeal) {
        bool told = _report(validator, _REFRESH_GAS);
        bool ok;
        (ok, lastSeal) = _noteChange(validator);
        if (!told || !ok) lastSeal = _NEVER;
    }

    function _noteChange(uint64 validator) private returns (bool ok, uint32 seal) {
        (ok, seal) = _sealNumber();
        if (ok) _setRow(validator, seal + 1);
    }

    function _report(uint64 validator, uint256 gasLimit) private returns (bool told) {
        _requireGas(_REFRESH_GAS);
        told = BoundedCalls.tryCall(elections, gasLimit, abi.encodeCall(IElections.refresh, (validator)));
        if (!told) emit RefreshFailed(validator);
    }

    function _settleRewards(uint64 validator, address owner) private {
        address module = distributor;
        if (module == address(0)) return;
        _requireGas(_REWARDS_GAS);
        if (!BoundedCalls.tryCall(module, _REWARDS_GAS, abi.encodeCall(IStakeRewards.settle, (validator, owner)))) {
            emit SettleFailed(validator, owner);
        }
    }

    function _settleLiability(uint64 validator, address owner) private {
        if (!_positions[validator][owner].encumbered) return;
        _settleRewards(validator, owner);
        if (_charge(validator, owner)) _noteExit(validator);
    }

    function _clear(uint64 validator, address owner, bool over) private nonReentrant {
        _settleLiability(validator, owner);
        if (over && _positions[validator][owner].encumbered) _free(validator, owner);
    }

    /// @dev Takes from a position what became due since its last settlement, at most what the shares that answer are
    /// worth.
    /// @return changed Whether anything was
    function _charge(uint64 validator, address owner) private returns (bool changed) {
        IUnbondingQueue.Liability storage l = _liabilities[validator][owner];
        if (!_holdsShares(validator, owner)) return false;
        uint256 loss = queue.lossOf(l);
        // Splitting rounds what was paid up: less may have been lost than paid.
        if (loss <= l.paid) return false;
        uint256 due = loss - l.paid;
        (uint256 bound, uint64 source) = (l.bound, l.source);
        Stake storage s = _stakes[validator];
        (uint256 delegated, uint256 shares) = (s.delegated, s.shares);
        uint256 burnt = bound;
        uint256 amount = ShareMath.toTokensDown(bound, delegated, shares);
        if (due < amount) (amount, burnt) = (due, ShareMath.toSharesUp(due, delegated, shares));
        l.paid = uint96(loss);
        l.bound = uint128(bound - burnt);
        if (bound == burnt) _free(validator, owner);
        _burn(validator, owner, burnt, amount);
        _owe(amount);
        emit LiabilityCharged(validator, owner, source, amount, burnt);
        return true;
    }

    /// @dev The part of a position's liability that goes with `shares` of it: those that answer go last.
    function _split(
        uint64 validator,
        address owner,
        uint256 shares
    ) private returns (IUnbondingQueue.Liability memory moved) {
        IUnbondingQueue.Liability storage l = _liabilities[validator][owner];
        uint256 bound = l.bound;
        uint256 free = _positions[validator][owner].shares - bound;
        if (shares <= free) return moved;
        uint256 beyond = shares - free;
        moved = IUnbondingQueue.Liability({
            source: l.source,
            cohort: l.cohort,
            shares: uint96(ShareMath.partUp(l.shares, beyond, bound)),
            paid: uint96(ShareMath.partDown(l.paid, beyond, bound)),
            bound: uint128(beyond)
        });
        l.shares -= moved.shares;
        l.paid -= moved.paid;
        l.bound = uint128(bound - beyond);
        if (bound == beyond) _free(validator, owner);
    }

    function _free(uint64 validator, address owner) private {
        _positions[validator][owner].encumbered = false;
        emit LiabilityCleared(validator, owner, _liabilities[validator][owner].source);
        delete _liabilities[validator][owner];
    }

    /// @dev Takes up to `amount` from what is liable and answers to the slasher.
    function _take(
        uint64 validator,
        Slasher memory who,
        uint32 seal,
        uint256 amount
    ) private returns (Taken memory t) {
        Stake storage s = _stakes[validator];
        uint256[3] memory queued;
        uint32 low = seal < who.low ? who.low : seal;
        if (s.marks & _QUEUED != 0) (queued[0], queued[1], queued[2]) = queue.liable(validator, low, who.high);
        (uint256 bond, uint256 delegated) = who.high == _NEVER ? (s.bond, s.delegated) : (0, 0);
        uint256 junior = bond + queued[0];
        uint256 senior = delegated + queued[1] + queued[2];
        uint256 fromJunior = amount < junior ? amount : junior;
        uint256 fromSenior = amount - fromJunior;
        if (fromSenior > senior) fromSenior = senior;
        t.bond = ShareMath.partUp(fromJunior, bond, junior);
        t.delegated = ShareMath.partUp(fromSenior, delegated, senior);
        (uint256 restBond, uint256 restSenior) = (fromJunior - t.bond, fromSenior - t.delegated);
        if (restBond + restSenior != 0) {
            (t.queuedBond, t.queuedDelegated, t.redelegated) = queue.slash(
                validator,
                low,
                who.high,
                restBond,
                restSenior
            );
        }
        s.bond -= uint96(t.bond);
        if (t.delegated == 0) return t;
        s.delegated = uint96(delegated - t.delegated);
        if (delegated == t.delegated && s.shares != 0) {
            s.shares = 0;
            emit PoolRetired(validator, ++s.generation);
        }
    }

    /// @dev Sets or extends a hold as far as its bounds allow.
    function _hold(uint64 validator, uint32 seal, uint256 until) private {
        if (until <= block.timestamp) return;
        Stake storage s = _stakes[validator];
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
        s.marks = (s.marks & _QUEUED) | (uint8(((limit - until) * _HOLD_PARTS) / _maxHold) << 1);
        emit HoldSet(validator, uint40(until), seal, uint40(limit));
    }

    /// @dev `maxHold` after the hold began, less rounding.
    function _holdLimit(Stake storage s) private view returns (uint256) {
        return uint256(s.holdUntil) + (uint256(s.marks >> 1) * _maxHold) / _HOLD_PARTS;
    }

    /// @dev Reverts while stake last counted by seal `lastSeal` must wait, and settles what is due when it need not.
    function _release(uint64 validator, uint32 lastSeal) private {
        Stake storage s = _stakes[validator];
        uint256 until = s.holdUntil;
        if (until == 0 || lastSeal < s.holdSeal) return;
        if (block.timestamp < until) revert StakingPoolHeld(validator, until);
        uint256 limit = _holdLimit(s);
        _requireGas(_SETTLE_GAS);
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
        _slasherOf[slasher()].owed += uint96(amount);
    }

    function _outstanding() private view returns (uint256 owed, uint256 rewarded) {
        for (uint256 i = 0; i < _slashers.length; ++i) {
            Slasher storage who = _slasherOf[_slashers[i]];
            owed += who.owed;
            rewarded += who.rewarded;
        }
    }

    function _requireDistributor() private view {
        if (msg.sender != distributor) revert StakingPoolNotDistributor(msg.sender);
    }

    function _requireDeposit(uint64 validator, uint256 amount) private view {
        if (block.timestamp < depositsPausedUntil) revert StakingPoolPaused(depositsPausedUntil);
        if (amount < _minimumDelegation) revert StakingPoolBelowMinimum(amount, _minimumDelegation);
        if (!_isOpen(validator)) revert StakingPoolClosed(validator);
    }

    function _isOpen(uint64 validator) private view returns (bool) {
        IValidatorRegistry.Status status = registry.validator(validator).status;
        return status == IValidatorRegistry.Status.Active || status == IValidatorRegistry.Status.Jailed;
    }

    /// @dev Whether the account has shares that are worth something.
    function _holdsShares(uint64 validator, address owner) private view returns (bool) {
        Position storage p = _positions[validator][owner];
        return p.shares != 0 && p.generation == _stakes[validator].generation;
    }

    /// @dev Number of the next seal: what changes now is first counted by it.
    function _requireSeal() private view returns (uint32) {
        (bool ok, uint32 seal) = _sealNumber();
        if (!ok) revert StakingPoolNoSeal();
        return seal + 1;
    }

    function _sealNumber() private view returns (bool ok, uint32) {
        uint256 number;
        (ok, number) = BoundedCalls.tryRead(elections, _SEAL_GAS, abi.encodeCall(IElections.sealNumber, ()), 0);
        return number < _NEVER - 1 ? (ok, uint32(number)) : (false, 0);
    }

    /// @dev A call gets at most 63/64 of what is left.
    function _requireGas(uint256 wanted) private view {
        if (gasleft() < wanted + wanted / 32) revert StakingPoolInsufficientGas();
    }

    function _to96(uint256 value) private pure returns (uint96) {
        if (value > type(uint96).max) revert StakingPoolOverflow();
        return uint96(value);
    }

    function _to128(uint256 value) private pure returns (uint128) {
        if (value > type(uint128).max) revert StakingPoolOverflow();
        return uint128(value);
    }
}
