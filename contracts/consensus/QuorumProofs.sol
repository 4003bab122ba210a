// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICheckpointManager} from "../interfaces/consensus/ICheckpointManager.sol";
import {BLS12381} from "../libraries/BLS12381.sol";
import {KeyStore} from "../libraries/KeyStore.sol";
import {Quorum} from "../libraries/Quorum.sol";
import {SealedSnapshots, SigningSet} from "../libraries/SealedSnapshots.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {G1Point, KeyId, Mode, Seat} from "../types/Types.sol";

/// @title Whether enough of a sealed registry signed
/// @notice A linked library, part of CheckpointManager and of HybridManager. Weights are those of the snapshot; the mode
/// is the caller's, never a message's. Loops run over the seats of a list.
library QuorumProofs {
    using Snapshots for uint256[4];

    /// @dev What a list of seats adds up to.
    struct Tally {
        uint256 authorities;
        uint256 stake;
        G1Point keys;
    }

    /// @dev Signers, the set they are of, and the sum of their keys.
    struct Counted {
        Quorum.Weights part;
        Quorum.Weights whole;
        G1Point key;
    }

    /// @dev Fewer stakers than these count as none.
    uint256 private constant _LEAST_STAKERS = 3;

    /// @notice Counts both weights of a checkpoint's signers under a mode and verifies their aggregate: the set's sum
    /// less the absent, or the sum of the present. Reverts unless they are a quorum that signed.
    /// @param registry whose keys they are
    /// @param blob the sealed snapshot
    /// @param modeNumber the `Mode`, as a number: tools read no enumerations in a library's interface
    /// @param root what they signed
    function checkBacked(
        address registry,
        address blob,
        uint8 modeNumber,
        bytes32 root,
        ICheckpointManager.Proof calldata proof
    ) external view {
        Mode mode = Mode(modeNumber);
        SigningSet memory set = SealedSnapshots.signingSet(blob, mode);
        Counted memory c = _count(registry, set, proof);
        if (!Quorum.isBacked(mode, c.part, c.whole)) _tooFew(c);
        _verify(c, root, proof);
    }

    /// @notice The same for the signers of a NOTARIZE or FINALIZE, who are members of the mode's voting set. The sum of
    /// Fast's is not kept: its list names the present.
    function checkVotes(
        address registry,
        address blob,
        uint8 modeNumber,
        bytes32 root,
        ICheckpointManager.Proof calldata proof
    ) external view {
        Mode mode = Mode(modeNumber);
        SigningSet memory set = SealedSnapshots.signingSet(blob, mode);
        if (mode == Mode.Fast) {
            if (!proof.present) revert ICheckpointManager.CheckpointManagerBadSeats();
            set.members[0] &= Snapshots.firstSeats(set.nAuth);
            (set.members[1], set.members[2], set.members[3]) = (0, 0, 0);
        }
        Counted memory c = _count(registry, set, proof);
        if (!Quorum.isQuorum(mode, c.part, c.whole)) _tooFew(c);
        _verify(c, root, proof);
    }

    /// @notice Whether any quorum of a mode can come from a snapshot: all of its voting set together are one.
    function canDecide(address blob, uint8 modeNumber) external view returns (bool) {
        Mode mode = Mode(modeNumber);
        Quorum.Weights memory whole = _whole(SealedSnapshots.signingSet(blob, mode));
        return Quorum.isQuorum(mode, whole, whole);
    }

    /// @notice Adds up a list of seats of a set: strictly ascending, two bytes each.
    function tally(
        address registry,
        SigningSet memory set,
        bytes calldata seats
    ) internal view returns (Tally memory t) {
        if (seats.length % 2 != 0) revert ICheckpointManager.CheckpointManagerBadSeats();
        G1Point memory key;
        uint256 next;
        unchecked {
            for (uint256 i = 0; i < seats.length; i += 2) {
                uint256 index;
                assembly ("memory-safe") {
                    index := shr(240, calldataload(add(seats.offset, i)))
                }
                Seat seat = Seat.wrap(uint16(index));
                if (index < next || !set.members.contains(seat)) revert ICheckpointManager.CheckpointManagerBadSeats();
                next = index + 1;
                if (index < set.nAuth) ++t.authorities;
                t.stake += Snapshots.blobValue(set.weights, seat);
                KeyStore.load(registry, KeyId.wrap(Snapshots.blobValue(set.keys, seat)), key);
                BLS12381.accumulate(t.keys, key);
            }
        }
    }

    function _count(
        address registry,
        SigningSet memory set,
        ICheckpointManager.Proof calldata proof
    ) private view returns (Counted memory c) {
        c.whole = _whole(set);
        c.part = Quorum.Weights(set.authorities, set.stake);
        c.key = set.key;
        bool present = proof.present;
        bytes calldata seats = proof.seats;
        if (present || seats.length != 0) {
            Tally memory listed = tally(registry, set, seats);
            c.part =
                present
                    ? Quorum.Weights(listed.authorities, listed.stake)
                    : Quorum.Weights(c.part.authorities - listed.authorities, c.part.stake - listed.stake);
            c.key = present ? listed.keys : BLS12381.subtract(c.key, listed.keys);
        }
    }

    /// @dev What quorums of a set are measured against.
    function _whole(SigningSet memory set) private pure returns (Quorum.Weights memory) {
        return Quorum.Weights(set.authorities, set.stakers < _LEAST_STAKERS ? 0 : set.stake);
    }

    function _verify(Counted memory c, bytes32 root, ICheckpointManager.Proof calldata proof) private view {
        if (!BLS12381.verify(c.key, root, proof.signature)) revert ICheckpointManager.CheckpointManagerBadSignature();
    }

    function _tooFew(Counted memory c) private pure {
        revert ICheckpointManager.CheckpointManagerNoQuorum(
            c.part.authorities,
            c.whole.authorities,
            c.part.stake,
            c.whole.stake
        );
    }
}
