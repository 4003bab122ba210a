// Generated from contracts/slashing/Settlements.sol by `npm run codegen`; changes here are lost.
export const settlementsAbi = [
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: false, internalType: "uint40", name: "dueAt", type: "uint40" },
      { indexed: false, internalType: "uint32", name: "seal", type: "uint32" },
      { indexed: false, internalType: "uint32", name: "fraction", type: "uint32" },
      { indexed: false, internalType: "Epoch", name: "through", type: "uint64" },
    ],
    name: "AbsenceCharged",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: false, internalType: "uint256", name: "bondTaken", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "delegatedTaken", type: "uint256" },
    ],
    name: "AbsenceSettled",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "bytes32", name: "id", type: "bytes32" },
      { indexed: true, internalType: "address", name: "payee", type: "address" },
      { indexed: false, internalType: "uint256", name: "amount", type: "uint256" },
    ],
    name: "RewardPaid",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: false, internalType: "uint256", name: "together", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "fraction", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "bondTaken", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "delegatedTaken", type: "uint256" },
    ],
    name: "SurchargeSettled",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: true, internalType: "bool", name: "surcharge", type: "bool" },
      { indexed: false, internalType: "uint256", name: "votes", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "eligible", type: "uint256" },
    ],
    name: "VetoCarried",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: true, internalType: "bool", name: "surcharge", type: "bool" },
      { indexed: true, internalType: "uint64", name: "authority", type: "uint64" },
      { indexed: false, internalType: "string", name: "reason", type: "string" },
    ],
    name: "VetoCast",
    type: "event",
  },
  {
    inputs: [{ internalType: "address", name: "blob", type: "address" }],
    name: "SealedSnapshotMissing",
    type: "error",
  },
  {
    inputs: [
      { internalType: "Epoch", name: "epoch", type: "uint64" },
      { internalType: "uint256", name: "until", type: "uint256" },
    ],
    name: "SlashingManagerExpired",
    type: "error",
  },
  {
    inputs: [
      { internalType: "uint64", name: "validator", type: "uint64" },
      { internalType: "Epoch", name: "through", type: "uint64" },
    ],
    name: "SlashingManagerNoNewRun",
    type: "error",
  },
  {
    inputs: [{ internalType: "bytes32", name: "id", type: "bytes32" }],
    name: "SlashingManagerNoReward",
    type: "error",
  },
  {
    inputs: [
      { internalType: "Seat", name: "seat", type: "uint16" },
      { internalType: "address", name: "caller", type: "address" },
    ],
    name: "SlashingManagerNoVote",
    type: "error",
  },
  {
    inputs: [
      { internalType: "uint64", name: "validator", type: "uint64" },
      { internalType: "Epoch", name: "epoch", type: "uint64" },
    ],
    name: "SlashingManagerNotAbsent",
    type: "error",
  },
  {
    inputs: [{ internalType: "uint64", name: "validator", type: "uint64" }],
    name: "SlashingManagerNothingToVeto",
    type: "error",
  },
  {
    inputs: [{ internalType: "uint256", name: "from", type: "uint256" }],
    name: "SlashingManagerTooSoon",
    type: "error",
  },
  {
    inputs: [{ internalType: "Seat", name: "seat", type: "uint16" }],
    name: "SnapshotSeatOutOfRange",
    type: "error",
  },
] as const;
