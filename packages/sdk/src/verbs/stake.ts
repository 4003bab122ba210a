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
  const { token, pool } = network.addresses;
  const allowance = await sender.client.readContract({
    address: token,
    abi: aitbcTokenAbi,
    functionName: "allowance",
    args: [sender.account.address, pool],
  });
  if (allowance < amount) {
    await transact(sender, {
      address: token,
      abi: aitbcTokenAbi,
      functionName: "approve",
      args: [pool, amount],
    });
  }
  return transact(sender, {
    address: pool,
    abi: stakingPoolAbi,
    functionName: "depositBond",
    args: [BigInt(validator), amount],
  });
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
