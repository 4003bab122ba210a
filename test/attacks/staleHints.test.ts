import { expect } from "chai";
import { network } from "hardhat";
import {
  type Core,
  closeEpoch,
  loadCore,
  notarize,
  possession,
  startedCore,
  votePair,
  ZERO,
} from "../support/core.ts";
import { contradiction, statement } from "../support/evidence.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: hints that were true when the evidence was made", () => {
  it("seats and keys change; the evidence names those of its own registry", async () => {
    const core = await load(started);
    const pair = await votePair(core, 4, notarize(7, "a"), notarize(7, "b"), { epoch: 0 });
    const { operator } = core.members.get(5)!;
    const { key, proof } = possession(core, "rotated", 5);
    await core.registry.connect(operator).setKey(5, key, proof);
    await core.registry.admit(5);
    await closeEpoch(core);
    await core.slashing.submitVotes(pair);
    expect((await core.registry.validator(5)).status).to.equal(3n);
  });

  it("a page of a group whose members somebody charged in between goes on with the rest", async () => {
    const core = await load(started);
    const all = { signers: [1, 2, 4, 5] };
    const c = contradiction(
      await statement(core, notarize(7, "a"), all),
      await statement(core, notarize(7, "b"), all),
    );
    const { id } = await core.slashing.submitContradiction.staticCall(c, ZERO);
    await core.slashing.submitContradiction(c, ZERO);
    await core.slashing.connect(core.others[9]!).executeGroup(id, [2]);
    expect(await core.slashing.executeGroup.staticCall(id, [1, 2, 4, 5])).to.equal(3n);
  });
});
