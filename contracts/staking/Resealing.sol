// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LibBit} from "solady/src/utils/LibBit.sol";
import {IElections} from "../interfaces/staking/IElections.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {BLS12381} from "../libraries/BLS12381.sol";
import {KeyStore} from "../libraries/KeyStore.sol";
import {Lanes} from "../libraries/Lanes.sol";
import {SealedSnapshot, SealedSnapshots} from "../libraries/SealedSnapshots.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {Epoch, G1Point, KeyId, Seat} from "../types/Types.sol";
import {SeatTable} from "./SeatTable.sol";

/// @title A registry sealed again at a recovery point
/// @notice A linked library, part of Elections: copies a sealed registry and takes out who is out. Loops run over seats
/// eight at a time, over authorities left out, and over the keys that leave the backing set or are authorities'.
library Resealing {
    using Snapshots for uint256[4];
    using SealedSnapshots for SealedSnapshot;

    /// @notice A registry to seal again.
    /// @param epoch epoch that begins
    /// @param source blob of the registry
    /// @param registry whose keys they are
    /// @param silent seats of authorities left out
    /// @param left further seats left out of this registry
    /// @param spared seats that count although in jail
    /// @param sealer who gets the credit
    /// @param nAuth authorities' seats now
    struct Copy {
        Epoch epoch;
        address source;
        IValidatorRegistry registry;
        uint256 silent;
        uint256[4] left;
        uint256[4] spared;
        address sealer;
        uint16 nAuth;
    }

    /// @notice Seals a registry again without the weights of who is out, under the number of the seal it copies.
    /// @param occupants validators on seats now
    /// @param keyLanes their keys
    /// @param records what SeatTable knows of validators
    /// @return hash the snapshot's hash
    /// @return blob where it is
    /// @return silent seats that the authorities left out have now
    function sealAgain(
        Copy memory copy,
        uint256[128] storage occupants,
        uint256[128] storage keyLanes,
        mapping(uint64 validator => SeatTable.Record) storage records
    ) external returns (bytes32 hash, address blob, uint256 silent) {
        SealedSnapshot memory s = SealedSnapshots.load(copy.source);
        uint256[] memory words = Snapshots.readBlob(s.weights);
        silent = _leaveOut(s, words, copy, occupants, keyLanes, records);
        s.epoch = copy.epoch;
        s.sealer = copy.sealer;
        (hash, blob) = s.finish(words);
        emit IElections.SealedAgain(s.number, s.epoch, hash, s.totalStake, s.backingStake, s.suspended);
    }

    /// @dev Takes out of a snapshot who is convicted, jailed and not spared, left out or silent.
    function _leaveOut(
        SealedSnapshot memory s,
        uint256[] memory words,
        Copy memory copy,
        uint256[128] storage occupants,
        uint256[128] storage keyLanes,
        mapping(uint64 validator => SeatTable.Record) storage records
    ) private returns (uint256 silent) {
        uint256[] memory keys = Snapshots.readBlob(s.keys);
        uint256[] memory validators = _ownersOf(copy.registry, keys, occupants, keyLanes);
        uint256[4] memory out = copy.registry.idleSeats(validators, copy.spared);
        for (uint256 k = 0; k < 4; ++k) {
            out[k] |= copy.left[k];
        }
        out[0] |= copy.silent;
        _takeOut(s, out, words, keys, address(copy.registry));
        return _silence(copy, validators, records);
    }

    /// @dev Whose a sealed registry's keys are, by seat, eight to a word: who sits there now where the key is still the
    /// same, else whom the key names.
    function _ownersOf(
        IValidatorRegistry registry,
        uint256[] memory keys,
        uint256[128] storage occupants,
        uint256[128] storage keyLanes
    ) private view returns (uint256[] memory owners) {
        owners = new uint256[](keys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            (uint256 word, uint256 owner) = (keys[i], occupants[i]);
            for (uint256 bits = Lanes.nonZero(word ^ keyLanes[i]); bits != 0; bits &= bits - 1) {
                Seat seat = Seat.wrap(uint16(LibBit.ffs(bits)));
                KeyId key = KeyId.wrap(Snapshots.lane(word, seat));
                // The cast loses nothing: whoever had a seat has a number of 32 bits.
                uint32 validator = KeyId.unwrap(key) == 0 ? 0 : uint32(KeyStore.ownerOf(address(registry), key));
                owner = Snapshots.withLane(owner, seat, validator);
            }
            owners[i] = owner;
        }
    }

    /// @dev The seats that authorities left out have now: who is an authority no more is left out of this registry only.
    /// @param validators by seat of the registry that is sealed again
    function _silence(
        Copy memory copy,
        uint256[] memory validators,
        mapping(uint64 validator => SeatTable.Record) storage records
    ) private returns (uint256 seats) {
        for (uint256 bits = copy.silent; bits != 0; bits &= bits - 1) {
            uint64 validator = Snapshots.valueAt(validators, Seat.wrap(uint16(LibBit.ffs(bits))));
            uint256 place = records[validator].place;
            if (place != 0 && place <= copy.nAuth) seats |= 1 << (place - 1);
            emit IElections.Silenced(validator);
        }
    }

    /// @dev Takes seats out of a snapshot: their weights, their part in both sets, in the sums and in the sums of keys.
    /// Stakers stay members, without weight.
    function _takeOut(
        SealedSnapshot memory s,
        uint256[4] memory out,
        uint256[] memory words,
        uint256[] memory keys,
        address registry
    ) private view {
        uint256[4] memory backers;
        for (uint256 k = 0; k < 4; ++k) {
            backers[k] = s.backing[k] & out[k];
            s.backing[k] ^= backers[k];
        }
        uint256 authorities = Snapshots.firstSeats(s.nAuth);
        uint256[4] memory members;
        members[0] = s.members[0] & out[0] & authorities;
        s.members[0] ^= members[0];
        s.suspended |= members[0];
        _takeWeights(s, out, backers, words);
        s.backingKey = _without(s.backingKey, registry, keys, backers);
        s.membersKey = _without(s.membersKey, registry, keys, members);
        backers[0] &= ~authorities;
        s.backingStakers -= uint16(backers.size());
    }

    /// @param out seats whose weights go
    /// @param backers those of them that were in the backing set
    function _takeWeights(
        SealedSnapshot memory s,
        uint256[4] memory out,
        uint256[4] memory backers,
        uint256[] memory words
    ) private pure {
        uint256[] memory gone = new uint256[](words.length);
        uint256[4] memory weighing;
        for (uint256 i = 0; i < words.length; ++i) {
            uint256 shift = (i & 31) << 3;
            uint256 weights = words[i] & Lanes.mask((out[i >> 5] >> shift) & 0xff);
            words[i] ^= weights;
            gone[i] = weights;
            weighing[i >> 5] |= Lanes.nonZero(weights) << shift;
        }
        weighing[0] &= ~Snapshots.firstSeats(s.nAuth);
        s.stakers -= uint16(weighing.size());
        // Casts lose nothing: no sum exceeds the token's cap, a billion.
        uint256 total = Lanes.sum(gone);
        s.totalStake -= uint64(total);
        s.idleStake += uint32(total);
        for (uint256 i = 0; i < words.length; ++i) {
            gone[i] &= Lanes.mask((backers[i >> 5] >> ((i & 31) << 3)) & 0xff);
        }
        s.backingStake -= uint64(Lanes.sum(gone));
    }

    /// @dev A sum of keys less those of some seats.
    function _without(
        G1Point memory total,
        address registry,
        uint256[] memory keys,
        uint256[4] memory seats
    ) private view returns (G1Point memory) {
        G1Point memory left;
        for (uint256 k = 0; k < 4; ++k) {
            KeyStore.addAll(left, registry, keys, k, seats[k]);
        }
        return BLS12381.isInfinity(left) ? total : BLS12381.subtract(total, left);
    }
}
