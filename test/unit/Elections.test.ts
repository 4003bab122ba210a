import { compressKey } from "@aitbc-hybrid/crypto";
import {
  snapshotHash as clientHash,
  DEVNET_PARAMS,
  type Hash,
  paramsHash,
  type RegistryEntry,
} from "@aitbc-hybrid/protocol";
import { expect } from "chai";
import { getBytes, hexlify, ZeroAddress } from "ethers";
import hre, { network } from "hardhat";
import type { ParameterFile } from "../../tasks/parameters.ts";
import {
  actAsSlasher,
  bringIn,
  COIN,
  CONVICTION,
  type Core,
  closeEpoch,
  deployCore,
  loadCore,
  NO_HINTS,
  plain,
  populate,
  possession,
  register,
  start,
  startedCore,
} from "../support/core.ts";
import { type LiveSeat, sealSlowly } from "../support/sealModel.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const { networkHelpers } = connection;
const started = () => startedCore(connection);

const withStake = (change: Record<string, number>) => (file: ParameterFile) => ({
  ...file,
  stake: { ...file.stake, ...change },
});

const bits = (words: readonly bigint[]): number[] =>
  words.flatMap((word, k) =>
    Array.from({ length: 256 }, (_, bit) => bit)
      .filter((bit) => (word >> BigInt(bit)) & 1n)
      .map((bit) => 256 * k + bit),
  );

const weightsOf = (words: readonly bigint[], n: number): bigint[] =>
  Array.from({ length: n }, (_, seat) => (words[seat >> 3]! >> BigInt(32 * (seat & 7))) & 0xffffffffn);

/** What the model is told of each seat: as the contracts hold it live. */
async function liveSeats(core: Core): Promise<{ seats: LiveSeat[]; nAuth: number }> {
  const [n, nAuth] = await core.elections.seats();
  const { balancedBond } = await core.parameters.stake();
  const seats: LiveSeat[] = [];
  for (let seat = 0; seat < Number(n); seat++) {
    const [id] = await core.elections.occupant(seat);
    const { weight } = await core.elections.candidate(id);
    const bond = (await core.pool.bondOf(id)) / COIN;
    seats.push({ weight, qualified: weight > 0n && bond >= balancedBond });
  }
  return { seats, nAuth: Number(nAuth) };
}

async function expectSealed(core: Core, number: number, live: Awaited<ReturnType<typeof liveSeats>>) {
  const rules = await core.parameters.stake();
  const expected = sealSlowly(live.seats, live.nAuth, {
    stakeCap: rules.stakeCap,
    stakeCapFrom: Number(rules.stakeCapFrom),
    authorityStakeDivisor: rules.authorityStakeDivisor,
    balancedSeats: Number(rules.balancedSeats),
  });
  const s = await core.elections.snapshot(number);
  expect(weightsOf(s.weights, Number(s.n))).to.deep.equal(expected.weights);
  expect(bits(s.backing)).to.deep.equal(expected.backing);
  expect(bits([s.suspended])).to.deep.equal(expected.suspended);
  expect(s.cut).to.equal(expected.cut);
  expect(s.totalStake).to.equal(expected.totalStake);
  expect(s.backingStake).to.equal(expected.backingStake);
  await expectHash(core, number);
  return s;
}

/** The client, which shares nothing with the contracts, computes the same hash from the same contents. */
async function expectHash(core: Core, number: number) {
  const s = await core.elections.snapshot(number);
  const keys = getBytes(await core.elections.keyTable(number, 0, 1024));
  const ids = await core.elections.validatorsOf(number, 0, 1024);
  const entries: RegistryEntry[] = weightsOf(s.weights, Number(s.n)).map((stake, seat) => {
    const keyBytes = keys.slice(96 * seat, 96 * seat + 96);
    const vacant = ids[seat] === 0n;
    return {
      validatorId: Number(ids[seat]),
      keyBytes: vacant ? new Uint8Array() : keyBytes,
      key: vacant ? new Uint8Array() : compressKey(keyBytes),
      stake,
    };
  });
  const hash = clientHash({
    entries,
    authorities: Number(s.nAuth),
    suspended: new Set(bits([s.suspended])),
    backing: new Set(bits(s.backing)),
    params: DEVNET_PARAMS,
  });
  expect(s.hash).to.equal(hash);
}

/** Seals the candidate of the next epoch that can be and compares it with the model. */
async function sealNext(core: Core) {
  await closeEpoch(core, { seal: false });
  const epoch = Number(await core.checkpoints.epochNow()) + 2;
  const hints = plain(await core.elections.sealHints.staticCall());
  await core.elections.seal(epoch, hints);
  return Number(await core.elections.sealNumber());
}

