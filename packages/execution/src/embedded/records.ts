import type { BlockSummary, FinalReceipt } from "../engine.ts";
import { ExecutionError } from "../errors.ts";
import {
  type Account,
  type Address,
  decodeReceipt,
  encodeReceipt,
  fromBigint,
  fromHex,
  type Hash,
  type Sent,
  toBigint,
  toHex,
  writeBigint,
} from "../ledger/index.ts";

/**
 * Buckets of the ledger in the key-value store: the first byte of every key. Numbers are never reused.
 */
const buckets = {
  /** -> format version, final height */
  marker: 0x10,
  /** address -> nonce, balance */
  account: 0x11,
  /** height -> summary */
  block: 0x12,
  /** block hash -> height */
  height: 0x13,
  /** transaction hash -> height, receipt */
  receipt: 0x14,
  /** height -> hashes of the executed transactions in order */
  executed: 0x15,
  /** height -> accounts that the block changed, as they were before */
  undo: 0x16,
  /** height -> first height of its epoch, accounts and what they sent, where that is looked at */
  sent: 0x17,
} as const;

const format = 1;

/** Key of the record that says which height is final. */
export const markerKey = Uint8Array.of(buckets.marker);

export function accountKeyOf(address: Address): Uint8Array {
  return keyOf(buckets.account, fromHex(address));
}

export function blockKeyOf(height: number): Uint8Array {
  return keyOf(buckets.block, encodeHeight(height));
}

export function heightKeyOf(hash: Hash): Uint8Array {
  return keyOf(buckets.height, fromHex(hash));
}

export function receiptKeyOf(transactionHash: Hash): Uint8Array {
  return keyOf(buckets.receipt, fromHex(transactionHash));
}

export function executedKeyOf(height: number): Uint8Array {
  return keyOf(buckets.executed, encodeHeight(height));
}

export function undoKeyOf(height: number): Uint8Array {
  return keyOf(buckets.undo, encodeHeight(height));
}

export function sentKeyOf(height: number): Uint8Array {
  return keyOf(buckets.sent, encodeHeight(height));
}

/** First key of the accounts and first key after them. */
export const accountRange = { gte: Uint8Array.of(buckets.account), lt: Uint8Array.of(buckets.account + 1) };

/** The address in an account's key. */
export function addressOfKey(key: Uint8Array): Address {
  return toHex(key.subarray(1));
}

export function encodeMarker(height: number): Uint8Array {
  return keyOf(format, encodeHeight(height));
}

export function decodeMarker(bytes: Uint8Array): number {
  if (bytes.length !== 9 || bytes[0] !== format) {
    throw new ExecutionError("CORRUPT_STATE", "the ledger's store was written by another version");
  }
  return decodeHeight(bytes.subarray(1));
}

export function encodeHeight(height: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(height));
  return bytes;
}

export function decodeHeight(bytes: Uint8Array): number {
  return Number(viewOf(bytes).getBigUint64(0));
}

export function encodeAccount(account: Account): Uint8Array {
  const balance = fromBigint(account.balance);
  const bytes = new Uint8Array(8 + balance.length);
  bytes.set(encodeHeight(account.nonce), 0);
  bytes.set(balance, 8);
  return bytes;
}

export function decodeAccount(bytes: Uint8Array): Account {
  return { nonce: decodeHeight(bytes), balance: toBigint(bytes.subarray(8)) };
}

/** Accounts as they were before a block; undefined: there was none. */
export type Before = ReadonlyMap<Address, Account | undefined>;

export function encodeBefore(before: Before): Uint8Array {
  const parts = [...before].map(([address, account]) => {
    const value = account === undefined ? new Uint8Array(0) : encodeAccount(account);
    return { address: fromHex(address), value };
  });
  const bytes = new Uint8Array(parts.reduce((sum, { value }) => sum + 21 + value.length, 0));
  let at = 0;
  for (const { address, value } of parts) {
    bytes.set(address, at);
    bytes[at + 20] = value.length;
    bytes.set(value, at + 21);
    at += 21 + value.length;
  }
  return bytes;
}

export function decodeBefore(bytes: Uint8Array): Before {
  const before = new Map<Address, Account | undefined>();
  for (let at = 0; at < bytes.length; ) {
    const end = at + 21 + bytes[at + 20]!;
    const value = bytes.subarray(at + 21, end);
    before.set(toHex(bytes.subarray(at, at + 20)), value.length === 0 ? undefined : decodeAccount(value));
    at = end;
  }
  return before;
}

