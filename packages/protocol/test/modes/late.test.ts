import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { validateBlock } from "../../src/block/index.ts";
import {
  DEVNET_PARAMS,
  hashBytes,
  type LateVote,
  lateRoot,
  type Mode,
  readyRoot,
  type SignalBody,
  signalRoot,
  type VoteBody,
} from "../../src/index.ts";
import { participation } from "../../src/modes/index.ts";
import { LocalNet, registryOf } from "../../src/testing/index.ts";
import { nullify, Solo } from "../support/solo.ts";

const DAY = 86_400_000;
const PARAMS = { ...DEVNET_PARAMS, rootLag: 2, voteWindow: 3 };
const REGISTRY = registryOf({
  authorities: [0n, 0n, 0n, 0n],
  stakers: [1_000n, 1_000n, 1_000n, 1_000n, 10n],
  standby: [8],
  params: PARAMS,
});
/** Seat 7 only follows: it is missing in every certificate of the tests. */
const balanced = (mode: Mode = "balanced") => new Solo({ registry: REGISTRY, mode, seat: 7 });

const signed = (solo: Solo, seat: number, body: VoteBody): LateVote => solo.signedVote(seat, body);
function signal(solo: Solo, seat: number, body: SignalBody): LateVote {
  const { epoch } = solo.state.epoch.start;
  const signature = solo.signature(seat, signalRoot(solo.domain, epoch, body));
  return { ...body, epoch, domain: solo.domain, seat, signature };
}

describe("late votes in blocks", () => {
  test("a signature missing from a carried certificate counts as carried", () => {
    const solo = balanced();
    const first = solo.finalize(1);
    const second = solo.finalize(2);
    solo.finalize(3, second, {
      lateVotes: [
        signed(solo, 7, solo.bodyOf("notarize", first)),
        // Its certificate comes with this very block.
        signed(solo, 7, solo.bodyOf("finalize", second)),
      ],
    });
    assert.equal(solo.state.tip.height, 3);
    solo.finalize(4);
    const { attendance } = solo.state.ledgered;
    assert.equal(attendance.blocks, 3);
    assert.deepEqual(attendance.missed, [0, 0, 0, 0, 0, 0, 0, 1, 0]);
  });

  test("what a late vote must not be makes its block invalid", () => {
    const solo = balanced();
    const first = solo.finalize(1);
    const second = solo.finalize(2);
    const missing = signed(solo, 7, solo.bodyOf("notarize", first));
    const why = (lateVotes: readonly LateVote[], view = 3): string | null => {
      const block = solo.build(view, second, { lateVotes });
      return validateBlock(solo.state, solo.state.epoch, block, solo.state.tip).invalid;
    };
    assert.equal(why([missing]), null);
    assert.equal(why([missing, missing]), "late vote carried twice");
    assert.equal(why([missing, signed(solo, 7, solo.bodyOf("finalize", first))]), "late vote carried twice");
    assert.equal(why([signed(solo, 5, solo.bodyOf("notarize", first))]), "late vote carried twice");
    assert.equal(why([signed(solo, 7, nullify(1))]), "late vote of no voter");
    assert.equal(why([signed(solo, 8, solo.bodyOf("notarize", first))]), "late vote of no voter");
    const other = { ...solo.bodyOf("notarize", first), blockHash: hashBytes(Uint8Array.of(1)) };
    assert.equal(why([signed(solo, 7, other)]), "late vote for no carried certificate");
    assert.equal(why([{ ...missing, epoch: 1 }]), "late vote of another domain");
    // Views 3 and 4 were skipped: view 1 is within three views of 4, not of 5.
    assert.equal(why([missing], 4), null);
    assert.equal(why([missing], 5), "late vote for no carried certificate");
  });

  test("READY: of a standby seat, once, for the day of the block or the one before", () => {
    const solo = balanced();
    solo.finalize(1);
    const today = Math.floor(solo.now / DAY);
    const ready = (seat: number, day: number) => signal(solo, seat, { kind: "ready", day });
    const why = (lateVotes: readonly LateVote[], stamp = solo.now + 500): string | null => {
      const block = solo.build(2, undefined, { lateVotes, stamp });
      return validateBlock(solo.state, solo.state.epoch, block, solo.state.tip).invalid;
    };
    assert.equal(why([ready(8, today)]), null);
    assert.equal(why([ready(8, today)], solo.now + DAY), null);
    assert.equal(why([ready(8, today)], solo.now + 2 * DAY), "READY of another day");
    assert.equal(why([ready(8, today + 1)]), "READY of another day");
    assert.equal(why([ready(7, today)]), "READY of no standby seat");
    assert.equal(why([ready(0, today)]), "READY of no standby seat");
    assert.equal(why([ready(8, today), ready(8, today)]), "READY carried twice");
    assert.equal(
      why([signal(solo, 1, { kind: "readiness", mode: "secure" })]),
      "READINESS for a mode that is not wanted",
    );
    solo.finalize(2, undefined, { lateVotes: [ready(8, today)] });
    assert.equal(participation(solo.state.epoch, solo.state.ledgered.attendance)[8]!.missed, 0);
  });

  test("a forged late vote is found with the proposal's other signatures, and the view nullified", () => {
    const solo = balanced();
    const first = solo.finalize(1);
    const second = solo.finalize(2);
    const forged = { ...signed(solo, 7, solo.bodyOf("notarize", first)), signature: new Uint8Array(96) };
    const block = solo.build(3, second, { lateVotes: [forged] });
    solo.now = block.header.stamp;
    solo.propose(block);
    assert.ok(solo.signed().includes("nullify 3"));
  });

  test("a signal's root is that of its kind", () => {
    const solo = balanced();
    const item = signal(solo, 8, { kind: "ready", day: 5 });
    assert.equal(lateRoot(item), readyRoot(solo.domain, 5));
  });
});

