// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Quorum} from "../../contracts/libraries/Quorum.sol";
import {Mode} from "../../contracts/types/Types.sol";

/// @notice Opens Quorum to the TypeScript tests.
contract QuorumHarness {
    function exceedsTwoThirds(uint256 part, uint256 whole) external pure returns (bool) {
        return Quorum.exceedsTwoThirds(part, whole);
    }

    function exceedsThird(uint256 part, uint256 whole) external pure returns (bool) {
        return Quorum.exceedsThird(part, whole);
    }

    function isQuorum(
        Mode mode,
        Quorum.Weights calldata part,
        Quorum.Weights calldata whole
    ) external pure returns (bool) {
        return Quorum.isQuorum(mode, part, whole);
    }

    function isBacked(
        Mode mode,
        Quorum.Weights calldata part,
        Quorum.Weights calldata whole
    ) external pure returns (bool) {
        return Quorum.isBacked(mode, part, whole);
    }
}
