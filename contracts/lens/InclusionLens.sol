// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICheckpointManager} from "../interfaces/consensus/ICheckpointManager.sol";
import {IInclusionLens} from "../interfaces/lens/IInclusionLens.sol";
import {ConsensusCodec} from "../libraries/ConsensusCodec.sol";
import {Inclusion} from "../libraries/Inclusion.sol";
import {Batch, Header, Receipt} from "../types/Messages.sol";

/// @title Proofs that something stands in the chain
contract InclusionLens is IInclusionLens {
    ICheckpointManager public immutable checkpoints;

    constructor(ICheckpointManager checkpoints_) {
        checkpoints = checkpoints_;
    }

    /// @inheritdoc IInclusionLens
    function proveTransaction(
        Anchor calldata anchor,
        bytes32 domain,
        Header calldata header,
        BlockProof calldata inChain,
        Batch calldata batch,
        LeafProof calldata inBlock,
        bytes32 transactionHash,
        LeafProof calldata inBatch
    ) external view {
        proveHeader(anchor, domain, header, inChain);
        if (!hasBatch(header, batch, inBlock)) {
            revert InclusionLensNotUnderRoot(header.batchesRoot, ConsensusCodec.batch(batch));
        }
        if (!hasTransaction(batch, transactionHash, inBatch)) {
            revert InclusionLensNotUnderRoot(batch.transactionsRoot, transactionHash);
        }
    }

    /// @inheritdoc IInclusionLens
    function proveReceipt(
        Anchor calldata anchor,
        bytes32 domain,
        Header calldata header,
        BlockProof calldata inChain,
        Receipt calldata receipt,
        LeafProof calldata inBlock
    ) external view {
        proveHeader(anchor, domain, header, inChain);
        if (!hasReceipt(header, receipt, inBlock)) {
            revert InclusionLensNotUnderRoot(header.receiptsRoot, ConsensusCodec.receipt(receipt));
        }
    }

    /// @inheritdoc IInclusionLens
    function proveHeader(
        Anchor calldata anchor,
        bytes32 domain,
        Header calldata header,
        BlockProof calldata proof
    ) public view returns (bytes32 blockHash) {
        blockHash = ConsensusCodec.header(domain, header);
        proveBlock(anchor, header.height, blockHash, proof);
    }

    /// @inheritdoc IInclusionLens
    function proveBlock(
        Anchor calldata anchor,
        uint64 height,
        bytes32 blockHash,
        BlockProof calldata proof
    ) public view {
        bytes32 hash = checkpoints.hashOf(anchor.epoch, anchor.checkpoint);
        if (!checkpoints.isRecent(anchor.index, hash, anchor.submitter)) revert InclusionLensNotRecent(anchor.index);
        bool proved = Inclusion.isBlock(
            anchor.checkpoint.blocksRoot,
            anchor.checkpoint.height,
            height,
            blockHash,
            proof.path,
            proof.peaks
        );
        if (!proved) revert InclusionLensNotInChain(height, blockHash);
    }

    /// @inheritdoc IInclusionLens
    function hasBatch(
        Header calldata header,
        Batch calldata batch,
        LeafProof calldata proof
    ) public pure returns (bool) {
        return Inclusion.isLeaf(header.batchesRoot, ConsensusCodec.batch(batch), proof.index, proof.path);
    }

    /// @inheritdoc IInclusionLens
    function hasTransaction(
        Batch calldata batch,
        bytes32 transactionHash,
        LeafProof calldata proof
    ) public pure returns (bool) {
        return
            proof.index < batch.count &&
            Inclusion.isLeaf(batch.transactionsRoot, transactionHash, proof.index, proof.path);
    }

    /// @inheritdoc IInclusionLens
    function hasReceipt(
        Header calldata header,
        Receipt calldata receipt,
        LeafProof calldata proof
    ) public pure returns (bool) {
        return Inclusion.isLeaf(header.receiptsRoot, ConsensusCodec.receipt(receipt), proof.index, proof.path);
    }
}
