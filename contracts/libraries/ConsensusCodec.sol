// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

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
    PerMode,
    Receipt,
    SnapshotHeader
} from "../types/Messages.sol";
import {Seat} from "../types/Types.sol";

/// @title Hashes of everything that is signed, committed to or proved
/// @notice keccak256 over a kind tag of one byte, then the fields, big-endian and of fixed width, without padding. BLS
/// signs the 32-byte result. `packages/protocol/src/codec` is the same in TypeScript; `vectors/codec.json` binds both. The lists behind a
/// header's certificatesHash and lateVotesHash (tags 12 and 13) and READINESS (0b) are never seen by contracts and exist only there.
/// @dev Lists of variable length end the preimage or carry their length, so no two values of one kind share a preimage.
library ConsensusCodec {
    /// @notice A byte string that is part of a preimage has the wrong length.
    error CodecLength(uint256 expected, uint256 actual);

    /// @notice The domain D. (tag 01)
    function domain(Domain memory d) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encodePacked(bytes1(0x01), d.chainId, d.genesisHash, d.epoch, d.incarnation, d.mode, d.registryRoot)
            );
    }

    /// @notice A vote for a proposal. (tag 02)
    function notarize(
        bytes32 d,
        uint64 viewNumber,
        uint64 parentView,
        bytes32 blockHash
    ) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x02), d, viewNumber, parentView, blockHash));
    }

    /// @notice A vote to make a block final. (tag 03)
    function finalize(
        bytes32 d,
        uint64 viewNumber,
        uint64 parentView,
        bytes32 blockHash
    ) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x03), d, viewNumber, parentView, blockHash));
    }

    /// @notice A vote to leave a view. (tag 04)
    function nullify(bytes32 d, uint64 viewNumber) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x04), d, viewNumber));
    }

    /// @notice The checkpoint's hash, which is also what is signed. (tag 05)
    function checkpoint(bytes32 d, Checkpoint calldata c) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encodePacked(
                    bytes1(0x05),
                    d,
                    c.height,
                    c.viewNumber,
                    c.stamp,
                    c.blockHash,
                    c.stateRoot,
                    c.blocksRoot,
                    c.previous,
                    c.boundary
                )
            );
    }

    /// @notice A recovery vote: the block to go on from. (tag 06)
    function restart(bytes32 d, uint64 viewNumber, bytes32 blockHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x06), d, viewNumber, blockHash));
    }

    /// @notice What a leader signs for its term's randomness. (tag 07)
    function vrfMessage(bytes32 d, bytes32 seed, uint64 term) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x07), d, seed, term));
    }

    /// @notice A standby seat's sign of life. (tag 08)
    /// @param day days since 1970
    function ready(bytes32 d, uint32 day) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x08), d, day));
    }

    /// @notice What a proof of possession signs, under its own tag of the suite. (tag 09)
    /// @param key 96 bytes x | y
    function possession(
        uint64 settlementChainId,
        address registry,
        uint64 validatorId,
        bytes memory key
    ) internal pure returns (bytes32) {
        _checkLength(96, key.length);
        return keccak256(abi.encodePacked(bytes1(0x09), settlementChainId, registry, validatorId, key));
    }

    /// @notice A term's random output. (tag 0a)
    /// @param signature 96 bytes, compressed
    function vrfOutput(bytes memory signature) internal pure returns (bytes32) {
        _checkLength(96, signature.length);
        return keccak256(abi.encodePacked(bytes1(0x0a), signature));
    }

    /// @notice A block's hash. (tag 10)
    function header(bytes32 d, Header memory h) internal pure returns (bytes32) {
        bytes memory place = abi.encodePacked(
            bytes1(0x10),
            d,
            h.viewNumber,
            h.parentView,
            h.parentHash,
            h.height,
            h.stamp,
            h.refNumber,
            h.refHash,
            h.settledAt,
            h.inboxCursor,
            h.feeRecipient
        );
        return
            keccak256(
                abi.encodePacked(
                    place,
                    h.vrfOutput,
                    h.batchesRoot,
                    h.stateRoot,
                    h.receiptsRoot,
                    h.certificatesHash,
                    h.lateVotesHash,
                    h.commitment
                )
            );
    }

    /// @notice A batch's digest. (tag 11)
    function batch(Batch memory b) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encodePacked(bytes1(0x11), b.chainId, b.author, b.sequence, b.count, b.size, b.transactionsRoot)
            );
    }

    /// @notice The commitment of an epoch's last block. (tag 14)
    function commitment(Commitment memory c) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encodePacked(bytes1(0x14), c.registryNext, c.registryAfter, c.modeNext, c.modeWanted, c.seedNext)
            );
    }

    /// @notice What a boundary checkpoint adds to others. (tag 15)
    /// @param commitmentHash the last block's tag-14 hash
    /// @param accountingHash the epoch's tag-16 hash
    function boundary(bytes32 commitmentHash, bytes32 accountingHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x15), commitmentHash, accountingHash));
    }

    /// @notice The accounting of an epoch. (tag 16)
    function accounting(Accounting memory a) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x16), a.epoch, a.views, a.stamp, a.loadMultiplier, a.vectorHash));
    }

    /// @notice A certificate's hash. (tag 17)
    /// @param root signing root of the vote it certifies
    /// @param bitmap signers, seat i in bit i & 7 of byte i >> 3
    /// @param signature 96 bytes, compressed
    function certificate(bytes32 root, bytes memory bitmap, bytes memory signature) internal pure returns (bytes32) {
        _checkLength(96, signature.length);
        if (bitmap.length > type(uint16).max) revert CodecLength(type(uint16).max, bitmap.length);
        return keccak256(abi.encodePacked(bytes1(0x17), root, uint16(bitmap.length), bitmap, signature));
    }

    /// @notice The seed of epoch 0. (tag 20)
    function firstSeed(bytes32 genesisHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x20), genesisHash));
    }

    /// @notice The seed accumulator after one more output. It starts as an epoch's seed, takes the output of each term
    /// that has a block in the final chain, once and in order, and ends as the next epoch's seed. (tag 21)
    function seedStep(bytes32 accumulator, bytes32 output) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x21), accumulator, output));
    }

    /// @notice The draw of a leader's class; the result is taken modulo the range drawn from. (tag 22)
    function classDraw(bytes32 d, bytes32 seed, uint64 term) internal pure returns (uint256) {
        return uint256(keccak256(abi.encodePacked(bytes1(0x22), d, seed, term)));
    }

    /// @notice The draw of a leader within its class. (tag 23)
    function memberDraw(bytes32 d, bytes32 seed, uint64 term) internal pure returns (uint256) {
        return uint256(keccak256(abi.encodePacked(bytes1(0x23), d, seed, term)));
    }

    /// @notice The seed of the epoch that begins at a recovery point. (tag 24)
    /// @param seed the recovered epoch's
    /// @param incarnation the one that begins
    /// @param blockHash the block that the chain goes on from
    function recoverySeed(bytes32 seed, uint32 incarnation, bytes32 blockHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x24), seed, incarnation, blockHash));
    }

    /// @notice A validator's place in a round of the inactivity leak: the lower, the earlier. (tag 25)
    /// @param d domain of the epoch that is recovered
    function leakOrder(bytes32 d, uint32 round, uint64 validatorId) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x25), d, round, validatorId));
    }

    /// @notice The hash that names a chain. (tag 30)
    function genesis(Genesis memory g) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encodePacked(
                    bytes1(0x30),
                    g.chainId,
                    g.settlementChainId,
                    g.addressesHash,
                    g.snapshotHash,
                    g.mode,
                    g.stateRoot,
                    g.stamp
                )
            );
    }

    /// @notice A registry's root in a domain. (tag 31)
    function snapshot(SnapshotHeader memory s) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encodePacked(
                    bytes1(0x31),
                    s.keysRoot,
                    s.weightsRoot,
                    s.n,
                    s.nAuth,
                    s.suspended,
                    s.totalStake,
                    s.backing,
                    s.backingStake,
                    s.paramsHash
                )
            );
    }

    /// @notice A seat's leaf in the key tree; a vacant seat's is 0. (tag 32)
    /// @param key 96 bytes x | y
    function keyLeaf(Seat seat, bytes memory key) internal pure returns (bytes32) {
        _checkLength(96, key.length);
        return keccak256(abi.encodePacked(keyLeafPrefix(seat), key));
    }

    /// @notice What stands before the key in a leaf.
    function keyLeafPrefix(Seat seat) internal pure returns (bytes3) {
        return bytes3(0x320000 | uint24(Seat.unwrap(seat)));
    }

    /// @notice The parameters' hash: 36 numbers of 64 bits. (tag 37)
    function params(Params memory p) internal pure returns (bytes32) {
        bytes memory perMode = abi.encodePacked(
            bytes1(0x37),
            _pack(p.epochLength),
            _pack(p.checkpointInterval),
            _pack(p.blockTime),
            _pack(p.delta)
        );
        bytes memory views = abi.encodePacked(
            perMode,
            p.termViews,
            p.ahead,
            p.lease,
            p.settleLease,
            p.refLag,
            p.settleDepth,
            p.drift,
            p.rootLag,
            p.maxBlockBytes,
            p.voteWindow
        );
        bytes memory modes = abi.encodePacked(
            views,
            p.forceAfter,
            p.forceQuota,
            p.modeFloor,
            p.fastEntryLoad,
            p.fastExitLoad,
            p.fastEntryAvailability,
            p.fastExitAvailability
        );
        return
            keccak256(
                abi.encodePacked(
                    modes,
                    p.secureAvailability,
                    p.residency,
                    p.targetLoad,
                    p.capacityStep,
                    p.minBlockBytes,
                    p.valueLimit,
                    p.readyDays
                )
            );
    }

    /// @notice The root of the Merkle mountain range over block hashes. (tag 36)
    /// @param count number of leaves: the highest height and 1
    /// @param peaks of its perfect trees, left to right
    function blocksRoot(uint64 count, bytes32[] memory peaks) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x36), count, peaks));
    }

    /// @notice An entry of the forced inbox and all before it. (tag 38)
    /// @param previous the same of the entry before; 0 for the first
    /// @param queuedAt seconds
    function inboxEntry(
        bytes32 previous,
        uint64 index,
        uint40 queuedAt,
        uint32 size,
        bytes32 transactionHash
    ) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x38), previous, index, uint64(queuedAt), size, transactionHash));
    }

    /// @notice A transaction's receipt. (tag 40)
    function receipt(Receipt memory r) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x40), r.transactionHash, r.index, r.status, r.gasUsed, r.fee));
    }

    /// @notice The core contracts' addresses. (tag 3f)
    function addresses(CoreAddresses memory a) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encodePacked(
                    bytes1(0x3f),
                    a.token,
                    a.registry,
                    a.pool,
                    a.queue,
                    a.elections,
                    a.checkpoints,
                    a.slashing
                )
            );
    }

    function _pack(PerMode memory v) private pure returns (bytes memory) {
        return abi.encodePacked(v.fast, v.balanced, v.secure);
    }

    function _checkLength(uint256 expected, uint256 actual) private pure {
        if (actual != expected) revert CodecLength(expected, actual);
    }
}
