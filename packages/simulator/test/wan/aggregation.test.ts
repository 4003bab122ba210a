import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { electorate, hasSeat, Subnets } from "@aitbc-hybrid/protocol";
import { FREE } from "../../src/wan/costs.ts";
import { secureLatency } from "../../src/wan/measure.ts";
import { IDEAL_LINE, type WanOptions, WanWorld } from "../../src/wan/world.ts";

/** 130 voters, who pass on everything to everybody; messages take `way` ms and nothing else any time. */
const ideal = (way: number, options: Partial<WanOptions> = {}): WanWorld =>
  new WanWorld({
    seed: "ideal",
    mode: "secure",
    authorities: 21,
    stakers: 109,
    place: way,
    line: IDEAL_LINE,
    costs: FREE,
    clockError: 0,
    flood: true,
    ...options,
  });

test("through aggregators a block is final after seven ways: its own, and three for each of both votes", () => {
  const world = ideal(40);
  world.runTo(4, 60_000);
  assert.deepEqual(world.surprises, []);
  const all = world.latencies(1, 4);
  assert.equal(all.length, 4 * 130);
  // Those who make the certificate have it a way before all others.
  assert.deepEqual([...new Set(all)], [6 * 40, 7 * 40]);
});

test("a subnet whose aggregators are all idle is heard through the next view's", () => {
  const world = ideal(40, {
    idle: new Set(Array.from({ length: 130 }, (_, i) => i).filter((i) => i % 3 !== 0)),
  });
  world.runTo(4, 60_000);
  assert.deepEqual(world.surprises, []);
  assert.ok(world.latencies(1, 4).at(-1)! < 5_000);
});

test("where nobody aggregates votes go to everybody, and blocks are final all the same", () => {
  const world = ideal(40, { idle: new Set(Array.from({ length: 130 }, (_, i) => i)) });
  world.runTo(3, 60_000);
  assert.deepEqual(world.surprises, []);
  // t_agg passes four times for each of both votes.
  const delta = world.registry.params.delta.secure;
  assert.ok(world.latencies(1, 3)[0]! > 4 * delta);
});

test("whose votes come too late for certificates is found to have been there all the same", () => {
  // Both votes of a slow one take a third of a second more than the others'.
  const world = new WanWorld({
    seed: "late",
    mode: "secure",
    authorities: 21,
    stakers: 109,
    place: 20,
    line: IDEAL_LINE,
    costs: FREE,
    clockError: 0,
    slow: new Map([[100, 400]]),
  });
  world.runTo(20, 120_000);
  assert.deepEqual(world.surprises, []);
  const named = { certificates: 0, late: 0 };
  for (const { block, final } of world.blocks.values()) {
    if (final.length === 0) continue;
    const { certificates, lateVotes } = block.body;
    named.certificates += certificates.filter(({ bitmap }) => hasSeat(bitmap, 100)).length;
    named.late += lateVotes.filter(({ seat }) => seat === 100).length;
  }
  assert.ok(named.certificates < 5, `${named.certificates}`);
  assert.ok(named.late > 12, `${named.late}`);
});

describe("a thousand validators around the globe", () => {
  test("finalize within 5 s, at less than 2 MB of votes a second, with a third of the aggregators silent", () => {
    const { p99, voteTraffic, blocksPerSecond } = secureLatency({
      seeds: ["thousand"],
      place: "global",
      blocks: 2,
      idleShare: 1 / 3,
    });
    assert.ok(p99 < 5_000, `${p99}`);
    assert.ok(voteTraffic < 2e6, `${voteTraffic}`);
    assert.ok(blocksPerSecond > 0.45, `${blocksPerSecond}`);
  });
});

test("aggregators are drawn by stake: a third of the stake is about a third of them", () => {
  const world = ideal(1);
  const members = electorate(world.registry, "secure");
  const subnets = new Subnets(members, world.registry.root);
  const third = new Set<number>();
  let stake = 0n;
  for (let seat = 0; 3n * stake < members.stake; seat++) {
    third.add(seat);
    stake += world.registry.entries[seat]!.stake;
  }
  let inThird = 0;
  let drawn = 0;
  for (let view = 1; view <= 200; view++) {
    for (const seat of subnets.duties(view).aggregators.flat()) {
      drawn++;
      if (third.has(seat)) inThird++;
    }
  }
  assert.ok(Math.abs(inThird / drawn - 1 / 3) < 0.05, `${inThird / drawn}`);
});
