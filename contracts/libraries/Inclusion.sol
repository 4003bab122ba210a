// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";
import {ConsensusCodec} from "./ConsensusCodec.sol";

/// @title Proofs against the roots that blocks and checkpoints carry
/// @notice A node is keccak256(left | right) without a tag: no leaf has a preimage of 64 bytes. Loops run over a path,
/// 64 nodes at most.
library Inclusion {
    /// @notice Whether `leaf` is number `index` under a root over leaves that zeros fill up to a power of two.
    /// @param path siblings from the leaf upwards
    function isLeaf(bytes32 root, bytes32 leaf, uint256 index, bytes32[] calldata path) internal pure returns (bool) {
        // Zero fills up and stands for nothing.
        return leaf != 0 && path.length < 64 && index >> path.length == 0 && climb(leaf, index, path) == root;
    }

    /// @notice Whether `blockHash` is that of height `height` under a Merkle mountain range over heights 0 to `last`.
    /// @param path siblings within the tree that holds it, from the leaf upwards
    /// @param peaks of the range's perfect trees, left to right
    function isBlock(
        bytes32 blocksRoot,
        uint64 last,
        uint64 height,
        bytes32 blockHash,
        bytes32[] calldata path,
        bytes32[] calldata peaks
    ) internal pure returns (bool proved) {
        if (height > last) return false;
        uint64 count = last + 1;
        if (ConsensusCodec.blocksRoot(count, peaks) != blocksRoot) return false;
        // The set bits of the count are the trees' sizes, the largest first; one of them holds the height.
        uint256 index = height;
        uint256 tree;
        for (uint256 depth = 63; ; --depth) {
            uint256 size = 1 << depth;
            if (count & size == 0) continue;
            if (index < size) return path.length == depth && peaks[tree] == climb(blockHash, index, path);
            index -= size;
            ++tree;
        }
    }

    /// @notice The node that `leaf` and its siblings lead up to.
    function climb(bytes32 leaf, uint256 index, bytes32[] calldata path) internal pure returns (bytes32 node) {
        node = leaf;
        for (uint256 i = 0; i < path.length; ++i) {
            node = (index >> i) & 1 == 0 ? EfficientHashLib.hash(node, path[i]) : EfficientHashLib.hash(path[i], node);
        }
    }
}
