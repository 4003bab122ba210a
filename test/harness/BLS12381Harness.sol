// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BLS12381} from "../../contracts/libraries/BLS12381.sol";
import {G1Point, G2Point} from "../../contracts/types/Types.sol";

/// @notice Opens BLS12381 to the TypeScript tests.
contract BLS12381Harness {
    function verify(G1Point calldata key, bytes32 root, G2Point calldata signature) external view returns (bool) {
        return BLS12381.verify(key, root, signature);
    }

    function verifyPossession(G1Point calldata key, bytes32 root, G2Point calldata proof) external view returns (bool) {
        return BLS12381.verifyPossession(key, root, proof);
    }

    function verifyTwo(
        G1Point calldata key1,
        bytes32 root1,
        G1Point calldata key2,
        bytes32 root2,
        G2Point calldata signature
    ) external view returns (bool) {
        return BLS12381.verifyTwo(key1, root1, key2, root2, signature);
    }

    function verifyAggregate2(
        G1Point calldata key,
        bytes32 root1,
        bytes32 root2,
        G2Point calldata signature
    ) external view returns (bool) {
        return BLS12381.verifyAggregate2(key, root1, root2, signature);
    }

    function hashToG2(bytes32 root) external view returns (G2Point memory) {
        return BLS12381.hashToG2(root);
    }

    function hashToG2ForPossession(bytes32 root) external view returns (G2Point memory) {
        return BLS12381.hashToG2ForPossession(root);
    }

    function add(G1Point calldata a, G1Point calldata b) external view returns (G1Point memory) {
        return BLS12381.add(a, b);
    }

    function subtract(G1Point calldata a, G1Point calldata b) external view returns (G1Point memory) {
        return BLS12381.subtract(a, b);
    }

    function sum(G1Point[] calldata points) external view returns (G1Point memory) {
        return BLS12381.sum(points);
    }

    function negate(G1Point calldata point) external pure returns (G1Point memory) {
        return BLS12381.negate(point);
    }

    function requireInSubgroup(G1Point calldata point) external view {
        BLS12381.requireInSubgroup(point);
    }

    function equal(G1Point calldata a, G1Point calldata b) external pure returns (bool) {
        return BLS12381.equal(a, b);
    }

    function keyBytes(G1Point calldata key) external pure returns (bytes memory) {
        return BLS12381.keyBytes(key);
    }

    function fromKeyBytes(bytes calldata encoded) external pure returns (G1Point memory) {
        return BLS12381.fromKeyBytes(encoded);
    }

    function compressG1(G1Point calldata point) external pure returns (bytes memory) {
        return BLS12381.compress(point);
    }

    function compressG2(G2Point calldata point) external pure returns (bytes memory) {
        return BLS12381.compress(point);
    }

    /// @notice Execution gas of each operation, memory already warm with its arguments.
    function gas(
        G1Point calldata key,
        bytes32 root1,
        bytes32 root2,
        G2Point calldata one,
        G2Point calldata both
    ) external view returns (uint256 verify_, uint256 aggregate2, uint256 hash, uint256 accumulate, uint256 subgroup) {
        G1Point memory k = key;
        G2Point memory s = one;
        G2Point memory t = both;
        uint256 before = gasleft();
        assert(BLS12381.verify(k, root1, s));
        verify_ = before - gasleft();
        before = gasleft();
        assert(BLS12381.verifyAggregate2(k, root1, root2, t));
        aggregate2 = before - gasleft();
        before = gasleft();
        BLS12381.hashToG2(root1);
        hash = before - gasleft();
        G1Point memory total;
        before = gasleft();
        BLS12381.accumulate(total, k);
        accumulate = before - gasleft();
        before = gasleft();
        BLS12381.requireInSubgroup(k);
        subgroup = before - gasleft();
    }
}
