import {
  type Address,
  concat,
  equalBytes,
  fromBigint,
  fromHex,
  type Hash,
  toBigint,
  toHex,
} from "./bytes.ts";
import { intrinsicGas } from "./fees.ts";
import { keccak256, keccakHex } from "./keccak.ts";
import type { LedgerParameters } from "./parameters.ts";
import { TransactionRefused } from "./refusal.ts";
import { RlpError, type RlpItem, type RlpSpan, rlpEncode, rlpHeader, rlpSpan } from "./rlp.ts";

/** A signed transfer, taken apart; everything that can be known without the state has been checked. */
export interface Transaction {
  /** 0 legacy with EIP-155, 1 EIP-2930, 2 EIP-1559. */
  readonly type: 0 | 1 | 2;
  readonly chainId: bigint;
  readonly nonce: number;
  /** wei per gas; types 0 and 1 have one gas price, which is both caps. */
  readonly maxPriorityFeePerGas: bigint;
  readonly maxFeePerGas: bigint;
  readonly gasLimit: number;
  readonly to: Address;
  /** wei */
  readonly value: bigint;
  readonly data: Uint8Array;
  /** r | s, 64 bytes; s is low (EIP-2). */
  readonly signature: Uint8Array;
  readonly parity: 0 | 1;
  /** keccak of the whole envelope. */
  readonly hash: Hash;
  /** What the signature is over. */
  readonly signingHash: Uint8Array;
  /** Length of the envelope, bytes. */
  readonly size: number;
}

const groupOrder = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const order = fromBigint(groupOrder);
const halfOrder = fromBigint(groupOrder / 2n);

/**
 * Decodes an envelope and checks all that needs neither state nor the elliptic curve: canonical form, sizes, chain id,
 * a recipient, an empty access list, ranges of r and s (EIP-2), fee caps, intrinsic gas.
 * @throws {TransactionRefused} naming the first reason; nothing else is ever thrown
 */
export function decodeTransaction(bytes: Uint8Array, parameters: LedgerParameters): Transaction {
  if (bytes.length > parameters.maximumTransactionBytes) {
    throw new TransactionRefused(
      "OVERSIZED_TRANSACTION",
      `${bytes.length} of at most ${parameters.maximumTransactionBytes} bytes`,
    );
  }
  const first = bytes[0];
  if (first === undefined) throw new TransactionRefused("MALFORMED", "empty");
  if (first < 0x80 && first !== 1 && first !== 2)
    throw new TransactionRefused("UNSUPPORTED_TYPE", `${first}`);
  if (first >= 0x80 && first < 0xc0) throw new TransactionRefused("MALFORMED", "not a list");
  try {
    const type = first === 1 || first === 2 ? first : 0;
    return decodeFields(bytes, type, parameters);
  } catch (error) {
    if (error instanceof RlpError) throw new TransactionRefused("MALFORMED", error.message);
    throw error;
  }
}

function decodeFields(bytes: Uint8Array, type: 0 | 1 | 2, parameters: LedgerParameters): Transaction {
  const fields = new Fields(bytes, type === 0 ? 0 : 1);
  const typedChainId = type === 0 ? 0n : fields.uint(32);
  const nonce = fields.safe("nonce");
  const first = fields.uint(32);
  const maxPriorityFeePerGas = first;
  const maxFeePerGas = type === 2 ? fields.uint(32) : first;
  const gasLimit = fields.safe("gas limit");
  const recipient = fields.string();
  const value = fields.uint(32);
  const data = fields.string();
  const accessList = type === 0 ? undefined : fields.list();
  const unsignedEnd = fields.offset;
  const v = fields.uint(32);
  const r = fields.scalar();
  const s = fields.scalar();
  fields.end();

  if (recipient.length !== 0 && recipient.length !== 20) {
    throw new TransactionRefused("MALFORMED", "recipient of neither 0 nor 20 bytes");
  }
  if (type !== 0 && v > 1n) throw new TransactionRefused("MALFORMED", "parity above 1");
  if (recipient.length === 0) throw new TransactionRefused("CONTRACT_CREATION");
  if (accessList !== undefined && accessList.start !== accessList.end)
    throw new TransactionRefused("ACCESS_LIST");
  if (data.length > parameters.maximumDataBytes) {
    throw new TransactionRefused(
      "OVERSIZED_DATA",
      `${data.length} of at most ${parameters.maximumDataBytes} bytes`,
    );
  }
  // A legacy v of 27 or 28 names no chain and could be replayed on any: refused like a foreign one.
  if (type === 0 && v < 35n) throw new TransactionRefused("WRONG_CHAIN_ID", "not protected by EIP-155");
  const chainId = type === 0 ? (v - 35n) / 2n : typedChainId;
  if (chainId !== BigInt(parameters.chainId)) {
    throw new TransactionRefused("WRONG_CHAIN_ID", `${chainId}, this is ${parameters.chainId}`);
  }
  if (!below(r, order) || !below(s, order))
    throw new TransactionRefused("BAD_SIGNATURE", "r or s out of range");
  if (below(halfOrder, s))
    throw new TransactionRefused("BAD_SIGNATURE", "s is not in the lower half (EIP-2)");
  if (maxPriorityFeePerGas > maxFeePerGas) throw new TransactionRefused("TIP_ABOVE_FEE_CAP");
  const needed = intrinsicGas(data);
  if (gasLimit < needed) throw new TransactionRefused("GAS_TOO_LOW", `${gasLimit} of ${needed}`);

  const unsigned = bytes.subarray(fields.start, unsignedEnd);
  const signed =
    type === 0 ? concat(unsigned, rlpEncode(fromBigint(chainId)), Uint8Array.of(0x80, 0x80)) : unsigned;
  const preimage = concat(bytes.subarray(0, type === 0 ? 0 : 1), rlpHeader(0xc0, signed.length), signed);
  const signature = new Uint8Array(64);
  signature.set(r, 0);
  signature.set(s, 32);
  return {
    type,
    chainId,
    nonce,
    maxPriorityFeePerGas,
    maxFeePerGas,
    gasLimit,
    to: toHex(recipient),
    value,
    data,
    signature,
    parity: (type === 0 ? (v + 1n) % 2n : v) === 0n ? 0 : 1,
    hash: keccakHex(bytes),
    signingHash: keccak256(preimage),
    size: bytes.length,
  };
}

