import { periodOf } from "../numbers.ts";
import type { CustodyState, Pool } from "./custody.ts";
import type { ElectionsState } from "./elections.ts";
import type { Rules, Times } from "./parameters.ts";
import type { RecoveryState } from "./recovery.ts";
import type { RegistryState } from "./registry.ts";
import type { RewardsState } from "./rewards.ts";
import type { ScheduleState } from "./schedule.ts";
import type { SlashingState } from "./slashing.ts";

export type {
  Cohort,
  CohortKind,
  Commission,
  CustodyState,
  Entry,
  Hold,
  LeavingEntry,
  Liability,
  Pool,
  Position,
  Row,
} from "./custody.ts";
export { DEFAULT_RULES } from "./defaults.ts";
export type { ElectionsState, Snapshot, Standing, Tenure } from "./elections.ts";
export type {
  ConsensusRules,
  Mode,
  RecoveryRules,
  RewardRules,
  Rules,
  SlashingRules,
  StakeRules,
  Times,
} from "./parameters.ts";
export type { Recovery, RecoveryState, RestartPoint } from "./recovery.ts";
export type { Address, RegistryState, Role, Status, Validator } from "./registry.ts";
export type { EpochPay, Ledger, PaidPosition, RewardsState } from "./rewards.ts";
export type {
  AcceptedBoundary,
  Accounting,
  EpochRecord,
  ScheduleState,
  SeatParticipation,
} from "./schedule.ts";

export type { Absence, Conviction, Group, KeptReward, SlashingState, Span } from "./slashing.ts";

/** Base units by account; custody's and the modules' own accounts among them. */
export interface TokenState {
  readonly balances: Map<string, bigint>;
}

/** Everything the contracts know that has to do with stake. */
export interface State {
  readonly times: Times;
  rules: Rules;
  readonly registry: RegistryState;
  readonly custody: CustodyState;
  readonly tokens: TokenState;
  readonly elections: ElectionsState;
  readonly schedule: ScheduleState;
  readonly rewards: RewardsState;
  readonly slashing: SlashingState;
  readonly recovery: RecoveryState;
}

const SPANS = 7;

/** The contracts as deployed: nobody registered, nothing bonded. */
export const deployed = (times: Times, rules: Rules): State => ({
  times,
  rules,
  registry: { validators: new Map(), keys: new Map() },
  custody: { pools: new Map(), owed: 0n, depositsPausedUntil: 0 },
  tokens: { balances: new Map() },
  elections: {
    sealNumber: 0,
    nAuth: 0,
    seats: [],
    standings: new Map(),
    contenders: [],
    revoked: [],
    admitted: [],
    rotated: new Set(),
    snapshots: new Map(),
    candidates: new Map(),
    tenures: new Map(),
    silent: new Set(),
  },
  schedule: {
    started: false,
    genesisStamp: 0,
    epoch: 0,
    height: 0,
    stamp: 0,
    view: 0,
    blockHash: "",
    acceptedAt: 0,
    stalledAt: 0,
    count: 0,
    carried: 0,
    records: new Map(),
    boundaries: new Map(),
  },
  recovery: {
    recoveries: [],
    points: new Map(),
    begunAt: new Map(),
    countAtActivation: null,
  },
  slashing: {
    // The window is cut into seven spans at deployment, rounded up.
    spanTime: periodOf(rules.slashing.correlationWindow + SPANS - 1, SPANS),
    convictions: new Map(),
    pending: new Set(),
    pendingUntil: new Map(),
    later: new Map(),
    settled: new Set(),
    vetoed: new Set(),
    spans: new Map(),
    groups: new Map(),
    absences: new Map(),
    kept: new Map(),
    committedAt: 0,
    owed: 0n,
    motions: new Map(),
  },
  rewards: {
    reserve: 0n,
    outstanding: 0n,
    creditLeft: 0n,
    paidUntil: 0,
    seals: [],
    pays: [],
    owed: new Map(),
    credits: new Map(),
    ledgers: new Map(),
    positions: new Map(),
  },
});

/** A validator's pool; empty if nothing was ever bonded. */
export function poolOf(state: State, id: number): Pool {
  const { pools } = state.custody;
  let pool = pools.get(id);
  if (pool === undefined) {
    pool = {
      bond: 0n,
      delegated: 0n,
      shares: 0n,
      generation: 0,
      commission: { current: 0n, next: 0n, nextAt: 0, since: 0 },
      hold: { until: 0, seal: 0, limit: 0 },
      rows: [],
      positions: new Map(),
      cohorts: { bond: [], delegation: [], redelegation: [] },
      leaving: new Map(),
    };
    pools.set(id, pool);
  }
  return pool;
}
