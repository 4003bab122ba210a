// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {SnapshotHeader} from "../types/Messages.sol";
import {Epoch, G1Point, KeyId, Mode, Seat, WholeTokens} from "../types/Types.sol";
import {ConsensusCodec} from "./ConsensusCodec.sol";
import {Snapshots} from "./Snapshots.sol";

/// @notice A sealed snapshot without its weights and keys, which have blobs of their own.
/// @param hash `snapshotHash`
/// @param number number of the seal
/// @param epoch epoch it was sealed for
/// @param n seats
/// @param nAuth authorities' seats
/// @param stakers stakers with weight
/// @param backingStakers stakers in the backing set
/// @param cut what weights were cut to; 0 if the concentration cap did not apply
/// @param parameters number of the consensus parameters
/// @param termViews views of a term in Fast
/// @param totalStake sum of all weights
/// @param backingStake sum of the backing set's
/// @param epochLengths blocks of an epoch in each mode, in the order of `Mode`
/// @param suspended authorities' seats that do not count
/// @param backing Balanced's voting set
/// @param members all seats with a key, less the suspended: Secure's voting set
/// @param keysRoot Merkle root of the keys
/// @param weightsRoot Merkle root of the weights
/// @param paramsHash hash of the consensus parameters
/// @param weights blob of the weight words
/// @param keys blob of the key numbers
/// @param backingKey sum of the backing set's keys
/// @param membersKey sum of the members' keys
/// @param sealer who sealed it; no part of the hash
/// @param sealedAt when, s; likewise
/// @param idleStake what jailed and convicted validators on seats would weigh, cut as the others: counted in no sum, but
/// in the divisors of pay; no part of the hash
struct SealedSnapshot {
    bytes32 hash;
    uint32 number;
    Epoch epoch;
    uint16 n;
    uint16 nAuth;
    uint16 stakers;
    uint16 backingStakers;
    uint32 cut;
    uint32 parameters;
    uint32 termViews;
    uint64 totalStake;
    uint64 backingStake;
    uint32[3] epochLengths;
    uint256 suspended;
    uint256[4] backing;
    uint256[4] members;
    bytes32 keysRoot;
    bytes32 weightsRoot;
    bytes32 paramsHash;
    address weights;
    address keys;
    G1Point backingKey;
    G1Point membersKey;
    address sealer;
    uint40 sealedAt;
    uint32 idleStake;
}

/// @notice Who signs an epoch's checkpoints in its mode: W_e of protocol.md section 1, as a snapshot has it.
/// @param registryRoot the snapshot's hash
/// @param epochLength blocks of an epoch
/// @param nAuth authorities' seats
/// @param authorities those that count
/// @param stakers stakers in the set
/// @param stake sum of the set's weights
/// @param members the set
/// @param key sum of its keys
/// @param weights blob of the weight words
/// @param keys blob of the key numbers
struct SigningSet {
    bytes32 registryRoot;
    uint32 epochLength;
    uint256 nAuth;
    uint256 authorities;
    uint256 stakers;
    uint256 stake;
    uint256[4] members;
    G1Point key;
    address weights;
    address keys;
}

/// @notice What evidence needs of a snapshot.
/// @param number number of the seal
/// @param nAuth authorities' seats
/// @param termViews views of a term in Fast
/// @param totalStake sum of all weights
/// @param suspended authorities' seats that do not count
/// @param weights blob of the weight words
/// @param keys blob of the key numbers
struct SealedTables {
    uint32 number;
    uint16 nAuth;
    uint32 termViews;
    uint64 totalStake;
    uint256 suspended;
    address weights;
    address keys;
}

