import { expect } from "chai";
import { network } from "hardhat";
import { COIN, type Core, finalize, loadCore, startedCore, ZERO } from "../support/core.ts";
import { contradiction, statement } from "../support/evidence.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: a submitter edits who signed", () => {
  it("naming who did not sign, or leaving out who did, breaks the signature; leaving out with the signature spares nobody for good", async () => {
    const core = await load(started);
    const first = await statement(core, finalize(7, "a"), { signers: [0, 1, 4] });
    const second = async (options: Parameters<typeof statement>[2]) =>
      statement(core, finalize(7, "b"), options);
    for (const listed of [[1, 4, 5], [1], [4, 6]]) {
      const c = contradiction(first, await second({ signers: [1, 4], listed }));
      await expect(core.slashing.submitContradiction(c, ZERO)).to.be.revertedWithCustomError(
        core.slashing,
        "SlashingManagerBadSignature",
      );
    }
    await core.slashing.submitContradiction(contradiction(first, await second({ signers: [1] })), ZERO);
    expect(await core.pool.bondOf(5)).to.equal(20_000n * COIN);
    const whole = contradiction(first, await second({ signers: [1, 4] }));
    const { id } = await core.slashing.submitContradiction.staticCall(whole, ZERO);
    await core.slashing.submitContradiction(whole, ZERO);
    await core.slashing.executeGroup(id, [1, 4]);
    expect(await core.pool.bondOf(5)).to.equal(18_000n * COIN);
    expect(await core.pool.bondOf(2)).to.equal(9_000n * COIN);
  });
});
