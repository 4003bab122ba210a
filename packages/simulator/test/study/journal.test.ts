import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import {
  Journal,
  JournalError,
  jobsOf,
  jobsOfStudy,
  reportOf,
  runJobs,
  type Study,
} from "../../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "study "));
after(() => rmSync(folder, { recursive: true }));

const study: Study = {
  kind: "attacks",
  seed: "journal",
  options: { attacks: ["silent-leader"], modes: ["secure"], levels: "bounds", runs: 3 },
};
const whole = { index: 1, count: 1 };
const provenance = { command: "command", seed: study.seed, version: "0" };

const play = async (journal: Journal, shard = whole, most = Number.POSITIVE_INFINITY): Promise<boolean> => {
  const abort = new AbortController();
  let done = 0;
  return runJobs(
    jobsOf(jobsOfStudy(journal.study), shard).filter(({ key }) => !journal.results.has(key)),
    {
      threads: 2,
      signal: abort.signal,
      onDone: (result) => {
        journal.append(result, shard);
        if (++done >= most) abort.abort();
      },
    },
  );
};

const htmlOf = (journal: Journal): string => reportOf(study, journal.results, provenance).html;

describe("a study's journal", () => {
  it("goes on where it was interrupted, past a torn line, to the same report as without a break", async () => {
    const straight = Journal.open(join(folder, "straight"), study);
    assert.equal(await play(straight), true);
    const file = join(folder, "broken");
    const first = Journal.open(file, study);
    assert.equal(await play(first, whole, 2), false);
    assert.equal(first.results.size, 2);
    appendFileSync(join(file, "runs.jsonl"), '{"key":"torn');
    const second = Journal.open(file, study);
    assert.equal(second.results.size, 2);
    assert.equal(await play(second), true);
    assert.equal(second.results.size, 6);
    assert.equal(Journal.existing(file).results.size, 6);
    assert.equal(htmlOf(second), htmlOf(straight));
  });

  it("puts shards together to the same report, each job in one shard only", async () => {
    const parts = [1, 2].map((index) => ({ index, count: 2 }));
    const journals = parts.map((shard) => Journal.open(join(folder, `part ${shard.index}`), study));
    for (const [at, shard] of parts.entries()) await play(journals[at]!, shard);
    assert.deepEqual(
      journals.map(({ results }) => results.size),
      [3, 3],
    );
    const merged = Journal.open(join(folder, "merged"), study);
    assert.deepEqual(
      journals.map((journal) => merged.merge(journal)),
      [3, 3],
    );
    assert.equal(merged.merge(journals[0]!), 0);
    const report = reportOf(study, merged.results, provenance);
    assert.equal(report.html, htmlOf(Journal.existing(join(folder, "straight"))));
    assert.deepEqual([report.failed, report.unfinished], [[], 0]);
  });

  it("refuses a folder with another study, and one with none", () => {
    assert.throws(
      () => Journal.open(join(folder, "straight"), { ...study, seed: "other" }),
      (error) => error instanceof JournalError && error.code === "OTHER_STUDY",
    );
    assert.throws(
      () => Journal.existing(folder),
      (error) => error instanceof JournalError && error.code === "NO_STUDY",
    );
  });

  it("writes one JSON line for each run", () => {
    const lines = readFileSync(join(folder, "straight", "runs.jsonl"), "utf8")
      .trim()
      .split("\n");
    assert.equal(lines.length, 6);
    for (const line of lines) assert.ok("result" in (JSON.parse(line) as object));
  });
});
