import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type EpochStart, type Hash, handoverHash, hashBytes, hashOf, ZERO_HASH } from "../../src/index.ts";
import { at, balanced } from "../support/views.ts";

const OTHER: Hash = hashBytes(new Uint8Array([3]));

describe("what an epoch takes over", () => {
  test("its first header commits it, and no other but the last commits anything", () => {
    const solo = balanced();
    const { handover, start, lastHeight } = solo.state.epoch;
    assert.equal(handover, handoverHash(start));
    for (let height = 1, view = 1; height < lastHeight; height++, view++) {
      const block = solo.build(view);
      assert.equal(block.header.commitment, height === 1 ? handover : ZERO_HASH);
      solo.finalize(view);
    }
  });

  test("another commitment makes a block invalid, in the first and in any other", () => {
    for (const [height, commitment] of [
      [1, ZERO_HASH],
      [1, OTHER],
      [2, OTHER],
    ] as const) {
      const solo = balanced();
      if (height === 2) solo.finalize(1);
      const block = solo.build(height);
      const told = { ...block, header: { ...block.header, commitment } };
      at(solo, block.header.stamp);
      solo.propose(told);
      assert.deepEqual(solo.signed().slice(-1), [`nullify ${height}`]);
      assert.equal(solo.state.blocks.get(hashOf(told))?.invalid, "not what the epoch before handed over");
    }
  });

  test("everything in it counts", () => {
    const { start } = balanced().state.epoch;
    const { hybrid } = start;
    const [root] = start.roots;
    const others: Partial<EpochStart>[] = [
      { hybrid: { ...hybrid, modeWanted: "secure" } },
      { hybrid: { ...hybrid, resident: hybrid.resident + 1 } },
      { hybrid: { ...hybrid, capacity: hybrid.capacity + 1 } },
      { hybrid: { ...hybrid, rate: hybrid.rate + 1 } },
      { hybrid: { ...hybrid, multiplier: hybrid.multiplier + 1 } },
      { roots: [{ ...root!, stateRoot: OTHER }] },
      { roots: [{ ...root!, receiptsRoot: OTHER }] },
      { roots: [{ ...root!, handedOn: OTHER }] },
      { roots: [root!, root!] },
    ];
    const hashes = new Set(others.map((other) => handoverHash({ ...start, ...other })));
    assert.equal(hashes.size, others.length);
    assert.equal(hashes.has(handoverHash(start)), false);
    // What blocks used is counted anew in every epoch.
    assert.equal(handoverHash({ ...start, roots: [{ ...root!, used: 9, value: 9 }] }), handoverHash(start));
  });
});
