// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICheckpointManager} from "../interfaces/consensus/ICheckpointManager.sol";
import {IConsensusParameters} from "../interfaces/governance/IConsensusParameters.sol";
import {IRewardDistributor} from "../interfaces/rewards/IRewardDistributor.sol";
import {IElections} from "../interfaces/staking/IElections.sol";
import {IStakingPool} from "../interfaces/staking/IStakingPool.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {ConsensusCodec} from "../libraries/ConsensusCodec.sol";
import {SealedSnapshot, SealedSnapshots} from "../libraries/SealedSnapshots.sol";
import {Accounting, Checkpoint, Params, PerMode} from "../types/Messages.sol";
import {Epoch, Mode} from "../types/Types.sol";
import {EpochPay} from "./EpochPay.sol";

/// @title Pay for validators, delegators and relayers
/// @dev `settle` and `settleRows` call others by view calls only and stand outside the reentrancy guard: StakingPool
/// calls the former while shares leave.
contract RewardDistributor is ReentrancyGuardTransient, IRewardDistributor {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @dev One slot.
    struct State {
        uint64 accrued;
        uint64 paidUntil;
        uint64 creditFrom;
        uint32 seal;
    }

    /// @dev The epoch that is accrued.
    struct Due {
        Epoch epoch;
        State state;
        ICheckpointManager.EpochRecord r;
        IConsensusParameters.Rewards rules;
        SealedSnapshot s;
        address last;
    }

    /// @dev What a validator's ledger is moved along by. `rowEnd` and `tenureEnd` are the epochs at which the next row
    /// and the next tenure begin.
    struct Walk {
        uint256 accrued;
        IStakingPool.Row row;
        IStakingPool.Row nextRow;
        uint16 place;
        uint16 nextPlace;
        uint256 rowEnd;
        uint256 tenureEnd;
    }

    /// @dev Not begun.
    uint256 private constant _NEVER = type(uint256).max;
    /// @dev Bounds on the load multiplier, millionths.
    uint256 private constant _LEAST_MULTIPLIER = 500_000;
    uint256 private constant _MOST_MULTIPLIER = 2_000_000;
    uint256 private constant _MILLION = 1_000_000;
    uint256 private constant _FRACTIONS = 1e9;
    uint256 private constant _GWEI = 1e9;
    uint256 private constant _ACC_BITS = 64;
    /// @dev Changes of row or seat that one settlement of a position walks through: as many as fit into the gas that
    /// StakingPool gives it while shares leave.
    uint256 private constant _STEPS = 6;

    /// @inheritdoc IRewardDistributor
    IERC20 public immutable token;
    /// @inheritdoc IRewardDistributor
    IStakingPool public immutable pool;
    /// @inheritdoc IRewardDistributor
    IElections public immutable elections;
    /// @inheritdoc IRewardDistributor
    ICheckpointManager public immutable checkpoints;
    /// @inheritdoc IRewardDistributor
    IConsensusParameters public immutable parameters;
    IValidatorRegistry private immutable _registry;

    /// @inheritdoc IRewardDistributor
    uint256 public reserve;
    /// @inheritdoc IRewardDistributor
    uint256 public outstanding;
    /// @inheritdoc IRewardDistributor
    uint256 public creditLeft;
    /// @inheritdoc IRewardDistributor
    mapping(address owner => uint256) public owed;
    /// @inheritdoc IRewardDistributor
    mapping(address relayer => uint256) public creditsOf;
    /// @inheritdoc IRewardDistributor
    mapping(uint64 validator => mapping(uint256 row => uint256 acc)) public accAt;
    /// @inheritdoc IRewardDistributor
    mapping(Epoch epoch => address blob) public blobAt;
    State private _state;
    /// @dev By seal, eight to a word: first epoch with a registry of that seal or a later one, and 1.
    mapping(uint256 index => uint256 word) private _firstEpochs;
    mapping(uint64 validator => Ledger) private _ledgers;
    /// @dev Rows with which a new generation of the pool began.
    mapping(uint64 validator => uint32[] rows) private _generations;
    mapping(uint64 validator => mapping(address owner => Position)) private _positions;

    constructor(IElections elections_) {
        elections = elections_;
        pool = elections_.pool();
        token = pool.token();
        checkpoints = ICheckpointManager(elections_.checkpoints());
        parameters = elections_.parameters();
        _registry = elections_.registry();
        // Custody takes what it credits, and nothing else, from its caller.
        token.forceApprove(address(pool), type(uint256).max);
    }

    /// @inheritdoc IRewardDistributor
    function fund(uint256 amount) external nonReentrant {
        if (amount == 0) revert RewardDistributorZeroAmount();
        token.safeTransferFrom(msg.sender, address(this), amount);
        reserve += amount;
        emit Funded(msg.sender, amount, reserve);
    }

    /// @inheritdoc IRewardDistributor
    function accrue(
        Epoch epoch,
        Accounting calldata accounting,
        bytes calldata vector,
        address relayer
    ) external nonReentrant {
        Due memory due = _due(epoch);
        creditLeft = 0;
        if (_isPaid(due, accounting, vector, relayer)) {
            _payEpoch(due, accounting, vector);
            _credit(due.rules, relayer, Service.Boundary, epoch);
            // The first seal is governance's own.
            if (due.state.seal != 0 && due.r.seal > due.state.seal)
                _credit(due.rules, due.s.sealer, Service.Seal, epoch);
            _credit(due.rules, msg.sender, Service.Accrual, epoch);
        } else {
            due.state.paidUntil = Math.max(due.state.paidUntil, uint256(due.r.boundaryAt) * 1000).toUint64();
            blobAt[epoch] = due.last;
            emit Accrued(epoch, due.r.seal, 0, 0, due.last);
        }
        _begin(due.state.seal, due.r.seal, due.state.accrued);
        due.state.seal = due.r.seal;
        ++due.state.accrued;
        _state = due.state;
    }

    /// @inheritdoc IRewardDistributor
    function creditCheckpoint(
        uint32 index,
        Epoch epoch,
        Checkpoint calldata checkpoint,
        address submitter
    ) external returns (uint256 amount) {
        bytes32 hash = checkpoints.hashOf(epoch, checkpoint);
        if (checkpoint.boundary != 0 || !checkpoints.isRecent(index, hash, submitter)) {
            revert RewardDistributorWrongCheckpoint(index);
        }
        State storage state = _state;
        uint64 height = checkpoint.height;
        if (height < state.creditFrom) revert RewardDistributorAlreadyCredited(height, state.creditFrom);
        ICheckpointManager.EpochRecord memory r = checkpoints.epochRecord(epoch);
        uint64 interval = _interval(r);
        state.creditFrom = height - ((height - r.firstHeight) % interval) + interval;
        return _credit(parameters.rewards(), submitter, Service.Checkpoint, epoch);
    }

    /// @inheritdoc IRewardDistributor
    function claimCredits(address relayer) external nonReentrant returns (uint256 amount) {
        amount = creditsOf[relayer];
        creditsOf[relayer] = 0;
        emit CreditsClaimed(relayer, amount);
        _payOut(relayer, amount);
    }

    /// @inheritdoc IRewardDistributor
    function settleRows(uint64 validator, uint256 most) external returns (bool done) {
        (, , done) = _advance(validator, most);
    }

    /// @inheritdoc IRewardDistributor
    function settle(uint64 validator, address owner) external returns (uint256 amount) {
        amount = _settle(validator, owner);
        owed[owner] += amount;
    }

    /// @inheritdoc IRewardDistributor
    function claim(uint64[] calldata validators, address owner) external nonReentrant returns (uint256 amount) {
        amount = owed[owner];
        if (amount != 0) owed[owner] = 0;
        for (uint256 i = 0; i < validators.length; ++i) {
            if (msg.sender != owner && _positions[validators[i]][owner].compounding) continue;
            amount += _settle(validators[i], owner);
        }
        emit Claimed(owner, amount);
        _payOut(owner, amount);
    }

    /// @inheritdoc IRewardDistributor
    function claimValidator(uint64[] calldata validators) external nonReentrant {
        uint256 target = uint256(parameters.rewards().bondTarget) * 1 ether;
        for (uint256 i = 0; i < validators.length; ++i) {
            uint64 validator = validators[i];
            _advance(validator, _STEPS);
            Ledger storage ledger = _ledgers[validator];
            uint256 amount = ledger.owed;
            ledger.owed = 0;
            IValidatorRegistry.Validator memory v = _registry.validator(validator);
            uint256 toBond = _toBond(validator, v, target, amount);
            // Refused by a validator that takes no stake: then all is paid out.
            if (toBond != 0) toBond = pool.creditBond(validator, toBond) ? toBond : 0;
            emit ValidatorClaimed(validator, v.withdrawal, toBond, amount - toBond);
            outstanding -= toBond;
            _payOut(v.withdrawal, amount - toBond);
        }
    }

    /// @inheritdoc IRewardDistributor
    function setCompound(uint64 validator, bool compounding) external {
        _positions[validator][msg.sender].compounding = compounding;
        emit CompoundSet(validator, msg.sender, compounding);
    }

    /// @inheritdoc IRewardDistributor
    function compound(uint64 validator, address[] calldata owners) external nonReentrant {
        for (uint256 i = 0; i < owners.length; ++i) {
            address owner = owners[i];
            if (!_positions[validator][owner].compounding) continue;
            uint256 amount = _settle(validator, owner);
            if (amount == 0) continue;
            if (pool.creditDelegation(validator, owner, amount)) {
                outstanding -= amount;
                emit Compounded(validator, owner, amount);
            } else {
                owed[owner] += amount;
            }
        }
    }

    /// @inheritdoc IRewardDistributor
    function accruedEpochs() external view returns (uint64) {
        return _state.accrued;
    }

    /// @inheritdoc IRewardDistributor
    function accruedSeal() external view returns (uint32) {
        return _state.seal;
    }

    /// @inheritdoc IRewardDistributor
    function paidUntil() external view returns (uint64) {
        return _state.paidUntil;
    }

    /// @inheritdoc IRewardDistributor
    function creditFrom() external view returns (uint64) {
        return _state.creditFrom;
    }

    /// @inheritdoc IRewardDistributor
    function countersAt(Epoch epoch, uint16 seat) external view returns (uint64 authority, uint64 stakers) {
        return EpochPay.countersOf(blobAt[epoch], seat);
    }

    /// @inheritdoc IRewardDistributor
    function absentIn(Epoch epoch) external view returns (uint256[4] memory) {
        if (Epoch.unwrap(epoch) >= _state.accrued) revert RewardDistributorNotAccrued(epoch);
        return EpochPay.absentIn(blobAt[epoch], epoch);
    }

    /// @inheritdoc IRewardDistributor
    function firstEpochOf(uint32 seal) external view returns (bool found, Epoch epoch) {
        uint256 first = _firstEpochOf(seal);
        found = first != _NEVER;
        if (found) epoch = Epoch.wrap(uint64(first));
    }

    /// @inheritdoc IRewardDistributor
    function ledgerOf(uint64 validator) external view returns (Ledger memory) {
        return _ledgers[validator];
    }

    /// @inheritdoc IRewardDistributor
    function positionOf(uint64 validator, address owner) external view returns (Position memory) {
        return _positions[validator][owner];
    }

    /// @inheritdoc IRewardDistributor
    function paidSeal(uint64 validator, address owner) external view returns (uint32) {
        return _positions[validator][owner].seal;
    }

    /// @inheritdoc IRewardDistributor
    function budgetFor(
        uint256 blocks,
        uint256 multiplier,
        uint256 time
    ) external view returns (uint256 capped, uint256 planned) {
        return EpochPay.budget(parameters.rewards(), blocks, multiplier, time);
    }

    function _due(Epoch epoch) private view returns (Due memory due) {
        due.epoch = epoch;
        due.state = _state;
        uint64 e = Epoch.unwrap(epoch);
        if (e != due.state.accrued) revert RewardDistributorNotInOrder(epoch, Epoch.wrap(due.state.accrued));
        due.r = checkpoints.epochRecord(epoch);
        if (due.r.boundaryAt == 0) revert RewardDistributorNotEnded(epoch);
        due.rules = parameters.rewards();
        due.s = SealedSnapshots.load(due.r.snapshot);
        if (e == 0) due.state.paidUntil = checkpoints.genesisStamp();
        else due.last = blobAt[Epoch.wrap(e - 1)];
    }

    /// @dev Whether the epoch is paid by this vector. Only what the boundary committed to is, and only if it has an
    /// entry for each seat: a quorum that commits to nonsense must not stop the epochs after it.
    function _isPaid(
        Due memory due,
        Accounting calldata accounting,
        bytes calldata vector,
        address relayer
    ) private view returns (bool) {
        bool late = block.timestamp >= uint256(due.r.boundaryAt) + due.rules.accrualDeadline;
        if (late && vector.length == 0) return false;
        bytes32 committed = keccak256(abi.encode(ConsensusCodec.accounting(accounting), relayer));
        if (committed != due.r.accounting) revert RewardDistributorWrongAccounting(due.epoch);
        if (keccak256(vector) != accounting.vectorHash) revert RewardDistributorWrongVector(due.epoch);
        return vector.length == 4 * uint256(due.s.n);
    }

    function _payEpoch(Due memory due, Accounting calldata accounting, bytes calldata vector) private {
        uint256 budget = _budget(due, accounting);
        (address blob, uint256 paid) = EpochPay.pay(
            EpochPay.Input({
                epoch: due.epoch,
                mode: due.r.mode,
                seal: due.r.seal,
                views: accounting.views,
                budget: budget,
                snapshot: due.r.snapshot,
                last: due.last
            }),
            due.rules,
            vector
        );
        blobAt[due.epoch] = blob;
        reserve -= paid;
        outstanding += paid;
        creditLeft = (budget * due.rules.creditShare) / _MILLION;
        emit Accrued(due.epoch, due.r.seal, budget, paid, blob);
    }

    /// @dev Moves the time that is paid up to: stamps of a chain that runs ahead of the settlement chain pay nothing.
    function _budget(Due memory due, Accounting calldata accounting) private view returns (uint256 budget) {
        uint256 end = Math.min(accounting.stamp, uint256(due.r.boundaryAt) * 1000);
        uint256 time = Math.saturatingSub(end, due.state.paidUntil);
        due.state.paidUntil += time.toUint64();
        (budget, ) = EpochPay.budget(
            due.rules,
            due.r.lastHeight + 1 - due.r.firstHeight,
            Math.min(Math.max(accounting.loadMultiplier, _LEAST_MULTIPLIER), _MOST_MULTIPLIER),
            Math.min(time, due.rules.epochPaidTime * 1000)
        );
        budget = Math.min(budget, reserve);
    }

    /// @dev Seals above `last`, up to `seal`, are first counted by `epoch`: those between were never in force.
    function _begin(uint32 last, uint32 seal, uint64 epoch) private {
        for (uint256 i = uint256(last) + 1; i <= seal; ++i) {
            _firstEpochs[i >> 3] |= (uint256(epoch) + 1) << ((i & 7) << 5);
        }
    }

    function _firstEpochOf(uint32 seal) private view returns (uint256) {
        uint256 first = uint32(_firstEpochs[seal >> 3] >> ((seal & 7) << 5));
        return first == 0 ? _NEVER : first - 1;
    }

    /// @dev Out of what is left of the epoch's credits.
    function _credit(
        IConsensusParameters.Rewards memory rules,
        address relayer,
        Service service,
        Epoch epoch
    ) private returns (uint256 amount) {
        amount = Math.min(uint256(rules.relayerCredit) * 1e15, creditLeft);
        if (amount == 0 || relayer == address(0)) return 0;
        creditLeft -= amount;
        reserve -= amount;
        outstanding += amount;
        creditsOf[relayer] += amount;
        emit Credited(relayer, service, epoch, amount);
    }

    function _interval(ICheckpointManager.EpochRecord memory r) private view returns (uint64) {
        Params memory p = parameters.consensusAt(SealedSnapshots.load(r.snapshot).parameters);
        PerMode memory intervals = p.checkpointInterval;
        if (r.mode == Mode.Fast) return intervals.fast;
        return r.mode == Mode.Balanced ? intervals.balanced : intervals.secure;
    }

    /// @dev Moves a validator's ledger up to what is accrued, over at most `most` changes of row or seat.
    /// @return acc Pay of one share so far, times 2^64
    /// @return reached The row that falls into
    /// @return done Whether all that is accrued is in it
    function _advance(uint64 validator, uint256 most) private returns (uint256 acc, uint256 reached, bool done) {
        if (pool.rowCount(validator) == 0) return (0, 0, true);
        Ledger memory ledger = _ledgers[validator];
        Walk memory w;
        w.accrued = _state.accrued;
        w.row = pool.row(validator, ledger.row);
        if (ledger.tenures != 0) w.place = elections.tenureAt(validator, ledger.tenures - 1).place;
        _lookAhead(validator, ledger, w);
        while (true) {
            uint256 until = Math.min(w.accrued, Math.min(w.rowEnd, w.tenureEnd));
            _earn(ledger, w.place, until);
            done = until == w.accrued;
            if (done || most == 0) break;
            --most;
            if (w.tenureEnd <= w.rowEnd) {
                ++ledger.tenures;
                w.place = w.nextPlace;
            } else {
                _closeRow(validator, ledger, w);
            }
            _lookAhead(validator, ledger, w);
        }
        acc = ledger.acc + _share(ledger, w.row);
        reached = ledger.row;
        _ledgers[validator] = ledger;
    }

    /// @dev What comes next for a ledger.
    function _lookAhead(uint64 validator, Ledger memory ledger, Walk memory w) private view {
        w.rowEnd = _NEVER;
        w.tenureEnd = _NEVER;
        uint256 next = uint256(ledger.row) + 1;
        if (next < pool.rowCount(validator)) {
            w.nextRow = pool.row(validator, next);
            w.rowEnd = _firstEpochOf(w.nextRow.seal);
        }
        IElections.Tenure memory tenure = elections.tenureAt(validator, ledger.tenures);
        w.nextPlace = tenure.place;
        if (tenure.seal != 0) w.tenureEnd = _firstEpochOf(tenure.seal);
    }

    /// @dev Adds what the validator's seat was paid from the ledger's epoch up to `until`.
    function _earn(Ledger memory ledger, uint16 place, uint256 until) private view {
        if (until == ledger.epoch) return;
        if (place != 0) {
            uint256 seat = place - 1;
            (uint64 authority, uint64 stakers) = EpochPay.countersOf(blobAt[Epoch.wrap(uint64(until - 1))], seat);
            if (ledger.epoch != 0) {
                (uint64 before, uint64 stakersBefore) = EpochPay.countersOf(blobAt[Epoch.wrap(ledger.epoch - 1)], seat);
                authority -= before;
                stakers -= stakersBefore;
            }
            ledger.pay += stakers;
            ledger.owed += (authority * _GWEI).toUint96();
        }
        ledger.epoch = uint32(until);
    }

    /// @dev Ends the present row: the next one's shares begin at what these earned.
    function _closeRow(uint64 validator, Ledger memory ledger, Walk memory w) private {
        ledger.acc = (ledger.acc + _share(ledger, w.row)).toUint160();
        if (w.nextRow.generation != w.row.generation) _generations[validator].push(ledger.row + 1);
        emit RowSettled(validator, ledger.row, ledger.acc);
        ++ledger.row;
        (ledger.pay, ledger.taken) = (0, 0);
        accAt[validator][ledger.row] = ledger.acc;
        w.row = w.nextRow;
    }

    /// @dev Splits the row's pay so far, gives the validator its part and returns that of one share, times 2^64. Bond
    /// pay and commission are rounded down, and so is a share's.
    function _share(Ledger memory ledger, IStakingPool.Row memory row) private pure returns (uint256 acc) {
        uint256 pay = ledger.pay * _GWEI;
        uint256 own = pay;
        if (row.shares != 0) {
            uint256 bond = (pay * row.bondFraction) / _FRACTIONS;
            uint256 commission = ((pay - bond) * row.commission) / _MILLION;
            own = bond + commission;
            acc = ((pay - own) << _ACC_BITS) / row.shares;
        }
        ledger.owed += (own - ledger.taken).toUint96();
        ledger.taken = own.toUint96();
    }

    /// @dev Moves a position up to where its validator's ledger is.
    function _settle(uint64 validator, address owner) private returns (uint256 amount) {
        Position memory p = _positions[validator][owner];
        // Nothing was accrued since: stake operations within an epoch stay cheap.
        if (p.epochs == _state.accrued) return 0;
        (uint256 acc, uint256 reached, bool done) = _advance(validator, _STEPS);
        IStakingPool.Entry[] memory entries = pool.entries(validator, owner, p.entry);
        IStakingPool.Position memory held = pool.position(validator, owner);
        uint32 first = p.entry;
        for (uint32 i = 0; i < entries.length && entries[i].row <= reached; ++i) {
            // The next one's row may not have begun.
            bool ended = i + 1 < entries.length && entries[i + 1].row <= reached;
            uint256 end = ended ? accAt[validator][entries[i + 1].row] : acc;
            amount += _earned(validator, entries[i], held, p.acc, end);
            p.entry = first + i;
        }
        p.acc = acc.toUint160();
        if (done) (p.seal, p.epochs) = (_state.seal, uint24(_state.accrued));
        _positions[validator][owner] = p;
        emit Settled(validator, owner, amount);
    }

    /// @dev What an entry's shares earned after `paid` and up to `end` (pay of one share), as long as their generation
    /// lasted. What asked to leave earns nothing more.
    function _earned(
        uint64 validator,
        IStakingPool.Entry memory entry,
        IStakingPool.Position memory held,
        uint256 paid,
        uint256 end
    ) private view returns (uint256) {
        uint256 shares = entry.generation == held.generation ? Math.min(entry.shares, held.shares) : entry.shares;
        uint256 begin = Math.max(paid, accAt[validator][entry.row]);
        return (shares * Math.saturatingSub(Math.min(end, _retiredAt(validator, entry.row)), begin)) >> _ACC_BITS;
    }

    /// @dev Pay of one share when the generation that a row belongs to ended; no bound if it has not.
    function _retiredAt(uint64 validator, uint256 row) private view returns (uint256) {
        uint32[] storage rows = _generations[validator];
        for (uint256 i = 0; i < rows.length; ++i) {
            if (rows[i] > row) return accAt[validator][rows[i]];
        }
        return _NEVER;
    }

    /// @dev What of a validator's pay goes into its bond.
    function _toBond(
        uint64 validator,
        IValidatorRegistry.Validator memory v,
        uint256 target,
        uint256 amount
    ) private view returns (uint256) {
        if (v.role != IValidatorRegistry.Role.Authority) return 0;
        return Math.min(amount, Math.saturatingSub(target, pool.pool(validator).bond));
    }

    /// @dev Never more than was paid to seats or credited.
    function _payOut(address to, uint256 amount) private {
        if (amount == 0) return;
        outstanding -= amount;
        token.safeTransfer(to, amount);
    }
}
