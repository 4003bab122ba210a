// Generated from contracts/rewards/EpochPay.sol by `npm run codegen`; changes here are lost.
export const epochPayAbi = [
  {
    inputs: [{ internalType: "address", name: "blob", type: "address" }],
    name: "SealedSnapshotMissing",
    type: "error",
  },
] as const;
