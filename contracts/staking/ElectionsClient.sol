// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IElections} from "../interfaces/staking/IElections.sol";

/// @title Contracts that tell Elections when a validator's weight may have changed
/// @notice The module is replaceable and must be able to hold up nothing: a failing call is reported by an event and
/// made good by anybody's `refresh`.
abstract contract ElectionsClient {
    /// @notice Too little gas left to tell the module; send more.
    error ElectionsClientInsufficientGas();

    /// @dev More than a refresh ever costs. Without it a caller could leave just too little for the inner call and
    /// keep a live weight that its stake no longer backs.
    uint256 private constant _REFRESH_GAS = 250_000;

    address internal _elections;

    /// @return told Whether the module took note; true before there is one
    function _refresh(uint64 validator) internal returns (bool told) {
        address module = _elections;
        if (module == address(0)) return true;
        if (gasleft() < _REFRESH_GAS) revert ElectionsClientInsufficientGas();
        try IElections(module).refresh(validator) {
            return true;
        } catch {
            return false;
        }
    }
}
