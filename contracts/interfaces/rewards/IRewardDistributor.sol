// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Accounting, Checkpoint} from "../../types/Messages.sol";
import {Epoch} from "../../types/Types.sol";
import {ICheckpointManager} from "../consensus/ICheckpointManager.sol";
import {IConsensusParameters} from "../governance/IConsensusParameters.sol";
import {IElections} from "../staking/IElections.sol";
import {IStakingPool} from "../staking/IStakingPool.sol";

/// @title Pay for validators, delegators and relayers
/// @notice Holds a funded reserve and pays every epoch of the chain out of it, once, from the participation vector that
/// the epoch's boundary committed to (contracts.md, Rewards). Amounts are base units (10^-18 AITBC) unless they are
/// named gwei (10^-9 AITBC). Nothing here is restricted to a role: anyone may fund, accrue, settle and claim, and what
/// is claimed goes to its owner. Tokens sent by a plain transfer are a gift to nobody.
///
/// A seat's pay is kept in cumulative counters, one blob of code an epoch. A validator's pay is read from them over its
/// tenure of seats and split by the rows that StakingPool keeps: what a seal counted of bond, shares and commission.
interface IRewardDistributor {
    /// @notice What a relayer is credited for.
    enum Service {
        Boundary,
        Seal,
        Accrual,
        Checkpoint
    }

    /// @notice How far a validator's pay is split, and what is owed to the validator itself.
    /// @param acc Pay of one share up to the start of `row`, times 2^64
    /// @param row Index of the row that `epoch` falls into
    /// @param tenures Tenures begun by `epoch`
    /// @param epoch First epoch not yet counted
    /// @param pay Stakers' pay of the row up to `epoch`, gwei
    /// @param taken What of it the validator itself was given (bond and commission)
    /// @param owed Owed to the validator and not yet claimed
    struct Ledger {
        uint160 acc;
        uint32 row;
        uint32 tenures;
        uint32 epoch;
        uint64 pay;
        uint96 taken;
        uint96 owed;
    }

    /// @notice How far a delegator's position is settled.
    /// @param acc Pay of one share, times 2^64, up to which the position was paid
    /// @param entry Index of the trace's entry that counted last
    /// @param seal Entries of this and older seals count already or never will
    /// @param compounding Whether its pay may be put back into the position by anyone
    /// @param epochs Epochs accrued when it was last settled in full
    struct Position {
        uint160 acc;
        uint32 entry;
        uint32 seal;
        bool compounding;
        uint24 epochs;
    }

    /// @notice The reserve grew by `amount` to `reserve`, base units.
    event Funded(address indexed from, uint256 amount, uint256 reserve);
    /// @notice An epoch was paid. Of `budget`, `paid` went into the counters that `blob` holds; the rest, credits apart,
    /// stays in the reserve. A budget of 0: recovered, without a usable vector, or past its deadline.
    event Accrued(Epoch indexed epoch, uint32 indexed seal, uint256 budget, uint256 paid, address blob);
    /// @notice A relayer is owed `amount` more, base units, for a service to this epoch.
    event Credited(address indexed relayer, Service indexed service, Epoch indexed epoch, uint256 amount);
    /// @notice A relayer was paid its credits.
    event CreditsClaimed(address indexed relayer, uint256 amount);
    /// @notice A validator's row ended: pay of one share up to its end, times 2^64.
    event RowSettled(uint64 indexed validator, uint256 indexed row, uint256 acc);
    /// @notice A position was paid what its counted shares earned; the owner may claim it.
    event Settled(uint64 indexed validator, address indexed owner, uint256 amount);
    /// @notice An owner was paid what its positions earned.
    event Claimed(address indexed owner, uint256 amount);
    /// @notice A validator was paid what it earned itself: `toBond` into its bond, `paidOut` to its withdrawal address.
    event ValidatorClaimed(uint64 indexed validator, address indexed withdrawal, uint256 toBond, uint256 paidOut);
    /// @notice An owner allowed or forbade that its pay is put back into a position by anyone.
    event CompoundSet(uint64 indexed validator, address indexed owner, bool compounding);
    /// @notice What a position earned became stake of it.
    event Compounded(uint64 indexed validator, address indexed owner, uint256 amount);

    /// @notice Funding with nothing.
    error RewardDistributorZeroAmount();
    /// @notice Epochs are accrued in order; `next` is due.
    error RewardDistributorNotInOrder(Epoch epoch, Epoch next);
    /// @notice The epoch's boundary is not accepted yet.
    error RewardDistributorNotEnded(Epoch epoch);
    /// @notice The boundary committed to another accounting, or was submitted by somebody else.
    error RewardDistributorWrongAccounting(Epoch epoch);
    /// @notice The vector is not the one that the accounting names.
    error RewardDistributorWrongVector(Epoch epoch);
    /// @notice The epoch was not paid yet: nothing is known of it here.
    error RewardDistributorNotAccrued(Epoch epoch);
    /// @notice The checkpoint is not among the last 64, is another, a boundary, or was submitted by somebody else.
    error RewardDistributorWrongCheckpoint(uint32 index);
    /// @notice A checkpoint of this interval or a later one was credited before.
    error RewardDistributorAlreadyCredited(uint64 height, uint64 from);

    /// @notice Moves `amount` of the caller's allowance into the reserve. Anyone.
    function fund(uint256 amount) external;

