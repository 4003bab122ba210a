// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Book, StakeBook} from "../../contracts/staking/StakeBook.sol";

/// @notice Opens StakeBook to the TypeScript tests, with a validator's pool as they want it. Numbers the seals itself.
contract StakeBookHarness {
    using StakeBook for Book;

    uint32 public constant sealNumber = 1;
    Book private _book;

    /// @notice Adds to the caller's position in a pool that holds so much.
    function mint(uint96 delegated, uint128 shares, uint256 amount) external returns (uint256) {
        _book.elections = address(this);
        (_book.stakes[1].delegated, _book.stakes[1].shares) = (delegated, shares);
        return _book.mint(1, msg.sender, amount, true);
    }

    function addBond(uint256 amount) external returns (uint256) {
        _book.elections = address(this);
        return _book.addBond(1, amount);
    }
}
