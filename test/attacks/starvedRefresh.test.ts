import { expect } from "chai";
import { network } from "hardhat";
import { COIN, type Core, loadCore, startedCore } from "../support/core.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: an exit that starves the live weights of gas", () => {
  /** The staker on seat 4 of the devnet's population. */
  const STAKER = 5;

  it("leaving too little gas for the live weights fails the exit instead of keeping a vote without stake", async () => {
    const core = await load(started);
    const { operator } = core.members.get(STAKER)!;
    const pool = core.pool.connect(operator);
    for (const gasLimit of [120_000n, 160_000n, 200_000n, 240_000n, 280_000n, 320_000n]) {
      const snapshot = await networkHelpers.takeSnapshot();
      try {
        await (await pool.requestUnbond(STAKER, 15_000n * COIN, { gasLimit })).wait();
        expect((await core.elections.candidate(STAKER)).weight, `${gasLimit}`).to.equal(5_000n);
      } catch (error) {
        expect(await core.pool.bondOf(STAKER), `${error}`).to.equal(20_000n * COIN);
      }
      await snapshot.restore();
    }
  });
});
