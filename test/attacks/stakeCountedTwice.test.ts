import { expect } from "chai";
import { network } from "hardhat";
import { closeEpoch, loadCore } from "../support/core.ts";
import { delegatedCore, delegators } from "../support/delegations.ts";
import { AGAINST, FOR, harmless, propose, toVote, vote } from "../support/governance.ts";

const connection = await network.create();
const delegated = () => delegatedCore(connection);
const load = () => loadCore(connection, delegated);

describe("attack: one stake votes twice by moving between validators", () => {
  it("what left the position that was counted votes there no more, and where it went not yet", async () => {
    const core = await load();
    const [large] = delegators(core);
    const proposal = await propose(core, [harmless(core)]);
    expect(await core.governor.overrideWeight(proposal.id, 5, large.address)).to.equal(30_000n);
    const { shares } = await core.pool.position(5, large.address);
    await core.pool.connect(large).redelegate(5, 6, shares);
    await closeEpoch(core);
    await toVote(core, proposal);
    for (const validator of [5, 6]) {
      await expect(
        core.governor.connect(large).castOverride(proposal.id, AGAINST, [validator]),
      ).to.be.revertedWithCustomError(core.governor, "GovernorNothingToOverride");
    }
    await vote(core, proposal, FOR, [5, 6, 7]);
    expect(await core.governor.proposalVotes(proposal.id)).to.deep.equal([0n, 100_000n, 0n]);
  });

  it("what votes first and moves then is not in the other validator's weight", async () => {
    const core = await load();
    const [large] = delegators(core);
    const proposal = await propose(core, [harmless(core)]);
    await toVote(core, proposal);
    await core.governor.connect(large).castOverride(proposal.id, AGAINST, [5]);
    const { shares } = await core.pool.position(5, large.address);
    await core.pool.connect(large).redelegate(5, 6, shares);
    await closeEpoch(core);
    await vote(core, proposal, FOR, [5, 6, 7]);
    const votes = await core.governor.proposalVotes(proposal.id);
    expect(votes).to.deep.equal([30_000n, 70_000n, 0n]);
    await expect(
      core.governor.connect(large).castOverride(proposal.id, AGAINST, [6]),
    ).to.be.revertedWithCustomError(core.governor, "GovernorNothingToOverride");
  });

  it("shares that left and came back are counted once", async () => {
    const core = await load();
    const [large, small] = delegators(core);
    const proposal = await propose(core, [harmless(core)]);
    const { shares } = await core.pool.position(5, large.address);
    await core.pool.connect(large).undelegate(5, shares);
    await core.pool.connect(small).delegate(5, 10n ** 18n);
    await toVote(core, proposal);
    await expect(
      core.governor.connect(large).castOverride(proposal.id, FOR, [5]),
    ).to.be.revertedWithCustomError(core.governor, "GovernorNothingToOverride");
    expect(await core.governor.overrideWeight(proposal.id, 5, small.address)).to.equal(10_000n);
  });
});
