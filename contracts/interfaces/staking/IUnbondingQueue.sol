// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Epoch} from "../../types/Types.sol";
import {IStakingPool} from "./IStakingPool.sol";

/// @title Custody of stake that is leaving
/// @notice Holds bond between the request to unbond and the withdrawal (amounts in base units). Not upgradeable; its
/// times are fixed at deployment, so nothing changes under an open entry.
///
/// What leaves joins the validator's *cohort* of that day. A cohort remembers the last seal that may have counted
/// its stake (`lastSeal`): the stake stays liable for every epoch decided under that seal or an earlier one. It can
/// be withdrawn `unbondingTime` after the contracts accepted a boundary x whose next epoch x + 1 is decided under a
/// later seal, and in any case `maxWait + unbondingTime` after its day: no dead chain and no module holds an exit.
interface IUnbondingQueue {
    /// @notice One day's leaving bond of one validator. Its owner is the validator's withdrawal address.
    /// @param tokens What is left after slashing, cancelling and withdrawing
    /// @param day Number of the day (of `cohortPeriod` seconds since 1970) the last amount joined
    /// @param lastSeal Number of the last seal that may have counted any of it
    struct Cohort {
        uint128 tokens;
        uint40 day;
        uint32 lastSeal;
    }

    event BondQueued(uint64 indexed validator, uint256 indexed cohort, uint256 amount, uint40 day, uint32 lastSeal);
    event BondCancelled(uint64 indexed validator, uint256 indexed cohort, uint256 amount);
    event BondWithdrawn(uint64 indexed validator, uint256 indexed cohort, address indexed to, uint256 amount);
    event CohortSlashed(uint64 indexed validator, uint256 indexed cohort, address indexed slasher, uint256 amount);
    event CheckpointsSet(address indexed checkpoints);
    event ElectionsSet(address indexed elections);

    error UnbondingQueueNotPool(address caller);
    error UnbondingQueueUnauthorized(uint64 validator, address caller);
    error UnbondingQueueInsufficient(uint64 validator, uint256 cohort, uint256 tokens, uint256 amount);
    /// @notice Not yet withdrawable by the boundary named; `from` is the second it will be at the latest.
    error UnbondingQueueNotReady(uint64 validator, uint256 cohort, uint256 from);
    error UnbondingQueueEmpty(uint64 validator, uint256 cohort);
    /// @notice A tombstoned or departed validator takes no stake back.
    error UnbondingQueueClosed(uint64 validator);

    /// @notice Books bond that the pool has just transferred here. Only the pool.
    /// @param counted Whether live weights may still count it: then only the latest date lets it go
    function queueBond(uint64 validator, uint256 amount, bool counted) external returns (uint256 cohort);

    /// @notice Moves unbonding bond back into the validator's bond. Only the withdrawal address.
    function cancelBond(uint64 validator, uint256 cohort, uint256 amount) external;

    /// @notice Pays a cohort out. Only the withdrawal address.
    /// @param witness An epoch x whose boundary was accepted long enough ago and whose successor does not count the
    /// cohort (`witnessOf` finds one); ignored once the latest date has passed
    /// @return amount What was paid
    function withdrawBond(uint64 validator, uint256 cohort, Epoch witness) external returns (uint256 amount);

    /// @notice Moves up to `amount` from the validator's cohorts liable for seal `seal` to the calling slasher, each
    /// paying in proportion, rounded up. Never reverts for lack of stake.
    /// @return taken What was there to take
    function slashBond(uint64 validator, uint32 seal, uint256 amount) external returns (uint256 taken);

    /// @notice Replaces the module that accepts boundaries. Governance.
    function setCheckpoints(address checkpoints) external;

    /// @notice Replaces the module that numbers seals. Governance.
    function setElections(address elections) external;

    function checkpoints() external view returns (address);
    function elections() external view returns (address);
    function token() external view returns (IERC20);
    function pool() external view returns (IStakingPool);

    /// @notice Seconds from the start of the clock to the withdrawal.
    function unbondingTime() external view returns (uint256);

    /// @notice Length of a cohort's day in seconds.
    function cohortPeriod() external view returns (uint256);

    /// @notice Seconds after its day at which a cohort's clock starts in any case.
    function maxWait() external view returns (uint256);

    function cohortCount(uint64 validator) external view returns (uint256);
    function cohort(uint64 validator, uint256 index) external view returns (Cohort memory);

    /// @notice Leaving bond of a validator that answers for epochs decided under seal `seal`.
    function liableBond(uint64 validator, uint32 seal) external view returns (uint256);

    /// @notice Whether `withdrawBond` with this witness would pay now, and what.
    function withdrawable(uint64 validator, uint256 cohort, Epoch witness) external view returns (uint256 amount);

    /// @notice The earliest epoch, from `from` on, that can serve as witness for a cohort; its boundary's acceptance
    /// starts the clock. Meant for calls, not transactions.
    /// @return found Whether there is one yet
    /// @return witness The epoch
    /// @return from_ Second from which the cohort can be withdrawn with it
    function witnessOf(
        uint64 validator,
        uint256 cohort,
        Epoch from
    ) external view returns (bool found, Epoch witness, uint256 from_);

    /// @notice Second from which a cohort can be withdrawn whatever happens.
    function withdrawableAtLatest(uint64 validator, uint256 cohort) external view returns (uint256);

    /// @notice Sum of all cohorts: what this contract owes.
    function totalQueued() external view returns (uint256);
}
