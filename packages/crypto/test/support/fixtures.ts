import { readFileSync } from "node:fs";

/** The bytes of 0x and hexadecimal digits. */
export const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.slice(2), "hex"));

/** The content of a file in test/fixtures; each names its source. */
export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), "utf8")) as T;
}

/** The secret `n`, for keys whose value does not matter. */
export function secret(n: number): Uint8Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(28, n);
  return bytes;
}

/** A root of 32 equal bytes. */
export const root = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

export interface BlsFixture {
  readonly sign: readonly { secret: string; message: string; signature: string }[];
  readonly verify: readonly {
    name: string;
    key: string;
    message: string;
    signature: string;
    valid: boolean;
  }[];
  readonly aggregate: readonly { signatures: string[]; aggregate: string }[];
  readonly aggregateVerify: readonly {
    name: string;
    keys: string[];
    message: string;
    signature: string;
    valid: boolean;
  }[];
  readonly badKeys: readonly { name: string; bytes: string }[];
  readonly badSignatures: readonly { name: string; bytes: string }[];
  readonly goodSignature: string;
}
