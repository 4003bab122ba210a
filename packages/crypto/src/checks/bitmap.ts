import { bitmapLength, fromBitmap } from "@aitbc-hybrid/protocol";

/**
 * The seats of a signer bitmap over `size` seats, ascending; null unless it has exactly ceil(size / 8) bytes and no bit
 * beyond the last seat, so that one set of signers has one encoding.
 */
export function bitmapSeats(bitmap: Uint8Array, size: number): number[] | null {
  if (bitmap.length !== bitmapLength(size)) return null;
  const seats = fromBitmap(bitmap);
  return seats.length > 0 && seats[seats.length - 1]! >= size ? null : seats;
}
