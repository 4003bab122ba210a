import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { attempt, COIN, clone, delegate, requestUnbond, run } from "../src/index.ts";
import { started } from "./support/world.ts";

describe("a transaction", () => {
  it("leaves the state it was given as it was, whether it goes through or not", () => {
    const { state, at } = started([20_000, 20_000, 20_000]);
    const before = clone(state);
    const done = run(state, { from: "ann", at }, (tx) => delegate(tx, 1, 5n * COIN));
    assert.ok(done.ok);
    assert.notDeepEqual(done.state, before);
    assert.deepEqual(state, before);
    const refused = run(state, { from: "ann", at }, (tx) => {
      delegate(tx, 1, 5n * COIN);
      requestUnbond(tx, 1, COIN);
    });
    assert.deepEqual(refused, {
      ok: false,
      refused: { name: "StakingPoolUnauthorized", args: [1, "ann"] },
    });
    assert.deepEqual(state, before);
  });

  it("undoes a part that failed, and passes on what is no refusal", () => {
    const { state, at } = started([20_000, 20_000, 20_000]);
    const outcome = run(state, { from: "ann", at }, (tx) =>
      attempt(tx, () => {
        delegate(tx, 1, 5n * COIN);
        delegate(tx, 9, 5n * COIN);
      }),
    );
    assert.ok(outcome.ok);
    assert.deepEqual([outcome.value, outcome.events], [false, []]);
    assert.deepEqual(outcome.state, state);
    assert.throws(
      () =>
        run(state, { from: "ann", at }, () => {
          throw new TypeError("a bug");
        }),
      TypeError,
    );
  });
});
