/** 32 bytes as lower-case hex. */
export type Hash = `0x${string}`;

/** A 20-byte account address as lower-case hex. */
export type Address = `0x${string}`;

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Lower-case hex with the 0x prefix. */
export function toHex(bytes: Uint8Array): `0x${string}` {
  let text = "0x";
  for (let i = 0; i < bytes.length; i++) text += hexOfByte[bytes[i]!];
  return text as `0x${string}`;
}

/**
 * Bytes of a hex text with the 0x prefix, either case.
 * @throws {RangeError} unless it has an even number of hex digits
 */
export function fromHex(text: string): Uint8Array {
  if (!/^0x([0-9a-fA-F]{2})*$/.test(text)) throw new RangeError(`not hex bytes: ${text.slice(0, 80)}`);
  const bytes = new Uint8Array((text.length - 2) / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = (digit(text.charCodeAt(2 + 2 * i)) << 4) | digit(text.charCodeAt(3 + 2 * i));
  }
  return bytes;
}

function digit(code: number): number {
  return code < 58 ? code - 48 : (code | 32) - 87;
}

/** Unsigned big-endian integer of any length. */
export function toBigint(bytes: Uint8Array): bigint {
  if (bytes.length <= 6) {
    let small = 0;
    for (let i = 0; i < bytes.length; i++) small = small * 256 + bytes[i]!;
    return BigInt(small);
  }
  return BigInt(toHex(bytes));
}

/** The shortest big-endian form; zero is the empty string of bytes. */
export function fromBigint(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array(0);
  const digits = value.toString(16);
  return fromHex(digits.length % 2 === 0 ? `0x${digits}` : `0x0${digits}`);
}

/**
 * Big-endian integer in exactly `length` bytes, written at `offset`.
 * @throws {RangeError} if it does not fit
 */
export function writeBigint(target: Uint8Array, offset: number, length: number, value: bigint): void {
  const bytes = fromBigint(value);
  if (bytes.length > length) throw new RangeError(`integer of ${bytes.length} bytes in ${length}`);
  target.fill(0, offset, offset + length - bytes.length);
  target.set(bytes, offset + length - bytes.length);
}

/** Joins byte strings. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Whether two byte strings are the same. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
