// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {IHybridGovernor} from "../interfaces/governance/IHybridGovernor.sol";

/// @title What a proposal may do, and what it takes
/// @notice Linked into HybridGovernor, which would not fit into one contract.
library ProposalRules {
    using Checkpoints for Checkpoints.Trace208;
    using SafeCast for uint256;

    /// @notice Contracts that rules name.
    /// @param access AccessManager
    /// @param executor The timelock, which holds the treasury
    /// @param token AITBC
    /// @param leastTimelockDelay Least delay that a proposal may give the timelock, s
    struct Known {
        address access;
        address executor;
        address token;
        uint256 leastTimelockDelay;
    }

    /// @notice What the governor keeps beside the votes.
    /// @param settings In force
    /// @param lower Least settings
    /// @param upper Greatest settings
    /// @param terms By proposal
    /// @param spent All ever spent, by time
    struct Book {
        IHybridGovernor.Settings settings;
        IHybridGovernor.Settings lower;
        IHybridGovernor.Settings upper;
        mapping(uint256 proposalId => IHybridGovernor.Terms) terms;
        Checkpoints.Trace208 spent;
    }

    /// @dev Of any contract that governance may tell to pay, such as the slashing pool.
    bytes4 private constant _SPEND = bytes4(keccak256("spend(address,uint256)"));
    uint256 private constant _SPENDING_WINDOW = 30 days;
    uint256 private constant _QUORUM = 10;
    uint256 private constant _GUARDED_QUORUM = 20;

    /// @notice Sets the settings, if they are within their bounds.
    /// @dev All three are seven words.
    function set(Book storage book, IHybridGovernor.Settings memory values) external {
        IHybridGovernor.Settings memory lower = book.lower;
        IHybridGovernor.Settings memory upper = book.upper;
        for (uint256 i = 0; i < 7; ++i) {
            uint256 value;
            uint256 least;
            uint256 most;
            assembly ("memory-safe") {
                let offset := mul(i, 0x20)
                value := mload(add(values, offset))
                least := mload(add(lower, offset))
                most := mload(add(upper, offset))
            }
            if (value < least || value > most) {
                revert IHybridGovernor.HybridGovernorOutOfBounds(i, value, least, most);
            }
        }
        book.settings = values;
        emit IHybridGovernor.SettingsSet(values);
    }

    /// @notice Fixes under what a proposal is decided: what it spends, and whether it is guarded, as it gives coins or
    /// tokens away, approves that, has another contract spend, or changes governance itself or who may do what.
    /// @return deposit Whole AITBC to be taken
    function open(
        Book storage book,
        Known memory known,
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        uint64 totalStake,
        bool bound
    ) external returns (uint256 deposit) {
        IHybridGovernor.Terms memory t;
        t.bound = bound;
        uint256 sum;
        for (uint256 i = 0; i < targets.length; ++i) {
            address target = targets[i];
            uint256 amount = _spentBy(known, target, calldatas[i]);
            sum += amount;
            t.guarded =
                t.guarded ||
                amount != 0 ||
                values[i] != 0 ||
                target == known.access ||
                target == known.executor ||
                target == address(this);
        }
        uint256 limit = uint256(book.settings.spendLimit) * 1 ether;
        if (sum > limit) revert IHybridGovernor.HybridGovernorSpendLimit(sum, limit);
        t.spends = uint96(sum);
        t.quorum = quorumOf(totalStake, t.guarded);
        t.deposit = book.settings.deposit;
        book.terms[proposalId] = t;
        emit IHybridGovernor.TermsSet(proposalId, t);
        return t.deposit;
    }

    /// @notice Notes a change of the votes: one that changes the outcome late puts the end off, so that it can be
    /// answered.
    /// @param start Beginning of the vote
    /// @param regular Its end as it was set
    function counted(Book storage book, uint256 proposalId, bool passing, uint256 start, uint256 regular) external {
        IHybridGovernor.Terms storage t = book.terms[proposalId];
        if (passing == t.passing) return;
        t.passing = passing;
        uint256 last = 2 * regular - start;
        uint256 deadline = block.timestamp + book.settings.voteExtension;
        if (deadline > last) deadline = last;
        if (deadline <= regular || deadline <= t.deadline) return;
        t.deadline = uint40(deadline);
        emit IHybridGovernor.ProposalExtended(proposalId, uint64(deadline));
    }

    /// @notice Checks that a proposal may be executed now, and books what it spends.
    function execute(Book storage book, uint256 proposalId, uint256 eta) external {
        if (block.timestamp < eta) revert IHybridGovernor.HybridGovernorDelayed(proposalId, eta);
        uint256 amount = book.terms[proposalId].spends;
        if (amount == 0) return;
        uint256 left = spendable(book);
        if (amount > left) revert IHybridGovernor.HybridGovernorSpendLimit(amount, left);
        uint256 total = book.spent.latest() + amount;
        book.spent.push(uint48(block.timestamp), total.toUint208());
        emit IHybridGovernor.Spent(proposalId, amount, total);
    }

    /// @notice What proposals may spend now.
    function spendable(Book storage book) public view returns (uint256) {
        // On a chain younger than the window everything counts.
        uint256 since = block.timestamp > _SPENDING_WINDOW ? block.timestamp - _SPENDING_WINDOW : 0;
        uint256 spent = book.spent.latest() - book.spent.upperLookup(uint48(since));
        uint256 limit = uint256(book.settings.spendLimit) * 1 ether;
        return spent < limit ? limit - spent : 0;
    }

    /// @notice Votes that have to be for or abstain, rounded up, and at least one.
    function quorumOf(uint64 totalStake, bool guarded) public pure returns (uint64) {
        uint256 votes = (uint256(totalStake) * (guarded ? _GUARDED_QUORUM : _QUORUM) + 99) / 100;
        return votes == 0 ? 1 : uint64(votes);
    }

    /// @dev Amount of one call; fails if the call would get around what is told here.
    function _spentBy(Known memory known, address target, bytes memory data) private pure returns (uint256 amount) {
        bytes4 selector = bytes4(data);
        if (selector == _SPEND) return _argument(target, data, 1);
        if (target == known.access) {
            // Through these the manager would act for the timelock, out of sight of `open`.
            if (selector == IAccessManager.execute.selector || selector == Multicall.multicall.selector) {
                revert IHybridGovernor.HybridGovernorForbiddenCall(target, selector);
            }
        } else if (target == known.executor) {
            // Without a delay nobody could leave before a decision he does not want.
            if (
                selector == TimelockController.updateDelay.selector &&
                _argument(target, data, 0) < known.leastTimelockDelay
            ) revert IHybridGovernor.HybridGovernorForbiddenCall(target, selector);
        } else if (target == known.token) {
            if (selector != IERC20.transfer.selector && selector != IERC20.approve.selector) {
                revert IHybridGovernor.HybridGovernorForbiddenCall(target, selector);
            }
            amount = _argument(target, data, 1);
        }
    }

    /// @dev Argument number `index` of a call; fails if the call is too short for it.
    function _argument(address target, bytes memory data, uint256 index) private pure returns (uint256 value) {
        if (data.length < 36 + 32 * index) {
            revert IHybridGovernor.HybridGovernorForbiddenCall(target, bytes4(data));
        }
        assembly ("memory-safe") {
            value := mload(add(add(data, 0x24), mul(index, 0x20)))
        }
    }
}
