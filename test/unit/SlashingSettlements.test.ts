import { expect } from "chai";
import { network } from "hardhat";
import type { AbsencesStub } from "../../typechain/test/harness/AbsencesStub.ts";
import {
  COIN,
  type Core,
  closeEpoch,
  deployCore,
  loadCore,
  notarize,
  populate,
  start,
  startedCore,
  votePair,
} from "../support/core.ts";
import { bitmap } from "../support/evidence.ts";

const connection = await network.create();
const { networkHelpers, ethers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);
const WHY = "they were partitioned";

const refused = (core: Core, call: Promise<unknown>, error: string) =>
  expect(call).to.be.revertedWithCustomError(core.slashing, error);

const offend = async (core: Core, seat: number, view = 7) =>
  core.slashing.submitVotes(await votePair(core, seat, notarize(view, "a"), notarize(view, "b")));

const due = async (core: Core, validator: number) =>
  networkHelpers.time.increaseTo((await core.slashing.record(validator)).dueAt);

const veto = (core: Core, seat: number, validator: number, surcharge: boolean) =>
  core.slashing.connect(core.members.get(seat + 1)!.operator).veto(validator, surcharge, seat, WHY);

/** Ten authorities and twenty stakers of equal stake: one is a tenth of the one class, a twentieth of the other. */
async function wide(): Promise<Core> {
  const core = await deployCore(connection);
  await populate(core, Array(10).fill(10_000), Array(20).fill(20_000));
  await start(core);
  return core;
}

async function withAbsences(): Promise<Core> {
  const core = await deployCore(connection, (file) => ({
    ...file,
    slashing: { ...file.slashing, jailAfter: 3 },
    slashingBounds: {
      ...file.slashingBounds,
      lower: { ...file.slashingBounds.lower, jailAfter: 1 },
    },
  }));
  await populate(core, [10_000, 10_000, 10_000, 10_000], [20_000, 20_000, 20_000]);
  await start(core);
  for (let i = 0; i < 4; i++) await closeEpoch(core, { seal: false });
  return core;
}

async function stub(core: Core, absent: readonly (readonly number[])[]): Promise<AbsencesStub> {
  const source = (await ethers.deployContract("AbsencesStub")) as unknown as AbsencesStub;
  for (const [epoch, seats] of absent.entries()) await source.set(epoch, bitmap(seats));
  await core.pool.setDistributor(await source.getAddress());
  return source;
}

