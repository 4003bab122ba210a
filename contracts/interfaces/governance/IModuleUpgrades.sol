// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingPool} from "../staking/IStakingPool.sol";

/// @title Replacement of modules, later than whoever wants to can leave
/// @notice Holds the one role that may point custody and registry to other modules. What governance announces is
/// executed by anyone after `leastDelay`, but while more than a tenth of the stake is still on its way out only after
/// `mostDelay`; and never once it is `validity` overdue.
interface IModuleUpgrades {
    /// @notice A replacement was announced: the call `data` to `target`, possible from `from` on.
    event Announced(uint256 indexed id, address indexed target, bytes data, uint256 from);
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

    /// @notice Announces a call that replaces a module. Governance.
    function announce(address target, bytes calldata data) external returns (uint256 id);

    /// @notice Withdraws an announcement. Governance.
    function cancel(uint256 id) external;

    /// @notice Executes what was announced. Anyone, in its time.
    function execute(uint256 id, address target, bytes calldata data) external;

    /// @notice When an announcement was made and the hash of its target and data; zeros if it is over.
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
