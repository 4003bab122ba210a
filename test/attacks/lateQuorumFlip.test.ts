import { expect } from "chai";
import { network } from "hardhat";
import { loadCore, startedCore } from "../support/core.ts";
import {
  AGAINST,
  FOR,
  harmless,
  naming,
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

describe("attack: the outcome is turned in the last second", () => {
  it("by reaching the quorum only then: the others still get their time", async () => {
    const core = await load();
    const proposal = await propose(core, [harmless(core)]);
    await toVote(core, proposal);
    const end = await core.governor.proposalDeadline(proposal.id);
    await time.setNextBlockTimestamp(end);
    await core.governor
      .connect(core.members.get(5)!.operator)
      .castVoteWithReasonAndParams(proposal.id, FOR, "", naming(5));
    expect(await core.governor.proposalDeadline(proposal.id)).to.equal(end + 15n);
    await vote(core, proposal, AGAINST, [6]);
    await pastVote(core, proposal);
    expect(await core.governor.state(proposal.id)).to.equal(STATE.defeated);
  });

  it("by turning a majority long after the quorum: the same", async () => {
    const core = await load();
    const proposal = await propose(core, [harmless(core)]);
    await toVote(core, proposal);
    await vote(core, proposal, FOR, [1, 2]);
    await vote(core, proposal, AGAINST, [5]);
    const end = await core.governor.proposalDeadline(proposal.id);
    await time.setNextBlockTimestamp(end);
    await core.governor
      .connect(core.members.get(6)!.operator)
      .castVoteWithReasonAndParams(proposal.id, FOR, "", naming(6));
    expect(await core.governor.state(proposal.id)).to.equal(STATE.active);
    await vote(core, proposal, AGAINST, [7]);
    await pastVote(core, proposal);
    expect(await core.governor.state(proposal.id)).to.equal(STATE.defeated);
  });
});
