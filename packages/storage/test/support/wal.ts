import { type FileSystem, type WalOptions, type WalRecord, WriteAheadLog } from "../../src/index.ts";

export const DIRECTORY = "/log";

/** A log on a file system in memory, without the lock file, which a crash within this process would leave behind. */
export function openLog(fs: FileSystem, options: Partial<WalOptions> = {}): Promise<WriteAheadLog> {
  return WriteAheadLog.open({ directory: DIRECTORY, ...options }, { fs, lock: async () => async () => {} });
}

/** Everything that `source` yields (Array.fromAsync is not in the library that we compile against). */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

export async function readAll(log: WriteAheadLog, from?: number): Promise<WalRecord[]> {
  return collect(log.records(from));
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (data: Uint8Array): string => new TextDecoder().decode(data);
