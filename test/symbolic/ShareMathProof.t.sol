// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What moving between tokens and shares must never allow, for solc's model checker
/// @dev The checker does not look into the assembly of mulDiv. Within the bounds below no product reaches 2^256 (that is
/// shown too), so that mulDiv is the plain division written here; test/fuzz/ShareMath.t.sol holds the library against it.
/// `pool` and `supply` are tokens and shares with what the library adds to them: tokens within the cap of 10^27 base
/// units and one, shares within 2^128 and 10^6.
contract ShareMathProof {
    uint256 private constant _MOST_TOKENS = 1e27 + 1;
    uint256 private constant _MOST_SHARES = 2 ** 128 + 1e6;

    /// @dev Tokens changed for shares and back are no more than before.
    function tokensAndBack(uint256 tokens, uint256 pool, uint256 supply) external pure {
        _bound(tokens, pool, supply);
        uint256 bought = (tokens * supply) / pool;
        assert(bought * pool <= tokens * supply);
        uint256 back = (bought * pool) / supply;
        assert(back * supply <= bought * pool);
        assert(back <= tokens);
    }

    function _bound(uint256 tokens, uint256 pool, uint256 supply) private pure {
        require(tokens <= _MOST_TOKENS);
        require(pool != 0 && pool <= _MOST_TOKENS);
        require(supply != 0 && supply <= _MOST_SHARES);
    }
}