const occupants = async (core: Core): Promise<number[]> => {
  const [n] = await core.elections.seats();
  return Promise.all(
    Array.from({ length: Number(n) }, async (_, seat) => Number((await core.elections.occupant(seat))[0])),
  );
};

describe("Elections", () => {
  describe("live weights", () => {
    it("follow the bond, floored to whole AITBC, and vanish below the minimum", async () => {
      const core = await load(started);
      const member = core.members.get(5)!;
      const weight = async () => (await core.elections.candidate(5)).weight;
      expect(await weight()).to.equal(20_000n);
      await core.pool.connect(member.operator).depositBond(5, COIN + COIN / 2n);
      expect(await weight()).to.equal(20_001n);
      await core.pool.connect(member.operator).requestUnbond(5, 19_001n * COIN);
      expect(await weight()).to.equal(1_000n);
      await core.pool.connect(member.operator).requestUnbond(5, COIN);
      expect(await weight()).to.equal(0n);
      expect((await core.elections.candidate(5)).eligible).to.equal(false);
    });

    it("need a key, and an authority its own minimum", async () => {
      const core = await deployCore(connection);
      const [, owner] = core.others;
      await core.registry.connect(owner!).reserve(owner!.address, owner!.address, "");
      await core.pool.connect(owner!).depositBond(1, 20_000n * COIN);
      expect((await core.elections.candidate(1)).weight).to.equal(0n);
      const { key, proof } = possession(core, "late", 1);
      await core.registry.connect(owner!).setKey(1, key, proof);
      expect((await core.elections.candidate(1)).weight).to.equal(20_000n);
      await core.pool.connect(owner!).requestUnbond(1, 15_000n * COIN);
      expect((await core.elections.candidate(1)).weight).to.equal(5_000n);
      await core.registry.admit(1);
      expect((await core.elections.candidate(1)).weight).to.equal(0n);
    });

    it("fit 32 bits", async () => {
      const core = await deployCore(connection, withStake({ weightPerBond: 100 }));
      const member = await bringIn(core, "staker", 40_000_000);
      expect((await core.elections.candidate(member.id)).weight).to.equal(40_000_000n);
    });

    it("can be refreshed by anyone after a change of rules", async () => {
      const core = await load(started);
      const s = await core.parameters.stake();
      await core.parameters.setStake({ ...stakeStruct(s), stakerBond: 30_000, balancedBond: 30_000 });
      expect((await core.elections.candidate(5)).weight).to.equal(20_000n);
      await core.elections.connect(core.others[3]!).refresh(5);
      expect((await core.elections.candidate(5)).weight).to.equal(0n);
      await expect(core.elections.refresh(99)).to.revert(connection.ethers);
    });
  });

  describe("seats before genesis", () => {
    it("authorities come first, whoever entered first, and the snapshot is what the client computes", async () => {
      const core = await deployCore(connection);
      const stakers = [];
      for (const bond of [20_000, 21_000]) stakers.push(await bringIn(core, "staker", bond));
      await core.elections.enter(stakers.map(({ id }) => id));
      const a = await bringIn(core, "authority", 10_000);
      expect(await occupants(core)).to.deep.equal([a.id, 2, 1]);
      const b = await bringIn(core, "authority", 10_000);
      expect(await occupants(core)).to.deep.equal([a.id, b.id, 1, 2]);
      await core.elections.enter([1, 2, a.id, b.id]);
      const c = await bringIn(core, "staker", 10_000);
      await core.elections.enter([c.id]);
      await core.registry.admit(1);
      expect(await occupants(core)).to.deep.equal([a.id, b.id, 1, 2, c.id]);
      await core.registry.revoke(a.id);
      expect(await occupants(core)).to.deep.equal([1, b.id, a.id, 2, c.id]);
      await core.registry.revoke(b.id);
      expect(await core.elections.seats()).to.deep.equal([5n, 1n]);
      await start(core);
      await expectSealed(core, 1, await liveSeats(core));
    });

    it("refuses who is not eligible or when all seats are taken", async () => {
      const core = await deployCore(connection, withStake({ maxSeats: 3, balancedSeats: 3 }));
      const poor = await register(core, "poor");
      await expect(core.elections.enter([poor.id])).to.be.revertedWithCustomError(
        core.elections,
        "ElectionsNotEligible",
      );
      const members = await populate(core, [10_000], [2_000, 3_000]);
      const late = await bringIn(core, "staker", 5_000);
      await expect(core.elections.enter([late.id])).to.be.revertedWithCustomError(
        core.elections,
        "ElectionsFull",
      );
      // An authority takes a staker's seat: the lowest leaves.
      const authority = await bringIn(core, "authority", 10_000);
      expect(await occupants(core)).to.deep.equal([members[0]!.id, authority.id, members[2]!.id]);
      expect((await core.elections.candidate(members[1]!.id)).seated).to.equal(false);
    });

    it("an authority admitted when the lowest is not the displaced one sends that one out", async () => {
      const core = await deployCore(connection, withStake({ maxSeats: 3, balancedSeats: 3 }));
      const members = await populate(core, [], [5_000, 3_000, 2_000]);
      const authority = await bringIn(core, "authority", 10_000);
      expect(await occupants(core)).to.deep.equal([authority.id, members[1]!.id, members[0]!.id]);
    });
  });

  describe("seal", () => {
    it("has its time: after the boundary three epochs before, until the next, once", async () => {
      const core = await load(started);
      for (const epoch of [0, 2, 3, 4]) {
        await expect(core.elections.seal(epoch, NO_HINTS)).to.be.revertedWithCustomError(
          core.elections,
          "ElectionsNotNow",
        );
      }
      await closeEpoch(core);
      await expect(core.elections.seal(3, NO_HINTS)).to.be.revertedWithCustomError(
        core.elections,
        "ElectionsAlreadySealed",
      );
      await expect(core.elections.seal(4, NO_HINTS)).to.be.revertedWithCustomError(
        core.elections,
        "ElectionsNotNow",
      );
      await closeEpoch(core, { seal: false });
      await expect(core.elections.seal(3, NO_HINTS)).to.be.revertedWithCustomError(
        core.elections,
        "ElectionsNotNow",
      );
      expect(await core.elections.sealOf(4)).to.equal(0n);
      await expect(core.elections.sealedSnapshot(4)).to.be.revertedWithCustomError(
        core.elections,
        "ElectionsNotSealed",
      );
      await core.elections.seal(4, NO_HINTS);
      expect((await core.elections.sealedSnapshot(4)).epoch).to.equal(4n);
    });

    it("of genesis is CheckpointManager's alone and happens once", async () => {
      const core = await load(started);
      await expect(core.elections.sealGenesis(NO_HINTS)).to.be.revertedWithCustomError(
        core.elections,
        "AccessManagedUnauthorized",
      );
      await core.access.grantRole(3, core.deployer.address, 0);
      await expect(core.elections.sealGenesis(NO_HINTS)).to.be.revertedWithCustomError(
        core.elections,
        "ElectionsAlreadySealed",
      );
    });

    it("before any start there is nothing to seal from", async () => {
      const core = await deployCore(connection);
      await expect(core.elections.seal(2, NO_HINTS)).to.be.revertedWithCustomError(
        core.elections,
        "ElectionsNotNow",
      );
    });

    it("of four authorities and three stakers: a fifth of the stakers' stake, floored", async () => {
      const core = await deployCore(connection);
      await populate(core, [10_000, 10_000, 12_345, 100_003], [20_001, 10_000, 33_333]);
      await start(core);
      const s = await expectSealed(core, 1, await liveSeats(core));
      expect(s.stakers).to.equal(3n);
      expect(s.backingStakers).to.equal(3n);
      // 63,334 / 5 = 12,666.8 shared by 132,348, each floored.
      expect(weightsOf(s.weights, 4)).to.deep.equal([957n, 957n, 1181n, 9571n]);
    });

    it("leaves authorities below a fifth as they are", async () => {
      const core = await deployCore(connection);
      await populate(core, [10_000, 10_000], [30_000, 40_000, 30_000]);
      await start(core);
      const s = await expectSealed(core, 1, await liveSeats(core));
      expect(weightsOf(s.weights, 2)).to.deep.equal([10_000n, 10_000n]);
    });

    it("one unit above a fifth is scaled", async () => {
      const core = await deployCore(connection);
      await populate(core, [10_000, 10_001], [30_000, 40_000, 30_000]);
      await start(core);
      const s = await expectSealed(core, 1, await liveSeats(core));
      expect(weightsOf(s.weights, 2)).to.deep.equal([9_999n, 10_000n]);
    });

    it("cuts from twenty stakers up, exactly, and takes no other cut", async () => {
      const core = await deployCore(connection);
      const bonds = Array.from({ length: 25 }, (_, i) => (i < 4 ? 1_000_000 * (4 - i) : 10_000 + 7 * i));
      await populate(core, [10_000, 10_000, 10_000, 500_000], bonds);
      const hints = plain(await core.elections.sealHints.staticCall());
      const addresses = core.addresses;
      const from = { token: addresses.token, registry: addresses.registry, pool: addresses.pool };
      const all = {
        ...from,
        queue: addresses.queue,
        elections: addresses.elections,
        checkpoints: addresses.checkpoints,
        slashing: addresses.slashing,
      };
      for (const cut of [hints.cut - 1n, hints.cut + 1n, 0n, 0xffffffffn]) {
        await expect(
          core.checkpoints.start(all, 1, `0x${"00".repeat(32)}`, { ...hints, cut }),
        ).to.be.revertedWithCustomError(core.elections, "ElectionsBadCut");
      }
      await start(core);
      const s = await expectSealed(core, 1, await liveSeats(core));
      expect(s.cut).to.equal(hints.cut);
      expect(s.backingStakers).to.equal(25n);
    });

    it("nineteen stakers are not cut, but the concentration is reported", async () => {
      const core = await deployCore(connection);
      const bonds = Array.from({ length: 19 }, (_, i) => (i === 0 ? 5_000_000 : 10_000));
      await populate(core, [10_000], bonds);
      const tx = await start(core);
      await expect(tx).to.emit(core.elections, "Concentrated").withArgs(1n, 5_000_000n, 5_190_000n);
      const s = await expectSealed(core, 1, await liveSeats(core));
      expect(s.cut).to.equal(0n);
    });

    it("an even set is cut to what the heaviest has at most", async () => {
      const core = await deployCore(connection);
      await populate(
        core,
        [10_000],
        Array.from({ length: 20 }, () => 10_000),
      );
      await start(core);
      const s = await expectSealed(core, 1, await liveSeats(core));
      expect(s.cut).to.equal(20_000n);
    });

    it("backs with the best that qualify: heavier first, then the lower seat; no other last is taken", async () => {
      const core = await deployCore(connection, withStake({ balancedSeats: 6 }));
      await populate(core, [10_000, 10_000], [20_000, 30_000, 9_999, 20_000, 20_000, 40_000, 10_000]);
      const hints = plain(await core.elections.sealHints.staticCall());
      expect([hints.lastWeight, hints.lastSeat]).to.deep.equal([20_000n, 5n]);
      const all = {
        token: core.addresses.token,
        registry: core.addresses.registry,
        pool: core.addresses.pool,
        queue: core.addresses.queue,
        elections: core.addresses.elections,
        checkpoints: core.addresses.checkpoints,
        slashing: core.addresses.slashing,
      };
      for (const wrong of [
        { ...hints, lastSeat: 6n },
        { ...hints, lastSeat: 2n },
        { ...hints, lastWeight: 10_000n },
        { ...hints, lastWeight: 30_000n },
      ]) {
        await expect(
          core.checkpoints.start(all, 1, `0x${"00".repeat(32)}`, wrong),
        ).to.be.revertedWithCustomError(core.elections, "ElectionsBadBacking");
      }
      await start(core);
      const s = await expectSealed(core, 1, await liveSeats(core));
      expect(bits(s.backing)).to.deep.equal([0, 1, 2, 3, 5, 7]);
    });

    it("among equals the lower seats back, past seats of which none qualifies", async () => {
      const core = await deployCore(connection, withStake({ balancedSeats: 10 }));
      const bonds = [...Array(6).fill(20_000), ...Array(8).fill(9_999), ...Array(8).fill(20_000)];
      await populate(core, [10_000, 10_000], bonds);
      await start(core);
      const s = await expectSealed(core, 1, await liveSeats(core));
      expect(bits(s.backing)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 16, 17]);
    });

    it("more authorities than Balanced seats leave no place for stakers", async () => {
      const core = await deployCore(connection, (file) => ({
        ...file,
        stake: { ...file.stake, balancedSeats: 2 },
      }));
      await populate(core, [10_000, 10_000, 10_000], [20_000, 20_000, 20_000]);
      await start(core);
      const s = await expectSealed(core, 1, await liveSeats(core));
      expect(bits(s.backing)).to.deep.equal([0, 1, 2]);
      expect(s.backingStake).to.equal(0n);
    });

    it("jailed stakers weigh nothing and jailed authorities are suspended, from the next seal", async () => {
      const core = await load(started);
      await actAsSlasher(core);
      await core.registry.jail(2);
      await core.registry.jail(6);
      const before = await core.elections.snapshot(1);
      expect(before.suspended).to.equal(0n);
      const live = await liveSeats(core);
      const number = await sealNext(core);
      const s = await expectSealed(core, number, live);
      expect(bits([s.suspended])).to.deep.equal([1]);
      expect(bits(s.backing)).to.deep.equal([0, 2, 3, 4, 6]);
      await networkHelpers.time.increase(100);
      await core.registry.connect(core.members.get(2)!.operator).unjail(2);
      const back = await sealNext(core);
      expect((await core.elections.snapshot(back)).suspended).to.equal(0n);
      await expectHash(core, back);
    });

    it("convicted validators weigh nothing though their live weights were never refreshed", async () => {
      const core = await load(started);
      await actAsSlasher(core);
      await closeEpoch(core, { seal: false });
      await core.registry.setElections(ZeroAddress);
      for (const validator of [2, 6]) await core.registry.tombstone(validator, CONVICTION, false);
      await core.registry.setElections(core.addresses.elections);
      expect(await core.registry.heldWord(0)).to.equal((1n << 2n) | (1n << 6n));
      expect((await core.elections.candidate(6)).weight).to.equal(20_000n);
      await core.elections.seal(3, plain(await core.elections.sealHints.staticCall()));
      const s = await core.elections.snapshot(2);
      expect(weightsOf(s.weights, 7)).to.deep.equal([2_666n, 0n, 2_666n, 2_666n, 20_000n, 0n, 20_000n]);
      expect(bits([s.suspended])).to.deep.equal([1]);
      expect(bits(s.backing)).to.deep.equal([0, 2, 3, 4, 6]);
      expect([s.stakers, s.backingStakers]).to.deep.equal([2n, 2n]);
      await expectHash(core, 2);
    });

    it("keeps what the jailed and the convicted would weigh, told of it or not, cut as the others", async () => {
      const core = await load(started);
      await actAsSlasher(core);
      await core.registry.jail(2);
      await core.registry.setElections(ZeroAddress);
      await core.registry.tombstone(6, CONVICTION, false);
      await core.registry.setElections(core.addresses.elections);
      const first = await sealNext(core);
      // Uncut: an authority's 10,000 and a staker's 20,000.
      expect((await core.elections.snapshot(first)).idleStake).to.equal(30_000n);
      expect(await core.elections.tenureAt(6, 0)).to.deep.equal([1n, 6n]);
      expect(await core.elections.tenureAt(6, 1)).to.deep.equal([0n, 0n]);
      // A smaller bond makes nobody lighter than the stake that is left; leaving does.
      await core.elections.refresh(6);
      const again = await sealNext(core);
      expect((await core.elections.snapshot(again)).idleStake).to.equal(30_000n);
      await core.pool.connect(core.members.get(6)!.operator).requestUnbond(6, 5_000n * COIN);
      await networkHelpers.time.increase(100);
      await core.registry.connect(core.members.get(2)!.operator).unjail(2);
      const last = await sealNext(core);
      expect((await core.elections.snapshot(last)).idleStake).to.equal(15_000n);
    });

    it("cuts what the convicted would weigh as it cuts the others", async () => {
      const capped = () => deployCore(connection, withStake({ stakeCapFrom: 4, stakeCap: 330_000 }));
      const core = await load(capped);
      await populate(core, [10_000], [20_000, 20_000, 20_000, 20_000, 100_000]);
      await actAsSlasher(core);
      await core.registry.tombstone(6, CONVICTION, false);
      await start(core);
      const s = await core.elections.snapshot(1);
      expect([s.cut, s.idleStake]).to.deep.equal([26_400n, 26_400n]);
    });

    it("leaves the credit to who sealed, or to whom he names", async () => {
      const core = await load(started);
      const [sealer, named] = [core.others[3]!, core.others[4]!];
      await closeEpoch(core, { seal: false });
      await core.elections.connect(sealer).seal(3, plain(await core.elections.sealHints.staticCall()));
      expect((await core.elections.snapshot(2)).sealer).to.equal(sealer.address);
      await closeEpoch(core, { seal: false });
      const hints = plain(await core.elections.sealHints.staticCall());
      await core.elections.connect(sealer).sealFor(4, hints, named.address);
      expect((await core.elections.snapshot(3)).sealer).to.equal(named.address);
    });

    it("checkpoints are verified under the sums of keys after every kind of change", async () => {
      const core = await load(started);
      await actAsSlasher(core);
      await core.registry.jail(2);
      const next = possession(core, "rotated", 6);
      await core.registry.connect(core.members.get(6)!.operator).setKey(6, next.key, next.proof);
      const joining = await bringIn(core, "staker", 50_000);
      await sealOnly(core);
      await core.elections.enter([joining.id]);
      // The genesis registry, and with it the old key, serves three epochs; then every change is in force.
      for (let i = 0; i < 5; i++) await closeEpoch(core);
      const s = await core.elections.snapshot(await core.elections.sealNumber());
      expect(s.stakers).to.equal(4n);
      await expectHash(core, Number(s.number));
    });

    it("the parameters it seals are those in force", async () => {
      const core = await load(started);
      const s = await core.elections.snapshot(1);
      expect(s.paramsHash).to.equal(paramsHash(DEVNET_PARAMS));
      expect(s.parameters).to.equal(1n);
    });
  });

  describe("contenders", () => {
    const small = () =>
      deployCore(connection, withStake({ maxSeats: 5, balancedSeats: 5 })).then(async (core) => {
        await populate(core, [10_000, 10_000], [20_000, 10_000, 30_000]);
        await start(core);
        return core;
      });

    it("replace the lowest staker if stronger by the margin, one an epoch in a small registry", async () => {
      const core = await load(small);
      const weak = await bringIn(core, "staker", 10_499);
      const strong = await bringIn(core, "staker", 60_000);
      const stronger = await bringIn(core, "staker", 70_000);
      await sealOnly(core);
      await core.elections.enter([weak.id, strong.id, stronger.id]);
      await core.elections.enter([weak.id]);
      expect((await core.elections.waiting()).contenders).to.deep.equal(
        [weak.id, strong.id, stronger.id].map(BigInt),
      );
      await sealNext(core);
      expect(await occupants(core)).to.deep.equal([1, 2, 3, stronger.id, 5]);
      expect((await core.elections.candidate(4)).seated).to.equal(false);
      // Counted from the seal that seated it, the third; the seal before was the first to count the loser.
      expect(await core.elections.tenures(stronger.id)).to.deep.equal([[3n, 4n]]);
      expect(await core.elections.tenures(4)).to.deep.equal([
        [1n, 4n],
        [3n, 0n],
      ]);
      expect(await core.elections.tenures(weak.id)).to.deep.equal([]);
      await sealNext(core);
      expect(await occupants(core)).to.deep.equal([1, 2, strong.id, stronger.id, 5]);
      const number = await sealNext(core);
      // 10,499 is not 5 % above 30,000, and still waits.
      expect(await occupants(core)).to.deep.equal([1, 2, strong.id, stronger.id, 5]);
      expect((await core.elections.waiting()).contenders).to.deep.equal([BigInt(weak.id)]);
      await expectHash(core, number);
    });

    it("count what they weighed at the last seal: late stake waits", async () => {
      const core = await load(small);
      const late = await bringIn(core, "staker", 60_000);
      expect((await core.elections.candidate(late.id)).strength).to.equal(0n);
      await core.elections.enter([late.id]);
      await sealNext(core);
      expect((await core.elections.candidate(late.id)).seated).to.equal(false);
      expect((await core.elections.candidate(late.id)).strength).to.equal(60_000n);
      await sealNext(core);
      expect((await core.elections.candidate(late.id)).seated).to.equal(true);
    });

    it("take the seats of who left, was jailed or fell below the minimum, at once", async () => {
      const core = await load(small);
      const a = await bringIn(core, "staker", 2_000);
      const b = await bringIn(core, "staker", 1_500);
      await sealOnly(core);
      await core.elections.enter([b.id, a.id]);
      await core.registry.connect(core.members.get(3)!.operator).exit(3);
      const { operator } = core.members.get(4)!;
      await core.pool.connect(operator).requestUnbond(4, 9_500n * COIN);
      const number = await sealNext(core);
      expect(await occupants(core)).to.deep.equal([1, 2, a.id, b.id, 5]);
      await expectHash(core, number);
    });

    it("drop out when they no longer count", async () => {
      const core = await load(small);
      const a = await bringIn(core, "staker", 50_000);
      await sealOnly(core);
      await core.elections.enter([a.id]);
      await core.registry.connect(a.operator).exit(a.id);
      await sealNext(core);
      expect((await core.elections.waiting()).contenders).to.deep.equal([]);
      await expect(core.elections.enter([a.id])).to.be.revertedWithCustomError(
        core.elections,
        "ElectionsNotEligible",
      );
    });

    it("are at most sixteen: the weakest makes room for a stronger one", async () => {
      const core = await load(small);
      const all = [];
      for (let i = 0; i < 17; i++) all.push(await bringIn(core, "staker", 1_100 + 10 * i));
      const weak = await bringIn(core, "staker", 1_050);
      await sealOnly(core);
      await core.elections.enter(all.slice(0, 16).map(({ id }) => id));
      await expect(core.elections.enter([weak.id])).to.be.revertedWithCustomError(
        core.elections,
        "ElectionsTooWeak",
      );
      await expect(core.elections.enter([all[16]!.id]))
        .to.emit(core.elections, "ContenderLeft")
        .withArgs(all[0]!.id);
      expect((await core.elections.waiting()).contenders.length).to.equal(16);
      await sealNext(core);
      expect((await core.elections.waiting()).contenders.length).to.equal(16);
    });

    it("an authority admitted later waits for its seat until the seal, a revoked one keeps a staker's", async () => {
      const core = await load(small);
      const a = await bringIn(core, "authority", 10_000);
      expect((await core.elections.waiting()).authorities).to.deep.equal([BigInt(a.id)]);
      let number = await sealNext(core);
      // The staker on seat 2 finds no free seat: of the stakers 10,000 on seat 3 is the lowest and leaves.
      expect(await occupants(core)).to.deep.equal([1, 2, a.id, 3, 5]);
      expect(await core.elections.seats()).to.deep.equal([5n, 3n]);
      await expectHash(core, number);
      await core.registry.revoke(1);
      number = await sealNext(core);
      expect(await occupants(core)).to.deep.equal([a.id, 2, 1, 3, 5]);
      expect(await core.elections.seats()).to.deep.equal([5n, 2n]);
      await expectSealed(core, number, await liveSeats(core));
      await core.registry.admit(5);
      number = await sealNext(core);
      expect(await occupants(core)).to.deep.equal([a.id, 2, 5, 3, 1]);
      await expectHash(core, number);
    });

    it("a displaced staker that does not count leaves; a free seat is preferred to the lowest", async () => {
      const core = await load(small);
      await core.registry.connect(core.members.get(3)!.operator).exit(3);
      const a = await bringIn(core, "authority", 10_000);
      await sealNext(core);
      expect(await occupants(core)).to.deep.equal([1, 2, a.id, 4, 5]);
      await core.registry.connect(core.members.get(5)!.operator).exit(5);
      const b = await bringIn(core, "authority", 10_000);
      await sealNext(core);
      expect(await occupants(core)).to.deep.equal([1, 2, a.id, b.id, 4]);
    });
  });

  it("a seal of seven costs little", async () => {
    const core = await load(started);
    await closeEpoch(core);
    await closeEpoch(core, { seal: false });
    const tx = await core.elections.seal(4, NO_HINTS);
    expect((await tx.wait())!.gasUsed).to.be.below(hre.globalOptions.coverage ? 2_000_000n : 500_000n);
  });

  it("pages of keys and validators end where the seats do", async () => {
    const core = await load(started);
    const keys = await core.elections.keyTable(1, 5, 100);
    expect(getBytes(keys).length).to.equal(2 * 96);
    expect(keys).to.equal(
      hexlify(new Uint8Array([...core.members.get(6)!.keyBytes, ...core.members.get(7)!.keyBytes])),
    );
    expect(await core.elections.validatorsOf(1, 6, 10)).to.deep.equal([7n]);
    expect(await core.elections.validatorsOf(1, 7, 10)).to.deep.equal([]);
    expect(await core.elections.snapshotHashOf(0)).to.equal((await core.elections.snapshot(1)).hash);
    expect(await core.elections.snapshotHashOf(9)).to.equal(`0x${"00".repeat(32)}` as Hash);
  });

  it("a blob that is none is refused, and so are seals that were not made", async () => {
    const core = await load(started);
    const lens = await connection.ethers.deployContract("SnapshotLens");
    await expect(core.elections.snapshotAt(core.addresses.pool)).to.be.revertedWithCustomError(
      lens,
      "SealedSnapshotMissing",
    );
    await expect(core.elections.snapshot(2)).to.be.revertedWithCustomError(
      core.elections,
      "ElectionsNotSealed",
    );
    expect(await core.elections.candidateBlob(0)).to.equal(await core.elections.blobOf(1));
    expect(await core.elections.candidateBlob(3)).to.equal(`0x${"00".repeat(20)}`);
  });

  it("more than four changes of role wait for the next seal, first come, first served", async () => {
    const core = await load(started);
    const ids = [];
    for (let i = 0; i < 6; i++) ids.push((await bringIn(core, "authority", 10_000)).id);
    const waiting = async () => [...(await core.elections.waiting()).authorities].map(Number);
    expect(await waiting()).to.deep.equal(ids);
    let number = await sealNext(core);
    expect(await waiting()).to.deep.equal(ids.slice(4));
    expect(await core.elections.seats()).to.deep.equal([11n, 8n]);
    expect((await occupants(core)).slice(4, 8)).to.deep.equal(ids.slice(0, 4));
    await expectHash(core, number);
    number = await sealNext(core);
    expect(await waiting()).to.deep.equal([]);
    expect(await core.elections.seats()).to.deep.equal([13n, 10n]);
    await expectSealed(core, number, await liveSeats(core));
  });

  it("who lost the role of an authority leaves its seat before others get one, however many came first", async () => {
    const core = await load(started);
    const ids = [];
    for (let i = 0; i < 5; i++) ids.push((await bringIn(core, "authority", 10_000)).id);
    await core.registry.revoke(2);
    await core.registry.revoke(3);
    const waiting = async () => [...(await core.elections.waiting()).authorities].map(Number);
    expect(await waiting()).to.deep.equal([2, 3, ...ids]);
    const number = await sealNext(core);
    expect(await waiting()).to.deep.equal(ids.slice(2));
    expect((await core.elections.seats()).nAuth).to.equal(4n);
    expect((await occupants(core)).slice(0, 4).sort()).to.deep.equal([1, 4, ...ids.slice(0, 2)].sort());
    await expectSealed(core, number, await liveSeats(core));
  });

  it("a staker that becomes an authority changes places with who has the first staker's seat, though that one left", async () => {
    const core = await load(started);
    await core.registry.connect(core.members.get(5)!.operator).exit(5);
    await core.registry.admit(7);
    const number = await sealNext(core);
    expect((await core.elections.seats()).nAuth).to.equal(5n);
    expect(await occupants(core)).to.deep.equal([1, 2, 3, 4, 7, 6, 5]);
    await expectSealed(core, number, await liveSeats(core));
  });

  it("tells more places than fit one word, in order", async () => {
    const core = await load(started);
    const member = core.members.get(2)!;
    const expected: [bigint, bigint][] = [[1n, 2n]];
    for (let turn = 0; turn < 10; turn++) {
      const admitted = turn % 2 === 1;
      // Nobody accrues: what is missing may be given up before it holds up a seal.
      await networkHelpers.time.increase(60);
      await (admitted ? core.registry.admit(member.id) : core.registry.revoke(member.id));
      const number = await sealNext(core);
      const { seat } = await core.elections.candidate(member.id);
      // Revoked on the last of the authorities' seats it keeps that.
      if (admitted || turn === 0) expected.push([BigInt(number), seat + 1n]);
    }
    expect(expected.length).to.equal(7);
    expect(await core.elections.tenures(member.id)).to.deep.equal(expected);
    for (const [index, tenure] of expected.entries()) {
      expect(await core.elections.tenureAt(member.id, index)).to.deep.equal(tenure);
    }
    expect(await core.elections.tenureAt(member.id, expected.length)).to.deep.equal([0n, 0n]);
  });

  it("what keeps the hints from being found is passed on as it came", async () => {
    const core = await deployCore(connection);
    const member = await bringIn(core, "staker", 20_000);
    const deaf = await connection.ethers.deployContract("DeafElections");
    const elections = await connection.ethers.deployContract(
      "Elections",
      [core.addresses.access, core.addresses.registry, core.addresses.pool, await deaf.getAddress()],
      {
        libraries: {
          Resealing: await (await connection.ethers.deployContract("Resealing")).getAddress(),
          Sealing: await (await connection.ethers.deployContract("Sealing")).getAddress(),
          SnapshotLens: await (await connection.ethers.deployContract("SnapshotLens")).getAddress(),
        },
      },
    );
    await expect(elections.sealHints()).to.be.revertedWithCustomError(deaf, "Deaf");
    await expect(elections.refresh(member.id)).to.be.revertedWithCustomError(deaf, "Deaf");
  });

  it("hints are no transaction's business: asking changes nothing, and the error under them only carries them", async () => {
    const core = await load(started);
    await expect(core.elections.revertWithHints()).to.be.revertedWithCustomError(
      core.elections,
      "ElectionsHints",
    );
    const a = await bringIn(core, "authority", 10_000);
    await core.elections.sealHints();
    expect((await core.elections.waiting()).authorities).to.deep.equal([BigInt(a.id)]);
  });
});

/** Closes an epoch and seals, so that strengths count. */
const sealOnly = (core: Core) => closeEpoch(core);

function stakeStruct(s: Awaited<ReturnType<Core["parameters"]["stake"]>>) {
  return {
    authorityBond: s.authorityBond,
    stakerBond: s.stakerBond,
    balancedBond: s.balancedBond,
    weightPerBond: s.weightPerBond,
    stakeCap: s.stakeCap,
    stakeCapFrom: s.stakeCapFrom,
    authorityStakeDivisor: s.authorityStakeDivisor,
    balancedSeats: s.balancedSeats,
    maxSeats: s.maxSeats,
    churn: s.churn,
    margin: s.margin,
  };
}
