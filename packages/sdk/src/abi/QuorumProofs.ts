// Generated from contracts/consensus/QuorumProofs.sol by `npm run codegen`; changes here are lost.
export const quorumProofsAbi = [
  {
    inputs: [
      { internalType: "address", name: "registry", type: "address" },
      { internalType: "address", name: "blob", type: "address" },
      { internalType: "uint8", name: "modeNumber", type: "uint8" },
      { internalType: "bytes32", name: "root", type: "bytes32" },
      {
        components: [
          {
            components: [
              { internalType: "bytes32", name: "x0High", type: "bytes32" },
              { internalType: "bytes32", name: "x0Low", type: "bytes32" },
              { internalType: "bytes32", name: "x1High", type: "bytes32" },
              { internalType: "bytes32", name: "x1Low", type: "bytes32" },
              { internalType: "bytes32", name: "y0High", type: "bytes32" },
              { internalType: "bytes32", name: "y0Low", type: "bytes32" },
              { internalType: "bytes32", name: "y1High", type: "bytes32" },
              { internalType: "bytes32", name: "y1Low", type: "bytes32" },
            ],
            internalType: "struct G2Point",
            name: "signature",
            type: "tuple",
          },
          { internalType: "bool", name: "present", type: "bool" },
          { internalType: "bytes", name: "seats", type: "bytes" },
        ],
        internalType: "struct ICheckpointManager.Proof",
        name: "proof",
        type: "tuple",
      },
    ],
    name: "checkBacked",
    outputs: [],
    stateMutability: "view",
    type: "function",
  },
  { inputs: [], name: "BLSCoordinateOutOfRange", type: "error" },
  { inputs: [], name: "BLSPointAtInfinity", type: "error" },
  { inputs: [], name: "BLSPrecompileFailed", type: "error" },
  { inputs: [], name: "CheckpointManagerBadSeats", type: "error" },
  { inputs: [], name: "CheckpointManagerBadSignature", type: "error" },
  {
    inputs: [
      { internalType: "uint256", name: "authorities", type: "uint256" },
      { internalType: "uint256", name: "ofAuthorities", type: "uint256" },
      { internalType: "uint256", name: "stake", type: "uint256" },
      { internalType: "uint256", name: "ofStake", type: "uint256" },
    ],
    name: "CheckpointManagerNoQuorum",
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
] as const;
