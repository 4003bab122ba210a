import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  type Attendance,
  type Certificate,
  type CheckpointCertificate,
  hashBytes,
  type LateVote,
  toBitmap,
} from "../../src/index.ts";
import {
  authorityAvailability,
  noAttendance,
  participation,
  stakeParticipation,
  withCertificates,
  withLateVote,
} from "../../src/modes/index.ts";
import { registryOf } from "../../src/testing/index.ts";
import { Solo } from "../support/solo.ts";

/** Seats 0 to 3 are authorities (3 is suspended), 4 to 6 stakers of Balanced, 7 and 8 standby. */
const REGISTRY = registryOf({
  authorities: [0n, 0n, 0n, 0n],
  stakers: [1_000n, 2_000n, 3_000n, 500n, 500n],
  suspended: [3],
  standby: [7, 8],
});
const SEATS = 9;
const balanced = new Solo({ registry: REGISTRY, mode: "balanced", seat: null }).state.epoch;
const fast = new Solo({ registry: REGISTRY, mode: "fast", seat: null }).state.epoch;
const VOTERS = [0, 1, 2, 4, 5, 6];

const target = (view: number) => ({ parentView: view - 1, blockHash: hashBytes(Uint8Array.of(view)) });
const signature = new Uint8Array(96);

const carried = (
  view: number,
  seats: readonly number[],
  kind: Certificate["kind"] = "notarize",
): Certificate => ({
  kind,
  view,
  ...target(view),
  epoch: 0,
  domain: balanced.domain,
  bitmap: toBitmap(seats, SEATS),
  signature,
});
const late = (view: number, seat: number, kind: "notarize" | "finalize" = "notarize"): LateVote => ({
  kind,
  view,
  ...target(view),
  epoch: 0,
  domain: balanced.domain,
  seat,
  signature,
});

const start = () => noAttendance(SEATS);
const carry = (a: Attendance, view: number, ...certificates: Certificate[]) =>
  withCertificates(balanced, a, view, { certificates, backings: [], lateVotes: [] });

describe("attendance (section 6)", () => {
  test("a seat attended a block if its signature is carried, by certificate or late, NOTARIZE or FINALIZE", () => {
    const arbSeats = fc.subarray(VOTERS);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(arbSeats, arbSeats, arbSeats), { minLength: 1, maxLength: 12 }),
        (blocks) => {
          let a = start();
          const expected = new Array<number>(SEATS).fill(0);
          blocks.forEach(([first, second, third], at) => {
            const view = at + 1;
            a = carry(a, view + 1, carried(view, first, at % 2 === 0 ? "notarize" : "finalize"));
            // Carried twice counts once.
            for (const seat of second) a = withLateVote(a, late(view, seat));
            for (const seat of third) a = withLateVote(a, late(view, seat, "finalize"));
            const there = new Set([...first, ...second, ...third]);
            for (const seat of VOTERS) if (!there.has(seat)) expected[seat]!++;
          });
          assert.deepEqual(a.missed, expected);
          assert.equal(a.blocks, blocks.length);
          const vector = participation(balanced, a);
          for (const seat of VOTERS)
            assert.equal(vector[seat]!.missed, Math.ceil((65_535 * expected[seat]!) / blocks.length));
          const authorities = expected.slice(0, 3).reduce((sum, missed) => sum + blocks.length - missed, 0);
          assert.equal(
            authorityAvailability(balanced, a),
            Math.floor((1_000_000 * authorities) / (3 * blocks.length)),
          );
          const stakes = [1_000, 2_000, 3_000].map((s, i) => s * (blocks.length - expected[4 + i]!));
          assert.equal(
            stakeParticipation(balanced, a),
            Math.floor((1_000_000 * stakes.reduce((x, y) => x + y)) / (6_000 * blocks.length)),
          );
        },
      ),
    );
  });

  test("a late vote does not write into the certificate that a block carries", () => {
    const certificate = carried(1, [1, 2]);
    // A Buffer's slice shares its memory.
    const shared = { ...certificate, bitmap: Buffer.from(certificate.bitmap) };
    withLateVote(carry(start(), 2, shared), late(1, 4));
    assert.deepEqual([...shared.bitmap], [...certificate.bitmap]);
  });

  test("late votes come in any order; the certificate a block carries may get them in the same block", () => {
    const votes = [late(1, 4), late(1, 0), late(1, 6, "finalize")];
    const base = carry(start(), 2, carried(1, [1, 2]));
    const forward = votes.reduce(withLateVote, base);
    const backward = votes.toReversed().reduce(withLateVote, base);
    assert.deepEqual(forward, backward);
    assert.deepEqual(
      participation(balanced, forward)
        .map((seat) => seat.missed > 0)
        .slice(0, 7),
      [false, false, false, true, false, true, false],
    );
  });

  test("certificates older than the window are forgotten, their counts are not", () => {
    const old = carry(start(), 2, carried(1, [1, 2]));
    const window = REGISTRY.params.voteWindow;
    assert.equal(carry(old, 1 + window).window.length, 1);
    const later = carry(old, 2 + window);
    assert.equal(later.window.length, 0);
    assert.deepEqual(later.missed, old.missed);
  });

  test("nullifications are nobody's attendance, and of no block nobody missed anything", () => {
    const a = carry(start(), 3, carried(1, [0], "nullify"));
    assert.equal(a.blocks, 0);
    assert.equal(authorityAvailability(balanced, a), null);
    assert.equal(stakeParticipation(balanced, a), null);
    for (const seat of VOTERS) assert.equal(participation(balanced, a)[seat]!.missed, 0);
  });

  test("Fast: stakers of W are counted by backings, authorities by blocks", () => {
    const backing = (seats: number[]) =>
      ({ bitmap: toBitmap(seats, SEATS) }) as unknown as CheckpointCertificate;
    const a = withCertificates(fast, start(), 4, {
      certificates: [carried(1, [0, 1]), carried(2, [0, 1, 2])],
      backings: [backing([0, 1, 4]), backing([0, 1, 4, 5]), backing([0, 1, 4, 5])],
      lateVotes: [],
    });
    assert.deepEqual(
      participation(fast, a).map((seat) => seat.missed),
      [0, 0, 32_768, 65_535, 0, 21_845, 65_535, 65_535, 65_535],
    );
    assert.equal(stakeParticipation(fast, a), Math.floor((1_000_000 * (3 * 1_000 + 2 * 2_000)) / 18_000));
  });

  test("standby seats missed everything unless a READY of theirs is carried", () => {
    const ready: LateVote = { kind: "ready", day: 1, epoch: 0, domain: balanced.domain, seat: 7, signature };
    const vector = participation(balanced, withLateVote(start(), ready));
    assert.equal(vector[7]!.missed, 0);
    assert.equal(vector[8]!.missed, 65_535);
    assert.equal(vector[3]!.missed, 65_535);
  });
});
