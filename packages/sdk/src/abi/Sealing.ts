// Generated from contracts/staking/Sealing.sol by `npm run codegen`; changes here are lost.
export const sealingAbi = [
  {
    inputs: [
      { internalType: "address", name: "pool", type: "address" },
      { internalType: "address", name: "parameters", type: "address" },
      { internalType: "address", name: "checkpoints", type: "address" },
      { internalType: "Epoch", name: "now_", type: "uint64" },
    ],
    name: "checkAccrual",
    outputs: [],
    stateMutability: "view",
    type: "function",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint32", name: "number", type: "uint32" },
      { indexed: false, internalType: "uint32", name: "heaviest", type: "uint32" },
      { indexed: false, internalType: "uint64", name: "backingStake", type: "uint64" },
    ],
    name: "Concentrated",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint32", name: "number", type: "uint32" },
      { indexed: true, internalType: "Epoch", name: "epoch", type: "uint64" },
      { indexed: true, internalType: "bytes32", name: "hash", type: "bytes32" },
      { indexed: false, internalType: "uint16", name: "n", type: "uint16" },
      { indexed: false, internalType: "uint16", name: "nAuth", type: "uint16" },
      { indexed: false, internalType: "uint64", name: "totalStake", type: "uint64" },
      { indexed: false, internalType: "uint64", name: "backingStake", type: "uint64" },
      { indexed: false, internalType: "uint32", name: "cut", type: "uint32" },
    ],
    name: "Sealed",
    type: "event",
  },
  { inputs: [], name: "BLSCoordinateOutOfRange", type: "error" },
  { inputs: [], name: "BLSPrecompileFailed", type: "error" },
  {
    inputs: [
      { internalType: "Epoch", name: "next", type: "uint64" },
      { internalType: "Epoch", name: "epochNow", type: "uint64" },
    ],
    name: "ElectionsAccrualBehind",
    type: "error",
  },
  {
    inputs: [
      { internalType: "uint256", name: "counted", type: "uint256" },
      { internalType: "uint256", name: "places", type: "uint256" },
    ],
    name: "ElectionsBadBacking",
    type: "error",
  },
  {
    inputs: [
      { internalType: "uint32", name: "cut", type: "uint32" },
      { internalType: "uint256", name: "stake", type: "uint256" },
    ],
    name: "ElectionsBadCut",
    type: "error",
  },
  {
    inputs: [{ internalType: "KeyId", name: "key", type: "uint32" }],
    name: "KeyStoreUnknown",
    type: "error",
  },
  {
    inputs: [{ internalType: "address", name: "blob", type: "address" }],
    name: "SealedSnapshotMissing",
    type: "error",
  },
  {
    inputs: [{ internalType: "uint256", name: "count", type: "uint256" }],
    name: "SnapshotTooManyWords",
    type: "error",
  },
] as const;
