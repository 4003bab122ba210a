// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Snapshots} from "../../contracts/libraries/Snapshots.sol";
import {Seat} from "../../contracts/types/Types.sol";

/// @notice Packed words, trees and bitmaps against slow references.
contract SnapshotsFuzzTest {
    Snapshots.KeyTree private _tree;

    function testFuzz_LanesDoNotTouchEachOther(
        uint256 word,
        uint16 seatSeed,
        uint16 otherSeed,
        uint32 value
    ) external pure {
        Seat seat = Seat.wrap(seatSeed % 1024);
        Seat other = Seat.wrap(otherSeed % 1024);
        uint256 changed = Snapshots.withLane(word, seat, value);
        assert(Snapshots.lane(changed, seat) == value);
        if ((seatSeed ^ otherSeed) & 7 != 0) {
            assert(Snapshots.lane(changed, other) == Snapshots.lane(word, other));
        }
        assert(Snapshots.withLane(changed, seat, Snapshots.lane(word, seat)) == word);
    }

    function testFuzz_WordIsTheSumOfItsLanes(uint32[8] calldata values, uint8 index) external pure {
        uint256 word;
        uint256 expected;
        for (uint16 j = 0; j < 8; ++j) {
            word = Snapshots.withLane(word, Seat.wrap(uint16(index % 128) * 8 + j), values[j]);
            expected += uint256(values[j]) * 2 ** (32 * j);
        }
        assert(word == expected);
    }

    function testFuzz_BlobKeepsWords(uint256[] calldata given) external {
        uint256[] memory words = _firstWords(given);
        address blob = Snapshots.writeBlob(words);
        uint256[] memory read = Snapshots.readBlob(blob);
        assert(keccak256(abi.encode(read)) == keccak256(abi.encode(words)));
        for (uint256 i = 0; i < words.length + 2; ++i) {
            uint256 word = Snapshots.blobWord(blob, i);
            assert(word == (i < words.length ? words[i] : 0));
            Seat seat = Seat.wrap(uint16(8 * i + (i % 8)));
            assert(Snapshots.blobValue(blob, seat) == Snapshots.valueAt(words, seat));
        }
    }

    function testFuzz_WeightTree(uint256[] calldata given) external pure {
        uint256[] memory words = _firstWords(given);
        bytes32[] memory leaves = new bytes32[](128);
        for (uint256 i = 0; i < words.length; ++i) {
            leaves[i] = bytes32(words[i]);
        }
        assert(Snapshots.weightsRoot(words) == _slowRoot(leaves));
    }

    /// @notice Groups are written and replaced in any order; the root is always that of all 1024 leaves.
    function testFuzz_KeyTree(uint8[6] calldata groups, bytes32[8][6] calldata leaves) external {
        bytes32[] memory all = new bytes32[](1024);
        uint256 used;
        for (uint256 i = 0; i < 6; ++i) {
            uint256 group = groups[i] % 128;
            Snapshots.setGroup(_tree, group, leaves[i]);
            for (uint256 j = 0; j < 8; ++j) {
                all[8 * group + j] = leaves[i][j];
            }
            if (group >= used) used = group + 1;
        }
        assert(Snapshots.root(_tree, 128) == Snapshots.root(_tree, used));
        assert(Snapshots.root(_tree, used) == _slowRoot(all));
    }

    function testFuzz_Bitmaps(uint256[4] memory bitmap, uint16 seatSeed, uint16 otherSeed) external pure {
        Seat seat = Seat.wrap(seatSeed % 1024);
        Seat other = Seat.wrap(otherSeed % 1024);
        uint256 size;
        for (uint16 i = 0; i < 1024; ++i) {
            if (Snapshots.contains(bitmap, Seat.wrap(i))) ++size;
        }
        assert(Snapshots.size(bitmap) == size);

        bool had = Snapshots.contains(bitmap, seat);
        bool hadOther = Snapshots.contains(bitmap, other);
        Snapshots.insert(bitmap, seat);
        assert(Snapshots.contains(bitmap, seat));
        assert(Snapshots.size(bitmap) == (had ? size : size + 1));
        Snapshots.remove(bitmap, seat);
        assert(!Snapshots.contains(bitmap, seat));
        assert(Snapshots.size(bitmap) == (had ? size - 1 : size));
        if (seatSeed % 1024 != otherSeed % 1024) assert(Snapshots.contains(bitmap, other) == hadOther);
    }

    function _firstWords(uint256[] calldata given) private pure returns (uint256[] memory words) {
        uint256 count = given.length < 128 ? given.length : 128;
        words = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            words[i] = given[i];
        }
    }

    /// @dev Every node of a perfect tree.
    function _slowRoot(bytes32[] memory row) private pure returns (bytes32) {
        for (uint256 count = row.length; count > 1; count /= 2) {
            for (uint256 i = 0; i < count / 2; ++i) {
                row[i] = keccak256(abi.encodePacked(row[2 * i], row[2 * i + 1]));
            }
        }
        return row[0];
    }
}
