import { expect } from "chai";
import { network } from "hardhat";
import { COIN, type Core, loadCore, startedCore } from "../support/core.ts";
import { asSlasher } from "../support/custody.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: slashing that fails where nothing is left", () => {
  it("a slash that nothing is left for is done, not refused", async () => {
    const core = await load(started);
    const { operator } = core.members.get(5)!;
    await core.pool.connect(operator).requestUnbond(5, 20_000n * COIN);
    const pool = await asSlasher(core);
    // Counted by no seal after the first: not liable for the second.
    for (const whole of [1n, COIN, 0n]) {
      expect(await pool.slash.staticCall(5, 2, COIN, whole, 0)).to.deep.equal([0n, 0n]);
      await pool.slash(5, 2, COIN, whole, 0);
    }
  });
});
