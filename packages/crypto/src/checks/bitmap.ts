/**
 * The seats of a signer bitmap over `size` seats (seat i at byte i >> 3, bit i & 7), ascending; null unless it has
 * exactly ceil(size / 8) bytes and no bit beyond the last seat, so that one set of signers has one encoding.
 */
export function bitmapSeats(bitmap: Uint8Array, size: number): number[] | null {
  if (bitmap.length !== Math.ceil(size / 8)) return null;
  const seats: number[] = [];
  for (let index = 0; index < bitmap.length; index++) {
    for (let bits = bitmap[index]!; bits !== 0; bits &= bits - 1) {
      seats.push(index * 8 + (31 - Math.clz32(bits & -bits)));
    }
  }
  return seats.length > 0 && seats[seats.length - 1]! >= size ? null : seats;
}

/** The bitmap of `seats` over `size` seats; seats must lie below `size`. */
export function seatsBitmap(seats: Iterable<number>, size: number): Uint8Array {
  const bitmap = new Uint8Array(Math.ceil(size / 8));
  for (const seat of seats) bitmap[seat >> 3]! |= 1 << (seat & 7);
  return bitmap;
}
