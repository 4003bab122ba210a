// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {ShareMath} from "../libraries/ShareMath.sol";
import {Book, Notice, Stake, StakeBook} from "./StakeBook.sol";

/// @title What StakingPool tells
/// @notice A linked part of it, for its size; reads its storage.
library StakeViews {
    using StakeBook for Book;

    /// @notice See IStakingPool.rowAt.
    function rowAt(
        Book storage book,
        uint64 validator,
        uint32 seal
    ) external view returns (uint256 index, IStakingPool.Row memory row) {
        uint256 high = book.stakes[validator].rows;
        while (index < high) {
            uint256 middle = (index + high) / 2;
            if (book.rows[validator][middle].seal <= seal) index = middle + 1;
            else high = middle;
        }
        if (index != 0) row = book.rows[validator][--index];
    }

    /// @notice See IStakingPool.entries.
    function entries(
        Book storage book,
        uint64 validator,
        address owner,
        uint256 from
    ) external view returns (IStakingPool.Entry[] memory list) {
        uint256 n = book.positions[validator][owner].entries;
        list = new IStakingPool.Entry[](from < n ? n - from : 0);
        for (uint256 i = 0; i < list.length; ++i) {
            list[i] = book.entries[validator][owner][from + i];
        }
    }

    /// @notice See IStakingPool.sharesAt.
    function sharesAt(Book storage book, uint64 validator, address owner, uint32 seal) external view returns (uint256) {
        if (!book.holdsShares(validator, owner)) return 0;
        IStakingPool.Position storage p = book.positions[validator][owner];
        (uint256 low, uint256 high) = (0, p.entries);
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (book.entries[validator][owner][middle].seal <= seal) low = middle + 1;
            else high = middle;
        }
        if (low == 0) return 0;
        IStakingPool.Entry storage e = book.entries[validator][owner][low - 1];
        if (e.generation != p.generation) return 0;
        return e.shares < p.shares ? e.shares : p.shares;
    }

    /// @notice See IStakingPool.tokensOf.
    function tokensOf(Book storage book, uint64 validator, address owner) external view returns (uint256) {
        if (!book.holdsShares(validator, owner)) return 0;
        Stake storage s = book.stakes[validator];
        return ShareMath.toTokensDown(book.positions[validator][owner].shares, s.delegated, s.shares);
    }

    /// @notice See IStakingPool.commissionOf.
    function commissionOf(Book storage book, uint64 validator) external view returns (IStakingPool.Commission memory) {
        Notice storage n = book.notices[validator];
        return IStakingPool.Commission(book.stakes[validator].commission, n.next, n.nextAt, n.since);
    }
}
