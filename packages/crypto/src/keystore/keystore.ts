import {
  createCipheriv,
  createDecipheriv,
  createHash,
  randomBytes,
  randomUUID,
  timingSafeEqual,
} from "node:crypto";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { secretFromMaterial } from "../derivation/index.ts";
import { CryptoError } from "../errors.ts";
import { pureBls } from "../pure/index.ts";
import { type KeyKind, type Keystore, kindOf, parseKeystore } from "./format.ts";
import { DEFAULT_KDF, DERIVED_BYTES, derivePbkdf2, deriveScrypt, type Kdf } from "./kdf.ts";
import { passwordBytes } from "./password.ts";

export interface KeystoreOptions {
  readonly kind: KeyKind;
  /** Default: scrypt with n = 2^18. */
  readonly kdf?: Kdf;
  /** Where the key was derived (EIP-2334). */
  readonly path?: string;
  readonly description?: string;
}

/** The compressed public key of a secret: 48 bytes for BLS, 33 for secp256k1. Throws SECRET_INVALID. */
export function publicKeyOf(kind: KeyKind, secret: Uint8Array): Uint8Array {
  if (kind === "bls12-381") return pureBls.publicKey(secret);
  if (secret.length === 32 && secp256k1.utils.isValidSecretKey(secret)) return secp256k1.getPublicKey(secret);
  throw new CryptoError("SECRET_INVALID", "a secp256k1 secret has 32 bytes between 1 and the group order");
}

/** A random secret, for keys that no mnemonic should bring back (a devnet's, libp2p identities). */
export function randomSecret(kind: KeyKind): Uint8Array {
  return kind === "bls12-381" ? secretFromMaterial(randomBytes(32)) : secp256k1.utils.randomSecretKey();
}

/** Encrypts `secret` (32 bytes) under `password`. Throws SECRET_INVALID, PASSWORD_EMPTY, KEYSTORE_UNSUPPORTED. */
export async function createKeystore(
  secret: Uint8Array,
  password: string,
  options: KeystoreOptions,
): Promise<Keystore> {
  const pubkey = bytesToHex(publicKeyOf(options.kind, secret));
  const encoded = passwordBytes(password);
  if (encoded.length === 0) throw new CryptoError("PASSWORD_EMPTY", "A keystore needs a password.");
  const kdf = kdfModule(options.kdf ?? DEFAULT_KDF);
  const keystore: Keystore = {
    crypto: {
      kdf,
      checksum: { function: "sha256", params: {}, message: "00".repeat(32) },
      cipher: {
        function: "aes-128-ctr",
        params: { iv: randomBytes(16).toString("hex") },
        message: "00".repeat(32),
      },
    },
    ...(options.kind === "secp256k1" ? { kind: options.kind } : {}),
    ...(options.description === undefined ? {} : { description: options.description }),
    pubkey,
    path: options.path ?? "",
    uuid: randomUUID(),
    version: 4,
  };
  // Refuses costs that reading would refuse, before a key is locked behind them.
  parseKeystore(JSON.stringify(keystore), "to be written");
  const derived = await derive(keystore, encoded);
  const { checksum, cipher } = keystore.crypto;
  const aes = createCipheriv("aes-128-ctr", derived.subarray(0, 16), hexToBytes(cipher.params.iv));
  const message = Buffer.concat([aes.update(secret), aes.final()]);
  return {
    ...keystore,
    crypto: {
      kdf,
      checksum: { ...checksum, message: checksumOf(derived, message).toString("hex") },
      cipher: { ...cipher, message: message.toString("hex") },
    },
  };
}

/**
 * The secret in `keystore`. `name` (a path) stands in the errors: KEYSTORE_PASSWORD where the checksum does not fit,
 * which a wrong password and damage to the file both cause; KEYSTORE_CORRUPTED where the secret is not the public key's.
 */
export async function openKeystore(keystore: Keystore, password: string, name: string): Promise<Uint8Array> {
  const derived = await derive(keystore, passwordBytes(password));
  const { checksum, cipher } = keystore.crypto;
  const message = hexToBytes(cipher.message);
  if (!timingSafeEqual(checksumOf(derived, message), hexToBytes(checksum.message))) {
    throw new CryptoError(
      "KEYSTORE_PASSWORD",
      `The password does not open the keystore ${name}. Check the password file; if the password is right, the keystore is damaged: restore it from its backup, or derive the key again from its mnemonic.`,
    );
  }
  const aes = createDecipheriv("aes-128-ctr", derived.subarray(0, 16), hexToBytes(cipher.params.iv));
  const secret = Uint8Array.from(Buffer.concat([aes.update(message), aes.final()]));
  if (publicKeyHex(kindOf(keystore), secret) !== keystore.pubkey.toLowerCase()) {
    throw new CryptoError(
      "KEYSTORE_CORRUPTED",
      `The keystore ${name} is damaged: its secret is not that of its public key. Restore it from its backup, or derive the key again from its mnemonic.`,
    );
  }
  return secret;
}

function publicKeyHex(kind: KeyKind, secret: Uint8Array): string | null {
  try {
    return bytesToHex(publicKeyOf(kind, secret));
  } catch {
    return null;
  }
}

function kdfModule(kdf: Kdf): Keystore["crypto"]["kdf"] {
  const salt = randomBytes(32).toString("hex");
  if (kdf.function === "pbkdf2") {
    const params = { dklen: DERIVED_BYTES, c: kdf.c, prf: "hmac-sha256", salt };
    return { function: "pbkdf2", params, message: "" };
  }
  const params = { dklen: DERIVED_BYTES, n: kdf.n, p: kdf.p ?? 1, r: kdf.r ?? 8, salt };
  return { function: "scrypt", params, message: "" };
}

function derive(keystore: Keystore, password: Uint8Array): Promise<Uint8Array> {
  const { kdf } = keystore.crypto;
  return kdf.function === "scrypt" ? deriveScrypt(password, kdf.params) : derivePbkdf2(password, kdf.params);
}

function checksumOf(derived: Uint8Array, message: Uint8Array): Buffer {
  return createHash("sha256").update(derived.subarray(16, 32)).update(message).digest();
}
