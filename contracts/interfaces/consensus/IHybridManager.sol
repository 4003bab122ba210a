// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoint, Header} from "../../types/Messages.sol";
import {Epoch, G2Point, Mode} from "../../types/Types.sol";
import {ICheckpointManager} from "./ICheckpointManager.sol";

/// @title Who charges what a leak leaves out
/// @notice The part of SlashingManager that the recovery module is allowed to call.
interface ILeakSlasher {
    /// @notice Jails a validator and charges it for unavailability. The recovery module; total over every state of a known
    /// validator.
    function leak(uint64 validator) external;
}

/// @title Modes, leases, recovery and leak
/// @notice Arbitrates when the chain has lost its quorum or its stake refuses to back it (protocol.md section 6): which
/// block it goes on from, and with whom. Restricts nobody: every function is for anyone who can prove what it takes.
/// Stamps are milliseconds since 1970, times seconds of the settlement chain.
interface IHybridManager {
    /// @notice A recovery, open or over.
    /// @param epoch Epoch that is recovered
    /// @param openedAt When it was opened
    /// @param graceEnd When certificates were posted for long enough; fixed at the opening
    /// @param quietSince When the last checkpoint before the opening was accepted: the leak counts from here
    /// @param cancelStamp A checkpoint accepted later cancels if its stamp is above this (opening - stall), ms
    /// @param count Checkpoints accepted before the opening
    /// @param fast Whether the epoch is or the next one may be Fast
    /// @param activated Whether it restarted the chain
    /// @param postedView View of the highest certificate posted; 0: none
    /// @param postedHeight Its block's height
    /// @param postedHash Its block
    /// @param rounds Rounds of the leak so far
    /// @param lastRoundAt When the last one was
    struct Recovery {
        Epoch epoch;
        uint40 openedAt;
        uint40 graceEnd;
        uint40 quietSince;
        uint64 cancelStamp;
        uint32 count;
        bool fast;
        bool activated;
        uint64 postedView;
        uint64 postedHeight;
        bytes32 postedHash;
        uint32 rounds;
        uint40 lastRoundAt;
    }

    /// @notice Bitmaps over seats, bit j of word k = seat 256 k + j.
    /// @param heard Seats of R_e whose RESTART signature was verified, for whatever block
    /// @param heardNext The same of R_(e+1)
    /// @param left Seats of R_e that the leak left out; who is heard later counts again
    /// @param leftNext The same of R_(e+1), for validators with the same key on the same seat
    /// @param charged Seats of R_e whose charge was executed
    struct Attendance {
        uint256[4] heard;
        uint256[4] heardNext;
        uint256[4] left;
        uint256[4] leftNext;
        uint256[4] charged;
    }

    /// @notice A certificate of the epoch with the block it certifies.
    /// @param isFinal Whether it certifies FINALIZE; NOTARIZE otherwise
    /// @param viewNumber View of the votes: the header's own, or later for an epoch's last block proposed again
    /// @param parentView As signed
    /// @param header The block's
    /// @param proof Signers, members of the mode's voting set; in Fast the list names the present
    struct Certificate {
        bool isFinal;
        uint64 viewNumber;
        uint64 parentView;
        Header header;
        ICheckpointManager.Proof proof;
    }

    /// @notice The last checkpoint accepted, as its event told it. Not looked at where the last thing accepted is genesis
    /// or a recovery.
    /// @param submitter Who submitted it
    /// @param checkpoint Its content
    struct Anchor {
        address submitter;
        Checkpoint checkpoint;
    }

    /// @notice RESTART signatures of one block, added up.
    /// @param signature Their sum; who is listed by both lists (with different keys) counts once for each
    /// @param present Whether `seats` names those of W_e who signed, or those who did not
    /// @param seats Seats of W_e, two bytes big-endian each, strictly ascending
    /// @param nextPresent The same for W_(e+1), the largest it may still be
    /// @param nextSeats Seats of W_(e+1); one with the same key on the same seat of W_e need not be named twice, and must
    /// not be unless its signature is added twice
    struct RestartProof {
        G2Point signature;
        bool present;
        bytes seats;
        bool nextPresent;
        bytes nextSeats;
    }

    /// @notice Recovery number `id` of an epoch was opened.
    event RecoveryOpened(uint32 indexed id, Epoch indexed epoch, uint40 graceEnd, bool fast);
    /// @notice A certificate was verified; `highest`: it was posted in grace and is the highest so far.
    event CertificatePosted(
        uint32 indexed id,
        uint64 indexed viewNumber,
        bytes32 indexed blockHash,
        bool isFinal,
        bool highest,
        Certificate certificate
    );
    /// @notice RESTART signatures were verified; the bitmaps are those of this call, in both registries.
    event RestartVoted(
        uint32 indexed id,
        uint64 indexed viewNumber,
        bytes32 indexed blockHash,
        uint256[4] present,
        uint256[4] next
    );
    /// @notice A round of the leak left out these seats of R_e.
    event LeakRound(uint32 indexed id, uint32 indexed round, uint256[4] seats, uint256 stake);
    /// @notice A validator that a leak left out was jailed and charged.
    event LeakCharged(uint32 indexed id, uint64 indexed validator);
    /// @notice The chain goes on from this block.
    event RecoveryActivated(
        uint32 indexed id,
        Epoch indexed epoch,
        uint32 incarnation,
        uint64 viewNumber,
        bytes32 indexed blockHash,
        uint64 height
    );
    /// @notice An authority left out by a recovery showed itself.
    event AuthorityReturned(uint64 indexed validator);

