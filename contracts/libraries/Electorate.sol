// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LibBit} from "solady/src/utils/LibBit.sol";
import {ICheckpointManager} from "../interfaces/consensus/ICheckpointManager.sol";
import {IElectorate} from "../interfaces/governance/IElectorate.sol";
import {IElections} from "../interfaces/staking/IElections.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {Epoch, KeyId, Seat} from "../types/Types.sol";
import {SealedSnapshot, SealedSnapshots} from "./SealedSnapshots.sol";
import {Snapshots} from "./Snapshots.sol";

/// @title Who may decide, and with which weight
/// @notice Reads the sealed registries as electorates. Nothing here depends on modules that governance may have to
/// replace, except for the records of past epochs.
library Electorate {
    using SealedSnapshots for SealedSnapshot;

    /// @dev One in each of a word's eight lanes.
    uint256 private constant _ONES = 0x0000000100000001000000010000000100000001000000010000000100000001;

    /// @notice The module that keeps the epochs' records now.
    function checkpointsOf(IValidatorRegistry registry) internal view returns (ICheckpointManager) {
        address elections = registry.elections();
        if (elections == address(0)) revert IElectorate.ElectorateNone();
        return ICheckpointManager(IElections(elections).checkpoints());
    }

    /// @notice The registry in force one epoch before the present one: what it says was sealed before anybody could
    /// know of what is asked now.
    function present(IValidatorRegistry registry) internal view returns (address blob) {
        ICheckpointManager checkpoints = checkpointsOf(registry);
        return _recorded(checkpoints, Epoch.unwrap(checkpoints.epochNow()));
    }

    /// @notice The same as of a time, at most the present.
    function asOf(IValidatorRegistry registry, uint256 timepoint) internal view returns (address blob) {
        ICheckpointManager checkpoints = checkpointsOf(registry);
        uint64 low = 0;
        uint64 high = Epoch.unwrap(checkpoints.epochNow());
        // The first epoch whose boundary was accepted after the time.
        while (low < high) {
            uint64 middle = (low + high) / 2;
            if (checkpoints.boundaryAcceptedAt(Epoch.wrap(middle)) > timepoint) high = middle;
            else low = middle + 1;
        }
        return _recorded(checkpoints, low);
    }

    /// @notice Seat of a validator in a snapshot; fails if it had none.
    /// @dev By its present key; one that was rotated since is found by its owner, seat by seat: 2.6M gas at 1,000 seats.
    function seatOf(
        SealedSnapshot memory s,
        IValidatorRegistry registry,
        uint64 validator
    ) internal view returns (Seat) {
        uint256[] memory words = Snapshots.readBlob(s.keys);
        uint256 wanted = KeyId.unwrap(registry.validator(validator).key) * _ONES;
        for (uint256 i = 0; wanted != 0 && i < words.length; ++i) {
            uint256 differing = words[i] ^ wanted;
            // Lanes equal to zero set their highest bit; the lowest such bit is never a false one.
            uint256 equal;
            unchecked {
                equal = (differing - _ONES) & ~differing & (_ONES << 31);
            }
            if (equal != 0) return Seat.wrap(uint16(8 * i + (LibBit.ffs(equal) >> 5)));
        }
        for (uint16 seat = 0; seat < s.n; ++seat) {
            KeyId key = KeyId.wrap(Snapshots.valueAt(words, Seat.wrap(seat)));
            if (KeyId.unwrap(key) != 0 && registry.ownerOfKey(key) == validator) return Seat.wrap(seat);
        }
        revert IElectorate.ElectorateNotSeated(validator);
    }

    /// @notice Weight of a validator in a snapshot, whole AITBC; fails if it had no seat.
    function weightOf(
        SealedSnapshot memory s,
        IValidatorRegistry registry,
        uint64 validator
    ) internal view returns (uint32) {
        return Snapshots.blobValue(s.weights, seatOf(s, registry, validator));
    }

    /// @notice Fails unless `caller` votes for the validator.
    function checkVoice(IValidatorRegistry registry, uint64 validator, address caller) internal view {
        if (registry.voteAddress(validator) != caller) revert IElectorate.ElectorateNotItsVoice(validator, caller);
    }

    function _recorded(ICheckpointManager checkpoints, uint64 epoch) private view returns (address blob) {
        (, , blob) = checkpoints.recordedRegistry(Epoch.wrap(epoch == 0 ? 0 : epoch - 1));
        if (blob == address(0)) revert IElectorate.ElectorateNone();
    }
}
