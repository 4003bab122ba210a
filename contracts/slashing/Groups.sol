// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LibBit} from "solady/src/utils/LibBit.sol";
import {ISlashingManager} from "../interfaces/slashing/ISlashingManager.sol";
import {SealedTables, SealedSnapshots} from "../libraries/SealedSnapshots.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {KeyId, Seat} from "../types/Types.sol";
import {Case, Charges, Modules, Rules, SlashingState} from "./Charges.sol";
import {Evidence} from "./Evidence.sol";

/// @title Many convicted by one contradiction
/// @notice A linked library, part of SlashingManager. Loops run over the seats of a verdict, at most 1,024, over the
/// words of validator numbers, and over the seats a caller names.
library Groups {
    using Snapshots for uint256[4];

    /// @dev Words of 256 validator numbers in which one call holds somebody. Accomplices can choose numbers far apart: without
    /// a limit nobody could convict them together.
    uint256 private constant _WORDS = 64;

    /// @notice Holds all who were not convicted before, counts them, and leaves their charges to `execute`.
    function convict(
        SlashingState storage s,
        Modules memory m,
        Case memory c,
        Evidence.Verdict memory v
    ) external returns (bytes32 id, uint256 count) {
        SealedTables memory t = SealedSnapshots.tables(v.blob);
        ISlashingManager.Group memory g;
        uint256[4] memory again;
        (g.seats, again) = _hold(m, v.seats, v.count, t.keys);
        count = g.seats.size();
        if (count == 0) revert ISlashingManager.SlashingManagerAlreadyCharged(c.offence);
        _count(s, m, g.seats, count, t);
        id = keccak256(abi.encode(c.offence, g.seats));
        g.snapshot = v.blob;
        g.time = uint40(block.timestamp);
        (g.seal, g.epoch, g.domain) = (v.seal, c.epoch, v.domain);
        (g.reporter, g.direct) = (c.reporter, c.direct);
        (g.firstKind, g.secondKind, g.position) = (c.firstKind, c.secondKind, c.position);
        s.groups[id] = g;
        _emit(id, g, again);
    }

    /// @notice Charges those of the seats named that are not charged yet.
    function execute(
        SlashingState storage s,
        Modules memory m,
        bytes32 id,
        Seat[] calldata seats
    ) external returns (uint256 executed) {
        ISlashingManager.Group memory g = s.groups[id];
        if (g.snapshot == address(0)) revert ISlashingManager.SlashingManagerUnknownGroup(id);
        Rules memory r = Charges.rules(m);
        r.time = g.time;
        address keys = SealedSnapshots.tables(g.snapshot).keys;
        Case memory c;
        (c.epoch, c.seal, c.position) = (g.epoch, g.seal, g.position);
        (c.firstKind, c.secondKind) = (g.firstKind, g.secondKind);
        (c.reporter, c.direct, c.claimId) = (g.reporter, g.direct, id);
        for (uint256 i = 0; i < seats.length; ++i) {
            if (!g.seats.contains(seats[i])) continue;
            g.seats.remove(seats[i]);
            c.validator = m.registry.ownerOfKey(KeyId.wrap(Snapshots.blobValue(keys, seats[i])));
            c.offence = Charges.offenceOf(c.validator, g.domain, g.position, g.firstKind, g.secondKind);
            m.registry.tombstone(c.validator, Charges.conviction(c, r), true);
            Charges.charge(s, m, c, r);
            ++executed;
        }
        s.groups[id].seats = g.seats;
    }

    function _emit(bytes32 id, ISlashingManager.Group memory g, uint256[4] memory again) private {
        emit ISlashingManager.GroupConvicted(
            id,
            g.epoch,
            g.snapshot,
            g.firstKind,
            g.secondKind,
            g.position,
            g.seats,
            again,
            g.reporter
        );
    }

    /// @dev Sets the bits of the owners of `count` seats in the registry, word by word. Words beyond the limit are left to
    /// the next call with the same evidence: their seats are in neither set.
    function _hold(
        Modules memory m,
        uint256[4] memory seats,
        uint256 count,
        address keyBlob
    ) private returns (uint256[4] memory fresh, uint256[4] memory again) {
        (uint64[] memory owners, uint16[] memory order) = _owners(m, seats, count, keyBlob);
        uint256[] memory words = new uint256[]((uint256(m.registry.validatorCount()) >> 8) + 1);
        for (uint256 i = 0; i < count; ++i) {
            words[owners[i] >> 8] |= 1 << (owners[i] & 0xff);
        }
        uint256 end;
        for (uint256 held = 0; end < words.length && held < _WORDS; ++end) {
            if (words[end] == 0) continue;
            words[end] = m.registry.holdMany(end, words[end]);
            if (words[end] != 0) ++held;
        }
        for (uint256 i = 0; i < count; ++i) {
            if (owners[i] >> 8 >= end) continue;
            bool added = (words[owners[i] >> 8] >> (owners[i] & 0xff)) & 1 == 1;
            (added ? fresh : again).insert(Seat.wrap(order[i]));
        }
    }

    function _owners(
        Modules memory m,
        uint256[4] memory seats,
        uint256 count,
        address keyBlob
    ) private view returns (uint64[] memory owners, uint16[] memory order) {
        KeyId[] memory keys = new KeyId[](count);
        order = new uint16[](count);
        uint256[] memory table = Snapshots.readBlob(keyBlob);
        uint256 next;
        for (uint256 k = 0; k < 4; ++k) {
            for (uint256 bits = seats[k]; bits != 0; bits &= bits - 1) {
                order[next] = uint16((k << 8) | LibBit.ffs(bits));
                keys[next] = KeyId.wrap(Snapshots.valueAt(table, Seat.wrap(order[next])));
                ++next;
            }
        }
        owners = m.registry.ownersOfKeys(keys);
    }

    function _count(
        SlashingState storage s,
        Modules memory m,
        uint256[4] memory seats,
        uint256 count,
        SealedTables memory t
    ) private {
        uint256 stake;
        uint256 heads;
        for (uint256 k = 0; k < 4; ++k) {
            for (uint256 bits = seats[k]; bits != 0; bits &= bits - 1) {
                (uint256 one, uint256 head) = Charges.shares(t, Seat.wrap(uint16((k << 8) | LibBit.ffs(bits))));
                stake += one;
                heads += head;
            }
        }
        Charges.count(s, m, stake, heads, count);
    }
}
