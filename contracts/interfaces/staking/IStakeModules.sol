// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What custody asks of the module that pays rewards
/// @notice Custody survives whatever it answers: calls have a fixed amount of gas, and failures are events.
interface IStakeRewards {
    /// @notice Books what a position has earned up to now. Custody calls it before the position's shares change.
    function settle(uint64 validator, address owner) external;

    /// @notice Entries of the position's trace with a seal up to this one, but the last of them, are paid for good.
    function paidSeal(uint64 validator, address owner) external view returns (uint32);
}

/// @title What custody asks of the module that slashes
/// @notice A slasher that fails to settle is passed over once the hold has reached its limit: it cannot keep stake in.
interface IStakeSlasher {
    /// @notice Charges what is still due from a validator whose hold is over. Does nothing if nothing is due.
    function settle(uint64 validator) external;
}
