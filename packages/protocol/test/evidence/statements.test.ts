import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import {
  type Checkpoint,
  checkpointRootOf,
  checkpointsSlashable,
  type Hash,
  hashOf,
  restartRoot,
  restartSlashable,
  restoreReplica,
  type StatementEvidence,
  slashable,
  type VoteBody,
} from "../../src/index.ts";
import { registryOf } from "../../src/testing/index.ts";
import { nullify, Solo } from "../support/solo.ts";

const shared = <T>(name: string): readonly T[] =>
  JSON.parse(readFileSync(new URL(`../../../../vectors/evidence/${name}`, import.meta.url), "utf8")).cases;

describe("shared cases (section 7)", () => {
  type Signed = VoteBody & { readonly signers: readonly number[] };
  for (const { name, termViews, first, second, convicted } of shared<{
    name: string;
    termViews: number;
    first: Signed;
    second: Signed;
    convicted: readonly number[];
  }>("certificates.json")) {
    test(name, () => {
      for (const [a, b] of [
        [first, second],
        [second, first],
      ] as const) {
        const both = a.signers.filter((seat) => b.signers.includes(seat));
        assert.deepEqual(slashable(a, b, termViews) ? both : [], convicted);
      }
    });
  }

  for (const { name, domain, first, second, chain, slashable: expected } of shared<{
    name: string;
    domain: Hash;
    first: Checkpoint;
    second: Checkpoint;
    chain: readonly Checkpoint[];
    slashable: boolean;
  }>("checkpoints.json")) {
    test(name, () => {
      assert.equal(checkpointsSlashable(domain, first, second, chain), expected);
      assert.equal(checkpointsSlashable(domain, second, first, chain), expected);
    });
  }

  for (const { name, restart, other, slashable: expected } of shared<{
    name: string;
    restart: Parameters<typeof restartSlashable>[0];
    other: Parameters<typeof restartSlashable>[1];
    slashable: boolean;
  }>("restarts.json")) {
    test(name, () => assert.equal(restartSlashable(restart, other), expected));
  }
});

const registry = registryOf({
  authorities: Array.from({ length: 7 }, () => 0n),
  stakers: Array.from({ length: 10 }, () => 1_000n),
});
const balanced = () => new Solo({ registry, mode: "balanced" });
const body = (kind: "notarize" | "finalize", view: number, digit: string, parentView = 0): VoteBody => ({
  kind,
  view,
  parentView,
  blockHash: `0x${digit.repeat(64)}`,
});

/** The only evidence that came, of one kind. */
function found(solo: Solo, what: StatementEvidence["what"]): StatementEvidence {
  const told = solo.take("evidence").map((effect) => effect.evidence);
  assert.deepEqual(
    told.map((evidence) => evidence.what),
    [what],
  );
  const [evidence] = told;
  assert.ok(evidence !== undefined && evidence.what !== "votes");
  return evidence;
}

