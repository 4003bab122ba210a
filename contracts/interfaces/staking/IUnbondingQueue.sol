// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Epoch} from "../../types/Types.sol";
import {IStakingPool} from "./IStakingPool.sol";
import {IValidatorRegistry} from "./IValidatorRegistry.sol";

/// @title Books of stake that is leaving
/// @notice Knows whose stake is between the request to unbond and the withdrawal (amounts in base units); the tokens stay
/// in StakingPool. Not upgradeable; its times are fixed at deployment, so nothing changes under an open entry.
///
/// What leaves joins the validator's *cohort* of that day, one list for bond and one for delegations; what is
/// redelegated away is noted in a third. A cohort remembers the last seal that may have counted its stake
/// (`lastSeal`): the stake stays liable for every epoch decided under that seal or an earlier one. It fills until a seal
/// executed after its day, provided the clock of the cohort before has started, until a charge reduces it, or until
/// `maxWait` after its day. It can be withdrawn `unbondingTime` after the contracts accepted a boundary x whose next
/// epoch x + 1 is decided under a later seal, and in any case `maxWait + unbondingTime` after its day: no dead chain and
/// no module holds an exit. So no validator has more than 24 cohorts of a kind open, and one more per charge.
interface IUnbondingQueue {
    /// @notice Lists of cohorts: bond; delegations; what was redelegated to other validators.
    enum Kind {
        Bond,
        Delegation,
        Redelegation
    }

    /// @notice One day's leaving stake of one validator. A share is a base unit as it was when it joined.
    /// @param tokens What is left after charges, cancelling and withdrawing; of redelegated stake what is left to charge
    /// @param shares What would be left without charges
    /// @param day Number of the day (of `cohortPeriod` seconds since 1970) of the first amount
    /// @param lastSeal Number of the last seal that may have counted any of it
    struct Cohort {
        uint96 tokens;
        uint96 shares;
        uint32 day;
        uint32 lastSeal;
    }

    /// @notice What stake that was redelegated answers for.
    /// @param source The validator it left; 0: nothing
    /// @param cohort Cohort of that validator's redelegations
    /// @param shares Shares of that cohort
    /// @param paid Charged already
    /// @param bound Shares, of the position or of the entry, that answer
    struct Liability {
        uint64 source;
        uint32 cohort;
        uint96 shares;
        uint96 paid;
        uint128 bound;
    }

    /// @notice A cohort was opened, emptied and opened anew, or counts on longer. What joins it is told by the pool's
    /// events BondReleased, Undelegated and Redelegated.
    event CohortSet(uint64 indexed validator, Kind indexed kind, uint256 indexed cohort, uint32 day, uint32 lastSeal);
    /// @notice Leaving bond went back into the validator's bond.
    event BondCancelled(uint64 indexed validator, uint256 indexed cohort, uint256 amount);
    /// @notice Leaving bond was paid to the withdrawal address.
    event BondWithdrawn(uint64 indexed validator, uint256 indexed cohort, address indexed to, uint256 amount);
    /// @notice Shares of an entry, worth `amount`, went back to the pool.
    event DelegationCancelled(
        uint64 indexed validator,
        address indexed owner,
        uint256 indexed cohort,
        uint256 amount,
        uint256 shares
    );
    /// @notice An entry of `shares` was paid to its owner: `amount` base units.
    event DelegationWithdrawn(
        uint64 indexed validator,
        address indexed owner,
        uint256 indexed cohort,
        uint256 amount,
        uint256 shares
    );
    /// @notice A leaving delegation paid what became due from stake redelegated from `source`.
    event LiabilityCharged(
        uint64 indexed validator,
        address indexed owner,
        uint256 indexed cohort,
        uint64 source,
        uint256 amount,
        uint256 shares
    );
    /// @notice A charge took `amount` from a cohort; of redelegated stake it is collected from its owners later.
    event CohortSlashed(uint64 indexed validator, Kind indexed kind, uint256 cohort, uint256 amount);
    /// @notice The module that accepts boundaries was replaced.
    event CheckpointsSet(address indexed checkpoints);

    /// @notice Only the pool may call this.
    error UnbondingQueueNotPool(address caller);
    /// @notice Only the validator's withdrawal address may call this.
    error UnbondingQueueUnauthorized(uint64 validator, address caller);
    /// @notice Asked for nothing, or for more than is there: shares of an entry, or base units of bond.
    error UnbondingQueueInsufficient(uint64 validator, uint256 cohort, uint256 shares, uint256 asked);
    /// @notice Not yet withdrawable by the boundary named; `from` is the second it will be at the latest.
    error UnbondingQueueNotReady(uint64 validator, uint256 cohort, uint256 from);
    /// @notice No such cohort, or nothing of it is left for the caller.
    error UnbondingQueueEmpty(uint64 validator, uint256 cohort);
    /// @notice A tombstoned or departed validator takes no stake back.
    error UnbondingQueueClosed(uint64 validator);
    /// @notice More than the books have room for.
    error UnbondingQueueOverflow();
    /// @notice Too little gas to ask whether a clock has started; send more.
    error UnbondingQueueInsufficientGas();

    /// @notice Books bond that has just left. Only the pool.
    /// @param seal Number of the last seal that may count it
    function queueBond(uint64 validator, uint256 amount, uint32 seal) external returns (uint256 cohort);

    /// @notice Books a delegation that has just left, with what it answers for (`bound` in base units). Only the pool.
    function queueDelegation(
        uint64 validator,
        address owner,
        uint256 amount,
        uint32 seal,
        Liability calldata liability
    ) external returns (uint256 cohort);

