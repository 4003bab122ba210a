import {
  type Certificate,
  type EpochStart,
  type Hash,
  type Header,
  hashOf,
  type Message,
  recoverySeed,
  type Vote,
} from "@aitbc-hybrid/protocol";
import { Collector } from "../../src/attacks/index.ts";
import { type Rules, type Scenario, World, type WorldOptions } from "../../src/index.ts";
import { WORLD_START } from "../../src/scenario.ts";
import { RECOVERY, recoveryScenario } from "./recovery.ts";

/** A directed schedule of recovery: what was wrong with it, nothing if the rules are kept. */
export type Drill = (rules: Rules) => readonly string[];

/** Branches of the rules that only recoveries come to. */
export const BRANCHES = [
  "6: certificate posted to the recovery",
  "6: RESTART",
  "6: RESTART by a halted node",
  "6: recovered",
  "6: final blocks given up",
  "6: resumed from records of an earlier epoch",
  "6: last block's lease renewed",
];

/** How often the drills so far came to each branch. */
export const reached = new Map<string, number>();

function count(world: World): void {
  for (const [rule, times] of world.oracles.rules) reached.set(rule, (reached.get(rule) ?? 0) + times);
}

const elapsed = (world: World): number => world.queue.now - WORLD_START;
const recoveries = (world: World) => world.settlement.recoveries!;

function until(world: World, what: string, done: () => boolean, within: number): string[] {
  return world.until(done, world.queue.now + within) && done() ? [] : [`never: ${what}`];
}

/** Plays schedules until `matches` of them had in them what it is about; `play` answers null for another. */
const search =
  (play: (seed: number, rules: Rules) => readonly string[] | null, missing: string, matches = 1): Drill =>
  (rules) => {
    const failures: string[] = [];
    let left = matches;
    for (let seed = 1; seed <= 12 && left > 0; seed++) {
      const found = play(seed, rules);
      if (found !== null) left--;
      failures.push(...(found ?? []));
    }
    return left === 0 ? failures : [...failures, missing];
  };

const activated =
  (world: World, count = 1) =>
  (): boolean =>
    recoveries(world).activations.length >= count;

interface Play {
  readonly scenario: Scenario;
  readonly options?: Omit<WorldOptions, "scenario">;
  /** Before anything starts. */
  readonly prepare?: (world: World) => void;
  /** After the last activation waited for, before the run's own goal. */
  readonly after?: (world: World) => readonly string[];
  /** Activations to wait for; 0: none may come. */
  readonly activations?: number;
  readonly within?: number;
}

/** Holds what honest keys sign in recoveries, and what begins after them, against section 6. */
function judge(world: World): string[] {
  const failures: string[] = [];
  const stamps = new Map<number, number>();
  const starts = new Map<string, EpochStart>();
  const { oracles, scenario } = world;
  const { lease, drift } = scenario.plan.params;
  const { signed, onEpoch } = oracles;
  oracles.signed = (node, intent) => {
    signed.call(oracles, node, intent);
    const shell = world.shells.find((each) => each.peer === node.peer);
    if (!node.honest || shell === undefined) return;
    const reading = world.settlement.contracts(node.validator);
    const isFast = oracles.modeOf(intent.domain) === "fast";
    if (intent.what === "checkpoint") {
      stamps.set(node.validator, Math.max(stamps.get(node.validator) ?? 0, intent.checkpoint.stamp));
      // What the client showed some time ago, the replica knows.
      const shown = world.settlement.contracts(node.validator, world.queue.now - 100);
      if (
        isFast &&
        shown?.recovery &&
        reading?.recovery &&
        reading.epoch === intent.epoch &&
        shell.uptime > 100
      )
        failures.push(`${node.peer} backs although a recovery is open`);
    }
    if (intent.what !== "restart") return;
    if (reading?.recovery && reading.at <= reading.recovery.graceEnd)
      failures.push(`${node.peer} signs RESTART within grace`);
    // A disk's delay lies between the decision and the signature, nothing before the decision.
    if (isFast && shell.now < (stamps.get(node.validator) ?? 0) + lease + 2 * drift)
      failures.push(`${node.peer} signs RESTART while a lease may run`);
  };
  oracles.onEpoch = (start) => {
    onEpoch(start);
    starts.set(`${start.epoch}/${start.incarnation}`, start);
    const point = recoveries(world).activations.find(
      (each) => each.epoch === start.epoch - 1 && each.incarnation === start.incarnation,
    );
    if (point === undefined) return;
    const before = starts.get(`${point.epoch}/${point.incarnation - 1}`);
    const seed = before && recoverySeed(before.seed, point.incarnation, point.blockHash);
    const isRight =
      start.seed === seed &&
      start.mode === "secure" &&
      start.registry === point.registry &&
      start.registryNext === point.registry &&
      start.parent.hash === point.blockHash;
    if (!isRight) failures.push(`epoch ${start.epoch} begins otherwise than section 6 says`);
  };
  return failures;
}

