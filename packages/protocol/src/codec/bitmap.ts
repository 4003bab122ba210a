import type { Seat } from "../types/index.ts";

/** Bytes of a bitmap over `seats` seats. */
export const bitmapLength = (seats: number): number => (seats + ((8 - (seats % 8)) % 8)) / 8;

/** The bitmap of some seats: seat i at byte i >> 3, bit i & 7. */
export function toBitmap(seats: Iterable<Seat>, of: number): Uint8Array {
  const bitmap = new Uint8Array(bitmapLength(of));
  for (const seat of seats) bitmap[seat >> 3]! |= 1 << (seat & 7);
  return bitmap;
}

/** The seats of a bitmap, ascending. Bits at or beyond `of` are reported too: the caller refuses them. */
export function fromBitmap(bitmap: Uint8Array): Seat[] {
  const seats: Seat[] = [];
  for (let byte = 0; byte < bitmap.length; byte++) {
    for (let bit = 0; bit < 8; bit++) if ((bitmap[byte]! >> bit) & 1) seats.push(byte * 8 + bit);
  }
  return seats;
}
