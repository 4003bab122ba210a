// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IElections} from "../interfaces/staking/IElections.sol";
import {IStakeRewards} from "../interfaces/staking/IStakeModules.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IUnbondingQueue} from "../interfaces/staking/IUnbondingQueue.sol";
import {BoundedCalls} from "../libraries/BoundedCalls.sol";
import {ShareMath} from "../libraries/ShareMath.sol";

/// @notice A validator's stake. A charge writes the first slot only.
/// @param bond self-bond
/// @param delegated tokens of delegators
/// @param holdUntil second until which withdrawals are held; 0 if they never were
/// @param holdSeal least last seal of what is held; capped, since a lower one holds more
/// @param marks lowest bit: the queue has had stake of it; the others: what is left to extend the hold, in parts of 127
/// of the longest
/// @param shares delegators' shares
/// @param rows number of rows
/// @param generation of the shares
/// @param commission in force, millionths
struct Stake {
    uint96 bond;
    uint96 delegated;
    uint32 holdUntil;
    uint24 holdSeal;
    uint8 marks;
    uint128 shares;
    uint32 rows;
    uint32 generation;
    uint24 commission;
}

/// @notice A commission that was announced, and since when the present one is in force.
/// @param next announced, millionths
/// @param nextAt second from which it can be applied; 0 if none is announced
/// @param since second the present one took effect; 0 if none ever did
struct Notice {
    uint24 next;
    uint40 nextAt;
    uint40 since;
}

/// @notice What the pool and its libraries store.
/// @param elections keeps live weights, numbers seals
/// @param held tokens on the books: staked, queued, and slashed ones that were not collected
/// @param distributor pays rewards
/// @param depositsPausedUntil second
/// @param stakes by validator
/// @param notices by validator
/// @param rows by validator and index
/// @param positions by validator and owner
/// @param entries of positions' traces, by index
/// @param liabilities of encumbered positions
struct Book {
    address elections;
    uint96 held;
    address distributor;
    uint40 depositsPausedUntil;
    mapping(uint64 validator => Stake) stakes;
    mapping(uint64 validator => Notice) notices;
    mapping(uint64 validator => mapping(uint256 index => IStakingPool.Row)) rows;
    mapping(uint64 validator => mapping(address owner => IStakingPool.Position)) positions;
    mapping(uint64 validator => mapping(address owner => mapping(uint256 index => IStakingPool.Entry))) entries;
    mapping(uint64 validator => mapping(address owner => IUnbondingQueue.Liability)) liabilities;
}

