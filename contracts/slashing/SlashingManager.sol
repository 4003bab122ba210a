// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {LibBit} from "solady/src/utils/LibBit.sol";
import {ICheckpointManager} from "../interfaces/consensus/ICheckpointManager.sol";
import {IConsensusParameters} from "../interfaces/governance/IConsensusParameters.sol";
import {ISlashingManager} from "../interfaces/slashing/ISlashingManager.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {BLS12381} from "../libraries/BLS12381.sol";
import {KeyStore} from "../libraries/KeyStore.sol";
import {SealedTables, SealedSnapshots} from "../libraries/SealedSnapshots.sol";
import {Snapshots} from "../libraries/Snapshots.sol";
import {Epoch, G1Point, KeyId, Mode, Seat} from "../types/Types.sol";
import {Aftermath, Case, Charges, Modules, Rules, SlashingState} from "./Charges.sol";
import {Evidence} from "./Evidence.sol";
import {Groups} from "./Groups.sol";
import {Settlements} from "./Settlements.sol";

/// @title Evidence, convictions, the slashing pool
/// @dev Here is what two votes cost to report; linked libraries do the rest: Evidence judges contradictions of any kind,
/// Groups convicts many, Settlements keeps what waits. No loop but those of the libraries.
contract SlashingManager is AccessManaged, ReentrancyGuardTransient, ISlashingManager {
    using SafeERC20 for IERC20;

    /// @dev Spans that the correlation window is cut into at deployment.
    uint256 private constant _SPANS = 7;

    IERC20 public immutable token;
    IValidatorRegistry public immutable registry;
    IStakingPool public immutable pool;
    ICheckpointManager public immutable checkpoints;
    IConsensusParameters public immutable parameters;
    /// @inheritdoc ISlashingManager
    uint256 public immutable bucketTime;

    SlashingState private _state;

    constructor(
        address authority,
        IStakingPool pool_,
        ICheckpointManager checkpoints_,
        IConsensusParameters parameters_
    ) AccessManaged(authority) {
        token = pool_.token();
        registry = pool_.registry();
        pool = pool_;
        checkpoints = checkpoints_;
        parameters = parameters_;
        (, , , , uint256 window) = parameters_.penalties();
        bucketTime = Math.ceilDiv(window, _SPANS);
        // Writing a slot for the first time costs 17,100 gas more; whoever deploys pays that, not who reports.
        for (uint256 i = 0; i < Charges.RING; ++i) {
            _state.ring[i].number = type(uint64).max;
        }
    }

    /// @inheritdoc ISlashingManager
    function submitVotes(VotePair calldata pair) external nonReentrant returns (bytes32 offence, uint256 reward) {
        Modules memory m = _modules();
        Rules memory rules = Charges.rules(m);
        (Case memory c, SealedTables memory t) = _judge(pair, rules);
        c.direct = _noneCommitted();
        return (c.offence, _convict(m, c, t, pair.seat, rules));
    }

    /// @inheritdoc ISlashingManager
    function revealVotes(
        VotePair calldata pair,
        bytes32 salt
    ) external nonReentrant returns (bytes32 offence, uint256 reward) {
        Modules memory m = _modules();
        Rules memory rules = Charges.rules(m);
        (Case memory c, SealedTables memory t) = _judge(pair, rules);
        c.direct = _reveal(c.offence, salt);
        return (c.offence, _convict(m, c, t, pair.seat, rules));
    }

    /// @inheritdoc ISlashingManager
    function submitContradiction(
        Contradiction calldata contradiction,
        bytes32 salt
    ) external nonReentrant returns (bytes32 id, uint256 count) {
        Modules memory m = _modules();
        Rules memory rules = Charges.rules(m);
        Evidence.Verdict memory v = Evidence.judge(
            abi.encode(contradiction),
            address(checkpoints),
            address(registry),
            rules.validity
        );
        Case memory c;
        (c.epoch, c.seal, c.position) = (contradiction.first.epoch, v.seal, v.position);
        (c.firstKind, c.secondKind) = (contradiction.first.vote.kind, contradiction.second.vote.kind);
        c.reporter = msg.sender;
        if (v.count == 1) return (_convictOne(m, c, v, rules, salt), 1);
        c.offence = offenceOf(0, v.domain, v.position, c.firstKind, c.secondKind);
        c.direct = salt == 0 ? _noneCommitted() : _reveal(c.offence, salt);
        return Groups.convict(_state, m, c, v);
    }

    /// @inheritdoc ISlashingManager
    function executeGroup(bytes32 id, Seat[] calldata seats) external nonReentrant returns (uint256 executed) {
        return Groups.execute(_state, _modules(), id, seats);
    }

    /// @inheritdoc ISlashingManager
    function commit(bytes32 commitment) external {
        if (_state.commitments[commitment] == 0) _state.commitments[commitment] = uint40(block.timestamp);
        _state.committedAt = uint40(block.timestamp);
        emit Committed(commitment, msg.sender);
    }

    /// @inheritdoc ISlashingManager
    function takeReward(bytes32 id, bytes32 salt) external nonReentrant returns (uint256 amount) {
        address payee;
        (payee, amount) = Settlements.release(_state, id, salt);
        Charges.pay(_modules(), payee, amount);
    }

    /// @inheritdoc ISlashingManager
    function settle(uint64 validator) external {
        Settlements.settle(_state, _modules(), validator);
    }

    /// @inheritdoc ISlashingManager
    function chargeAbsence(uint64 validator, Epoch fromEpoch, Seat[] calldata seats) external {
        Settlements.chargeAbsence(_state, _modules(), validator, fromEpoch, seats);
    }

    /// @inheritdoc ISlashingManager
    function leak(uint64 validator) external restricted {
        Settlements.leak(_state, _modules(), validator);
    }

    /// @inheritdoc ISlashingManager
    function veto(uint64 validator, bool surcharge, Seat seat, string calldata reason) external {
        Settlements.veto(_state, _modules(), validator, surcharge, seat, reason);
    }

    /// @inheritdoc ISlashingManager
    function spend(address to, uint256 amount) external restricted {
        uint256 available = slashingPool();
        if (amount > available) revert SlashingManagerInsufficient(available, amount);
        emit Spent(to, amount);
        token.safeTransfer(to, amount);
    }

    /// @inheritdoc ISlashingManager
    function check(
        VotePair calldata pair
    ) external view returns (uint64 validator, bytes32 offence, uint256 penalty, uint256 reward) {
        Modules memory m = _modules();
        Rules memory rules = Charges.rules(m);
        (Case memory c, ) = _judge(pair, rules);
        (validator, offence) = (c.validator, c.offence);
        if (charged(validator, offence)) revert SlashingManagerAlreadyCharged(offence);
        bool held = (registry.heldWord(validator >> 8) >> (validator & 0xff)) & 1 == 1;
        if (!held) (penalty, reward) = Charges.penalty(m, c, rules);
    }

    /// @inheritdoc ISlashingManager
    function checkContradiction(
        Contradiction calldata contradiction
    ) external view returns (uint256[4] memory seats, bytes32 offence) {
        Evidence.Verdict memory v = Evidence.judge(
            abi.encode(contradiction),
            address(checkpoints),
            address(registry),
            Charges.rules(_modules()).validity
        );
        (uint8 firstKind, uint8 secondKind) = (contradiction.first.vote.kind, contradiction.second.vote.kind);
        return (v.seats, offenceOf(0, v.domain, v.position, firstKind, secondKind));
    }

    /// @inheritdoc ISlashingManager
    function offenceOf(
        uint64 validator,
        bytes32 domain,
        uint256 position,
        uint8 firstKind,
        uint8 secondKind
    ) public pure returns (bytes32) {
        return Charges.offenceOf(validator, domain, position, firstKind, secondKind);
    }

    /// @inheritdoc ISlashingManager
    function commitmentOf(address reporter, bytes32 offence, bytes32 salt) external pure returns (bytes32) {
        return Charges.commitmentOf(reporter, offence, salt);
    }

    /// @inheritdoc ISlashingManager
    function charged(uint64 validator, bytes32 offence) public view returns (bool) {
        IValidatorRegistry.Conviction memory first = registry.conviction(validator);
        return _state.charged[offence] || (first.time != 0 && first.mark >> 8 == uint16(uint256(offence)));
    }

    /// @inheritdoc ISlashingManager
    function record(uint64 validator) external view returns (Record memory r) {
        IValidatorRegistry.Conviction memory first = registry.conviction(validator);
        Aftermath memory a = _state.aftermath[validator];
        (r.convictions, r.settled, r.vetoed) = (a.later, a.settled, a.vetoed);
        if (first.time != 0) {
            ++r.convictions;
            (r.firstAt, r.seal) = (first.time, first.seal);
            r.dueAt = Charges.end(_modules(), first.time, uint8(first.mark));
        }
    }

    /// @inheritdoc ISlashingManager
    function group(bytes32 id) external view returns (Group memory) {
        return _state.groups[id];
    }

    /// @inheritdoc ISlashingManager
    function absence(uint64 validator) external view returns (Absence memory) {
        return _state.absences[validator];
    }

    /// @inheritdoc ISlashingManager
    function claim(bytes32 id) external view returns (Claim memory) {
        return _state.claims[id];
    }

    /// @inheritdoc ISlashingManager
    function bucket(uint64 number) external view returns (Bucket memory) {
        return Charges.bucket(_state, number);
    }

    /// @inheritdoc ISlashingManager
    function surchargeOf(uint64 validator) external view returns (uint256 together, uint256 fraction) {
        return Settlements.surchargeOf(_state, _modules(), validator);
    }

    /// @inheritdoc ISlashingManager
    function slashingPool() public view returns (uint256) {
        return Math.saturatingSub(token.balanceOf(address(this)), _state.owed);
    }

    /// @inheritdoc ISlashingManager
    function distributor() external view returns (address) {
        return pool.distributor();
    }

    /// @dev Whether the votes are a pair no honest key signs, in a domain of ours, signed by the seat's key, in time.
    /// Reverts otherwise.
    function _judge(
        VotePair calldata pair,
        Rules memory rules
    ) private view returns (Case memory c, SealedTables memory t) {
        (bytes32 domain, address blob, uint256 boundaryAt) = checkpoints.domainFor(
            pair.epoch,
            pair.incarnation,
            pair.mode,
            pair.registryRoot,
            rules.validity
        );
        if (blob == address(0)) revert SlashingManagerUnknownDomain();
        t = SealedSnapshots.tables(blob);
        c.position = Evidence.votes(pair.first, pair.second, pair.mode == Mode.Fast ? t.termViews : 1);
        // At that very second withdrawal wins.
        if (boundaryAt != 0) revert SlashingManagerExpired(pair.epoch, boundaryAt + rules.validity);
        KeyId keyId = KeyId.wrap(Snapshots.blobValue(t.keys, pair.seat));
        if (KeyId.unwrap(keyId) == 0) revert SlashingManagerVacantSeat(pair.seat);
        G1Point memory key;
        c.validator = KeyStore.loadOwned(address(registry), keyId, key);
        (c.epoch, c.seal, c.reporter) = (pair.epoch, t.number, msg.sender);
        (c.firstKind, c.secondKind) = (pair.first.kind, pair.second.kind);
        c.offence = offenceOf(c.validator, domain, c.position, c.firstKind, c.secondKind);
        bytes32 root = Evidence.voteRoot(domain, pair.first);
        if (!BLS12381.verifyAggregate2(key, root, Evidence.voteRoot(domain, pair.second), pair.signature)) {
            revert SlashingManagerBadSignature();
        }
    }

    /// @dev Convicts the one seat of a verdict.
    function _convictOne(
        Modules memory m,
        Case memory c,
        Evidence.Verdict memory v,
        Rules memory rules,
        bytes32 salt
    ) private returns (bytes32) {
        uint256 k =
            v.seats[0] != 0
                ? 0
                : v.seats[1] != 0
                    ? 1
                    : v.seats[2] != 0
                        ? 2
                        : 3;
        Seat seat = Seat.wrap(uint16((k << 8) | LibBit.ffs(v.seats[k])));
        SealedTables memory t = SealedSnapshots.tables(v.blob);
        c.validator = KeyStore.ownerOf(address(registry), KeyId.wrap(Snapshots.blobValue(t.keys, seat)));
        c.offence = offenceOf(c.validator, v.domain, v.position, c.firstKind, c.secondKind);
        c.direct = salt == 0 ? _noneCommitted() : _reveal(c.offence, salt);
        _convict(m, c, t, seat, rules);
        return c.offence;
    }

    /// @dev Puts an offence on record; a validator's first is counted and charged.
    function _convict(
        Modules memory m,
        Case memory c,
        SealedTables memory t,
        Seat seat,
        Rules memory rules
    ) private returns (uint256 reward) {
        // The tombstone of the first conviction ends further charges; later ones are only recorded.
        if (registry.tombstone(c.validator, Charges.conviction(c, rules), false)) {
            c.claimId = c.offence;
            (uint256 stake, uint256 heads) = Charges.shares(t, seat);
            Charges.count(_state, m, stake, heads, 1);
            return Charges.charge(_state, m, c, rules);
        }
        if (charged(c.validator, c.offence)) revert SlashingManagerAlreadyCharged(c.offence);
        _state.charged[c.offence] = true;
        ++_state.aftermath[c.validator].later;
        emit Recorded(c.validator, c.offence, c.epoch, c.reporter);
    }

    function _reveal(bytes32 offence, bytes32 salt) private returns (bool) {
        bytes32 commitment = Charges.commitmentOf(msg.sender, offence, salt);
        uint256 time = _state.commitments[commitment];
        if (time == 0 || time >= block.timestamp) revert SlashingManagerNotCommitted(commitment);
        delete _state.commitments[commitment];
        return true;
    }

    function _noneCommitted() private view returns (bool) {
        return block.timestamp >= uint256(_state.committedAt) + Charges.PROTECTION;
    }

    function _modules() private view returns (Modules memory) {
        return Modules(token, registry, pool, checkpoints, parameters, bucketTime);
    }
}
