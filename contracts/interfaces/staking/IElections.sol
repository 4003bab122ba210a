// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Epoch, KeyId, Seat} from "../../types/Types.sol";
import {IConsensusParameters} from "../governance/IConsensusParameters.sol";
import {IStakingPool} from "./IStakingPool.sol";
import {IValidatorRegistry} from "./IValidatorRegistry.sol";

/// @title Seats, live weights, and the sealing of epoch snapshots
/// @notice Keeps who sits where and what it weighs now, and freezes that into the snapshot that decides an epoch
/// (contracts.md, Snapshots; protocol.md section 1). Weights are whole AITBC, floored. Nothing but `seal` writes a
/// snapshot, and nothing but snapshots decides a quorum.
interface IElections {
    /// @notice What the caller of a seal finds by sorting, so that the contract only has to check it. `sealHints`
    /// gives the values that fit now.
    /// @param cut Greatest weight c with c <= stakeCap · Σ min(s, c) over the stakers in the backing set; ignored
    /// when fewer stakers than `stakeCapFrom` are in it
    /// @param lastWeight Live weight of the last staker in the backing set; ignored when all that qualify fit
    /// @param lastSeat Seat of that staker; ignored likewise
    struct SealHints {
        uint32 cut;
        uint32 lastWeight;
        Seat lastSeat;
    }

    /// @notice A sealed snapshot, as `snapshotHash` commits to it, with what is needed to use it.
    /// @param hash `snapshotHash` (tag 31): the registry root in domains
    /// @param number Number of the seal, counted from 1 in the order of execution
    /// @param epoch Epoch it was sealed for: 0 for the genesis seal
    /// @param n Seats, vacated ones included; seats are 0 to n - 1
    /// @param nAuth Authorities' seats: 0 to nAuth - 1
    /// @param suspended Authorities' seats that do not count (jailed, below bond), bit = seat
    /// @param backing Seats of Balanced's voting set, four words, bit j of word k = seat 256 k + j
    /// @param totalStake Sum of all weights
    /// @param backingStake Sum of the backing set's weights
    /// @param stakers Stakers with weight; fewer than 3 count as none: that class drops out of the modes' quorums
    /// @param backingStakers Stakers in the backing set; likewise
    /// @param cut What the weights were cut to by the concentration cap; 0 if nothing was
    /// @param keysRoot Merkle root of the keys by seat
    /// @param weightsRoot Merkle root of the weight words
    /// @param paramsHash Hash of the consensus parameters in force with it (tag 37)
    /// @param parameters Number of that parameter set in ConsensusParameters
    /// @param sealer Who sealed it, or was named by who did
    /// @param idleStake What jailed, convicted and left out validators on seats would weigh: in no sum, but in the
    /// divisors of pay
    /// @param weights Weight words, eight seats each, seat 8 w + j at bits [32 j, 32 j + 32) of word w; ceil(n/8) words
    /// @param keys Key of each seat, n of them; 0 where the seat is vacant
    struct Snapshot {
        bytes32 hash;
        uint32 number;
        Epoch epoch;
        uint16 n;
        uint16 nAuth;
        uint256 suspended;
        uint256[4] backing;
        uint64 totalStake;
        uint64 backingStake;
        uint16 stakers;
        uint16 backingStakers;
        uint32 cut;
        bytes32 keysRoot;
        bytes32 weightsRoot;
        bytes32 paramsHash;
        uint32 parameters;
        address sealer;
        uint32 idleStake;
        uint256[] weights;
        KeyId[] keys;
    }

    /// @notice What elections know of a validator.
    /// @param seated Whether it has a seat
    /// @param seat Its seat, if seated
    /// @param contending Whether it is in the list of contenders
    /// @param eligible Whether its weight counts: active, with a key, bonded at least its role's minimum
    /// @param weight Weight now, uncut
    /// @param strength The smaller of its weight now and at the last seal
    struct Candidate {
        bool seated;
        Seat seat;
        bool contending;
        bool eligible;
        uint32 weight;
        uint32 strength;
    }

    /// @notice A seat that a validator holds, or that it holds none, as counted from a seal on.
    /// @param seal First seal that counts it
    /// @param place Seat + 1; 0: none
    struct Tenure {
        uint32 seal;
        uint16 place;
    }

