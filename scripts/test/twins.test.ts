import { deepEqual, equal, throws } from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { mergeTwins, type TwinsProgress, twinsParallel } from "@aitbc-hybrid/simulator";
import { faultsOf, figuresOf, keepProgress, optionsOf, PROFILES, progressIn } from "../twins.ts";

const nothing = mergeTwins([]);
const good = { ...nothing, disagreementsAboveBounds: { fast: 1, balanced: 2, secure: 3 } };

describe("a campaign of Twins", () => {
  test("takes a profile, seeds and shards", () => {
    const threads = availableParallelism();
    deepEqual(optionsOf([]), { first: 1, count: PROFILES.ci, threads, json: false, progress: null });
    deepEqual(optionsOf(["--profile", "nightly", "--json", "--threads", "3", "--progress", "far.json"]), {
      first: 1,
      count: PROFILES.nightly,
      threads: 3,
      json: true,
      progress: "far.json",
    });
    const shards = [1, 2, 3].map((shard) =>
      optionsOf(["--schedules", "10", "--seed", "7", "--shard", `${shard}/3`]),
    );
    deepEqual(
      shards.map((shard) => [shard?.first, shard?.count]),
      [
        [7, 3],
        [10, 3],
        [13, 4],
      ],
    );
    for (const wrong of [["--profile", "weekly"], ["--schedules", "0"], ["--shard", "3/2"], ["more"]])
      equal(optionsOf(wrong), undefined);
  });

  test("that was interrupted goes on to the same sum", async () => {
    const folder = mkdtempSync(join(tmpdir(), "twins-"));
    try {
      const file = join(folder, "progress.json");
      const options = { first: 1, count: 600, threads: 1, json: false, progress: file };
      equal(progressIn(file, options), undefined);
      const kept: TwinsProgress[] = [];
      const whole = await twinsParallel({ ...options, told: (progress) => kept.push(progress) });
      equal(kept.length, 3);
      keepProgress(file, options, kept[1]!);
      const from = progressIn(file, options)!;
      deepEqual(await twinsParallel({ ...options, from }), whole);
      throws(() => progressIn(file, { ...options, first: 2 }), /600 schedules from seed 1 on/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("fails if anything disagreed below the bounds, nothing above them, or something stalled", () => {
    deepEqual(faultsOf(good), []);
    equal(faultsOf(nothing).length, 3);
    for (const change of [{ disagreements: 1 }, { unconvicted: 1 }, { stalled: 1 }, { slashable: 1 }])
      equal(faultsOf({ ...good, ...change }).length, 1);
  });

  test("tells five figures", () => {
    deepEqual(Object.keys(figuresOf(good)), [
      "schedules",
      "disagreements",
      "disagreementsAboveBounds",
      "unconvicted",
      "stalled",
    ]);
  });
});
