// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {IConsensusParameters} from "../interfaces/governance/IConsensusParameters.sol";
import {IEmergencyCouncil} from "../interfaces/governance/IEmergencyCouncil.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {Electorate} from "../libraries/Electorate.sol";
import {SealedSnapshot, SealedSnapshots} from "../libraries/SealedSnapshots.sol";

/// @title A brake, not a wheel
/// @dev Loops run over at most 15 members, or over the validators that the caller names.
contract EmergencyCouncil is AccessManaged, IEmergencyCouncil {
    using Checkpoints for Checkpoints.Trace208;
    using Electorate for SealedSnapshot;
    using SafeCast for uint256;

    /// @notice The first members; may be none.
    struct Setup {
        address[] members;
        uint256 threshold;
    }

    struct Approval {
        uint40 time;
        uint32 duration;
    }

    uint256 private constant _MOST_MEMBERS = 15;
    uint256 private constant _LONGEST = 72 hours;
    uint256 private constant _WINDOW = 30 days;
    uint256 private constant _APPROVAL_VALIDITY = 1 days;

    /// @inheritdoc IEmergencyCouncil
    IStakingPool public immutable pool;
    /// @inheritdoc IEmergencyCouncil
    IConsensusParameters public immutable parameters;
    IValidatorRegistry private immutable _registry;

    address[] private _members;
    /// @inheritdoc IEmergencyCouncil
    uint256 public threshold;
    mapping(address account => bool) private _isMember;
    mapping(Action action => mapping(address member => Approval)) private _approvals;
    mapping(Action action => Measure) private _measures;
    /// @dev Seconds ever begun, by time.
    mapping(Action action => Checkpoints.Trace208) private _used;
    /// @inheritdoc IEmergencyCouncil
    mapping(Action action => mapping(uint32 round => mapping(uint64 validator => bool))) public hasOpposed;

    constructor(
        address authority,
        IStakingPool pool_,
        IConsensusParameters parameters_,
        Setup memory setup
    ) AccessManaged(authority) {
        pool = pool_;
        parameters = parameters_;
        _registry = pool_.registry();
        _setMembers(setup.members, setup.threshold);
    }

    /// @inheritdoc IEmergencyCouncil
    function approve(Action action, uint32 duration) external {
        _checkMember();
        uint256 left = available(action);
        if (duration == 0 || duration > left) revert EmergencyCouncilBadDuration(duration, left);
        _approvals[action][msg.sender] = Approval(uint40(block.timestamp), duration);
        emit Approved(action, msg.sender, duration);
        (uint256 count, uint32 least) = approvals(action);
        if (count >= threshold) _begin(action, least);
    }

    /// @inheritdoc IEmergencyCouncil
    function withdraw(Action action) external {
        _checkMember();
        delete _approvals[action][msg.sender];
        emit Withdrawn(action, msg.sender);
    }

    /// @inheritdoc IEmergencyCouncil
    function oppose(Action action, uint64[] calldata validators) external {
        Measure memory m = _measures[action];
        if (block.timestamp >= m.until) revert EmergencyCouncilNotInForce(action);
        SealedSnapshot memory s = SealedSnapshots.load(m.electorate);
        for (uint256 i = 0; i < validators.length; ++i) {
            uint64 validator = validators[i];
            Electorate.checkVoice(_registry, validator, msg.sender);
            if (hasOpposed[action][m.round][validator]) revert EmergencyCouncilAlreadyOpposed(validator);
            hasOpposed[action][m.round][validator] = true;
            uint32 weight = s.weightOf(_registry, validator);
            m.opposed += weight;
            emit Opposed(action, validator, weight, m.opposed, s.totalStake);
        }
        bool lifted = 2 * uint256(m.opposed) > s.totalStake;
        if (lifted) m.until = uint40(block.timestamp);
        _measures[action] = m;
        if (lifted) {
            emit Lifted(action, m.round);
            _apply(action, 0);
        }
    }

    /// @inheritdoc IEmergencyCouncil
    function setMembers(address[] calldata members_, uint256 threshold_) external restricted {
        _setMembers(members_, threshold_);
    }

    /// @inheritdoc IEmergencyCouncil
    function members() external view returns (address[] memory) {
        return _members;
    }

    /// @inheritdoc IEmergencyCouncil
    function measure(Action action) external view returns (Measure memory) {
        return _measures[action];
    }

    /// @inheritdoc IEmergencyCouncil
    function available(Action action) public view returns (uint256) {
        Checkpoints.Trace208 storage used = _used[action];
        // Seconds are charged when they begin: a window of 30 days holds no more than what began within them, and of
        // what began before only as much as what began last leaves out.
        uint256 since = block.timestamp > _WINDOW ? block.timestamp - _WINDOW : 0;
        return _LONGEST - (used.latest() - used.upperLookup(since.toUint48()));
    }

    /// @inheritdoc IEmergencyCouncil
    function approvals(Action action) public view returns (uint256 count, uint32 duration) {
        duration = type(uint32).max;
        for (uint256 i = 0; i < _members.length; ++i) {
            Approval memory approval = _approvals[action][_members[i]];
            if (approval.duration != 0 && block.timestamp < approval.time + _APPROVAL_VALIDITY) {
                ++count;
                if (approval.duration < duration) duration = approval.duration;
            }
        }
        if (count == 0) duration = 0;
    }

    function _begin(Action action, uint32 duration) private {
        for (uint256 i = 0; i < _members.length; ++i) {
            delete _approvals[action][_members[i]];
        }
        Checkpoints.Trace208 storage used = _used[action];
        used.push(uint48(block.timestamp), used.latest() + duration);
        uint40 until = uint40(block.timestamp + duration);
        uint32 round = _measures[action].round + 1;
        _measures[action] = Measure(round, until, 0, Electorate.present(_registry));
        emit Begun(action, round, until);
        _apply(action, until);
    }

    /// @dev All that the council can do.
    function _apply(Action action, uint40 until) private {
        if (action == Action.StopDeposits) pool.pauseDeposits(until);
        else parameters.requestModeFloor(until);
    }

    function _setMembers(address[] memory members_, uint256 threshold_) private {
        for (uint256 i = 0; i < _members.length; ++i) {
            address former = _members[i];
            delete _isMember[former];
            delete _approvals[Action.StopDeposits][former];
            delete _approvals[Action.SecureMode][former];
        }
        uint256 count = members_.length;
        bool majority = 2 * threshold_ > count || count == 0;
        if (count > _MOST_MEMBERS || threshold_ > count || !majority) {
            revert EmergencyCouncilBadMembers();
        }
        for (uint256 i = 0; i < count; ++i) {
            address member = members_[i];
            if (member == address(0) || _isMember[member]) revert EmergencyCouncilBadMembers();
            _isMember[member] = true;
        }
        _members = members_;
        threshold = threshold_;
        emit MembersSet(members_, threshold_);
    }

    function _checkMember() private view {
        if (!_isMember[msg.sender]) revert EmergencyCouncilNotMember(msg.sender);
    }
}
