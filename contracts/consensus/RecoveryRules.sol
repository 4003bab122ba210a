// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LibBit} from "solady/src/utils/LibBit.sol";
import {LibSort} from "solady/src/utils/LibSort.sol";
import {ICheckpointManager} from "../interfaces/consensus/ICheckpointManager.sol";
import {IHybridManager} from "../interfaces/consensus/IHybridManager.sol";
import {BLS12381} from "../libraries/BLS12381.sol";
import {ConsensusCodec} from "../libraries/ConsensusCodec.sol";
import {KeyStore} from "../libraries/KeyStore.sol";
import {SealedSnapshots, SigningSet} from "../libraries/SealedSnapshots.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {G1Point, G2Point, KeyId, Mode, Seat} from "../types/Types.sol";
import {QuorumProofs} from "./QuorumProofs.sol";

/// @title Who asked for a restart, what they weigh, and who is left out
/// @notice A linked library, part of HybridManager. Loops run over the seats of a list or of a registry.
library RecoveryRules {
    using Snapshots for uint256[4];

    /// @notice The two registries that a recovery is weighed by.
    /// @param registry whose keys they are
    /// @param present blob of R_e
    /// @param next blob of R_(e+1)
    /// @param presentMode mode of e
    /// @param nextMode of the modes that e + 1 may still get the one whose signing set is the largest
    struct Sets {
        address registry;
        address present;
        address next;
        uint8 presentMode;
        uint8 nextMode;
    }

    /// @notice What one round of the leak goes by.
    /// @param sets the registries
    /// @param domain D of e
    /// @param round number of the round, from 1
    /// @param step most stake to leave out, as a fraction of that of R_e, millionths
    /// @param floor stake below which none is left out, likewise
    struct Round {
        Sets sets;
        bytes32 domain;
        uint32 round;
        uint256 step;
        uint256 floor;
    }

    uint256 private constant _MILLION = 1_000_000;

    /// @notice The block that a certificate certifies, and what its signers signed.
    /// @param domain D of the epoch
    function votesOf(
        bytes32 domain,
        IHybridManager.Certificate calldata c
    ) external pure returns (bytes32 blockHash, bytes32 root) {
        // An epoch's last block may be certified in a later view than its own.
        if (c.viewNumber < c.header.viewNumber || c.header.viewNumber == 0) {
            revert IHybridManager.HybridManagerBadHeader();
        }
        blockHash = ConsensusCodec.header(domain, c.header);
        root =
            c.isFinal
                ? ConsensusCodec.finalize(domain, c.viewNumber, c.parentView, blockHash)
                : ConsensusCodec.notarize(domain, c.viewNumber, c.parentView, blockHash);
    }

    /// @notice Emits the event of a certificate that was verified.
    function tell(uint32 id, bytes32 blockHash, bool highest, IHybridManager.Certificate calldata c) external {
        emit IHybridManager.CertificatePosted(id, c.viewNumber, blockHash, c.isFinal, highest, c);
    }

    /// @notice Whether a key signed.
    function isSigned(
        address registry,
        KeyId keyId,
        bytes32 root,
        G2Point calldata signature
    ) external view returns (bool) {
        G1Point memory key;
        KeyStore.load(registry, keyId, key);
        return BLS12381.verify(key, root, signature);
    }

    /// @notice Verifies RESTART signatures by one pairing and adds the seats that signed, in both registries: a key on the
    /// same seat of both is found in both, whichever list names it.
    /// @param a of the recovery
    /// @param forPresent seats of R_e that asked for this block
    /// @param forNext seats of R_(e+1) that did
    function hear(
        IHybridManager.Attendance storage a,
        uint256[4] storage forPresent,
        uint256[4] storage forNext,
        Sets memory sets,
        bytes32 root,
        IHybridManager.RestartProof calldata proof
    ) external returns (uint256[4] memory present, uint256[4] memory next) {
        (present, next) = _checkRestart(sets, root, proof);
        for (uint256 k = 0; k < 4; ++k) {
            forPresent[k] |= present[k];
            forNext[k] |= next[k];
            a.heard[k] |= present[k];
            a.heardNext[k] |= next[k];
        }
    }

    /// @notice Stake of the signers, and of the set they are of, both without those left out.
    /// @param blob the registry
    /// @param modeNumber the mode whose signing set is weighed
    /// @param left seats left out
    /// @param heard those of them that count again
    function weigh(
        address blob,
        uint8 modeNumber,
        uint256[4] storage signers,
        uint256[4] storage left,
        uint256[4] storage heard
    ) external view returns (uint256 part, uint256 whole) {
        SigningSet memory set = SealedSnapshots.signingSet(blob, Mode(modeNumber));
        uint256[] memory words = Snapshots.readBlob(set.weights);
        whole = set.stake;
        for (uint256 k = 0; k < 4; ++k) {
            uint256 out = left[k] & ~heard[k] & set.members[k];
            whole -= _sum(words, k, out);
            part += _sum(words, k, signers[k] & set.members[k] & ~out);
        }
    }

    /// @notice Leaves out who a round of the leak does: in the order of a hash of the round and the validator, as many as
    /// the step holds, at least one; who does not fit is skipped. None is taken beyond the floor.
    function leaveOut(
        IHybridManager.Attendance storage a,
        Round memory r
    ) external returns (uint256[4] memory chosen, uint256 stake) {
        SigningSet memory set = SealedSnapshots.signingSet(r.sets.present, Mode.Secure);
        uint256[] memory words = Snapshots.readBlob(set.weights);
        uint256 rest = set.stake;
        for (uint256 k = 0; k < 4; ++k) {
            rest -= _sum(words, k, a.left[k] & ~a.heard[k]);
            set.members[k] &= ~(a.left[k] | a.heard[k]);
        }
        uint256 floor = (set.stake * r.floor + _MILLION - 1) / _MILLION;
        uint256 room = rest > floor ? rest - floor : 0;
        (chosen, stake) = _choose(_order(r, set, words), words, (set.stake * r.step) / _MILLION, room);
        uint256[4] memory same = _sameKeys(r.sets.present, r.sets.next);
        for (uint256 k = 0; k < 4; ++k) {
            a.left[k] |= chosen[k];
            a.leftNext[k] |= chosen[k] & same[k];
        }
    }

    function _choose(
        uint256[] memory order,
        uint256[] memory words,
        uint256 step,
        uint256 room
    ) private pure returns (uint256[4] memory chosen, uint256 stake) {
        for (uint256 i = 0; i < order.length; ++i) {
            Seat seat = Seat.wrap(uint16(order[i]));
            uint256 weight = Snapshots.valueAt(words, seat);
            if (stake + weight > step || stake + weight > room) continue;
            stake += weight;
            chosen.insert(seat);
        }
        for (uint256 i = 0; i < order.length && stake == 0; ++i) {
            Seat seat = Seat.wrap(uint16(order[i]));
            uint256 weight = Snapshots.valueAt(words, seat);
            if (weight <= room) {
                stake = weight;
                chosen.insert(seat);
            }
        }
    }

    function _checkRestart(
        Sets memory sets,
        bytes32 root,
        IHybridManager.RestartProof calldata proof
    ) private view returns (uint256[4] memory present, uint256[4] memory next) {
        SigningSet memory a = SealedSnapshots.signingSet(sets.present, Mode(sets.presentMode));
        SigningSet memory b = SealedSnapshots.signingSet(sets.next, Mode(sets.nextMode));
        G1Point memory key;
        (present, key) = _signers(sets.registry, a, proof.present, proof.seats);
        G1Point memory more;
        (next, more) = _signers(sets.registry, b, proof.nextPresent, proof.nextSeats);
        BLS12381.accumulate(key, more);
        if (!BLS12381.verify(key, root, proof.signature)) revert ICheckpointManager.CheckpointManagerBadSignature();
        uint256[4] memory same = _sameKeys(sets.present, sets.next);
        for (uint256 k = 0; k < 4; ++k) {
            uint256 both = (present[k] | next[k]) & same[k];
            present[k] |= both & a.members[k];
            next[k] |= both & b.members[k];
        }
    }

    /// @dev Seats that hold the same key in both registries.
    function _sameKeys(address one, address other) private view returns (uint256[4] memory same) {
        uint256[] memory a = Snapshots.readBlob(SealedSnapshots.keysOf(one));
        uint256[] memory b = Snapshots.readBlob(SealedSnapshots.keysOf(other));
        uint256 words = a.length < b.length ? a.length : b.length;
        for (uint256 i = 0; i < words; ++i) {
            uint256 bits;
            uint256 differ = a[i] ^ b[i];
            for (uint256 j = 0; j < 8; ++j) {
                if ((differ >> (32 * j)) & type(uint32).max == 0) bits |= 1 << j;
            }
            same[i >> 5] |= bits << ((i & 31) << 3);
        }
    }

    /// @dev Seats that can be left out, by the hash of round and validator; the lowest 16 bits are the seat.
    function _order(
        Round memory r,
        SigningSet memory set,
        uint256[] memory words
    ) private view returns (uint256[] memory order) {
        uint256[] memory keys = Snapshots.readBlob(set.keys);
        order = new uint256[](Snapshots.SEATS);
        uint256 count;
        for (uint256 k = 0; k < 4; ++k) {
            for (uint256 bits = set.members[k]; bits != 0; bits &= bits - 1) {
                if (_weight(words, k, bits) == 0) continue;
                Seat seat = Seat.wrap(uint16((k << 8) | LibBit.ffs(bits)));
                KeyId key = KeyId.wrap(Snapshots.valueAt(keys, seat));
                uint64 validator = KeyStore.ownerOf(r.sets.registry, key);
                uint256 place = uint256(ConsensusCodec.leakOrder(r.domain, r.round, validator));
                order[count++] = ((place >> 16) << 16) | Seat.unwrap(seat);
            }
        }
        assembly ("memory-safe") {
            mstore(order, count)
        }
        LibSort.sort(order);
    }

    function _signers(
        address registry,
        SigningSet memory set,
        bool present,
        bytes calldata seats
    ) private view returns (uint256[4] memory signers, G1Point memory key) {
        key = QuorumProofs.tally(registry, set, seats).keys;
        for (uint256 i = 0; i < seats.length; i += 2) {
            signers.insert(Seat.wrap(uint16(bytes2(seats[i:i + 2]))));
        }
        if (present) return (signers, key);
        for (uint256 k = 0; k < 4; ++k) {
            signers[k] = set.members[k] & ~signers[k];
        }
        key = seats.length == 0 ? set.key : BLS12381.subtract(set.key, key);
    }

    function _sum(uint256[] memory words, uint256 k, uint256 bits) private pure returns (uint256 total) {
        for (; bits != 0; bits &= bits - 1) {
            total += _weight(words, k, bits);
        }
    }

    function _weight(uint256[] memory words, uint256 k, uint256 bits) private pure returns (uint32) {
        return Snapshots.valueAt(words, Seat.wrap(uint16((k << 8) | LibBit.ffs(bits))));
    }
}
