import { twin } from "../adversaries/index.ts";
import type { Attack } from "./attack.ts";
import { agreementCases } from "./shares.ts";
import { everyCorrupt, playFork } from "./stage.ts";

/** Long enough for a leader on either side that reaches its whole side. */
const PARTITION = 3_000;

/** More than a third of every class runs twice under one key, once on each side of a partition. */
export const overThird: Attack = {
  name: "over-third",
  idea: "Corrupt keys run in two processes, one on each side of a partition that halves the honest validators.",
  success: "honest nodes hold different blocks final at one height",
  cases: agreementCases(({ society, promised }, modules) => {
    const { scenario, corrupt, left, right } = society;
    const divided = {
      ...scenario,
      twins: corrupt,
      faults: [
        { kind: "partition" as const, from: 1, to: PARTITION, groups: [[...left, ...corrupt], [...right]] },
      ],
    };
    return playFork(
      { society: { ...society, scenario: divided }, promised, behaviours: everyCorrupt(society, twin) },
      modules,
      PARTITION,
    );
  }),
};
