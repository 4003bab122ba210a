import { type DurableRecord, decodeRecord, encodeRecord } from "@aitbc-hybrid/protocol";
import type { WriteAheadLog } from "@aitbc-hybrid/storage";

/** Where an epoch begins in the log. */
interface Beginning {
  readonly epoch: number;
  readonly incarnation: number;
  /** Index of its `epoch` record. */
  readonly index: number;
}

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
    for await (const { index, data } of log.records()) journal.#note(decodeRecord(data), index);
    return journal;
  }

  /** Resolves with the record's index once it is durable; in the order of the calls. */
  append(record: DurableRecord): Promise<number> {
    const appended = this.#log.append(encodeRecord(record)).then((index) => {
      this.#note(record, index);
      return index;
    });
    appended.catch(() => {});
    this.#last = appended;
    return appended;
  }

  /** Everything kept, in order; what came before the oldest whole epoch may be incomplete. */
  async *all(): AsyncGenerator<DurableRecord, void, undefined> {
    for await (const { data } of this.#log.records()) yield decodeRecord(data);
  }

  /** The records since the last epoch began; none in a new log. */
  async current(): Promise<DurableRecord[]> {
    const last = this.#beginnings.at(-1);
    return last === undefined ? [] : this.#from(last.index, Number.POSITIVE_INFINITY);
  }

  /** The records of an epoch, from its beginning up to the next one's; null if they are not kept. */
  async ofEpoch(epoch: number, incarnation: number): Promise<DurableRecord[] | null> {
    await this.#last.catch(() => {});
    const at = this.#beginnings.findLastIndex(
      (each) => each.epoch === epoch && each.incarnation === incarnation,
    );
    if (at < 0) return null;
    const next = this.#beginnings[at + 1];
    return this.#from(this.#beginnings[at]!.index, next?.index ?? Number.POSITIVE_INFINITY);
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
    const below = Math.min(oldest.index, this.#stored);
    await this.#log.prune(below);
    while (this.#beginnings.length > 1 && this.#beginnings[0]!.index < below) this.#beginnings.shift();
  }

  #note(record: DurableRecord, index: number): void {
    if (record.type !== "epoch") return;
    const { epoch, incarnation } = record.start;
    this.#beginnings.push({ epoch, incarnation, index });
  }

  async #from(first: number, end: number): Promise<DurableRecord[]> {
    const records: DurableRecord[] = [];
    for await (const { index, data } of this.#log.records(first)) {
      if (index >= end) break;
      records.push(decodeRecord(data));
    }
    return records;
  }
}
