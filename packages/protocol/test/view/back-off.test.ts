import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nullify } from "../support/solo.ts";
import { BLOCK_TIME, balanced, DELTA } from "../support/views.ts";

describe("rule 9: back-off", () => {
  test("Δ doubles with each term beyond two without a final view, up to the cap", () => {
    const solo = balanced({ skipViews: 0 });
    const patience = (view: number): number => {
      solo.give(solo.certificate(nullify(view - 1)));
      return solo.state.timers.lead - solo.now;
    };
    solo.wait(BLOCK_TIME);
    assert.deepEqual(
      [2, 3, 4, 5].map(patience),
      [2, 4, 8, 16].map((n) => n * DELTA),
    );
    assert.equal(patience(40), 2 * DELTA * 2 ** 6);
  });
});
