import { twin } from "../adversaries/index.ts";
import type { Attack, AttackModules, Outcome } from "./attack.ts";
import { atMost, STAKE_SCALE, secureStake, shareCase } from "./shares.ts";
import type { Society } from "./society.ts";
import { everyCorrupt, playFork } from "./stage.ts";

/** Long enough for a leader on either side that reaches its whole side. */
const PARTITION = 3_000;
const LEAST_PENALTY = 0.1;
const SURCHARGE_FACTOR = 3;

/** Part of the convicted stake that is burnt when a part of all of it is convicted at once: docs/parameters.md. */
export const penaltyAt = (share: number): number =>
  Math.min(1, Math.max(LEAST_PENALTY, SURCHARGE_FACTOR * share));

function play(
  {
    society,
    promised,
    level,
  }: { readonly society: Society; readonly promised: boolean; readonly level: number },
  modules: AttackModules,
): Outcome {
  const { scenario, corrupt, left, right } = society;
  const groups = [[...left, ...corrupt], [...right]];
  const outcome = playFork(
    {
      society: {
        ...society,
        scenario: {
          ...scenario,
          twins: corrupt,
          faults: [{ kind: "partition", from: 1, to: PARTITION, groups }],
        },
      },
      promised,
      behaviours: everyCorrupt(society, twin),
    },
    modules,
    PARTITION,
  );
  const share = level / STAKE_SCALE;
  return {
    ...outcome,
    measures: { ...outcome.measures, stakeBurnt: outcome.succeeded ? share * penaltyAt(share) : 0 },
  };
}

/** Bribed stakers: what they would lose is what a bribe has to pay. */
export const bribedThird: Attack = {
  name: "bribed-third",
  idea: "A third of the stake, and then a little more, is bribed to sign twice; they follow the rules in everything else.",
  success: "honest nodes hold different blocks final at one height",
  cases: [
    shareCase({
      mode: "secure",
      resource: "stake",
      bound: "> 1/3",
      scale: STAKE_SCALE,
      safe: atMost(STAKE_SCALE, 1, 3),
      holding: secureStake,
      play,
    }),
  ],
};