describe("certificates", () => {
  const PAIRS: readonly (readonly [VoteBody, VoteBody])[] = [
    [body("notarize", 1, "a"), body("notarize", 1, "b")],
    [body("finalize", 1, "a"), body("finalize", 1, "b")],
    [body("notarize", 1, "a"), body("finalize", 1, "b")],
    [nullify(1), body("finalize", 1, "a")],
  ];
  for (const pair of PAIRS) {
    for (const [first, second] of [pair, pair.toReversed()] as const) {
      test(`${first!.kind}, then ${second!.kind} of one view: who is in both is reported, once`, () => {
        const solo = balanced();
        const quorum = solo.quorum();
        const [left, right] = [quorum.slice(0, -1), quorum.slice(1)];
        solo.give(solo.certificate(first!, left));
        solo.give(solo.certificate(second!, right), "another");
        solo.give(solo.certificate(second!, quorum), "a third");
        const evidence = found(solo, "certificates");
        assert.deepEqual(
          evidence.seats,
          left.filter((seat) => right.includes(seat)),
        );
        assert.deepEqual(
          evidence.validatorIds,
          evidence.seats.map((seat) => registry.entries[seat]!.validatorId),
        );
      });
    }
  }

  test("a forged certificate accuses nobody", () => {
    const solo = balanced();
    solo.give(solo.certificate(body("notarize", 1, "a")));
    solo.give({ ...solo.certificate(body("notarize", 1, "b")), signature: new Uint8Array(96) }, "mallory");
    assert.deepEqual(solo.take("evidence"), []);
  });

  test("N and X of one view, and N of two views, are no offence", () => {
    const solo = balanced();
    solo.give(solo.certificate(body("notarize", 1, "a")));
    solo.give(solo.certificate(nullify(1)));
    solo.give(solo.certificate(body("notarize", 2, "b")));
    assert.deepEqual(solo.take("evidence"), []);
  });

  for (const order of ["vote first", "certificate first"]) {
    test(`a vote against a certificate that its signer is in: ${order}`, () => {
      const solo = balanced();
      const seat = solo.quorum().find((each) => each !== solo.leader(1))!;
      const give = () => solo.give(solo.certificate(nullify(1)));
      if (order !== "vote first") give();
      solo.vote(seat, body("finalize", 1, "a"));
      if (order === "vote first") give();
      assert.deepEqual(found(solo, "member").seats, [seat]);
    });
  }

  test("a forged vote against a certificate costs its sender the connection", () => {
    const solo = balanced();
    const [seat] = solo.quorum();
    solo.give(solo.certificate(nullify(1)));
    const vote = { ...solo.signedVote(seat!, body("finalize", 1, "a")), signature: new Uint8Array(96) };
    solo.message("mallory", { type: "vote", vote });
    assert.deepEqual(solo.take("evidence"), []);
    assert.deepEqual(
      solo.take("ban").map((effect) => effect.peer),
      ["mallory"],
    );
  });

  test("what was told is durable, and not told again after a restart", () => {
    const solo = balanced();
    solo.give(solo.certificate(body("notarize", 1, "a")));
    solo.give(solo.certificate(body("notarize", 1, "b")));
    const evidence = found(solo, "certificates");
    assert.ok(
      solo.records.some((record) => record.type === "evidence" && record.evidence === evidence),
      "recorded",
    );
    const { state, effects } = restoreReplica(solo.config, [registry], solo.records, solo.now);
    solo.adopt(state, effects);
    solo.give(solo.certificate(body("notarize", 1, "a")));
    solo.give(solo.certificate(body("notarize", 1, "b")));
    assert.deepEqual(solo.take("evidence"), []);
  });
});

describe("two final blocks", () => {
  test("the other chain is fetched down to the block that carries what convicts", () => {
    const solo = balanced();
    const rival = solo.build(2);
    const child = solo.build(3, hashOf(rival));
    const grandchild = solo.build(4, hashOf(child));
    solo.finalize(1);
    const quorum = solo.quorum();
    solo.give(solo.certificate(solo.bodyOf("finalize", hashOf(grandchild)), quorum));
    for (const block of [grandchild, child, rival])
      solo.message("peer", { type: "blocks", blocks: [{ block, certificate: null, backing: null }] });
    assert.equal(solo.take("halt").length, 1);
    // The rival carries X(1), which everyone signed who made the own block final.
    assert.deepEqual(found(solo, "certificates").seats, quorum);
  });

  test("an F below the own final block convicts by what the own chain carries", () => {
    const solo = balanced();
    const rival = solo.build(1, undefined, { salt: 7 });
    solo.finalize(2);
    for (let view = 3; view < 12; view++) solo.finalize(view);
    solo.give(solo.certificate(solo.bodyOf("finalize", hashOf(rival))));
    assert.equal(solo.take("halt").length, 1);
    assert.deepEqual(found(solo, "certificates").seats, solo.quorum());
  });
});

