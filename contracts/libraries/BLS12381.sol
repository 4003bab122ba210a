// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {G1Point, G2Point} from "../types/Types.sol";

/// @title BLS signatures over BLS12-381, keys in G1, signatures in G2
/// @notice The suite BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_ of draft-irtf-cfrg-bls-signature, on the EIP-2537
/// precompiles. Messages are always 32-byte roots (ConsensusCodec makes them).
///
/// Who checks what. The precompiles refuse coordinates that are not below the field's modulus and points off the
/// curve; MSM and pairing also refuse points outside the prime-order subgroup, addition does not. Here every point
/// ends in a pairing, or is itself the argument of one of those checks; arithmetic done by hand (`negate`,
/// `compress`, `keyBytes`) checks the range itself. Infinity is a valid point to the precompiles and verifies
/// under the infinity key, so it is refused here.
///
/// A malformed point reverts, a well-formed signature that is merely wrong makes `false`. A failed precompile burns
/// the gas that was sent with it (63/64 of what is left): gas is not limited to today's prices, since custody must
/// outlive a repricing. A call to a precompile that does not exist succeeds with no data, so sizes are checked; in
/// assembly the arguments of `and` are evaluated from right to left, the call before `returndatasize`.
library BLS12381 {
    /// @notice A coordinate is not below the modulus, or its upper 16 bytes are not zero.
    error BLSCoordinateOutOfRange();
    /// @notice A key or a signature is the point at infinity.
    error BLSPointAtInfinity();
    /// @notice A precompile refused its input (off the curve, out of the subgroup, not canonical), ran out of gas, or
    /// does not exist on this chain.
    error BLSPrecompileFailed();
    /// @notice The two messages of an aggregate are the same.
    error BLSEqualMessages();
    /// @notice A key's byte string is not 96 bytes long.
    error BLSKeyLength(uint256 length);

    /// @dev The base field's modulus, upper and lower word of its 64-byte form.
    uint256 private constant _P_HIGH = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant _P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;
    /// @dev floor(2^512 / p), and 66 ones.
    uint256 private constant _RECIPROCAL = 0x9d835d2f3cc9e45ce28101b0cc7a6ba29;
    uint256 private constant _LOWER = (1 << 66) - 1;
    /// @dev (p - 1) / 2: a coordinate above it is the greater of the two square roots.
    uint256 private constant _HALF_HIGH = 0x0d0088f51cbff34d258dd3db21a5d66b;
    uint256 private constant _HALF_LOW = 0xb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555;

    /// @dev -G, the negated generator of G1.
    bytes32 private constant _NEG_G_X_HIGH = 0x0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0f;
    bytes32 private constant _NEG_G_X_LOW = 0xc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb;
    bytes32 private constant _NEG_G_Y_HIGH = 0x00000000000000000000000000000000114d1d6855d545a8aa7d76c8cf2e21f2;
    bytes32 private constant _NEG_G_Y_LOW = 0x67816aef1db507c96655b9d5caac42364e6f38ba0ecb751bad54dcd6b939c2ca;

    /// @dev The first 32 of a domain separation tag's 43 bytes; they differ in SIG and POP. solady's `hashToG2`
    /// cannot be used: its tag is fixed to another suite.
    bytes32 private constant _SIGNATURE_DST = "BLS_SIG_BLS12381G2_XMD:SHA-256_S";
    bytes32 private constant _POSSESSION_DST = "BLS_POP_BLS12381G2_XMD:SHA-256_S";
    /// @dev The other 11 bytes and the length byte that RFC 9380 section 5.3.1 appends.
    bytes32 private constant _DST_TAIL = "SWU_RO_POP_\x2b";

    /// @notice Whether `signature` is `key`'s signature of `root`.
    /// @dev e(key, H(root)) · e(-G, signature) = 1: one pairing check of two pairs. 157,000 gas.
    function verify(G1Point memory key, bytes32 root, G2Point memory signature) internal view returns (bool) {
        return _verify(key, _hashToG2(root, _SIGNATURE_DST), signature);
    }

    /// @notice Whether `proof` shows that its sender holds the secret key of `key`.
    /// @param root the tag-09 root of ConsensusCodec, which binds chain, registry, validator and key
    /// @dev The pairing also proves that `key` is in the subgroup; once a key has passed, sums of such keys are too.
    function verifyPossession(G1Point memory key, bytes32 root, G2Point memory proof) internal view returns (bool) {
        return _verify(key, _hashToG2(root, _POSSESSION_DST), proof);
    }

    /// @notice Whether `signature` is the sum of `key`'s signatures of two different messages: evidence at the price
    /// of one pairing.
    /// @dev e(key, H(root1) + H(root2)) = e(G, signature). 211,000 gas. Nobody can make the sum for a key that did not sign both.
    /// With equal messages one signature, doubled, would do: refused.
    function verifyAggregate2(
        G1Point memory key,
        bytes32 root1,
        bytes32 root2,
        G2Point memory signature
    ) internal view returns (bool) {
        if (root1 == root2) revert BLSEqualMessages();
        G2Point memory hash = _addG2(_hashToG2(root1, _SIGNATURE_DST), _hashToG2(root2, _SIGNATURE_DST));
        return _verify(key, hash, signature);
    }

    /// @notice Whether `signature` is the sum of `key1`'s signature of `root1` and `key2`'s of `root2`, where each key may
    /// be the sum of several.
    /// @dev e(key1, H(root1)) · e(key2, H(root2)) · e(-G, signature) = 1. 244,000 gas. Whoever proved to have the secret
    /// of each key in a sum cannot make the total for another's: all of them signed. With equal messages that would not
    /// tell which: refused.
    function verifyTwo(
        G1Point memory key1,
        bytes32 root1,
        G1Point memory key2,
        bytes32 root2,
        G2Point memory signature
    ) internal view returns (bool) {
        if (root1 == root2) revert BLSEqualMessages();
        if (isInfinity(key1) || isInfinity(key2) || isInfinity(signature)) revert BLSPointAtInfinity();
        G2Point memory hash1 = _hashToG2(root1, _SIGNATURE_DST);
        G2Point memory hash2 = _hashToG2(root2, _SIGNATURE_DST);
        bool ok;
        uint256 result;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mcopy(input, key1, 0x80)
            mcopy(add(input, 0x80), hash1, 0x100)
            mcopy(add(input, 0x180), key2, 0x80)
            mcopy(add(input, 0x200), hash2, 0x100)
            mstore(add(input, 0x300), _NEG_G_X_HIGH)
            mstore(add(input, 0x320), _NEG_G_X_LOW)
            mstore(add(input, 0x340), _NEG_G_Y_HIGH)
            mstore(add(input, 0x360), _NEG_G_Y_LOW)
            mcopy(add(input, 0x380), signature, 0x100)
            ok := and(eq(returndatasize(), 0x20), staticcall(gas(), 0x0f, input, 0x480, 0x00, 0x20))
            result := mload(0x00)
        }
        if (!ok) revert BLSPrecompileFailed();
        return result == 1;
    }

    /// @notice The point that signatures of `root` are multiples of (RFC 9380 hash_to_curve, random oracle).
    function hashToG2(bytes32 root) internal view returns (G2Point memory) {
        return _hashToG2(root, _SIGNATURE_DST);
    }

    /// @notice The same under the tag of proofs of possession.
    function hashToG2ForPossession(bytes32 root) internal view returns (G2Point memory) {
        return _hashToG2(root, _POSSESSION_DST);
    }

    /// @notice a + b. Neither's subgroup is checked.
    function add(G1Point memory a, G1Point memory b) internal view returns (G1Point memory total) {
        total = G1Point(a.xHigh, a.xLow, a.yHigh, a.yLow);
        accumulate(total, b);
    }

    /// @notice Adds `point` to `total` in place, without allocating memory: for loops over keys. 500 gas and a little.
    function accumulate(G1Point memory total, G1Point memory point) internal view {
        bool ok;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mcopy(input, total, 0x80)
            mcopy(add(input, 0x80), point, 0x80)
            ok := and(eq(returndatasize(), 0x80), staticcall(gas(), 0x0b, input, 0x100, total, 0x80))
        }
        if (!ok) revert BLSPrecompileFailed();
    }

    /// @notice The sum of all points; infinity for none.
    function sum(G1Point[] memory points) internal view returns (G1Point memory total) {
        for (uint256 i = 0; i < points.length; ++i) {
            accumulate(total, points[i]);
        }
    }

    /// @notice a - b.
    function subtract(G1Point memory a, G1Point memory b) internal view returns (G1Point memory difference) {
        difference = negate(b);
        accumulate(difference, a);
    }

    /// @notice -point; infinity stays infinity.
    /// @dev y becomes p - y. The range check keeps a second encoding of infinity, (0, p), from becoming the first.
    function negate(G1Point memory point) internal pure returns (G1Point memory) {
        uint256 high = uint256(point.yHigh);
        uint256 low = uint256(point.yLow);
        _checkCoordinate(high, low);
        if (high | low == 0) return point;
        unchecked {
            uint256 borrow = low > _P_LOW ? 1 : 0;
            return G1Point(point.xHigh, point.xLow, bytes32(_P_HIGH - high - borrow), bytes32(_P_LOW - low));
        }
    }

    /// @notice Reverts unless `point` is a point of the prime-order subgroup, infinity excluded. 12,000 gas.
    /// @dev A multiplication by one: MSM checks its points' subgroup (EIP-2537, "Subgroup checks").
    function requireInSubgroup(G1Point memory point) internal view {
        if (isInfinity(point)) revert BLSPointAtInfinity();
        bool ok;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mcopy(input, point, 0x80)
            mstore(add(input, 0x80), 1)
            ok := and(eq(returndatasize(), 0x80), staticcall(gas(), 0x0c, input, 0xa0, input, 0x80))
        }
        if (!ok) revert BLSPrecompileFailed();
    }

    /// @notice Whether `point` is the encoding of infinity.
    function isInfinity(G1Point memory point) internal pure returns (bool) {
        return point.xHigh | point.xLow | point.yHigh | point.yLow == 0;
    }

    /// @notice Whether `point` is the encoding of infinity.
    function isInfinity(G2Point memory point) internal pure returns (bool) {
        return
            point.x0High |
                point.x0Low |
                point.x1High |
                point.x1Low |
                point.y0High |
                point.y0Low |
                point.y1High |
                point.y1Low ==
            0;
    }

    /// @notice Whether two encodings are the same.
    function equal(G1Point memory a, G1Point memory b) internal pure returns (bool) {
        return a.xHigh == b.xHigh && a.xLow == b.xLow && a.yHigh == b.yHigh && a.yLow == b.yLow;
    }

    /// @notice The 96 bytes x | y that hashes cover and registration stores.
    /// @dev Coordinates out of range are refused: one point has one byte string. Being on the curve is not checked.
    function keyBytes(G1Point memory key) internal pure returns (bytes memory encoded) {
        _checkCoordinate(uint256(key.xHigh), uint256(key.xLow));
        _checkCoordinate(uint256(key.yHigh), uint256(key.yLow));
        encoded = abi.encodePacked(uint128(uint256(key.xHigh)), key.xLow, uint128(uint256(key.yHigh)), key.yLow);
    }

    /// @notice The point of 96 bytes x | y. Nothing but the length is checked.
    function fromKeyBytes(bytes memory encoded) internal pure returns (G1Point memory key) {
        if (encoded.length != 96) revert BLSKeyLength(encoded.length);
        assembly ("memory-safe") {
            let data := add(encoded, 0x20)
            mstore(key, shr(128, mload(data)))
            mstore(add(key, 0x20), mload(add(data, 0x10)))
            mstore(add(key, 0x40), shr(128, mload(add(data, 0x30))))
            mstore(add(key, 0x60), mload(add(data, 0x40)))
        }
    }

    /// @notice The 48-byte compressed form that keys have on the wire (ZCash flags: compressed, infinity, greater y).
    function compress(G1Point memory point) internal pure returns (bytes memory) {
        (uint256 high, uint256 low) = (uint256(point.xHigh), uint256(point.xLow));
        (uint256 yHigh, uint256 yLow) = (uint256(point.yHigh), uint256(point.yLow));
        _checkCoordinate(high, low);
        _checkCoordinate(yHigh, yLow);
        return abi.encodePacked(uint128(high | _flags(isInfinity(point), yHigh, yLow)), low);
    }

    /// @notice The 96-byte compressed form that signatures have on the wire: x.c1, then x.c0.
    function compress(G2Point memory point) internal pure returns (bytes memory) {
        (uint256 high, uint256 low) = (uint256(point.x1High), uint256(point.x1Low));
        _checkCoordinate(high, low);
        _checkCoordinate(uint256(point.x0High), uint256(point.x0Low));
        _checkCoordinate(uint256(point.y0High), uint256(point.y0Low));
        (uint256 yHigh, uint256 yLow) = (uint256(point.y1High), uint256(point.y1Low));
        _checkCoordinate(yHigh, yLow);
        // The greater root is decided by c1, by c0 only where c1 is zero.
        if (yHigh | yLow == 0) (yHigh, yLow) = (uint256(point.y0High), uint256(point.y0Low));
        high |= _flags(isInfinity(point), yHigh, yLow);
        return abi.encodePacked(uint128(high), low, uint128(uint256(point.x0High)), point.x0Low);
    }

    function _verify(G1Point memory key, G2Point memory hash, G2Point memory signature) private view returns (bool) {
        if (isInfinity(key) || isInfinity(signature)) revert BLSPointAtInfinity();
        bool ok;
        uint256 result;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mcopy(input, key, 0x80)
            mcopy(add(input, 0x80), hash, 0x100)
            mstore(add(input, 0x180), _NEG_G_X_HIGH)
            mstore(add(input, 0x1a0), _NEG_G_X_LOW)
            mstore(add(input, 0x1c0), _NEG_G_Y_HIGH)
            mstore(add(input, 0x1e0), _NEG_G_Y_LOW)
            mcopy(add(input, 0x200), signature, 0x100)
            ok := and(eq(returndatasize(), 0x20), staticcall(gas(), 0x0f, input, 0x300, 0x00, 0x20))
            result := mload(0x00)
        }
        if (!ok) revert BLSPrecompileFailed();
        return result == 1;
    }

    function _addG2(G2Point memory a, G2Point memory b) private view returns (G2Point memory total) {
        bool ok;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mcopy(input, a, 0x100)
            mcopy(add(input, 0x100), b, 0x100)
            ok := and(eq(returndatasize(), 0x100), staticcall(gas(), 0x0d, input, 0x200, total, 0x100))
        }
        if (!ok) revert BLSPrecompileFailed();
    }

    /// @dev RFC 9380 hash_to_curve: section 5.3.1 expand_message_xmd(root, dst, 256) with SHA-256, section 5.2
    /// hash_to_field by four reductions of 64 bytes, then for both field elements map_to_curve (the precompile clears
    /// the cofactor) and one addition.
    function _hashToG2(bytes32 root, bytes32 dst) private view returns (G2Point memory point) {
        bool ok;
        uint256 b0;
        uint256 place;
        assembly ("memory-safe") {
            let block_ := mload(0x40)

            // b_0 = H(64 zero bytes | root | length 256 in 2 bytes | 0 | dst | its length): 143 bytes.
            mstore(block_, 0)
            mstore(add(block_, 0x20), 0)
            mstore(add(block_, 0x40), root)
            mstore(add(block_, 0x60), shl(232, 0x010000))
            mstore(add(block_, 0x63), dst)
            mstore(add(block_, 0x83), _DST_TAIL)
            ok := staticcall(gas(), 0x02, block_, 0x8f, 0x00, 0x20)
            b0 := mload(0x00)

            // What the other hashes end in. The field elements stand behind: no memory is allocated in between.
            mstore(add(block_, 0x21), dst)
            mstore(add(block_, 0x41), _DST_TAIL)
            place := add(block_, 0x60)
        }
        // b_i = H((b_0 xor b_(i-1)) | i | dst | its length): 77 bytes; b_1 is over b_0 alone. Two are 64 bytes, which
        // reduced are the next coordinate.
        uint256 low;
        for (uint256 i = 1; i < 9; i += 2) {
            uint256 high;
            assembly ("memory-safe") {
                let block_ := mload(0x40)
                mstore(block_, xor(b0, low))
                mstore8(add(block_, 0x20), i)
                ok := and(ok, staticcall(gas(), 0x02, block_, 0x4d, 0x00, 0x20))
                high := mload(0x00)
                mstore(block_, xor(b0, high))
                mstore8(add(block_, 0x20), add(i, 1))
                ok := and(ok, staticcall(gas(), 0x02, block_, 0x4d, 0x00, 0x20))
                low := mload(0x00)
            }
            (uint256 first, uint256 second) = reduce(high, low);
            assembly ("memory-safe") {
                mstore(place, first)
                mstore(add(place, 0x20), second)
                place := add(place, 0x40)
            }
        }
        assembly ("memory-safe") {
            let fields := sub(place, 0x100)
            ok := and(ok, staticcall(gas(), 0x11, fields, 0x80, place, 0x100))
            ok := and(ok, eq(returndatasize(), 0x100))
            ok := and(ok, staticcall(gas(), 0x11, add(fields, 0x80), 0x80, add(place, 0x100), 0x100))
            ok := and(ok, staticcall(gas(), 0x0d, place, 0x200, point, 0x100))
            ok := and(ok, eq(returndatasize(), 0x100))
        }
        if (!ok) revert BLSPrecompileFailed();
    }

    /// @notice A number of 512 bits, modulo the base field's modulus: upper and lower word.
    /// @dev Barrett's reduction, 200 gas; modular exponentiation by 1 costs 620. With A = number >> 380 and
    /// m = floor(2^512 / p) the quotient is taken as A * m >> 132, A in two halves of 66 bits to fit a word. It falls
    /// short by less than 2^380 / p for what A lacks, 1 for what m lacks, 1 for rounding, so by at most two:
    /// subtractions at the end make it exact.
    function reduce(uint256 high, uint256 low) internal pure returns (uint256 upper, uint256 lower) {
        assembly ("memory-safe") {
            let a := shr(124, high)
            let quotient := shr(66, add(mul(shr(66, a), _RECIPROCAL), shr(66, mul(and(a, _LOWER), _RECIPROCAL))))
            // quotient * p, 512 bits: what the lower product carries is found modulo 2^256 - 1.
            let product := mul(quotient, _P_LOW)
            let carried := mulmod(quotient, _P_LOW, not(0))
            carried := sub(sub(carried, product), lt(carried, product))
            upper := sub(sub(high, add(mul(quotient, _P_HIGH), carried)), lt(low, product))
            lower := sub(low, product)
            for {} or(gt(upper, _P_HIGH), and(eq(upper, _P_HIGH), iszero(lt(lower, _P_LOW)))) {} {
                upper := sub(sub(upper, _P_HIGH), lt(lower, _P_LOW))
                lower := sub(lower, _P_LOW)
            }
        }
    }

    /// @dev The flags of a compressed point's first byte, placed in the upper word of its 48 bytes.
    function _flags(bool infinity, uint256 yHigh, uint256 yLow) private pure returns (uint256) {
        if (infinity) return 0xc0 << 120;
        bool greater = yHigh > _HALF_HIGH || (yHigh == _HALF_HIGH && yLow > _HALF_LOW);
        return greater ? 0xa0 << 120 : 0x80 << 120;
    }

    function _checkCoordinate(uint256 high, uint256 low) private pure {
        if (high > _P_HIGH || (high == _P_HIGH && low >= _P_LOW)) revert BLSCoordinateOutOfRange();
    }
}
