// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {G1Point, G2Point, KeyId} from "../../types/Types.sol";

/// @title Identities of validators
/// @notice Who a validator is: the addresses that act for it, its BLS key, its role and its standing. Holds no stake
/// and decides no quorum. A validator is named by a number counted from 1 and never given out again.
///
/// Three addresses act for a validator. The *operator* runs it: keys, metadata, leaving jail, exit. The *withdrawal*
/// address owns the bond: it receives what is withdrawn, chooses the other two, and is changed in two steps. The
/// *vote* address votes in governance; zero stands for the withdrawal address.
interface IValidatorRegistry {
    /// @notice What kind of seat a validator may take. An authority is admitted by governance.
    enum Role {
        Staker,
        Authority
    }

    /// @notice A validator's standing. `Jailed` can return to `Active`; `Tombstoned` and `Exited` are final.
    enum Status {
        None,
        Active,
        Jailed,
        Tombstoned,
        Exited
    }

    /// @notice A validator's record.
    /// @param operator Runs the validator
    /// @param key Its present key; 0 while it has none
    /// @param role Staker or authority
    /// @param status Standing
    /// @param jailedUntil Second from which a jailed validator may ask to return; 0 unless jailed
    /// @param withdrawal Owns the bond
    /// @param vote Votes in governance; zero stands for `withdrawal`
    /// @param pendingWithdrawal Named by `withdrawal` as its successor, not yet accepted; zero if none
    struct Validator {
        address operator;
        KeyId key;
        Role role;
        Status status;
        uint40 jailedUntil;
        address withdrawal;
        address vote;
        address pendingWithdrawal;
    }

    /// @notice What a stake operation needs of the record.
    /// @param status Standing
    /// @param role Staker or authority
    /// @param key Its present key; 0 while it has none
    struct Standing {
        Status status;
        Role role;
        KeyId key;
    }

    /// @notice What a slasher keeps of a validator's first conviction.
    /// @param time Second of the conviction; 0 if there is none, or it is not executed yet
    /// @param seal Number of the seal that counted the stake liable
    /// @param mark Whatever the slasher needs to remember beside it
    struct Conviction {
        uint40 time;
        uint32 seal;
        uint24 mark;
    }

    /// @notice A validator came into being; `metadata` is whatever its operator wants shown (a name, a URL).
    event ValidatorReserved(
        uint64 indexed validator,
        address indexed operator,
        address indexed withdrawal,
        address vote,
        string metadata
    );
    /// @notice A key was proved and written; it is the validator's key from now on, in snapshots from the next seal.
    event KeySet(uint64 indexed validator, KeyId indexed key, bytes publicKey);
    /// @notice The operator wants this shown (a name, a URL) from now on.
    event MetadataSet(uint64 indexed validator, string metadata);
    /// @notice Another account runs the validator.
    event OperatorSet(uint64 indexed validator, address indexed operator);
    /// @notice Another account votes for the validator; zero: its withdrawal address.
    event VoteAddressSet(uint64 indexed validator, address indexed vote);
    /// @notice A successor of the withdrawal address was named; zero: none.
    event WithdrawalProposed(uint64 indexed validator, address indexed withdrawal);
    /// @notice The named successor took over as withdrawal address.
    event WithdrawalSet(uint64 indexed validator, address indexed withdrawal);
    /// @notice The validator was made an authority, or a staker again.
    event RoleSet(uint64 indexed validator, Role role);
    /// @notice The standing changed; `jailedUntil` (seconds) is 0 unless jailed.
    event StatusSet(uint64 indexed validator, Status status, uint40 jailedUntil);
    /// @notice Validators were convicted together: `bits` of word `index`, as `heldWord` numbers them, were added.
    event HeldMany(uint256 indexed index, uint256 bits);
    /// @notice The module that keeps seats and live weights was replaced.
    event ElectionsSet(address indexed elections);
    /// @notice The module that jails and convicts was replaced.
    event SlasherSet(address indexed slasher);
    /// @notice The module that keeps seats did not take note of a change; anyone may call its `refresh`.
    event RefreshFailed(uint64 indexed validator);

