// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accounting, Checkpoint, Commitment, CoreAddresses, Genesis} from "../../types/Messages.sol";
import {Epoch, G2Point, Mode} from "../../types/Types.sol";
import {IElections} from "../staking/IElections.sol";

/// @title Checkpoints of the chain, and its hand-overs
/// @notice Accepts checkpoints (protocol.md section 8) signed by a quorum of the epoch's recorded registry, under the mode
/// this contract itself has on record, and keeps the schedule of registries and modes that boundaries commit to. Stamps
/// are milliseconds since 1970; times of acceptance are seconds of the settlement chain unless a name says otherwise.
interface ICheckpointManager {
    /// @notice A boundary's content (tag 15). `registryNext` must be the root on record for e + 1, `registryAfter` the
    /// candidate sealed for e + 2 or `registryNext` again, `modeNext` the mode wanted by the boundary before or the present.
    /// @param commitment Registries and modes of the epochs to come
    /// @param accounting What the epoch is paid by
    struct Boundary {
        Commitment commitment;
        Accounting accounting;
    }

    /// @notice Who signed.
    /// @param signature Aggregate of the signatures
    /// @param present Whether `seats` lists those who signed, or those of the signing set who did not
    /// @param seats Seats, two bytes big-endian each, strictly ascending, members of the signing set only
    struct Proof {
        G2Point signature;
        bool present;
        bytes seats;
    }

    /// @notice A checkpoint with its proof.
    /// @param checkpoint What was signed
    /// @param boundary Content that its `boundary` is the hash of; all zero unless it is a boundary
    /// @param proof Who signed
    struct Submission {
        Checkpoint checkpoint;
        Boundary boundary;
        Proof proof;
    }

    /// @notice The block that a recovery goes on from (protocol.md section 6).
    /// @param height Its height
    /// @param views View that the recovery names
    /// @param stamp Its stamp, ms
    /// @param blockHash Its hash
    /// @param snapshot Blob of the registry sealed again for the next epoch
    /// @param submitter Who gets the credit for the boundary
    struct RecoveryPoint {
        uint64 height;
        uint64 views;
        uint64 stamp;
        bytes32 blockHash;
        address snapshot;
        address submitter;
    }

    /// @notice The last checkpoint accepted.
    /// @param height Height; 0 before any
    /// @param stamp Its block's stamp, ms; genesis' before any
    /// @param acceptedAt When it was accepted, seconds; when `start` was called before any
    /// @param count Checkpoints accepted so far
    /// @param epoch Epoch now: the boundary before it is accepted, its own is not
    struct Last {
        uint64 height;
        uint64 stamp;
        uint40 acceptedAt;
        uint32 count;
        Epoch epoch;
    }

    /// @notice What is on record of an epoch.
    /// @param snapshot Blob of its registry; zero while not recorded
    /// @param registryRoot Its `snapshotHash`
    /// @param seal Number of the seal that made it
    /// @param incarnation Recoveries before it
    /// @param mode Its mode, once `firstHeight` is not 0; before that the mode wanted for it
    /// @param firstHeight Height of its first block; 0 while the boundary before it is not accepted
    /// @param lastHeight Height of its last block; 0 likewise
    /// @param boundaryAt When its boundary was accepted, seconds; 0 while it is not
    /// @param accounting `accountingOf` it; zero likewise
    struct EpochRecord {
        address snapshot;
        bytes32 registryRoot;
        uint32 seal;
        uint32 incarnation;
        Mode mode;
        uint64 firstHeight;
        uint64 lastHeight;
        uint40 boundaryAt;
        bytes32 accounting;
    }

