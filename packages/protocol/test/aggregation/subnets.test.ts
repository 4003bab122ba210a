import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { electorate, hashBytes, isAggregated, SUBNET_SIZES, Subnets } from "../../src/index.ts";
import { registryOf } from "../../src/testing/index.ts";

const secure = (stakes: readonly bigint[], authorities = 4) =>
  electorate(
    registryOf({
      authorities: Array.from({ length: authorities }, () => 100n),
      stakers: stakes,
    }),
    "secure",
  );
const equal = (count: number) => secure(Array.from({ length: count }, () => 1_000n));
const seed = hashBytes(Uint8Array.of(1));

test("votes are aggregated above 100 voters", () => {
  assert.equal(isAggregated(equal(96)), false);
  assert.equal(isAggregated(equal(97)), true);
});

describe("subnets", () => {
  test("every voter belongs to one of nearly equal ones, nobody else to any", () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 250 }), fc.integer({ min: 4, max: 70 }), (stakers, voters) => {
        const registry = registryOf({
          authorities: [0n, 0n, 0n],
          stakers: Array.from({ length: stakers }, (_, i) => BigInt(1_000 + i)),
          suspended: [1],
        });
        const members = electorate(registry, "secure");
        const subnets = new Subnets(members, seed, { ...SUBNET_SIZES, voters });
        const all = subnets.voters.flat().sort((a, b) => a - b);
        const expected = registry.entries.map((_, seat) => seat).filter((seat) => members.voters[seat]);
        assert.deepEqual(all, expected);
        const sizes = subnets.voters.map(({ length }) => length);
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
        subnets.voters.forEach((list, subnet) => {
          for (const seat of list) assert.equal(subnets.of(seat), subnet);
        });
        assert.equal(subnets.of(1), -1);
        assert.equal(subnets.of(5_000), -1);
      }),
      { numRuns: 30 },
    );
  });

  test("have a size of about 64: fifteen for 1,000 voters, one for few", () => {
    assert.equal(new Subnets(equal(996), seed).count, 15);
    assert.equal(new Subnets(equal(20), seed).count, 1);
  });

  test("are drawn anew from another seed, and the same from the same", () => {
    const members = equal(200);
    const again = new Subnets(members, seed);
    const other = new Subnets(members, hashBytes(Uint8Array.of(2)));
    const first = new Subnets(members, seed);
    assert.deepEqual(first.voters, again.voters);
    assert.deepEqual(first.duties(7), again.duties(7));
    assert.notDeepEqual(first.voters, other.voters);
    assert.notDeepEqual(first.duties(7), other.duties(7));
    assert.notDeepEqual(first.duties(7), first.duties(8));
  });
});

describe("duties", () => {
  test("are different voters for each subnet and for collecting", () => {
    const members = equal(300);
    const subnets = new Subnets(members, seed);
    for (let view = 1; view <= 20; view++) {
      const { aggregators, collectors } = subnets.duties(view);
      assert.equal(aggregators.length, subnets.count);
      assert.equal(collectors.length, 8);
      for (const drawn of [...aggregators, collectors]) {
        assert.ok(drawn.length >= 5);
        assert.equal(new Set(drawn).size, drawn.length);
        assert.ok(drawn.every((seat) => members.voters[seat]));
      }
    }
  });

  test("fall on voters by their stake", () => {
    // One seat has a tenth of the stake: of five different ones it is one in about four of ten draws.
    const members = secure([...Array.from({ length: 200 }, () => 1_000n), 22_222n], 0);
    const subnets = new Subnets(members, seed);
    let drawn = 0;
    let draws = 0;
    for (let view = 1; view <= 300; view++) {
      for (const seats of subnets.duties(view).aggregators) {
        draws++;
        if (seats.includes(200)) drawn++;
      }
    }
    const share = drawn / draws;
    const expected = 1 - 0.9 ** 5;
    assert.ok(Math.abs(share - expected) < 0.06, `${share}`);
  });

  test("end when one seat has nearly all stake", () => {
    const subnets = new Subnets(secure([1n, 1n, 10n ** 15n], 0), seed);
    assert.ok(subnets.duties(1).collectors.length >= 1);
  });
});

describe("the mesh", () => {
  const members = equal(996);
  const subnets = new Subnets(members, seed);
  const seats = members.voters.map((_, seat) => seat);

  test("is the same from both ends, about eight neighbours wide, and reaches everybody in a few steps", () => {
    const widths = seats.map((seat) => {
      const neighbours = subnets.neighbours(5, seat);
      assert.ok(!neighbours.includes(seat));
      for (const other of neighbours) assert.ok(subnets.neighbours(5, other).includes(seat));
      return neighbours.length;
    });
    assert.ok(Math.abs(widths.reduce((sum, width) => sum + width, 0) / seats.length - 8) < 0.1);
    assert.ok(Math.min(...widths) >= 3 && Math.max(...widths) <= 24);
    let reached = new Set([0]);
    for (let step = 0; step < 6; step++)
      reached = new Set([...reached].flatMap((seat) => [seat, ...subnets.neighbours(5, seat)]));
    assert.equal(reached.size, seats.length);
  });

  test("is another one in each view, and of each seed; who does not vote is in none", () => {
    const other = new Subnets(members, hashBytes(Uint8Array.of(2)));
    assert.deepEqual(subnets.neighbours(5, 7), new Subnets(members, seed).neighbours(5, 7));
    assert.notDeepEqual(subnets.neighbours(5, 7), subnets.neighbours(6, 7));
    assert.notDeepEqual(subnets.neighbours(5, 7), other.neighbours(5, 7));
    assert.deepEqual(subnets.neighbours(5, 5_000), []);
  });
});
