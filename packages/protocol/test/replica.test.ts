import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  accountingHash,
  appendLeaf,
  checkpointRootOf,
  DEVNET_PARAMS,
  type Effect,
  EMPTY_RANGE,
  type Hash,
  hashBytes,
  type Input,
  type Mode,
  ParticipationCount,
  participationHash,
  type ReplicaState,
  rangeRoot,
  seedStep,
  step,
  viewOf,
} from "../src/index.ts";
import { AWKWARD_REGISTRIES, LocalNet, type LocalNetOptions, registryOf } from "../src/testing/index.ts";

const params = { ...DEVNET_PARAMS, rootLag: 2 };
const seven = (more: Partial<typeof params> = {}) =>
  registryOf({
    authorities: [0n, 0n, 0n, 0n],
    stakers: [1_000n, 1_000n, 1_000n],
    params: { ...params, ...more },
  });

function agree(net: LocalNet, heights: number): void {
  const [first, ...others] = net.finals;
  assert.ok(first!.length >= heights, `${first!.length} of ${heights} final`);
  for (const chain of others) assert.deepEqual(chain.slice(0, heights), first!.slice(0, heights));
}

const reach = (net: LocalNet, heights: number, ms = 300_000) =>
  net.run(net.now + ms, () => net.finals.every((chain) => chain.length >= heights));

/** Everything reachable from a value, frozen: a write into it throws. Maps and sets cannot be frozen, so they throw too. */
function deepFreeze(value: unknown, seen: Set<unknown>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Map || value instanceof Set) {
    for (const [key, item] of value.entries()) {
      deepFreeze(key, seen);
      deepFreeze(item, seen);
    }
    const refuse = (): never => {
      throw new Error("a state was written to");
    };
    for (const method of ["set", "add", "delete", "clear"])
      if (method in value) Object.defineProperty(value, method, { value: refuse, configurable: true });
    return;
  }
  if (ArrayBuffer.isView(value)) return;
  for (const item of Object.values(value)) deepFreeze(item, seen);
  Object.freeze(value);
}

describe("a network of replicas", () => {
  for (const mode of ["fast", "balanced", "secure"] as const) {
    test(`${mode}: finalizes across epochs, everybody the same`, () => {
      const net = new LocalNet({ registry: seven({ termViews: 1 }), mode });
      assert.ok(reach(net, 33));
      agree(net, 33);
      assert.ok(net.states.every((state) => state.epoch.start.epoch >= 3));
    });
  }

  for (const [name, registry] of Object.entries(AWKWARD_REGISTRIES)) {
    test(`Balanced with awkward weights: ${name}`, () => {
      const net = new LocalNet({ registry, mode: "balanced" });
      assert.ok(reach(net, 12));
      agree(net, 12);
    });
  }

  for (const termViews of [2, 3, 4]) {
    test(`Fast with terms of ${termViews} views over slow links runs ahead of notarization`, () => {
      const registry = seven({ termViews });
      const net = new LocalNet({ registry, mode: "fast", delay: () => 60, trace: true });
      assert.ok(reach(net, 25));
      agree(net, 25);
      assert.ok(net.traces.has("2: ahead in the term"));
    });
  }

  test("lost messages, then a synchronous phase: new blocks become final", () => {
    for (const [mode, termViews] of [
      ["balanced", 1],
      ["fast", 4],
    ] as const) {
      // Every third message is lost for good until the links heal.
      let count = 0;
      const healed = 1_000_000 + 60_000;
      const options: LocalNetOptions = {
        registry: seven({ termViews }),
        mode,
        delay: (_from, _to, _message, now) => (now < healed && ++count % 3 === 0 ? null : 5 + (count % 7)),
      };
      const net = new LocalNet(options);
      net.run(healed);
      const before = Math.max(...net.finals.map((chain) => chain.length));
      assert.ok(reach(net, before + 5), `${mode}: nothing final after the links healed`);
      agree(net, before + 5);
    }
  });

  test("a node that was cut off for epochs catches up by itself", () => {
    let cut = true;
    const net = new LocalNet({
      registry: registryOf({ authorities: [0n, 0n, 0n, 0n], stakers: [1n, 1n, 1n, 1n], params }),
      mode: "balanced",
      delay: (from, to) => (cut && (from === 7 || to === 7) ? null : 1),
      trace: true,
    });
    net.run(net.now + 30_000);
    assert.ok(net.finals[0]!.length > 30);
    assert.equal(net.finals[7]!.length, 0);
    cut = false;
    const target = net.finals[0]!.length + 5;
    assert.ok(reach(net, target));
    agree(net, target);
    assert.ok(net.traces.has("10: catching up"));
  });

  test("a node that was cut off within an epoch takes runs of final blocks, not block after block", () => {
    let cut = true;
    let singles = 0;
    const net = new LocalNet({
      registry: registryOf({
        authorities: [0n, 0n, 0n, 0n],
        stakers: [1n, 1n, 1n, 1n],
        params: { ...params, epochLength: { fast: 1_000, balanced: 1_000, secure: 1_000 } },
      }),
      mode: "balanced",
      delay: (from, to) => (cut && (from === 7 || to === 7) ? null : 20),
      onEffect: (_node, effect) => {
        if (effect.type !== "send" || effect.message.type !== "request") return;
        if (effect.message.request.what === "block") singles++;
      },
    });
    net.run(net.now + 120_000);
    const missed = net.finals[0]!.length;
    assert.ok(missed > 150);
    cut = false;
    const healed = net.now;
    assert.ok(net.run(healed + 5_000, () => net.finals[7]!.length >= missed));
    assert.ok(singles < 20, `${singles} blocks fetched one by one`);
    agree(net, missed);
  });

  test("a registry sealed at the last block's reference is handed over two epochs later", () => {
    const registry = seven();
    const other = registryOf({
      authorities: [0n, 0n, 0n, 0n],
      stakers: [1_000n, 1_001n, 1_000n],
      params,
    });
    const net = new LocalNet({
      registry,
      mode: "balanced",
      candidates: (epoch) => (epoch === 3 ? other : null),
    });
    const roots = new Map<number, Hash>();
    net.run(net.now + 120_000, () => {
      const { start } = net.states[0]!.epoch;
      roots.set(start.epoch, start.registry);
      return start.epoch >= 5;
    });
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5].map((epoch) => roots.get(epoch)),
      [registry, registry, registry, other, other, other].map((each) => each.root),
    );
  });

  test("a registry that comes late only delays the hand-over", () => {
    const registry = seven();
    const other = registryOf({ authorities: [0n, 0n, 0n, 0n], stakers: [5n, 5n, 5n], params });
    const net = new LocalNet({
      registry,
      mode: "balanced",
      candidates: (epoch) => (epoch === 3 ? other : null),
      onEffect: (_node, effect) => {
        if (effect.type === "epoch" && effect.start.epoch === 3)
          assert.equal(effect.registry.root, other.root);
      },
    });
    assert.ok(reach(net, 35));
  });
});

