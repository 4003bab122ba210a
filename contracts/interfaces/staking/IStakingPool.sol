// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Epoch} from "../../types/Types.sol";
import {IUnbondingQueue} from "./IUnbondingQueue.sol";
import {IValidatorRegistry} from "./IValidatorRegistry.sol";

/// @title Custody of stake
/// @notice Holds all stake (amounts in base units, 10^-18 AITBC): validators' self-bonds, delegations, and, for the
/// UnbondingQueue, which only keeps books, what is leaving. Not upgradeable. Tokens go to whoever they belong to, on
/// his own request, or to a slasher on its verdict. Tokens sent here by a plain transfer are a gift to nobody: the
/// books count deposits, not the balance.
///
/// Delegated tokens are owned by shares, with 10^6 virtual shares and one virtual base unit. The self-bond is the
/// junior tranche: it pays charges first. A pool that a charge leaves without tokens is retired: its shares are worth
/// nothing for ever and later deposits belong to the next *generation*.
///
/// What seals count is kept for rewards and votes. With k seals executed, what changes now is first counted by seal
/// k + 1. A validator's *rows* say what each seal counted; a position's *trace* says which of its shares are counted
/// from which seal on. Stake that leaves takes its part out of every entry of the trace, newest first.
interface IStakingPool {
    /// @notice Times and bounds, fixed at deployment. Seconds, base units, millionths.
    /// @param unbondingTime From the start of a cohort's clock to the withdrawal; not 0
    /// @param cohortPeriod Length of a cohort's day; not 0
    /// @param maxWait After its day, when a cohort's clock starts in any case
    /// @param redelegationPeriod Between two redelegations of a position
    /// @param commissionNotice Between the announcement of a commission and its taking effect
    /// @param commissionStep Most change of a commission per day (of 86,400 s), millionths
    /// @param commissionMax Greatest commission, millionths; at most 1,000,000
    /// @param minimumDelegation Least amount of a delegation or redelegation
    /// @param maxHold Longest time evidence can hold withdrawals
    struct Times {
        uint256 unbondingTime;
        uint256 cohortPeriod;
        uint256 maxWait;
        uint256 redelegationPeriod;
        uint256 commissionNotice;
        uint256 commissionStep;
        uint256 commissionMax;
        uint256 minimumDelegation;
        uint256 maxHold;
    }

    /// @notice A validator's stake now.
    /// @param bond Self-bond
    /// @param delegated Tokens of delegators, of the present generation
    /// @param shares Shares of those tokens
    /// @param generation Pool generation; 1 from the first delegation on
    struct Pool {
        uint128 bond;
        uint128 delegated;
        uint128 shares;
        uint32 generation;
    }

    /// @notice What seal `seal` counted of a validator, and every later one until the next row's.
    /// @param seal Number of the seal, from 1; 0 stands for no row
    /// @param shares Shares of the delegators
    /// @param bondFraction Bond / (bond + delegated) in parts of 10^9, rounded down; 0 without stake
    /// @param commission Commission in force, millionths
    /// @param generation Generation of the shares
    struct Row {
        uint32 seal;
        uint128 shares;
        uint32 bondFraction;
        uint24 commission;
        uint32 generation;
    }

    /// @notice Shares of a position counted from a seal on, until the next entry's.
    /// @param seal Number of the seal
    /// @param row Index of the validator's row of that seal
    /// @param generation Generation of the shares; rows of another count none of them
    /// @param shares All shares counted, those of earlier entries among them
    struct Entry {
        uint32 seal;
        uint32 row;
        uint32 generation;
        uint128 shares;
    }

    /// @notice A delegator's position with a validator.
    /// @param shares Shares; worth nothing if `generation` is not the pool's
    /// @param generation Generation of the shares
    /// @param entries Entries of its trace
    /// @param redelegatedAt Second of the last redelegation out of it; 0 if none
    /// @param encumbered Whether shares that came by redelegation still answer for the validator they left
    struct Position {
        uint128 shares;
        uint32 generation;
        uint32 entries;
        uint40 redelegatedAt;
        bool encumbered;
    }

    /// @notice A validator's commission, millionths.
    /// @param current In force
    /// @param next Announced; meaningless while `nextAt` is 0
    /// @param nextAt Second from which `applyCommission` works; 0 while nothing is announced
    /// @param since Second the current one took effect; 0 if none ever did
    struct Commission {
        uint24 current;
        uint24 next;
        uint40 nextAt;
        uint40 since;
    }

