import { DEFAULT_PARAMS, type Mode } from "@aitbc-hybrid/protocol";
import { calmScenario, WORLD_START } from "../scenario.ts";
import { World } from "../world/index.ts";
import type { Attack } from "./attack.ts";
import { highest } from "./stage.ts";

const every = (value: number) => ({ fast: value, balanced: value, secure: value });
const SCALE = 20;
/** Load that everybody else makes, part of the greatest capacity. */
const ORGANIC = 0.6;
const EPOCH = 8;
/** The attacker fills its blocks for so many epochs and leaves them empty for as many. */
const PHASE = 4;
const EPOCHS = 24;
const RESIDENCY = 2;
/** Empty blocks of half of the leaders halve the load: 0.3, which is not below 0.3. */
const SAFE = 10;

/** Lengths of the stretches of one mode, without the last, which has not ended. */
function stretches(modes: readonly Mode[]): number[] {
  const lengths: number[] = [];
  modes.forEach((mode, at) => {
    if (at > 0 && mode === modes[at - 1]) lengths[lengths.length - 1]!++;
    else lengths.push(1);
  });
  return lengths.slice(0, -1);
}

/** Corrupt leaders fill their blocks and leave them empty by turns, to have the mode switched to and fro. */
export const modeFlapping: Attack = {
  name: "mode-flapping",
  idea: `Corrupt leaders leave their blocks empty for ${PHASE} epochs and fill them for ${PHASE}, under a load of ${ORGANIC} by everybody else.`,
  success: "the mode is switched and switched back",
  cases: [
    {
      mode: "balanced",
      resource: "leaders",
      given: "",
      bound: "above 1/2: the load of the others must fall below the bound of Fast",
      scale: SCALE,
      most: SCALE,
      safe: SAFE,
      broken: SCALE,
      play(level, seed, modules) {
        const share = level / SCALE;
        const base = calmScenario(`${seed} flapping ${level}`, {
          mode: "balanced",
          authorities: 4,
          stakers: 3,
        });
        const { fastEntryLoad, fastExitLoad, fastExitAvailability, secureAvailability } = DEFAULT_PARAMS;
        const plan = {
          ...base.plan,
          params: {
            ...base.plan.params,
            epochLength: every(EPOCH),
            checkpointInterval: every(EPOCH),
            blockTime: every(50),
            residency: RESIDENCY,
            modeFloor: 0,
            fastEntryLoad,
            fastExitLoad,
            fastExitAvailability,
            secureAvailability,
          },
        };
        const phase = (load: number): number[] => Array.from({ length: PHASE }, () => load);
        const empty = ORGANIC * (1 - share);
        const world = new World(
          {
            scenario: {
              ...base,
              plan,
              switching: true,
              loads: [...phase(empty), ...phase(empty + share)],
              stabilization: 1,
              blocks: 2,
              epochs: 0,
            },
            candidates: () => plan,
          },
          modules,
        );
        world.begin();
        const isOver = (): boolean => world.honest.every((shell) => (shell.view()?.epoch ?? 0) >= EPOCHS);
        world.until(isOver, WORLD_START + 3 * EPOCHS * EPOCH * 100);
        const { failures } = world.finish();
        const { modes } = world.oracles.counts();
        const lengths = stretches(modes);
        return {
          succeeded: lengths.length >= 2,
          failures: [
            ...failures,
            ...(lengths.some((length) => length < RESIDENCY) ? ["a mode was left before its residency"] : []),
          ],
          measures: {
            switches: lengths.length,
            shortestStay: Math.min(EPOCHS, ...lengths),
            finalHeight: highest(world.honest),
          },
        };
      },
    },
  ],
};
