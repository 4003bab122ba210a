import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Block, DEVNET_PARAMS, type EpochStart, hashOf, type Params } from "../../src/index.ts";
import { noAttendance } from "../../src/modes/attendance.ts";
import { modesOf } from "../../src/modes/index.ts";
import { LocalNet, registryOf } from "../../src/testing/index.ts";
import { Solo } from "../support/solo.ts";

const every = (value: number) => ({ fast: value, balanced: value, secure: value });
const LENGTH = 6;
const LIMIT = 50_000;
/** Neither load nor votes want anything else than what is. */
const PARAMS: Params = {
  ...DEVNET_PARAMS,
  epochLength: every(LENGTH),
  checkpointInterval: every(3),
  blockTime: { fast: 100, balanced: 200, secure: 300 },
  delta: every(200),
  rootLag: 2,
  modeFloor: 0,
  residency: 1,
  fastEntryLoad: 0,
  secureAvailability: 0,
  valueLimit: LIMIT,
};

const registryWith = (change: Partial<Params>) =>
  registryOf({
    authorities: [0n, 0n, 0n, 0n],
    stakers: Array.from({ length: 5 }, () => 1_000n),
    params: { ...PARAMS, ...change },
  });

/** How epochs begin up to the given one, the same at every node, if so much moves up to each block. */
function play(
  value: (block: Block, valueFrom: number) => number,
  until: number,
  change: Partial<Params> = {},
): { starts: readonly EpochStart[]; from: ReadonlySet<number | null> } {
  const registry = registryWith(change);
  const starts = new Map<number, EpochStart>();
  const from = new Set<number | null>();
  const net = new LocalNet({
    registry,
    mode: "balanced",
    value,
    onEffect: (_node, effect) => {
      if (effect.type === "execute") from.add(effect.valueFrom);
      if (effect.type !== "epoch") return;
      const known = starts.get(effect.start.epoch);
      if (known !== undefined)
        assert.deepEqual({ ...effect.start, boundary: null }, { ...known, boundary: null });
      starts.set(effect.start.epoch, effect.start);
    },
  });
  assert.ok(net.run(net.now + 60_000, () => net.states.every((state) => state.epoch.start.epoch >= until)));
  return { starts: [...starts.values()], from };
}

const within = ({ header }: Block): number => ((header.height - 1) % LENGTH) + 1;
const modesIn = (starts: readonly EpochStart[]) => starts.map(({ mode }) => mode);

describe("value at stake (section 6)", () => {
  test("more than the limit in an epoch: Secure two epochs later, as long as that is so", () => {
    const { starts } = play(
      // In epochs 0 and 1 as much as may be moves, and a millionth more.
      (block) => (block.header.height <= 2 * LENGTH ? LIMIT + 1 : LIMIT),
      4,
    );
    assert.deepEqual(modesIn(starts).slice(0, 5), ["balanced", "balanced", "secure", "secure", "balanced"]);
    assert.deepEqual(
      starts.slice(1, 4).map(({ hybrid }) => hybrid.modeWanted),
      ["secure", "secure", "balanced"],
    );
  });

  test("what the last block but one left counts: not less before it, nor what the last block moves", () => {
    const at = (place: number) => play((block) => (within(block) >= place ? LIMIT + 1 : 0), 2).starts[1]!;
    assert.equal(at(LENGTH - 1).hybrid.modeWanted, "secure");
    assert.equal(at(LENGTH).hybrid.modeWanted, "balanced");
  });

  test("of what is not final yet the newest block's counts", () => {
    const solo = new Solo({ registry: registryWith({}), mode: "balanced" });
    for (let view = 1; view <= 3; view++) solo.finalize(view);
    let parent = solo.state.tip.hash;
    for (const [view, value] of [
      [4, 0],
      [5, LIMIT + 1],
    ] as const) {
      solo.value = value;
      const block = solo.build(view, parent);
      parent = hashOf(block);
      solo.propose(block);
      solo.give(solo.certificate(solo.bodyOf("notarize", parent)));
    }
    assert.equal(solo.state.tip.height, 3);
    const decided = modesOf(solo.state, solo.state.epoch, parent, noAttendance(9));
    assert.equal(decided?.modeWanted, "secure");
  });

  test("is looked at from an epoch's first block on, and only where there is a limit", () => {
    const limited = play(() => 0, 2);
    assert.deepEqual([...limited.from].slice(0, 2), [1, LENGTH + 1]);
    const unlimited = play(() => 1_000_000, 2, { valueLimit: 0 });
    assert.deepEqual([...unlimited.from], [null]);
    assert.ok(modesIn(unlimited.starts).every((mode) => mode === "balanced"));
  });
});
