// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A module that answers nothing but errors: what custody must live with.
contract DeafElections {
    error Deaf();

    fallback() external {
        revert Deaf();
    }
}
