import { dropping } from "../adversaries/index.ts";
import type { Attack } from "./attack.ts";
import { livenessCases } from "./shares.ts";
import { everyCorrupt, playStall } from "./stage.ts";

/** Corrupt validators lead and notarize, and withhold only what would make blocks final. */
export const voteWithholding: Attack = {
  name: "vote-withholding",
  idea: "Corrupt validators propose and NOTARIZE by the rules and never send FINALIZE: blocks are certified, not final.",
  success: "no block becomes final any more",
  cases: livenessCases(({ society, promised }, modules) =>
    playStall(
      {
        society,
        promised,
        behaviours: everyCorrupt(society, () =>
          dropping(
            (_to, message) =>
              (message.type === "vote" && message.vote.kind === "finalize") ||
              (message.type === "certificate" && message.certificate.kind === "finalize"),
          ),
        ),
      },
      modules,
    ),
  ),
};
