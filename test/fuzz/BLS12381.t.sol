// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BLS12381} from "../../contracts/libraries/BLS12381.sol";
import {G1Point, G2Point} from "../../contracts/types/Types.sol";

/// @notice Signatures made with the multiplication precompiles, verified by the library: bilinearity and the group laws
/// for secret keys and messages of any value.
contract BLS12381FuzzTest {
    uint256 private constant _P_HIGH = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant _P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;
    uint256 private constant _RECIPROCAL = 0x9d835d2f3cc9e45ce28101b0cc7a6ba29;
    uint256 private constant _ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;

    function testFuzz_SignThenVerify(uint256 secretSeed, bytes32 root, bytes32 other) external view {
        uint256 secret = _secret(secretSeed);
        G1Point memory key = _key(secret);
        G2Point memory signature = _multiply(BLS12381.hashToG2(root), secret);
        assert(BLS12381.verify(key, root, signature));
        assert(!BLS12381.verifyPossession(key, root, signature));
        if (other != root) {
            assert(!BLS12381.verify(key, other, signature));
            G2Point memory both = _add(signature, _multiply(BLS12381.hashToG2(other), secret));
            assert(BLS12381.verifyAggregate2(key, root, other, both));
            assert(!BLS12381.verifyAggregate2(key, root, other, signature));
            assert(!BLS12381.verify(key, root, both));
        }
        G2Point memory proof = _multiply(BLS12381.hashToG2ForPossession(root), secret);
        assert(BLS12381.verifyPossession(key, root, proof));
        assert(!BLS12381.verify(key, root, proof));
    }

    function testFuzz_ReducesAsModularExponentiation(uint256 high, uint256 low, uint256 multiple) external view {
        _expectReduced(high, low);
        _expectReduced(type(uint256).max, low);
        // Next to a multiple of the modulus the quotient is hardest to find.
        uint256 quotient = 1 + (multiple % _RECIPROCAL);
        unchecked {
            low = quotient * _P_LOW;
            uint256 carried = mulmod(quotient, _P_LOW, type(uint256).max);
            high = quotient * _P_HIGH + (carried - low - (carried < low ? 1 : 0));
            _expectReduced(high, low);
            _expectReduced(low == 0 ? high - 1 : high, low - 1);
            _expectReduced(low == type(uint256).max ? high + 1 : high, low + 1);
        }
    }

    function testFuzz_AggregateOfOneRoot(uint256[3] calldata seeds, bytes32 root) external view {
        G2Point memory hash = BLS12381.hashToG2(root);
        G1Point[] memory keys = new G1Point[](3);
        G2Point memory signature;
        uint256 total;
        for (uint256 i = 0; i < 3; ++i) {
            uint256 secret = _secret(seeds[i]);
            keys[i] = _key(secret);
            signature = _add(signature, _multiply(hash, secret));
            total = addmod(total, secret, _ORDER);
        }
        if (total == 0) return;
        G1Point memory aggregate = BLS12381.sum(keys);
        assert(BLS12381.equal(aggregate, _key(total)));
        assert(BLS12381.verify(aggregate, root, signature));
        // Without the third, the aggregate less its key is the sum of the first two.
        assert(BLS12381.equal(BLS12381.subtract(aggregate, keys[2]), BLS12381.add(keys[0], keys[1])));
    }

    function testFuzz_FormsOfAKey(uint256 seed) external view {
        uint256 secret = _secret(seed);
        G1Point memory key = _key(secret);
        BLS12381.requireInSubgroup(key);
        assert(BLS12381.equal(BLS12381.fromKeyBytes(BLS12381.keyBytes(key)), key));
        G1Point memory negated = BLS12381.negate(key);
        assert(BLS12381.equal(negated, _key(_ORDER - secret)));
        assert(BLS12381.equal(BLS12381.negate(negated), key));
        assert(BLS12381.isInfinity(BLS12381.add(key, negated)));
        // Of a point and its negative exactly one has the greater y; all else is the same.
        bytes memory compressed = BLS12381.compress(key);
        bytes memory opposite = BLS12381.compress(negated);
        assert(compressed[0] ^ opposite[0] == 0x20);
        assert(compressed[0] & 0xc0 == 0x80);
        for (uint256 i = 1; i < 48; ++i) {
            assert(compressed[i] == opposite[i]);
        }
    }

    function _expectReduced(uint256 high, uint256 low) private view {
        (uint256 first, uint256 second) = BLS12381.reduce(high, low);
        (bool ok, bytes memory output) = address(0x05).staticcall(
            abi.encodePacked(uint256(64), uint256(1), uint256(64), high, low, uint8(1), _P_HIGH, _P_LOW)
        );
        assert(ok);
        (uint256 expectedFirst, uint256 expectedSecond) = abi.decode(output, (uint256, uint256));
        assert(first == expectedFirst && second == expectedSecond);
    }

    function _secret(uint256 seed) private pure returns (uint256) {
        return 1 + (seed % (_ORDER - 1));
    }

    function _key(uint256 secret) private view returns (G1Point memory key) {
        bytes memory input = abi.encode(
            G1Point(
                0x0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0f,
                0xc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb,
                0x0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4,
                0xfcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1
            ),
            secret
        );
        (bool ok, bytes memory output) = address(0x0c).staticcall(input);
        assert(ok);
        key = abi.decode(output, (G1Point));
    }

    function _multiply(G2Point memory point, uint256 secret) private view returns (G2Point memory) {
        (bool ok, bytes memory output) = address(0x0e).staticcall(abi.encode(point, secret));
        assert(ok);
        return abi.decode(output, (G2Point));
    }

    function _add(G2Point memory a, G2Point memory b) private view returns (G2Point memory) {
        (bool ok, bytes memory output) = address(0x0d).staticcall(abi.encode(a, b));
        assert(ok);
        return abi.decode(output, (G2Point));
    }
}
