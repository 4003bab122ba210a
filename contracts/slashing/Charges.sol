// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ICheckpointManager} from "../interfaces/consensus/ICheckpointManager.sol";
import {IConsensusParameters} from "../interfaces/governance/IConsensusParameters.sol";
import {ISlashingManager} from "../interfaces/slashing/ISlashingManager.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {SealedTables} from "../libraries/SealedSnapshots.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {Epoch, Seat} from "../types/Types.sol";

/// @notice Contracts that slashing works with, and its constant.
/// @param bucketTime length of a span by which convictions are counted, s
struct Modules {
    IERC20 token;
    IValidatorRegistry registry;
    IStakingPool pool;
    ICheckpointManager checkpoints;
    IConsensusParameters parameters;
    uint256 bucketTime;
}

/// @notice What evidence needs of the parameters, and the time.
/// @param basePenalty millionths
/// @param reporterShare millionths of what the operator loses
/// @param reporterCap whole AITBC
/// @param validity how long after a boundary's acceptance evidence of its epoch is heard, s
/// @param span spans of the correlation window on either side
/// @param time second of the conviction
struct Rules {
    uint256 basePenalty;
    uint256 reporterShare;
    uint256 reporterCap;
    uint256 validity;
    uint256 span;
    uint40 time;
}

/// @notice One validator's offence.
/// @param direct whether the reward is paid at once
/// @param claimId what it is kept under otherwise: the offence, or the group
struct Case {
    uint64 validator;
    Epoch epoch;
    uint32 seal;
    uint8 firstKind;
    uint8 secondKind;
    uint256 position;
    bytes32 offence;
    address reporter;
    bool direct;
    bytes32 claimId;
}

/// @notice A call for veto.
/// @param snapshot whose authorities vote
/// @param votes who did, by seat
struct Motion {
    address snapshot;
    uint256 votes;
}

/// @notice What became of a validator after its first conviction.
/// @param later offences on record beside the first
struct Aftermath {
    uint32 later;
    bool settled;
    bool vetoed;
}

/// @notice SlashingManager's storage.
/// @param committedAt second of the last commitment to evidence
/// @param owed rewards kept back
/// @param charged offences on record beside first ones
/// @param commitments second of each
/// @param ring the last 64 spans in which somebody was convicted, by number modulo 64
/// @param archive spans that others displaced there
struct SlashingState {
    uint40 committedAt;
    uint256 owed;
    mapping(bytes32 offence => bool) charged;
    mapping(uint64 validator => Aftermath) aftermath;
    mapping(bytes32 id => ISlashingManager.Group) groups;
    mapping(uint64 validator => ISlashingManager.Absence) absences;
    mapping(bytes32 id => ISlashingManager.Claim) claims;
    mapping(bytes32 commitment => uint40 time) commitments;
    mapping(bytes32 subject => Motion) motions;
    mapping(uint256 slot => ISlashingManager.Bucket) ring;
    mapping(uint64 number => ISlashingManager.Bucket) archive;
}

