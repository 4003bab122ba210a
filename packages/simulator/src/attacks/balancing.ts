import type { Peer, Proposal } from "@aitbc-hybrid/protocol";
import { variant } from "../adversaries/index.ts";
import type { Behaviour } from "../shell/index.ts";
import type { Attack } from "./attack.ts";
import { isOwn, member, Pact } from "./pact.ts";
import { livenessCases } from "./shares.ts";
import type { Society } from "./society.ts";
import { everyCorrupt, playStall } from "./stage.ts";

/**
 * Leaders of the pact show each half another block in every view of theirs, and the pact lends each of the two its
 * NOTARIZE in that half only; it makes nothing final, and lets honest leaders wait.
 */
function balancing({ left, right }: Society) {
  const pact = new Pact();
  const peers = (validators: Iterable<number>): Set<Peer> => new Set([...validators].map((v) => `v${v}`));
  const halves = { left: peers(left), right: peers(right) };
  const pairs = new Map<string, readonly [Proposal, Proposal]>();
  const act: Behaviour = {
    outgoing(wire, to, message) {
      if (message.type === "vote" || message.type === "certificate") return [];
      if (message.type !== "proposal" || !isOwn(wire, message.proposal)) return [message];
      const { proposal } = message;
      const key = `${proposal.domain}${proposal.view}`;
      let pair = pairs.get(key);
      if (pair === undefined) {
        pair = [proposal, variant(wire, proposal)];
        pairs.set(key, pair);
        const [first, second] = pair;
        wire.later(10, () => {
          pact.support(first, halves.left, ["notarize"]);
          pact.support(second, halves.right, ["notarize"]);
        });
      }
      if (halves.right.has(to)) return [{ type: "proposal", proposal: pair[1] }];
      return [{ type: "proposal", proposal: pair[0] }];
    },
  };
  return { behaviour: () => member(pact, act), count: () => pairs.size };
}

/** Two branches are kept equally strong, so that neither is made final. */
export const balancingAttack: Attack = {
  name: "balancing",
  idea: "Corrupt leaders give each half another block and just enough NOTARIZE in that half, in every view of theirs; nothing is made final.",
  success: "no block becomes final any more",
  cases: livenessCases(({ society, promised }, modules) => {
    const { behaviour, count } = balancing(society);
    return playStall(
      {
        society,
        promised,
        behaviours: everyCorrupt(society, behaviour),
        measures: () => ({ equivocations: count() }),
      },
      modules,
    );
  }),
};