/// @title Sealed snapshots as code
/// @notice Everything a checkpoint or evidence is judged by, in one blob of 832 bytes: read whole for the price of one
/// cold account.
library SealedSnapshots {
    uint256 private constant _SIZE = 832;

    /// @notice There is no snapshot at this address.
    error SealedSnapshotMissing(address blob);

    /// @notice Writes a snapshot as the code of a new contract.
    function write(SealedSnapshot memory s) internal returns (address blob) {
        bytes32 counts = bytes32(
            abi.encodePacked(
                s.number,
                s.epoch,
                s.n,
                s.nAuth,
                s.stakers,
                s.backingStakers,
                s.cut,
                s.parameters,
                s.termViews
            )
        );
        bytes32 sums = bytes32(
            abi.encodePacked(
                s.totalStake,
                s.backingStake,
                s.epochLengths[0],
                s.epochLengths[1],
                s.epochLengths[2],
                s.idleStake
            )
        );
        return
            SSTORE2.write(
                bytes.concat(
                    abi.encode(s.hash, counts, sums, s.suspended, s.backing, s.members),
                    abi.encode(s.keysRoot, s.weightsRoot, s.paramsHash, s.weights, s.keys, s.backingKey, s.membersKey),
                    abi.encode((uint256(s.sealedAt) << 160) | uint160(s.sealer))
                )
            );
    }

    /// @notice Writes the weights, and the snapshot with them, its roots and its hash.
    /// @param words weights
    function finish(SealedSnapshot memory s, uint256[] memory words) internal returns (bytes32 hash, address blob) {
        s.weights = Snapshots.writeBlob(words);
        s.weightsRoot = Snapshots.weightsRoot(words);
        hash = ConsensusCodec.snapshot(
            SnapshotHeader({
                keysRoot: s.keysRoot,
                weightsRoot: s.weightsRoot,
                n: s.n,
                nAuth: s.nAuth,
                suspended: s.suspended,
                totalStake: WholeTokens.wrap(s.totalStake),
                backing: s.backing,
                backingStake: WholeTokens.wrap(s.backingStake),
                paramsHash: s.paramsHash
            })
        );
        (s.hash, s.sealedAt) = (hash, uint40(block.timestamp));
        blob = write(s);
    }

    /// @notice Reads a snapshot.
    function load(address blob) internal view returns (SealedSnapshot memory s) {
        if (blob.code.length != _SIZE + 1) revert SealedSnapshotMissing(blob);
        uint256 counts;
        uint256 sums;
        uint256 suspended;
        uint256 sealing;
        uint256[4] memory backing = s.backing;
        uint256[4] memory members = s.members;
        G1Point memory backingKey = s.backingKey;
        G1Point memory membersKey = s.membersKey;
        bytes32[5] memory tail;
        assembly ("memory-safe") {
            let at := mload(0x40)
            extcodecopy(blob, at, 1, _SIZE)
            mstore(s, mload(at))
            counts := mload(add(at, 0x20))
            sums := mload(add(at, 0x40))
            mcopy(backing, add(at, 0x80), 0x80)
            mcopy(members, add(at, 0x100), 0x80)
            mcopy(tail, add(at, 0x180), 0xa0)
            mcopy(backingKey, add(at, 0x220), 0x80)
            mcopy(membersKey, add(at, 0x2a0), 0x80)
            suspended := mload(add(at, 0x60))
            sealing := mload(add(at, 0x320))
        }
        s.suspended = suspended;
        // Casts cut the fields out of their words.
        (s.sealer, s.sealedAt) = (address(uint160(sealing)), uint40(sealing >> 160));
        s.number = uint32(counts >> 224);
        s.epoch = Epoch.wrap(uint64(counts >> 160));
        s.n = uint16(counts >> 144);
        s.nAuth = uint16(counts >> 128);
        s.stakers = uint16(counts >> 112);
        s.backingStakers = uint16(counts >> 96);
        s.cut = uint32(counts >> 64);
        s.parameters = uint32(counts >> 32);
        s.termViews = uint32(counts);
        s.totalStake = uint64(sums >> 192);
        s.backingStake = uint64(sums >> 128);
        s.epochLengths[0] = uint32(sums >> 96);
        s.epochLengths[1] = uint32(sums >> 64);
        s.epochLengths[2] = uint32(sums >> 32);
        s.idleStake = uint32(sums);
        s.keysRoot = tail[0];
        s.weightsRoot = tail[1];
        s.paramsHash = tail[2];
        s.weights = address(uint160(uint256(tail[3])));
        s.keys = address(uint160(uint256(tail[4])));
    }

    /// @notice Reads who signs checkpoints in `mode`: in Secure all members, else the backing set.
    /// @dev 2,000 gas less than `load`: what is long stays where the code was copied to.
    function signingSet(address blob, Mode mode) internal view returns (SigningSet memory set) {
        if (blob.code.length != _SIZE + 1) revert SealedSnapshotMissing(blob);
        bool all = mode == Mode.Secure;
        uint256 counts;
        uint256 sums;
        uint256 suspended;
        bytes32 registryRoot;
        uint256[4] memory members = set.members;
        G1Point memory key = set.key;
        address weights;
        address keys;
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(0x40, add(at, _SIZE))
            extcodecopy(blob, at, 1, _SIZE)
            registryRoot := mload(at)
            counts := mload(add(at, 0x20))
            sums := mload(add(at, 0x40))
            suspended := mload(add(at, 0x60))
            let offset := shl(7, all)
            members := add(at, add(0x80, offset))
            key := add(at, add(0x220, offset))
            weights := mload(add(at, 0x1e0))
            keys := mload(add(at, 0x200))
        }
        // Casts cut the fields out of their words, in the order in which `write` put them there.
        set.registryRoot = registryRoot;
        set.epochLength = uint32(sums >> (96 - 32 * uint256(uint8(mode))));
        set.nAuth = uint16(counts >> 128);
        set.authorities = set.nAuth - Snapshots.size(suspended);
        set.stakers = uint16(counts >> (all ? 112 : 96));
        set.stake = uint64(sums >> (all ? 192 : 128));
        set.members = members;
        set.key = key;
        set.weights = weights;
        set.keys = keys;
    }

    /// @notice Reads what evidence needs.
    function tables(address blob) internal view returns (SealedTables memory t) {
        if (blob.code.length != _SIZE + 1) revert SealedSnapshotMissing(blob);
        uint256 counts;
        uint256 sums;
        uint256 suspended;
        address weights;
        address keys;
        assembly ("memory-safe") {
            let at := mload(0x40)
            extcodecopy(blob, at, 1, 0x220)
            counts := mload(add(at, 0x20))
            sums := mload(add(at, 0x40))
            suspended := mload(add(at, 0x60))
            weights := mload(add(at, 0x1e0))
            keys := mload(add(at, 0x200))
        }
        // Casts cut the fields out of their words, in the order in which `write` put them there.
        t.number = uint32(counts >> 224);
        t.nAuth = uint16(counts >> 128);
        t.termViews = uint32(counts);
        t.totalStake = uint64(sums >> 192);
        t.suspended = suspended;
        t.weights = weights;
        t.keys = keys;
    }

    /// @notice Only the hash.
    function hashOf(address blob) internal view returns (bytes32) {
        return bytes32(Snapshots.blobWord(blob, 0));
    }

    /// @notice Only the blocks of an epoch in `mode`.
    function epochLength(address blob, Mode mode) internal view returns (uint32) {
        return uint32(Snapshots.blobWord(blob, 2) >> (96 - 32 * uint256(uint8(mode))));
    }

    /// @notice Only where the key numbers are.
    function keysOf(address blob) internal view returns (address) {
        return address(uint160(Snapshots.blobWord(blob, 16)));
    }

    /// @notice Only the number of authorities' seats.
    function authoritiesOf(address blob) internal view returns (uint16) {
        return uint16(Snapshots.blobWord(blob, 1) >> 128);
    }

    /// @notice Only the number of the consensus parameters.
    function parametersOf(address blob) internal view returns (uint32) {
        return uint32(Snapshots.blobWord(blob, 1) >> 32);
    }

    /// @notice Only when it was sealed, s.
    function sealedAtOf(address blob) internal view returns (uint40) {
        return uint40(Snapshots.blobWord(blob, 25) >> 160);
    }

    /// @notice Only the number of the seal.
    function numberOf(address blob) internal view returns (uint32) {
        return uint32(Snapshots.blobWord(blob, 1) >> 224);
    }

    /// @notice Key on a seat; 0 where vacant.
    function keyAt(SealedSnapshot memory s, Seat seat) internal view returns (KeyId) {
        return KeyId.wrap(Snapshots.blobValue(s.keys, seat));
    }
}
