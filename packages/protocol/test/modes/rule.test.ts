import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { DEFAULT_PARAMS, MODES, type Mode, modeIndex, type Params } from "../../src/index.ts";
import { type ModeInputs, wantedMode } from "../../src/modes/index.ts";

const inputs = (change: Partial<ModeInputs>): ModeInputs => ({
  base: "balanced",
  resident: 9,
  load: 500_000,
  availability: 1_000_000,
  value: 0,
  ...change,
});
const want = (change: Partial<ModeInputs>, params: Partial<Params> = {}): Mode =>
  wantedMode(inputs(change), { ...DEFAULT_PARAMS, ...params });

const arbInputs: fc.Arbitrary<ModeInputs> = fc.record({
  base: fc.constantFrom(...MODES),
  resident: fc.nat(4),
  load: fc.nat(2_000_000),
  availability: fc.option(fc.nat(1_000_000)),
  value: fc.nat(1_000_000),
});

describe("the wanted mode (section 6)", () => {
  test("thresholds: entry and exit of Fast, Secure below its availability", () => {
    assert.equal(want({ load: 299_999, availability: 900_001 }), "fast");
    assert.equal(want({ load: 300_000, availability: 900_001 }), "balanced");
    assert.equal(want({ load: 299_999, availability: 900_000 }), "balanced");
    assert.equal(want({ base: "fast", load: 900_000, availability: 850_000 }), "fast");
    assert.equal(want({ base: "fast", load: 900_001, availability: 850_000 }), "balanced");
    assert.equal(want({ base: "fast", load: 900_000, availability: 849_999 }), "balanced");
    for (const base of MODES) {
      assert.equal(want({ base, availability: 799_999 }), "secure");
      assert.notEqual(want({ base, availability: 800_000 }), "secure");
    }
    assert.equal(want({ base: "secure", load: 0 }), "fast");
    assert.equal(want({ base: "secure", load: 400_000 }), "balanced");
  });

  test("nothing is concluded from an epoch in which nothing was counted", () => {
    for (const base of MODES) assert.equal(want({ base, availability: null, load: 0 }), base);
  });

  test("the value at stake is looked at only where governance set a limit", () => {
    assert.equal(want({ value: 1_000_000 }), "balanced");
    assert.equal(want({ value: 50_000 }, { valueLimit: 50_000 }), "balanced");
    assert.equal(want({ value: 50_001 }, { valueLimit: 50_000 }), "secure");
    assert.equal(want({ value: 50_001, availability: null }, { valueLimit: 50_000 }), "secure");
  });

  test("a mode lasts its residency, whatever is measured; governance's floor waits for nothing", () => {
    fc.assert(
      fc.property(arbInputs, fc.integer({ min: 1, max: 4 }), fc.nat(2), (given, residency, modeFloor) => {
        const wanted = wantedMode(given, { ...DEFAULT_PARAMS, residency, modeFloor });
        assert.ok(modeIndex(wanted) >= modeFloor);
        if (given.resident < residency && modeIndex(given.base) >= modeFloor)
          assert.equal(wanted, given.base);
      }),
    );
  });

  test("what stays as it is switches at most once: entry and exit lie apart", () => {
    fc.assert(
      fc.property(arbInputs, fc.nat(2), (given, modeFloor) => {
        const params = { ...DEFAULT_PARAMS, modeFloor };
        const first = wantedMode({ ...given, resident: 9 }, params);
        const second = wantedMode({ ...given, base: first, resident: 9 }, params);
        assert.equal(second, first);
      }),
    );
  });
});
