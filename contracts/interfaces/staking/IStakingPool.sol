// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IUnbondingQueue} from "./IUnbondingQueue.sol";
import {IValidatorRegistry} from "./IValidatorRegistry.sol";

/// @title Custody of bonded stake
/// @notice Holds every validator's self-bond (amounts in base units, 10^-18 AITBC). Not upgradeable. Stake leaves in
/// two ways only: into the UnbondingQueue on the owner's request, and to a slasher on its verdict. Tokens sent here by
/// a plain transfer are a gift to nobody: the books count deposits, not the balance.
interface IStakingPool {
    /// @notice A validator's stake. Delegated tokens and their shares belong to the pool generation counted here; a
    /// pool slashed to nothing is retired by opening the next generation.
    /// @param bond Self-bond
    /// @param delegated Tokens of delegators
    /// @param shares Shares of those tokens
    /// @param generation Pool generation
    struct Pool {
        uint128 bond;
        uint128 delegated;
        uint128 shares;
        uint32 generation;
    }

    event BondDeposited(uint64 indexed validator, address indexed from, uint256 amount, uint256 bond);
    /// @notice Bond moved into the unbonding queue.
    event BondReleased(uint64 indexed validator, uint256 indexed cohort, uint256 amount, uint256 bond);
    /// @notice Unbonding bond moved back.
    event BondRestored(uint64 indexed validator, uint256 amount, uint256 bond);
    event BondSlashed(uint64 indexed validator, address indexed slasher, uint256 amount, uint256 bond);
    event ElectionsSet(address indexed elections);
    /// @notice The module that keeps live weights did not take note of a change; anyone may call its `refresh`.
    event RefreshFailed(uint64 indexed validator);

    error StakingPoolUnauthorized(uint64 validator, address caller);
    error StakingPoolZeroAmount();
    /// @notice Asked to unbond more than is bonded.
    error StakingPoolInsufficientBond(uint64 validator, uint256 bond, uint256 amount);
    /// @notice The validator is tombstoned or has left: it takes no more stake.
    error StakingPoolClosed(uint64 validator);
    error StakingPoolNotQueue(address caller);

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
    /// @return cohort The validator's cohort that the amount joined
    function requestUnbond(uint64 validator, uint256 amount) external returns (uint256 cohort);

    /// @notice Takes back unbonding bond that the queue has just transferred here. Only the queue.
    function restoreBond(uint64 validator, uint256 amount) external;

    /// @notice Moves up to `amount` of a validator's bond to the calling slasher. Never reverts for lack of stake. Live
    /// weights are told by the jailing that follows, or by anybody's `refresh`.
    /// @return taken What was there to take
    function slashBond(uint64 validator, uint256 amount) external returns (uint256 taken);

    /// @notice Replaces the module that keeps live weights. Governance.
    function setElections(address elections) external;

    function elections() external view returns (address);
    function token() external view returns (IERC20);
    function registry() external view returns (IValidatorRegistry);
    function queue() external view returns (IUnbondingQueue);

    function pool(uint64 validator) external view returns (Pool memory);

    /// @notice A validator's self-bond.
    function bondOf(uint64 validator) external view returns (uint256);

    /// @notice Self-bond and delegated stake together.
    function stakeOf(uint64 validator) external view returns (uint256);

    /// @notice Sum over all validators: what this contract owes.
    function totalStake() external view returns (uint256);
}
