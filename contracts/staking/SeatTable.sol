// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IElections} from "../interfaces/staking/IElections.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {KeyId, Seat} from "../types/Types.sol";

/// @title The table of seats
/// @notice The part of Elections that keeps who sits where, since when, and what it weighs; who gets a seat is decided in
/// Seating. No loops but over the seats or the tenures that are asked for.
abstract contract SeatTable is IElections {
    /// @dev What is known of a validator. The weight at the last seal is `previous` if it changed since
    /// (`changedAt` is that seal's number), else `weight`. One slot.
    struct Record {
        uint32 weight;
        uint32 previous;
        uint32 changedAt;
        uint32 key;
        uint16 place; // seat + 1; 0 without a seat
        uint32 since; // first seal that counts it there; 0 if it never had a seat
        uint24 moves; // places it had before
        bool contending;
        bool queued; // its kind of seat does not match its role
        bool qualified; // a staker bonded enough for Balanced
        uint32 idle; // what it would weigh were it not jailed or tombstoned; 0 if it is neither
    }

    /// @dev Former places in a word, 48 bits each.
    uint256 private constant _MOVES_PER_WORD = 5;

    /// @inheritdoc IElections
    address public checkpoints;
    /// @inheritdoc IElections
    uint32 public sealNumber;
    uint16 internal _n;
    uint16 internal _nAuth;
    mapping(uint64 validator => Record) internal _records;
    /// @dev Places validators had before the one in their record.
    mapping(uint64 validator => mapping(uint256 index => uint256 word)) private _moves;
    /// @dev By seat, eight to a word: weights, occupants' numbers and their keys' numbers.
    uint256[128] internal _weights;
    uint256[128] internal _occupants;
    uint256[128] internal _keys;
    /// @dev Bitmaps by seat: stakers that may sit in Balanced's voting set; occupant or key changed since the last seal.
    uint256[4] internal _qualified;
    uint256[4] internal _changed;
    /// @dev Likewise: authorities' seats whose occupants a recovery left out and that were not readmitted.
    uint256 internal _silent;

    /// @inheritdoc IElections
    function tenureAt(uint64 validator, uint256 index) external view returns (Tenure memory) {
        return _tenure(validator, _records[validator], index);
    }

    /// @inheritdoc IElections
    function tenures(uint64 validator) external view returns (Tenure[] memory list) {
        Record storage r = _records[validator];
        list = new Tenure[](r.since == 0 ? 0 : r.moves + 1);
        for (uint256 i = 0; i < list.length; ++i) {
            list[i] = _tenure(validator, r, i);
        }
    }

    /// @inheritdoc IElections
    function occupant(Seat seat) external view returns (uint64 validator, KeyId key) {
        uint256 index = Snapshots.wordIndex(seat);
        return (Snapshots.lane(_occupants[index], seat), KeyId.wrap(Snapshots.lane(_keys[index], seat)));
    }

    /// @inheritdoc IElections
    function seats() external view returns (uint16 n, uint16 nAuth) {
        return (_n, _nAuth);
    }

    /// @dev The words of all seats in use.
    function _read(uint256[128] storage lanes) internal view returns (uint256[] memory words) {
        uint256 count = (uint256(_n) + 7) / 8;
        words = new uint256[](count);
        // Assembly: a seal does this for three hundred words.
        assembly ("memory-safe") {
            let to := add(words, 0x20)
            for {
                let i := 0
            } lt(i, count) {
                i := add(i, 1)
            } {
                mstore(add(to, shl(5, i)), sload(add(lanes.slot, i)))
            }
        }
    }

    function _put(uint64 validator, uint16 seat) internal {
        _place(validator, seat + 1);
        _set(_occupants, seat, uint32(validator));
        _write(validator, seat);
        emit SeatSet(Seat.wrap(seat), validator, KeyId.wrap(_records[validator].key));
    }

    /// @dev Brings a seat's words into line with its occupant's record.
    function _write(uint64 validator, uint16 seat) internal {
        Record storage r = _records[validator];
        _set(_weights, seat, r.weight);
        if (_lane(_keys, seat) != r.key) {
            _set(_keys, seat, r.key);
            _mark(_changed, seat, true);
        }
        _mark(_qualified, seat, r.qualified);
    }

    /// @dev Takes the seat from its occupant.
    function _evict(uint16 seat) internal {
        uint64 validator = _occupant(seat);
        if (validator != 0) _place(validator, 0);
        _vacate(seat);
    }

    function _vacate(uint16 seat) internal {
        _set(_occupants, seat, 0);
        _set(_weights, seat, 0);
        if (_lane(_keys, seat) != 0) {
            _set(_keys, seat, 0);
            _mark(_changed, seat, true);
        }
        _mark(_qualified, seat, false);
        emit SeatSet(Seat.wrap(seat), 0, KeyId.wrap(0));
    }

    /// @dev The authority on the last seat takes another, and its silence along; that of who sat there ends with the seat.
    function _moveSilence(uint16 last, uint16 seat) internal {
        uint256 silent = _silent & ~(uint256(1) << seat);
        uint256 bit = silent & (uint256(1) << last);
        _silent = (silent ^ bit) | (bit >> (last - seat));
    }

    function _occupant(uint16 seat) internal view returns (uint64) {
        return _lane(_occupants, seat);
    }

    function _place(uint64 validator, uint16 place) private {
        Record storage r = _records[validator];
        uint32 next = sealNumber + 1;
        uint32 since = r.since;
        if (since != next) {
            if (since != 0) {
                uint256 moves = r.moves++;
                uint256 tenure = (uint256(since) << 16) | r.place;
                _moves[validator][moves / _MOVES_PER_WORD] |= tenure << (48 * (moves % _MOVES_PER_WORD));
            }
            r.since = next;
        }
        r.place = place;
    }

    function _tenure(uint64 validator, Record storage r, uint256 index) private view returns (Tenure memory) {
        uint256 moves = r.moves;
        if (index == moves && r.since != 0) return Tenure(r.since, r.place);
        if (index >= moves) return Tenure(0, 0);
        uint256 tenure = _moves[validator][index / _MOVES_PER_WORD] >> (48 * (index % _MOVES_PER_WORD));
        // Casts cut both out of the word.
        return Tenure(uint32(tenure >> 16), uint16(tenure));
    }

    function _lane(uint256[128] storage words, uint16 seat) private view returns (uint32) {
        return Snapshots.lane(words[seat >> 3], Seat.wrap(seat));
    }

    function _set(uint256[128] storage words, uint16 seat, uint32 value) private {
        uint256 word = words[seat >> 3];
        uint256 changed = Snapshots.withLane(word, Seat.wrap(seat), value);
        if (changed != word) words[seat >> 3] = changed;
    }

    function _mark(uint256[4] storage bitmap, uint16 seat, bool value) private {
        uint256 word = bitmap[seat >> 8];
        uint256 bit = uint256(1) << (seat & 0xff);
        uint256 changed = value ? word | bit : word & ~bit;
        if (changed != word) bitmap[seat >> 8] = changed;
    }
}