describe("checkpoints", () => {
  const checkpoint = (height: number, digit: string, previous: Hash = `0x${"9".repeat(64)}`): Checkpoint => ({
    height,
    view: height,
    stamp: 1_000_000 + height,
    blockHash: `0x${digit.repeat(64)}`,
    stateRoot: `0x${"5".repeat(64)}`,
    blocksRoot: `0x${"6".repeat(64)}`,
    previous,
    boundary: null,
  });
  const vote = (solo: Solo, seat: number, what: Checkpoint, from = `${seat}`) => {
    const { epoch } = solo.state.epoch.start;
    const signature = solo.signature(seat, checkpointRootOf(solo.domain, what));
    const signed = { epoch, domain: solo.domain, checkpoint: what, seat, signature };
    solo.message(from, { type: "checkpointVote", vote: signed });
  };

  test("two of one height by one key", () => {
    const solo = balanced();
    const [seat] = solo.quorum();
    vote(solo, seat!, checkpoint(5, "a"));
    vote(solo, seat!, checkpoint(5, "b"), "somebody");
    vote(solo, seat!, checkpoint(5, "c"), "somebody else");
    assert.deepEqual(found(solo, "checkpoints").seats, [seat]);
  });

  test("two heights, and the chain from the higher misses the lower", () => {
    const solo = balanced();
    const [seat, other] = solo.quorum();
    const between = checkpoint(5, "b");
    vote(solo, seat!, checkpoint(5, "a"));
    vote(solo, other!, between);
    vote(solo, seat!, checkpoint(10, "c", checkpointRootOf(solo.domain, between)));
    const evidence = found(solo, "checkpoints");
    assert.deepEqual(evidence.seats, [seat]);
    assert.deepEqual(evidence.chain, [between]);
  });

  test("two heights of one chain are no offence, nor are those of which nothing shows it", () => {
    const solo = balanced();
    const [seat, other] = solo.quorum();
    vote(solo, seat!, checkpoint(5, "a"));
    vote(solo, seat!, checkpoint(10, "c", checkpointRootOf(solo.domain, checkpoint(5, "a"))));
    vote(solo, other!, checkpoint(5, "a"));
    vote(solo, other!, checkpoint(10, "d"));
    assert.deepEqual(solo.take("evidence"), []);
  });

  test("a backing against a vote, and two backings", () => {
    const solo = balanced();
    const quorum = solo.quorum();
    vote(solo, quorum[0]!, checkpoint(5, "a"));
    const backing = solo.backing(checkpoint(5, "b"));
    solo.message("peer", { type: "checkpointCertificate", certificate: backing });
    assert.deepEqual(found(solo, "checkpoints").seats, [quorum[0]]);
    for (let view = 1; view <= 5; view++) solo.finalize(view);
    assert.equal(solo.take("halt").length, 1, "the stake backed another chain than the own");
    const relayed = solo.take("broadcast").length;
    solo.message("again", { type: "checkpointCertificate", certificate: backing });
    assert.equal(solo.take("broadcast").length, relayed, "halted nodes do not relay it for ever");
    assert.equal(solo.state.strayBackings.length, 1);
    const own = [...solo.state.dueCheckpoints.values()].at(-1)!;
    solo.message("another", { type: "checkpointCertificate", certificate: solo.backing(own) });
    const [, group] = solo.take("evidence");
    assert.ok(group?.evidence.what === "checkpoints");
    assert.deepEqual(group.evidence.seats, quorum.slice(1));
  });
});

describe("RESTART", () => {
  const restart = (solo: Solo, seat: number, view: number, from = `${seat}`) => {
    const { epoch } = solo.state.epoch.start;
    const blockHash: Hash = `0x${"a".repeat(64)}`;
    const signature = solo.signature(seat, restartRoot(solo.domain, view, blockHash));
    const vote = { epoch, domain: solo.domain, view, blockHash, seat, seatNext: seat, signature };
    solo.message(from, { type: "restart", vote });
  };
  const voterOf = (solo: Solo) => solo.quorum().find((seat) => seat !== solo.leader(2))!;

  for (const order of ["RESTART first", "FINALIZE first"]) {
    test(`and a FINALIZE of a higher view: ${order}`, () => {
      const solo = balanced();
      const seat = voterOf(solo);
      if (order === "RESTART first") restart(solo, seat, 1);
      solo.vote(seat, body("finalize", 2, "b"));
      if (order !== "RESTART first") restart(solo, seat, 1);
      assert.deepEqual(found(solo, "restart").seats, [seat]);
    });
  }

  test("and a certificate of a higher view that its signer is in", () => {
    const solo = balanced();
    const seat = voterOf(solo);
    restart(solo, seat, 1);
    solo.give(solo.certificate(body("finalize", 2, "b")));
    assert.deepEqual(found(solo, "restart").seats, [seat]);
  });

  test("and votes that it may stand beside are no offence", () => {
    const solo = balanced();
    const seat = voterOf(solo);
    solo.vote(seat, body("finalize", 1, "b"));
    solo.vote(seat, body("notarize", 2, "b"));
    solo.vote(seat, nullify(3));
    restart(solo, seat, 1);
    assert.deepEqual(solo.take("evidence"), []);
  });

  test("a forged one costs its sender the connection", () => {
    const solo = balanced();
    const { epoch } = solo.state.epoch.start;
    const vote = {
      ...{ epoch, domain: solo.domain, view: 1, blockHash: `0x${"a".repeat(64)}` as Hash },
      ...{ seat: 1, seatNext: null, signature: new Uint8Array(96) },
    };
    solo.message("mallory", { type: "restart", vote });
    assert.deepEqual(
      solo.take("ban").map((effect) => effect.peer),
      ["mallory"],
    );
  });
});
