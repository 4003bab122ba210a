// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingPool} from "../staking/IStakingPool.sol";
import {IConsensusParameters} from "./IConsensusParameters.sol";
import {IElectorate} from "./IElectorate.sol";

/// @title A brake, not a wheel
/// @notice So many of the members together may stop new stake, or ask for Secure as the least mode in the snapshots
/// sealed next; each for at most 72 hours in any 30 days. A majority of the stake lifts either at once. The council
/// executes no code, moves no funds and touches no exit.
interface IEmergencyCouncil is IElectorate {
    /// @notice What the council can do: refuse new stake, or make Secure the least mode of snapshots sealed next.
    enum Action {
        StopDeposits,
        SecureMode
    }

    /// @notice An action's present or last measure.
    /// @param round Its number, counted from 1 for each action; 0: there never was one
    /// @param until Second it ends or ended
    /// @param electorate Blob of the registry that may lift it: in force one epoch before it began
    /// @param opposed Weight that asked to lift it, whole AITBC
    struct Measure {
        uint32 round;
        uint40 until;
        uint64 opposed;
        address electorate;
    }

    /// @notice The council has these members from now on, of whom `threshold` have to agree. Approvals given before lapse.
    event MembersSet(address[] members, uint256 threshold);
    /// @notice A member approved an action for `duration` seconds; it replaces his earlier approval and counts for a
    /// day.
    event Approved(Action indexed action, address indexed member, uint32 duration);
    /// @notice An approval was taken back.
    event Withdrawn(Action indexed action, address indexed member);
    /// @notice An action took effect, or goes on longer: until second `until`.
    event Begun(Action indexed action, uint32 indexed round, uint40 until);
    /// @notice A validator asked to lift a measure; `opposed` out of `total` have.
    event Opposed(Action indexed action, uint64 indexed validator, uint32 weight, uint64 opposed, uint64 total);
    /// @notice More than half of the stake asked to lift a measure: it is over.
    event Lifted(Action indexed action, uint32 indexed round);

    /// @notice Only members approve or withdraw.
    error EmergencyCouncilNotMember(address caller);
    /// @notice Too many, one named twice or zero, or a threshold that is not a majority of them.
    error EmergencyCouncilBadMembers();
    /// @notice Zero, or more than what is left of the 72 hours.
    error EmergencyCouncilBadDuration(uint256 duration, uint256 left);
    /// @notice There is nothing to lift: the action never began, or it is over.
    error EmergencyCouncilNotInForce(Action action);
    /// @notice The validator asked to lift this measure before.
    error EmergencyCouncilAlreadyOpposed(uint64 validator);

    /// @notice Approves an action for `duration` seconds. It begins when so many as the threshold approve it within a
    /// day, for the least of their durations; if it is in force it ends that much later than now. Members.
    function approve(Action action, uint32 duration) external;

    /// @notice Takes the caller's approval back while the action has not begun. Members.
    function withdraw(Action action) external;

    /// @notice Asks to lift a measure in force, for validators whose vote address the caller is. It ends once they are
    /// more than half of the stake.
    function oppose(Action action, uint64[] calldata validators) external;

    /// @notice Names the members, at most 15, and how many of them have to agree: more than half; none (and 0)
    /// for a council that cannot act. Governance.
    function setMembers(address[] calldata members, uint256 threshold) external;

    /// @notice Present members, in the order they were named; at most 15.
    function members() external view returns (address[] memory);

    /// @notice How many members have to approve an action; 0 for a council that cannot act.
    function threshold() external view returns (uint256);

    /// @notice An action's present or last measure; zeros if there never was one.
    function measure(Action action) external view returns (Measure memory);

    /// @notice Seconds of an action that could begin now.
    function available(Action action) external view returns (uint256);

    /// @notice Members whose approval of an action counts now, and the least of their durations.
    function approvals(Action action) external view returns (uint256 count, uint32 duration);

    /// @notice Whether a validator asked to lift measure number `round` of an action.
    function hasOpposed(Action action, uint32 round, uint64 validator) external view returns (bool);

    /// @notice Custody, where deposits are stopped.
    function pool() external view returns (IStakingPool);

    /// @notice Parameters, where Secure is asked for.
    function parameters() external view returns (IConsensusParameters);
}