    /// @notice A validator's live weight or eligibility changed.
    event WeightSet(uint64 indexed validator, uint32 weight, bool eligible);
    /// @notice A validator waits for a seat.
    event Contending(uint64 indexed validator, uint32 strength);
    /// @notice 16 other seats rotated their keys since the last seal: the next one still counts the old key. Anyone may call
    /// `refresh` after that seal.
    event RotationWaits(uint64 indexed validator, KeyId indexed key);
    /// @notice A validator waits no more: a stronger one took its place in the list, or a seal found that it needs none
    /// or may have none.
    event ContenderLeft(uint64 indexed validator);
    /// @notice A seat is the validator's with this key, from the next seal on; validator 0: nobody's.
    event SeatSet(Seat indexed seat, uint64 indexed validator, KeyId key);
    /// @notice A snapshot was sealed. Everything else is in `snapshot(number)`.
    event Sealed(
        uint32 indexed number,
        Epoch indexed epoch,
        bytes32 indexed hash,
        uint16 n,
        uint16 nAuth,
        uint64 totalStake,
        uint64 backingStake,
        uint32 cut
    );
    /// @notice A registry was sealed again at a recovery point, under the number of the seal it copies.
    event SealedAgain(
        uint32 indexed number,
        Epoch indexed epoch,
        bytes32 indexed hash,
        uint64 totalStake,
        uint64 backingStake,
        uint256 suspended
    );
    /// @notice An authority weighs nothing from now on: it had no part in a recovery. Until it is readmitted, or an authority
    /// no more.
    event Silenced(uint64 indexed validator);
    /// @notice An authority weighs again from the next seal on.
    event Readmitted(uint64 indexed validator);
    /// @notice Too few stakers for the concentration cap: the heaviest holds more than the cap of the set's stake.
    event Concentrated(uint32 indexed number, uint32 heaviest, uint64 backingStake);
    /// @notice The module that accepts boundaries was replaced.
    event CheckpointsSet(address indexed checkpoints);

    /// @notice The validator cannot take a seat: not eligible, or it has one, or it waits already.
    error ElectionsNotEligible(uint64 validator);
    /// @notice All places are taken by stronger ones.
    error ElectionsTooWeak(uint64 validator, uint32 strength, uint32 weakest);
    /// @notice All seats of the first registry are taken.
    error ElectionsFull();
    /// @notice Not the time to seal this epoch: possible from acceptance of boundary e - 3 until that of e - 2.
    error ElectionsNotNow(Epoch epoch, Epoch epochNow);
    /// @notice The candidate of this epoch is sealed; a seal is final.
    error ElectionsAlreadySealed(Epoch epoch);
    /// @notice Pay is more than `accrualLag` epochs behind: sealing waits until epoch `next` is accrued, or until
    /// `accrualDeadline` after the acceptance of its boundary.
    error ElectionsAccrualBehind(Epoch next, Epoch epochNow);
    /// @notice The cut named is not the greatest that fits.
    error ElectionsBadCut(uint32 cut, uint256 stake);
    /// @notice The last staker named is not the last of the backing set.
    error ElectionsBadBacking(uint256 counted, uint256 places);
    /// @notice No seal has this number; of an epoch (number 0): no candidate was sealed for it.
    error ElectionsNotSealed(uint32 number);

    /// @notice Reads a validator's stake, standing and key again and updates its live weight. Anyone, any time. Between two
    /// seals 16 seats may get new keys; further ones wait (`RotationWaits`) for a refresh after the next seal.
    function refresh(uint64 validator) external;

    /// @notice Proposes validators for seats. Before genesis each takes a seat at once; later an authority waits for
    /// its seat and a staker joins the list of 16 contenders, if stronger than the weakest, until the next seal.
    function enter(uint64[] calldata validators) external;

    /// @notice Seals the candidate registry of an epoch from the live weights. Anyone, once per epoch, in its time, unless pay
    /// is too far behind.
    function seal(Epoch epoch, SealHints calldata hints) external returns (bytes32 hash);

    /// @notice The same with the credit for it left to `sealer`. Anyone.
    function sealFor(Epoch epoch, SealHints calldata hints, address sealer) external returns (bytes32 hash);

    /// @notice Seals the first registry, of epochs 0, 1 and 2. Only CheckpointManager, on `start`.
    function sealGenesis(SealHints calldata hints) external returns (bytes32 hash, address blob);

