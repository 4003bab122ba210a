import { dirname } from "node:path";
import type { FileSystem, StoredFile } from "../fs.ts";

/** What the crashed machine was about to do, or had done in memory only. */
export type Unsynced =
  | { readonly kind: "write"; readonly path: string; readonly length: number }
  | { readonly kind: "truncate" | "create" | "remove"; readonly path: string };

/**
 * What the disk made of an unsynced operation: everything, nothing, n >= 0: only the first n bytes of a write, n < 0: all
 * but its first -n bytes (disks write sectors in any order).
 */
export type Fate = "keep" | "drop" | number;

/** Decides over the unsynced operation number `index` of `count`, in the order in which they were asked for. */
export type Fates = (operation: Unsynced, index: number, count: number) => Fate;

export const keepAll: Fates = () => "keep";
export const dropAll: Fates = () => "drop";

/** Keeps everything but the end of the last write, of which `bytes` arrive. */
export const tearLastWrite =
  (bytes: number): Fates =>
  (operation, index, count) =>
    index === count - 1 && operation.kind === "write" ? bytes : "keep";

/** Keeps everything but the first `bytes` of the last write. */
export const holeInLastWrite =
  (bytes: number): Fates =>
  (operation, index, count) =>
    index === count - 1 && operation.kind === "write" ? -Math.min(bytes, operation.length) : "keep";

/** The fates that numbers say (from a property test's generator): lost, kept, torn or with a hole, each on its own. */
export const fatesFrom = (numbers: readonly number[]): Fates => {
  let next = 0;
  return (operation) => {
    const number = numbers.length === 0 ? 0 : numbers[next++ % numbers.length]!;
    if (number % 4 === 0) return "drop";
    if (number % 4 === 1 || operation.kind !== "write") return "keep";
    const bytes = Math.floor(number / 4) % (operation.length + 1);
    return number % 4 === 2 ? bytes : -bytes;
  };
};

export interface Faults {
  /** The operation of this number (from 1; writes, truncations, syncs, new and removed names) crashes the machine. */
  readonly crashAt?: number;
  /** The operation of this number, and no other, fails with this code and has no effect. */
  readonly failAt?: { readonly operation: number; readonly code: string };
  /** Bytes that the disk holds; a write beyond fails with ENOSPC after what still fits. */
  readonly capacity?: number;
}

/** Thrown by everything after the crash. */
export class CrashError extends Error {
  constructor() {
    super("the machine crashed");
    this.name = "CrashError";
  }
}

interface Change {
  /** Null truncates to `position`. */
  readonly data: Uint8Array | null;
  readonly position: number;
  readonly order: number;
}

interface Inode {
  durable: Uint8Array;
  current: Uint8Array;
  changes: Change[];
}

interface NameChange {
  readonly kind: "create" | "remove";
  readonly path: string;
  readonly inode: Inode;
  readonly order: number;
}

/**
 * A file system in memory that forgets as a disk may: what was not synced can be kept, lost or torn by a crash, each
 * operation on its own and in any combination; contents and names are synced apart. For tests of crash safety.
 */
export class FaultyFileSystem implements FileSystem {
  readonly #faults: Faults;
  #durableNames: Map<string, Inode>;
  #names: Map<string, Inode>;
  #nameChanges: NameChange[] = [];
  #operations = 0;
  #order = 0;
  #crashed = false;
  #syncGate: Promise<void> = Promise.resolve();
  #openGate: (() => void) | null = null;

