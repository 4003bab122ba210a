import { concat } from "./bytes.ts";

/** A byte string or a list of items, as RLP nests them. */
export type RlpItem = Uint8Array | readonly RlpItem[];

/** Bytes that are not canonical RLP. */
export class RlpError extends Error {
  readonly code = "BAD_RLP";

  constructor(message: string) {
    super(message);
    this.name = "RlpError";
  }
}

/** Where an item's payload lies. */
export interface RlpSpan {
  readonly list: boolean;
  readonly start: number;
  readonly end: number;
}

// Transactions nest three deep (an access list); the bound only keeps hostile bytes from exhausting the stack.
const maximumDepth = 32;

/**
 * Reads the header of the item at `offset`, which must end at or before `limit`. Strict: shortest length form only,
 * no leading zero in a length, no single byte below 0x80 with a header.
 * @throws {RlpError} if the bytes are not canonical
 */
export function rlpSpan(bytes: Uint8Array, offset: number, limit: number): RlpSpan {
  if (offset >= limit) throw new RlpError("item missing");
  const first = bytes[offset]!;
  if (first < 0x80) return { list: false, start: offset, end: offset + 1 };
  const list = first >= 0xc0;
  const short = first - (list ? 0xc0 : 0x80);
  let start = offset + 1;
  let length = short;
  if (short > 55) {
    const digits = short - 55;
    if (start + digits > limit) throw new RlpError("length cut off");
    if (bytes[start] === 0) throw new RlpError("length with a leading zero");
    // Four bytes of length already exceed anything that is ever decoded here.
    if (digits > 4) throw new RlpError("length too large");
    length = 0;
    for (let i = 0; i < digits; i++) length = length * 256 + bytes[start + i]!;
    if (length <= 55) throw new RlpError("long form of a short length");
    start += digits;
  }
  if (start + length > limit) throw new RlpError("item cut off");
  if (!list && length === 1 && bytes[start]! < 0x80) throw new RlpError("single byte with a header");
  return { list, start, end: start + length };
}

/**
 * Decodes exactly one item. Byte strings are views into the input.
 * @throws {RlpError} if the bytes are not canonical, or more follow
 */
export function rlpDecode(bytes: Uint8Array): RlpItem {
  const span = rlpSpan(bytes, 0, bytes.length);
  if (span.end !== bytes.length) throw new RlpError("bytes after the item");
  return itemOf(bytes, span, 0);
}

function itemOf(bytes: Uint8Array, span: RlpSpan, depth: number): RlpItem {
  if (!span.list) return bytes.subarray(span.start, span.end);
  if (depth === maximumDepth) throw new RlpError("nested too deep");
  const items: RlpItem[] = [];
  for (let offset = span.start; offset < span.end; ) {
    const inner = rlpSpan(bytes, offset, span.end);
    items.push(itemOf(bytes, inner, depth + 1));
    offset = inner.end;
  }
  return items;
}

/** Canonical RLP of an item. */
export function rlpEncode(item: RlpItem): Uint8Array {
  if (item instanceof Uint8Array) {
    return item.length === 1 && item[0]! < 0x80 ? item : concat(rlpHeader(0x80, item.length), item);
  }
  const payload = concat(...item.map(rlpEncode));
  return concat(rlpHeader(0xc0, payload.length), payload);
}

/** The header of a string (base 0x80) or list (base 0xc0) whose payload has `length` bytes. */
export function rlpHeader(base: 0x80 | 0xc0, length: number): Uint8Array {
  if (length <= 55) return Uint8Array.of(base + length);
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = (rest - (rest % 256)) / 256) digits.unshift(rest % 256);
  return Uint8Array.of(base + 55 + digits.length, ...digits);
}
