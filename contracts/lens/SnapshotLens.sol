// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LibBit} from "solady/src/utils/LibBit.sol";
import {LibSort} from "solady/src/utils/LibSort.sol";
import {IConsensusParameters} from "../interfaces/governance/IConsensusParameters.sol";
import {IElections} from "../interfaces/staking/IElections.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {SealedSnapshot, SealedSnapshots} from "../libraries/SealedSnapshots.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {KeyId, Seat} from "../types/Types.sol";

/// @title What Elections shows, kept apart so that both stay small
/// @notice A linked library for calls, not transactions: unpacks snapshots and finds the hints that a seal needs.
library SnapshotLens {
    using Snapshots for uint256[4];

    uint256 private constant _MILLION = 1_000_000;

    /// @notice The snapshot in a blob.
    function snapshotAt(address blob) external view returns (IElections.Snapshot memory result) {
        SealedSnapshot memory s = SealedSnapshots.load(blob);
        result.hash = s.hash;
        result.number = s.number;
        result.epoch = s.epoch;
        result.n = s.n;
        result.nAuth = s.nAuth;
        result.suspended = s.suspended;
        result.backing = s.backing;
        result.totalStake = s.totalStake;
        result.backingStake = s.backingStake;
        result.stakers = s.stakers;
        result.backingStakers = s.backingStakers;
        result.cut = s.cut;
        result.keysRoot = s.keysRoot;
        result.weightsRoot = s.weightsRoot;
        result.paramsHash = s.paramsHash;
        result.parameters = s.parameters;
        result.sealer = s.sealer;
        result.idleStake = s.idleStake;
        result.weights = Snapshots.readBlob(s.weights);
        result.keys = _keysOf(s, 0, s.n);
    }

    /// @notice Public keys of a page of seats, 96 bytes each.
    function keyTable(address registry, address blob, uint16 from, uint16 count) external view returns (bytes memory) {
        return IValidatorRegistry(registry).keysBytes(_keysOf(SealedSnapshots.load(blob), from, count));
    }

    /// @notice Validators of a page of seats.
    function validatorsOf(
        address registry,
        address blob,
        uint16 from,
        uint16 count
    ) external view returns (uint64[] memory validators) {
        KeyId[] memory keys = _keysOf(SealedSnapshots.load(blob), from, count);
        validators = new uint64[](keys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            validators[i] = IValidatorRegistry(registry).ownerOfKey(keys[i]);
        }
    }

    /// @notice Sorts the stakers that qualify and searches the cut.
    /// @param words weights before any cap
    /// @param qualified seats of the stakers that qualify for the backing set
    /// @param places stakers that fit in it
    function findHints(
        IConsensusParameters.Stake memory rules,
        uint256[] memory words,
        uint256[4] memory qualified,
        uint256 places
    ) external pure returns (IElections.SealHints memory hints) {
        // Heavier first, then the lower seat: ascending by the complement.
        uint256[] memory order = new uint256[](qualified.size());
        uint256 filled;
        for (uint256 k = 0; k < 4; ++k) {
            for (uint256 bits = qualified[k]; bits != 0; bits &= bits - 1) {
                uint256 seat = (k << 8) | LibBit.ffs(bits);
                uint256 weight = Snapshots.valueAt(words, Seat.wrap(uint16(seat)));
                order[filled++] = (uint256(type(uint32).max - weight) << 16) | seat;
            }
        }
        LibSort.sort(order);
        uint256 count = order.length < places ? order.length : places;
        if (count == 0) return hints;
        hints.lastWeight = type(uint32).max - uint32(order[count - 1] >> 16);
        hints.lastSeat = Seat.wrap(uint16(order[count - 1]));
        if (count >= rules.stakeCapFrom) hints.cut = _findCut(order, count, rules.stakeCap);
    }

    /// @dev Σ min(s, c) · cap - c is concave and 0 at 0: what fits is an interval from 0.
    function _findCut(uint256[] memory order, uint256 count, uint256 cap) private pure returns (uint32) {
        uint256 low = 0;
        uint256 high = type(uint32).max;
        while (low < high) {
            uint256 middle = (low + high + 1) / 2;
            uint256 stake;
            for (uint256 i = 0; i < count; ++i) {
                uint256 weight = type(uint32).max - (order[i] >> 16);
                stake += weight < middle ? weight : middle;
            }
            if (middle * _MILLION <= cap * stake) low = middle;
            else high = middle - 1;
        }
        return uint32(low);
    }

    function _keysOf(SealedSnapshot memory s, uint256 from, uint256 count) private view returns (KeyId[] memory keys) {
        uint256 end = from + count < s.n ? from + count : s.n;
        uint256[] memory words = Snapshots.readBlob(s.keys);
        keys = new KeyId[](end > from ? end - from : 0);
        for (uint256 i = 0; i < keys.length; ++i) {
            keys[i] = KeyId.wrap(Snapshots.valueAt(words, Seat.wrap(uint16(from + i))));
        }
    }
}