    /// @notice Withdrawals held by evidence.
    /// @param until Second until which they are held; 0 if never
    /// @param seal Only stake that may have been counted by this seal or a later one is held
    /// @param limit Second beyond which no hold can reach, and from which a slasher that fails to settle is passed over
    struct Hold {
        uint40 until;
        uint32 seal;
        uint40 limit;
    }

    /// @notice What a slash took; parts add up.
    /// @param bond From the self-bond
    /// @param queuedBond From leaving bond
    /// @param delegated From the pool of delegators
    /// @param queuedDelegated From leaving delegations
    /// @param redelegated Charged to stake that was redelegated away; collected as each position is settled
    struct Taken {
        uint256 bond;
        uint256 queuedBond;
        uint256 delegated;
        uint256 queuedDelegated;
        uint256 redelegated;
    }

    /// @notice `from` added `amount` to a bond, which is `bond` now.
    event BondDeposited(uint64 indexed validator, address indexed from, uint256 amount, uint256 bond);
    /// @notice Bond moved into the unbonding queue.
    event BondReleased(uint64 indexed validator, uint256 indexed cohort, uint256 amount, uint256 bond);
    /// @notice Unbonding bond moved back.
    event BondRestored(uint64 indexed validator, uint256 amount, uint256 bond);
    /// @notice A delegation, or what was added to one; `from` paid. The entry it makes in the trace has the seal and the
    /// index of the row set with it; it replaces the newest entry if that has this seal.
    event Delegated(
        uint64 indexed validator,
        address indexed owner,
        address indexed from,
        uint256 amount,
        uint256 shares
    );
    /// @notice Shares left the pool for the unbonding queue. `amount` is what they were worth, rounded down. Entries of
    /// the trace with more shares than are left count what is left, as after every event that burns shares.
    event Undelegated(
        uint64 indexed validator,
        address indexed owner,
        uint256 indexed cohort,
        uint256 amount,
        uint256 shares
    );
    /// @notice An unbonding delegation, or part of it, came back as pending stake.
    event DelegationRestored(uint64 indexed validator, address indexed owner, uint256 amount, uint256 shares);
    /// @notice Shares moved to another validator; `cohort`, of the one they left, notes what answers for it.
    event Redelegated(
        uint64 indexed from,
        uint64 indexed to,
        address indexed owner,
        uint256 cohort,
        uint256 amount,
        uint256 sharesBurnt,
        uint256 sharesMinted
    );
    /// @notice A position paid what became due from the stake that it had redelegated from `source`.
    event LiabilityCharged(
        uint64 indexed validator,
        address indexed owner,
        uint64 indexed source,
        uint256 amount,
        uint256 shares
    );
    /// @notice Redelegated stake answers no longer for the validator it left.
    event LiabilityCleared(uint64 indexed validator, address indexed owner, uint64 indexed source);
    /// @notice What seals count of a validator from `row.seal` on; it replaces an earlier one for the same seal.
    event RowSet(uint64 indexed validator, uint256 indexed index, Row row);
    /// @notice The trace of a position was full: its newest entry moved to the next seal and took the deposit along.
    event TraceMoved(uint64 indexed validator, address indexed owner, uint256 index);
    /// @notice A commission of `rate` millionths can be applied from second `from` on.
    event CommissionAnnounced(uint64 indexed validator, uint24 rate, uint40 from);
    /// @notice A commission of `rate` millionths is in force, counted from the next seal on.
    event CommissionApplied(uint64 indexed validator, uint24 rate);
    /// @notice Stake was taken, and is owed to `slasher`.
    event Slashed(uint64 indexed validator, address indexed slasher, uint32 seal, Taken taken);
    /// @notice Withdrawals of stake that seal `seal` or a later one may have counted are held until `until`, and by no
    /// later evidence beyond `limit` (seconds).
    event HoldSet(uint64 indexed validator, uint40 until, uint32 seal, uint40 limit);
    /// @notice A charge left the pool without tokens: shares of earlier generations are worth nothing.
    event PoolRetired(uint64 indexed validator, uint32 generation);
    /// @notice Slashed tokens went to the slasher that took them.
    event SlashedCollected(address indexed slasher, uint256 amount);
    /// @notice Rewards became stake: of a validator's bond (`owner` zero), or of a position.
    event Credited(uint64 indexed validator, address indexed owner, uint256 amount, uint256 shares);
    /// @notice New stake is refused until second `until`; one not in the future lifts the pause.
    event DepositsPaused(uint40 until);
    /// @notice The module that keeps live weights was replaced.
    event ElectionsSet(address indexed elections);
    /// @notice The module that pays rewards was replaced.
    event DistributorSet(address indexed distributor);
    /// @notice The slasher was replaced; what stopped being counted up to seal `seal` answers to the old one only.
    event SlasherSet(address indexed slasher, uint32 seal);
    /// @notice The module that keeps live weights did not take note of a change; anyone may call its `refresh`.
    event RefreshFailed(uint64 indexed validator);
    /// @notice The module that pays rewards did not settle a position before its shares changed.
    event SettleFailed(uint64 indexed validator, address indexed owner);

