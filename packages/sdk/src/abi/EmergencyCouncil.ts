// Generated from contracts/governance/EmergencyCouncil.sol by `npm run codegen`; changes here are lost.
export const emergencyCouncilAbi = [
  {
    inputs: [
      { internalType: "address", name: "authority", type: "address" },
      { internalType: "contract IStakingPool", name: "pool_", type: "address" },
      { internalType: "contract IConsensusParameters", name: "parameters_", type: "address" },
      {
        components: [
          { internalType: "address[]", name: "members", type: "address[]" },
          { internalType: "uint256", name: "threshold", type: "uint256" },
        ],
        internalType: "struct EmergencyCouncil.Setup",
        name: "setup",
        type: "tuple",
      },
    ],
    stateMutability: "nonpayable",
    type: "constructor",
  },
  {
    inputs: [{ internalType: "enum IEmergencyCouncil.Action", name: "action", type: "uint8" }],
    name: "approvals",
    outputs: [
      { internalType: "uint256", name: "count", type: "uint256" },
      { internalType: "uint32", name: "duration", type: "uint32" },
    ],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [
      { internalType: "enum IEmergencyCouncil.Action", name: "action", type: "uint8" },
      { internalType: "uint32", name: "duration", type: "uint32" },
    ],
    name: "approve",
    outputs: [],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [],
    name: "authority",
    outputs: [{ internalType: "address", name: "", type: "address" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [{ internalType: "enum IEmergencyCouncil.Action", name: "action", type: "uint8" }],
    name: "available",
    outputs: [{ internalType: "uint256", name: "", type: "uint256" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [
      { internalType: "enum IEmergencyCouncil.Action", name: "action", type: "uint8" },
      { internalType: "uint32", name: "round", type: "uint32" },
      { internalType: "uint64", name: "validator", type: "uint64" },
    ],
    name: "hasOpposed",
    outputs: [{ internalType: "bool", name: "", type: "bool" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [],
    name: "isConsumingScheduledOp",
    outputs: [{ internalType: "bytes4", name: "", type: "bytes4" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [{ internalType: "enum IEmergencyCouncil.Action", name: "action", type: "uint8" }],
    name: "measure",
    outputs: [
      {
        components: [
          { internalType: "uint32", name: "round", type: "uint32" },
          { internalType: "uint40", name: "until", type: "uint40" },
          { internalType: "uint64", name: "opposed", type: "uint64" },
          { internalType: "address", name: "electorate", type: "address" },
        ],
        internalType: "struct IEmergencyCouncil.Measure",
        name: "",
        type: "tuple",
      },
    ],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [],
    name: "members",
    outputs: [{ internalType: "address[]", name: "", type: "address[]" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [
      { internalType: "enum IEmergencyCouncil.Action", name: "action", type: "uint8" },
      { internalType: "uint64[]", name: "validators", type: "uint64[]" },
    ],
    name: "oppose",
    outputs: [],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [],
    name: "parameters",
    outputs: [{ internalType: "contract IConsensusParameters", name: "", type: "address" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [],
    name: "pool",
    outputs: [{ internalType: "contract IStakingPool", name: "", type: "address" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [{ internalType: "address", name: "newAuthority", type: "address" }],
    name: "setAuthority",
    outputs: [],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [
      { internalType: "address[]", name: "members_", type: "address[]" },
      { internalType: "uint256", name: "threshold_", type: "uint256" },
    ],
    name: "setMembers",
    outputs: [],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [],
    name: "threshold",
    outputs: [{ internalType: "uint256", name: "", type: "uint256" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [{ internalType: "enum IEmergencyCouncil.Action", name: "action", type: "uint8" }],
    name: "withdraw",
    outputs: [],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "enum IEmergencyCouncil.Action", name: "action", type: "uint8" },
      { indexed: true, internalType: "address", name: "member", type: "address" },
      { indexed: false, internalType: "uint32", name: "duration", type: "uint32" },
    ],
    name: "Approved",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [{ indexed: false, internalType: "address", name: "authority", type: "address" }],
    name: "AuthorityUpdated",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "enum IEmergencyCouncil.Action", name: "action", type: "uint8" },
      { indexed: true, internalType: "uint32", name: "round", type: "uint32" },
      { indexed: false, internalType: "uint40", name: "until", type: "uint40" },
    ],
    name: "Begun",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "enum IEmergencyCouncil.Action", name: "action", type: "uint8" },
      { indexed: true, internalType: "uint32", name: "round", type: "uint32" },
    ],
    name: "Lifted",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: false, internalType: "address[]", name: "members", type: "address[]" },
      { indexed: false, internalType: "uint256", name: "threshold", type: "uint256" },
    ],
    name: "MembersSet",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "enum IEmergencyCouncil.Action", name: "action", type: "uint8" },
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: false, internalType: "uint32", name: "weight", type: "uint32" },
      { indexed: false, internalType: "uint64", name: "opposed", type: "uint64" },
      { indexed: false, internalType: "uint64", name: "total", type: "uint64" },
    ],
    name: "Opposed",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "enum IEmergencyCouncil.Action", name: "action", type: "uint8" },
      { indexed: true, internalType: "address", name: "member", type: "address" },
    ],
    name: "Withdrawn",
    type: "event",
  },
  {
    inputs: [{ internalType: "address", name: "authority", type: "address" }],
    name: "AccessManagedInvalidAuthority",
    type: "error",
  },
  {
    inputs: [
      { internalType: "address", name: "caller", type: "address" },
      { internalType: "uint32", name: "delay", type: "uint32" },
    ],
    name: "AccessManagedRequiredDelay",
    type: "error",
  },
  {
    inputs: [{ internalType: "address", name: "caller", type: "address" }],
    name: "AccessManagedUnauthorized",
    type: "error",
  },
  { inputs: [], name: "CheckpointUnorderedInsertion", type: "error" },
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
    inputs: [{ internalType: "uint64", name: "validator", type: "uint64" }],
    name: "EmergencyCouncilAlreadyOpposed",
    type: "error",
  },
  {
    inputs: [
      { internalType: "uint256", name: "duration", type: "uint256" },
      { internalType: "uint256", name: "left", type: "uint256" },
    ],
    name: "EmergencyCouncilBadDuration",
    type: "error",
  },
  { inputs: [], name: "EmergencyCouncilBadMembers", type: "error" },
  {
    inputs: [{ internalType: "enum IEmergencyCouncil.Action", name: "action", type: "uint8" }],
    name: "EmergencyCouncilNotInForce",
    type: "error",
  },
  {
    inputs: [{ internalType: "address", name: "caller", type: "address" }],
    name: "EmergencyCouncilNotMember",
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
  {
    inputs: [{ internalType: "address", name: "blob", type: "address" }],
    name: "SealedSnapshotMissing",
    type: "error",
  },
] as const;
