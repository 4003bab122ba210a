// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IConsensusParameters} from "../interfaces/governance/IConsensusParameters.sol";
import {IElections} from "../interfaces/staking/IElections.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {KeyId, Seat} from "../types/Types.sol";

/// @title Who sits where, and what it weighs now
/// @notice The half of Elections that changes between seals. A weight of 0 marks a validator that does not count (jailed,
/// left, below its minimum, without a key): an authority is then suspended, a staker's seat free for others. Seats are
/// given and taken at seals only; before genesis at once.
abstract contract Seating is AccessManaged, IElections {
    /// @dev What is known of a validator. The weight at the last seal is `previous` if it changed since
    /// (`changedAt` is that seal's number), else `weight`.
    struct Record {
        uint32 weight;
        uint32 previous;
        uint32 changedAt;
        uint32 key;
        uint16 place; // seat + 1; 0 without a seat
        bool contending;
        bool queued; // its kind of seat does not match its role
        bool qualified; // a staker bonded enough for Balanced
        uint32 idle; // what it would weigh were it not jailed or tombstoned; 0 if it is neither
    }

    uint256 private constant _CONTENDERS = 16;
    /// @dev `suspended` is one word.
    uint256 private constant _MAX_AUTHORITIES = 256;
    uint256 private constant _MILLION_ = 1_000_000;
    uint256 private constant _WHOLE = 1 ether;
    /// @dev More role changes wait for the seal after the next.
    uint256 private constant _ROLE_CHANGES_PER_SEAL = 16;
    /// @dev Seats whose key a seal finds rotated: each costs it gas, and it must fit one transaction whoever rotates.
    uint256 private constant _ROTATIONS_PER_SEAL = 64;

    IValidatorRegistry public immutable registry;
    IStakingPool public immutable pool;
    IConsensusParameters public immutable parameters;

    /// @inheritdoc IElections
    address public checkpoints;
    /// @inheritdoc IElections
    uint32 public sealNumber;
    uint16 internal _n;
    uint16 internal _nAuth;
    mapping(uint64 validator => Record) internal _records;
    mapping(uint64 validator => Tenure[]) private _tenures;
    /// @dev By seat, eight to a word: weights, occupants' numbers and their keys' numbers.
    mapping(uint256 index => uint256 word) internal _weights;
    mapping(uint256 index => uint256 word) internal _occupants;
    mapping(uint256 index => uint256 word) internal _keys;
    /// @dev Bitmaps by seat: stakers that may sit in Balanced's voting set; occupant or key changed since the last seal.
    mapping(uint256 index => uint256 word) internal _qualified;
    mapping(uint256 index => uint256 word) internal _changed;
    uint64[] private _contenders;
    uint64[] private _roleChanges;
    /// @dev Seats whose key was rotated since the seal with that number.
    uint32 private _rotationsAt;
    uint16 private _rotations;

    constructor(
        address authority,
        IValidatorRegistry registry_,
        IStakingPool pool_,
        IConsensusParameters parameters_
    ) AccessManaged(authority) {
        registry = registry_;
        pool = pool_;
        parameters = parameters_;
    }

    /// @inheritdoc IElections
    function refresh(uint64 validator) external {
        _refresh(validator);
    }

    /// @inheritdoc IElections
    function enter(uint64[] calldata validators) external {
        uint256 most = parameters.stake().maxSeats;
        for (uint256 i = 0; i < validators.length; ++i) {
            uint64 validator = validators[i];
            _refresh(validator);
            Record storage r = _records[validator];
            if (r.weight == 0) revert ElectionsNotEligible(validator);
            if (r.place != 0 || r.queued || r.contending) continue;
            if (sealNumber != 0) {
                _contend(validator);
            } else {
                if (_n >= most) revert ElectionsFull();
                _put(validator, _n++);
            }
        }
    }

    /// @inheritdoc IElections
    function setCheckpoints(address checkpoints_) external restricted {
        checkpoints = checkpoints_;
        emit CheckpointsSet(checkpoints_);
    }

    /// @inheritdoc IElections
    function candidate(uint64 validator) external view returns (Candidate memory) {
        Record storage r = _records[validator];
        return
            Candidate({
                seated: r.place != 0,
                seat: Seat.wrap(r.place == 0 ? 0 : r.place - 1),
                contending: r.contending,
                eligible: r.weight != 0,
                weight: r.weight,
                strength: _strength(r)
            });
    }

    /// @inheritdoc IElections
    function tenureAt(uint64 validator, uint256 index) external view returns (Tenure memory) {
        Tenure[] storage list = _tenures[validator];
        return index < list.length ? list[index] : Tenure(0, 0);
    }

    /// @inheritdoc IElections
    function tenures(uint64 validator) external view returns (Tenure[] memory) {
        return _tenures[validator];
    }

    /// @inheritdoc IElections
    function occupant(Seat seat) external view returns (uint64 validator, KeyId key) {
        uint256 index = Snapshots.wordIndex(seat);
        return (Snapshots.lane(_occupants[index], seat), KeyId.wrap(Snapshots.lane(_keys[index], seat)));
    }

    /// @inheritdoc IElections
    function waiting() external view returns (uint64[] memory contenders, uint64[] memory authorities) {
        return (_contenders, _roleChanges);
    }

    /// @inheritdoc IElections
    function seats() external view returns (uint16 n, uint16 nAuth) {
        return (_n, _nAuth);
    }

    /// @dev Gives seats to whoever waits for one: first the changes of role, then the contenders, heaviest first.
    function _seatWaiting(IConsensusParameters.Stake memory rules) internal {
        uint256 count = _roleChanges.length;
        if (count > _ROLE_CHANGES_PER_SEAL) count = _ROLE_CHANGES_PER_SEAL;
        for (; count != 0; --count) {
            uint64 validator = _roleChanges[_roleChanges.length - 1];
            _roleChanges.pop();
            _records[validator].queued = false;
            _changeRole(validator, rules.maxSeats);
        }
        if (_contenders.length != 0) _seatContenders(rules);
    }

    function _refresh(uint64 validator) private {
        IValidatorRegistry.Standing memory v = registry.standing(validator);
        IStakingPool.Pool memory p = pool.pool(validator);
        (uint256 authorityBond, uint256 stakerBond, uint256 balancedBond, uint256 perBond) = parameters.bonds();
        bool isAuthority = v.role == IValidatorRegistry.Role.Authority;
        uint256 bond = p.bond / _WHOLE;
        uint256 weight;
        if (
            v.status == IValidatorRegistry.Status.Active &&
            KeyId.unwrap(v.key) != 0 &&
            bond >= (isAuthority ? authorityBond : stakerBond)
        ) {
            // Fits 32 bits: the token's cap is a billion.
            weight = Math.min((uint256(p.bond) + p.delegated) / _WHOLE, bond * perBond);
        }
        Record storage r = _records[validator];
        uint32 idle = _idle(r, v.status, p, bond * perBond);
        if (r.idle != idle) r.idle = idle;
        bool qualified = !isAuthority && weight != 0 && bond >= balancedBond;
        bool rotated = r.key != KeyId.unwrap(v.key) && _mayRotate(r, validator, v.key);
        if (r.weight != weight || r.qualified != qualified || rotated) {
            if (r.changedAt != sealNumber) (r.previous, r.changedAt) = (r.weight, sealNumber);
            r.weight = uint32(weight);
            r.qualified = qualified;
            if (rotated) r.key = KeyId.unwrap(v.key);
            emit WeightSet(validator, uint32(weight), weight != 0);
            if (r.place != 0) _write(validator, r.place - 1);
        }
        bool onAuthoritySeat = r.place != 0 && r.place <= _nAuth;
        if (onAuthoritySeat == isAuthority || r.queued || (isAuthority && weight == 0)) return;
        if (sealNumber == 0) {
            _changeRole(validator, parameters.stake().maxSeats);
        } else {
            r.queued = true;
            _roleChanges.push(validator);
        }
    }

    /// @dev Whether a new key is taken note of now. On a seat it waits if too many others have rotated since the last seal.
    function _mayRotate(Record storage r, uint64 validator, KeyId key) private returns (bool) {
        uint32 last = sealNumber;
        if (last == 0 || r.place == 0) return true;
        uint256 seat = r.place - 1;
        if ((_changed[seat >> 8] >> (seat & 0xff)) & 1 == 1) return true;
        uint256 count = _rotationsAt == last ? _rotations : 0;
        if (count == _ROTATIONS_PER_SEAL) {
            emit RotationWaits(validator, key);
            return false;
        }
        (_rotationsAt, _rotations) = (last, uint16(count + 1));
        return true;
    }

    /// @dev What a jailed or tombstoned validator would weigh: a bond that paid its penalty makes it no lighter than it
    /// was, or others would be paid more for it.
    function _idle(
        Record storage r,
        IValidatorRegistry.Status status,
        IStakingPool.Pool memory p,
        uint256 most
    ) private view returns (uint32) {
        if (status != IValidatorRegistry.Status.Jailed && status != IValidatorRegistry.Status.Tombstoned) return 0;
        return uint32(Math.min((uint256(p.bond) + p.delegated) / _WHOLE, Math.max(most, r.weight | r.idle)));
    }

    /// @dev The smaller of the weight now and at the last seal.
    function _strength(Record storage r) private view returns (uint32) {
        uint32 atSeal = r.changedAt == sealNumber ? r.previous : r.weight;
        return atSeal < r.weight ? atSeal : r.weight;
    }

    /// @dev Joins the contenders, in place of the weakest if there are 16.
    function _contend(uint64 validator) private {
        Record storage r = _records[validator];
        uint32 strength = _strength(r);
        if (_contenders.length < _CONTENDERS) {
            _contenders.push(validator);
        } else {
            uint256 place;
            uint32 weakest = type(uint32).max;
            for (uint256 i = 0; i < _CONTENDERS; ++i) {
                uint32 other = _strength(_records[_contenders[i]]);
                if (other < weakest) (place, weakest) = (i, other);
            }
            if (strength <= weakest) revert ElectionsTooWeak(validator, strength, weakest);
            uint64 leaving = _contenders[place];
            _records[leaving].contending = false;
            _contenders[place] = validator;
            emit ContenderLeft(leaving);
        }
        r.contending = true;
        emit Contending(validator, strength);
    }

    function _seatContenders(IConsensusParameters.Stake memory rules) private {
        uint64[] memory list = _sortedContenders();
        delete _contenders;
        uint256 churn = (uint256(_n) * rules.churn) / _MILLION_;
        if (churn == 0) churn = 1;
        // Seats are only taken here: below the last free one there is none.
        uint256 freeFrom = _nAuth;
        for (uint256 i = 0; i < list.length; ++i) {
            Record storage r = _records[list[i]];
            uint32 strength = _strength(r);
            r.contending = false;
            if (r.place != 0 || r.queued || r.weight == 0) {
                emit ContenderLeft(list[i]);
                continue;
            }
            (bool free, uint16 seat) = strength == 0 ? (false, uint16(0)) : _freeSeat(freeFrom, rules.maxSeats);
            if (strength != 0) freeFrom = seat;
            if (!free && strength != 0 && churn != 0) {
                uint32 lowest;
                (seat, lowest) = _lowestSeat(_nAuth);
                free = seat < _n && uint256(strength) * _MILLION_ >= uint256(lowest) * (_MILLION_ + rules.margin);
                if (free) --churn;
            }
            if (free) {
                if (seat == _n) ++_n;
                _evict(seat);
                _put(list[i], seat);
            } else {
                r.contending = true;
                _contenders.push(list[i]);
            }
        }
    }

    /// @dev Strongest first; of equals the one that entered first.
    function _sortedContenders() private view returns (uint64[] memory list) {
        list = _contenders;
        for (uint256 i = 1; i < list.length; ++i) {
            uint64 moved = list[i];
            uint32 strength = _strength(_records[moved]);
            uint256 j = i;
            for (; j != 0 && _strength(_records[list[j - 1]]) < strength; --j) {
                list[j] = list[j - 1];
            }
            list[j] = moved;
        }
    }

    /// @dev Gives a validator the kind of seat that its role now calls for.
    function _changeRole(uint64 validator, uint256 most) private {
        Record storage r = _records[validator];
        bool isAuthority = registry.standing(validator).role == IValidatorRegistry.Role.Authority;
        bool onAuthoritySeat = r.place != 0 && r.place <= _nAuth;
        if (isAuthority && !onAuthoritySeat && r.weight != 0 && _nAuth < _MAX_AUTHORITIES) {
            _promote(validator, most);
        } else if (!isAuthority && onAuthoritySeat) {
            uint16 last = --_nAuth;
            uint16 seat = r.place - 1;
            if (seat != last) {
                _put(_occupant(last), seat);
                _put(validator, last);
            } else {
                _write(validator, seat);
            }
        }
    }

    /// @dev An authority takes seat nAuth. The staker there takes the seat the authority left, else a free one, else
    /// the lowest staker leaves.
    function _promote(uint64 validator, uint256 most) private {
        uint16 target = _nAuth++;
        uint16 left = _records[validator].place;
        if (target >= _n) _n = target + 1;
        uint64 displaced = _occupant(target);
        if (left != 0 && left - 1 != target) {
            _vacate(left - 1);
            if (displaced != 0) _put(displaced, left - 1);
        } else if (displaced != 0 && displaced != validator) {
            _evict(target);
            if (_records[displaced].weight != 0) {
                (bool free, uint16 seat) = _freeSeat(_nAuth, most);
                if (free) {
                    if (seat == _n) ++_n;
                } else {
                    uint32 lowest;
                    (seat, lowest) = _lowestSeat(_nAuth);
                    // Of equals the higher seat leaves, and its own was the lowest seat of all.
                    free = seat < _n && lowest <= _records[displaced].weight;
                }
                if (free) {
                    _evict(seat);
                    _put(displaced, seat);
                }
            }
        }
        _put(validator, target);
    }

    /// @dev The first staker's seat that does not count, or a new one. Reads a word once for its eight seats: this runs
    /// for every contender.
    function _freeSeat(uint256 from, uint256 most) private view returns (bool, uint16) {
        uint256 n = _n;
        uint256 word;
        for (uint256 seat = from; seat < n; ++seat) {
            word = seat & 7 == 0 || seat == from ? _weights[seat >> 3] >> ((seat & 7) << 5) : word >> 32;
            if (word & type(uint32).max == 0) return (true, uint16(seat));
        }
        return (n < most, uint16(n));
    }

    /// @dev The staker's seat of least weight, of these the highest; `n` if there is none.
    function _lowestSeat(uint256 from) private view returns (uint16, uint32) {
        uint256 n = _n;
        uint256 found = n;
        uint256 lowest = type(uint32).max;
        uint256 word;
        for (uint256 seat = from; seat < n; ++seat) {
            word = seat & 7 == 0 || seat == from ? _weights[seat >> 3] >> ((seat & 7) << 5) : word >> 32;
            uint256 weight = word & type(uint32).max;
            if (weight <= lowest) (found, lowest) = (seat, weight);
        }
        return (uint16(found), uint32(lowest));
    }

    function _put(uint64 validator, uint16 seat) private {
        _place(validator, seat + 1);
        _set(_occupants, seat, uint32(validator));
        _write(validator, seat);
        emit SeatSet(Seat.wrap(seat), validator, KeyId.wrap(_records[validator].key));
    }

    function _place(uint64 validator, uint16 place) private {
        _records[validator].place = place;
        Tenure[] storage list = _tenures[validator];
        uint32 next = sealNumber + 1;
        uint256 count = list.length;
        if (count != 0 && list[count - 1].seal == next) list[count - 1].place = place;
        else list.push(Tenure(next, place));
    }

    /// @dev Brings a seat's words into line with its occupant's record.
    function _write(uint64 validator, uint16 seat) private {
        Record storage r = _records[validator];
        _set(_weights, seat, r.weight);
        if (_lane(_keys, seat) != r.key) {
            _set(_keys, seat, r.key);
            _mark(_changed, seat, true);
        }
        _mark(_qualified, seat, r.qualified);
    }

    /// @dev Takes the seat from its occupant.
    function _evict(uint16 seat) private {
        uint64 validator = _occupant(seat);
        if (validator != 0) _place(validator, 0);
        _vacate(seat);
    }

    function _vacate(uint16 seat) private {
        _set(_occupants, seat, 0);
        _set(_weights, seat, 0);
        if (_lane(_keys, seat) != 0) {
            _set(_keys, seat, 0);
            _mark(_changed, seat, true);
        }
        _mark(_qualified, seat, false);
        emit SeatSet(Seat.wrap(seat), 0, KeyId.wrap(0));
    }

    function _occupant(uint16 seat) private view returns (uint64) {
        return _lane(_occupants, seat);
    }

    function _lane(mapping(uint256 => uint256) storage words, uint16 seat) private view returns (uint32) {
        return Snapshots.lane(words[seat >> 3], Seat.wrap(seat));
    }

    function _set(mapping(uint256 => uint256) storage words, uint16 seat, uint32 value) private {
        uint256 word = words[seat >> 3];
        uint256 changed = Snapshots.withLane(word, Seat.wrap(seat), value);
        if (changed != word) words[seat >> 3] = changed;
    }

    function _mark(mapping(uint256 => uint256) storage bitmap, uint16 seat, bool value) private {
        uint256 word = bitmap[seat >> 8];
        uint256 bit = uint256(1) << (seat & 0xff);
        uint256 changed = value ? word | bit : word & ~bit;
        if (changed != word) bitmap[seat >> 8] = changed;
    }
}
