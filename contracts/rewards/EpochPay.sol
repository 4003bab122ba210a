// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {IConsensusParameters} from "../interfaces/governance/IConsensusParameters.sol";
import {SealedSnapshot, SealedSnapshots} from "../libraries/SealedSnapshots.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {Epoch, Mode} from "../types/Types.sol";

/// @title The pay of one epoch
/// @notice A linked library, part of RewardDistributor: one pass over an epoch's seats that adds what each earned to
/// cumulative counters and writes these, with who was absent, as code. Loops run over the seats of the epoch's
/// registry. What somebody missed is added to nobody's counter.
///
/// A blob is a word {epoch 64, seal 32, authorities' counters 16, seats' counters 16, 0}, the absent seats in four
/// words, and the counters of 8 bytes, gwei: the authorities' by seat, then the stakers' part by seat.
library EpochPay {
    /// @notice What an epoch is paid by.
    /// @param epoch the epoch
    /// @param mode its mode
    /// @param seal number of its registry's seal
    /// @param views its views
    /// @param budget what it may pay in all, wei
    /// @param snapshot blob of its registry
    /// @param last blob of the epoch paid last; zero if none was
    struct Input {
        Epoch epoch;
        Mode mode;
        uint32 seal;
        uint64 views;
        uint256 budget;
        address snapshot;
        address last;
    }

    /// @dev What the pass works with. Pay is in gwei, the divisors of stake are times `_ALL`.
    struct Work {
        SealedSnapshot s;
        uint256[] weights;
        uint256[4] voting;
        uint256[4] absent;
        bytes data;
        uint256 authorities;
        uint256 views;
        uint256 perView;
        uint256 perAuthority;
        uint256 votersPay;
        uint256 votersStake;
        uint256 standbyPay;
        uint256 standbyStake;
        uint256 paid;
    }

    uint256 private constant _MILLION = 1_000_000;
    uint256 private constant _GWEI = 1e9;
    /// @dev All of an epoch, as the vector counts what was missed.
    uint256 private constant _ALL = type(uint16).max;
    uint256 private constant _MS_A_YEAR = 365 days * 1000;
    /// @dev Header and absent seats.
    uint256 private constant _COUNTERS = 0xa0;

    /// @notice What an epoch may pay, wei.
    /// @param blocks blocks of the epoch
    /// @param multiplier load multiplier, millionths
    /// @param time time paid for, ms
    /// @return capped the smaller of what its blocks and what its time allow
    /// @return planned what its blocks allow
    function budget(
        IConsensusParameters.Rewards memory rules,
        uint256 blocks,
        uint256 multiplier,
        uint256 time
    ) internal pure returns (uint256 capped, uint256 planned) {
        planned = (uint256(rules.baseReward) * 1e15 * blocks * multiplier) / _MILLION;
        uint256 byTime =
            (uint256(rules.supply) * 1 ether * rules.annualCap * multiplier * time) /
                (2 * _MILLION * _MILLION * _MS_A_YEAR);
        capped = Math.min(planned, byTime);
    }

    /// @notice Pays an epoch.
    /// @param vector 4 bytes for each seat of the epoch's registry
    /// @return blob the new counters
    /// @return paid what was added to them, wei
    function pay(
        Input memory input,
        IConsensusParameters.Rewards memory rules,
        bytes calldata vector
    ) external returns (address blob, uint256 paid) {
        Work memory w = _open(input, rules);
        _carry(w, input);
        _add(w, vector);
        bytes memory data = w.data;
        uint256[4] memory absent = w.absent;
        assembly ("memory-safe") {
            mcopy(add(data, 0x40), absent, 0x80)
        }
        return (SSTORE2.write(data), w.paid * _GWEI);
    }

    /// @notice A seat's counters in a blob, gwei; zeros at an address without code and beyond a blob's seats.
    function countersOf(address blob, uint256 seat) internal view returns (uint64 authority, uint64 stakers) {
        (uint256 authorities, uint256 seats) = _sizes(blob);
        if (seat < authorities) authority = _counter(blob, seat);
        if (seat < seats) stakers = _counter(blob, authorities + seat);
    }

    /// @notice Seats that had a duty in an epoch and showed nothing, if the blob is that epoch's own.
    function absentIn(address blob, Epoch epoch) internal view returns (uint256[4] memory absent) {
        if (blob == address(0) || Snapshots.blobWord(blob, 0) >> 192 != Epoch.unwrap(epoch)) return absent;
        for (uint256 k = 0; k < 4; ++k) {
            absent[k] = Snapshots.blobWord(blob, k + 1);
        }
    }

    /// @dev Splits the budget.
    function _open(Input memory input, IConsensusParameters.Rewards memory rules) private view returns (Work memory w) {
        SealedSnapshot memory s = SealedSnapshots.load(input.snapshot);
        w.s = s;
        w.weights = Snapshots.readBlob(s.weights);
        bool everybody = input.mode == Mode.Secure;
        w.voting = everybody ? s.members : s.backing;
        uint256 bonus = (input.budget * rules.proposerBonus) / _MILLION;
        uint256 credits = (input.budget * rules.creditShare) / _MILLION;
        uint256 rest = input.budget - bonus - credits;
        uint256 forAuthorities = (rest * _authorityShare(input.mode, rules)) / _MILLION;
        w.views = input.views;
        if (input.views != 0) w.perView = bonus / input.views / _GWEI;
        if (s.nAuth != 0) w.perAuthority = forAuthorities / s.nAuth / _GWEI;
        _splitStakers(w, rest - forAuthorities, everybody ? s.totalStake : s.backingStake, rules.standbyShare);
    }

    /// @dev Voters and standby seats. Who may not vote for now (jailed, convicted) stays in both divisors: nobody gains
    /// by that. Standby stake never gets more for a unit than voting stake.
    function _splitStakers(Work memory w, uint256 forStakers, uint256 votersStake, uint256 standbyShare) private pure {
        w.votersStake = (votersStake + w.s.idleStake) * _ALL;
        uint256 standby = w.s.totalStake - votersStake;
        uint256 forStandby;
        if (standby != 0) {
            w.standbyStake = (standby + w.s.idleStake) * _ALL;
            forStandby = Math.min(
                (forStakers * standbyShare) / _MILLION,
                (forStakers * w.standbyStake) / (w.standbyStake + w.votersStake)
            );
        }
        w.standbyPay = forStandby / _GWEI;
        w.votersPay = (forStakers - forStandby) / _GWEI;
    }

    function _authorityShare(Mode mode, IConsensusParameters.Rewards memory rules) private pure returns (uint256) {
        if (mode == Mode.Fast) return rules.authorityShareFast;
        return mode == Mode.Balanced ? rules.authorityShareBalanced : rules.authorityShareSecure;
    }

    /// @dev Begins with the counters as they were: none is ever dropped.
    function _carry(Work memory w, Input memory input) private view {
        (uint256 authorities, uint256 seats) = _sizes(input.last);
        w.authorities = Math.max(authorities, w.s.nAuth);
        uint256 all = Math.max(seats, w.s.n);
        uint256 size = _COUNTERS + 8 * (w.authorities + all);
        // A counter is added to as the upper part of a word, which at the end reaches 24 bytes further.
        bytes memory data = new bytes(size + 24);
        uint256 head =
            (uint256(Epoch.unwrap(input.epoch)) << 192) |
                (uint256(input.seal) << 160) |
                (w.authorities << 144) |
                (all << 128);
        address last = input.last;
        uint256 to = _COUNTERS + 8 * w.authorities;
        assembly ("memory-safe") {
            mstore(data, size)
            let start := add(data, 0x20)
            mstore(start, head)
            extcodecopy(last, add(start, _COUNTERS), add(1, _COUNTERS), shl(3, authorities))
            extcodecopy(last, add(start, to), add(add(1, _COUNTERS), shl(3, authorities)), shl(3, seats))
        }
        w.data = data;
    }

    /// @dev Adds every seat's pay. Words are shifted along with the seat, so that lane and bit are always the lowest.
    function _add(Work memory w, bytes calldata vector) private pure {
        uint256 slot = _place(w, w.authorities);
        uint256 weights;
        uint256 voting;
        unchecked {
            for (uint256 seat = 0; seat < w.s.n; ++seat) {
                weights = seat & 7 == 0 ? w.weights[seat >> 3] : weights >> 32;
                voting = seat & 0xff == 0 ? w.voting[seat >> 8] : voting >> 1;
                uint256 entry;
                assembly ("memory-safe") {
                    entry := shr(224, calldataload(add(vector.offset, shl(2, seat))))
                }
                uint256 amount = (weights & type(uint32).max) * (_ALL - (entry >> 16));
                if (amount != 0) {
                    amount =
                        voting & 1 == 1
                            ? (w.votersPay * amount) / w.votersStake
                            : (w.standbyPay * amount) / w.standbyStake;
                }
                if (seat < w.s.nAuth) _addAuthority(w, seat, entry, voting & 1 == 1);
                else if (entry & _ALL != 0) amount += _bonus(w, entry & _ALL);
                if (voting & 1 == 1 && entry >> 16 == _ALL) w.absent[seat >> 8] |= 1 << (seat & 0xff);
                _count(w, slot, amount);
                slot += 8;
            }
        }
    }

    /// @dev An authority's own part, and the blocks it proposed.
    function _addAuthority(Work memory w, uint256 seat, uint256 entry, bool votes) private pure {
        unchecked {
            uint256 amount = _bonus(w, entry & _ALL);
            if (votes) amount += (w.perAuthority * (_ALL - (entry >> 16))) / _ALL;
            _count(w, _place(w, seat), amount);
        }
    }

    /// @dev A fixed amount for each block, at most one block a view.
    function _bonus(Work memory w, uint256 proposed) private pure returns (uint256) {
        unchecked {
            if (proposed > w.views) proposed = w.views;
            w.views -= proposed;
            return proposed * w.perView;
        }
    }

    /// @dev Sums stay below 64 bits, which is eighteen times the token's cap in gwei.
    function _count(Work memory w, uint256 slot, uint256 amount) private pure {
        unchecked {
            w.paid += amount;
        }
        assembly ("memory-safe") {
            mstore(slot, add(mload(slot), shl(192, amount)))
        }
    }

    /// @dev Where a counter is in memory.
    function _place(Work memory w, uint256 counter) private pure returns (uint256 slot) {
        bytes memory data = w.data;
        assembly ("memory-safe") {
            slot := add(add(data, add(0x20, _COUNTERS)), shl(3, counter))
        }
    }

    function _sizes(address blob) private view returns (uint256 authorities, uint256 seats) {
        if (blob == address(0)) return (0, 0);
        uint256 head = Snapshots.blobWord(blob, 0);
        return (uint16(head >> 144), uint16(head >> 128));
    }

    function _counter(address blob, uint256 index) private view returns (uint64 value) {
        assembly ("memory-safe") {
            mstore(0x00, 0)
            extcodecopy(blob, 0x18, add(add(1, _COUNTERS), shl(3, index)), 0x08)
            value := mload(0x00)
        }
    }
}
