import { expect } from "chai";
import { network } from "hardhat";
import { COIN, loadCore, startedCore } from "../support/core.ts";
import {
  AGAINST,
  draft,
  execute,
  harmless,
  pass,
  pastVote,
  propose,
  STATE,
  toVote,
  vote,
} from "../support/governance.ts";

const connection = await network.create();
const { time } = connection.networkHelpers;
const started = () => startedCore(connection);
const load = () => loadCore(connection, started);

describe("attack: proposals are revived, front-run or bricked", () => {
  it("a defeated proposal stays defeated and cannot be made again", async () => {
    const core = await load();
    const { governor } = core;
    const proposal = await propose(core, [harmless(core)]);
    await toVote(core, proposal);
    await vote(core, proposal, AGAINST, [5, 6, 7]);
    await pastVote(core, proposal);
    await time.increase(10_000);
    expect(await governor.state(proposal.id)).to.equal(STATE.defeated);
    await core.token.connect(core.others[15]!).approve(core.addresses.governor, 1_000n * COIN);
    const { targets, values, calldatas, description } = proposal;
    await expect(
      governor.connect(core.others[15]!).propose(targets, values, calldatas, description),
    ).to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState");
  });

  it("a decision that nobody executed in time is over, in the timelock too", async () => {
    const core = await load();
    const proposal = await propose(core, [harmless(core)]);
    await pass(core, proposal, [5, 6, 7]);
    await time.increase(3_700);
    await expect(core.governor.execute(...proposal.steps)).to.be.revertedWithCustomError(
      core.governor,
      "GovernorUnexpectedProposalState",
    );
    const { targets, values, calldatas } = proposal;
    const zero = `0x${"00".repeat(32)}`;
    await expect(
      core.timelock.executeBatch(targets, values, calldatas, zero, zero),
    ).to.be.revertedWithCustomError(core.timelock, "AccessControlUnauthorizedAccount");
  });

  it("who copies a proposal to cancel it cannot; it is voted on as it was meant", async () => {
    const core = await load();
    const attacker = core.others[13]!;
    const meant = await draft(core.governor, [harmless(core)], "the right thing");
    const copied = await propose(core, [harmless(core)], {
      proposer: attacker,
      description: "the right thing",
    });
    expect(copied.id).to.equal(meant.id);
    await expect(core.governor.connect(attacker).cancel(...copied.steps)).to.be.revertedWithCustomError(
      core.governor,
      "GovernorUnableToCancel",
    );
    await pass(core, copied, [5, 6, 7]);
    await execute(core, copied);
    expect(await core.governor.state(meant.id)).to.equal(STATE.executed);
  });

  it("a description that names its proposer is nobody else's", async () => {
    const core = await load();
    const description = `mine #proposer=${core.others[15]!.address.toLowerCase()}`;
    await expect(
      propose(core, [harmless(core)], { proposer: core.others[13]!, description }),
    ).to.be.revertedWithCustomError(core.governor, "GovernorRestrictedProposer");
  });

  it("nobody else schedules, cancels or executes in the timelock", async () => {
    const core = await load();
    const proposal = await propose(core, [harmless(core)]);
    await pass(core, proposal, [5, 6, 7]);
    const { targets, values, calldatas } = proposal;
    const zero = `0x${"00".repeat(32)}`;
    for (const call of [
      () => core.timelock.scheduleBatch(targets, values, calldatas, zero, zero, 100),
      () => core.timelock.cancel(zero),
      () => core.timelock.executeBatch(targets, values, calldatas, zero, zero),
    ]) {
      await expect(call()).to.be.revertedWithCustomError(core.timelock, "AccessControlUnauthorizedAccount");
    }
    await execute(core, proposal);
    await expect(core.governor.execute(...proposal.steps)).to.be.revertedWithCustomError(
      core.governor,
      "GovernorUnexpectedProposalState",
    );
  });
});
