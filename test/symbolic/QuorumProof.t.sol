// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Quorum} from "../../contracts/libraries/Quorum.sol";
import {Mode} from "../../contracts/types/Types.sol";

/// @title What the quorum's arithmetic must never allow, for solc's model checker
/// @dev Weights are below 2^64, as snapshots hold them. Two sets A and B of a whole W overlap in at least A + B - W.
contract QuorumProof {
    function exceedsTwoThirdsOfCommon(uint64 a, uint64 b, uint64 whole) external pure {
        require(a <= whole && b <= whole);
        if (!Quorum.exceedsTwoThirds(a, whole) || !Quorum.exceedsTwoThirds(b, whole)) return;
        uint256 both = uint256(a) + b;
        assert(both > whole);
        assert(3 * (both - whole) > whole);
    }

    /// @dev A veto of a third meets every two thirds.
    function thirdMeetsTwoThirds(uint64 a, uint64 b, uint64 whole) external pure {
        require(a <= whole && b <= whole);
        if (!Quorum.exceedsTwoThirds(a, whole) || !Quorum.exceedsThird(b, whole)) return;
        assert(uint256(a) + b > whole);
    }

    function nothingDecidesNothing(Mode mode) external pure {
        Quorum.Weights memory none = Quorum.Weights(0, 0);
        assert(!Quorum.isQuorum(mode, none, none));
        assert(!Quorum.isBacked(mode, none, none));
    }

    function noneOfSomethingIsNoQuorum(Mode mode, uint64 authorities, uint64 stake) external pure {
        Quorum.Weights memory none = Quorum.Weights(0, 0);
        assert(!Quorum.isQuorum(mode, none, Quorum.Weights(authorities, stake)));
    }

    /// @dev More signers never undo a quorum.
    function isMonotone(
        Mode mode,
        uint64 a,
        uint64 s,
        uint64 moreA,
        uint64 moreS,
        uint64 wholeA,
        uint64 wholeS
    ) external pure {
        require(a <= moreA && s <= moreS);
        Quorum.Weights memory whole = Quorum.Weights(wholeA, wholeS);
        if (!Quorum.isQuorum(mode, Quorum.Weights(a, s), whole)) return;
        assert(Quorum.isQuorum(mode, Quorum.Weights(moreA, moreS), whole));
    }
}
