import type { Address } from "viem";
import { aitbcTokenAbi, stakingPoolAbi } from "../abi/index.ts";
import type { Network } from "../network.ts";
import { type Sender, type Sent, transact } from "./transact.ts";

/**
 * Adds to a validator's bond (base units, 10^-18 AITBC), approving exactly that amount first where the allowance is
 * less. Only its operator or withdrawal address may.
 */
export async function depositBond(
  sender: Sender,
  network: Network,
  validator: number,
  amount: bigint,
): Promise<Sent> {
  const { pool } = network.addresses;
  await allow(sender, network, pool, amount);
  return transact(sender, {
    address: pool,
    abi: stakingPoolAbi,
    functionName: "depositBond",
    args: [BigInt(validator), amount],
  });
}

/** Lets `spender` take `amount` of the sender's tokens: exactly that, and only if it may take less now. */
export async function allow(
  sender: Sender,
  network: Network,
  spender: Address,
  amount: bigint,
): Promise<void> {
  const token = { address: network.addresses.token, abi: aitbcTokenAbi } as const;
  const allowance = await sender.client.readContract({
    ...token,
    functionName: "allowance",
    args: [sender.account.address, spender],
  });
  if (allowance >= amount) return;
  await transact(sender, { ...token, functionName: "approve", args: [spender, amount] });
}

/** Sends tokens of the settlement chain (base units). */
export function transferTokens(
  sender: Sender,
  network: Network,
  to: `0x${string}`,
  amount: bigint,
): Promise<Sent> {
  return transact(sender, {
    address: network.addresses.token,
    abi: aitbcTokenAbi,
    functionName: "transfer",
    args: [to, amount],
  });
}
