// Generated from contracts/staking/Resealing.sol by `npm run codegen`; changes here are lost.
export const resealingAbi = [
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint32", name: "number", type: "uint32" },
      { indexed: true, internalType: "Epoch", name: "epoch", type: "uint64" },
      { indexed: true, internalType: "bytes32", name: "hash", type: "bytes32" },
      { indexed: false, internalType: "uint64", name: "totalStake", type: "uint64" },
      { indexed: false, internalType: "uint64", name: "backingStake", type: "uint64" },
      { indexed: false, internalType: "uint256", name: "suspended", type: "uint256" },
    ],
    name: "SealedAgain",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [{ indexed: true, internalType: "uint64", name: "validator", type: "uint64" }],
    name: "Silenced",
    type: "event",
  },
  { inputs: [], name: "BLSCoordinateOutOfRange", type: "error" },
  { inputs: [], name: "BLSPrecompileFailed", type: "error" },
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
