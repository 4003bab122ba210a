import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { executedVerdict } from "../../src/block/index.ts";
import {
  DEVNET_PARAMS,
  type EpochStart,
  type Hash,
  hashBytes,
  hashOf,
  type LateVote,
  MODES,
  type Mode,
  modeIndex,
  type Params,
  type Registry,
  restoreReplica,
  signalRoot,
  viewOf,
} from "../../src/index.ts";
import { firstHybrid, recoveredHybrid } from "../../src/modes/index.ts";
import { LocalNet, type LocalNetOptions, registryOf } from "../../src/testing/index.ts";
import { Solo } from "../support/solo.ts";

const every = (value: number) => ({ fast: value, balanced: value, secure: value });
const PARAMS: Params = {
  ...DEVNET_PARAMS,
  epochLength: every(6),
  checkpointInterval: every(3),
  blockTime: { fast: 100, balanced: 200, secure: 300 },
  delta: every(200),
  termViews: 2,
  rootLag: 2,
  modeFloor: 0,
  residency: 1,
  secureAvailability: 800_000,
};
/** Neither load nor votes want anything else than what is. */
const KEEP = {
  fastEntryLoad: 0,
  fastExitLoad: 1_000_000_000,
  fastExitAvailability: 0,
  secureAvailability: 0,
};

const registry = (change: Partial<Params> = {}, stakers = 5) =>
  registryOf({
    authorities: [0n, 0n, 0n, 0n],
    stakers: Array.from({ length: stakers }, () => 1_000n),
    params: { ...PARAMS, ...change },
  });

/** Plays until everybody is in `epoch`; how each epoch began, the same at every node. */
function play(options: LocalNetOptions, epoch: number, ms = 60_000): { net: LocalNet; starts: EpochStart[] } {
  const starts = new Map<number, EpochStart>();
  const net = new LocalNet({
    trace: true,
    ...options,
    onEffect: (node, effect, now) => {
      options.onEffect?.(node, effect, now);
      if (effect.type !== "epoch") return;
      const known = starts.get(effect.start.epoch);
      if (known !== undefined)
        assert.deepEqual({ ...effect.start, boundary: null }, { ...known, boundary: null });
      starts.set(effect.start.epoch, effect.start);
    },
  });
  const reached = net.run(net.now + ms, () => net.states.every((state) => state.epoch.start.epoch >= epoch));
  assert.ok(reached, `epochs ${net.states.map((state) => state.epoch.start.epoch)} of ${epoch}`);
  return { net, starts: [...starts.values()] };
}

const modes = (starts: readonly EpochStart[]): Mode[] => starts.map((start) => start.mode);

