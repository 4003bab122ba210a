import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  electorate,
  firstOfTerm,
  genesisSeed,
  hashBytes,
  lastOfTerm,
  leaderSchedule,
  type Mode,
  type Registry,
  seedStep,
  termOf,
} from "../src/index.ts";
import { AWKWARD_REGISTRIES, registryOf } from "../src/testing/index.ts";

const DRAWS = 100_000;
const domain = hashBytes(new Uint8Array([1]));
const seed = genesisSeed(hashBytes(new Uint8Array([2])));

function counts(registry: Registry, mode: Mode): number[] {
  const leader = leaderSchedule(electorate(registry, mode), domain, seed);
  const drawn = registry.entries.map(() => 0);
  for (let term = 1; term <= DRAWS; term++) drawn[leader(term)]!++;
  return drawn;
}

/** Pearson's statistic against expected shares; cells without a share must be empty. */
function chiSquare(observed: readonly number[], shares: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < shares.length; i++) {
    const expected = shares[i]! * DRAWS;
    if (expected === 0) assert.equal(observed[i], 0);
    else sum += (observed[i]! - expected) ** 2 / expected;
  }
  return sum;
}

// Critical values of chi-square at 0.001; the draws are fixed, so a pass never turns into a failure.
const CRITICAL: Readonly<Record<number, number>> = { 1: 10.83, 3: 16.27, 7: 24.32, 10: 29.59, 20: 45.31 };

describe("leaders (section 5)", () => {
  test("Fast: authorities uniformly", () => {
    const registry = registryOf({ authorities: Array.from({ length: 21 }, () => 0n), stakers: [] });
    const uniform = registry.entries.map(() => 1 / 21);
    assert.ok(chiSquare(counts(registry, "fast"), uniform) < CRITICAL[20]!);
  });

  test("Balanced: seven terms of ten are an authority's, the others go by stake", () => {
    const registry = registryOf({
      authorities: [9_000n, 0n, 0n, 0n],
      stakers: [1_000n, 2_000n, 3_000n, 4_000n],
    });
    const drawn = counts(registry, "balanced");
    const byAuthorities = drawn.slice(0, 4).reduce((a, b) => a + b);
    assert.ok(chiSquare([byAuthorities, DRAWS - byAuthorities], [0.7, 0.3]) < CRITICAL[1]!);
    const shares = [0.175, 0.175, 0.175, 0.175, 0.03, 0.06, 0.09, 0.12];
    assert.ok(chiSquare(drawn, shares) < CRITICAL[7]!);
  });

  test("Secure: all by stake, an authority's counts too", () => {
    const registry = AWKWARD_REGISTRIES["authorities with much stake"]!;
    const total = 27_000;
    const shares = registry.entries.map((entry) => Number(entry.stake) / total);
    assert.ok(chiSquare(counts(registry, "secure"), shares) < CRITICAL[10]!);
  });

  test("an empty class leaves all terms to the other", () => {
    const none = counts(AWKWARD_REGISTRIES["no authorities"]!, "balanced");
    assert.equal(
      none.reduce((a, b) => a + b),
      DRAWS,
    );
    const stakers = counts(AWKWARD_REGISTRIES["no stakers"]!, "balanced");
    assert.ok(chiSquare(stakers, [0.25, 0.25, 0.25, 0.25]) < CRITICAL[3]!);
  });

  test("a suspended authority and a standby staker lead nothing", () => {
    assert.equal(counts(AWKWARD_REGISTRIES["a suspended authority"]!, "balanced")[1], 0);
    assert.deepEqual(counts(AWKWARD_REGISTRIES["standby stakers"]!, "balanced").slice(9), [0, 0, 0, 0]);
  });

  test("another seed gives another schedule", () => {
    const e = electorate(AWKWARD_REGISTRIES["exact thirds"]!, "balanced");
    const other = seedStep(seed, domain);
    const [a, b] = [leaderSchedule(e, domain, seed), leaderSchedule(e, domain, other)];
    const terms = Array.from({ length: 64 }, (_, i) => i + 1);
    assert.notDeepEqual(terms.map(a), terms.map(b));
    assert.deepEqual(terms.map(a), terms.map(leaderSchedule(e, domain, seed)));
  });

  test("terms: K views each, counted from 1", () => {
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5].map((view) => termOf(view, 1)),
      [0, 1, 2, 3, 4, 5],
    );
    assert.deepEqual(
      [0, 1, 4, 5, 8, 9].map((view) => termOf(view, 4)),
      [0, 1, 1, 2, 2, 3],
    );
    assert.deepEqual(
      [1, 4, 5].map((view) => lastOfTerm(view, 4)),
      [4, 4, 8],
    );
    assert.deepEqual(
      [1, 4, 5].map((view) => firstOfTerm(view, 4)),
      [1, 1, 5],
    );
  });
});
