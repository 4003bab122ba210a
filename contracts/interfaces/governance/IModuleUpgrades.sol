// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingPool} from "../staking/IStakingPool.sol";

/// @title Replacement of modules, later than whoever wants to can leave
/// @notice Holds the one role that may point custody and registry to other modules. What governance announces is
/// executed by anyone after `leastDelay`, but while more than a tenth of the stake is still on its way out only after
/// `mostDelay`; and never once it is `validity` overdue.
///
/// A replacement is a list of calls that are made together or not at all: a module that several contracts name is replaced
/// in all of them at once. The slasher is, by force: custody and registry must name the same one after every execution.
interface IModuleUpgrades {
    /// @notice One call of a replacement.
    /// @param target Whom to call
    /// @param data Function and arguments
    struct Call {
        address target;
        bytes data;
    }

    /// @notice A replacement was announced: `calls` in this order, possible from second `from` on.
    event Announced(uint256 indexed id, Call[] calls, uint256 from);
    /// @notice An announced replacement was executed.
    event Executed(uint256 indexed id);
    /// @notice An announcement was withdrawn.
    event Cancelled(uint256 indexed id);

    /// @notice Times that do not follow one another.
    error ModuleUpgradesBadTimes();
    /// @notice Nothing was announced under this number, or with these contents, or it is executed or cancelled.
    error ModuleUpgradesUnknown(uint256 id);
    /// @notice `leastDelay` is not over; it can be executed from second `from` on.
    error ModuleUpgradesTooEarly(uint256 id, uint256 from);
    /// @notice More than a tenth of the stake is on its way out; at the latest it can be executed from `from` on.
    error ModuleUpgradesWaiting(uint256 id, uint256 leaving, uint256 stake, uint256 from);
    /// @notice The announcement could be executed until second `until`; it has to be made again.
    error ModuleUpgradesExpired(uint256 id, uint256 until);

    /// @notice After this the registry would listen to another slasher than custody: evidence would convict nobody.
    error ModuleUpgradesTwoSlashers(address custody, address registry);

    /// @notice Announces calls that replace a module. Governance.
    /// @param calls All that name the module; as many as fit a transaction
    function announce(Call[] calldata calls) external returns (uint256 id);

    /// @notice Withdraws an announcement. Governance.
    function cancel(uint256 id) external;

    /// @notice Executes what was announced. Anyone, in its time.
    /// @param calls As announced
    function execute(uint256 id, Call[] calldata calls) external;

    /// @notice When an announcement was made and the hash of its calls; zeros if it is over.
    function announcement(uint256 id) external view returns (uint40 madeAt, bytes32 hash);

    /// @notice Announcements so far; they are numbered from 1.
    function count() external view returns (uint256);

    /// @notice Seconds from an announcement to its execution at the earliest.
    function leastDelay() external view returns (uint256);

    /// @notice Seconds after which it does not wait any longer for stake on its way out.
    function mostDelay() external view returns (uint256);

    /// @notice Seconds after `mostDelay` for which it can be executed.
    function validity() external view returns (uint256);

    /// @notice Custody, whose stake on its way out is waited for.
    function pool() external view returns (IStakingPool);
}
