// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IRewardDistributor} from "../../contracts/interfaces/rewards/IRewardDistributor.sol";
import {IElections} from "../../contracts/interfaces/staking/IElections.sol";
import {IStakingPool} from "../../contracts/interfaces/staking/IStakingPool.sol";
import {IUnbondingQueue} from "../../contracts/interfaces/staking/IUnbondingQueue.sol";
import {IValidatorRegistry} from "../../contracts/interfaces/staking/IValidatorRegistry.sol";

/// @notice What the invariants speak of, in few calls; sums it from what each owner, cohort and seat has.
contract InvariantLens {
    /// @dev Seals back from the present one for which counted shares are compared.
    uint32 private constant _BACK = 3;

    /// @param shares of the pool's present generation
    /// @param tokens what these are worth
    /// @param parts shares of each cohort of delegations
    /// @param queued what these are worth
    struct Holding {
        uint256 shares;
        uint256 tokens;
        bool encumbered;
        uint256[] parts;
        uint256 queued;
    }

    /// @param counted the owners' shares counted by the last seals, newest first
    /// @param most the shares that those seals counted in all
    struct Look {
        IStakingPool.Pool pool;
        IValidatorRegistry.Validator identity;
        IUnbondingQueue.Cohort[] bonds;
        IUnbondingQueue.Cohort[] delegations;
        Holding[] owners;
        uint256[] counted;
        uint256[] most;
        uint256 pay;
    }

    /// @param blobs code hashes of the blobs of the last seals, newest first
    struct Sums {
        uint256[] balances;
        uint256 totalStake;
        uint256 totalOwed;
        uint256 totalQueued;
        uint256 reserve;
        uint256 outstanding;
        uint256 owed;
        uint256 credits;
        uint32 sealNumber;
        bytes32[] blobs;
    }

    IStakingPool private immutable _pool;
    IUnbondingQueue private immutable _queue;
    IElections private immutable _elections;
    IRewardDistributor private immutable _distributor;

    constructor(IStakingPool pool, IElections elections, IRewardDistributor distributor) {
        _pool = pool;
        _queue = pool.queue();
        _elections = elections;
        _distributor = distributor;
    }

    function look(uint64 id, address[] calldata owners) external view returns (Look memory l) {
        l.pool = _pool.pool(id);
        l.identity = _pool.registry().validator(id);
        l.bonds = _cohorts(id, IUnbondingQueue.Kind.Bond);
        l.delegations = _cohorts(id, IUnbondingQueue.Kind.Delegation);
        l.owners = new Holding[](owners.length);
        for (uint256 i = 0; i < owners.length; ++i) {
            l.owners[i] = _holding(id, owners[i], l.pool.generation, l.delegations);
        }
        uint32 last = _elections.sealNumber();
        uint32 n = last < _BACK ? last : _BACK;
        (l.counted, l.most) = (new uint256[](n), new uint256[](n));
        for (uint32 back = 0; back < n; ++back) {
            (, IStakingPool.Row memory row) = _pool.rowAt(id, last - back);
            if (row.generation == l.pool.generation) l.most[back] = row.shares;
            for (uint256 i = 0; i < owners.length; ++i) {
                if (l.owners[i].shares != 0) l.counted[back] += _pool.sharesAt(id, owners[i], last - back);
            }
        }
        l.pay = _distributor.ledgerOf(id).owed;
    }

    function sums(address[] calldata accounts, address[] calldata relayers) external view returns (Sums memory s) {
        IERC20 token = _pool.token();
        s.balances = new uint256[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            s.balances[i] = token.balanceOf(accounts[i]);
        }
        s.totalStake = _pool.totalStake();
        s.totalOwed = _pool.totalOwed();
        s.totalQueued = _queue.totalQueued();
        s.reserve = _distributor.reserve();
        s.outstanding = _distributor.outstanding();
        for (uint256 i = 0; i < relayers.length; ++i) {
            s.owed += _distributor.owed(relayers[i]);
            s.credits += _distributor.creditsOf(relayers[i]);
        }
        s.sealNumber = _elections.sealNumber();
        s.blobs = new bytes32[](s.sealNumber < _BACK ? s.sealNumber : _BACK);
        for (uint32 back = 0; back < s.blobs.length; ++back) {
            address blob = _elections.blobOf(s.sealNumber - back);
            s.blobs[back] = keccak256(abi.encode(blob, blob.codehash));
        }
    }

    /// @notice A snapshot's totals as it says, and as its seats add up.
    function totals(uint32 number) external view returns (uint256[3] memory said, uint256[3] memory added) {
        IElections.Snapshot memory s = _elections.snapshot(number);
        said = [uint256(s.totalStake), s.backingStake, s.stakers];
        for (uint256 seat = 0; seat < s.n; ++seat) {
            uint256 weight = uint32(s.weights[seat >> 3] >> (32 * (seat & 7)));
            added[0] += weight;
            if ((s.backing[seat >> 8] >> (seat & 0xff)) & 1 == 1) added[1] += weight;
            if (seat >= s.nAuth && weight != 0) ++added[2];
        }
    }

    function _cohorts(
        uint64 id,
        IUnbondingQueue.Kind kind
    ) private view returns (IUnbondingQueue.Cohort[] memory list) {
        list = new IUnbondingQueue.Cohort[](_queue.cohortCount(id, kind));
        for (uint256 i = 0; i < list.length; ++i) {
            list[i] = _queue.cohort(id, kind, i);
        }
    }

    function _holding(
        uint64 id,
        address owner,
        uint32 generation,
        IUnbondingQueue.Cohort[] memory cohorts
    ) private view returns (Holding memory h) {
        IStakingPool.Position memory p = _pool.position(id, owner);
        if (p.generation == generation) (h.shares, h.encumbered) = (p.shares, p.encumbered);
        h.tokens = _pool.tokensOf(id, owner);
        h.parts = new uint256[](cohorts.length);
        // Who never held a position never left one.
        if (p.generation == 0) return h;
        for (uint256 i = 0; i < cohorts.length; ++i) {
            if (cohorts[i].shares == 0) continue;
            uint256 tokens;
            (h.parts[i], tokens, ) = _queue.entryOf(id, owner, i);
            h.queued += tokens;
        }
    }
}
