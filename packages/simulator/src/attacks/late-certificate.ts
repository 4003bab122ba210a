import type { Certificate, Mode } from "@aitbc-hybrid/protocol";
import { Random } from "../random.ts";
import { calmScenario, type Scenario, WORLD_START } from "../scenario.ts";
import { World } from "../world/index.ts";
import type { Attack, AttackCase, AttackModules, Outcome } from "./attack.ts";
import { Collector } from "./collector.ts";
import { elapsed, highest } from "./stage.ts";

const every = (value: number) => ({ fast: value, balanced: value, secure: value });
const SCALE = 20;
/** FINALIZE is overheard and lost from here on, authorities are gone a little later, F is shown when all is over. */
const DEAF_FROM = 300;
const GONE_AT = 1_000;
const SHOWN_AT = 6_000;

function recovering(mode: Mode, seed: string): Scenario {
  const base = calmScenario(seed, { mode, authorities: 4, stakers: 5, termViews: mode === "fast" ? 2 : 1 });
  return {
    ...base,
    plan: {
      ...base.plan,
      params: {
        ...base.plan.params,
        lease: 600,
        settleLease: 2_500,
        epochLength: every(200),
        modeFloor: 0,
      },
    },
    recovery: {
      stall: 1_000,
      grace: 300,
      leakAfter: 5_000,
      leakRound: 400,
      leakStep: 250_000,
      leakFloor: 500_000,
    },
    gone: new Map([
      [0, GONE_AT],
      [1, GONE_AT + 20],
    ]),
    // Fast: what is final is not backed either.
    refusing: new Set(mode === "fast" ? [4, 5] : []),
    stabilization: 9_000,
    blocks: 8,
    epochs: 0,
  };
}

function play(mode: Mode, level: number, seed: string, modules: AttackModules): Outcome {
  const world = new World({ scenario: recovering(mode, `late ${mode} ${level} ${seed}`) }, modules);
  const { blockTime } = world.scenario.settlement;
  const collector = new Collector();
  const found: { certificate: Certificate | null } = { certificate: null };
  world.settlement.censors = (what) => {
    const block = Math.floor(elapsed(world) / blockTime);
    return what === "certificate" && new Random(`${seed} late ${block}`).chance(level / SCALE);
  };
  world.network.filter = (_from, _to, message) => {
    const said =
      message.type === "vote" ? message.vote : message.type === "certificate" ? message.certificate : null;
    if (said === null || said.kind !== "finalize" || said.epoch > 0 || elapsed(world) < DEAF_FROM)
      return true;
    collector.hear(message);
    return false;
  };
  world.queue.at(WORLD_START + SHOWN_AT, () => {
    world.network.filter = null;
    const certificate = collector.assemble("finalize", world);
    found.certificate = certificate;
    if (certificate === null) return;
    for (const { peer } of world.honest) world.network.send("v0", peer, { type: "certificate", certificate });
  });
  const result = world.run();
  const { certificate } = found;
  const point = world.settlement.recoveries?.activations[0];
  const isMissing = certificate === null || point === undefined;
  return {
    succeeded: certificate !== null && point !== undefined && certificate.view > point.view,
    failures: [
      ...result.failures,
      ...(isMissing ? ["no recovery, or no F could be assembled: nothing was shown"] : []),
    ],
    measures: {
      finalHeight: highest(world.honest),
      viewsGivenUp: isMissing ? 0 : Math.max(0, certificate.view - point.view),
    },
  };
}

const lateCase = (mode: Mode, given: string, safe: number, broken: number | null): AttackCase => ({
  mode,
  resource: "settlement blocks",
  given,
  bound: broken === null ? "never" : "p^n for the n settlement blocks of grace",
  scale: SCALE,
  most: SCALE,
  safe,
  broken,
  play: (level, seed, modules) => play(mode, level, seed, modules),
});

/** F of a block appears when a recovery has given the block up. */
export const lateCertificate: Attack = {
  name: "late-certificate",
  idea: "FINALIZE votes are lost on the wire but overheard; half of the authorities is gone for good; settlement blocks leave out the certificates posted within grace; F is assembled after the recovery.",
  success:
    "F appears of a block that the recovery gave up (honest nodes must not contradict each other even so)",
  cases: [
    lateCase("balanced", "certificates posted to a recovery", SCALE, null),
    lateCase("fast", "certificates posted to a recovery, unbacked", (3 * SCALE) / 4, SCALE),
  ],
};
