// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Mode} from "../types/Types.sol";

/// @title The generalized quorum (protocol.md section 2)
/// @notice Two classes with one weight each: authorities, counted by head, and stake, in whole AITBC. Fractions are
/// constants and compared in integers: exactly two thirds is not enough.
///
/// A class whose total is 0 drops out of Balanced, of Secure's oversight and of backing. Whether a class is there is
/// decided when a snapshot is sealed, not here: with fewer than 3 stakers `seal` records a total stake of 0 (their
/// weights stay, so a part may then exceed its total), and suspended authorities are in neither sum. Nothing is ever
/// decided by an empty set: Fast needs authorities, Secure stake, Balanced one of them.
library Quorum {
    /// @notice What a set of validators weighs, or the total it is measured against.
    /// @param authorities number of authorities
    /// @param stake whole AITBC
    struct Weights {
        uint256 authorities;
        uint256 stake;
    }

    /// @notice Whether `part` is more than two thirds of `whole`: 15 of 21, not 14.
    /// @dev Weights are below 2^64; the products cannot overflow.
    function exceedsTwoThirds(uint256 part, uint256 whole) internal pure returns (bool) {
        return 3 * part > 2 * whole;
    }

    /// @notice Whether `part` is more than a third of `whole`: 8 of 21, not 7.
    function exceedsThird(uint256 part, uint256 whole) internal pure returns (bool) {
        return 3 * part > whole;
    }

    /// @notice Q(X) of a mode: whether validators weighing `part` decide for a voting set weighing `whole`.
    function isQuorum(Mode mode, Weights memory part, Weights memory whole) internal pure returns (bool) {
        bool hasAuthorities = whole.authorities != 0;
        bool hasStake = whole.stake != 0;
        if (mode == Mode.Fast) return hasAuthorities && exceedsTwoThirds(part.authorities, whole.authorities);
        if (mode == Mode.Secure) {
            return
                hasStake &&
                exceedsTwoThirds(part.stake, whole.stake) &&
                (!hasAuthorities || exceedsThird(part.authorities, whole.authorities));
        }
        return
            (hasAuthorities || hasStake) &&
            (!hasAuthorities || exceedsTwoThirds(part.authorities, whole.authorities)) &&
            (!hasStake || exceedsTwoThirds(part.stake, whole.stake));
    }

    /// @notice Whether validators weighing `part` make a checkpoint accepted (section 8): Q of the mode and more than
    /// two thirds of the backing set's stake.
    /// @param part weights of the signers, all of them members of the backing set
    /// @param whole weights of the backing set; its authorities are those of the voting set in every mode
    function isBacked(Mode mode, Weights memory part, Weights memory whole) internal pure returns (bool) {
        return isQuorum(mode, part, whole) && (whole.stake == 0 || exceedsTwoThirds(part.stake, whole.stake));
    }
}
