// Generated from contracts/governance/ModuleUpgrades.sol by `npm run codegen`; changes here are lost.
export const moduleUpgradesAbi = [
  {
    inputs: [
      { internalType: "address", name: "authority", type: "address" },
      { internalType: "contract IStakingPool", name: "pool_", type: "address" },
      {
        components: [
          { internalType: "uint256", name: "leastDelay", type: "uint256" },
          { internalType: "uint256", name: "mostDelay", type: "uint256" },
          { internalType: "uint256", name: "validity", type: "uint256" },
        ],
        internalType: "struct ModuleUpgrades.Times",
        name: "times",
        type: "tuple",
      },
    ],
    stateMutability: "nonpayable",
    type: "constructor",
  },
  {
    inputs: [
      {
        components: [
          { internalType: "address", name: "target", type: "address" },
          { internalType: "bytes", name: "data", type: "bytes" },
        ],
        internalType: "struct IModuleUpgrades.Call[]",
        name: "calls",
        type: "tuple[]",
      },
    ],
    name: "announce",
    outputs: [{ internalType: "uint256", name: "id", type: "uint256" }],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [{ internalType: "uint256", name: "id", type: "uint256" }],
    name: "announcement",
    outputs: [
      { internalType: "uint40", name: "madeAt", type: "uint40" },
      { internalType: "bytes32", name: "hash", type: "bytes32" },
    ],
    stateMutability: "view",
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
    inputs: [{ internalType: "uint256", name: "id", type: "uint256" }],
    name: "cancel",
    outputs: [],
    stateMutability: "nonpayable",
    type: "function",
  },
  {
    inputs: [],
    name: "count",
    outputs: [{ internalType: "uint256", name: "", type: "uint256" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [
      { internalType: "uint256", name: "id", type: "uint256" },
      {
        components: [
          { internalType: "address", name: "target", type: "address" },
          { internalType: "bytes", name: "data", type: "bytes" },
        ],
        internalType: "struct IModuleUpgrades.Call[]",
        name: "calls",
        type: "tuple[]",
      },
    ],
    name: "execute",
    outputs: [],
    stateMutability: "nonpayable",
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
    inputs: [],
    name: "leastDelay",
    outputs: [{ internalType: "uint256", name: "", type: "uint256" }],
    stateMutability: "view",
    type: "function",
  },
  {
    inputs: [],
    name: "mostDelay",
    outputs: [{ internalType: "uint256", name: "", type: "uint256" }],
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
    inputs: [],
    name: "validity",
    outputs: [{ internalType: "uint256", name: "", type: "uint256" }],
    stateMutability: "view",
    type: "function",
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: "uint256", name: "id", type: "uint256" },
      {
        components: [
          { internalType: "address", name: "target", type: "address" },
          { internalType: "bytes", name: "data", type: "bytes" },
        ],
        indexed: false,
        internalType: "struct IModuleUpgrades.Call[]",
        name: "calls",
        type: "tuple[]",
      },
      { indexed: false, internalType: "uint256", name: "from", type: "uint256" },
    ],
    name: "Announced",
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
    inputs: [{ indexed: true, internalType: "uint256", name: "id", type: "uint256" }],
    name: "Cancelled",
    type: "event",
  },
  {
    anonymous: false,
    inputs: [{ indexed: true, internalType: "uint256", name: "id", type: "uint256" }],
    name: "Executed",
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
  {
    inputs: [{ internalType: "address", name: "target", type: "address" }],
    name: "AddressEmptyCode",
    type: "error",
  },
  { inputs: [], name: "FailedCall", type: "error" },
  {
    inputs: [
      { internalType: "uint256", name: "balance", type: "uint256" },
      { internalType: "uint256", name: "needed", type: "uint256" },
    ],
    name: "InsufficientBalance",
    type: "error",
  },
  { inputs: [], name: "ModuleUpgradesBadTimes", type: "error" },
  {
    inputs: [
      { internalType: "uint256", name: "id", type: "uint256" },
      { internalType: "uint256", name: "until", type: "uint256" },
    ],
    name: "ModuleUpgradesExpired",
    type: "error",
  },
  {
    inputs: [
      { internalType: "uint256", name: "id", type: "uint256" },
      { internalType: "uint256", name: "from", type: "uint256" },
    ],
    name: "ModuleUpgradesTooEarly",
    type: "error",
  },
  {
    inputs: [
      { internalType: "address", name: "custody", type: "address" },
      { internalType: "address", name: "registry", type: "address" },
    ],
    name: "ModuleUpgradesTwoSlashers",
    type: "error",
  },
  {
    inputs: [{ internalType: "uint256", name: "id", type: "uint256" }],
    name: "ModuleUpgradesUnknown",
    type: "error",
  },
  {
    inputs: [
      { internalType: "uint256", name: "id", type: "uint256" },
      { internalType: "uint256", name: "leaving", type: "uint256" },
      { internalType: "uint256", name: "stake", type: "uint256" },
      { internalType: "uint256", name: "from", type: "uint256" },
    ],
    name: "ModuleUpgradesWaiting",
    type: "error",
  },
] as const;
