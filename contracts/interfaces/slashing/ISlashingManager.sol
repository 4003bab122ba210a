// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Epoch, G2Point, Mode, Seat} from "../../types/Types.sol";

/// @title Evidence, convictions, the slashing pool
/// @notice Hears two signatures of one key that the protocol never lets one key make (protocol.md section 7), and charges
/// for them: part of the bond and of the bond still unbonding, the vote for good. Anyone may submit. Tokens taken stay
/// here, in the slashing pool, less the reporter's reward.
interface ISlashingManager {
    /// @notice Kinds of votes, numbered as their signing tags.
    /// @param kind 2 NOTARIZE, 3 FINALIZE, 4 NULLIFY
    /// @param viewNumber View; for a NULLIFY the one it names
    /// @param parentView View of the parent; 0 for a NULLIFY
    /// @param blockHash Block; zero for a NULLIFY
    struct Vote {
        uint8 kind;
        uint64 viewNumber;
        uint64 parentView;
        bytes32 blockHash;
    }

    /// @notice Two votes of one seat in one domain. The pair is ordered by kind: NOTARIZE before FINALIZE before NULLIFY.
    /// @param epoch Epoch
    /// @param incarnation Recoveries before it
    /// @param mode Mode in the domain, taken as signed
    /// @param registryRoot Root in the domain: one the contracts sealed or carried over for the epoch
    /// @param seat The offender's seat in that registry
    /// @param first First vote
    /// @param second Second vote
    /// @param signature Sum of the two signatures
    struct VotePair {
        Epoch epoch;
        uint32 incarnation;
        Mode mode;
        bytes32 registryRoot;
        Seat seat;
        Vote first;
        Vote second;
        G2Point signature;
    }

    /// @notice A validator's record here.
    /// @param convictions Offences on record
    /// @param firstAt Second of the first conviction; 0 if none
    /// @param taken Stake taken, base units
    struct Record {
        uint32 convictions;
        uint40 firstAt;
        uint128 taken;
    }

    /// @notice A validator was convicted. `bondTaken` and `queuedTaken` are zero after its first conviction.
    /// @param offence Identity of the offence: validator, domain, view or term, kinds
    event Convicted(
        uint64 indexed validator,
        bytes32 indexed offence,
        Epoch indexed epoch,
        uint8 firstKind,
        uint8 secondKind,
        uint64 viewNumber,
        uint256 bondTaken,
        uint256 queuedTaken,
        address reporter,
        uint256 reward
    );

    /// @notice The two votes may be signed by one honest key, or are not a pair in the order required.
    error SlashingManagerNotAnOffence();
    /// @notice No such registry was sealed for that epoch and incarnation.
    error SlashingManagerUnknownDomain();
    error SlashingManagerVacantSeat(Seat seat);
    /// @notice The signature is not the sum of the two votes' by the seat's key.
    error SlashingManagerBadSignature();
    /// @notice Evidence of that epoch is no longer heard.
    error SlashingManagerExpired(Epoch epoch, uint256 until);
    error SlashingManagerAlreadyCharged(bytes32 offence);

    /// @notice Convicts the signer of two votes. Anyone; the caller is rewarded.
    /// @return offence Its identity
    /// @return reward What the caller got
    function submitVotes(VotePair calldata pair) external returns (bytes32 offence, uint256 reward);

    /// @notice Whether `submitVotes` would convict now, whom, of what, and the reward; reverts as it would.
    function check(
        VotePair calldata pair
    ) external view returns (uint64 validator, bytes32 offence, uint256 penalty, uint256 reward);

    function charged(bytes32 offence) external view returns (bool);
    function record(uint64 validator) external view returns (Record memory);

    /// @notice Tokens held for governance to decide about: everything taken, less rewards, and whatever was given.
    function slashingPool() external view returns (uint256);
}
