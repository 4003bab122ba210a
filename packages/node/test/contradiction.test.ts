import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import {
  type Certificate,
  encodeMessage,
  type Hash,
  toBitmap,
  type VoteBody,
  voteRoot,
} from "@aitbc-hybrid/protocol";
import { silentLog } from "../src/log.ts";
import { createNetwork } from "../src/network/index.ts";
import { Cluster, reaches } from "./support/cluster.ts";
import { HANGS_MS, until } from "./support/until.ts";

const LENGTH = 10;
const OTHER: Hash = `0x${"ee".repeat(32)}`;
const cluster = new Cluster({
  nodes: 4,
  authorities: 1,
  params: {
    blockTime: { fast: 100, balanced: 200, secure: 200 },
    delta: { fast: 100, balanced: 250, secure: 250 },
  },
});
before(() => cluster.start());
after(() => cluster.close());

test("a quorum that finalized another block: the node votes no more, reports who it was, and goes on after a recovery", {
  timeout: HANGS_MS,
}, async () => {
  await reaches(cluster.node(0), LENGTH + 4);
  // Without the other two there is no quorum: the epoch does not end.
  for (const index of [2, 3]) await cluster.stopOne(index);
  const { reader } = cluster.node(0);
  const { epoch } = reader.status();
  const height = reader.heads().finalized;
  const final = await reader.certificate(height);
  assert.ok(final !== undefined && final.kind === "finalize");

  // The keys of three of four sign for another block of the same view.
  const body: VoteBody = {
    kind: "finalize",
    view: final.view,
    parentView: final.parentView,
    blockHash: OTHER,
  };
  const root = voteRoot(final.domain, body);
  const forged: Certificate = {
    ...body,
    epoch: final.epoch,
    domain: final.domain,
    bitmap: toBitmap([0, 1, 3], 4),
    signature: nativeBls.aggregateSignatures(
      [0, 1, 3].map((index) => nativeBls.parseSignature(cluster.signAs(index, root))),
    ),
  };
  const liar = await createNetwork(cluster.optionsOf(3).network, {
    log: silentLog,
    metrics: { peers() {}, sent() {}, received() {}, dropped() {}, banned() {} },
  });
  const frame = encodeMessage({ type: "certificate", certificate: forged });
  await liar.start({
    connected: (peer) => {
      liar.send(peer, "consensus", frame);
    },
    disconnected: () => {},
    frame: () => {},
  });
  await until("both stop", () => [0, 1].every((index) => cluster.node(index).contradiction() !== null));
  await liar.close();
  assert.ok(reader.readiness().reasons.some((reason) => reason.includes("halted")));
  await until("evidence", () => cluster.duties(0).offences.length > 0);
  const [offence] = cluster.duties(0).offences;
  assert.ok(offence?.what === "certificates");
  assert.ok(offence.seats.length >= 2, `${offence.seats}`);

  // The contracts decide for the block that was final here.
  const blockHash = (await reader.block({ height }))!.hash;
  const activation = {
    epoch,
    incarnation: 1,
    view: final.view,
    blockHash,
    registry: cluster.registry.root,
  };
  cluster.settlement.show({
    reading: {
      at: 1_000,
      epoch: epoch + 1,
      incarnation: 1,
      settledAt: Date.now(),
      acceptedHeight: height,
      recovery: null,
    },
    activations: [activation],
  });
  for (const index of [2, 3]) await cluster.startOne(index);
  await until("the next incarnation", () =>
    cluster.running.every((node) => node.reader.status().incarnation === 1),
  );
  await Promise.all(cluster.running.map((node) => reaches(node, height + 3)));
  for (const index of [0, 1]) {
    assert.equal(cluster.node(index).contradiction(), null);
    assert.equal((await cluster.node(index).reader.block({ height }))?.hash, blockHash);
  }
});