describe("SlashingManager: charges that wait", () => {
  describe("surcharge", () => {
    it("three times the share convicted within the window, less the base, of what was liable; settled once", async () => {
      const core = await load(wide);
      await offend(core, 3);
      await offend(core, 4);
      await offend(core, 15);
      const { together, fraction } = await core.slashing.surchargeOf(4);
      expect([together, fraction]).to.deep.equal([200_000_000n, 600_000n]);
      await core.slashing.settle(4);
      expect(await core.pool.bondOf(4)).to.equal(9_000n * COIN);
      await due(core, 15 + 1);
      await expect(core.slashing.settle(4))
        .to.emit(core.slashing, "SurchargeSettled")
        .withArgs(4n, 200_000_000n, 600_000n, 5_000n * COIN, 0n);
      expect(await core.pool.bondOf(4)).to.equal(4_000n * COIN);
      await core.slashing.settle(4);
      expect(await core.pool.bondOf(4)).to.equal(4_000n * COIN);
      expect((await core.slashing.record(4)).settled).to.equal(true);
      await core.slashing.settle(16);
      expect(await core.pool.bondOf(16)).to.equal(8_000n * COIN);
    });

    it("one staker of many pays the base alone; who was not convicted pays nothing", async () => {
      const core = await load(wide);
      await offend(core, 20);
      await due(core, 21);
      const { together, fraction } = await core.slashing.surchargeOf(21);
      expect([together < 50_000_000n, fraction]).to.deep.equal([
        true,
        150_000n > fraction ? fraction : fraction,
      ]);
      await core.slashing.settle(21);
      const paid = (20_000n * COIN * fraction) / 1_000_000n;
      expect(await core.pool.bondOf(21)).to.be.closeTo(20_000n * COIN - paid, 2n);
      await core.slashing.settle(22);
      expect(await core.slashing.surchargeOf(22)).to.deep.equal([0n, 0n]);
      expect(await core.pool.bondOf(22)).to.equal(20_000n * COIN);
    });

    it("takes all if a third went together, and counts nobody twice", async () => {
      const core = await load(started);
      await offend(core, 0);
      await offend(core, 0, 8);
      await offend(core, 1);
      expect((await core.slashing.surchargeOf(1)).together).to.equal(500_000_000n);
      await due(core, 2);
      await core.slashing.settle(1);
      expect(await core.pool.bondOf(1)).to.equal(0n);
    });

    it("counts the window's spans before and after, not those beyond", async () => {
      const core = await load(wide);
      const span = await core.slashing.bucketTime();
      await offend(core, 1);
      const first = (await core.slashing.record(2)).firstAt;
      await networkHelpers.time.increaseTo((first / span + 7n) * span + span - 2n);
      await offend(core, 2);
      await networkHelpers.time.increaseTo((first / span + 8n) * span);
      await offend(core, 3);
      expect((await core.slashing.surchargeOf(2)).together).to.equal(200_000_000n);
      expect((await core.slashing.surchargeOf(3)).together).to.equal(300_000_000n);
      expect((await core.slashing.surchargeOf(4)).together).to.equal(200_000_000n);
    });

    it("is the same however late it is settled: spans displaced from the ring are kept", async () => {
      const core = await load(wide);
      const span = await core.slashing.bucketTime();
      await offend(core, 1);
      await offend(core, 2);
      const number = (await core.slashing.record(2)).firstAt / span;
      const before = await core.slashing.surchargeOf(2);
      await networkHelpers.time.increaseTo((number + 64n) * span + 1n);
      await offend(core, 3);
      expect(await core.slashing.surchargeOf(2)).to.deep.equal(before);
      expect((await core.slashing.bucket(number + 64n)).count).to.equal(1n);
      const counts = [0n, 1n, 2n].map(async (i) => (await core.slashing.bucket(number + i)).count);
      expect((await Promise.all(counts)).reduce((a, b) => a + b)).to.equal(2n);
    });

    it("reaches delegations only after all of the bond", async () => {
      const core = await load(started);
      const delegator = core.others[12]!;
      await core.pool.connect(delegator).delegate(5, 5_000n * COIN);
      await closeEpoch(core);
      await offend(core, 4);
      await due(core, 5);
      const { fraction } = await core.slashing.surchargeOf(5);
      await core.slashing.settle(5);
      const left = (25_000n * COIN * (1_000_000n - fraction)) / 1_000_000n;
      const pool = await core.pool.pool(5);
      expect(pool.bond + pool.delegated).to.be.closeTo(left, 10n);
      expect(pool.bond).to.be.below(10n);
    });
  });

  describe("absence", () => {
    it("of every epoch of a run with a duty jails at once and is charged after the delay", async () => {
      const core = await load(withAbsences);
      await stub(core, [[4], [4], [4], []]);
      await expect(core.slashing.chargeAbsence(5, 0, [4, 4, 4])).to.emit(core.slashing, "AbsenceCharged");
      expect((await core.registry.validator(5)).status).to.equal(2n);
      const a = await core.slashing.absence(5);
      expect([a.fraction, a.seal, a.through]).to.deep.equal([5_000n, 1n, 2n]);
      await core.slashing.settle(5);
      expect(await core.pool.bondOf(5)).to.equal(20_000n * COIN);
      await networkHelpers.time.increaseTo(a.dueAt);
      await expect(core.slashing.settle(5))
        .to.emit(core.slashing, "AbsenceSettled")
        .withArgs(5n, 100n * COIN, 0n);
      expect(await core.pool.bondOf(5)).to.equal(19_900n * COIN);
      await core.slashing.settle(5);
      expect(await core.pool.bondOf(5)).to.equal(19_900n * COIN);
    });

    it("costs more the more stake was absent at the same time", async () => {
      const core = await load(withAbsences);
      await stub(core, [[4], [4], [4, 5, 6], []]);
      await core.slashing.chargeAbsence(5, 0, [4, 4, 4]);
      // The others absent are 40,000 of 72,000, rounded up.
      expect((await core.slashing.absence(5)).fraction).to.equal(30_001n);
    });

    it("needs every epoch, its own seats, and a new run each time", async () => {
      const core = await load(withAbsences);
      await stub(core, [[4], [4], [4, 6], []]);
      await refused(core, core.slashing.chargeAbsence(5, 1, [4, 4, 4]), "SlashingManagerNotAbsent");
      await refused(core, core.slashing.chargeAbsence(5, 0, [4, 4]), "SlashingManagerNotAbsent");
      await refused(core, core.slashing.chargeAbsence(6, 0, [4, 4, 4]), "SlashingManagerNotAbsent");
      await refused(core, core.slashing.chargeAbsence(5, 0, [4, 5, 4]), "SlashingManagerNotAbsent");
      await core.slashing.chargeAbsence(5, 0, [4, 4, 4, 4]);
      await refused(core, core.slashing.chargeAbsence(5, 3, [4, 4, 4]), "SlashingManagerNoNewRun");
      await networkHelpers.time.increaseTo((await core.slashing.absence(5)).dueAt);
      await core.slashing.settle(5);
      await refused(core, core.slashing.chargeAbsence(5, 2, [4, 4, 4]), "SlashingManagerNoNewRun");
    });

    it("begins anew after an epoch in which anything was carried, however many are named", async () => {
      const core = await load(withAbsences);
      await stub(core, [[4], [4], [5], [4]]);
      await refused(core, core.slashing.chargeAbsence(5, 0, [4, 4, 4, 4]), "SlashingManagerNotAbsent");
    });

    it("passes over epochs without a duty", async () => {
      const core = await deployCore(connection, (file) => ({
        ...file,
        slashing: { ...file.slashing, jailAfter: 2 },
        slashingBounds: { ...file.slashingBounds, lower: { ...file.slashingBounds.lower, jailAfter: 1 } },
      }));
      await populate(core, [10_000, 10_000, 10_000, 10_000], [20_000, 20_000, 20_000, 5_000]);
      await start(core);
      for (let i = 0; i < 3; i++) await closeEpoch(core, { seal: false });
      // Seat 7 is bonded too little for Balanced.
      await stub(core, [[7], [], [7]]);
      await core.slashing.chargeAbsence(8, 0, [7, 7, 7]);
      expect((await core.slashing.absence(8)).through).to.equal(2n);
    });

    it("is heard as long as other evidence", async () => {
      const core = await load(withAbsences);
      await stub(core, [[4], [4], [4], []]);
      await networkHelpers.time.increase(200);
      await refused(core, core.slashing.chargeAbsence(5, 0, [4, 4, 4]), "SlashingManagerExpired");
    });
  });

  describe("leak", () => {
    it("jails and charges the most, once while it waits; only the recovery", async () => {
      const core = await load(started);
      await expect(core.slashing.connect(core.others[0]!).leak(5)).to.be.revertedWithCustomError(
        core.slashing,
        "AccessManagedUnauthorized",
      );
      await core.access.grantRole(5, core.deployer.address, 0);
      await core.slashing.leak(5);
      const a = await core.slashing.absence(5);
      expect([a.fraction, a.seal]).to.deep.equal([50_000n, 1n]);
      await core.slashing.leak(5);
      expect((await core.slashing.absence(5)).dueAt).to.equal(a.dueAt);
      await networkHelpers.time.increaseTo(a.dueAt);
      await core.slashing.settle(5);
      expect(await core.pool.bondOf(5)).to.equal(19_000n * COIN);
    });
  });

  describe("veto", () => {
    it("of more than two thirds of the authorities ends a surcharge, not the base", async () => {
      const core = await load(wide);
      await offend(core, 3);
      await offend(core, 4);
      for (const seat of [0, 1, 2, 5, 6]) {
        await expect(veto(core, seat, 4, true)).to.not.emit(core.slashing, "VetoCarried");
      }
      await veto(core, 0, 4, true);
      await expect(veto(core, 7, 4, true))
        .to.emit(core.slashing, "VetoCast")
        .withArgs(4n, true, 8n, WHY)
        .and.to.emit(core.slashing, "VetoCarried")
        .withArgs(4n, true, 6n, 8n);
      await refused(core, veto(core, 8, 4, true), "SlashingManagerNothingToVeto");
      await due(core, 5);
      await expect(core.slashing.settle(4))
        .to.emit(core.slashing, "SurchargeSettled")
        .withArgs(4n, 0n, 0n, 0n, 0n);
      expect(await core.pool.bondOf(4)).to.equal(9_000n * COIN);
      await core.slashing.settle(5);
      expect(await core.pool.bondOf(5)).to.equal(4_000n * COIN);
      await refused(core, veto(core, 8, 5, true), "SlashingManagerNothingToVeto");
    });

    it("ends an absence too, and the vote address may call", async () => {
      const core = await load(withAbsences);
      await stub(core, [[4], [4], [4], []]);
      await core.slashing.chargeAbsence(5, 0, [4, 4, 4]);
      const voter = core.others[17]!;
      await core.registry.connect(core.members.get(1)!.operator).setVoteAddress(1, voter.address);
      await core.slashing.connect(voter).veto(5, false, 0, WHY);
      await veto(core, 1, 5, false);
      await veto(core, 2, 5, false);
      expect((await core.slashing.absence(5)).dueAt).to.equal(0n);
      await networkHelpers.time.increase(100);
      await core.slashing.settle(5);
      expect(await core.pool.bondOf(5)).to.equal(20_000n * COIN);
    });

    it("is the authorities' alone, and there must be something", async () => {
      const core = await load(started);
      await refused(core, veto(core, 0, 5, true), "SlashingManagerNothingToVeto");
      await refused(core, veto(core, 0, 5, false), "SlashingManagerNothingToVeto");
      await offend(core, 4);
      await refused(core, veto(core, 5, 5, true), "SlashingManagerNoVote");
      await refused(
        core,
        core.slashing.connect(core.others[18]!).veto(5, true, 0, WHY),
        "SlashingManagerNoVote",
      );
    });
  });
});
