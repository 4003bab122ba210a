import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { globalOptions, network } from "hardhat";
import { COIN } from "../support/core.ts";
import {
  ACC,
  ALL,
  accrueEpoch,
  deployWorld,
  endEpoch,
  expectCovered,
  GWEI,
  loadWorld,
  type Presence,
  RESERVE,
  type Registry,
  RULES,
  sealRegistry,
  vectorOf,
  type World,
} from "../support/rewards.ts";

/** Contracts instrumented for measuring coverage cost more: then nothing is said about gas. */
const expectGas = (used: bigint, bar: bigint): void => {
  if (!globalOptions.coverage) expect(used).to.be.lessThan(bar);
};

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const fresh = () => deployWorld(connection);
const load = (fixture: () => Promise<World> = fresh) => loadWorld(connection, fixture);

/** An hour of Balanced by the annual cap: 5 % of a billion a year, half of it at load multiplier 1. */
const HOUR =
  (1_000_000_000n * COIN * 50_000n * 1_000_000n * 3_600_000n) / (2n * 10n ** 12n * 31_536_000_000n);
/** What is left of a budget after bonus and credits, and the two classes' parts, wei. */
const parts = (budget: bigint, authorityShare = RULES.authorityShareBalanced) => {
  const bonus = (budget * RULES.proposerBonus) / 1_000_000n;
  const credits = (budget * RULES.creditShare) / 1_000_000n;
  const rest = budget - bonus - credits;
  const authorities = (rest * authorityShare) / 1_000_000n;
  return { bonus, credits, authorities, stakers: rest - authorities };
};
/** Four authorities and three stakers of 40,000 + 60,000. */
const SMALL: Registry = {
  seal: 1,
  authorities: 4,
  weights: [0, 0, 0, 0, 10_000, 20_000, 30_000],
};
const counters = async (w: World, epoch: number, seat: number) => {
  const [authority, stakers] = await w.distributor.countersAt(epoch, seat);
  return { authority, stakers };
};
/** A seat's row: bond and shares as parts of 10^9 and a number of shares. */
const rowOf = (seal: number, shares: bigint, bondFraction = 0, commission = 0, generation = 1) => ({
  seal,
  shares,
  bondFraction,
  commission,
  generation,
});
const entryOf = (seal: number, row: number, shares: bigint, generation = 1) => ({
  seal,
  row,
  generation,
  shares,
});

const anyValue = () => true;

