// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {IGovernorCountingPositions} from "../interfaces/governance/IGovernorCountingPositions.sol";
import {IHybridGovernor} from "../interfaces/governance/IHybridGovernor.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {Electorate} from "../libraries/Electorate.sol";
import {SealedSnapshot, SealedSnapshots} from "../libraries/SealedSnapshots.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {Seat} from "../types/Types.sol";

/// @title Counting of votes by seats and positions
/// @notice Linked into HybridGovernor, which would not fit into one contract. What one validator's seat adds to all
/// counts together is its weight if the validator voted, else what positions in it took: never more than the weight, in
/// whatever order they vote. So the counts never exceed the sealed total.
library Ballots {
    using Electorate for SealedSnapshot;

    /// @notice A validator's vote: 0 or the support + 1, and what positions took of its weight.
    struct Ballot {
        uint8 cast;
        uint32 overridden;
    }

    /// @notice All votes on a proposal.
    /// @param electorate Blob of the registry that decides it
    /// @param seal Number of that registry's seal: rows are read at it
    /// @param votes Sums by support
    /// @param requests Authorities, by seat, that asked for a delay
    /// @param ballots By validator
    /// @param overrides By position: 0 or the support + 1
    /// @param voted Accounts that cast any of them
    struct Tally {
        address electorate;
        uint32 seal;
        uint64[3] votes;
        uint256 requests;
        mapping(uint64 validator => Ballot) ballots;
        mapping(uint64 validator => mapping(address owner => uint8)) overrides;
        mapping(address account => bool) voted;
    }

    /// @dev What an owner says, for all the positions he names.
    struct Override {
        uint256 proposalId;
        IStakingPool pool;
        IValidatorRegistry registry;
        address owner;
        uint8 support;
        uint32 seal;
        string reason;
    }

    uint8 private constant _MOST_SUPPORT = 2;
    /// @dev Parts of `Row.bondFraction`.
    uint256 private constant _WHOLE = 1e9;

    /// @notice Fixes who decides what is proposed now.
    function open(Tally storage tally, IValidatorRegistry registry) external returns (uint64 totalStake) {
        tally.electorate = Electorate.present(registry);
        SealedSnapshot memory s = SealedSnapshots.load(tally.electorate);
        tally.seal = s.number;
        return s.totalStake;
    }

    /// @notice Counts what is left of the weights of validators that the account votes for.
    function vote(
        Tally storage tally,
        uint256 proposalId,
        IValidatorRegistry registry,
        address account,
        uint8 support,
        bytes memory params
    ) external returns (uint256 weight) {
        uint64[] memory validators = _validators(params);
        _begin(tally, account, support, validators.length);
        SealedSnapshot memory s = SealedSnapshots.load(tally.electorate);
        for (uint256 i = 0; i < validators.length; ++i) {
            uint64 validator = validators[i];
            Electorate.checkVoice(registry, validator, account);
            Ballot storage ballot = tally.ballots[validator];
            if (ballot.cast != 0) revert IGovernorCountingPositions.GovernorAlreadyVotedFor(validator);
            uint32 left = s.weightOf(registry, validator) - ballot.overridden;
            ballot.cast = support + 1;
            weight += left;
            emit IGovernorCountingPositions.ValidatorVoteCast(proposalId, validator, account, support, left);
        }
        tally.votes[support] += uint64(weight);
    }

    /// @notice Counts the owner's positions with these validators, and takes them from those validators' votes.
    function overrideVotes(
        Tally storage tally,
        Override memory o,
        uint64[] memory validators
    ) external returns (uint256 weight) {
        _begin(tally, o.owner, o.support, validators.length);
        o.seal = tally.seal;
        SealedSnapshot memory s = SealedSnapshots.load(tally.electorate);
        for (uint256 i = 0; i < validators.length; ++i) {
            weight += _takeOver(tally, o, s, validators[i]);
        }
        tally.votes[o.support] += uint64(weight);
    }

    /// @notice Notes authorities' requests for a delay.
    /// @return third Whether they are a third of the authorities that count
    function requestDelay(
        Tally storage tally,
        uint256 proposalId,
        IValidatorRegistry registry,
        uint64[] calldata validators
    ) external returns (bool third) {
        SealedSnapshot memory s = SealedSnapshots.load(tally.electorate);
        uint256 authorities = s.nAuth - Snapshots.size(s.suspended);
        uint256 requests = tally.requests;
        for (uint256 i = 0; i < validators.length; ++i) {
            uint64 validator = validators[i];
            Electorate.checkVoice(registry, validator, msg.sender);
            uint256 seat = Seat.unwrap(s.seatOf(registry, validator));
            if (seat >= s.nAuth || (s.suspended >> seat) & 1 == 1) {
                revert IHybridGovernor.HybridGovernorNotAnAuthority(validator);
            }
            if ((requests >> seat) & 1 == 1) revert IHybridGovernor.HybridGovernorAlreadyRequested(validator);
            requests |= 1 << seat;
            emit IHybridGovernor.DelayRequested(proposalId, validator, Snapshots.size(requests), authorities);
        }
        tally.requests = requests;
        return requests != 0 && 3 * Snapshots.size(requests) >= authorities;
    }

    /// @notice Sum of all weights of the registry that decided what was proposed at a time.
    function totalAsOf(address registry, uint256 timepoint) external view returns (uint64) {
        return SealedSnapshots.load(Electorate.asOf(IValidatorRegistry(registry), timepoint)).totalStake;
    }

    /// @notice Sum of the weights of validators that the account votes for, in that registry.
    function votesAsOf(
        address registry,
        uint256 timepoint,
        address account,
        bytes memory params
    ) external view returns (uint256 votes) {
        uint64[] memory validators = _validators(params);
        IValidatorRegistry identities = IValidatorRegistry(registry);
        SealedSnapshot memory s = SealedSnapshots.load(Electorate.asOf(identities, timepoint));
        for (uint256 i = 0; i < validators.length; ++i) {
            Electorate.checkVoice(identities, validators[i], account);
            votes += s.weightOf(identities, validators[i]);
        }
    }

    /// @notice Weight of a validator; fails if it had no seat.
    function weightOf(
        Tally storage tally,
        IValidatorRegistry registry,
        uint64 validator
    ) external view returns (uint32) {
        return SealedSnapshots.load(tally.electorate).weightOf(registry, validator);
    }

    /// @notice What a position would vote with now.
    function worthOf(Tally storage tally, Override memory o, uint64 validator) external view returns (uint32) {
        o.seal = tally.seal;
        return _worth(o, SealedSnapshots.load(tally.electorate), validator, tally.ballots[validator].overridden);
    }

    function _begin(Tally storage tally, address account, uint8 support, uint256 count) private {
        if (support > _MOST_SUPPORT) revert IGovernor.GovernorInvalidVoteType();
        if (count == 0) revert IGovernorCountingPositions.GovernorNoValidators();
        tally.voted[account] = true;
    }

    /// @dev Takes a position's part out of its validator's vote; the caller adds it to what the owner supports.
    function _takeOver(
        Tally storage tally,
        Override memory o,
        SealedSnapshot memory s,
        uint64 validator
    ) private returns (uint32 worth) {
        if (tally.overrides[validator][o.owner] != 0) {
            revert IGovernorCountingPositions.GovernorAlreadyOverridden(validator, o.owner);
        }
        tally.overrides[validator][o.owner] = o.support + 1;
        Ballot storage ballot = tally.ballots[validator];
        worth = _worth(o, s, validator, ballot.overridden);
        if (worth == 0) revert IGovernorCountingPositions.GovernorNothingToOverride(validator, o.owner);
        ballot.overridden += worth;
        // Not counted before the validator votes: then there is nothing to take back either.
        if (ballot.cast != 0) tally.votes[ballot.cast - 1] -= worth;
        emit IGovernorCountingPositions.OverrideCast(o.proposalId, validator, o.owner, o.support, worth, o.reason);
    }

    /// @dev A position's part of its validator's weight, rounded down, and never more than what others left of what is
    /// delegated: the bond's part stays with the validator whatever custody may answer.
    function _worth(
        Override memory o,
        SealedSnapshot memory s,
        uint64 validator,
        uint256 taken
    ) private view returns (uint32) {
        (, IStakingPool.Row memory row) = o.pool.rowAt(validator, o.seal);
        if (row.shares == 0) return 0;
        uint256 delegated = s.weightOf(o.registry, validator) * (_WHOLE - row.bondFraction);
        uint256 worth = (delegated * o.pool.sharesAt(validator, o.owner, o.seal)) / row.shares / _WHOLE;
        uint256 room = delegated / _WHOLE - taken;
        // Both are at most the weight.
        return uint32(worth < room ? worth : room);
    }

    function _validators(bytes memory params) private pure returns (uint64[] memory) {
        if (params.length == 0) revert IGovernorCountingPositions.GovernorNoValidators();
        return abi.decode(params, (uint64[]));
    }
}
