import { expect } from "chai";
import { network } from "hardhat";
import { COIN, type Core, loadCore, notarize, startedCore, votePair } from "../support/core.ts";

const connection = await network.create();
const { time } = connection.networkHelpers;
/** Devnet's: 120 seconds to unbond, 150 and 300 to replace a module, an hour to do it. */
const LEAST = 150;
const MOST = 300;
const VALIDITY = 3_600;
const ID = 1;

/** A replacement of the registry's module for seats, just announced; of 60,000 staked beside the authorities. */
const announced = async () => {
  const core = await startedCore(connection);
  await core.upgrades.announce([{ target: core.addresses.registry, data: replacement(core) }]);
  return core;
};
const load = () => loadCore(connection, announced);
const SUCCESSOR = "0x0000000000000000000000000000000000001234";
const replacement = (core: Core) => core.registry.interface.encodeFunctionData("setElections", [SUCCESSOR]);
const execute = (core: Core) =>
  core.upgrades
    .connect(core.others[9]!)
    .execute(ID, [{ target: core.addresses.registry, data: replacement(core) }]);
const leave = (core: Core, validator: number, amount: bigint) =>
  core.pool.connect(core.members.get(validator)!.operator).requestUnbond(validator, amount * COIN);

describe("ModuleUpgrades", () => {
  it("lets anyone execute what governance announced, once leaving stake could leave", async () => {
    const core = await load();
    const { upgrades } = core;
    const [madeAt] = await upgrades.announcement(ID);
    expect(await upgrades.count()).to.equal(1n);
    await time.setNextBlockTimestamp(madeAt + BigInt(LEAST) - 1n);
    await expect(execute(core))
      .to.be.revertedWithCustomError(upgrades, "ModuleUpgradesTooEarly")
      .withArgs(ID, madeAt + BigInt(LEAST));
    await time.increaseTo(madeAt + BigInt(LEAST));
    await expect(execute(core)).to.emit(upgrades, "Executed").withArgs(ID);
    expect(await core.registry.elections()).to.equal(SUCCESSOR);
    await expect(execute(core)).to.be.revertedWithCustomError(upgrades, "ModuleUpgradesUnknown");
  });

  it("waits while more than a tenth of the stake is on its way out, at most to its last day", async () => {
    const core = await load();
    const { upgrades, pool, queue } = core;
    const [madeAt] = await upgrades.announcement(ID);
    for (const validator of [5, 6, 7]) await leave(core, validator, 4_000n);
    await time.increaseTo(madeAt + BigInt(LEAST));
    const leaving = await queue.totalQueued();
    const stake = await pool.totalStake();
    expect(leaving * 10n > stake).to.equal(true);
    await expect(execute(core))
      .to.be.revertedWithCustomError(upgrades, "ModuleUpgradesWaiting")
      .withArgs(ID, leaving, stake, madeAt + BigInt(MOST));
    await time.setNextBlockTimestamp(madeAt + BigInt(MOST));
    await expect(execute(core)).to.emit(upgrades, "Executed");
  });

  it("does not wait for a tenth", async () => {
    const core = await load();
    const [madeAt] = await core.upgrades.announcement(ID);
    const total = (await core.pool.totalStake()) / COIN;
    await leave(core, 5, total / 11n);
    await time.increaseTo(madeAt + BigInt(LEAST));
    await expect(execute(core)).to.emit(core.upgrades, "Executed");
  });

  it("executes nothing that is long overdue, withdrawn, or not what was announced", async () => {
    const core = await load();
    const { upgrades, addresses } = core;
    const [madeAt, hash] = await upgrades.announcement(ID);
    expect(hash).to.not.equal(`0x${"00".repeat(32)}`);
    await time.increaseTo(madeAt + BigInt(LEAST));
    const other = core.registry.interface.encodeFunctionData("setElections", [addresses.council]);
    const own = { target: addresses.registry, data: replacement(core) };
    for (const calls of [
      [{ target: addresses.registry, data: other }],
      [{ target: addresses.pool, data: replacement(core) }],
      [own, own],
      [],
    ]) {
      await expect(upgrades.execute(ID, calls)).to.be.revertedWithCustomError(
        upgrades,
        "ModuleUpgradesUnknown",
      );
    }
    await time.setNextBlockTimestamp(madeAt + BigInt(MOST + VALIDITY));
    await expect(execute(core))
      .to.be.revertedWithCustomError(upgrades, "ModuleUpgradesExpired")
      .withArgs(ID, madeAt + BigInt(MOST + VALIDITY));
    await expect(upgrades.cancel(ID)).to.emit(upgrades, "Cancelled").withArgs(ID);
    await expect(upgrades.cancel(ID)).to.be.revertedWithCustomError(upgrades, "ModuleUpgradesUnknown");
    await expect(execute(core)).to.be.revertedWithCustomError(upgrades, "ModuleUpgradesUnknown");
  });

  it("may do nothing but what its role may, and listens to governance only", async () => {
    const core = await load();
    const { upgrades, addresses, token } = core;
    const take = token.interface.encodeFunctionData("transfer", [core.others[1]!.address, 1n]);
    const stake = {
      target: addresses.parameters,
      data: core.parameters.interface.encodeFunctionData("setStake", [core.file.stake as never]),
    };
    await upgrades.announce([stake]);
    await upgrades.announce([{ target: addresses.token, data: take }]);
    await time.increase(LEAST);
    await expect(upgrades.execute(2, [stake])).to.be.revertedWithCustomError(
      core.parameters,
      "AccessManagedUnauthorized",
    );
    await expect(
      upgrades.execute(3, [{ target: addresses.token, data: take }]),
    ).to.be.revertedWithCustomError(token, "ERC20InsufficientBalance");
    const stranger = upgrades.connect(core.others[1]!);
    for (const call of [
      () => stranger.announce([{ target: addresses.token, data: take }]),
      () => stranger.cancel(ID),
    ]) {
      await expect(call()).to.be.revertedWithCustomError(upgrades, "AccessManagedUnauthorized");
    }
  });

  it("replaces the slasher in custody and registry together, or not at all", async () => {
    const core = await load();
    const { upgrades, addresses, pool, registry, slashing } = core;
    const { ethers } = connection;
    const libraries: Record<string, string> = {};
    for (const name of ["Evidence", "Groups", "Settlements"]) {
      libraries[name] = await (await ethers.deployContract(name)).getAddress();
    }
    const successor = (await ethers.deployContract(
      "SlashingManager",
      [addresses.access, addresses.pool, addresses.checkpoints, addresses.parameters],
      { libraries },
    )) as unknown as typeof slashing;
    const to = await successor.getAddress();
    const inCustody = { target: addresses.pool, data: pool.interface.encodeFunctionData("setSlasher", [to]) };
    const inRegistry = {
      target: addresses.registry,
      data: registry.interface.encodeFunctionData("setSlasher", [to]),
    };
    const replacements = [[inCustody], [inRegistry], [inCustody, inRegistry]];
    for (const calls of replacements) await upgrades.announce(calls);
    await time.increase(LEAST);
    for (const [index, [custody, listened]] of [
      [to, addresses.slashing],
      [addresses.slashing, to],
    ].entries()) {
      await expect(upgrades.execute(ID + 1 + index, replacements[index]!))
        .to.be.revertedWithCustomError(upgrades, "ModuleUpgradesTwoSlashers")
        .withArgs(custody, listened);
    }
    await upgrades.execute(ID + 3, replacements[2]!);
    expect([await pool.slasher(), await registry.slasher()]).to.deep.equal([to, to]);
    // The new one convicts, the old one does not.
    const pair = await votePair(core, 4, notarize(3, "a"), notarize(3, "b"));
    await expect(slashing.submitVotes(pair)).to.be.revertedWithCustomError(
      registry,
      "ValidatorRegistryNotSlasher",
    );
    await expect(successor.submitVotes(pair)).to.emit(successor, "Convicted");
    expect((await registry.validator(5)).status).to.equal(3n);
  });

  it("is not deployed with times that leaving stake could not keep", async () => {
    const core = await load();
    const { ethers } = connection;
    for (const [leastDelay, mostDelay, validity] of [
      [120, 300, 60],
      [150, 149, 60],
      [150, 300, 0],
    ] as const) {
      await expect(
        ethers.deployContract("ModuleUpgrades", [
          core.addresses.access,
          core.addresses.pool,
          { leastDelay, mostDelay, validity },
        ]),
      ).to.be.revertedWithCustomError(core.upgrades, "ModuleUpgradesBadTimes");
    }
    expect(await core.upgrades.pool()).to.equal(core.addresses.pool);
    expect([
      await core.upgrades.leastDelay(),
      await core.upgrades.mostDelay(),
      await core.upgrades.validity(),
    ]).to.deep.equal([BigInt(LEAST), BigInt(MOST), BigInt(VALIDITY)]);
  });
});
