// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";
import {ICheckpointLightClient} from "../interfaces/consensus/ICheckpointLightClient.sol";
import {ICheckpointManager} from "../interfaces/consensus/ICheckpointManager.sol";
import {BLS12381} from "../libraries/BLS12381.sol";
import {ConsensusCodec} from "../libraries/ConsensusCodec.sol";
import {Inclusion} from "../libraries/Inclusion.sol";
import {Quorum} from "../libraries/Quorum.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {Checkpoint, Commitment, Domain, Params, SnapshotHeader} from "../types/Messages.sol";
import {Epoch, G1Point, G2Point, Mode, Seat, WholeTokens} from "../types/Types.sol";

/// @title The chain's checkpoints, followed from another chain
/// @dev Loops run over the seats listed in a proof and over the page of `change`.
contract CheckpointLightClient is Ownable2Step, ICheckpointLightClient {
    using Snapshots for uint256[4];

    /// @dev A set of seats and the sum of their keys.
    struct KeySet {
        uint256[4] seats;
        G1Point key;
    }

    /// @dev What checkpoints under a registry are judged by.
    struct Registry {
        bool known;
        bool hasStakers;
        uint16 nAuth;
        uint16 authorities;
        uint16 backingStakers;
        uint64 totalStake;
        uint64 backingStake;
        uint32[3] epochLengths;
        bytes32 keysRoot;
        bytes32 weightsRoot;
        KeySet members;
        KeySet backing;
    }

    /// @dev A registry on its way from another: its sums and tree are those of the seats changed so far.
    struct Work {
        Registry target;
        bytes32 keysRoot;
        uint256 suspended;
        uint256[4] occupied;
        uint256[4] backing;
    }

    struct EpochSlot {
        bytes32 registry;
        uint64 firstHeight;
        uint32 incarnation;
        Mode mode;
    }

    /// @dev What a list of seats adds up to.
    struct Tally {
        uint256 authorities;
        uint256 stake;
        G1Point keys;
    }

    uint256 private constant _LEAST_STAKERS = 3;

    /// @inheritdoc ICheckpointLightClient
    uint64 public immutable chainId;
    /// @inheritdoc ICheckpointLightClient
    bytes32 public immutable genesisHash;
    /// @notice Silence after which the client says stalled, seconds.
    uint256 public immutable patience;

    uint64 private _epoch;
    uint64 private _height;
    uint64 private _stamp;
    uint40 private _acceptedAt;
    bool private _frozen;
    bool private _restarted;
    mapping(uint64 epoch => EpochSlot) private _epochs;
    mapping(bytes32 root => Registry) private _registries;
    /// @dev Seats with a key.
    mapping(bytes32 root => uint256[4]) private _occupiedOf;
    mapping(address builder => mapping(bytes32 root => Work)) private _works;
    /// @dev Anchored so often: what was accepted before an anchor proves nothing after it.
    uint256 private _generation;
    mapping(uint256 generation => mapping(uint64 height => bytes32 hash)) private _accepted;

    constructor(
        address owner_,
        uint64 chainId_,
        bytes32 genesisHash_,
        uint256 patience_,
        Anchor memory from
    ) Ownable(owner_) {
        chainId = chainId_;
        genesisHash = genesisHash_;
        patience = patience_;
        _anchor(from);
    }

    /// @inheritdoc ICheckpointLightClient
    function submit(Submission calldata submission) external {
        if (_frozen || _restarted) revert LightClientHalted(status());
        EpochSlot memory slot = _epochs[_epoch];
        Registry storage registry = _known(slot.registry);
        Checkpoint calldata c = submission.checkpoint;
        uint64 last = slot.firstHeight + registry.epochLengths[uint8(slot.mode)] - 1;
        if (c.height <= _height || c.height > last) revert LightClientBadHeight(c.height, _height, last);
        if ((c.height == last) != (c.boundary != 0)) revert LightClientBadBoundary();
        bytes32 hash = ConsensusCodec.checkpoint(_domain(_epoch, slot), c);
        _checkBacked(registry, slot.mode, hash, submission.proof);
        _accepted[_generation][c.height] = hash;
        (_height, _stamp, _acceptedAt) = (c.height, c.stamp, uint40(block.timestamp));
        emit CheckpointAccepted(Epoch.wrap(_epoch), c.height, hash, c);
        if (c.boundary != 0) _handOver(slot, c, submission.boundary);
    }

    /// @inheritdoc ICheckpointLightClient
    function begin(SnapshotHeader calldata header, Params calldata params, bytes32 from) external {
        bytes32 root = ConsensusCodec.snapshot(header);
        if (ConsensusCodec.params(params) != header.paramsHash) revert LightClientBadPreimage();
        Work storage work = _works[msg.sender][root];
        delete _works[msg.sender][root];
        Registry storage target = work.target;
        if (from == 0) {
            work.keysRoot = _emptyRoot();
        } else {
            Registry storage source = _known(from);
            work.keysRoot = source.keysRoot;
            target.members = source.members;
            target.backing = source.backing;
            work.occupied = _occupiedOf[from];
        }
        target.nAuth = header.nAuth;
        target.authorities = uint16(header.nAuth - Snapshots.size(header.suspended));
        target.totalStake = WholeTokens.unwrap(header.totalStake);
        target.backingStake = WholeTokens.unwrap(header.backingStake);
        target.epochLengths = [
            uint32(params.epochLength.fast),
            uint32(params.epochLength.balanced),
            uint32(params.epochLength.secure)
        ];
        (target.keysRoot, target.weightsRoot) = (header.keysRoot, header.weightsRoot);
        uint256[4] memory backing = header.backing;
        target.backingStakers = uint16(backing.size() - target.authorities);
        (work.suspended, work.backing) = (header.suspended, backing);
    }

    /// @inheritdoc ICheckpointLightClient
    function change(bytes32 registryRoot, Change[] calldata changes) external {
        Work storage work = _works[msg.sender][registryRoot];
        for (uint256 i = 0; i < changes.length; ++i) {
            _change(work, changes[i]);
        }
    }

    /// @inheritdoc ICheckpointLightClient
    function finish(bytes32 registryRoot, Listed[] calldata stakers) external {
        Work storage work = _works[msg.sender][registryRoot];
        Registry storage target = work.target;
        if (target.keysRoot == 0 || work.keysRoot != target.keysRoot) revert LightClientUnfinished();
        for (uint256 k = 0; k < 4; ++k) {
            uint256 members = work.occupied[k];
            if (k == 0) members &= ~work.suspended;
            // Who is in a set has been added to its sum: seats that enter or leave were changed too.
            if (target.members.seats[k] != members || target.backing.seats[k] != work.backing[k]) {
                revert LightClientUnfinished();
            }
        }
        target.hasStakers = target.backingStakers >= _LEAST_STAKERS || _countStakers(target, stakers) >= _LEAST_STAKERS;
        target.known = true;
        _registries[registryRoot] = target;
        _occupiedOf[registryRoot] = work.occupied;
        delete _works[msg.sender][registryRoot];
        emit RegistryKnown(registryRoot);
    }

    /// @inheritdoc ICheckpointLightClient
    function reportRestart(uint64 viewNumber, bytes32 blockHash, Proof calldata proof) external {
        EpochSlot memory slot = _epochs[_epoch];
        Registry storage registry = _known(slot.registry);
        (Quorum.Weights memory part, G1Point memory key) = _count(registry, slot.mode, proof);
        uint256 whole = slot.mode == Mode.Secure ? registry.totalStake : registry.backingStake;
        if (!Quorum.exceedsTwoThirds(part.stake, whole)) revert LightClientNoQuorum(0, 0, part.stake, whole);
        _verify(key, ConsensusCodec.restart(_domain(_epoch, slot), viewNumber, blockHash), proof.signature);
        _restarted = true;
        emit RestartSeen(Epoch.wrap(_epoch), viewNumber, blockHash);
    }

    /// @inheritdoc ICheckpointLightClient
    function reportConflict(
        Epoch epoch,
        Checkpoint calldata first,
        Proof calldata firstProof,
        Checkpoint calldata second,
        Proof calldata secondProof
    ) external {
        EpochSlot memory slot = _epochs[Epoch.unwrap(epoch)];
        if (slot.firstHeight == 0) revert LightClientUnknownEpoch(epoch);
        Registry storage registry = _known(slot.registry);
        bytes32 domain = _domain(Epoch.unwrap(epoch), slot);
        (bytes32 a, bytes32 b) = (ConsensusCodec.checkpoint(domain, first), ConsensusCodec.checkpoint(domain, second));
        if (a == b || first.height != second.height) revert LightClientNoConflict();
        _checkBacked(registry, slot.mode, a, firstProof);
        _checkBacked(registry, slot.mode, b, secondProof);
        _frozen = true;
        emit Conflict(epoch, first.height, a, b);
    }

    /// @inheritdoc ICheckpointLightClient
    function anchor(Anchor calldata from) external onlyOwner {
        _anchor(from);
    }

    /// @inheritdoc ICheckpointLightClient
    function position() external view returns (Epoch epoch, uint32 incarnation, uint64 height) {
        return (Epoch.wrap(_epoch), _epochs[_epoch].incarnation, _height);
    }

    /// @inheritdoc ICheckpointLightClient
    function lastAccepted() external view returns (uint64 stamp, uint40 acceptedAt) {
        return (_stamp, _acceptedAt);
    }

    /// @inheritdoc ICheckpointLightClient
    function epochOf(Epoch epoch) external view returns (bytes32 registryRoot, Mode mode, uint64 firstHeight) {
        EpochSlot memory slot = _epochs[Epoch.unwrap(epoch)];
        return (slot.registry, slot.mode, slot.firstHeight);
    }

    /// @inheritdoc ICheckpointLightClient
    function isKnown(bytes32 registryRoot) external view returns (bool) {
        return _registries[registryRoot].known;
    }

    /// @inheritdoc ICheckpointLightClient
    function hasBlock(
        Epoch epoch,
        Checkpoint calldata checkpoint,
        uint64 height,
        bytes32 blockHash,
        bytes32[] calldata path,
        bytes32[] calldata peaks
    ) external view returns (bool) {
        bytes32 hash = ConsensusCodec.checkpoint(
            _domain(Epoch.unwrap(epoch), _epochs[Epoch.unwrap(epoch)]),
            checkpoint
        );
        return
            !_frozen &&
            checkpointAt(checkpoint.height) == hash &&
            Inclusion.isBlock(checkpoint.blocksRoot, checkpoint.height, height, blockHash, path, peaks);
    }

    /// @inheritdoc ICheckpointLightClient
    function checkpointAt(uint64 height) public view returns (bytes32) {
        return _accepted[_generation][height];
    }

    /// @inheritdoc ICheckpointLightClient
    function status() public view returns (Status) {
        if (_frozen) return Status.Frozen;
        return _restarted || block.timestamp > _acceptedAt + patience ? Status.Stalled : Status.Live;
    }

    function _anchor(Anchor memory from) private {
        uint64 epoch = Epoch.unwrap(from.epoch);
        _epochs[epoch] = EpochSlot(from.registry, from.firstHeight, from.incarnation, from.mode);
        _epochs[epoch + 1] = EpochSlot(from.registryNext, 0, from.incarnation, from.wanted);
        delete _epochs[epoch + 2];
        ++_generation;
        (_epoch, _height, _stamp) = (epoch, from.height, from.stamp);
        (_acceptedAt, _frozen, _restarted) = (uint40(block.timestamp), false, false);
        emit Anchored(from);
    }

    /// @dev Begins the next epoch and records the registry and the wanted mode of the one after.
    function _handOver(EpochSlot memory slot, Checkpoint calldata c, ICheckpointManager.Boundary calldata b) private {
        bytes32 content = ConsensusCodec.boundary(
            ConsensusCodec.commitment(b.commitment),
            ConsensusCodec.accounting(b.accounting)
        );
        if (c.boundary != content || Epoch.unwrap(b.accounting.epoch) != _epoch) revert LightClientBadBoundary();
        Commitment calldata m = b.commitment;
        EpochSlot storage next = _epochs[_epoch + 1];
        if (m.registryNext != next.registry) revert LightClientBadRegistry(m.registryNext, next.registry);
        if (m.modeNext != slot.mode && m.modeNext != next.mode) {
            revert LightClientBadMode(m.modeNext, next.mode, slot.mode);
        }
        (next.mode, next.firstHeight) = (m.modeNext, c.height + 1);
        _epochs[_epoch + 2] = EpochSlot(m.registryAfter, 0, slot.incarnation, m.modeWanted);
        emit BoundaryAccepted(Epoch.wrap(_epoch), m.registryAfter, m.modeNext, m.modeWanted);
        ++_epoch;
    }

    /// @dev Replaces a seat's leaf and brings both sums into line with it.
    function _change(Work storage work, Change calldata c) private {
        if (c.seat >= Snapshots.SEATS) revert LightClientBadProof(c.seat);
        if (_climbKeys(c.seat, _leaf(c.seat, c.before), c.path) != work.keysRoot) revert LightClientBadProof(c.seat);
        work.keysRoot = _climbKeys(c.seat, _leaf(c.seat, c.key), c.path);
        (uint256 index, uint256 bit) = (c.seat >> 8, 1 << (c.seat & 0xff));
        bool occupied = !BLS12381.isInfinity(c.key);
        work.occupied[index] = occupied ? work.occupied[index] | bit : work.occupied[index] & ~bit;
        bool suspended = index == 0 && work.suspended & bit != 0;
        _move(work.target.members, index, bit, occupied && !suspended, c);
        _move(work.target.backing, index, bit, occupied && work.backing[index] & bit != 0, c);
    }

    function _move(KeySet storage set, uint256 index, uint256 bit, bool enters, Change calldata c) private {
        if (set.seats[index] & bit != 0) set.key = BLS12381.subtract(set.key, c.before);
        if (enters) {
            set.key = BLS12381.add(set.key, c.key);
            set.seats[index] |= bit;
        } else {
            set.seats[index] &= ~bit;
        }
    }

    function _countStakers(Registry storage target, Listed[] calldata stakers) private view returns (uint256 count) {
        uint256 next = target.nAuth;
        for (; count < stakers.length; ++count) {
            Listed calldata s = stakers[count];
            if (s.seat < next) revert LightClientBadSeats();
            next = uint256(s.seat) + 1;
            if (_weightOf(target, s) == 0) revert LightClientBadProof(s.seat);
        }
    }

    function _checkBacked(Registry storage registry, Mode mode, bytes32 root, Proof calldata proof) private view {
        bool all = mode == Mode.Secure;
        bool staked = all ? registry.hasStakers : registry.backingStakers >= _LEAST_STAKERS;
        uint256 stake = all ? registry.totalStake : registry.backingStake;
        Quorum.Weights memory whole = Quorum.Weights(registry.authorities, staked ? stake : 0);
        (Quorum.Weights memory part, G1Point memory key) = _count(registry, mode, proof);
        if (!Quorum.isBacked(mode, part, whole)) {
            revert LightClientNoQuorum(part.authorities, whole.authorities, part.stake, whole.stake);
        }
        _verify(key, root, proof.signature);
    }

    /// @dev Weights and key of the signers: the set's less the absent, or the sum of the present.
    function _count(
        Registry storage registry,
        Mode mode,
        Proof calldata proof
    ) private view returns (Quorum.Weights memory part, G1Point memory key) {
        bool all = mode == Mode.Secure;
        KeySet memory set = all ? registry.members : registry.backing;
        Tally memory t = _tally(registry, set.seats, proof.seats);
        if (proof.present) return (Quorum.Weights(t.authorities, t.stake), t.keys);
        uint256 stake = all ? registry.totalStake : registry.backingStake;
        part = Quorum.Weights(registry.authorities - t.authorities, stake - t.stake);
        key = proof.seats.length == 0 ? set.key : BLS12381.subtract(set.key, t.keys);
    }

    function _tally(
        Registry storage registry,
        uint256[4] memory members,
        Listed[] calldata seats
    ) private view returns (Tally memory t) {
        uint256 next;
        uint256 nAuth = registry.nAuth;
        bytes32 keysRoot = registry.keysRoot;
        for (uint256 i = 0; i < seats.length; ++i) {
            Listed calldata s = seats[i];
            if (s.seat < next || !members.contains(Seat.wrap(s.seat))) revert LightClientBadSeats();
            next = uint256(s.seat) + 1;
            if (_climbKeys(s.seat, _leaf(s.seat, s.key), s.keyPath) != keysRoot) revert LightClientBadProof(s.seat);
            if (s.seat < nAuth) ++t.authorities;
            t.stake += _weightOf(registry, s);
            BLS12381.accumulate(t.keys, s.key);
        }
    }

    function _weightOf(Registry storage registry, Listed calldata s) private view returns (uint256) {
        bytes32 node = bytes32(s.word);
        for (uint256 i = 0; i < 7; ++i) {
            node = _parent(node, s.wordPath[i], uint256(s.seat) >> (3 + i));
        }
        if (s.seat >= Snapshots.SEATS || node != registry.weightsRoot) revert LightClientBadProof(s.seat);
        return Snapshots.lane(s.word, Seat.wrap(s.seat));
    }

    function _verify(G1Point memory key, bytes32 root, G2Point calldata signature) private view {
        if (!BLS12381.verify(key, root, signature)) revert LightClientBadSignature();
    }

    function _known(bytes32 root) private view returns (Registry storage registry) {
        registry = _registries[root];
        if (!registry.known) revert LightClientUnknownRegistry(root);
    }

    function _domain(uint64 epoch, EpochSlot memory slot) private view returns (bytes32) {
        return
            ConsensusCodec.domain(
                Domain(chainId, genesisHash, Epoch.wrap(epoch), slot.incarnation, slot.mode, slot.registry)
            );
    }

    function _climbKeys(uint256 seat, bytes32 leaf, bytes32[10] calldata path) private pure returns (bytes32 node) {
        node = leaf;
        for (uint256 i = 0; i < 10; ++i) {
            node = _parent(node, path[i], seat >> i);
        }
    }

    function _parent(bytes32 node, bytes32 sibling, uint256 index) private pure returns (bytes32) {
        return index & 1 == 0 ? EfficientHashLib.hash(node, sibling) : EfficientHashLib.hash(sibling, node);
    }

    function _leaf(uint16 seat, G1Point calldata key) private pure returns (bytes32) {
        return BLS12381.isInfinity(key) ? bytes32(0) : ConsensusCodec.keyLeaf(Seat.wrap(seat), BLS12381.keyBytes(key));
    }

    function _emptyRoot() private pure returns (bytes32 root) {
        for (uint256 depth = 0; depth < 10; ++depth) {
            root = EfficientHashLib.hash(root, root);
        }
    }
}
