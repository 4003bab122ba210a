import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { registryOf } from "@aitbc-hybrid/protocol/testing";
import { lastTermInTheLongRun, withholding } from "../src/index.ts";

const registry = registryOf({ authorities: [], stakers: Array.from({ length: 10 }, () => 1_000n) });
const coalition = (size: number) => new Set(Array.from({ length: size }, (_, seat) => seat));

describe("withholding outputs at the end of an epoch", () => {
  it("without a choice nothing is gained: a closed form, and p itself for one seed", () => {
    assert.equal(lastTermInTheLongRun(0), 0);
    // With the best of two for r = 1 and no more: x = p (1 - x) + (2p - p²) x, to first order.
    const p = 0.01;
    assert.ok(Math.abs(lastTermInTheLongRun(p) - p / (1 - p * (1 - p))) < 1e-5);
  });

  for (const size of [1, 3]) {
    const p = size / 10;
    it(`a coalition of ${size} in 10 leads the last term as often as the chain of best choices says`, () => {
      const epochs = 6_000;
      const { lastTerm } = withholding({
        registry,
        coalition: coalition(size),
        aim: "lastTerms",
        terms: 40,
        epochs,
        name: `again ${size}`,
      });
      const expected = lastTermInTheLongRun(p);
      // Five standard deviations, widened for epochs that depend on each other; the draws are fixed.
      const margin = 5 * Math.sqrt((2 * expected * (1 - expected)) / epochs);
      assert.ok(Math.abs(lastTerm - expected) < margin, `${lastTerm}, expected ${expected}`);
      assert.ok(expected > p);
    });
  }

  it("aimed at the share of terms it gains little, and pays with the terms it leaves out", () => {
    const { share, withheld } = withholding({
      registry,
      coalition: coalition(3),
      aim: "share",
      terms: 100,
      epochs: 1_500,
      name: "share",
    });
    assert.ok(share > 0.295 && share < 0.325, `${share}`);
    assert.ok(withheld > 0 && withheld < 0.01);
  });
});
