import type { Checkpoint } from "@aitbc-hybrid/protocol";
import { expect } from "chai";
import { network } from "hardhat";
import { mountains } from "../support/blocks.ts";
import {
  actAsSlasher,
  boundaryNow,
  bringIn,
  COIN,
  type Core,
  checkpointAt,
  deployCore,
  hashOf,
  loadCore,
  type ProofOptions,
  plain,
  populate,
  possession,
  start,
  submission,
  ZERO,
} from "../support/core.ts";
import {
  anchorNow,
  changes,
  type Follower,
  follow,
  headerOf,
  learn,
  listed,
  paramsOf,
  preimageOf,
  translated,
} from "../support/lightClient.ts";
import { anchor, certificate, endGrace, open, restartProof } from "../support/recovery.ts";

const connection = await network.create();
/** The chain that the client is on. */
const elsewhere = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const populated = async (mode: "balanced" | "secure" | "fast") => {
  const core = await deployCore(connection);
  await populate(core, [10_000, 10_000, 10_000, 10_000], [20_000, 20_000, 20_000, 15_000]);
  await start(core, mode);
  return core;
};
const balanced = () => populated("balanced");
const secure = () => populated("secure");

/** A client that knows the first registry. */
async function following(fixture: () => Promise<Core>) {
  const core = await load(fixture);
  const f = await follow(core, elsewhere);
  const p = await learn(core, f, 0);
  return { core, f, p };
}

/** Submits to both chains; the settlement chain's epoch must be the client's. */
async function both(core: Core, f: Follower, checkpoint: Checkpoint, options: ProofOptions = {}) {
  const given = await submission(core, checkpoint, options);
  const epoch = Number(await core.checkpoints.epochNow());
  const p = f.known.get((await core.checkpoints.recordedRegistry(epoch)).registryRoot as never)!;
  const s = translated(p, given);
  const sent = await f.client.submit(s);
  if (checkpoint.boundary === null) await core.checkpoints.submit(given.checkpoint, given.proof);
  else await core.checkpoints.submitBoundary(given);
  return sent;
}

const refused = (f: Follower, call: Promise<unknown>, error: string) =>
  expect(call).to.be.revertedWithCustomError(f.client, error);