describe("leaders", () => {
  test("carry what came after the certificate: nobody is absent who voted, however slowly", () => {
    const registry = registryOf({
      authorities: [0n, 0n, 0n, 0n],
      stakers: [1_000n, 1_000n, 1_000n, 1_000n, 1_000n],
      params: { ...PARAMS, voteWindow: 64, epochLength: { fast: 30, balanced: 30, secure: 30 } },
    });
    // Votes of seat 3 arrive after four further blocks, those of seat 8 after the next.
    const slow = new Map([
      [3, 2_100],
      [8, 600],
    ]);
    const net = new LocalNet({
      registry,
      mode: "balanced",
      trace: true,
      delay: (from, _to, message) => (message.type === "vote" ? (slow.get(from) ?? 1) : 1),
    });
    assert.ok(net.run(net.now + 60_000, () => net.finals.every((chain) => chain.length >= 29)));
    const { attendance } = net.states[0]!.ledgered;
    assert.equal(attendance.blocks, 28);
    assert.ok(attendance.missed[3]! <= 8, `seat 3 missed ${attendance.missed[3]}`);
    assert.ok(attendance.missed[8]! <= 4, `seat 8 missed ${attendance.missed[8]}`);
    for (const seat of [0, 1, 2, 4, 5, 6, 7]) assert.ok(attendance.missed[seat]! <= 2);
    for (const { ledgered, tip } of net.states)
      if (tip.height === net.states[0]!.tip.height) assert.deepEqual(ledgered.attendance, attendance);
    assert.ok(net.traces.get("6: late votes carried")! > 0);
  });

  test("READY of a standby seat reaches the chain, whoever leads", () => {
    const net = new LocalNet({ registry: REGISTRY, mode: "balanced" });
    assert.ok(net.run(net.now + 60_000, () => net.finals.every((chain) => chain.length >= 9)));
    assert.ok(net.states.every((state) => state.ledgered.attendance.ready.has(8)));
  });
});
