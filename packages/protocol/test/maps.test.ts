import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ByView } from "../src/by-view.ts";
import { Growing } from "../src/growing.ts";

describe("maps that share what did not change", () => {
  test("a growing map: versions stay what they were, whichever of them grows", () => {
    const none = Growing.empty<number, string>();
    const one = none.with(1, "a");
    const two = one.with(2, "b");
    const other = one.with(2, "c").with(3, "d");
    assert.deepEqual([...none], []);
    assert.deepEqual([...one], [[1, "a"]]);
    assert.deepEqual(
      [...two],
      [
        [1, "a"],
        [2, "b"],
      ],
    );
    assert.deepEqual([...other.values()], ["a", "c", "d"]);
    assert.equal(one.has(2), false);
    assert.equal(one.get(2), undefined);
    assert.equal(two.get(2), "b");
    assert.deepEqual(
      [...two.with(1, "e")],
      [
        [1, "e"],
        [2, "b"],
      ],
    );
    assert.deepEqual([...two.keys()], [1, 2]);
    assert.deepEqual([...two.without(1)], [[2, "b"]]);
    assert.equal(two.without(9), two);
    assert.equal(two.size, 2);
  });

  test("a map by view: ascending, whatever the order of arrival; versions stay what they were", () => {
    const first = ByView.empty<string>().with(5, "e").with(2, "b").with(9, "i");
    const second = first.with(5, "E");
    assert.deepEqual(
      [...first],
      [
        [2, "b"],
        [5, "e"],
        [9, "i"],
      ],
    );
    assert.equal(second.get(5), "E");
    assert.equal(first.get(5), "e");
    assert.equal(first.get(4), undefined);
    assert.equal(first.has(9), true);
    assert.deepEqual([...first.from(3).keys()], [5, 9]);
    assert.equal(first.from(1), first);
    assert.equal(first.size, 3);
  });
});
