import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { greatestCut, sealWeights } from "../src/index.ts";
import { RULES } from "./support/world.ts";

const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

describe("the cut", () => {
  it("is the greatest weight that is no more than the cap of what is left", () => {
    const stakes = fc.array(fc.bigInt({ min: 0n, max: 200n }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(stakes, fc.bigInt({ min: 1_000n, max: 330_000n }), (list, cap) => {
        const fits = (c: bigint) => c * 1_000_000n <= cap * sum(list.map((s) => least(s, c)));
        let slow = 0n;
        for (let c = 1n; c <= sum(list); c++) if (fits(c)) slow = c;
        assert.equal(greatestCut(list, cap), slow);
      }),
    );
  });

  it("is a tenth of equals, and what a whale comes to among them", () => {
    assert.equal(
      greatestCut(
        Array.from({ length: 20 }, () => 50n),
        100_000n,
      ),
      100n,
    );
    // 19 of 90 and a whale: c = (19·90 + c) / 10.
    assert.equal(greatestCut([...Array.from({ length: 19 }, () => 90n), 10_000n], 100_000n), 190n);
  });
});

describe("sealed weights", () => {
  const seat = fc.record({ weight: fc.bigInt({ min: 0n, max: 1_000_000n }), qualified: fc.boolean() });
  const live = fc.array(seat, { minLength: 1, maxLength: 60 });

  it("keep authorities within their joint share, everybody within the cut, and no more in Balanced than fit", () => {
    fc.assert(
      fc.property(live, fc.nat({ max: 20 }), fc.integer({ min: 1, max: 40 }), (seats, few, balancedSeats) => {
        const nAuth = Math.min(few, seats.length);
        const counting = seats.map((each) => ({ ...each, qualified: each.qualified && each.weight !== 0n }));
        const rules = { ...RULES.stake, balancedSeats };
        const sealed = sealWeights(counting, nAuth, rules);
        const stakers = [...sealed.backing].filter((s) => s >= nAuth);
        const stake = sum(stakers.map((s) => sealed.weights[s]!));
        assert.ok(sum(sealed.weights.slice(0, nAuth)) * 5n <= stake);
        assert.ok(stakers.length <= Math.max(0, balancedSeats - (nAuth - sealed.suspended.size)));
        for (const [s, weight] of sealed.weights.entries()) assert.ok(weight <= counting[s]!.weight);
        if (sealed.cut !== 0n) for (const weight of sealed.weights) assert.ok(weight <= sealed.cut);
        // Whoever was left out of Balanced is no heavier than who is in.
        const lightest = stakers.map((s) => counting[s]!.weight).reduce(least, 1n << 64n);
        const leftOut = counting.filter((each, s) => s >= nAuth && each.qualified && !sealed.backing.has(s));
        if (stakers.length > 0) for (const { weight } of leftOut) assert.ok(weight <= lightest);
        assert.equal(sealed.totalStake, sum(sealed.weights));
      }),
    );
  });
});
