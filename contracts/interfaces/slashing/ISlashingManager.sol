// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoint} from "../../types/Messages.sol";
import {Epoch, G2Point, Mode, Seat} from "../../types/Types.sol";

/// @title What slashing asks of the module that pays rewards
/// @notice Answered by RewardDistributor, which reads every participation vector once.
interface IAbsences {
    /// @notice Seats of the registry of `epoch` that had a duty and of which nothing was carried in the whole epoch: bit
    /// j of word k is seat 256·k + j. Zeros while the epoch is not accrued.
    function absentIn(Epoch epoch) external view returns (uint256[4] memory);
}

/// @title Evidence, convictions, the slashing pool
/// @notice Hears two statements signed by one key that the protocol never lets one key sign (protocol.md section 7), and
/// charges for them: part of all stake that answered for the epoch, the vote for good. Anyone may submit. Beside the
/// base penalty, taken at once, stands a surcharge that grows with what is convicted at about the same time and is
/// settled when that is known. Absence is charged too, from what the chain carried. Tokens taken are the slashing pool.
interface ISlashingManager {
    /// @notice A vote, or a RESTART. Kinds are numbered as their signing tags.
    /// @param kind 2 NOTARIZE, 3 FINALIZE, 4 NULLIFY, 6 RESTART; 5 says that the statement is a checkpoint
    /// @param viewNumber View; of a NULLIFY or RESTART the one it names; 0 for a checkpoint
    /// @param parentView View of the parent; 0 unless NOTARIZE or FINALIZE
    /// @param blockHash Block; zero for a NULLIFY or a checkpoint
    struct Vote {
        uint8 kind;
        uint64 viewNumber;
        uint64 parentView;
        bytes32 blockHash;
    }

    /// @notice Two votes of one seat in one domain. The pair is ordered by kind: NOTARIZE before FINALIZE before NULLIFY.
    /// @param epoch Epoch
    /// @param incarnation Recoveries before it
    /// @param mode Mode in the domain, taken as signed
    /// @param registryRoot Root in the domain: one the contracts sealed or carried over for the epoch
    /// @param seat The offender's seat in that registry
    /// @param first First vote
    /// @param second Second vote
    /// @param signature Sum of the two signatures
    struct VotePair {
        Epoch epoch;
        uint32 incarnation;
        Mode mode;
        bytes32 registryRoot;
        Seat seat;
        Vote first;
        Vote second;
        G2Point signature;
    }

    /// @notice What one signature, or a certificate's aggregate, says.
    /// @param epoch Epoch of its domain
    /// @param incarnation Recoveries before it
    /// @param mode Mode in the domain, taken as signed
    /// @param registryRoot Root in the domain
    /// @param vote The vote or RESTART, or kind 5 and zeros
    /// @param checkpoint The checkpoint if the kind is 5; not read otherwise
    /// @param signers Seats of that registry that signed: bit j of word k is seat 256·k + j
    /// @param nextRoot For a RESTART: root of a registry of the epoch after; read only if `nextSigners` are not empty
    /// @param nextSigners For a RESTART: seats of that registry that signed; zeros for others
    struct Statement {
        Epoch epoch;
        uint32 incarnation;
        Mode mode;
        bytes32 registryRoot;
        Vote vote;
        Checkpoint checkpoint;
        uint256[4] signers;
        bytes32 nextRoot;
        uint256[4] nextSigners;
    }

    /// @notice A checkpoint that another's `previous` names.
    /// @param domain Its domain; need not be one the contracts know
    /// @param checkpoint Its content
    struct Link {
        bytes32 domain;
        Checkpoint checkpoint;
    }

    /// @notice Two statements that no key may sign both. Ordered by kind, a RESTART second; of two checkpoints the higher.
    /// @param first First statement
    /// @param second Second statement
    /// @param chain Two checkpoints of different heights: from the second's `previous` downwards, up to the first one at
    /// or below the height of the lower
    /// @param moved Convicts one key alone, which may have another seat in each registry; otherwise all that signed both
    /// on one seat
    /// @param firstSeat If moved: its seat in the first statement's registry
    /// @param secondSeat If moved: its seat in the second's, and 1024 more for the registry of `nextRoot`
    /// @param signature Sum of all signatures of both
    struct Contradiction {
        Statement first;
        Statement second;
        Link[] chain;
        bool moved;
        Seat firstSeat;
        uint16 secondSeat;
        G2Point signature;
    }

