import { CryptoError } from "../errors.ts";
import { acceptablePbkdf2, acceptableScrypt, type Pbkdf2Params, type ScryptParams } from "./kdf.ts";

/** What kind of key a keystore holds. */
export type KeyKind = "bls12-381" | "secp256k1";

interface KeystoreModule<F extends string, P> {
  readonly function: F;
  readonly params: P;
  readonly message: string;
}

/**
 * The content of a keystore file: EIP-2335, version 4. Keys of accounts and of libp2p stand in the same container with
 * `kind: "secp256k1"` and their compressed key as `pubkey`: one format, one code path, one kind of backup. A file
 * without `kind` is a plain EIP-2335 file, hence BLS.
 */
export interface Keystore {
  readonly crypto: {
    readonly kdf: KeystoreModule<"scrypt", ScryptParams> | KeystoreModule<"pbkdf2", Pbkdf2Params>;
    readonly checksum: KeystoreModule<"sha256", Readonly<Record<string, never>>>;
    readonly cipher: KeystoreModule<"aes-128-ctr", { readonly iv: string }>;
  };
  readonly kind?: "secp256k1";
  readonly description?: string;
  /** The compressed public key, hexadecimal without 0x. */
  readonly pubkey: string;
  /** Where the key was derived (EIP-2334), or empty. */
  readonly path: string;
  readonly uuid: string;
  readonly version: 4;
}

/** The kind of the key in `keystore`. */
export const kindOf = (keystore: Keystore): KeyKind => keystore.kind ?? "bls12-381";

const PUBKEY_DIGITS: Readonly<Record<KeyKind, number>> = { "bls12-381": 96, secp256k1: 66 };

/**
 * Reads the text of a keystore. `name` (a path) stands in the errors: KEYSTORE_CORRUPTED where the text cannot be a
 * keystore, KEYSTORE_UNSUPPORTED where it is one of a kind we do not write and cannot read.
 */
export function parseKeystore(text: string, name: string): Keystore {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw corrupted(name, "it is not JSON", cause);
  }
  const root = record(value);
  const modules = record(root?.crypto);
  const kdf = record(modules?.kdf);
  const checksum = record(modules?.checksum);
  const cipher = record(modules?.cipher);
  if (!root || !kdf || !checksum || !cipher) throw corrupted(name, "parts of it are missing");
  if (root.version !== 4) throw unsupported(name, `its version is ${String(root.version)}, not 4`);
  checkKdf(kdf, name);
  if (checksum.function !== "sha256") throw unsupported(name, `checksum ${String(checksum.function)}`);
  if (cipher.function !== "aes-128-ctr") throw unsupported(name, `cipher ${String(cipher.function)}`);
  if (!isHex(checksum.message, 64)) throw corrupted(name, "its checksum is not 32 bytes");
  if (!isHex(cipher.message, 64)) throw corrupted(name, "its cipher text is not 32 bytes");
  if (!isHex(record(cipher.params)?.iv, 32)) throw corrupted(name, "its initial vector is not 16 bytes");
  if (root.kind !== undefined && root.kind !== "secp256k1" && root.kind !== "bls12-381") {
    throw unsupported(name, `it holds a key of kind ${String(root.kind)}`);
  }
  const kind: KeyKind = root.kind ?? "bls12-381";
  if (!isHex(root.pubkey, PUBKEY_DIGITS[kind])) throw corrupted(name, "its public key is malformed");
  if (typeof root.path !== "string" || typeof root.uuid !== "string") {
    throw corrupted(name, "its path or uuid is missing");
  }
  return value as Keystore;
}

function checkKdf(kdf: Record<string, unknown>, name: string): void {
  const params = record(kdf.params);
  if (!params || typeof params.salt !== "string" || !/^([0-9a-fA-F]{2})+$/.test(params.salt)) {
    throw corrupted(name, "its salt is malformed");
  }
  const typed: unknown = params;
  if (kdf.function === "scrypt") {
    if (!acceptableScrypt(typed as ScryptParams))
      throw unsupported(name, "its scrypt costs are out of bounds");
  } else if (kdf.function === "pbkdf2") {
    if (!acceptablePbkdf2(typed as Pbkdf2Params))
      throw unsupported(name, "its pbkdf2 costs are out of bounds");
  } else throw unsupported(name, `key derivation ${String(kdf.function)}`);
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}

const isHex = (value: unknown, digits: number): value is string =>
  typeof value === "string" && value.length === digits && /^[0-9a-fA-F]*$/.test(value);

const corrupted = (name: string, why: string, cause?: unknown): CryptoError =>
  new CryptoError(
    "KEYSTORE_CORRUPTED",
    `The keystore ${name} is damaged: ${why}. Restore it from its backup, or derive the key again from its mnemonic.`,
    { cause },
  );

const unsupported = (name: string, why: string): CryptoError =>
  new CryptoError(
    "KEYSTORE_UNSUPPORTED",
    `The keystore ${name} cannot be read: ${why}. Export the key again as EIP-2335, version 4.`,
  );
