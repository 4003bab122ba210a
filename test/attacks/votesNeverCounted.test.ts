import { expect } from "chai";
import { network } from "hardhat";
import { loadCore } from "../support/core.ts";
import { delegatedCore, delegators } from "../support/delegations.ts";
import { AGAINST, FOR, harmless, pastVote, propose, STATE, toVote, vote } from "../support/governance.ts";

const connection = await network.create();
const delegated = () => delegatedCore(connection);
const load = () => loadCore(connection, delegated);

describe("attack: votes are subtracted that were never counted", () => {
  it("an override of a validator that does not vote takes nothing from others", async () => {
    const core = await load();
    const [large, small] = delegators(core);
    const proposal = await propose(core, [harmless(core)]);
    await toVote(core, proposal);
    await vote(core, proposal, AGAINST, [6]);
    await vote(core, proposal, FOR, [7]);
    await core.governor.connect(large).castOverride(proposal.id, FOR, [5]);
    await core.governor.connect(small).castOverride(proposal.id, AGAINST, [5]);
    expect(await core.governor.proposalVotes(proposal.id)).to.deep.equal([30_000n, 50_000n, 0n]);
    await pastVote(core, proposal);
    expect(await core.governor.state(proposal.id)).to.equal(STATE.succeeded);
  });

  it("an override takes from what its validator voted for, not from what its owner opposes", async () => {
    const core = await load();
    const [large] = delegators(core);
    const proposal = await propose(core, [harmless(core)]);
    await toVote(core, proposal);
    await vote(core, proposal, FOR, [5, 6]);
    await vote(core, proposal, AGAINST, [7]);
    await core.governor.connect(large).castOverride(proposal.id, FOR, [5]);
    expect(await core.governor.proposalVotes(proposal.id)).to.deep.equal([20_000n, 80_000n, 0n]);
  });
});
