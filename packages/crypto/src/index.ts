export { invalidEntries, invalidEntriesLater } from "./batch.ts";
export {
  type Bls,
  type BlsVerifier,
  KEY_BYTES,
  KEY_BYTES_UNCOMPRESSED,
  type KeyTableOptions,
  POSSESSION_DST,
  SECRET_BYTES,
  SIGNATURE_BYTES,
  SIGNATURE_DST,
  type Signed,
} from "./bls.ts";
export type { Root } from "./bytes.ts";
export {
  bitmapSeats,
  type Check,
  certificateCheck,
  decide,
  decideLater,
  evidenceCheck,
  type Pairing,
  proposalCheck,
  type Refusal,
  type SignedByMany,
  type SignedBySeat,
  type SignedProposal,
  type Verdict,
  voteCheck,
} from "./checks/index.ts";
export { childSecret, secretAt, secretFromMaterial } from "./derivation/index.ts";
export {
  compressKey,
  type G1Words,
  type G2Words,
  keyWords,
  signatureFrom,
  signatureWords,
} from "./eip2537.ts";
export { CryptoError, type CryptoErrorCode } from "./errors.ts";
export type { KeyTable } from "./keytable.ts";
export { type Part, type ValidParts, validParts } from "./parts.ts";
export type { KeyLike, PublicKey, Signature, SignatureLike } from "./points.ts";
export { pureBls } from "./pure/index.ts";
export { type VrfInput, vrfMessage, vrfProve, vrfVerify } from "./vrf/index.ts";
