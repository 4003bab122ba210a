import type { Attack, AttackModules, Outcome } from "./attack.ts";
import { livenessCases } from "./shares.ts";
import type { Society } from "./society.ts";
import { advances, highest, opened } from "./stage.ts";

/** Nobody is corrupt here: what the attacker holds are the victims' connections, for a while. */
function play({ society }: { readonly society: Society }, modules: AttackModules): Outcome {
  const { scenario, corrupt: victims } = society;
  const peers = new Set([...victims].map((validator) => `v${validator}`));
  const world = opened(
    {
      society: { ...society, scenario: { ...scenario, reconnect: true } },
      behaviours: new Map(),
      promised: true,
    },
    modules,
  );
  world.network.filter = (from, to) => !peers.has(from) && !peers.has(to);
  const others = world.honest.filter((shell) => !victims.has(shell.validator));
  const stood = Math.max(0, ...world.honest.map((shell) => shell.view()?.finalHeight ?? 0));
  const took = advances(world, others, 4);
  const victimsAt = highest(world.honest.filter((shell) => victims.has(shell.validator)));
  // Whatever happened, once the victims are connected again everybody goes on together.
  world.network.filter = null;
  const { failures } = world.finish();
  return {
    succeeded: took === null,
    failures,
    measures: {
      finalHeight: highest(world.honest),
      msPerBlock: took === null ? 0 : took / 4,
      victimsAhead: Math.max(0, victimsAt - stood),
    },
  };
}

/** The connections of some honest validators are the attacker's. */
export const eclipse: Attack = {
  name: "eclipse",
  idea: "The attacker holds every connection of some honest validators and lets nothing through, either way.",
  success: "no block becomes final at the others either, while it lasts",
  cases: livenessCases(play),
};
