import { expect } from "chai";
import { network } from "hardhat";
import {
  bringIn,
  COIN,
  type Core,
  closeEpoch,
  deployCore,
  notarize,
  populate,
  start,
  votePair,
} from "../support/core.ts";
import { KIND } from "../support/custody.ts";

const connection = await network.create();
const { networkHelpers } = connection;

/** Numbers that depend on a seed only (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const STEPS = 200;
const SUPPLY = 1_000_000_000n * COIN;

/** Every token is somewhere, every custody holds what it owes, and the books are the sum of their lines. */
async function expectConserved(core: Core) {
  const { pool, queue, slashing } = core.addresses;
  let held = 0n;
  for (const { address } of [core.deployer, ...core.others]) held += await core.token.balanceOf(address);
  for (const custody of [pool, queue, slashing]) held += await core.token.balanceOf(custody);
  expect(held).to.equal(SUPPLY);
  const [stake, leaving, owed] = [
    await core.pool.totalStake(),
    await core.queue.totalQueued(),
    await core.pool.totalOwed(),
  ];
  expect(await core.token.balanceOf(pool)).to.equal(stake + leaving + owed);
  expect(await core.token.balanceOf(queue)).to.equal(0n);
  let bonds = 0n;
  let queued = 0n;
  for (const id of core.members.keys()) {
    bonds += await core.pool.bondOf(id);
    const cohorts = Number(await core.queue.cohortCount(id, KIND.bond));
    for (let i = 0; i < cohorts; i++) queued += (await core.queue.cohort(id, KIND.bond, i)).tokens;
    // A conviction tells the live weights nothing: seals leave the convicted out.
    const convicted = ((await core.registry.heldWord(0)) >> BigInt(id)) & 1n;
    const { weight } = await core.elections.candidate(id);
    if (convicted === 0n) expect(weight).to.be.at.most((await core.pool.bondOf(id)) / COIN);
  }
  expect(bonds).to.equal(await core.pool.totalStake());
  expect(queued).to.equal(await core.queue.totalQueued());
}

describe("a random history", () => {
  for (const seed of [1, 2]) {
    it(`conserves every token and keeps checkpoints verifiable (seed ${seed})`, async () => {
      const core = await deployCore(connection);
      await populate(core, [10_000, 12_000, 10_000, 15_000], [20_000, 30_000, 25_000, 40_000]);
      await start(core);
      const next = random(seed);
      const done = new Map<string, number>();
      const tried = async (what: string, action: () => Promise<unknown>) => {
        try {
          await action();
          done.set(what, (done.get(what) ?? 0) + 1);
        } catch (error) {
          // Refusals are part of a history; anything else is not.
          expect(String(error)).to.match(/reverted with custom error/);
        }
      };
      let view = 0;
      for (let step = 0; step < STEPS; step++) {
        const id = 1 + next(core.members.size);
        const { operator } = core.members.get(id)!;
        const amount = BigInt(1 + next(9_000)) * COIN + BigInt(next(1_000_000));
        switch (next(10)) {
          case 0:
            await tried("deposit", () => core.pool.connect(operator).depositBond(id, amount));
            break;
          case 1:
          case 2:
            await tried("unbond", () => core.pool.connect(operator).requestUnbond(id, amount));
            break;
          case 3: {
            const cohort = next(1 + Number(await core.queue.cohortCount(id, KIND.bond)));
            await tried("cancel", () => core.queue.connect(operator).cancelBond(id, cohort, amount / 7n));
            break;
          }
          case 4: {
            const cohort = next(1 + Number(await core.queue.cohortCount(id, KIND.bond)));
            await tried("withdraw", async () => {
              const { witness } = await core.queue.witnessOf(id, KIND.bond, cohort, 0);
              await core.queue.connect(operator).withdrawBond(id, cohort, witness);
            });
            break;
          }
          case 5:
            // Two of eight at most, so that the others remain a quorum.
            if ((done.get("convict") ?? 0) < 2) {
              view++;
              const epoch = Number(await core.checkpoints.epochNow());
              const seat = 3 + 4 * (done.get("convict") ?? 0);
              await tried("convict", async () =>
                core.slashing.submitVotes(
                  await votePair(core, seat, notarize(view, "a"), notarize(view, "b"), { epoch }),
                ),
              );
            }
            break;
          case 6:
            if (core.members.size < 12) {
              await tried("join", async () => {
                const member = await bringIn(core, "staker", 10_000 + next(50_000));
                await core.elections.enter([member.id]);
              });
            }
            break;
          case 7:
            await networkHelpers.time.increase(1 + next(200));
            break;
          default:
            // Verifies the registry's aggregate keys by a boundary that all of the backing set sign.
            await closeEpoch(core);
            done.set("epoch", (done.get("epoch") ?? 0) + 1);
        }
        if (step % 10 === 0) await expectConserved(core);
      }
      await expectConserved(core);
      for (const what of ["deposit", "unbond", "cancel", "withdraw", "convict", "join", "epoch"]) {
        expect(done.get(what), what).to.be.above(0);
      }
      // Everybody can leave in the end, and nothing stays behind.
      await networkHelpers.time.increase(1_000);
      for (const [id, { operator }] of core.members) {
        const bond = await core.pool.bondOf(id);
        if (bond !== 0n) await core.pool.connect(operator).requestUnbond(id, bond);
      }
      await networkHelpers.time.increase(1_000);
      for (const [id, { operator }] of core.members) {
        // A surcharge may leave nothing to withdraw.
        if (((await core.registry.heldWord(0)) >> BigInt(id)) & 1n) await core.slashing.settle(id);
        const cohorts = Number(await core.queue.cohortCount(id, KIND.bond));
        for (let i = 0; i < cohorts; i++) {
          if ((await core.queue.cohort(id, KIND.bond, i)).tokens === 0n) continue;
          await core.queue.connect(operator).withdrawBond(id, i, 0);
        }
      }
      expect(await core.pool.totalStake()).to.equal(0n);
      await core.pool.collectSlashed(core.addresses.slashing);
      expect(await core.token.balanceOf(core.addresses.pool)).to.equal(0n);
      expect(await core.token.balanceOf(core.addresses.queue)).to.equal(0n);
    });
  }
});
