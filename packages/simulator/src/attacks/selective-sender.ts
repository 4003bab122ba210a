import type { Behaviour } from "../shell/index.ts";
import type { Attack } from "./attack.ts";
import {
  FAST_AUTHORITIES,
  fastAuthorities,
  type ShareOptions,
  STAKE_SCALE,
  secureStake,
  shareCase,
} from "./shares.ts";
import { playStall, type Stage } from "./stage.ts";

/** Each corrupt validator serves the others in its own half only: nobody honest hears more than half of them. */
const serving = (own: number, halves: readonly ReadonlySet<string>[]): Behaviour => ({
  outgoing: (_wire, to, message) => (halves[own % 2]!.has(to) ? [message] : []),
});

const play: ShareOptions["play"] = ({ society, promised }, modules) => {
  const peers = (validators: Iterable<number>): Set<string> => new Set([...validators].map((v) => `v${v}`));
  const halves = [peers(society.left), peers(society.right)];
  const behaviours = new Map([...society.corrupt].map((v, own) => [v, serving(own, halves)]));
  const stage: Stage = { society, promised, behaviours };
  return playStall(stage, modules);
};

/** With honest part h and the attacker's x split in two, no node counts more than h + x / 2. */
export const selectiveSender: Attack = {
  name: "selective-sender",
  idea: "Every corrupt validator serves one half of the honest and not the other, so that each hears only half of them.",
  success: "no block becomes final any more",
  cases: [
    shareCase({
      mode: "fast",
      resource: "authorities",
      bound: "between 1/3 and 2/3: none counts more than h + x/2",
      scale: FAST_AUTHORITIES,
      safe: 2,
      broken: 6,
      holding: fastAuthorities,
      play,
    }),
    shareCase({
      mode: "secure",
      resource: "stake",
      bound: "between 1/3 and 2/3: none counts more than h + x/2",
      scale: STAKE_SCALE,
      safe: 9,
      broken: 20,
      holding: secureStake,
      play,
    }),
  ],
};
