import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { add, blindTo, MATTER, optionsOf, PROFILES } from "../invariants.ts";

const all = (tries: number, successes: number) =>
  Object.fromEntries(MATTER.map((name) => [name, { tries, successes }]));

describe("a campaign of invariants", () => {
  test("adds up what its parts did", () => {
    const one = { calls: 3, actions: { seal: { tries: 4, successes: 3 } }, failures: ["a"] };
    const other = {
      calls: 2,
      actions: { seal: { tries: 1, successes: 1 }, exit: one.actions.seal },
      failures: [],
    };
    deepEqual(add([one, other]), {
      calls: 5,
      actions: { seal: { tries: 5, successes: 4 }, exit: { tries: 4, successes: 3 } },
      failures: ["a"],
    });
  });

  test("is blind to what hardly ever succeeds, and to what it never tried", () => {
    deepEqual(blindTo({ calls: 0, actions: all(10, 2), failures: [] }), []);
    deepEqual(
      blindTo({ calls: 0, actions: { ...all(10, 2), exit: { tries: 11, successes: 2 } }, failures: [] }),
      ["exit"],
    );
    const { seal: _, ...others } = all(10, 2);
    deepEqual(blindTo({ calls: 0, actions: others, failures: [] }), ["seal"]);
  });

  test("takes a profile, and what differs from it", () => {
    deepEqual(optionsOf(["--json"]), { seed: 20_261_121, ...PROFILES.test, json: true });
    deepEqual(optionsOf(["--profile", "nightly", "--seed", "7"]), {
      seed: 7,
      ...PROFILES.nightly,
      json: false,
    });
    deepEqual(optionsOf(["--runs", "2", "--steps", "3"]), {
      seed: 20_261_121,
      runs: 2,
      steps: 3,
      json: false,
    });
    for (const wrong of [["--profile", "weekly"], ["--runs", "0"], ["--seed", "x"], ["more"]])
      equal(optionsOf(wrong), undefined);
  });
});
