/** One change of a key-value store. */
export type KvChange =
  | { readonly type: "put"; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: "del"; readonly key: Uint8Array };

/** What the node's modules need of a key-value store; each has one of its own (a bucket of the node's database). */
export interface Kv {
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** All or nothing, durable when it resolves. */
  batch(changes: readonly KvChange[]): Promise<void>;
  /** In the order of keys. */
  iterate(range: {
    readonly gte: Uint8Array;
    readonly lt: Uint8Array;
    readonly limit?: number;
    /** From the greatest key down. */
    readonly reverse?: boolean;
  }): AsyncIterable<readonly [Uint8Array, Uint8Array]>;
}

/** A key: one letter that names the table, then the parts. */
export function keyOf(table: string, ...parts: readonly (Uint8Array | number)[]): Uint8Array {
  let length = 1;
  for (const part of parts) length += typeof part === "number" ? 8 : part.length;
  const key = new Uint8Array(length);
  key[0] = table.charCodeAt(0);
  let at = 1;
  for (const part of parts) {
    if (typeof part === "number") {
      // Big-endian, so that keys sort like numbers.
      new DataView(key.buffer).setBigUint64(at, BigInt(part));
      at += 8;
    } else {
      key.set(part, at);
      at += part.length;
    }
  }
  return key;
}

/** The number that stands in a key at an offset. */
export const numberIn = (key: Uint8Array, at: number): number =>
  Number(new DataView(key.buffer, key.byteOffset).getBigUint64(at));

/** All keys of a table. */
export const tableRange = (table: string): { readonly gte: Uint8Array; readonly lt: Uint8Array } => ({
  gte: Uint8Array.of(table.charCodeAt(0)),
  lt: Uint8Array.of(table.charCodeAt(0) + 1),
});
