// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IModuleUpgrades} from "../interfaces/governance/IModuleUpgrades.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IUnbondingQueue} from "../interfaces/staking/IUnbondingQueue.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";

/// @title Replacement of modules, later than whoever wants to can leave
/// @dev What may be called is decided by AccessManager: only the functions given to this contract's role. Loops over the
/// calls that governance announced together.
contract ModuleUpgrades is AccessManaged, IModuleUpgrades {
    struct Announcement {
        uint40 madeAt;
        bytes32 hash;
    }

    /// @notice Seconds; see IModuleUpgrades.
    struct Times {
        uint256 leastDelay;
        uint256 mostDelay;
        uint256 validity;
    }

    /// @dev Leaving stake above one part in ten holds an execution back.
    uint256 private constant _TENTH = 10;

    /// @inheritdoc IModuleUpgrades
    IStakingPool public immutable pool;
    IUnbondingQueue private immutable _queue;
    IValidatorRegistry private immutable _registry;
    /// @inheritdoc IModuleUpgrades
    uint256 public immutable leastDelay;
    /// @inheritdoc IModuleUpgrades
    uint256 public immutable mostDelay;
    /// @inheritdoc IModuleUpgrades
    uint256 public immutable validity;
    /// @inheritdoc IModuleUpgrades
    uint256 public count;
    /// @inheritdoc IModuleUpgrades
    mapping(uint256 id => Announcement) public announcement;

    constructor(address authority, IStakingPool pool_, Times memory times) AccessManaged(authority) {
        pool = pool_;
        _queue = pool_.queue();
        _registry = pool_.registry();
        // Whoever leaves on hearing of it is gone before it happens.
        if (times.leastDelay <= _queue.unbondingTime() || times.mostDelay < times.leastDelay || times.validity == 0)
            revert ModuleUpgradesBadTimes();
        (leastDelay, mostDelay, validity) = (times.leastDelay, times.mostDelay, times.validity);
    }

    /// @inheritdoc IModuleUpgrades
    function announce(Call[] calldata calls) external restricted returns (uint256 id) {
        id = ++count;
        announcement[id] = Announcement(uint40(block.timestamp), keccak256(abi.encode(calls)));
        emit Announced(id, calls, block.timestamp + leastDelay);
    }

    /// @inheritdoc IModuleUpgrades
    function cancel(uint256 id) external restricted {
        if (announcement[id].madeAt == 0) revert ModuleUpgradesUnknown(id);
        delete announcement[id];
        emit Cancelled(id);
    }

    /// @inheritdoc IModuleUpgrades
    function execute(uint256 id, Call[] calldata calls) external {
        Announcement memory a = announcement[id];
        if (a.madeAt == 0 || a.hash != keccak256(abi.encode(calls))) revert ModuleUpgradesUnknown(id);
        if (block.timestamp < a.madeAt + leastDelay) revert ModuleUpgradesTooEarly(id, a.madeAt + leastDelay);
        uint256 latest = a.madeAt + mostDelay;
        if (block.timestamp < latest) {
            uint256 leaving = _queue.totalQueued();
            uint256 stake = pool.totalStake();
            if (leaving * _TENTH > stake) revert ModuleUpgradesWaiting(id, leaving, stake, latest);
        }
        if (block.timestamp >= latest + validity) revert ModuleUpgradesExpired(id, latest + validity);
        delete announcement[id];
        emit Executed(id);
        for (uint256 i = 0; i < calls.length; ++i) {
            Address.functionCall(calls[i].target, calls[i].data);
        }
        (address custody, address registry) = (pool.slasher(), _registry.slasher());
        if (custody != registry) revert ModuleUpgradesTwoSlashers(custody, registry);
    }
}
