import { type Address, type PublicClient, parseEventLogs } from "viem";
import { stakingPoolAbi } from "../abi/index.ts";
import type { Network } from "../network.ts";
import { allow } from "./stake.ts";
import { type Call, type Sender, type Sent, simulate, transact } from "./transact.ts";

/** A delegator's position with a validator. */
export interface DelegatorPosition {
  readonly shares: bigint;
  /** What they are worth now, base units, rounded down. */
  readonly tokens: bigint;
  /** Whether some of them still answer for a validator they left. */
  readonly encumbered: boolean;
}

const poolCall = (network: Network, functionName: string, args: readonly unknown[]): Call => ({
  address: network.addresses.pool,
  abi: stakingPoolAbi,
  functionName,
  args,
});

/** A position as it is now; no shares where there is none. */
export async function readPosition(
  client: PublicClient,
  network: Network,
  validator: number,
  owner: Address,
): Promise<DelegatorPosition> {
  const pool = { address: network.addresses.pool, abi: stakingPoolAbi } as const;
  const args = [BigInt(validator), owner] as const;
  const [position, tokens] = await Promise.all([
    client.readContract({ ...pool, functionName: "position", args }),
    client.readContract({ ...pool, functionName: "tokensOf", args }),
  ]);
  return { shares: position.shares, tokens, encumbered: position.encumbered };
}

/** Shares of a position that are worth about `amount`; all of them if it is worth no more. */
export const sharesFor = ({ shares, tokens }: DelegatorPosition, amount: bigint): bigint =>
  amount >= tokens ? shares : (shares * amount) / tokens;

/**
 * Delegates base units to a validator, approving exactly that amount first where the allowance is less. What is added
 * earns from the first epoch whose registry counts it.
 * @throws SdkError REVERTED (StakingPoolClosed: a validator that left or was convicted; StakingPoolBelowMinimum).
 */
export async function delegate(
  sender: Sender,
  network: Network,
  validator: number,
  amount: bigint,
): Promise<Sent & { readonly shares: bigint }> {
  await allow(sender, network, network.addresses.pool, amount);
  const sent = await transact(sender, poolCall(network, "delegate", [BigInt(validator), amount]));
  const [event] = parseEventLogs({ abi: stakingPoolAbi, logs: [...sent.logs], eventName: "Delegated" });
  return { ...sent, shares: event?.args.shares ?? 0n };
}

const undelegateCall = (network: Network, validator: number, shares: bigint): Call =>
  poolCall(network, "undelegate", [BigInt(validator), shares]);

/** What `undelegate` would be refused for, or the cohort that the shares would join. @throws SdkError REVERTED. */
export async function previewUndelegate(
  sender: Sender,
  network: Network,
  validator: number,
  shares: bigint,
): Promise<{ readonly cohort: number }> {
  return { cohort: Number(await simulate(sender, undelegateCall(network, validator, shares))) };
}

/** Moves shares of the sender's position into the unbonding queue: they stop earning, and stay liable until withdrawn. */
export async function undelegate(
  sender: Sender,
  network: Network,
  validator: number,
  shares: bigint,
): Promise<Sent & { readonly cohort: number; readonly amount: bigint }> {
  const sent = await transact(sender, undelegateCall(network, validator, shares));
  const [event] = parseEventLogs({ abi: stakingPoolAbi, logs: [...sent.logs], eventName: "Undelegated" });
  return { ...sent, cohort: Number(event?.args.cohort ?? 0n), amount: event?.args.amount ?? 0n };
}

const redelegateCall = (network: Network, from: number, to: number, shares: bigint): Call =>
  poolCall(network, "redelegate", [BigInt(from), BigInt(to), shares]);

/** What `redelegate` would be refused for, or the shares it would mint. @throws SdkError REVERTED. */
export async function previewRedelegate(
  sender: Sender,
  network: Network,
  from: number,
  to: number,
  shares: bigint,
): Promise<{ readonly minted: bigint }> {
  return { minted: (await simulate(sender, redelegateCall(network, from, to, shares))) as bigint };
}

/**
 * Moves shares of the sender's position to another validator at once; they go on answering for the one they leave.
 * @throws SdkError REVERTED (StakingPoolTooSoon: once a period; StakingPoolEncumbered).
 */
export async function redelegate(
  sender: Sender,
  network: Network,
  from: number,
  to: number,
  shares: bigint,
): Promise<Sent & { readonly minted: bigint; readonly amount: bigint }> {
  const sent = await transact(sender, redelegateCall(network, from, to, shares));
  const [event] = parseEventLogs({ abi: stakingPoolAbi, logs: [...sent.logs], eventName: "Redelegated" });
  return { ...sent, minted: event?.args.sharesMinted ?? 0n, amount: event?.args.amount ?? 0n };
}
