// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAbsences} from "../../contracts/interfaces/slashing/ISlashingManager.sol";
import {Epoch} from "../../contracts/types/Types.sol";

/// @notice Says of each epoch what it was told.
contract AbsencesStub is IAbsences {
    mapping(Epoch epoch => uint256[4] bitmap) private _absent;

    function set(Epoch epoch, uint256[4] calldata bitmap) external {
        _absent[epoch] = bitmap;
    }

    function absentIn(Epoch epoch) external view returns (uint256[4] memory) {
        return _absent[epoch];
    }
}
