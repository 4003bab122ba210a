import { AbiCoder, id as hashOfText, type TransactionReceipt } from "ethers";
import type { HybridGovernor } from "../../typechain/contracts/governance/HybridGovernor.ts";
import type { PositionsPool } from "../../typechain/test/harness/PositionsPool.ts";
import { COIN, type Core, type Signer } from "./core.ts";

/** States of a proposal, in OpenZeppelin's order. */
export const STATE = {
  pending: 0n,
  active: 1n,
  canceled: 2n,
  defeated: 3n,
  succeeded: 4n,
  queued: 5n,
  expired: 6n,
  executed: 7n,
} as const;

/** Supports of a vote. */
export const AGAINST = 0;
export const FOR = 1;
export const ABSTAIN = 2;

/** One call of a proposal. */
export interface Call {
  readonly target: string;
  readonly data: string;
  readonly value?: bigint;
}

/** A proposal as its functions take it. */
export interface Proposal {
  readonly id: bigint;
  readonly targets: string[];
  readonly values: bigint[];
  readonly calldatas: string[];
  readonly description: string;
  readonly descriptionHash: string;
  /** Arguments of queue, execute and cancel. */
  readonly steps: [string[], bigint[], string[], string];
}

/** The `params` that name validators. */
export const naming = (...validators: readonly (number | bigint)[]): string =>
  AbiCoder.defaultAbiCoder().encode(["uint64[]"], [validators]);

/** A proposal that changes nothing: a call that only reads. */
export const harmless = (core: Core): Call => ({
  target: core.addresses.parameters,
  data: core.parameters.interface.encodeFunctionData("stake"),
});

let count = 0;

/** A proposal with these calls, not made yet. */
export async function draft(
  governor: HybridGovernor,
  calls: readonly Call[],
  description = `proposal ${++count}`,
): Promise<Proposal> {
  const targets = calls.map(({ target }) => target);
  const values = calls.map(({ value }) => value ?? 0n);
  const calldatas = calls.map(({ data }) => data);
  const descriptionHash = hashOfText(description);
  const id = await governor.hashProposal(targets, values, calldatas, descriptionHash);
  return {
    id,
    targets,
    values,
    calldatas,
    description,
    descriptionHash,
    steps: [targets, values, calldatas, descriptionHash],
  };
}

/** Makes a proposal, the deposit approved. */
export async function propose(
  core: Core,
  calls: readonly Call[],
  options: { governor?: HybridGovernor; proposer?: Signer; description?: string } = {},
): Promise<Proposal> {
  const governor = options.governor ?? core.governor;
  const proposer = options.proposer ?? core.others[15]!;
  const proposal = await draft(governor, calls, options.description);
  const { deposit } = await governor.settings();
  await core.token.connect(proposer).approve(await governor.getAddress(), deposit * COIN);
  await governor
    .connect(proposer)
    .propose(proposal.targets, proposal.values, proposal.calldatas, proposal.description);
  return proposal;
}

/** Moves the clock into the vote on a proposal. */
export async function toVote(core: Core, proposal: Proposal, governor = core.governor): Promise<void> {
  await core.connection.networkHelpers.time.increaseTo((await governor.proposalSnapshot(proposal.id)) + 1n);
}

/** Moves the clock behind the vote on a proposal. */
export async function pastVote(core: Core, proposal: Proposal, governor = core.governor): Promise<void> {
  await core.connection.networkHelpers.time.increaseTo((await governor.proposalDeadline(proposal.id)) + 1n);
}

/** Votes for validators, each through its operator, who is also its vote address in the tests. */
export async function vote(
  core: Core,
  proposal: Proposal,
  support: number,
  validators: readonly number[],
  governor = core.governor,
): Promise<void> {
  for (const validator of validators) {
    await governor
      .connect(core.members.get(validator)!.operator)
      .castVoteWithReasonAndParams(proposal.id, support, "", naming(validator));
  }
}

/** Brings a proposal through: these validators for it, then queued. */
export async function pass(core: Core, proposal: Proposal, validators: readonly number[]): Promise<void> {
  await toVote(core, proposal);
  await vote(core, proposal, FOR, validators);
  await pastVote(core, proposal);
  await core.governor.queue(...proposal.steps);
}

/** Waits until a queued proposal is due and executes it. */
export async function execute(core: Core, proposal: Proposal): Promise<TransactionReceipt | null> {
  await core.connection.networkHelpers.time.increaseTo(await core.governor.proposalEta(proposal.id));
  return (await core.governor.execute(...proposal.steps)).wait();
}

/** Proposes calls, passes and executes them. */
export async function enact(core: Core, calls: readonly Call[], validators: readonly number[]) {
  const proposal = await propose(core, calls);
  await pass(core, proposal, validators);
  return execute(core, proposal);
}

/** A governor whose positions are what the test says, over the real registry. */
export async function governorOverPositions(
  core: Core,
): Promise<{ governor: HybridGovernor; positions: PositionsPool }> {
  const { ethers } = core.connection;
  const positions = (await ethers.deployContract("PositionsPool", [
    core.addresses.token,
    core.addresses.registry,
  ])) as unknown as PositionsPool;
  const Ballots = await ethers.deployContract("Ballots");
  const ProposalRules = await ethers.deployContract("ProposalRules");
  const { settings, lower, upper, leastTimelockDelay } = core.file.governance;
  const factory = await ethers.getContractFactory("HybridGovernor", {
    libraries: { Ballots: await Ballots.getAddress(), ProposalRules: await ProposalRules.getAddress() },
  });
  const governor = (await factory.deploy(
    core.addresses.access,
    core.addresses.timelock,
    await positions.getAddress(),
    { settings, lower, upper, leastTimelockDelay } as never,
  )) as unknown as HybridGovernor;
  return { governor, positions };
}
