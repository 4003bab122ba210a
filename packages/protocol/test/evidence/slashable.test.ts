import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import fc from "fast-check";
import { slashable, type VoteBody } from "../../src/index.ts";
import { registryOf } from "../../src/testing/index.ts";
import { arbBody } from "../support/arbitraries.ts";
import { nullify, Solo } from "../support/solo.ts";

interface Case {
  readonly name: string;
  readonly termViews: number;
  readonly first: VoteBody;
  readonly second: VoteBody;
  readonly slashable: boolean;
}

const { cases }: { cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL("../../../../vectors/evidence/votes.json", import.meta.url), "utf8"),
);

describe("slashable pairs of votes (section 7)", () => {
  for (const { name, termViews, first, second, slashable: expected } of cases) {
    test(name, () => {
      assert.equal(slashable(first, second, termViews), expected);
      assert.equal(slashable(second, first, termViews), expected);
    });
  }

  test("the shared cases hold every row of the table, both ways", () => {
    const kinds = new Set(
      cases.map((each) => `${[each.first.kind, each.second.kind].sort().join("+")} ${each.slashable}`),
    );
    for (const pair of ["finalize+finalize", "finalize+notarize", "finalize+nullify", "notarize+notarize"])
      for (const verdict of [true, false]) assert.ok(kinds.has(`${pair} ${verdict}`), `${pair} ${verdict}`);
  });

  test("symmetric, and no vote contradicts itself", () => {
    fc.assert(
      fc.property(arbBody, arbBody, fc.integer({ min: 1, max: 8 }), (a, b, k) => {
        assert.equal(slashable(a, b, k), slashable(b, a, k));
        assert.equal(slashable(a, a, k), false);
      }),
    );
  });
});

const registry = registryOf({
  authorities: [0n, 0n, 0n, 0n],
  stakers: [1_000n, 1_000n, 1_000n, 1_000n, 1_000n],
});
const body = (kind: "notarize" | "finalize", view: number, digit: string): VoteBody => ({
  kind,
  view,
  parentView: 0,
  blockHash: `0x${digit.repeat(64)}`,
});

describe("detection", () => {
  const PAIRS: readonly (readonly [VoteBody, VoteBody])[] = [
    [body("notarize", 1, "a"), body("notarize", 1, "b")],
    [body("finalize", 1, "a"), body("finalize", 1, "b")],
    [body("notarize", 1, "a"), body("finalize", 1, "b")],
    [nullify(1), body("finalize", 1, "a")],
  ];
  for (const [first, second] of PAIRS) {
    test(`${first.kind} and ${second.kind} of one view are reported once, though no quorum ever checks them`, () => {
      const solo = new Solo({ registry, mode: "balanced" });
      const seat = solo.quorum().find((each) => each !== solo.leader(1))!;
      solo.vote(seat, first);
      solo.vote(seat, second, "somebody");
      solo.vote(seat, second, "somebody else");
      const [found, ...more] = solo.take("evidence");
      assert.deepEqual(more, []);
      const { evidence } = found!;
      assert.ok(evidence.what === "votes");
      assert.equal(evidence.seat, seat);
      assert.equal(evidence.validatorId, registry.entries[seat]!.validatorId);
      assert.ok(slashable(evidence.first, evidence.second, 1));
    });
  }

  test("a forged second vote is no evidence; its sender is banned", () => {
    const solo = new Solo({ registry, mode: "balanced" });
    const seat = solo.quorum()[0]!;
    solo.vote(seat, body("notarize", 1, "a"));
    const forged = { ...solo.signedVote(seat, body("notarize", 1, "b")), signature: new Uint8Array(96) };
    solo.message("mallory", { type: "vote", vote: forged });
    assert.deepEqual(solo.take("evidence"), []);
    assert.deepEqual(
      solo.take("ban").map((effect) => effect.peer),
      ["mallory"],
    );
  });

  test("NOTARIZE and NULLIFY of one view are no offence", () => {
    const solo = new Solo({ registry, mode: "balanced" });
    const seat = solo.quorum().find((each) => each !== solo.leader(1))!;
    solo.vote(seat, body("notarize", 1, "a"));
    solo.vote(seat, nullify(1));
    assert.deepEqual(solo.take("evidence"), []);
  });
});