describe("checkpoints (section 8)", () => {
  const emitted: (Effect & { type: "backed" })[] = [];
  // Seat 3 is dead: some of its views are nullified. The interval does not divide the epoch.
  const watched = new LocalNet({
    registry: seven({ checkpointInterval: { fast: 4, balanced: 4, secure: 4 } }),
    mode: "balanced",
    delay: (from, to) => (from === 3 || to === 3 ? null : 1),
    onEffect: (node, effect) => {
      if (node === 0 && effect.type === "backed") emitted.push(effect);
    },
  });
  const final = watched.finals[0]!;
  watched.run(watched.now + 300_000, () => final.length >= 31);

  test("due every interval and at the epoch's end, one hash chain", () => {
    assert.deepEqual(
      emitted.map(({ certificate }) => certificate.checkpoint.height),
      [4, 8, 10, 14, 18, 20, 24, 28, 30].slice(0, emitted.length),
    );
    assert.ok(emitted.length >= 9);
    let previous = watched.states[0]!.genesisHash;
    for (const { certificate } of emitted) {
      assert.equal(certificate.checkpoint.previous, previous);
      previous = checkpointRootOf(certificate.domain, certificate.checkpoint);
    }
  });

  test("blocksRoot covers all block hashes since genesis", () => {
    let range = appendLeaf(EMPTY_RANGE, watched.states[0]!.genesisHash);
    const roots = watched.finals[0]!.map((hash) => {
      range = appendLeaf(range, hash);
      return rangeRoot(range);
    });
    for (const { certificate } of emitted)
      assert.equal(certificate.checkpoint.blocksRoot, roots[certificate.checkpoint.height - 1]);
  });

  test("the boundary commits registries, seed and the participation of its epoch alone", () => {
    const boundaries = emitted.filter((effect) => effect.commitment !== null);
    assert.deepEqual(
      boundaries.map(({ certificate }) => certificate.checkpoint.height),
      [10, 20, 30].slice(0, boundaries.length),
    );
    assert.ok(boundaries.length >= 3);
    let nullified = 0;
    for (const { certificate } of boundaries.slice(0, 4)) {
      let carried = 0;
      const { height, boundary, stamp, view } = certificate.checkpoint;
      const missed = [0, 0, 0, 0, 0, 0, 0];
      const proposed = [0, 0, 0, 0, 0, 0, 0];
      const blocks = watched.finals[0]!.slice(height - 10, height).map(
        (hash) => watched.stored.get(hash)!.block,
      );
      // The VRF output is the leader's, so its proof says who proposed: here the fake keys tell.
      const leader = leaderOf(watched, certificate.epoch);
      let seed = seedOf(watched, certificate.epoch);
      for (const { header, body } of blocks) {
        proposed[leader(header.view)]!++;
        seed = seedStep(seed, header.vrfOutput);
        for (const c of body.certificates) {
          if (c.kind === "nullify") {
            nullified++;
            continue;
          }
          carried++;
          for (let seat = 0; seat < 7; seat++) if (((c.bitmap[0]! >> seat) & 1) === 0) missed[seat]!++;
        }
        for (const item of body.lateVotes) {
          if (item.kind !== "ready" && item.kind !== "readiness") missed[item.seat]!--;
        }
      }
      assert.equal(boundary!.commitment.seedNext, seed);
      const vectorHash = participationHash(
        missed.map((count, seat) => ({
          missed: Math.ceil((65_535 * count) / carried),
          proposed: proposed[seat]!,
        })),
      );
      const again = new ParticipationCount(
        watched.options.registry,
        "balanced",
        certificate.domain,
        seedOf(watched, certificate.epoch),
      );
      for (const block of blocks) again.add(block);
      assert.equal(hashBytes(again.vector()), vectorHash);
      const accounting = {
        epoch: certificate.epoch,
        views: view,
        stamp,
        // Nothing was ordered: an eighth less with each epoch.
        loadMultiplier: [1_000_000, 875_000, 765_625, 669_921][certificate.epoch]!,
        vectorHash,
      };
      assert.equal(accountingHash(boundary!.accounting), accountingHash(accounting));
    }
    assert.ok(nullified > 0);
  });

  test("Fast: the stake backs what the authorities finalize; without it no epoch ends", () => {
    const withoutStake = new LocalNet({
      registry: seven({ termViews: 1 }),
      mode: "fast",
      delay: (from, to) => (from >= 4 || to >= 4 ? null : 1),
    });
    assert.equal(reach(withoutStake, 11, 30_000), false);
    assert.equal(withoutStake.finals[0]!.length, 10);
    assert.equal(viewOf(withoutStake.states[0]!).backedHeight, 0);
  });

  test("votes that were lost are repeated until the checkpoint is backed", () => {
    let lossy = true;
    const lossyNet = new LocalNet({
      registry: seven(),
      mode: "balanced",
      delay: (_from, _to, message) => (lossy && message.type === "checkpointVote" ? null : 1),
    });
    assert.equal(reach(lossyNet, 11, 30_000), false);
    assert.ok(lossyNet.finals.every((chain) => chain.length === 10));
    lossy = false;
    assert.ok(reach(lossyNet, 12));
  });
});

