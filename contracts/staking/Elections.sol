// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LibBytes} from "solady/src/utils/LibBytes.sol";
import {LibCall} from "solady/src/utils/LibCall.sol";
import {ICheckpointManager} from "../interfaces/consensus/ICheckpointManager.sol";
import {IConsensusParameters} from "../interfaces/governance/IConsensusParameters.sol";
import {IElections} from "../interfaces/staking/IElections.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {SnapshotLens} from "../lens/SnapshotLens.sol";
import {SealedSnapshots} from "../libraries/SealedSnapshots.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {Epoch} from "../types/Types.sol";
import {Resealing} from "./Resealing.sol";
import {Sealing} from "./Sealing.sol";
import {Seating} from "./Seating.sol";

/// @title Seats, live weights, and the sealing of epoch snapshots
/// @dev Seating (the base contract) moves validators between seats; Sealing and, after a recovery, Resealing (linked
/// libraries) freeze the result.
contract Elections is Seating {
    /// @dev R_0 serves epochs 0, 1 and 2.
    uint64 private constant _FIRST_SEALED_EPOCH = 3;

    /// @notice Carries the hints out of the simulation that found them.
    error ElectionsHints(SealHints hints);

    mapping(uint32 number => address blob) private _blobs;
    mapping(Epoch epoch => address blob) private _candidates;
    Snapshots.KeyTree private _keyTree;

    constructor(
        address authority,
        IValidatorRegistry registry_,
        IStakingPool pool_,
        IConsensusParameters parameters_
    ) Seating(authority, registry_, pool_, parameters_) {}

    /// @inheritdoc IElections
    function seal(Epoch epoch, SealHints calldata hints) external returns (bytes32) {
        return _sealCandidate(epoch, hints, msg.sender);
    }

    /// @inheritdoc IElections
    function sealFor(Epoch epoch, SealHints calldata hints, address sealer) external returns (bytes32) {
        return _sealCandidate(epoch, hints, sealer);
    }

    /// @inheritdoc IElections
    function sealGenesis(SealHints calldata hints) external restricted returns (bytes32 hash, address blob) {
        if (sealNumber != 0) revert ElectionsAlreadySealed(Epoch.wrap(0));
        return _seal(Epoch.wrap(0), hints, msg.sender);
    }

    /// @inheritdoc IElections
    function sealRecovery(
        Epoch epoch,
        address source,
        uint256 silent,
        uint256[4] calldata left,
        uint256[4] calldata spared,
        address sealer
    ) external restricted returns (bytes32 hash, address blob) {
        Resealing.Copy memory copy = Resealing.Copy(epoch, source, registry, silent, left, spared, sealer, _nAuth);
        uint256 places;
        (hash, blob, places) = Resealing.sealAgain(copy, _occupants, _keys, _records);
        _silent |= places;
    }

    /// @inheritdoc IElections
    function readmit(uint64 validator) external restricted {
        _silent &= ~_seatBit(validator);
        emit Readmitted(validator);
    }

    /// @inheritdoc IElections
    function sealHints() external returns (SealHints memory hints) {
        // What always reverts changes nothing, and its error carries the answer.
        try this.revertWithHints() {} catch (bytes memory reason) {
            if (bytes4(reason) != ElectionsHints.selector) LibCall.bubbleUpRevert(reason);
            return abi.decode(LibBytes.slice(reason, 4), (SealHints));
        }
    }

    /// @notice Seats whoever waits, finds the hints for that state, and always reverts with them.
    function revertWithHints() external {
        IConsensusParameters.Stake memory rules = parameters.stake();
        if (sealNumber != 0) _seatWaiting(rules);
        Sealing.Live memory live;
        (live.registry, live.nAuth, live.silent) = (registry, _nAuth, _silent);
        (live.words, live.occupants, live.qualified) = (_read(_weights), _read(_occupants), _loadQualified());
        (uint256[] memory words, uint256[4] memory qualified, uint256 places) = Sealing.choices(rules, live, _records);
        revert ElectionsHints(SnapshotLens.findHints(rules, words, qualified, places));
    }

    /// @inheritdoc IElections
    function isSilent(uint64 validator) external view returns (bool) {
        return _silent & _seatBit(validator) != 0;
    }

    /// @inheritdoc IElections
    function sealOf(Epoch epoch) external view returns (uint32) {
        address blob = _candidates[epoch];
        return blob == address(0) ? 0 : SealedSnapshots.numberOf(blob);
    }

    /// @inheritdoc IElections
    function candidateBlob(Epoch epoch) external view returns (address) {
        return _candidates[epoch];
    }

    /// @inheritdoc IElections
    function snapshotHashOf(Epoch epoch) external view returns (bytes32) {
        address blob = _candidates[epoch];
        return blob == address(0) ? bytes32(0) : SealedSnapshots.hashOf(blob);
    }

    /// @inheritdoc IElections
    function blobOf(uint32 number) public view returns (address blob) {
        blob = _blobs[number];
        if (blob == address(0)) revert ElectionsNotSealed(number);
    }

    /// @inheritdoc IElections
    function snapshot(uint32 number) external view returns (Snapshot memory) {
        _answer(abi.encodeWithSelector(SnapshotLens.snapshotAt.selector, blobOf(number)));
    }

    /// @inheritdoc IElections
    function sealedSnapshot(Epoch epoch) external view returns (Snapshot memory) {
        address blob = _candidates[epoch];
        if (blob == address(0)) revert ElectionsNotSealed(0);
        _answer(abi.encodeWithSelector(SnapshotLens.snapshotAt.selector, blob));
    }

    /// @inheritdoc IElections
    function snapshotAt(address blob) external view returns (Snapshot memory) {
        _answer(abi.encodeWithSelector(SnapshotLens.snapshotAt.selector, blob));
    }

    /// @inheritdoc IElections
    function keyTable(uint32 number, uint16 from, uint16 count) external view returns (bytes memory) {
        _answer(abi.encodeWithSelector(SnapshotLens.keyTable.selector, registry, blobOf(number), from, count));
    }

    /// @inheritdoc IElections
    function validatorsOf(uint32 number, uint16 from, uint16 count) external view returns (uint64[] memory) {
        _answer(abi.encodeWithSelector(SnapshotLens.validatorsOf.selector, registry, blobOf(number), from, count));
    }

    function _sealCandidate(Epoch epoch, SealHints calldata hints, address sealer) private returns (bytes32 hash) {
        Epoch now_ = ICheckpointManager(checkpoints).epochNow();
        if (
            sealNumber == 0 ||
            Epoch.unwrap(epoch) < _FIRST_SEALED_EPOCH ||
            Epoch.unwrap(epoch) != Epoch.unwrap(now_) + 2
        ) revert ElectionsNotNow(epoch, now_);
        if (_candidates[epoch] != address(0)) revert ElectionsAlreadySealed(epoch);
        Sealing.checkAccrual(address(pool), address(parameters), checkpoints, now_);
        _seatWaiting(parameters.stake());
        (hash, ) = _seal(epoch, hints, sealer);
    }

    function _seal(Epoch epoch, SealHints calldata hints, address sealer) private returns (bytes32 hash, address blob) {
        uint32 number = ++sealNumber;
        Sealing.Input memory input;
        (input.n, input.nAuth) = (_n, _nAuth);
        (input.epoch, input.number, input.sealer) = (epoch, number, sealer);
        (input.parameters, input.registry) = (parameters, registry);
        input.last = _blobs[number - 1];
        input.words = _read(_weights);
        input.qualified = _loadQualified();
        (input.occupants, input.silent) = (_read(_occupants), _silent);
        for (uint256 k = 0; k < 4; ++k) {
            uint256 changed = _changed[k];
            if (changed == 0) continue;
            _changed[k] = 0;
            input.changed[k] = changed;
        }
        input.keys = _keysNow(input.last, input.changed);
        (hash, blob) = Sealing.seal(input, hints, _keyTree, _records);
        _blobs[number] = blob;
        _candidates[epoch] = blob;
    }

    /// @dev The keys' numbers: those of the last seal, and of storage only the words in which one changed.
    function _keysNow(address last, uint256[4] memory changed) private view returns (uint256[] memory words) {
        uint256[] memory before = last == address(0) ? words : Snapshots.readBlob(SealedSnapshots.keysOf(last));
        words = new uint256[]((uint256(_n) + 7) / 8);
        for (uint256 i = 0; i < words.length; ++i) {
            if ((changed[i >> 5] >> ((i & 31) << 3)) & 0xff != 0) words[i] = _keys[i];
            else if (i < before.length) words[i] = before[i];
        }
    }

    /// @dev A validator's seat as a bit of `_silent`; none without a seat or beyond those of authorities.
    function _seatBit(uint64 validator) private view returns (uint256) {
        // Without a seat it is shifted out of the word.
        unchecked {
            return 1 << (uint256(_records[validator].place) - 1);
        }
    }

    /// @dev Ends the call with what the lens answers, as it came: unpacking it here only to pack it again would be code.
    function _answer(bytes memory question) private view {
        address lens = address(SnapshotLens);
        assembly ("memory-safe") {
            let ok := staticcall(gas(), lens, add(question, 0x20), mload(question), 0x00, 0x00)
            let answer := mload(0x40)
            returndatacopy(answer, 0x00, returndatasize())
            if ok {
                return(answer, returndatasize())
            }
            revert(answer, returndatasize())
        }
    }

    /// @dev Without authorities' seats, on which a revoked authority may still sit.
    function _loadQualified() private view returns (uint256[4] memory bitmap) {
        for (uint256 k = 0; k < 4; ++k) {
            bitmap[k] = _qualified[k];
        }
        bitmap[0] &= ~Snapshots.firstSeats(_nAuth);
    }
}
