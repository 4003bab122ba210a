// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IGovernorCountingPositions} from "../interfaces/governance/IGovernorCountingPositions.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {Ballots} from "./Ballots.sol";

/// @title Votes of validators, overridden position by position
abstract contract GovernorCountingPositions is Governor, IGovernorCountingPositions {
    using Ballots for Ballots.Tally;

    /// @inheritdoc IGovernorCountingPositions
    bytes32 public constant OVERRIDE_BALLOT_TYPEHASH = keccak256(
        "OverrideBallot(uint256 proposalId,uint8 support,uint64[] validators,address voter,uint256 nonce,string reason)"
    );
    uint8 private constant _FOR = 1;
    uint8 private constant _ABSTAIN = 2;
    /// @inheritdoc IGovernorCountingPositions
    IStakingPool public immutable pool;
    /// @inheritdoc IGovernorCountingPositions
    IValidatorRegistry public immutable registry;

    mapping(uint256 proposalId => Ballots.Tally) internal _tallies;

    constructor(IStakingPool pool_) {
        pool = pool_;
        registry = pool_.registry();
    }

    /// @inheritdoc IGovernorCountingPositions
    function castOverride(
        uint256 proposalId,
        uint8 support,
        uint64[] calldata validators
    ) external returns (uint256 weight) {
        return _castOverride(proposalId, _msgSender(), support, validators, "");
    }

    /// @inheritdoc IGovernorCountingPositions
    function castOverrideWithReason(
        uint256 proposalId,
        uint8 support,
        uint64[] calldata validators,
        string calldata reason
    ) external returns (uint256 weight) {
        return _castOverride(proposalId, _msgSender(), support, validators, reason);
    }

    /// @inheritdoc IGovernorCountingPositions
    function castOverrideBySig(
        uint256 proposalId,
        uint8 support,
        uint64[] calldata validators,
        address voter,
        string calldata reason,
        bytes calldata signature
    ) external returns (uint256 weight) {
        bytes32 ballot = keccak256(
            abi.encode(
                OVERRIDE_BALLOT_TYPEHASH,
                proposalId,
                support,
                keccak256(abi.encodePacked(validators)),
                voter,
                _useNonce(voter),
                keccak256(bytes(reason))
            )
        );
        if (!SignatureChecker.isValidSignatureNow(voter, _hashTypedDataV4(ballot), signature)) {
            revert GovernorInvalidSignature(voter);
        }
        return _castOverride(proposalId, voter, support, validators, reason);
    }

    /// @inheritdoc IGovernor
    function hasVoted(uint256 proposalId, address account) external view returns (bool) {
        return _tallies[proposalId].voted[account];
    }

    /// @inheritdoc IGovernorCountingPositions
    function electorateOf(uint256 proposalId) external view returns (address blob, uint32 seal) {
        return (_tallies[proposalId].electorate, _tallies[proposalId].seal);
    }

    /// @inheritdoc IGovernorCountingPositions
    function ballotOf(
        uint256 proposalId,
        uint64 validator
    ) external view returns (bool cast, uint8 support, uint32 overridden) {
        Ballots.Ballot storage ballot = _tallies[proposalId].ballots[validator];
        cast = ballot.cast != 0;
        support = cast ? ballot.cast - 1 : 0;
        overridden = ballot.overridden;
    }

    /// @inheritdoc IGovernorCountingPositions
    function hasOverridden(uint256 proposalId, uint64 validator, address owner) external view returns (bool) {
        return _tallies[proposalId].overrides[validator][owner] != 0;
    }

    /// @inheritdoc IGovernorCountingPositions
    function proposalVotes(
        uint256 proposalId
    ) external view returns (uint256 againstVotes, uint256 forVotes, uint256 abstainVotes) {
        uint64[3] storage votes = _tallies[proposalId].votes;
        return (votes[0], votes[_FOR], votes[_ABSTAIN]);
    }

    /// @inheritdoc IGovernorCountingPositions
    function validatorWeight(uint256 proposalId, uint64 validator) external view returns (uint32) {
        return _tallies[proposalId].weightOf(registry, validator);
    }

    /// @inheritdoc IGovernorCountingPositions
    function overrideWeight(uint256 proposalId, uint64 validator, address owner) external view returns (uint256) {
        return _tallies[proposalId].worthOf(Ballots.Override(proposalId, pool, registry, owner, 0, 0, ""), validator);
    }

    /// @inheritdoc IGovernor
    // solhint-disable-next-line func-name-mixedcase
    function COUNTING_MODE() external pure returns (string memory) {
        return "support=bravo,override&quorum=for,abstain&params=validators";
    }

    /// @dev Votes that have to be for or abstain.
    function _quorumOf(uint256 proposalId) internal view virtual returns (uint256);

    /// @dev Weight is that of the validators named, of the proposal's own registry: `_getVotes` has no part in it.
    function _castVote(
        uint256 proposalId,
        address account,
        uint8 support,
        string memory reason,
        bytes memory params
    ) internal virtual override returns (uint256 weight) {
        _validateStateBitmap(proposalId, _encodeStateBitmap(ProposalState.Active));
        weight = _countVote(proposalId, account, support, 0, params);
        emit VoteCastWithParams(account, proposalId, support, weight, reason, params);
        _tallyUpdated(proposalId);
    }

    /// @dev Counts what is left of the weights of the validators named in `params`.
    function _countVote(
        uint256 proposalId,
        address account,
        uint8 support,
        uint256,
        bytes memory params
    ) internal override returns (uint256) {
        return _tallies[proposalId].vote(proposalId, registry, account, support, params);
    }

    /// @dev The sum of the weights of validators that `account` votes for, in the registry of a time.
    function _getVotes(
        address account,
        uint256 timepoint,
        bytes memory params
    ) internal view override returns (uint256) {
        return Ballots.votesAsOf(address(registry), timepoint, account, params);
    }

    function _quorumReached(uint256 proposalId) internal view override returns (bool) {
        uint64[3] storage votes = _tallies[proposalId].votes;
        return uint256(votes[_FOR]) + votes[_ABSTAIN] >= _quorumOf(proposalId);
    }

    function _voteSucceeded(uint256 proposalId) internal view override returns (bool) {
        uint64[3] storage votes = _tallies[proposalId].votes;
        return votes[_FOR] > votes[0];
    }

    function _castOverride(
        uint256 proposalId,
        address owner,
        uint8 support,
        uint64[] calldata validators,
        string memory reason
    ) private returns (uint256 weight) {
        _validateStateBitmap(proposalId, _encodeStateBitmap(ProposalState.Active));
        weight = _tallies[proposalId].overrideVotes(
            Ballots.Override(proposalId, pool, registry, owner, support, 0, reason),
            validators
        );
        _tallyUpdated(proposalId);
    }
}
