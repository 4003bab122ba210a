// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingPool} from "../staking/IStakingPool.sol";
import {IValidatorRegistry} from "../staking/IValidatorRegistry.sol";
import {IElectorate} from "./IElectorate.sol";

/// @title Votes of validators, overridden position by position
/// @notice A validator votes, through its vote address, with the whole weight that the proposal's registry counts for
/// it: `castVoteWithReasonAndParams` and its siblings, `params` being `abi.encode(uint64[] validators)`. Whoever
/// delegated to it may vote otherwise with the part that is his own, before or after: it is taken from the validator's.
/// Weights are whole AITBC. Supports: 0 against, 1 for, 2 abstain.
interface IGovernorCountingPositions is IElectorate {
    /// @notice A validator's vote was counted, with what positions in it had left of its weight.
    event ValidatorVoteCast(
        uint256 indexed proposalId,
        uint64 indexed validator,
        address indexed voter,
        uint8 support,
        uint32 weight
    );
    /// @notice A position's vote was counted, and taken from its validator's, cast or not.
    event OverrideCast(
        uint256 indexed proposalId,
        uint64 indexed validator,
        address indexed owner,
        uint8 support,
        uint32 weight,
        string reason
    );

    /// @notice A vote has to name the validators it is cast for.
    error GovernorNoValidators();
    /// @notice The validator has voted on this proposal; a vote is final.
    error GovernorAlreadyVotedFor(uint64 validator);
    /// @notice The position has voted on this proposal; a vote is final.
    error GovernorAlreadyOverridden(uint64 validator, address owner);
    /// @notice The position was not counted by the proposal's registry, or is less than one AITBC of its weight.
    error GovernorNothingToOverride(uint64 validator, address owner);

    /// @notice Votes with the caller's positions in these validators, while the proposal is active; once for each.
    /// @return weight Votes counted: for each floor(sealed weight · (1 − bond fraction) · shares / shares counted)
    function castOverride(
        uint256 proposalId,
        uint8 support,
        uint64[] calldata validators
    ) external returns (uint256 weight);

    /// @notice The same with a reason, shown to others in the events only.
    function castOverrideWithReason(
        uint256 proposalId,
        uint8 support,
        uint64[] calldata validators,
        string calldata reason
    ) external returns (uint256 weight);

    /// @notice The same for `voter`, who signed an `OverrideBallot` (EIP-712, or ERC-1271) with his next nonce. Anyone.
    function castOverrideBySig(
        uint256 proposalId,
        uint8 support,
        uint64[] calldata validators,
        address voter,
        string calldata reason,
        bytes calldata signature
    ) external returns (uint256 weight);

    /// @notice Who decides a proposal: the blob of a registry, and the number of its seal.
    function electorateOf(uint256 proposalId) external view returns (address blob, uint32 seal);

    /// @notice A validator's vote on a proposal, and how much of its weight positions took.
    function ballotOf(
        uint256 proposalId,
        uint64 validator
    ) external view returns (bool cast, uint8 support, uint32 overridden);

    /// @notice Whether a position has voted on a proposal.
    function hasOverridden(uint256 proposalId, uint64 validator, address owner) external view returns (bool);

    /// @notice Votes counted so far, whole AITBC.
    function proposalVotes(
        uint256 proposalId
    ) external view returns (uint256 againstVotes, uint256 forVotes, uint256 abstainVotes);

    /// @notice Weight of a validator in the proposal's registry; fails if it had no seat there.
    function validatorWeight(uint256 proposalId, uint64 validator) external view returns (uint32);

    /// @notice What a position would vote with on a proposal, were it to vote now.
    function overrideWeight(uint256 proposalId, uint64 validator, address owner) external view returns (uint256);

    /// @notice EIP-712 type hash of the `OverrideBallot` that `castOverrideBySig` takes.
    // solhint-disable-next-line func-name-mixedcase
    function OVERRIDE_BALLOT_TYPEHASH() external view returns (bytes32);

    /// @notice Custody: whose positions these are.
    function pool() external view returns (IStakingPool);

    /// @notice Whose vote addresses these are.
    function registry() external view returns (IValidatorRegistry);
}