    /// @notice No validator has this number.
    error ValidatorRegistryUnknown(uint64 validator);
    /// @notice The caller does not act for this validator in this matter.
    error ValidatorRegistryUnauthorized(uint64 validator, address caller);
    /// @notice Only the module that slashes may call this.
    error ValidatorRegistryNotSlasher(address caller);
    /// @notice Nobody can act by the zero address.
    error ValidatorRegistryZeroAddress();
    /// @notice The key is infinity, not in the group, or the signature of possession is not its own.
    error ValidatorRegistryBadPossession(uint64 validator);
    /// @notice The key was registered before, by anybody: a used key never returns.
    error ValidatorRegistryKeyUsed(bytes32 keyHash);
    /// @notice Not possible in this standing.
    error ValidatorRegistryBadStatus(uint64 validator, Status status);
    /// @notice The validator has this role already.
    error ValidatorRegistryRoleUnchanged(uint64 validator, Role role);
    /// @notice No key has this number.
    error ValidatorRegistryNoKey(KeyId key);
    /// @notice The jail time lasts until second `until`.
    error ValidatorRegistryStillJailed(uint64 validator, uint40 until);

    /// @notice Opens an identity and proves its key in one call; the caller is the operator. Fails if another
    /// registration took the number that the possession was signed for: sign again, or use `reserve`.
    /// @param withdrawal Owner of the bond; not zero
    /// @param vote Votes in governance; zero for the withdrawal address
    /// @param key Public key
    /// @param possession Signature over `possessionMessage` under the POP tag
    /// @param metadata Shown to others, in the event only
    /// @return validator The new number
    /// @return keyId The key's number
    function register(
        address withdrawal,
        address vote,
        G1Point calldata key,
        G2Point calldata possession,
        string calldata metadata
    ) external returns (uint64 validator, KeyId keyId);

    /// @notice Opens an identity without a key, so that nobody can take the number the possession is signed for.
    function reserve(address withdrawal, address vote, string calldata metadata) external returns (uint64 validator);

    /// @notice Proves and sets the validator's first key, or the next one. Only the operator; not once it has left.
    /// The old key stays bound to the validator: what it signed stays punishable.
    function setKey(uint64 validator, G1Point calldata key, G2Point calldata possession) external returns (KeyId keyId);

    /// @notice Only the operator.
    function setMetadata(uint64 validator, string calldata metadata) external;

    /// @notice Only the withdrawal address.
    function setOperator(uint64 validator, address operator) external;

    /// @notice Only the withdrawal address.
    function setVoteAddress(uint64 validator, address vote) external;

    /// @notice Names a successor of the withdrawal address, or none (zero). Only the withdrawal address.
    function proposeWithdrawal(uint64 validator, address withdrawal) external;

    /// @notice Takes over as withdrawal address. Only the named successor.
    function acceptWithdrawal(uint64 validator) external;

    /// @notice Makes a staker an authority. Governance.
    function admit(uint64 validator) external;

    /// @notice Makes an authority a staker. Governance.
    function revoke(uint64 validator) external;

    /// @notice Leaves for good: no weight from the next seal on. Operator or withdrawal address; active or jailed.
    function exit(uint64 validator) external;

    /// @notice Returns from jail once its time is over. Only the operator.
    function unjail(uint64 validator) external;

    /// @notice Takes the vote from a validator until it asks to return after the jail time. Only the slasher; never reverts
    /// for a known validator: one that has left or is tombstoned stays what it is, one in jail stays at least as long.
    function jail(uint64 validator) external;

    /// @notice Takes the vote from a validator for good and keeps the record of its first conviction. Only the slasher; total
    /// over every state of a known validator. Tells nobody: seals read `heldWord`.
    /// @param conviction What to keep
    /// @param pending Whether this executes a conviction that `holdMany` announced
    /// @return first False, and nothing changed, if the validator is convicted already (`pending`: if none was announced)
    function tombstone(uint64 validator, Conviction calldata conviction, bool pending) external returns (bool first);

