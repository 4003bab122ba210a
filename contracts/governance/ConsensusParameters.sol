// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {IConsensusParameters} from "../interfaces/governance/IConsensusParameters.sol";
import {ConsensusCodec} from "../libraries/ConsensusCodec.sol";
import {Params} from "../types/Messages.sol";

/// @title Governed parameters with immutable bounds
/// @dev All groups are static structs of 64-bit numbers, so one encoding serves to compare and to store them:
/// `abi.encode`, one word per number, packed to eight bytes each in code.
contract ConsensusParameters is AccessManaged, IConsensusParameters {
    using SafeCast for uint256;

    /// @notice Everything set at deployment. Bounds never change.
    struct Setup {
        Params consensus;
        Params consensusLower;
        Params consensusUpper;
        Stake stake;
        Stake stakeLower;
        Stake stakeUpper;
        Slashing slashing;
        Slashing slashingLower;
        Slashing slashingUpper;
        Rewards rewards;
        Rewards rewardsLower;
        Rewards rewardsUpper;
        Recovery recovery;
        Recovery recoveryLower;
        Recovery recoveryUpper;
        uint64 leakWithin;
        uint64 settlementLag;
    }

    /// @dev Slashing values in two slots, the first holding what evidence needs.
    struct PackedSlashing {
        uint32 basePenalty;
        uint32 reporterShare;
        uint64 reporterCap;
        uint40 evidenceValidity;
        uint40 correlationWindow;
        uint32 absenceLeast;
        uint32 absenceMost;
        uint32 surchargeFactor;
        uint40 jailTime;
        uint40 absenceDelay;
        uint64 jailAfter;
    }

    uint256 private constant _MILLION = 1_000_000;
    uint256 private constant _MAX_SEATS = 1024;
    uint64 private constant _SECURE = 2;
    uint256 private constant _LONGEST_FLOOR = 72 hours;

    address private immutable _consensusLower;
    address private immutable _consensusUpper;
    address private immutable _stakeLower;
    address private immutable _stakeUpper;
    address private immutable _slashingLower;
    address private immutable _slashingUpper;
    address private immutable _rewardsLower;
    address private immutable _rewardsUpper;
    address private immutable _recoveryLower;
    address private immutable _recoveryUpper;
    /// @inheritdoc IConsensusParameters
    uint64 public immutable leakWithin;
    /// @inheritdoc IConsensusParameters
    uint64 public immutable settlementLag;

    Stake private _stake;
    PackedSlashing private _slashing;
    Rewards private _rewards;
    Recovery private _recovery;
    /// @dev Sets written so far.
    uint32 private _count;
    /// @dev The set governance gave, and the same with Secure as least mode once the council asked for that.
    uint32 private _governed;
    uint32 private _raised;
    uint40 private _floorUntil;
    mapping(uint32 number => address blob) private _blobs;
    mapping(uint32 number => bytes32 hash) private _hashes;

    constructor(address authority, Setup memory setup) AccessManaged(authority) {
        _consensusLower = SSTORE2.write(_pack(abi.encode(setup.consensusLower)));
        _consensusUpper = SSTORE2.write(_pack(abi.encode(setup.consensusUpper)));
        _stakeLower = SSTORE2.write(_pack(abi.encode(setup.stakeLower)));
        _stakeUpper = SSTORE2.write(_pack(abi.encode(setup.stakeUpper)));
        _slashingLower = SSTORE2.write(_pack(abi.encode(setup.slashingLower)));
        _slashingUpper = SSTORE2.write(_pack(abi.encode(setup.slashingUpper)));
        _rewardsLower = SSTORE2.write(_pack(abi.encode(setup.rewardsLower)));
        _rewardsUpper = SSTORE2.write(_pack(abi.encode(setup.rewardsUpper)));
        _recoveryLower = SSTORE2.write(_pack(abi.encode(setup.recoveryLower)));
        _recoveryUpper = SSTORE2.write(_pack(abi.encode(setup.recoveryUpper)));
        leakWithin = setup.leakWithin;
        settlementLag = setup.settlementLag;
        // Consensus values are checked beside those of recovery, whose own check needs them to be there.
        _recovery = setup.recovery;
        _setConsensus(setup.consensus);
        _setStake(setup.stake);
        _setSlashing(setup.slashing);
        _setRewards(setup.rewards);
        _setRecovery(setup.recovery);
    }

    /// @inheritdoc IConsensusParameters
    function setConsensus(Params calldata values) external restricted {
        _setConsensus(values);
    }

    /// @inheritdoc IConsensusParameters
    function setStake(Stake calldata values) external restricted {
        _setStake(values);
    }

    /// @inheritdoc IConsensusParameters
    function setSlashing(Slashing calldata values) external restricted {
        _setSlashing(values);
    }

    /// @inheritdoc IConsensusParameters
    function setRewards(Rewards calldata values) external restricted {
        _setRewards(values);
    }

    /// @inheritdoc IConsensusParameters
    function setRecovery(Recovery calldata values) external restricted {
        _setRecovery(values);
    }

    /// @inheritdoc IConsensusParameters
    function requestModeFloor(uint40 until) external restricted {
        if (until > block.timestamp + _LONGEST_FLOOR) revert ConsensusParametersFloorTooLong(until);
        _floorUntil = until;
        if (until > block.timestamp && _raised == 0) _raise(consensusAt(_governed));
        emit ModeFloorRequested(until);
    }

    /// @inheritdoc IConsensusParameters
    function modeFloorUntil() external view returns (uint40) {
        return _floorUntil;
    }

    /// @inheritdoc IConsensusParameters
    function number() public view returns (uint32) {
        return block.timestamp < _floorUntil ? _raised : _governed;
    }

    /// @inheritdoc IConsensusParameters
    function hash() external view returns (bytes32) {
        return _hashes[number()];
    }

    /// @inheritdoc IConsensusParameters
    function blobOf(uint32 set) public view returns (address blob) {
        blob = _blobs[set];
        if (blob == address(0)) revert ConsensusParametersUnknown(set);
    }

    /// @inheritdoc IConsensusParameters
    function consensusAt(uint32 set) public view returns (Params memory) {
        return abi.decode(_unpack(SSTORE2.read(blobOf(set))), (Params));
    }

    /// @inheritdoc IConsensusParameters
    function consensus() external view returns (Params memory) {
        return consensusAt(number());
    }

    /// @inheritdoc IConsensusParameters
    function stake() external view returns (Stake memory) {
        return _stake;
    }

    /// @inheritdoc IConsensusParameters
    function bonds() external view returns (uint64, uint64, uint64, uint64) {
        return (_stake.authorityBond, _stake.stakerBond, _stake.balancedBond, _stake.weightPerBond);
    }

    /// @inheritdoc IConsensusParameters
    function penalties() external view returns (uint64, uint64, uint64, uint64, uint64) {
        return (
            _slashing.basePenalty,
            _slashing.reporterShare,
            _slashing.reporterCap,
            _slashing.evidenceValidity,
            _slashing.correlationWindow
        );
    }

    /// @inheritdoc IConsensusParameters
    function slashing() external view returns (Slashing memory) {
        PackedSlashing memory p = _slashing;
        return
            Slashing({
                basePenalty: p.basePenalty,
                reporterShare: p.reporterShare,
                reporterCap: p.reporterCap,
                evidenceValidity: p.evidenceValidity,
                jailTime: p.jailTime,
                correlationWindow: p.correlationWindow,
                surchargeFactor: p.surchargeFactor,
                absenceLeast: p.absenceLeast,
                absenceMost: p.absenceMost,
                jailAfter: p.jailAfter,
                absenceDelay: p.absenceDelay
            });
    }

    /// @inheritdoc IConsensusParameters
    function rewards() external view returns (Rewards memory) {
        return _rewards;
    }

    /// @inheritdoc IConsensusParameters
    function recovery() external view returns (Recovery memory) {
        return _recovery;
    }

    /// @inheritdoc IConsensusParameters
    function consensusBounds() external view returns (Params memory lower, Params memory upper) {
        lower = abi.decode(_unpack(SSTORE2.read(_consensusLower)), (Params));
        upper = abi.decode(_unpack(SSTORE2.read(_consensusUpper)), (Params));
    }

    /// @inheritdoc IConsensusParameters
    function stakeBounds() external view returns (Stake memory lower, Stake memory upper) {
        lower = abi.decode(_unpack(SSTORE2.read(_stakeLower)), (Stake));
        upper = abi.decode(_unpack(SSTORE2.read(_stakeUpper)), (Stake));
    }

    /// @inheritdoc IConsensusParameters
    function slashingBounds() external view returns (Slashing memory lower, Slashing memory upper) {
        lower = abi.decode(_unpack(SSTORE2.read(_slashingLower)), (Slashing));
        upper = abi.decode(_unpack(SSTORE2.read(_slashingUpper)), (Slashing));
    }

    /// @inheritdoc IConsensusParameters
    function rewardsBounds() external view returns (Rewards memory lower, Rewards memory upper) {
        lower = abi.decode(_unpack(SSTORE2.read(_rewardsLower)), (Rewards));
        upper = abi.decode(_unpack(SSTORE2.read(_rewardsUpper)), (Rewards));
    }

    /// @inheritdoc IConsensusParameters
    function recoveryBounds() external view returns (Recovery memory lower, Recovery memory upper) {
        lower = abi.decode(_unpack(SSTORE2.read(_recoveryLower)), (Recovery));
        upper = abi.decode(_unpack(SSTORE2.read(_recoveryUpper)), (Recovery));
    }

    function _setConsensus(Params memory values) private {
        bytes memory packed = _checked(0, abi.encode(values), _consensusLower, _consensusUpper);
        if (
            values.checkpointInterval.fast > values.epochLength.fast ||
            values.checkpointInterval.balanced > values.epochLength.balanced ||
            values.checkpointInterval.secure > values.epochLength.secure
        ) revert ConsensusParametersUnsafe("checkpointInterval <= epochLength");
        // Leases are counted in stamps that may run ahead by the drift: a lease within it would lapse at once.
        if (values.lease <= 2 * values.drift || values.settleLease <= 2 * values.drift) {
            revert ConsensusParametersUnsafe("leases > 2 drift");
        }
        if (values.refLag >= values.settleLease) revert ConsensusParametersUnsafe("refLag < settleLease");
        _checkTimes(values, _recovery);
        _checkEpochs(values);
        _checkModes(values);
        _governed = _record(values, packed);
        _raised = 0;
        if (block.timestamp < _floorUntil) _raise(values);
    }

    /// @dev The last block of an epoch decides on a candidate that is sealed while the epoch runs: by then a settlement
    /// block that shows it must be final, and the boundary before must have been accepted first.
    function _checkEpochs(Params memory values) private view {
        uint256 lag = uint256(settlementLag) * 1000;
        if (lag != 0 && values.refLag >= lag) revert ConsensusParametersUnsafe("refLag < settlementLag");
        uint256 shortest = Math.min(
            uint256(values.epochLength.fast) * values.blockTime.fast,
            Math.min(
                uint256(values.epochLength.balanced) * values.blockTime.balanced,
                uint256(values.epochLength.secure) * values.blockTime.secure
            )
        );
        if (shortest < 2 * lag) revert ConsensusParametersUnsafe("epochs >= 2 settlementLag");
    }

    /// @dev Keeps the same values with Secure as the least mode. A set that demands it anyway serves for both.
    function _raise(Params memory values) private {
        if (values.modeFloor == _SECURE) {
            _raised = _governed;
        } else {
            values.modeFloor = _SECURE;
            _raised = _record(values, _pack(abi.encode(values)));
        }
    }

    function _record(Params memory values, bytes memory packed) private returns (uint32 set) {
        set = ++_count;
        bytes32 contents = ConsensusCodec.params(values);
        _hashes[set] = contents;
        _blobs[set] = SSTORE2.write(packed);
        emit ConsensusSet(set, contents, values);
    }

    function _checkModes(Params memory values) private pure {
        if (values.modeFloor > 2) revert ConsensusParametersUnsafe("modeFloor <= 2");
        // Entry and exit apart, or a load on the line would switch in every epoch.
        if (values.fastEntryLoad >= values.fastExitLoad) {
            revert ConsensusParametersUnsafe("fastEntryLoad < fastExitLoad");
        }
        if (
            values.fastExitAvailability >= values.fastEntryAvailability ||
            values.secureAvailability > values.fastExitAvailability
        ) revert ConsensusParametersUnsafe("secure <= fastExit < fastEntryAvailability");
        if (values.residency == 0) revert ConsensusParametersUnsafe("residency > 0");
        if (values.targetLoad == 0 || values.targetLoad > _MILLION) {
            revert ConsensusParametersUnsafe("0 < targetLoad <= 1");
        }
        if (values.capacityStep > _MILLION / 2) revert ConsensusParametersUnsafe("capacityStep <= 1/2");
        // Forced entries must leave room, and a block at least capacity takes them.
        if (values.forceQuota > values.minBlockBytes || values.minBlockBytes > values.maxBlockBytes) {
            revert ConsensusParametersUnsafe("forceQuota <= minBlockBytes <= maxBlockBytes");
        }
        if (values.minBlockBytes == 0) revert ConsensusParametersUnsafe("minBlockBytes > 0");
    }

    function _setStake(Stake memory values) private {
        _checked(1, abi.encode(values), _stakeLower, _stakeUpper);
        // Eligible validators weigh at least one unit: weight 0 marks those that do not count.
        if (values.authorityBond == 0 || values.stakerBond == 0 || values.weightPerBond == 0) {
            revert ConsensusParametersUnsafe("bonds > 0");
        }
        if (values.balancedBond < values.stakerBond) revert ConsensusParametersUnsafe("balancedBond >= stakerBond");
        if (values.maxSeats > _MAX_SEATS || values.balancedSeats > values.maxSeats) {
            revert ConsensusParametersUnsafe("balancedSeats <= maxSeats <= 1024");
        }
        // Otherwise no cut of 1 or more would fit.
        if (values.stakeCap * values.stakeCapFrom < _MILLION) {
            revert ConsensusParametersUnsafe("stakeCap * stakeCapFrom >= 1");
        }
        // A third of both classes in the hands of the authorities would undo the dual quorum.
        if (values.authorityStakeDivisor < 4)
            revert ConsensusParametersUnsafe("authorities below a third of the stake");
        _stake = values;
        emit StakeSet(values);
    }

    function _setSlashing(Slashing memory values) private {
        _checked(2, abi.encode(values), _slashingLower, _slashingUpper);
        if (values.basePenalty > _MILLION) revert ConsensusParametersUnsafe("basePenalty <= 1");
        // Reporting oneself must never pay.
        if (values.reporterShare > _MILLION / 2) revert ConsensusParametersUnsafe("reporterShare <= 1/2");
        // Doing two things wrong must not be cheaper than doing nothing.
        if (values.absenceLeast > values.absenceMost || values.absenceMost > values.basePenalty) {
            revert ConsensusParametersUnsafe("absenceLeast <= absenceMost <= basePenalty");
        }
        if (values.jailAfter == 0) revert ConsensusParametersUnsafe("jailAfter > 0");
        // What else was proved while a surcharge is open must count for it.
        if (values.correlationWindow > values.evidenceValidity) {
            revert ConsensusParametersUnsafe("correlationWindow <= evidenceValidity");
        }
        _slashing = PackedSlashing({
            basePenalty: uint256(values.basePenalty).toUint32(),
            reporterShare: uint256(values.reporterShare).toUint32(),
            reporterCap: values.reporterCap,
            evidenceValidity: uint256(values.evidenceValidity).toUint40(),
            correlationWindow: uint256(values.correlationWindow).toUint40(),
            absenceLeast: uint256(values.absenceLeast).toUint32(),
            absenceMost: uint256(values.absenceMost).toUint32(),
            surchargeFactor: uint256(values.surchargeFactor).toUint32(),
            jailTime: uint256(values.jailTime).toUint40(),
            absenceDelay: uint256(values.absenceDelay).toUint40(),
            jailAfter: values.jailAfter
        });
        emit SlashingSet(values);
    }

    function _setRewards(Rewards memory values) private {
        _checked(3, abi.encode(values), _rewardsLower, _rewardsUpper);
        if (
            values.authorityShareFast > _MILLION ||
            values.authorityShareBalanced > _MILLION ||
            values.authorityShareSecure > _MILLION ||
            values.standbyShare > _MILLION ||
            values.annualCap > _MILLION
        ) revert ConsensusParametersUnsafe("shares <= 1");
        if (values.proposerBonus > _MILLION || values.creditShare > _MILLION - values.proposerBonus) {
            revert ConsensusParametersUnsafe("proposerBonus + creditShare <= 1");
        }
        // No lag would stop sealing at once: an epoch can only be accrued after its boundary.
        if (values.accrualLag == 0) revert ConsensusParametersUnsafe("accrualLag > 0");
        _rewards = values;
        emit RewardsSet(values);
    }

    function _setRecovery(Recovery memory values) private {
        _checked(4, abi.encode(values), _recoveryLower, _recoveryUpper);
        if (values.leakStep == 0) revert ConsensusParametersUnsafe("leakStep > 0");
        // Two thirds of less than half would be less than the third that may be corrupted.
        if (values.leakFloor < _MILLION / 2 || values.leakFloor > _MILLION) {
            revert ConsensusParametersUnsafe("1/2 <= leakFloor <= 1");
        }
        _checkTimes(consensusAt(_governed), values);
        _recovery = values;
        emit RecoverySet(values);
    }

    /// @dev What consensus and recovery values have to keep together: seconds of the one, milliseconds of the other.
    function _checkTimes(Params memory c, Recovery memory r) private view {
        uint256 cadence = Math.max(
            uint256(c.checkpointInterval.fast) * c.blockTime.fast,
            Math.max(
                uint256(c.checkpointInterval.balanced) * c.blockTime.balanced,
                uint256(c.checkpointInterval.secure) * c.blockTime.secure
            )
        );
        // Otherwise a chain that works could be taken for one that stands still.
        if (uint256(r.stall) * 1000 <= cadence + c.refLag) {
            revert ConsensusParametersUnsafe("stall > checkpoint cadence + refLag");
        }
        // While anybody may still finalize, nobody may be left out.
        if (uint256(r.leakAfter) * 1000 <= uint256(c.settleLease) + 2 * uint256(c.drift)) {
            revert ConsensusParametersUnsafe("settleLease + 2 drift < leakAfter");
        }
        uint256 rounds = Math.ceilDiv(_MILLION - r.leakFloor, r.leakStep);
        uint256 grace = uint256(r.grace) * 1000 + c.lease + 2 * uint256(c.drift);
        if ((uint256(r.leakAfter) + rounds * r.leakRound) * 1000 + grace >= uint256(leakWithin) * 1000) {
            revert ConsensusParametersUnsafe("leakAfter + rounds + grace < unbonding");
        }
    }

    /// @dev Compares every number with its bounds and returns the packed values.
    function _checked(
        uint8 group,
        bytes memory values,
        address lowerBlob,
        address upperBlob
    ) private view returns (bytes memory packed) {
        packed = _pack(values);
        bytes memory lower = SSTORE2.read(lowerBlob);
        bytes memory upper = SSTORE2.read(upperBlob);
        for (uint256 i = 0; i < packed.length / 8; ++i) {
            uint64 value = _number(packed, i);
            uint64 least = _number(lower, i);
            uint64 most = _number(upper, i);
            if (value < least || value > most) {
                revert ConsensusParametersOutOfBounds(group, i, value, least, most);
            }
        }
    }

    function _number(bytes memory packed, uint256 index) private pure returns (uint64 value) {
        assembly ("memory-safe") {
            value := shr(192, mload(add(add(packed, 0x20), mul(index, 8))))
        }
    }

    /// @dev Words to eight bytes each. The words come from 64-bit fields.
    function _pack(bytes memory words) private pure returns (bytes memory packed) {
        uint256 count = words.length / 32;
        packed = new bytes(count * 8);
        for (uint256 i = 0; i < count; ++i) {
            assembly ("memory-safe") {
                let value := mload(add(add(words, 0x20), mul(i, 0x20)))
                let place := add(add(packed, 0x20), mul(i, 8))
                mstore(place, or(shl(192, value), shr(64, shl(64, mload(place)))))
            }
        }
    }

    function _unpack(bytes memory packed) private pure returns (bytes memory words) {
        uint256 count = packed.length / 8;
        words = new bytes(count * 32);
        for (uint256 i = 0; i < count; ++i) {
            uint256 value = _number(packed, i);
            assembly ("memory-safe") {
                mstore(add(add(words, 0x20), mul(i, 0x20)), value)
            }
        }
    }
}
