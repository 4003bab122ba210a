// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Params} from "../../types/Messages.sol";

/// @title Governed parameters with immutable bounds
/// @notice Three groups. Consensus values are what validators decide blocks by: every set of them is numbered, kept for
/// ever and hashed into the snapshots sealed while it is in force (tag 35). Stake values shape seats and weights and act
/// from the next seal on. Slashing values act at once. Values outside the bounds given at deployment, and combinations
/// that break a rule of safety, are refused. Quorum fractions are no parameters: they are constants.
interface IConsensusParameters {
    /// @notice Seats and weights. Amounts in whole AITBC, fractions in millionths.
    /// @param authorityBond Least bond of an authority
    /// @param stakerBond Least bond of a staker
    /// @param balancedBond Least bond of a staker in Balanced's voting set
    /// @param weightPerBond Most weight per unit of self-bond
    /// @param stakeCap Most weight of one staker, as a fraction of the stakers' in the backing set after cutting
    /// @param stakeCapFrom Stakers in the backing set from which `stakeCap` applies
    /// @param authorityStakeDivisor The authorities' joint weight is at most 1 / (this - 1) of the backing stakers',
    /// that is 1 / this of both
    /// @param balancedSeats Most members of Balanced's voting set
    /// @param maxSeats Most seats of a registry
    /// @param churn Stakers' seats that may be taken by stronger contenders in one seal, as a fraction of all; at least 1
    /// @param margin By what fraction a contender must be stronger than who it replaces
    struct Stake {
        uint64 authorityBond;
        uint64 stakerBond;
        uint64 balancedBond;
        uint64 weightPerBond;
        uint64 stakeCap;
        uint64 stakeCapFrom;
        uint64 authorityStakeDivisor;
        uint64 balancedSeats;
        uint64 maxSeats;
        uint64 churn;
        uint64 margin;
    }

    /// @notice Penalties. Fractions in millionths, times in seconds.
    /// @param basePenalty Fraction of the liable stake taken for an equivocation
    /// @param reporterShare Reporter's fraction of what the operator itself lost
    /// @param reporterCap Most a reporter gets, whole AITBC
    /// @param evidenceValidity How long after a boundary's acceptance evidence of its epoch is heard
    /// @param jailTime How long a jailed validator waits before it may return
    struct Slashing {
        uint64 basePenalty;
        uint64 reporterShare;
        uint64 reporterCap;
        uint64 evidenceValidity;
        uint64 jailTime;
    }

    /// @notice Consensus values were set; `number` names them in snapshots.
    event ConsensusSet(uint32 indexed number, bytes32 indexed hash, Params values);
    event StakeSet(Stake values);
    event SlashingSet(Slashing values);

    /// @notice Field `index` of group `group` (0 consensus, 1 stake, 2 slashing) is outside its bounds.
    error ConsensusParametersOutOfBounds(uint8 group, uint256 index, uint64 value, uint64 lower, uint64 upper);
    /// @notice The values break a rule of safety together.
    error ConsensusParametersUnsafe(string rule);
    error ConsensusParametersUnknown(uint32 number);

    /// @notice Governance; acts on snapshots sealed from now on.
    function setConsensus(Params calldata values) external;

    /// @notice Governance; acts from the next seal on.
    function setStake(Stake calldata values) external;

    /// @notice Governance; acts at once.
    function setSlashing(Slashing calldata values) external;

    /// @notice Number of the consensus values now in force.
    function number() external view returns (uint32);

    /// @notice Hash (tag 35) of the consensus values now in force.
    function hash() external view returns (bytes32);

    /// @notice Consensus values by number; fails if there is no such set.
    function consensusAt(uint32 number) external view returns (Params memory);

    /// @notice Where a set of consensus values is kept as code.
    function blobOf(uint32 number) external view returns (address);

    /// @notice The four values that every stake operation needs, in whole AITBC and as a factor.
    function bonds()
        external
        view
        returns (uint64 authorityBond, uint64 stakerBond, uint64 balancedBond, uint64 weightPerBond);

    function consensus() external view returns (Params memory);
    function stake() external view returns (Stake memory);
    function slashing() external view returns (Slashing memory);
    function consensusBounds() external view returns (Params memory lower, Params memory upper);
    function stakeBounds() external view returns (Stake memory lower, Stake memory upper);
    function slashingBounds() external view returns (Slashing memory lower, Slashing memory upper);
}