/** The envelope of a transaction: decoding it gives the same fields, and decoding then encoding the same bytes. */
export function encodeTransaction(
  transaction: Omit<Transaction, "hash" | "signingHash" | "size">,
): Uint8Array {
  const { type, chainId, parity, signature } = transaction;
  const r = fromBigint(toBigint(signature.subarray(0, 32)));
  const s = fromBigint(toBigint(signature.subarray(32)));
  const v = type === 0 ? chainId * 2n + 35n + BigInt(parity) : BigInt(parity);
  const items: RlpItem[] = [
    ...(type === 0 ? [] : [fromBigint(chainId)]),
    fromBigint(BigInt(transaction.nonce)),
    ...(type === 2 ? [fromBigint(transaction.maxPriorityFeePerGas)] : []),
    fromBigint(transaction.maxFeePerGas),
    fromBigint(BigInt(transaction.gasLimit)),
    fromHex(transaction.to),
    fromBigint(transaction.value),
    transaction.data,
    ...(type === 0 ? [] : [[]]),
    fromBigint(v),
    r,
    s,
  ];
  const list = rlpEncode(items);
  return type === 0 ? list : concat(Uint8Array.of(type), list);
}

/** Reads a transaction's fields one after the other. */
class Fields {
  readonly start: number;
  offset: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    const outer = rlpSpan(bytes, at, bytes.length);
    if (!outer.list) throw new RlpError("not a list");
    if (outer.end !== bytes.length) throw new RlpError("bytes after the transaction");
    this.#bytes = bytes;
    this.start = outer.start;
    this.offset = outer.start;
  }

  string(): Uint8Array {
    const span = this.#next();
    if (span.list) throw new RlpError("a list where bytes belong");
    return this.#bytes.subarray(span.start, span.end);
  }

  list(): RlpSpan {
    const span = this.#next();
    if (!span.list) throw new RlpError("bytes where a list belongs");
    return span;
  }

  uint(length: number): bigint {
    return toBigint(this.#integer(length));
  }

  safe(name: string): number {
    const value = this.uint(8);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RlpError(`${name} above 2^53 - 1`);
    return Number(value);
  }

  /** An integer of at most 32 bytes, left-padded to 32. */
  scalar(): Uint8Array {
    const bytes = this.#integer(32);
    const padded = new Uint8Array(32);
    padded.set(bytes, 32 - bytes.length);
    return padded;
  }

  end(): void {
    if (this.offset !== this.#bytes.length) throw new RlpError("too many fields");
  }

  #integer(length: number): Uint8Array {
    const bytes = this.string();
    if (bytes.length > length) throw new RlpError(`integer above ${length} bytes`);
    if (bytes[0] === 0) throw new RlpError("integer with a leading zero");
    return bytes;
  }

  #next(): RlpSpan {
    const span = rlpSpan(this.#bytes, this.offset, this.#bytes.length);
    this.offset = span.end;
    return span;
  }
}

const zero = new Uint8Array(32);

/** Whether a 32-byte scalar is above zero and below a bound. */
function below(scalar: Uint8Array, bound: Uint8Array): boolean {
  if (equalBytes(scalar, zero)) return false;
  for (let i = 0; i < 32; i++) if (scalar[i] !== bound[i]) return scalar[i]! < bound[i]!;
  return false;
}