describe("switching modes (section 6)", () => {
  // Epoch 0 wants m_2; a registry sealed for epoch 3 asks for m_5 in its own last block.
  for (const from of MODES)
    for (const to of MODES) {
      if (from === to) continue;
      test(`${from} to ${to}: wanted in e, takes effect in e + 2`, () => {
        const change: Partial<Params> =
          to === "fast"
            ? {}
            : to === "secure"
              ? { ...KEEP, modeFloor: 2 }
              : { fastEntryLoad: 0, fastExitLoad: 1 };
        const { starts } = play(
          // Fast is left on load, entered without any.
          { registry: registry(change), mode: from, used: () => (to === "fast" ? 0 : 2_000_000) },
          3,
        );
        assert.deepEqual(modes(starts).slice(0, 4), [from, from, to, to]);
        assert.equal(starts[1]!.hybrid.modeWanted, to);
        assert.equal(starts[2]!.hybrid.resident, 1);
        assert.equal(starts[3]!.hybrid.resident, 2);
      });
    }

  test("a mode begins only with readiness of Q of its members: exact thirds are not enough", () => {
    // Secure: of 6,000 in stake more than 4,000, and of four authorities two.
    const large = registry({ ...KEEP, modeFloor: 2, epochLength: every(3), checkpointInterval: every(3) }, 6);
    const cases: readonly [Mode, readonly number[]][] = [
      ["balanced", []],
      ["balanced", [0, 1, 2, 3, 4, 5, 6, 7]],
      ["secure", [0, 1, 4, 5, 6, 7, 8]],
      ["balanced", [0, 4, 5, 6, 7, 8, 9]],
    ];
    for (const [expected, ready] of cases) {
      const solo = switchOne(large, "balanced", expected, (seat) => ready.includes(seat));
      assert.equal(solo.state.epoch.start.hybrid.modeWanted, "secure");
    }
  });

  test("a lost READINESS is said again until it is carried", () => {
    const lost = new Set<string>();
    const { starts } = play(
      {
        registry: registry({ ...KEEP, modeFloor: 2, epochLength: every(40) }),
        mode: "balanced",
        delay: (from, to, message) => {
          if (message.type !== "signal" || lost.has(`${from}>${to}`)) return 1;
          lost.add(`${from}>${to}`);
          return null;
        },
      },
      2,
    );
    assert.equal(starts[2]!.mode, "secure");
  });

  test("Secure is wanted where authorities are missing, Balanced again when they are back", () => {
    let highest = 0;
    const isMissing = () => highest < 4;
    const { starts } = play(
      {
        registry: registry({ fastEntryLoad: 0 }),
        mode: "balanced",
        // One authority of four does not vote: three are a quorum, and three quarters are too few to go on so.
        onEffect: (_node, effect) => {
          if (effect.type === "epoch") highest = effect.start.epoch;
        },
        delay: (from) => (from === 2 && isMissing() ? null : 1),
      },
      8,
      400_000,
    );
    assert.deepEqual(modes(starts).slice(0, 4), ["balanced", "balanced", "secure", "secure"]);
    assert.ok(modes(starts).slice(4).includes("balanced"));
  });

  test("residency holds a mode against a load that comes and goes", () => {
    const changes = (residency: number): number => {
      const { starts } = play(
        {
          registry: registry({ residency, fastExitLoad: 400_000, fastEntryLoad: 300_000 }),
          mode: "balanced",
          used: (block) => (Math.floor((block.header.height - 1) / 12) % 2 === 0 ? 0 : 2_000_000),
        },
        16,
        400_000,
      );
      const list = modes(starts);
      return list.filter((mode, at) => at > 0 && mode !== list[at - 1]).length;
    };
    const [loose, tight] = [changes(1), changes(6)];
    assert.ok(loose > tight, `${loose} changes with a residency of 1, ${tight} with 6`);
    assert.ok(tight <= 3);
  });

  test("capacity and load multiplier follow the load, and what they are is signed in the boundary", () => {
    const idle = play({ registry: registry(KEEP), mode: "balanced" }, 3);
    assert.deepEqual(idle.starts.map(({ hybrid }) => [hybrid.capacity, hybrid.multiplier]).slice(0, 3), [
      [2_200_000, 1_000_000],
      [1_925_000, 875_000],
      [1_684_375, 765_625],
    ]);
    const busy = play({ registry: registry(KEEP), mode: "balanced", used: () => 2_200_000 }, 3);
    assert.deepEqual(
      busy.starts.map(({ hybrid }) => hybrid.capacity).slice(0, 3),
      [2_200_000, 2_200_000, 2_200_000],
    );
    assert.ok(busy.starts[2]!.hybrid.multiplier > 1_200_000);
    const { certificate } = [...busy.net.backings.values()].find(
      (each) => each.certificate.epoch === 1 && each.commitment !== null,
    )!;
    assert.equal(
      certificate.checkpoint.boundary!.accounting.loadMultiplier,
      busy.starts[1]!.hybrid.multiplier,
    );
  });

  test("one block that the last block's vote must not depend on: its own outcome", () => {
    const seen: number[] = [];
    const { starts } = play(
      {
        registry: registry(KEEP),
        mode: "balanced",
        used: ({ header }) => {
          const last = header.height % 6 === 0;
          if (last) seen.push(header.height);
          return last ? 2_200_000 : 0;
        },
      },
      2,
    );
    assert.ok(seen.length > 0);
    assert.equal(starts[1]!.hybrid.rate, 0);
  });

  test("after a restart at any record the next epoch begins as it does for the others", () => {
    const options = { registry: registry({ ...KEEP, modeFloor: 2 }), mode: "balanced" as const };
    const { net } = play({ ...options, used: () => 500_000 }, 2);
    const records = net.records[1]!;
    const first = records.findIndex((record) => record.type === "epoch" && record.start.epoch === 1);
    const last = records.findIndex((record) => record.type === "epoch" && record.start.epoch === 2);
    const live = records[last]!;
    const { state } = restoreReplica(
      net.config(1),
      [...net.registries.values()],
      records.slice(first, last),
      net.now,
    );
    // All its final blocks and the boundary's backing are among the records: it hands over by itself.
    assert.equal(live.type, "epoch");
    if (live.type === "epoch") assert.deepEqual(state.epoch.start, live.start);
    for (let cut = first + 1; cut < last; cut++) {
      const restored = restoreReplica(
        net.config(1),
        [...net.registries.values()],
        records.slice(first, cut),
        net.now,
      );
      const { attendance, used } = restored.state.ledgered;
      assert.equal(used, 500_000 * Math.min(5, restored.state.tip.height - 6));
      assert.ok(attendance.blocks <= 5);
      assert.equal(viewOf(restored.state).halted, null);
    }
  });

  test("a last block that commits other modes than its epoch shows is invalid", () => {
    const solo = new Solo({ registry: registry({ fastEntryLoad: 0 }), mode: "balanced" });
    for (let view = 1; view <= 5; view++) solo.finalize(view);
    const verdict = (modeNext: Mode, modeWanted: Mode) =>
      executedVerdict(
        solo.state,
        solo.state.epoch,
        solo.build(6, undefined, { modes: { modeNext, modeWanted } }),
      );
    const right = solo.build(6).body.commitment!;
    for (const next of MODES)
      for (const wanted of MODES)
        assert.deepEqual(verdict(next, wanted), {
          invalid: next === right.modeNext && wanted === right.modeWanted ? null : "wrong modes",
        });
    assert.equal(right.modeNext, "balanced");
  });

  test("after recovery two epochs are Secure, and what was measured goes on", () => {
    const facts = {
      ...firstHybrid("fast", PARAMS),
      rate: 77,
      capacity: 600_000,
      multiplier: 1_500_000,
      resident: 5,
    };
    assert.deepEqual(recoveredHybrid(facts), {
      modeWanted: "secure",
      resident: 1,
      capacity: 600_000,
      rate: 77,
      multiplier: 1_000_000,
    });
  });
});

