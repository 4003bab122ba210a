// Generated from contracts/staking/Delegations.sol by `npm run codegen`; changes here are lost.
export const delegationsAbi = [
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: true, internalType: "uint256", name: "cohort", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "amount", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "bond", type: "uint256" },
    ],
    name: "BondReleased",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: false, internalType: "uint24", name: "rate", type: "uint24" },
      { indexed: false, internalType: "uint40", name: "from", type: "uint40" },
    ],
    name: "CommissionAnnounced",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: false, internalType: "uint24", name: "rate", type: "uint24" },
    ],
    name: "CommissionApplied",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: true, internalType: "address", name: "owner", type: "address" },
      { indexed: false, internalType: "uint256", name: "amount", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "shares", type: "uint256" },
    ],
    name: "DelegationRestored",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: true, internalType: "address", name: "owner", type: "address" },
      { indexed: true, internalType: "uint64", name: "source", type: "uint64" },
      { indexed: false, internalType: "uint256", name: "amount", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "shares", type: "uint256" },
    ],
    name: "LiabilityCharged",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: true, internalType: "address", name: "owner", type: "address" },
      { indexed: true, internalType: "uint64", name: "source", type: "uint64" },
    ],
    name: "LiabilityCleared",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint64", name: "from", type: "uint64" },
      { indexed: true, internalType: "uint64", name: "to", type: "uint64" },
      { indexed: true, internalType: "address", name: "owner", type: "address" },
      { indexed: false, internalType: "uint256", name: "cohort", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "amount", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "sharesBurnt", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "sharesMinted", type: "uint256" },
    ],
    name: "Redelegated",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [{ indexed: true, internalType: "uint64", name: "validator", type: "uint64" }],
    name: "RefreshFailed",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: true, internalType: "uint256", name: "index", type: "uint256" },
      {
        components: [
          { internalType: "uint32", name: "seal", type: "uint32" },
          { internalType: "uint128", name: "shares", type: "uint128" },
          { internalType: "uint32", name: "bondFraction", type: "uint32" },
          { internalType: "uint24", name: "commission", type: "uint24" },
          { internalType: "uint32", name: "generation", type: "uint32" },
        ],
        indexed: false,
        internalType: "struct IStakingPool.Row",
        name: "row",
        type: "tuple",
      },
    ],
    name: "RowSet",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: true, internalType: "address", name: "owner", type: "address" },
    ],
    name: "SettleFailed",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: true, internalType: "address", name: "owner", type: "address" },
      { indexed: false, internalType: "uint256", name: "index", type: "uint256" },
    ],
    name: "TraceMoved",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint64", name: "validator", type: "uint64" },
      { indexed: true, internalType: "address", name: "owner", type: "address" },
      { indexed: true, internalType: "uint256", name: "cohort", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "amount", type: "uint256" },
      { indexed: false, internalType: "uint256", name: "shares", type: "uint256" },
    ],
    name: "Undelegated",
    type: "event",
  },
  {
    inputs: [
      { internalType: "uint24", name: "rate", type: "uint24" },
      { internalType: "uint24", name: "current", type: "uint24" },
      { internalType: "uint256", name: "most", type: "uint256" },
    ],
    name: "StakingPoolBadCommission",
    type: "error",
  },
  {
    inputs: [
      { internalType: "uint256", name: "amount", type: "uint256" },
      { internalType: "uint256", name: "minimum", type: "uint256" },
    ],
    name: "StakingPoolBelowMinimum",
    type: "error",
  },
  {
    inputs: [
      { internalType: "uint64", name: "validator", type: "uint64" },
      { internalType: "address", name: "owner", type: "address" },
    ],
    name: "StakingPoolEncumbered",
    type: "error",
  },
  {
    inputs: [
      { internalType: "uint64", name: "validator", type: "uint64" },
      { internalType: "uint256", name: "bond", type: "uint256" },
      { internalType: "uint256", name: "amount", type: "uint256" },
    ],
    name: "StakingPoolInsufficientBond",
    type: "error",
  },
  { inputs: [], name: "StakingPoolInsufficientGas", type: "error" },
  {
    inputs: [
      { internalType: "uint64", name: "validator", type: "uint64" },
      { internalType: "uint256", name: "shares", type: "uint256" },
      { internalType: "uint256", name: "asked", type: "uint256" },
    ],
    name: "StakingPoolInsufficientShares",
    type: "error",
  },
  {
    inputs: [
      { internalType: "uint64", name: "validator", type: "uint64" },
      { internalType: "uint40", name: "from", type: "uint40" },
    ],
    name: "StakingPoolNoNotice",
    type: "error",
  },
  {
    inputs: [
      { internalType: "uint64", name: "validator", type: "uint64" },
      { internalType: "address", name: "owner", type: "address" },
    ],
    name: "StakingPoolNoPosition",
    type: "error",
  },
  { inputs: [], name: "StakingPoolNoSeal", type: "error" },
  { inputs: [], name: "StakingPoolOverflow", type: "error" },
  {
    inputs: [{ internalType: "uint64", name: "validator", type: "uint64" }],
    name: "StakingPoolSameValidator",
    type: "error",
  },
  {
    inputs: [
      { internalType: "uint64", name: "validator", type: "uint64" },
      { internalType: "uint256", name: "from", type: "uint256" },
    ],
    name: "StakingPoolTooSoon",
    type: "error",
  },
  {
    inputs: [
      { internalType: "uint64", name: "validator", type: "uint64" },
      { internalType: "address", name: "owner", type: "address" },
    ],
    name: "StakingPoolTraceFull",
    type: "error",
  },
  { inputs: [], name: "StakingPoolZeroAmount", type: "error" },
] as const;
