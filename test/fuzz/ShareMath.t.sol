// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ShareMath} from "../../contracts/libraries/ShareMath.sol";

/// @notice The library is the plain arithmetic that test/symbolic/ShareMathProof.t.sol reasons about, within the bounds
/// it states.
contract ShareMathFuzzTest {
    uint256 private constant _CAP = 1e27;

    /// @notice Tokens and shares are changed by plain division, rounded as the names say.
    function testFuzz_SharesArePlainDivision(uint96 tokens, uint128 shares, uint96 pool, uint128 supply) external pure {
        uint256 amount = tokens % (_CAP + 1);
        uint256 p = pool % (_CAP + 1);
        uint256 product = amount * (uint256(supply) + 1e6);
        assert(ShareMath.toSharesDown(amount, p, supply) == product / (p + 1));
        assert(ShareMath.toSharesUp(amount, p, supply) == _up(product, p + 1));
        uint256 worth = (uint256(shares) * (p + 1)) / (uint256(supply) + 1e6);
        assert(ShareMath.toTokensDown(shares, p, supply) == worth);
    }

    /// @notice Parts are plain division too, and none of nothing.
    function testFuzz_PartsArePlainDivision(uint96 amount, uint128 part, uint128 whole) external pure {
        uint256 a = amount % (_CAP + 1);
        assert(ShareMath.partDown(a, part, 0) == 0);
        assert(ShareMath.partUp(a, part, 0) == 0);
        if (whole == 0) return;
        assert(ShareMath.partDown(a, part, whole) == (a * part) / whole);
        assert(ShareMath.partUp(a, part, whole) == _up(a * part, whole));
    }

    function _up(uint256 product, uint256 whole) private pure returns (uint256) {
        return product / whole + (product % whole == 0 ? 0 : 1);
    }
}