const starts = new WeakMap<LocalNet, Map<number, { seed: Hash; leader: (view: number) => number }>>();

/** What a run's first node began its epochs with. */
function epochs(net: LocalNet) {
  let known = starts.get(net);
  if (known === undefined) {
    known = new Map();
    const replay = new LocalNet({
      ...net.options,
      onStep: (node, state) => {
        if (node === 0)
          known!.set(state.epoch.start.epoch, { seed: state.epoch.start.seed, leader: state.epoch.leader });
      },
    });
    replay.run(replay.now + 300_000, () => replay.finals[0]!.length >= 31);
    starts.set(net, known);
  }
  return known;
}
const leaderOf = (net: LocalNet, epoch: number) => epochs(net).get(epoch)!.leader;
const seedOf = (net: LocalNet, epoch: number) => epochs(net).get(epoch)!.seed;

describe("purity", () => {
  test("no step changes the state it is given", () => {
    const seen = new Set<unknown>();
    const net = new LocalNet({
      registry: seven(),
      mode: "balanced",
      delay: (from, to) => 1 + ((from * 7 + to) % 40),
      onStep: (_node, state) => deepFreeze(state, seen),
    });
    assert.ok(reach(net, 12));
  });

  test("the same inputs give the same states' views and the same effects", () => {
    const inputs: { state: ReplicaState; input: Input; effects: readonly Effect[] }[] = [];
    const net = new LocalNet({
      registry: seven({ termViews: 2 }),
      mode: "fast",
      onStep: (_node, state, input) => {
        inputs.push({ state, input, effects: step(state, input).effects });
      },
    });
    reach(net, 11);
    for (const { state, input, effects } of inputs) assert.deepEqual(step(state, input).effects, effects);
  });

  test("two runs of one network are one trace", () => {
    const trace = (mode: Mode): string[] => {
      const lines: string[] = [];
      const net = new LocalNet({
        registry: seven(),
        mode,
        trace: true,
        delay: (from, to, _message, now) =>
          (from * 31 + to * 17 + now) % 23 === 0 ? null : 1 + ((from + to) % 9),
        onEffect: (node, effect, now) => {
          lines.push(`${now} ${node} ${effect.type} ${effect.type === "trace" ? effect.rule : ""}`);
        },
      });
      reach(net, 22);
      return [...lines, ...net.finals[0]!];
    };
    assert.deepEqual(trace("balanced"), trace("balanced"));
  });
});
