// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICheckpointManager} from "../interfaces/consensus/ICheckpointManager.sol";
import {IElections} from "../interfaces/staking/IElections.sol";
import {BLS12381} from "../libraries/BLS12381.sol";
import {ConsensusCodec} from "../libraries/ConsensusCodec.sol";
import {KeyStore} from "../libraries/KeyStore.sol";
import {Quorum} from "../libraries/Quorum.sol";
import {SealedSnapshot, SealedSnapshots} from "../libraries/SealedSnapshots.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {Checkpoint, CoreAddresses, Domain, Genesis} from "../types/Messages.sol";
import {Epoch, G1Point, Mode, Seat} from "../types/Types.sol";

/// @title Checkpoints of the chain, and its hand-overs
/// @dev Loops run over the seats listed in a proof and over the submissions of one call.
contract CheckpointManager is AccessManaged, ICheckpointManager {
    using SealedSnapshots for SealedSnapshot;
    using Snapshots for uint256[4];
    using SafeCast for uint256;

    /// @dev One slot, read and written by every checkpoint.
    struct State {
        uint64 height;
        uint64 stamp;
        uint40 acceptedAt;
        uint32 count;
        uint32 epoch;
        uint8 carried;
    }

    /// @dev One slot. `mode` is the one wanted until `firstHeight` is set. 40 bits count 3,000 years of Fast blocks; 8
    /// bits more recoveries than a chain survives.
    struct Slot {
        address snapshot;
        uint40 firstHeight;
        uint40 boundaryAt;
        uint8 incarnation;
        Mode mode;
    }

    /// @dev What a list of seats adds up to.
    struct Tally {
        uint256 authorities;
        uint256 stake;
        G1Point keys;
    }

    uint256 private constant _RING = 64;
    uint8 private constant _MOST_CARRIED = 24;
    /// @dev Fewer stakers than these count as none.
    uint256 private constant _LEAST_STAKERS = 3;

    IElections public immutable elections;
    address private immutable _registry;
    /// @inheritdoc ICheckpointManager
    uint64 public immutable chainId;

    /// @inheritdoc ICheckpointManager
    bytes32 public genesisHash;
    /// @inheritdoc ICheckpointManager
    uint64 public genesisStamp;
    State private _state;
    mapping(uint256 index => bytes32 hash) private _ring;
    mapping(uint64 epoch => Slot) private _epochs;
    mapping(uint64 epoch => bytes32 hash) private _accounting;

    constructor(address authority, IElections elections_, uint64 chainId_) AccessManaged(authority) {
        elections = elections_;
        _registry = address(elections_.registry());
        chainId = chainId_;
    }

    /// @inheritdoc ICheckpointManager
    function start(
        CoreAddresses calldata core,
        Mode mode,
        bytes32 stateRoot,
        IElections.SealHints calldata hints
    ) external restricted returns (bytes32 hash) {
        if (genesisHash != 0) revert CheckpointManagerAlreadyStarted();
        _checkCore(core);
        (bytes32 root, address blob) = elections.sealGenesis(hints);
        Genesis memory genesis = Genesis({
            chainId: chainId,
            settlementChainId: uint64(block.chainid),
            addressesHash: ConsensusCodec.addresses(core),
            snapshotHash: root,
            mode: mode,
            stateRoot: stateRoot,
            stamp: uint64(block.timestamp * 1000)
        });
        hash = ConsensusCodec.genesis(genesis);
        genesisHash = hash;
        genesisStamp = genesis.stamp;
        _state = State(0, genesis.stamp, uint40(block.timestamp), 0, 0, 0);
        _epochs[0] = Slot(blob, 1, 0, 0, mode);
        _epochs[1] = Slot(blob, 0, 0, 0, mode);
        _epochs[2] = Slot(blob, 0, 0, 0, mode);
        emit Started(hash, genesis, core);
        for (uint64 e = 0; e < 3; ++e) {
            emit RegistryRecorded(Epoch.wrap(e), root, SealedSnapshots.numberOf(blob), e != 0);
        }
    }

    /// @inheritdoc ICheckpointManager
    function submit(Checkpoint calldata checkpoint, Proof calldata proof) external {
        if (checkpoint.boundary != 0) revert CheckpointManagerBadBoundary();
        _accept(checkpoint, proof);
    }

    /// @inheritdoc ICheckpointManager
    function submitBoundary(Submission calldata submission) external {
        _acceptBoundary(submission);
    }

    /// @inheritdoc ICheckpointManager
    function submitMany(Submission[] calldata submissions) external {
        for (uint256 i = 0; i < submissions.length; ++i) {
            if (submissions[i].checkpoint.boundary == 0) _accept(submissions[i].checkpoint, submissions[i].proof);
            else _acceptBoundary(submissions[i]);
        }
    }

    /// @inheritdoc ICheckpointManager
    function submitAndSeal(Submission calldata submission, IElections.SealHints calldata hints) external {
        uint64 epoch = _acceptBoundary(submission);
        elections.seal(Epoch.wrap(epoch + 3), hints);
    }

    /// @inheritdoc ICheckpointManager
    function epochNow() external view returns (Epoch) {
        return Epoch.wrap(_state.epoch);
    }

    /// @inheritdoc ICheckpointManager
    function lastCheckpoint() external view returns (Last memory) {
        State memory s = _state;
        bytes32 hash = s.count == 0 ? genesisHash : _ring[(s.count - 1) % _RING];
        return Last(hash, s.height, s.stamp, s.acceptedAt, s.count, Epoch.wrap(s.epoch));
    }

    /// @inheritdoc ICheckpointManager
    function lastAcceptedAt() external view returns (uint64) {
        return uint64(_state.acceptedAt) * 1000;
    }

    /// @inheritdoc ICheckpointManager
    function lastAcceptedStamp() external view returns (uint64) {
        return _state.stamp;
    }

    /// @inheritdoc ICheckpointManager
    function checkpointHash(uint32 index) external view returns (bytes32) {
        uint256 count = _state.count;
        return index < count && count - index <= _RING ? _ring[index % _RING] : bytes32(0);
    }

    /// @inheritdoc ICheckpointManager
    function epochRecord(Epoch epoch) external view returns (EpochRecord memory r) {
        uint64 e = Epoch.unwrap(epoch);
        Slot memory slot = _epochs[e];
        if (slot.snapshot == address(0)) return r;
        SealedSnapshot memory s = SealedSnapshots.load(slot.snapshot);
        r.snapshot = slot.snapshot;
        r.registryRoot = s.hash;
        r.seal = s.number;
        r.incarnation = slot.incarnation;
        r.mode = slot.mode;
        r.firstHeight = slot.firstHeight;
        if (slot.firstHeight != 0) r.lastHeight = uint64(slot.firstHeight) + s.epochLength(slot.mode) - 1;
        r.boundaryAt = slot.boundaryAt;
        r.accounting = _accounting[e];
    }

    /// @inheritdoc ICheckpointManager
    function recordedRegistry(Epoch epoch) external view returns (bytes32 registryRoot, uint32 seal, address snapshot) {
        snapshot = _epochs[Epoch.unwrap(epoch)].snapshot;
        if (snapshot != address(0)) {
            registryRoot = SealedSnapshots.hashOf(snapshot);
            seal = SealedSnapshots.numberOf(snapshot);
        }
    }

    /// @inheritdoc ICheckpointManager
    function boundaryAcceptedAt(Epoch epoch) external view returns (uint40) {
        return _epochs[Epoch.unwrap(epoch)].boundaryAt;
    }

    /// @inheritdoc ICheckpointManager
    function carriedOver() external view returns (uint8) {
        return _state.carried;
    }

    /// @inheritdoc ICheckpointManager
    function snapshotFor(Epoch epoch, uint32 incarnation, bytes32 registryRoot) external view returns (address) {
        uint64 e = Epoch.unwrap(epoch);
        Slot memory slot = _epochs[e];
        if (incarnation != slot.incarnation) return address(0);
        if (slot.snapshot != address(0) && SealedSnapshots.hashOf(slot.snapshot) == registryRoot) {
            return slot.snapshot;
        }
        address candidate = elections.candidateBlob(epoch);
        if (candidate != address(0) && SealedSnapshots.hashOf(candidate) == registryRoot) return candidate;
        // Not recorded yet: the chain may have carried the registry before over without the contracts knowing.
        if (slot.snapshot == address(0) && e != 0) {
            address before = _epochs[e - 1].snapshot;
            if (before != address(0) && SealedSnapshots.hashOf(before) == registryRoot) return before;
        }
        return address(0);
    }

    /// @inheritdoc ICheckpointManager
    function domain(Epoch epoch) public view returns (bytes32) {
        Slot memory slot = _epochs[Epoch.unwrap(epoch)];
        if (slot.snapshot == address(0)) revert CheckpointManagerNotRecorded(epoch);
        return _domain(epoch, slot, SealedSnapshots.hashOf(slot.snapshot));
    }

    /// @inheritdoc ICheckpointManager
    function hashOf(Epoch epoch, Checkpoint calldata checkpoint) external view returns (bytes32) {
        return ConsensusCodec.checkpoint(domain(epoch), checkpoint);
    }

    /// @dev Verifies a checkpoint of the current epoch and records it.
    function _accept(Checkpoint calldata checkpoint, Proof calldata proof) private {
        if (genesisHash == 0) revert CheckpointManagerNotStarted();
        State memory state = _state;
        Slot memory slot = _epochs[state.epoch];
        SealedSnapshot memory s = SealedSnapshots.load(slot.snapshot);
        uint64 last = uint64(slot.firstHeight) + s.epochLength(slot.mode) - 1;
        if (checkpoint.height <= state.height || checkpoint.height > last) {
            revert CheckpointManagerBadHeight(checkpoint.height, state.height, last);
        }
        if ((checkpoint.height == last) != (checkpoint.boundary != 0)) revert CheckpointManagerBadBoundary();
        bytes32 hash = ConsensusCodec.checkpoint(_domain(Epoch.wrap(state.epoch), slot, s.hash), checkpoint);
        _checkProof(slot.mode, s, hash, proof);
        uint32 index = state.count;
        _ring[index % _RING] = hash;
        state.height = checkpoint.height;
        state.stamp = checkpoint.stamp;
        state.acceptedAt = uint40(block.timestamp);
        state.count = index + 1;
        _state = state;
        emit CheckpointAccepted(
            index,
            Epoch.wrap(state.epoch),
            checkpoint.height,
            hash,
            checkpoint,
            proof.present,
            proof.seats,
            msg.sender
        );
    }

    /// @dev Accepts the last checkpoint of the current epoch, and with it what it commits to.
    function _acceptBoundary(Submission calldata submission) private returns (uint64 epoch) {
        Boundary calldata b = submission.boundary;
        bytes32 accounting = ConsensusCodec.accounting(b.accounting);
        bytes32 content = ConsensusCodec.boundary(ConsensusCodec.commitment(b.commitment), accounting);
        epoch = _state.epoch;
        if (submission.checkpoint.boundary != content || Epoch.unwrap(b.accounting.epoch) != epoch) {
            revert CheckpointManagerBadBoundary();
        }
        _accept(submission.checkpoint, submission.proof);
        uint256 firstHeight = uint256(submission.checkpoint.height) + 1;
        _handOver(epoch, firstHeight, b);
        _epochs[epoch].boundaryAt = uint40(block.timestamp);
        _accounting[epoch] = accounting;
        _state.epoch = uint32(epoch + 1);
        emit BoundaryAccepted(Epoch.wrap(epoch), uint64(firstHeight), b);
    }

    /// @dev Fixes the mode of the next epoch and records the registry and the wanted mode of the one after.
    function _handOver(uint64 epoch, uint256 firstHeight, Boundary calldata b) private {
        Slot memory next = _epochs[epoch + 1];
        bytes32 root = SealedSnapshots.hashOf(next.snapshot);
        if (b.commitment.registryNext != root) revert CheckpointManagerBadRegistry(b.commitment.registryNext, root);
        Mode present = _epochs[epoch].mode;
        if (b.commitment.modeNext != present && b.commitment.modeNext != next.mode) {
            revert CheckpointManagerBadMode(b.commitment.modeNext, next.mode, present);
        }
        next.mode = b.commitment.modeNext;
        next.firstHeight = firstHeight.toUint40();
        _epochs[epoch + 1] = next;
        Slot memory after_ = _epochs[epoch + 2];
        if (after_.snapshot == address(0)) {
            after_.snapshot = _chooseRegistry(epoch + 2, next.snapshot, root, b.commitment.registryAfter);
        } else if (b.commitment.registryAfter != root) {
            // The genesis registry serves the first three epochs.
            revert CheckpointManagerBadRegistry(b.commitment.registryAfter, root);
        }
        after_.mode = b.commitment.modeWanted;
        _epochs[epoch + 2] = after_;
    }

    /// @dev The candidate sealed for an epoch or the registry before, as the boundary names.
    function _chooseRegistry(
        uint64 epoch,
        address before,
        bytes32 beforeRoot,
        bytes32 named
    ) private returns (address snapshot) {
        snapshot = elections.candidateBlob(Epoch.wrap(epoch));
        bool none = snapshot == address(0);
        bytes32 candidate = none ? bytes32(0) : SealedSnapshots.hashOf(snapshot);
        bool carried = none || candidate != named;
        if (carried) {
            if (named != beforeRoot) revert CheckpointManagerBadRegistry(named, candidate);
            if (!none && ++_state.carried > _MOST_CARRIED) revert CheckpointManagerCarriedTooOften();
            snapshot = before;
        } else if (_state.carried != 0) {
            _state.carried = 0;
        }
        emit RegistryRecorded(Epoch.wrap(epoch), named, SealedSnapshots.numberOf(snapshot), carried);
    }

    /// @dev Counts both weights of the signers against the snapshot, under the mode on record here, and verifies their
    /// aggregate: the set's sum less the absent, or the sum of the present.
    function _checkProof(Mode mode, SealedSnapshot memory s, bytes32 hash, Proof calldata proof) private view {
        bool all = mode == Mode.Secure;
        Tally memory listed = _tally(s, all ? s.members : s.backing, proof.seats);
        uint256 authorities = s.nAuth - Snapshots.size(s.suspended);
        uint256 stake = all ? s.totalStake : s.backingStake;
        bool stakersCount = (all ? s.stakers : s.backingStakers) >= _LEAST_STAKERS;
        Quorum.Weights memory whole = Quorum.Weights(authorities, stakersCount ? stake : 0);
        Quorum.Weights memory part =
            proof.present
                ? Quorum.Weights(listed.authorities, listed.stake)
                : Quorum.Weights(authorities - listed.authorities, stake - listed.stake);
        if (!Quorum.isBacked(mode, part, whole)) {
            revert CheckpointManagerNoQuorum(part.authorities, whole.authorities, part.stake, whole.stake);
        }
        G1Point memory key = all ? s.membersKey : s.backingKey;
        if (proof.present) key = listed.keys;
        else if (proof.seats.length != 0) key = BLS12381.subtract(key, listed.keys);
        if (!BLS12381.verify(key, hash, proof.signature)) revert CheckpointManagerBadSignature();
    }

    function _tally(
        SealedSnapshot memory s,
        uint256[4] memory set,
        bytes calldata seats
    ) private view returns (Tally memory t) {
        if (seats.length % 2 != 0) revert CheckpointManagerBadSeats();
        G1Point memory key;
        uint256 next;
        unchecked {
            for (uint256 i = 0; i < seats.length; i += 2) {
                uint256 index;
                assembly ("memory-safe") {
                    index := shr(240, calldataload(add(seats.offset, i)))
                }
                Seat seat = Seat.wrap(uint16(index));
                if (index < next || !set.contains(seat)) revert CheckpointManagerBadSeats();
                next = index + 1;
                if (index < s.nAuth) ++t.authorities;
                t.stake += s.weightAt(seat);
                KeyStore.load(_registry, s.keyAt(seat), key);
                BLS12381.accumulate(t.keys, key);
            }
        }
    }

    function _domain(Epoch epoch, Slot memory slot, bytes32 root) private view returns (bytes32) {
        return ConsensusCodec.domain(Domain(chainId, genesisHash, epoch, slot.incarnation, slot.mode, root));
    }

    function _checkCore(CoreAddresses calldata core) private view {
        if (core.checkpoints != address(this)) revert CheckpointManagerWrongCore("checkpoints", core.checkpoints);
        if (core.elections != address(elections)) revert CheckpointManagerWrongCore("elections", core.elections);
        if (core.registry != _registry) revert CheckpointManagerWrongCore("registry", core.registry);
        if (core.pool != address(elections.pool())) revert CheckpointManagerWrongCore("pool", core.pool);
        if (core.queue != address(elections.pool().queue())) revert CheckpointManagerWrongCore("queue", core.queue);
        if (core.token != address(elections.pool().token())) revert CheckpointManagerWrongCore("token", core.token);
        if (core.slashing.code.length == 0) revert CheckpointManagerWrongCore("slashing", core.slashing);
        if (elections.checkpoints() != address(this)) {
            revert CheckpointManagerWrongCore("checkpoints of elections", elections.checkpoints());
        }
    }
}
