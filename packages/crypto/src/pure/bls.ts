import { bls12_381 } from "@noble/curves/bls12-381.js";
import { randomBytes } from "@noble/hashes/utils.js";
import { type Bls, type KeyTableOptions, SIGNATURE_DST, type Signed } from "../bls.ts";
import { rootBytes } from "../bytes.ts";
import { CryptoError, falseIfRefused } from "../errors.ts";
import { type KeyGroup, type KeyTable, PointTable } from "../keytable.ts";
import { bytesOf, type KeyLike, type PublicKey, type Signature, type SignatureLike } from "../points.ts";
import { type G1, type G2, PureKey, PureSignature, parseG1, parseG2, parseSecret } from "./points.ts";
import { provePossession, verifyPossession } from "./possession.ts";

const { longSignatures } = bls12_381;

// The library's default tag ends in NUL, not POP: it must be named at every hash.
const hash = (root: Uint8Array): G2 => longSignatures.hash(rootBytes(root), SIGNATURE_DST);

const keyPoint = (key: KeyLike): G1 => (key instanceof PureKey ? key.point : parseG1(bytesOf(key)));

const signaturePoint = (signature: SignatureLike): G2 =>
  signature instanceof PureSignature ? signature.point : parseG2(bytesOf(signature));

const group: KeyGroup<G1> = {
  add: (points) => points.reduce((sum, point) => sum.add(point)),
  negate: (point) => point.negate(),
  isInfinity: (point) => point.is0(),
  wrap: (point) => new PureKey(point),
};

/** Verification with @noble/curves: audited JavaScript for browsers and for checking the native one; 13 ms each. */
export const pureBls: Bls = {
  name: "pure",

  publicKey(secret: Uint8Array): Uint8Array {
    return longSignatures.getPublicKey(parseSecret(secret)).toBytes(true);
  },

  sign(secret: Uint8Array, root: Uint8Array): Uint8Array {
    return longSignatures.sign(hash(root), parseSecret(secret)).toBytes(true);
  },

  parseKey(bytes: Uint8Array): PublicKey {
    return new PureKey(parseG1(bytes));
  },

  parseSignature(bytes: Uint8Array): Signature {
    return new PureSignature(parseG2(bytes), Uint8Array.from(bytes));
  },

  verify(key: KeyLike, root: Uint8Array, signature: SignatureLike): boolean {
    const message = rootBytes(root);
    return falseIfRefused(() =>
      longSignatures.verify(signaturePoint(signature), hash(message), keyPoint(key)),
    );
  },

  keyTable(keys: readonly Uint8Array[], options: KeyTableOptions = {}): KeyTable {
    const points = keys.map((key, seat) => {
      try {
        return key.length === 0 ? null : parseG1(key, options.trusted);
      } catch (cause) {
        throw new CryptoError("KEY_INVALID", `the key of seat ${seat} is invalid`, { cause });
      }
    });
    return new PointTable(points, group);
  },

  aggregateVerify(
    table: KeyTable,
    seats: readonly number[],
    root: Uint8Array,
    signature: SignatureLike,
  ): boolean {
    const message = rootBytes(root);
    if (!table.covers(seats)) return false;
    return falseIfRefused(() => pureBls.verify(table.aggregate(seats), message, signature));
  },

  verifyMany(root: Uint8Array, entries: readonly Signed[]): boolean {
    const message = rootBytes(root);
    if (entries.length === 0) return false;
    return falseIfRefused(() => {
      let keys = bls12_381.G1.Point.ZERO;
      let signatures = bls12_381.G2.Point.ZERO;
      for (const entry of entries) {
        const factor = randomFactor();
        keys = keys.add(keyPoint(entry.key).multiplyUnsafe(factor));
        signatures = signatures.add(signaturePoint(entry.signature).multiplyUnsafe(factor));
      }
      if (keys.is0() || signatures.is0()) return false;
      return longSignatures.verify(signatures, hash(message), keys);
    });
  },

  aggregatePublicKeys(keys: readonly KeyLike[]): PublicKey {
    if (keys.length === 0) throw new CryptoError("NOTHING_TO_AGGREGATE", "there are no keys to add up");
    const sum = group.add(keys.map(keyPoint));
    if (sum.is0()) throw new CryptoError("KEY_INVALID", "the keys cancel each other out");
    return new PureKey(sum);
  },

  aggregateSignatures(signatures: readonly SignatureLike[]): Uint8Array {
    if (signatures.length === 0) {
      throw new CryptoError("NOTHING_TO_AGGREGATE", "there are no signatures to add up");
    }
    const sum = signatures.map(signaturePoint).reduce((total, point) => total.add(point));
    if (sum.is0()) throw new CryptoError("SIGNATURE_INVALID", "the signatures cancel each other out");
    return sum.toBytes(true);
  },

  provePossession,
  verifyPossession,
};

/** 128 random bits, not zero: a forged batch passes with probability 2^-128. */
function randomFactor(): bigint {
  return randomBytes(16).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n) || 1n;
}
