// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IConsensusParameters} from "../interfaces/governance/IConsensusParameters.sol";
import {IValidatorRegistry} from "../interfaces/staking/IValidatorRegistry.sol";
import {BLS12381} from "../libraries/BLS12381.sol";
import {ConsensusCodec} from "../libraries/ConsensusCodec.sol";
import {KeyStore} from "../libraries/KeyStore.sol";
import {G1Point, G2Point, KeyId} from "../types/Types.sol";
import {ElectionsClient} from "./ElectionsClient.sol";

/// @title Identities of validators
/// @dev Loops only over the keys and seats that a view is asked for. Creates nothing but keys: KeyStore derives their addresses from this contract's creation count.
contract ValidatorRegistry is AccessManaged, ElectionsClient, IValidatorRegistry {
    /// @dev What hashes of used keys lead to.
    struct KeyOwner {
        uint64 validator;
        KeyId key;
    }

    /// @dev The conviction stands beside the withdrawal address: to convict writes no slot for the first time.
    struct Entry {
        address operator;
        KeyId key;
        Role role;
        Status status;
        uint40 jailedUntil;
        address withdrawal;
        uint40 convictedAt;
        uint32 seal;
        uint24 mark;
        address vote;
        address pendingWithdrawal;
    }

    /// @dev How long stake waits for the execution of a conviction: a slasher that was replaced meanwhile may not be
    /// able to.
    uint256 private constant _PENDING_TIME = 30 days;
    /// @dev Of each of a word's eight numbers: 65,536 in the place of it, and the upper half.
    uint256 private constant _ONES = 0x0001000000010000000100000001000000010000000100000001000000010000;
    uint256 private constant _PAGES = 0xffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000;

    IConsensusParameters public immutable parameters;

    /// @inheritdoc IValidatorRegistry
    uint64 public validatorCount;
    /// @inheritdoc IValidatorRegistry
    uint32 public keyCount;
    /// @inheritdoc IValidatorRegistry
    address public slasher;
    /// @inheritdoc IValidatorRegistry
    mapping(uint256 index => uint256 word) public jailedWord;
    /// @dev The complement of `heldWord`: all ones from the first registration of each 256, which pays for the slot.
    mapping(uint256 index => uint256 word) private _free;
    /// @dev Words of 256 validators none of whom was ever jailed or convicted: bit `index & 255` of word `index >> 8`. All
    /// ones from the first registration of each 65,536.
    mapping(uint256 index => uint256 word) private _clean;
    /// @dev Convicted by `holdMany` and not executed, and until when that holds stake.
    mapping(uint256 index => uint256 word) private _pending;
    mapping(uint256 index => uint256 time) private _pendingUntil;
    mapping(uint64 validator => Entry) private _validators;
    mapping(bytes32 keyHash => KeyOwner) private _usedKeys;

    modifier onlyOperator(uint64 id) {
        if (msg.sender != _known(id).operator) revert ValidatorRegistryUnauthorized(id, msg.sender);
        _;
    }

    /// @dev One slot instead of AccessManager's three and its account: evidence must be cheap to report.
    modifier onlySlasher() {
        if (msg.sender != slasher) revert ValidatorRegistryNotSlasher(msg.sender);
        _;
    }

    modifier onlyWithdrawal(uint64 id) {
        if (msg.sender != _known(id).withdrawal) revert ValidatorRegistryUnauthorized(id, msg.sender);
        _;
    }

    constructor(address authority, IConsensusParameters parameters_) AccessManaged(authority) {
        parameters = parameters_;
    }

    /// @inheritdoc IValidatorRegistry
    function register(
        address withdrawal,
        address vote,
        G1Point calldata key,
        G2Point calldata possession,
        string calldata metadata
    ) external returns (uint64 id, KeyId keyId) {
        id = _reserve(withdrawal, vote, metadata);
        keyId = _setKey(id, key, possession);
    }

    /// @inheritdoc IValidatorRegistry
    function reserve(address withdrawal, address vote, string calldata metadata) external returns (uint64 id) {
        return _reserve(withdrawal, vote, metadata);
    }

    /// @inheritdoc IValidatorRegistry
    function setKey(
        uint64 id,
        G1Point calldata key,
        G2Point calldata possession
    ) external onlyOperator(id) returns (KeyId keyId) {
        Status status = _statusOf(id);
        if (status != Status.Active && status != Status.Jailed) revert ValidatorRegistryBadStatus(id, status);
        keyId = _setKey(id, key, possession);
        _report(id);
    }

    /// @inheritdoc IValidatorRegistry
    function setMetadata(uint64 id, string calldata metadata) external onlyOperator(id) {
        emit MetadataSet(id, metadata);
    }

    /// @inheritdoc IValidatorRegistry
    function setOperator(uint64 id, address operator) external onlyWithdrawal(id) {
        if (operator == address(0)) revert ValidatorRegistryZeroAddress();
        _validators[id].operator = operator;
        emit OperatorSet(id, operator);
    }

    /// @inheritdoc IValidatorRegistry
    function setVoteAddress(uint64 id, address vote) external onlyWithdrawal(id) {
        _validators[id].vote = vote;
        emit VoteAddressSet(id, vote);
    }

    /// @inheritdoc IValidatorRegistry
    function proposeWithdrawal(uint64 id, address withdrawal) external onlyWithdrawal(id) {
        _validators[id].pendingWithdrawal = withdrawal;
        emit WithdrawalProposed(id, withdrawal);
    }

    /// @inheritdoc IValidatorRegistry
    function acceptWithdrawal(uint64 id) external {
        Entry storage v = _known(id);
        if (msg.sender != v.pendingWithdrawal) revert ValidatorRegistryUnauthorized(id, msg.sender);
        v.withdrawal = msg.sender;
        v.pendingWithdrawal = address(0);
        emit WithdrawalSet(id, msg.sender);
    }

    /// @inheritdoc IValidatorRegistry
    function admit(uint64 id) external restricted {
        _setRole(id, Role.Authority);
    }

    /// @inheritdoc IValidatorRegistry
    function revoke(uint64 id) external restricted {
        _setRole(id, Role.Staker);
    }

    /// @inheritdoc IValidatorRegistry
    function exit(uint64 id) external {
        Entry storage v = _known(id);
        if (msg.sender != v.operator && msg.sender != v.withdrawal) {
            revert ValidatorRegistryUnauthorized(id, msg.sender);
        }
        Status status = _statusOf(id);
        if (status != Status.Active && status != Status.Jailed) revert ValidatorRegistryBadStatus(id, status);
        _setStatus(id, Status.Exited, 0);
    }

    /// @inheritdoc IValidatorRegistry
    function unjail(uint64 id) external onlyOperator(id) {
        Status status = _statusOf(id);
        if (status != Status.Jailed) revert ValidatorRegistryBadStatus(id, status);
        uint40 until = _validators[id].jailedUntil;
        if (block.timestamp < until) revert ValidatorRegistryStillJailed(id, until);
        _setStatus(id, Status.Active, 0);
    }

    /// @inheritdoc IValidatorRegistry
    function jail(uint64 id) external onlySlasher {
        uint40 last = _known(id).jailedUntil;
        Status status = _statusOf(id);
        if (status != Status.Active && status != Status.Jailed) return;
        uint40 until = uint40(block.timestamp + parameters.slashing().jailTime);
        if (until < last) until = last;
        _setStatus(id, Status.Jailed, until);
    }

    /// @inheritdoc IValidatorRegistry
    function tombstone(uint64 id, Conviction calldata c, bool pending) external onlySlasher returns (bool first) {
        Entry storage v = _validators[id];
        if (v.withdrawal == address(0)) revert ValidatorRegistryUnknown(id);
        (uint256 index, uint256 bit) = (id >> 8, 1 << (id & 0xff));
        if (pending) {
            if (_pending[index] & bit == 0) return false;
            _pending[index] ^= bit;
        } else {
            uint256 free = _free[index];
            if (free & bit == 0) return false;
            _free[index] = free ^ bit;
            // Whoever was convicted before him has noted it.
            if (free == type(uint256).max) _soil(index);
            emit StatusSet(id, Status.Tombstoned, 0);
        }
        (v.convictedAt, v.seal, v.mark) = (c.time, c.seal, c.mark);
        return true;
    }

    /// @inheritdoc IValidatorRegistry
    function holdMany(uint256 index, uint256 bits) external onlySlasher returns (uint256 added) {
        uint256 free = _free[index];
        added = bits & free;
        if (added == 0) return 0;
        _free[index] = free ^ added;
        _pending[index] |= added;
        _pendingUntil[index] = block.timestamp + _PENDING_TIME;
        _soil(index);
        emit HeldMany(index, added);
    }

    /// @inheritdoc IValidatorRegistry
    function setSlasher(address slasher_) external restricted {
        slasher = slasher_;
        emit SlasherSet(slasher_);
    }

    /// @inheritdoc IValidatorRegistry
    function setElections(address elections_) external restricted {
        _elections = elections_;
        emit ElectionsSet(elections_);
    }

    /// @inheritdoc IValidatorRegistry
    function elections() external view returns (address) {
        return _elections;
    }

    /// @inheritdoc IValidatorRegistry
    function validator(uint64 id) external view returns (Validator memory) {
        Entry storage v = _known(id);
        return
            Validator({
                operator: v.operator,
                key: v.key,
                role: v.role,
                status: _statusOf(id),
                jailedUntil: v.jailedUntil,
                withdrawal: v.withdrawal,
                vote: v.vote,
                pendingWithdrawal: v.pendingWithdrawal
            });
    }

    /// @inheritdoc IValidatorRegistry
    function standing(uint64 id) external view returns (Standing memory) {
        Entry storage v = _known(id);
        return Standing(_statusOf(id), v.role, v.key);
    }

    /// @inheritdoc IValidatorRegistry
    function controllers(uint64 id) external view returns (address operator, address withdrawal) {
        Entry storage v = _known(id);
        return (v.operator, v.withdrawal);
    }

    /// @inheritdoc IValidatorRegistry
    function conviction(uint64 id) external view returns (Conviction memory) {
        Entry storage v = _validators[id];
        return Conviction(v.convictedAt, v.seal, v.mark);
    }

    /// @inheritdoc IValidatorRegistry
    function pendingWord(uint256 index) external view returns (uint256) {
        return block.timestamp < _pendingUntil[index] ? _pending[index] : 0;
    }

    /// @inheritdoc IValidatorRegistry
    function heldWord(uint256 index) public view returns (uint256) {
        uint256 free = _free[index];
        // Zero stands for all 256 of the word, unless none of them is registered.
        return free == 0 && validatorCount < (index == 0 ? 1 : index << 8) ? 0 : ~free;
    }

    /// @inheritdoc IValidatorRegistry
    function idleSeats(
        uint256[] calldata occupants,
        uint256[4] calldata spared
    ) external view returns (uint256[4] memory seats) {
        // Words of validators' standing already read: each at its index modulo 64, behind that index + 1. A word takes the
        // place of another with the same remainder. Assembly: this runs for a thousand seats in every seal.
        uint256[128] memory known;
        assembly ("memory-safe") {
            function read(index, slot) -> word {
                mstore(0x00, index)
                mstore(0x20, slot)
                word := sload(keccak256(0x00, 0x40))
            }
            let page := 0
            let clean := read(0, _clean.slot)
            for {
                let i := 0
            } lt(i, occupants.length) {
                i := add(i, 1)
            } {
                let rest := calldataload(add(occupants.offset, shl(5, i)))
                // Mostly all eight are of one 65,536, and of words without anybody jailed or convicted.
                if iszero(xor(and(rest, _PAGES), mul(page, _ONES))) {
                    let all := and(shr(and(shr(8, rest), 0xff), clean), shr(and(shr(40, rest), 0xff), clean))
                    all := and(all, and(shr(and(shr(72, rest), 0xff), clean), shr(and(shr(104, rest), 0xff), clean)))
                    all := and(all, and(shr(and(shr(136, rest), 0xff), clean), shr(and(shr(168, rest), 0xff), clean)))
                    all := and(all, and(shr(and(shr(200, rest), 0xff), clean), shr(and(shr(232, rest), 0xff), clean)))
                    if and(all, 1) {
                        continue
                    }
                }
                let jailable := not(shr(shl(3, and(i, 31)), calldataload(add(spared, shl(5, shr(5, i))))))
                let idle := 0
                let bit := 1
                for {} rest {
                    rest := shr(32, rest)
                    bit := shl(1, bit)
                } {
                    let id := and(rest, 0xffffffff)
                    let index := shr(8, id)
                    if xor(shr(8, index), page) {
                        page := shr(8, index)
                        clean := read(page, _clean.slot)
                    }
                    if and(shr(and(index, 0xff), clean), 1) {
                        continue
                    }
                    let place := add(known, shl(6, and(index, 0x3f)))
                    if xor(mload(place), add(index, 1)) {
                        mstore(place, add(index, 1))
                        mstore(add(place, 0x20), or(not(read(index, _free.slot)), read(index, jailedWord.slot)))
                    }
                    if and(shr(and(id, 0xff), mload(add(place, 0x20))), 1) {
                        if iszero(and(jailable, bit)) {
                            if and(shr(and(id, 0xff), read(index, _free.slot)), 1) {
                                continue
                            }
                        }
                        idle := or(idle, bit)
                    }
                }
                if idle {
                    let word := add(seats, shl(5, and(shr(5, i), 3)))
                    mstore(word, or(mload(word), shl(shl(3, and(i, 31)), idle)))
                }
            }
        }
    }

    /// @inheritdoc IValidatorRegistry
    function keyBytes(KeyId key) external view returns (bytes memory) {
        return KeyStore.read(address(this), _existing(key));
    }

    /// @inheritdoc IValidatorRegistry
    function keysBytes(KeyId[] calldata keys) external view returns (bytes memory joined) {
        joined = new bytes(96 * keys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            if (KeyId.unwrap(keys[i]) == 0) continue;
            bytes memory one = KeyStore.read(address(this), _existing(keys[i]));
            assembly ("memory-safe") {
                mcopy(add(add(joined, 0x20), mul(i, 96)), add(one, 0x20), 96)
            }
        }
    }

    /// @inheritdoc IValidatorRegistry
    function keyAddress(KeyId key) external view returns (address) {
        return KeyStore.locate(address(this), _existing(key));
    }

    /// @inheritdoc IValidatorRegistry
    function ownerOfKey(KeyId key) public view returns (uint64) {
        if (KeyId.unwrap(key) == 0 || KeyId.unwrap(key) > keyCount) return 0;
        return KeyStore.ownerOf(address(this), key);
    }

    /// @inheritdoc IValidatorRegistry
    function ownersOfKeys(KeyId[] calldata keys) external view returns (uint64[] memory owners) {
        owners = new uint64[](keys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            owners[i] = ownerOfKey(keys[i]);
        }
    }

    /// @inheritdoc IValidatorRegistry
    function usedKey(bytes32 keyHash) external view returns (uint64, KeyId) {
        KeyOwner storage owner = _usedKeys[keyHash];
        return (owner.validator, owner.key);
    }

    /// @inheritdoc IValidatorRegistry
    function possessionMessage(uint64 id, G1Point calldata key) external view returns (bytes32) {
        return _possessionMessage(id, BLS12381.keyBytes(key));
    }

    /// @inheritdoc IValidatorRegistry
    function voteAddress(uint64 id) external view returns (address) {
        Entry storage v = _known(id);
        return v.vote == address(0) ? v.withdrawal : v.vote;
    }

    function _reserve(address withdrawal, address vote, string calldata metadata) private returns (uint64 id) {
        if (withdrawal == address(0)) revert ValidatorRegistryZeroAddress();
        id = ++validatorCount;
        if (id == 1 || id & 0xff == 0) _free[id >> 8] = type(uint256).max;
        if (id == 1 || id & 0xffff == 0) _clean[id >> 16] = type(uint256).max;
        Entry storage v = _validators[id];
        v.operator = msg.sender;
        v.status = Status.Active;
        v.withdrawal = withdrawal;
        if (vote != address(0)) v.vote = vote;
        emit ValidatorReserved(id, msg.sender, withdrawal, vote, metadata);
    }

    function _setKey(uint64 id, G1Point calldata key, G2Point calldata possession) private returns (KeyId keyId) {
        bytes memory encoded = BLS12381.keyBytes(key);
        bytes32 keyHash = keccak256(encoded);
        if (KeyId.unwrap(_usedKeys[keyHash].key) != 0) revert ValidatorRegistryKeyUsed(keyHash);
        if (!BLS12381.verifyPossession(key, _possessionMessage(id, encoded), possession)) {
            revert ValidatorRegistryBadPossession(id);
        }
        keyId = KeyId.wrap(++keyCount);
        KeyStore.write(keyId, encoded, id);
        _usedKeys[keyHash] = KeyOwner(id, keyId);
        _validators[id].key = keyId;
        emit KeySet(id, keyId, encoded);
    }

    function _setRole(uint64 id, Role role) private {
        Entry storage v = _known(id);
        if (v.role == role) revert ValidatorRegistryRoleUnchanged(id, role);
        v.role = role;
        emit RoleSet(id, role);
        _report(id);
    }

    /// @dev A conviction outweighs what is stored.
    function _statusOf(uint64 id) private view returns (Status) {
        return (_free[id >> 8] >> (id & 0xff)) & 1 == 0 ? Status.Tombstoned : _validators[id].status;
    }

    function _setStatus(uint64 id, Status status, uint40 until) private {
        Entry storage v = _validators[id];
        if ((v.status == Status.Jailed) != (status == Status.Jailed)) {
            jailedWord[id >> 8] ^= 1 << (id & 0xff);
            _soil(id >> 8);
        }
        v.status = status;
        v.jailedUntil = until;
        emit StatusSet(id, status, until);
        _report(id);
    }

    /// @dev Notes that not all of a word's validators are as they registered.
    function _soil(uint256 index) private {
        uint256 clean = _clean[index >> 8];
        uint256 bit = 1 << (index & 0xff);
        if (clean & bit != 0) _clean[index >> 8] = clean ^ bit;
    }

    function _report(uint64 id) private {
        if (!_refresh(id)) emit RefreshFailed(id);
    }

    function _known(uint64 id) private view returns (Entry storage v) {
        v = _validators[id];
        if (v.status == Status.None) revert ValidatorRegistryUnknown(id);
    }

    function _existing(KeyId key) private view returns (KeyId) {
        if (KeyId.unwrap(key) == 0 || KeyId.unwrap(key) > keyCount) revert ValidatorRegistryNoKey(key);
        return key;
    }

    function _possessionMessage(uint64 id, bytes memory encoded) private view returns (bytes32) {
        return ConsensusCodec.possession(uint64(block.chainid), address(this), id, encoded);
    }
}
