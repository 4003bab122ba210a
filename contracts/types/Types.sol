// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Index of a validator in one epoch's registry, 0 to 1023. The same validator may hold another seat in
/// another epoch, so a seat means nothing without its epoch. Seats below `nAuth` are the authorities'.
type Seat is uint16;

/// @notice Number of an epoch, counted from 0 at genesis. A length in blocks, about an hour of them; never a time.
type Epoch is uint64;

/// @notice Number of a BLS key, counted from 1 in the order of registration; 0 names no key. A validator has one
/// key at a time and a new number each time it rotates, so an old signature still names the key that made it.
type KeyId is uint32;

/// @notice An amount in whole AITBC (10^18 base units), floored: the unit of every voting weight.
type WholeTokens is uint64;

/// @notice How an epoch decides (protocol.md section 2). The order is part of the encoding of a domain.
enum Mode {
    Fast,
    Balanced,
    Secure
}

/// @notice A point of BLS12-381's first group, a public key: two base-field coordinates of 64 bytes, big-endian, the
/// upper 16 bytes zero. In calldata and memory these are the 128 bytes that the EIP-2537 precompiles take. Infinity
/// is all zero.
struct G1Point {
    bytes32 xHigh;
    bytes32 xLow;
    bytes32 yHigh;
    bytes32 yLow;
}

/// @notice A point of the second group, a signature: two coordinates c0 + c1·u of 128 bytes, c0 first; the 256 bytes
/// that the EIP-2537 precompiles take. Infinity is all zero.
struct G2Point {
    bytes32 x0High;
    bytes32 x0Low;
    bytes32 x1High;
    bytes32 x1Low;
    bytes32 y0High;
    bytes32 y0Low;
    bytes32 y1High;
    bytes32 y1Low;
}
