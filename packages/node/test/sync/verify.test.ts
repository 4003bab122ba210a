import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import { type Certificate, type Hash, toBitmap, voteRoot, ZERO_HASH } from "@aitbc-hybrid/protocol";
import type { Offer } from "../../src/sync/messages.ts";
import { type Begun, type Chain, contradiction } from "../../src/sync/verify.ts";
import { aggregate, CHUNK, StateWorld } from "../support/state.ts";

const OTHER: Hash = `0x${"0f".repeat(32)}`;
let begun: Begun;
let offer: Offer;
let chain: Chain;
before(async () => {
  const world = await StateWorld.make(CHUNK);
  const { registry, boundary, last, start } = world;
  begun = {
    epoch: 1,
    incarnation: 0,
    mode: "balanced",
    height: boundary.checkpoint.height,
    stamp: boundary.checkpoint.stamp,
    registry,
    registryNext: registry.root,
    boundary,
    before: { registry, mode: "balanced" },
  };
  const { block } = await world.engine.snapshot(boundary.checkpoint.blockHash);
  const certified = ({ block: of, certificate }: typeof last) => ({ block: of, certificate, backing: null });
  offer = { last: certified(last), first: certified(world.first), start, ledger: block, chunks: [] };
  chain = { chainId: world.genesis.chainId, genesisHash: world.genesisHash };
});

const judged = (change: Partial<Offer>): string | null =>
  contradiction({ ...offer, ...change }, begun, chain, nativeBls);

/** The offer whose last block comes with another certificate. */
const finalBy = (change: Partial<Certificate>, seats = [0, 1, 2, 3], signedFor?: Hash): string | null => {
  const certificate = { ...offer.last.certificate!, bitmap: toBitmap(seats, 4), ...change };
  const root = voteRoot(signedFor ?? certificate.domain, certificate);
  return judged({
    last: { ...offer.last, certificate: { ...certificate, signature: aggregate(root, seats) } },
  });
};

describe("an offer", () => {
  test("that is true is not contradicted, whichever quorum finalized its block", () => {
    assert.equal(judged({}), null);
    assert.equal(finalBy({}, [0, 2, 3]), null);
  });

  test("is of the block that the checkpoint names", () => {
    const feeRecipient = `0x${"fd".repeat(20)}` as const;
    const { block } = offer.last;
    const last = { ...offer.last, block: { ...block, header: { ...block.header, feeRecipient } } };
    const why = judged({ last, ledger: { ...offer.ledger, feeRecipient } });
    assert.equal(why, "its block is not the one that the checkpoint names");
  });

  test("has a block that a quorum of its epoch finalized", () => {
    const none = "its block has no valid F";
    assert.equal(judged({ last: { ...offer.last, certificate: null } }), none);
    assert.equal(finalBy({}, [0]), none);
    assert.equal(finalBy({}, [0, 1]), none);
    assert.equal(finalBy({ kind: "notarize" }), none);
    assert.equal(finalBy({ blockHash: OTHER }), none);
    assert.equal(finalBy({ domain: OTHER }), none);
    assert.equal(finalBy({ epoch: 1 }), none);
    // Signed by all, but something else.
    assert.equal(finalBy({}, [0, 1, 2, 3], OTHER), none);
    const bitmap = new Uint8Array(2);
    const certificate = { ...offer.last.certificate!, bitmap };
    assert.equal(judged({ last: { ...offer.last, certificate } }), none);
  });

  test("says nothing else than the checkpoint does", () => {
    const { start, ledger } = offer;
    const { parent, hybrid } = start;
    const later = ledger.stamp + 1;
    const starts: readonly Partial<Offer["start"]>[] = [
      { epoch: 2 },
      { incarnation: 1 },
      { mode: "secure" },
      { registry: OTHER },
      { registryNext: OTHER },
      { seed: OTHER },
      { firstHeight: start.firstHeight + 1 },
      { peaks: [OTHER] },
      { previousCheckpoint: OTHER },
      { previousCheckpointHeight: 0 },
      { backedStamp: later },
      { hybrid: { ...hybrid, modeWanted: "secure" } },
      { parent: { ...parent, hash: OTHER } },
      { parent: { ...parent, height: parent.height + 1 } },
      { parent: { ...parent, stamp: later } },
      { parent: { ...parent, reference: { ...parent.reference, number: 8 } } },
      { parent: { ...parent, reference: { ...parent.reference, hash: OTHER } } },
      { parent: { ...parent, settledAt: later } },
      { parent: { ...parent, inboxCursor: 1 } },
    ];
    const ledgers: readonly Partial<Offer["ledger"]>[] = [
      { hash: OTHER },
      { parentHash: OTHER },
      { height: ledger.height + 1 },
      { stamp: later },
      { feeRecipient: `0x${"fd".repeat(20)}` },
      { stateRoot: OTHER },
    ];
    for (const change of starts)
      assert.equal(
        judged({ start: { ...start, ...change } }),
        "it is not what the checkpoint says",
        JSON.stringify(change),
      );
    for (const change of ledgers)
      assert.equal(
        judged({ ledger: { ...ledger, ...change } }),
        "it is not what the checkpoint says",
        JSON.stringify(change),
      );
  });

  test("has roots of one block after the other, up to the checkpoint's", () => {
    const { roots } = offer.start;
    const withRoots = (changed: Offer["start"]["roots"]) =>
      judged({ start: { ...offer.start, roots: changed } });
    const last = roots.at(-1)!;
    const unordered = "its roots are not in order";
    assert.equal(withRoots(roots.map((each) => ({ ...each, height: each.height - 1 }))), unordered);
    assert.equal(withRoots(roots.map(() => last)), unordered);
    const endless = "its roots do not end with the checkpoint's";
    assert.equal(withRoots([]), endless);
    assert.equal(withRoots([last]), endless);
    assert.equal(withRoots(roots.slice(1)), endless);
    assert.equal(withRoots([...roots.slice(0, -1), { ...last, stateRoot: ZERO_HASH }]), endless);
  });

  test("has a first block of the epoch that a quorum certified, in the epoch's own domain", () => {
    const none = "its first block has no valid certificate";
    const { first } = offer;
    const by = (change: Partial<Certificate>, seats = [0, 1, 2, 3]): string | null => {
      const certificate = { ...first.certificate!, bitmap: toBitmap(seats, 4), ...change };
      const signature = aggregate(voteRoot(certificate.domain, certificate), seats);
      return judged({ first: { ...first, certificate: { ...certificate, signature } } });
    };
    assert.equal(by({}, [1, 2, 3]), null);
    assert.equal(by({ kind: "finalize" }), null);
    assert.equal(by({}, [0, 1]), none);
    assert.equal(by({ kind: "nullify" }), none);
    assert.equal(by({ blockHash: OTHER }), none);
    assert.equal(by({ epoch: 0 }), none);
    assert.equal(by({ domain: OTHER }), none);
    const other = { ...first.block, header: { ...first.block.header, domain: OTHER } };
    const stranger = "its first block is not the checkpointed one's child";
    assert.equal(judged({ first: { ...first, block: other } }), stranger);
    assert.equal(judged({ first: offer.last }), stranger);
  });
});
