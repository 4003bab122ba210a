import {
  DEFAULT_PARAMS,
  type Millis,
  MODES,
  type Mode,
  modeIndex,
  type Params,
  type Registry,
} from "@aitbc-hybrid/protocol";
import { BEHAVIOURS, type BehaviourName } from "./adversaries/index.ts";
import { canDecide } from "./oracles/index.ts";
import { Random } from "./random.ts";
import {
  awkwardStakes,
  honestSuffice,
  type Outage,
  type RecoveryPlan,
  type RegistryPlan,
  STAKE_STYLES,
  sealRegistry,
} from "./settlement/index.ts";
import { Keyring } from "./signatures.ts";

/** First instant of every simulated world: a round number of ms since 1970. */
export const WORLD_START: Millis = 1_000_000_000;

/** What goes wrong, and when (ms after the start). Nodes are validators of the pool. */
export type Fault =
  | { readonly kind: "crash"; readonly at: Millis; readonly nodes: readonly number[]; readonly down: Millis }
  /** The node, and `others` with it, die at its n-th write since its start, before the acknowledgement. */
  | {
      readonly kind: "crashAtWrite";
      readonly node: number;
      readonly others: readonly number[];
      readonly write: number;
      readonly down: Millis;
    }
  | {
      readonly kind: "partition";
      readonly from: Millis;
      readonly to: Millis;
      readonly groups: readonly (readonly number[])[];
    }
  /** Everything sent is lost. */
  | { readonly kind: "blackout"; readonly from: Millis; readonly to: Millis };

/** Kinds of messages that a network may eat: votes by their own kind. */
export const MUTED_KINDS = [
  "notarize",
  "finalize",
  "nullify",
  "proposal",
  "certificate",
  "checkpointVote",
  "checkpointCertificate",
  "blocks",
  "signal",
] as const;
export type MutedKind = (typeof MUTED_KINDS)[number];

/** Thresholds that never want another mode than `mode`. */
export const pinned = (mode: Mode) => ({
  modeFloor: modeIndex(mode),
  fastEntryLoad: 0,
  fastExitLoad: 1_000_000_000,
  fastExitAvailability: 0,
  secureAvailability: 0,
});

/** True if the honest can run every mode that the schedule may come to; in a mode without any quorum the registry never begins. */
export const sufficesInEveryMode = (
  scenario: Pick<Scenario, "mode" | "switching">,
  registry: Registry,
  byzantine: ReadonlySet<number>,
): boolean =>
  MODES.every(
    (mode) =>
      (mode !== scenario.mode && !scenario.switching) ||
      !canDecide(registry, mode) ||
      honestSuffice(registry, mode, byzantine),
  );

/** One schedule, complete: two runs of it are identical. */
export interface Scenario {
  readonly seed: string;
  readonly mode: Mode;
  /** Validators with keys; those without a seat follow. */
  readonly pool: number;
  readonly plan: RegistryPlan;
  /** Modes may switch; otherwise the parameters keep the one it begins in. */
  readonly switching: boolean;
  /** Parts of the capacity that blocks take, by turns. */
  readonly loads: readonly number[];
  readonly byzantine: ReadonlyMap<number, BehaviourName>;
  /** Honest validators whose processes die for good, ms after the start. */
  readonly gone: ReadonlyMap<number, Millis>;
  /** Honest validators who refuse to sign checkpoints: the stake does not back what the authorities do. */
  readonly refusing: ReadonlySet<number>;
  /** Null: the contracts know no recovery. */
  readonly recovery: RecoveryPlan | null;
  /** Byzantine validators that run twice under one key. */
  readonly twins: ReadonlySet<number>;
  readonly beyondBounds: boolean;
  /** Too much of one class is byzantine for progress, too little of both for a disagreement. */
  readonly safetyOnly: boolean;
  /** ms after the start. */
  readonly stabilization: Millis;
  readonly loss: number;
  readonly duplication: number;
  /** Messages of this kind hardly ever arrive before stabilization. */
  readonly muted: MutedKind | null;
  readonly slowShare: number;
  /** Longest delay before stabilization, ms. */
  readonly slowest: Millis;
  readonly faults: readonly Fault[];
  readonly drift: Millis;
  /** Mean time between transactions queued in the contracts' inbox, ms; 0: none is. */
  readonly forced: Millis;
  readonly settlement: {
    readonly blockTime: Millis;
    readonly finality: number;
    /** How long a second of the contracts lasts: small schedules live through their hours in as many ms. */
    readonly second: Millis;
    readonly lag: Millis;
    readonly sealChance: number;
    readonly sealDelay: number;
    readonly outages: readonly Outage[];
  };
  /** New blocks that every honest node must hold final after stabilization. */
  readonly blocks: number;
  /** Epoch boundaries that must be crossed after stabilization. */
  readonly epochs: number;
  /** Transports notice at stabilization that peers are back. */
  readonly reconnect: boolean;
  /** For this long after a restart batches take up to six times Δ to be at hand. */
  readonly coldStart: Millis;
  readonly wire: boolean;
  readonly twice: boolean;
  readonly skipViews: number;
  readonly backoffCap: number;
}

