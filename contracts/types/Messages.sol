// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Epoch, Mode, WholeTokens} from "./Types.sol";

// The values whose hashes validators sign or contracts store. Fields stand in the order in which ConsensusCodec hashes
// them; stamps are milliseconds since 1970.

/// @notice Where a signature counts: signatures of different domains never count together, neither for quorums nor for
/// slashing.
/// @param chainId the consensus chain's id
/// @param genesisHash hash of its genesis header
/// @param epoch the epoch voted in
/// @param incarnation number of recoveries so far
/// @param mode the epoch's mode
/// @param registryRoot snapshot hash of the epoch's registry
struct Domain {
    uint64 chainId;
    bytes32 genesisHash;
    Epoch epoch;
    uint32 incarnation;
    Mode mode;
    bytes32 registryRoot;
}

/// @notice What the backing set signs every checkpoint interval and at the end of each epoch.
/// @param height the block's height
/// @param viewNumber the view in the block's own header
/// @param stamp the header's stamp
/// @param blockHash hash of the header
/// @param stateRoot state after the block
/// @param blocksRoot root of the Merkle mountain range over the block hashes of all heights from 0
/// @param previous hash of the previous checkpoint due in this chain, of the first one the genesis hash
/// @param boundary the `Boundary`'s hash if the block is the last of its epoch, else 0
struct Checkpoint {
    uint64 height;
    uint64 viewNumber;
    uint64 stamp;
    bytes32 blockHash;
    bytes32 stateRoot;
    bytes32 blocksRoot;
    bytes32 previous;
    bytes32 boundary;
}

/// @notice A block's header; its hash is the block's.
/// @param viewNumber view of the proposal
/// @param parentView view in which the parent was certified
/// @param parentHash the parent's hash
/// @param height the parent's and 1
/// @param stamp at least the parent's and the mode's block time
/// @param refNumber settlement block that the block reads the contracts at
/// @param refHash its hash
/// @param settledAt time of the last checkpoint accepted as read there, ms
/// @param inboxCursor number of forced transactions consumed so far
/// @param feeRecipient ledger account that receives the block's tips
/// @param vrfOutput hash of the leader's VRF signature
/// @param batchesRoot Merkle root of the batch digests
/// @param stateRoot state after the block `rootLag` heights below (at least height 0)
/// @param receiptsRoot receipts of that block
/// @param certificatesHash hash of the list of certificates carried
/// @param lateVotesHash hash of the list of late votes carried
/// @param commitment the `Commitment`'s hash if the block is the last of its epoch, else 0
struct Header {
    uint64 viewNumber;
    uint64 parentView;
    bytes32 parentHash;
    uint64 height;
    uint64 stamp;
    uint64 refNumber;
    bytes32 refHash;
    uint64 settledAt;
    uint64 inboxCursor;
    address feeRecipient;
    bytes32 vrfOutput;
    bytes32 batchesRoot;
    bytes32 stateRoot;
    bytes32 receiptsRoot;
    bytes32 certificatesHash;
    bytes32 lateVotesHash;
    bytes32 commitment;
}

/// @notice A batch of transactions as its author announced it.
/// @param chainId the consensus chain's id
/// @param author validator id
/// @param sequence number of the author's batch
/// @param count number of transactions
/// @param size their bytes
/// @param transactionsRoot Merkle root of the transaction hashes
struct Batch {
    uint64 chainId;
    uint64 author;
    uint64 sequence;
    uint32 count;
    uint32 size;
    bytes32 transactionsRoot;
}

/// @notice What became of a transaction of the embedded ledger.
/// @param transactionHash of its signed envelope
/// @param index its place in the block
/// @param status 1 if it had its effect
/// @param gasUsed gas
/// @param fee what it cost its sender, base units
struct Receipt {
    bytes32 transactionHash;
    uint32 index;
    uint8 status;
    uint64 gasUsed;
    uint256 fee;
}

/// @notice What the last block of epoch e decides about the epochs after it.
/// @param registryNext snapshot hash of the registry of e + 1
/// @param registryAfter snapshot hash of the registry of e + 2
/// @param modeNext mode of e + 1
/// @param modeWanted mode wanted for e + 2
/// @param seedNext seed of e + 1
struct Commitment {
    bytes32 registryNext;
    bytes32 registryAfter;
    Mode modeNext;
    Mode modeWanted;
    bytes32 seedNext;
}

/// @notice What the pay for an epoch is computed from.
/// @param epoch the epoch
/// @param views its number of views
/// @param stamp its last block's stamp
/// @param loadMultiplier millionths
/// @param vectorHash plain keccak256 of the participation vector: per seat missed and proposed, 16 bits each
struct Accounting {
    Epoch epoch;
    uint64 views;
    uint64 stamp;
    uint32 loadMultiplier;
    bytes32 vectorHash;
}

