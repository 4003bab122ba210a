import { expect } from "chai";
import { network } from "hardhat";
import { COIN, type Core, loadCore, notarize, possession, startedCore, votePair } from "../support/core.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: another key before the evidence arrives", () => {
  it("what the old key signed is charged to the validator, its delegators included", async () => {
    const core = await load(started);
    const { operator } = core.members.get(5)!;
    const delegator = core.others[12]!;
    await core.pool.connect(delegator).delegate(5, 1_000n * COIN);
    const pair = await votePair(core, 4, notarize(3, "a"), notarize(3, "b"));
    const { key, proof } = possession(core, "another", 5);
    await core.registry.connect(operator).setKey(5, key, proof);
    await core.slashing.submitVotes(pair);
    expect((await core.registry.validator(5)).status).to.equal(3n);
    // A tenth of 21,000, all of it from the bond, which pays first.
    expect(await core.pool.bondOf(5)).to.equal(17_900n * COIN);
    expect(await core.pool.tokensOf(5, delegator.address)).to.equal(1_000n * COIN);
  });
});