/// @title How a conviction is charged and counted
library Charges {
    using SafeERC20 for IERC20;

    uint256 internal constant MILLION = 1_000_000;
    uint256 internal constant BILLION = 1_000_000_000;
    uint256 internal constant RING = 64;
    /// @dev How long a commitment keeps rewards back, s.
    uint256 internal constant PROTECTION = 1 hours;

    /// @notice The rules for a conviction now.
    function rules(Modules memory m) internal view returns (Rules memory r) {
        uint256 window;
        (r.basePenalty, r.reporterShare, r.reporterCap, r.validity, window) = m.parameters.penalties();
        r.span = Math.min(Math.ceilDiv(window, m.bucketTime), type(uint8).max);
        r.time = uint40(block.timestamp);
    }

    /// @notice Identity of an offence.
    function offenceOf(
        uint64 validator,
        bytes32 domain,
        uint256 position,
        uint8 firstKind,
        uint8 secondKind
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(validator, domain, position, firstKind, secondKind));
    }

    /// @notice What to commit to.
    function commitmentOf(address reporter, bytes32 offence, bytes32 salt) internal pure returns (bytes32) {
        return keccak256(abi.encode(reporter, offence, salt));
    }

    /// @notice What the registry keeps of a first conviction.
    function conviction(Case memory c, Rules memory r) internal pure returns (IValidatorRegistry.Conviction memory) {
        // Casts cut: 16 bits of the identity, and the spans, of which there are at most 255.
        uint24 mark = (uint24(uint16(uint256(c.offence))) << 8) | uint8(r.span);
        return IValidatorRegistry.Conviction(r.time, c.seal, mark);
    }

    /// @notice End of the last span of a conviction's window.
    function end(Modules memory m, uint256 time, uint256 span) internal pure returns (uint40) {
        return uint40((time / m.bucketTime + span + 1) * m.bucketTime);
    }

    /// @notice The base penalty on all that is liable, rounded up, and the reporter's part of what the operator loses.
    function penalty(
        Modules memory m,
        Case memory c,
        Rules memory r
    ) internal view returns (uint256 amount, uint256 reward) {
        (uint256 junior, uint256 senior) = m.pool.liable(c.validator, c.seal);
        amount = Math.ceilDiv((junior + senior) * r.basePenalty, MILLION);
        reward = _rewardOf(Math.min(amount, junior), r);
    }

    /// @notice Pays out of what was slashed; collects it first where too little has been.
    function pay(Modules memory m, address payee, uint256 amount) internal {
        if (m.token.trySafeTransfer(payee, amount)) return;
        m.pool.collectSlashed(address(this));
        m.token.safeTransfer(payee, amount);
    }

    /// @notice Takes the base penalty, holds what is liable, and pays the reporter or keeps his reward.
    function charge(
        SlashingState storage s,
        Modules memory m,
        Case memory c,
        Rules memory r
    ) internal returns (uint256 reward) {
        (uint256 junior, uint256 senior) = m.pool.slash(
            c.validator,
            c.seal,
            uint96(r.basePenalty),
            uint96(MILLION),
            _holdUntil(m, r)
        );
        reward = _rewardOf(junior, r);
        if (reward != 0) {
            if (c.direct) pay(m, c.reporter, reward);
            else reward = _keep(s, c, reward, r.time);
        }
        emit ISlashingManager.Convicted(
            c.validator,
            c.offence,
            c.epoch,
            c.firstKind,
            c.secondKind,
            c.position,
            junior,
            senior,
            c.reporter,
            reward
        );
    }

    /// @notice Adds to the span of now; what it displaces from the ring is kept.
    function count(SlashingState storage s, Modules memory m, uint256 stake, uint256 heads, uint256 number_) internal {
        uint64 number = uint64(block.timestamp / m.bucketTime);
        ISlashingManager.Bucket memory b = s.ring[number % RING];
        if (b.number != number) {
            if (b.count != 0) s.archive[b.number] = b;
            b = ISlashingManager.Bucket(number, 0, 0, 0);
        }
        // Sums of fractions of 10^9 and of validators: far below 2^64.
        b.stake += uint64(stake);
        b.authorities += uint64(heads);
        b.count += uint64(number_);
        s.ring[number % RING] = b;
    }

    /// @notice What was convicted in a span.
    function bucket(SlashingState storage s, uint64 number) internal view returns (ISlashingManager.Bucket memory b) {
        b = s.ring[number % RING];
        if (b.number != number) b = s.archive[number];
        b.number = number;
    }

    /// @notice A seat's part of its registry's stake and authorities, parts of 10^9, rounded up.
    function shares(SealedTables memory t, Seat seat) internal view returns (uint256 stake, uint256 heads) {
        if (t.totalStake != 0) stake = Math.ceilDiv(Snapshots.blobValue(t.weights, seat) * BILLION, t.totalStake);
        uint256 index = Seat.unwrap(seat);
        if (index < t.nAuth && (t.suspended >> index) & 1 == 0) {
            heads = Math.ceilDiv(BILLION, t.nAuth - Snapshots.size(t.suspended));
        }
    }

    /// @dev A group executed late is held for a moment: so that no stake leaves before the surcharge is settled.
    function _holdUntil(Modules memory m, Rules memory r) private view returns (uint40) {
        return uint40(Math.max(end(m, r.time, r.span), block.timestamp + 1));
    }

    /// @dev The reporter's part of what was taken from bond and leaving bond.
    function _rewardOf(uint256 junior, Rules memory r) private pure returns (uint256) {
        return Math.min((junior * r.reporterShare) / MILLION, r.reporterCap * 1 ether);
    }

    function _keep(SlashingState storage s, Case memory c, uint256 reward, uint40 time) private returns (uint256 kept) {
        ISlashingManager.Claim storage k = s.claims[c.claimId];
        kept = (reward / 1 gwei) * 1 gwei;
        (k.payee, k.time) = (c.reporter, time);
        // Fits: the token's cap is 10^18 gwei, and a reward at most 10^13.
        k.gwei_ += uint56(kept / 1 gwei);
        s.owed += kept;
        emit ISlashingManager.RewardKept(c.claimId, c.reporter, kept, time + PROTECTION);
    }
}
