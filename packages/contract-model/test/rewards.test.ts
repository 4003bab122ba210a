import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { budgetOf, COIN, GWEI, payOf, type Snapshot } from "../src/index.ts";
import { RULES } from "./support/world.ts";

const rules = RULES.rewards;
const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);

describe("an epoch's budget", () => {
  it("is half of the annual cap at a multiplier of one: the reward per block would be more", () => {
    const hour = 3_600_000;
    assert.equal(budgetOf(rules, 36_000, 1_000_000n, hour), (25_000_000n * COIN) / (365n * 24n));
    assert.equal(budgetOf(rules, 10, 500_000n, hour), 500n * COIN);
    assert.equal(budgetOf(rules, 36_000, 1_000_000n, 0), 0n);
  });
});

/** Two authorities (seats 0 and 1) and stakers; the last `standby` of them outside the voting set. */
function snapshotWith(weights: readonly bigint[], standby: number, idleStake = 0n): Snapshot {
  const seats = weights.map((_, seat) => seat);
  const backing = seats.slice(0, weights.length - standby);
  return {
    number: 1,
    epoch: 0,
    nAuth: 2,
    validators: seats.map((seat) => seat + 1),
    keys: seats.map((seat) => seat + 1),
    weights,
    suspended: new Set(),
    backing: new Set(backing),
    members: new Set(seats),
    totalStake: sum(weights),
    backingStake: sum(backing.map((seat) => weights[seat]!)),
    stakers: weights.length - 2,
    backingStakers: weights.length - 2 - standby,
    cut: 0n,
    idleStake,
    sealer: "",
    sealedAt: 0,
  };
}

const all = (n: number, missed = 0) => Array.from({ length: n }, () => ({ missed, proposed: 0 }));

describe("an epoch's pay", () => {
  it("goes 60 to 40 in Balanced, equally to authorities, by weight to stake, standby a tenth", () => {
    const snapshot = snapshotWith([0n, 0n, 300n, 100n, 1_000n], 1);
    const { authority, stakers } = payOf({
      mode: "balanced",
      snapshot,
      rules,
      budget: 1_000_000n * GWEI,
      views: 0,
      vector: all(5),
    });
    // 10 % are for proposers, 2 % for relayers.
    assert.deepEqual(authority, [264_000n, 264_000n]);
    assert.deepEqual(stakers, [0n, 0n, 237_600n, 79_200n, 35_200n]);
  });

  it("never pays standby stake more for a unit than voting stake", () => {
    const snapshot = snapshotWith([0n, 0n, 990n, 10n], 1);
    const { stakers } = payOf({
      mode: "balanced",
      snapshot,
      rules,
      budget: 1_000_000n * GWEI,
      views: 0,
      vector: all(4),
    });
    assert.deepEqual(stakers, [0n, 0n, 348_480n, 3_520n]);
  });

  it("withholds what was missed; nobody's absence pays anybody, and never more is paid than there is", () => {
    const shown = fc.record({ missed: fc.nat({ max: 65_535 }), proposed: fc.nat({ max: 20 }) });
    const seats = fc.array(fc.record({ weight: fc.bigInt({ min: 0n, max: 10_000n }), shown }), {
      minLength: 3,
      maxLength: 12,
    });
    fc.assert(
      fc.property(
        seats,
        fc.nat({ max: 3 }),
        fc.bigInt({ min: 0n, max: 10n ** 24n }),
        fc.constantFrom("fast", "balanced", "secure"),
        fc.nat(),
        (list, standby, budget, mode, who) => {
          const snapshot = snapshotWith(
            list.map(({ weight }) => weight),
            Math.min(standby, list.length - 2),
          );
          const input = { mode, snapshot, rules, budget, views: 30 } as const;
          const vector = list.map((each) => each.shown);
          const paid = payOf({ ...input, vector });
          assert.ok((sum(paid.authority) + sum(paid.stakers)) * GWEI <= budget);
          const seat = who % list.length;
          const worse = vector.map((each, s) => (s === seat ? { ...each, missed: 65_535 } : each));
          const after = payOf({ ...input, vector: worse });
          for (const s of list.keys()) {
            if (s === seat) continue;
            assert.equal(after.stakers[s], paid.stakers[s]);
            assert.equal(after.authority[s], paid.authority[s]);
          }
        },
      ),
    );
  });

  it("pays proposers per view of the epoch: excluding a rival's block pays nobody else", () => {
    const snapshot = snapshotWith([0n, 0n, 100n, 100n], 0);
    const pay = (proposed: readonly number[]) =>
      payOf({
        mode: "balanced",
        snapshot,
        rules,
        budget: 1_000_000n * GWEI,
        views: 10,
        vector: proposed.map((each) => ({ missed: 65_535, proposed: each })),
      });
    assert.deepEqual(pay([4, 0, 3, 3]).stakers, [0n, 0n, 30_000n, 30_000n]);
    assert.deepEqual(pay([4, 0, 3, 0]).stakers, [0n, 0n, 30_000n, 0n]);
    assert.deepEqual(pay([4, 0, 9, 9]).stakers, [0n, 0n, 60_000n, 0n]);
  });
});
