import { crc32 } from "node:zlib";

/** "AITBCWAL", format 1, the index of the first record (u64), CRC-32 of these 20 bytes. */
export const SEGMENT_HEADER = 24;

const MAGIC = new TextEncoder().encode("AITBCWAL");
const FORMAT = 1;
const NAME = /^([0-9a-f]{14})\.wal$/;

/** The file of the segment that starts with record `first`; names sort like indices (safe integers). */
export const segmentName = (first: number): string => `${first.toString(16).padStart(14, "0")}.wal`;

/** The first index of the segment in the file `name`, or null if it is no segment. */
export function segmentFirst(name: string): number | null {
  const match = NAME.exec(name);
  return match === null ? null : Number.parseInt(match[1]!, 16);
}

export function segmentHeader(first: number): Uint8Array {
  const header = new Uint8Array(SEGMENT_HEADER);
  const view = new DataView(header.buffer);
  header.set(MAGIC);
  view.setUint32(8, FORMAT);
  view.setBigUint64(12, BigInt(first));
  view.setUint32(20, crc32(header.subarray(0, 20)));
  return header;
}

/** Whether `source` starts with the header of the segment `first`. */
export function hasSegmentHeader(source: Uint8Array, first: number): boolean {
  const header = segmentHeader(first);
  return source.length >= SEGMENT_HEADER && header.every((byte, index) => source[index] === byte);
}