    /// @notice A validator's record here.
    /// @param convictions Offences on record
    /// @param firstAt Second of the first conviction; 0 if none is executed
    /// @param seal Number of the seal that counted the stake liable
    /// @param dueAt Second from which the surcharge can be settled; 0 if there is no conviction
    /// @param settled Whether it is
    /// @param vetoed Whether it was vetoed
    struct Record {
        uint256 convictions;
        uint40 firstAt;
        uint32 seal;
        uint40 dueAt;
        bool settled;
        bool vetoed;
    }

    /// @notice Convicted together and not executed yet.
    /// @param snapshot Blob of the registry that `seats` index
    /// @param time Second of the conviction
    /// @param seal Number of that seal
    /// @param epoch Epoch of the offence
    /// @param reporter Who reported
    /// @param direct Whether rewards are paid at once; otherwise they wait for an earlier commitment
    /// @param firstKind Kind of the first statement
    /// @param secondKind Kind of the second
    /// @param position View, term or height
    /// @param domain Domain of the first statement
    /// @param seats Seats still to be executed
    struct Group {
        address snapshot;
        uint40 time;
        uint32 seal;
        Epoch epoch;
        address reporter;
        bool direct;
        uint8 firstKind;
        uint8 secondKind;
        uint256 position;
        bytes32 domain;
        uint256[4] seats;
    }

    /// @notice A charge for unavailability that waits.
    /// @param dueAt Second from which it is taken; 0 if none waits
    /// @param seal Number of the seal that counted the stake liable
    /// @param fraction Millionths
    /// @param through Last epoch ever charged: the next run begins after it
    struct Absence {
        uint40 dueAt;
        uint32 seal;
        uint32 fraction;
        Epoch through;
    }

    /// @notice Convicted within one span of `bucketTime`.
    /// @param number Second of the conviction / `bucketTime`
    /// @param stake Sum of their sealed weights, each as a fraction of its registry's, parts of 10^9
    /// @param authorities The same of authorities, by head
    /// @param count How many
    struct Bucket {
        uint64 number;
        uint64 stake;
        uint64 authorities;
        uint64 count;
    }

    /// @notice A reward kept back, for an hour, for who committed to the evidence before it was seen.
    /// @param payee Who gets it if nobody did
    /// @param time Second of the conviction
    /// @param gwei_ Amount, gwei of AITBC
    struct Claim {
        address payee;
        uint40 time;
        uint56 gwei_;
    }

    /// @notice A validator was convicted for the first time, and charged. `reward` of `bondTaken` is the reporter's.
    /// @param offence Identity of the offence: validator, domain, view, term or height, kinds
    /// @param bondTaken From bond and leaving bond
    /// @param delegatedTaken From delegations, leaving and redelegated ones
    event Convicted(
        uint64 indexed validator,
        bytes32 indexed offence,
        Epoch indexed epoch,
        uint8 firstKind,
        uint8 secondKind,
        uint256 position,
        uint256 bondTaken,
        uint256 delegatedTaken,
        address reporter,
        uint256 reward
    );
    /// @notice Another offence of a validator convicted before: it costs nothing more.
    event Recorded(uint64 indexed validator, bytes32 indexed offence, Epoch indexed epoch, address reporter);
    /// @notice Many validators were convicted together; `executeGroup` charges them.
    /// @param seats Convicted now, by seat of `snapshot`
    /// @param again Convicted before, likewise
    event GroupConvicted(
        bytes32 indexed id,
        Epoch indexed epoch,
        address snapshot,
        uint8 firstKind,
        uint8 secondKind,
        uint256 position,
        uint256[4] seats,
        uint256[4] again,
        address reporter
    );
    /// @notice The surcharge of a conviction was taken, or lapsed by veto (fraction 0).
    /// @param together Larger of the shares of stake and authorities convicted around it, parts of 10^9
    /// @param fraction The whole penalty, millionths of what was liable
    event SurchargeSettled(
        uint64 indexed validator,
        uint256 together,
        uint256 fraction,
        uint256 bondTaken,
        uint256 delegatedTaken
    );
    /// @notice A validator was absent and is in jail; the charge is taken at `dueAt` unless vetoed.
    /// @param fraction Millionths of what is liable
    /// @param through Last epoch of the run
    event AbsenceCharged(uint64 indexed validator, uint40 dueAt, uint32 seal, uint32 fraction, Epoch through);
    /// @notice The charge for unavailability was taken: base units from bond and leaving bond, and from delegations.
    event AbsenceSettled(uint64 indexed validator, uint256 bondTaken, uint256 delegatedTaken);
    /// @notice An authority wants a charge to lapse.
    event VetoCast(uint64 indexed validator, bool indexed surcharge, uint64 indexed authority, string reason);
    /// @notice So many authorities of those who may vote want it that the surcharge, or the absence, lapses.
    event VetoCarried(uint64 indexed validator, bool indexed surcharge, uint256 votes, uint256 eligible);
    /// @notice Somebody promised evidence without showing it.
    event Committed(bytes32 indexed commitment, address indexed reporter);
    /// @notice A reward is kept back until `until` for an earlier commitment.
    event RewardKept(bytes32 indexed id, address indexed payee, uint256 amount, uint256 until);
    /// @notice A reward that was kept back was paid, base units.
    event RewardPaid(bytes32 indexed id, address indexed payee, uint256 amount);
    /// @notice Governance spent from the slashing pool, base units.
    event Spent(address indexed to, uint256 amount);