/** Parameters small enough that an epoch passes in a second of simulated time. */
export function smallParams(options: {
  readonly epochLength: number;
  readonly checkpointInterval: number;
  readonly blockTime: Millis;
  readonly delta: Millis;
  readonly termViews: number;
  readonly refLag: Millis;
  readonly rootLag: number;
  readonly drift: Millis;
}): Params {
  const every = (value: number) => ({ fast: value, balanced: value, secure: value });
  return {
    ...DEFAULT_PARAMS,
    epochLength: every(options.epochLength),
    checkpointInterval: every(options.checkpointInterval),
    // Another pace in each mode: loads have to be rescaled on a switch.
    blockTime: { fast: options.blockTime, balanced: options.blockTime, secure: 2 * options.blockTime },
    delta: every(options.delta),
    termViews: options.termViews,
    refLag: options.refLag,
    drift: options.drift,
    rootLag: options.rootLag,
  };
}

/** Sizes, small ones more often: they find as much and cost less. */
function randomSize(random: Random): number {
  const roll = random.unit();
  if (roll < 0.6) return random.whole(4, 5);
  if (roll < 0.9) return random.whole(6, 7);
  if (roll < 0.985) return random.whole(8, 11);
  return random.whole(12, 21);
}

/** The schedule of a seed. */
export function randomScenario(seed: string): Scenario {
  const random = new Random(`scenario ${seed}`);
  const delta = 100;
  const mode = random.pick<Mode>(["balanced", "balanced", "balanced", "fast", "secure"]);
  const size = randomSize(random);
  // Secure needs a staker class; the others also run without one.
  const mostAuthorities = mode === "secure" ? size - 3 : size;
  const authorities = random.whole(1, Math.max(1, mostAuthorities));
  const style = random.pick(STAKE_STYLES);
  const pool = size + random.whole(0, 1);
  const params = smallParams({
    epochLength: random.whole(3, 5),
    checkpointInterval: random.whole(1, 4),
    blockTime: random.pick([10, 50, 100]),
    delta,
    termViews: mode === "fast" ? random.whole(1, 4) : 1,
    refLag: random.pick([0, 20, 50]),
    rootLag: random.whole(1, 3),
    drift: 60,
  });
  const switching = random.chance(0.5);
  const keyring = new Keyring({ validators: pool, seed }, { registryOf: () => undefined });
  let plan: RegistryPlan = {
    authorities,
    // Twice as much: half of the least stake can be delegated.
    seats: awkwardStakes(style, size, authorities, random).map((stake, validator) => ({
      validator,
      stake: 2n * stake,
    })),
    suspended: new Set(),
    unseated: new Set(),
    params: switching
      ? { ...params, residency: random.whole(1, 2), modeFloor: random.chance(0.7) ? 0 : random.whole(1, 2) }
      : { ...params, ...pinned(mode) },
  };
  const everyone = Array.from({ length: size }, (_, seat) => seat);
  if (!canDecide(sealRegistry(plan, keyring), mode))
    plan = { ...plan, seats: plan.seats.map((seat) => ({ ...seat, stake: 7n })) };

  const byzantine = new Map<number, BehaviourName>();
  const wanted = random.chance(0.3) ? 0 : random.whole(1, Math.max(1, Math.floor(size / 3)));
  const registry = sealRegistry(plan, keyring);
  for (const validator of random.shuffled(everyone)) {
    if (byzantine.size >= wanted) break;
    const name = random.pick(BEHAVIOURS);
    byzantine.set(validator, name);
    if (!sufficesInEveryMode({ mode, switching }, registry, new Set(byzantine.keys())))
      byzantine.delete(validator);
  }
  const twins = new Set([...byzantine.keys()].filter(() => random.chance(0.15)));

  const stabilization = random.whole(3, random.chance(0.15) ? 35 : 18) * delta;
  const nodes = Array.from({ length: pool }, (_, i) => i);
  const honest = nodes.filter((node) => !byzantine.has(node));
  const faults: Fault[] = [];
  const someTime = (): Millis => random.whole(1, stabilization - 1);
  if (random.chance(0.4)) {
    // Everybody at once; often again before things have settled.
    const at = someTime();
    const down = random.whole(1, 2 * delta);
    faults.push({ kind: "crash", at, nodes: honest, down });
    if (random.chance(0.5))
      faults.push({ kind: "crash", at: at + down + random.whole(1, 3 * delta), nodes: honest, down });
  }
  if (random.chance(0.35)) {
    // What is sent from some moment on never arrives, and everybody restarts before the network is back.
    const from = someTime();
    faults.push({ kind: "blackout", from, to: stabilization });
    const at = random.whole(from, stabilization - 1);
    if (random.chance(0.7))
      faults.push({
        kind: "crash",
        at,
        nodes: honest,
        down: random.whole(1, Math.max(1, stabilization - at)),
      });
  }
  for (let i = random.whole(0, 3); i > 0; i--)
    faults.push({
      kind: "crash",
      at: someTime(),
      nodes: [random.pick(honest)],
      down: random.whole(1, 5 * delta),
    });
  for (let i = random.whole(0, 3); i > 0; i--)
    faults.push({
      kind: "crashAtWrite",
      node: random.pick(honest),
      others: random.chance(0.3) ? honest : [],
      write: random.whole(1, 25),
      down: random.whole(1, 2 * delta),
    });
  if (random.chance(0.35)) {
    const mixed = random.shuffled(nodes);
    const cut = random.whole(1, pool - 1);
    const from = someTime();
    const groups = [mixed.slice(0, cut), mixed.slice(cut)];
    faults.push({ kind: "partition", from, to: from + random.whole(1, 8 * delta), groups });
  }
  const outages: Outage[] = [];
  if (random.chance(0.3)) {
    const from = WORLD_START + random.whole(0, 2 * stabilization);
    outages.push({ from, to: from + random.whole(2, 30) * delta, nodes: null });
  }
  if (random.chance(0.3)) {
    const from = WORLD_START + someTime();
    const blind = new Set(nodes.filter(() => random.chance(0.4)));
    outages.push({ from, to: Math.min(from + 5 * delta, WORLD_START + stabilization), nodes: blind });
  }
  return {
    seed,
    mode,
    pool,
    plan,
    switching,
    loads: random.pick([[0], [0.1, 1.5], [1.5, 0, 0.5], [0.6]]),
    byzantine,
    gone: new Map(),
    refusing: new Set(),
    recovery: null,
    twins,
    beyondBounds: false,
    safetyOnly: false,
    stabilization,
    loss: random.pick([0, 0.05, 0.15, 0.4]),
    duplication: random.pick([0, 0.1]),
    muted: random.chance(0.25) ? random.pick(MUTED_KINDS) : null,
    slowShare: random.pick([0, 0.1, 0.3]),
    slowest: random.whole(1, 6) * delta,
    faults,
    drift: random.pick([0, 5, 20]),
    // Not drawn: what else happens in a seed stays what it is.
    forced: seed.length % 2 === 0 ? 0 : 120,
    settlement: {
      blockTime: random.pick([20, 50, 100]),
      finality: random.whole(1, 2),
      second: 1,
      lag: random.pick([0, 10, 20]),
      sealChance: random.pick([0.8, 1]),
      sealDelay: random.whole(1, 4),
      outages,
    },
    blocks: random.whole(4, 8),
    epochs: random.pick([1, 1, 1, 2]),
    reconnect: random.chance(0.3),
    coldStart: random.chance(0.3) ? random.whole(1, 8) * delta : 0,
    wire: random.chance(0.1),
    twice: random.chance(0.04),
    skipViews: random.whole(2, 4),
    backoffCap: random.whole(1, 3),
  };
}

