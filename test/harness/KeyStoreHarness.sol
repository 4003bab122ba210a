// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {KeyStore} from "../../contracts/libraries/KeyStore.sol";
import {G1Point, KeyId} from "../../contracts/types/Types.sol";

/// @notice Opens the library for tests.
contract KeyStoreHarness {
    function write(KeyId key, bytes memory encoded, uint64 owner) external {
        KeyStore.write(key, encoded, owner);
    }

    function load(KeyId key) external view returns (G1Point memory point) {
        KeyStore.load(address(this), key, point);
    }

    function loadOwned(KeyId key) external view returns (G1Point memory point, uint64 owner) {
        owner = KeyStore.loadOwned(address(this), key, point);
    }

    function ownerOf(KeyId key) external view returns (uint64) {
        return KeyStore.ownerOf(address(this), key);
    }

    function hashAfter(bytes3 prefix, KeyId key) external view returns (bytes32) {
        return KeyStore.hashAfter(prefix, address(this), key);
    }

    function read(KeyId key) external view returns (bytes memory) {
        return KeyStore.read(address(this), key);
    }
}
