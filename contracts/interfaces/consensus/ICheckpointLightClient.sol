// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoint, Params, SnapshotHeader} from "../../types/Messages.sol";
import {Epoch, G1Point, G2Point, Mode} from "../../types/Types.sol";
import {ICheckpointManager} from "./ICheckpointManager.sol";

/// @title The chain's checkpoints, followed from another chain
/// @notice Makes the checks of CheckpointManager with nothing but what validators sign: registries are known by the
/// preimages of their roots, keys and weights of listed seats by Merkle proofs. Trusts what it was anchored to, once, and
/// from there on more than two thirds of the stake of each registry for the next. Two things it cannot decide: which of two
/// conflicting checkpoints is right (it freezes), and where a recovered chain goes on (it stalls until its owner, a
/// timelock of its own chain, anchors it again). Stamps are milliseconds since 1970, times seconds of this chain.
interface ICheckpointLightClient {
    /// @notice Live: the last checkpoint is what it seems. Stalled: the chain restarted elsewhere, or was silent for too
    /// long. Frozen: two conflicting checkpoints were shown.
    enum Status {
        Live,
        Stalled,
        Frozen
    }

    /// @notice Where to follow the chain from.
    /// @param epoch Epoch whose checkpoints come next
    /// @param incarnation Its incarnation
    /// @param mode Its mode
    /// @param wanted Mode wanted for the next one
    /// @param registry Root of its registry
    /// @param registryNext Root of the next one's
    /// @param firstHeight Height of its first block
    /// @param height Height that is settled already: `firstHeight` - 1, or that of a checkpoint
    /// @param stamp Stamp of that block, ms
    struct Anchor {
        Epoch epoch;
        uint32 incarnation;
        Mode mode;
        Mode wanted;
        bytes32 registry;
        bytes32 registryNext;
        uint64 firstHeight;
        uint64 height;
        uint64 stamp;
    }

    /// @notice A seat of a proof's list, with what proves its key and its weight.
    /// @param seat Seat
    /// @param key Its key
    /// @param keyPath Siblings in the tree of keys, from the leaf upwards
    /// @param word Weight word that the seat's weight is in
    /// @param wordPath Siblings in the tree of weight words, from the leaf upwards
    struct Listed {
        uint16 seat;
        G1Point key;
        bytes32[10] keyPath;
        uint256 word;
        bytes32[7] wordPath;
    }

    /// @notice Who signed.
    /// @param signature Aggregate of the signatures
    /// @param present Whether `seats` are those who signed, or those of the signing set who did not
    /// @param seats Strictly ascending
    struct Proof {
        G2Point signature;
        bool present;
        Listed[] seats;
    }

    /// @notice A checkpoint with its proof.
    /// @param checkpoint What was signed
    /// @param boundary Content that its `boundary` is the hash of; all zero unless it is a boundary
    /// @param proof Who signed
    struct Submission {
        Checkpoint checkpoint;
        ICheckpointManager.Boundary boundary;
        Proof proof;
    }

    /// @notice A seat on which a registry differs from the one it is built from.
    /// @param seat Seat
    /// @param before Its key there; all zero if it was vacant
    /// @param key Its key now; all zero if it is vacant
    /// @param path Siblings in the tree of keys as the seats before left it, from the leaf upwards
    struct Change {
        uint16 seat;
        G1Point before;
        G1Point key;
        bytes32[10] path;
    }

    /// @notice The chain is followed from here.
    event Anchored(Anchor anchor);
    /// @notice A registry is known with the sums of its keys.
    event RegistryKnown(bytes32 indexed registryRoot);
    /// @notice A checkpoint of the present epoch was accepted; `hash` is what was signed.
    event CheckpointAccepted(Epoch indexed epoch, uint64 indexed height, bytes32 indexed hash, Checkpoint checkpoint);
    /// @notice An epoch ended; the registry of the second one after it is named.
    event BoundaryAccepted(Epoch indexed epoch, bytes32 indexed registryAfter, Mode modeNext, Mode modeWanted);
    /// @notice More than two thirds of an epoch's stake asked for a restart.
    event RestartSeen(Epoch indexed epoch, uint64 viewNumber, bytes32 blockHash);
    /// @notice Two checkpoints of one height were signed by quorums.
    event Conflict(Epoch indexed epoch, uint64 indexed height, bytes32 first, bytes32 second);

