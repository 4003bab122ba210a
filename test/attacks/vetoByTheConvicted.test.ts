import { expect } from "chai";
import { network } from "hardhat";
import { COIN, type Core, loadCore, notarize, startedCore, votePair, ZERO } from "../support/core.ts";
import { contradiction, statement } from "../support/evidence.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: the convicted excuse each other", () => {
  const veto = (core: Core, seat: number, validator: number) =>
    core.slashing.connect(core.members.get(seat + 1)!.operator).veto(validator, true, seat, "no");
  const together = async (core: Core, signers: readonly number[]) => {
    const c = contradiction(
      await statement(core, notarize(7, "a"), { signers }),
      await statement(core, notarize(7, "b"), { signers }),
    );
    const { id } = await core.slashing.submitContradiction.staticCall(c, ZERO);
    await core.slashing.submitContradiction(c, ZERO);
    await core.slashing.executeGroup(id, [...signers]);
  };

  it("they have no vote, in a group not executed either", async () => {
    const core = await load(started);
    await together(core, [0, 1, 2]);
    for (const seat of [0, 1, 2]) {
      await expect(veto(core, seat, 1)).to.be.revertedWithCustomError(core.slashing, "SlashingManagerNoVote");
    }
  });

  it("the one authority left is less than a third of all", async () => {
    const core = await load(started);
    await together(core, [0, 1, 2]);
    await veto(core, 3, 1);
    expect((await core.slashing.record(1)).vetoed).to.equal(false);
    await connection.networkHelpers.time.increaseTo((await core.slashing.record(1)).dueAt);
    await core.slashing.settle(1);
    expect(await core.pool.bondOf(1)).to.equal(0n);
  });

  it("who voted and is convicted then counts no more", async () => {
    const core = await load(started);
    await core.slashing.submitVotes(await votePair(core, 0, notarize(7, "a"), notarize(7, "b")));
    await veto(core, 1, 1);
    await core.slashing.submitVotes(await votePair(core, 1, notarize(7, "a"), notarize(7, "b")));
    await veto(core, 2, 1);
    expect((await core.slashing.record(1)).vetoed).to.equal(false);
    await veto(core, 3, 1);
    expect((await core.slashing.record(1)).vetoed).to.equal(true);
    expect(await core.pool.bondOf(1)).to.equal(9_000n * COIN);
  });
});
