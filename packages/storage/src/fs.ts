import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** An open file. Offsets and lengths are bytes. */
export interface StoredFile {
  /** Writes all of `data` at `position`. Not durable before `sync`. */
  write(data: Uint8Array, position: number): Promise<void>;
  /** Up to `length` bytes from `position`; fewer only at the end of the file. */
  read(position: number, length: number): Promise<Uint8Array>;
  size(): Promise<number>;
  truncate(size: number): Promise<void>;
  /** Returns when content and size are on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What the write-ahead log needs of a file system: real (`nodeFileSystem`) or with faults (entry ./faults). */
export interface FileSystem {
  /** Creates `path` and its parents where missing; returns once they are on the disk. */
  makeDirectory(path: string): Promise<void>;
  /** Names in the directory `path`, in any order. */
  list(path: string): Promise<string[]>;
  /** Opens for reading and writing; with `create` a file that must not exist yet. */
  open(path: string, create: boolean): Promise<StoredFile>;
  remove(path: string): Promise<void>;
  /** Returns when the names created and removed in the directory `path` are on the disk. */
  syncDirectory(path: string): Promise<void>;
}

/** The file system of the machine. */
export const nodeFileSystem: FileSystem = {
  async makeDirectory(path: string): Promise<void> {
    const created = await mkdir(path, { recursive: true });
    if (created === undefined) return;
    // Each new directory is a name in its parent, which must be on the disk too.
    for (let at = resolve(path); at.length >= created.length; at = dirname(at)) {
      await nodeFileSystem.syncDirectory(dirname(at));
    }
  },
  list: (path: string): Promise<string[]> => readdir(path),
  async open(path: string, create: boolean): Promise<StoredFile> {
    const flags = constants.O_RDWR | (create ? constants.O_CREAT | constants.O_EXCL : 0) | WRITE_THROUGH;
    return new NodeFile(await open(path, flags, 0o600));
  },
  remove: (path: string): Promise<void> => rm(path),
  async syncDirectory(path: string): Promise<void> {
    const directory = await open(path, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
};

/**
 * Where the system has it, a write returns when it is on the disk: one trip to a thread instead of two, which is what a
 * small record costs on a busy machine. 0 elsewhere.
 */
const WRITE_THROUGH: number = constants.O_DSYNC ?? 0;

class NodeFile implements StoredFile {
  readonly #handle: FileHandle;
  /** Whether anything is left for `sync` to do. */
  #unsynced = false;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(data: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < data.length; ) {
      const { bytesWritten } = await this.#handle.write(data, done, data.length - done, position + done);
      done += bytesWritten;
    }
    if (WRITE_THROUGH === 0) this.#unsynced = true;
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const data = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.#handle.read(data, done, length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return data.subarray(0, done);
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async truncate(size: number): Promise<void> {
    this.#unsynced = true;
    await this.#handle.truncate(size);
  }

  // fdatasync also writes the size, which is all the metadata that reading needs.
  async sync(): Promise<void> {
    if (!this.#unsynced) return;
    this.#unsynced = false;
    await this.#handle.datasync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
