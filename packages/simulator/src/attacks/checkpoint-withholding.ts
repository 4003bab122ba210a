import { Random } from "../random.ts";
import type { Attack } from "./attack.ts";
import { balancedAuthorities } from "./shares.ts";
import { society } from "./society.ts";
import { advances, elapsed, highest, judged, opened } from "./stage.ts";

const every = (value: number) => ({ fast: value, balanced: value, secure: value });
const SETTLE_LEASE = 800;
const SCALE = 20;
/** The five checkpoints of a lease are all left out with a chance of 1 in 400. */
const SAFE = 6;
/** Checkpoints that fall into a lease here: three blocks of 50 ms each. */
const INTERVAL = 3;

/** Every checkpoint is posted by many; the settlement chain's block makers leave it out with some probability. */
export const checkpointWithholding: Attack = {
  name: "checkpoint-withholding",
  idea: "Some makers of settlement blocks leave every checkpoint out: the settlement lease runs on from the last one accepted.",
  success: "no checkpoint is accepted for a whole lease, and no block becomes final after it",
  cases: [
    {
      mode: "balanced",
      resource: "settlement blocks",
      given: `a lease of ${SETTLE_LEASE / 50} blocks, a checkpoint every ${INTERVAL}`,
      bound: "all checkpoints of a lease: p^n",
      scale: SCALE,
      most: SCALE,
      safe: SAFE,
      broken: SCALE,
      play(level, seed, modules) {
        const promised = level <= SAFE;
        const place = society(`${seed} censored ${level}`, "balanced", balancedAuthorities(0)(0));
        const { scenario } = place;
        const { params } = scenario.plan;
        const world = opened(
          {
            society: {
              ...place,
              scenario: {
                ...scenario,
                plan: {
                  ...scenario.plan,
                  params: { ...params, settleLease: SETTLE_LEASE, checkpointInterval: every(INTERVAL) },
                },
              },
            },
            behaviours: new Map(),
            promised,
            prepare(world) {
              const { blockTime } = scenario.settlement;
              world.settlement.censors = (what) => {
                const block = Math.floor(elapsed(world) / blockTime);
                return what === "checkpoint" && new Random(`${seed} block ${block}`).chance(level / SCALE);
              };
            },
          },
          modules,
        );
        world.until(() => elapsed(world) > 2.5 * SETTLE_LEASE);
        const took = advances(world, world.honest, 3, 2_000);
        return {
          succeeded: took === null,
          failures: took === null ? world.oracles.failures : judged(world, promised),
          measures: {
            finalHeight: highest(world.honest),
            checkpointsAccepted: world.settlement.accepted,
          },
        };
      },
    },
  ],
};