    /// @notice One honest key may sign both, or they are not in the order required.
    error SlashingManagerNotAnOffence();
    /// @notice No such registry was sealed for that epoch and incarnation.
    error SlashingManagerUnknownDomain();
    /// @notice Nobody has this seat in that registry.
    error SlashingManagerVacantSeat(Seat seat);
    /// @notice No key signed both.
    error SlashingManagerNobody();
    /// @notice The signature is not the sum of those claimed.
    error SlashingManagerBadSignature();
    /// @notice Evidence of that epoch is no longer heard.
    error SlashingManagerExpired(Epoch epoch, uint256 until);
    /// @notice The offence is on record; of a group: all of them are convicted.
    error SlashingManagerAlreadyCharged(bytes32 offence);
    /// @notice No group of this number waits to be executed.
    error SlashingManagerUnknownGroup(bytes32 id);
    /// @notice The caller did not commit to this evidence before now.
    error SlashingManagerNotCommitted(bytes32 commitment);
    /// @notice No reward is kept back under this number.
    error SlashingManagerNoReward(bytes32 id);
    /// @notice Until second `from` the reward is kept for who committed to the evidence.
    error SlashingManagerTooSoon(uint256 from);
    /// @notice The epoch does not show the validator absent from a duty.
    error SlashingManagerNotAbsent(uint64 validator, Epoch epoch);
    /// @notice That run was charged already, or a charge waits.
    error SlashingManagerNoNewRun(uint64 validator, Epoch through);
    /// @notice Nothing of the kind waits.
    error SlashingManagerNothingToVeto(uint64 validator);
    /// @notice The seat is not an authority's, the caller does not act for it, or it is convicted.
    error SlashingManagerNoVote(Seat seat, address caller);
    /// @notice Asked to spend more than the slashing pool holds, base units.
    error SlashingManagerInsufficient(uint256 available, uint256 asked);

    /// @notice Convicts the signer of two votes. Anyone; the caller is rewarded, at once unless somebody committed to
    /// evidence within the last hour.
    /// @return offence Its identity
    /// @return reward What the caller gets
    function submitVotes(VotePair calldata pair) external returns (bytes32 offence, uint256 reward);

    /// @notice As `submitVotes`, by who committed to it (`commit`) in an earlier block: paid at once.
    function revealVotes(VotePair calldata pair, bytes32 salt) external returns (bytes32 offence, uint256 reward);

    /// @notice Convicts everybody who signed both of two statements: a single one is charged at once, many are jailed
    /// and held at once and charged by `executeGroup`. One call reaches members in at most 64 words of 256 validator
    /// numbers; the same evidence again convicts the others. Anyone.
    /// @param salt Of an earlier commitment, or zero
    /// @return id Identity of the offence, or of the group
    /// @return count How many are convicted by this
    function submitContradiction(
        Contradiction calldata contradiction,
        bytes32 salt
    ) external returns (bytes32 id, uint256 count);

    /// @notice Charges members of a group, as many as the caller names; those charged already are passed over. Anyone.
    /// @return executed How many were charged
    function executeGroup(bytes32 id, Seat[] calldata seats) external returns (uint256 executed);