describe("RewardDistributor: accrual", () => {
  it("pays authorities equally and stakers by weight, rounded down to gwei, and keeps the rest", async () => {
    const w = await load();
    await sealRegistry(w, SMALL);
    const { tx } = await accrueEpoch(w, 1);
    const { authorities, stakers } = parts(HOUR);
    let paid = 0n;
    for (let seat = 0; seat < 7; seat++) {
      const expected = {
        authority: seat < 4 ? authorities / 4n / GWEI : 0n,
        stakers: ((stakers / GWEI) * BigInt(SMALL.weights[seat]!)) / 60_000n,
      };
      expect(await counters(w, 0, seat), `${seat}`).to.deep.equal(expected);
      paid += expected.authority + expected.stakers;
    }
    const blob = await w.distributor.blobAt(0);
    await expect(tx)
      .to.emit(w.distributor, "Accrued")
      .withArgs(0, 1, HOUR, paid * GWEI, blob);
    // Two services: boundary and accrual.
    expect(await w.distributor.outstanding()).to.equal(paid * GWEI + COIN);
    expect(await w.distributor.reserve()).to.equal(RESERVE - paid * GWEI - COIN);
    expect(await expectCovered(w)).to.equal(0n);
    expect(await w.distributor.accruedEpochs()).to.equal(1n);
    expect(await w.distributor.accruedSeal()).to.equal(1n);
    expect(await w.distributor.paidUntil()).to.equal(w.stamp);
  });

  it("withholds what was missed and gives it to nobody", async () => {
    const w = await load();
    await sealRegistry(w, SMALL);
    const presence: Presence[] = Array(7).fill({});
    presence[1] = { missed: ALL };
    presence[5] = { missed: 13_107 };
    await accrueEpoch(w, 1, { presence });
    const { authorities, stakers } = parts(HOUR);
    expect(await counters(w, 0, 0)).to.deep.equal({ authority: authorities / 4n / GWEI, stakers: 0n });
    expect(await counters(w, 0, 1)).to.deep.equal({ authority: 0n, stakers: 0n });
    expect((await counters(w, 0, 5)).stakers).to.equal(
      ((stakers / GWEI) * 20_000n * 52_428n) / (60_000n * 65_535n),
    );
    expect((await counters(w, 0, 6)).stakers).to.equal(((stakers / GWEI) * 30_000n) / 60_000n);
    expect(await w.distributor.absentIn(0)).to.deep.equal([2n, 0n, 0n, 0n]);
  });

  it("takes the authorities' share of the mode and pays only active authorities, by all seats of theirs", async () => {
    const w = await load();
    for (const [i, mode] of (["fast", "balanced", "secure"] as const).entries()) {
      await sealRegistry(w, {
        ...SMALL,
        seal: i + 1,
        authorities: 3,
        weights: [50, 60, 0, 10, 20, 30],
        backing: [0, 1, 3, 4, 5],
      });
      const share = [RULES.authorityShareFast, RULES.authorityShareBalanced, RULES.authorityShareSecure][i]!;
      const before = i === 0 ? 0n : (await counters(w, i - 1, 0)).authority;
      await accrueEpoch(w, i + 1, { mode });
      const { authorities, stakers } = parts(HOUR, share);
      expect((await counters(w, i, 0)).authority - before).to.equal(authorities / 3n / GWEI);
      expect((await counters(w, i, 2)).authority).to.equal(0n);
      if (i === 0) expect((await counters(w, 0, 0)).stakers).to.equal(((stakers / GWEI) * 50n) / 170n);
    }
  });

  it("standby seats share a tenth of the stakers' part, never more for a unit of stake than voters", async () => {
    const w = await load();
    const weights = [0, 100, 200, 50, 50];
    await sealRegistry(w, { seal: 1, authorities: 1, weights, backing: [0, 1, 2] });
    await accrueEpoch(w, 1, { presence: [{}, {}, {}, {}, { missed: ALL }] });
    const { stakers } = parts(HOUR);
    const standby = stakers / 10n;
    expect((await counters(w, 0, 1)).stakers).to.equal((((stakers - standby) / GWEI) * 100n) / 300n);
    expect((await counters(w, 0, 3)).stakers).to.equal(((standby / GWEI) * 50n) / 100n);
    expect((await counters(w, 0, 4)).stakers).to.equal(0n);
    // Not READY is no absence: standby seats have no duty.
    expect(await w.distributor.absentIn(0)).to.deep.equal([0n, 0n, 0n, 0n]);

    await sealRegistry(w, { seal: 2, authorities: 1, weights: [0, 100, 200, 10], backing: [0, 1, 2] });
    const before = [await counters(w, 0, 1), await counters(w, 0, 3)];
    await accrueEpoch(w, 2);
    const few = (stakers * 10n) / 310n;
    const voter = (await counters(w, 1, 1)).stakers - before[0]!.stakers;
    const idle = (await counters(w, 1, 3)).stakers - before[1]!.stakers;
    expect(idle).to.equal(few / GWEI);
    expect(voter).to.equal((((stakers - few) / GWEI) * 100n) / 300n);
    expect(idle * 10n).to.be.lessThanOrEqual(voter + 1n);
  });

  it("jailed and convicted stake stays in both divisors", async () => {
    const w = await load();
    await sealRegistry(w, { seal: 1, authorities: 1, weights: [0, 100, 100], backing: [0, 1], idle: 100 });
    await accrueEpoch(w, 1);
    const { stakers } = parts(HOUR);
    const standby = stakers / 10n;
    expect((await counters(w, 0, 1)).stakers).to.equal((((stakers - standby) / GWEI) * 100n) / 200n);
    expect((await counters(w, 0, 2)).stakers).to.equal(((standby / GWEI) * 100n) / 200n);
  });

  it("pays proposers by blocks out of views, and never for more blocks than views", async () => {
    const w = await load();
    await sealRegistry(w, SMALL);
    const absent: Presence[] = Array(7).fill({ missed: ALL });
    const presence = [...absent];
    presence[0] = { missed: ALL, proposed: 3 };
    presence[4] = { missed: ALL, proposed: 4 };
    await accrueEpoch(w, 1, { presence, views: 10, blocks: 7_200 });
    const { bonus } = parts(HOUR);
    const each = bonus / 10n / GWEI;
    expect(await counters(w, 0, 0)).to.deep.equal({ authority: 3n * each, stakers: 0n });
    expect(await counters(w, 0, 4)).to.deep.equal({ authority: 0n, stakers: 4n * each });
    presence[4] = { missed: ALL, proposed: 400 };
    await accrueEpoch(w, 1, { presence, views: 10 });
    expect((await counters(w, 1, 4)).stakers).to.equal(4n * each + 7n * each);
    await accrueEpoch(w, 1, { presence, views: 0 });
    expect((await counters(w, 2, 4)).stakers).to.equal(11n * each);
  });

  it("the budget is the least of the planned reward, the annual cap and the reserve", async () => {
    const w = await load();
    const planned = 7_200n * 100n * COIN;
    expect(await w.distributor.budgetFor(7_200, 1_000_000, 3_600_000)).to.deep.equal([HOUR, planned]);
    // One block an hour: what the plan promises is less than the cap.
    expect(await w.distributor.budgetFor(1, 500_000, 3_600_000)).to.deep.equal([50n * COIN, 50n * COIN]);
    await sealRegistry(w, SMALL);
    const { tx } = await accrueEpoch(w, 1, { blocks: 1 });
    await expect(tx)
      .to.emit(w.distributor, "Accrued")
      .withArgs(0, 1, 100n * COIN, anyValue, anyValue);

    const poor = await deployWorld(connection);
    const poorer = { ...poor, distributor: poor.distributor };
    await sealRegistry(poorer, SMALL);
    // Nearly 8 % of the supply a year for four hours an epoch, until nothing is there.
    await poorer.world.setRules({ ...RULES, supply: 10_000_000_000_000n });
    for (let i = 0; i < 4; i++) await accrueEpoch(poorer, 1, { time: 14_400_000, blocks: 10_000_000 });
    expect(await poorer.distributor.reserve()).to.be.lessThan(RESERVE / 100n);
    await expectCovered(poorer);
  });

  it("load moves the budget between half and twice, and not beyond", async () => {
    const w = await load();
    await sealRegistry(w, SMALL);
    for (const [multiplier, budget] of [
      [1, HOUR / 2n],
      [500_000, HOUR / 2n],
      [2_000_000, 2n * HOUR],
      [9_000_000, 2n * HOUR],
    ] as const) {
      const { epoch, tx } = await accrueEpoch(w, 1, { multiplier });
      const [event] = await w.distributor.queryFilter(w.distributor.filters.Accrued(epoch));
      expect(event!.args.budget - budget).to.be.lessThanOrEqual(1n);
      await tx.wait();
    }
  });

  it("pays at most four hours an epoch, by the earlier of stamp and acceptance, and no time twice", async () => {
    const w = await load();
    await sealRegistry(w, SMALL);
    const budgetOf = async (options: Parameters<typeof accrueEpoch>[2]) => {
      const { epoch } = await accrueEpoch(w, 1, options);
      const [event] = await w.distributor.queryFilter(w.distributor.filters.Accrued(epoch));
      return event!.args.budget;
    };
    expect((await budgetOf({ time: 50_000_000 })) - 4n * HOUR).to.be.lessThanOrEqual(3n);
    expect(await budgetOf({ time: 3_600_000 })).to.equal(HOUR);
    expect(await budgetOf({ time: -7_200_000 })).to.equal(0n);
    // The hours given back are not paid again.
    expect(await budgetOf({ time: 7_200_000 })).to.equal(0n);
    const paidUntil = await w.distributor.paidUntil();
    // A stamp ahead of the settlement chain counts as its acceptance.
    const ahead = Number(BigInt(await networkHelpers.time.latest()) * 1000n - paidUntil) + 900_000_000;
    await budgetOf({ time: ahead });
    expect(await w.distributor.paidUntil()).to.be.lessThan(BigInt(w.stamp));
  });

  it("goes in order, once, and only after the boundary", async () => {
    const w = await load();
    await sealRegistry(w, SMALL);
    const first = await endEpoch(w, 1);
    const { distributor } = w;
    await expect(distributor.accrue(1, first.accounting, first.vector, first.relayer))
      .to.be.revertedWithCustomError(distributor, "RewardDistributorNotInOrder")
      .withArgs(1, 0);
    await distributor.accrue(0, first.accounting, first.vector, first.relayer);
    await expect(distributor.accrue(0, first.accounting, first.vector, first.relayer))
      .to.be.revertedWithCustomError(distributor, "RewardDistributorNotInOrder")
      .withArgs(0, 1);
    await expect(distributor.accrue(1, first.accounting, first.vector, first.relayer))
      .to.be.revertedWithCustomError(distributor, "RewardDistributorNotEnded")
      .withArgs(1);
    await expect(distributor.absentIn(1))
      .to.be.revertedWithCustomError(distributor, "RewardDistributorNotAccrued")
      .withArgs(1);
  });

  it("takes nothing but what the boundary committed to, from whom it says", async () => {
    const w = await load();
    await sealRegistry(w, SMALL);
    const { accounting, vector, relayer } = await endEpoch(w, 1);
    const { distributor } = w;
    for (const [given, by] of [
      [{ ...accounting, views: 1 }, relayer],
      [{ ...accounting, loadMultiplier: 2_000_000 }, relayer],
      [accounting, w.others[5]!.address],
    ] as const) {
      await expect(distributor.accrue(0, given, vector, by))
        .to.be.revertedWithCustomError(distributor, "RewardDistributorWrongAccounting")
        .withArgs(0);
    }
    await expect(distributor.accrue(0, accounting, vectorOf(Array(7).fill({ missed: 1 })), relayer))
      .to.be.revertedWithCustomError(distributor, "RewardDistributorWrongVector")
      .withArgs(0);
    await expect(distributor.accrue(0, accounting, "0x", relayer)).to.be.revertedWithCustomError(
      distributor,
      "RewardDistributorWrongVector",
    );
  });

  it("a recovered epoch, an empty vector and one of the wrong length pay nothing and stop nothing", async () => {
    const w = await load();
    await sealRegistry(w, SMALL);
    await accrueEpoch(w, 1, { recovered: true });
    expect(await w.distributor.blobAt(0)).to.equal(ZeroAddress);
    expect(await w.distributor.absentIn(0)).to.deep.equal([0n, 0n, 0n, 0n]);
    expect(await counters(w, 0, 3)).to.deep.equal({ authority: 0n, stakers: 0n });
    await accrueEpoch(w, 1, { vector: "0x00" });
    expect(await w.distributor.outstanding()).to.equal(0n);
    // Only the time from here on is paid.
    w.stamp = Number(await w.distributor.paidUntil());
    await networkHelpers.time.increase(7_200);
    await accrueEpoch(w, 1, { presence: Array(7).fill({ missed: ALL }) });
    const blob = await w.distributor.blobAt(2);
    expect(await w.distributor.absentIn(2)).to.deep.equal([127n, 0n, 0n, 0n]);
    await accrueEpoch(w, 1, { recovered: true });
    expect(await w.distributor.blobAt(3)).to.equal(blob);
    // Absences are the epoch's own.
    expect(await w.distributor.absentIn(3)).to.deep.equal([0n, 0n, 0n, 0n]);
  });

  it("an epoch whose vector nobody shows is passed over after the deadline, not before", async () => {
    const w = await load();
    await sealRegistry(w, SMALL);
    const { accounting, vector, relayer, boundaryAt } = await endEpoch(w, 1);
    const deadline = boundaryAt + Number(RULES.accrualDeadline);
    await networkHelpers.time.setNextBlockTimestamp(deadline - 1);
    await expect(w.distributor.accrue(0, accounting, "0x", relayer)).to.be.revertedWithCustomError(
      w.distributor,
      "RewardDistributorWrongVector",
    );
    await networkHelpers.time.setNextBlockTimestamp(deadline);
    await w.distributor.accrue(0, { ...accounting, stamp: 0 }, "0x", ZeroAddress);
    expect(await w.distributor.outstanding()).to.equal(0n);
    expect(await w.distributor.paidUntil()).to.equal(BigInt(boundaryAt) * 1000n);
    // Late with its vector it is paid all the same.
    const late = await endEpoch(w, 1);
    await networkHelpers.time.increase(Number(RULES.accrualDeadline));
    w.stamp = late.boundaryAt * 1000;
    await w.distributor.accrue(1, late.accounting, late.vector, late.relayer);
    expect(await w.distributor.accruedEpochs()).to.equal(2n);
    expect(vector.length).to.equal(2 + 8 * 7);
  });

  it("knows the first epoch of each seal, also of those that were never in force", async () => {
    const w = await load();
    const { distributor } = w;
    expect(await distributor.firstEpochOf(1)).to.deep.equal([false, 0n]);
    for (const seal of [1, 4, 20]) await sealRegistry(w, { ...SMALL, seal });
    for (const seal of [1, 1, 4, 4, 4, 20]) await accrueEpoch(w, seal, { recovered: true });
    for (const [seal, epoch] of [
      [1, 0n],
      [2, 2n],
      [4, 2n],
      [5, 5n],
      [8, 5n],
      [20, 5n],
    ] as const) {
      expect(await distributor.firstEpochOf(seal), `${seal}`).to.deep.equal([true, epoch]);
    }
    expect(await distributor.firstEpochOf(21)).to.deep.equal([false, 0n]);
  });

  it("keeps every seat's counter when seats and authorities become fewer or more", async () => {
    const w = await load();
    await sealRegistry(w, { seal: 1, authorities: 2, weights: [0, 0, 10, 10] });
    await sealRegistry(w, { seal: 2, authorities: 3, weights: [0, 0, 0, 10, 10, 10] });
    await sealRegistry(w, { seal: 3, authorities: 1, weights: [0, 10, 10] });
    const before = [];
    await accrueEpoch(w, 1);
    for (let seat = 0; seat < 4; seat++) before.push(await counters(w, 0, seat));
    await accrueEpoch(w, 2);
    expect((await counters(w, 1, 2)).stakers).to.equal(before[2]!.stakers);
    expect((await counters(w, 1, 2)).authority).to.be.greaterThan(0n);
    const grown = await counters(w, 1, 5);
    await accrueEpoch(w, 3);
    expect(await counters(w, 2, 5)).to.deep.equal(grown);
    expect((await counters(w, 2, 2)).authority).to.equal((await counters(w, 1, 2)).authority);
    expect((await counters(w, 2, 1)).authority).to.equal((await counters(w, 1, 1)).authority);
    expect((await counters(w, 2, 1)).stakers).to.be.greaterThan(0n);
    expect(await counters(w, 2, 6)).to.deep.equal({ authority: 0n, stakers: 0n });
    await expectCovered(w);
  });
});

