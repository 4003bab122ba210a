import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { binomialAbove, deviation, gini, meanInterval, nakamoto, wilson } from "../src/statistics.ts";

const close = (a: number, b: number, margin = 1e-9) =>
  assert.ok(Math.abs(a - b) < margin, `${a} is not ${b}`);

describe("statistics", () => {
  it("Wilson's interval solves (p - x)² = z² x (1 - x) / n at both ends", () => {
    for (const [hits, trials] of [
      [3, 10],
      [50, 100],
      [999, 1000],
    ] as const) {
      const z = 1.7;
      const { value, low, high } = wilson(hits, trials, z);
      for (const x of [low, high]) close((value - x) ** 2, (z * z * x * (1 - x)) / trials);
      assert.ok(low < value && value < high);
    }
  });

  it("Wilson's interval has known ends without successes: 0 and z² / (n + z²)", () => {
    const { low, high } = wilson(0, 20, 2);
    assert.equal(low, 0);
    close(high, 4 / 24);
    assert.deepEqual(wilson(0, 0), { value: 0, low: 0, high: 1 });
    assert.equal(wilson(7, 7).high, 1);
  });

  it("Gini: equal 0, one holder (n - 1) / n, two holders of 1 and 3 one quarter", () => {
    assert.equal(gini([5, 5, 5]), 0);
    close(gini([0, 0, 0, 1]), 3 / 4);
    close(gini([3, 1]), 1 / 4);
    assert.equal(gini([]), 0);
  });

  it("Gini of a Pareto distribution is 1 / (2a - 1)", () => {
    const a = 2;
    const n = 20_000;
    const holdings = Array.from({ length: n }, (_, i) => (1 - (i + 0.5) / n) ** (-1 / a));
    close(gini(holdings), 1 / (2 * a - 1), 5e-3);
  });

  it("Nakamoto coefficient counts the largest holders above the share", () => {
    assert.equal(nakamoto([1, 1, 1]), 2);
    assert.equal(nakamoto(Array.from({ length: 21 }, () => 1)), 8);
    assert.equal(nakamoto([10, 1, 1]), 1);
    assert.equal(nakamoto([4, 3, 2, 1], 2 / 3), 2);
  });

  it("binomial tails: a die thrown twice, and both ends", () => {
    close(binomialAbove(2, 1 / 6, 0), 11 / 36);
    close(binomialAbove(10, 0.5, 4), 1 - 386 / 1024);
    assert.equal(binomialAbove(5, 0.3, 5), 0);
    assert.equal(binomialAbove(5, 1, 4), 1);
  });

  it("deviation and the interval of a mean", () => {
    close(deviation([1, 3]), Math.SQRT2);
    const { value, low, high } = meanInterval([1, 3], 1);
    assert.deepEqual(
      [value, low, high].map((x) => Math.round(x * 1e9) / 1e9),
      [2, 1, 3],
    );
  });
});
