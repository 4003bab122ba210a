import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as rules from "@aitbc-hybrid/protocol";
import { type Done, jobsOfStudy, reportOf, runJob, type Study } from "../../src/index.ts";

const provenance = { command: "command", seed: "s", version: "0" };

/** Does every job of a study. */
function done(study: Study): Map<string, Done> {
  return new Map(
    jobsOfStudy(study).map((job) => [job.key, { key: job.key, result: runJob(job, { rules }) }]),
  );
}

const STUDIES: readonly Study[] = [
  {
    kind: "montecarlo",
    seed: "s",
    options: {
      modes: ["fast", "balanced", "secure"],
      draws: 20,
      plays: 0,
      authorities: 5,
      stakers: 5,
      pareto: 1.5,
    },
  },
  {
    kind: "agents",
    seed: "s",
    options: { runs: 2, sweep: true, set: { days: 40, delegators: 40, operators: 8 } },
  },
  {
    kind: "scale",
    seed: "s",
    options: { validators: [30, 110, 130], blocks: 1, runs: 2, place: "eu" },
  },
];

describe("studies", () => {
  for (const study of STUDIES) {
    it(`${study.kind}: jobs are named once, the report is whole and the same again`, () => {
      const jobs = jobsOfStudy(study);
      assert.equal(new Set(jobs.map(({ key }) => key)).size, jobs.length);
      const first = reportOf(study, done(study), provenance);
      assert.deepEqual([first.failed, first.unfinished], [[], 0]);
      assert.equal(reportOf(study, done(study), provenance).html, first.html);
      assert.match(first.html, /<svg /);
      assert.doesNotMatch(first.html, /NaN|undefined|Infinity/);
      assert.doesNotMatch(first.csv, /NaN|undefined/);
    });

    it(`${study.kind}: a part of the results gives a report that says so`, () => {
      const half = new Map([...done(study)].filter((_, at) => at % 2 === 0));
      const report = reportOf(study, half, provenance);
      assert.ok(report.unfinished > 0);
      assert.doesNotMatch(report.html, /NaN|undefined/);
    });
  }
});