/// @notice The genesis header; its hash names the chain.
/// @param chainId the consensus chain's id
/// @param settlementChainId the settlement chain's
/// @param addressesHash hash of the core contracts' addresses
/// @param snapshotHash registry of the first epochs
/// @param mode mode of epochs 0 and 1
/// @param stateRoot the ledger's state at height 0
/// @param stamp time of the settlement block that started the chain, ms
struct Genesis {
    uint64 chainId;
    uint64 settlementChainId;
    bytes32 addressesHash;
    bytes32 snapshotHash;
    Mode mode;
    bytes32 stateRoot;
    uint64 stamp;
}

/// @notice Preimage of a registry's snapshot hash.
/// @param keysRoot Merkle root of the key leaves of 1024 seats
/// @param weightsRoot Merkle root of the 128 packed weight words
/// @param n number of seats
/// @param nAuth the first seats, which are the authorities'
/// @param suspended authorities that count in no sum: bit i is seat i
/// @param totalStake sum of all weights
/// @param backing members of the backing set: bit j of word k is seat 256·k + j
/// @param backingStake sum of their weights, authorities not suspended among them
/// @param paramsHash hash of the parameters
struct SnapshotHeader {
    bytes32 keysRoot;
    bytes32 weightsRoot;
    uint16 n;
    uint16 nAuth;
    uint256 suspended;
    WholeTokens totalStake;
    uint256[4] backing;
    WholeTokens backingStake;
    bytes32 paramsHash;
}

/// @notice One value for each mode.
struct PerMode {
    uint64 fast;
    uint64 balanced;
    uint64 secure;
}

/// @notice The parameters that a registry carries (protocol.md section 1); times in ms unless named otherwise.
/// @param epochLength blocks
/// @param checkpointInterval blocks
/// @param blockTime least time between blocks
/// @param delta bound on message delivery, verification and durable write together
/// @param termViews views of one leader in Fast; 1 elsewhere
/// @param ahead views that a leader may propose beyond the last notarization
/// @param lease how long Fast goes on without a backed checkpoint
/// @param settleLease how long any mode goes on without an accepted checkpoint
/// @param refLag age at which leaders name a settlement block
/// @param settleDepth settlement blocks below the head that count as final; 0 is the finalized tag
/// @param drift how far a stamp may be ahead of a voter's clock
/// @param rootLag blocks between a block and the state root it carries
/// @param maxBlockBytes bytes of a block's batches
/// @param voteWindow views in which a leader may carry a late vote
/// @param forceAfter ms after which an entry of the forced inbox must be included
/// @param forceQuota bytes of forced entries that a block includes before it may stop
/// @param modeFloor governance's mode request: the wanted mode is never less secure; 0 Fast, 1 Balanced, 2 Secure
/// @param fastEntryLoad load below which Fast may be entered; loads and availabilities in millionths
/// @param fastExitLoad load above which Fast is left
/// @param fastEntryAvailability availability of the authorities above which Fast may be entered
/// @param fastExitAvailability availability of the authorities below which Fast is left
/// @param secureAvailability availability of the authorities below which Secure is wanted
/// @param residency epochs that a mode lasts at least
/// @param targetLoad load that block capacity and load multiplier are steered to
/// @param capacityStep most that both change in an epoch, millionths of what they are
/// @param minBlockBytes block capacity never falls below; `maxBlockBytes` is the most
/// @param valueLimit value moved in an epoch, millionths of the supply, above which Secure is wanted; 0: not looked at
/// @param readyDays days for which a standby seat's READY may be carried
struct Params {
    PerMode epochLength;
    PerMode checkpointInterval;
    PerMode blockTime;
    PerMode delta;
    uint64 termViews;
    uint64 ahead;
    uint64 lease;
    uint64 settleLease;
    uint64 refLag;
    uint64 settleDepth;
    uint64 drift;
    uint64 rootLag;
    uint64 maxBlockBytes;
    uint64 voteWindow;
    uint64 forceAfter;
    uint64 forceQuota;
    uint64 modeFloor;
    uint64 fastEntryLoad;
    uint64 fastExitLoad;
    uint64 fastEntryAvailability;
    uint64 fastExitAvailability;
    uint64 secureAvailability;
    uint64 residency;
    uint64 targetLoad;
    uint64 capacityStep;
    uint64 minBlockBytes;
    uint64 valueLimit;
    uint64 readyDays;
}

/// @notice The contracts that a chain's genesis names.
struct CoreAddresses {
    address token;
    address registry;
    address pool;
    address queue;
    address elections;
    address checkpoints;
    address slashing;
}
