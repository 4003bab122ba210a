import { expect } from "chai";
import { network } from "hardhat";
import { bringIn, COIN, closeEpoch, loadCore, startedCore } from "../support/core.ts";
import { FOR, harmless, naming, pastVote, propose, STATE, toVote } from "../support/governance.ts";

const connection = await network.create();
const started = () => startedCore(connection);
const load = () => loadCore(connection, started);
const BORROWED = 30_000_000n * COIN;

describe("attack: governance taken over with stake that was borrowed for the occasion", () => {
  it("a deposit made before, in or after the proposal's transaction votes with nothing", async () => {
    const core = await load();
    const attacker = core.members.get(5)!.operator;
    await core.pool.connect(attacker).depositBond(5, BORROWED);
    const proposal = await propose(core, [harmless(core)], { proposer: attacker });
    await core.pool.connect(attacker).delegate(6, COIN);
    await toVote(core, proposal);
    expect(await core.governor.validatorWeight(proposal.id, 5)).to.equal(20_000n);
    await core.governor.connect(attacker).castVoteWithReasonAndParams(proposal.id, FOR, "", naming(5));
    expect(await core.governor.proposalVotes(proposal.id)).to.deep.equal([0n, 20_000n, 0n]);
    await expect(
      core.governor.connect(attacker).castOverride(proposal.id, FOR, [6]),
    ).to.be.revertedWithCustomError(core.governor, "GovernorNothingToOverride");
  });

  it("what is sealed now is asked an epoch later: nobody can be in and out again by then", async () => {
    const core = await load();
    const attacker = core.members.get(5)!.operator;
    await core.pool.connect(attacker).depositBond(5, BORROWED);
    await closeEpoch(core);
    await closeEpoch(core);
    // Sealed for epoch 3, which has not begun: a proposal of epoch 2 is decided by the registry of epoch 1.
    const early = await propose(core, [harmless(core)]);
    expect(await core.governor.validatorWeight(early.id, 5)).to.equal(20_000n);
    await closeEpoch(core);
    const later = await propose(core, [harmless(core)]);
    expect(await core.governor.validatorWeight(later.id, 5)).to.equal(20_000n);
    await closeEpoch(core);
    const counted = await propose(core, [harmless(core)]);
    expect(await core.governor.validatorWeight(counted.id, 5)).to.be.greaterThan(20_000n);
    // By then leaving takes the unbonding time, in which what was voted for is not executed yet.
    await core.pool.connect(attacker).requestUnbond(5, BORROWED);
    expect(await core.pool.bondOf(5)).to.equal(20_000n * COIN);
  });

  it("a validator that came for the vote has no seat in its registry", async () => {
    const core = await load();
    const proposal = await propose(core, [harmless(core)]);
    const newcomer = await bringIn(core, "staker", 1_000_000);
    await core.elections.enter([newcomer.id]);
    await closeEpoch(core);
    await toVote(core, proposal);
    await expect(
      core.governor
        .connect(newcomer.operator)
        .castVoteWithReasonAndParams(proposal.id, FOR, "", naming(newcomer.id)),
    ).to.be.revertedWithCustomError(core.governor, "ElectorateNotSeated");
    await pastVote(core, proposal);
    expect(await core.governor.state(proposal.id)).to.equal(STATE.defeated);
  });
});
