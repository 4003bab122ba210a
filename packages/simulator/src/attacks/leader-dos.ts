import type { Attack, AttackModules, Outcome } from "./attack.ts";
import {
  balancedAuthorities,
  FAST_AUTHORITIES,
  FEW_AUTHORITIES,
  fastAuthorities,
  shareCase,
} from "./shares.ts";
import type { Society } from "./society.ts";
import { advances, highest, opened } from "./stage.ts";

/** Views of leaders cut off end by a timer that backs off. */
const WINDOW = 120_000;
/** What was on its way when the attack began comes through. */
const SETTLING = 600;
const BLOCKS = 2;

/** Leaders are known for an epoch: whoever leads the highest view is cut off, if the attacker knows its address. */
function play({ society }: { readonly society: Society }, modules: AttackModules): Outcome {
  const { corrupt: reach } = society;
  const world = opened({ society, behaviours: new Map(), promised: true }, modules);
  const leader = (): number | null => {
    let best: { readonly view: number; readonly leader: number | null } = { view: -1, leader: null };
    for (const shell of world.shells) {
      const view = shell.view();
      if (view !== null && view.view > best.view) best = view;
    }
    return best.leader;
  };
  let cut = 0;
  world.network.filter = (from, to) => {
    const target = leader();
    if (target === null || !reach.has(target)) return true;
    const peer = `v${target}`;
    if (from !== peer && to !== peer) return true;
    cut++;
    return false;
  };
  world.until(() => false, world.queue.now + SETTLING);
  const took = advances(world, world.honest, BLOCKS, WINDOW);
  // Whatever happened, it is over once the attack is: nobody is corrupt here.
  world.network.filter = null;
  const { failures } = world.finish();
  const succeeded = took === null;
  return {
    succeeded,
    failures,
    measures: {
      finalHeight: highest(world.honest),
      msPerBlock: took === null ? 0 : took / BLOCKS,
      messagesCut: cut,
    },
  };
}

/** Denial of service follows the schedule of leaders; sentries hide some of them. */
export const leaderDos: Attack = {
  name: "leader-dos",
  idea: "Whoever leads the present view is cut off for as long as it does; sentries keep some validators out of reach.",
  success: "no block becomes final any more, while it lasts",
  cases: [
    shareCase({
      mode: "fast",
      resource: "leaders in reach",
      bound: "all leaders",
      scale: FAST_AUTHORITIES,
      most: FAST_AUTHORITIES,
      safe: FAST_AUTHORITIES - 1,
      holding: fastAuthorities,
      play,
    }),
    shareCase({
      mode: "balanced",
      resource: "leaders in reach",
      given: "no stakers",
      bound: "all leaders",
      scale: FEW_AUTHORITIES,
      most: FEW_AUTHORITIES,
      safe: FEW_AUTHORITIES - 1,
      holding: (level) => ({ ...balancedAuthorities(0)(level), stakeScale: 0 }),
      play,
    }),
  ],
};
