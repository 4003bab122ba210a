// Generated from contracts/governance/ProposalRules.sol by `npm run codegen`; changes here are lost.
export const proposalRulesAbi = [
  {
    inputs: [
      { internalType: "uint64", name: "totalStake", type: "uint64" },
      { internalType: "bool", name: "guarded", type: "bool" },
    ],
    name: "quorumOf",
    outputs: [{ internalType: "uint64", name: "", type: "uint64" }],
    stateMutability: "pure",
    type: "function",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint256", name: "proposalId", type: "uint256" },
      { indexed: false, internalType: "uint64", name: "extendedDeadline", type: "uint64" },
    ],
    name: "ProposalExtended",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      {
        components: [
          { internalType: "uint32", name: "votingDelay", type: "uint32" },
          { internalType: "uint32", name: "votingPeriod", type: "uint32" },
          { internalType: "uint32", name: "voteExtension", type: "uint32" },
          { internalType: "uint32", name: "chamberDelay", type: "uint32" },
          { internalType: "uint32", name: "grace", type: "uint32" },
          { internalType: "uint32", name: "deposit", type: "uint32" },
          { internalType: "uint32", name: "spendLimit", type: "uint32" },
        ],
        indexed: false,
        internalType: "struct IHybridGovernor.Settings",
        name: "settings",
        type: "tuple",
      },
    ],
    name: "SettingsSet",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint256", name: "proposalId", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "amount", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "total", type: "uint256" },
    ],
    name: "Spent",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint256", name: "proposalId", type: "uint256" },
      {
        components: [
          { internalType: "uint64", name: "quorum", type: "uint64" },
          { internalType: "uint32", name: "deposit", type: "uint32" },
          { internalType: "uint40", name: "deadline", type: "uint40" },
          { internalType: "bool", name: "guarded", type: "bool" },
          { internalType: "bool", name: "bound", type: "bool" },
          { internalType: "bool", name: "passing", type: "bool" },
          { internalType: "bool", name: "delayed", type: "bool" },
          { internalType: "uint96", name: "spends", type: "uint96" },
        ],
        indexed: false,
        internalType: "struct IHybridGovernor.Terms",
        name: "terms",
        type: "tuple",
      },
    ],
    name: "TermsSet",
    type: "event",
  },
  { inputs: [], name: "CheckpointUnorderedInsertion", type: "error" },
  {
    inputs: [
      { internalType: "uint256", name: "proposalId", type: "uint256" },
      { internalType: "uint256", name: "until", type: "uint256" },
    ],
    name: "HybridGovernorDelayed",
    type: "error",
  },
  {
    inputs: [
      { internalType: "address", name: "target", type: "address" },
      { internalType: "bytes4", name: "selector", type: "bytes4" },
    ],
    name: "HybridGovernorForbiddenCall",
    type: "error",
  },
  {
    inputs: [
      { internalType: "uint256", name: "index", type: "uint256" },
      { internalType: "uint256", name: "value", type: "uint256" },
      { internalType: "uint256", name: "lower", type: "uint256" },
      { internalType: "uint256", name: "upper", type: "uint256" },
    ],
    name: "HybridGovernorOutOfBounds",
    type: "error",
  },
  {
    inputs: [
      { internalType: "uint256", name: "amount", type: "uint256" },
      { internalType: "uint256", name: "left", type: "uint256" },
    ],
    name: "HybridGovernorSpendLimit",
    type: "error",
  },
  {
    inputs: [
      { internalType: "uint8", name: "bits", type: "uint8" },
      { internalType: "uint256", name: "value", type: "uint256" },
    ],
    name: "SafeCastOverflowedUintDowncast",
    type: "error",
  },
] as const;
