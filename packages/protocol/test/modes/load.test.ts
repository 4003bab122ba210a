import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { DEFAULT_PARAMS } from "../../src/index.ts";
import {
  averaged,
  loadOf,
  nextCapacity,
  nextMultiplier,
  rateOf,
  steered,
  usedOf,
} from "../../src/modes/index.ts";

const { minBlockBytes, maxBlockBytes, targetLoad, capacityStep } = DEFAULT_PARAMS;
const arbLoad = fc.nat(1_000_000_000);
const arbCapacity = fc.integer({ min: minBlockBytes, max: maxBlockBytes });

describe("load (section 6)", () => {
  test("used over capacity, in whatever mode it was measured", () => {
    // Half of 2.2 MB in each of 100 blocks.
    assert.equal(loadOf(rateOf(110_000_000, 100, 500), 500, 2_200_000), 500_000);
    // The same stream of bytes fills a fifth of that in blocks five times as frequent.
    assert.equal(loadOf(rateOf(110_000_000, 100, 500), 100, 2_200_000), 100_000);
    assert.equal(loadOf(rateOf(110_000_000, 100, 500), 2_000, 2_200_000), 2_000_000);
    assert.equal(loadOf(0, 500, 2_200_000), 0);
  });

  test("a load in one mode is what it is in another, rescaled by block time and capacity", () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 31),
        fc.integer({ min: 1, max: 36_000 }),
        arbCapacity,
        (used, blocks, capacity) => {
          const rate = rateOf(used, blocks, 500);
          const direct = (used * 1_000_000) / (blocks * capacity);
          const load = loadOf(rate, 500, capacity);
          if (load < 1_000_000_000) assert.ok(Math.abs(load - direct) <= 1 + direct / 1e9);
          // Four times the block time, four times the load; rounding apart.
          const slow = loadOf(rate, 2_000, capacity);
          if (slow < 1_000_000_000) assert.ok(slow >= 4 * load && slow <= 4 * load + 4);
        },
      ),
    );
  });

  test("the average moves a quarter of the way", () => {
    assert.equal(averaged(400, 800), 500);
    assert.equal(averaged(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (old, latest) => {
        const mean = averaged(old, latest);
        assert.ok(mean >= Math.min(old, latest) && mean <= Math.max(old, latest));
      }),
    );
  });

  test("execution counts where it is more than the bytes", () => {
    assert.equal(usedOf(110, 21_000), 110);
    assert.equal(usedOf(110, 1_000_000), 5_000);
    assert.equal(usedOf(0, 1), 1);
    assert.equal(usedOf(0, 0), 0);
  });
});

describe("the controller of capacity and load multiplier (section 6)", () => {
  test("rests at the target, moves toward it, and by a step at most", () => {
    fc.assert(
      fc.property(arbCapacity, arbLoad, (value, load) => {
        const next = steered(value, load, DEFAULT_PARAMS);
        const most = Math.floor((value * capacityStep) / 1_000_000);
        assert.ok(Math.abs(next - value) <= most);
        if (load === targetLoad) assert.equal(next, value);
        if (load > targetLoad) assert.ok(next >= value);
        if (load < targetLoad) assert.ok(next <= value);
        if (load >= 2 * targetLoad) assert.equal(next, value + most);
      }),
    );
    assert.equal(steered(1_000_000, 0, DEFAULT_PARAMS), 875_000);
    assert.equal(steered(1_000_000, 2 * targetLoad, DEFAULT_PARAMS), 1_125_000);
  });

  test("stays within its bounds over any history, those of the next registry included", () => {
    const next = { ...DEFAULT_PARAMS, minBlockBytes: 700_000, maxBlockBytes: 900_000 };
    fc.assert(
      fc.property(fc.array(arbLoad, { maxLength: 60 }), (loads) => {
        let capacity = maxBlockBytes;
        let multiplier = 1_000_000;
        for (const load of loads) {
          capacity = nextCapacity(capacity, load, DEFAULT_PARAMS, DEFAULT_PARAMS);
          multiplier = nextMultiplier(multiplier, load, DEFAULT_PARAMS);
          assert.ok(capacity >= minBlockBytes && capacity <= maxBlockBytes);
          assert.ok(multiplier >= 500_000 && multiplier <= 2_000_000);
          const bounded = nextCapacity(capacity, load, DEFAULT_PARAMS, next);
          assert.ok(bounded >= 700_000 && bounded <= 900_000);
        }
      }),
    );
  });

  test("steady demand settles near the target, if the bounds allow it", () => {
    const demand = rateOf(700_000, 1, 500);
    let capacity = maxBlockBytes;
    for (let epoch = 0; epoch < 40; epoch++)
      capacity = nextCapacity(capacity, loadOf(demand, 500, capacity), DEFAULT_PARAMS, DEFAULT_PARAMS);
    const load = loadOf(demand, 500, capacity);
    assert.ok(Math.abs(load - targetLoad) < 5_000, `load ${load} with capacity ${capacity}`);
  });
});
