import type { Done, Study } from "../study/index.ts";
import { attackReport } from "./attacks.ts";
import type { Provenance } from "./page.ts";
import type { Report } from "./report.ts";

export type { Provenance } from "./page.ts";
export type { Report } from "./report.ts";

/** The report of a study, from whatever of it is done; equal results give equal bytes. */
export function reportOf(study: Study, results: ReadonlyMap<string, Done>, provenance: Provenance): Report {
  switch (study.kind) {
    case "attacks":
      return attackReport(study, results, provenance);
    default:
      throw new Error(`there is no report on a study of kind ${study.kind}`);
  }
}
