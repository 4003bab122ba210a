import { type Address, type PublicClient, parseEventLogs } from "viem";
import { unbondingQueueAbi } from "../abi/index.ts";
import type { Network } from "../network.ts";
import { type Call, type Sender, type Sent, simulate, transact } from "./transact.ts";

/** Lists of the unbonding queue: bond; delegations. */
const KINDS = { bond: 0, delegation: 1 } as const;

/** An account's part of a cohort of leaving delegations. */
export interface UnbondingEntry {
  readonly cohort: number;
  readonly shares: bigint;
  /** What it is worth now, base units, rounded down. */
  readonly tokens: bigint;
  /** Second from which it can be withdrawn whatever happens. */
  readonly latest: number;
  /** Epoch whose boundary started its clock; null while there is none. */
  readonly witness: number | null;
  /** Second from which it can be withdrawn with that witness; null while there is none. */
  readonly from: number | null;
}

const queueCall = (network: Network, functionName: string, args: readonly unknown[]): Call => ({
  address: network.addresses.queue,
  abi: unbondingQueueAbi,
  functionName,
  args,
});

/** What is leaving from a validator for `owner`, oldest first. */
export async function readUnbonding(
  client: PublicClient,
  network: Network,
  validator: number,
  owner: Address,
): Promise<UnbondingEntry[]> {
  const queue = { address: network.addresses.queue, abi: unbondingQueueAbi } as const;
  const id = BigInt(validator);
  const count = await client.readContract({
    ...queue,
    functionName: "cohortCount",
    args: [id, KINDS.delegation],
  });
  const entries: UnbondingEntry[] = [];
  for (let cohort = 0n; cohort < count; cohort++) {
    const [shares, tokens] = await client.readContract({
      ...queue,
      functionName: "entryOf",
      args: [id, owner, cohort],
    });
    if (shares === 0n) continue;
    const [latest, [found, witness, from]] = await Promise.all([
      client.readContract({
        ...queue,
        functionName: "withdrawableAtLatest",
        args: [id, KINDS.delegation, cohort],
      }),
      client.readContract({
        ...queue,
        functionName: "witnessOf",
        args: [id, KINDS.delegation, cohort, 0n],
      }),
    ]);
    entries.push({
      cohort: Number(cohort),
      shares,
      tokens,
      latest: Number(latest),
      witness: found ? Number(witness) : null,
      from: found ? Number(from) : null,
    });
  }
  return entries;
}

/** Moves shares of the sender's leaving entry back into the validator's pool, as pending stake. */
export async function cancelUndelegation(
  sender: Sender,
  network: Network,
  validator: number,
  cohort: number,
  shares: bigint,
): Promise<Sent & { readonly amount: bigint }> {
  const sent = await transact(
    sender,
    queueCall(network, "cancel", [BigInt(validator), BigInt(cohort), shares]),
  );
  const [event] = parseEventLogs({
    abi: unbondingQueueAbi,
    logs: [...sent.logs],
    eventName: "DelegationCancelled",
  });
  return { ...sent, amount: event?.args.amount ?? 0n };
}

const withdrawCall = (network: Network, validator: number, { cohort, witness }: Leaving): Call =>
  queueCall(network, "withdraw", [BigInt(validator), BigInt(cohort), BigInt(witness ?? 0)]);

/** What of an {@link UnbondingEntry} a withdrawal needs. */
export type Leaving = Pick<UnbondingEntry, "cohort" | "witness">;

/** What `withdraw` would be refused for, or what it would pay. @throws SdkError REVERTED. */
export async function previewWithdraw(
  sender: Sender,
  network: Network,
  validator: number,
  entry: Leaving,
): Promise<{ readonly amount: bigint }> {
  return { amount: (await simulate(sender, withdrawCall(network, validator, entry))) as bigint };
}

/**
 * Pays the sender's entry of a cohort out.
 * @throws SdkError REVERTED (UnbondingQueueNotReady: too soon; StakingPoolHeld: evidence holds it).
 */
export async function withdraw(
  sender: Sender,
  network: Network,
  validator: number,
  entry: Leaving,
): Promise<Sent & { readonly amount: bigint }> {
  const sent = await transact(sender, withdrawCall(network, validator, entry));
  const [event] = parseEventLogs({
    abi: unbondingQueueAbi,
    logs: [...sent.logs],
    eventName: "DelegationWithdrawn",
  });
  return { ...sent, amount: event?.args.amount ?? 0n };
}