    /// @notice Seals a recorded registry again for the epoch that begins at a recovery point (protocol.md section 6): a
    /// copy of it in which some weigh nothing. Live weights and seats do not count, and the copy keeps the number of the
    /// seal whose stake it counts. Jailed and convicted validators weigh nothing, and neither do the authorities named,
    /// in this and in every further seal, until `readmit`. The recovery module.
    /// @param epoch Epoch that begins
    /// @param source Blob of the registry recorded for it
    /// @param silent Seats of the authorities left out, bit = seat
    /// @param left Further seats that weigh nothing in this registry
    /// @param spared Seats that count although their validators are in jail
    /// @param sealer Who gets the credit
    function sealRecovery(
        Epoch epoch,
        address source,
        uint256 silent,
        uint256[4] calldata left,
        uint256[4] calldata spared,
        address sealer
    ) external returns (bytes32 hash, address blob);

    /// @notice Lets an authority that a recovery left out weigh again from the next seal on. The recovery module.
    function readmit(uint64 validator) external;

    /// @notice Whether a recovery left an authority out and it was not readmitted since. It ends with its seat.
    function isSilent(uint64 validator) external view returns (bool);

    /// @notice Replaces the module that accepts boundaries. Governance.
    function setCheckpoints(address checkpoints) external;

    /// @notice Module that accepts boundaries; only it seals at genesis.
    function checkpoints() external view returns (address);

    /// @notice Identities whose keys and standing are sealed.
    function registry() external view returns (IValidatorRegistry);

    /// @notice Custody whose stake is weighed.
    function pool() external view returns (IStakingPool);

    /// @notice Whose consensus and stake values seals use.
    function parameters() external view returns (IConsensusParameters);

    /// @notice The hints that a seal in this state needs. Meant for calls: it simulates the seating and sorts.
    function sealHints() external returns (SealHints memory);

    /// @notice Seals executed so far; the last one has this number.
    function sealNumber() external view returns (uint32);

    /// @notice Number of the seal made for an epoch; 0 if none was.
    function sealOf(Epoch epoch) external view returns (uint32);

    /// @notice Code blob of the candidate sealed for an epoch; zero if none was.
    function candidateBlob(Epoch epoch) external view returns (address);

    /// @notice `snapshotHash` of the candidate sealed for an epoch; zero if none was.
    function snapshotHashOf(Epoch epoch) external view returns (bytes32);

    /// @notice Code blob of a seal (library Snapshots reads it); fails if there is no such seal.
    function blobOf(uint32 number) external view returns (address);

    /// @notice A snapshot by the number of its seal.
    function snapshot(uint32 number) external view returns (Snapshot memory);

    /// @notice The candidate sealed for an epoch; fails if none was.
    function sealedSnapshot(Epoch epoch) external view returns (Snapshot memory);

    /// @notice A snapshot by its blob, as CheckpointManager records it.
    function snapshotAt(address blob) external view returns (Snapshot memory);

    /// @notice Public keys of seats `from` to `from + count - 1` (fewer at the end) of a seal, 96 bytes x48 | y48
    /// each; a vacant seat's are zero. Pages of up to 1,000 fit one call.
    function keyTable(uint32 number, uint16 from, uint16 count) external view returns (bytes memory);

    /// @notice Validators on the seats of a seal, in order, as the keys there tell; 0 where vacant.
    function validatorsOf(uint32 number, uint16 from, uint16 count) external view returns (uint64[] memory);

    /// @notice What elections know of a validator; zeros for a number not given out.
    function candidate(uint64 validator) external view returns (Candidate memory);

    /// @notice A validator's seats over time, oldest first. An entry holds until the next one's seal; before the first it
    /// had none.
    function tenures(uint64 validator) external view returns (Tenure[] memory);

    /// @notice One of them, counted from 0; zeros from their number on.
    function tenureAt(uint64 validator, uint256 index) external view returns (Tenure memory);

    /// @notice Who sits on a seat now, and with which key; zeros if nobody.
    function occupant(Seat seat) external view returns (uint64 validator, KeyId key);

    /// @notice Validators waiting: contenders, and those whose seat does not fit their role in the order in which they are
    /// served, four a seal: who is no authority any more, then who is a new one.
    function waiting() external view returns (uint64[] memory contenders, uint64[] memory authorities);

    /// @notice Seats in use now (n) and the authorities among them (nAuth).
    function seats() external view returns (uint16 n, uint16 nAuth);
}
