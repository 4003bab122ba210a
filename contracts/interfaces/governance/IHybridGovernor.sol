// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Governance by stake, with a second chamber that can delay
/// @notice Proposals are decided by the registry in force one epoch before they were made. They cost a deposit, wait,
/// are voted on, wait in the timelock, and are executed by it. Times in seconds; amounts in base units of AITBC unless
/// told otherwise.
interface IHybridGovernor {
    /// @notice What governance may change about itself, within the bounds given at deployment. Open proposals keep the
    /// times and the deposit they were made under, except for `voteExtension` and `chamberDelay`.
    /// @param votingDelay From a proposal to the beginning of its vote
    /// @param votingPeriod Length of the vote
    /// @param voteExtension A vote whose outcome changes later than this before its end goes on for this long, at most
    /// until it lasted twice its period
    /// @param chamberDelay By how much a third of the authorities delays an execution
    /// @param grace How long a proposal that succeeded can wait to be queued, and one that is due to be executed
    /// @param deposit What a proposal costs until it is settled, whole AITBC
    /// @param spendLimit Most that executed proposals may spend in 30 days, whole AITBC
    struct Settings {
        uint32 votingDelay;
        uint32 votingPeriod;
        uint32 voteExtension;
        uint32 chamberDelay;
        uint32 grace;
        uint32 deposit;
        uint32 spendLimit;
    }

    /// @notice Under what a proposal is decided.
    /// @param quorum Votes that have to be for or abstain, whole AITBC
    /// @param deposit Not yet settled deposit, whole AITBC
    /// @param deadline End of the vote where that was extended; else 0
    /// @param guarded Whether it spends, or changes governance or roles, and so needs the higher quorum
    /// @param bound Whether its description names the proposer: only then can that one cancel it
    /// @param passing Whether it would pass as counted now
    /// @param delayed Whether a third of the authorities asked for the delay
    /// @param spends AITBC that it spends
    struct Terms {
        uint64 quorum;
        uint32 deposit;
        uint40 deadline;
        bool guarded;
        bool bound;
        bool passing;
        bool delayed;
        uint96 spends;
    }

    /// @notice Settings were set; proposals made before keep what they were made under, as `Settings` tells.
    event SettingsSet(Settings settings);
    /// @notice A proposal is decided under these terms.
    event TermsSet(uint256 indexed proposalId, Terms terms);
    /// @notice The end of a vote was put off because its outcome changed late.
    event ProposalExtended(uint256 indexed proposalId, uint64 extendedDeadline);
    /// @notice An authority asked for the delay of a proposal; `count` of `authorities` have.
    event DelayRequested(uint256 indexed proposalId, uint64 indexed validator, uint256 count, uint256 authorities);
    /// @notice A third of the authorities asked for it: the proposal executes this much later.
    event ProposalDelayed(uint256 indexed proposalId, uint256 delay);
    /// @notice A deposit went back to the proposer, or to the treasury if the proposal did not reach its quorum.
    event DepositSettled(uint256 indexed proposalId, address indexed to, uint256 amount);
    /// @notice An executed proposal spent this; `total` is the sum of all ever.
    event Spent(uint256 indexed proposalId, uint256 amount, uint256 total);

    /// @notice Setting number `index` is outside its bounds.
    error HybridGovernorOutOfBounds(uint256 index, uint256 value, uint256 lower, uint256 upper);
    /// @notice A call that would get around a rule: it is refused in proposals.
    error HybridGovernorForbiddenCall(address target, bytes4 selector);
    /// @notice More than proposals may spend in 30 days: `left` is what can be spent now.
    error HybridGovernorSpendLimit(uint256 amount, uint256 left);
    /// @notice The proposal waits until then.
    error HybridGovernorDelayed(uint256 proposalId, uint256 until);
    /// @notice Not an authority that counts in the proposal's registry.
    error HybridGovernorNotAnAuthority(uint64 validator);
    /// @notice The authority has asked for the delay of this proposal before.
    error HybridGovernorAlreadyRequested(uint64 validator);
    /// @notice The proposal is still open, or its deposit was settled.
    error HybridGovernorNothingToSettle(uint256 proposalId);
    /// @notice The governor keeps nothing but deposits, which are nobody else's.
    error HybridGovernorNoRelay();

    /// @notice Asks that a proposal be executed later, for authorities whose vote address the caller is: once a third
    /// of those that count in its registry have, it waits `chamberDelay` longer than the timelock. Once per proposal,
    /// until it is executed.
    function requestDelay(uint256 proposalId, uint64[] calldata validators) external;

    /// @notice Pays the deposit of a decided proposal back to its proposer, or to the treasury if the quorum was not
    /// reached. Anyone.
    function settleDeposit(uint256 proposalId) external;

    /// @notice Governance.
    function setSettings(Settings calldata values) external;

    /// @notice Settings now in force.
    function settings() external view returns (Settings memory);

    /// @notice Least and greatest settings that governance can set; fixed at deployment, field by field.
    function settingsBounds() external view returns (Settings memory lower, Settings memory upper);

    /// @notice Under what a proposal is decided; zeros for one that was never made.
    function terms(uint256 proposalId) external view returns (Terms memory);

    /// @notice What proposals may spend now.
    function spendable() external view returns (uint256);

    /// @notice AITBC.
    function token() external view returns (IERC20);
}