/// @title Rows, traces and positions of StakingPool
/// @notice Every change of stake goes through here: it keeps what the next seal counts in step and tells the modules, none
/// of which can hold an exit up.
library StakeBook {
    /// @dev Last seal of stake that live weights may go on counting: above every other.
    uint32 internal constant NEVER = type(uint32).max;
    /// @dev Lowest bit of a stake's marks.
    uint8 internal constant QUEUED = 1;
    uint256 private constant _BILLION = 1_000_000_000;
    /// @dev Entries of a trace that may be unpaid; one more may still be counted.
    uint256 private constant _TRACE = 8;
    // More gas than the calls of other modules ever need: without it a caller could leave just too little for one.
    uint256 private constant _SEAL_GAS = 50_000;
    uint256 private constant _REFRESH_GAS = 250_000;
    uint256 private constant _REWARDS_GAS = 400_000;

    /// @notice Adds to a validator's bond.
    function addBond(Book storage book, uint64 validator, uint256 amount) internal returns (uint256 bond) {
        Stake storage s = book.stakes[validator];
        bond = s.bond + amount;
        s.bond = to96(bond);
        _setRow(book, validator, nextSeal(book));
    }

    /// @notice Adds tokens to a position and to what the next seal counts.
    /// @param own whether the owner asked: a full trace then moves to the next seal instead of refusing
    /// @return minted shares
    function mint(
        Book storage book,
        uint64 validator,
        address owner,
        uint256 amount,
        bool own
    ) internal returns (uint256 minted) {
        Stake storage s = book.stakes[validator];
        IStakingPool.Entry memory e;
        e.seal = nextSeal(book);
        e.generation = s.generation;
        {
            (uint256 delegated, uint256 shares) = (s.delegated, s.shares);
            minted = ShareMath.toSharesDown(amount, delegated, shares);
            if (minted == 0) revert IStakingPool.StakingPoolZeroAmount();
            s.delegated = to96(delegated + amount);
            s.shares = _to128(shares + minted);
        }
        if (e.generation == 0) s.generation = e.generation = 1;
        IStakingPool.Position storage p = book.positions[validator][owner];
        if (p.generation != e.generation) {
            p.shares = 0;
            p.generation = e.generation;
            if (p.encumbered) free(book, validator, owner);
        }
        p.shares = e.shares = uint128(p.shares + minted);
        uint256 index;
        (index, e.seal) = _setRow(book, validator, e.seal);
        e.row = uint32(index);
        _addEntry(book, validator, owner, e, own);
    }

    /// @notice Takes shares out of a position, and out of what it has counted, the newest first.
    function burn(Book storage book, uint64 validator, address owner, uint256 shares, uint256 amount) internal {
        Stake storage s = book.stakes[validator];
        s.delegated -= uint96(amount);
        s.shares -= uint128(shares);
        IStakingPool.Position storage p = book.positions[validator][owner];
        uint128 left = uint128(p.shares - shares);
        p.shares = left;
        (uint256 n, uint32 generation) = (p.entries, p.generation);
        mapping(uint256 => IStakingPool.Entry) storage list = book.entries[validator][owner];
        for (uint256 i = n; i != 0 && n - i <= _TRACE; --i) {
            IStakingPool.Entry storage e = list[i - 1];
            if (e.shares <= left || e.generation != generation) break;
            e.shares = left;
        }
    }

    /// @notice What shares of a position are worth; fails if it has fewer, or for nothing.
    function worth(
        Book storage book,
        uint64 validator,
        address owner,
        uint256 shares
    ) internal view returns (uint256 amount) {
        uint256 owned = book.positions[validator][owner].shares;
        if (shares > owned) revert IStakingPool.StakingPoolInsufficientShares(validator, owned, shares);
        Stake storage s = book.stakes[validator];
        amount = ShareMath.toTokensDown(shares, s.delegated, s.shares);
        if (amount == 0) revert IStakingPool.StakingPoolZeroAmount();
    }

    /// @notice Whether the account has shares that are worth something.
    function holdsShares(Book storage book, uint64 validator, address owner) internal view returns (bool) {
        IStakingPool.Position storage p = book.positions[validator][owner];
        return p.shares != 0 && p.generation == book.stakes[validator].generation;
    }

    /// @notice Whether a deposit counted from `seal` needs no entry or has a place for one.
    function hasRoom(Book storage book, uint64 validator, address owner, uint32 seal) internal view returns (bool) {
        uint256 n = book.positions[validator][owner].entries;
        mapping(uint256 => IStakingPool.Entry) storage list = book.entries[validator][owner];
        if (n < _TRACE || list[n - 1].seal >= seal) return true;
        (bool ok, uint256 paid) = BoundedCalls.tryRead(
            book.distributor,
            _SEAL_GAS,
            abi.encodeCall(IStakeRewards.paidSeal, (validator, owner)),
            0
        );
        return ok && list[n - _TRACE].seal <= paid;
    }

    /// @notice Ends what a position answers for.
    function free(Book storage book, uint64 validator, address owner) internal {
        book.positions[validator][owner].encumbered = false;
        emit IStakingPool.LiabilityCleared(validator, owner, book.liabilities[validator][owner].source);
        delete book.liabilities[validator][owner];
    }

    /// @notice Tells what left to the next seal's row and to the live weights. A module that does not answer holds
    /// nothing up; a caller that leaves it too little gas does not get that far.
    /// @return lastSeal number of the last seal that may count what left
    function noteExit(Book storage book, uint64 validator) internal returns (uint32 lastSeal) {
        bool ok;
        (ok, lastSeal) = noteChange(book, validator);
        if (!report(book, validator, _REFRESH_GAS) || !ok) lastSeal = NEVER;
    }

    /// @notice Writes what the next seal counts, if the module that numbers seals answers.
    function noteChange(Book storage book, uint64 validator) internal returns (bool ok, uint32 seal) {
        (ok, seal) = sealNumber(book);
        if (ok) _setRow(book, validator, seal + 1);
    }

    /// @notice Tells the live weights.
    /// @param gasLimit most the module may use
    function report(Book storage book, uint64 validator, uint256 gasLimit) internal returns (bool told) {
        requireGas(_REFRESH_GAS);
        told = BoundedCalls.tryCall(book.elections, gasLimit, abi.encodeCall(IElections.refresh, (validator)));
        if (!told) emit IStakingPool.RefreshFailed(validator);
    }

    /// @notice Whether a deposit needs the position's rewards booked: it makes a row, and each stands for what is to be
    /// paid, or an entry that has no place. Else nothing that was counted changes.
    function makesRow(Book storage book, uint64 validator, address owner) internal view returns (bool) {
        uint32 seal = nextSeal(book);
        uint256 n = book.stakes[validator].rows;
        return n == 0 || book.rows[validator][n - 1].seal < seal || !hasRoom(book, validator, owner, seal);
    }

    /// @notice Has a position's rewards booked before its shares change.
    function settleRewards(Book storage book, uint64 validator, address owner) internal {
        address module = book.distributor;
        if (module == address(0)) return;
        requireGas(_REWARDS_GAS);
        bytes memory data = abi.encodeCall(IStakeRewards.settle, (validator, owner));
        if (!BoundedCalls.tryCall(module, _REWARDS_GAS, data)) emit IStakingPool.SettleFailed(validator, owner);
    }

    /// @notice Number of the next seal: what changes now is first counted by it.
    function nextSeal(Book storage book) internal view returns (uint32) {
        (bool ok, uint32 seal) = sealNumber(book);
        if (!ok) revert IStakingPool.StakingPoolNoSeal();
        return seal + 1;
    }

    /// @notice Number of the last seal, if the module that numbers them answers.
    function sealNumber(Book storage book) internal view returns (bool ok, uint32) {
        requireGas(_SEAL_GAS);
        uint256 number;
        (ok, number) = BoundedCalls.tryRead(book.elections, _SEAL_GAS, abi.encodeCall(IElections.sealNumber, ()), 0);
        return number < NEVER - 1 ? (ok, uint32(number)) : (false, 0);
    }

    /// @notice Fails if a call could not get that much gas: it gets at most 63/64 of what is left.
    function requireGas(uint256 wanted) internal view {
        if (gasleft() < wanted + wanted / 32) revert IStakingPool.StakingPoolInsufficientGas();
    }

    /// @dev Writes what the seal with number `seal` counts; the row of a later one stands in for it.
    function _setRow(Book storage book, uint64 validator, uint32 seal) private returns (uint256 index, uint32) {
        Stake storage s = book.stakes[validator];
        index = s.rows;
        mapping(uint256 => IStakingPool.Row) storage list = book.rows[validator];
        uint32 last = index == 0 ? 0 : list[index - 1].seal;
        if (last >= seal) (index, seal) = (index - 1, last);
        else s.rows = uint32(index + 1);
        IStakingPool.Row memory r = IStakingPool.Row({
            seal: seal,
            shares: s.shares,
            bondFraction: uint32(ShareMath.partDown(_BILLION, s.bond, uint256(s.bond) + s.delegated)),
            commission: s.commission,
            generation: s.generation
        });
        list[index] = r;
        emit IStakingPool.RowSet(validator, index, r);
        return (index, seal);
    }

    function _addEntry(
        Book storage book,
        uint64 validator,
        address owner,
        IStakingPool.Entry memory e,
        bool own
    ) private {
        IStakingPool.Position storage p = book.positions[validator][owner];
        uint256 index = p.entries;
        mapping(uint256 => IStakingPool.Entry) storage list = book.entries[validator][owner];
        if (index != 0 && list[index - 1].seal >= e.seal) {
            --index;
        } else if (hasRoom(book, validator, owner, e.seal)) {
            p.entries = uint32(index + 1);
        } else {
            if (!own) revert IStakingPool.StakingPoolTraceFull(validator, owner);
            emit IStakingPool.TraceMoved(validator, owner, --index);
        }
        list[index] = e;
    }

    /// @notice Fails for what no supply reaches.
    function to96(uint256 value) internal pure returns (uint96) {
        if (value > type(uint96).max) revert IStakingPool.StakingPoolOverflow();
        return uint96(value);
    }

    function _to128(uint256 value) private pure returns (uint128) {
        if (value > type(uint128).max) revert IStakingPool.StakingPoolOverflow();
        return uint128(value);
    }
}
