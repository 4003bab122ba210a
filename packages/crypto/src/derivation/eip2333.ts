import { bls12_381 } from "@noble/curves/bls12-381.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { SECRET_BYTES } from "../bls.ts";
import { CryptoError } from "../errors.ts";

const ORDER = bls12_381.fields.Fr.ORDER;

// ceil(1.5 * 255 / 8): wide enough that the bias of the reduction is below 2^-128.
const OKM_BYTES = 48;

// HKDF's longest output is 255 blocks: the Lamport key has that many chunks.
const LAMPORT_CHUNKS = 255;

/**
 * A secret from key material, as draft-irtf-cfrg-bls-signature `KeyGen` and EIP-2333 `hkdf_mod_r` define it. `material`
 * has at least 32 bytes of entropy. Throws DERIVATION_INVALID.
 */
export function secretFromMaterial(material: Uint8Array): Uint8Array {
  if (material.length < 32) {
    throw new CryptoError(
      "DERIVATION_INVALID",
      `key material needs at least 32 bytes, not ${material.length}`,
    );
  }
  let salt: Uint8Array = new TextEncoder().encode("BLS-SIG-KEYGEN-SALT-");
  let scalar = 0n;
  while (scalar === 0n) {
    salt = sha256(salt);
    const key = extract(sha256, concatBytes(material, Uint8Array.of(0)), salt);
    const okm = expand(sha256, key, Uint8Array.of(0, OKM_BYTES), OKM_BYTES);
    scalar = okm.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n) % ORDER;
  }
  return scalarBytes(scalar);
}

/** The child `index` (0 <= index < 2^32) of a secret (EIP-2333 `derive_child_SK`); always hardened. */
export function childSecret(parent: Uint8Array, index: number): Uint8Array {
  if (!Number.isInteger(index) || index < 0 || index >= 2 ** 32) {
    throw new CryptoError("DERIVATION_INVALID", `${index} is no index of a child key`);
  }
  const salt = new Uint8Array(4);
  new DataView(salt.buffer).setUint32(0, index);
  const flipped = parent.map((byte) => byte ^ 0xff);
  const lamport = concatBytes(...lamportChunks(parent, salt), ...lamportChunks(flipped, salt));
  return secretFromMaterial(sha256(lamport));
}

/**
 * The secret at `path`, such as `m/12381/3600/0/0/0` (EIP-2334), below the master key of `seed`. Throws
 * DERIVATION_INVALID for a path that is not `m` and numbers.
 */
export function secretAt(seed: Uint8Array, path: string): Uint8Array {
  const [root, ...indices] = path.split("/");
  if (root !== "m" || !indices.every((index) => /^\d{1,10}$/.test(index))) {
    throw new CryptoError("DERIVATION_INVALID", `"${path}" is no derivation path; one is m/12381/3600/0/0/0`);
  }
  return indices.reduce((secret, index) => childSecret(secret, Number(index)), secretFromMaterial(seed));
}

function lamportChunks(material: Uint8Array, salt: Uint8Array): Uint8Array[] {
  const okm = expand(sha256, extract(sha256, material, salt), new Uint8Array(), 32 * LAMPORT_CHUNKS);
  return Array.from({ length: LAMPORT_CHUNKS }, (_, i) => sha256(okm.subarray(32 * i, 32 * i + 32)));
}

function scalarBytes(scalar: bigint): Uint8Array {
  const bytes = new Uint8Array(SECRET_BYTES);
  for (let i = SECRET_BYTES - 1, rest = scalar; rest > 0n; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}
