import { expect } from "chai";
import { network } from "hardhat";
import { COIN, type Core, loadCore, notarize, startedCore, votePair } from "../support/core.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: earning by one's own conviction", () => {
  const wealth = async (core: Core, accounts: readonly Core["deployer"][], validator: number) => {
    let sum = await core.pool.bondOf(validator);
    for (const { address } of accounts) sum += await core.token.balanceOf(address);
    for (const { address } of accounts) sum += await core.pool.tokensOf(validator, address);
    return sum;
  };

  it("an operator who reports himself, with commitment and own delegators, loses", async () => {
    const core = await load(started);
    const coalition = [core.members.get(5)!.operator, core.others[13]!, core.others[14]!];
    await core.pool.connect(coalition[1]!).delegate(5, 50_000n * COIN);
    const before = await wealth(core, coalition, 5);
    const pair = await votePair(core, 4, notarize(7, "a"), notarize(7, "b"));
    const { offence } = await core.slashing.check(pair);
    const salt = offence;
    const reporter = core.slashing.connect(coalition[2]!);
    await reporter.commit(await core.slashing.commitmentOf(coalition[2]!.address, offence, salt));
    await reporter.revealVotes(pair, salt);
    expect(before - (await wealth(core, coalition, 5))).to.be.at.least((7_000n * COIN * 9n) / 10n - 1n);
  });

  it("with hardly a bond left there is hardly a reward, whatever others delegated", async () => {
    const core = await load(started);
    await core.pool.connect(core.others[13]!).delegate(5, 500_000n * COIN);
    const { operator } = core.members.get(5)!;
    await core.pool.connect(operator).requestUnbond(5, 20_000n * COIN - 1n);
    const pair = await votePair(core, 4, notarize(7, "a"), notarize(7, "b"));
    // Leaving bond is still his own: it answers, and limits the reward.
    expect((await core.slashing.check(pair)).penalty).to.equal(52_000n * COIN);
    expect((await core.slashing.check(pair)).reward).to.equal(1_000n * COIN);
    // With a higher cap it is the share of what he loses himself, not of what his delegators do.
    await core.parameters.setSlashing({ ...core.file.slashing, reporterCap: 5_000 } as never);
    expect((await core.slashing.check(pair)).reward).to.equal(2_000n * COIN);
    const reporter = core.others[14]!;
    const before = await core.token.balanceOf(reporter.address);
    await core.slashing.connect(reporter).submitVotes(pair);
    expect((await core.token.balanceOf(reporter.address)) - before).to.equal(2_000n * COIN);
  });

  it("a reward that is kept back cannot be taken twice, by salt or by waiting", async () => {
    const core = await load(started);
    const reporter = core.others[14]!;
    const pair = await votePair(core, 4, notarize(7, "a"), notarize(7, "b"));
    const { offence } = await core.slashing.check(pair);
    await core.slashing
      .connect(reporter)
      .commit(await core.slashing.commitmentOf(reporter.address, offence, offence));
    await core.slashing.connect(reporter).submitVotes(pair);
    await core.slashing.connect(reporter).takeReward(offence, offence);
    await connection.networkHelpers.time.increase(4_000);
    await expect(core.slashing.connect(reporter).takeReward(offence, offence)).to.be.revertedWithCustomError(
      core.slashing,
      "SlashingManagerNoReward",
    );
  });
});
