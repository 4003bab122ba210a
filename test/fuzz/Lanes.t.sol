// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Lanes} from "../../contracts/libraries/Lanes.sol";

/// @notice What is done to eight numbers at once, against the same one by one.
contract LanesFuzzTest {
    uint256 private constant _TOP = 1 << 31;
    /// @dev Weights are below it.
    uint256 private constant _BILLION = 1 << 30;

    function testFuzz_AtLeast(uint32[8] calldata given, uint32 bound, uint8 equal) external pure {
        uint32[8] memory numbers = _weights(given);
        numbers[equal % 8] = uint32(bound % _BILLION);
        uint256 word = _pack(numbers);
        // Just below a number that is there, at it and just above.
        uint256 from = numbers[equal % 8] == 0 ? 0 : numbers[equal % 8] - 1;
        for (uint256 least = from; least < from + 3; ++least) {
            uint256 expected;
            for (uint256 j = 0; j < 8; ++j) {
                if (numbers[j] >= least) expected |= 1 << j;
            }
            assert(Lanes.atLeast(word, least) == expected);
        }
    }

    function testFuzz_NothingReachesABoundAboveAllWeights(uint32[8] calldata given, uint256 bound) external pure {
        uint256 word = _pack(_weights(given));
        if (bound < _TOP) bound += _TOP;
        assert(Lanes.atLeast(word, bound) == 0);
        if (bound != type(uint256).max) assert(Lanes.limited(word, bound) == word);
    }

    function testFuzz_NonZero(uint32[8] memory numbers, uint8 vacant, uint8 top) external pure {
        uint256 expected;
        for (uint256 j = 0; j < 8; ++j) {
            if ((vacant >> j) & 1 == 1)
                numbers[j] = 0;
                // Also numbers of which only the top bit is set.
            else if ((top >> j) & 1 == 1) numbers[j] = uint32(_TOP);
            if (numbers[j] != 0) expected |= 1 << j;
        }
        assert(Lanes.nonZero(_pack(numbers)) == expected);
    }

    function testFuzz_Mask(uint8 bits) external pure {
        uint32[8] memory numbers;
        for (uint256 j = 0; j < 8; ++j) {
            if ((bits >> j) & 1 == 1) numbers[j] = type(uint32).max;
        }
        assert(Lanes.mask(bits) == _pack(numbers));
    }

    function testFuzz_Limited(uint32[8] calldata given, uint32 limit, uint8 equal) external pure {
        uint32[8] memory numbers = _weights(given);
        limit = uint32(limit % _BILLION);
        numbers[equal % 8] = limit;
        uint256 word = _pack(numbers);
        for (uint256 j = 0; j < 8; ++j) {
            if (numbers[j] > limit) numbers[j] = limit;
        }
        assert(Lanes.limited(word, limit) == _pack(numbers));
    }

    function testFuzz_Sum(uint32[8][] calldata given) external pure {
        uint256 count = given.length < 128 ? given.length : 128;
        uint256[] memory words = new uint256[](count);
        uint256 expected;
        for (uint256 i = 0; i < count; ++i) {
            words[i] = _pack(given[i]);
            for (uint256 j = 0; j < 8; ++j) {
                expected += given[i][j];
            }
        }
        assert(Lanes.sum(words) == expected);
    }

    function test_SumOfTheGreatest() external pure {
        uint256[] memory words = new uint256[](128);
        for (uint256 i = 0; i < 128; ++i) {
            words[i] = type(uint256).max;
        }
        assert(Lanes.sum(words) == 1024 * uint256(type(uint32).max));
    }

    function _weights(uint32[8] calldata given) private pure returns (uint32[8] memory numbers) {
        for (uint256 j = 0; j < 8; ++j) {
            numbers[j] = uint32(given[j] % _BILLION);
        }
    }

    function _pack(uint32[8] memory numbers) private pure returns (uint256 word) {
        for (uint256 j = 0; j < 8; ++j) {
            word |= uint256(numbers[j]) << (32 * j);
        }
    }
}
