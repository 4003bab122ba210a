import { type Address, parseEventLogs, toHex } from "viem";
import { rewardDistributorAbi } from "../abi/index.ts";
import type { AcceptedBoundary } from "../chain/index.ts";
import type { Network } from "../network.ts";
import { type Call, type Sender, type Sent, simulate, transact } from "./transact.ts";

const distributorCall = (network: Network, functionName: string, args: readonly unknown[]): Call => ({
  address: network.addresses.distributor,
  abi: rewardDistributorAbi,
  functionName,
  args,
});

/**
 * Pays the epoch whose boundary this is; the sender is credited. Anyone, in the order of epochs.
 * @param vector The epoch's participation vector; empty if it was recovered, or once the accrual deadline has passed
 * @throws SdkError REVERTED (RewardDistributorNotInOrder: somebody was faster).
 */
export async function accrue(
  sender: Sender,
  network: Network,
  { accounting, submitter }: AcceptedBoundary,
  vector: Uint8Array,
): Promise<Sent & { readonly paid: bigint }> {
  const epoch = BigInt(accounting.epoch);
  const stated = {
    ...accounting,
    epoch,
    views: BigInt(accounting.views),
    stamp: BigInt(accounting.stamp),
  };
  const sent = await transact(
    sender,
    distributorCall(network, "accrue", [epoch, stated, toHex(vector), submitter]),
  );
  const [event] = parseEventLogs({ abi: rewardDistributorAbi, logs: [...sent.logs], eventName: "Accrued" });
  return { ...sent, paid: event?.args.paid ?? 0n };
}

/** What `claimRewards` would pay the sender now, base units. @throws SdkError REVERTED. */
export async function previewRewards(
  sender: Sender,
  network: Network,
  validators: readonly number[],
): Promise<bigint> {
  const call = distributorCall(network, "claim", [validators.map(BigInt), sender.account.address]);
  return (await simulate(sender, call)) as bigint;
}

/**
 * Pays `owner` what its positions with these validators earned, and what was booked before. Anyone.
 * @returns `amount` in base units, 10^-18 AITBC.
 */
export async function claimRewards(
  sender: Sender,
  network: Network,
  validators: readonly number[],
  owner: Address = sender.account.address,
): Promise<Sent & { readonly amount: bigint }> {
  const sent = await transact(sender, distributorCall(network, "claim", [validators.map(BigInt), owner]));
  const [event] = parseEventLogs({ abi: rewardDistributorAbi, logs: [...sent.logs], eventName: "Claimed" });
  return { ...sent, amount: event?.args.amount ?? 0n };
}

/** What validators earned themselves, by where it went. */
export interface ValidatorClaim {
  readonly validator: number;
  readonly withdrawal: Address;
  readonly toBond: bigint;
  readonly paidOut: bigint;
}

/** Pays validators what they earned themselves: to the withdrawal address, an authority's into its bond up to the target. Anyone. */
export async function claimValidators(
  sender: Sender,
  network: Network,
  validators: readonly number[],
): Promise<Sent & { readonly claims: readonly ValidatorClaim[] }> {
  const sent = await transact(sender, distributorCall(network, "claimValidator", [validators.map(BigInt)]));
  const events = parseEventLogs({
    abi: rewardDistributorAbi,
    logs: [...sent.logs],
    eventName: "ValidatorClaimed",
  });
  const claims = events.map(({ args }) => ({ ...args, validator: Number(args.validator) }));
  return { ...sent, claims };
}

/** Pays a relayer's credits (boundaries, seals, accruals, checkpoints) to it. Anyone. */
export async function claimCredits(
  sender: Sender,
  network: Network,
  relayer: Address = sender.account.address,
): Promise<Sent & { readonly amount: bigint }> {
  const sent = await transact(sender, distributorCall(network, "claimCredits", [relayer]));
  const [event] = parseEventLogs({
    abi: rewardDistributorAbi,
    logs: [...sent.logs],
    eventName: "CreditsClaimed",
  });
  return { ...sent, amount: event?.args.amount ?? 0n };
}
