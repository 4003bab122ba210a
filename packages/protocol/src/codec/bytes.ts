import { ProtocolError } from "../errors.ts";
import type { Hash, Hex } from "../types/index.ts";

const DIGITS = "0123456789abcdef";
/** Code units that are written at a time: a hash with its prefix. */
const CODES = 66;

/** Bytes as `0x` and lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array): Hex {
  // Made from code units, not digit by digit: a rope of small pieces is slow to compare and to look up.
  const codes: number[] = [48, 120];
  let text = "";
  for (const byte of bytes) {
    if (codes.length >= CODES) text += String.fromCharCode.apply(null, codes.splice(0));
    codes.push(DIGITS.charCodeAt(byte >> 4), DIGITS.charCodeAt(byte & 15));
  }
  return (text + String.fromCharCode.apply(null, codes)) as Hex;
}

const NO_DIGIT = 255;
/** Value of a digit by its code unit. */
const VALUE_OF = new Uint8Array(128).fill(NO_DIGIT);
for (let value = 0; value < 16; value++) {
  VALUE_OF[DIGITS.charCodeAt(value)] = value;
  VALUE_OF[DIGITS.toUpperCase().charCodeAt(value)] = value;
}

/** Value of a hexadecimal digit; {@link NO_DIGIT} or undefined (beyond the table) of anything else. */
const digit = (code: number): number => VALUE_OF[code] ?? NO_DIGIT;

/**
 * Bytes of a `0x`-prefixed hexadecimal text.
 * @throws ProtocolError VALUE_RANGE if it has another form.
 */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || text.charCodeAt(0) !== 48 || text.charCodeAt(1) !== 120) {
    throw new ProtocolError(
      "VALUE_RANGE",
      `"${text.slice(0, 80)}" is not 0x-prefixed hexadecimal of whole bytes`,
    );
  }
  const bytes = new Uint8Array(text.length / 2 - 1);
  for (let i = 0; i < bytes.length; i++) {
    const high = digit(text.charCodeAt(2 * i + 2));
    const low = digit(text.charCodeAt(2 * i + 3));
    if (high === NO_DIGIT || low === NO_DIGIT) {
      throw new ProtocolError(
        "VALUE_RANGE",
        `"${text.slice(0, 80)}" has a character that is not hexadecimal`,
      );
    }
    bytes[i] = high * 16 + low;
  }
  return bytes;
}

/** True if two byte strings are equal (not constant-time: for public values). */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const TWO_32 = 4_294_967_296;

/** Writes fixed-width big-endian fields; grows as needed. */
export class Writer {
  #buffer: Uint8Array;
  #length = 0;

  constructor(capacity = 256) {
    this.#buffer = new Uint8Array(capacity);
  }

  #room(count: number): number {
    const at = this.#length;
    const end = at + count;
    if (end > this.#buffer.length) {
      let capacity = this.#buffer.length * 2;
      while (capacity < end) capacity *= 2;
      const larger = new Uint8Array(capacity);
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    this.#length = end;
    return at;
  }

  #whole(value: number, below: number, field: string): void {
    if (!Number.isInteger(value) || value < 0 || value >= below) {
      throw new ProtocolError(
        "VALUE_RANGE",
        `${field} ${value} does not fit its field (whole, below ${below})`,
        field,
      );
    }
  }

  u8(value: number, field = "u8"): this {
    this.#whole(value, 256, field);
    const at = this.#room(1);
    this.#buffer[at] = value;
    return this;
  }

  u16(value: number, field = "u16"): this {
    this.#whole(value, 65_536, field);
    const at = this.#room(2);
    this.#buffer[at] = value >>> 8;
    this.#buffer[at + 1] = value & 255;
    return this;
  }

  #put32(at: number, value: number): void {
    this.#buffer[at] = value >>> 24;
    this.#buffer[at + 1] = (value >>> 16) & 255;
    this.#buffer[at + 2] = (value >>> 8) & 255;
    this.#buffer[at + 3] = value & 255;
  }

  u32(value: number, field = "u32"): this {
    this.#whole(value, TWO_32, field);
    this.#put32(this.#room(4), value);
    return this;
  }

  /** A 64-bit field from a safe integer. */
  u64(value: number, field = "u64"): this {
    this.#whole(value, Number.MAX_SAFE_INTEGER + 1, field);
    const at = this.#room(8);
    this.#put32(at, (value - (value % TWO_32)) / TWO_32);
    this.#put32(at + 4, value % TWO_32);
    return this;
  }

  /** A 64-bit field from a bigint, 0 to 2^64 - 1. */
  u64Big(value: bigint, field = "u64"): this {
    if (value < 0n || value >= 1n << 64n) {
      throw new ProtocolError("VALUE_RANGE", `${field} ${value} does not fit 64 bits`, field);
    }
    const at = this.#room(8);
    this.#put32(at, Number(value >> 32n));
    this.#put32(at + 4, Number(value & 0xffffffffn));
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#room(value.length);
    this.#buffer.set(value, at);
    return this;
  }

  /** Hexadecimal text of exactly `width` bytes. */
  hex(value: Hex, width: number, field = "hex"): this {
    if (value.length !== 2 + 2 * width) {
      throw new ProtocolError(
        "VALUE_RANGE",
        `${field} must have ${width} bytes, has ${(value.length - 2) / 2}`,
        field,
      );
    }
    const at = this.#room(width);
    const buffer = this.#buffer;
    for (let i = 0; i < width; i++) {
      const high = digit(value.charCodeAt(2 * i + 2));
      const low = digit(value.charCodeAt(2 * i + 3));
      if (high === NO_DIGIT || low === NO_DIGIT)
        throw new ProtocolError("VALUE_RANGE", `${field} is not hexadecimal`, field);
      buffer[at + i] = high * 16 + low;
    }
    return this;
  }

  hash(value: Hash, field = "hash"): this {
    return this.hex(value, 32, field);
  }

  /** The bytes written so far (a view: copy it to keep it beyond the next write). */
  done(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Begins anew in the same memory. */
  reset(): this {
    this.#length = 0;
    return this;
  }
}

