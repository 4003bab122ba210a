// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICheckpointManager} from "../interfaces/consensus/ICheckpointManager.sol";
import {IElections} from "../interfaces/staking/IElections.sol";
import {ConsensusCodec} from "../libraries/ConsensusCodec.sol";
import {SealedSnapshots} from "../libraries/SealedSnapshots.sol";
import {Accounting, Checkpoint, Commitment, CoreAddresses, Domain, Genesis} from "../types/Messages.sol";
import {Epoch, Mode} from "../types/Types.sol";
import {QuorumProofs} from "./QuorumProofs.sol";

/// @title Checkpoints of the chain, and its hand-overs
/// @dev Loops run over the submissions of one call, and in QuorumProofs (a linked library) over the seats of a proof.
contract CheckpointManager is AccessManaged, ICheckpointManager {
    using SafeCast for uint256;

    /// @dev One slot, read and written by every checkpoint. A checkpoint stamped up to `stalledAt` (seconds) is of before
    /// the stall that a recovery was opened for.
    struct State {
        uint40 height;
        uint64 stamp;
        uint40 acceptedAt;
        uint32 count;
        uint32 epoch;
        uint8 carried;
        uint40 stalledAt;
    }

    /// @dev One slot. `firstHeight` and `begunAt` are set when the boundary before is accepted; until then `mode` is the
    /// one wanted. 40 bits count 3,000 years of Fast blocks; 8 bits more recoveries than a chain survives.
    struct Slot {
        address snapshot;
        uint40 firstHeight;
        uint40 begunAt;
        uint8 incarnation;
        Mode mode;
    }

    uint256 private constant _RING = 64;
    uint8 private constant _MOST_CARRIED = 24;
    uint32 private constant _NEUTRAL_MULTIPLIER = 1_000_000;

    IElections public immutable elections;
    address private immutable _registry;
    /// @inheritdoc ICheckpointManager
    uint64 public immutable chainId;

    /// @inheritdoc ICheckpointManager
    bytes32 public genesisHash;
    /// @inheritdoc ICheckpointManager
    uint64 public genesisStamp;
    State private _state;
    /// @dev keccak256(abi.encode(checkpoint hash, who submitted it)): both are proved by one slot.
    mapping(uint256 index => bytes32 slot) private _ring;
    mapping(uint64 epoch => Slot) private _epochs;
    /// @dev What recoveries replaced, by epoch and incarnation: signatures under it still are evidence.
    mapping(uint64 epoch => mapping(uint32 incarnation => address snapshot)) private _voided;
    /// @dev The same of a boundary's accounting (tag 16).
    mapping(uint64 epoch => bytes32 slot) private _accounting;

    constructor(address authority, IElections elections_, uint64 chainId_) AccessManaged(authority) {
        elections = elections_;
        _registry = address(elections_.registry());
        chainId = chainId_;
        // Writing a slot for the first time costs 17,100 gas more; whoever deploys pays that, not who posts.
        for (uint256 i = 0; i < _RING; ++i) {
            _ring[i] = bytes32(uint256(1));
        }
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
        _state = State(0, genesis.stamp, uint40(block.timestamp), 0, 0, 0, 0);
        _epochs[0] = Slot(blob, 1, uint40(block.timestamp), 0, mode);
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
        State memory state = _state;
        _accept(state, checkpoint, proof);
        _state = state;
    }

    /// @inheritdoc ICheckpointManager
    function submitBoundary(Submission calldata submission) external {
        State memory state = _state;
        _acceptBoundary(state, submission);
        _state = state;
    }

    /// @inheritdoc ICheckpointManager
    function submitMany(Submission[] calldata submissions) external {
        State memory state = _state;
        for (uint256 i = 0; i < submissions.length; ++i) {
            if (submissions[i].checkpoint.boundary != 0) _acceptBoundary(state, submissions[i]);
            else _accept(state, submissions[i].checkpoint, submissions[i].proof);
        }
        _state = state;
    }

    /// @inheritdoc ICheckpointManager
    function submitAndSeal(Submission calldata submission, IElections.SealHints calldata hints) external {
        State memory state = _state;
        _acceptBoundary(state, submission);
        _state = state;
        elections.sealFor(Epoch.wrap(uint64(state.epoch) + 2), hints, msg.sender);
    }

    /// @inheritdoc ICheckpointManager
    function recover(RecoveryPoint calldata point) external restricted returns (uint32 incarnation) {
        State memory state = _state;
        uint64 epoch = state.epoch;
        Slot memory next = _epochs[epoch + 1];
        _voided[epoch + 1][next.incarnation] = next.snapshot;
        address after_ = _epochs[epoch + 2].snapshot;
        _voided[epoch + 2][next.incarnation] = after_ == address(0) ? next.snapshot : after_;
        incarnation = next.incarnation + 1;
        uint40 nextHeight = (uint256(point.height) + 1).toUint40();
        uint8 stored = uint256(incarnation).toUint8();
        _epochs[epoch + 1] = Slot(point.snapshot, nextHeight, uint40(block.timestamp), stored, Mode.Secure);
        _epochs[epoch + 2] = Slot(point.snapshot, 0, 0, stored, Mode.Secure);
        Accounting memory accounting = Accounting({
            epoch: Epoch.wrap(epoch),
            views: point.views,
            stamp: point.stamp,
            loadMultiplier: _NEUTRAL_MULTIPLIER,
            vectorHash: keccak256("")
        });
        _accounting[epoch] = _slot(ConsensusCodec.accounting(accounting), point.submitter);
        (state.height, state.stamp, state.acceptedAt) = (nextHeight - 1, point.stamp, uint40(block.timestamp));
        state.epoch += 1;
        state.stalledAt = 0;
        _state = state;
        bytes32 root = SealedSnapshots.hashOf(point.snapshot);
        emit EpochRecovered(Epoch.wrap(epoch), incarnation, nextHeight, point.blockHash, root, accounting);
        for (uint64 e = epoch + 1; e < epoch + 3; ++e) {
            emit RegistryRecorded(Epoch.wrap(e), root, SealedSnapshots.numberOf(point.snapshot), e != epoch + 1);
        }
    }

    /// @inheritdoc ICheckpointManager
    function noteStall(uint40 stalledAt) external restricted {
        _state.stalledAt = stalledAt;
        emit StallNoted(stalledAt);
    }

    /// @inheritdoc ICheckpointManager
    function epochNow() external view returns (Epoch) {
        return Epoch.wrap(_state.epoch);
    }

    /// @inheritdoc ICheckpointManager
    function lastCheckpoint() external view returns (Last memory) {
        State memory s = _state;
        return Last(s.height, s.stamp, s.acceptedAt, s.count, Epoch.wrap(s.epoch));
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
    function isRecent(uint32 index, bytes32 hash, address submitter) external view returns (bool) {
        uint256 count = _state.count;
        return index < count && count - index <= _RING && _ring[index % _RING] == _slot(hash, submitter);
    }

    /// @inheritdoc ICheckpointManager
    function accountingOf(Epoch epoch) external view returns (bytes32) {
        return _accounting[Epoch.unwrap(epoch)];
    }

    /// @inheritdoc ICheckpointManager
    function epochRecord(Epoch epoch) external view returns (EpochRecord memory r) {
        uint64 e = Epoch.unwrap(epoch);
        Slot memory slot = _epochs[e];
        if (slot.snapshot == address(0)) return r;
        r.snapshot = slot.snapshot;
        r.registryRoot = SealedSnapshots.hashOf(slot.snapshot);
        r.seal = SealedSnapshots.numberOf(slot.snapshot);
        r.incarnation = slot.incarnation;
        r.mode = slot.mode;
        r.firstHeight = slot.firstHeight;
        Slot memory next = _epochs[e + 1];
        if (next.firstHeight != 0) {
            // A recovered epoch is shorter than planned.
            r.lastHeight = next.firstHeight - 1;
        } else if (slot.firstHeight != 0) {
            r.lastHeight = uint64(slot.firstHeight) + SealedSnapshots.epochLength(slot.snapshot, slot.mode) - 1;
        }
        r.boundaryAt = next.begunAt;
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
        return _epochs[Epoch.unwrap(epoch) + 1].begunAt;
    }

    /// @inheritdoc ICheckpointManager
    function carriedOver() external view returns (uint8) {
        return _state.carried;
    }

    /// @inheritdoc ICheckpointManager
    function snapshotFor(Epoch epoch, uint32 incarnation, bytes32 registryRoot) public view returns (address) {
        uint64 e = Epoch.unwrap(epoch);
        Slot memory slot = _epochs[e];
        if (incarnation == slot.incarnation && slot.snapshot != address(0)) {
            // What evidence mostly names: nothing else is read.
            if (SealedSnapshots.hashOf(slot.snapshot) == registryRoot) return slot.snapshot;
        }
        address before = e == 0 ? address(0) : _epochs[e - 1].snapshot;
        // Not recorded yet: the chain may have carried the registry before over without the contracts knowing.
        bool open = slot.snapshot == address(0) && before != address(0);
        address voided = _voided[e][incarnation];
        if (open) slot.incarnation = _epochs[e - 1].incarnation;
        if (incarnation != slot.incarnation && voided == address(0)) return address(0);
        address[3] memory known = [
            incarnation == slot.incarnation ? slot.snapshot : voided,
            elections.candidateBlob(epoch),
            open ? before : address(0)
        ];
        for (uint256 i = 0; i < 3; ++i) {
            if (known[i] != address(0) && SealedSnapshots.hashOf(known[i]) == registryRoot) return known[i];
        }
        return address(0);
    }

    /// @inheritdoc ICheckpointManager
    function domainFor(
        Epoch epoch,
        uint32 incarnation,
        Mode mode,
        bytes32 registryRoot,
        uint256 within
    ) external view returns (bytes32 hash, address snapshot, uint40 boundaryAt) {
        snapshot = snapshotFor(epoch, incarnation, registryRoot);
        hash = ConsensusCodec.domain(Domain(chainId, genesisHash, epoch, incarnation, mode, registryRoot));
        // An epoch does not end before it began: while that is not long ago, its end need not be read.
        if (block.timestamp - _epochs[Epoch.unwrap(epoch)].begunAt < within) return (hash, snapshot, 0);
        boundaryAt = _epochs[Epoch.unwrap(epoch) + 1].begunAt;
        if (block.timestamp - boundaryAt < within) boundaryAt = 0;
    }

    /// @inheritdoc ICheckpointManager
    function domain(Epoch epoch) public view returns (bytes32) {
        Slot memory slot = _epochs[Epoch.unwrap(epoch)];
        if (slot.snapshot == address(0)) revert CheckpointManagerNotRecorded(epoch);
        return _domain(genesisHash, epoch, slot, SealedSnapshots.hashOf(slot.snapshot));
    }

    /// @inheritdoc ICheckpointManager
    function hashOf(Epoch epoch, Checkpoint calldata checkpoint) external view returns (bytes32) {
        return ConsensusCodec.checkpoint(domain(epoch), checkpoint);
    }

    /// @dev Verifies a checkpoint of the current epoch and records it; the caller stores `state`.
    function _accept(
        State memory state,
        Checkpoint calldata checkpoint,
        Proof calldata proof
    ) private returns (Mode mode) {
        bytes32 genesis = genesisHash;
        if (genesis == 0) revert CheckpointManagerNotStarted();
        Slot memory slot = _epochs[state.epoch];
        mode = slot.mode;
        uint64 height = checkpoint.height;
        uint64 last = uint64(slot.firstHeight) + SealedSnapshots.epochLength(slot.snapshot, mode) - 1;
        if (height <= state.height || height > last) revert CheckpointManagerBadHeight(height, state.height, last);
        if ((height == last) != (checkpoint.boundary != 0)) revert CheckpointManagerBadBoundary();
        bytes32 hash = ConsensusCodec.checkpoint(
            _domain(genesis, Epoch.wrap(state.epoch), slot, SealedSnapshots.hashOf(slot.snapshot)),
            checkpoint
        );
        QuorumProofs.checkBacked(_registry, slot.snapshot, uint8(mode), hash, proof);
        uint32 index = state.count;
        _ring[index % _RING] = _slot(hash, msg.sender);
        state.height = uint256(height).toUint40();
        state.stamp = checkpoint.stamp;
        // What was backed before a stall is no sign of life: it resets no clock. A boundary ends the epoch, however old.
        if (checkpoint.boundary != 0 || checkpoint.stamp > uint256(state.stalledAt) * 1000) {
            state.acceptedAt = uint40(block.timestamp);
            state.stalledAt = 0;
        }
        state.count = index + 1;
        emit CheckpointAccepted(
            index,
            Epoch.wrap(state.epoch),
            height,
            hash,
            checkpoint,
            proof.present,
            proof.seats,
            msg.sender
        );
    }

    /// @dev Accepts the last checkpoint of the current epoch, and with it what it commits to. `state` moves to the next.
    function _acceptBoundary(State memory state, Submission calldata submission) private {
        Boundary calldata b = submission.boundary;
        bytes32 accounting = ConsensusCodec.accounting(b.accounting);
        bytes32 content = ConsensusCodec.boundary(ConsensusCodec.commitment(b.commitment), accounting);
        uint32 epoch = state.epoch;
        if (submission.checkpoint.boundary != content || Epoch.unwrap(b.accounting.epoch) != epoch) {
            revert CheckpointManagerBadBoundary();
        }
        Mode mode = _accept(state, submission.checkpoint, submission.proof);
        _handOver(state, mode, b.commitment);
        _accounting[epoch] = _slot(accounting, msg.sender);
        state.epoch = epoch + 1;
        emit BoundaryAccepted(Epoch.wrap(epoch), uint64(state.height) + 1, b);
    }

    /// @dev Begins the next epoch in the mode that is fixed here and records the registry and the wanted mode of the one
    /// after.
    function _handOver(State memory state, Mode present, Commitment calldata c) private {
        uint64 epoch = uint64(state.epoch) + 1;
        Slot memory next = _epochs[epoch];
        bytes32 root = SealedSnapshots.hashOf(next.snapshot);
        if (c.registryNext != root) revert CheckpointManagerBadRegistry(c.registryNext, root);
        if (c.modeNext != present && c.modeNext != next.mode) {
            revert CheckpointManagerBadMode(c.modeNext, next.mode, present);
        }
        next.mode = c.modeNext;
        next.firstHeight = (uint256(state.height) + 1).toUint40();
        next.begunAt = state.acceptedAt;
        _epochs[epoch] = next;
        ++epoch;
        Slot storage after_ = _epochs[epoch];
        if (after_.snapshot == address(0)) {
            address chosen = _chooseRegistry(state, epoch, next.snapshot, c);
            _epochs[epoch] = Slot(chosen, 0, 0, next.incarnation, c.modeWanted);
        } else {
            // The genesis registry serves the first three epochs, that of a recovery two.
            if (c.registryAfter != root) revert CheckpointManagerBadRegistry(c.registryAfter, root);
            after_.mode = c.modeWanted;
        }
    }

    /// @dev The candidate sealed for an epoch or the registry before, as the boundary names. Carrying it over beside a
    /// candidate that has no quorum in the mode at hand, or that its headers could not have shown, is not the chain's
    /// choice, and is not counted.
    function _chooseRegistry(
        State memory state,
        uint64 epoch,
        address before,
        Commitment calldata c
    ) private returns (address snapshot) {
        snapshot = elections.candidateBlob(Epoch.wrap(epoch));
        bool none = snapshot == address(0);
        bytes32 candidate = none ? bytes32(0) : SealedSnapshots.hashOf(snapshot);
        bytes32 named = c.registryAfter;
        bool carried = none || candidate != named;
        if (carried) {
            // `registryNext` was found to be the root of the registry before.
            if (named != c.registryNext) revert CheckpointManagerBadRegistry(named, candidate);
            bool counts = !none && _couldBeShown(snapshot, state.stamp);
            if (counts) counts = QuorumProofs.canDecide(snapshot, uint8(c.modeNext));
            if (counts && ++state.carried > _MOST_CARRIED) revert CheckpointManagerCarriedTooOften();
            snapshot = before;
        } else {
            state.carried = 0;
        }
        emit RegistryRecorded(Epoch.wrap(epoch), named, SealedSnapshots.numberOf(snapshot), carried);
    }

    /// @dev Whether the last block of an epoch could name a settlement block that shows a candidate. A boundary may come long
    /// after its block: what was sealed in between was nobody's to take over.
    function _couldBeShown(address candidate, uint64 stamp) private view returns (bool) {
        uint256 lag = elections.parameters().settlementLag();
        return stamp >= (SealedSnapshots.sealedAtOf(candidate) + lag) * 1000;
    }

    function _slot(bytes32 hash, address submitter) private pure returns (bytes32) {
        return EfficientHashLib.hash(uint256(hash), uint160(submitter));
    }

    function _domain(bytes32 genesis, Epoch epoch, Slot memory slot, bytes32 root) private view returns (bytes32) {
        return ConsensusCodec.domain(Domain(chainId, genesis, epoch, slot.incarnation, slot.mode, root));
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
