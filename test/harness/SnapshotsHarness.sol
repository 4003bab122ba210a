// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SealedSnapshots, SealedTables, SigningSet} from "../../contracts/libraries/SealedSnapshots.sol";
import {Snapshots} from "../../contracts/libraries/Snapshots.sol";
import {Mode, Seat} from "../../contracts/types/Types.sol";

/// @notice Opens Snapshots to the TypeScript tests.
contract SnapshotsHarness {
    Snapshots.KeyTree private _tree;

    /// @notice Address of the last blob written.
    address public blob;

    function signingSet(address sealed_, Mode mode) external view returns (SigningSet memory) {
        return SealedSnapshots.signingSet(sealed_, mode);
    }

    function tables(address sealed_) external view returns (SealedTables memory) {
        return SealedSnapshots.tables(sealed_);
    }

    function lane(uint256 word, Seat seat) external pure returns (uint32) {
        return Snapshots.lane(word, seat);
    }

    function withLane(uint256 word, Seat seat, uint32 value) external pure returns (uint256) {
        return Snapshots.withLane(word, seat, value);
    }

    function valueAt(uint256[] calldata words, Seat seat) external pure returns (uint32) {
        return Snapshots.valueAt(words, seat);
    }

    function writeBlob(uint256[] calldata words) external {
        blob = Snapshots.writeBlob(words);
    }

    function readBlob() external view returns (uint256[] memory) {
        return Snapshots.readBlob(blob);
    }

    function blobWord(uint256 index) external view returns (uint256) {
        return Snapshots.blobWord(blob, index);
    }

    function blobValue(Seat seat) external view returns (uint32) {
        return Snapshots.blobValue(blob, seat);
    }

    function weightsRoot(uint256[] calldata words) external pure returns (bytes32) {
        return Snapshots.weightsRoot(words);
    }

    function setGroup(uint256 group, bytes32[8] calldata leaves) external {
        Snapshots.setGroup(_tree, group, leaves);
    }

    function root(uint256 count) external view returns (bytes32) {
        return Snapshots.root(_tree, count);
    }

    function contains(uint256[4] calldata bitmap, Seat seat) external pure returns (bool) {
        return Snapshots.contains(bitmap, seat);
    }

    function insert(uint256[4] memory bitmap, Seat seat) external pure returns (uint256[4] memory) {
        Snapshots.insert(bitmap, seat);
        return bitmap;
    }

    function remove(uint256[4] memory bitmap, Seat seat) external pure returns (uint256[4] memory) {
        Snapshots.remove(bitmap, seat);
        return bitmap;
    }

    function size(uint256[4] calldata bitmap) external pure returns (uint256) {
        return Snapshots.size(bitmap);
    }

    function sizeOfWord(uint256 word) external pure returns (uint256) {
        return Snapshots.size(word);
    }

    function firstSeats(uint256 n) external pure returns (uint256) {
        return Snapshots.firstSeats(n);
    }
}
