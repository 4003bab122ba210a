import { expect } from "chai";
import { network } from "hardhat";
import { COIN, loadCore, startedCore } from "../support/core.ts";
import {
  ABSTAIN,
  AGAINST,
  FOR,
  harmless,
  pastVote,
  propose,
  STATE,
  toVote,
  vote,
} from "../support/governance.ts";

const connection = await network.create();
const started = () => startedCore(connection);
const load = () => loadCore(connection, started);

describe("attack: a few votes, bought while nobody looks, decide", () => {
  it("less than a tenth of the stake decides nothing, and the deposit is lost", async () => {
    const core = await load();
    const proposal = await propose(core, [harmless(core)]);
    await toVote(core, proposal);
    // 6,000 of 72,000; votes against do not help to the quorum.
    await vote(core, proposal, FOR, [1, 2]);
    await vote(core, proposal, AGAINST, [3]);
    await pastVote(core, proposal);
    expect(await core.governor.state(proposal.id)).to.equal(STATE.defeated);
    await expect(core.governor.queue(...proposal.steps)).to.be.revertedWithCustomError(
      core.governor,
      "GovernorUnexpectedProposalState",
    );
    await core.governor.settleDeposit(proposal.id);
    expect(await core.token.balanceOf(core.addresses.timelock)).to.equal(1_000n * COIN);
  });

  it("the treasury takes a fifth: what changes a parameter does not open it", async () => {
    const core = await load();
    await core.token.transfer(core.addresses.timelock, 1_000n * COIN);
    const loot = core.token.interface.encodeFunctionData("transfer", [core.others[1]!.address, COIN]);
    const theft = await propose(core, [{ target: core.addresses.token, data: loot }]);
    const plain = await propose(core, [harmless(core)]);
    await toVote(core, plain);
    // 12,000: more than 7,200, less than 14,400.
    for (const proposal of [theft, plain]) await vote(core, proposal, FOR, [1, 2, 3, 4]);
    await pastVote(core, plain);
    expect(await core.governor.state(theft.id)).to.equal(STATE.defeated);
    expect(await core.governor.state(plain.id)).to.equal(STATE.succeeded);
  });

  it("a tie is no majority", async () => {
    const core = await load();
    const proposal = await propose(core, [harmless(core)]);
    await toVote(core, proposal);
    await vote(core, proposal, FOR, [5]);
    await vote(core, proposal, AGAINST, [6]);
    await vote(core, proposal, ABSTAIN, [7]);
    await pastVote(core, proposal);
    expect(await core.governor.state(proposal.id)).to.equal(STATE.defeated);
  });
});
