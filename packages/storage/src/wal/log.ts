import { join } from "node:path";
import { StorageError, storageError } from "../errors.ts";
import { type FileSystem, nodeFileSystem, type StoredFile } from "../fs.ts";
import { lockDirectory, type Release } from "../lock.ts";
import { frameBytes, readFrame, writeFrame } from "./frame.ts";
import { createSegment, recover, type Segment } from "./recovery.ts";
import { SEGMENT_HEADER, segmentName } from "./segment.ts";

export interface WalOptions {
  /** Folder of the log, its own; created where missing. */
  readonly directory: string;
  /** A segment that reaches this size is followed by a new one. Pruning frees whole segments. Default 16 MiB. */
  readonly segmentBytes?: number;
  /** The longest record taken. Default 16 MiB. */
  readonly maxRecordBytes?: number;
}

export interface WalModules {
  /** Default: the machine's. */
  readonly fs?: FileSystem;
  /** Default: a lock file in the directory. */
  readonly lock?: (directory: string) => Promise<Release>;
}

export interface WalRecord {
  /** Counts from 0 over the log's whole life; never reused, not even by pruning. */
  readonly index: number;
  readonly data: Uint8Array;
}

interface Pending {
  readonly data: Uint8Array;
  readonly resolve: (index: number) => void;
  readonly reject: (error: StorageError) => void;
}

const DEFAULT_BYTES = 16 * 2 ** 20;

/**
 * Append-only log: what `append` acknowledged survives a kill or a power failure at any instant, in order, and nothing
 * that was not appended is ever read back (protocol.md section 4). All records appended in one turn of the event loop,
 * or while a write is under way, share one write and one sync.
 *
 * After a failed write the log takes no more (what the disk holds is unknown until it is read again): open it anew.
 */
export class WriteAheadLog {
  readonly #directory: string;
  readonly #segmentBytes: number;
  readonly #maxRecordBytes: number;
  readonly #fs: FileSystem;
  readonly #release: Release;
  readonly #segments: Segment[];
  #active: StoredFile;
  #pending: Pending[] = [];
  #commit: Promise<void> | null = null;
  #prune: Promise<void> = Promise.resolve();
  #failure: StorageError | null = null;
  #closed = false;

  private constructor(
    options: WalOptions,
    modules: { fs: FileSystem; release: Release; segments: Segment[]; active: StoredFile },
  ) {
    this.#directory = options.directory;
    this.#segmentBytes = options.segmentBytes ?? DEFAULT_BYTES;
    this.#maxRecordBytes = options.maxRecordBytes ?? DEFAULT_BYTES;
    this.#fs = modules.fs;
    this.#release = modules.release;
    this.#segments = modules.segments;
    this.#active = modules.active;
  }

  /**
   * Opens or creates a log. Cuts off a torn tail. Throws LOCKED (in use), CORRUPTED (an acknowledged record cannot be
   * read), DISK_FULL, UNREADABLE, FAILED.
   */
  static async open(options: WalOptions, modules: WalModules = {}): Promise<WriteAheadLog> {
    const fs = modules.fs ?? nodeFileSystem;
    await makeDirectory(fs, options.directory);
    const release = await (modules.lock ?? lockDirectory)(options.directory);
    try {
      return new WriteAheadLog(options, { fs, release, ...(await recover(fs, options.directory)) });
    } catch (cause) {
      await release();
      throw storageError(cause, options.directory, "Opening the log in");
    }
  }

  /** Index of the oldest record kept; equals `next` if there is none. */
  get first(): number {
    return this.#segments[0]!.first;
  }

  /** Index behind the newest durable record. */
  get next(): number {
    return this.#segments.at(-1)!.next;
  }

