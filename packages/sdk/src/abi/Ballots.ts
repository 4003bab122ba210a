// Generated from contracts/governance/Ballots.sol by `npm run codegen`; changes here are lost.
export const ballotsAbi = [
  {
    inputs: [
      { internalType: "address", name: "registry", type: "address" },
      { internalType: "uint256", name: "timepoint", type: "uint256" },
    ],
    name: "totalAsOf",
    outputs: [{ internalType: "uint64", name: "", type: "uint64" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [
      { internalType: "address", name: "registry", type: "address" },
      { internalType: "uint256", name: "timepoint", type: "uint256" },
      { internalType: "address", name: "account", type: "address" },
      { internalType: "bytes", name: "params", type: "bytes" },
    ],
    name: "votesAsOf",
    outputs: [{ internalType: "uint256", name: "votes", type: "uint256" }],
    stateMutability: "view",
    type: "function",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint256", name: "proposalId", type: "uint256" },
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: false, internalType: "uint256", name: "count", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "authorities", type: "uint256" },
    ],
    name: "DelayRequested",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint256", name: "proposalId", type: "uint256" },
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: true, internalType: "address", name: "owner", type: "address" },
      { indexed: false, internalType: "uint8", name: "support", type: "uint8" },
      { indexed: false, internalType: "uint32", name: "weight", type: "uint32" },
      { indexed: false, internalType: "string", name: "reason", type: "string" },
    ],
    name: "OverrideCast",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint256", name: "proposalId", type: "uint256" },
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: true, internalType: "address", name: "voter", type: "address" },
      { indexed: false, internalType: "uint8", name: "support", type: "uint8" },
      { indexed: false, internalType: "uint32", name: "weight", type: "uint32" },
    ],
    name: "ValidatorVoteCast",
    type: "event",
  },
  { inputs: [], name: "ElectorateNone", type: "error" },
  {
    inputs: [
      { internalType: "uint64", name: "validator", type: "uint64" },
      { internalType: "address", name: "caller", type: "address" },
    ],
    name: "ElectorateNotItsVoice",
    type: "error",
  },
  {
    inputs: [{ internalType: "uint64", name: "validator", type: "uint64" }],
    name: "ElectorateNotSeated",
    type: "error",
  },
  {
    inputs: [
      { internalType: "uint64", name: "validator", type: "uint64" },
      { internalType: "address", name: "owner", type: "address" },
    ],
    name: "GovernorAlreadyOverridden",
    type: "error",
  },
  {
    inputs: [{ internalType: "uint64", name: "validator", type: "uint64" }],
    name: "GovernorAlreadyVotedFor",
    type: "error",
  },
  { inputs: [], name: "GovernorInvalidVoteType", type: "error" },
  { inputs: [], name: "GovernorNoValidators", type: "error" },
  {
    inputs: [
      { internalType: "uint64", name: "validator", type: "uint64" },
      { internalType: "address", name: "owner", type: "address" },
    ],
    name: "GovernorNothingToOverride",
    type: "error",
  },
  {
    inputs: [{ internalType: "uint64", name: "validator", type: "uint64" }],
    name: "HybridGovernorAlreadyRequested",
    type: "error",
  },
  {
    inputs: [{ internalType: "uint64", name: "validator", type: "uint64" }],
    name: "HybridGovernorNotAnAuthority",
    type: "error",
  },
  {
    inputs: [{ internalType: "address", name: "blob", type: "address" }],
    name: "SealedSnapshotMissing",
    type: "error",
  },
] as const;
