// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IForcedInbox} from "../interfaces/consensus/IForcedInbox.sol";
import {IInclusionLens} from "../interfaces/lens/IInclusionLens.sol";
import {IRewardDistributor} from "../interfaces/rewards/IRewardDistributor.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {ConsensusCodec} from "../libraries/ConsensusCodec.sol";
import {Header} from "../types/Messages.sol";

/// @title Transactions that blocks must include once they are old enough
/// @dev No loop but over the page that a reader asks for.
contract ForcedInbox is AccessManaged, ReentrancyGuardTransient, IForcedInbox {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    IERC20 public immutable token;
    IInclusionLens public immutable inclusion;
    IStakingPool private immutable _pool;
    /// @inheritdoc IForcedInbox
    uint32 public immutable maxBytes;
    uint128 private immutable _mostEntry;
    uint128 private immutable _mostPerByte;

    /// @inheritdoc IForcedInbox
    Fees public fees;
    /// @inheritdoc IForcedInbox
    uint64 public consumed;
    uint120 private _collected;
    Entry[] private _entries;

    constructor(
        address authority,
        IStakingPool pool,
        IInclusionLens inclusion_,
        uint32 maxBytes_,
        Fees memory fees_,
        Fees memory most
    ) AccessManaged(authority) {
        token = pool.token();
        inclusion = inclusion_;
        _pool = pool;
        maxBytes = maxBytes_;
        (_mostEntry, _mostPerByte) = (most.entry, most.perByte);
        _setFees(fees_);
    }

    /// @inheritdoc IForcedInbox
    function queue(bytes calldata transaction) external nonReentrant returns (uint64 index) {
        uint256 size = transaction.length;
        if (size == 0 || size > maxBytes) revert ForcedInboxBadSize(size, maxBytes);
        index = count();
        Entry memory last;
        if (index != 0) last = _entries[index - 1];
        uint256 fee = feeFor(size);
        bytes32 transactionHash = keccak256(transaction);
        uint40 time = uint40(block.timestamp);
        bytes32 chain = ConsensusCodec.inboxEntry(last.chain, index, time, uint32(size), transactionHash);
        _entries.push(
            Entry({
                transactionHash: transactionHash,
                chain: chain,
                queuedAt: time,
                size: uint32(size),
                bytesThrough: last.bytesThrough + uint64(size),
                feesThrough: (last.feesThrough + fee).toUint120()
            })
        );
        emit Queued(index, transactionHash, msg.sender, chain, fee, transaction);
        token.safeTransferFrom(msg.sender, address(this), fee);
    }

    /// @inheritdoc IForcedInbox
    function proveConsumed(
        IInclusionLens.Anchor calldata anchor,
        bytes32 domain,
        Header calldata header,
        IInclusionLens.BlockProof calldata proof
    ) external {
        uint64 cursor = header.inboxCursor;
        if (cursor <= consumed || cursor > count()) revert ForcedInboxBadCursor(cursor, consumed);
        inclusion.proveHeader(anchor, domain, header, proof);
        consumed = cursor;
        emit Consumed(cursor);
    }

    /// @inheritdoc IForcedInbox
    function collectFees() external nonReentrant returns (uint256 amount) {
        if (consumed == 0) return 0;
        uint120 through = _entries[consumed - 1].feesThrough;
        amount = through - _collected;
        if (amount == 0) return 0;
        _collected = through;
        emit FeesCollected(amount);
        address reserve = distributor();
        token.forceApprove(reserve, amount);
        IRewardDistributor(reserve).fund(amount);
    }

    /// @inheritdoc IForcedInbox
    function setFees(Fees calldata fees_) external restricted {
        _setFees(fees_);
    }

    /// @inheritdoc IForcedInbox
    function head() external view returns (bytes32) {
        uint64 n = count();
        return n == 0 ? bytes32(0) : _entries[n - 1].chain;
    }

    /// @inheritdoc IForcedInbox
    function entry(uint64 index) external view returns (Entry memory) {
        if (index >= count()) revert ForcedInboxUnknownEntry(index);
        return _entries[index];
    }

    /// @inheritdoc IForcedInbox
    function entries(uint64 from, uint64 most) external view returns (Entry[] memory page) {
        uint256 n = count();
        uint256 end = uint256(from) + most < n ? uint256(from) + most : n;
        page = new Entry[](end > from ? end - from : 0);
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = _entries[from + i];
        }
    }

    /// @inheritdoc IForcedInbox
    function countUntil(uint40 until) external view returns (uint64) {
        uint256 low = 0;
        uint256 high = count();
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (_entries[middle].queuedAt <= until) low = middle + 1;
            else high = middle;
        }
        return uint64(low);
    }

    /// @inheritdoc IForcedInbox
    function count() public view returns (uint64) {
        return uint64(_entries.length);
    }

    /// @inheritdoc IForcedInbox
    function feeFor(uint256 size) public view returns (uint256) {
        return uint256(fees.entry) + size * fees.perByte;
    }

    /// @inheritdoc IForcedInbox
    function distributor() public view returns (address) {
        return _pool.distributor();
    }

    function _setFees(Fees memory fees_) private {
        // Nobody may price the way around censorship out of reach.
        if (fees_.entry > _mostEntry || fees_.perByte > _mostPerByte) {
            revert ForcedInboxFeesTooHigh(fees_, Fees(_mostEntry, _mostPerByte));
        }
        fees = fees_;
        emit FeesSet(fees_);
    }
}
