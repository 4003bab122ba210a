// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConsensusCodec} from "../../contracts/libraries/ConsensusCodec.sol";
import {
    Accounting,
    Batch,
    Checkpoint,
    Commitment,
    CoreAddresses,
    Domain,
    Genesis,
    Header,
    Params,
    Receipt,
    SnapshotHeader
} from "../../contracts/types/Messages.sol";
import {Seat} from "../../contracts/types/Types.sol";

/// @notice Opens ConsensusCodec to the TypeScript tests.
contract ConsensusCodecHarness {
    function domain(Domain calldata d) external pure returns (bytes32) {
        return ConsensusCodec.domain(d);
    }

    function notarize(
        bytes32 d,
        uint64 viewNumber,
        uint64 parentView,
        bytes32 blockHash
    ) external pure returns (bytes32) {
        return ConsensusCodec.notarize(d, viewNumber, parentView, blockHash);
    }

    function finalize(
        bytes32 d,
        uint64 viewNumber,
        uint64 parentView,
        bytes32 blockHash
    ) external pure returns (bytes32) {
        return ConsensusCodec.finalize(d, viewNumber, parentView, blockHash);
    }

    function nullify(bytes32 d, uint64 viewNumber) external pure returns (bytes32) {
        return ConsensusCodec.nullify(d, viewNumber);
    }

    function checkpoint(bytes32 d, Checkpoint calldata c) external pure returns (bytes32) {
        return ConsensusCodec.checkpoint(d, c);
    }

    function restart(bytes32 d, uint64 viewNumber, bytes32 blockHash) external pure returns (bytes32) {
        return ConsensusCodec.restart(d, viewNumber, blockHash);
    }

    function vrfMessage(bytes32 d, bytes32 seed, uint64 term) external pure returns (bytes32) {
        return ConsensusCodec.vrfMessage(d, seed, term);
    }

    function ready(bytes32 d, uint32 day) external pure returns (bytes32) {
        return ConsensusCodec.ready(d, day);
    }

    function possession(
        uint64 settlementChainId,
        address registry,
        uint64 validatorId,
        bytes calldata key
    ) external pure returns (bytes32) {
        return ConsensusCodec.possession(settlementChainId, registry, validatorId, key);
    }

    function vrfOutput(bytes calldata signature) external pure returns (bytes32) {
        return ConsensusCodec.vrfOutput(signature);
    }

    function header(bytes32 d, Header calldata h) external pure returns (bytes32) {
        return ConsensusCodec.header(d, h);
    }

    function batch(Batch calldata b) external pure returns (bytes32) {
        return ConsensusCodec.batch(b);
    }

    function commitment(Commitment calldata c) external pure returns (bytes32) {
        return ConsensusCodec.commitment(c);
    }

    function boundary(bytes32 commitmentHash, bytes32 accountingHash) external pure returns (bytes32) {
        return ConsensusCodec.boundary(commitmentHash, accountingHash);
    }

    function accounting(Accounting calldata a) external pure returns (bytes32) {
        return ConsensusCodec.accounting(a);
    }

    function certificate(
        bytes32 root,
        bytes calldata bitmap,
        bytes calldata signature
    ) external pure returns (bytes32) {
        return ConsensusCodec.certificate(root, bitmap, signature);
    }

    function firstSeed(bytes32 genesisHash) external pure returns (bytes32) {
        return ConsensusCodec.firstSeed(genesisHash);
    }

    function seedStep(bytes32 accumulator, bytes32 output) external pure returns (bytes32) {
        return ConsensusCodec.seedStep(accumulator, output);
    }

    function classDraw(bytes32 d, bytes32 seed, uint64 term) external pure returns (uint256) {
        return ConsensusCodec.classDraw(d, seed, term);
    }

    function memberDraw(bytes32 d, bytes32 seed, uint64 term) external pure returns (uint256) {
        return ConsensusCodec.memberDraw(d, seed, term);
    }

    function recoverySeed(bytes32 seed, uint32 incarnation, bytes32 blockHash) external pure returns (bytes32) {
        return ConsensusCodec.recoverySeed(seed, incarnation, blockHash);
    }

    function leakOrder(bytes32 d, uint32 round, uint64 validatorId) external pure returns (bytes32) {
        return ConsensusCodec.leakOrder(d, round, validatorId);
    }

    function inboxEntry(
        bytes32 previous,
        uint64 index,
        uint40 queuedAt,
        uint32 size,
        bytes32 transactionHash
    ) external pure returns (bytes32) {
        return ConsensusCodec.inboxEntry(previous, index, queuedAt, size, transactionHash);
    }

    function receipt(Receipt calldata r) external pure returns (bytes32) {
        return ConsensusCodec.receipt(r);
    }

    function genesis(Genesis calldata g) external pure returns (bytes32) {
        return ConsensusCodec.genesis(g);
    }

    function snapshot(SnapshotHeader calldata s) external pure returns (bytes32) {
        return ConsensusCodec.snapshot(s);
    }

    function keyLeaf(Seat seat, bytes calldata key) external pure returns (bytes32) {
        return ConsensusCodec.keyLeaf(seat, key);
    }

    function params(Params calldata p) external pure returns (bytes32) {
        return ConsensusCodec.params(p);
    }

    function blocksRoot(uint64 count, bytes32[] calldata peaks) external pure returns (bytes32) {
        return ConsensusCodec.blocksRoot(count, peaks);
    }

    function addresses(CoreAddresses calldata a) external pure returns (bytes32) {
        return ConsensusCodec.addresses(a);
    }
}
