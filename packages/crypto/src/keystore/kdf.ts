import { type BinaryLike, pbkdf2, scrypt } from "node:crypto";
import { promisify } from "node:util";

/** How a password becomes a key. Higher costs make guessing slower, opening too. */
export type Kdf =
  | {
      readonly function: "scrypt";
      /** Cost: a power of two. 2^18 takes about a second and 256 MiB; a devnet uses 2^10. */
      readonly n: number;
      readonly r?: number;
      readonly p?: number;
    }
  | { readonly function: "pbkdf2"; readonly c: number };

/** The standard's own cost (EIP-2335's test vectors, every Ethereum client). */
export const DEFAULT_KDF: Kdf = { function: "scrypt", n: 262_144 };

/** Bytes of the derived key: 16 encrypt, 16 authenticate. */
export const DERIVED_BYTES = 32;

export interface ScryptParams {
  readonly dklen: number;
  readonly n: number;
  readonly p: number;
  readonly r: number;
  readonly salt: string;
}

export interface Pbkdf2Params {
  readonly dklen: number;
  readonly c: number;
  readonly prf: string;
  readonly salt: string;
}

// What a damaged or hostile file may make us spend: 1 GiB, or about 10 s of hashing.
const MAX_SCRYPT_BYTES = 2 ** 30;
const MAX_ITERATIONS = 2 ** 24;

const scryptAsync = promisify(
  scrypt as (
    password: BinaryLike,
    salt: BinaryLike,
    keylen: number,
    options: { N: number; r: number; p: number; maxmem: number },
    callback: (error: Error | null, key: Buffer) => void,
  ) => void,
);
const pbkdf2Async = promisify(pbkdf2);

/** Whether parameters are well formed and affordable. */
export function acceptableScrypt({ n, r, p, dklen }: ScryptParams): boolean {
  const counts = [n, r, p].every((value) => Number.isInteger(value) && value >= 1);
  if (!counts || dklen !== DERIVED_BYTES || n < 2 || (n & (n - 1)) !== 0) return false;
  return 128 * n * r <= MAX_SCRYPT_BYTES && 128 * r * p <= MAX_SCRYPT_BYTES && p <= 16;
}

/** Whether parameters are well formed and affordable. */
export function acceptablePbkdf2({ c, dklen, prf }: Pbkdf2Params): boolean {
  return (
    prf === "hmac-sha256" && dklen === DERIVED_BYTES && Number.isInteger(c) && c >= 1 && c <= MAX_ITERATIONS
  );
}

/** 32 bytes by scrypt (RFC 7914), off the main loop. */
export function deriveScrypt(password: Uint8Array, params: ScryptParams): Promise<Uint8Array> {
  const { n, r, p, dklen, salt } = params;
  const maxmem = 128 * r * (n + p) + 2 ** 20;
  return scryptAsync(password, Buffer.from(salt, "hex"), dklen, { N: n, r, p, maxmem });
}

/** 32 bytes by PBKDF2-HMAC-SHA256 (RFC 2898), off the main loop. */
export function derivePbkdf2(password: Uint8Array, params: Pbkdf2Params): Promise<Uint8Array> {
  return pbkdf2Async(password, Buffer.from(params.salt, "hex"), params.c, params.dklen, "sha256");
}
