// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Params} from "../../types/Messages.sol";

/// @title Governed parameters with immutable bounds
/// @notice Five groups. Consensus values are what validators decide blocks by: every set of them is numbered, kept for
/// ever and hashed into the snapshots sealed while it is in force (tag 37). Stake values shape seats and weights and act
/// from the next seal on. Slashing, rewards and recovery values act at once. Values outside the bounds given at deployment, and combinations
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
    /// @param correlationWindow First convictions at most this far apart raise each other's penalty; a conviction's own
    /// surcharge is settled this long after it
    /// @param surchargeFactor Factor on the share convicted together: the penalty is at least the base, at most all
    /// @param absenceLeast Fraction taken for unavailability of one validator alone
    /// @param absenceMost Fraction taken when all the stake is absent at the same time
    /// @param jailAfter Epochs in a row without anything carried after which a validator is charged as unavailable
    /// @param absenceDelay From such a charge until it is taken, in which it can be vetoed
    struct Slashing {
        uint64 basePenalty;
        uint64 reporterShare;
        uint64 reporterCap;
        uint64 evidenceValidity;
        uint64 jailTime;
        uint64 correlationWindow;
        uint64 surchargeFactor;
        uint64 absenceLeast;
        uint64 absenceMost;
        uint64 jailAfter;
        uint64 absenceDelay;
    }

    /// @notice What an epoch pays. Fractions in millionths of the epoch's budget unless told otherwise.
    /// @param baseReward Per block at load multiplier 1, thousandths of an AITBC
    /// @param annualCap Most paid a year, as a fraction of `supply`
    /// @param supply What `annualCap` is a fraction of, whole AITBC
    /// @param authorityShareFast Authorities' share in Fast, of what is left after bonus and credits
    /// @param authorityShareBalanced The same in Balanced
    /// @param authorityShareSecure The same in Secure
    /// @param standbyShare Fraction of the stakers' share for seats outside the voting and backing sets that showed
    /// themselves ready
    /// @param proposerBonus Most for the proposers of an epoch's blocks
    /// @param relayerCredit For each boundary, seal, accrual or interval's checkpoint relayed, thousandths of an AITBC
    /// @param creditShare Most for all credits of an epoch
    /// @param bondTarget An authority's pay goes into its bond until that is this much, whole AITBC
    /// @param epochPaidTime Most time of one epoch that is paid for, s; the rest lapses
    /// @param accrualLag Epochs that accrual may be behind before sealing waits for it
    /// @param accrualDeadline Seconds after a boundary's acceptance from which anyone may accrue its epoch with pay 0
    struct Rewards {
        uint64 baseReward;
        uint64 annualCap;
        uint64 supply;
        uint64 authorityShareFast;
        uint64 authorityShareBalanced;
        uint64 authorityShareSecure;
        uint64 standbyShare;
        uint64 proposerBonus;
        uint64 relayerCredit;
        uint64 creditShare;
        uint64 bondTarget;
        uint64 epochPaidTime;
        uint64 accrualLag;
        uint64 accrualDeadline;
    }

    /// @notice When and how a chain that stands still is restarted (protocol.md section 6). Seconds, fractions in
    /// millionths of the stake in force at the last boundary accepted.
    /// @param stall Without an accepted checkpoint for this long, anyone may open recovery
    /// @param grace From then on certificates may be posted for this long, and a lease longer where Fast was possible
    /// @param leakAfter Without an accepted checkpoint for this long, the leak begins
    /// @param leakRound Least length of a round of it
    /// @param leakStep Most stake that one round leaves out
    /// @param leakFloor Stake below which no round goes
    struct Recovery {
        uint64 stall;
        uint64 grace;
        uint64 leakAfter;
        uint64 leakRound;
        uint64 leakStep;
        uint64 leakFloor;
    }

    /// @notice Consensus values were set; `number` names them in snapshots.
    event ConsensusSet(uint32 indexed number, bytes32 indexed hash, Params values);
    /// @notice Stake values were set.
    event StakeSet(Stake values);
    /// @notice Slashing values were set.
    event SlashingSet(Slashing values);
    /// @notice Rewards values were set.
    event RewardsSet(Rewards values);
    /// @notice Recovery values were set.
    event RecoverySet(Recovery values);
    /// @notice Until then the consensus values in force are governance's with Secure as the least mode.
    event ModeFloorRequested(uint40 until);

    /// @notice Field `index` of group `group` (0 consensus, 1 stake, 2 slashing, 3 rewards, 4 recovery) is outside its
    /// bounds.
    error ConsensusParametersOutOfBounds(uint8 group, uint256 index, uint64 value, uint64 lower, uint64 upper);
    /// @notice The values break a rule of safety together.
    error ConsensusParametersUnsafe(string rule);
    /// @notice No set of consensus values has this number.
    error ConsensusParametersUnknown(uint32 number);
    /// @notice A request for Secure may reach 72 hours ahead.
    error ConsensusParametersFloorTooLong(uint40 until);

    /// @notice Governance; acts on snapshots sealed from now on.
    function setConsensus(Params calldata values) external;

    /// @notice Governance; acts from the next seal on.
    function setStake(Stake calldata values) external;

    /// @notice Governance; acts at once.
    function setSlashing(Slashing calldata values) external;

    /// @notice Governance; acts at once: on epochs not accrued yet too.
    function setRewards(Rewards calldata values) external;

    /// @notice Governance; acts at once: on a recovery that is open too.
    function setRecovery(Recovery calldata values) external;

    /// @notice Makes Secure the least mode in snapshots sealed until `until`, at most 72 hours ahead; a second not in the
    /// future ends that. The council, which keeps within its 72 hours in 30 days.
    function requestModeFloor(uint40 until) external;

    /// @notice Second until which Secure is the least mode by the council's request; past if it is not.
    function modeFloorUntil() external view returns (uint40);

    /// @notice Number of the consensus values now in force.
    function number() external view returns (uint32);

    /// @notice Hash (tag 37) of the consensus values now in force.
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

    /// @notice The five values that evidence needs, of `slashing()`, for one slot read.
    function penalties()
        external
        view
        returns (
            uint64 basePenalty,
            uint64 reporterShare,
            uint64 reporterCap,
            uint64 evidenceValidity,
            uint64 correlationWindow
        );

    /// @notice Longest that a leak with all its rounds may take, s: stake that left stays liable for at least as long.
    function leakWithin() external view returns (uint64);

    /// @notice Longest from a block of the settlement chain until headers may name it, s: until it is final, and `refLag`.
    /// Epochs of every mode last at least twice as long. 0 where the settlement chain is a devnet's.
    function settlementLag() external view returns (uint64);

    /// @notice Consensus values now in force.
    function consensus() external view returns (Params memory);

    /// @notice Stake values now in force.
    function stake() external view returns (Stake memory);

    /// @notice Slashing values now in force.
    function slashing() external view returns (Slashing memory);

    /// @notice Rewards values now in force.
    function rewards() external view returns (Rewards memory);

    /// @notice Recovery values now in force.
    function recovery() external view returns (Recovery memory);

    /// @notice Least and greatest consensus values that governance can set; fixed at deployment, field by field.
    function consensusBounds() external view returns (Params memory lower, Params memory upper);

    /// @notice The same of stake values.
    function stakeBounds() external view returns (Stake memory lower, Stake memory upper);

    /// @notice The same of slashing values.
    function slashingBounds() external view returns (Slashing memory lower, Slashing memory upper);

    /// @notice The same of rewards values.
    function rewardsBounds() external view returns (Rewards memory lower, Rewards memory upper);

    /// @notice The same of recovery values.
    function recoveryBounds() external view returns (Recovery memory lower, Recovery memory upper);
}
