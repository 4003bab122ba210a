import { accountingHash, DEVNET_PARAMS, participationHash } from "@aitbc-hybrid/protocol";
import { expect } from "chai";
import { AbiCoder, keccak256, solidityPackedKeccak256 } from "ethers";
import { network } from "hardhat";
import {
  actAsSlasher,
  boundaryNow,
  CONVICTION,
  type Core,
  checkpointAt,
  closeEpoch,
  deployCore,
  domainOf,
  hashOf,
  loadCore,
  plain,
  populate,
  possession,
  start,
  startedCore,
  submission,
  ZERO,
} from "../support/core.ts";
import {
  acceptCheckpoint,
  anchor,
  bits,
  certificate,
  endGrace,
  open,
  ready,
  restartProof,
  stall,
} from "../support/recovery.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const { networkHelpers, ethers } = connection;
const started = () => startedCore(connection);
async function inMode(mode: "fast" | "secure") {
  const core = await deployCore(connection);
  await populate(core, [10_000, 10_000, 10_000, 10_000], [20_000, 20_000, 20_000]);
  await start(core, mode);
  return core;
}
const fast = () => inMode("fast");
const secure = () => inMode("secure");
const now = async () => BigInt(await networkHelpers.time.latest());

/** Chai's matcher for one of HybridManager's errors. */
const refused = (core: Core, call: Promise<unknown>, error: string) =>
  expect(call).to.be.revertedWithCustomError(core.hybrid, error);

/** Recovers the present epoch from a block at `view`, asked for by all but the absent. */
async function recover(core: Core, view: number, absent: readonly number[] = []) {
  await open(core);
  const c = await certificate(core, view);
  await core.hybrid.post(c.words, anchor(core));
  await endGrace(core);
  await core.hybrid.restart(view, c.hash, await restartProof(core, view, c.hash, { absent }));
  await core.hybrid.activate(view, c.hash, anchor(core));
  return c;
}

const weightsOf = (weights: readonly bigint[], n: number): bigint[] =>
  Array.from({ length: n }, (_, seat) => (weights[seat >> 3]! >> BigInt(32 * (seat & 7))) & 0xffffffffn);