/** A schedule in which nothing goes wrong, to be changed by directed tests: seats of equal weight. */
export function calmScenario(
  seed: string,
  options: {
    readonly mode?: Mode;
    readonly authorities?: number;
    readonly stakers?: number;
    readonly termViews?: number;
  },
): Scenario {
  const { mode = "balanced", authorities = 4, stakers = 0, termViews = 1 } = options;
  const pool = authorities + stakers;
  return {
    seed,
    mode,
    pool,
    plan: {
      authorities,
      seats: Array.from({ length: pool }, (_, validator) => ({
        validator,
        stake: validator < authorities ? 0n : 1000n,
      })),
      suspended: new Set(),
      unseated: new Set(),
      params: {
        ...smallParams({
          epochLength: 4,
          checkpointInterval: 2,
          blockTime: 50,
          delta: 100,
          termViews,
          refLag: 0,
          rootLag: 2,
          drift: 60,
        }),
        ...pinned(mode),
      },
    },
    switching: false,
    loads: [0],
    byzantine: new Map(),
    gone: new Map(),
    refusing: new Set(),
    recovery: null,
    twins: new Set(),
    beyondBounds: false,
    safetyOnly: false,
    stabilization: 500,
    loss: 0,
    duplication: 0,
    muted: null,
    slowShare: 0,
    slowest: 100,
    faults: [],
    drift: 5,
    forced: 0,
    settlement: { blockTime: 20, finality: 1, second: 1, lag: 5, sealChance: 1, sealDelay: 2, outages: [] },
    blocks: 6,
    epochs: 1,
    reconnect: false,
    coldStart: 0,
    wire: false,
    twice: false,
    skipViews: 3,
    backoffCap: 3,
  };
}

