// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What penalties may take, for solc's model checker
/// @dev The arithmetic of Charges.penalty, with plain division for mulDiv (ShareMathProof says
/// why). Stake is below the token's cap, fractions are millionths.
contract PenaltyProof {
    uint256 private constant _MOST = 1e27;
    uint256 private constant _MILLION = 1e6;

    /// @dev The base, rounded up, is no more than what is liable.
    function baseIsCovered(uint256 liable, uint256 base) external pure {
        require(liable <= _MOST);
        require(base <= _MILLION);
        uint256 amount = (liable * base + _MILLION - 1) / _MILLION;
        assert(amount <= liable);
    }
}
