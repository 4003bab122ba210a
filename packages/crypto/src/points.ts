/** A key that was parsed, found in the subgroup and not infinity. Parsing costs a tenth of a verification: keep it. */
export interface PublicKey {
  /** Compressed, 48 bytes: the form on the wire. */
  readonly bytes: Uint8Array;
  /** x | y, 96 bytes: the form the contracts and the snapshot hash cover. */
  readonly uncompressed: Uint8Array;
}

/** A signature that was parsed, found in the subgroup and not infinity. */
export interface Signature {
  /** Compressed, 96 bytes: the only encoding accepted, so that a signature has one byte string (the VRF needs it). */
  readonly bytes: Uint8Array;
}

/** What functions take for a key: a parsed one, or 48 or 96 bytes that are parsed and checked on the spot. */
export type KeyLike = PublicKey | Uint8Array;

/** What functions take for a signature: a parsed one, or 96 bytes that are parsed and checked on the spot. */
export type SignatureLike = Signature | Uint8Array;

/** The bytes of a key or signature in either form. */
export const bytesOf = (value: PublicKey | Signature | Uint8Array): Uint8Array =>
  value instanceof Uint8Array ? value : value.bytes;