const SENT_BYTES = 36;

/** What accounts sent in a block of the epoch that began at a height. */
export function encodeSent(first: number, sent: Sent): Uint8Array {
  const bytes = new Uint8Array(8 + SENT_BYTES * sent.size);
  bytes.set(encodeHeight(first), 0);
  let at = 8;
  for (const [address, amount] of sent) {
    bytes.set(fromHex(address), at);
    writeBigint(bytes, at + 20, 16, amount);
    at += SENT_BYTES;
  }
  return bytes;
}

export function decodeSent(bytes: Uint8Array): { readonly first: number; readonly sent: Sent } {
  const sent = new Map<Address, bigint>();
  for (let at = 8; at < bytes.length; at += SENT_BYTES)
    sent.set(toHex(bytes.subarray(at, at + 20)), toBigint(bytes.subarray(at + 20, at + SENT_BYTES)));
  return { first: decodeHeight(bytes), sent };
}

export function encodeFinalReceipt(
  height: number,
  receipt: Omit<FinalReceipt, "blockHash" | "height">,
): Uint8Array {
  const encoded = encodeReceipt(receipt);
  const bytes = new Uint8Array(8 + encoded.length);
  bytes.set(encodeHeight(height), 0);
  bytes.set(encoded, 8);
  return bytes;
}

export function decodeFinalReceipt(bytes: Uint8Array): Omit<FinalReceipt, "blockHash"> {
  return { ...decodeReceipt(bytes.subarray(8)), height: decodeHeight(bytes) };
}

/** Bytes of a block's summary. */
export const SUMMARY_BYTES = 228;

export function encodeSummary(summary: BlockSummary): Uint8Array {
  const bytes = new Uint8Array(SUMMARY_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(fromHex(summary.hash), 0);
  bytes.set(fromHex(summary.parentHash), 32);
  bytes.set(fromHex(summary.stateRoot), 64);
  bytes.set(fromHex(summary.receiptsRoot), 96);
  bytes.set(fromHex(summary.feeRecipient), 128);
  view.setBigUint64(148, BigInt(summary.height));
  view.setBigUint64(156, BigInt(summary.stamp));
  view.setBigUint64(164, BigInt(summary.gasUsed));
  view.setBigUint64(172, BigInt(summary.gasTarget));
  view.setBigUint64(180, BigInt(summary.bytesUsed));
  view.setUint32(188, summary.executed);
  view.setUint32(192, summary.skipped);
  writeBigint(bytes, 196, 16, summary.baseFee);
  writeBigint(bytes, 212, 16, summary.burnt);
  return bytes;
}

export function decodeSummary(bytes: Uint8Array): BlockSummary {
  if (bytes.length !== SUMMARY_BYTES)
    throw new ExecutionError("CORRUPT_STATE", "a block's record is damaged");
  const view = viewOf(bytes);
  return {
    hash: toHex(bytes.subarray(0, 32)),
    parentHash: toHex(bytes.subarray(32, 64)),
    stateRoot: toHex(bytes.subarray(64, 96)),
    receiptsRoot: toHex(bytes.subarray(96, 128)),
    feeRecipient: toHex(bytes.subarray(128, 148)),
    height: countAt(view, 148),
    stamp: countAt(view, 156),
    gasUsed: countAt(view, 164),
    gasTarget: countAt(view, 172),
    bytesUsed: countAt(view, 180),
    executed: view.getUint32(188),
    skipped: view.getUint32(192),
    baseFee: toBigint(bytes.subarray(196, 212)),
    burnt: toBigint(bytes.subarray(212)),
  };
}

/** A number of 64 bits. Peers send such records too: what does not fit would be another number when it is written again. */
function countAt(view: DataView, offset: number): number {
  const value = Number(view.getBigUint64(offset));
  if (!Number.isSafeInteger(value)) throw new ExecutionError("CORRUPT_STATE", "a block's record is damaged");
  return value;
}

function keyOf(first: number, rest: Uint8Array): Uint8Array {
  const key = new Uint8Array(1 + rest.length);
  key[0] = first;
  key.set(rest, 1);
  return key;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