/** Runs up to an activation, then to the scenario's goal. */
function play(rules: Rules, { scenario, options, prepare, after, activations = 1, within = 20_000 }: Play) {
  const world = new World({ scenario, ...options }, { rules });
  const broken = judge(world);
  prepare?.(world);
  world.begin();
  const failures: string[] = [];
  if (activations > 0) failures.push(...until(world, "a recovery", activated(world, activations), within));
  if (failures.length === 0) failures.push(...(after?.(world) ?? []));
  const result = world.finish();
  count(world);
  if (activations === 0 && recoveries(world).activations.length > 0) failures.push("a recovery without need");
  return { world, result, failures: [...new Set(broken), ...failures, ...result.failures] };
}

const GONE_AUTHORITIES = new Map([
  [0, 700],
  [1, 720],
]);

/** Two of four authorities die for good. */
export const authoritiesGone =
  (mode: "fast" | "balanced", epochLength = 200): Drill =>
  (rules) => {
    const scenario = recoveryScenario(`authorities ${mode}`, {
      mode,
      epochLength,
      termViews: mode === "fast" ? 3 : 1,
    });
    const { world, failures } = play(rules, {
      scenario: { ...scenario, gone: GONE_AUTHORITIES, epochs: epochLength < 200 ? 3 : 0 },
    });
    return world.oracles.lost > 0 ? [...failures, "final blocks were lost"] : failures;
  };

/** Two of five equal stakes die for good: only the leak lets the others go on. */
export const stakeGone =
  (mode: "fast" | "balanced" | "secure"): Drill =>
  (rules) => {
    const scenario = recoveryScenario(`stake ${mode}`, { mode });
    const { world, failures } = play(rules, {
      scenario: {
        ...scenario,
        gone: new Map([
          [5, 700],
          [6, 720],
        ]),
      },
    });
    const leaked = [...recoveries(world).jailed];
    if (leaked.some((validator) => ![5, 6].includes(validator))) failures.push(`leaked ${leaked}`);
    return recoveries(world).activations[0]?.leaked ? failures : [...failures, "recovered without a leak"];
  };

/** More than a third of the stake backs nothing that the authorities do: blocks stop at the lease, the stake restarts. */
export const stakeRefuses: Drill = (rules) => {
  const scenario = recoveryScenario("refusal", { mode: "fast", termViews: 2 });
  const { lease, drift } = scenario.plan.params;
  let latest = 0;
  const { world, failures } = play(rules, {
    // It opens while blocks still go on: who sees that backs nothing more.
    scenario: { ...scenario, refusing: new Set([4, 5]), recovery: { ...RECOVERY, stall: 250 } },
    after(world) {
      latest = Math.max(...[...world.oracles.chain.values()].map(({ block }) => block.header.stamp));
      return [];
    },
  });
  if (latest > WORLD_START + lease + drift) failures.push("blocks went on past the lease");
  if (world.oracles.lost > 0) failures.push("final blocks were lost");
  return failures;
};

