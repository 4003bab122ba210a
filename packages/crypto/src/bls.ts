import type { KeyTable } from "./keytable.ts";
import type { KeyLike, PublicKey, Signature, SignatureLike } from "./points.ts";

/**
 * BLS signatures over BLS12-381 with keys in G1 and signatures in G2 ("min-pk"), as consensus uses them
 * (protocol.md section 1). Votes, certificates, checkpoints and the VRF sign under `SIGNATURE_DST`, proofs of
 * possession under `POSSESSION_DST` (draft-irtf-cfrg-bls-signature-05, section 4.2.3).
 */
export const SIGNATURE_DST = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
export const POSSESSION_DST = "BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/** Bytes of a secret, a compressed key, an uncompressed key (x | y) and a compressed signature. */
export const SECRET_BYTES = 32;
export const KEY_BYTES = 48;
export const KEY_BYTES_UNCOMPRESSED = 96;
export const SIGNATURE_BYTES = 96;

/** One signature in a batch over the same message. */
export interface Signed {
  readonly key: KeyLike;
  readonly signature: SignatureLike;
}

export interface KeyTableOptions {
  /**
   * Skip the subgroup check of uncompressed keys: for registries that the contracts sealed, where registration did it.
   * Never for keys that only a peer vouches for.
   */
  readonly trusted?: boolean;
}

/**
 * The operations of consensus. `pureBls` (browsers) and `nativeBls` (Node) implement it and pass one conformance suite.
 *
 * Verifying functions answer `false` to whatever a peer may have sent: malformed, outside the subgroup, infinity, wrong,
 * nobody signed. Parsing functions throw CryptoError (KEY_INVALID, SIGNATURE_INVALID). A message that is not 32 bytes
 * is a mistake of the caller and throws MESSAGE_LENGTH everywhere.
 */
export interface Bls {
  /** Names the implementation in logs and benchmarks. */
  readonly name: "pure" | "native";

  /** The compressed key (48 bytes) of `secret`. Throws SECRET_INVALID unless 0 < secret < group order. */
  publicKey(secret: Uint8Array): Uint8Array;

  /** The compressed signature (96 bytes) of `root` (32 bytes). Deterministic and unique. Throws SECRET_INVALID. */
  sign(secret: Uint8Array, root: Uint8Array): Uint8Array;

  /** Parses 48 or 96 bytes, checks curve and subgroup, refuses infinity. Throws KEY_INVALID. */
  parseKey(bytes: Uint8Array): PublicKey;

  /** Parses 96 bytes, checks curve and subgroup, refuses infinity. Throws SIGNATURE_INVALID. */
  parseSignature(bytes: Uint8Array): Signature;

  /** Whether `signature` is `key`'s over `root`. */
  verify(key: KeyLike, root: Uint8Array, signature: SignatureLike): boolean;

  /**
   * Deserializes a registry's keys once. An empty byte string is a vacant seat and keeps the others' indices.
   * Throws KEY_INVALID naming the seat.
   */
  keyTable(keys: readonly Uint8Array[], options?: KeyTableOptions): KeyTable;

  /**
   * Whether `signature` aggregates the signatures of exactly `seats` over `root`. False for no seats, a vacant or
   * unknown seat, a seat named twice. Sound only for keys with proved possession.
   */
  aggregateVerify(
    table: KeyTable,
    seats: readonly number[],
    root: Uint8Array,
    signature: SignatureLike,
  ): boolean;

  /**
   * Whether every one of `entries` is valid over the one `root`: checked together, each weighted by a random factor, so
   * that errors cannot cancel out. False for no entries. `invalidEntries` names the culprits of a failed batch.
   */
  verifyMany(root: Uint8Array, entries: readonly Signed[]): boolean;

  /** The sum of `keys`, which must have proved possession. Throws NOTHING_TO_AGGREGATE, KEY_INVALID. */
  aggregatePublicKeys(keys: readonly KeyLike[]): PublicKey;

  /** The sum of `signatures`, 96 bytes. Throws NOTHING_TO_AGGREGATE, SIGNATURE_INVALID. */
  aggregateSignatures(signatures: readonly SignatureLike[]): Uint8Array;

  /** Signs `root`, the hash of the possession message (docs/encodings.md, tag 09), under the possession tag. */
  provePossession(secret: Uint8Array, root: Uint8Array): Uint8Array;

  /** Whether `proof` proves possession of `key` for `root`. */
  verifyPossession(key: KeyLike, root: Uint8Array, proof: SignatureLike): boolean;
}

/** The same verifications off the main loop; each promise rejects only with POOL_BUSY, POOL_CLOSED or POOL_WORKER. */
export interface BlsVerifier {
  verify(key: KeyLike, root: Uint8Array, signature: SignatureLike): Promise<boolean>;
  aggregateVerify(
    table: KeyTable,
    seats: readonly number[],
    root: Uint8Array,
    signature: SignatureLike,
  ): Promise<boolean>;
  verifyMany(root: Uint8Array, entries: readonly Signed[]): Promise<boolean>;
}
