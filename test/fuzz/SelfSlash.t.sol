// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICheckpointManager} from "../../contracts/interfaces/consensus/ICheckpointManager.sol";
import {IConsensusParameters} from "../../contracts/interfaces/governance/IConsensusParameters.sol";
import {IStakingPool} from "../../contracts/interfaces/staking/IStakingPool.sol";
import {IUnbondingQueue} from "../../contracts/interfaces/staking/IUnbondingQueue.sol";
import {IValidatorRegistry} from "../../contracts/interfaces/staking/IValidatorRegistry.sol";
import {IAITBCToken} from "../../contracts/interfaces/token/IAITBCToken.sol";
import {Case, Charges, Modules, Rules, SlashingState} from "../../contracts/slashing/Charges.sol";
import {StakingPool} from "../../contracts/staking/StakingPool.sol";
import {AITBCToken} from "../../contracts/token/AITBCToken.sol";

/// @notice Somebody with tokens.
contract Holder {
    function run(address target, bytes calldata data) external {
        (bool ok, bytes memory answer) = target.call(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }
}

/// @notice Every other module, as custody and charges ask them: everybody is active, nothing was sealed but seal 1.
contract Others {
    address private immutable _operator;
    uint64[5] private _penalties;

    constructor(address operator) {
        _operator = operator;
    }

    function setPenalties(uint64[5] calldata penalties_) external {
        _penalties = penalties_;
    }

    function penalties() external view returns (uint64, uint64, uint64, uint64, uint64) {
        return (_penalties[0], _penalties[1], _penalties[2], _penalties[3], _penalties[4]);
    }

    function controllers(uint64) external view returns (address, address) {
        return (_operator, _operator);
    }

    function standing(uint64) external pure returns (IValidatorRegistry.Standing memory s) {
        s.status = IValidatorRegistry.Status.Active;
    }

    function canCall(address, address, bytes4) external pure returns (bool, uint32) {
        return (true, 0);
    }

    function sealNumber() external pure returns (uint32) {
        return 1;
    }

    function refresh(uint64) external {}
}

/// @notice Custody and charges as they are, this contract in SlashingManager's place: an operator, a delegator of his and
/// a reporter of his have no more after an offence than before, whatever is staked, leaving or asked for by parameters.
contract SelfSlashTest {
    /// @param bond of the operator
    /// @param leaving part of it that is leaving
    /// @param own what his delegator delegates
    /// @param ownLeaving part of it that is leaving
    /// @param other what somebody else delegates
    /// @param otherLeaving part of it that is leaving
    struct Stakes {
        uint96 bond;
        uint96 leaving;
        uint96 own;
        uint96 ownLeaving;
        uint96 other;
        uint96 otherLeaving;
    }

    uint64 private constant _VALIDATOR = 7;
    uint256 private constant _MILLION = 1_000_000;
    /// @dev Of rounding: each account's part of a pool, a cohort and an entry.
    uint256 private constant _DUST = 10;

    Holder private _operator;
    Holder private _delegator;
    Holder private _reporter;
    Holder private _stranger;
    Others private _others;
    AITBCToken private _token;
    StakingPool private _pool;
    SlashingState private _state;

    function setUp() public {
        (_operator, _delegator, _reporter, _stranger) = (new Holder(), new Holder(), new Holder(), new Holder());
        _others = new Others(address(_operator));
        IAITBCToken.Allocation[] memory allocations = new IAITBCToken.Allocation[](3);
        allocations[0] = IAITBCToken.Allocation(address(_operator), 300_000_000 ether);
        allocations[1] = IAITBCToken.Allocation(address(_delegator), 300_000_000 ether);
        allocations[2] = IAITBCToken.Allocation(address(_stranger), 300_000_000 ether);
        _token = new AITBCToken(allocations);
        _pool = new StakingPool(
            address(_others),
            _token,
            IValidatorRegistry(address(_others)),
            IStakingPool.Times({
                unbondingTime: 21 days,
                cohortPeriod: 1 days,
                maxWait: 30 days,
                redelegationPeriod: 21 days,
                commissionNotice: 7 days,
                commissionStep: 10_000,
                commissionMax: 100_000,
                minimumDelegation: 1 ether,
                maxHold: 60 days
            })
        );
        _pool.setElections(address(_others));
        _pool.setSlasher(address(this));
    }

    /// @dev Parameters within the bounds of deploy/parameters/default.json, and beyond.
    function testFuzz_NoCoalitionGainsByItsOffence(
        Stakes memory s,
        uint32 base,
        uint32 share,
        uint16 cap,
        uint32 surcharge,
        bool committed
    ) public {
        _stake(s);
        _others.setPenalties([uint64(1) + (base % 1_000_000), share % 500_001, cap, 21 days, 7 days]);
        Modules memory m = Modules({
            token: _token,
            registry: IValidatorRegistry(address(_others)),
            pool: _pool,
            checkpoints: ICheckpointManager(address(_others)),
            parameters: IConsensusParameters(address(_others)),
            bucketTime: 1 days
        });
        Case memory c;
        (c.validator, c.seal, c.reporter, c.direct) = (_VALIDATOR, 1, address(_reporter), !committed);
        c.claimId = c.offence = keccak256("offence");
        Rules memory r = Charges.rules(m);
        (uint256 junior, uint256 senior) = _pool.liable(_VALIDATOR, 1);
        uint256 before = _wealth();
        uint256 strangers = _wealthOf(_stranger);

        uint256 reward = Charges.charge(_state, m, c, r);

        (uint256 juniorLeft, uint256 seniorLeft) = _pool.liable(_VALIDATOR, 1);
        uint256 lost = junior - juniorLeft;
        assert(lost + senior - seniorLeft >= ((junior + senior) * r.basePenalty) / _MILLION);
        // Paid from what the operator lost alone, and no more than a part of it.
        assert(reward <= (lost * r.reporterShare) / _MILLION && reward <= r.reporterCap * 1 ether);
        assert(_wealth() + (lost - reward) <= before + _DUST);
        assert(_wealthOf(_stranger) <= strangers + _DUST);

        before = _wealth();
        strangers = _wealthOf(_stranger);
        _slash(surcharge);
        assert(_wealth() <= before + _DUST && _wealthOf(_stranger) <= strangers + _DUST);

        // Everything taken is the slashing pool's, rewards kept back among it.
        uint256 kept = _state.owed;
        assert(_pool.collectSlashed(address(this)) >= kept);
        assert(_token.balanceOf(address(_pool)) == _pool.totalStake() + _pool.queue().totalQueued());
    }

    function _slash(uint256 surcharge) private {
        _pool.slash(_VALIDATOR, 1, uint96(surcharge % (_MILLION + 1)), uint96(_MILLION), 0);
    }

    function _stake(Stakes memory s) private {
        uint256 bond = 1 ether + (uint256(s.bond) % 200_000_000 ether);
        _act(_operator, abi.encodeCall(_pool.depositBond, (_VALIDATOR, bond)));
        if (s.leaving != 0) {
            uint256 part = 1 + (uint256(s.leaving) % bond);
            _act(_operator, abi.encodeCall(_pool.requestUnbond, (_VALIDATOR, part)));
        }
        _delegate(_delegator, s.own, s.ownLeaving);
        _delegate(_stranger, s.other, s.otherLeaving);
    }

    function _delegate(Holder who, uint256 amount, uint256 leaving) private {
        if (amount % 4 == 0) return;
        amount = 1 ether + (amount % 200_000_000 ether);
        _act(who, abi.encodeCall(_pool.delegate, (_VALIDATOR, amount)));
        if (leaving == 0) return;
        uint256 shares = _pool.position(_VALIDATOR, address(who)).shares;
        // At least what a base unit is worth.
        shares = 10_000_000 + (leaving % (shares - 10_000_000));
        _act(who, abi.encodeCall(_pool.undelegate, (_VALIDATOR, shares)));
    }

    function _act(Holder who, bytes memory data) private {
        who.run(address(_token), abi.encodeCall(_token.approve, (address(_pool), type(uint256).max)));
        who.run(address(_pool), data);
    }

    /// @dev All that the operator, his delegator and his reporter have: staked, leaving, paid, and kept back for them.
    function _wealth() private view returns (uint256) {
        IUnbondingQueue queue = _pool.queue();
        uint256 sum = _pool.bondOf(_VALIDATOR) + _token.balanceOf(address(_operator));
        for (uint256 i = 0; i < queue.cohortCount(_VALIDATOR, IUnbondingQueue.Kind.Bond); ++i) {
            sum += queue.cohort(_VALIDATOR, IUnbondingQueue.Kind.Bond, i).tokens;
        }
        return sum + _wealthOf(_delegator) + _token.balanceOf(address(_reporter)) + _state.owed;
    }

    function _wealthOf(Holder who) private view returns (uint256 sum) {
        IUnbondingQueue queue = _pool.queue();
        sum = _pool.tokensOf(_VALIDATOR, address(who)) + _token.balanceOf(address(who));
        for (uint256 i = 0; i < queue.cohortCount(_VALIDATOR, IUnbondingQueue.Kind.Delegation); ++i) {
            (, uint256 tokens, ) = queue.entryOf(_VALIDATOR, address(who), i);
            sum += tokens;
        }
    }
}