/** Validator 1 on seat 0 and validator 2 on seat 1, each with half of the stakers' part; no authorities. */
const PAIR: Registry = { seal: 1, authorities: 0, weights: [100, 100] };
const SHARES = 10n ** 24n;
const HALF = parts(HOUR).stakers / GWEI / 2n;

/** Validator 1 with a tenth of its stake its own and 5 % commission; the others' delegators are `owners`. */
async function paired(w: World, owners: readonly (readonly [string, bigint])[]) {
  await sealRegistry(w, PAIR);
  const shares = owners.reduce((sum, [, part]) => sum + part, 0n);
  await w.world.setTenure(1, 1, 1);
  await w.world.setTenure(2, 1, 2);
  await w.world.setRow(1, rowOf(1, shares, 100_000_000, 50_000));
  let total = 0n;
  for (const [owner, part] of owners) {
    await w.world.setEntry(1, owner, entryOf(1, 0, part));
    total += part;
  }
  expect(total).to.equal(shares);
  await w.world.setValidator(1, w.others[9]!.address, 0);
  await w.world.setValidator(2, w.others[8]!.address, 0);
}

/** Pay in gwei as rows split it: the validator's own and one share's accumulator. */
function split(gwei: bigint, row: ReturnType<typeof rowOf>) {
  const pay = gwei * GWEI;
  if (row.shares === 0n) return { own: pay, acc: 0n };
  const bond = (pay * BigInt(row.bondFraction)) / 1_000_000_000n;
  const own = bond + ((pay - bond) * BigInt(row.commission)) / 1_000_000n;
  return { own, acc: ((pay - own) * ACC) / row.shares };
}

