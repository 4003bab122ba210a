import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as rules from "@aitbc-hybrid/protocol";
import { type Done, jobsOf, jobsOfStudy, Random, reportOf, runJob, type Study } from "../../src/index.ts";
import { type Played, type Run, type Seen, search, thresholdOf } from "../../src/study/threshold.ts";

const nameOf = ({ level, run }: Run): string => `${level} ${run}`;

/** Plays a search to its end; `order` chooses among the runs that are open which are done next. */
function played(
  range: Parameters<typeof search>[0],
  runs: number,
  succeeds: (level: number, run: number) => boolean,
  order: (open: readonly Run[]) => readonly Run[] = (open) => open,
): { readonly levels: readonly Played[]; readonly count: number } {
  const done = new Map<string, boolean>();
  const seen: Seen = (level, run) => done.get(nameOf({ level, run }));
  for (;;) {
    const { asked, finished } = search(range, runs, seen);
    assert.equal(new Set(asked.map(nameOf)).size, asked.length);
    const open = asked.filter((each) => !done.has(nameOf(each)));
    assert.equal(finished, open.length === 0);
    if (finished) {
      const levels = [...new Set(asked.map(({ level }) => level))].sort((a, b) => a - b);
      const of = (level: number) => asked.filter((each) => each.level === level);
      return {
        count: asked.length,
        levels: levels.map((level) => ({
          level,
          runs: of(level).length,
          succeeded: of(level).filter((each) => done.get(nameOf(each))).length,
        })),
      };
    }
    for (const { level, run } of order(open)) done.set(nameOf({ level, run }), succeeds(level, run));
  }
}

describe("the search for a threshold", () => {
  it("finds every threshold of every range, or none", () => {
    for (let most = 1; most <= 30; most++)
      for (let truth = 1; truth <= most + 1; truth++) {
        const { levels } = played({ most, safe: 1, broken: most }, 5, (level) => level >= truth);
        const { level, above, upTo } = thresholdOf(levels);
        const found = truth > most ? null : truth;
        assert.deepEqual([level, above, upTo], [found, truth - 1, found], `${truth} of ${most}`);
      }
  });

  it("plays few levels, and those at the threshold and the bounds more often", () => {
    const { levels, count } = played({ most: 29, safe: 9, broken: 20 }, 5, (level) => level >= 16);
    assert.deepEqual(
      levels.filter(({ runs }) => runs > 5).map(({ level, runs }) => [level, runs]),
      [9, 15, 16, 20].map((level) => [level, 20]),
    );
    assert.ok(levels.length <= 9 && count < 120, `${levels.length} levels, ${count} runs`);
  });

  it("asks for the same runs whatever the order in which they are done", () => {
    const random = new Random("order");
    const noisy = (level: number, run: number) => new Random(`${level} ${run}`).chance(level / 30);
    const range = { most: 29, safe: 5, broken: 25 };
    const straight = played(range, 4, noisy);
    for (let i = 0; i < 20; i++)
      assert.deepEqual(
        played(range, 4, noisy, (open) => random.shuffled([...open]).slice(0, random.whole(1, open.length))),
        straight,
      );
  });

  it("where success is a matter of chance, its interval holds the level at which it is even", () => {
    let held = 0;
    const tries = 200;
    for (let seed = 0; seed < tries; seed++) {
      const chance = (level: number) => 1 / (1 + Math.exp(-(level - 14.5) / 1.5));
      const { levels } = played({ most: 29, safe: 5, broken: 25 }, 5, (level, run) =>
        new Random(`${seed} ${level} ${run}`).chance(chance(level)),
      );
      const { above, upTo } = thresholdOf(levels);
      if (above < 14.5 && upTo !== null && upTo > 14.5) held++;
    }
    assert.ok(held >= 0.9 * tries, `${held} of ${tries}`);
  });
});

describe("a study of thresholds", () => {
  const study: Study = {
    kind: "attacks",
    seed: "threshold",
    options: { attacks: ["silent-leader"], modes: ["fast", "secure"], levels: "threshold", runs: 1 },
  };
  const provenance = { command: "command", seed: study.seed, version: "0" };

  /** Does jobs until there are none, at most `most` of them. */
  function work(results: Map<string, Done>, shard = { index: 1, count: 1 }, most = Number.POSITIVE_INFINITY) {
    for (let done = 0; done < most; done++) {
      const job = jobsOf(jobsOfStudy(study, results), shard).find(({ key }) => !results.has(key));
      if (job === undefined) return results;
      results.set(job.key, { key: job.key, result: runJob(job, { rules }) });
    }
    return results;
  }

  const whole = work(new Map());

  it("measures the bounds of silence", () => {
    const { data, failed, unfinished, html, csv } = reportOf(study, whole, provenance);
    assert.deepEqual([failed, unfinished], [[], 0]);
    assert.deepEqual(
      (data as { threshold: { level: number } }[]).map(({ threshold }) => threshold.level),
      [3, 10],
    );
    assert.match(html, /at the bound/);
    assert.doesNotMatch(html + csv, /NaN|undefined|Infinity/);
  });

  it("gives the same report when it was interrupted, and from shards", () => {
    const { html } = reportOf(study, whole, provenance);
    const broken = work(new Map(), undefined, 7);
    assert.equal(reportOf(study, broken, provenance).unfinished, 2);
    assert.equal(reportOf(study, work(new Map(broken)), provenance).html, html);
    const parts = [1, 2].map((index) => work(new Map(), { index, count: 2 }));
    assert.deepEqual(
      parts.map((part) => reportOf(study, part, provenance).unfinished),
      [1, 1],
    );
    const merged = new Map(parts.flatMap((part) => [...part]));
    assert.equal(merged.size, whole.size);
    assert.equal(reportOf(study, merged, provenance).html, html);
  });
});
