import type { Params } from "../types/index.ts";
import type { Reader, Writer } from "./bytes.ts";

/** Parameters with a value for each mode, in the order of their encoding. */
export const MODE_PARAMS = [
  "epochLength",
  "checkpointInterval",
  "blockTime",
  "delta",
] as const satisfies readonly (keyof Params)[];

/** Those with one value, in the order of their encoding, behind the others. */
export const SINGLE_PARAMS = [
  "termViews",
  "ahead",
  "lease",
  "settleLease",
  "refLag",
  "settleDepth",
  "drift",
  "rootLag",
  "maxBlockBytes",
  "voteWindow",
  "forceAfter",
  "forceQuota",
  "modeFloor",
  "fastEntryLoad",
  "fastExitLoad",
  "fastEntryAvailability",
  "fastExitAvailability",
  "secureAvailability",
  "residency",
  "targetLoad",
  "capacityStep",
  "minBlockBytes",
  "valueLimit",
  "readyDays",
] as const satisfies readonly Exclude<keyof Params, (typeof MODE_PARAMS)[number]>[];

/** Encodes the sealed parameters, 8 bytes each. */
export function writeParams(writer: Writer, params: Params): void {
  for (const name of MODE_PARAMS) {
    const { fast, balanced, secure } = params[name];
    writer.u64(fast, name).u64(balanced, name).u64(secure, name);
  }
  for (const name of SINGLE_PARAMS) writer.u64(params[name], name);
}

/** Decodes what `writeParams` wrote. @throws ProtocolError if the bytes end early */
export function readParams(reader: Reader): Params {
  const perMode = MODE_PARAMS.map((name) => [
    name,
    { fast: reader.u64(name), balanced: reader.u64(name), secure: reader.u64(name) },
  ]);
  const single = SINGLE_PARAMS.map((name) => [name, reader.u64(name)]);
  return Object.fromEntries([...perMode, ...single]) as Params;
}
