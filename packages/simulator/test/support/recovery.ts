import type { Mode } from "@aitbc-hybrid/protocol";
import { calmScenario, type Fault, type Outage, type Scenario } from "../../src/index.ts";
import { Random } from "../../src/random.ts";
import { WORLD_START } from "../../src/scenario.ts";

/** Times of recovery small enough that one passes in seconds of simulated time. */
export const RECOVERY = {
  stall: 1000,
  grace: 300,
  leakAfter: 5000,
  leakRound: 400,
  leakStep: 250_000,
  leakFloor: 500_000,
} as const;

/** A schedule with a settlement chain that recovers, nothing wrong yet. */
export function recoveryScenario(
  seed: string,
  options: {
    readonly mode?: Mode;
    readonly authorities?: number;
    readonly stakers?: number;
    readonly epochLength?: number;
    readonly termViews?: number;
  } = {},
): Scenario {
  const { mode = "balanced", authorities = 4, stakers = 5, epochLength = 200, termViews = 1 } = options;
  const base = calmScenario(seed, { mode, authorities, stakers, termViews });
  const { params } = base.plan;
  const every = (value: number) => ({ fast: value, balanced: value, secure: value });
  return {
    ...base,
    plan: {
      ...base.plan,
      params: { ...params, lease: 600, settleLease: 2500, epochLength: every(epochLength), modeFloor: 0 },
    },
    recovery: RECOVERY,
    stabilization: 3000,
    blocks: 12,
    epochs: 0,
  };
}

/** A random schedule in which a quorum is lost for good, or the stake refuses to back, under faults of every kind. */
export function randomRecovery(seed: number): Scenario {
  const random = new Random(`recovery ${seed}`);
  const mode = random.pick<Mode>(["fast", "balanced", "secure"]);
  const authorities = random.whole(3, 5);
  const stakers = random.whole(5, 7);
  const base = recoveryScenario(`recovery ${seed}`, {
    mode,
    authorities,
    stakers,
    epochLength: random.pick([4, 7, 200]),
    termViews: mode === "fast" ? random.whole(1, 4) : 1,
  });
  const shuffled = (from: number, count: number) =>
    random.shuffled(Array.from({ length: count }, (_, i) => from + i));
  const at = random.whole(300, 1500);
  const cause = random.pick(["authorities", "stake", "refusal"]);
  const gone = new Map<number, number>();
  const refusing = new Set<number>();
  if (cause === "authorities" && mode !== "secure") {
    for (const validator of shuffled(0, authorities).slice(
      0,
      random.whole(Math.ceil(authorities / 3), authorities - 1),
    ))
      gone.set(validator, at + random.whole(0, 300));
  } else if (cause === "stake" || mode === "secure") {
    const lost = Math.ceil(stakers / 3);
    for (const validator of shuffled(authorities, stakers).slice(0, lost))
      gone.set(validator, at + random.whole(0, 300));
  } else
    for (const validator of shuffled(authorities, stakers).slice(0, Math.ceil(stakers / 3)))
      refusing.add(validator);
  const nodes = Array.from({ length: authorities + stakers }, (_, i) => i);
  const honest = nodes.filter((node) => !gone.has(node));
  const faults: Fault[] = [];
  // Restarts at any moment of the recovery, of one and of all; one node comes when everything is over.
  for (let i = random.whole(0, 4); i > 0; i--)
    faults.push({
      kind: "crash",
      at: random.whole(100, 3500),
      nodes: random.chance(0.2) ? honest : [random.pick(honest)],
      down: random.whole(1, 400),
    });
  if (random.chance(0.3))
    faults.push({ kind: "crash", at: random.whole(50, 900), nodes: [random.pick(honest)], down: 5000 });
  for (let i = random.whole(0, 2); i > 0; i--)
    faults.push({
      kind: "crashAtWrite",
      node: random.pick(honest),
      others: [],
      write: random.whole(10, 120),
      down: random.whole(1, 300),
    });
  const outages: Outage[] = [];
  if (random.chance(0.3)) {
    const from = WORLD_START + random.whole(200, 2500);
    outages.push({ from, to: from + random.whole(100, 1500), nodes: null });
  }
  if (random.chance(0.3)) {
    const from = WORLD_START + random.whole(200, 2500);
    outages.push({ from, to: from + random.whole(100, 1500), nodes: new Set([random.pick(honest)]) });
  }
  return {
    ...base,
    gone,
    refusing,
    faults,
    loss: random.pick([0, 0, 0.1]),
    drift: random.pick([0, 5, 20]),
    stabilization: 9000,
    reconnect: random.chance(0.5),
    settlement: { ...base.settlement, finality: random.whole(1, 2), lag: random.pick([0, 10, 20]), outages },
    blocks: 6,
    epochs: random.pick([0, 0, 1]),
  };
}
