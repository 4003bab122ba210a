import { electionsAbi } from "../abi/index.ts";
import type { Network } from "../network.ts";
import { type Sender, type Sent, simulate, transact } from "./transact.ts";

/** What a seal needs to be told; the contract checks it. */
export interface SealHints {
  readonly cut: number;
  readonly lastWeight: number;
  readonly lastSeat: number;
}

/** The hints that fit the present state. */
export async function sealHints(sender: Sender, network: Network): Promise<SealHints> {
  return (await simulate(sender, {
    address: network.addresses.elections,
    abi: electionsAbi,
    functionName: "sealHints",
    args: [],
  })) as SealHints;
}

/** Seals the candidate registry of an epoch from the live weights. Anyone, once, in its time. */
export async function seal(sender: Sender, network: Network, epoch: number): Promise<Sent> {
  return transact(sender, {
    address: network.addresses.elections,
    abi: electionsAbi,
    functionName: "seal",
    args: [BigInt(epoch), await sealHints(sender, network)],
  });
}