/** One replica among `seats`; the others are played: epoch 1 switches from `from` to `to`. */
function switchOne(
  large: Registry,
  from: Mode,
  to: Mode,
  isReady: (seat: number) => boolean = () => true,
): Solo {
  const solo = new Solo({ registry: large, mode: from, seat: null });
  const boundary = (): void => {
    const { epoch, ledgered, due } = solo.state;
    const { checkpoint } = due.at(-1)!;
    assert.equal(checkpoint.height, epoch.lastHeight);
    assert.equal(ledgered.lastDue.height, epoch.lastHeight);
    const backers = epoch.electorate.backers.flatMap((backs, seat) => (backs ? [seat] : []));
    solo.message("peer", { type: "checkpointCertificate", certificate: solo.backing(checkpoint, backers) });
  };
  for (let epoch = 0; epoch < 2; epoch++) {
    const { start } = solo.state.epoch;
    const wanted = start.hybrid.modeWanted;
    const lateVotes: LateVote[] = [];
    if (wanted !== start.mode) {
      const body = { kind: "readiness", mode: wanted } as const;
      const root = signalRoot(solo.domain, start.epoch, body);
      const members = new Solo({ registry: large, mode: wanted, seat: null }).state.epoch.electorate.voters;
      members.forEach((votes, seat) => {
        if (votes && isReady(seat))
          lateVotes.push({
            ...body,
            epoch: start.epoch,
            domain: solo.domain,
            seat,
            signature: solo.signature(seat, root),
          });
      });
    }
    for (let view = 1; view <= 3; view++) {
      const carried = view === 2 ? { lateVotes } : {};
      assert.equal(hashOf(solo.build(view, undefined, carried)), solo.finalize(view, undefined, carried));
    }
    boundary();
  }
  assert.equal(modeIndex(solo.state.epoch.start.mode), modeIndex(to));
  assert.equal(solo.state.epoch.start.epoch, 2);
  return solo;
}

describe("large registries", () => {
  for (const seats of [21, 100, 1_000]) {
    const authorities = seats === 21 ? 7 : 21;
    const standby: number[] = [];
    for (let seat = 100; seat < seats; seat++) standby.push(seat);
    const of = (modeFloor: number, change: Partial<Params>) =>
      registryOf({
        authorities: Array.from({ length: authorities }, (_, at) => BigInt(at)),
        stakers: Array.from({ length: seats - authorities }, (_, at) => BigInt(10_000 - 3 * at)),
        standby,
        params: { ...PARAMS, epochLength: every(3), checkpointInterval: every(3), modeFloor, ...change },
      });
    const cases: readonly [Mode, Mode, number, Partial<Params>][] = [
      ["balanced", "secure", 2, KEEP],
      ["secure", "fast", 0, {}],
      ["fast", "balanced", 1, KEEP],
    ];
    for (const [from, to, floor, change] of cases)
      test(`${seats} seats: ${from} to ${to}`, () => {
        const solo = switchOne(of(floor, change), from, to);
        const hash: Hash = hashBytes(new Uint8Array(1));
        assert.notEqual(solo.state.epoch.domain, hash);
        const voters = solo.state.epoch.electorate.voters.filter(Boolean).length;
        assert.equal(voters, to === "secure" ? seats : to === "fast" ? authorities : Math.min(seats, 100));
      });
  }
});
