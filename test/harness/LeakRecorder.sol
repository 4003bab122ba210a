// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILeakSlasher} from "../../contracts/interfaces/consensus/IHybridManager.sol";

/// @notice Takes charges in place of SlashingManager and keeps their order.
contract LeakRecorder is ILeakSlasher {
    uint64[] public charged;

    /// @inheritdoc ILeakSlasher
    function leak(uint64 validator) external {
        charged.push(validator);
    }

    function all() external view returns (uint64[] memory) {
        return charged;
    }
}