describe("CheckpointLightClient", () => {
  it("follows ten epochs with changing registries and freezes on a conflict", async () => {
    const { core, f } = await following(balanced);
    let last = f.known.get((await core.checkpoints.recordedRegistry(0)).registryRoot as never)!;
    await actAsSlasher(core);
    const operatorOf = (id: number) => core.members.get(id)!.operator;
    const events: (() => Promise<unknown>)[] = [
      async () => core.pool.connect(operatorOf(5)).depositBond(5, 4_000n * COIN),
      async () => core.registry.jail(6),
      async () => {
        const { key, proof } = possession(core, "rotated", 7);
        await core.registry.connect(operatorOf(7)).setKey(7, key, proof);
      },
      async () => core.elections.enter([(await bringIn(core, "staker", 30_000)).id]),
      async () => core.registry.jail(2),
      async () => bringIn(core, "authority", 12_000),
      async () => core.registry.connect(operatorOf(8)).exit(8),
      async () => core.registry.revoke(3),
      async () => core.pool.connect(operatorOf(5)).depositBond(5, 1_000n * COIN),
      async () => core.registry.jail(4),
    ];
    const roots = new Set<string>();
    for (const [epoch, change] of events.entries()) {
      const record = await core.checkpoints.epochRecord(epoch);
      last = await learn(core, f, epoch, last);
      roots.add(last.root);
      await both(core, f, checkpointAt({ height: Number(record.firstHeight) + 3 }));
      const boundary = await boundaryNow(core);
      await both(core, f, checkpointAt({ height: Number(record.lastHeight), boundary }));
      await change();
      // Nobody accrues here: seals wait for that, and go on once the pay may be given up.
      if (epoch === 8)
        await connection.networkHelpers.time.increase((await core.parameters.rewards()).accrualDeadline);
      await core.elections.seal(epoch + 3, plain(await core.elections.sealHints.staticCall()));
    }
    expect(roots.size).to.equal(7);
    const [epoch, incarnation, height] = await f.client.position();
    expect([epoch, incarnation, height]).to.deep.equal([10n, 0n, 100n]);
    for (const e of [10, 11]) {
      const record = await core.checkpoints.epochRecord(e);
      expect(await f.client.epochOf(e)).to.deep.equal([record.registryRoot, record.mode, record.firstHeight]);
    }
    expect(await f.client.status()).to.equal(0n);

    last = await learn(core, f, 10, last);
    const one = await submission(core, checkpointAt({ height: 105 }));
    const other = await submission(core, checkpointAt({ height: 105, stateRoot: hashOf("another state") }));
    const [a, b] = [translated(last, one), translated(last, other)];
    await f.client.submit(a);
    await refused(
      f,
      f.client.reportConflict(10, a.checkpoint, a.proof, a.checkpoint, a.proof),
      "LightClientNoConflict",
    );
    await expect(f.client.reportConflict(10, a.checkpoint, a.proof, b.checkpoint, b.proof)).to.emit(
      f.client,
      "Conflict",
    );
    expect(await f.client.status()).to.equal(2n);
    const next = translated(last, await submission(core, checkpointAt({ height: 106 })));
    await refused(f, f.client.submit(next), "LightClientHalted");
  });

  it("counts absentees by proofs of key and weight, whichever list is given", async () => {
    const { core, f } = await following(balanced);
    await both(core, f, checkpointAt({ height: 1 }), { absent: [2] });
    await both(core, f, checkpointAt({ height: 2 }), { absent: [2, 7], present: true });
    await both(core, f, checkpointAt({ height: 3 }), { absent: [0, 7] });
    for (const absent of [
      [0, 1],
      [4, 6],
    ]) {
      for (const present of [false, true]) {
        const given = await submission(core, checkpointAt({ height: 4 }), { absent, present });
        const s = translated([...f.known.values()][0]!, given);
        await refused(f, f.client.submit(s), "LightClientNoQuorum");
      }
    }
  });

  it("refuses proofs of other keys, weights or seats, and lists out of order", async () => {
    const { core, f, p } = await following(balanced);
    const given = async (options: ProofOptions) =>
      translated(p, await submission(core, checkpointAt({ height: 4 }), options));
    const s = await given({ absent: [2] });
    const seats = (list: typeof s.proof.seats) => ({ ...s, proof: { ...s.proof, seats: list } });
    const [one] = s.proof.seats;
    const another = listed(p, 3);
    await refused(f, f.client.submit(seats([{ ...one!, key: another.key }])), "LightClientBadProof");
    await refused(f, f.client.submit(seats([{ ...one!, keyPath: another.keyPath }])), "LightClientBadProof");
    await refused(f, f.client.submit(seats([{ ...one!, word: one!.word + 1n }])), "LightClientBadProof");
    await refused(f, f.client.submit(seats([{ ...another, seat: 2 }])), "LightClientBadProof");
    await refused(f, f.client.submit(seats([another, one!])), "LightClientBadSeats");
    await refused(f, f.client.submit(seats([one!, one!])), "LightClientBadSeats");
    await refused(f, f.client.submit(seats([{ ...one!, seat: 9 }])), "LightClientBadSeats");
    await refused(f, f.client.submit(await given({ absent: [2], listed: [] })), "LightClientBadSignature");
    await f.client.submit(s);
  });

  it("holds to heights, boundaries, registries and modes as CheckpointManager does", async () => {
    const { core, f, p } = await following(balanced);
    const send = async (height: number, options: Parameters<typeof checkpointAt>[0] = { height }) =>
      f.client.submit(translated(p, await submission(core, checkpointAt({ ...options, height }))));
    await send(4);
    await refused(f, send(4), "LightClientBadHeight");
    await refused(f, send(11), "LightClientBadHeight");
    await refused(f, send(10), "LightClientBadBoundary");
    const boundary = await boundaryNow(core);
    await refused(f, send(9, { height: 9, boundary }), "LightClientBadBoundary");
    const other = await boundaryNow(core, { registryNext: hashOf("other") });
    await refused(f, send(10, { height: 10, boundary: other }), "LightClientBadRegistry");
    const forged = await boundaryNow(core, { modeNext: "fast" });
    await refused(f, send(10, { height: 10, boundary: forged }), "LightClientBadMode");
    const right = translated(p, await submission(core, checkpointAt({ height: 10, boundary })));
    const content = { ...right.boundary, accounting: { ...right.boundary.accounting, views: 11 } };
    await refused(f, f.client.submit({ ...right, boundary: content }), "LightClientBadBoundary");
    const late = { ...boundary, accounting: { ...boundary.accounting, epoch: 1 } };
    await refused(f, send(10, { height: 10, boundary: late }), "LightClientBadBoundary");
    await f.client.submit(right);
    expect((await f.client.lastAccepted())[0]).to.equal(right.checkpoint.stamp);
  });

  it("takes the mode that the boundary before wanted", async () => {
    const { core, f } = await following(balanced);
    const close = async (commitment: Parameters<typeof boundaryNow>[1]) => {
      const epoch = await core.checkpoints.epochNow();
      const { lastHeight } = await core.checkpoints.epochRecord(epoch);
      const boundary = await boundaryNow(core, commitment);
      await both(core, f, checkpointAt({ height: Number(lastHeight), boundary }));
    };
    await close({ modeWanted: "secure" });
    await close({ modeNext: "secure", modeWanted: "fast" });
    await both(core, f, checkpointAt({ height: 23 }), { absent: [0, 7] });
    await close({ modeNext: "fast" });
    await both(core, f, checkpointAt({ height: 33 }));
    expect((await f.client.epochOf(3))[1]).to.equal(0n);
  });

  it("Secure counts all stakers, and needs to be shown that there are three", async () => {
    // None qualifies for Balanced: the backing set is the authority's alone.
    const core = await deployCore(connection);
    await populate(core, [10_000], [9_000, 9_000, 9_000]);
    await start(core, "secure");
    const blind = await follow(core, elsewhere);
    await learn(core, blind, 0);
    const p = [...blind.known.values()][0]!;
    const s = translated(p, await submission(core, checkpointAt({ height: 3 })));
    await refused(blind, blind.client.submit(s), "LightClientNoQuorum");
    const f = await follow(core, elsewhere);
    for (const [stakers, error] of [
      [[0, 1, 2], "LightClientBadSeats"],
      [[1, 1, 2], "LightClientBadSeats"],
      [[1, 2, 4], "LightClientBadProof"],
    ] as const) {
      await refused(f, learn(core, f, 0, undefined, stakers), error);
    }
    await learn(core, f, 0, undefined, [1, 2, 3]);
    await f.client.submit(s);
    const out = translated(p, await submission(core, checkpointAt({ height: 4 }), { absent: [0] }));
    await refused(f, f.client.submit(out), "LightClientNoQuorum");
  });

  it("knows a registry only when every change to it was shown", async () => {
    const core = await load(balanced);
    const f = await follow(core, elsewhere);
    const given = await submission(core, checkpointAt({ height: 1 }));
    const p = await learn(core, await follow(core, elsewhere), 0);
    await refused(f, f.client.submit(translated(p, given)), "LightClientUnknownRegistry");
    const { client } = f;
    await refused(f, client.finish(p.root, []), "LightClientUnfinished");
    await refused(
      f,
      client.begin(headerOf(p), (paramsOf(p) as unknown[]).with(4, 9n) as never, ZERO),
      "LightClientBadPreimage",
    );
    await refused(f, client.begin(headerOf(p), paramsOf(p), p.root), "LightClientUnknownRegistry");
    const all = changes(undefined, p);
    await client.begin(headerOf(p), paramsOf(p), ZERO);
    await client.change(p.root, all.slice(0, 7));
    await refused(f, client.finish(p.root, []), "LightClientUnfinished");
    await refused(f, client.change(p.root, [{ ...all[7]!, before: all[0]!.key }]), "LightClientBadProof");
    await refused(f, client.change(p.root, [{ ...all[7]!, seat: 1024 }]), "LightClientBadProof");
    await client.change(p.root, all.slice(7));
    await client.finish(p.root, []);
    expect(await client.isKnown(p.root)).to.equal(true);

    // Work of others is not ours, and a registry already known is no starting point for itself unshown.
    const [, signer] = await elsewhere.ethers.getSigners();
    const builder = client.connect(signer!);
    await builder.begin(headerOf(p), paramsOf(p), ZERO);
    await refused(f, client.finish(p.root, []), "LightClientUnfinished");
  });

  it("a seat that leaves the backing set without a change of key must be shown too", async () => {
    const { core, f, p } = await following(balanced);
    await actAsSlasher(core);
    await core.checkpoints.submitBoundary(
      await submission(core, checkpointAt({ height: 10, boundary: await boundaryNow(core) })),
    );
    await core.registry.jail(6);
    await core.elections.seal(3, plain(await core.elections.sealHints.staticCall()));
    await core.checkpoints.submitBoundary(
      await submission(core, checkpointAt({ height: 20, boundary: await boundaryNow(core) })),
    );
    const q = await preimageOf(core, 3);
    expect(q.header.keysRoot).to.equal(p.header.keysRoot);
    await f.client.begin(headerOf(q), paramsOf(q), p.root);
    await refused(f, f.client.finish(q.root, []), "LightClientUnfinished");
    const all = changes(p, q);
    expect(all.map(({ seat }) => seat)).to.deep.equal([5]);
    await f.client.change(q.root, all);
    await f.client.finish(q.root, []);
  });

  it("proves blocks below what it accepted, until it freezes", async () => {
    const { core, f, p } = await following(balanced);
    const blocks = Array.from({ length: 6 }, (_, height) => hashOf(`block ${height}`));
    const range = mountains(blocks);
    const checkpoint = { ...checkpointAt({ height: 5 }), blocksRoot: range.root };
    const s = translated(p, await submission(core, checkpoint));
    await f.client.submit(s);
    const { path, peaks } = range.proofOf(3);
    expect(await f.client.hasBlock(0, s.checkpoint, 3, blocks[3]!, path, peaks)).to.equal(true);
    expect(await f.client.hasBlock(0, s.checkpoint, 2, blocks[3]!, path, peaks)).to.equal(false);
    expect(await f.client.hasBlock(0, { ...s.checkpoint, stamp: 1 }, 3, blocks[3]!, path, peaks)).to.equal(
      false,
    );
    const t = translated(p, await submission(core, checkpointAt({ height: 5 })));
    await refused(
      f,
      f.client.reportConflict(1, s.checkpoint, s.proof, t.checkpoint, t.proof),
      "LightClientUnknownEpoch",
    );
    const short = translated(p, await submission(core, checkpointAt({ height: 5 }), { absent: [0, 1] }));
    await refused(
      f,
      f.client.reportConflict(0, s.checkpoint, s.proof, short.checkpoint, short.proof),
      "LightClientNoQuorum",
    );
    const six = translated(p, await submission(core, checkpointAt({ height: 6 })));
    await refused(
      f,
      f.client.reportConflict(0, s.checkpoint, s.proof, six.checkpoint, six.proof),
      "LightClientNoConflict",
    );
    await f.client.reportConflict(0, s.checkpoint, s.proof, t.checkpoint, t.proof);
    expect(await f.client.hasBlock(0, s.checkpoint, 3, blocks[3]!, path, peaks)).to.equal(false);
  });

  it("stalls after a recovery and follows again once its owner anchors it", async () => {
    for (const fixture of [balanced, secure]) {
      const { core, f, p } = await following(fixture);
      await both(core, f, checkpointAt({ height: 4, stamp: 1_700_000_000_000 }));
      await open(core);
      const c = await certificate(core, 6);
      const last = anchor(core, checkpointAt({ height: 4, stamp: 1_700_000_000_000 }));
      await core.hybrid.post(c.words, last);
      await endGrace(core);
      const proof = await restartProof(core, 6, c.hash, { absent: [3] });
      await core.hybrid.restart(6, c.hash, proof);
      const few = await restartProof(core, 6, c.hash, { signers: [4, 5] });
      await refused(
        f,
        f.client.reportRestart(6, c.hash, {
          signature: few.signature,
          present: true,
          seats: [listed(p, 4), listed(p, 5)],
        }),
        "LightClientNoQuorum",
      );
      const shown = { signature: proof.signature, present: false, seats: [listed(p, 3)] };
      await refused(f, f.client.reportRestart(7, c.hash, shown), "LightClientBadSignature");
      await expect(f.client.reportRestart(6, c.hash, shown)).to.emit(f.client, "RestartSeen");
      expect(await f.client.status()).to.equal(1n);
      const onOldBranch = translated(p, await submission(core, checkpointAt({ height: 7 })));
      await refused(f, f.client.submit(onOldBranch), "LightClientHalted");

      await core.hybrid.activate(6, c.hash, last);
      const [, stranger] = await elsewhere.ethers.getSigners();
      const from = await anchorNow(core);
      await expect(f.client.connect(stranger!).anchor(from)).to.be.revertedWithCustomError(
        f.client,
        "OwnableUnauthorizedAccount",
      );
      await f.client.anchor(from);
      expect(await f.client.status()).to.equal(0n);
      // What was accepted before proves nothing any more.
      expect(await f.client.checkpointAt(4)).to.equal(ZERO);
      await learn(core, f, 1, p);
      await both(core, f, checkpointAt({ height: 9 }));
      expect((await f.client.position())[1]).to.equal(1n);
    }
  });

  it("says stalled after a silence, and takes the next checkpoint all the same", async () => {
    const { core, f } = await following(balanced);
    await elsewhere.networkHelpers.time.increase(86_401);
    expect(await f.client.status()).to.equal(1n);
    await both(core, f, checkpointAt({ height: 3 }));
    expect(await f.client.status()).to.equal(0n);
  });
});
