import { deepEqual, equal } from "node:assert/strict";
import { availableParallelism } from "node:os";
import { describe, test } from "node:test";
import { mergeTwins } from "@aitbc-hybrid/simulator";
import { faultsOf, figuresOf, optionsOf, PROFILES } from "../twins.ts";

const nothing = mergeTwins([]);
const good = { ...nothing, disagreementsAboveBounds: { fast: 1, balanced: 2, secure: 3 } };

describe("a campaign of Twins", () => {
  test("takes a profile, seeds and shards", () => {
    const threads = availableParallelism();
    deepEqual(optionsOf([]), { first: 1, count: PROFILES.ci, threads, json: false });
    deepEqual(optionsOf(["--profile", "nightly", "--json", "--threads", "3"]), {
      first: 1,
      count: PROFILES.nightly,
      threads: 3,
      json: true,
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
