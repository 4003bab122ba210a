// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ICheckpointManager} from "../interfaces/consensus/ICheckpointManager.sol";
import {IConsensusParameters} from "../interfaces/governance/IConsensusParameters.sol";
import {ISlashingManager} from "../interfaces/slashing/ISlashingManager.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {BLS12381} from "../libraries/BLS12381.sol";
import {ConsensusCodec} from "../libraries/ConsensusCodec.sol";
import {KeyStore} from "../libraries/KeyStore.sol";
import {SealedSnapshot, SealedSnapshots} from "../libraries/SealedSnapshots.sol";
import {Domain} from "../types/Messages.sol";
import {G1Point, KeyId, Mode} from "../types/Types.sol";

/// @title Evidence, convictions, the slashing pool
/// @dev No loop of its own; the queue walks the cohorts liable.
contract SlashingManager is ReentrancyGuardTransient, ISlashingManager {
    using SealedSnapshots for SealedSnapshot;

    /// @dev What a pair of votes proves.
    struct Verdict {
        uint64 validator;
        bytes32 offence;
        uint32 seal;
    }

    uint8 private constant _NOTARIZE = 2;
    uint8 private constant _FINALIZE = 3;
    uint8 private constant _NULLIFY = 4;
    uint256 private constant _MILLION = 1_000_000;

    IERC20 public immutable token;
    IValidatorRegistry public immutable registry;
    IStakingPool public immutable pool;
    ICheckpointManager public immutable checkpoints;
    IConsensusParameters public immutable parameters;

    /// @inheritdoc ISlashingManager
    mapping(bytes32 offence => bool) public charged;
    mapping(uint64 validator => Record) private _records;

    constructor(IStakingPool pool_, ICheckpointManager checkpoints_, IConsensusParameters parameters_) {
        token = pool_.token();
        registry = pool_.registry();
        pool = pool_;
        checkpoints = checkpoints_;
        parameters = parameters_;
    }

    /// @inheritdoc ISlashingManager
    function submitVotes(VotePair calldata pair) external nonReentrant returns (bytes32 offence, uint256 reward) {
        IConsensusParameters.Slashing memory rules = parameters.slashing();
        Verdict memory v = _judge(pair, rules);
        offence = v.offence;
        charged[offence] = true;
        Record storage r = _records[v.validator];
        uint256 bondTaken;
        uint256 queuedTaken;
        // The tombstone of the first conviction ends further charges; later ones are only recorded.
        if (r.convictions++ == 0) {
            r.firstAt = uint40(block.timestamp);
            uint256 penalty;
            (penalty, reward) = _penalty(v, rules);
            (bondTaken, queuedTaken) = pool.slash(v.validator, v.seal, penalty, msg.sender, reward, 0);
            registry.tombstone(v.validator);
            r.taken = uint128(bondTaken + queuedTaken);
        }
        emit Convicted(
            v.validator,
            offence,
            pair.epoch,
            pair.first.kind,
            pair.second.kind,
            pair.second.viewNumber,
            bondTaken,
            queuedTaken,
            msg.sender,
            reward
        );
    }

    /// @inheritdoc ISlashingManager
    function check(
        VotePair calldata pair
    ) external view returns (uint64 validator, bytes32 offence, uint256 penalty, uint256 reward) {
        IConsensusParameters.Slashing memory rules = parameters.slashing();
        Verdict memory v = _judge(pair, rules);
        (validator, offence) = (v.validator, v.offence);
        if (_records[validator].convictions == 0) {
            (penalty, reward) = _penalty(v, rules);
        }
    }

    /// @inheritdoc ISlashingManager
    function slashingPool() external view returns (uint256) {
        return token.balanceOf(address(this)) + pool.totalOwed();
    }

    /// @inheritdoc ISlashingManager
    function record(uint64 validator) external view returns (Record memory) {
        return _records[validator];
    }

    /// @dev Whether the votes are a pair no honest key signs, in a domain of ours, signed by the seat's key, in time
    /// and not charged yet. Reverts otherwise.
    function _judge(
        VotePair calldata pair,
        IConsensusParameters.Slashing memory rules
    ) private view returns (Verdict memory v) {
        address blob = checkpoints.snapshotFor(pair.epoch, pair.incarnation, pair.registryRoot);
        if (blob == address(0)) revert SlashingManagerUnknownDomain();
        SealedSnapshot memory s = SealedSnapshots.load(blob);
        uint256 termViews = pair.mode == Mode.Fast ? s.termViews : 1;
        uint256 position = _position(pair.first, pair.second, termViews);
        uint256 boundaryAt = checkpoints.boundaryAcceptedAt(pair.epoch);
        // At that very second withdrawal wins.
        if (boundaryAt != 0 && block.timestamp >= boundaryAt + rules.evidenceValidity) {
            revert SlashingManagerExpired(pair.epoch, boundaryAt + rules.evidenceValidity);
        }
        KeyId keyId = s.keyAt(pair.seat);
        if (KeyId.unwrap(keyId) == 0) revert SlashingManagerVacantSeat(pair.seat);
        v.seal = s.number;
        v.validator = registry.ownerOfKey(keyId);
        bytes32 domain = ConsensusCodec.domain(
            Domain(
                checkpoints.chainId(),
                checkpoints.genesisHash(),
                pair.epoch,
                pair.incarnation,
                pair.mode,
                pair.registryRoot
            )
        );
        v.offence = keccak256(abi.encode(v.validator, domain, position, pair.first.kind, pair.second.kind));
        if (charged[v.offence]) revert SlashingManagerAlreadyCharged(v.offence);
        G1Point memory key;
        KeyStore.load(address(registry), keyId, key);
        if (!BLS12381.verifyAggregate2(key, _root(domain, pair.first), _root(domain, pair.second), pair.signature))
            revert SlashingManagerBadSignature();
    }

    /// @dev The pair's view, or its term if one vote is a NULLIFY; reverts unless the pair is an offence.
    function _position(Vote calldata first, Vote calldata second, uint256 termViews) private pure returns (uint256) {
        if (first.viewNumber == 0 || second.viewNumber == 0) revert SlashingManagerNotAnOffence();
        if (first.kind == _FINALIZE && second.kind == _NULLIFY) {
            uint256 term = (uint256(second.viewNumber) + termViews - 1) / termViews;
            bool covered =
                second.viewNumber <= first.viewNumber &&
                    (uint256(first.viewNumber) + termViews - 1) / termViews == term;
            if (!covered) revert SlashingManagerNotAnOffence();
            return term;
        }
        bool kinds =
            (first.kind == _NOTARIZE && (second.kind == _NOTARIZE || second.kind == _FINALIZE)) ||
                (first.kind == _FINALIZE && second.kind == _FINALIZE);
        bool differ = first.blockHash != second.blockHash || first.parentView != second.parentView;
        if (!kinds || !differ || first.viewNumber != second.viewNumber) revert SlashingManagerNotAnOffence();
        return first.viewNumber;
    }

    function _root(bytes32 domain, Vote calldata vote) private pure returns (bytes32) {
        if (vote.kind == _NULLIFY) return ConsensusCodec.nullify(domain, vote.viewNumber);
        return
            vote.kind == _NOTARIZE
                ? ConsensusCodec.notarize(domain, vote.viewNumber, vote.parentView, vote.blockHash)
                : ConsensusCodec.finalize(domain, vote.viewNumber, vote.parentView, vote.blockHash);
    }

    /// @dev The base penalty on all stake liable, rounded up, and the reporter's part of what the bond pays of it.
    function _penalty(
        Verdict memory v,
        IConsensusParameters.Slashing memory rules
    ) private view returns (uint256 penalty, uint256 reward) {
        (uint256 junior, uint256 senior) = pool.liable(v.validator, v.seal);
        penalty = Math.mulDiv(junior + senior, rules.basePenalty, _MILLION, Math.Rounding.Ceil);
        reward = _reward(penalty < junior ? penalty : junior, rules);
    }

    function _reward(uint256 taken, IConsensusParameters.Slashing memory rules) private pure returns (uint256) {
        uint256 share = (taken * rules.reporterShare) / _MILLION;
        uint256 cap = uint256(rules.reporterCap) * 1 ether;
        return share < cap ? share : cap;
    }
}
