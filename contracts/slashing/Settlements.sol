// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {LibBit} from "solady/src/utils/LibBit.sol";
import {ICheckpointManager} from "../interfaces/consensus/ICheckpointManager.sol";
import {IConsensusParameters} from "../interfaces/governance/IConsensusParameters.sol";
import {IAbsences, ISlashingManager} from "../interfaces/slashing/ISlashingManager.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {Quorum} from "../libraries/Quorum.sol";
import {SealedSnapshot, SealedSnapshots} from "../libraries/SealedSnapshots.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {Epoch, KeyId, Mode, Seat} from "../types/Types.sol";
import {Aftermath, Charges, Modules, Motion, SlashingState} from "./Charges.sol";

/// @title Charges that wait: surcharges and absences, and who may excuse them
/// @notice A linked library, part of SlashingManager. Loops run over the spans of a correlation window, over the epochs
/// that a caller names, over the absent seats of one epoch, and over at most 256 authorities.
library Settlements {
    using Snapshots for uint256[4];
    using SealedSnapshots for SealedSnapshot;

    /// @dev What a run of absence shows: seal of its last epoch's registry, that epoch, when its boundary was accepted,
    /// and the stake of the others absent in it, parts of 10^9.
    struct Run {
        uint32 seal;
        Epoch through;
        uint256 boundaryAt;
        uint256 others;
    }

    /// @notice Takes what is due from a validator.
    function settle(SlashingState storage s, Modules memory m, uint64 validator) external {
        _settleAbsence(s, m, validator);
        IValidatorRegistry.Conviction memory conviction = m.registry.conviction(validator);
        Aftermath storage a = s.aftermath[validator];
        if (conviction.time == 0 || a.settled) return;
        if (block.timestamp < Charges.end(m, conviction.time, uint8(conviction.mark))) return;
        a.settled = true;
        uint256 together;
        uint256 fraction;
        uint256 base;
        if (!a.vetoed) (together, fraction, base) = _surcharge(s, m, conviction);
        uint256 bondTaken;
        uint256 delegatedTaken;
        if (fraction > base) {
            // What is left is what was liable less the base.
            // Casts hold: they are at most millionths.
            (uint96 part, uint96 whole) = (uint96(fraction - base), uint96(Charges.MILLION - base));
            (bondTaken, delegatedTaken) = m.pool.slash(validator, conviction.seal, part, whole, 0);
        }
        emit ISlashingManager.SurchargeSettled(validator, together, fraction, bondTaken, delegatedTaken);
    }

    /// @notice A conviction's whole penalty if its window ended now.
    function surchargeOf(
        SlashingState storage s,
        Modules memory m,
        uint64 validator
    ) external view returns (uint256 together, uint256 fraction) {
        IValidatorRegistry.Conviction memory conviction = m.registry.conviction(validator);
        if (conviction.time != 0) (together, fraction, ) = _surcharge(s, m, conviction);
    }

    /// @notice Jails for a run of absence and leaves the charge for later.
    function chargeAbsence(
        SlashingState storage s,
        Modules memory m,
        uint64 validator,
        Epoch from,
        Seat[] calldata seats
    ) external {
        IConsensusParameters.Slashing memory p = m.parameters.slashing();
        ISlashingManager.Absence memory last = s.absences[validator];
        uint64 through = Epoch.unwrap(last.through);
        if (last.dueAt != 0 || (through != 0 && Epoch.unwrap(from) <= through)) {
            revert ISlashingManager.SlashingManagerNoNewRun(validator, last.through);
        }
        Run memory run = _prove(
            IAbsences(m.pool.distributor()),
            m,
            validator,
            [Epoch.unwrap(from), p.jailAfter],
            seats
        );
        if (run.boundaryAt != 0 && block.timestamp >= run.boundaryAt + p.evidenceValidity) {
            revert ISlashingManager.SlashingManagerExpired(run.through, run.boundaryAt + p.evidenceValidity);
        }
        uint256 rise = Math.mulDiv(p.absenceMost - p.absenceLeast, run.others, Charges.BILLION, Math.Rounding.Ceil);
        last = ISlashingManager.Absence(
            uint40(block.timestamp + p.absenceDelay),
            run.seal,
            uint32(p.absenceLeast + rise),
            run.through
        );
        _chargeLater(s, m, validator, last);
    }

    /// @notice Jails and leaves the greatest charge for absence for later, unless one waits.
    function leak(SlashingState storage s, Modules memory m, uint64 validator) external {
        IConsensusParameters.Slashing memory p = m.parameters.slashing();
        ISlashingManager.Absence memory a = s.absences[validator];
        if (a.dueAt != 0) {
            m.registry.jail(validator);
            return;
        }
        (, a.seal, ) = m.checkpoints.recordedRegistry(m.checkpoints.epochNow());
        (a.dueAt, a.fraction) = (uint40(block.timestamp + p.absenceDelay), uint32(p.absenceMost));
        _chargeLater(s, m, validator, a);
    }

    /// @notice Counts an authority's call for veto, and ends the charge if they are enough.
    function veto(
        SlashingState storage s,
        Modules memory m,
        uint64 validator,
        bool surcharge,
        Seat seat,
        string calldata reason
    ) external {
        Motion storage motion = s.motions[_subject(s, m, validator, surcharge)];
        if (motion.snapshot == address(0)) {
            (, , motion.snapshot) = m.checkpoints.recordedRegistry(m.checkpoints.epochNow());
        }
        (uint256 all, uint256 eligible, uint64[] memory owners) = _authorities(m, motion.snapshot);
        emit ISlashingManager.VetoCast(validator, surcharge, _voter(m, seat, eligible, owners), reason);
        motion.votes |= 1 << Seat.unwrap(seat);
        // Who was convicted after voting counts no more.
        uint256 votes = Snapshots.size(motion.votes & eligible);
        eligible = Snapshots.size(eligible);
        if (!Quorum.exceedsTwoThirds(votes, eligible) || 3 * votes < Snapshots.size(all)) return;
        if (surcharge) s.aftermath[validator].vetoed = true;
        else s.absences[validator].dueAt = 0;
        emit ISlashingManager.VetoCarried(validator, surcharge, votes, eligible);
    }

    /// @notice Who gets a reward that was kept back, and how much; it is owed no longer.
    function release(
        SlashingState storage s,
        bytes32 id,
        bytes32 salt
    ) external returns (address payee, uint256 amount) {
        ISlashingManager.Claim memory k = s.claims[id];
        ISlashingManager.Group storage g = s.groups[id];
        uint256 time = k.time;
        bytes32 offence = id;
        payee = k.payee;
        if (g.snapshot != address(0)) {
            (time, payee) = (g.time, g.reporter);
            offence = Charges.offenceOf(0, g.domain, g.position, g.firstKind, g.secondKind);
        }
        if (time == 0) revert ISlashingManager.SlashingManagerNoReward(id);
        uint256 committedAt = s.commitments[Charges.commitmentOf(msg.sender, offence, salt)];
        if (committedAt != 0 && committedAt < time) {
            payee = msg.sender;
            // What is still to be executed is this reporter's too.
            if (g.snapshot != address(0)) (g.reporter, g.direct) = (payee, true);
        } else if (block.timestamp < time + Charges.PROTECTION) {
            revert ISlashingManager.SlashingManagerTooSoon(time + Charges.PROTECTION);
        }
        amount = uint256(k.gwei_) * 1 gwei;
        delete s.claims[id];
        s.owed -= amount;
        emit ISlashingManager.RewardPaid(id, payee, amount);
    }

    /// @dev Verifies that a validator was absent from `span[1]` epochs with a duty, from epoch `span[0]` on without a
    /// break.
    function _prove(
        IAbsences source,
        Modules memory m,
        uint64 validator,
        uint64[2] memory span,
        Seat[] calldata seats
    ) private view returns (Run memory run) {
        SealedSnapshot memory s;
        address blob;
        uint256 found;
        for (uint256 i = 0; i < seats.length && found < span[1]; ++i) {
            Epoch epoch = Epoch.wrap(uint64(span[0] + i));
            ICheckpointManager.EpochRecord memory r = m.checkpoints.epochRecord(epoch);
            bool anew = r.snapshot != blob || i == 0;
            if (anew) {
                blob = r.snapshot;
                s = SealedSnapshots.load(blob);
            }
            if (anew || Seat.unwrap(seats[i]) != Seat.unwrap(seats[i - 1])) {
                if (m.registry.ownerOfKey(s.keyAt(seats[i])) != validator) _refuse(validator, epoch);
            }
            uint256[4] memory absent = source.absentIn(epoch);
            if (absent.contains(seats[i])) {
                if (++found == span[1]) run = _close(s, r, epoch, absent, seats[i]);
            } else if ((r.mode == Mode.Secure ? s.members : s.backing).contains(seats[i])) {
                _refuse(validator, epoch);
            }
        }
        if (found < span[1]) _refuse(validator, Epoch.wrap(uint64(span[0] + seats.length)));
    }

    function _close(
        SealedSnapshot memory s,
        ICheckpointManager.EpochRecord memory r,
        Epoch epoch,
        uint256[4] memory absent,
        Seat own
    ) private view returns (Run memory run) {
        uint256[] memory words = Snapshots.readBlob(s.weights);
        uint256 stake;
        absent.remove(own);
        for (uint256 k = 0; k < 4; ++k) {
            for (uint256 bits = absent[k]; bits != 0; bits &= bits - 1) {
                stake += Snapshots.valueAt(words, Seat.wrap(uint16((k << 8) | LibBit.ffs(bits))));
            }
        }
        run.seal = s.number;
        run.through = epoch;
        run.boundaryAt = r.boundaryAt;
        if (s.totalStake != 0) run.others = Math.ceilDiv(stake * Charges.BILLION, s.totalStake);
    }

    function _chargeLater(
        SlashingState storage s,
        Modules memory m,
        uint64 validator,
        ISlashingManager.Absence memory a
    ) private {
        s.absences[validator] = a;
        m.registry.jail(validator);
        m.pool.hold(validator, a.seal, a.dueAt);
        emit ISlashingManager.AbsenceCharged(validator, a.dueAt, a.seal, a.fraction, a.through);
    }

    function _settleAbsence(SlashingState storage s, Modules memory m, uint64 validator) private {
        ISlashingManager.Absence memory a = s.absences[validator];
        if (a.dueAt == 0 || block.timestamp < a.dueAt) return;
        s.absences[validator].dueAt = 0;
        (uint256 junior, uint256 senior) = m.pool.slash(validator, a.seal, a.fraction, uint96(Charges.MILLION), 0);
        emit ISlashingManager.AbsenceSettled(validator, junior, senior);
    }

    /// @dev The conviction's whole penalty: three times (the parameter) what was convicted around it, at least the base.
    function _surcharge(
        SlashingState storage s,
        Modules memory m,
        IValidatorRegistry.Conviction memory conviction
    ) private view returns (uint256 together, uint256 fraction, uint256 base) {
        IConsensusParameters.Slashing memory p = m.parameters.slashing();
        uint64 middle = uint64(conviction.time / m.bucketTime);
        uint64 span = uint8(conviction.mark);
        uint256 heads;
        for (uint64 number = middle - span; number <= middle + span; ++number) {
            ISlashingManager.Bucket memory b = Charges.bucket(s, number);
            together += b.stake;
            heads += b.authorities;
        }
        together = Math.max(together, heads);
        base = p.basePenalty;
        fraction = Math.ceilDiv(together * p.surchargeFactor * Charges.MILLION, Charges.BILLION);
        fraction = Math.max(base, Math.min(fraction, Charges.MILLION));
    }

    /// @dev What waits and may be vetoed: the surcharge or absence as it is now.
    function _subject(
        SlashingState storage s,
        Modules memory m,
        uint64 validator,
        bool surcharge
    ) private view returns (bytes32) {
        uint256 time;
        if (!surcharge) {
            time = s.absences[validator].dueAt;
        } else if (!s.aftermath[validator].settled && !s.aftermath[validator].vetoed) {
            time = m.registry.conviction(validator).time;
        }
        if (time == 0) revert ISlashingManager.SlashingManagerNothingToVeto(validator);
        return keccak256(abi.encode(validator, surcharge, time));
    }

    /// @dev The authorities of a snapshot, by seat, and those of them that are not convicted.
    function _authorities(
        Modules memory m,
        address blob
    ) private view returns (uint256 all, uint256 eligible, uint64[] memory owners) {
        SealedSnapshot memory s = SealedSnapshots.load(blob);
        KeyId[] memory keys = new KeyId[](s.nAuth);
        for (uint16 i = 0; i < s.nAuth; ++i) {
            keys[i] = s.keyAt(Seat.wrap(i));
        }
        owners = m.registry.ownersOfKeys(keys);
        for (uint256 i = 0; i < owners.length; ++i) {
            all |= 1 << i;
            if ((m.registry.heldWord(owners[i] >> 8) >> (owners[i] & 0xff)) & 1 == 0) eligible |= 1 << i;
        }
    }

    /// @dev The authority on a seat; reverts unless it may vote and the caller acts for it.
    function _voter(
        Modules memory m,
        Seat seat,
        uint256 eligible,
        uint64[] memory owners
    ) private view returns (uint64 voter) {
        uint256 index = Seat.unwrap(seat);
        if (index >= owners.length || (eligible >> index) & 1 == 0) {
            revert ISlashingManager.SlashingManagerNoVote(seat, msg.sender);
        }
        voter = owners[index];
        if (msg.sender != m.registry.validator(voter).operator && msg.sender != m.registry.voteAddress(voter)) {
            revert ISlashingManager.SlashingManagerNoVote(seat, msg.sender);
        }
    }

    function _refuse(uint64 validator, Epoch epoch) private pure {
        revert ISlashingManager.SlashingManagerNotAbsent(validator, epoch);
    }
}
