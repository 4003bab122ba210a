import { Worker } from "node:worker_threads";
import { type BlsVerifier, SIGNATURE_BYTES, type Signed } from "../bls.ts";
import { rootBytes } from "../bytes.ts";
import { CryptoError } from "../errors.ts";
import type { KeyTable } from "../keytable.ts";
import { bytesOf, type KeyLike, type SignatureLike } from "../points.ts";
import { type Answer, encodeJob, type Job } from "./job.ts";
import { NativeKey, parsePublicKey } from "./points.ts";

export interface PoolOptions {
  /** Threads, at least 1. One less than the machine's cores leaves one to the main loop. */
  readonly workers: number;
  /** Verifications that may wait; one more is refused with POOL_BUSY, so that the caller sheds load. */
  readonly queueLimit: number;
}

export interface PoolModules {
  /** Starts a thread running worker.ts; replaced in tests of failing threads. */
  readonly startWorker?: () => Worker;
}

interface Task {
  readonly job: Job;
  readonly resolve: (valid: boolean) => void;
  readonly reject: (error: CryptoError) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly tasks: Map<number, Task>;
}

// A second job travels while the first is computed: a round trip costs about a tenth of a verification.
const JOBS_PER_WORKER = 2;

// Threads that die this often in a row without answering cannot work here: a restart loop would hide it.
const MAX_FAILURES = 3;

/**
 * Verification by blst in worker threads, so that a pairing (0.7 ms) never holds up the main loop. Parsing keys and
 * adding up known ones (microseconds) stay on the caller's side. A thread that dies is replaced and its jobs rejected.
 * Idle threads do not keep the process alive; `close` ends them.
 */
export class VerificationPool implements BlsVerifier {
  readonly #queueLimit: number;
  readonly #startWorker: () => Worker;
  readonly #threads = new Set<Thread>();
  readonly #queue: Task[] = [];
  #nextId = 0;
  #failures = 0;
  #closed = false;

  constructor(options: PoolOptions, modules: PoolModules = {}) {
    if (!Number.isInteger(options.workers) || options.workers < 1) {
      throw new RangeError("a verification pool needs at least one worker");
    }
    this.#queueLimit = options.queueLimit;
    this.#startWorker = modules.startWorker ?? startWorker;
    for (let i = 0; i < options.workers; i++) this.#start();
  }

  /** Verifications accepted and not answered yet: waiting ones and those in threads. */
  get pending(): number {
    let pending = this.#queue.length;
    for (const thread of this.#threads) pending += thread.tasks.size;
    return pending;
  }

  async verify(key: KeyLike, root: Uint8Array, signature: SignatureLike): Promise<boolean> {
    return this.#run(rootBytes(root), [{ key, signature }]);
  }

  async aggregateVerify(
    table: KeyTable,
    seats: readonly number[],
    root: Uint8Array,
    signature: SignatureLike,
  ): Promise<boolean> {
    const message = rootBytes(root);
    if (!table.covers(seats)) return false;
    try {
      return await this.#run(message, [{ key: table.aggregate(seats), signature }]);
    } catch (error) {
      if (error instanceof CryptoError && error.code === "KEY_INVALID") return false;
      throw error;
    }
  }

  async verifyMany(root: Uint8Array, entries: readonly Signed[]): Promise<boolean> {
    const message = rootBytes(root);
    return entries.length === 0 ? false : this.#run(message, entries);
  }

  /** Ends the threads. What was not answered is rejected with POOL_CLOSED, as is everything asked later. */
  async close(): Promise<void> {
    this.#closed = true;
    const threads = [...this.#threads];
    this.#threads.clear();
    const closed = new CryptoError("POOL_CLOSED", "the verification pool was closed");
    for (const task of this.#queue.splice(0)) task.reject(closed);
    for (const thread of threads) rejectAll(thread, closed);
    await Promise.all(threads.map((thread) => thread.worker.terminate()));
  }

  #run(root: Uint8Array, signed: readonly Signed[]): Promise<boolean> {
    if (this.#closed || this.#threads.size === 0) {
      const code = this.#closed ? "POOL_CLOSED" : "POOL_WORKER";
      return Promise.reject(new CryptoError(code, "the verification pool has no threads any more"));
    }
    if (this.#queue.length >= this.#queueLimit) {
      return Promise.reject(new CryptoError("POOL_BUSY", `${this.#queueLimit} verifications wait already`));
    }
    const entries: { key: Uint8Array; signature: Uint8Array }[] = [];
    for (const { key, signature } of signed) {
      const bytes = bytesOf(signature);
      if (bytes.length !== SIGNATURE_BYTES) return Promise.resolve(false);
      try {
        entries.push({ key: uncompressed(key), signature: bytes });
      } catch {
        return Promise.resolve(false);
      }
    }
    return new Promise((resolve, reject) => {
      const job = { id: this.#nextId++, bytes: encodeJob(root, entries) };
      this.#queue.push({ job, resolve, reject });
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const thread = this.#leastLoaded();
      if (thread === undefined) return;
      const task = this.#queue.shift()!;
      if (thread.tasks.size === 0) thread.worker.ref();
      thread.tasks.set(task.job.id, task);
      thread.worker.postMessage(task.job, [task.job.bytes.buffer]);
    }
  }

  #leastLoaded(): Thread | undefined {
    let best: Thread | undefined;
    for (const thread of this.#threads) {
      if (thread.tasks.size >= JOBS_PER_WORKER) continue;
      if (best === undefined || thread.tasks.size < best.tasks.size) best = thread;
    }
    return best;
  }

  #start(): void {
    const thread: Thread = { worker: this.#startWorker(), tasks: new Map() };
    this.#threads.add(thread);
    thread.worker.unref();
    thread.worker.on("message", (answer: Answer) => this.#answered(thread, answer));
    let cause: unknown;
    thread.worker.on("error", (error) => {
      cause = error;
    });
    thread.worker.on("exit", () => this.#died(thread, cause));
  }

  #answered(thread: Thread, answer: Answer): void {
    this.#failures = 0;
    const task = thread.tasks.get(answer.id);
    if (task === undefined) return;
    thread.tasks.delete(answer.id);
    if (thread.tasks.size === 0) thread.worker.unref();
    if (answer.error === undefined) task.resolve(answer.valid);
    else task.reject(new CryptoError("POOL_WORKER", `a verification failed to run: ${answer.error}`));
    this.#dispatch();
  }

  #died(thread: Thread, cause: unknown): void {
    // Deleted by close() already: an orderly end.
    if (!this.#threads.delete(thread)) return;
    const died = new CryptoError("POOL_WORKER", `a verification thread ended: ${String(cause)}`, { cause });
    rejectAll(thread, died);
    this.#failures++;
    if (this.#failures < MAX_FAILURES) this.#start();
    if (this.#threads.size === 0) for (const task of this.#queue.splice(0)) task.reject(died);
    this.#dispatch();
  }
}

function rejectAll(thread: Thread, error: CryptoError): void {
  for (const task of thread.tasks.values()) task.reject(error);
  thread.tasks.clear();
}

/** x | y of a key; parses and checks raw bytes, because the worker trusts what it is given. Throws KEY_INVALID. */
function uncompressed(key: KeyLike): Uint8Array {
  return key instanceof Uint8Array ? new NativeKey(parsePublicKey(key)).uncompressed : key.uncompressed;
}

function startWorker(): Worker {
  // The published package has compiled files beside each other under the other extension.
  const file = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";
  return new Worker(new URL(file, import.meta.url));
}
