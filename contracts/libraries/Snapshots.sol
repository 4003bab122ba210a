// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";
import {LibBit} from "solady/src/utils/LibBit.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {Seat} from "../types/Types.sol";

/// @title The pieces that a registry snapshot is made of
/// @notice Packed words: 32 bits per seat, seat 8w + j in bits [32j, 32j + 32) of word w; weights in whole AITBC, and
/// key numbers, have this form. Blobs: words written once as a contract's code. Merkle trees of fixed depth over the
/// 1024 seats, node = keccak256(left | right) without a tag. Bitmaps: seat 256k + j is bit j of word k.
library Snapshots {
    /// @notice Seats of a registry.
    uint256 internal constant SEATS = 1024;
    /// @notice Words that hold 32 bits for each seat.
    uint256 internal constant WORDS = 128;

    /// @notice A seat is not below 1024.
    error SnapshotSeatOutOfRange(Seat seat);
    /// @notice More words than 1024 seats have.
    error SnapshotTooManyWords(uint256 count);

    /// @notice A Merkle tree over 1024 leaves, of which storage has the roots of its 128 groups of eight seats.
    /// @dev A leaf is made of a key that is code, cheaper to read again than to keep: a group is hashed anew when one of
    /// its seats changes. Group g is seats 8g to 8g + 7, the seats of word g; one never written holds 0 and is vacant.
    struct KeyTree {
        bytes32[128] groups;
    }

    /// @notice The seat's 32 bits of its word.
    function lane(uint256 word, Seat seat) internal pure returns (uint32) {
        // The cast keeps the lowest 32 bits.
        return uint32(word >> _shift(seat));
    }

    /// @notice `word` with the seat's 32 bits replaced.
    function withLane(uint256 word, Seat seat, uint32 value) internal pure returns (uint256) {
        uint256 shift = _shift(seat);
        return (word & ~(uint256(type(uint32).max) << shift)) | (uint256(value) << shift);
    }

    /// @notice Index of the seat's word.
    function wordIndex(Seat seat) internal pure returns (uint256) {
        return Seat.unwrap(seat) >> 3;
    }

    /// @notice The seat's value in an array that may end before it: 0 then.
    function valueAt(uint256[] memory words, Seat seat) internal pure returns (uint32) {
        uint256 index = wordIndex(seat);
        return index < words.length ? lane(words[index], seat) : 0;
    }

    /// @notice Writes words as the code of a new contract.
    /// @param words at most 128; words that would be zero at the end can be left out
    function writeBlob(uint256[] memory words) internal returns (address blob) {
        if (words.length > WORDS) revert SnapshotTooManyWords(words.length);
        bytes memory data;
        assembly ("memory-safe") {
            // The same memory as bytes, for as long as it is written.
            data := words
            mstore(data, shl(5, mload(words)))
        }
        blob = SSTORE2.write(data);
        assembly ("memory-safe") {
            mstore(words, shr(5, mload(words)))
        }
    }

    /// @notice All words of a blob.
    function readBlob(address blob) internal view returns (uint256[] memory words) {
        bytes memory data = SSTORE2.read(blob);
        assembly ("memory-safe") {
            words := data
            mstore(words, shr(5, mload(words)))
        }
    }

    /// @notice One word of a blob; 0 beyond its end and at an address without code.
    function blobWord(address blob, uint256 index) internal view returns (uint256 word) {
        assembly ("memory-safe") {
            // Code starts with a STOP byte, so that nobody can run it.
            extcodecopy(blob, 0x00, add(shl(5, index), 1), 0x20)
            word := mload(0x00)
        }
    }

    /// @notice One seat's value in a blob; 0 beyond its end. 2,800 gas, 300 if the blob was read before.
    function blobValue(address blob, Seat seat) internal view returns (uint32) {
        return lane(blobWord(blob, wordIndex(seat)), seat);
    }

    /// @notice Root of the tree of depth 7 over 128 words, those not given being 0. 17,000 gas for all 128.
    function weightsRoot(uint256[] memory words) internal pure returns (bytes32 result) {
        uint256 count = words.length;
        if (count > WORDS) revert SnapshotTooManyWords(count);
        assembly ("memory-safe") {
            // Each row is hashed pair by pair into its own first half; the root of an empty subtree of the row's depth
            // completes a row of odd length.
            let row := mload(0x40)
            mcopy(row, add(words, 0x20), shl(5, count))
            let empty := 0
            for {
                let depth := 0
            } lt(depth, 7) {
                depth := add(depth, 1)
            } {
                mstore(add(row, shl(5, count)), empty)
                count := shr(1, add(count, 1))
                let end := add(row, shl(5, count))
                let pair := row
                for {
                    let node := row
                } lt(node, end) {
                    node := add(node, 0x20)
                } {
                    mstore(node, keccak256(pair, 0x40))
                    pair := add(pair, 0x40)
                }
                mstore(0x00, empty)
                mstore(0x20, empty)
                empty := keccak256(0x00, 0x40)
            }
            switch count
            case 0 {
                result := empty
            }
            default {
                result := mload(row)
            }
        }
    }

    /// @notice Renews a group of eight seats.
    /// @param leaves the eight seats' leaves in order, 0 for a vacant seat
    function setGroup(KeyTree storage tree, uint256 group, bytes32[8] memory leaves) internal {
        bytes32 value;
        assembly ("memory-safe") {
            // Three rows, each into the scratch space behind the free memory pointer.
            let row := mload(0x40)
            let from := leaves
            for {
                let count := 4
            } count {
                count := shr(1, count)
            } {
                for {
                    let i := 0
                } lt(i, count) {
                    i := add(i, 1)
                } {
                    mstore(add(row, shl(5, i)), keccak256(add(from, shl(6, i)), 0x40))
                }
                from := row
            }
            value := mload(row)
        }
        tree.groups[group] = value;
    }

    /// @notice The tree's root.
    /// @param count groups in use: those from there on are vacant. 2,300 gas each.
    function root(KeyTree storage tree, uint256 count) internal view returns (bytes32) {
        bytes32 vacant;
        for (uint256 depth = 0; depth < 3; ++depth) {
            vacant = EfficientHashLib.hash(vacant, vacant);
        }
        uint256[] memory row = new uint256[](WORDS);
        for (uint256 i = 0; i < WORDS; ++i) {
            bytes32 value = i < count ? tree.groups[i] : bytes32(0);
            row[i] = uint256(value == 0 ? vacant : value);
        }
        return weightsRoot(row);
    }

    /// @notice Whether the seat's bit is set; false from seat 1024 on.
    function contains(uint256[4] memory bitmap, Seat seat) internal pure returns (bool) {
        uint256 index = Seat.unwrap(seat);
        return index < SEATS && (bitmap[index >> 8] >> (index & 0xff)) & 1 == 1;
    }

    /// @notice Sets the seat's bit in place.
    function insert(uint256[4] memory bitmap, Seat seat) internal pure {
        if (Seat.unwrap(seat) >= SEATS) revert SnapshotSeatOutOfRange(seat);
        uint256 index = Seat.unwrap(seat);
        bitmap[index >> 8] |= 1 << (index & 0xff);
    }

    /// @notice Clears the seat's bit in place.
    function remove(uint256[4] memory bitmap, Seat seat) internal pure {
        if (Seat.unwrap(seat) >= SEATS) revert SnapshotSeatOutOfRange(seat);
        uint256 index = Seat.unwrap(seat);
        bitmap[index >> 8] &= ~(1 << (index & 0xff));
    }

    /// @notice Number of seats in the bitmap.
    function size(uint256[4] memory bitmap) internal pure returns (uint256) {
        return
            LibBit.popCount(bitmap[0]) +
            LibBit.popCount(bitmap[1]) +
            LibBit.popCount(bitmap[2]) +
            LibBit.popCount(bitmap[3]);
    }

    /// @notice Number of seats in one word of a bitmap.
    function size(uint256 word) internal pure returns (uint256) {
        return LibBit.popCount(word);
    }

    /// @notice The word in which seats 0 to n - 1 are set.
    /// @param n at most 256
    function firstSeats(uint256 n) internal pure returns (uint256) {
        return n > 255 ? type(uint256).max : (1 << n) - 1;
    }

    function _shift(Seat seat) private pure returns (uint256) {
        return uint256(Seat.unwrap(seat) & 7) << 5;
    }
}