    /// @notice The caller does not act for this validator in this matter.
    error StakingPoolUnauthorized(uint64 validator, address caller);
    /// @notice An amount of nothing, or one too small to be worth a share or a base unit.
    error StakingPoolZeroAmount();
    /// @notice A time or bound that would let stake leave at once, or a commission above the whole.
    error StakingPoolBadTimes();
    /// @notice Asked to unbond more than is bonded.
    error StakingPoolInsufficientBond(uint64 validator, uint256 bond, uint256 amount);
    /// @notice Asked to move more shares than the position has.
    error StakingPoolInsufficientShares(uint64 validator, uint256 shares, uint256 asked);
    /// @notice Less than the least delegation.
    error StakingPoolBelowMinimum(uint256 amount, uint256 minimum);
    /// @notice The validator is tombstoned or has left: it takes no more stake.
    error StakingPoolClosed(uint64 validator);
    /// @notice Deposits are paused.
    error StakingPoolPaused(uint40 until);
    /// @notice The owner never opened that position, or holds nothing of it.
    error StakingPoolNoPosition(uint64 validator, address owner);
    /// @notice The trace has no room for another entry until rewards are accrued and settled.
    error StakingPoolTraceFull(uint64 validator, address owner);
    /// @notice The module that numbers seals does not answer: no new stake until it does.
    error StakingPoolNoSeal();
    /// @notice Redelegation to the same validator.
    error StakingPoolSameValidator(uint64 validator);
    /// @notice The position still answers for a redelegation, and can be redelegated or answer for another one only when
    /// that is over: see `clearLiability`.
    error StakingPoolEncumbered(uint64 validator, address owner);
    /// @notice One redelegation a period, unless a higher commission is announced.
    error StakingPoolTooSoon(uint64 validator, uint256 from);
    /// @notice Evidence holds this stake; `until` is when a settlement can be asked for.
    error StakingPoolHeld(uint64 validator, uint256 until);
    /// @notice The surcharge is due and the slasher failed to settle it; it is passed over from `limit` on.
    error StakingPoolUnsettled(uint64 validator, uint256 limit);
    /// @notice The commission is above the maximum, or changes by more than its daily step allows.
    error StakingPoolBadCommission(uint24 rate, uint24 current, uint256 most);
    /// @notice No commission is announced (`from` 0), or its notice lasts until second `from`.
    error StakingPoolNoNotice(uint64 validator, uint40 from);
    /// @notice A pause may reach 72 hours ahead.
    error StakingPoolPauseTooLong(uint40 until);
    /// @notice Only the UnbondingQueue may call this.
    error StakingPoolNotQueue(address caller);
    /// @notice Only the module that pays rewards may call this.
    error StakingPoolNotDistributor(address caller);
    /// @notice Neither a slasher nor one that was replaced; or, to be one, zero or one already.
    error StakingPoolNotSlasher(address caller);
    /// @notice Too little gas for the calls of other modules, whose failure must not be the caller's choice.
    error StakingPoolInsufficientGas();
    /// @notice More than the books have room for.
    error StakingPoolOverflow();

    /// @notice Adds to a validator's bond from the caller's allowance. Operator or withdrawal address.
    function depositBond(uint64 validator, uint256 amount) external;

