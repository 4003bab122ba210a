// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Index of a validator in one epoch's registry, 0 to 1023. The same validator may hold another seat in
/// another epoch, so a seat means nothing without its epoch. Seats below `nAuth` are the authorities'.
type Seat is uint16;

/// @notice Number of an epoch, counted from 0 at genesis. About an hour of blocks; never a time.
type Epoch is uint64;

/// @notice Number of a BLS key, counted from 1 in the order of registration; 0 names no key. A validator has one
/// key at a time and a new KeyId each time it rotates, so an old signature still names the key that made it.
type KeyId is uint32;

/// @notice An amount in whole AITBC (10^18 base units), floored: the unit of every voting weight.
type WholeTokens is uint64;