/** Hashes read last, as bytes and as text, by their last bits. */
const RECENT = 1_024;
const recentBytes = new Uint8Array(32 * RECENT);
const recentTexts: (Hash | undefined)[] = new Array(RECENT);

/** The hash at `at`. The same few come in every message: one text of each is equal to itself without being compared. */
function hashAt(bytes: Uint8Array, at: number): Hash {
  const slot = (bytes[at + 30]! * 256 + bytes[at + 31]!) % RECENT;
  const known = recentTexts[slot];
  const from = 32 * slot;
  if (known !== undefined) {
    let i = 0;
    while (i < 32 && recentBytes[from + i] === bytes[at + i]) i++;
    if (i === 32) return known;
  }
  const text: Hash = toHex(bytes.subarray(at, at + 32));
  recentBytes.set(bytes.subarray(at, at + 32), from);
  recentTexts[slot] = text;
  return text;
}

/** Reads what {@link Writer} wrote; every read is bounded and names the field it failed at. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    // A subclass (Node's Buffer) may cut slices that share memory with it; what is read here must be a copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  #take(count: number, field: string): number {
    const at = this.#at;
    if (at + count > this.#bytes.length) {
      throw new ProtocolError(
        "DECODE_TRUNCATED",
        `${field}: ${count} bytes expected, ${this.#bytes.length - at} left`,
        field,
      );
    }
    this.#at = at + count;
    return at;
  }

  u8(field = "u8"): number {
    return this.#bytes[this.#take(1, field)]!;
  }

  u16(field = "u16"): number {
    const at = this.#take(2, field);
    return this.#bytes[at]! * 256 + this.#bytes[at + 1]!;
  }

  u32(field = "u32"): number {
    const at = this.#take(4, field);
    const bytes = this.#bytes;
    return bytes[at]! * 16_777_216 + bytes[at + 1]! * 65_536 + bytes[at + 2]! * 256 + bytes[at + 3]!;
  }

  /** A 64-bit field that must be a safe integer. */
  u64(field = "u64"): number {
    const high = this.u32(field);
    const low = this.u32(field);
    if (high > 0x1fffff)
      throw new ProtocolError("DECODE_BOUNDS", `${field} is beyond the safe integers`, field);
    return high * TWO_32 + low;
  }

  /** A copy of the next `count` bytes. */
  bytes(count: number, field = "bytes"): Uint8Array {
    const at = this.#take(count, field);
    return this.#bytes.slice(at, at + count);
  }

  hex(width: number, field = "hex"): Hex {
    const at = this.#take(width, field);
    return toHex(this.#bytes.subarray(at, at + width));
  }

  hash(field = "hash"): Hash {
    return hashAt(this.#bytes, this.#take(32, field));
  }

  /** A length field bounded by `most`. */
  count(most: number, field = "count"): number {
    const value = this.u16(field);
    if (value > most) throw new ProtocolError("DECODE_BOUNDS", `${field} ${value} is above ${most}`, field);
    return value;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** @throws ProtocolError DECODE_TRAILING if bytes are left: encodings are canonical. */
  end(field = "message"): void {
    if (this.left > 0)
      throw new ProtocolError("DECODE_TRAILING", `${field}: ${this.left} bytes too many`, field);
  }
}