    /// @notice Pays an epoch. Anyone, in the order of epochs, from the acceptance of its boundary on. Later than the
    /// accrual deadline any accounting is taken with an empty vector. That pays nothing, as does an epoch that ended in a
    /// recovery, whose vector is empty, and a committed vector of the wrong length.
    /// @param accounting What the epoch's boundary committed to
    /// @param vector Per seat of the epoch's registry: missed (parts of 65,535, rounded up) and blocks proposed, 2 bytes each
    /// @param relayer Who submitted the boundary; credited for it
    function accrue(Epoch epoch, Accounting calldata accounting, bytes calldata vector, address relayer) external;

    /// @notice Credits the submitter of a checkpoint that is no boundary: one for each checkpoint interval, while the
    /// credits of the epoch accrued last are not used up. Anyone.
    /// @param index Its number
    /// @param epoch Its epoch
    /// @param submitter Who submitted it
    /// @return amount What was credited
    function creditCheckpoint(
        uint32 index,
        Epoch epoch,
        Checkpoint calldata checkpoint,
        address submitter
    ) external returns (uint256 amount);

    /// @notice Pays a relayer's credits to it. Anyone.
    function claimCredits(address relayer) external returns (uint256 amount);

    /// @notice Splits a validator's pay, at most `most` changes of row or seat further. Anyone; claims do a few themselves.
    /// @return done Whether everything accrued is split
    function settleRows(uint64 validator, uint256 most) external returns (bool done);

    /// @notice Books what a position earned, for its owner to claim. Anyone; StakingPool before shares leave.
    /// @return amount What was booked
    function settle(uint64 validator, address owner) external returns (uint256 amount);

    /// @notice Pays an owner what is booked and what its positions earned. Anyone. A position that compounds is settled
    /// only if the owner calls.
    /// @return amount What was paid
    function claim(uint64[] calldata validators, address owner) external returns (uint256 amount);

    /// @notice Pays validators what they earned themselves (bond, commission, authority's part, blocks proposed): to the
    /// withdrawal address, an authority's into its bond while that is below the target. Anyone.
    function claimValidator(uint64[] calldata validators) external;

    /// @notice Allows or forbids anyone to put the caller's pay from a validator back into its position there.
    function setCompound(uint64 validator, bool compounding) external;

    /// @notice Adds what positions that allow it earned to them; what a position has no room for is booked. Anyone.
    function compound(uint64 validator, address[] calldata owners) external;

    /// @notice AITBC.
    function token() external view returns (IERC20);

    /// @notice Custody: whose rows and traces split the pay.
    function pool() external view returns (IStakingPool);

    /// @notice Whose seals and tenures say who sat where.
    function elections() external view returns (IElections);

    /// @notice Whose boundaries commit to the epochs' accounting.
    function checkpoints() external view returns (ICheckpointManager);

    /// @notice Whose rewards values an epoch is paid by.
    function parameters() external view returns (IConsensusParameters);

    /// @notice What is there for epochs to come.
    function reserve() external view returns (uint256);

    /// @notice Paid to seats or credited, and not yet paid out. Reserve and this are covered by the balance.
    function outstanding() external view returns (uint256);

    /// @notice What is left for credits of checkpoints until the next accrual.
    function creditLeft() external view returns (uint256);

    /// @notice Booked for an owner: earned by positions settled, not yet claimed.
    function owed(address owner) external view returns (uint256);

    /// @notice Credits of a relayer not yet claimed.
    function creditsOf(address relayer) external view returns (uint256);

    /// @notice Number of epochs accrued: the next one due.
    function accruedEpochs() external view returns (uint64);

    /// @notice Seal of the registry of the last epoch accrued; 0 before any.
    function accruedSeal() external view returns (uint32);

    /// @notice Time up to which is paid, ms.
    function paidUntil() external view returns (uint64);

    /// @notice Height from which a checkpoint is credited.
    function creditFrom() external view returns (uint64);

    /// @notice Counters after an epoch. Epochs that paid nothing share the blob of the one before, which is zero if there
    /// is none. Layout: EpochPay.
    function blobAt(Epoch epoch) external view returns (address);

    /// @notice Cumulative pay of a seat after an epoch, gwei: as an authority's, and the stakers' part.
    function countersAt(Epoch epoch, uint16 seat) external view returns (uint64 authority, uint64 stakers);

    /// @notice Seats that had a duty in an epoch and of which nothing was carried, bit j of word k = seat 256 k + j. Zeros
    /// for an epoch that paid nothing. Fails while it is not accrued.
    function absentIn(Epoch epoch) external view returns (uint256[4] memory);

    /// @notice First epoch accrued whose registry was sealed by this seal or a later one.
    /// @return found Whether there is one yet
    function firstEpochOf(uint32 seal) external view returns (bool found, Epoch epoch);

    /// @notice How far a validator's pay is split; what `settleRows` would add is not in it.
    function ledgerOf(uint64 validator) external view returns (Ledger memory);

    /// @notice Pay of one share, times 2^64, at the start of a row; 0 for the first row and for rows not begun.
    function accAt(uint64 validator, uint256 row) external view returns (uint256);

    /// @notice How far a position is settled; what `settle` would add is not in it.
    function positionOf(uint64 validator, address owner) external view returns (Position memory);

    /// @notice Seal up to which a position's entries are paid, as far as it was settled.
    function paidSeal(uint64 validator, address owner) external view returns (uint32);

    /// @notice What an epoch would be paid, and what the plan's reward per block alone would come to: the annual cap
    /// binds long before it.
    /// @param blocks Blocks of the epoch
    /// @param multiplier Load multiplier, millionths
    /// @param time Its time, ms
    /// @return capped What is paid
    /// @return planned Base reward by blocks and load, uncapped
    function budgetFor(
        uint256 blocks,
        uint256 multiplier,
        uint256 time
    ) external view returns (uint256 capped, uint256 planned);
}
