// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {LibBit} from "solady/src/utils/LibBit.sol";
import {IConsensusParameters} from "../interfaces/governance/IConsensusParameters.sol";
import {IElections} from "../interfaces/staking/IElections.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {Lanes} from "../libraries/Lanes.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {KeyId, Seat} from "../types/Types.sol";
import {SeatTable} from "./SeatTable.sol";

/// @title Who gets which seat
/// @notice The half of Elections that changes between seals. A weight of 0 marks a validator that does not count (jailed,
/// left, below its minimum, without a key): an authority is then suspended, a staker's seat free for others. Seats are
/// given and taken at seals only; before genesis at once.
abstract contract Seating is AccessManaged, SeatTable {
    /// @dev A queue of validators, the first come the first served.
    struct Line {
        uint32 first;
        uint32 end;
        mapping(uint256 place => uint64 validator) members;
    }

    /// @dev Weights while seats are given to one after the other: read from storage once.
    struct Board {
        uint256 from; // below it no staker's seat is free
        uint256[] words; // weights; empty until they are asked for
        uint256[] least; // least of each word's stakers' weights, beside the complement of its seat; likewise
    }

    uint256 private constant _CONTENDERS = 16;
    /// @dev `suspended` is one word.
    uint256 private constant _MAX_AUTHORITIES = 256;
    uint256 private constant _MILLION_ = 1_000_000;
    uint256 private constant _WHOLE = 1 ether;
    /// @dev A seal must fit one transaction whoever waits and whoever rotates. More changes of role wait for the seal
    /// after the next, and so do more new keys on seats.
    uint256 private constant _ROLE_CHANGES_PER_SEAL = 4;
    uint256 private constant _ROTATIONS_PER_SEAL = 16;
    uint256 private constant _LANE = type(uint32).max;
    /// @dev Words of the seats that one seal may add.
    uint256 private constant _ROOM = 3;

    IValidatorRegistry public immutable registry;
    IStakingPool public immutable pool;
    IConsensusParameters public immutable parameters;

    uint64[] private _contenders;
    /// @dev Validators whose seat does not fit their role: those that lost an authority's come first.
    Line private _revoked;
    Line private _admitted;
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
    function waiting() external view returns (uint64[] memory contenders, uint64[] memory authorities) {
        contenders = _contenders;
        uint256 leaving = _revoked.end - _revoked.first;
        authorities = new uint64[](leaving + _admitted.end - _admitted.first);
        for (uint256 i = 0; i < authorities.length; ++i) {
            authorities[i] =
                i < leaving ? _revoked.members[_revoked.first + i] : _admitted.members[_admitted.first + i - leaving];
        }
    }

    /// @dev Gives seats to whoever waits for one: first the changes of role, then the contenders, heaviest first.
    function _seatWaiting(IConsensusParameters.Stake memory rules) internal {
        Board memory board;
        uint256 done = _changeRoles(board, _revoked, 0, rules.maxSeats);
        _changeRoles(board, _admitted, done, rules.maxSeats);
        if (_contenders.length != 0) _seatContenders(board, rules);
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
        _waitForRole(validator, isAuthority);
    }

    /// @dev Before genesis a validator gets the kind of seat its role calls for at once, later it waits in line.
    function _waitForRole(uint64 validator, bool isAuthority) private {
        if (sealNumber == 0) {
            Board memory board;
            _changeRole(board, validator, parameters.stake().maxSeats);
        } else {
            _records[validator].queued = true;
            Line storage line = isAuthority ? _admitted : _revoked;
            line.members[line.end++] = validator;
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

    function _seatContenders(Board memory board, IConsensusParameters.Stake memory rules) private {
        uint256[] memory list = _sortedContenders();
        delete _contenders;
        uint256 churn = (uint256(_n) * rules.churn) / _MILLION_;
        if (churn == 0) churn = 1;
        for (uint256 i = 0; i < list.length; ++i) {
            uint64 validator = uint64(list[i]);
            uint256 strength = list[i] >> 64;
            Record storage r = _records[validator];
            r.contending = false;
            if (r.place != 0 || r.queued || r.weight == 0) {
                emit ContenderLeft(validator);
                continue;
            }
            (bool free, uint16 seat) = strength == 0 ? (false, uint16(0)) : _freeSeat(board, rules.maxSeats);
            if (!free && strength != 0 && churn != 0) {
                uint256 lowest;
                (seat, lowest) = _lowestSeat(board);
                free = seat < _n && strength * _MILLION_ >= lowest * (_MILLION_ + rules.margin);
                if (free) --churn;
            }
            if (free) {
                _give(board, validator, seat);
            } else {
                r.contending = true;
                _contenders.push(validator);
            }
        }
    }

    /// @dev Strongest first; of equals the one that entered first. Each is its strength beside its number.
    function _sortedContenders() private view returns (uint256[] memory list) {
        list = new uint256[](_contenders.length);
        for (uint256 i = 0; i < list.length; ++i) {
            uint64 validator = _contenders[i];
            uint256 strength = _strength(_records[validator]);
            uint256 j = i;
            for (; j != 0 && list[j - 1] >> 64 < strength; --j) {
                list[j] = list[j - 1];
            }
            list[j] = (strength << 64) | validator;
        }
    }

    /// @dev Serves a line until it is empty or the seal has changed as many roles as it may.
    function _changeRoles(Board memory board, Line storage line, uint256 done, uint256 most) private returns (uint256) {
        for (; done < _ROLE_CHANGES_PER_SEAL && line.first != line.end; ++done) {
            uint256 place = line.first++;
            uint64 validator = line.members[place];
            delete line.members[place];
            _records[validator].queued = false;
            _changeRole(board, validator, most);
        }
        return done;
    }

    /// @dev Gives a validator the kind of seat that its role now calls for.
    function _changeRole(Board memory board, uint64 validator, uint256 most) private {
        Record storage r = _records[validator];
        bool isAuthority = registry.standing(validator).role == IValidatorRegistry.Role.Authority;
        bool onAuthoritySeat = r.place != 0 && r.place <= _nAuth;
        if (isAuthority && !onAuthoritySeat && r.weight != 0 && _nAuth < _MAX_AUTHORITIES) {
            _promote(board, validator, most);
        } else if (!isAuthority && onAuthoritySeat) {
            uint16 last = --_nAuth;
            uint16 seat = r.place - 1;
            if (_silent != 0) _moveSilence(last, seat);
            if (seat != last) {
                _put(board, _occupant(last), seat);
                _put(board, validator, last);
            } else {
                _write(validator, seat);
                _sync(board, seat);
            }
        }
    }

    /// @dev An authority takes seat nAuth. The staker there takes the seat the authority left, else a free one, else
    /// the lowest staker leaves.
    function _promote(Board memory board, uint64 validator, uint256 most) private {
        uint16 target = _nAuth++;
        uint16 left = _records[validator].place;
        if (target >= _n) _n = target + 1;
        uint64 displaced = _occupant(target);
        if (left != 0 && left - 1 != target) {
            // There is somebody: no seat below `_n` is ever empty between two changes.
            _vacate(left - 1);
            _put(board, displaced, left - 1);
        } else if (displaced != 0 && displaced != validator) {
            _evict(target);
            _sync(board, target);
            uint256 weight = _records[displaced].weight;
            if (weight != 0) {
                (bool free, uint16 seat) = _freeSeat(board, most);
                if (!free) {
                    uint256 lowest;
                    (seat, lowest) = _lowestSeat(board);
                    // Of equals the higher seat leaves, and its own was the lowest seat of all.
                    free = seat < _n && lowest <= weight;
                }
                if (free) _give(board, displaced, seat);
            }
        }
        _put(board, validator, target);
    }

    /// @dev Gives a seat, whoever has it now.
    function _give(Board memory board, uint64 validator, uint16 seat) private {
        if (seat == _n) ++_n;
        _evict(seat);
        _put(board, validator, seat);
    }

    /// @dev The first staker's seat that does not count, or a new one.
    function _freeSeat(Board memory board, uint256 most) private view returns (bool, uint16) {
        uint256[] memory words = _words(board);
        uint256 n = _n;
        uint256 first = board.from < _nAuth ? _nAuth : board.from;
        uint256 seat = n;
        for (uint256 i = first >> 3; i < words.length; ++i) {
            uint256 vacant = ~Lanes.nonZero(words[i]) & 0xff;
            // Seats in front of the first are passed over.
            if (i == first >> 3) vacant &= 0xff << (first & 7);
            if (vacant == 0) continue;
            seat = 8 * i + LibBit.ffs(vacant);
            break;
        }
        board.from = seat;
        return (seat < n || seat < most, uint16(seat));
    }

    /// @dev The staker's seat of least weight, of these the highest; `n` if there is none.
    function _lowestSeat(Board memory board) private view returns (uint16, uint256) {
        uint256[] memory words = _words(board);
        uint256[] memory least = board.least;
        if (least.length == 0) {
            least = new uint256[](words.length);
            for (uint256 i = 0; i < words.length; ++i) {
                least[i] = _leastOf(words[i], i);
            }
            board.least = least;
        }
        uint256 lowest = type(uint256).max;
        for (uint256 i = 0; i < least.length; ++i) {
            uint256 one = least[i];
            if (one < lowest) lowest = one;
        }
        // The cast cuts the seat out of its complement's complement.
        return lowest == type(uint256).max ? (_n, _LANE) : (uint16(~lowest), lowest >> 16);
    }

    /// @dev Least of the weights on a word's stakers' seats, each beside the complement of its seat: of equals the highest
    /// seat comes first. All ones if there is none.
    function _leastOf(uint256 word, uint256 index) private view returns (uint256 least) {
        (uint256 seat, uint256 first, uint256 n) = (8 * index, _nAuth, _n);
        least = type(uint256).max;
        // Nothing here can overflow: seats have 16 bits, what is shifted 256.
        unchecked {
            uint256 end = seat + 8 < n ? seat + 8 : n;
            if (seat < first) (seat, word) = (first, word >> (32 * (first - seat)));
            for (; seat < end; ++seat) {
                uint256 one = ((word & _LANE) << 16) | (~seat & 0xffff);
                if (one < least) least = one;
                word >>= 32;
            }
        }
    }

    function _words(Board memory board) private view returns (uint256[] memory words) {
        words = board.words;
        if (words.length != 0) return words;
        uint256 used = (uint256(_n) + 7) / 8;
        // With room for new seats: seats behind the last one have no weight either.
        uint256 count = used + _ROOM < Snapshots.WORDS ? used + _ROOM : Snapshots.WORDS;
        words = new uint256[](count);
        for (uint256 i = 0; i < used; ++i) {
            words[i] = _weights[i];
        }
        board.words = words;
    }

    /// @dev Brings a board into line with storage where a seat's weight or its kind changed.
    function _sync(Board memory board, uint16 seat) private view {
        if (board.words.length == 0) return;
        uint256 index = seat >> 3;
        uint256 word = _weights[index];
        board.words[index] = word;
        if (board.least.length != 0) board.least[index] = _leastOf(word, index);
        if (seat < board.from && Snapshots.lane(word, Seat.wrap(seat)) == 0) board.from = seat;
    }

    function _put(Board memory board, uint64 validator, uint16 seat) private {
        _put(validator, seat);
        _sync(board, seat);
    }
}
