import assert from "node:assert/strict";
import { test } from "node:test";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import {
  type Block,
  type Certificate,
  type CheckpointCertificate,
  checkpointRoot,
  type Evidence,
  type Hash,
  hashOf,
  toBitmap,
  type VoteBody,
  voteRoot,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import { Archive, ChainStore, type Past, PastWatch, RegistryStore } from "../../src/chain/index.ts";
import { Verifier } from "../../src/engine/index.ts";
import { type Log, silentLog } from "../../src/log.ts";
import { memoryDatabase } from "../../src/storage/index.ts";
import { bareBlock } from "../support/blocks.ts";
import { registryOf, sign } from "../support/registry.ts";

const NAMES = ["a", "b", "c", "d"];
const registry = registryOf(NAMES);
const DOMAIN: Hash = `0x${"d7".repeat(32)}`;
const OTHER: Hash = `0x${"ee".repeat(32)}`;
const EPOCH = 7;

function aggregate(names: readonly string[], root: Hash) {
  return {
    epoch: EPOCH,
    domain: DOMAIN,
    bitmap: toBitmap(
      names.map((name) => NAMES.indexOf(name)),
      NAMES.length,
    ),
    signature: nativeBls.aggregateSignatures(names.map((name) => nativeBls.parseSignature(sign(name, root)))),
  };
}

function certificate(
  names: readonly string[],
  kind: VoteBody["kind"],
  view: number,
  blockHash: Hash,
): Certificate {
  const body: VoteBody =
    kind === "nullify"
      ? { kind, view, parentView: 0, blockHash: ZERO_HASH }
      : { kind, view, parentView: view - 1, blockHash };
  return { ...body, ...aggregate(names, voteRoot(DOMAIN, body)) };
}

function backing(
  names: readonly string[],
  height: number,
  blockHash: Hash,
  previous: Hash,
): CheckpointCertificate {
  const checkpoint = {
    height,
    view: height,
    stamp: 1_000,
    blockHash,
    stateRoot: OTHER,
    blocksRoot: OTHER,
    previous,
    boundary: null,
  };
  return { checkpoint, ...aggregate(names, checkpointRoot(DOMAIN, checkpoint)) };
}

const block = (height: number, view: number, parentHash: Hash, certificates: readonly Certificate[]): Block =>
  bareBlock({ domain: DOMAIN, view, parentHash, height }, certificates);

/** Epoch 7: blocks of views 1, 2 and 4 (view 3 was nullified), final by b, c and d; checkpoints at heights 2 and 3. */
async function setUp() {
  const chain = await ChainStore.open(
    { answerBytes: 1_000_000, genesisHash: ZERO_HASH },
    memoryDatabase().bucket("chain"),
  );
  const registries = new RegistryStore(memoryDatabase().bucket("registries"));
  await registries.put(registry);
  await registries.noteDomain(DOMAIN, {
    epoch: EPOCH,
    incarnation: 0,
    mode: "balanced",
    registryRoot: registry.root,
  });
  const ours = ["b", "c", "d"];
  const hashes: Hash[] = [ZERO_HASH];
  const carried: Certificate[][] = [[], [], []];
  for (const [at, view] of [1, 2, 4].entries()) {
    if (view === 4) carried[at]!.push(certificate(ours, "nullify", 3, ZERO_HASH));
    if (at > 0) carried[at]!.push(certificate(ours, "notarize", at, hashes[at]!));
    const each = block(at + 1, view, hashes[at]!, carried[at]!);
    const hash = hashOf(each);
    hashes.push(hash);
    const roots = { height: at + 1, stateRoot: OTHER, receiptsRoot: OTHER };
    const f = certificate(ours, "finalize", view, hash);
    chain.append({ epoch: EPOCH, hash, block: each, certificate: f, roots });
  }
  const first = backing(ours, 2, hashes[2]!, ZERO_HASH);
  const second = backing(ours, 3, hashes[3]!, checkpointRoot(DOMAIN, first.checkpoint));
  chain.back(first);
  chain.back(second);
  await chain.flush();
  const found: Evidence[] = [];
  const banned: string[] = [];
  const alarms: string[] = [];
  let verifications = 0;
  const verifier = new Verifier((root) => registries.known(root));
  const log: Log = {
    ...silentLog,
    fatal: (...said: unknown[]) => {
      alarms.push(String(said[1]));
    },
  };
  const watch = new PastWatch({
    archive: new Archive(chain, registries),
    registries,
    verify: (of, root, { bitmap, signature }) => {
      verifications++;
      const result = verifier.run({ what: "certificate", registry: of, root, bitmap, signature });
      return result.what === "certificate" && result.ok;
    },
    evidence: (evidence) => found.push(evidence),
    ban: (peer) => banned.push(peer),
    log,
  });
  return {
    hashes,
    found,
    banned,
    alarms,
    first,
    second,
    verified: () => verifications,
    async look(past: Past, from: string | null = "peer"): Promise<void> {
      watch.look(from, past);
      await watch.idle();
    },
  };
}

const f = (c: Certificate): Past => ({ type: "certificate", certificate: c });
const k = (c: CheckpointCertificate): Past => ({ type: "checkpointCertificate", certificate: c });

test("what is of the own chain costs no verification", async () => {
  const { hashes, first, look, verified, found, alarms } = await setUp();
  await look(f(certificate(["a", "b", "c"], "finalize", 2, hashes[2]!)));
  await look(k(first));
  await look(f(certificate(["a", "b", "c"], "notarize", 2, OTHER)));
  await look(f({ ...certificate(["a", "b", "c"], "finalize", 2, OTHER), domain: OTHER }));
  assert.equal(verified(), 0);
  assert.deepEqual([found, alarms], [[], []]);
});

for (const [name, view, kind] of [
  ["the notarization of that view, which a block carries", 2, "notarize"],
  ["the nullification of that view, which a block carries", 3, "nullify"],
] as const) {
  test(`another final block of an old epoch convicts who also signed ${name}`, async () => {
    const { look, found, alarms, banned } = await setUp();
    const theirs = certificate(["a", "b", "c"], "finalize", view, OTHER);
    await look(f(theirs));
    await look(f(theirs));
    assert.equal(found.length, 1, "once");
    const [evidence] = found;
    assert.ok(evidence?.what === "certificates" && evidence.first.type === "certificate");
    assert.equal(evidence.first.certificate.kind, kind);
    assert.deepEqual([evidence.seats, evidence.validatorIds, evidence.epoch], [[1, 2], [2, 3], EPOCH]);
    assert.equal(alarms.length, 1);
    assert.deepEqual(banned, []);
  });
}

test("where the archive does not tell who signed both, an alarm is all there is", async () => {
  const { look, found, alarms } = await setUp();
  await look(f(certificate(["a", "b", "c"], "finalize", 9, OTHER)));
  assert.deepEqual(found, []);
  assert.match(alarms[0]!, /does not tell who/);
});

test("another checkpoint of an old epoch convicts who also backed the own chain, at its height or above", async () => {
  const { look, found, second } = await setUp();
  await look(k(backing(["a", "b", "c"], 3, OTHER, second.checkpoint.previous)), null);
  const [evidence] = found;
  assert.ok(evidence?.what === "checkpoints");
  assert.deepEqual([evidence.seats, evidence.chain], [[1, 2], []]);

  const again = await setUp();
  await again.look(k(backing(["a", "b", "c"], 1, OTHER, ZERO_HASH)));
  const [above] = again.found;
  assert.equal(above, undefined, "no checkpoint of this chain is known at or below that height");
  await again.look(k(backing(["a", "b", "c"], 2, OTHER, ZERO_HASH)));
  assert.ok(again.found[0]?.what === "checkpoints");
  assert.deepEqual(again.found[0].seats, [1, 2]);
});

test("a forged one is its sender's fault, and proves nothing later", async () => {
  const { look, found, banned } = await setUp();
  const forged = {
    ...certificate(["a", "b", "c"], "finalize", 2, OTHER),
    signature: sign("a", OTHER),
  };
  await look(f(forged), "liar");
  assert.deepEqual([found, banned], [[], ["liar"]]);
  await look(f(certificate(["a", "b", "c"], "finalize", 2, OTHER)));
  assert.equal(found.length, 1);
});
