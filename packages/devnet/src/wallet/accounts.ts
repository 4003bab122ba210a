import { concatHex, keccak256, numberToHex, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { WalletAccount } from "./types.ts";

/** The accounts of a wallet: keys derived from its one secret, so that the devnet and the wallet agree on them. */
export function walletAccounts(secret: Uint8Array, count: number): WalletAccount[] {
  return Array.from({ length: count }, (_, index) => {
    const key = keccak256(concatHex([toHex(secret), numberToHex(index, { size: 4 })]));
    return { key, address: privateKeyToAccount(key).address };
  });
}