/** Nobody's client shows the recovery before its grace is over: who backed until then waits for the lease. */
export const blindMembers: Drill = (rules) => {
  const scenario = recoveryScenario("blind", { mode: "fast", termViews: 2 });
  const nodes = new Set(scenario.plan.seats.map((_, validator) => validator));
  const outages = [{ from: WORLD_START + 150, to: WORLD_START + 1300, nodes }];
  return play(rules, {
    scenario: {
      ...scenario,
      recovery: { ...RECOVERY, stall: 200, grace: 100 },
      settlement: { ...scenario.settlement, outages },
    },
    prepare(world) {
      world.settlement.censors = (what) =>
        what === "checkpoint" && recoveries(world).activations.length === 0;
    },
  }).failures;
};

/** What was final in Fast but neither backed nor posted is given up, everywhere, and the chain goes on. */
export const unpostedIsLost: Drill = (rules) => {
  const scenario = recoveryScenario("unposted", { mode: "fast", termViews: 2 });
  const { world, failures } = play(rules, {
    scenario: { ...scenario, refusing: new Set([4, 5]) },
    prepare(world) {
      world.settlement.censors = (what) => what === "certificate";
    },
  });
  return world.oracles.lost > 0 ? failures : [...failures, "nothing was given up"];
};

/** The settlement chain stops for longer than the settlement lease, then is back: no recovery is needed, epochs go on. */
export const outage =
  (mode: "fast" | "balanced" | "secure"): Drill =>
  (rules) => {
    const scenario = recoveryScenario(`outage ${mode}`, { mode, epochLength: 40 });
    const outages = [{ from: WORLD_START + 400, to: WORLD_START + 4000, nodes: null }];
    return play(rules, {
      scenario: {
        ...scenario,
        recovery: { ...RECOVERY, stall: 2500, grace: 2000 },
        settlement: { ...scenario.settlement, outages },
        stabilization: 4000,
        epochs: 1,
      },
      activations: 0,
    }).failures;
  };

/**
 * An epoch's last block is certified, and its FINALIZE votes are lost until its lease is over: it is proposed again
 * unchanged, and made final once the own clients show a later acceptance.
 */
export const lastBlockAcrossLease: Drill = (rules) => {
  const scenario = recoveryScenario("last block", { epochLength: 8 });
  const { params } = scenario.plan;
  const checkpointInterval = { fast: 3, balanced: 3, secure: 3 };
  const { world, failures } = play(rules, {
    scenario: {
      ...scenario,
      plan: { ...scenario.plan, params: { ...params, settleLease: 900, checkpointInterval } },
      recovery: { ...RECOVERY, stall: 30_000 },
      epochs: 2,
    },
    prepare(world) {
      const last = new Set<Hash>();
      const delayed: (() => void)[] = [];
      let holding = true;
      world.network.filter = (from, to, message) => {
        if (message.type === "proposal" && message.proposal.block.body.commitment !== null)
          last.add(hashOf(message.proposal.block));
        if (!holding) return true;
        if (message.type === "checkpointVote" && elapsed(world) > 350) {
          delayed.push(() => world.network.send(from, to, message));
          return false;
        }
        const said = bodyIn(message);
        return said === null || said.kind !== "finalize" || !last.has(said.blockHash);
      };
      world.queue.at(WORLD_START + 2500, () => {
        holding = false;
        for (const send of delayed) send();
      });
    },
    activations: 0,
  });
  const renewed = world.oracles.rules.get("6: last block's lease renewed") ?? 0;
  return renewed > 0 ? failures : [...failures, "the last block needed no renewed lease"];
};

const bodyIn = (message: Message): Vote | Certificate | null =>
  message.type === "vote" ? message.vote : message.type === "certificate" ? message.certificate : null;

/**
 * FINALIZE votes are lost on the wire but heard by somebody, who makes F of them when the recovery is over, for those
 * who know of the recovery and for one who comes late and does not yet.
 */