    /// @notice Promises evidence without showing it, so that nobody can take the reward by copying what is submitted
    /// later. `commitmentOf` makes the argument. Anyone.
    function commit(bytes32 commitment) external;

    /// @notice Pays a reward that was kept back: to a caller who committed to that evidence before the conviction, or,
    /// an hour after it, to who reported. Anyone.
    /// @param id The offence, or the group
    /// @param salt Of the commitment, if there is one
    function takeReward(bytes32 id, bytes32 salt) external returns (uint256 amount);

    /// @notice Takes what is due from a validator: the surcharge once its window is over, an absence once its delay is.
    /// Anyone; custody calls it before stake leaves. Does nothing if nothing is due.
    function settle(uint64 validator) external;

    /// @notice Jails a validator that was absent throughout `jailAfter` epochs in which it had a duty, and charges it
    /// after a delay. Anyone.
    /// @param fromEpoch First epoch of the run
    /// @param seats Its seat in the registry of each epoch from there on; epochs without a duty are passed over
    function chargeAbsence(uint64 validator, Epoch fromEpoch, Seat[] calldata seats) external;

    /// @notice Jails a validator and charges it as if all had been absent, after the delay. The recovery. Does nothing
    /// more if a charge waits already.
    function leak(uint64 validator) external;

    /// @notice Wants a surcharge or an absence to lapse. An authority's operator or vote address; it lapses once more
    /// than 2/3 of the authorities not convicted, and at least a third of all, want it. They are those of the registry
    /// in force at the first such call.
    /// @param surcharge Or the absence
    /// @param seat The authority's seat in that registry
    /// @param reason For the record
    function veto(uint64 validator, bool surcharge, Seat seat, string calldata reason) external;

    /// @notice Spends from the slashing pool: restitution. Governance.
    function spend(address to, uint256 amount) external;

    /// @notice Whether `submitVotes` would convict now, whom, of what, and the reward; reverts as it would.
    function check(
        VotePair calldata pair
    ) external view returns (uint64 validator, bytes32 offence, uint256 penalty, uint256 reward);

    /// @notice Whom `submitContradiction` would convict, by seat of the first statement's registry, and the offence as of
    /// validator 0, which is what to commit to for a group; reverts as it would, except that it does not ask who is
    /// convicted already.
    function checkContradiction(
        Contradiction calldata contradiction
    ) external view returns (uint256[4] memory seats, bytes32 offence);

    /// @notice Identity of an offence.
    /// @param domain Domain of the first statement
    /// @param position View; the term if the second is a NULLIFY; the lower height of two checkpoints
    function offenceOf(
        uint64 validator,
        bytes32 domain,
        uint256 position,
        uint8 firstKind,
        uint8 secondKind
    ) external pure returns (bytes32);

    /// @notice What to commit to.
    function commitmentOf(address reporter, bytes32 offence, bytes32 salt) external pure returns (bytes32);

    /// @notice Whether the offence is on record for the validator. A first offence is remembered by 16 bits: another is
    /// taken for it once in 65,536 times, and costs the same: nothing.
    function charged(uint64 validator, bytes32 offence) external view returns (bool);

    /// @notice What was convicted of a validator and when its surcharge is due; zeros if nothing was.
    function record(uint64 validator) external view returns (Record memory);

    /// @notice A group that is not executed to the end; zeros for another.
    function group(bytes32 id) external view returns (Group memory);

    /// @notice A validator's charge for unavailability; `dueAt` 0 if none waits.
    function absence(uint64 validator) external view returns (Absence memory);

    /// @notice A reward that is kept back; zeros if there is none, or it was taken.
    function claim(bytes32 id) external view returns (Claim memory);

    /// @notice What was convicted in the span of time `number`.
    function bucket(uint64 number) external view returns (Bucket memory);

    /// @notice Length of the spans by which convictions are counted, s: the window reaches from the span of a conviction
    /// as many spans back and forth as it takes to cover `correlationWindow`.
    function bucketTime() external view returns (uint256);

    /// @notice What a validator's penalty would be in all, if its window ended now, and the share that makes it so.
    /// @return together Parts of 10^9
    /// @return fraction Millionths
    function surchargeOf(uint64 validator) external view returns (uint256 together, uint256 fraction);

    /// @notice Tokens held for governance to decide about; what custody still owes is added by its `collectSlashed`.
    function slashingPool() external view returns (uint256);

    /// @notice Module that tells who was absent.
    function distributor() external view returns (address);
}
