import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { runTwins, type TwinsSummary, twinsParallel, twinsSchedule } from "../src/index.ts";

const SCHEDULES = 2000;

describe(`${SCHEDULES} schedules of Twins`, () => {
  let summary: TwinsSummary;
  before(async () => {
    summary = await twinsParallel({ first: 1, count: SCHEDULES, threads: 2 });
  });

  it("agree below the fault bounds, make progress after healing, and no honest key is slashable", () => {
    assert.deepEqual(summary.failed, []);
    assert.equal(summary.schedules, SCHEDULES);
    const { disagreements, stalled, slashable } = summary;
    assert.deepEqual({ disagreements, stalled, slashable }, { disagreements: 0, stalled: 0, slashable: 0 });
  });

  it("disagree above them in every mode, and more than a third is convicted each time", () => {
    for (const [mode, count] of Object.entries(summary.disagreementsAboveBounds))
      assert.ok(count > SCHEDULES / 100, `${mode}: ${count}`);
    assert.equal(summary.unconvicted, 0);
  });

  it("contain every mode and size, single keys and whole classes, final blocks and ends of epochs", () => {
    const wanted = [
      ...["fast", "balanced", "secure"].flatMap((mode) => [4, 5, 6, 7].map((n) => `${mode}, n = ${n}`)),
      "balanced, all authorities twice",
      "balanced, all stakers twice",
      "secure, all authorities twice",
      "with final blocks",
      "progress owed",
      "over an epoch's end",
    ];
    const rare = wanted.filter((kind) => (summary.kinds[kind] ?? 0) < SCHEDULES / 200);
    assert.deepEqual(rare, []);
  });

  it("are decided by their seed", () => {
    for (let seed = 1; seed <= 20; seed++)
      assert.deepEqual(runTwins(twinsSchedule(`${seed}`)), runTwins(twinsSchedule(`${seed}`)));
  });
});