export const lateAssembled =
  (mode: "fast" | "balanced"): Drill =>
  (rules) => {
    const scenario = recoveryScenario(`late ${mode}`, { mode });
    const late = 8;
    const blind = { from: WORLD_START + 500, to: WORLD_START + 8000, nodes: new Set([late]) };
    const collector = new Collector();
    const { world, failures } = play(rules, {
      scenario: {
        ...scenario,
        ...(mode === "fast" ? { refusing: new Set([4, 5]) } : {}),
        gone: new Map([...GONE_AUTHORITIES].map(([validator, at]) => [validator, at + 300])),
        faults: [{ kind: "crash", at: 700, nodes: [late], down: 3300 }],
        settlement: { ...scenario.settlement, outages: [blind] },
        stabilization: 9000,
      },
      prepare(world) {
        if (mode === "fast") world.settlement.censors = (what) => what === "certificate";
        world.network.filter = (_from, _to, message) => {
          const said = bodyIn(message);
          if (said === null || said.kind !== "finalize" || said.epoch > 0 || elapsed(world) < 300)
            return true;
          collector.hear(message);
          return false;
        };
        world.queue.at(WORLD_START + 5000, () => {
          const f = collector.assemble("finalize", world);
          if (f === null) return;
          world.network.filter = null;
          assembled = f;
          for (const { peer } of world.honest)
            world.network.send("v0", peer, { type: "certificate", certificate: f });
        });
      },
    });
    const [point] = recoveries(world).activations;
    if (assembled === null) failures.push("no F could be assembled");
    else if (mode === "fast" ? assembled.view <= point!.view : assembled.view > point!.view)
      failures.push(`F of view ${assembled.view}, recovery from view ${point!.view}`);
    assembled = null;
    return failures;
  };
let assembled: Certificate | null = null;

/** Who posts what was hidden. */
const HIDER = "hider";

/** Who holds the only N of the highest block shows it in the last settlement blocks of grace; its block can be had, or not. */
export const hiddenCertificate = (mode: "fast" | "balanced", available: boolean): Drill =>
  search(
    (seed, rules) => {
      const scenario = recoveryScenario(`hidden ${mode} ${available} ${seed}`, { mode });
      const collector = new Collector();
      const headers = new Map<Hash, Header>();
      const shown: Certificate[] = [];
      let shownAt = 0;
      const { world, failures } = play(rules, {
        scenario: {
          ...scenario,
          gone: new Map([...GONE_AUTHORITIES.keys()].map((validator) => [validator, 900])),
        },
        prepare(world) {
          world.network.filter = (from, to, message) => {
            if (message.type === "proposal")
              headers.set(hashOf(message.proposal.block), message.proposal.block.header);
            if (elapsed(world) < 400) return true;
            // Blocks are not to be had at once.
            if (message.type === "blocks" && shown.length > 0 && world.queue.now < shownAt + 150)
              return false;
            if (elapsed(world) > 1000)
              return (
                available ||
                message.type !== "blocks" ||
                !message.blocks.some(({ block }) => hashOf(block) === shown[0]?.blockHash)
              );
            // Proposals reach those who can vote for them and no others; what they say reaches one collector only.
            if (from !== to) collector.hear(message);
            const voters = mode === "fast" ? 4 : 8;
            return message.type === "proposal" && Number(to.slice(1)) < voters;
          };
          // Those who hold the blocks do not get their certificates into the settlement chain.
          world.settlement.censors = (what, from) => what === "certificate" && from !== HIDER;
          const { blockTime } = scenario.settlement;
          const show = (): void => {
            const open = world.settlement.contracts(2)?.recovery;
            if (!open || world.queue.now < open.graceEnd - 3 * blockTime) {
              world.queue.after(5, show);
              return;
            }
            const hidden = collector.assemble("notarize", world);
            if (hidden === null) return;
            shown.push(hidden);
            shownAt = world.queue.now;
            world.settlement.postCertificate(hidden, headers.get(hidden.blockHash)!, HIDER);
          };
          world.queue.at(WORLD_START + 1010, show);
        },
      });
      const [point] = recoveries(world).activations;
      const [hidden] = shown;
      if (hidden === undefined || !recoveries(world).taken.has("posted")) return null;
      if (available && point !== undefined && point.view < hidden.view)
        failures.push(`recovery from view ${point.view}, although N of ${hidden.view} was posted`);
      return failures;
    },
    "no certificate could be hidden",
    3,
  );