/**
 * A schedule above both bounds: every byzantine key runs twice, one process on each side of a partition whose sides
 * each have a quorum. It must disagree, or the harness is blind. Epochs are short unless `epochLength` says otherwise.
 */
export function beyondScenario(seed: string, mode: Mode, epochLength?: number): Scenario {
  const random = new Random(`beyond ${seed}`);
  const base = randomScenario(seed);
  const size = mode === "secure" ? 9 : 8;
  const authorities = mode === "fast" ? size : 4;
  const params = {
    ...smallParams({
      epochLength: epochLength ?? random.whole(3, 5),
      checkpointInterval: 2,
      blockTime: 50,
      delta: 100,
      termViews: mode === "fast" ? random.whole(1, 3) : 1,
      refLag: 0,
      rootLag: 2,
      drift: 60,
    }),
    ...pinned(mode),
  };
  const plan: RegistryPlan = {
    authorities,
    seats: Array.from({ length: size }, (_, validator) => ({
      validator,
      stake: validator < authorities ? 0n : BigInt(100 + random.whole(0, 2)),
    })),
    suspended: new Set(),
    unseated: new Set(),
    params,
  };
  // Half of each class runs twice; the two honest halves differ.
  const twins = new Set(Array.from({ length: size }, (_, i) => i).filter((i) => i % 2 === 0));
  const honest = Array.from({ length: size }, (_, i) => i).filter((i) => i % 2 === 1);
  const left = honest.filter((_, i) => i % 2 === 0);
  const right = honest.filter((_, i) => i % 2 === 1);
  return {
    ...base,
    mode,
    pool: size,
    plan,
    switching: false,
    byzantine: new Map([...twins].map((i) => [i, "silent"])),
    twins,
    beyondBounds: true,
    stabilization: 3000,
    loss: 0,
    muted: null,
    coldStart: 0,
    slowShare: 0,
    faults: [{ kind: "partition", from: 1, to: 2000, groups: [left, right] }],
    settlement: { ...base.settlement, outages: [] },
    blocks: 0,
    epochs: 0,
    reconnect: true,
  };
}

/**
 * Balanced with a whole class that runs twice under its keys, one process on each side of a partition of the other
 * class, which is honest: nothing may be contradicted (section 2: `byz_A <= A/3` or `byz_S <= S/3`).
 */
export function classScenario(seed: string, corrupted: "authorities" | "stakers"): Scenario {
  const base = beyondScenario(seed, "balanced");
  const { authorities, seats } = base.plan;
  const all = seats.map((_, validator) => validator);
  const twins = new Set(all.filter((seat) => seat < authorities === (corrupted === "authorities")));
  const honest = all.filter((seat) => !twins.has(seat));
  const cut = 1 + (seed.length % 2);
  return {
    ...base,
    byzantine: new Map([...twins].map((i) => [i, "silent"])),
    twins,
    beyondBounds: false,
    safetyOnly: true,
    faults: [{ kind: "partition", from: 1, to: 2000, groups: [honest.slice(0, cut), honest.slice(cut)] }],
  };
}
