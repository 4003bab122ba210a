import { type Address, fromHex, type Hash, toBigint, toHex, writeBigint } from "./bytes.ts";
import { keccak256 } from "./keccak.ts";
import { merkleRoot } from "./merkle.ts";

/** What a transaction did in a block. Only executed transactions have one, so the status is always success. */
export interface Receipt {
  readonly transactionHash: Hash;
  /** Among the block's executed transactions. */
  readonly index: number;
  readonly status: 1;
  readonly type: 0 | 1 | 2;
  readonly from: Address;
  readonly to: Address;
  readonly gasUsed: number;
  /** Of the block up to and with this transaction. */
  readonly cumulativeGasUsed: number;
  /** wei per gas: base fee and tip. */
  readonly effectiveGasPrice: bigint;
  /** wei: gas used times the effective price. */
  readonly fee: bigint;
}

const receiptTag = 0x40;

/** Hash of a receipt: keccak over tag 40, transaction hash b32, index u32, status u8, gas used u64, fee b32. */
export function receiptHash(receipt: Receipt): Uint8Array {
  const bytes = new Uint8Array(78);
  const view = new DataView(bytes.buffer);
  bytes[0] = receiptTag;
  bytes.set(fromHex(receipt.transactionHash), 1);
  view.setUint32(33, receipt.index);
  bytes[37] = receipt.status;
  view.setBigUint64(38, BigInt(receipt.gasUsed));
  writeBigint(bytes, 46, 32, receipt.fee);
  return keccak256(bytes);
}

/** Merkle root over the hashes of a block's receipts in order; 0 if there are none. */
export function receiptsRoot(receipts: readonly Receipt[]): Hash {
  return merkleRoot(receipts.map(receiptHash));
}

const encodedLength = 109;

/** Fixed-width form for storage. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  const bytes = new Uint8Array(encodedLength);
  const view = new DataView(bytes.buffer);
  bytes.set(fromHex(receipt.transactionHash), 0);
  view.setUint32(32, receipt.index);
  bytes[36] = receipt.type;
  bytes.set(fromHex(receipt.from), 37);
  bytes.set(fromHex(receipt.to), 57);
  view.setBigUint64(77, BigInt(receipt.gasUsed));
  view.setBigUint64(85, BigInt(receipt.cumulativeGasUsed));
  // A price fits: it was paid from a supply below 2^128 (genesis.ts).
  writeBigint(bytes, 93, 16, receipt.effectiveGasPrice);
  return bytes;
}

/**
 * Reads what encodeReceipt wrote.
 * @throws {RangeError} on another length or an unknown type
 */
export function decodeReceipt(bytes: Uint8Array): Receipt {
  const type = bytes[36];
  if (bytes.length !== encodedLength || (type !== 0 && type !== 1 && type !== 2)) {
    throw new RangeError("not a receipt");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const gasUsed = Number(view.getBigUint64(77));
  const effectiveGasPrice = toBigint(bytes.subarray(93));
  return {
    transactionHash: toHex(bytes.subarray(0, 32)),
    index: view.getUint32(32),
    status: 1,
    type,
    from: toHex(bytes.subarray(37, 57)),
    to: toHex(bytes.subarray(57, 77)),
    gasUsed,
    cumulativeGasUsed: Number(view.getBigUint64(85)),
    effectiveGasPrice,
    fee: BigInt(gasUsed) * effectiveGasPrice,
  };
}