/** More than a third of the authorities run twice and make both sides of a partition final: both halt, the stake restarts them. */
export const haltedResume: Drill = search((seed, rules) => {
  const base = recoveryScenario(`halted ${seed}`, { mode: "fast", termViews: 2 });
  // No checkpoint is due on either side: stakers who signed on both would leave it to governance.
  const checkpointInterval = { fast: 100, balanced: 100, secure: 100 };
  const byzantine = new Map([
    [0, "silent" as const],
    [1, "silent" as const],
  ]);
  const scenario: Scenario = {
    ...base,
    plan: { ...base.plan, params: { ...base.plan.params, checkpointInterval } },
    byzantine,
    twins: new Set([0, 1]),
    beyondBounds: true,
    reconnect: true,
    faults: [
      {
        kind: "partition",
        from: 200,
        to: 900,
        groups: [
          [2, 4, 5, 6],
          [3, 7, 8],
        ],
      },
    ],
  };
  const world = new World({ scenario }, { rules });
  const failures = judge(world);
  world.begin();
  if (!world.until(() => world.oracles.disagreements.length > 0, WORLD_START + 1500)) return null;
  failures.push(...until(world, "a recovery", activated(world), 20_000));
  const views = () => world.honest.map((shell) => shell.view());
  const point = recoveries(world).activations[0]?.height ?? 0;
  const isOn = (): boolean =>
    views().every((view) => view !== null && view.incarnation > 0 && view.finalHeight > point + 3);
  failures.push(...until(world, "all honest nodes on one chain", isOn, 20_000));
  failures.push(...world.oracles.failures);
  count(world);
  const halts = world.oracles.rules.get("6: RESTART by a halted node") ?? 0;
  if (halts === 0) failures.push("no halted node signed RESTART");
  return failures;
}, "never: a halt");

/** One node alone saw the boundary backed and went on; the others restart from there, and it comes back. */
export const oneWentOn: Drill = (rules) => {
  const alone = "v4";
  const scenario = recoveryScenario("one went on", { epochLength: 6 });
  const { world, failures } = play(rules, {
    scenario,
    prepare(world) {
      const over = (): boolean => recoveries(world).activations.length > 0;
      world.settlement.censors = (what) => what === "checkpoint" && !over();
      world.network.filter = (from, to, message) => {
        if (over()) return true;
        if (message.type === "checkpointVote") return to === alone;
        if (message.type === "checkpointCertificate" || message.type === "blocks") return from !== alone;
        return true;
      };
    },
  });
  const resumed = world.oracles.rules.get("6: resumed from records of an earlier epoch") ?? 0;
  return resumed > 0 ? failures : [...failures, "nobody came back from a later epoch"];
};

/**
 * All sign RESTART, and then what they had backed is accepted after all: the recovery is cancelled, and they stay silent,
 * restarts or not, until the next one.
 */
export const cancelled =
  (epochLength: 6 | 200): Drill =>
  (rules) => {
    const scenario = recoveryScenario(`cancelled ${epochLength}`, { epochLength });
    let released = false;
    const { world, failures } = play(rules, {
      scenario,
      prepare(world) {
        world.settlement.censors = (what) => what === "restart" && !released;
        world.network.filter = (_from, _to, message) =>
          released || elapsed(world) < 200 || !message.type.startsWith("checkpoint");
        const asked = (): number => world.oracles.rules.get("6: RESTART") ?? 0;
        const wait = (): void => {
          if (asked() < 9) {
            world.queue.after(5, wait);
            return;
          }
          world.queue.after(30, () => {
            world.crash([2, 5], 40);
            released = true;
          });
          world.queue.after(500, () => world.crash([3, 6], 40));
        };
        wait();
      },
    });
    if (!recoveries(world).taken.has("cancelled")) failures.push("nothing was cancelled");
    return failures;
  };
