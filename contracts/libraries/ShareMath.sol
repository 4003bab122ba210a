// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Shares of a pool of tokens
/// @notice The pool has one base unit and 10^6 shares more than its owners', so that nobody's deposit can make the next
/// one's share round to nothing. The direction of rounding is part of each name.
library ShareMath {
    uint256 internal constant VIRTUAL_TOKENS = 1;
    uint256 internal constant VIRTUAL_SHARES = 1e6;

    /// @notice Shares that an amount buys.
    function toSharesDown(uint256 tokens, uint256 totalTokens, uint256 totalShares) internal pure returns (uint256) {
        return Math.mulDiv(tokens, totalShares + VIRTUAL_SHARES, totalTokens + VIRTUAL_TOKENS);
    }

    /// @notice Shares that must be given up for an amount.
    function toSharesUp(uint256 tokens, uint256 totalTokens, uint256 totalShares) internal pure returns (uint256) {
        return Math.mulDiv(tokens, totalShares + VIRTUAL_SHARES, totalTokens + VIRTUAL_TOKENS, Math.Rounding.Ceil);
    }

    /// @notice What shares are worth.
    function toTokensDown(uint256 shares, uint256 totalTokens, uint256 totalShares) internal pure returns (uint256) {
        return Math.mulDiv(shares, totalTokens + VIRTUAL_TOKENS, totalShares + VIRTUAL_SHARES);
    }

    /// @notice The part of `amount` that falls on `part` of `whole`, rounded down; 0 if the whole is.
    function partDown(uint256 amount, uint256 part, uint256 whole) internal pure returns (uint256) {
        return whole == 0 ? 0 : Math.mulDiv(amount, part, whole);
    }

    /// @notice What a charge of `part` of `whole` takes of `amount`, rounded up and at most all; 0 if the whole is. All are
    /// below 2^128, and this is a third of what `partUp` costs.
    function chargeUp(uint256 amount, uint256 part, uint256 whole) internal pure returns (uint256) {
        unchecked {
            if (part < whole) return (amount * part + whole - 1) / whole;
            return whole == 0 ? 0 : amount;
        }
    }

    /// @notice The part of `amount` that falls on `part` of `whole`, rounded up; 0 if the whole is.
    function partUp(uint256 amount, uint256 part, uint256 whole) internal pure returns (uint256) {
        return whole == 0 ? 0 : Math.mulDiv(amount, part, whole, Math.Rounding.Ceil);
    }
}
