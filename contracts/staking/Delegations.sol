// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IUnbondingQueue} from "../interfaces/staking/IUnbondingQueue.sol";
import {ShareMath} from "../libraries/ShareMath.sol";
import {Book, Notice, Stake, StakeBook} from "./StakeBook.sol";

/// @title Stake that comes, goes and moves
/// @notice A linked part of StakingPool, for its size; works on its storage. The pool guards against reentrancy, checks who
/// may deposit, and moves tokens.
library Delegations {
    using StakeBook for Book;

    /// @notice Adds to a validator's bond.
    /// @return total bond
    function bond(Book storage book, uint64 validator, uint256 amount) external returns (uint256 total) {
        total = book.addBond(validator, amount);
        book.report(validator, gasleft());
    }

    /// @notice Takes from a validator's bond. The caller owns it.
    /// @return cohort that the amount joined
    function unbond(
        Book storage book,
        IUnbondingQueue queue,
        uint64 validator,
        uint256 amount
    ) external returns (uint256 cohort) {
        if (amount == 0) revert IStakingPool.StakingPoolZeroAmount();
        Stake storage s = book.stakes[validator];
        uint256 bonded = s.bond;
        if (amount > bonded) revert IStakingPool.StakingPoolInsufficientBond(validator, bonded, amount);
        bonded -= amount;
        s.bond = uint96(bonded);
        s.marks |= StakeBook.QUEUED;
        cohort = queue.queueBond(validator, amount, book.noteExit(validator));
        emit IStakingPool.BondReleased(validator, cohort, amount, bonded);
    }

    /// @notice Adds to a position.
    /// @param own whether its owner asked
    /// @return shares minted
    function delegate(
        Book storage book,
        uint64 validator,
        address owner,
        uint256 amount,
        bool own
    ) external returns (uint256 shares) {
        if (own && book.makesRow(validator, owner)) book.settleRewards(validator, owner);
        shares = book.mint(validator, owner, amount, own);
        book.report(validator, gasleft());
    }

    /// @notice Whether rewards of that amount can be added to a position.
    function canCredit(
        Book storage book,
        uint64 validator,
        address owner,
        uint256 amount
    ) external view returns (bool) {
        Stake storage s = book.stakes[validator];
        return
            book.holdsShares(validator, owner) &&
            book.hasRoom(validator, owner, book.nextSeal()) &&
            ShareMath.toSharesDown(amount, s.delegated, s.shares) != 0;
    }

    /// @notice Moves shares of the caller's position into the queue.
    /// @return cohort that they joined
    /// @return charged what was due from redelegated stake before
    function undelegate(
        Book storage book,
        IUnbondingQueue queue,
        uint64 validator,
        uint256 shares
    ) external returns (uint256 cohort, uint256 charged) {
        if (!book.holdsShares(validator, msg.sender)) {
            revert IStakingPool.StakingPoolNoPosition(validator, msg.sender);
        }
        book.settleRewards(validator, msg.sender);
        IStakingPool.Position storage p = book.positions[validator][msg.sender];
        if (p.encumbered) {
            charged = _charge(book, queue, validator, msg.sender);
            if (shares > p.shares) shares = p.shares;
        }
        uint256 amount = book.worth(validator, msg.sender, shares);
        IUnbondingQueue.Liability memory inherited;
        if (p.encumbered) inherited = _split(book, validator, shares, amount);
        book.burn(validator, msg.sender, shares, amount);
        book.stakes[validator].marks |= StakeBook.QUEUED;
        cohort = queue.queueDelegation(validator, msg.sender, amount, book.noteExit(validator), inherited);
        emit IStakingPool.Undelegated(validator, msg.sender, cohort, amount, shares);
    }

    /// @notice Writes what the next seal counts, after a charge.
    function noteChange(Book storage book, uint64 validator) external {
        book.noteChange(validator);
    }

    /// @notice Moves shares of the caller's position; see IStakingPool.redelegate. That `to` takes stake and `from` is
    /// not held has been checked.
    /// @return minted shares of the new position
    function redelegate(
        Book storage book,
        IUnbondingQueue queue,
        IStakingPool.Times memory times,
        uint64 from,
        uint64 to,
        uint256 shares
    ) external returns (uint256 minted) {
        if (from == to) revert IStakingPool.StakingPoolSameValidator(from);
        if (!book.holdsShares(from, msg.sender)) revert IStakingPool.StakingPoolNoPosition(from, msg.sender);
        _requireMovable(book, queue, times.redelegationPeriod, from, to);
        book.settleRewards(from, msg.sender);
        book.settleRewards(to, msg.sender);
        uint256 amount = book.worth(from, msg.sender, shares);
        if (amount < times.minimumDelegation) {
            revert IStakingPool.StakingPoolBelowMinimum(amount, times.minimumDelegation);
        }
        book.burn(from, msg.sender, shares, amount);
        book.positions[from][msg.sender].redelegatedAt = uint40(block.timestamp);
        book.stakes[from].marks |= StakeBook.QUEUED;
        uint256 noted = queue.noteRedelegation(from, amount, book.noteExit(from));
        minted = book.mint(to, msg.sender, amount, true);
        book.positions[to][msg.sender].encumbered = true;
        book.liabilities[to][msg.sender] = IUnbondingQueue.Liability({
            source: from,
            cohort: uint32(noted),
            shares: uint96(amount),
            paid: 0,
            bound: uint128(minted)
        });
        emit IStakingPool.Redelegated(from, to, msg.sender, noted, amount, shares, minted);
        book.report(to, gasleft());
    }

    /// @notice Takes a cancelled entry back, with what it answers for: `bound` base units of the amount.
    /// @return shares minted
    function restore(
        Book storage book,
        uint64 validator,
        address owner,
        uint256 amount,
        IUnbondingQueue.Liability memory liability
    ) external returns (uint256 shares) {
        book.settleRewards(validator, owner);
        shares = book.mint(validator, owner, amount, true);
        if (liability.source != 0) {
            liability.bound = uint128(ShareMath.partUp(shares, liability.bound, amount));
            _encumber(book, validator, owner, liability);
        }
        emit IStakingPool.DelegationRestored(validator, owner, amount, shares);
        book.report(validator, gasleft());
    }

    /// @notice Charges a position what is due.
    /// @return charged tokens
    function settle(
        Book storage book,
        IUnbondingQueue queue,
        uint64 validator,
        address owner
    ) public returns (uint256 charged) {
        if (!book.positions[validator][owner].encumbered) return 0;
        book.settleRewards(validator, owner);
        charged = _charge(book, queue, validator, owner);
        if (charged != 0) book.noteExit(validator);
    }

    /// @notice As `settle`; then ends the liability if it is over.
    function clear(
        Book storage book,
        IUnbondingQueue queue,
        uint64 validator,
        address owner,
        bool over
    ) external returns (uint256 charged) {
        charged = settle(book, queue, validator, owner);
        if (over && book.positions[validator][owner].encumbered) book.free(validator, owner);
    }

    /// @notice Announces a commission; see IStakingPool.announceCommission.
    function announce(Book storage book, IStakingPool.Times memory times, uint64 validator, uint24 rate) external {
        Stake storage s = book.stakes[validator];
        Notice storage n = book.notices[validator];
        uint24 current = s.commission;
        uint256 from = block.timestamp + (s.shares == 0 ? 0 : times.commissionNotice);
        uint256 most = times.commissionMax;
        if (n.since != 0) {
            uint256 step = times.commissionStep * ((from - n.since) / 1 days);
            if (current + step < most) most = current + step;
            if (rate + step < current) revert IStakingPool.StakingPoolBadCommission(rate, current, most);
        }
        if (rate > most) revert IStakingPool.StakingPoolBadCommission(rate, current, most);
        n.next = rate;
        n.nextAt = uint40(from);
        emit IStakingPool.CommissionAnnounced(validator, rate, uint40(from));
    }

    /// @notice Puts it in force.
    function applyNotice(Book storage book, uint64 validator) external {
        Notice storage n = book.notices[validator];
        uint40 from = n.nextAt;
        if (from == 0 || block.timestamp < from) revert IStakingPool.StakingPoolNoNotice(validator, from);
        uint24 rate = n.next;
        book.stakes[validator].commission = rate;
        n.nextAt = 0;
        n.since = uint40(block.timestamp);
        (bool ok, ) = book.noteChange(validator);
        if (!ok) revert IStakingPool.StakingPoolNoSeal();
        emit IStakingPool.CommissionApplied(validator, rate);
    }

    /// @dev Adds to what a position answers for. Both parts are settled. There is one liability at a time: of the same
    /// redelegation, which an exit had parted, they are one again.
    function _encumber(
        Book storage book,
        uint64 validator,
        address owner,
        IUnbondingQueue.Liability memory added
    ) private {
        IStakingPool.Position storage p = book.positions[validator][owner];
        IUnbondingQueue.Liability storage debt = book.liabilities[validator][owner];
        if (!p.encumbered) {
            p.encumbered = true;
            book.liabilities[validator][owner] = added;
            return;
        }
        if (debt.source != added.source || debt.cohort != added.cohort) {
            revert IStakingPool.StakingPoolEncumbered(validator, owner);
        }
        debt.shares += added.shares;
        debt.paid += added.paid;
        debt.bound += added.bound;
    }

    /// @dev Splits off the part of a liability that goes with `shares` of the caller's position, worth `amount`:
    /// those that answer go last.
    /// @return moved With `bound` in base units
    function _split(
        Book storage book,
        uint64 validator,
        uint256 shares,
        uint256 amount
    ) private returns (IUnbondingQueue.Liability memory moved) {
        IUnbondingQueue.Liability storage debt = book.liabilities[validator][msg.sender];
        uint256 bound = debt.bound;
        uint256 free = book.positions[validator][msg.sender].shares - bound;
        if (shares <= free) return moved;
        uint256 beyond = shares - free;
        moved = IUnbondingQueue.Liability({
            source: debt.source,
            cohort: debt.cohort,
            shares: uint96(ShareMath.partUp(debt.shares, beyond, bound)),
            paid: uint96(ShareMath.partDown(debt.paid, beyond, bound)),
            bound: uint128(ShareMath.partUp(amount, beyond, shares))
        });
        debt.shares -= moved.shares;
        debt.paid -= moved.paid;
        debt.bound = uint128(bound - beyond);
        if (bound == beyond) book.free(validator, msg.sender);
    }

    /// @dev Takes from a position what became due since its last settlement, at most what the shares that answer are
    /// worth.
    function _charge(
        Book storage book,
        IUnbondingQueue queue,
        uint64 validator,
        address owner
    ) private returns (uint256 charged) {
        if (!book.holdsShares(validator, owner)) return 0;
        IUnbondingQueue.Liability memory debt = book.liabilities[validator][owner];
        uint256 loss = queue.lossOf(debt);
        // Splitting rounds what was paid up: less may have been lost than paid.
        if (loss <= debt.paid) return 0;
        uint256 due = loss - debt.paid;
        Stake storage s = book.stakes[validator];
        uint256 burnt = debt.bound;
        charged = ShareMath.toTokensDown(burnt, s.delegated, s.shares);
        if (due < charged) (charged, burnt) = (due, ShareMath.toSharesUp(due, s.delegated, s.shares));
        if (burnt == debt.bound) {
            book.free(validator, owner);
        } else {
            book.liabilities[validator][owner].paid = uint96(loss);
            book.liabilities[validator][owner].bound = uint128(debt.bound - burnt);
        }
        book.burn(validator, owner, burnt, charged);
        emit IStakingPool.LiabilityCharged(validator, owner, debt.source, charged, burnt);
    }

    function _requireMovable(
        Book storage book,
        IUnbondingQueue queue,
        uint256 period,
        uint64 from,
        uint64 to
    ) private view {
        IStakingPool.Position storage p = book.positions[from][msg.sender];
        if (p.encumbered) revert IStakingPool.StakingPoolEncumbered(from, msg.sender);
        // One liability at a time, of a position as of an entry that may inherit it.
        if (book.positions[to][msg.sender].encumbered || queue.isEncumbered(to, msg.sender)) {
            revert IStakingPool.StakingPoolEncumbered(to, msg.sender);
        }
        uint256 next = uint256(p.redelegatedAt) + period;
        Notice storage n = book.notices[from];
        bool raised = n.nextAt != 0 && n.next > book.stakes[from].commission;
        if (p.redelegatedAt != 0 && block.timestamp < next && !raised) {
            revert IStakingPool.StakingPoolTooSoon(from, next);
        }
    }
}
