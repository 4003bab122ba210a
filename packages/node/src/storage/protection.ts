import { Reader, Writer } from "@aitbc-hybrid/protocol";
import { WriteAheadLog } from "@aitbc-hybrid/storage";
import type { ProtectionLog } from "../signing/index.ts";

const RECORD = 0;
/** Ends a rewriting; holds the index of its first record. */
const REWRITTEN = 1;
const MEBIBYTE = 2 ** 20;

/**
 * The slashing protection's log on a write-ahead log of its own: it outlives the chain's data, which an operator may
 * delete. A rewriting counts only once its last record is there, so a crash in between loses nothing.
 * @throws StorageError
 */
export async function openProtectionLog(directory: string): Promise<ProtectionLog> {
  const wal = await WriteAheadLog.open({ directory, segmentBytes: MEBIBYTE });
  let records: { index: number; data: Uint8Array }[] = [];
  for await (const { index, data } of wal.records()) {
    if (data[0] === REWRITTEN) {
      const reader = new Reader(data);
      reader.u8();
      const first = reader.u64("first");
      records = records.filter((record) => record.index >= first);
    } else records.push({ index, data: data.slice(1) });
  }
  return new WalProtectionLog(
    wal,
    records.map((record) => record.data),
  );
}

class WalProtectionLog implements ProtectionLog {
  readonly records: readonly Uint8Array[];
  readonly #wal: WriteAheadLog;
  #last: Promise<unknown> = Promise.resolve();

  constructor(wal: WriteAheadLog, records: readonly Uint8Array[]) {
    this.#wal = wal;
    this.records = records;
  }

  append(record: Uint8Array): Promise<number> {
    const bytes = new Uint8Array(1 + record.length);
    bytes[0] = RECORD;
    bytes.set(record, 1);
    return this.#push(bytes);
  }

  async sync(): Promise<void> {
    await this.#last;
  }

  /**
   * The records are appended in the same turn in which the caller made them, so that what is appended meanwhile stands
   * behind them; what stands before them is in them.
   */
  async replace(records: readonly Uint8Array[]): Promise<void> {
    const [first] = records.map((record) => this.append(record));
    if (first === undefined) return;
    const index = await first;
    await this.sync();
    this.#push(new Writer(9).u8(REWRITTEN).u64(index).done().slice());
    await this.sync();
    await this.#wal.prune(index);
  }

  close(): Promise<void> {
    return this.#wal.close();
  }

  #push(bytes: Uint8Array): Promise<number> {
    const appended = this.#wal.append(bytes);
    // Whoever waits gets the error from `sync`; without a waiter it must not end the process.
    appended.catch(() => {});
    this.#last = appended;
    return appended;
  }
}
