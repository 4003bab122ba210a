// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICheckpointManager} from "../interfaces/consensus/ICheckpointManager.sol";
import {IHybridManager, ILeakSlasher} from "../interfaces/consensus/IHybridManager.sol";
import {IConsensusParameters} from "../interfaces/governance/IConsensusParameters.sol";
import {IElections} from "../interfaces/staking/IElections.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {ConsensusCodec} from "../libraries/ConsensusCodec.sol";
import {Quorum} from "../libraries/Quorum.sol";
import {SealedSnapshots} from "../libraries/SealedSnapshots.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {Params} from "../types/Messages.sol";
import {Epoch, G2Point, KeyId, Mode, Seat} from "../types/Types.sol";
import {QuorumProofs} from "./QuorumProofs.sol";
import {RecoveryRules} from "./RecoveryRules.sol";

/// @title Modes, leases, recovery and leak
/// @dev Loops run in the linked libraries, over the seats of a proof or of a registry, and over the page of `charge`.
contract HybridManager is IHybridManager {
    using SafeCast for uint256;
    using Snapshots for uint256[4];

    /// @dev What is verified of a block, and who asked for a restart from it.
    struct Point {
        uint64 height;
        uint64 stamp;
        bool certified;
        uint256[4] present;
        uint256[4] next;
    }

    ICheckpointManager public immutable checkpoints;
    IElections public immutable elections;
    IValidatorRegistry public immutable registry;
    IConsensusParameters public immutable parameters;
    IStakingPool private immutable _pool;

    /// @inheritdoc IHybridManager
    uint32 public recoveryCount;
    /// @dev Whether a recovery was activated, and the checkpoints accepted before it.
    bool private _everActivated;
    uint32 private _countAtActivation;
    mapping(uint32 id => Recovery) private _recoveries;
    mapping(uint32 id => Attendance) private _attendance;
    mapping(bytes32 key => Point) private _points;
    /// @inheritdoc IHybridManager
    mapping(Epoch epoch => bytes32 blockHash) public recoveryPointOf;

    constructor(ICheckpointManager checkpoints_, IElections elections_) {
        checkpoints = checkpoints_;
        elections = elections_;
        registry = elections_.registry();
        parameters = elections_.parameters();
        _pool = elections_.pool();
    }

    /// @inheritdoc IHybridManager
    function open() external returns (uint32 id) {
        id = recoveryCount;
        ICheckpointManager.Last memory last = checkpoints.lastCheckpoint();
        if (_isOpen(_recoveries[id], last)) revert HybridManagerAlreadyOpen(id);
        IConsensusParameters.Recovery memory rules = parameters.recovery();
        uint256 from = _stalledAt(last, rules);
        if (block.timestamp < from) revert HybridManagerNotStalled(from);
        (, , address next) = checkpoints.recordedRegistry(Epoch.wrap(Epoch.unwrap(last.epoch) + 1));
        _checkSecure(next);
        recoveryCount = ++id;
        Recovery storage r = _recoveries[id];
        (bool fast, uint256 lease) = _fastLease(last.epoch);
        r.epoch = last.epoch;
        r.openedAt = uint40(block.timestamp);
        r.graceEnd = (block.timestamp + rules.grace + lease).toUint40();
        r.quietSince = last.acceptedAt;
        r.cancelStamp = uint64((block.timestamp - rules.stall) * 1000);
        r.count = last.count;
        r.fast = fast;
        emit RecoveryOpened(id, last.epoch, r.graceEnd, fast);
        checkpoints.noteStall(uint40(block.timestamp - rules.stall));
    }

    /// @inheritdoc IHybridManager
    function post(Certificate calldata certificate, Anchor calldata last) external {
        (uint32 id, Recovery storage r) = _openRecovery();
        bytes32 blockHash = _verified(r.epoch, certificate);
        uint64 viewNumber = certificate.viewNumber;
        _checkFloor(r.epoch, last, viewNumber, blockHash, certificate.header.height);
        bool inGrace = block.timestamp <= r.graceEnd;
        if (inGrace) {
            if (viewNumber <= r.postedView) revert HybridManagerNotHigher(viewNumber, r.postedView);
            (r.postedView, r.postedHeight, r.postedHash) = (viewNumber, certificate.header.height, blockHash);
        }
        Point storage p = _points[_key(id, viewNumber, blockHash)];
        (p.height, p.stamp, p.certified) = (certificate.header.height, certificate.header.stamp, true);
        RecoveryRules.tell(id, blockHash, inGrace, certificate);
    }

    /// @inheritdoc IHybridManager
    function restart(uint64 viewNumber, bytes32 blockHash, RestartProof calldata proof) external {
        (uint32 id, Recovery storage r) = _afterGrace();
        bytes32 root = ConsensusCodec.restart(checkpoints.domain(r.epoch), viewNumber, blockHash);
        Point storage p = _points[_key(id, viewNumber, blockHash)];
        (uint256[4] memory present, uint256[4] memory next) = RecoveryRules.hear(
            _attendance[id],
            p.present,
            p.next,
            _sets(r.epoch),
            root,
            proof
        );
        emit RestartVoted(id, viewNumber, blockHash, present, next);
    }

    /// @inheritdoc IHybridManager
    function activate(
        uint64 viewNumber,
        bytes32 blockHash,
        Anchor calldata last
    ) external returns (uint32 incarnation) {
        (uint32 id, Recovery storage r) = _afterGrace();
        r.activated = true;
        Epoch epoch = r.epoch;
        ICheckpointManager.RecoveryPoint memory point = _point(id, epoch, viewNumber, blockHash, last);
        _checkSupport(id, epoch, viewNumber, blockHash);
        point.snapshot = _sealAgain(id, epoch);
        _checkSecure(point.snapshot);
        point.submitter = msg.sender;
        Epoch next = Epoch.wrap(Epoch.unwrap(epoch) + 1);
        recoveryPointOf[next] = blockHash;
        (_everActivated, _countAtActivation) = (true, checkpoints.lastCheckpoint().count);
        incarnation = checkpoints.recover(point);
        emit RecoveryActivated(id, epoch, incarnation, viewNumber, blockHash, point.height);
    }

    /// @inheritdoc IHybridManager
    function leak() external returns (uint256[4] memory seats, uint256 stake) {
        (uint32 id, Recovery storage r) = _afterGrace();
        IConsensusParameters.Recovery memory rules = parameters.recovery();
        uint256 from = _nextRoundAt(r, rules);
        if (block.timestamp < from) revert HybridManagerNotYet(from);
        RecoveryRules.Round memory round = RecoveryRules.Round({
            sets: _sets(r.epoch),
            domain: checkpoints.domain(r.epoch),
            round: r.rounds + 1,
            step: rules.leakStep,
            floor: rules.leakFloor
        });
        (seats, stake) = RecoveryRules.leaveOut(_attendance[id], round);
        if (stake == 0) revert HybridManagerNothingToLeak();
        (r.rounds, r.lastRoundAt) = (round.round, uint40(block.timestamp));
        emit LeakRound(id, round.round, seats, stake);
    }

    /// @inheritdoc IHybridManager
    function charge(uint32 id, uint16[] calldata seats) external {
        Attendance storage a = _attendance[id];
        (, , address snapshot) = checkpoints.recordedRegistry(_recoveries[id].epoch);
        address keys = SealedSnapshots.keysOf(snapshot);
        // Whoever custody listens to now: a slasher that was replaced could charge nobody.
        ILeakSlasher slasher = ILeakSlasher(_pool.slasher());
        for (uint256 i = 0; i < seats.length; ++i) {
            uint16 seat = seats[i];
            uint256 bit = 1 << (seat & 0xff);
            if (seat >= Snapshots.SEATS || a.left[seat >> 8] & bit == 0 || a.charged[seat >> 8] & bit != 0) {
                revert HybridManagerNotLeft(seat);
            }
            a.charged[seat >> 8] |= bit;
            uint64 validator = registry.ownerOfKey(KeyId.wrap(Snapshots.blobValue(keys, Seat.wrap(seat))));
            emit LeakCharged(id, validator);
            slasher.leak(validator);
        }
    }

    /// @inheritdoc IHybridManager
    function comeBack(uint64 validator, uint32 day, G2Point calldata signature) external {
        uint256 today = block.timestamp / 1 days;
        if (day > today || uint256(day) + 1 < today) revert HybridManagerBadReturn(validator);
        bytes32 root = ConsensusCodec.ready(checkpoints.domain(checkpoints.epochNow()), day);
        if (!RecoveryRules.isSigned(address(registry), registry.validator(validator).key, root, signature)) {
            revert HybridManagerBadReturn(validator);
        }
        emit AuthorityReturned(validator);
        elections.readmit(validator);
    }

    /// @inheritdoc IHybridManager
    function isOpen() external view returns (bool) {
        return _isOpen(_recoveries[recoveryCount], checkpoints.lastCheckpoint());
    }

    /// @inheritdoc IHybridManager
    function recovery(uint32 id) external view returns (Recovery memory) {
        return _recoveries[id];
    }

    /// @inheritdoc IHybridManager
    function attendance(uint32 id) external view returns (Attendance memory) {
        return _attendance[id];
    }

    /// @inheritdoc IHybridManager
    function support(
        uint64 viewNumber,
        bytes32 blockHash,
        bool next,
        Mode mode
    ) external view returns (uint256 stake, uint256 ofStake) {
        uint32 id = recoveryCount;
        RecoveryRules.Sets memory sets = _sets(_recoveries[id].epoch);
        if (!next) mode = Mode(sets.presentMode);
        return _weigh(id, sets, _points[_key(id, viewNumber, blockHash)], next, mode);
    }

    /// @inheritdoc IHybridManager
    function stalledAt() external view returns (uint256) {
        return _stalledAt(checkpoints.lastCheckpoint(), parameters.recovery());
    }

    /// @inheritdoc IHybridManager
    function nextRoundAt() external view returns (uint256) {
        (, Recovery storage r) = _openRecovery();
        return _nextRoundAt(r, parameters.recovery());
    }

    /// @inheritdoc IHybridManager
    function settlementLease() external view returns (uint64) {
        (, , address snapshot) = checkpoints.recordedRegistry(checkpoints.epochNow());
        return checkpoints.lastAcceptedAt() + _paramsOf(snapshot).settleLease;
    }

    /// @inheritdoc IHybridManager
    function modeOf(Epoch epoch) external view returns (Mode mode, bool isFixed) {
        ICheckpointManager.EpochRecord memory record = checkpoints.epochRecord(epoch);
        return (record.mode, record.firstHeight != 0);
    }

    /// @inheritdoc IHybridManager
    function modeRequest() external view returns (Mode) {
        return Mode(uint8(parameters.consensus().modeFloor));
    }

    /// @dev The block the chain goes on from, not below what is accepted, known by a certificate unless it is view 0.
    function _point(
        uint32 id,
        Epoch epoch,
        uint64 viewNumber,
        bytes32 blockHash,
        Anchor calldata last
    ) private view returns (ICheckpointManager.RecoveryPoint memory point) {
        (point.views, point.blockHash) = (viewNumber, blockHash);
        if (viewNumber == 0) {
            ICheckpointManager.Last memory accepted = checkpoints.lastCheckpoint();
            (point.height, point.stamp) = (accepted.height, accepted.stamp);
            if (blockHash != _before(epoch, accepted, last)) revert HybridManagerBelowFloor(viewNumber, blockHash);
        } else {
            Point storage p = _points[_key(id, viewNumber, blockHash)];
            if (!p.certified) revert HybridManagerNotCertified(viewNumber, blockHash);
            (point.height, point.stamp) = (p.height, p.stamp);
            _checkFloor(epoch, last, viewNumber, blockHash, p.height);
        }
    }

    /// @dev The last block before an epoch; zero if a checkpoint of the epoch itself was accepted.
    function _before(
        Epoch epoch,
        ICheckpointManager.Last memory accepted,
        Anchor calldata last
    ) private view returns (bytes32) {
        if (accepted.height >= checkpoints.epochRecord(epoch).firstHeight) return 0;
        bytes32 recovered = recoveryPointOf[epoch];
        if (recovered != 0) return recovered;
        if (Epoch.unwrap(epoch) == 0) return checkpoints.genesisHash();
        _checkLast(Epoch.wrap(Epoch.unwrap(epoch) - 1), accepted, last);
        return last.checkpoint.blockHash;
    }

    /// @dev Refuses a block of the epoch that is not above the last checkpoint accepted, unless it is that one's.
    function _checkFloor(
        Epoch epoch,
        Anchor calldata last,
        uint64 viewNumber,
        bytes32 blockHash,
        uint64 height
    ) private view {
        ICheckpointManager.Last memory accepted = checkpoints.lastCheckpoint();
        if (accepted.height >= checkpoints.epochRecord(epoch).firstHeight) {
            _checkLast(epoch, accepted, last);
            bool above = viewNumber > last.checkpoint.viewNumber && height > accepted.height;
            bool itself = viewNumber >= last.checkpoint.viewNumber && blockHash == last.checkpoint.blockHash;
            if (!above && !itself) revert HybridManagerBelowFloor(viewNumber, blockHash);
        } else if (height <= accepted.height) {
            revert HybridManagerBelowFloor(viewNumber, blockHash);
        }
    }

    function _checkLast(Epoch epoch, ICheckpointManager.Last memory accepted, Anchor calldata last) private view {
        bytes32 hash = checkpoints.hashOf(epoch, last.checkpoint);
        if (!checkpoints.isRecent(accepted.count - 1, hash, last.submitter)) revert HybridManagerNotLast();
    }

    /// @dev Verifies a certificate under the epoch's mode on record and returns the block it certifies.
    function _verified(Epoch epoch, Certificate calldata c) private view returns (bytes32 blockHash) {
        bytes32 root;
        (blockHash, root) = RecoveryRules.votesOf(checkpoints.domain(epoch), c);
        ICheckpointManager.EpochRecord memory record = checkpoints.epochRecord(epoch);
        QuorumProofs.checkVotes(address(registry), record.snapshot, uint8(record.mode), root, c.proof);
    }

    /// @dev More than two thirds of the stake of W_e, and of W_(e+1) under each mode it may still get.
    function _checkSupport(uint32 id, Epoch epoch, uint64 viewNumber, bytes32 blockHash) private view {
        RecoveryRules.Sets memory sets = _sets(epoch);
        Point storage p = _points[_key(id, viewNumber, blockHash)];
        _checkWeight(id, sets, p, false, Mode(sets.presentMode));
        _checkWeight(id, sets, p, true, Mode(sets.presentMode));
        (, Mode wanted) = _modes(epoch);
        if (wanted != Mode(sets.presentMode)) _checkWeight(id, sets, p, true, wanted);
    }

    /// @dev Refuses a registry that could not decide in Secure, in which every recovery ends.
    function _checkSecure(address snapshot) private view {
        if (!QuorumProofs.canDecide(snapshot, uint8(Mode.Secure))) revert HybridManagerTooFewStakers();
    }

    function _checkWeight(
        uint32 id,
        RecoveryRules.Sets memory sets,
        Point storage p,
        bool next,
        Mode mode
    ) private view {
        (uint256 part, uint256 whole) = _weigh(id, sets, p, next, mode);
        if (!Quorum.exceedsTwoThirds(part, whole)) revert HybridManagerNoQuorum(next, mode, part, whole);
    }

    function _weigh(
        uint32 id,
        RecoveryRules.Sets memory sets,
        Point storage p,
        bool next,
        Mode mode
    ) private view returns (uint256 part, uint256 whole) {
        Attendance storage a = _attendance[id];
        return
            next
                ? RecoveryRules.weigh(sets.next, uint8(mode), p.next, a.leftNext, a.heardNext)
                : RecoveryRules.weigh(sets.present, uint8(mode), p.present, a.left, a.heard);
    }

    /// @dev The registry recorded for the next epoch without who is out.
    function _sealAgain(uint32 id, Epoch epoch) private returns (address blob) {
        Attendance storage a = _attendance[id];
        Epoch next = Epoch.wrap(Epoch.unwrap(epoch) + 1);
        (, , address source) = checkpoints.recordedRegistry(next);
        uint256[4] memory left;
        uint256[4] memory spared;
        for (uint256 k = 0; k < 4; ++k) {
            left[k] = a.leftNext[k] & ~a.heardNext[k];
            spared[k] = a.leftNext[k] & a.heardNext[k];
        }
        uint256 authorities = Snapshots.firstSeats(SealedSnapshots.authoritiesOf(source));
        // Two recoveries in a row without a checkpoint: who signs restarts but nothing else stands in the way.
        bool again = _everActivated && checkpoints.lastCheckpoint().count == _countAtActivation;
        uint256 silent = again ? authorities : authorities & ~a.heardNext[0];
        (, blob) = elections.sealRecovery(next, source, silent, left, spared, msg.sender);
    }

    function _sets(Epoch epoch) private view returns (RecoveryRules.Sets memory sets) {
        (Mode present, Mode wanted) = _modes(epoch);
        sets.registry = address(registry);
        (, , sets.present) = checkpoints.recordedRegistry(epoch);
        (, , sets.next) = checkpoints.recordedRegistry(Epoch.wrap(Epoch.unwrap(epoch) + 1));
        sets.presentMode = uint8(present);
        sets.nextMode = uint8(present == Mode.Secure ? present : wanted);
    }

    /// @dev The epoch's mode, and the other that the next one may get.
    function _modes(Epoch epoch) private view returns (Mode present, Mode wanted) {
        present = checkpoints.epochRecord(epoch).mode;
        wanted = checkpoints.epochRecord(Epoch.wrap(Epoch.unwrap(epoch) + 1)).mode;
    }

    /// @dev Where Fast is or may come, grace also waits for its lease to end: nobody then still finalizes unseen.
    function _fastLease(Epoch epoch) private view returns (bool fast, uint256 lease) {
        (Mode present, Mode wanted) = _modes(epoch);
        fast = present == Mode.Fast || wanted == Mode.Fast;
        if (!fast) return (false, 0);
        for (uint64 i = 0; i < 2; ++i) {
            (, , address snapshot) = checkpoints.recordedRegistry(Epoch.wrap(Epoch.unwrap(epoch) + i));
            Params memory p = _paramsOf(snapshot);
            uint256 time = (uint256(p.lease) + 2 * uint256(p.drift) + 999) / 1000;
            if (time > lease) lease = time;
        }
    }

    function _paramsOf(address snapshot) private view returns (Params memory) {
        return parameters.consensusAt(SealedSnapshots.parametersOf(snapshot));
    }

    /// @dev Open until activated, until the boundary is accepted, or until a checkpoint is that is younger than the stall.
    function _isOpen(Recovery storage r, ICheckpointManager.Last memory last) private view returns (bool) {
        if (r.openedAt == 0 || r.activated || Epoch.unwrap(r.epoch) != Epoch.unwrap(last.epoch)) return false;
        return last.count == r.count || last.stamp <= r.cancelStamp;
    }

    function _openRecovery() private view returns (uint32 id, Recovery storage r) {
        id = recoveryCount;
        r = _recoveries[id];
        if (!_isOpen(r, checkpoints.lastCheckpoint())) revert HybridManagerNotOpen();
    }

    function _afterGrace() private view returns (uint32 id, Recovery storage r) {
        (id, r) = _openRecovery();
        if (block.timestamp <= r.graceEnd) revert HybridManagerStillGrace(r.graceEnd);
    }

    function _stalledAt(
        ICheckpointManager.Last memory last,
        IConsensusParameters.Recovery memory rules
    ) private pure returns (uint256) {
        return uint256(last.acceptedAt) + rules.stall;
    }

    function _nextRoundAt(
        Recovery storage r,
        IConsensusParameters.Recovery memory rules
    ) private view returns (uint256 from) {
        from = uint256(r.quietSince) + rules.leakAfter;
        // Everybody has a whole round to show himself, and the next one has it after each.
        uint256 since = r.rounds == 0 ? r.graceEnd : r.lastRoundAt;
        if (since + rules.leakRound > from) from = since + rules.leakRound;
    }

    function _key(uint32 id, uint64 viewNumber, bytes32 blockHash) private pure returns (bytes32) {
        return keccak256(abi.encode(id, viewNumber, blockHash));
    }
}
