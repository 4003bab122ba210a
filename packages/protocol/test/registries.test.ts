import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEVNET_PARAMS, type Hash, type Mode, modeIndex, type Params, type Registry } from "../src/index.ts";
import { LocalNet, registryOf } from "../src/testing/index.ts";

const every = (value: number) => ({ fast: value, balanced: value, secure: value });
/** Short epochs whose mode is never wanted to change. */
const PARAMS: Params = {
  ...DEVNET_PARAMS,
  epochLength: every(4),
  checkpointInterval: every(2),
  blockTime: every(100),
  delta: every(200),
  termViews: 1,
  rootLag: 2,
  fastEntryLoad: 0,
  fastExitLoad: 1_000_000_000,
  fastExitAvailability: 0,
  secureAvailability: 0,
};

/** Registries of a network that stays in `mode`. */
const registriesFor = (mode: Mode) => {
  const registry = (stakers: readonly bigint[], suspended: readonly number[] = []): Registry =>
    registryOf({
      authorities: [0n, 0n, 0n, 0n],
      stakers,
      suspended,
      params: { ...PARAMS, modeFloor: modeIndex(mode) },
    });
  return {
    three: registry([1_000n, 1_000n, 1_000n]),
    two: registry([1_000n, 1_000n, 0n]),
    nobody: registry([1_000n, 1_000n, 1_000n], [0, 1, 2, 3]),
    moved: registry([1_000n, 2_000n, 1_000n]),
  };
};

/** Registries of the epochs up to `last`, as they began at every node. */
function registriesOf(
  mode: Mode,
  first: Registry,
  candidates: (epoch: number) => Registry | null,
  last: number,
): { readonly roots: readonly Hash[]; readonly traced: boolean } {
  const roots: Hash[] = [];
  let traced = false;
  const net = new LocalNet({
    registry: first,
    mode,
    trace: true,
    candidates,
    onEffect: (_, effect) => {
      if (effect.type === "epoch") roots[effect.start.epoch] = effect.start.registry;
      if (effect.type === "trace" && effect.rule === "1: candidate without a quorum") traced = true;
    },
  });
  const reached = net.run(net.now + 60_000, () =>
    net.states.every((state) => state.epoch.start.epoch >= last),
  );
  assert.ok(reached, `epochs ${net.states.map((state) => [state.epoch.start.epoch, state.halted])}`);
  return { roots: roots.slice(0, last + 1), traced };
}

describe("candidates that no quorum could come from (section 1)", () => {
  test("Secure goes on with the registry before while fewer than three stakers are left", () => {
    const { three, two, moved } = registriesFor("secure");
    const { roots, traced } = registriesOf("secure", three, (epoch) => (epoch < 5 ? two : moved), 6);
    assert.deepEqual(
      roots.slice(1),
      [three, three, three, three, moved, moved].map(({ root }) => root),
    );
    assert.ok(traced);
  });

  test("Fast goes on with the registry before while every authority is suspended", () => {
    const { three, nobody, moved } = registriesFor("fast");
    const { roots } = registriesOf("fast", three, (epoch) => (epoch === 3 ? nobody : moved), 5);
    assert.deepEqual(
      roots.slice(1),
      [three, three, three, moved, moved].map(({ root }) => root),
    );
  });

  test("the mode at hand decides, not one that could come", () => {
    const { three, two } = registriesFor("balanced");
    const { roots, traced } = registriesOf("balanced", three, () => two, 4);
    assert.deepEqual(
      roots.slice(1),
      [three, three, two, two].map(({ root }) => root),
    );
    assert.ok(!traced);
  });

  test("an epoch's last block waits until the candidate is read, and then takes it", () => {
    const { three, moved } = registriesFor("secure");
    const readingTime = 3_000;
    const net = new LocalNet({ registry: three, mode: "secure", candidates: () => moved, readingTime });
    const began = net.now;
    assert.ok(net.run(began + 60_000, () => net.states.every((state) => state.epoch.start.epoch >= 3)));
    assert.ok(net.now - began > readingTime);
    assert.ok(net.states.every((state) => state.epoch.start.registry === moved.root));
  });
});
