import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as rules from "@aitbc-hybrid/protocol";
import { drawCoalitions, playCoalition } from "../../src/montecarlo/index.ts";
import { binomialAbove, wilson } from "../../src/statistics.ts";

const DRAWS = 20_000;
/** So wide that one of the fixed draws in a hundred thousand would miss it. */
const Z = 4.4;

const holds = (hits: number, expected: number): void => {
  const { low, high } = wilson(hits, DRAWS, Z);
  assert.ok(low <= expected && expected <= high, `${hits} of ${DRAWS}, expected ${expected}`);
};

describe("coalitions drawn", () => {
  for (const p of [0.2, 0.35, 0.6]) {
    it(`Fast with 21 authorities at ${p}: the tails of a binomial distribution`, () => {
      const found = drawCoalitions(
        {
          mode: "fast",
          authorities: 21,
          stakers: 0,
          paretoExponent: 0,
          corruptAuthority: p,
          corruptStaker: 0,
          draws: DRAWS,
        },
        `fast ${p}`,
      );
      holds(found.fork, binomialAbove(21, p, 7));
      // 14 of 21 correct are exactly two thirds, which is not more.
      holds(found.stall, binomialAbove(21, p, 6));
      holds(found.forge, binomialAbove(21, p, 14));
    });
  }

  it("Balanced with equal stakes: a fork takes both tails, a stall one of them", () => {
    const [pa, ps] = [0.4, 0.35];
    const found = drawCoalitions(
      {
        mode: "balanced",
        authorities: 9,
        stakers: 15,
        paretoExponent: 0,
        corruptAuthority: pa,
        corruptStaker: ps,
        draws: DRAWS,
      },
      "balanced",
    );
    holds(found.fork, binomialAbove(9, pa, 3) * binomialAbove(15, ps, 5));
    holds(found.stall, 1 - (1 - binomialAbove(9, pa, 2)) * (1 - binomialAbove(15, ps, 4)));
  });
});

describe("coalitions played", () => {
  it("fork only above both bounds, and then some do", () => {
    let forked = 0;
    for (let seed = 0; seed < 8; seed++) {
      const high = playCoalition({ corruptAuthority: 0.55, corruptStaker: 0.55 }, `high ${seed}`, { rules });
      if (high.succeeded) {
        forked++;
        assert.ok(high.aboveBounds);
        assert.ok(3 * high.authorityShare > 1 && 3 * high.stakeShare > 1);
      }
      const low = playCoalition({ corruptAuthority: 0.1, corruptStaker: 0.9 }, `low ${seed}`, { rules });
      assert.equal(low.succeeded && !low.aboveBounds, false);
      assert.deepEqual(low.failures, []);
    }
    assert.ok(forked > 0);
  });
});