    /// @notice The chain began; its genesis hash is that of `genesis` (tag 30).
    event Started(bytes32 indexed genesisHash, Genesis genesis, CoreAddresses core);
    /// @notice A checkpoint was accepted. `seats` and `present` are the proof's list, for rebuilding the bitmap.
    event CheckpointAccepted(
        uint32 indexed index,
        Epoch indexed epoch,
        uint64 indexed height,
        bytes32 hash,
        Checkpoint checkpoint,
        bool present,
        bytes seats,
        address submitter
    );
    /// @notice An epoch ended here: its boundary's content, and the height the next one begins at.
    event BoundaryAccepted(Epoch indexed epoch, uint64 nextFirstHeight, Boundary boundary);
    /// @notice An epoch ended by recovery. `incarnation` is that of the epochs from the next one on; `registryRoot` is the
    /// registry sealed again for the next two, both in Secure.
    event EpochRecovered(
        Epoch indexed epoch,
        uint32 incarnation,
        uint64 nextFirstHeight,
        bytes32 indexed blockHash,
        bytes32 indexed registryRoot,
        Accounting accounting
    );
    /// @notice Recovery was opened: checkpoints stamped up to then (seconds) reset no clock.
    event StallNoted(uint40 stalledAt);
    /// @notice The registry of an epoch was recorded; `carried`: it is the one of the epoch before, again.
    event RegistryRecorded(Epoch indexed epoch, bytes32 indexed registryRoot, uint32 seal, bool carried);

    /// @notice `start` was called before: a chain begins once.
    error CheckpointManagerAlreadyStarted();
    /// @notice The chain has not begun: there is no domain to sign in.
    error CheckpointManagerNotStarted();
    /// @notice An address of the core does not match what the contracts are wired to.
    error CheckpointManagerWrongCore(string name, address given);
    /// @notice The height is not above the last accepted one's, or beyond the current epoch.
    error CheckpointManagerBadHeight(uint64 height, uint64 last, uint64 lastOfEpoch);
    /// @notice Last block of an epoch without boundary content, or another with; or content that does not match.
    error CheckpointManagerBadBoundary();
    /// @notice `registryNext` is not the recorded root, or `registryAfter` neither the candidate's nor the last one.
    error CheckpointManagerBadRegistry(bytes32 given, bytes32 expected);
    /// @notice The registry was carried over too often in a row beside a candidate that could decide and could be seen.
    error CheckpointManagerCarriedTooOften();
    /// @notice The boundary begins the next epoch in a mode that is neither the one wanted for it nor the present one.
    error CheckpointManagerBadMode(Mode given, Mode wanted, Mode present);
    /// @notice A seat is not in the signing set, or the list is not strictly ascending or not of whole entries.
    error CheckpointManagerBadSeats();
    /// @notice Too few signed: authorities and stake of the signers out of those of the set.
    error CheckpointManagerNoQuorum(uint256 authorities, uint256 ofAuthorities, uint256 stake, uint256 ofStake);
    /// @notice The signature is infinity, or not that of the signers named over this checkpoint in this domain.
    error CheckpointManagerBadSignature();
    /// @notice No registry is on record for this epoch yet.
    error CheckpointManagerNotRecorded(Epoch epoch);

    /// @notice Begins the chain: seals the first registry, computes and stores the genesis hash. Governance, once.
    /// @param core The core contracts
    /// @param mode Mode of epochs 0 and 1
    /// @param stateRoot Ledger state at genesis
    /// @param hints For the seal
    function start(
        CoreAddresses calldata core,
        Mode mode,
        bytes32 stateRoot,
        IElections.SealHints calldata hints
    ) external returns (bytes32 genesisHash);

    /// @notice Accepts a checkpoint that is no boundary. Anyone.
    function submit(Checkpoint calldata checkpoint, Proof calldata proof) external;

    /// @notice Accepts a boundary checkpoint. Anyone.
    function submitBoundary(Submission calldata submission) external;

    /// @notice Accepts several in order, boundaries among them. Anyone.
    function submitMany(Submission[] calldata submissions) external;

    /// @notice Accepts the boundary of e and seals the candidate of e + 3 in one transaction. Anyone.
    function submitAndSeal(Submission calldata submission, IElections.SealHints calldata hints) external;

    /// @notice Notes that recovery of the present epoch was opened. Until a younger checkpoint, a boundary or a recovery point is
    /// accepted, a checkpoint stamped at `stalledAt` or before is recorded and does not move `lastAcceptedAt`. The
    /// recovery module.
    /// @param stalledAt Opening less the stall, seconds
    function noteStall(uint40 stalledAt) external;

