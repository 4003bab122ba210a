// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISlashingManager} from "../../contracts/interfaces/slashing/ISlashingManager.sol";
import {Evidence} from "../../contracts/slashing/Evidence.sol";

/// @notice The predicate of evidence without registries and signatures.
contract EvidenceHarness {
    function offence(
        ISlashingManager.Contradiction calldata c,
        bytes32 firstDomain,
        bytes32 secondDomain,
        uint256 termViews,
        bytes32 genesisHash
    ) external pure returns (uint256) {
        return Evidence.offence(c, firstDomain, secondDomain, termViews, genesisHash);
    }

    function common(
        ISlashingManager.Contradiction calldata c,
        uint256[] memory firstKeys,
        uint256[] memory secondKeys,
        uint256[] memory nextKeys
    ) external pure returns (uint256[4] memory) {
        return Evidence.common(c, firstKeys, secondKeys, nextKeys);
    }
}