  /**
   * Resolves with the record's index once it is on the disk; acknowledgements come in the order of the calls. `data` is
   * copied. Rejects with RECORD_SIZE, CLOSED, or what made the log fail (DISK_FULL, FAILED).
   */
  append(data: Uint8Array): Promise<number> {
    const refusal = this.#refusal(data.length);
    if (refusal !== null) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      this.#pending.push({ data: data.slice(), resolve, reject });
      this.#commit ??= this.#commitSoon();
    });
  }

  /**
   * The durable records from `from` (or the oldest kept) to the newest at the time of the call, in order. Throws
   * CORRUPTED if the disk lost one since the log was opened.
   */
  async *records(from = 0): AsyncGenerator<WalRecord, void, undefined> {
    const segments = this.#segments.map((segment) => ({ ...segment }));
    for (const segment of segments) {
      if (segment.next <= from) continue;
      for (const record of await this.#read(segment)) if (record.index >= from) yield record;
    }
  }

  /**
   * Frees the segments that hold only records below `below`, the caller's low-water mark. Records at or above it stay;
   * some below it may.
   */
  prune(below: number): Promise<void> {
    const pruned = this.#prune.then(async () => {
      if (this.#closed) throw closed(this.#directory);
      // Oldest first and each on its own, so that a crash in between leaves no gap.
      while (this.#segments.length > 1 && this.#segments[1]!.first <= below) {
        await this.#fs.remove(join(this.#directory, segmentName(this.first)));
        this.#segments.shift();
        await this.#fs.syncDirectory(this.#directory);
      }
    });
    this.#prune = pruned.catch(() => {});
    return pruned.catch((cause) => {
      throw storageError(cause, this.#directory, "Pruning the log in");
    });
  }

  /** Stores what was appended, then gives the directory free. The log takes nothing from the moment of the call. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    while (this.#commit !== null) await this.#commit;
    await this.#prune;
    try {
      await this.#active.close();
    } finally {
      await this.#release();
    }
  }

  #refusal(length: number): StorageError | null {
    if (this.#failure !== null) return this.#failure;
    if (this.#closed) return closed(this.#directory);
    if (length <= this.#maxRecordBytes) return null;
    const limit = this.#maxRecordBytes;
    return new StorageError("RECORD_SIZE", `A record of ${length} bytes exceeds the limit of ${limit}.`);
  }

  /** Waits for the end of the loop's turn, then stores what gathered; again if more did meanwhile. */
  async #commitSoon(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const group = this.#pending;
    this.#pending = [];
    try {
      if (this.#failure !== null) throw this.#failure;
      const first = await this.#store(group);
      group.forEach(({ resolve }, position) => {
        resolve(first + position);
      });
    } catch (cause) {
      this.#failure ??= storageError(cause, this.#directory, "Writing the log in");
      for (const { reject } of group) reject(this.#failure);
    }
    this.#commit = this.#pending.length > 0 ? this.#commitSoon() : null;
  }

  async #store(group: readonly Pending[]): Promise<number> {
    if (this.#segments.at(-1)!.end >= this.#segmentBytes) await this.#rotate();
    const segment = this.#segments.at(-1)!;
    const durable = segment.next;
    const bytes = new Uint8Array(group.reduce((sum, { data }) => sum + frameBytes(data.length), 0));
    let offset = 0;
    for (const [position, { data }] of group.entries()) {
      offset = writeFrame(bytes, offset, { index: durable + position, durable, data });
    }
    await this.#active.write(bytes, segment.end);
    await this.#active.sync();
    segment.end += bytes.length;
    segment.next += group.length;
    return durable;
  }

  async #rotate(): Promise<void> {
    const first = this.next;
    const file = await createSegment(this.#fs, this.#directory, first);
    await this.#active.close();
    this.#active = file;
    this.#segments.push({ first, next: first, end: SEGMENT_HEADER });
  }

  async #read(segment: Segment): Promise<WalRecord[]> {
    const path = join(this.#directory, segmentName(segment.first));
    const records: WalRecord[] = [];
    try {
      const file = await this.#fs.open(path, false);
      try {
        const content = await file.read(0, segment.end);
        for (let offset = SEGMENT_HEADER; offset < segment.end; ) {
          const frame = readFrame(content, offset);
          if (frame === null) {
            throw new StorageError(
              "CORRUPTED",
              `${path} is damaged at byte ${offset}. Check the disk and restore the folder from its backup.`,
            );
          }
          records.push({ index: frame.index, data: frame.data });
          offset += frameBytes(frame.data.length);
        }
      } finally {
        await file.close();
      }
    } catch (cause) {
      throw storageError(cause, path, "Reading");
    }
    return records;
  }
}

async function makeDirectory(fs: FileSystem, directory: string): Promise<void> {
  try {
    await fs.makeDirectory(directory);
  } catch (cause) {
    throw storageError(cause, directory, "Creating");
  }
}

const closed = (directory: string): StorageError =>
  new StorageError("CLOSED", `The log in ${directory} is closed.`);
