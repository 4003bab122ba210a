// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ballots} from "../../contracts/governance/Ballots.sol";
import {IStakingPool} from "../../contracts/interfaces/staking/IStakingPool.sol";
import {IValidatorRegistry} from "../../contracts/interfaces/staking/IValidatorRegistry.sol";
import {SealedSnapshot, SealedSnapshots} from "../../contracts/libraries/SealedSnapshots.sol";
import {Snapshots} from "../../contracts/libraries/Snapshots.sol";
import {KeyId} from "../../contracts/types/Types.sol";

/// @notice Validator v sits on seat v - 1 with key v, and is its own vote address; custody answers as the fuzzer says.
contract Electors {
    mapping(uint64 id => IStakingPool.Row) private _rows;
    mapping(uint64 id => mapping(address owner => uint128)) private _shares;

    function setRow(uint64 id, uint128 shares, uint32 bondFraction) external {
        _rows[id].shares = shares;
        _rows[id].bondFraction = bondFraction;
    }

    function setShares(uint64 id, address owner, uint128 shares) external {
        _shares[id][owner] = shares;
    }

    function validator(uint64 id) external pure returns (IValidatorRegistry.Validator memory v) {
        v.key = KeyId.wrap(uint32(id));
    }

    function voteAddress(uint64 id) external pure returns (address) {
        return address(uint160(id));
    }

    function rowAt(uint64 id, uint32) external view returns (uint256, IStakingPool.Row memory) {
        return (0, _rows[id]);
    }

    function sharesAt(uint64 id, address owner, uint32) external view returns (uint256) {
        return _shares[id][owner];
    }
}

contract BallotsTest {
    using Ballots for Ballots.Tally;

    uint64 private constant _VALIDATORS = 3;
    uint256 private constant _OWNERS = 4;

    Electors private _electors;
    mapping(uint256 run => Ballots.Tally) private _tallies;
    uint256 private _run;

    function setUp() public {
        _electors = new Electors();
    }

    /// @dev One step for each byte of `order`: a validator's vote, or an override, in any order, any number of times;
    /// what is refused changes nothing.
    function testFuzz_VotesNeverExceedTheSealedTotal(
        uint32[3] memory weights,
        uint128[3] memory counted,
        uint32[3] memory bonds,
        uint128[12] memory shares,
        bytes memory order
    ) public {
        Ballots.Tally storage tally = _open(weights);
        for (uint64 v = 1; v <= _VALIDATORS; ++v) {
            _electors.setRow(v, counted[v - 1], uint32(bonds[v - 1] % 1_000_000_001));
            for (uint256 o = 0; o < _OWNERS; ++o) {
                _electors.setShares(v, _owner(o), shares[(v - 1) * _OWNERS + o]);
            }
        }
        uint256 total = uint256(weights[0]) + weights[1] + weights[2];
        uint256 length = order.length < 40 ? order.length : 40;
        for (uint256 i = 0; i < length; ++i) {
            this.step(uint8(order[i]));
            uint256 sum = uint256(tally.votes[0]) + tally.votes[1] + tally.votes[2];
            assert(sum <= total);
            assert(sum == _expected(tally, weights));
        }
    }

    function step(uint8 what) external {
        uint64 validator = uint64(what % 3) + 1;
        uint8 support = (what / 3) % 3;
        uint64[] memory one = new uint64[](1);
        one[0] = validator;
        uint256 who = (what / 9) % (_OWNERS + 1);
        if (who == _OWNERS) {
            try this.vote(validator, support, one) {} catch {}
        } else {
            try this.overrideVote(_owner(who), support, one) {} catch {}
        }
    }

    function vote(uint64 validator, uint8 support, uint64[] memory one) external {
        _tallies[_run].vote(_run, _registry(), address(uint160(validator)), support, abi.encode(one));
    }

    function overrideVote(address owner, uint8 support, uint64[] memory one) external {
        _tallies[_run].overrideVotes(
            Ballots.Override(_run, IStakingPool(address(_electors)), _registry(), owner, support, 0, ""),
            one
        );
    }

    function _open(uint32[3] memory weights) private returns (Ballots.Tally storage tally) {
        SealedSnapshot memory s;
        s.number = 1;
        s.n = uint16(_VALIDATORS);
        uint256[] memory word = new uint256[](1);
        word[0] = uint256(weights[0]) | (uint256(weights[1]) << 32) | (uint256(weights[2]) << 64);
        s.weights = Snapshots.writeBlob(word);
        word[0] = 1 | (2 << 32) | (3 << 64);
        s.keys = Snapshots.writeBlob(word);
        tally = _tallies[++_run];
        tally.electorate = SealedSnapshots.write(s);
        tally.seal = 1;
    }

    function _expected(Ballots.Tally storage tally, uint32[3] memory weights) private view returns (uint256 sum) {
        for (uint64 v = 1; v <= _VALIDATORS; ++v) {
            Ballots.Ballot storage ballot = tally.ballots[v];
            sum += ballot.cast == 0 ? ballot.overridden : weights[v - 1];
        }
    }

    function _owner(uint256 index) private pure returns (address) {
        return address(uint160(1000 + index));
    }

    function _registry() private view returns (IValidatorRegistry) {
        return IValidatorRegistry(address(_electors));
    }
}
