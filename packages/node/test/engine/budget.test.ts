import assert from "node:assert/strict";
import { test } from "node:test";
import { PeerBudget } from "../../src/engine/budget.ts";

const spend = (budget: PeerBudget, peer: string, now: number, times: number): string[] =>
  Array.from({ length: times }, () => budget.spend(peer, now));

test("a burst is taken at once, what comes beyond is dropped, each peer by itself", () => {
  const budget = new PeerBudget({ burst: 3, rate: 0.1 });
  assert.deepEqual(spend(budget, "a", 0, 5), ["taken", "taken", "taken", "dropped", "dropped"]);
  assert.deepEqual(spend(budget, "b", 0, 1), ["taken"]);
});

test("in the long run the rate is taken, and never more than a burst is saved up", () => {
  const budget = new PeerBudget({ burst: 3, rate: 0.125 });
  spend(budget, "a", 0, 3);
  assert.deepEqual(spend(budget, "a", 4, 1), ["dropped"]);
  assert.deepEqual(spend(budget, "a", 16, 3), ["taken", "taken", "dropped"]);
  assert.deepEqual(spend(budget, "a", 10_000, 4), ["taken", "taken", "taken", "dropped"]);
});

test("a clock that is set back gives nothing and takes nothing", () => {
  const budget = new PeerBudget({ burst: 2, rate: 1 });
  assert.deepEqual(spend(budget, "a", 100, 2), ["taken", "taken"]);
  assert.deepEqual(spend(budget, "a", 50, 1), ["dropped"]);
  assert.deepEqual(spend(budget, "a", 51, 1), ["taken"]);
});

test("who has a whole burst dropped floods; a peer that came back begins anew", () => {
  const budget = new PeerBudget({ burst: 2, rate: 0.1 });
  assert.deepEqual(spend(budget, "a", 0, 4), ["taken", "taken", "dropped", "flood"]);
  assert.deepEqual(spend(budget, "b", 0, 2), ["taken", "taken"]);
  budget.forget("b");
  assert.deepEqual(spend(budget, "b", 0, 1), ["taken"]);
});
