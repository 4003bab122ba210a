// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ICheckpointManager} from "../../contracts/interfaces/consensus/ICheckpointManager.sol";
import {IConsensusParameters} from "../../contracts/interfaces/governance/IConsensusParameters.sol";
import {IRewardDistributor} from "../../contracts/interfaces/rewards/IRewardDistributor.sol";
import {IElections} from "../../contracts/interfaces/staking/IElections.sol";
import {IStakingPool} from "../../contracts/interfaces/staking/IStakingPool.sol";
import {IValidatorRegistry} from "../../contracts/interfaces/staking/IValidatorRegistry.sol";
import {ConsensusCodec} from "../../contracts/libraries/ConsensusCodec.sol";
import {SealedSnapshot, SealedSnapshots} from "../../contracts/libraries/SealedSnapshots.sol";
import {Snapshots} from "../../contracts/libraries/Snapshots.sol";
import {Accounting, Checkpoint, Params} from "../../contracts/types/Messages.sol";
import {Epoch, Mode} from "../../contracts/types/Types.sol";

/// @notice Every counterpart of RewardDistributor in one contract that believes whatever it is told: custody with its
/// rows and traces, elections with tenures, checkpoints with recorded epochs, identities, parameters.
contract RewardsWorld {
    using SafeERC20 for IERC20;

    IERC20 public immutable token;
    uint64 public constant genesisStamp = 1_000_000;

    IConsensusParameters.Rewards private _rules;
    uint64 private _interval = 5;
    mapping(uint64 epoch => ICheckpointManager.EpochRecord) private _epochs;
    mapping(bytes32 checkpoint => bool) private _recent;
    mapping(uint64 validator => IElections.Tenure[]) private _tenures;
    mapping(uint64 validator => IStakingPool.Row[]) private _rows;
    mapping(uint64 validator => mapping(address owner => IStakingPool.Entry[])) private _entries;
    mapping(uint64 validator => mapping(address owner => IStakingPool.Position)) private _held;
    mapping(uint64 validator => IStakingPool.Pool) private _pools;
    mapping(uint64 validator => IValidatorRegistry.Validator) private _validators;
    /// @notice Whether rewards are taken back as stake.
    bool public open = true;

    event Credit(uint64 id, address owner, uint256 amount);

    constructor(IERC20 token_) {
        token = token_;
    }

    function setRules(IConsensusParameters.Rewards calldata rules) external {
        _rules = rules;
    }

    function setOpen(bool open_) external {
        open = open_;
    }

    /// @notice Writes a registry: weights and authorities by seat; `backing` as bitmaps.
    function seal(
        uint32 number,
        uint16 nAuth,
        uint32[] calldata weights,
        uint256[4] calldata backing,
        uint32 idle,
        address sealer
    ) external returns (address) {
        SealedSnapshot memory s;
        uint256[] memory words = new uint256[]((weights.length + 7) / 8);
        for (uint256 i = 0; i < weights.length; ++i) {
            uint32 weight = weights[i];
            words[i >> 3] |= uint256(weight) << ((i & 7) << 5);
            s.totalStake += weight;
            if ((backing[i >> 8] >> (i & 0xff)) & 1 == 1) s.backingStake += weight;
            else if (i < nAuth) s.suspended |= 1 << i;
            if (i >= nAuth || s.suspended & (1 << i) == 0) s.members[i >> 8] |= 1 << (i & 0xff);
        }
        (s.number, s.n, s.nAuth) = (number, uint16(weights.length), nAuth);
        (s.backing, s.idleStake, s.sealer) = (backing, idle, sealer);
        s.weights = Snapshots.writeBlob(words);
        address blob = SealedSnapshots.write(s);
        emit Sealed(number, blob);
        return blob;
    }

    event Sealed(uint32 indexed number, address blob);

    /// @notice Ends an epoch of `blocks` blocks.
    function end(
        uint64 epoch,
        address snapshot,
        Mode mode,
        uint64 blocks,
        uint40 boundaryAt,
        Accounting calldata accounting,
        address submitter
    ) external {
        ICheckpointManager.EpochRecord storage r = _epochs[epoch];
        r.snapshot = snapshot;
        r.seal = SealedSnapshots.numberOf(snapshot);
        r.mode = mode;
        r.firstHeight = epoch * 1000 + 1;
        r.lastHeight = epoch * 1000 + blocks;
        r.boundaryAt = boundaryAt;
        r.accounting = keccak256(abi.encode(ConsensusCodec.accounting(accounting), submitter));
    }

    function setRecent(uint32 index, Epoch epoch, Checkpoint calldata checkpoint, address submitter) external {
        _recent[keccak256(abi.encode(index, hashOf(epoch, checkpoint), submitter))] = true;
    }

    function setTenure(uint64 id, uint32 seal_, uint16 place) external {
        _tenures[id].push(IElections.Tenure(seal_, place));
    }

    function setRow(uint64 id, IStakingPool.Row calldata row_) external {
        _rows[id].push(row_);
    }

    function setEntry(uint64 id, address owner, IStakingPool.Entry calldata entry) external {
        _entries[id][owner].push(entry);
        IStakingPool.Position storage p = _held[id][owner];
        (p.shares, p.generation) = (entry.shares, entry.generation);
        ++p.entries;
    }

    function setShares(uint64 id, address owner, uint128 shares) external {
        _held[id][owner].shares = shares;
    }

    function setBond(uint64 id, uint128 bond) external {
        _pools[id].bond = bond;
    }

    function setValidator(uint64 id, address withdrawal, IValidatorRegistry.Role role) external {
        IValidatorRegistry.Validator storage v = _validators[id];
        (v.withdrawal, v.role, v.status) = (withdrawal, role, IValidatorRegistry.Status.Active);
    }

    function creditBond(uint64 id, uint256 amount) external returns (bool) {
        return _credit(id, address(0), amount);
    }

    function creditDelegation(uint64 id, address owner, uint256 amount) external returns (bool) {
        return _credit(id, owner, amount);
    }

    function pool() external view returns (address) {
        return address(this);
    }

    function elections() external view returns (address) {
        return address(this);
    }

    function checkpoints() external view returns (address) {
        return address(this);
    }

    function registry() external view returns (address) {
        return address(this);
    }

    function parameters() external view returns (address) {
        return address(this);
    }

    function rewards() external view returns (IConsensusParameters.Rewards memory) {
        return _rules;
    }

    function consensusAt(uint32) external view returns (Params memory p) {
        (p.checkpointInterval.fast, p.checkpointInterval.balanced) = (_interval, _interval);
        p.checkpointInterval.secure = _interval;
    }

    function epochRecord(Epoch epoch) external view returns (ICheckpointManager.EpochRecord memory) {
        return _epochs[Epoch.unwrap(epoch)];
    }

    function isRecent(uint32 index, bytes32 hash, address submitter) external view returns (bool) {
        return _recent[keccak256(abi.encode(index, hash, submitter))];
    }

    function tenureAt(uint64 id, uint256 index) external view returns (IElections.Tenure memory tenure) {
        if (index < _tenures[id].length) tenure = _tenures[id][index];
    }

    function rowCount(uint64 id) external view returns (uint256) {
        return _rows[id].length;
    }

    function row(uint64 id, uint256 index) external view returns (IStakingPool.Row memory) {
        return _rows[id][index];
    }

    function entries(uint64 id, address owner, uint256 from) external view returns (IStakingPool.Entry[] memory list) {
        IStakingPool.Entry[] storage all = _entries[id][owner];
        list = new IStakingPool.Entry[](all.length > from ? all.length - from : 0);
        for (uint256 i = 0; i < list.length; ++i) {
            list[i] = all[from + i];
        }
    }

    function position(uint64 id, address owner) external view returns (IStakingPool.Position memory) {
        return _held[id][owner];
    }

    function pool(uint64 id) external view returns (IStakingPool.Pool memory) {
        return _pools[id];
    }

    function validator(uint64 id) external view returns (IValidatorRegistry.Validator memory) {
        return _validators[id];
    }

    function settle(IRewardDistributor distributor, uint64 id, address owner) external returns (uint256) {
        return distributor.settle(id, owner);
    }

    function hashOf(Epoch epoch, Checkpoint calldata checkpoint) public pure returns (bytes32) {
        return keccak256(abi.encode(epoch, checkpoint));
    }

    function _credit(uint64 id, address owner, uint256 amount) private returns (bool) {
        if (open) {
            token.safeTransferFrom(msg.sender, address(this), amount);
            emit Credit(id, owner, amount);
        }
        return open;
    }
}