    /// @notice As `depositBond`, after an ERC-2612 permit; a permit already used is no failure if the allowance does.
    function depositBondWithPermit(
        uint64 validator,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Starts unbonding part or all of the bond. Only the withdrawal address; in any standing.
    /// @return cohort The validator's cohort of bond that the amount joined
    function requestUnbond(uint64 validator, uint256 amount) external returns (uint256 cohort);

    /// @notice Delegates from the caller's allowance. The validator must be active or jailed.
    /// @return shares Shares minted, rounded down
    function delegate(uint64 validator, uint256 amount) external returns (uint256 shares);

    /// @notice As `delegate`, after an ERC-2612 permit; a permit already used is no failure if the allowance does.
    function delegateWithPermit(
        uint64 validator,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (uint256 shares);

    /// @notice Adds to another account's position from the caller's allowance. Only if that account holds shares of it
    /// and its trace has room; claims nothing and changes nothing else for it.
    function delegateFor(uint64 validator, address owner, uint256 amount) external returns (uint256 shares);

    /// @notice Moves shares of the caller's position into the unbonding queue. In any standing of the validator.
    /// Shares that came by redelegation leave last and take what they answer for with them. If a charge that was
    /// due leaves fewer than asked, those go.
    /// @return cohort The validator's cohort of delegations that they joined
    function undelegate(uint64 validator, uint256 shares) external returns (uint256 cohort);

    /// @notice Moves shares of the caller's position to another validator at once. What is moved goes on answering for
    /// the validator it leaves, until the cohort it is noted in could be withdrawn. Once a period, unless that
    /// validator announced a higher commission; not out of an encumbered position or into one; out of a convicted
    /// validator once its surcharge is settled.
    /// @return minted Shares of the new position, rounded down
    function redelegate(uint64 from, uint64 to, uint256 shares) external returns (uint256 minted);

    /// @notice Charges a position what became due from stake it redelegated. Anyone.
    function settleLiability(uint64 validator, address owner) external;

    /// @notice Settles a position's liability and ends it if its time is over. Anyone.
    /// @param witness As in `withdraw` of the queue
    function clearLiability(uint64 validator, address owner, Epoch witness) external;

    /// @notice Announces a commission (millionths). Only the operator. It can be applied after the notice, at once
    /// while nobody delegates; it replaces an earlier announcement.
    function announceCommission(uint64 validator, uint24 rate) external;

    /// @notice Puts the announced commission in force, counted from the next seal on. Anyone, after the notice.
    function applyCommission(uint64 validator) external;

    /// @notice Adds rewards to a validator's bond, from the distributor's allowance. Only the distributor.
    /// @return credited False, and nothing taken, if the validator is tombstoned or has left
    function creditBond(uint64 validator, uint256 amount) external returns (bool credited);

    /// @notice Adds rewards to a position, from the distributor's allowance. Only the distributor.
    /// @return credited False, and nothing taken, if there is no such position, its trace is full, the validator takes
    /// no stake, or the amount is worth no share
    function creditDelegation(uint64 validator, address owner, uint256 amount) external returns (bool credited);

    /// @notice Stake that answers for epochs decided under seal `seal`. Asked by a slasher that was replaced: what
    /// still answers to it.
    /// @return junior Bond, and leaving bond
    /// @return senior Delegations, leaving ones, and those redelegated away
    function liable(uint64 validator, uint32 seal) external view returns (uint256 junior, uint256 senior);

    /// @notice Takes `part` of `whole` of a validator's stake liable for `seal`, rounded up, at most all of it: from bond
    /// and leaving bond first, in proportion, then from delegations, leaving ones and redelegated ones, in proportion. Only
    /// the slasher, or one that was replaced, which reaches only stake that left before. Does not revert for lack of stake.
    /// @param seal Number of the seal that decided the epoch of the offence
    /// @param part Numerator of the fraction that is taken; all is where it is greater than `whole`
    /// @param whole Denominator; nothing is taken if it is zero
    /// @param holdUntil As in `hold`; 0 for none
    /// @return juniorTaken Taken from bond and leaving bond
    /// @return seniorTaken Taken from delegations; what redelegated stake was charged among it
    function slash(
        uint64 validator,
        uint32 seal,
        uint96 part,
        uint96 whole,
        uint40 holdUntil
    ) external returns (uint256 juniorTaken, uint256 seniorTaken);

    /// @notice Holds withdrawals of stake liable for `seal` until `until`, or extends such a hold, at most to `maxHold`
    /// after it began; another can begin once it has been over for `unbondingTime`. Beyond these bounds the call does
    /// what it may. Only the slasher.
    function hold(uint64 validator, uint32 seal, uint40 until) external;

    /// @notice Sends slashed tokens to the slasher that took them. Anyone.
    function collectSlashed(address slasher) external returns (uint256 amount);

    /// @notice Refuses new stake until `until` (0 lifts the pause), at most 72 hours ahead. The council. Never touches
    /// exits.
    function pauseDeposits(uint40 until) external;

    /// @notice Takes back leaving bond. Only the queue.
    function restoreBond(uint64 validator, uint256 amount) external;

    /// @notice Takes back a leaving delegation with what it answers for. Only the queue.
    /// @param liability What it inherited; `source` 0 for nothing
    function restoreDelegation(
        uint64 validator,
        address owner,
        uint256 amount,
        IUnbondingQueue.Liability calldata liability
    ) external;

    /// @notice Reverts if stake counted up to seal `lastSeal` must wait; settles a charge that is due. Only the queue.
    function release(uint64 validator, uint32 lastSeal) external;

    /// @notice Pays leaving stake out. Only the queue.
    function pay(address to, uint256 amount) external;

    /// @notice Books leaving stake as slashed: what an inherited liability cost. Only the queue.
    function forfeit(uint256 amount) external;

    /// @notice Replaces the module that keeps live weights. Governance.
    function setElections(address elections) external;

    /// @notice Replaces the module that pays rewards. Governance.
    function setDistributor(address distributor) external;

    /// @notice Replaces the module that slashes. Governance. Stake that has left by now answers only to the old one.
    function setSlasher(address slasher) external;

    /// @notice Module that keeps live weights and numbers seals.
    function elections() external view returns (address);

    /// @notice Module that pays rewards; zero if there is none.
    function distributor() external view returns (address);

    /// @notice Module that slashes now; those it replaced reach only stake that left before.
    function slasher() external view returns (address);

    /// @notice AITBC.
    function token() external view returns (IERC20);

    /// @notice Identities of the validators.
    function registry() external view returns (IValidatorRegistry);

    /// @notice Books of stake that is leaving.
    function queue() external view returns (IUnbondingQueue);

    /// @notice Second until which deposits are paused; past if they are not.
    function depositsPausedUntil() external view returns (uint40);

    /// @notice Times and bounds.
    function times() external view returns (Times memory);

    /// @notice A validator's stake now; zeros for a number not given out.
    function pool(uint64 validator) external view returns (Pool memory);

    /// @notice A validator's self-bond.
    function bondOf(uint64 validator) external view returns (uint256);

    /// @notice Self-bond and delegated stake together.
    function stakeOf(uint64 validator) external view returns (uint256);

    /// @notice Sum of bonds and delegations over all validators.
    function totalStake() external view returns (uint256);

    /// @notice Slashed tokens owed to slashers.
    function totalOwed() external view returns (uint256);

    /// @notice What slashers ever took of leaving bond and leaving delegations, modulo 2^96: the queue deducts it from
    /// what it counts, so that a slash need not.
    function takenFromQueue() external view returns (uint256);

    /// @notice Number of a validator's rows.
    function rowCount(uint64 validator) external view returns (uint256);

    /// @notice A row by its index, from 0; fails beyond the last.
    function row(uint64 validator, uint256 index) external view returns (Row memory);

    /// @notice The row that seal `seal` counted: the last one up to it. Row 0 with seal 0 if there is none.
    function rowAt(uint64 validator, uint32 seal) external view returns (uint256 index, Row memory);

    /// @notice An account's position with a validator; zeros if it never had one.
    function position(uint64 validator, address owner) external view returns (Position memory);

    /// @notice Entries of a position's trace from index `from` on.
    function entries(uint64 validator, address owner, uint256 from) external view returns (Entry[] memory);

    /// @notice Shares of a position that seal `seal` counted and that are still there; 0 if they are of a generation
    /// that was retired.
    function sharesAt(uint64 validator, address owner, uint32 seal) external view returns (uint256);

    /// @notice What a position is worth now, rounded down; a liability not settled is not deducted.
    function tokensOf(uint64 validator, address owner) external view returns (uint256);

    /// @notice What a position answers for; `source` 0 for nothing.
    function liabilityOf(uint64 validator, address owner) external view returns (IUnbondingQueue.Liability memory);

    /// @notice How evidence holds withdrawals of a validator; zeros if it never did.
    function holdOf(uint64 validator) external view returns (Hold memory);

    /// @notice A validator's commission, in force and announced.
    function commissionOf(uint64 validator) external view returns (Commission memory);
}
