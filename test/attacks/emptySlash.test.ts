import { expect } from "chai";
import { network } from "hardhat";
import { COIN, type Core, loadCore, startedCore } from "../support/core.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: slashing that fails where nothing is left", () => {
  it("a slash that nothing is left for is done, not refused", async () => {
    const core = await load(started);
    const judge = core.others[18]!;
    await core.access.grantRole(2, judge.address, 0);
    const { operator } = core.members.get(5)!;
    await core.pool.connect(operator).requestUnbond(5, 20_000n * COIN);
    expect(await core.pool.connect(judge).slashBond.staticCall(5, COIN)).to.equal(0n);
    await core.pool.connect(judge).slashBond(5, COIN);
  });
});
