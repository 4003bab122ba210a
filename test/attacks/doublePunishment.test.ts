import { expect } from "chai";
import { network } from "hardhat";
import {
  COIN,
  type Core,
  finalize,
  loadCore,
  notarize,
  nullify,
  startedCore,
  votePair,
} from "../support/core.ts";
import { contradiction, statement } from "../support/evidence.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: punishing one validator again and again", () => {
  it("one offence shown in other words, another offence, a group and an exit later cost nothing more", async () => {
    const core = await load(started);
    const submit = async (a: Parameters<typeof votePair>[2], b: Parameters<typeof votePair>[3]) =>
      core.slashing.submitVotes(await votePair(core, 4, a, b));
    await submit(notarize(7, "a"), notarize(7, "b"));
    for (const [a, b] of [
      [notarize(7, "b"), notarize(7, "a")],
      [notarize(7, "a"), notarize(7, "c")],
      [notarize(7, "a", 6), notarize(7, "a", 5)],
    ] as const) {
      await expect(submit(a, b)).to.be.revertedWithCustomError(
        core.slashing,
        "SlashingManagerAlreadyCharged",
      );
    }
    await submit(finalize(7, "a"), finalize(7, "b"));
    await submit(finalize(7, "a"), nullify(7));
    await submit(notarize(8, "a"), notarize(8, "b"));
    const c = contradiction(
      await statement(core, notarize(9, "a"), { signers: [4, 5] }),
      await statement(core, notarize(9, "b"), { signers: [4, 5] }),
    );
    const { id } = await core.slashing.submitContradiction.staticCall(c, `0x${"00".repeat(32)}`);
    await core.slashing.submitContradiction(c, `0x${"00".repeat(32)}`);
    await core.slashing.executeGroup(id, [4, 5]);
    expect(await core.pool.bondOf(5)).to.equal(18_000n * COIN);
    expect((await core.slashing.record(5)).convictions).to.equal(4n);
  });

  it("the same pair twice in one block counts once", async () => {
    const core = await load(started);
    const pair = await votePair(core, 4, notarize(7, "a"), notarize(7, "b"));
    await connection.ethers.provider.send("evm_setAutomine", [false]);
    const options = { gasLimit: 3_000_000 };
    await core.slashing.connect(core.others[14]!).submitVotes(pair, options);
    await core.slashing.connect(core.others[15]!).submitVotes(pair, options);
    await connection.ethers.provider.send("evm_mine", []);
    await connection.ethers.provider.send("evm_setAutomine", [true]);
    expect(await core.pool.bondOf(5)).to.equal(18_000n * COIN);
    expect((await core.slashing.record(5)).convictions).to.equal(1n);
  });
});
