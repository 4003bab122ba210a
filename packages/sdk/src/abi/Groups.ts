// Generated from contracts/slashing/Groups.sol by `npm run codegen`; changes here are lost.
export const groupsAbi = [
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: true, internalType: "bytes32", name: "offence", type: "bytes32" },
      { indexed: true, internalType: "Epoch", name: "epoch", type: "uint64" },
      { indexed: false, internalType: "uint8", name: "firstKind", type: "uint8" },
      { indexed: false, internalType: "uint8", name: "secondKind", type: "uint8" },
      { indexed: false, internalType: "uint256", name: "position", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "bondTaken", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "delegatedTaken", type: "uint256" },
      { indexed: false, internalType: "address", name: "reporter", type: "address" },
      { indexed: false, internalType: "uint256", name: "reward", type: "uint256" },
    ],
    name: "Convicted",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "bytes32", name: "id", type: "bytes32" },
      { indexed: true, internalType: "Epoch", name: "epoch", type: "uint64" },
      { indexed: false, internalType: "address", name: "snapshot", type: "address" },
      { indexed: false, internalType: "uint8", name: "firstKind", type: "uint8" },
      { indexed: false, internalType: "uint8", name: "secondKind", type: "uint8" },
      { indexed: false, internalType: "uint256", name: "position", type: "uint256" },
      { indexed: false, internalType: "uint256[4]", name: "seats", type: "uint256[4]" },
      { indexed: false, internalType: "uint256[4]", name: "again", type: "uint256[4]" },
      { indexed: false, internalType: "address", name: "reporter", type: "address" },
    ],
    name: "GroupConvicted",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "bytes32", name: "id", type: "bytes32" },
      { indexed: true, internalType: "address", name: "payee", type: "address" },
      { indexed: false, internalType: "uint256", name: "amount", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "until", type: "uint256" },
    ],
    name: "RewardKept",
    type: "event",
  },
  {
    inputs: [{ internalType: "address", name: "token", type: "address" }],
    name: "SafeERC20FailedOperation",
    type: "error",
  },
  {
    inputs: [{ internalType: "address", name: "blob", type: "address" }],
    name: "SealedSnapshotMissing",
    type: "error",
  },
  {
    inputs: [{ internalType: "bytes32", name: "offence", type: "bytes32" }],
    name: "SlashingManagerAlreadyCharged",
    type: "error",
  },
  {
    inputs: [{ internalType: "bytes32", name: "id", type: "bytes32" }],
    name: "SlashingManagerUnknownGroup",
    type: "error",
  },
  {
    inputs: [{ internalType: "Seat", name: "seat", type: "uint16" }],
    name: "SnapshotSeatOutOfRange",
    type: "error",
  },
] as const;