  constructor(faults: Faults = {}, contents: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.#faults = faults;
    this.#durableNames = new Map(
      [...contents].map(([path, content]) => [
        path,
        { durable: content.slice(), current: content.slice(), changes: [] },
      ]),
    );
    this.#names = new Map(this.#durableNames);
  }

  /** Operations so far: the range of `crashAt`. */
  get operations(): number {
    return this.#operations;
  }

  /** Whether `crashAt` was reached or `crash` called. */
  get crashed(): boolean {
    return this.#crashed;
  }

  /** Syncs asked for from now on wait until `releaseSyncs`. */
  holdSyncs(): void {
    if (this.#openGate !== null) return;
    this.#syncGate = new Promise((resolve) => {
      this.#openGate = resolve;
    });
  }

  releaseSyncs(): void {
    this.#openGate?.();
    this.#openGate = null;
  }

  /** The content of `path` as a running process sees it. */
  content(path: string): Uint8Array {
    return this.#inode(path).current.slice();
  }

  /** Damages the byte at `position` of `path`, on the disk and in memory alike. */
  flip(path: string, position: number): void {
    const inode = this.#inode(path);
    for (const content of new Set([inode.durable, inode.current])) content[position]! ^= 0xff;
  }

  /** Ends this machine and starts another with what its disk kept. */
  crash(fates: Fates, faults: Faults = {}): FaultyFileSystem {
    this.#crashed = true;
    this.releaseSyncs();
    const lost = this.#unsynced();
    const fate = new Map(lost.map(({ order, operation }, i) => [order, fates(operation, i, lost.length)]));
    const names = new Map(this.#durableNames);
    for (const change of this.#nameChanges) {
      if (fate.get(change.order) === "drop") continue;
      if (change.kind === "create") names.set(change.path, change.inode);
      else names.delete(change.path);
    }
    const contents = [...names].map(([path, inode]): [string, Uint8Array] => {
      let content = inode.durable;
      for (const change of inode.changes)
        content = applied(content, change, fate.get(change.order) ?? "drop");
      return [path, content];
    });
    return new FaultyFileSystem(faults, new Map(contents));
  }

  async makeDirectory(): Promise<void> {
    this.#checkAlive();
  }

  async list(path: string): Promise<string[]> {
    this.#checkAlive();
    return [...this.#names.keys()]
      .filter((name) => dirname(name) === path)
      .map((name) => name.slice(path.length + 1));
  }

  async open(path: string, create: boolean): Promise<StoredFile> {
    this.#checkAlive();
    if (!create) return this.#file(path, this.#inode(path));
    if (this.#names.has(path)) throw systemError("EEXIST", path);
    const inode: Inode = { durable: new Uint8Array(), current: new Uint8Array(), changes: [] };
    this.#operate(() => {
      this.#names.set(path, inode);
      this.#nameChanges.push({ kind: "create", path, inode, order: this.#order++ });
    });
    return this.#file(path, inode);
  }

  async remove(path: string): Promise<void> {
    this.#checkAlive();
    const inode = this.#inode(path);
    this.#operate(() => {
      this.#names.delete(path);
      this.#nameChanges.push({ kind: "remove", path, inode, order: this.#order++ });
    });
  }

  async syncDirectory(path: string): Promise<void> {
    this.#checkAlive();
    this.#operate(() => {});
    const synced = this.#nameChanges.filter((change) => dirname(change.path) === path);
    await this.#syncGate;
    this.#checkAlive();
    for (const change of synced) {
      if (change.kind === "create") this.#durableNames.set(change.path, change.inode);
      else this.#durableNames.delete(change.path);
    }
    this.#nameChanges = this.#nameChanges.filter((change) => !synced.includes(change));
  }

  #file(path: string, inode: Inode): StoredFile {
    const change = (data: Uint8Array | null, position: number): void => {
      const made = { data, position, order: this.#order++ };
      inode.changes.push(made);
      inode.current = applied(inode.current, made, "keep");
    };
    return {
      write: async (data, position) => {
        this.#checkAlive();
        const fits = this.#room() + Math.max(0, inode.current.length - position);
        this.#operate(() => change(data.slice(0, fits), position));
        if (data.length > fits) throw systemError("ENOSPC", path);
      },
      read: async (position, length) => {
        this.#checkAlive();
        return inode.current.slice(position, position + length);
      },
      size: async () => {
        this.#checkAlive();
        return inode.current.length;
      },
      truncate: async (size) => {
        this.#checkAlive();
        this.#operate(() => change(null, size));
      },
      sync: async () => {
        this.#checkAlive();
        this.#operate(() => {});
        const synced = [...inode.changes];
        await this.#syncGate;
        this.#checkAlive();
        for (const made of synced) inode.durable = applied(inode.durable, made, "keep");
        inode.changes = inode.changes.filter((made) => !synced.includes(made));
      },
      close: async () => {},
    };
  }

  /** Counts an operation. One that crashes the machine has begun: its effect is unsynced, not absent. */
  #operate(effect: () => void): void {
    this.#operations++;
    const { crashAt, failAt } = this.#faults;
    if (failAt?.operation === this.#operations) throw systemError(failAt.code, "a file");
    effect();
    if (crashAt === this.#operations) {
      this.#crashed = true;
      throw new CrashError();
    }
  }

  #unsynced(): { order: number; operation: Unsynced }[] {
    const paths = new Map<Inode, string>();
    for (const { path, inode } of this.#nameChanges) paths.set(inode, path);
    for (const [path, inode] of [...this.#durableNames, ...this.#names]) paths.set(inode, path);
    const names = this.#nameChanges.map(({ kind, path, order }) => ({ order, operation: { kind, path } }));
    const contents = [...paths].flatMap(([inode, path]) =>
      inode.changes.map(({ data, order }): { order: number; operation: Unsynced } => ({
        order,
        operation: data === null ? { kind: "truncate", path } : { kind: "write", path, length: data.length },
      })),
    );
    return [...names, ...contents].sort((a, b) => a.order - b.order);
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw systemError("ENOENT", path);
    return inode;
  }

  #room(): number {
    if (this.#faults.capacity === undefined) return Number.POSITIVE_INFINITY;
    const used = [...this.#names.values()].reduce((sum, inode) => sum + inode.current.length, 0);
    return Math.max(0, this.#faults.capacity - used);
  }

  #checkAlive(): void {
    if (this.#crashed) throw new CrashError();
  }
}

function applied(content: Uint8Array, { data, position }: Change, fate: Fate): Uint8Array {
  if (fate === "drop") return content;
  if (data === null) {
    const cut = new Uint8Array(position);
    cut.set(content.subarray(0, position));
    return cut;
  }
  const from = typeof fate === "number" && fate < 0 ? -fate : 0;
  const to = typeof fate === "number" && fate >= 0 ? fate : data.length;
  const grown = new Uint8Array(Math.max(content.length, from < to ? position + to : 0));
  grown.set(content);
  if (from < to) grown.set(data.subarray(from, to), position + from);
  return grown;
}

function systemError(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
