// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {IConsensusParameters} from "../interfaces/governance/IConsensusParameters.sol";
import {ConsensusCodec} from "../libraries/ConsensusCodec.sol";
import {Params} from "../types/Messages.sol";

/// @title Governed parameters with immutable bounds
/// @dev All three groups are static structs of 64-bit numbers, so one encoding serves to compare and to store them:
/// `abi.encode`, one word per number, packed to eight bytes each in code.
contract ConsensusParameters is AccessManaged, IConsensusParameters {
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
    }

    uint256 private constant _MILLION = 1_000_000;
    uint256 private constant _MAX_SEATS = 1024;

    address private immutable _consensusLower;
    address private immutable _consensusUpper;
    address private immutable _stakeLower;
    address private immutable _stakeUpper;
    address private immutable _slashingLower;
    address private immutable _slashingUpper;

    Stake private _stake;
    Slashing private _slashing;
    /// @inheritdoc IConsensusParameters
    bytes32 public hash;
    /// @inheritdoc IConsensusParameters
    uint32 public number;
    mapping(uint32 number => address blob) private _blobs;

    constructor(address authority, Setup memory setup) AccessManaged(authority) {
        _consensusLower = SSTORE2.write(_pack(abi.encode(setup.consensusLower)));
        _consensusUpper = SSTORE2.write(_pack(abi.encode(setup.consensusUpper)));
        _stakeLower = SSTORE2.write(_pack(abi.encode(setup.stakeLower)));
        _stakeUpper = SSTORE2.write(_pack(abi.encode(setup.stakeUpper)));
        _slashingLower = SSTORE2.write(_pack(abi.encode(setup.slashingLower)));
        _slashingUpper = SSTORE2.write(_pack(abi.encode(setup.slashingUpper)));
        _setConsensus(setup.consensus);
        _setStake(setup.stake);
        _setSlashing(setup.slashing);
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
        return consensusAt(number);
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
    function slashing() external view returns (Slashing memory) {
        return _slashing;
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
        uint32 set = number + 1;
        number = set;
        hash = ConsensusCodec.params(values);
        _blobs[set] = SSTORE2.write(packed);
        emit ConsensusSet(set, hash, values);
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
        _slashing = values;
        emit SlashingSet(values);
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
