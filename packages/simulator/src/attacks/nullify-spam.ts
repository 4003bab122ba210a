import { ZERO_HASH } from "@aitbc-hybrid/protocol";
import type { Behaviour } from "../shell/index.ts";
import type { Attack } from "./attack.ts";
import { vote } from "./pact.ts";
import { livenessCases } from "./shares.ts";
import { everyCorrupt, playStall } from "./stage.ts";

const AHEAD = 3;

/** NULLIFY of this view and of the next ones in place of every other vote, to everybody. */
function spamming(): Behaviour {
  let last = -1;
  return {
    outgoing(wire, _to, message) {
      if (message.type !== "vote") return message.type === "certificate" ? [] : [message];
      const { epoch, domain, view } = message.vote;
      if (view <= last) return [];
      last = view;
      for (let u = view; u < view + AHEAD; u++) {
        const said = vote(wire, epoch, domain, {
          kind: "nullify",
          view: u,
          parentView: 0,
          blockHash: ZERO_HASH,
        });
        if (said !== null) for (const to of wire.peers) if (to !== wire.peer) wire.send(to, said);
      }
      return [];
    },
  };
}

/** Corrupt validators try to have every view skipped. */
export const nullifySpam: Attack = {
  name: "nullify-spam",
  idea: "Corrupt validators answer every view with NULLIFY of it and of the next two, and vote for nothing.",
  success: "no block becomes final any more",
  cases: livenessCases(({ society, promised }, modules) =>
    playStall({ society, promised, behaviours: everyCorrupt(society, spamming) }, modules),
  ),
};
