// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Header} from "../../types/Messages.sol";
import {IInclusionLens} from "../lens/IInclusionLens.sol";

/// @title Transactions that blocks must include once they are old enough
/// @notice A way around leaders that leave somebody out (protocol.md section 9): who queues a transaction here, with its
/// fee, has it in the next blocks whose settlement reference shows it older than `forceAfter` of their registry's
/// parameters, oldest first, up to `forceQuota` bytes a block; a block that does not take them is invalid. How far the
/// queue is consumed stands in every header (`inboxCursor`). An entry that turns out to be unpayable or malformed there is
/// consumed without effect. The transaction's bytes are in the event; the entry keeps what proves them.
interface IForcedInbox {
    /// @notice What queueing costs, in base units of the token.
    /// @param entry For each transaction
    /// @param perByte For each byte of it
    struct Fees {
        uint128 entry;
        uint128 perByte;
    }

    /// @notice A transaction queued.
    /// @param transactionHash keccak256 of its bytes: its hash on the chain
    /// @param chain Hash (tag 38) of this entry and all before it
    /// @param queuedAt When, seconds; never below that of the entry before
    /// @param size Bytes
    /// @param bytesThrough Bytes of all entries up to and with this one
    /// @param feesThrough Fees of all entries up to and with this one
    struct Entry {
        bytes32 transactionHash;
        bytes32 chain;
        uint40 queuedAt;
        uint32 size;
        uint64 bytesThrough;
        uint120 feesThrough;
    }

    /// @notice A transaction was queued as entry `index`.
    event Queued(
        uint64 indexed index,
        bytes32 indexed transactionHash,
        address indexed sender,
        bytes32 chain,
        uint256 fee,
        bytes transaction
    );
    /// @notice The chain was shown to have consumed all entries below `cursor`.
    event Consumed(uint64 cursor);
    /// @notice Fees of consumed entries went to the reserve.
    event FeesCollected(uint256 amount);
    /// @notice Queueing costs this from now on.
    event FeesSet(Fees fees);

    /// @notice A transaction has from 1 to `most` bytes.
    error ForcedInboxBadSize(uint256 size, uint256 most);
    /// @notice A fee is above what the deployment allows.
    error ForcedInboxFeesTooHigh(Fees given, Fees most);
    /// @notice The cursor proved is not above the one known, or beyond the queue.
    error ForcedInboxBadCursor(uint64 cursor, uint64 known);
    /// @notice No entry has this number yet.
    error ForcedInboxUnknownEntry(uint64 index);

    /// @notice Queues a transaction. Anyone, for `feeFor(its size)` of their allowance.
    /// @param transaction A signed envelope, as the chain takes it
    /// @return index Number of the entry, counted from 0
    function queue(bytes calldata transaction) external returns (uint64 index);

    /// @notice Shows by a header below a recent checkpoint how far the queue is consumed. Anyone.
    function proveConsumed(
        IInclusionLens.Anchor calldata anchor,
        bytes32 domain,
        Header calldata header,
        IInclusionLens.BlockProof calldata proof
    ) external;

    /// @notice Moves the fees of consumed entries into the reserve that validators are paid from. Anyone.
    function collectFees() external returns (uint256 amount);

    /// @notice Changes what queueing costs from now on, within the bounds of the deployment. Governance.
    function setFees(Fees calldata fees) external;

    /// @notice Number of entries: the next one's index.
    function count() external view returns (uint64);

    /// @notice Entries below this are known to be consumed; the chain may be further.
    function consumed() external view returns (uint64);

    /// @notice Hash of the last entry and all before it; zero for none. A reader that holds all entries checks them by it.
    function head() external view returns (bytes32);

    /// @notice An entry by its number, from 0 to `count()` - 1; fails beyond.
    function entry(uint64 index) external view returns (Entry memory);

    /// @notice Entries `from` to `from + most - 1`, fewer at the end.
    function entries(uint64 from, uint64 most) external view returns (Entry[] memory);

    /// @notice Number of entries queued until a second, that second included: those below it are due in a block whose
    /// reference's time is `until` + `forceAfter`. A search, not a loop.
    function countUntil(uint40 until) external view returns (uint64);

    /// @notice What queueing a transaction of `size` bytes costs now, base units.
    function feeFor(uint256 size) external view returns (uint256);

    /// @notice What queueing costs.
    function fees() external view returns (uint128 entry, uint128 perByte);

    /// @notice Whose reserve fees go to: the module that custody names, whatever it was when they were paid.
    function distributor() external view returns (address);

    /// @notice Most bytes of a transaction.
    function maxBytes() external view returns (uint32);
}