    /// @notice Frozen, or the chain restarted elsewhere: nothing is accepted.
    error LightClientHalted(Status status);
    /// @notice The height is not above the last accepted one's, or beyond the epoch's last.
    error LightClientBadHeight(uint64 height, uint64 last, uint64 lastOfEpoch);
    /// @notice Last block of an epoch without boundary content, or another with; or content that does not match.
    error LightClientBadBoundary();
    /// @notice `registryNext` is not the root on record.
    error LightClientBadRegistry(bytes32 given, bytes32 expected);
    /// @notice The boundary begins the next epoch in a mode that is neither the one wanted for it nor the present one.
    error LightClientBadMode(Mode given, Mode wanted, Mode present);
    /// @notice The registry with this root is not known yet: `begin`, `change` and `finish` it.
    error LightClientUnknownRegistry(bytes32 registryRoot);
    /// @notice No checkpoint of this epoch can be weighed: it is not the one followed now, nor one whose beginning is
    /// on record.
    error LightClientUnknownEpoch(Epoch epoch);
    /// @notice The preimage does not have this root, or the parameters not the hash in it.
    error LightClientBadPreimage();
    /// @notice A key, a weight or a former key is not under the root it must be under.
    error LightClientBadProof(uint16 seat);
    /// @notice The list is not strictly ascending, or a seat is not in the signing set.
    error LightClientBadSeats();
    /// @notice The seats changed so far do not make the registry.
    error LightClientUnfinished();
    /// @notice Too few signed: authorities and stake of the signers out of those of the set. For a restart only stake
    /// counts.
    error LightClientNoQuorum(uint256 authorities, uint256 ofAuthorities, uint256 stake, uint256 ofStake);
    /// @notice The signature is infinity, or not that of the signers named over this message.
    error LightClientBadSignature();
    /// @notice The two checkpoints are one, or of different heights.
    error LightClientNoConflict();

    /// @notice Accepts a checkpoint of the present epoch. Anyone.
    function submit(Submission calldata submission) external;

    /// @notice Begins to build a registry, for the caller, from one that is known. Anyone.
    /// @param header Preimage of the new one's root
    /// @param params Preimage of the parameters' hash in it
    /// @param from Root of the known one; zero: from no seats at all
    function begin(SnapshotHeader calldata header, Params calldata params, bytes32 from) external;

    /// @notice Changes seats of the registry the caller builds: those whose key changed, and those that enter or leave
    /// the backing set or the members. Pages of any size.
    function change(bytes32 registryRoot, Change[] calldata changes) external;

    /// @notice Makes the registry that the caller built known to all.
    /// @param stakers Stakers' seats with weight, three of them, where the backing set does not show as many; else none.
    /// With fewer stakers in all, Secure has no quorum. Their keys need no proof
    function finish(bytes32 registryRoot, Listed[] calldata stakers) external;

    /// @notice Stalls on the proof that more than two thirds of the present epoch's stake asked for a restart. Anyone.
    function reportRestart(uint64 viewNumber, bytes32 blockHash, Proof calldata proof) external;

    /// @notice Freezes on two different checkpoints of one height, both signed by a quorum of the epoch. Anyone.
    function reportConflict(
        Epoch epoch,
        Checkpoint calldata first,
        Proof calldata firstProof,
        Checkpoint calldata second,
        Proof calldata secondProof
    ) external;

    /// @notice Anchors the client again: after a recovery, or once it is known which of two branches is the chain. Owner.
    function anchor(Anchor calldata from) external;

    /// @notice What the client can say of the chain now.
    function status() external view returns (Status);

    /// @notice Id of the chain that is followed, as in its domains.
    function chainId() external view returns (uint64);

    /// @notice Genesis hash of the chain that is followed.
    function genesisHash() external view returns (bytes32);

    /// @notice The epoch whose checkpoints come next, its incarnation, and the last height accepted.
    function position() external view returns (Epoch epoch, uint32 incarnation, uint64 height);

    /// @notice Stamp of the last block accepted, ms, and when it was, seconds.
    function lastAccepted() external view returns (uint64 stamp, uint40 acceptedAt);

    /// @notice Root of the registry of an epoch, its mode (fixed if `firstHeight` is not 0) and its first height.
    function epochOf(Epoch epoch) external view returns (bytes32 registryRoot, Mode mode, uint64 firstHeight);

    /// @notice Whether the registry with this root was built here, so that checkpoints can be weighed by it.
    function isKnown(bytes32 registryRoot) external view returns (bool);

    /// @notice Hash of the checkpoint accepted at a height since the client was anchored; zero if none was.
    function checkpointAt(uint64 height) external view returns (bytes32);

    /// @notice Whether a block of some height stands below an accepted checkpoint; what InclusionLens proves on the
    /// settlement chain. False when frozen.
    /// @param path Siblings within the tree of the range that holds the block
    /// @param peaks Of the range
    function hasBlock(
        Epoch epoch,
        Checkpoint calldata checkpoint,
        uint64 height,
        bytes32 blockHash,
        bytes32[] calldata path,
        bytes32[] calldata peaks
    ) external view returns (bool);
}
