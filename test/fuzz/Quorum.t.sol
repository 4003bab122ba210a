// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Quorum} from "../../contracts/libraries/Quorum.sol";
import {Mode} from "../../contracts/types/Types.sol";

/// @notice What two quorums of one voting set have in common, for weights and totals of any size.
contract QuorumFuzzTest {
    /// @notice Two quorums of Fast share more than a third of the authorities, of Balanced more than a third of each
    /// class that is there, of Secure more than a third of the stake.
    function testFuzz_TwoQuorumsOverlap(
        uint8 modeSeed,
        uint64[4] calldata authorities,
        uint64[4] calldata stake
    ) external pure {
        Mode mode = Mode(modeSeed % 3);
        // Four disjoint groups: in the first quorum only, in the second only, in both, in neither. The shares differ in
        // scale, so that two quorums are frequent.
        Quorum.Weights memory first = Quorum.Weights(
            (authorities[0] >> 3) + uint256(authorities[2]),
            (stake[0] >> 3) + uint256(stake[2])
        );
        Quorum.Weights memory second = Quorum.Weights(
            (authorities[1] >> 3) + uint256(authorities[2]),
            (stake[1] >> 3) + uint256(stake[2])
        );
        Quorum.Weights memory whole = Quorum.Weights(
            first.authorities + (authorities[1] >> 3) + (authorities[3] >> 5),
            first.stake + (stake[1] >> 3) + (stake[3] >> 5)
        );
        if (!Quorum.isQuorum(mode, first, whole) || !Quorum.isQuorum(mode, second, whole)) return;
        if (mode != Mode.Secure && whole.authorities > 0) {
            assert(Quorum.exceedsThird(authorities[2], whole.authorities));
        }
        if (mode != Mode.Fast && whole.stake > 0) assert(Quorum.exceedsThird(stake[2], whole.stake));
    }

    /// @notice Who has decided does not cease to when more join.
    function testFuzz_MoreSignersNeverHurt(
        uint8 modeSeed,
        uint64 authorities,
        uint64 stake,
        uint64 moreAuthorities,
        uint64 moreStake,
        uint64 restAuthorities,
        uint64 restStake
    ) external pure {
        Mode mode = Mode(modeSeed % 3);
        Quorum.Weights memory part = Quorum.Weights(authorities, stake);
        Quorum.Weights memory more = Quorum.Weights(_sum(authorities, moreAuthorities), _sum(stake, moreStake));
        Quorum.Weights memory whole = Quorum.Weights(more.authorities + restAuthorities, more.stake + restStake);
        if (Quorum.isQuorum(mode, part, whole)) assert(Quorum.isQuorum(mode, more, whole));
        if (Quorum.isBacked(mode, part, whole)) {
            assert(Quorum.isBacked(mode, more, whole));
            assert(Quorum.isQuorum(mode, part, whole));
        }
    }

    /// @notice Everybody together decides wherever the mode has its class; nobody never does.
    function testFuzz_AllDecideNoneDoesNot(uint8 modeSeed, uint64 authorities, uint64 stake) external pure {
        Mode mode = Mode(modeSeed % 3);
        Quorum.Weights memory whole = Quorum.Weights(authorities, stake);
        bool possible =
            mode == Mode.Fast
                ? authorities > 0
                : mode == Mode.Secure
                    ? stake > 0
                    : authorities > 0 || stake > 0;
        assert(Quorum.isQuorum(mode, whole, whole) == possible);
        assert(Quorum.isBacked(mode, whole, whole) == possible);
        assert(!Quorum.isQuorum(mode, Quorum.Weights(0, 0), whole));
    }

    /// @notice The integer comparison is the comparison with the exact quotient.
    function testFuzz_FractionsAreExact(uint64 part, uint64 whole) external pure {
        bool twoThirds = part > (2 * uint256(whole)) / 3;
        bool third = part > uint256(whole) / 3;
        assert(Quorum.exceedsTwoThirds(part, whole) == twoThirds);
        assert(Quorum.exceedsThird(part, whole) == third);
    }

    function _sum(uint64 a, uint64 b) private pure returns (uint256) {
        return uint256(a) + b;
    }
}
