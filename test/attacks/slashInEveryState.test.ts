import { expect } from "chai";
import { network } from "hardhat";
import {
  actAsSlasher,
  COIN,
  type Core,
  closeEpoch,
  loadCore,
  notarize,
  startedCore,
  votePair,
} from "../support/core.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: a state in which one cannot be slashed", () => {
  const offend = async (core: Core, seat: number) =>
    core.slashing.submitVotes(await votePair(core, seat, notarize(7, "a"), notarize(7, "b"), { epoch: 0 }));

  it("jailed, exited, all unbonding, key rotated, deposits paused, elections deaf: all are charged", async () => {
    const core = await load(started);
    await actAsSlasher(core);
    await core.registry.jail(1);
    await core.registry.setSlasher(core.addresses.slashing);
    await core.registry.connect(core.members.get(2)!.operator).exit(2);
    await core.pool.connect(core.members.get(3)!.operator).requestUnbond(3, 10_000n * COIN);
    await core.registry.connect(core.members.get(5)!.operator).exit(5);
    await core.pool.connect(core.members.get(5)!.operator).requestUnbond(5, 20_000n * COIN);
    await closeEpoch(core);
    const deaf = await connection.ethers.deployContract("DeafElections");
    await core.registry.setElections(await deaf.getAddress());
    await core.pool.setElections(await deaf.getAddress());
    for (const seat of [0, 1, 2, 4]) {
      await offend(core, seat);
      const { junior } = await core.pool.liable(seat + 1, 1);
      expect(junior, `seat ${seat}`).to.equal((seat < 4 ? 9_000n : 18_000n) * COIN);
      expect((await core.registry.validator(seat + 1)).status).to.equal(3n);
    }
  });

  it("nothing left: the conviction stands, charges nothing, and settles", async () => {
    const core = await load(started);
    await offend(core, 4);
    await connection.networkHelpers.time.increaseTo((await core.slashing.record(5)).dueAt);
    await core.slashing.settle(5);
    await core.slashing.settle(5);
    expect((await core.slashing.record(5)).settled).to.equal(true);
  });
});
