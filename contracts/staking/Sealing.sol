// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LibBit} from "solady/src/utils/LibBit.sol";
import {IConsensusParameters} from "../interfaces/governance/IConsensusParameters.sol";
import {IElections} from "../interfaces/staking/IElections.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {BLS12381} from "../libraries/BLS12381.sol";
import {ConsensusCodec} from "../libraries/ConsensusCodec.sol";
import {KeyStore} from "../libraries/KeyStore.sol";
import {SealedSnapshot, SealedSnapshots} from "../libraries/SealedSnapshots.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {Params, SnapshotHeader} from "../types/Messages.sol";
import {Epoch, G1Point, KeyId, Seat, WholeTokens} from "../types/Types.sol";
import {Seating} from "./Seating.sol";

/// @title The rules of a seal
/// @notice A linked library, part of Elections: turns live weights into a snapshot. The order of the steps is that of
/// protocol.md section 1: who backs, the cut of every weight, the authorities' joint cap. Loops run over seats, and
/// over seats whose key or standing changed.
library Sealing {
    using Snapshots for uint256[4];
    using Snapshots for Snapshots.KeyTree;
    using SealedSnapshots for SealedSnapshot;

    uint256 private constant _MILLION = 1_000_000;
    /// @dev Words of validators' standing kept while seats are gone through.
    uint256 private constant _STANDINGS = 64;

    /// @notice What Elections has on record when it seals.
    /// @param epoch epoch to seal for
    /// @param number number of this seal
    /// @param n seats
    /// @param nAuth authorities' seats
    /// @param words weights
    /// @param keys numbers of the keys
    /// @param qualified seats of the stakers bonded enough for Balanced
    /// @param changed seats whose occupant or key changed since the last seal
    /// @param idle weights of jailed and convicted validators
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
        uint256[] idle;
        address last;
        address sealer;
        IConsensusParameters parameters;
        IValidatorRegistry registry;
    }

    /// @notice A registry to seal again.
    /// @param epoch epoch that begins
    /// @param source blob of the registry
    /// @param registry whose keys they are
    /// @param silent seats of authorities left out
    /// @param left further seats left out of this registry
    /// @param spared seats that count although in jail
    /// @param sealer who gets the credit
    struct Copy {
        Epoch epoch;
        address source;
        IValidatorRegistry registry;
        uint256 silent;
        uint256[4] left;
        uint256[4] spared;
        address sealer;
    }

    /// @dev A word of validators' standing in the registry.
    struct Standing {
        uint256 index;
        uint256 held;
        uint256 jailed;
    }

    /// @dev A key that leaves, and the sums of those that left each set.
    struct Leaving {
        G1Point key;
        G1Point backers;
        G1Point members;
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
        Snapshots.KeyTree storage tree
    ) external returns (bytes32 hash, address blob) {
        Work memory w = _open(input);
        SealedSnapshot memory s = w.s;
        uint256 count = _chooseBacking(w, input.qualified, hints);
        _cut(w, hints.cut, count);
        s.idleStake = _idleStake(s.cut, input.idle);
        _capAuthorities(w);
        _sum(w, input.keys);
        s.epoch = input.epoch;
        s.number = input.number;
        s.sealer = input.sealer;
        _sealKeys(s, input, tree);
        s.weights = Snapshots.writeBlob(w.words);
        s.weightsRoot = Snapshots.weightsRoot(w.words);
        _readParameters(s, input.parameters);
        hash = _hash(s);
        s.hash = hash;
        blob = s.write();
        emit IElections.Sealed(s.number, s.epoch, hash, s.n, s.nAuth, s.totalStake, s.backingStake, s.cut);
        if (s.cut == 0 && w.heaviest * _MILLION > w.rules.stakeCap * w.stakersStake) {
            emit IElections.Concentrated(s.number, uint32(w.heaviest), s.backingStake);
        }
    }

    /// @notice Seals a registry again without the weights of who is out, under the number of the seal it copies.
    /// @param occupants validators on seats now
    /// @param keyLanes their keys
    /// @param silent authorities left out, by number; those on the seats named are added
    function sealAgain(
        Copy memory copy,
        mapping(uint256 index => uint256 word) storage occupants,
        mapping(uint256 index => uint256 word) storage keyLanes,
        mapping(uint256 index => uint256 word) storage silent
    ) external returns (bytes32 hash, address blob) {
        SealedSnapshot memory s = SealedSnapshots.load(copy.source);
        uint256[] memory keys = Snapshots.readBlob(s.keys);
        uint256[4] memory out = _findOut(copy, keys, occupants, keyLanes, silent);
        uint256[] memory words = Snapshots.readBlob(s.weights);
        _takeOut(s, out, words, keys, address(copy.registry));
        s.epoch = copy.epoch;
        s.sealer = copy.sealer;
        s.weights = Snapshots.writeBlob(words);
        s.weightsRoot = Snapshots.weightsRoot(words);
        hash = _hash(s);
        s.hash = hash;
        blob = s.write();
        emit IElections.SealedAgain(s.number, s.epoch, hash, s.totalStake, s.backingStake, s.suspended);
    }

    /// @notice Takes the weight of convicted and jailed validators away, whether or not their live weights were
    /// refreshed, and that of authorities left out by a recovery; finds what these all would weigh.
    /// @param silent authorities left out, by number
    /// @param records what Seating knows of validators
    /// @param occupants validators by seat, eight to a word
    /// @param words weights; changed in place
    /// @param qualified stakers bonded enough for Balanced; changed in place
    function mask(
        IValidatorRegistry registry,
        mapping(uint256 index => uint256 word) storage silent,
        mapping(uint64 validator => Seating.Record) storage records,
        uint256[] memory occupants,
        uint256[] memory words,
        uint256[4] memory qualified
    ) internal view returns (uint256[] memory idle) {
        idle = new uint256[](words.length);
        uint256[2][_STANDINGS] memory known;
        uint256 out;
        for (uint256 i = 0; i < occupants.length; ++i) {
            uint256 rest = occupants[i];
            for (uint256 j = 0; rest != 0; ++j) {
                uint256 validator = rest & type(uint32).max;
                rest >>= 32;
                out = _standing(registry, silent, known, validator >> 8);
                if ((out >> (validator & 0xff)) & 1 == 0) continue;
                Seat seat = Seat.wrap(uint16(8 * i + j));
                // One of the two is 0: which, tells whether the live weight was refreshed since.
                uint32 weight = Snapshots.lane(words[i], seat) | records[uint64(validator)].idle;
                idle[i] = Snapshots.withLane(idle[i], seat, weight);
                words[i] = Snapshots.withLane(words[i], seat, 0);
                qualified.remove(seat);
            }
        }
    }

    /// @dev Who is out of 256 validators: read once, however their seats lie between others'. A word takes the place of
    /// another with the same remainder.
    function _standing(
        IValidatorRegistry registry,
        mapping(uint256 index => uint256 word) storage silent,
        uint256[2][_STANDINGS] memory known,
        uint256 index
    ) private view returns (uint256 out) {
        uint256[2] memory place = known[index % _STANDINGS];
        if (place[0] == index + 1) return place[1];
        out = registry.heldWord(index) | registry.jailedWord(index) | silent[index];
        (place[0], place[1]) = (index + 1, out);
    }

    /// @notice Places for stakers in the backing set: what authorities not suspended leave.
    function placesFor(
        IConsensusParameters.Stake memory rules,
        uint16 nAuth,
        uint256[] memory words
    ) internal pure returns (uint256 places, uint256 suspended) {
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
        (w.places, w.s.suspended) = placesFor(w.rules, input.nAuth, input.words);
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
        for (uint256 k = 0; k < 4; ++k) {
            for (uint256 bits = backing[k]; bits != 0; bits &= bits - 1) {
                uint256 seat = (k << 8) | LibBit.ffs(bits);
                uint256 weight = _weight(w.words, seat);
                bool chosen =
                    weight > hints.lastWeight || (weight == hints.lastWeight && seat <= Seat.unwrap(hints.lastSeat));
                if (!chosen) backing.remove(Seat.wrap(uint16(seat)));
            }
        }
        count = backing.size();
        if (count != w.places) revert IElections.ElectionsBadBacking(count, w.places);
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
        for (uint256 i = 0; i < w.words.length; ++i) {
            uint256 word = w.words[i];
            for (uint256 shift = 0; shift < 256; shift += 32) {
                uint256 weight = (word >> shift) & type(uint32).max;
                if (weight > limit) word = (word & ~(uint256(type(uint32).max) << shift)) | (limit << shift);
            }
            w.words[i] = word;
        }
    }

    /// @dev What jailed and convicted validators would weigh, cut as the others are.
    function _idleStake(uint32 cut, uint256[] memory idle) private pure returns (uint32) {
        uint256 total;
        for (uint256 i = 0; i < idle.length; ++i) {
            for (uint256 word = idle[i]; word != 0; word >>= 32) {
                uint256 weight = word & type(uint32).max;
                total += cut != 0 && weight > cut ? cut : weight;
            }
        }
        // Fits 32 bits: the token's cap is a billion.
        return uint32(total);
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
        uint256 total;
        for (uint256 i = 0; i < w.words.length; ++i) {
            uint256 word = w.words[i];
            uint256 keyWord = keys[i];
            for (uint256 j = 0; j < 8; ++j) {
                uint256 weight = (word >> (32 * j)) & type(uint32).max;
                total += weight;
                uint256 seat = 8 * i + j;
                if (seat < s.nAuth) continue;
                if ((keyWord >> (32 * j)) & type(uint32).max != 0) s.members[seat >> 8] |= 1 << (seat & 0xff);
                if (weight != 0) ++s.stakers;
            }
        }
        uint256 active = Snapshots.firstSeats(s.nAuth) & ~s.suspended;
        s.members[0] |= active;
        s.backing[0] |= active;
        s.totalStake = uint64(total);
        s.backingStake = uint64(w.stakersStake + w.authoritiesStake);
    }

    /// @dev Renews what depends on keys, for seats whose key or standing changed since the last seal.
    function _sealKeys(SealedSnapshot memory s, Input memory input, Snapshots.KeyTree storage tree) private {
        SealedSnapshot memory last;
        uint256[] memory before;
        if (input.last != address(0)) {
            last = SealedSnapshots.load(input.last);
            before = Snapshots.readBlob(last.keys);
        }
        s.keys = last.keys;
        if (input.changed.size() != 0 || input.last == address(0)) {
            s.keys = Snapshots.writeBlob(input.keys);
            _renewTree(input, tree);
        }
        s.keysRoot = tree.root();
        s.backingKey = _aggregate(last.backingKey, last.backing, s.backing, input, before);
        s.membersKey = _aggregate(last.membersKey, last.members, s.members, input, before);
    }

    /// @dev Seats of a sealed registry whose validators are out. Who sat there is read from the live seats where the key
    /// is still the same, else asked for by the key.
    function _findOut(
        Copy memory copy,
        uint256[] memory keys,
        mapping(uint256 index => uint256 word) storage occupants,
        mapping(uint256 index => uint256 word) storage keyLanes,
        mapping(uint256 index => uint256 word) storage silent
    ) private returns (uint256[4] memory out) {
        Standing memory standing;
        standing.index = type(uint256).max;
        for (uint256 i = 0; i < keys.length; ++i) {
            (uint256 here, uint256 live) = (occupants[i], keyLanes[i]);
            for (uint256 j = 0; j < 8; ++j) {
                Seat seat = Seat.wrap(uint16(8 * i + j));
                uint32 key = Snapshots.lane(keys[i], seat);
                if (key == 0) continue;
                uint64 validator = Snapshots.lane(here, seat);
                if (Snapshots.lane(live, seat) != key) validator = copy.registry.ownerOfKey(KeyId.wrap(key));
                if (_isOut(copy, standing, seat, validator, silent)) out.insert(seat);
            }
        }
    }

    /// @dev Whether a validator is out of a registry that is sealed again; an authority left out is noted for further seals.
    function _isOut(
        Copy memory copy,
        Standing memory standing,
        Seat seat,
        uint64 validator,
        mapping(uint256 index => uint256 word) storage silent
    ) private returns (bool) {
        uint256 bit = 1 << (validator & 0xff);
        uint256 index = Seat.unwrap(seat);
        if (index < 256 && (copy.silent >> index) & 1 == 1) {
            silent[validator >> 8] |= bit;
            emit IElections.Silenced(validator);
            return true;
        }
        _turnTo(standing, copy.registry, validator >> 8);
        if (standing.held & bit != 0 || copy.left.contains(seat)) return true;
        return standing.jailed & bit != 0 && !copy.spared.contains(seat);
    }

    /// @dev Reads a word of validators' standing unless it is the one read last: neighbours mostly share one.
    function _turnTo(Standing memory standing, IValidatorRegistry registry, uint256 index) private view {
        if (standing.index == index) return;
        standing.index = index;
        standing.held = registry.heldWord(index);
        standing.jailed = registry.jailedWord(index);
    }

    /// @dev Takes seats out of a snapshot: their weights, their part in both sets, in the sums and in the sums of keys.
    function _takeOut(
        SealedSnapshot memory s,
        uint256[4] memory out,
        uint256[] memory words,
        uint256[] memory keys,
        address registry
    ) private view {
        Leaving memory leaving;
        for (uint256 k = 0; k < 4; ++k) {
            for (uint256 bits = out[k]; bits != 0; bits &= bits - 1) {
                Seat seat = Seat.wrap(uint16((k << 8) | LibBit.ffs(bits)));
                KeyStore.load(registry, KeyId.wrap(Snapshots.valueAt(keys, seat)), leaving.key);
                uint256 index = Snapshots.wordIndex(seat);
                _leave(s, leaving, seat, Snapshots.lane(words[index], seat));
                words[index] = Snapshots.withLane(words[index], seat, 0);
            }
        }
        if (!BLS12381.isInfinity(leaving.backers)) s.backingKey = BLS12381.subtract(s.backingKey, leaving.backers);
        if (!BLS12381.isInfinity(leaving.members)) s.membersKey = BLS12381.subtract(s.membersKey, leaving.members);
    }

    function _leave(SealedSnapshot memory s, Leaving memory leaving, Seat seat, uint32 weight) private view {
        bool authority = Seat.unwrap(seat) < s.nAuth;
        s.totalStake -= weight;
        s.idleStake += weight;
        if (s.backing.contains(seat)) {
            s.backingStake -= weight;
            s.backing.remove(seat);
            if (!authority) --s.backingStakers;
            BLS12381.accumulate(leaving.backers, leaving.key);
        }
        if (!authority) {
            if (weight != 0) --s.stakers;
        } else if (s.members.contains(seat)) {
            s.suspended |= 1 << Seat.unwrap(seat);
            s.members.remove(seat);
            BLS12381.accumulate(leaving.members, leaving.key);
        }
    }

    function _renewTree(Input memory input, Snapshots.KeyTree storage tree) private {
        for (uint256 k = 0; k < 4; ++k) {
            for (uint256 bits = input.changed[k]; bits != 0; bits &= bits - 1) {
                Seat seat = Seat.wrap(uint16((k << 8) | LibBit.ffs(bits)));
                KeyId key = KeyId.wrap(Snapshots.valueAt(input.keys, seat));
                bytes32 leaf =
                    KeyId.unwrap(key) == 0
                        ? bytes32(0)
                        : ConsensusCodec.keyLeaf(seat, KeyStore.read(address(input.registry), key));
                tree.setLeaf(seat, leaf);
            }
        }
    }

    /// @dev The sum of a set's keys from that of the set before, by the keys that entered or left.
    function _aggregate(
        G1Point memory last,
        uint256[4] memory oldSet,
        uint256[4] memory newSet,
        Input memory input,
        uint256[] memory before
    ) private view returns (G1Point memory total) {
        address registry = address(input.registry);
        G1Point memory key;
        G1Point memory left;
        total = BLS12381.add(last, left);
        for (uint256 k = 0; k < 4; ++k) {
            uint256 bits = (oldSet[k] ^ newSet[k]) | (input.changed[k] & (oldSet[k] | newSet[k]));
            for (; bits != 0; bits &= bits - 1) {
                Seat seat = Seat.wrap(uint16((k << 8) | LibBit.ffs(bits)));
                if (oldSet.contains(seat)) {
                    KeyStore.load(registry, KeyId.wrap(Snapshots.valueAt(before, seat)), key);
                    BLS12381.accumulate(left, key);
                }
                if (newSet.contains(seat)) {
                    KeyStore.load(registry, KeyId.wrap(Snapshots.valueAt(input.keys, seat)), key);
                    BLS12381.accumulate(total, key);
                }
            }
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

    function _hash(SealedSnapshot memory s) private pure returns (bytes32) {
        return
            ConsensusCodec.snapshot(
                SnapshotHeader({
                    keysRoot: s.keysRoot,
                    weightsRoot: s.weightsRoot,
                    n: s.n,
                    nAuth: s.nAuth,
                    suspended: s.suspended,
                    totalStake: WholeTokens.wrap(s.totalStake),
                    backing: s.backing,
                    backingStake: WholeTokens.wrap(s.backingStake),
                    paramsHash: s.paramsHash
                })
            );
    }

    function _weight(uint256[] memory words, uint256 seat) private pure returns (uint32) {
        return uint32(words[seat >> 3] >> ((seat & 7) << 5));
    }
}
