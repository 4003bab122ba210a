import { expect } from "chai";
import { network } from "hardhat";
import { COIN, type Core, loadCore, startedCore } from "../support/core.ts";

const connection = await network.create();
const { time } = connection.networkHelpers;
const STOP_DEPOSITS = 0;
const HOUR = 3_600;

/** Three members of whom two decide. */
const seated = async () => {
  const core = await startedCore(connection);
  await core.council.setMembers(
    core.others.slice(15, 18).map(({ address }) => address),
    2,
  );
  return core;
};
const load = () => loadCore(connection, seated);
const member = (core: Core, index: number) => core.council.connect(core.others[15 + index]!);

describe("attack: the council reaches beyond its brake", () => {
  it("in any window of 30 days deposits stand still for 72 hours at most, however it is cut", async () => {
    const core = await load();
    const start = await time.latest();
    const stopped: [number, number][] = [];
    for (let step = 0; step < 36; ++step) {
      const left = await core.council.available(STOP_DEPOSITS);
      const duration = left < 7n * 3_600n ? left : 7n * 3_600n;
      if (duration !== 0n) {
        await member(core, 0).approve(STOP_DEPOSITS, duration);
        await member(core, 1).approve(STOP_DEPOSITS, duration);
        const { until } = await core.council.measure(STOP_DEPOSITS);
        stopped.push([Number(until - duration), Number(until)]);
      }
      await time.increase(40 * HOUR);
    }
    expect(stopped.length).to.be.greaterThan(11);
    const month = 30 * 24 * HOUR;
    for (let from = start; from < start + 60 * 24 * HOUR; from += 5 * HOUR) {
      const within = stopped.reduce(
        (sum, [begin, end]) => sum + Math.max(0, Math.min(end, from + month) - Math.max(begin, from)),
        0,
      );
      expect(within).to.be.at.most(72 * HOUR);
    }
  });

  it("one member alone does nothing, nor does one twice", async () => {
    const core = await load();
    await member(core, 0).approve(STOP_DEPOSITS, HOUR);
    await member(core, 0).approve(STOP_DEPOSITS, HOUR);
    expect((await core.council.measure(STOP_DEPOSITS)).round).to.equal(0n);
    expect(await core.pool.depositsPausedUntil()).to.equal(0n);
  });

  it("members call nothing directly, and exits go on while deposits stand still", async () => {
    const core = await load();
    const { others, pool, parameters } = core;
    await expect(pool.connect(others[15]!).pauseDeposits(0)).to.be.revertedWithCustomError(
      pool,
      "AccessManagedUnauthorized",
    );
    await expect(parameters.connect(others[15]!).requestModeFloor(0)).to.be.revertedWithCustomError(
      parameters,
      "AccessManagedUnauthorized",
    );
    await pool.connect(others[9]!).delegate(6, 100n * COIN);
    await member(core, 0).approve(STOP_DEPOSITS, 72 * HOUR);
    await member(core, 1).approve(STOP_DEPOSITS, 72 * HOUR);
    await expect(pool.connect(others[9]!).delegate(6, 100n * COIN)).to.be.revertedWithCustomError(
      pool,
      "StakingPoolPaused",
    );
    const { shares } = await pool.position(6, others[9]!.address);
    await pool.connect(others[9]!).undelegate(6, shares);
    await pool.connect(core.members.get(6)!.operator).requestUnbond(6, COIN);
  });

  it("has no function beside its own few, and no coins", async () => {
    const core = await load();
    const functions = core.council.interface.fragments
      .filter((fragment) => fragment.type === "function")
      .map((fragment) => fragment as unknown as { name: string; stateMutability: string })
      .filter(({ stateMutability }) => stateMutability !== "view" && stateMutability !== "pure")
      .map(({ name }) => name);
    expect(functions.sort()).to.deep.equal(["approve", "oppose", "setAuthority", "setMembers", "withdraw"]);
    await expect(core.deployer.sendTransaction({ to: core.addresses.council, value: 1n })).to.be.revert(
      connection.ethers,
    );
  });
});
