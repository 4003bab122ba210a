// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Eight numbers of 32 bits in a word, worked on all at once
/// @notice Number j of a word is its bits [32j, 32j + 32), as in Snapshots. Seals go through a thousand weights several
/// times: one by one that alone would cost more than their storage. What tells something of each number is eight bits,
/// bit j for number j.
library Lanes {
    /// @dev 1 in each number; its top bit; all others.
    uint256 private constant _ONES = 0x0000000100000001000000010000000100000001000000010000000100000001;
    uint256 private constant _TOPS = _ONES << 31;
    uint256 private constant _REST = ~_TOPS;
    /// @dev Every second number.
    uint256 private constant _EVEN = 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;
    /// @dev Times bits 32j they become bits 224 + j, times bits j bits 32j; what else comes of it falls on other places.
    uint256 private constant _GATHER = 0x0000000100000002000000040000000800000010000000200000004000000080;
    uint256 private constant _SPREAD = 0x0000000002000000040000000800000010000000200000004000000080000001;
    /// @dev What a number must not exceed to be compared.
    uint256 private constant _MOST = 0x7fffffff;

    /// @notice Which numbers are at least `bound`.
    /// @param word numbers below 2^31 - 1 each: weights have 30 bits
    function atLeast(uint256 word, uint256 bound) internal pure returns (uint256) {
        return _gather(_reaching(word, bound));
    }

    /// @notice Which numbers are not 0.
    function nonZero(uint256 word) internal pure returns (uint256) {
        unchecked {
            // The sum's top bit is set unless the rest of the number is 0, and no sum exceeds its 32 bits.
            return _gather((((word & _REST) + _REST) | word) & _TOPS);
        }
    }

    /// @notice The word in which the numbers named by eight bits have all bits set, the others none.
    function mask(uint256 bits) internal pure returns (uint256) {
        unchecked {
            return ((bits * _SPREAD) & _ONES) * type(uint32).max;
        }
    }

    /// @notice The numbers, each at most `limit`.
    /// @param word numbers below 2^31 - 1 each
    function limited(uint256 word, uint256 limit) internal pure returns (uint256) {
        uint256 over = _reaching(word, limit + 1);
        if (over == 0) return word;
        unchecked {
            over = (over >> 31) * type(uint32).max;
            return (word & ~over) | ((limit * _ONES) & over);
        }
    }

    /// @notice Sum of all numbers of at most 128 words.
    function sum(uint256[] memory words) internal pure returns (uint256) {
        uint256 total;
        unchecked {
            // Four sums of 64 bits.
            for (uint256 i = 0; i < words.length; ++i) {
                uint256 word = words[i];
                total += (word & _EVEN) + ((word >> 32) & _EVEN);
            }
            return uint256(uint64(total)) + uint64(total >> 64) + uint64(total >> 128) + uint64(total >> 192);
        }
    }

    /// @dev The top bits of the numbers that are at least `bound`: with them set beforehand, no number borrows from the next.
    function _reaching(uint256 word, uint256 bound) private pure returns (uint256) {
        if (bound > _MOST) bound = _MOST;
        unchecked {
            return ((word | _TOPS) - bound * _ONES) & _TOPS;
        }
    }

    function _gather(uint256 tops) private pure returns (uint256) {
        unchecked {
            return ((tops >> 31) * _GATHER) >> 224;
        }
    }
}