    /// @notice Ends the present epoch at a recovery point, which counts as acceptance of its boundary: the next two epochs
    /// are served by the registry sealed again, in Secure and under the next incarnation; the candidate of the second
    /// is void. The epoch's accounting has the point's stamp, `views` views, the neutral multiplier and the empty
    /// vector. The recovery module.
    function recover(RecoveryPoint calldata point) external returns (uint32 incarnation);

    /// @notice Id of the chain that is checkpointed here.
    function chainId() external view returns (uint64);

    /// @notice Zero before `start`.
    function genesisHash() external view returns (bytes32);

    /// @notice When `start` was called, ms; 0 before.
    function genesisStamp() external view returns (uint64);

    /// @notice The epoch whose boundary is due next.
    function epochNow() external view returns (Epoch);

    /// @notice The last checkpoint accepted, or what stands for it before any.
    function lastCheckpoint() external view returns (Last memory);

    /// @notice When the last checkpoint was accepted, ms: what headers call `settledAt`. `start`'s time before any. Those of
    /// before the stall that an open recovery is about do not count.
    function lastAcceptedAt() external view returns (uint64);

    /// @notice Stamp of the last checkpoint accepted, ms.
    function lastAcceptedStamp() external view returns (uint64);

    /// @notice Whether checkpoint number `index` (from 0) is among the last 64, has this hash and was submitted by
    /// `submitter`. Events tell all three.
    function isRecent(uint32 index, bytes32 hash, address submitter) external view returns (bool);

    /// @notice What a boundary left for the pay of its epoch: keccak256(abi.encode(hash of its accounting (tag 16), who
    /// submitted it)); zero while the boundary is not accepted.
    function accountingOf(Epoch epoch) external view returns (bytes32);

    /// @notice What is on record of an epoch; zeros while nothing is.
    function epochRecord(Epoch epoch) external view returns (EpochRecord memory);

    /// @notice Recorded registry of an epoch: its root (zero while not recorded), its seal and its blob.
    function recordedRegistry(Epoch epoch) external view returns (bytes32 registryRoot, uint32 seal, address snapshot);

    /// @notice Second the boundary of an epoch was accepted at; 0 while it was not.
    function boundaryAcceptedAt(Epoch epoch) external view returns (uint40);

    /// @notice How often in a row a registry was carried over beside a sealed candidate, without those times when no
    /// quorum of the next epoch's mode could have come from the candidate, or when it was sealed less than
    /// `ConsensusParameters.settlementLag` before the stamp of the epoch's last block, or after it.
    function carriedOver() external view returns (uint8);

    /// @notice Blob of the snapshot with this root that the contracts sealed or carried over for an epoch and
    /// incarnation, recorded or only sealed so far; zero address if there is none. What evidence is judged by.
    function snapshotFor(Epoch epoch, uint32 incarnation, bytes32 registryRoot) external view returns (address);

    /// @notice A domain as it was signed, `snapshotFor` it (zero: none), and whether that is long ago.
    /// @param mode Taken as given: what was signed under another mode than the epoch's is evidence too
    /// @param within Seconds; `type(uint256).max` if age is no matter
    /// @return hash The domain's (tag 01)
    /// @return snapshot The blob
    /// @return boundaryAt When its epoch's boundary was accepted if that is `within` seconds ago or more; else 0
    function domainFor(
        Epoch epoch,
        uint32 incarnation,
        Mode mode,
        bytes32 registryRoot,
        uint256 within
    ) external view returns (bytes32 hash, address snapshot, uint40 boundaryAt);

    /// @notice Signing domain (tag 01) of an epoch on record.
    function domain(Epoch epoch) external view returns (bytes32);

    /// @notice Hash of a checkpoint in the domain of an epoch on record: what is signed.
    function hashOf(Epoch epoch, Checkpoint calldata checkpoint) external view returns (bytes32);
}
