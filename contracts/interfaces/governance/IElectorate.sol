// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What contracts that ask a sealed registry have in common
/// @notice Errors of everything that lets the validators of one sealed registry vote with their sealed weight: the
/// governor and the council.
interface IElectorate {
    /// @notice The chain has not begun: there is nobody to ask.
    error ElectorateNone();
    /// @notice The validator had no seat in the electorate's registry.
    error ElectorateNotSeated(uint64 validator);
    /// @notice The caller does not vote for this validator.
    error ElectorateNotItsVoice(uint64 validator, address caller);
}
