import { behaviour } from "../adversaries/index.ts";
import type { Attack } from "./attack.ts";
import { livenessCases } from "./shares.ts";
import { everyCorrupt, playStall } from "./stage.ts";

/** Corrupt validators send nothing, as leaders or otherwise. */
export const silentLeader: Attack = {
  name: "silent-leader",
  idea: "Corrupt validators send nothing at all: their terms pass, and their votes are missing everywhere.",
  success: "no block becomes final any more",
  cases: livenessCases(({ society, promised }, modules) =>
    playStall({ society, promised, behaviours: everyCorrupt(society, () => behaviour("silent")) }, modules),
  ),
};
