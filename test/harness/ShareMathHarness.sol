// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ShareMath} from "../../contracts/libraries/ShareMath.sol";

contract ShareMathHarness {
    function toSharesDown(uint256 tokens, uint256 totalTokens, uint256 totalShares) external pure returns (uint256) {
        return ShareMath.toSharesDown(tokens, totalTokens, totalShares);
    }

    function toSharesUp(uint256 tokens, uint256 totalTokens, uint256 totalShares) external pure returns (uint256) {
        return ShareMath.toSharesUp(tokens, totalTokens, totalShares);
    }

    function toTokensDown(uint256 shares, uint256 totalTokens, uint256 totalShares) external pure returns (uint256) {
        return ShareMath.toTokensDown(shares, totalTokens, totalShares);
    }

    function partDown(uint256 amount, uint256 part, uint256 whole) external pure returns (uint256) {
        return ShareMath.partDown(amount, part, whole);
    }

    function partUp(uint256 amount, uint256 part, uint256 whole) external pure returns (uint256) {
        return ShareMath.partUp(amount, part, whole);
    }
}
