import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";
import { type Core, closeEpoch, deployCore, loadCore, startedCore } from "../support/core.ts";

const connection = await network.create();
const { time } = connection.networkHelpers;
const STOP_DEPOSITS = 0;
const SECURE_MODE = 1;
const HOUR = 3_600;
const DAY = 24 * HOUR;

/** Three members, two of whom have to agree; stakers 5 to 7 weigh 20,000 of 72,000 each. */
const seated = async () => {
  const core = await startedCore(connection);
  const members = core.others.slice(15, 18).map(({ address }) => address);
  await core.council.setMembers(members, 2);
  return core;
};
const load = () => loadCore(connection, seated);
const member = (core: Core, index: number) => core.council.connect(core.others[15 + index]!);
const voice = (core: Core, validator: number) => core.council.connect(core.members.get(validator)!.operator);
const begin = async (core: Core, action: number, duration = 72 * HOUR) => {
  await member(core, 0).approve(action, duration);
  return member(core, 1).approve(action, duration);
};

describe("EmergencyCouncil", () => {
  it("acts when enough members agree within a day, for the least of their durations", async () => {
    const core = await load();
    const { council, parameters } = core;
    expect(await council.approvals(SECURE_MODE)).to.deep.equal([0n, 0n]);
    await expect(member(core, 0).approve(SECURE_MODE, 10 * HOUR))
      .to.emit(council, "Approved")
      .withArgs(SECURE_MODE, core.others[15]!.address, 10 * HOUR);
    expect(await council.approvals(SECURE_MODE)).to.deep.equal([1n, 10n * 3_600n]);
    expect((await council.measure(SECURE_MODE)).round).to.equal(0n);
    await time.increase(DAY);
    await member(core, 1).approve(SECURE_MODE, 9 * HOUR);
    expect(await council.approvals(SECURE_MODE)).to.deep.equal([1n, 9n * 3_600n]);
    await expect(member(core, 1).withdraw(SECURE_MODE))
      .to.emit(council, "Withdrawn")
      .withArgs(SECURE_MODE, core.others[16]!.address);
    await member(core, 2).approve(SECURE_MODE, 8 * HOUR);
    const at = (await time.latest()) + 5;
    await time.setNextBlockTimestamp(at);
    await expect(member(core, 0).approve(SECURE_MODE, 11 * HOUR))
      .to.emit(council, "Begun")
      .withArgs(SECURE_MODE, 1, at + 8 * HOUR);
    expect(await parameters.modeFloorUntil()).to.equal(at + 8 * HOUR);
    expect((await parameters.consensus()).modeFloor).to.equal(2n);
    const { snapshot } = await core.checkpoints.recordedRegistry(0);
    expect(await council.measure(SECURE_MODE)).to.deep.equal([1n, BigInt(at + 8 * HOUR), 0n, snapshot]);
    expect(await council.approvals(SECURE_MODE)).to.deep.equal([0n, 0n]);
  });

  it("stops deposits, never exits", async () => {
    const core = await load();
    await begin(core, STOP_DEPOSITS, 2 * HOUR);
    const { operator } = core.members.get(5)!;
    await expect(core.pool.connect(operator).depositBond(5, 10n ** 18n)).to.be.revertedWithCustomError(
      core.pool,
      "StakingPoolPaused",
    );
    await core.pool.connect(operator).requestUnbond(5, 10n ** 18n);
    await time.increase(2 * HOUR);
    await core.pool.connect(operator).depositBond(5, 10n ** 18n);
  });

  it("has 72 hours in 30 days for each action", async () => {
    const core = await load();
    const { council } = core;
    expect(await council.available(STOP_DEPOSITS)).to.equal(72n * 3_600n);
    await begin(core, STOP_DEPOSITS, 40 * HOUR);
    const first = await time.latest();
    expect(await council.available(STOP_DEPOSITS)).to.equal(32n * 3_600n);
    expect(await council.available(SECURE_MODE)).to.equal(72n * 3_600n);
    await expect(member(core, 0).approve(STOP_DEPOSITS, 32 * HOUR + 1))
      .to.be.revertedWithCustomError(council, "EmergencyCouncilBadDuration")
      .withArgs(32 * HOUR + 1, 32 * HOUR);
    await time.increase(41 * HOUR);
    await begin(core, STOP_DEPOSITS, 32 * HOUR);
    expect(await council.available(STOP_DEPOSITS)).to.equal(0n);
    for (const duration of [0, 1]) {
      await expect(member(core, 0).approve(STOP_DEPOSITS, duration)).to.be.revertedWithCustomError(
        council,
        "EmergencyCouncilBadDuration",
      );
    }
    await time.increaseTo(first + 30 * DAY - 1);
    expect(await council.available(STOP_DEPOSITS)).to.equal(0n);
    await time.increaseTo(first + 30 * DAY);
    expect(await council.available(STOP_DEPOSITS)).to.equal(40n * 3_600n);
  });

  it("does not begin with an approval for longer than is left by then", async () => {
    const core = await load();
    await member(core, 0).approve(SECURE_MODE, 72 * HOUR);
    await member(core, 1).approve(SECURE_MODE, 40 * HOUR);
    await member(core, 0).approve(SECURE_MODE, 32 * HOUR);
    await member(core, 1).approve(SECURE_MODE, 32 * HOUR);
    expect(await core.council.available(SECURE_MODE)).to.equal(0n);
  });

  it("is overruled at once by more than half of the stake", async () => {
    const core = await load();
    const { council, parameters } = core;
    await begin(core, SECURE_MODE);
    await expect(voice(core, 5).oppose(SECURE_MODE, [6])).to.be.revertedWithCustomError(
      council,
      "ElectorateNotItsVoice",
    );
    await expect(voice(core, 5).oppose(STOP_DEPOSITS, [5])).to.be.revertedWithCustomError(
      council,
      "EmergencyCouncilNotInForce",
    );
    await expect(voice(core, 5).oppose(SECURE_MODE, [5]))
      .to.emit(council, "Opposed")
      .withArgs(SECURE_MODE, 5, 20_000, 20_000, 72_000);
    expect(await council.hasOpposed(SECURE_MODE, 1, 5)).to.equal(true);
    await expect(voice(core, 5).oppose(SECURE_MODE, [5])).to.be.revertedWithCustomError(
      council,
      "EmergencyCouncilAlreadyOpposed",
    );
    expect((await parameters.consensus()).modeFloor).to.equal(2n);
    await expect(voice(core, 6).oppose(SECURE_MODE, [6]))
      .to.emit(council, "Lifted")
      .withArgs(SECURE_MODE, 1);
    expect((await parameters.consensus()).modeFloor).to.equal(1n);
    await expect(voice(core, 7).oppose(SECURE_MODE, [7])).to.be.revertedWithCustomError(
      council,
      "EmergencyCouncilNotInForce",
    );
    // What was lifted is used up all the same.
    expect(await council.available(SECURE_MODE)).to.equal(0n);
  });

  it("is not overruled by exactly half, and a new measure is asked about anew", async () => {
    const core = await load();
    const { council } = core;
    await begin(core, STOP_DEPOSITS, 10 * HOUR);
    await voice(core, 5).oppose(STOP_DEPOSITS, [5]);
    for (const authority of [1, 2, 3, 4]) await voice(core, authority).oppose(STOP_DEPOSITS, [authority]);
    expect((await council.measure(STOP_DEPOSITS)).opposed).to.equal(32_000n);
    await begin(core, STOP_DEPOSITS, 10 * HOUR);
    expect((await council.measure(STOP_DEPOSITS)).opposed).to.equal(0n);
    await voice(core, 5).oppose(STOP_DEPOSITS, [5]);
    await expect(voice(core, 6).oppose(STOP_DEPOSITS, [6])).to.emit(council, "Lifted");
    const { operator } = core.members.get(5)!;
    await core.pool.connect(operator).depositBond(5, 10n ** 18n);
  });

  it("asks the registry that was in force an epoch before it began", async () => {
    const core = await load();
    const { operator } = core.members.get(5)!;
    await core.pool.connect(operator).depositBond(5, 40_000n * 10n ** 18n);
    for (let epoch = 0; epoch < 3; ++epoch) await closeEpoch(core);
    await begin(core, SECURE_MODE);
    await expect(voice(core, 5).oppose(SECURE_MODE, [5]))
      .to.emit(core.council, "Opposed")
      .withArgs(SECURE_MODE, 5, 20_000, 20_000, 72_000);
  });

  it("has members that governance names, at most fifteen, more than half of whom decide", async () => {
    const core = await load();
    const { council, others } = core;
    const addresses = others.map(({ address }) => address);
    await expect(
      council.connect(others[0]!).setMembers(addresses.slice(0, 3), 2),
    ).to.be.revertedWithCustomError(council, "AccessManagedUnauthorized");
    for (const [members, threshold] of [
      [addresses.slice(0, 16), 9],
      [addresses.slice(0, 4), 2],
      [addresses.slice(0, 4), 5],
      [[addresses[0]!, addresses[0]!], 2],
      [[ZeroAddress], 1],
      [[], 1],
    ] as const) {
      await expect(council.setMembers([...members], threshold)).to.be.revertedWithCustomError(
        council,
        "EmergencyCouncilBadMembers",
      );
    }
    await member(core, 0).approve(SECURE_MODE, HOUR);
    await expect(council.setMembers(addresses.slice(0, 4), 3))
      .to.emit(council, "MembersSet")
      .withArgs(addresses.slice(0, 4), 3);
    expect(await council.members()).to.deep.equal(addresses.slice(0, 4));
    expect(await council.threshold()).to.equal(3n);
    for (const call of [
      () => member(core, 0).approve(SECURE_MODE, HOUR),
      () => member(core, 0).withdraw(SECURE_MODE),
    ]) {
      await expect(call()).to.be.revertedWithCustomError(council, "EmergencyCouncilNotMember");
    }
    // A former member's approval does not come back with him.
    await council.setMembers(addresses.slice(15, 18), 2);
    await member(core, 1).approve(SECURE_MODE, HOUR);
    expect((await council.measure(SECURE_MODE)).round).to.equal(0n);
    await council.setMembers([], 0);
    expect(await council.members()).to.deep.equal([]);
  });

  it("has nobody to answer to, and so no power, before the chain begins", async () => {
    const core = await deployCore(connection);
    await core.council.setMembers([core.others[15]!.address], 1);
    await expect(member(core, 0).approve(SECURE_MODE, HOUR)).to.be.revertedWithCustomError(
      core.council,
      "ElectorateNone",
    );
    expect(await core.council.pool()).to.equal(core.addresses.pool);
    expect(await core.council.parameters()).to.equal(core.addresses.parameters);
  });
});