describe("RewardDistributor: claims", () => {
  it("splits a validator's pay into bond, commission and shares, each rounded down", async () => {
    const w = await load();
    const [ann, bob] = [w.others[2]!.address, w.others[3]!.address];
    await paired(w, [
      [ann, SHARES],
      [bob, 2n * SHARES],
    ]);
    await accrueEpoch(w, 1);
    const { own, acc } = split(HALF, rowOf(1, 3n * SHARES, 100_000_000, 50_000));
    const { distributor, token } = w;
    const due = (SHARES * acc) / ACC;
    const had = await token.balanceOf(ann);
    await expect(distributor.connect(w.others[7]!).claim([1], ann))
      .to.emit(distributor, "Claimed")
      .withArgs(ann, due);
    expect((await token.balanceOf(ann)) - had).to.equal(due);
    await expect(distributor.settle(1, bob))
      .to.emit(distributor, "Settled")
      .withArgs(1, bob, (2n * SHARES * acc) / ACC);
    expect(await distributor.owed(bob)).to.equal((2n * SHARES * acc) / ACC);
    const withdrawal = w.others[9]!.address;
    const before = await token.balanceOf(withdrawal);
    await expect(distributor.claimValidator([1]))
      .to.emit(distributor, "ValidatorClaimed")
      .withArgs(1, withdrawal, 0, own);
    expect((await token.balanceOf(withdrawal)) - before).to.equal(own);
    // Again there is nothing.
    expect(await distributor.claim.staticCall([1], ann)).to.equal(0n);
    await distributor.claimValidator([1]);
    expect((await token.balanceOf(withdrawal)) - before).to.equal(own);
    expect(await distributor.claim.staticCall([], bob)).to.equal((2n * SHARES * acc) / ACC);
    expect(await distributor.paidSeal(1, ann)).to.equal(1n);
    await expectCovered(w);
  });

  it("a claim after many epochs pays what claims after each would, up to a unit each", async () => {
    const w = await load();
    const [ann, bob] = [w.others[2]!.address, w.others[3]!.address];
    await paired(w, [
      [ann, SHARES],
      [bob, SHARES],
    ]);
    let often = 0n;
    for (let i = 0; i < 12; i++) {
      await accrueEpoch(w, 1);
      often += await w.distributor.claim.staticCall([1], ann);
      await w.distributor.claim([1], ann);
    }
    const once = await w.distributor.claim.staticCall([1], bob);
    expect(once - often).to.be.within(0n, 12n);
    const { acc } = split(12n * HALF, rowOf(1, 2n * SHARES, 100_000_000, 50_000));
    expect(once).to.equal((SHARES * acc) / ACC);
  });

  it("each row's shares, bond and commission are those of its own epochs", async () => {
    const w = await load();
    const [ann, bob] = [w.others[2]!.address, w.others[3]!.address];
    await paired(w, [[ann, SHARES]]);
    const rows = [
      rowOf(1, SHARES, 100_000_000, 50_000),
      rowOf(2, 3n * SHARES, 50_000_000, 50_000),
      rowOf(3, 3n * SHARES, 50_000_000, 100_000),
      rowOf(6, SHARES, 120_000_000, 100_000),
    ];
    for (const row of rows.slice(1)) await w.world.setRow(1, row);
    await w.world.setEntry(1, bob, entryOf(2, 1, 2n * SHARES));
    // Seal 2 was never in force: its row begins with seal 3's, which makes it pass without an epoch.
    for (const seal of [3, 4, 7]) await sealRegistry(w, { ...PAIR, seal });
    for (const seal of [1, 1, 3, 3, 4, 7]) await accrueEpoch(w, seal);
    const first = split(2n * HALF, rows[0]!);
    const third = split(3n * HALF, rows[2]!);
    const last = split(HALF, rows[3]!);
    await expect(w.distributor.settleRows(1, 100))
      .to.emit(w.distributor, "RowSettled")
      .withArgs(1, 0, first.acc);
    expect(await w.distributor.accAt(1, 2)).to.equal(first.acc);
    expect(await w.distributor.accAt(1, 3)).to.equal(first.acc + third.acc);
    expect((await w.distributor.ledgerOf(1)).owed).to.equal(first.own + third.own + last.own);
    await w.world.setShares(1, bob, 0);
    expect(await w.distributor.settle.staticCall(1, bob)).to.equal(0n);
    await w.world.setShares(1, bob, 2n * SHARES);
    expect(await w.distributor.settle.staticCall(1, bob)).to.equal(
      (2n * SHARES * (third.acc + last.acc)) / ACC,
    );
    expect(await w.distributor.settle.staticCall(1, ann)).to.equal(
      (SHARES * (first.acc + third.acc + last.acc)) / ACC,
    );
  });

  it("a position's entries count from their own seals on", async () => {
    const w = await load();
    const ann = w.others[2]!.address;
    await paired(w, [[ann, SHARES]]);
    const rows = [rowOf(1, SHARES, 100_000_000, 50_000), rowOf(2, 2n * SHARES), rowOf(4, 5n * SHARES)];
    await w.world.setRow(1, rows[1]!);
    await w.world.setRow(1, rows[2]!);
    await w.world.setEntry(1, ann, entryOf(2, 1, 2n * SHARES));
    await w.world.setEntry(1, ann, entryOf(4, 2, 5n * SHARES));
    for (const seal of [2, 4]) await sealRegistry(w, { ...PAIR, seal });
    for (const seal of [1, 2]) await accrueEpoch(w, seal);
    const [a, b] = [split(HALF, rows[0]!), split(HALF, rows[1]!)];
    const both = (SHARES * a.acc) / ACC + (2n * SHARES * b.acc) / ACC;
    await expect(w.distributor.settle(1, ann)).to.emit(w.distributor, "Settled").withArgs(1, ann, both);
    expect((await w.distributor.positionOf(1, ann)).entry).to.equal(1n);
    expect(await w.distributor.paidSeal(1, ann)).to.equal(2n);
    await accrueEpoch(w, 2);
    await accrueEpoch(w, 4);
    const twice = split(2n * HALF, rows[1]!);
    const c = split(HALF, rows[2]!);
    await expect(w.distributor.settle(1, ann))
      .to.emit(w.distributor, "Settled")
      .withArgs(1, ann, (2n * SHARES * (twice.acc - b.acc)) / ACC + (5n * SHARES * c.acc) / ACC);
    expect((await w.distributor.positionOf(1, ann)).entry).to.equal(2n);
  });

  it("shares of a retired generation earn until it ended, later ones only from theirs on", async () => {
    const w = await load();
    const [ann, bob] = [w.others[2]!.address, w.others[3]!.address];
    await paired(w, [[ann, SHARES]]);
    await w.world.setRow(1, rowOf(2, SHARES, 0, 0, 2));
    await w.world.setRow(1, rowOf(3, SHARES, 0, 0, 3));
    await w.world.setEntry(1, bob, entryOf(2, 1, SHARES, 2));
    for (const seal of [2, 3]) await sealRegistry(w, { ...PAIR, seal });
    for (const seal of [1, 2, 3]) await accrueEpoch(w, seal);
    const first = split(HALF, rowOf(1, SHARES, 100_000_000, 50_000));
    const second = split(HALF, rowOf(2, SHARES));
    expect(await w.distributor.settle.staticCall(1, ann)).to.equal((SHARES * first.acc) / ACC);
    expect(await w.distributor.settle.staticCall(1, bob)).to.equal((SHARES * second.acc) / ACC);
    await w.distributor.claim([1], ann);
    expect(await w.distributor.settle.staticCall(1, ann)).to.equal(0n);
    // A position begun anew in a later generation: its present shares say nothing about the old ones.
    await w.world.setEntry(1, bob, entryOf(4, 3, 5n, 3));
    expect(await w.distributor.settle.staticCall(1, bob)).to.equal((SHARES * second.acc) / ACC);
  });

  it("follows a validator from seat to seat, and pays nothing while it has none", async () => {
    const w = await load();
    const ann = w.others[2]!.address;
    await paired(w, [[ann, SHARES]]);
    await w.world.setTenure(1, 2, 0);
    await w.world.setTenure(1, 3, 2);
    for (const seal of [2, 3]) {
      await sealRegistry(w, { seal, authorities: 0, weights: [100, seal === 3 ? 300 : 100] });
    }
    for (const seal of [1, 2, 3]) await accrueEpoch(w, seal);
    const later = (2n * HALF * 300n) / 400n;
    const earned = HALF + (await counters(w, 2, 1)).stakers - (await counters(w, 1, 1)).stakers;
    expect(earned - HALF - later).to.be.within(-1n, 1n);
    const { acc } = split(earned, rowOf(1, SHARES, 100_000_000, 50_000));
    expect(await w.distributor.settle.staticCall(1, ann)).to.equal((SHARES * acc) / ACC);
  });

  it("rows are settled in steps, and what is settled so far can be claimed", async () => {
    const w = await load();
    const ann = w.others[2]!.address;
    await paired(w, [[ann, SHARES]]);
    const count = 40;
    for (let seal = 2; seal <= count; seal++) {
      await w.world.setRow(1, rowOf(seal, SHARES, 100_000_000, 50_000));
      await sealRegistry(w, { ...PAIR, seal });
    }
    for (let seal = 1; seal <= count; seal++) await accrueEpoch(w, seal);
    expect(await w.distributor.settleRows.staticCall(1, 0)).to.equal(false);
    await w.distributor.settleRows(1, 0);
    expect((await w.distributor.ledgerOf(1)).row).to.equal(0n);
    await w.distributor.claim([1], ann);
    // The seat's tenure began with the first step.
    expect((await w.distributor.ledgerOf(1)).row).to.equal(5n);
    // What StakingPool gives it while shares leave.
    const settling = await (await w.distributor.settle(1, ann)).wait();
    expect((await w.distributor.ledgerOf(1)).row).to.equal(11n);
    expectGas(settling!.gasUsed, 400_000n);
    expect(await w.distributor.paidSeal(1, ann)).to.equal(0n);
    expect(await w.distributor.settleRows.staticCall(1, 100)).to.equal(true);
    await w.distributor.settleRows(1, 100);
    expect((await w.distributor.ledgerOf(1)).row).to.equal(BigInt(count - 1));
    await w.distributor.claim([1], ann);
    expect(await w.distributor.paidSeal(1, ann)).to.equal(BigInt(count));
    const { acc } = split(HALF, rowOf(1, SHARES, 100_000_000, 50_000));
    const total = await w.token.balanceOf(ann);
    expect((SHARES * acc * BigInt(count)) / ACC - total).to.be.within(0n, 2n);
  });

  it("a validator without delegators keeps all; one that nobody knows has nothing", async () => {
    const w = await load();
    await paired(w, [[w.others[2]!.address, SHARES]]);
    await w.world.setRow(2, rowOf(1, 0n, 1_000_000_000, 100_000));
    await accrueEpoch(w, 1);
    await expect(w.distributor.claimValidator([2, 3]))
      .to.emit(w.distributor, "ValidatorClaimed")
      .withArgs(2, w.others[8]!.address, 0, HALF * GWEI)
      .and.to.emit(w.distributor, "ValidatorClaimed")
      .withArgs(3, ZeroAddress, 0, 0);
    expect(await w.distributor.settleRows.staticCall(3, 5)).to.equal(true);
    expect(await w.distributor.settle.staticCall(3, w.others[2]!.address)).to.equal(0n);
  });

  it("an authority's pay goes into its bond up to the target, unless it takes no stake", async () => {
    const w = await load();
    await sealRegistry(w, { seal: 1, authorities: 1, weights: [0, 100] });
    const withdrawal = w.others[9]!.address;
    await w.world.setValidator(1, withdrawal, 1);
    await w.world.setTenure(1, 1, 1);
    await w.world.setRow(1, rowOf(1, 0n, 1_000_000_000));
    await w.world.setBond(1, 10_000n * COIN);
    await accrueEpoch(w, 1);
    const each = (parts(HOUR).authorities / GWEI) * GWEI;
    const { distributor, world, token } = w;
    const custody = await world.getAddress();
    await expect(distributor.claimValidator([1]))
      .to.emit(world, "Credit")
      .withArgs(1, ZeroAddress, each)
      .and.to.emit(distributor, "ValidatorClaimed")
      .withArgs(1, withdrawal, each, 0);
    expect(await token.balanceOf(custody)).to.equal(each);
    await accrueEpoch(w, 1);
    await world.setBond(1, 200_000n * COIN - 1n);
    await expect(distributor.claimValidator([1]))
      .to.emit(distributor, "ValidatorClaimed")
      .withArgs(1, withdrawal, 1, each - 1n);
    await accrueEpoch(w, 1);
    await world.setBond(1, 300_000n * COIN);
    await expect(distributor.claimValidator([1]))
      .to.emit(distributor, "ValidatorClaimed")
      .withArgs(1, withdrawal, 0, each);
    await accrueEpoch(w, 1);
    await world.setBond(1, 0);
    await world.setOpen(false);
    await expect(distributor.claimValidator([1]))
      .to.emit(distributor, "ValidatorClaimed")
      .withArgs(1, withdrawal, 0, each);
    expect(await token.balanceOf(custody)).to.equal(each + 1n);
    await expectCovered(w);
  });

  it("compounds for owners who asked for it, and books what has no room", async () => {
    const w = await load();
    const [ann, bob] = [w.others[2]!, w.others[3]!];
    await paired(w, [
      [ann.address, SHARES],
      [bob.address, SHARES],
    ]);
    await accrueEpoch(w, 1);
    const { acc } = split(HALF, rowOf(1, 2n * SHARES, 100_000_000, 50_000));
    const due = (SHARES * acc) / ACC;
    const { distributor, world } = w;
    await expect(distributor.connect(ann).setCompound(1, true))
      .to.emit(distributor, "CompoundSet")
      .withArgs(1, ann.address, true);
    await expect(distributor.compound(1, [ann.address, bob.address, ann.address]))
      .to.emit(distributor, "Compounded")
      .withArgs(1, ann.address, due)
      .and.to.emit(world, "Credit")
      .withArgs(1, ann.address, due);
    expect(await w.token.balanceOf(await world.getAddress())).to.equal(due);
    expect((await distributor.positionOf(1, bob.address)).acc).to.equal(0n);
    // A stranger's claim leaves a position that compounds alone.
    await accrueEpoch(w, 1);
    await distributor.connect(bob).claim([1], ann.address);
    expect(await distributor.settle.staticCall(1, ann.address)).to.be.within(due - 1n, due + 1n);
    await distributor.compound(1, [ann.address]);
    await accrueEpoch(w, 1);
    await world.setOpen(false);
    await distributor.compound(1, [ann.address]);
    expect(await distributor.owed(ann.address)).to.be.within(due - 1n, due + 1n);
    await distributor.connect(ann).setCompound(1, false);
    expect((await distributor.positionOf(1, ann.address)).compounding).to.equal(false);
    await expectCovered(w);
  });

  it("funding is anybody's, of something", async () => {
    const w = await load();
    const { distributor, token } = w;
    await expect(distributor.fund(0)).to.be.revertedWithCustomError(
      distributor,
      "RewardDistributorZeroAmount",
    );
    await token.approve(await distributor.getAddress(), 5n);
    await expect(distributor.fund(5))
      .to.emit(distributor, "Funded")
      .withArgs(w.deployer.address, 5, RESERVE + 5n);
    expect(await distributor.token()).to.equal(await token.getAddress());
  });
});

