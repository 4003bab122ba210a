// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LibBit} from "solady/src/utils/LibBit.sol";
import {LibRLP} from "solady/src/utils/LibRLP.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {G1Point, KeyId, Seat} from "../types/Types.sol";
import {BLS12381} from "./BLS12381.sol";
import {Snapshots} from "./Snapshots.sol";

/// @title Keys written as contract code
/// @notice ValidatorRegistry creates nothing but keys, so key number k is the code its k-th creation left: a STOP byte
/// the 96 bytes x48 | y48, and the number of the validator it belongs to for ever, 8 bytes. Reading one costs a cold account
/// (2,600 gas), half of what it would cost in storage.
library KeyStore {
    /// @notice The creation did not get the number expected.
    error KeyStoreOutOfStep(KeyId key);
    /// @notice There is no such key.
    error KeyStoreUnknown(KeyId key);

    uint256 private constant _CODE_SIZE = 105;

    /// @notice Writes a key as the calling contract's creation number `key`.
    function write(KeyId key, bytes memory encoded, uint64 owner) internal {
        address place = SSTORE2.write(abi.encodePacked(encoded, owner));
        if (place != locate(address(this), key)) revert KeyStoreOutOfStep(key);
    }

    /// @notice Where a key's code is. Key 0 has none.
    function locate(address registry, KeyId key) internal pure returns (address) {
        return LibRLP.computeAddress(registry, KeyId.unwrap(key));
    }

    /// @notice Reads a key into an existing point, without allocating memory: for loops.
    function load(address registry, KeyId key, G1Point memory point) internal view {
        address place = _find(registry, key);
        assembly ("memory-safe") {
            mstore(point, 0)
            mstore(add(point, 0x40), 0)
            extcodecopy(place, add(point, 0x10), 1, 0x30)
            extcodecopy(place, add(point, 0x50), 0x31, 0x30)
        }
    }

    /// @notice The same, and whose key it is or was: for the price of one copy.
    function loadOwned(address registry, KeyId key, G1Point memory point) internal view returns (uint64 owner) {
        address place = _find(registry, key);
        assembly ("memory-safe") {
            let at := mload(0x40)
            extcodecopy(place, at, 1, 104)
            mstore(point, shr(128, mload(at)))
            mstore(add(point, 0x20), mload(add(at, 0x10)))
            mstore(add(point, 0x40), shr(128, mload(add(at, 0x30))))
            mstore(add(point, 0x60), mload(add(at, 0x40)))
            owner := shr(192, mload(add(at, 0x60)))
        }
    }

    /// @notice Adds the keys of many seats to a sum.
    /// @param keys their numbers by seat, as in Snapshots
    /// @param bits seat 256 k + j for each bit j
    function addAll(
        G1Point memory total,
        address registry,
        uint256[] memory keys,
        uint256 k,
        uint256 bits
    ) internal view {
        G1Point memory key;
        for (; bits != 0; bits &= bits - 1) {
            Seat seat = Seat.wrap(uint16((k << 8) | LibBit.ffs(bits)));
            load(registry, KeyId.wrap(Snapshots.valueAt(keys, seat)), key);
            BLS12381.accumulate(total, key);
        }
    }

    /// @notice Whose key it is or was.
    function ownerOf(address registry, KeyId key) internal view returns (uint64 owner) {
        address place = _find(registry, key);
        assembly ("memory-safe") {
            mstore(0x00, 0)
            extcodecopy(place, 0x18, 97, 8)
            owner := mload(0x00)
        }
    }

    /// @notice Reads a key as 96 bytes.
    function read(address registry, KeyId key) internal view returns (bytes memory) {
        return SSTORE2.read(_find(registry, key), 0, 96);
    }

    /// @notice Hash of three bytes and a key, without allocating memory: for loops.
    function hashAfter(bytes3 prefix, address registry, KeyId key) internal view returns (bytes32 hash) {
        address place = _find(registry, key);
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, prefix)
            extcodecopy(place, add(at, 3), 1, 0x60)
            hash := keccak256(at, 0x63)
        }
    }

    function _find(address registry, KeyId key) private view returns (address place) {
        place = locate(registry, key);
        if (place.code.length != _CODE_SIZE) revert KeyStoreUnknown(key);
    }
}