    /// @notice Notes stake that has just been redelegated away. Only the pool.
    function noteRedelegation(uint64 validator, uint256 amount, uint32 seal) external returns (uint256 cohort);

    /// @notice Moves unbonding bond back into the validator's bond. Only the withdrawal address.
    function cancelBond(uint64 validator, uint256 cohort, uint256 amount) external;

    /// @notice Moves part of the caller's entry back into the validator's pool, as pending stake. Stake that answers for
    /// another validator goes last, with what it answers for; it has to wait (StakingPoolEncumbered) while the position
    /// answers for another redelegation than the entry.
    /// @param shares Shares of the cohort, as `entryOf` tells them
    function cancel(uint64 validator, uint256 cohort, uint256 shares) external;

    /// @notice Pays a cohort of bond out. Only the withdrawal address.
    /// @param witness An epoch x whose boundary was accepted long enough ago and whose successor does not count the
    /// cohort (`witnessOf` finds one); ignored once the latest date has passed
    /// @return amount What was paid
    function withdrawBond(uint64 validator, uint256 cohort, Epoch witness) external returns (uint256 amount);

    /// @notice Pays the caller's entry of a cohort out.
    /// @param witness As in `withdrawBond`; it must do too for a validator that the entry answers for
    /// @return amount What was paid
    function withdraw(uint64 validator, uint256 cohort, Epoch witness) external returns (uint256 amount);

    /// @notice Charges an entry what became due from stake redelegated before it left. Anyone.
    function settleLiability(uint64 validator, address owner, uint256 cohort) external;

    /// @notice Finds what is liable, the validator's stake in the pool among it, divides a charge of `part` of `whole` of it,
    /// and takes what falls on cohorts counted by a seal from `low` to `high` last: in proportion, rounded up, at most what
    /// is there. Only the pool, which takes the rest.
    /// @param part Numerator, below 2^96; all is taken where it is greater than `whole`
    /// @param whole Denominator, below 2^96; nothing is taken if it is zero
    /// @param bond The validator's bond in the pool
    /// @param delegated Delegations in the pool
    /// @return taken What the charge took, and what of it the pool has to take
    function slash(
        uint64 validator,
        uint256 low,
        uint256 high,
        uint256 part,
        uint256 whole,
        uint256 bond,
        uint256 delegated
    ) external returns (IStakingPool.Taken memory taken);

    /// @notice Ends the filling of cohorts last counted by a seal below `seal`: the slasher was replaced. Only the pool.
    function closeBelow(uint32 seal) external;

    /// @notice Replaces the module that accepts boundaries. Governance.
    function setCheckpoints(address checkpoints) external;

    /// @notice Module that accepts boundaries, which start the clocks.
    function checkpoints() external view returns (address);

    /// @notice Custody, which holds the tokens.
    function pool() external view returns (IStakingPool);

    /// @notice Identities of the validators.
    function registry() external view returns (IValidatorRegistry);

    /// @notice Seconds from the start of the clock to the withdrawal.
    function unbondingTime() external view returns (uint256);

    /// @notice Length of a cohort's day in seconds.
    function cohortPeriod() external view returns (uint256);

    /// @notice Seconds after its day at which a cohort's clock starts in any case.
    function maxWait() external view returns (uint256);

    /// @notice Number of a validator's cohorts of a kind, over ones included.
    function cohortCount(uint64 validator, Kind kind) external view returns (uint256);

    /// @notice A cohort by its index, from 0; fails beyond the last.
    function cohort(uint64 validator, Kind kind, uint256 index) external view returns (Cohort memory);

    /// @notice An account's part of a cohort of delegations.
    /// @return shares Its shares
    /// @return tokens What they are worth now, rounded down; a liability not settled is not deducted
    /// @return liability What it answers for besides
    function entryOf(
        uint64 validator,
        address owner,
        uint256 cohort
    ) external view returns (uint256 shares, uint256 tokens, Liability memory liability);

    /// @notice Whether the account's entry of the last cohort of delegations answers for another validator.
    function isEncumbered(uint64 validator, address owner) external view returns (bool);

    /// @notice Leaving stake of a validator last counted by a seal from `low` to `high`.
    function liable(
        uint64 validator,
        uint32 low,
        uint32 high
    ) external view returns (uint256 bond, uint256 delegations, uint256 redelegations);

    /// @notice What redelegated stake has been charged in all, rounded up.
    function lossOf(Liability memory liability) external view returns (uint256);

    /// @notice Whether the clock of a cohort has run out, by a witness or by the latest date.
    function isOver(uint64 validator, Kind kind, uint256 cohort, Epoch witness) external view returns (bool);

    /// @notice The earliest epoch, from `from` on, that can serve as witness for a cohort; its boundary's acceptance
    /// starts the clock. Meant for calls, not transactions.
    /// @return found Whether there is one yet
    /// @return witness The epoch
    /// @return from_ Second from which the cohort can be withdrawn with it
    function witnessOf(
        uint64 validator,
        Kind kind,
        uint256 cohort,
        Epoch from
    ) external view returns (bool found, Epoch witness, uint256 from_);

    /// @notice Second from which a cohort's clock has run out whatever happens.
    function withdrawableAtLatest(uint64 validator, Kind kind, uint256 cohort) external view returns (uint256);

    /// @notice Sum of leaving bond and leaving delegations.
    function totalQueued() external view returns (uint256);
}
