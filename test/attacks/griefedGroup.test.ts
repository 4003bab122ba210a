import { expect } from "chai";
import { network } from "hardhat";
import { COIN, type Core, loadCore, notarize, startedCore, ZERO } from "../support/core.ts";
import { contradiction, statement } from "../support/evidence.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: a third convicted at once, and its execution disturbed", () => {
  it("single seats, repetitions, strangers and seats of nobody hold no page up, and until then nothing leaves", async () => {
    const core = await load(started);
    const all = { signers: [0, 1, 2, 4, 5, 6] };
    const c = contradiction(
      await statement(core, notarize(7, "a"), all),
      await statement(core, notarize(7, "b"), all),
    );
    // What asked to leave before is held too.
    const { operator } = core.members.get(5)!;
    await core.pool.connect(operator).requestUnbond(5, 20_000n * COIN);
    const { id } = await core.slashing.submitContradiction.staticCall(c, ZERO);
    await core.slashing.submitContradiction(c, ZERO);
    await connection.networkHelpers.time.increase(2_000);
    await expect(core.queue.connect(operator).withdrawBond(5, 0, 0)).to.be.revertedWithCustomError(
      core.pool,
      "StakingPoolHeld",
    );
    const griefer = core.slashing.connect(core.others[3]!);
    await griefer.executeGroup(id, []);
    await griefer.executeGroup(id, [0, 0, 0, 3, 1023, 65_535]);
    await griefer.executeGroup(id, [1]);
    expect(await core.slashing.executeGroup.staticCall(id, [0, 1, 2, 3, 4, 5, 6])).to.equal(4n);
    await core.slashing.executeGroup(id, [0, 1, 2, 3, 4, 5, 6]);
    for (const validator of [1, 2, 3, 6, 7]) {
      expect(await core.pool.bondOf(validator)).to.equal((validator < 5 ? 9_000n : 18_000n) * COIN);
    }
    expect((await core.pool.liable(5, 1)).junior).to.equal(18_000n * COIN);
    // Late execution shortens no window: the surcharge is due by the time of the conviction.
    const { dueAt } = await core.slashing.record(5);
    expect(dueAt).to.be.below(BigInt(await connection.networkHelpers.time.latest()));
    await expect(core.queue.connect(operator).withdrawBond(5, 0, 0)).to.be.revertedWithCustomError(
      core.queue,
      "UnbondingQueueEmpty",
    );
    await core.slashing.settle(5);
    expect(await core.pool.liable(5, 1)).to.deep.equal([0n, 0n]);
  });
});
