// Generated from contracts/slashing/Evidence.sol by `npm run codegen`; changes here are lost.
export const evidenceAbi = [
  {
    inputs: [
      { internalType: "bytes", name: "encoded", type: "bytes" },
      { internalType: "address", name: "checkpointManager", type: "address" },
      { internalType: "address", name: "registry", type: "address" },
      { internalType: "uint256", name: "validity", type: "uint256" },
    ],
    name: "judge",
    outputs: [
      {
        components: [
          { internalType: "bytes32", name: "domain", type: "bytes32" },
          { internalType: "uint256", name: "position", type: "uint256" },
          { internalType: "address", name: "blob", type: "address" },
          { internalType: "uint32", name: "seal", type: "uint32" },
          { internalType: "uint256", name: "count", type: "uint256" },
          { internalType: "uint256[4]", name: "seats", type: "uint256[4]" },
        ],
        internalType: "struct Evidence.Verdict",
        name: "v",
        type: "tuple",
      },
    ],
    stateMutability: "view",
    type: "function",
  },
  { inputs: [], name: "BLSCoordinateOutOfRange", type: "error" },
  { inputs: [], name: "BLSEqualMessages", type: "error" },
  { inputs: [], name: "BLSPointAtInfinity", type: "error" },
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
  { inputs: [], name: "SlashingManagerBadSignature", type: "error" },
  {
    inputs: [
      { internalType: "Epoch", name: "epoch", type: "uint64" },
      { internalType: "uint256", name: "until", type: "uint256" },
    ],
    name: "SlashingManagerExpired",
    type: "error",
  },
  { inputs: [], name: "SlashingManagerNobody", type: "error" },
  { inputs: [], name: "SlashingManagerNotAnOffence", type: "error" },
  { inputs: [], name: "SlashingManagerUnknownDomain", type: "error" },
  {
    inputs: [{ internalType: "Seat", name: "seat", type: "uint16" }],
    name: "SlashingManagerVacantSeat",
    type: "error",
  },
  {
    inputs: [{ internalType: "Seat", name: "seat", type: "uint16" }],
    name: "SnapshotSeatOutOfRange",
    type: "error",
  },
] as const;
