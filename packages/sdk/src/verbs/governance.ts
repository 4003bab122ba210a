import {
  type Address,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  keccak256,
  parseAbi,
  toHex,
} from "viem";
import { hybridGovernorAbi } from "../abi/index.ts";
import type { Network } from "../network.ts";
import { type Sender, type Sent, transact } from "./transact.ts";

/** How to vote. */
export type Support = "against" | "for" | "abstain";
const SUPPORTS: readonly Support[] = ["against", "for", "abstain"];

/** What a proposal does, and why. */
export interface ProposalDraft {
  readonly calls: readonly { readonly target: Address; readonly value?: bigint; readonly data: Hex }[];
  /** Ending in `#proposer=0x…` only that account can make it, and cancel it before the vote. */
  readonly description: string;
}

/** Roles of OpenZeppelin's AccessManager that a deployer has until it hands over. */
const FOUNDER_ROLES = [1n, 0n] as const;
const accessAbi = parseAbi([
  "function multicall(bytes[] data) returns (bytes[])",
  "function renounceRole(uint64 roleId, address callerConfirmation)",
]);

const partsOf = ({ calls }: ProposalDraft) =>
  [
    calls.map(({ target }) => target),
    calls.map(({ value }) => value ?? 0n),
    calls.map(({ data }) => data),
  ] as const;

const stepsOf = (draft: ProposalDraft) => [...partsOf(draft), keccak256(toHex(draft.description))] as const;

const governorCall = (network: Network, functionName: string, args: readonly unknown[]) => ({
  address: network.addresses.governor,
  abi: hybridGovernorAbi,
  functionName,
  args,
});

/** The number of a proposal. */
export function proposalId(draft: ProposalDraft): bigint {
  const encoded = encodeAbiParameters(
    [{ type: "address[]" }, { type: "uint256[]" }, { type: "bytes[]" }, { type: "bytes32" }],
    stepsOf(draft),
  );
  return BigInt(keccak256(encoded));
}

/** Makes a proposal; the governor needs an allowance of the deposit. */
export const proposeCalls = (sender: Sender, network: Network, draft: ProposalDraft): Promise<Sent> =>
  transact(sender, governorCall(network, "propose", [...partsOf(draft), draft.description]));

/** Votes with the whole weight of validators whose vote address the sender is. */
export const castVote = (
  sender: Sender,
  network: Network,
  proposal: bigint,
  support: Support,
  validators: readonly number[],
  reason = "",
): Promise<Sent> =>
  transact(
    sender,
    governorCall(network, "castVoteWithReasonAndParams", [
      proposal,
      SUPPORTS.indexOf(support),
      reason,
      encodeAbiParameters([{ type: "uint64[]" }], [validators.map(BigInt)]),
    ]),
  );

/** Votes with the sender's positions, otherwise than the validators that they are with. */
export const castOverride = (
  sender: Sender,
  network: Network,
  proposal: bigint,
  support: Support,
  validators: readonly number[],
  reason = "",
): Promise<Sent> =>
  transact(
    sender,
    governorCall(network, "castOverrideWithReason", [
      proposal,
      SUPPORTS.indexOf(support),
      validators.map(BigInt),
      reason,
    ]),
  );

/** Queues a proposal that succeeded. */
export const queueProposal = (sender: Sender, network: Network, draft: ProposalDraft): Promise<Sent> =>
  transact(sender, governorCall(network, "queue", stepsOf(draft)));

/** Executes a queued proposal that is due. */
export const executeProposal = (sender: Sender, network: Network, draft: ProposalDraft): Promise<Sent> =>
  transact(sender, governorCall(network, "execute", stepsOf(draft)));

/** Cancels the sender's own proposal before its vote, if its description names him. */
export const cancelProposal = (sender: Sender, network: Network, draft: ProposalDraft): Promise<Sent> =>
  transact(sender, governorCall(network, "cancel", stepsOf(draft)));

/** Sends the deposit of a decided proposal to whom it belongs. */
export const settleDeposit = (sender: Sender, network: Network, proposal: bigint): Promise<Sent> =>
  transact(sender, governorCall(network, "settleDeposit", [proposal]));

/** Asks for the second chamber's delay, for authorities whose vote address the sender is. */
export const requestDelay = (
  sender: Sender,
  network: Network,
  proposal: bigint,
  validators: readonly number[],
): Promise<Sent> =>
  transact(sender, governorCall(network, "requestDelay", [proposal, validators.map(BigInt)]));

/** Takes from the sender, who deployed the contracts, the powers that were needed to start the chain. */
export function handOver(sender: Sender, network: Network): Promise<Sent> {
  const calls = FOUNDER_ROLES.map((role) =>
    encodeFunctionData({
      abi: accessAbi,
      functionName: "renounceRole",
      args: [role, sender.account.address],
    }),
  );
  return transact(sender, {
    address: network.addresses.access,
    abi: accessAbi,
    functionName: "multicall",
    args: [calls],
  });
}
