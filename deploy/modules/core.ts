import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

const AITBC = 10n ** 18n;
/** Most bytes of a forced transaction, half of what a block takes; what it costs, and the most that governance may ask. */
const INBOX = [
  32_768,
  { entry: AITBC, perByte: AITBC / 1_000n },
  { entry: 20n * AITBC, perByte: AITBC / 100n },
];

/**
 * The contracts, linked and wired. The sender is AccessManager's admin, so it may wire; who may call what in
 * operation is set by `tasks/roles.ts` from the contracts' own interfaces.
 *
 * Parameters: `allocations` (AITBCToken), `setup` (ConsensusParameters), `times` (StakingPool), `chainId` (of the
 * chain that is checkpointed), `timelockDelay`, `governor`, `upgrades`, `council` (governance).
 */
export default buildModule("Core", (m) => {
  const access = m.contract("AccessManager", [m.getAccount(0)]);
  const token = m.contract("AITBCToken", [m.getParameter("allocations")]);
  const parameters = m.contract("ConsensusParameters", [access, m.getParameter("setup")]);
  const registry = m.contract("ValidatorRegistry", [access, parameters]);
  const pool = m.contract("StakingPool", [access, token, registry, m.getParameter("times")], {
    libraries: { Delegations: m.library("Delegations"), StakeViews: m.library("StakeViews") },
  });
  const queue = m.contractAt("UnbondingQueue", m.staticCall(pool, "queue"));
  const elections = m.contract("Elections", [access, registry, pool, parameters], {
    libraries: {
      Resealing: m.library("Resealing"),
      Sealing: m.library("Sealing"),
      SnapshotLens: m.library("SnapshotLens"),
    },
  });
  const proofs = m.library("QuorumProofs");
  const checkpoints = m.contract("CheckpointManager", [access, elections, m.getParameter("chainId")], {
    libraries: { QuorumProofs: proofs },
  });
  const slashing = m.contract("SlashingManager", [access, pool, checkpoints, parameters], {
    libraries: {
      Evidence: m.library("Evidence"),
      Groups: m.library("Groups"),
      Settlements: m.library("Settlements"),
    },
  });

  const hybrid = m.contract("HybridManager", [checkpoints, elections], {
    libraries: { QuorumProofs: proofs, RecoveryRules: m.library("RecoveryRules") },
  });
  const inclusion = m.contract("InclusionLens", [checkpoints]);

  m.call(registry, "setElections", [elections]);
  m.call(registry, "setSlasher", [slashing]);
  m.call(pool, "setElections", [elections]);
  m.call(pool, "setSlasher", [slashing]);
  m.call(queue, "setCheckpoints", [checkpoints]);
  const wired = m.call(elections, "setCheckpoints", [checkpoints]);
  // It asks Elections for everybody else.
  const distributor = m.contract("RewardDistributor", [elections], {
    libraries: { EpochPay: m.library("EpochPay") },
    after: [wired],
  });
  m.call(pool, "setDistributor", [distributor]);
  const inbox = m.contract("ForcedInbox", [access, pool, inclusion, ...INBOX]);

  const timelock = m.contract("TimelockController", [
    m.getParameter("timelockDelay"),
    [],
    [],
    m.getAccount(0),
  ]);
  const governor = m.contract("HybridGovernor", [access, timelock, pool, m.getParameter("governor")], {
    libraries: { Ballots: m.library("Ballots"), ProposalRules: m.library("ProposalRules") },
  });
  const upgrades = m.contract("ModuleUpgrades", [access, pool, m.getParameter("upgrades")]);
  const council = m.contract("EmergencyCouncil", [access, pool, parameters, m.getParameter("council")]);
  // Only the governor schedules, cancels and executes; whoever deploys keeps nothing.
  const grants = ["PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE"].map((role) =>
    m.call(timelock, "grantRole", [m.staticCall(timelock, role, [], 0, { id: role }), governor], {
      id: `grant_${role}`,
    }),
  );
  m.call(
    timelock,
    "renounceRole",
    [m.staticCall(timelock, "DEFAULT_ADMIN_ROLE", [], 0, { id: "DEFAULT_ADMIN_ROLE" }), m.getAccount(0)],
    { after: grants },
  );

  return {
    access,
    token,
    parameters,
    registry,
    pool,
    queue,
    elections,
    checkpoints,
    slashing,
    distributor,
    hybrid,
    inclusion,
    timelock,
    governor,
    upgrades,
    council,
    inbox,
  };
});
