import { crc32 } from "node:zlib";

/**
 * A record on disk: payload length (u32), CRC-32 of everything after it (u32), index (u64), durable (u64), payload; all
 * big-endian. `durable` says that every record below it was on disk before this one was written. It is what tells a torn
 * tail from damage: a bad record with a later one that says it was durable was acknowledged once.
 */
export interface Frame {
  readonly index: number;
  readonly durable: number;
  readonly data: Uint8Array;
}

export const FRAME_HEADER = 24;

/** Bytes that a record of `length` takes. */
export const frameBytes = (length: number): number => FRAME_HEADER + length;

/** Writes a frame into `target` at `offset`; returns the offset behind it. */
export function writeFrame(target: Uint8Array, offset: number, frame: Frame): number {
  const view = new DataView(target.buffer, target.byteOffset);
  const end = offset + frameBytes(frame.data.length);
  view.setUint32(offset, frame.data.length);
  view.setBigUint64(offset + 8, BigInt(frame.index));
  view.setBigUint64(offset + 16, BigInt(frame.durable));
  target.set(frame.data, offset + FRAME_HEADER);
  view.setUint32(offset + 4, crc32(target.subarray(offset + 8, end)));
  return end;
}

/** The frame at `offset` of `source`, or null if none is there whole and undamaged. Its data is a view of `source`. */
export function readFrame(source: Uint8Array, offset: number): Frame | null {
  if (offset + FRAME_HEADER > source.length) return null;
  const view = new DataView(source.buffer, source.byteOffset);
  const end = offset + frameBytes(view.getUint32(offset));
  if (end > source.length) return null;
  if (crc32(source.subarray(offset + 8, end)) !== view.getUint32(offset + 4)) return null;
  const index = Number(view.getBigUint64(offset + 8));
  const durable = Number(view.getBigUint64(offset + 16));
  return { index, durable, data: source.subarray(offset + FRAME_HEADER, end) };
}

/** Whether any whole frame in `source` from `offset` on says that the record `index` was durable. */
export function laterProof(source: Uint8Array, offset: number, index: number): boolean {
  const view = new DataView(source.buffer, source.byteOffset);
  const room = source.length - offset;
  for (let at = offset; at + FRAME_HEADER <= source.length; at++) {
    // Cheap tests first: a checksum is computed only where an index is plausible.
    const high = view.getUint32(at + 8);
    if (high > 0x1fffff) continue;
    const found = high * 2 ** 32 + view.getUint32(at + 12);
    if (found <= index || found > index + room) continue;
    const frame = readFrame(source, at);
    if (frame !== null && frame.durable > index) return true;
  }
  return false;
}
