import type { Done, Study } from "../study/index.ts";
import { agentReport } from "./agents.ts";
import { attackReport } from "./attacks.ts";
import { monteCarloReport } from "./montecarlo.ts";
import type { Provenance } from "./page.ts";
import type { Report } from "./report.ts";
import { scaleReport } from "./scale.ts";

export type { Provenance } from "./page.ts";
export type { Report } from "./report.ts";

/** The report of a study, from whatever of it is done; equal results give equal bytes. */
export function reportOf(study: Study, results: ReadonlyMap<string, Done>, provenance: Provenance): Report {
  switch (study.kind) {
    case "attacks":
      return attackReport(study, results, provenance);
    case "montecarlo":
      return monteCarloReport(study, results, provenance);
    case "agents":
      return agentReport(study, results, provenance);
    case "scale":
      return scaleReport(study, results, provenance);
  }
}