describe("RewardDistributor: relayers", () => {
  const checkpointOf = (height: number, boundary = `0x${"00".repeat(32)}`) => ({
    height,
    viewNumber: height,
    stamp: height,
    blockHash: ethers.id(`block ${height}`),
    stateRoot: ethers.id("state"),
    blocksRoot: ethers.id("blocks"),
    previous: ethers.id("previous"),
    boundary,
  });

  it("credits boundary, seal and accrual of an epoch, and pays them out to whom they belong", async () => {
    const w = await load();
    const sealer = w.others[4]!.address;
    await sealRegistry(w, { ...SMALL, sealer });
    await sealRegistry(w, { ...SMALL, seal: 2, sealer });
    await accrueEpoch(w, 1);
    const { distributor, token } = w;
    expect(await distributor.creditsOf(sealer)).to.equal(0n);
    const { tx } = await accrueEpoch(w, 2);
    const half = COIN / 2n;
    for (const [relayer, service] of [
      [w.others[0]!, 0],
      [w.others[4]!, 1],
      [w.others[1]!, 2],
    ] as const) {
      await expect(tx).to.emit(distributor, "Credited").withArgs(relayer.address, service, 1, half);
    }
    // A registry carried over was sealed once.
    await accrueEpoch(w, 2);
    expect(await distributor.creditsOf(sealer)).to.equal(half);
    const had = await token.balanceOf(sealer);
    await expect(distributor.claimCredits(sealer))
      .to.emit(distributor, "CreditsClaimed")
      .withArgs(sealer, half);
    expect((await token.balanceOf(sealer)) - had).to.equal(half);
    await distributor.claimCredits(sealer);
    expect((await token.balanceOf(sealer)) - had).to.equal(half);
    await expectCovered(w);
  });

  it("all credits of an epoch stay within their share of its budget", async () => {
    const w = await load();
    await sealRegistry(w, SMALL);
    // 40 AITBC of budget: 0.8 of credits.
    await w.world.setRules({ ...RULES, baseReward: 40_000n });
    await accrueEpoch(w, 1, { blocks: 1 });
    expect(await w.distributor.creditsOf(w.others[0]!.address)).to.equal(COIN / 2n);
    expect(await w.distributor.creditsOf(w.others[1]!.address)).to.equal((3n * COIN) / 10n);
    expect(await w.distributor.creditLeft()).to.equal(0n);
    await accrueEpoch(w, 1, { recovered: true });
    expect(await w.distributor.creditLeft()).to.equal(0n);
  });

  it("credits one checkpoint an interval, to its submitter, while the epoch's credits last", async () => {
    const w = await load();
    const { distributor, world } = w;
    await sealRegistry(w, SMALL);
    await accrueEpoch(w, 1);
    const submitter = w.others[5]!.address;
    const left = await distributor.creditLeft();
    for (const [index, height] of [
      [1, 3],
      [2, 4],
      [3, 7],
      [4, 8],
    ] as const) {
      await world.setRecent(index, 0, checkpointOf(height), submitter);
    }
    for (const args of [
      [2, 0, checkpointOf(3), submitter],
      [1, 0, checkpointOf(2), submitter],
      [1, 0, checkpointOf(3), w.others[6]!.address],
      [1, 1, checkpointOf(3), submitter],
    ] as const) {
      await expect(distributor.creditCheckpoint(...args))
        .to.be.revertedWithCustomError(distributor, "RewardDistributorWrongCheckpoint")
        .withArgs(args[0]);
    }
    await expect(distributor.creditCheckpoint(1, 0, checkpointOf(3), submitter))
      .to.emit(distributor, "Credited")
      .withArgs(submitter, 3, 0, COIN / 2n);
    expect(await distributor.creditFrom()).to.equal(6n);
    for (const [index, height] of [
      [1, 3],
      [2, 4],
    ] as const) {
      await expect(distributor.creditCheckpoint(index, 0, checkpointOf(height), submitter))
        .to.be.revertedWithCustomError(distributor, "RewardDistributorAlreadyCredited")
        .withArgs(height, 6);
    }
    await distributor.creditCheckpoint(3, 0, checkpointOf(7), submitter);
    await expect(
      distributor.creditCheckpoint(4, 0, checkpointOf(8), submitter),
    ).to.be.revertedWithCustomError(distributor, "RewardDistributorAlreadyCredited");
    expect(await distributor.creditLeft()).to.equal(left - COIN);
    const boundary = checkpointOf(9, ethers.id("boundary"));
    await world.setRecent(5, 0, boundary, submitter);
    await expect(distributor.creditCheckpoint(5, 0, boundary, submitter)).to.be.revertedWithCustomError(
      distributor,
      "RewardDistributorWrongCheckpoint",
    );
    await expectCovered(w);
  });

  it("measures intervals in the epoch's own mode, and credits nothing when nothing is left", async () => {
    const w = await load();
    const { distributor, world } = w;
    await sealRegistry(w, SMALL);
    const submitter = w.others[5]!.address;
    for (const [epoch, mode] of (["fast", "secure"] as const).entries()) {
      await accrueEpoch(w, 1, { mode });
      const checkpoint = checkpointOf(epoch * 1000 + 7);
      await world.setRecent(epoch, epoch, checkpoint, submitter);
      await distributor.creditCheckpoint(epoch, epoch, checkpoint, submitter);
      expect(await distributor.creditFrom()).to.equal(BigInt(epoch * 1000 + 11));
    }
    expect(await distributor.creditsOf(submitter)).to.equal(COIN);
    await accrueEpoch(w, 1, { recovered: true });
    const checkpoint = checkpointOf(2_007);
    await world.setRecent(2, 2, checkpoint, submitter);
    await expect(distributor.creditCheckpoint(2, 2, checkpoint, submitter)).not.to.emit(
      distributor,
      "Credited",
    );
    expect(await distributor.creditsOf(submitter)).to.equal(COIN);
  });
});

describe("RewardDistributor: a thousand seats", () => {
  it("accrues them in one transaction, also with a registry never seen before", async () => {
    const w = await load();
    const weights = Array.from({ length: 1_000 }, (_, seat) => 1_000 + seat);
    const backing = weights.flatMap((_, seat) => (seat < 100 ? [seat] : []));
    const presence = weights.map((_, seat) => ({ missed: seat % 7 === 0 ? ALL : seat, proposed: 7 }));
    for (const seal of [1, 2]) await sealRegistry(w, { seal, authorities: 21, weights, backing });
    for (const seal of [1, 2, 2]) {
      const { tx } = await accrueEpoch(w, seal, { presence });
      expectGas((await tx.wait())!.gasUsed, 3_000_000n);
    }
    await expectCovered(w);
  });
});
