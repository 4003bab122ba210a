export * from "./bitmap.ts";
export { equalBytes, fromHex, Reader, toHex, Writer } from "./bytes.ts";
export * from "./merkle.ts";
export * from "./mountains.ts";
export { MODE_PARAMS, readParams, SINGLE_PARAMS, writeParams } from "./params.ts";
export { decodeEvidence, decodeRecord, encodeEvidence, encodeRecord } from "./records.ts";
export * from "./roots.ts";
export * from "./snapshot.ts";
export {
  decodeBacking,
  decodeBlock,
  decodeCertificate,
  decodeCertifiedBlock,
  decodeConsensus,
  decodeMessage,
  decodeVote,
  encodeBacking,
  encodeBlock,
  encodeCertificate,
  encodeCertifiedBlock,
  encodeMessage,
  encodePartial,
  encodeVote,
  LIMITS,
} from "./wire.ts";