describe("HybridManager", () => {
  describe("opening", () => {
    it("needs a stall, and happens once", async () => {
      const core = await load(started);
      const { acceptedAt } = await core.checkpoints.lastCheckpoint();
      expect(await core.hybrid.stalledAt()).to.equal(acceptedAt + 60n);
      await refused(core, core.hybrid.open(), "HybridManagerNotStalled");
      await networkHelpers.time.setNextBlockTimestamp(acceptedAt + 59n);
      await refused(core, core.hybrid.open(), "HybridManagerNotStalled");
      await networkHelpers.time.setNextBlockTimestamp(acceptedAt + 60n);
      await expect(core.hybrid.open())
        .to.emit(core.hybrid, "RecoveryOpened")
        .withArgs(1n, 0n, acceptedAt + 90n, false);
      expect(await core.hybrid.isOpen()).to.equal(true);
      await refused(core, core.hybrid.open(), "HybridManagerAlreadyOpen");
      const r = await core.hybrid.recovery(1);
      expect([r.epoch, r.openedAt, r.quietSince, r.cancelStamp, r.count]).to.deep.equal([
        0n,
        acceptedAt + 60n,
        acceptedAt,
        acceptedAt * 1000n,
        0n,
      ]);
    });

    it("gives more grace where Fast is or may come: the lease and twice the drift", async () => {
      const extra = BigInt((DEVNET_PARAMS.lease + 2 * DEVNET_PARAMS.drift) / 1000);
      const core = await load(fast);
      await open(core);
      let r = await core.hybrid.recovery(1);
      expect([r.fast, r.graceEnd]).to.deep.equal([true, r.openedAt + 30n + extra]);
      const other = await load(started);
      await closeEpoch(other, { commitment: { modeWanted: "fast" } });
      await open(other);
      r = await other.hybrid.recovery(1);
      // e + 1 = 2 may become Fast: the boundary of 0 wants it.
      expect([r.fast, r.graceEnd]).to.deep.equal([true, r.openedAt + 30n + extra]);
    });

    it("is refused where the next epoch's registry has fewer than three stakers", async () => {
      const core = await deployCore(connection);
      await populate(core, [10_000, 10_000, 10_000, 10_000], [20_000, 20_000]);
      await start(core);
      await refused(core, core.hybrid.open(), "HybridManagerNotStalled");
      await stall(core);
      await refused(core, core.hybrid.open(), "HybridManagerTooFewStakers");
    });

    it("nothing can be done while none is open", async () => {
      const core = await load(started);
      const c = await certificate(core, 1);
      await refused(core, core.hybrid.post(c.words, anchor(core)), "HybridManagerNotOpen");
      const proof = await restartProof(core, 1, c.hash);
      await refused(core, core.hybrid.restart(1, c.hash, proof), "HybridManagerNotOpen");
      await refused(core, core.hybrid.activate(1, c.hash, anchor(core)), "HybridManagerNotOpen");
      await refused(core, core.hybrid.leak(), "HybridManagerNotOpen");
      await refused(core, core.hybrid.nextRoundAt(), "HybridManagerNotOpen");
      expect(await core.hybrid.isOpen()).to.equal(false);
    });
  });

  describe("cancellation", () => {
    it("an accepted boundary cancels", async () => {
      const core = await load(started);
      await open(core);
      const boundary = await boundaryNow(core);
      const s = await submission(core, checkpointAt({ height: 10, boundary, stamp: 1_700_000_000_000 }));
      await core.checkpoints.submitBoundary(s);
      expect(await core.hybrid.isOpen()).to.equal(false);
      await stall(core);
      await core.hybrid.open();
      expect((await core.hybrid.recovery(2)).epoch).to.equal(1n);
    });

    it("a checkpoint stamped after opening less the stall cancels, one of that very stamp does not", async () => {
      const core = await load(started);
      await open(core);
      const { cancelStamp, openedAt, graceEnd } = await core.hybrid.recovery(1);
      const settledAt = await core.checkpoints.lastAcceptedAt();
      expect(cancelStamp).to.equal((openedAt - 60n) * 1000n);
      await acceptCheckpoint(core, 3, { stamp: Number(cancelStamp) });
      expect(await core.hybrid.isOpen()).to.equal(true);
      // The older one moved no clock.
      expect((await core.hybrid.recovery(1)).graceEnd).to.equal(graceEnd);
      expect(await core.checkpoints.lastAcceptedAt()).to.equal(settledAt);
      expect(await core.hybrid.nextRoundAt()).to.equal((await core.hybrid.recovery(1)).quietSince + 259_200n);
      await acceptCheckpoint(core, 4, { stamp: Number(cancelStamp) + 1 });
      expect(await core.hybrid.isOpen()).to.equal(false);
      expect(await core.checkpoints.lastAcceptedAt()).to.be.greaterThan(settledAt);
      await refused(core, core.hybrid.open(), "HybridManagerNotStalled");
    });

    it("a checkpoint accepted before the opening cancels nothing, whatever its stamp", async () => {
      const core = await load(started);
      await acceptCheckpoint(core, 3, { stamp: 1_900_000_000_000 });
      await open(core);
      expect(await core.hybrid.isOpen()).to.equal(true);
    });
  });

  describe("certificates", () => {
    it("of a quorum of the mode are posted in grace, each of a higher view than the last", async () => {
      const core = await load(started);
      await open(core);
      const first = await certificate(core, 3, { absent: [3] });
      await expect(core.hybrid.post(first.words, anchor(core))).to.emit(core.hybrid, "CertificatePosted");
      let r = await core.hybrid.recovery(1);
      expect([r.postedView, r.postedHeight, r.postedHash]).to.deep.equal([3n, 3n, first.hash]);
      await refused(core, core.hybrid.post(first.words, anchor(core)), "HybridManagerNotHigher");
      const lower = await certificate(core, 2);
      await refused(core, core.hybrid.post(lower.words, anchor(core)), "HybridManagerNotHigher");
      const final = await certificate(core, 4, { isFinal: true });
      await core.hybrid.post(final.words, anchor(core));
      r = await core.hybrid.recovery(1);
      expect([r.postedView, r.postedHash]).to.deep.equal([4n, final.hash]);
    });

    it("after grace change nothing but what is known", async () => {
      const core = await load(started);
      await open(core);
      const first = await certificate(core, 3);
      await core.hybrid.post(first.words, anchor(core));
      await endGrace(core);
      const late = await certificate(core, 5);
      await core.hybrid.post(late.words, anchor(core));
      expect((await core.hybrid.recovery(1)).postedHash).to.equal(first.hash);
    });

    it("that fall short, are of another kind, header or epoch, are refused", async () => {
      const core = await load(started);
      await open(core);
      const short = await certificate(core, 3, { absent: [4, 5] });
      const { proof } = (await certificate(core, 3)).words;
      await expect(core.hybrid.post(short.words, anchor(core))).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerNoQuorum",
      );
      const c = await certificate(core, 3);
      for (const change of [
        { isFinal: true },
        { parentView: 1 },
        { viewNumber: 4 },
        { header: { ...c.words.header, stamp: 5 } },
      ]) {
        await expect(
          core.hybrid.post({ ...c.words, ...change, proof }, anchor(core)),
        ).to.be.revertedWithCustomError(core.checkpoints, "CheckpointManagerBadSignature");
      }
      const low = await certificate(core, 3, { view: 2 });
      await refused(core, core.hybrid.post(low.words, anchor(core)), "HybridManagerBadHeader");
      const none = await certificate(core, 0, { height: 1, header: { parentView: 0 }, view: 1 });
      await refused(core, core.hybrid.post(none.words, anchor(core)), "HybridManagerBadHeader");
    });

    it("of an epoch's last block proposed again count at the later view", async () => {
      const core = await load(started);
      await open(core);
      const again = await certificate(core, 10, { view: 13 });
      await core.hybrid.post(again.words, anchor(core));
      expect((await core.hybrid.recovery(1)).postedView).to.equal(13n);
    });

    it("of Fast are the authorities' alone, listed by who signed", async () => {
      const core = await load(fast);
      await open(core);
      const three = await certificate(core, 2, { present: [0, 1, 2] });
      await core.hybrid.post(three.words, anchor(core));
      const two = await certificate(core, 3, { present: [0, 1] });
      await expect(core.hybrid.post(two.words, anchor(core))).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerNoQuorum",
      );
      for (const options of [{ present: [0, 1, 2, 4] }, { absent: [] }]) {
        const c = await certificate(core, 3, options);
        await expect(core.hybrid.post(c.words, anchor(core))).to.be.revertedWithCustomError(
          core.checkpoints,
          "CheckpointManagerBadSeats",
        );
      }
    });

    it("of Secure are counted by stake, with the authorities' oversight", async () => {
      const core = await load(secure);
      await open(core);
      const enough = await certificate(core, 2, { absent: [0, 1] });
      await core.hybrid.post(enough.words, anchor(core));
      const noOversight = await certificate(core, 3, { absent: [0, 1, 2] });
      await expect(core.hybrid.post(noOversight.words, anchor(core))).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerNoQuorum",
      );
    });

    it("below or beside the last checkpoint accepted are refused; its own block's is not", async () => {
      const core = await load(started);
      const own = await certificate(core, 5);
      const checkpoint = await acceptCheckpoint(core, 5, { view: 5, blockHash: own.hash });
      await open(core);
      const last = anchor(core, checkpoint);
      for (const c of [
        await certificate(core, 4),
        // More blocks at lower views: a branch that the checkpoint's left behind.
        await certificate(core, 4, { height: 6 }),
        // Higher views, no more blocks.
        await certificate(core, 6, { height: 5 }),
      ]) {
        await refused(core, core.hybrid.post(c.words, last), "HybridManagerBelowFloor");
      }
      await refused(core, core.hybrid.post(own.words, anchor(core)), "HybridManagerNotLast");
      await refused(
        core,
        core.hybrid.post(own.words, { ...last, submitter: core.others[0]!.address }),
        "HybridManagerNotLast",
      );
      await core.hybrid.post(own.words, last);
      await core.hybrid.post((await certificate(core, 6)).words, last);
    });

    it("of heights before the epoch are refused", async () => {
      const core = await load(started);
      await closeEpoch(core);
      await open(core);
      const c = await certificate(core, 1, { height: 10 });
      await refused(core, core.hybrid.post(c.words, anchor(core)), "HybridManagerBelowFloor");
    });
  });

  describe("restart", () => {
    it("is heard after grace only", async () => {
      const core = await load(started);
      await open(core);
      const { graceEnd } = await core.hybrid.recovery(1);
      const proof = await restartProof(core, 0, ZERO);
      await networkHelpers.time.setNextBlockTimestamp(graceEnd);
      await refused(core, core.hybrid.restart(0, ZERO, proof), "HybridManagerStillGrace");
      await networkHelpers.time.setNextBlockTimestamp(graceEnd + 1n);
      await core.hybrid.restart(0, ZERO, proof);
    });

    it("counts each validator's own signature beside aggregates, once, for one block", async () => {
      const core = await load(started);
      await open(core);
      await endGrace(core);
      const [hash, other] = [hashOf("point"), hashOf("other")];
      await core.hybrid.restart(3, hash, await restartProof(core, 3, hash, { signers: [4] }));
      await core.hybrid.restart(3, hash, await restartProof(core, 3, hash, { signers: [4, 5] }));
      await core.hybrid.restart(3, other, await restartProof(core, 3, other, { signers: [6] }));
      expect(await core.hybrid.support(3, hash, false, 1)).to.deep.equal([40_000n, 72_000n]);
      expect(await core.hybrid.support(3, hash, true, 1)).to.deep.equal([40_000n, 72_000n]);
      expect(await core.hybrid.support(3, hash, true, 2)).to.deep.equal([40_000n, 72_000n]);
      expect(await core.hybrid.support(3, other, false, 1)).to.deep.equal([20_000n, 72_000n]);
      expect(bits((await core.hybrid.attendance(1)).heard)).to.deep.equal([4, 5, 6]);
      await refused(core, core.hybrid.activate(3, hash, anchor(core)), "HybridManagerNotCertified");
    });

    it("refuses what was not signed, strangers, and lists out of order", async () => {
      const core = await load(started);
      await open(core);
      await endGrace(core);
      const bad = async (options: Parameters<typeof restartProof>[3], error: string) =>
        expect(
          core.hybrid.restart(3, ZERO, await restartProof(core, 3, ZERO, options)),
        ).to.be.revertedWithCustomError(core.checkpoints, error);
      await bad({ signers: [4, 5], signed: [4] }, "CheckpointManagerBadSignature");
      await bad({ absent: [4], signed: [4, 5, 6] }, "CheckpointManagerBadSignature");
      await bad({ signers: [4], epoch: 1 }, "CheckpointManagerBadSignature");
      await bad({ signers: [5, 4] }, "CheckpointManagerBadSeats");
      await bad({ signers: [4, 4] }, "CheckpointManagerBadSeats");
      await bad({ signers: [4, 7], signed: [4] }, "CheckpointManagerBadSeats");
      const another = await restartProof(core, 2, ZERO, { signers: [4] });
      await expect(core.hybrid.restart(3, ZERO, another)).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerBadSignature",
      );
    });

    it("weighs both registries: members of the next alone are listed by its own seats", async () => {
      const core = await load(started);
      await closeEpoch(core, { seal: false });
      await closeEpoch(core, { seal: false });
      const rotated = possession(core, "rotated", 6);
      await core.registry.connect(core.members.get(6)!.operator).setKey(6, rotated.key, rotated.proof);
      await core.elections.seal(4, plain(await core.elections.sealHints.staticCall()));
      await closeEpoch(core, { seal: false });
      expect(await core.checkpoints.epochNow()).to.equal(3n);
      await open(core);
      const c = await certificate(core, 2);
      await core.hybrid.post(c.words, anchor(core));
      await endGrace(core);
      const old = await restartProof(core, 2, c.hash, { signers: [0, 1, 4, 5] });
      await core.hybrid.restart(2, c.hash, old);
      // In the next registry seat 5 has another key: 46,000 are left of 72,000.
      expect(await core.hybrid.support(2, c.hash, false, 1)).to.deep.equal([46_000n, 72_000n]);
      expect(await core.hybrid.support(2, c.hash, true, 1)).to.deep.equal([26_000n, 72_000n]);
      await core.hybrid.restart(2, c.hash, await restartProof(core, 2, c.hash, { signers: [6] }));
      await expect(core.hybrid.activate(2, c.hash, anchor(core)))
        .to.be.revertedWithCustomError(core.hybrid, "HybridManagerNoQuorum")
        .withArgs(true, 1, 46_000n, 72_000n);
      const both = await restartProof(core, 2, c.hash, { signers: [], nextSigners: [5] });
      await core.hybrid.restart(2, c.hash, both);
      expect(await core.hybrid.support(2, c.hash, true, 1)).to.deep.equal([66_000n, 72_000n]);
      await core.hybrid.activate(2, c.hash, anchor(core));
    });
  });

  describe("activation", () => {
    it("takes the boundary's place: next incarnation, Secure, the registry sealed again", async () => {
      const core = await load(started);
      await closeEpoch(core);
      const oldRoot = (await core.checkpoints.recordedRegistry(2)).registryRoot;
      await open(core);
      const c = await certificate(core, 4);
      await core.hybrid.post(c.words, anchor(core));
      await endGrace(core);
      const proof = await restartProof(core, 4, c.hash, { absent: [3] });
      await core.hybrid.restart(4, c.hash, proof);
      const activator = core.others[7]!;
      await expect(core.hybrid.connect(activator).activate(4, c.hash, anchor(core)))
        .to.emit(core.hybrid, "RecoveryActivated")
        .withArgs(1n, 1n, 1n, 4n, c.hash, 14n)
        .and.to.emit(core.elections, "Silenced")
        .withArgs(4n);
      expect(await core.checkpoints.epochNow()).to.equal(2n);
      const last = await core.checkpoints.lastCheckpoint();
      expect([last.height, last.stamp, last.acceptedAt]).to.deep.equal([
        14n,
        BigInt(c.header.stamp),
        await now(),
      ]);
      expect((await core.checkpoints.epochRecord(1)).lastHeight).to.equal(14n);
      expect(await core.checkpoints.boundaryAcceptedAt(1)).to.equal(await now());
      for (const [epoch, first] of [
        [2, 15n],
        [3, 0n],
      ] as const) {
        const record = await core.checkpoints.epochRecord(epoch);
        expect([record.incarnation, record.mode, record.firstHeight, record.seal]).to.deep.equal([
          1n,
          2n,
          first,
          1n,
        ]);
        expect(record.registryRoot).to.not.equal(oldRoot);
      }
      expect(await core.hybrid.modeOf(2)).to.deep.equal([2n, true]);
      expect(await core.hybrid.modeOf(3)).to.deep.equal([2n, false]);
      expect(await core.hybrid.recoveryPointOf(2)).to.equal(c.hash);
      const { snapshot } = await core.checkpoints.epochRecord(2);
      const s = await core.elections.snapshotAt(snapshot);
      expect(weightsOf(s.weights, 7)).to.deep.equal([3_000n, 3_000n, 3_000n, 0n, 20_000n, 20_000n, 20_000n]);
      expect([s.suspended, s.totalStake, s.backingStake, s.stakers]).to.deep.equal([
        8n,
        69_000n,
        69_000n,
        3n,
      ]);
      expect(bits(s.backing)).to.deep.equal([0, 1, 2, 4, 5, 6]);
      expect([s.epoch, s.sealer]).to.deep.equal([2n, activator.address]);
      const accounting = accountingHash({
        epoch: 1,
        views: 4,
        stamp: c.header.stamp,
        loadMultiplier: 1_000_000,
        vectorHash: participationHash([]),
      });
      expect(await core.checkpoints.accountingOf(1)).to.equal(
        keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "address"], [accounting, activator.address])),
      );
      expect(await core.hybrid.isOpen()).to.equal(false);
    });

    it("voids the next candidate, and what was signed under the old incarnation stays evidence", async () => {
      const core = await load(started);
      await closeEpoch(core, { seal: false });
      await core.pool.connect(core.members.get(5)!.operator).depositBond(5, 10n ** 18n);
      await core.elections.seal(3, plain(await core.elections.sealHints.staticCall()));
      const candidate = await core.elections.snapshotHashOf(3);
      const { registryRoot: oldRoot, snapshot: old } = await core.checkpoints.recordedRegistry(2);
      await recover(core, 4, [3]);
      const { registryRoot: root, snapshot } = await core.checkpoints.recordedRegistry(3);
      expect(root).to.not.equal(candidate);
      const found = core.checkpoints.snapshotFor;
      expect(await found(2, 0, oldRoot)).to.equal(old);
      expect(await found(2, 1, root)).to.equal(snapshot);
      expect(await found(2, 1, oldRoot)).to.equal(ethers.ZeroAddress);
      expect(await found(2, 2, root)).to.equal(ethers.ZeroAddress);
      // Epoch 3 was not recorded before: the chain may have taken either.
      expect(await found(3, 0, oldRoot)).to.equal(old);
      expect(await found(3, 0, candidate)).to.equal(await core.elections.candidateBlob(3));
      expect(await found(3, 1, root)).to.equal(snapshot);
      expect(await found(4, 1, root)).to.equal(snapshot);
      expect(await found(4, 0, root)).to.equal(ethers.ZeroAddress);
    });

    it("the chain goes on: checkpoints under the new domain, hand-overs, the incarnation stays", async () => {
      const core = await load(started);
      await closeEpoch(core);
      await recover(core, 4, [3]);
      const s = await submission(core, checkpointAt({ height: 16 }));
      await core.checkpoints.submit(s.checkpoint, s.proof);
      await core.elections.seal(4, plain(await core.elections.sealHints.staticCall()));
      for (let i = 0; i < 4; i++) await closeEpoch(core);
      const record = await core.checkpoints.epochRecord(5);
      expect([record.incarnation, record.seal]).to.deep.equal([1n, 4n]);
    });

    it("needs a certificate, and more than two thirds of the stake", async () => {
      const core = await load(started);
      await open(core);
      const c = await certificate(core, 4);
      await core.hybrid.post(c.words, anchor(core));
      await refused(core, core.hybrid.activate(4, c.hash, anchor(core)), "HybridManagerStillGrace");
      await endGrace(core);
      const restart = async (signers: number[]) =>
        core.hybrid.restart(4, c.hash, await restartProof(core, 4, c.hash, { signers }));
      await restart([4, 5]);
      await expect(core.hybrid.activate(4, c.hash, anchor(core)))
        .to.be.revertedWithCustomError(core.hybrid, "HybridManagerNoQuorum")
        .withArgs(false, 1, 40_000n, 72_000n);
      await restart([0, 1]);
      await refused(core, core.hybrid.activate(4, c.hash, anchor(core)), "HybridManagerNoQuorum");
      await restart([2]);
      await core.hybrid.activate(4, c.hash, anchor(core));
    });

    it("exactly two thirds are not enough", async () => {
      const core = await deployCore(connection);
      await populate(core, [], [20_000, 20_000, 20_000]);
      await start(core);
      await open(core);
      await endGrace(core);
      const genesis = await core.checkpoints.genesisHash();
      const restart = async (signers: number[]) =>
        core.hybrid.restart(0, genesis, await restartProof(core, 0, genesis, { signers }));
      await restart([0, 1]);
      await expect(core.hybrid.activate(0, genesis, anchor(core)))
        .to.be.revertedWithCustomError(core.hybrid, "HybridManagerNoQuorum")
        .withArgs(false, 1, 40_000n, 60_000n);
      await restart([2]);
      await core.hybrid.activate(0, genesis, anchor(core));
    });

    it("weighs e + 1 under each mode it may get", async () => {
      // Two of five stakers do not qualify for Balanced: in Secure they count.
      const core = await deployCore(connection);
      await populate(core, [10_000], [20_000, 20_000, 20_000, 9_000, 9_900]);
      await start(core);
      await closeEpoch(core, { commitment: { modeWanted: "secure" } });
      await open(core);
      const c = await certificate(core, 4);
      await core.hybrid.post(c.words, anchor(core));
      await endGrace(core);
      const proof = await restartProof(core, 4, c.hash, { signers: [0, 1, 2] });
      await core.hybrid.restart(4, c.hash, proof);
      // 50,000 of 70,000 in Balanced, of 88,900 in Secure.
      await expect(core.hybrid.activate(4, c.hash, anchor(core)))
        .to.be.revertedWithCustomError(core.hybrid, "HybridManagerNoQuorum")
        .withArgs(true, 2, 50_000n, 88_900n);
      const more = await restartProof(core, 4, c.hash, { signers: [], nextSigners: [4] });
      await core.hybrid.restart(4, c.hash, more);
      await refused(core, core.hybrid.activate(4, c.hash, anchor(core)), "HybridManagerNoQuorum");
      const last = await restartProof(core, 4, c.hash, { signers: [], nextSigners: [5] });
      await core.hybrid.restart(4, c.hash, last);
      await core.hybrid.activate(4, c.hash, anchor(core));
    });

    it("from view 0 goes on from the accepted boundary, genesis or recovery point, and nothing else", async () => {
      const core = await load(started);
      const restartAt = async (hash: string) => {
        await core.hybrid.restart(0, hash, await restartProof(core, 0, hash));
      };
      const genesis = await core.checkpoints.genesisHash();
      await open(core);
      await endGrace(core);
      await restartAt(hashOf("other"));
      await refused(core, core.hybrid.activate(0, hashOf("other"), anchor(core)), "HybridManagerBelowFloor");
      await restartAt(genesis);
      await core.hybrid.activate(0, genesis, anchor(core));
      const after = await core.checkpoints.epochRecord(1);
      expect([after.firstHeight, after.incarnation]).to.deep.equal([1n, 1n]);

      // Nothing happened in epoch 1 either: the same block again, under the next incarnation.
      await open(core);
      await endGrace(core);
      await restartAt(genesis);
      await core.hybrid.activate(0, genesis, anchor(core));
      expect((await core.checkpoints.epochRecord(2)).incarnation).to.equal(2n);
    });

    it("from view 0 after a boundary names the boundary's block, unless the epoch has a checkpoint", async () => {
      const core = await load(started);
      const boundary = await boundaryNow(core);
      const checkpoint = checkpointAt({ height: 10, boundary, stamp: 1_700_000_000_000 });
      await core.checkpoints.submitBoundary(await submission(core, checkpoint));
      await open(core);
      await endGrace(core);
      const { blockHash } = checkpoint;
      await core.hybrid.restart(0, blockHash, await restartProof(core, 0, blockHash));
      await refused(core, core.hybrid.activate(0, blockHash, anchor(core)), "HybridManagerNotLast");
      const older = await acceptCheckpoint(core, 13);
      await refused(core, core.hybrid.activate(0, blockHash, anchor(core, older)), "HybridManagerBelowFloor");
    });

    it("from the boundary's block is possible while nothing else was accepted", async () => {
      const core = await load(started);
      const boundary = await boundaryNow(core);
      const checkpoint = checkpointAt({ height: 10, boundary, stamp: 1_700_000_000_000 });
      await core.checkpoints.submitBoundary(await submission(core, checkpoint));
      await open(core);
      await endGrace(core);
      const { blockHash } = checkpoint;
      await core.hybrid.restart(0, blockHash, await restartProof(core, 0, blockHash));
      await core.hybrid.activate(0, blockHash, anchor(core, checkpoint));
      expect((await core.checkpoints.epochRecord(2)).firstHeight).to.equal(11n);
    });

    it("a floor raised in between counts at activation", async () => {
      const core = await load(started);
      await open(core);
      const c = await certificate(core, 4);
      await core.hybrid.post(c.words, anchor(core));
      await endGrace(core);
      await core.hybrid.restart(4, c.hash, await restartProof(core, 4, c.hash));
      const raised = await acceptCheckpoint(core, 5);
      await refused(core, core.hybrid.activate(4, c.hash, anchor(core, raised)), "HybridManagerBelowFloor");
    });

    it("jailed and convicted validators are out of the registry sealed again", async () => {
      const core = await deployCore(connection);
      await populate(core, [10_000, 10_000, 10_000, 10_000], [20_000, 20_000, 20_000, 10_000]);
      await start(core);
      await actAsSlasher(core);
      await core.registry.jail(5);
      await core.registry.tombstone(1, CONVICTION, false);
      await recover(core, 4);
      const { snapshot } = await core.checkpoints.epochRecord(1);
      const s = await core.elections.snapshotAt(snapshot);
      expect(weightsOf(s.weights, 8)).to.deep.equal([
        0n,
        3_500n,
        3_500n,
        3_500n,
        0n,
        20_000n,
        20_000n,
        10_000n,
      ]);
      expect([bits([s.suspended]), bits(s.backing)]).to.deep.equal([[0], [1, 2, 3, 5, 6, 7]]);
      expect([s.totalStake, s.backingStake, s.stakers, s.backingStakers]).to.deep.equal([
        60_500n,
        60_500n,
        3n,
        3n,
      ]);
      // The sums of keys fit what is left.
      const c = await submission(core, checkpointAt({ height: 6 }), { absent: [1] });
      await core.checkpoints.submit(c.checkpoint, c.proof);
    });

    it("waits while fewer than three stakers would be left for Secure", async () => {
      const core = await deployCore(connection);
      await populate(core, [10_000, 10_000, 10_000, 10_000], [20_000, 20_000, 20_000]);
      await start(core);
      await open(core);
      const c = await certificate(core, 4);
      await core.hybrid.post(c.words, anchor(core));
      await endGrace(core);
      await core.hybrid.restart(4, c.hash, await restartProof(core, 4, c.hash, {}));
      await actAsSlasher(core);
      await core.registry.jail(5);
      await refused(core, core.hybrid.activate(4, c.hash, anchor(core)), "HybridManagerTooFewStakers");
      expect(await core.hybrid.isOpen()).to.equal(true);
      await networkHelpers.time.increaseTo((await core.registry.validator(5)).jailedUntil + 1n);
      await core.registry.connect(core.members.get(5)!.operator).unjail(5);
      await expect(core.hybrid.activate(4, c.hash, anchor(core))).to.emit(core.hybrid, "RecoveryActivated");
    });

    it("a validator that has moved since is found by its key", async () => {
      const core = await load(started);
      await actAsSlasher(core);
      await closeEpoch(core, { seal: false });
      await core.registry.revoke(1);
      await core.elections.seal(3, plain(await core.elections.sealHints.staticCall()));
      // Seat 0 is now validator 4's; in the registry in force it is validator 1's.
      expect((await core.elections.occupant(0))[0]).to.equal(4n);
      await core.registry.jail(1);
      await recover(core, 4);
      const { snapshot } = await core.checkpoints.epochRecord(2);
      expect(bits([(await core.elections.snapshotAt(snapshot)).suspended])).to.deep.equal([0]);
    });
  });

  describe("authorities left out", () => {
    it("weigh nothing in further seals until they signed that they are back", async () => {
      const core = await load(started);
      await closeEpoch(core, { seal: false });
      await recover(core, 4, [3]);
      expect(await core.elections.isSilent(4)).to.equal(true);
      await core.elections.seal(4, plain(await core.elections.sealHints.staticCall()));
      expect((await core.elections.snapshot(2)).suspended).to.equal(8n);
      const today = Math.floor((await networkHelpers.time.latest()) / 86_400);
      const secret = core.members.get(4)!.secret;
      const back = (day: number, key = secret) =>
        ready(core, key, day).then((signature) => core.hybrid.comeBack(4, day, signature));
      await refused(core, back(today + 1), "HybridManagerBadReturn");
      await refused(core, back(today - 2), "HybridManagerBadReturn");
      await refused(core, back(today, core.members.get(3)!.secret), "HybridManagerBadReturn");
      await expect(back(today - 1))
        .to.emit(core.hybrid, "AuthorityReturned")
        .withArgs(4n);
      expect(await core.elections.isSilent(4)).to.equal(false);
      await closeEpoch(core);
      const number = await core.elections.sealNumber();
      expect((await core.elections.snapshot(number)).suspended).to.equal(0n);
    });

    it("stay silent on the seat of another, and only while they have one of an authority", async () => {
      const core = await load(started);
      const sealNext = async () => {
        const epoch = Number(await core.checkpoints.epochNow()) + 2;
        await core.elections.seal(epoch, plain(await core.elections.sealHints.staticCall()));
        return bits([(await core.elections.snapshot(await core.elections.sealNumber())).suspended]);
      };
      const silent = () => Promise.all([1, 2, 3, 4].map((id) => core.elections.isSilent(id)));
      await closeEpoch(core, { seal: false });
      await recover(core, 4, [1, 3]);
      expect(await silent()).to.deep.equal([false, true, false, true]);
      // The last of them takes the seat of one that is an authority no more.
      await core.registry.revoke(2);
      expect(await sealNext()).to.deep.equal([1]);
      expect((await core.elections.occupant(1))[0]).to.equal(4n);
      expect(await silent()).to.deep.equal([false, false, false, true]);
      await closeEpoch(core, { seal: false });
      await core.registry.admit(2);
      expect(await sealNext()).to.deep.equal([1]);
      expect((await core.elections.occupant(3))[0]).to.equal(2n);
      await closeEpoch(core, { seal: false });
      await core.registry.revoke(4);
      expect(await sealNext()).to.deep.equal([]);
      expect(await silent()).to.deep.equal([false, false, false, false]);
    });

    it("are silent where they sit by then, not where they sat", async () => {
      const core = await load(started);
      await closeEpoch(core, { seal: false });
      await core.registry.revoke(1);
      await core.elections.seal(3, plain(await core.elections.sealHints.staticCall()));
      // Validator 4 went from seat 3 to seat 0, whose occupant is a staker now.
      await recover(core, 4, [0, 3]);
      const { snapshot } = await core.checkpoints.epochRecord(2);
      expect(bits([(await core.elections.snapshotAt(snapshot)).suspended])).to.deep.equal([0, 3]);
      expect([await core.elections.isSilent(1), await core.elections.isSilent(4)]).to.deep.equal([
        false,
        true,
      ]);
      await core.elections.seal(4, plain(await core.elections.sealHints.staticCall()));
      expect(bits([(await core.elections.snapshot(3)).suspended])).to.deep.equal([0]);
      expect(await core.elections.isSilent(99)).to.equal(false);
    });

    it("are all of them if no checkpoint was accepted since the previous activation", async () => {
      const core = await load(started);
      await recover(core, 4);
      const first = await core.checkpoints.epochRecord(1);
      expect((await core.elections.snapshotAt(first.snapshot)).suspended).to.equal(0n);
      await recover(core, 3);
      const second = await core.checkpoints.epochRecord(2);
      const s = await core.elections.snapshotAt(second.snapshot);
      expect(bits([s.suspended])).to.deep.equal([0, 1, 2, 3]);
      expect(s.totalStake).to.equal(60_000n);
      // The class is gone: stake alone decides.
      const checkpoint = await submission(core, checkpointAt({ height: 9 }));
      await core.checkpoints.submit(checkpoint.checkpoint, checkpoint.proof);
    });

    it("one checkpoint in between spares those that signed", async () => {
      const core = await load(started);
      await recover(core, 4);
      await acceptCheckpoint(core, 6);
      await open(core);
      const c = await certificate(core, 3, { height: 7, header: { view: 8 }, view: 8 });
      const checkpoint = { ...checkpointAt({ height: 6, stamp: 1_700_000_000_000 }) };
      await core.hybrid.post(c.words, anchor(core, checkpoint));
      await endGrace(core);
      await core.hybrid.restart(8, c.hash, await restartProof(core, 8, c.hash, { absent: [2] }));
      await core.hybrid.activate(8, c.hash, anchor(core, checkpoint));
      const { snapshot } = await core.checkpoints.epochRecord(2);
      expect(bits([(await core.elections.snapshotAt(snapshot)).suspended])).to.deep.equal([2]);
    });
  });

  describe("inactivity leak", () => {
    const LEAK_AFTER = 259_200n;
    const ROUND = 86_400n;

    /** An authority and ten stakers of unequal stake, in Secure, and one who left before genesis: he sits, and weighs nothing. */
    const leaky = async () => {
      const core = await deployCore(connection);
      const stakes = [1_000, 2_000, 3_000, 5_000, 8_000, 9_000, 10_000, 11_000, 12_000, 20_000, 4_000];
      const members = await populate(core, [10_000], stakes);
      const gone = members.at(-1)!;
      await core.registry.connect(gone.operator).exit(gone.id);
      await start(core, "secure");
      return core;
    };

    /** With another slasher in custody, which records what it is asked to charge. */
    async function withRecorder(core: Core) {
      const recorder = await ethers.deployContract("LeakRecorder");
      await core.pool.setSlasher(await recorder.getAddress());
      return { ...core, recorder };
    }

    /** Seats of a round by the words of the rule, sorted here where the contract sorts. */
    async function expected(core: Core, round: number, exempt: readonly number[], left: readonly number[]) {
      const domain = await domainOf(core);
      const { snapshot } = await core.checkpoints.epochRecord(0);
      const s = await core.elections.snapshotAt(snapshot);
      const weights = weightsOf(s.weights, Number(s.n));
      const order = weights
        .map((weight, seat) => ({ weight, seat }))
        .filter(({ weight, seat }) => weight > 0n && !exempt.includes(seat))
        .map((each) => ({
          ...each,
          place: BigInt(
            solidityPackedKeccak256(
              ["uint8", "bytes32", "uint32", "uint64"],
              [0x25, domain, round, each.seat + 1],
            ),
          ),
        }))
        .sort((a, b) => (a.place < b.place ? -1 : 1));
      const total = s.totalStake;
      const gone = left.reduce((sum, seat) => sum + weights[seat]!, 0n);
      const room = total - gone - (total * 500_000n + 999_999n) / 1_000_000n;
      const step = (total * 100_000n) / 1_000_000n;
      const chosen: number[] = [];
      let stake = 0n;
      for (const { weight, seat } of order) {
        if (stake + weight <= step && stake + weight <= room) {
          stake += weight;
          chosen.push(seat);
        }
      }
      if (chosen.length === 0) {
        const first = order.find(({ weight }) => weight <= room);
        if (first !== undefined) chosen.push(first.seat);
      }
      return chosen.sort((a, b) => a - b);
    }

    it("begins after leakAfter and runs in rounds, by hash, at most a step, down to the floor", async () => {
      const core = await load(leaky).then(withRecorder);
      await open(core);
      const r = await core.hybrid.recovery(1);
      expect(await core.hybrid.nextRoundAt()).to.equal(r.quietSince + LEAK_AFTER);
      await endGrace(core);
      await core.hybrid.restart(0, ZERO, await restartProof(core, 0, ZERO, { signers: [10] }));
      await networkHelpers.time.setNextBlockTimestamp(r.quietSince + LEAK_AFTER - 1n);
      await refused(core, core.hybrid.leak(), "HybridManagerNotYet");
      const left: number[] = [];
      for (let round = 1; ; round++) {
        const due = await core.hybrid.nextRoundAt();
        if ((await now()) < due) await networkHelpers.time.increaseTo(due);
        const seats = await expected(core, round, [10, ...left], left);
        if (seats.length === 0) break;
        await core.hybrid.leak();
        const a = await core.hybrid.attendance(1);
        left.push(...seats);
        expect(bits(a.left)).to.deep.equal([...left].sort((x, y) => x - y));
        expect(a.leftNext).to.deep.equal(a.left);
        expect(await core.hybrid.nextRoundAt()).to.equal((await now()) + ROUND);
        await refused(core, core.hybrid.leak(), "HybridManagerNotYet");
      }
      expect(left.length).to.be.above(3);
      expect(left).to.not.include(10);
      await refused(core, core.hybrid.leak(), "HybridManagerNothingToLeak");
      const [, of] = await core.hybrid.support(0, ZERO, false, 2);
      const { totalStake } = await core.elections.snapshot(1);
      expect(2n * of >= totalStake).to.equal(true);
      // Pages in any order, each once, by anybody; at the slasher that custody names, not the first one.
      const seats = [...left].sort((a, b) => a - b);
      await core.hybrid.connect(core.others[5]!).charge(1, seats.slice(2));
      await core.hybrid.charge(1, seats.slice(0, 2));
      expect(await core.recorder.all()).to.deep.equal(
        [...seats.slice(2), ...seats.slice(0, 2)].map((seat) => BigInt(seat + 1)),
      );
      for (const seat of [seats[0]!, 10, 1024, 2000]) {
        await expect(core.hybrid.charge(1, [seat]))
          .to.be.revertedWithCustomError(core.hybrid, "HybridManagerNotLeft")
          .withArgs(seat);
      }
    });

    it("jails who left and charges him the most for absence, through the real SlashingManager", async () => {
      const core = await load(leaky);
      await open(core);
      await networkHelpers.time.increaseTo(await core.hybrid.nextRoundAt());
      await core.hybrid.leak();
      const [seat] = bits((await core.hybrid.attendance(1)).left);
      const validator = seat! + 1;
      const bond = await core.pool.bondOf(validator);
      const { absenceMost, absenceDelay } = await core.parameters.slashing();
      await expect(core.hybrid.connect(core.others[5]!).charge(1, [seat!])).to.emit(
        core.slashing,
        "AbsenceCharged",
      );
      expect((await core.registry.validator(validator)).status).to.equal(2n);
      const absence = await core.slashing.absence(validator);
      expect([absence.fraction, absence.seal, absence.dueAt]).to.deep.equal([
        absenceMost,
        1n,
        (await now()) + absenceDelay,
      ]);
      // Once, and not before the delay is over.
      await refused(core, core.hybrid.charge(1, [seat!]), "HybridManagerNotLeft");
      await core.slashing.settle(validator);
      expect(await core.pool.bondOf(validator)).to.equal(bond);
      await networkHelpers.time.increaseTo(absence.dueAt);
      await core.slashing.settle(validator);
      const charge = (bond * absenceMost + 999_999n) / 1_000_000n;
      expect(await core.pool.bondOf(validator)).to.equal(bond - charge);
      expect(await core.pool.totalOwed()).to.equal(charge);
    });

    it("at least one leaves a round, though he is more than the step", async () => {
      const core = await deployCore(connection).then(withRecorder);
      await populate(core, [], [20_000, 20_000, 20_000, 20_000]);
      await start(core, "secure");
      await open(core);
      await networkHelpers.time.increaseTo(await core.hybrid.nextRoundAt());
      for (const left of [1, 2]) {
        await core.hybrid.leak();
        expect(bits((await core.hybrid.attendance(1)).left).length).to.equal(left);
        await networkHelpers.time.increase(ROUND);
      }
      await refused(core, core.hybrid.leak(), "HybridManagerNothingToLeak");
    });

    it("a late opening still leaves a whole round to answer", async () => {
      const core = await load(leaky).then(withRecorder);
      await stall(core, Number(LEAK_AFTER) * 2);
      await core.hybrid.open();
      const { graceEnd } = await core.hybrid.recovery(1);
      expect(await core.hybrid.nextRoundAt()).to.equal(graceEnd + ROUND);
    });

    it("two thirds are of the rest; who answers later counts again, his charge stays", async () => {
      const core = await load(leaky).then(withRecorder);
      await open(core);
      await networkHelpers.time.increaseTo(await core.hybrid.nextRoundAt());
      await core.hybrid.leak();
      const [late, ...gone] = bits((await core.hybrid.attendance(1)).left);
      const genesis = await core.checkpoints.genesisHash();
      const { totalStake, weights } = await core.elections.snapshot(1);
      const weight = weightsOf(weights, 11);
      const out = [late!, ...gone].reduce((sum, seat) => sum + weight[seat]!, 0n);
      expect((await core.hybrid.support(0, genesis, false, 2))[1]).to.equal(totalStake - out);
      expect((await core.hybrid.support(0, genesis, true, 2))[1]).to.equal(totalStake - out);
      const own = await restartProof(core, 0, genesis, { signers: [late!] });
      await core.hybrid.restart(0, genesis, own);
      expect(await core.hybrid.support(0, genesis, false, 2)).to.deep.equal([
        weight[late!],
        totalStake - out + weight[late!]!,
      ]);
      await core.hybrid.charge(1, [late!]);
      expect(await core.recorder.all()).to.deep.equal([BigInt(late! + 1)]);

      const signers = weight.map((_, seat) => seat).filter((seat) => ![late!, ...gone].includes(seat));
      await core.hybrid.restart(0, genesis, await restartProof(core, 0, genesis, { signers }));
      // In jail by his charge, he counts in this registry all the same; who was left out does not.
      await actAsSlasher(core);
      await core.registry.jail(late! + 1);
      await core.hybrid.activate(0, genesis, anchor(core));
      const { snapshot } = await core.checkpoints.epochRecord(1);
      const s = await core.elections.snapshotAt(snapshot);
      expect(weightsOf(s.weights, 11)).to.deep.equal(
        weight.map((each, seat) => (gone.includes(seat) ? 0n : each)),
      );
    });
  });

  describe("views", () => {
    it("tell the settlement lease and governance's mode request", async () => {
      const core = await load(started);
      const at = await core.checkpoints.lastAcceptedAt();
      expect(await core.hybrid.settlementLease()).to.equal(at + BigInt(DEVNET_PARAMS.settleLease));
      expect(await core.hybrid.modeRequest()).to.equal(1n);
      expect(await core.hybrid.modeOf(0)).to.deep.equal([1n, true]);
      expect(await core.hybrid.modeOf(1)).to.deep.equal([1n, false]);
    });
  });
});
