import assert from "node:assert/strict";
import { test } from "node:test";
import { TokenBuckets } from "../src/limits.ts";

function setUp(perSecond: number, burst: number) {
  let now = 1_000_000;
  const buckets = new TokenBuckets({ perSecond, burst }, () => now);
  return {
    buckets,
    pass(ms: number): void {
      now += ms;
    },
  };
}

/** How many tokens a client gets at once. */
const drained = (buckets: TokenBuckets, client: string): number => {
  let taken = 0;
  while (buckets.take(client) === 0) taken++;
  return taken;
};

test("a client gets its burst at once, then what time brings, never more than the burst", () => {
  const { buckets, pass } = setUp(10, 5);
  assert.equal(drained(buckets, "a"), 5);
  assert.equal(buckets.take("a"), 100);
  pass(99);
  assert.equal(buckets.take("a"), 1);
  pass(1);
  assert.equal(drained(buckets, "a"), 1);
  pass(3_600_000);
  assert.equal(drained(buckets, "a"), 5);
});

test("one client's hurry is nobody else's", () => {
  const { buckets } = setUp(10, 5);
  assert.equal(drained(buckets, "a"), 5);
  assert.equal(drained(buckets, "b"), 5);
});

test("tokens that are reserved come one after the other", () => {
  const { buckets, pass } = setUp(10, 2);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => buckets.reserve("a")),
    [0, 0, 100, 200],
  );
  pass(150);
  assert.equal(buckets.reserve("a"), 150);
  assert.equal(buckets.take("a"), 250);
});

test("a clock that is set back gives and takes nothing", () => {
  const { buckets, pass } = setUp(10, 5);
  drained(buckets, "a");
  pass(-1_000_000);
  assert.equal(buckets.take("a"), 100);
  pass(100);
  assert.equal(buckets.take("a"), 0);
});

test("zero a second means no limit", () => {
  const { buckets } = setUp(0, 1);
  for (let i = 0; i < 1_000; i++) assert.equal(buckets.take("a"), 0);
  assert.equal(buckets.reserve("a"), 0);
});

test("among very many clients the one that was silent for longest is forgotten first", () => {
  const { buckets } = setUp(1, 1);
  for (const client of ["first", "second", "first"]) buckets.take(client);
  for (let i = 0; i < 9_999; i++) buckets.take(`${i}`);
  assert.equal(buckets.take("second"), 0);
  // The first one asked after the second: it is remembered until somebody more comes.
  assert.equal(buckets.take("0"), 1_000);
});
