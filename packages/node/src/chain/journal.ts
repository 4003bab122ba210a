import { type DurableRecord, decodeRecord, encodeRecord, Reader, Writer } from "@aitbc-hybrid/protocol";
import type { WriteAheadLog } from "@aitbc-hybrid/storage";

/** Where an epoch begins in the log. */
interface Beginning {
  readonly epoch: number;
  readonly incarnation: number;
  /** Index of its `epoch` record; of the mark, where the replica went back to it. */
  readonly index: number;
  /** Where its records lie if the replica went back to it: indices from and up to. */
  readonly before: { readonly from: number; readonly to: number } | null;
}

/** The replica went back to an epoch, whose highest final block is at this height. */
export interface Resumed {
  readonly type: "resumed";
  readonly epoch: number;
  readonly incarnation: number;
  readonly height: number;
}

/** First byte of that mark: no record of the replica begins with it. */
const RESUMED = 0xff;

type Entry = DurableRecord | Resumed;

/**
 * The replica's write-ahead log. Epochs stay in it until the contracts accepted their boundary: a recovery goes back to
 * the contracts' epoch, however far the chain is ahead of them (protocol.md section 6).
 */
export class Journal {
  readonly #log: Pick<WriteAheadLog, "append" | "records" | "prune">;
  readonly #beginnings: Beginning[] = [];
  /** The contracts' epoch; 0 until it is known. */
  #settled = 0;
  /** Records below are stored elsewhere too. */
  #stored = 0;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(log: Pick<WriteAheadLog, "append" | "records" | "prune">) {
    this.#log = log;
  }

  static async open(log: Pick<WriteAheadLog, "append" | "records" | "prune">): Promise<Journal> {
    const journal = new Journal(log);
    for await (const { index, data } of log.records()) journal.#note(decode(data), index);
    return journal;
  }

  /** Resolves with the record's index once it is durable; in the order of the calls. */
  append(record: DurableRecord): Promise<number> {
    return this.#append(record, encodeRecord(record));
  }

  /** The replica goes back to an epoch: what is appended from now on continues its records. */
  resumed(epoch: number, incarnation: number, height: number): Promise<number> {
    const writer = new Writer(21).u8(RESUMED).u64(epoch).u32(incarnation).u64(height);
    return this.#append({ type: "resumed", epoch, incarnation, height }, writer.done().slice());
  }

  #append(record: Entry, bytes: Uint8Array): Promise<number> {
    const appended = this.#log.append(bytes).then((index) => {
      this.#note(record, index);
      return index;
    });
    appended.catch(() => {});
    this.#last = appended;
    return appended;
  }

  /** Everything kept, in order; what came before the oldest whole epoch may be incomplete. */
  async *all(): AsyncGenerator<Entry, void, undefined> {
    for await (const { data } of this.#log.records()) yield decode(data);
  }

  /** The records of the epoch that the replica is in, since it began; none in a new log. */
  async current(): Promise<DurableRecord[]> {
    return this.#of(this.#beginnings.length - 1);
  }

  /** The records of an epoch, from its beginning up to the next one's; null if they are not kept. */
  async ofEpoch(epoch: number, incarnation: number): Promise<DurableRecord[] | null> {
    await this.#last.catch(() => {});
    const at = this.#beginnings.findLastIndex(
      (each) => each.epoch === epoch && each.incarnation === incarnation,
    );
    return at < 0 ? null : this.#of(at);
  }

  /** The contracts are in this epoch: no recovery goes back below it. */
  async settled(epoch: number): Promise<void> {
    if (epoch <= this.#settled) return;
    this.#settled = epoch;
    await this.#prune();
  }

  /** What was recorded below an index is stored elsewhere: it is kept for recoveries alone. */
  async stored(below: number): Promise<void> {
    this.#stored = Math.max(this.#stored, below);
    await this.#prune();
  }

  async #prune(): Promise<void> {
    const oldest = this.#beginnings.findLast(({ epoch }) => epoch <= this.#settled);
    if (oldest === undefined) return;
    const below = Math.min(oldest.before?.from ?? oldest.index, this.#stored);
    await this.#log.prune(below);
    while (this.#beginnings.length > 1 && this.#beginnings[0]!.index < below) this.#beginnings.shift();
  }

  #note(record: Entry, index: number): void {
    if (record.type === "epoch") {
      const { epoch, incarnation } = record.start;
      this.#beginnings.push({ epoch, incarnation, index, before: null });
    } else if (record.type === "resumed") {
      const { epoch, incarnation } = record;
      const at = this.#beginnings.findLastIndex(
        (each) => each.epoch === epoch && each.incarnation === incarnation && each.before === null,
      );
      const from = this.#beginnings[at]?.index ?? index;
      const to = this.#beginnings[at + 1]?.index ?? index;
      this.#beginnings.push({ epoch, incarnation, index, before: { from, to } });
    }
  }

  async #of(at: number): Promise<DurableRecord[]> {
    const beginning = this.#beginnings[at];
    if (beginning === undefined) return [];
    const { index, before } = beginning;
    const end = this.#beginnings[at + 1]?.index ?? Number.POSITIVE_INFINITY;
    if (before === null) return this.#from(index, end);
    return [...(await this.#from(before.from, before.to)), ...(await this.#from(index + 1, end))];
  }

  async #from(first: number, end: number): Promise<DurableRecord[]> {
    const records: DurableRecord[] = [];
    for await (const { index, data } of this.#log.records(first)) {
      if (index >= end) break;
      const record = decode(data);
      if (record.type !== "resumed") records.push(record);
    }
    return records;
  }
}

function decode(data: Uint8Array): Entry {
  if (data[0] !== RESUMED) return decodeRecord(data);
  const reader = new Reader(data);
  reader.u8();
  const [epoch, incarnation, height] = [reader.u64("epoch"), reader.u32("incarnation"), reader.u64("height")];
  return { type: "resumed", epoch, incarnation, height };
}
