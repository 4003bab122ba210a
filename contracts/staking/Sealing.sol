// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LibBit} from "solady/src/utils/LibBit.sol";
import {ICheckpointManager} from "../interfaces/consensus/ICheckpointManager.sol";
import {IConsensusParameters} from "../interfaces/governance/IConsensusParameters.sol";
import {IRewardDistributor} from "../interfaces/rewards/IRewardDistributor.sol";
import {IElections} from "../interfaces/staking/IElections.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {BLS12381} from "../libraries/BLS12381.sol";
import {BoundedCalls} from "../libraries/BoundedCalls.sol";
import {ConsensusCodec} from "../libraries/ConsensusCodec.sol";
import {KeyStore} from "../libraries/KeyStore.sol";
import {Lanes} from "../libraries/Lanes.sol";
import {SealedSnapshot, SealedSnapshots} from "../libraries/SealedSnapshots.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {Params} from "../types/Messages.sol";
import {Epoch, G1Point, KeyId, Seat} from "../types/Types.sol";
import {SeatTable} from "./SeatTable.sol";

/// @title The rules of a seal
/// @notice A linked library, part of Elections: turns live weights into a snapshot. The order of the steps is that of
/// protocol.md section 1: who backs, the cut of every weight, the authorities' joint cap. Loops run over seats, and
/// over seats whose key or standing changed.
library Sealing {
    using Snapshots for uint256[4];
    using Snapshots for Snapshots.KeyTree;
    using SealedSnapshots for SealedSnapshot;

    uint256 private constant _MILLION = 1_000_000;
    uint256 private constant _LANE = type(uint32).max;
    /// @dev Enough for a proxy and a cold slot.
    uint256 private constant _ACCRUAL_GAS = 30_000;

    /// @notice What Elections has on record when it seals.
    /// @param epoch epoch to seal for
    /// @param number number of this seal
    /// @param n seats
    /// @param nAuth authorities' seats
    /// @param words weights
    /// @param keys numbers of the keys
    /// @param qualified seats of the stakers bonded enough for Balanced
    /// @param changed seats whose occupant or key changed since the last seal
    /// @param occupants validators by seat, eight to a word
    /// @param silent seats of authorities that a recovery left out and that were not readmitted
    /// @param last blob of the last seal; zero if this is the first
    /// @param sealer who seals
    struct Input {
        Epoch epoch;
        uint32 number;
        uint16 n;
        uint16 nAuth;
        uint256[] words;
        uint256[] keys;
        uint256[4] qualified;
        uint256[4] changed;
        uint256[] occupants;
        uint256 silent;
        address last;
        address sealer;
        IConsensusParameters parameters;
        IValidatorRegistry registry;
    }

    /// @notice What the hints for a seal are found from.
    /// @param nAuth authorities' seats
    /// @param words weights
    /// @param occupants validators by seat, eight to a word
    /// @param qualified seats of the stakers bonded enough for Balanced
    /// @param silent seats of authorities that a recovery left out and that were not readmitted
    struct Live {
        IValidatorRegistry registry;
        uint16 nAuth;
        uint256[] words;
        uint256[] occupants;
        uint256[4] qualified;
        uint256 silent;
    }

    /// @dev Keys before and after, and the seats where they may differ.
    struct KeyChange {
        address registry;
        uint256[4] seats;
        uint256[] before;
        uint256[] keys;
    }

    /// @dev What one seal works on.
    struct Work {
        IConsensusParameters.Stake rules;
        uint256[] words;
        uint256 places;
        uint256 heaviest;
        uint256 stakersStake;
        uint256 authoritiesStake;
        SealedSnapshot s;
    }

    /// @notice Seals: applies the caps, renews the key tree and the sums of keys, and writes the snapshot.
    function seal(
        Input memory input,
        IElections.SealHints memory hints,
        Snapshots.KeyTree storage tree,
        mapping(uint64 validator => SeatTable.Record) storage records
    ) external returns (bytes32 hash, address blob) {
        Live memory live = Live(
            input.registry,
            input.nAuth,
            input.words,
            input.occupants,
            input.qualified,
            input.silent
        );
        uint256[] memory idle = _mask(live, records);
        Work memory w = _open(input);
        SealedSnapshot memory s = w.s;
        uint256 count = _chooseBacking(w, input.qualified, hints);
        _cut(w, hints.cut, count);
        // Cut as the others are. Fits 32 bits: the token's cap is a billion.
        if (s.cut != 0) _limit(idle, s.cut);
        s.idleStake = uint32(Lanes.sum(idle));
        _capAuthorities(w);
        _sum(w, input.keys);
        s.epoch = input.epoch;
        s.number = input.number;
        s.sealer = input.sealer;
        _sealKeys(s, input, tree);
        _readParameters(s, input.parameters);
        (hash, blob) = s.finish(w.words);
        emit IElections.Sealed(s.number, s.epoch, hash, s.n, s.nAuth, s.totalStake, s.backingStake, s.cut);
        if (s.cut == 0 && w.heaviest * _MILLION > w.rules.stakeCap * w.stakersStake) {
            emit IElections.Concentrated(s.number, uint32(w.heaviest), s.backingStake);
        }
    }

    /// @notice Reverts while pay is too far behind, until what is missing may be given up. A distributor that does not
    /// answer holds nobody up.
    function checkAccrual(address pool, address parameters, address checkpoints, Epoch now_) external view {
        bytes memory question = abi.encodeCall(IRewardDistributor.accruedEpochs, ());
        (bool ok, uint256 accrued) = BoundedCalls.tryRead(IStakingPool(pool).distributor(), _ACCRUAL_GAS, question, 0);
        if (!ok || Epoch.unwrap(now_) <= accrued) return;
        IConsensusParameters.Rewards memory rules = IConsensusParameters(parameters).rewards();
        if (Epoch.unwrap(now_) - accrued <= rules.accrualLag) return;
        // Fits: it is below the present epoch.
        Epoch next = Epoch.wrap(uint64(accrued));
        if (block.timestamp < ICheckpointManager(checkpoints).boundaryAcceptedAt(next) + rules.accrualDeadline) {
            revert IElections.ElectionsAccrualBehind(next, now_);
        }
    }

    /// @notice What a seal would choose the backing set from.
    /// @param records what SeatTable knows of validators
    /// @return words weights before any cap
    /// @return qualified seats of the stakers that qualify
    /// @return places stakers that fit
    function choices(
        IConsensusParameters.Stake memory rules,
        Live memory live,
        mapping(uint64 validator => SeatTable.Record) storage records
    ) external view returns (uint256[] memory words, uint256[4] memory qualified, uint256 places) {
        _mask(live, records);
        (words, qualified) = (live.words, live.qualified);
        (places, ) = _placesFor(rules, live.nAuth, words);
    }

    /// @dev Takes the weight of convicted and jailed validators away, whether or not their live weights were refreshed, and
    /// that of authorities left out by a recovery; finds what these all would weigh.
    /// @param live its weights and its qualified seats are changed in place
    /// @param records what SeatTable knows of validators
    function _mask(
        Live memory live,
        mapping(uint64 validator => SeatTable.Record) storage records
    ) private view returns (uint256[] memory idle) {
        uint256[] memory words = live.words;
        idle = new uint256[](words.length);
        uint256[4] memory spared;
        uint256[4] memory out = live.registry.idleSeats(live.occupants, spared);
        out[0] |= live.silent;
        for (uint256 k = 0; k < 4; ++k) {
            live.qualified[k] &= ~out[k];
        }
        for (uint256 i = 0; i < words.length; ++i) {
            uint256 bits = (out[i >> 5] >> ((i & 31) << 3)) & 0xff;
            if (bits == 0) continue;
            uint256 weights = words[i] & Lanes.mask(bits);
            words[i] ^= weights;
            // Whose live weight was refreshed since has what it would weigh on record.
            for (bits &= ~Lanes.nonZero(weights); bits != 0; bits &= bits - 1) {
                uint256 shift = LibBit.ffs(bits) << 5;
                weights |= uint256(records[uint32(live.occupants[i] >> shift)].idle) << shift;
            }
            idle[i] = weights;
        }
    }

    /// @dev Places for stakers in the backing set: what authorities not suspended leave.
    function _placesFor(
        IConsensusParameters.Stake memory rules,
        uint256 nAuth,
        uint256[] memory words
    ) private pure returns (uint256 places, uint256 suspended) {
        for (uint256 seat = 0; seat < nAuth; ++seat) {
            if (_weight(words, seat) == 0) suspended |= 1 << seat;
        }
        uint256 active = nAuth - Snapshots.size(suspended);
        places = rules.balancedSeats > active ? rules.balancedSeats - active : 0;
    }

    function _open(Input memory input) private view returns (Work memory w) {
        w.rules = input.parameters.stake();
        w.words = input.words;
        (w.s.n, w.s.nAuth) = (input.n, input.nAuth);
        (w.places, w.s.suspended) = _placesFor(w.rules, input.nAuth, input.words);
    }

    /// @dev Sets the stakers of the backing set: all that qualify, or the best of them down to the one named.
    function _chooseBacking(
        Work memory w,
        uint256[4] memory qualified,
        IElections.SealHints memory hints
    ) private pure returns (uint256 count) {
        if (w.places == 0) return 0;
        uint256[4] memory backing = w.s.backing;
        for (uint256 k = 0; k < 4; ++k) {
            backing[k] = qualified[k];
        }
        count = backing.size();
        if (count <= w.places) return count;
        _keepBest(backing, w.words, hints.lastWeight, Seat.unwrap(hints.lastSeat));
        count = backing.size();
        if (count != w.places) revert IElections.ElectionsBadBacking(count, w.places);
    }

    /// @dev Removes from a set whoever comes after the last one: less weight, or as much on a higher seat.
    function _keepBest(
        uint256[4] memory set,
        uint256[] memory words,
        uint256 lastWeight,
        uint256 lastSeat
    ) private pure {
        for (uint256 i = 0; i < words.length; ++i) {
            uint256 shift = (i & 31) << 3;
            uint256 bits = (set[i >> 5] >> shift) & 0xff;
            if (bits == 0) continue;
            uint256 kept = Lanes.atLeast(words[i], lastWeight + 1);
            uint256 seat = 8 * i;
            if (seat + 7 <= lastSeat) kept |= Lanes.atLeast(words[i], lastWeight);
            else if (seat <= lastSeat) kept |= Lanes.atLeast(words[i], lastWeight) & ((2 << (lastSeat - seat)) - 1);
            set[i >> 5] &= ~((bits & ~kept) << shift);
        }
    }

    /// @dev Cuts every weight to the greatest c with c <= stakeCap · Σ min(s, c) over the backing stakers. The
    /// difference of both sides is concave in c and 0 at 0, so that c fits and c + 1 does not shows c to be it.
    function _cut(Work memory w, uint32 cut, uint256 count) private pure {
        uint256[4] memory backing = w.s.backing;
        bool applies = count >= w.rules.stakeCapFrom;
        uint256 limit = applies ? cut : type(uint32).max;
        uint256 withNext;
        for (uint256 k = 0; k < 4; ++k) {
            for (uint256 bits = backing[k]; bits != 0; bits &= bits - 1) {
                uint256 weight = _weight(w.words, (k << 8) | LibBit.ffs(bits));
                if (weight > w.heaviest) w.heaviest = weight;
                w.stakersStake += weight < limit ? weight : limit;
                withNext += weight < limit + 1 ? weight : limit + 1;
            }
        }
        w.s.backingStakers = uint16(count);
        if (!applies) return;
        if (limit * _MILLION > w.rules.stakeCap * w.stakersStake)
            revert IElections.ElectionsBadCut(cut, w.stakersStake);
        if ((limit + 1) * _MILLION <= w.rules.stakeCap * withNext) revert IElections.ElectionsBadCut(cut, withNext);
        w.s.cut = cut;
        _limit(w.words, limit);
    }

    function _limit(uint256[] memory words, uint256 limit) private pure {
        for (uint256 i = 0; i < words.length; ++i) {
            words[i] = Lanes.limited(words[i], limit);
        }
    }

    /// @dev Scales the authorities' weights together, floored, so that they are at most 1 / (divisor - 1) of the
    /// backing stakers'.
    function _capAuthorities(Work memory w) private pure {
        uint256 joint;
        for (uint256 seat = 0; seat < w.s.nAuth; ++seat) {
            joint += _weight(w.words, seat);
        }
        uint256 scaled = joint * (w.rules.authorityStakeDivisor - 1);
        if (scaled <= w.stakersStake) {
            w.authoritiesStake = joint;
            return;
        }
        for (uint256 i = 0; i < w.s.nAuth; ++i) {
            Seat seat = Seat.wrap(uint16(i));
            uint256 index = Snapshots.wordIndex(seat);
            // Not above the weight itself, which has 32 bits.
            uint32 weight = uint32((Snapshots.lane(w.words[index], seat) * w.stakersStake) / scaled);
            w.words[index] = Snapshots.withLane(w.words[index], seat, weight);
            w.authoritiesStake += weight;
        }
    }

    /// @dev Totals, and the bitmaps of the authorities that count beside the stakers: all with a key are members.
    function _sum(Work memory w, uint256[] memory keys) private pure {
        SealedSnapshot memory s = w.s;
        uint256[] memory words = w.words;
        uint256[4] memory members = s.members;
        uint256[4] memory weighing;
        for (uint256 i = 0; i < words.length; ++i) {
            uint256 shift = (i & 31) << 3;
            members[i >> 5] |= Lanes.nonZero(keys[i]) << shift;
            weighing[i >> 5] |= Lanes.nonZero(words[i]) << shift;
        }
        uint256 authorities = Snapshots.firstSeats(s.nAuth);
        members[0] &= ~authorities;
        weighing[0] &= ~authorities;
        s.stakers = uint16(weighing.size());
        uint256 active = authorities & ~s.suspended;
        s.members[0] |= active;
        s.backing[0] |= active;
        s.totalStake = uint64(Lanes.sum(words));
        s.backingStake = uint64(w.stakersStake + w.authoritiesStake);
    }

    /// @dev Renews what depends on keys, for seats whose key or standing changed since the last seal.
    function _sealKeys(SealedSnapshot memory s, Input memory input, Snapshots.KeyTree storage tree) private {
        SealedSnapshot memory last;
        KeyChange memory change;
        change.registry = address(input.registry);
        (change.seats, change.keys, change.before) = (input.changed, input.keys, input.keys);
        if (input.last != address(0)) last = SealedSnapshots.load(input.last);
        (s.keys, s.keysRoot) = (last.keys, last.keysRoot);
        if (input.changed.size() != 0 || input.last == address(0)) {
            if (input.last != address(0)) change.before = Snapshots.readBlob(last.keys);
            s.keys = Snapshots.writeBlob(input.keys);
            _renewTree(input, tree);
            s.keysRoot = tree.root(input.keys.length);
        }
        s.backingKey = _aggregate(last.backingKey, last.backing, s.backing, change);
        s.membersKey = _aggregate(last.membersKey, last.members, s.members, change);
    }

    /// @dev Hashes the groups of eight seats anew in which a key changed.
    function _renewTree(Input memory input, Snapshots.KeyTree storage tree) private {
        address registry = address(input.registry);
        bytes32[8] memory leaves;
        for (uint256 group = 0; group < input.keys.length; ++group) {
            if ((input.changed[group >> 5] >> ((group & 31) << 3)) & 0xff == 0) continue;
            uint256 word = input.keys[group];
            for (uint256 j = 0; j < 8; ++j) {
                uint32 key = uint32(word >> (32 * j));
                bytes3 prefix = ConsensusCodec.keyLeafPrefix(Seat.wrap(uint16(8 * group + j)));
                leaves[j] = key == 0 ? bytes32(0) : KeyStore.hashAfter(prefix, registry, KeyId.wrap(key));
            }
            tree.setGroup(group, leaves);
        }
    }

    /// @dev The sum of a set's keys from that of the set before, by the keys that entered or left.
    function _aggregate(
        G1Point memory last,
        uint256[4] memory oldSet,
        uint256[4] memory newSet,
        KeyChange memory change
    ) private view returns (G1Point memory total) {
        G1Point memory left;
        total = BLS12381.add(last, left);
        for (uint256 k = 0; k < 4; ++k) {
            uint256 changed = change.seats[k];
            KeyStore.addAll(left, change.registry, change.before, k, oldSet[k] & (~newSet[k] | changed));
            KeyStore.addAll(total, change.registry, change.keys, k, newSet[k] & (~oldSet[k] | changed));
        }
        if (!BLS12381.isInfinity(left)) total = BLS12381.subtract(total, left);
    }

    function _readParameters(SealedSnapshot memory s, IConsensusParameters parameters) private view {
        s.parameters = parameters.number();
        s.paramsHash = parameters.hash();
        Params memory p = parameters.consensusAt(s.parameters);
        s.epochLengths = [uint32(p.epochLength.fast), uint32(p.epochLength.balanced), uint32(p.epochLength.secure)];
        s.termViews = uint32(p.termViews);
    }

    /// @dev A seat's lane.
    function _weight(uint256[] memory words, uint256 seat) private pure returns (uint32) {
        return uint32(words[seat >> 3] >> ((seat & 7) << 5));
    }
}