    /// @notice Takes the vote from many validators for good, before their convictions are executed one by one: until
    /// then they are pending and their stake cannot leave. Only the slasher.
    /// @param index Word, as `heldWord` numbers them
    /// @param bits Validators of it
    /// @return added Those that were not convicted before
    function holdMany(uint256 index, uint256 bits) external returns (uint256 added);

    /// @notice Replaces the module that keeps seats and live weights. Governance.
    function setElections(address elections) external;

    /// @notice Replaces the module that jails and convicts. Governance.
    function setSlasher(address slasher) external;

    /// @notice Module that keeps seats and live weights.
    function elections() external view returns (address);

    /// @notice Module that jails and convicts.
    function slasher() external view returns (address);

    /// @notice The record; fails for a number not given out.
    function validator(uint64 id) external view returns (Validator memory);

    /// @notice Part of the record, for two slots read; fails for a number not given out.
    function standing(uint64 id) external view returns (Standing memory);

    /// @notice Who runs the validator and who owns its bond, for two slots read; fails for a number not given out.
    function controllers(uint64 id) external view returns (address operator, address withdrawal);

    /// @notice Numbers given out: validators are 1 to this.
    function validatorCount() external view returns (uint64);

    /// @notice Keys registered: key numbers are 1 to this.
    function keyCount() external view returns (uint32);

    /// @notice A key as the 96 bytes x48 | y48; fails for a number not given out.
    function keyBytes(KeyId key) external view returns (bytes memory);

    /// @notice Many keys in one call, 96 bytes each in the order asked; number 0 gives 96 zero bytes.
    function keysBytes(KeyId[] calldata keys) external view returns (bytes memory);

    /// @notice Where a key's 105 bytes of code (a STOP, x48 | y48, its validator's number) are.
    function keyAddress(KeyId key) external view returns (address);

    /// @notice Whose key it is or was; 0 for a number not given out.
    function ownerOfKey(KeyId key) external view returns (uint64);

    /// @notice Validator and number of the key with this keccak256(x48 | y48); zeros if never used.
    function usedKey(bytes32 keyHash) external view returns (uint64 validator, KeyId key);

    /// @notice The 32 bytes a key signs under the POP tag to prove possession for a validator number here.
    function possessionMessage(uint64 validator, G1Point calldata key) external view returns (bytes32);

    /// @notice The vote address, or the withdrawal address where none is set.
    function voteAddress(uint64 validator) external view returns (address);

    /// @notice Owners of many keys in one call, in the order asked; 0 for numbers not given out.
    function ownersOfKeys(KeyId[] calldata keys) external view returns (uint64[] memory);

    /// @notice The validator's first conviction, once it is executed.
    function conviction(uint64 validator) external view returns (Conviction memory);

    /// @notice Validators whose weight counts in no seal because of a conviction, by their numbers: validator `id` is bit
    /// `id & 255` of word `id >> 8`. Read as words, so that a seal sees them without asking for each. Their status is
    /// Tombstoned.
    function heldWord(uint256 index) external view returns (uint256);

    /// @notice Seats whose validators are jailed or convicted. About 100 gas a seat, 4,500 more for each 256 validators' word in
    /// which there ever was such a one.
    /// @param occupants Validators by seat, eight numbers of 32 bits to a word, 0 where vacant; at most 128 words
    /// @param spared Seats for which jail does not count, as bits like `seats`
    /// @return seats Bit `seat & 255` of word `seat >> 8`
    function idleSeats(
        uint256[] calldata occupants,
        uint256[4] calldata spared
    ) external view returns (uint256[4] memory seats);

    /// @notice Those of them whose convictions are not executed yet, likewise: their stake must not leave. For at most 30
    /// days after the last `holdMany` of the word; then zero.
    function pendingWord(uint256 index) external view returns (uint256);

    /// @notice Validators in jail, likewise.
    function jailedWord(uint256 index) external view returns (uint256);
}