    /// @notice Checkpoints stopped too recently; recovery can be opened from `from` on.
    error HybridManagerNotStalled(uint256 from);
    /// @notice Recovery `id` of the present epoch is open already.
    error HybridManagerAlreadyOpen(uint32 id);
    /// @notice A recovery ends in Secure, and the next epoch's registry has fewer than the 3 stakers with weight that
    /// this takes: nothing would be left that could decide. Such a network goes on by its authorities, or by governance.
    error HybridManagerTooFewStakers();
    /// @notice No recovery is open: none was opened, or a checkpoint ended it, or it is over.
    error HybridManagerNotOpen();
    /// @notice Grace lasts until `until`.
    error HybridManagerStillGrace(uint256 until);
    /// @notice The certificate is not above the highest posted.
    error HybridManagerNotHigher(uint64 viewNumber, uint64 posted);
    /// @notice The block is below what is accepted, or beside it.
    error HybridManagerBelowFloor(uint64 viewNumber, bytes32 blockHash);
    /// @notice The checkpoint given is not the last one accepted.
    error HybridManagerNotLast();
    /// @notice The header does not fit the certificate: a view of its own above the certificate's.
    error HybridManagerBadHeader();
    /// @notice No certificate of this block was posted.
    error HybridManagerNotCertified(uint64 viewNumber, bytes32 blockHash);
    /// @notice Too little stake asked for this restart: in e, or in e + 1 under `mode`.
    error HybridManagerNoQuorum(bool next, Mode mode, uint256 stake, uint256 ofStake);
    /// @notice The next round of the leak begins at `from`.
    error HybridManagerNotYet(uint256 from);
    /// @notice Nobody is left that this round could leave out.
    error HybridManagerNothingToLeak();
    /// @notice The seat was not left out, or is charged already.
    error HybridManagerNotLeft(uint16 seat);
    /// @notice The READY is not of today or yesterday, or not the validator's signature.
    error HybridManagerBadReturn(uint64 validator);

    /// @notice Opens recovery of the present epoch once no checkpoint was accepted for `stall`.
    function open() external returns (uint32 id);

    /// @notice Verifies a certificate of the epoch under recovery, not below what is accepted. In grace each must be of a
    /// higher view than the last, whose number is not limited; afterwards it only makes the block known for `activate`.
    function post(Certificate calldata certificate, Anchor calldata last) external;

    /// @notice Verifies RESTART signatures of a block, after grace: an aggregate, or a validator's own. All those verified
    /// for one block count together.
    function restart(uint64 viewNumber, bytes32 blockHash, RestartProof calldata proof) external;

    /// @notice Restarts the chain from a block once more than two thirds of the stake of W_e and of W_(e+1), in each mode
    /// that e + 1 may still get, asked for it; without who the leak left out. Counts as acceptance of boundary e.
    /// @param viewNumber View that the RESTART signatures name; 0 is the accepted boundary or recovery point before e
    /// @param blockHash The block
    /// @param last The last checkpoint accepted
    function activate(uint64 viewNumber, bytes32 blockHash, Anchor calldata last) external returns (uint32 incarnation);

    /// @notice Runs a round of the leak: leaves out stake of R_e that did not ask for any restart in this recovery. From
    /// `nextRoundAt` on.
    function leak() external returns (uint256[4] memory seats, uint256 stake);

    /// @notice Jails and charges validators that a leak left out, on a page of seats of R_e. Stays open when the recovery
    /// is over, and for who asked for a restart later.
    function charge(uint32 id, uint16[] calldata seats) external;

    /// @notice Lets an authority that a recovery left out count again from the next seal on: by its READY in the present
    /// epoch, of today or yesterday.
    function comeBack(uint64 validator, uint32 day, G2Point calldata signature) external;

    /// @notice Number of the last recovery opened; 0: none.
    function recoveryCount() external view returns (uint32);

    /// @notice Whether the last recovery opened is still open.
    function isOpen() external view returns (bool);

    /// @notice A recovery by its number, from 1 to `recoveryCount()`; zeros for another.
    function recovery(uint32 id) external view returns (Recovery memory);

    /// @notice Who was heard, left out and charged in a recovery; zeros for a number not given out.
    function attendance(uint32 id) external view returns (Attendance memory);

    /// @notice Stake that asked for a restart from a block, and what it is weighed against, without who was left out.
    /// @param next Of R_(e+1), under `mode`; else of R_e, in its own
    function support(
        uint64 viewNumber,
        bytes32 blockHash,
        bool next,
        Mode mode
    ) external view returns (uint256 stake, uint256 ofStake);

    /// @notice From when on recovery can be opened if no checkpoint is accepted before, seconds.
    function stalledAt() external view returns (uint256);

    /// @notice From when on the next round of the leak can be run, seconds: after `leakAfter` without a checkpoint, a round
    /// after grace, and a round after the last one.
    function nextRoundAt() external view returns (uint256);

    /// @notice Until when blocks may be voted for under the last checkpoint accepted, by their stamps, ms.
    function settlementLease() external view returns (uint64);

    /// @notice An epoch's mode on record; `isFixed` once the boundary before it is accepted, else it may also become that
    /// of the epoch before.
    function modeOf(Epoch epoch) external view returns (Mode mode, bool isFixed);

    /// @notice Governance's mode request: no mode less secure than this is wanted.
    function modeRequest() external view returns (Mode);

    /// @notice Block an epoch began at if a recovery began it, else zero.
    function recoveryPointOf(Epoch epoch) external view returns (bytes32);
}
