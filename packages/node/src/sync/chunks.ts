import type { Account, Address } from "@aitbc-hybrid/execution";
import { Reader, Writer } from "@aitbc-hybrid/protocol";
import { NodeError } from "../errors.ts";
import { ACCOUNT_BYTES } from "./messages.ts";

const BALANCE_LIMIT = 1n << 64n;

/** Accounts as a chunk holds them. */
export function encodeChunk(accounts: readonly (readonly [Address, Account])[]): Uint8Array {
  const writer = new Writer(ACCOUNT_BYTES * accounts.length);
  for (const [address, { nonce, balance }] of accounts) {
    writer.hex(address, 20, "address").u64(nonce, "nonce");
    writer.u64Big(balance / BALANCE_LIMIT, "balance").u64Big(balance % BALANCE_LIMIT, "balance");
  }
  return writer.done().slice();
}

/** @throws NodeError FRAME_INVALID; ProtocolError */
export function decodeChunk(bytes: Uint8Array): (readonly [Address, Account])[] {
  if (bytes.length % ACCOUNT_BYTES !== 0)
    throw new NodeError("FRAME_INVALID", `a chunk of ${bytes.length} bytes holds no whole accounts`);
  const reader = new Reader(bytes);
  const half = (): bigint => BigInt(reader.u32("balance")) * 2n ** 32n + BigInt(reader.u32("balance"));
  return Array.from({ length: bytes.length / ACCOUNT_BYTES }, () => {
    const address = reader.hex(20, "address");
    const nonce = reader.u64("nonce");
    return [address, { nonce, balance: half() * BALANCE_LIMIT + half() }] as const;
  });
}
