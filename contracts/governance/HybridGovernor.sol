// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IHybridGovernor} from "../interfaces/governance/IHybridGovernor.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {Ballots} from "./Ballots.sol";
import {GovernorCountingPositions} from "./GovernorCountingPositions.sol";
import {ProposalRules} from "./ProposalRules.sol";

/// @title Governance by stake, with a second chamber that can delay
/// @dev Own settings instead of OpenZeppelin's GovernorSettings and GovernorPreventLateQuorum: theirs have no bounds,
/// know a threshold of votes that belong to one account, and extend a vote once, when quorum is reached, not when its
/// outcome flips.
contract HybridGovernor is GovernorCountingPositions, GovernorTimelockControl, IHybridGovernor {
    using Ballots for Ballots.Tally;
    using ProposalRules for ProposalRules.Book;
    using SafeERC20 for IERC20;

    /// @notice Everything set at deployment. Bounds never change.
    struct Setup {
        Settings settings;
        Settings lower;
        Settings upper;
        /// @dev Least delay of the timelock that a proposal may set.
        uint256 leastTimelockDelay;
    }

    /// @inheritdoc IHybridGovernor
    IERC20 public immutable token;
    address private immutable _access;
    uint256 private immutable _leastTimelockDelay;

    ProposalRules.Book private _book;

    constructor(
        address access,
        TimelockController timelock_,
        IStakingPool pool_,
        Setup memory setup
    ) Governor("HybridGovernor") GovernorCountingPositions(pool_) GovernorTimelockControl(timelock_) {
        token = pool_.token();
        _access = access;
        _leastTimelockDelay = setup.leastTimelockDelay;
        (_book.lower, _book.upper) = (setup.lower, setup.upper);
        _book.set(setup.settings);
    }

    /// @inheritdoc IHybridGovernor
    function requestDelay(uint256 proposalId, uint64[] calldata validators) external {
        _validateStateBitmap(
            proposalId,
            _encodeStateBitmap(ProposalState.Active) |
                _encodeStateBitmap(ProposalState.Succeeded) |
                _encodeStateBitmap(ProposalState.Queued)
        );
        Terms storage t = _book.terms[proposalId];
        bool third = _tallies[proposalId].requestDelay(proposalId, registry, validators);
        if (third && !t.delayed) {
            t.delayed = true;
            emit ProposalDelayed(proposalId, _book.settings.chamberDelay);
        }
    }

    /// @inheritdoc IHybridGovernor
    function settleDeposit(uint256 proposalId) external {
        ProposalState current = state(proposalId);
        uint256 amount = uint256(_book.terms[proposalId].deposit) * 1 ether;
        if (current == ProposalState.Pending || current == ProposalState.Active || amount == 0) {
            revert HybridGovernorNothingToSettle(proposalId);
        }
        bool lost = current == ProposalState.Defeated && !_quorumReached(proposalId);
        address to = lost ? _executor() : proposalProposer(proposalId);
        _book.terms[proposalId].deposit = 0;
        emit DepositSettled(proposalId, to, amount);
        token.safeTransfer(to, amount);
    }

    /// @inheritdoc IHybridGovernor
    function setSettings(Settings calldata values) external onlyGovernance {
        _book.set(values);
    }

    /// @inheritdoc IHybridGovernor
    function settings() external view returns (Settings memory) {
        return _book.settings;
    }

    /// @inheritdoc IHybridGovernor
    function settingsBounds() external view returns (Settings memory lower, Settings memory upper) {
        return (_book.lower, _book.upper);
    }

    /// @inheritdoc IHybridGovernor
    function terms(uint256 proposalId) external view returns (Terms memory) {
        return _book.terms[proposalId];
    }

    /// @notice Disabled: the governor keeps nothing but deposits.
    function relay(address, uint256, bytes calldata) public payable override {
        revert HybridGovernorNoRelay();
    }

    /// @inheritdoc IHybridGovernor
    function spendable() external view returns (uint256) {
        return _book.spendable();
    }

    /// @inheritdoc IGovernor
    function votingDelay() public view override returns (uint256) {
        return _book.settings.votingDelay;
    }

    /// @inheritdoc IGovernor
    function votingPeriod() public view override returns (uint256) {
        return _book.settings.votingPeriod;
    }

    /// @notice Votes that a proposal made at `timepoint` needs, unless it is guarded; `terms` tells that of a proposal.
    function quorum(uint256 timepoint) public view override returns (uint256) {
        return ProposalRules.quorumOf(Ballots.totalAsOf(address(registry), timepoint), false);
    }

    /// @notice Seconds since 1970.
    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @notice Time is counted in seconds of the settlement chain (ERC-6372).
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    /// @notice The same, and Expired: succeeded and not queued, or due and not executed, for longer than the grace. Old
    /// decisions do not come back.
    function state(
        uint256 proposalId
    ) public view override(Governor, GovernorTimelockControl) returns (ProposalState current) {
        current = super.state(proposalId);
        uint256 since;
        if (current == ProposalState.Succeeded) since = proposalDeadline(proposalId);
        else if (current == ProposalState.Queued) since = proposalEta(proposalId);
        if (since != 0 && block.timestamp > since + _book.settings.grace) return ProposalState.Expired;
    }

    /// @inheritdoc IGovernor
    function proposalDeadline(uint256 proposalId) public view override returns (uint256) {
        uint256 extended = _book.terms[proposalId].deadline;
        return extended == 0 ? super.proposalDeadline(proposalId) : extended;
    }

    /// @notice When a queued proposal can be executed, the second chamber's delay included; 0 before it is queued.
    function proposalEta(uint256 proposalId) public view override returns (uint256 eta) {
        eta = super.proposalEta(proposalId);
        if (eta != 0 && _book.terms[proposalId].delayed) eta += _book.settings.chamberDelay;
    }

    /// @inheritdoc IGovernor
    function proposalNeedsQueuing(
        uint256 proposalId
    ) public view override(Governor, GovernorTimelockControl) returns (bool) {
        return super.proposalNeedsQueuing(proposalId);
    }

    function _propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description,
        address proposer
    ) internal override returns (uint256 proposalId) {
        proposalId = super._propose(targets, values, calldatas, description, proposer);
        uint256 deposit = _book.open(
            ProposalRules.Known(_access, _executor(), address(token), _leastTimelockDelay),
            proposalId,
            targets,
            values,
            calldatas,
            _tallies[proposalId].open(registry),
            !_isValidDescriptionForProposer(address(0), description)
        );
        token.safeTransferFrom(proposer, address(this), deposit * 1 ether);
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        _book.execute(proposalId, proposalEta(proposalId));
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    /// @dev Whoever copies another's proposal to be its proposer must not be able to cancel it: only a description that
    /// names its proposer cannot be copied.
    function _validateCancel(uint256 proposalId, address caller) internal view override returns (bool) {
        return _book.terms[proposalId].bound && super._validateCancel(proposalId, caller);
    }

    function _tallyUpdated(uint256 proposalId) internal override {
        bool passing = _quorumReached(proposalId) && _voteSucceeded(proposalId);
        _book.counted(proposalId, passing, proposalSnapshot(proposalId), super.proposalDeadline(proposalId));
    }

    function _castVote(
        uint256 proposalId,
        address account,
        uint8 support,
        string memory reason,
        bytes memory params
    ) internal override(Governor, GovernorCountingPositions) returns (uint256) {
        return super._castVote(proposalId, account, support, reason, params);
    }

    function _executor() internal view override(Governor, GovernorTimelockControl) returns (address) {
        return super._executor();
    }

    function _quorumOf(uint256 proposalId) internal view override returns (uint256) {
        return _book.terms[proposalId].quorum;
    }
}
