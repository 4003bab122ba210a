import {
  accountingHash,
  addressesHash,
  checkpointRoot,
  genesisHash,
  type Hash,
} from "@aitbc-hybrid/protocol";
import { expect } from "chai";
import { AbiCoder, keccak256 } from "ethers";
import hre, { network } from "hardhat";
import {
  actAsSlasher,
  boundaryNow,
  CHAIN_ID,
  type Core,
  checkpointAt,
  closeEpoch,
  coreAddresses,
  deployCore,
  domainOf,
  hashOf,
  loadCore,
  MODES,
  NO_HINTS,
  plain,
  populate,
  seatList,
  start,
  startedCore,
  submission,
  ZERO,
} from "../support/core.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const { networkHelpers, ethers } = connection;
const started = () => startedCore(connection);
const fresh = () => deployCore(connection);
/** Four authorities that count a fifth of three equal stakers: two stakers and three authorities are two thirds. */
const uneven = async () => {
  const core = await deployCore(connection);
  await populate(core, [10_000, 10_000, 10_000], [10_000, 20_000, 60_000]);
  await start(core);
  return core;
};

const submit = async (core: Core, s: Awaited<ReturnType<typeof submission>>) =>
  core.checkpoints.submit(s.checkpoint, s.proof);

describe("CheckpointManager", () => {
  describe("start", () => {
    it("stores the genesis hash that the client computes", async () => {
      const core = await load(started);
      const stamp = Number(await core.checkpoints.genesisStamp());
      const root = (await core.elections.snapshotHashOf(0)) as Hash;
      const { token, registry, pool, queue, elections, checkpoints, slashing } = coreAddresses(core);
      const expected = genesisHash({
        chainId: CHAIN_ID,
        settlementChainId: 31_337,
        addressesHash: addressesHash(
          [token, registry, pool, queue, elections, checkpoints, slashing].map(
            (address) => address.toLowerCase() as Hash,
          ),
        ),
        snapshotHash: root,
        mode: "balanced",
        stateRoot: hashOf("genesis state"),
        stamp,
      });
      expect(await core.checkpoints.genesisHash()).to.equal(expected);
      expect(await core.checkpoints.lastAcceptedAt()).to.equal(BigInt(stamp));
      expect(await core.checkpoints.lastAcceptedStamp()).to.equal(BigInt(stamp));
      expect((await core.checkpoints.lastCheckpoint()).count).to.equal(0n);
      for (const epoch of [0, 1, 2]) {
        expect((await core.checkpoints.recordedRegistry(epoch)).registryRoot).to.equal(root);
      }
      expect((await core.checkpoints.recordedRegistry(3)).registryRoot).to.equal(ZERO);
      const record = await core.checkpoints.epochRecord(0);
      expect([record.firstHeight, record.lastHeight, record.mode]).to.deep.equal([1n, 10n, 1n]);
      expect(await core.checkpoints.domain(0)).to.equal(await domainOf(core));
    });

    it("happens once, by governance, with the core it is wired to", async () => {
      const core = await load(fresh);
      await populate(core, [10_000], [10_000, 10_000, 10_000]);
      const right = coreAddresses(core);
      await expect(
        core.checkpoints.connect(core.others[0]!).start(right, 1, ZERO, NO_HINTS),
      ).to.be.revertedWithCustomError(core.checkpoints, "AccessManagedUnauthorized");
      for (const name of Object.keys(right)) {
        const wrong = { ...right, [name]: core.others[0]!.address };
        await expect(core.checkpoints.start(wrong, 1, ZERO, NO_HINTS)).to.be.revertedWithCustomError(
          core.checkpoints,
          "CheckpointManagerWrongCore",
        );
      }
      await core.elections.setCheckpoints(core.addresses.slashing);
      await expect(core.checkpoints.start(right, 1, ZERO, NO_HINTS)).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerWrongCore",
      );
      await core.elections.setCheckpoints(core.addresses.checkpoints);
      await start(core);
      await expect(core.checkpoints.start(right, 1, ZERO, NO_HINTS)).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerAlreadyStarted",
      );
    });

    it("nothing is accepted before it", async () => {
      const core = await load(started);
      const s = await submission(core, checkpointAt({ height: 5 }));
      const other = await deployCore(connection);
      await expect(other.checkpoints.submit(s.checkpoint, s.proof)).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerNotStarted",
      );
    });
  });

  describe("a checkpoint", () => {
    it("is accepted with all signing, whichever list is given, and leaves what clients need", async () => {
      const core = await load(started);
      const checkpoint = checkpointAt({ height: 5 });
      const s = await submission(core, checkpoint);
      const hash = checkpointRoot(await domainOf(core), checkpoint);
      await expect(submit(core, s)).to.emit(core.checkpoints, "CheckpointAccepted");
      const last = await core.checkpoints.lastCheckpoint();
      expect(await core.checkpoints.hashOf(0, s.checkpoint)).to.equal(hash);
      const recent = core.checkpoints.isRecent;
      expect(await recent(0, hash, core.deployer.address)).to.equal(true);
      expect(await recent(0, hash, core.others[0]!.address)).to.equal(false);
      expect(await recent(0, hashOf("other"), core.deployer.address)).to.equal(false);
      expect(await recent(1, hash, core.deployer.address)).to.equal(false);
      expect(last.height).to.equal(5n);
      expect(last.stamp).to.equal(BigInt(checkpoint.stamp));
      const block = await ethers.provider.getBlock("latest");
      expect(await core.checkpoints.lastAcceptedAt()).to.equal(BigInt(block!.timestamp) * 1000n);
      expect(await core.checkpoints.lastAcceptedStamp()).to.equal(BigInt(checkpoint.stamp));
      await expect(
        submit(core, await submission(core, checkpointAt({ height: 6 }), { present: true })),
      ).to.emit(core.checkpoints, "CheckpointAccepted");
    });

    it("is accepted with absentees, by either list, down to more than two thirds of both weights", async () => {
      const core = await load(started);
      // 3 of 4 authorities; stake: authorities 3,000 each, stakers 20,000 each, 72,000 in all.
      await submit(core, await submission(core, checkpointAt({ height: 1 }), { absent: [2] }));
      await submit(core, await submission(core, checkpointAt({ height: 2 }), { absent: [2], present: true }));
      await submit(core, await submission(core, checkpointAt({ height: 3 }), { absent: [0, 6] }));
      for (const present of [false, true]) {
        const twoAuthorities = await submission(core, checkpointAt({ height: 4 }), {
          absent: [0, 1],
          present,
        });
        await expect(submit(core, twoAuthorities))
          .to.be.revertedWithCustomError(core.checkpoints, "CheckpointManagerNoQuorum")
          .withArgs(2n, 4n, 66_000n, 72_000n);
        const twoStakers = await submission(core, checkpointAt({ height: 4 }), { absent: [4, 6], present });
        await expect(submit(core, twoStakers))
          .to.be.revertedWithCustomError(core.checkpoints, "CheckpointManagerNoQuorum")
          .withArgs(4n, 4n, 32_000n, 72_000n);
      }
    });

    it("exactly two thirds are not enough, in either class", async () => {
      const core = await load(uneven);
      // Authorities 6,000 each (18,000 of 90,000/5), stakers 10,000, 20,000, 60,000: 108,000 in all, 72,000 two thirds.
      const snapshot = await core.elections.snapshot(1);
      expect(snapshot.backingStake).to.equal(108_000n);
      const twoAuthorities = await submission(core, checkpointAt({ height: 4 }), { absent: [0] });
      await expect(submit(core, twoAuthorities))
        .to.be.revertedWithCustomError(core.checkpoints, "CheckpointManagerNoQuorum")
        .withArgs(2n, 3n, 102_000n, 108_000n);
      const withoutThirty = await submission(core, checkpointAt({ height: 4 }), { absent: [3, 4] });
      await submit(core, withoutThirty);
    });

    it("exactly two thirds of the stake are not enough", async () => {
      const core = await deployCore(connection, (file) => ({
        ...file,
        stake: { ...file.stake, authorityStakeDivisor: 100 },
      }));
      // Authorities' joint weight is 60,000 / 99 = 606: 202 each at most, floor.
      await populate(core, [10_000, 10_000, 10_000], [20_202, 20_202, 20_202]);
      await start(core);
      const snapshot = await core.elections.snapshot(1);
      const authority = snapshot.weights[0]! & 0xffffffffn;
      const total = snapshot.backingStake;
      expect(total).to.equal(3n * 20_202n + 3n * authority);
      const s = await submission(core, checkpointAt({ height: 4 }), { absent: [4] });
      // 2 of 3 stakers and all authorities: above two thirds only by the authorities' part.
      await submit(core, s);
    });

    it("is refused if any field is not the one signed", async () => {
      const core = await load(started);
      const s = await submission(core, checkpointAt({ height: 5 }));
      const changes = {
        height: 6,
        viewNumber: 6,
        stamp: 1,
        blockHash: hashOf("x"),
        stateRoot: hashOf("x"),
        blocksRoot: hashOf("x"),
        previous: hashOf("x"),
      };
      for (const [field, value] of Object.entries(changes)) {
        await expect(
          core.checkpoints.submit({ ...s.checkpoint, [field]: value }, s.proof),
          field,
        ).to.be.revertedWithCustomError(core.checkpoints, "CheckpointManagerBadSignature");
      }
    });

    it("is refused if signed in another domain: epoch, mode, incarnation, registry, chain", async () => {
      const core = await load(started);
      for (const domain of [
        { epoch: 1 },
        { mode: "secure" as const },
        { mode: "fast" as const },
        { incarnation: 1 },
        { registry: hashOf("other") },
        { genesisHash: hashOf("other") },
        { chainId: 1 },
      ]) {
        const s = await submission(core, checkpointAt({ height: 5 }), domain);
        await expect(submit(core, s)).to.be.revertedWithCustomError(
          core.checkpoints,
          "CheckpointManagerBadSignature",
        );
      }
    });

    it("is refused a second time, and below or at the last height", async () => {
      const core = await load(started);
      const s = await submission(core, checkpointAt({ height: 5 }));
      await submit(core, s);
      await expect(submit(core, s))
        .to.be.revertedWithCustomError(core.checkpoints, "CheckpointManagerBadHeight")
        .withArgs(5n, 5n, 10n);
      const below = await submission(core, checkpointAt({ height: 4 }));
      await expect(submit(core, below)).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerBadHeight",
      );
      const beyond = await submission(core, checkpointAt({ height: 11 }));
      await expect(submit(core, beyond)).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerBadHeight",
      );
    });

    it("is refused with a list out of order, doubled, of half entries or of strangers", async () => {
      const core = await load(started);
      const checkpoint = checkpointAt({ height: 5 });
      for (const listed of [[2, 1], [1, 1], [7], [1023], [65535]]) {
        for (const present of [false, true]) {
          const s = await submission(core, checkpoint, { listed, present });
          await expect(submit(core, s), `${listed}`).to.be.revertedWithCustomError(
            core.checkpoints,
            "CheckpointManagerBadSeats",
          );
        }
      }
      const s = await submission(core, checkpoint);
      await expect(
        core.checkpoints.submit(s.checkpoint, { ...s.proof, seats: `${seatList([1])}00` }),
      ).to.be.revertedWithCustomError(core.checkpoints, "CheckpointManagerBadSeats");
    });

    it("is refused if the list leaves out an absentee or names a signer", async () => {
      const core = await load(started);
      const checkpoint = checkpointAt({ height: 5 });
      for (const options of [
        { absent: [1], listed: [] },
        { absent: [1], listed: [2] },
        { absent: [], listed: [1] },
        { absent: [1], present: true, listed: [0, 1, 2, 3, 4, 5, 6] },
      ]) {
        await expect(submit(core, await submission(core, checkpoint, options))).to.be.revertedWithCustomError(
          core.checkpoints,
          "CheckpointManagerBadSignature",
        );
      }
    });

    it("needs at most 230,000 gas once the ring is full, 16,000 for the first absentee, 5,000 for another", async () => {
      const core = await deployCore(connection, (file) => ({
        ...file,
        consensus: { ...file.consensus, epochLength: { fast: 100, balanced: 100, secure: 100 } },
      }));
      await populate(
        core,
        Array.from({ length: 7 }, () => 10_000),
        [20_000, 20_000, 20_000, 20_000, 20_000, 20_000, 20_000],
      );
      await start(core);
      for (let height = 1; height <= 64; height++) {
        await submit(core, await submission(core, checkpointAt({ height })));
      }
      const gas = async (height: number, absent: number[]) =>
        Number(
          (await (await submit(core, await submission(core, checkpointAt({ height }), { absent }))).wait())!
            .gasUsed,
        );
      const all = await gas(65, []);
      const one = await gas(66, [1]);
      const two = await gas(67, [1, 9]);
      // Instrumented code costs more.
      const most = (figure: number) => (hre.globalOptions.coverage ? 10 * figure : figure);
      expect(all).to.be.below(most(230_000));
      expect(one - all).to.be.below(most(16_000));
      expect(two - one).to.be.below(most(5_000));
    });
  });

  describe("a boundary", () => {
    it("ends the epoch, in order, and hands the registry over", async () => {
      const core = await load(started);
      await closeEpoch(core);
      expect(await core.checkpoints.epochNow()).to.equal(1n);
      const first = await core.checkpoints.epochRecord(0);
      expect(first.boundaryAt).to.equal(BigInt((await ethers.provider.getBlock("latest"))!.timestamp) - 1n);
      const { accounting } = await boundaryNow(core);
      const submitter = ["bytes32", "address"];
      expect(first.accounting).to.equal(
        keccak256(
          AbiCoder.defaultAbiCoder().encode(submitter, [
            accountingHash({ ...accounting, epoch: 0, vectorHash: hashOf("vector 0") }),
            core.deployer.address,
          ]),
        ),
      );
      expect(await core.checkpoints.accountingOf(0)).to.equal(first.accounting);
      expect(await core.checkpoints.accountingOf(1)).to.equal(ZERO);
      const next = await core.checkpoints.epochRecord(1);
      expect([next.firstHeight, next.lastHeight]).to.deep.equal([11n, 20n]);
      // N_3 was sealed after boundary 0 and is recorded by boundary 1.
      const candidate = await core.elections.snapshotHashOf(3);
      expect((await core.checkpoints.recordedRegistry(3)).registryRoot).to.equal(ZERO);
      await closeEpoch(core);
      expect((await core.checkpoints.recordedRegistry(3)).registryRoot).to.equal(candidate);
      expect((await core.checkpoints.recordedRegistry(3)).seal).to.equal(2n);
    });

    it("needs its content, and others none", async () => {
      const core = await load(started);
      const boundary = await boundaryNow(core);
      const last = await submission(core, checkpointAt({ height: 10, boundary }));
      const refused = (call: Promise<unknown>) =>
        expect(call).to.be.revertedWithCustomError(core.checkpoints, "CheckpointManagerBadBoundary");
      await refused(core.checkpoints.submit(last.checkpoint, last.proof));
      await refused(submit(core, await submission(core, checkpointAt({ height: 10 }))));
      const early = await submission(core, checkpointAt({ height: 9, boundary }));
      await refused(core.checkpoints.submitBoundary(early));
      const otherContent = { ...last.boundary, accounting: { ...last.boundary.accounting, views: 11 } };
      await refused(core.checkpoints.submitBoundary({ ...last, boundary: otherContent }));
      const wrongEpoch = await submission(
        core,
        checkpointAt({
          height: 10,
          boundary: { ...boundary, accounting: { ...boundary.accounting, epoch: 1 } },
        }),
      );
      await refused(core.checkpoints.submitBoundary(wrongEpoch));
      const middle = await submission(core, checkpointAt({ height: 9 }));
      await refused(core.checkpoints.submitBoundary(middle));
      await core.checkpoints.submitBoundary(last);
    });

    it("cannot be skipped", async () => {
      const core = await load(started);
      await submit(core, await submission(core, checkpointAt({ height: 5 })));
      const boundary = await boundaryNow(core);
      const second = {
        ...boundary,
        accounting: { ...boundary.accounting, epoch: 1 },
      };
      const s = await submission(core, checkpointAt({ height: 20, boundary: second }), { epoch: 1 });
      await expect(core.checkpoints.submitBoundary(s)).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerBadBoundary",
      );
    });

    it("names the registry on record for the next epoch", async () => {
      const core = await load(started);
      const boundary = await boundaryNow(core, { registryNext: hashOf("other") });
      const s = await submission(core, checkpointAt({ height: 10, boundary }));
      await expect(core.checkpoints.submitBoundary(s)).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerBadRegistry",
      );
    });

    it("names the genesis registry for epoch 2, whatever else exists", async () => {
      const core = await load(started);
      const boundary = await boundaryNow(core, { registryAfter: hashOf("other") });
      const s = await submission(core, checkpointAt({ height: 10, boundary }));
      await expect(core.checkpoints.submitBoundary(s)).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerBadRegistry",
      );
    });

    it("carries the registry over if no candidate was sealed, or as the chain decides", async () => {
      const core = await load(started);
      await closeEpoch(core, { seal: false });
      const genesis = (await core.checkpoints.recordedRegistry(0)).registryRoot as Hash;
      const stranger = await boundaryNow(core, { registryAfter: hashOf("other") });
      const s = await submission(core, checkpointAt({ height: 20, boundary: stranger }));
      await expect(core.checkpoints.submitBoundary(s)).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerBadRegistry",
      );
      await closeEpoch(core);
      expect((await core.checkpoints.recordedRegistry(3)).registryRoot).to.equal(genesis);
      expect(await core.checkpoints.carriedOver()).to.equal(0n);
      // Beside a sealed candidate that differs.
      await core.pool.connect(core.members.get(5)!.operator).depositBond(5, 10n ** 18n);
      await closeEpoch(core, { commitment: { registryAfter: genesis } });
      expect((await core.checkpoints.recordedRegistry(4)).registryRoot).to.equal(genesis);
    });

    it("carries over beside a sealed candidate at most 24 times in a row", async () => {
      const core = await load(started);
      await closeEpoch(core);
      const genesis = (await core.checkpoints.recordedRegistry(0)).registryRoot as Hash;
      const bump = async () => core.pool.connect(core.members.get(5)!.operator).depositBond(5, 10n ** 18n);
      await bump();
      await closeEpoch(core);
      expect(await core.checkpoints.carriedOver()).to.equal(0n);
      const carry = async () =>
        closeEpoch(core, {
          commitment: { registryAfter: genesis },
          stamp: 1000 * (await networkHelpers.time.latest()),
        });
      for (let i = 1; i <= 24; i++) {
        await bump();
        // Nobody accrues: what is missing may be given up before it holds up a seal.
        await networkHelpers.time.increase(60);
        await carry();
        expect(await core.checkpoints.carriedOver()).to.equal(BigInt(i));
      }
      await expect(carry()).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerCarriedTooOften",
      );
      await closeEpoch(core);
      expect(await core.checkpoints.carriedOver()).to.equal(0n);
    });

    it("counts that from the moment the epoch's last block could name a settlement block that shows the candidate", async () => {
      const lag = 2;
      const core = await deployCore(connection, (file) => ({
        ...file,
        consensus: { ...file.consensus, blockTime: { fast: 400, balanced: 500, secure: 2_000 } },
        settlementLag: lag,
      }));
      await populate(core, [10_000, 10_000, 10_000, 10_000], [20_000, 20_000, 20_000]);
      await start(core);
      await closeEpoch(core);
      for (const [late, count] of [
        [1, 0n],
        [0, 1n],
      ] as const) {
        await core.pool.connect(core.members.get(5)!.operator).depositBond(5, 10n ** 18n);
        await closeEpoch(core);
        const sealedAt = await networkHelpers.time.latest();
        const next = (await core.checkpoints.epochNow()) + 1n;
        const registryAfter = (await core.checkpoints.recordedRegistry(next)).registryRoot as Hash;
        await closeEpoch(core, { commitment: { registryAfter }, stamp: 1000 * (sealedAt + lag) - late });
        expect(await core.checkpoints.carriedOver()).to.equal(count);
      }
    });

    it("does not count carrying over beside a candidate without a quorum in the next epoch's mode", async () => {
      const core = await deployCore(connection);
      await populate(core, [10_000, 10_000, 10_000, 10_000], [20_000, 20_000, 20_000]);
      await start(core, "secure");
      await actAsSlasher(core);
      await core.registry.jail(5);
      await closeEpoch(core);
      const genesis = (await core.checkpoints.recordedRegistry(0)).registryRoot as Hash;
      expect(await core.elections.snapshotHashOf(3)).not.to.equal(genesis);
      await closeEpoch(core, { commitment: { registryAfter: genesis } });
      expect((await core.checkpoints.recordedRegistry(3)).registryRoot).to.equal(genesis);
      expect(await core.checkpoints.carriedOver()).to.equal(0n);
    });

    it("fixes the next mode: the one wanted before, or the present one again", async () => {
      const core = await load(started);
      await expect(closeEpoch(core, { commitment: { modeNext: "secure" } })).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerBadMode",
      );
      await closeEpoch(core, { commitment: { modeWanted: "secure" } });
      expect((await core.checkpoints.epochRecord(1)).mode).to.equal(1n);
      expect((await core.checkpoints.epochRecord(2)).mode).to.equal(2n);
      await closeEpoch(core, { commitment: { modeNext: "secure", modeWanted: "fast" } });
      expect((await core.checkpoints.epochRecord(2)).mode).to.equal(2n);
      // Under Secure the contract counts more than two thirds of the stake and a third of the authorities.
      const few = await submission(core, checkpointAt({ height: 21 }), { absent: [0, 1] });
      await submit(core, few);
      const tooFew = await submission(core, checkpointAt({ height: 22 }), { absent: [0, 1, 2] });
      await expect(submit(core, tooFew)).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerNoQuorum",
      );
      await closeEpoch(core, { commitment: { modeNext: "fast", modeWanted: "fast" } });
      const fast = await submission(core, checkpointAt({ height: 31 }), { absent: [0] });
      await submit(core, fast);
      // Fast's checkpoints are backed by stake all the same.
      const unbacked = await submission(core, checkpointAt({ height: 32 }), { absent: [4, 5] });
      await expect(submit(core, unbacked)).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerNoQuorum",
      );
    });

    it("can be posted with the seal it makes possible", async () => {
      const core = await load(started);
      const boundary = await boundaryNow(core);
      const s = await submission(core, checkpointAt({ height: 10, boundary }));
      await expect(core.checkpoints.submitAndSeal(s, NO_HINTS))
        .to.emit(core.elections, "Sealed")
        .and.to.emit(core.checkpoints, "BoundaryAccepted");
      expect(await core.elections.sealOf(3)).to.equal(2n);
    });

    it("several are accepted in one call, in order", async () => {
      const core = await load(started);
      const list = [await submission(core, checkpointAt({ height: 5 }))];
      const boundary = await boundaryNow(core);
      list.push(await submission(core, checkpointAt({ height: 10, boundary })));
      const snapshot = await networkHelpers.takeSnapshot();
      await core.checkpoints.submitMany(list);
      list.push(await submission(core, checkpointAt({ height: 15 })));
      await snapshot.restore();
      await expect(core.checkpoints.submitMany([list[1]!, list[0]!])).to.be.revertedWithCustomError(
        core.checkpoints,
        "CheckpointManagerBadHeight",
      );
      await core.checkpoints.submitMany(list);
      const last = await core.checkpoints.lastCheckpoint();
      expect([last.height, last.count, last.epoch]).to.deep.equal([15n, 3n, 1n]);
    });
  });

  it("the ring keeps the last 64", async () => {
    const core = await deployCore(connection, (file) => ({
      ...file,
      consensus: { ...file.consensus, epochLength: { fast: 100, balanced: 100, secure: 100 } },
    }));
    await populate(core, [10_000], [20_000, 20_000, 20_000]);
    await start(core);
    for (let height = 1; height <= 66; height++) {
      await submit(core, await submission(core, checkpointAt({ height })));
    }
    for (const index of [1, 2, 40, 65]) {
      const root = checkpointRoot(await domainOf(core), checkpointAt({ height: index + 1 }));
      expect(await core.checkpoints.isRecent(index, root, core.deployer.address)).to.equal(index > 1);
    }
  });

  it("a set without stakers decides by its authorities, one of fewer than three too", async () => {
    for (const stakers of [[], [20_000, 20_000]]) {
      const core = await deployCore(connection);
      await populate(core, [10_000, 10_000, 10_000, 10_000], stakers);
      await start(core);
      await submit(
        core,
        await submission(core, checkpointAt({ height: 1 }), { absent: stakers.map((_, i) => 4 + i) }),
      );
      await expect(
        submit(core, await submission(core, checkpointAt({ height: 2 }), { absent: [0, 1] })),
      ).to.be.revertedWithCustomError(core.checkpoints, "CheckpointManagerNoQuorum");
    }
  });

  it("views of what is not on record answer zero or refuse", async () => {
    const core = await load(started);
    await expect(core.checkpoints.domain(3)).to.be.revertedWithCustomError(
      core.checkpoints,
      "CheckpointManagerNotRecorded",
    );
    expect((await core.checkpoints.epochRecord(3)).snapshot).to.equal(ethers.ZeroAddress);
    expect(await core.checkpoints.boundaryAcceptedAt(0)).to.equal(0n);
    expect(await core.checkpoints.snapshotFor(0, 1, await core.elections.snapshotHashOf(0))).to.equal(
      ethers.ZeroAddress,
    );
    expect(MODES[Number((await core.checkpoints.epochRecord(0)).mode)]).to.equal("balanced");
  });

  it("a root counts as evidence's once sealed or possibly carried over, and no other", async () => {
    const core = await load(started);
    const genesis = (await core.checkpoints.recordedRegistry(0)).registryRoot;
    await closeEpoch(core, { seal: false });
    await core.pool.connect(core.members.get(5)!.operator).depositBond(5, 10n ** 18n);
    await core.elections.seal(3, plain(await core.elections.sealHints.staticCall()));
    const candidate = await core.elections.snapshotHashOf(3);
    const none = ethers.ZeroAddress;
    // R_3 is not recorded yet: the chain may have taken either.
    expect(await core.checkpoints.snapshotFor(3, 0, candidate)).to.not.equal(none);
    expect(await core.checkpoints.snapshotFor(3, 0, genesis)).to.not.equal(none);
    expect(await core.checkpoints.snapshotFor(3, 0, hashOf("x"))).to.equal(none);
    expect(await core.checkpoints.snapshotFor(2, 0, candidate)).to.equal(none);
    expect(await core.checkpoints.snapshotFor(4, 0, genesis)).to.equal(none);
    await closeEpoch(core, { seal: false });
    expect(await core.checkpoints.snapshotFor(3, 0, candidate)).to.not.equal(none);
    expect(await core.checkpoints.snapshotFor(3, 0, genesis)).to.equal(none);
  });
});
