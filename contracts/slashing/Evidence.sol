// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LibBit} from "solady/src/utils/LibBit.sol";
import {ICheckpointManager} from "../interfaces/consensus/ICheckpointManager.sol";
import {ISlashingManager} from "../interfaces/slashing/ISlashingManager.sol";
import {BLS12381} from "../libraries/BLS12381.sol";
import {ConsensusCodec} from "../libraries/ConsensusCodec.sol";
import {KeyStore} from "../libraries/KeyStore.sol";
import {SealedSnapshot, SealedSnapshots} from "../libraries/SealedSnapshots.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {Epoch, G1Point, KeyId, Mode, Seat} from "../types/Types.sol";

/// @title What one key may not sign twice (protocol.md section 7)
/// @notice A linked library, part of SlashingManager. Loops run over the seats of two bitmaps, the shorter of signers
/// and absentees, and over the links of a chain of checkpoints that the caller gives.
library Evidence {
    using Snapshots for uint256[4];

    uint8 internal constant NOTARIZE = 2;
    uint8 internal constant FINALIZE = 3;
    uint8 internal constant NULLIFY = 4;
    uint8 internal constant CHECKPOINT = 5;
    uint8 internal constant RESTART = 6;

    /// @notice What a contradiction proves.
    /// @param domain domain of the first statement
    /// @param position view, term or height, part of the offence's identity
    /// @param blob snapshot of the first statement's registry
    /// @param seal number of that seal: the stake it counted is liable
    /// @param count seats convicted
    /// @param seats seats of that registry: bit j of word k is seat 256·k + j
    struct Verdict {
        bytes32 domain;
        uint256 position;
        address blob;
        uint32 seal;
        uint256 count;
        uint256[4] seats;
    }

    /// @dev A statement with what the contracts know of its domain.
    struct Known {
        bytes32 domain;
        address blob;
        SealedSnapshot snapshot;
        uint256[] keys;
    }

    /// @notice Verifies a contradiction and finds who is convicted; reverts if it proves nothing.
    /// @param encoded the contradiction as `abi.encode` gives it: tools that read the library's own interface know no
    /// value types
    /// @param validity how long after a boundary's acceptance evidence of its epoch is heard, s
    function judge(
        bytes calldata encoded,
        address checkpointManager,
        address registry,
        uint256 validity
    ) external view returns (Verdict memory v) {
        ISlashingManager.Contradiction calldata c;
        assembly ("memory-safe") {
            c := add(encoded.offset, calldataload(encoded.offset))
        }
        ICheckpointManager checkpoints = ICheckpointManager(checkpointManager);
        Known memory first = _open(checkpoints, c.first, validity);
        // What the RESTART of an earlier epoch contradicts decides how long it is heard.
        Known memory second = _open(checkpoints, c.second, type(uint256).max);
        v.position = offence(c, first.domain, second.domain, first.snapshot.termViews, checkpoints.genesisHash());
        v.domain = first.domain;
        v.blob = first.blob;
        v.seal = first.snapshot.number;
        Known memory next = _openNext(checkpoints, c.second);
        v.seats = common(c, first.keys, second.keys, next.keys);
        v.count = v.seats.size();
        if (v.count == 0) revert ISlashingManager.SlashingManagerNobody();
        G1Point memory key = _sum(second, c.second.signers, registry);
        if (next.blob != address(0)) BLS12381.accumulate(key, _sum(next, c.second.nextSigners, registry));
        if (!_verify(c, _sum(first, c.first.signers, registry), first.domain, key, second.domain)) {
            revert ISlashingManager.SlashingManagerBadSignature();
        }
    }

    /// @notice Position of the offence that two statements are; reverts if one key may sign both.
    /// @dev Kinds ascend, so RESTART always comes second and the higher of two checkpoints too.
    function offence(
        ISlashingManager.Contradiction calldata c,
        bytes32 firstDomain,
        bytes32 secondDomain,
        uint256 termViews,
        bytes32 genesisHash
    ) internal pure returns (uint256) {
        uint8 a = c.first.vote.kind;
        uint8 b = c.second.vote.kind;
        if (b == RESTART) return _besideRestart(c.first, c.second, firstDomain == secondDomain);
        if (firstDomain != secondDomain) revert ISlashingManager.SlashingManagerNotAnOffence();
        if (a == CHECKPOINT && b == CHECKPOINT) return _checkpoints(c, firstDomain, genesisHash);
        return votes(c.first.vote, c.second.vote, c.first.mode == Mode.Fast ? termViews : 1);
    }

    /// @notice The view of two votes, or their term if one is a NULLIFY; reverts unless they are an offence.
    function votes(
        ISlashingManager.Vote calldata first,
        ISlashingManager.Vote calldata second,
        uint256 termViews
    ) internal pure returns (uint256) {
        if (first.viewNumber == 0 || second.viewNumber == 0) revert ISlashingManager.SlashingManagerNotAnOffence();
        if (first.kind == FINALIZE && second.kind == NULLIFY) {
            uint256 term = (uint256(second.viewNumber) + termViews - 1) / termViews;
            bool covered =
                second.viewNumber <= first.viewNumber &&
                    (uint256(first.viewNumber) + termViews - 1) / termViews == term;
            if (!covered) revert ISlashingManager.SlashingManagerNotAnOffence();
            return term;
        }
        bool kinds =
            (first.kind == NOTARIZE && (second.kind == NOTARIZE || second.kind == FINALIZE)) ||
                (first.kind == FINALIZE && second.kind == FINALIZE);
        bool differ = first.blockHash != second.blockHash || first.parentView != second.parentView;
        if (!kinds || !differ || first.viewNumber != second.viewNumber) {
            revert ISlashingManager.SlashingManagerNotAnOffence();
        }
        return first.viewNumber;
    }

    /// @notice Seats of the first statement's registry whose keys signed both.
    /// @param firstKeys key numbers by seat of that registry, eight to a word
    /// @param secondKeys of the second's
    /// @param nextKeys of the registry of `nextRoot`
    function common(
        ISlashingManager.Contradiction calldata c,
        uint256[] memory firstKeys,
        uint256[] memory secondKeys,
        uint256[] memory nextKeys
    ) internal pure returns (uint256[4] memory seats) {
        uint256[4] memory signers = c.first.signers;
        if (c.moved) {
            uint256[4] memory others = c.secondSeat < Snapshots.SEATS ? c.second.signers : c.second.nextSigners;
            Seat seat = Seat.wrap(c.secondSeat & 1023);
            uint32 key = Snapshots.valueAt(c.secondSeat < Snapshots.SEATS ? secondKeys : nextKeys, seat);
            if (
                signers.contains(c.firstSeat) &&
                others.contains(seat) &&
                key == Snapshots.valueAt(firstKeys, c.firstSeat)
            ) seats.insert(c.firstSeat);
            return seats;
        }
        uint256[4] memory same = c.second.signers;
        uint256[4] memory later = c.second.nextSigners;
        bool oneRegistry = c.first.registryRoot == c.second.registryRoot;
        bool nextIsFirst = c.first.registryRoot == c.second.nextRoot;
        for (uint256 k = 0; k < 4; ++k) {
            uint256 both = signers[k] & same[k];
            seats[k] = oneRegistry ? both : _sameKeys(k, both, firstKeys, secondKeys);
            if (nextIsFirst) seats[k] |= signers[k] & later[k];
        }
    }

    /// @notice What a vote's signature signs.
    function voteRoot(bytes32 domain, ISlashingManager.Vote calldata vote) internal pure returns (bytes32) {
        if (vote.kind == NULLIFY) return ConsensusCodec.nullify(domain, vote.viewNumber);
        return
            vote.kind == NOTARIZE
                ? ConsensusCodec.notarize(domain, vote.viewNumber, vote.parentView, vote.blockHash)
                : ConsensusCodec.finalize(domain, vote.viewNumber, vote.parentView, vote.blockHash);
    }

    /// @dev RESTART(e, u) beside FINALIZE(e, w) or a checkpoint of e with view w, w > u; or beside anything but RESTART
    /// of e + 1 in the same incarnation.
    function _besideRestart(
        ISlashingManager.Statement calldata other,
        ISlashingManager.Statement calldata restart,
        bool sameDomain
    ) private pure returns (uint256 position) {
        uint8 kind = other.vote.kind;
        bool known = kind >= NOTARIZE && kind <= CHECKPOINT;
        position = kind == CHECKPOINT ? other.checkpoint.viewNumber : other.vote.viewNumber;
        bool contradicts =
            sameDomain
                ? (kind == FINALIZE || kind == CHECKPOINT) && position > restart.vote.viewNumber
                : known &&
                    position != 0 &&
                    Epoch.unwrap(other.epoch) == uint256(Epoch.unwrap(restart.epoch)) + 1 &&
                    other.incarnation == restart.incarnation;
        if (!contradicts) revert ISlashingManager.SlashingManagerNotAnOffence();
    }

    /// @dev Two contents of one height; or the chain from the higher down to the lower's height misses the lower.
    function _checkpoints(
        ISlashingManager.Contradiction calldata c,
        bytes32 domain,
        bytes32 genesisHash
    ) private pure returns (uint256 height) {
        height = c.first.checkpoint.height;
        bytes32 lower = ConsensusCodec.checkpoint(domain, c.first.checkpoint);
        uint256 reachedHeight = c.second.checkpoint.height;
        bytes32 reached = ConsensusCodec.checkpoint(domain, c.second.checkpoint);
        bytes32 previous = c.second.checkpoint.previous;
        for (uint256 i = 0; reachedHeight > height && i < c.chain.length; ++i) {
            ISlashingManager.Link calldata link = c.chain[i];
            reached = ConsensusCodec.checkpoint(link.domain, link.checkpoint);
            if (reached != previous || link.checkpoint.height >= reachedHeight) {
                revert ISlashingManager.SlashingManagerNotAnOffence();
            }
            reachedHeight = link.checkpoint.height;
            previous = link.checkpoint.previous;
        }
        // The chain's first checkpoint names the genesis: below it there is none.
        bool misses =
            reachedHeight < height ||
                (reachedHeight == height && reached != lower) ||
                (reachedHeight > height && previous == genesisHash);
        if (!misses || c.second.checkpoint.height < height) revert ISlashingManager.SlashingManagerNotAnOffence();
    }

    function _verify(
        ISlashingManager.Contradiction calldata c,
        G1Point memory firstKey,
        bytes32 firstDomain,
        G1Point memory secondKey,
        bytes32 secondDomain
    ) private view returns (bool) {
        bytes32 root = _root(firstDomain, c.first);
        return BLS12381.verifyTwo(firstKey, root, secondKey, _root(secondDomain, c.second), c.signature);
    }

    function _root(bytes32 domain, ISlashingManager.Statement calldata s) private pure returns (bytes32) {
        if (s.vote.kind == CHECKPOINT) return ConsensusCodec.checkpoint(domain, s.checkpoint);
        if (s.vote.kind == RESTART) return ConsensusCodec.restart(domain, s.vote.viewNumber, s.vote.blockHash);
        return voteRoot(domain, s.vote);
    }

    function _open(
        ICheckpointManager checkpoints,
        ISlashingManager.Statement calldata s,
        uint256 validity
    ) private view returns (Known memory k) {
        uint256 boundaryAt;
        (k.domain, k.blob, boundaryAt) = checkpoints.domainFor(
            s.epoch,
            s.incarnation,
            s.mode,
            s.registryRoot,
            validity
        );
        if (k.blob == address(0)) revert ISlashingManager.SlashingManagerUnknownDomain();
        // At that very second withdrawal wins.
        if (boundaryAt != 0) revert ISlashingManager.SlashingManagerExpired(s.epoch, boundaryAt + validity);
        _load(k);
    }

    /// @dev The registry of the epoch after, whose members sign RESTART too.
    function _openNext(
        ICheckpointManager checkpoints,
        ISlashingManager.Statement calldata s
    ) private view returns (Known memory k) {
        uint256[4] memory signers = s.nextSigners;
        if (signers.size() == 0) return k;
        if (s.vote.kind != RESTART) revert ISlashingManager.SlashingManagerNotAnOffence();
        k.blob = checkpoints.snapshotFor(Epoch.wrap(Epoch.unwrap(s.epoch) + 1), s.incarnation, s.nextRoot);
        if (k.blob == address(0)) revert ISlashingManager.SlashingManagerUnknownDomain();
        _load(k);
    }

    function _load(Known memory k) private view {
        k.snapshot = SealedSnapshots.load(k.blob);
        k.keys = Snapshots.readBlob(k.snapshot.keys);
    }

    function _sameKeys(
        uint256 k,
        uint256 bits,
        uint256[] memory a,
        uint256[] memory b
    ) private pure returns (uint256 kept) {
        for (; bits != 0; bits &= bits - 1) {
            uint256 bit = LibBit.ffs(bits);
            Seat seat = Seat.wrap(uint16((k << 8) | bit));
            if (Snapshots.valueAt(a, seat) == Snapshots.valueAt(b, seat)) kept |= 1 << bit;
        }
    }

    /// @dev Sum of the signers' keys: their own, or one of the sealed sums with the difference made good.
    function _sum(
        Known memory k,
        uint256[4] memory signers,
        address registry
    ) private view returns (G1Point memory total) {
        uint256[4] memory base;
        uint256 least = signers.size();
        if (_distance(signers, k.snapshot.backing) < least) {
            (base, total, least) = (k.snapshot.backing, k.snapshot.backingKey, _distance(signers, k.snapshot.backing));
        }
        if (_distance(signers, k.snapshot.members) < least) {
            (base, total) = (k.snapshot.members, k.snapshot.membersKey);
        }
        G1Point memory key;
        G1Point memory left;
        for (uint256 w = 0; w < 4; ++w) {
            for (uint256 bits = signers[w] ^ base[w]; bits != 0; bits &= bits - 1) {
                Seat seat = Seat.wrap(uint16((w << 8) | LibBit.ffs(bits)));
                uint32 id = Snapshots.valueAt(k.keys, seat);
                if (id == 0) revert ISlashingManager.SlashingManagerVacantSeat(seat);
                KeyStore.load(registry, KeyId.wrap(id), key);
                BLS12381.accumulate(base.contains(seat) ? left : total, key);
            }
        }
        if (!BLS12381.isInfinity(left)) total = BLS12381.subtract(total, left);
    }

    function _distance(uint256[4] memory a, uint256[4] memory b) private pure returns (uint256 count) {
        for (uint256 k = 0; k < 4; ++k) {
            count += Snapshots.size(a[k] ^ b[k]);
        }
    }
}
