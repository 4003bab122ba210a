// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch, Checkpoint, Header, Receipt} from "../../types/Messages.sol";
import {Epoch} from "../../types/Types.sol";

/// @title Proofs that something stands in the chain
/// @notice From one of the last 64 checkpoints that CheckpointManager accepted down to a block of any height below it,
/// and from that block's header to its batches, transactions and receipts. Views only: a contract that pays by such a
/// proof calls them itself and keeps track of what it has paid. A header's receipts are those of the block `rootLag`
/// heights below it, as `Params` of its registry tells.
interface IInclusionLens {
    /// @notice A checkpoint in CheckpointManager's ring, as its event told it.
    /// @param index Number of the checkpoint
    /// @param epoch Its epoch
    /// @param submitter Who submitted it
    /// @param checkpoint Its content
    struct Anchor {
        uint32 index;
        Epoch epoch;
        address submitter;
        Checkpoint checkpoint;
    }

    /// @notice The way from a block to a checkpoint's `blocksRoot`.
    /// @param path Siblings within the tree of the range that holds the block, from the leaf upwards
    /// @param peaks Of the range's perfect trees, left to right
    struct BlockProof {
        bytes32[] path;
        bytes32[] peaks;
    }

    /// @notice The way from a leaf to a header's or a batch's root.
    /// @param index Number of the leaf, from 0
    /// @param path Siblings from the leaf upwards
    struct LeafProof {
        uint32 index;
        bytes32[] path;
    }

    /// @notice The checkpoint is not one of the last 64, or not this.
    error InclusionLensNotRecent(uint32 index);
    /// @notice The block does not stand at this height below the checkpoint.
    error InclusionLensNotInChain(uint64 height, bytes32 blockHash);
    /// @notice The leaf does not stand under the root.
    error InclusionLensNotUnderRoot(bytes32 root, bytes32 leaf);

    /// @notice Proves that the block of a height has this hash; reverts if the proof does not show it.
    function proveBlock(
        Anchor calldata anchor,
        uint64 height,
        bytes32 blockHash,
        BlockProof calldata proof
    ) external view;

    /// @notice Proves that a block with this header stands in the chain, at the header's height.
    /// @param domain The header's signing domain (tag 01): part of the hash and so proved with it
    /// @return blockHash Its hash
    function proveHeader(
        Anchor calldata anchor,
        bytes32 domain,
        Header calldata header,
        BlockProof calldata proof
    ) external view returns (bytes32 blockHash);

    /// @notice Whether the batch is one of the header's.
    function hasBatch(
        Header calldata header,
        Batch calldata batch,
        LeafProof calldata proof
    ) external pure returns (bool);

    /// @notice Whether the transaction is one of the batch's.
    function hasTransaction(
        Batch calldata batch,
        bytes32 transactionHash,
        LeafProof calldata proof
    ) external pure returns (bool);

    /// @notice Whether the receipt is one of those that the header carries.
    function hasReceipt(
        Header calldata header,
        Receipt calldata receipt,
        LeafProof calldata proof
    ) external pure returns (bool);

    /// @notice Proves a transaction all the way: checkpoint, block, batch, transaction; reverts if anything does not fit.
    function proveTransaction(
        Anchor calldata anchor,
        bytes32 domain,
        Header calldata header,
        BlockProof calldata inChain,
        Batch calldata batch,
        LeafProof calldata inBlock,
        bytes32 transactionHash,
        LeafProof calldata inBatch
    ) external view;

    /// @notice Proves a receipt all the way: checkpoint, block, receipt.
    function proveReceipt(
        Anchor calldata anchor,
        bytes32 domain,
        Header calldata header,
        BlockProof calldata inChain,
        Receipt calldata receipt,
        LeafProof calldata inBlock
    ) external view;
}
