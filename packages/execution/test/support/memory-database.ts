import type { LedgerDatabase } from "../../src/embedded/index.ts";

/** A store in memory whose batches can fail, or whose process can die, at a chosen one. */
export class MemoryDatabase implements LedgerDatabase {
  readonly entries: Map<string, Uint8Array>;
  batches = 0;
  /** What happens instead of the next batch; `lost` refuses it, `written` performs it and then fails. */
  fault: "lost" | "written" | null = null;

  constructor(entries: Iterable<readonly [string, Uint8Array]> = []) {
    this.entries = new Map(entries);
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.entries.get(hex(key));
  }

  async batch(operations: Parameters<LedgerDatabase["batch"]>[0]): Promise<void> {
    const { fault } = this;
    this.fault = null;
    this.batches++;
    if (fault === "lost") throw new Error("disk full");
    for (const change of operations)
      if (change.type === "put") this.entries.set(hex(change.key), change.value);
      else this.entries.delete(hex(change.key));
    if (fault === "written") throw new Error("died after writing");
  }

  async *iterate(range: {
    gte: Uint8Array;
    lt: Uint8Array;
  }): AsyncGenerator<readonly [Uint8Array, Uint8Array]> {
    for (const key of [...this.entries.keys()].sort()) {
      if (key >= hex(range.gte) && key < hex(range.lt))
        yield [Buffer.from(key, "hex"), this.entries.get(key)!];
    }
  }

  /** What a process that starts after a crash finds. */
  copy(): MemoryDatabase {
    return new MemoryDatabase(this.entries);
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
