import { NodeError } from "../errors.ts";

const HEAD = 4;

/** A frame behind its length, 4 bytes big-endian. */
export function framed(frame: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD + frame.length);
  new DataView(bytes.buffer).setUint32(0, frame.length);
  bytes.set(frame, HEAD);
  return bytes;
}

/** Chunks of a byte stream, an iterable of pieces or one piece. */
export type Chunk = Uint8Array | Iterable<Uint8Array>;

/**
 * Cuts a byte stream into frames. Memory is taken as bytes arrive, never on the word of a length field, and never
 * more than the largest frame.
 */
export class FrameReader {
  readonly #most: number;
  #pieces: Uint8Array[] = [];
  #held = 0;

  /** @param most largest frame accepted, bytes */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Feeds a chunk; `each` gets every frame it completes.
   * @throws NodeError FRAME_INVALID for an empty or an oversized frame: the stream is beyond repair then
   */
  push(chunk: Chunk, each: (frame: Uint8Array) => void): void {
    if (chunk instanceof Uint8Array) this.#append(chunk);
    else for (const piece of chunk) this.#append(piece);
    while (this.#held >= HEAD) {
      const length = this.#peekLength();
      if (length === 0 || length > this.#most) {
        throw new NodeError("FRAME_INVALID", `a frame of ${length} bytes is not within 1 and ${this.#most}`);
      }
      if (this.#held < HEAD + length) return;
      this.#take(HEAD);
      each(this.#take(length));
    }
  }

  #append(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#held += piece.length;
  }

  #peekLength(): number {
    let value = 0;
    let read = 0;
    for (const piece of this.#pieces) {
      for (let i = 0; i < piece.length && read < HEAD; i++, read++) value = value * 256 + piece[i]!;
      if (read === HEAD) break;
    }
    return value;
  }

  #take(count: number): Uint8Array {
    const first = this.#pieces[0]!;
    this.#held -= count;
    if (first.length > count) {
      this.#pieces[0] = first.subarray(count);
      return first.subarray(0, count);
    }
    if (first.length === count) {
      this.#pieces.shift();
      return first;
    }
    const out = new Uint8Array(count);
    let at = 0;
    let used = 0;
    while (at < count) {
      const piece = this.#pieces[used]!;
      const wanted = count - at;
      if (piece.length > wanted) {
        out.set(piece.subarray(0, wanted), at);
        this.#pieces[used] = piece.subarray(wanted);
        at += wanted;
      } else {
        out.set(piece, at);
        at += piece.length;
        used++;
      }
    }
    this.#pieces.splice(0, used);
    return out;
  }
}
