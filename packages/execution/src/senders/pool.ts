import { Worker } from "node:worker_threads";
import { ExecutionError } from "../errors.ts";
import { type Address, toHex } from "../ledger/index.ts";
import { answerLength, jobLength, recoverBatch } from "./batch.ts";
import { bestRecover, type RecoverAddress } from "./recover.ts";

/** What a sender is recovered from; a decoded transaction is one. */
export interface SignedHash {
  readonly signingHash: Uint8Array;
  readonly signature: Uint8Array;
  readonly parity: 0 | 1;
}

/** Recovers senders of transactions. */
export interface SenderRecovery {
  /**
   * The sender of each, or null where the signature is nobody's. What a block waits for is `urgent`: it is never refused.
   * @throws {ExecutionError} BUSY if too many wait already and it is not urgent, CLOSED after close
   */
  recover(transactions: readonly SignedHash[], urgent?: boolean): Promise<(Address | null)[]>;
  /** Ends the workers. Recoveries under way are still answered. */
  close(): Promise<void>;
}

export interface SenderPoolOptions {
  /** Worker threads; 0 recovers everything in the calling thread. */
  readonly workers: number;
  /** Recoveries that may wait before callers are told to slow down. */
  readonly maximumQueued: number;
  /** Recoveries a worker gets at once: large enough to pay for the message, small enough to spread a batch. */
  readonly chunk: number;
  /** Batches up to this size are recovered at once in the calling thread: 40 µs each, less than a round trip. */
  readonly inline: number;
}

/** Two workers do 48,000 a second on two cores; a second's worth may wait. */
export const defaultSenderPoolOptions: SenderPoolOptions = {
  workers: 2,
  maximumQueued: 50_000,
  chunk: 256,
  inline: 2,
};

interface Task {
  /** Kept until answered: a worker that dies leaves its work to the calling thread. */
  readonly jobs: Uint8Array;
  readonly resolve: (answers: Uint8Array) => void;
}

interface Slot {
  readonly worker: Worker;
  readonly running: Map<number, Task>;
}

/** Recovers in worker threads, and in the calling thread where there are none left. */
export class SenderPool implements SenderRecovery {
  readonly #options: SenderPoolOptions;
  readonly #inline: RecoverAddress;
  readonly #slots = new Set<Slot>();
  #queued = 0;
  #nextId = 0;
  #closed = false;

  constructor(
    options: SenderPoolOptions,
    modules: { readonly recover: RecoverAddress } = { recover: bestRecover() },
  ) {
    this.#options = options;
    this.#inline = modules.recover;
    for (let i = 0; i < options.workers; i++) this.#start();
  }

  /** Worker threads that answer. */
  get workers(): number {
    return this.#slots.size;
  }

  /** Recoveries that wait or run. */
  get queued(): number {
    return this.#queued;
  }

  async recover(transactions: readonly SignedHash[], urgent = false): Promise<(Address | null)[]> {
    if (this.#closed) throw new ExecutionError("CLOSED", "the sender recovery is closed");
    const count = transactions.length;
    if (count <= this.#options.inline || this.#slots.size === 0) {
      return unpack(recoverBatch(pack(transactions), this.#inline));
    }
    if (!urgent && this.#queued + count > this.#options.maximumQueued) {
      throw new ExecutionError("BUSY", `${this.#queued} signatures wait to be verified`);
    }
    this.#queued += count;
    try {
      const chunks: Promise<Uint8Array>[] = [];
      for (let at = 0; at < count; at += this.#options.chunk) {
        chunks.push(this.#send(pack(transactions.slice(at, at + this.#options.chunk))));
      }
      return (await Promise.all(chunks)).flatMap(unpack);
    } finally {
      this.#queued -= count;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const slots = [...this.#slots];
    for (const slot of slots) this.#retire(slot);
    await Promise.all(slots.map(({ worker }) => worker.terminate()));
  }

  #send(jobs: Uint8Array): Promise<Uint8Array> {
    const slot = [...this.#slots].sort((a, b) => a.running.size - b.running.size)[0];
    if (slot === undefined) return Promise.resolve(recoverBatch(jobs, this.#inline));
    return new Promise((resolve) => {
      const id = this.#nextId++;
      slot.running.set(id, { jobs, resolve });
      slot.worker.ref();
      slot.worker.postMessage({ id, jobs });
    });
  }

  #start(): void {
    const worker = new Worker(new URL("./worker.ts", import.meta.url));
    // An idle pool that nobody closed must not keep the process alive.
    worker.unref();
    const slot: Slot = { worker, running: new Map() };
    this.#slots.add(slot);
    worker.on("message", ({ id, answers }: { id: number; answers: Uint8Array }) => {
      const task = slot.running.get(id);
      slot.running.delete(id);
      if (slot.running.size === 0) worker.unref();
      task?.resolve(answers);
    });
    worker.on("error", () => this.#retire(slot));
    worker.on("exit", () => this.#retire(slot));
  }

  /** Takes a worker out and does what it left undone here. */
  #retire(slot: Slot): void {
    this.#slots.delete(slot);
    for (const { jobs, resolve } of slot.running.values()) resolve(recoverBatch(jobs, this.#inline));
    slot.running.clear();
  }
}

function pack(transactions: readonly SignedHash[]): Uint8Array {
  const jobs = new Uint8Array(transactions.length * jobLength);
  transactions.forEach(({ signingHash, signature, parity }, i) => {
    jobs.set(signingHash, i * jobLength);
    jobs.set(signature, i * jobLength + 32);
    jobs[i * jobLength + 96] = parity;
  });
  return jobs;
}

function unpack(answers: Uint8Array): (Address | null)[] {
  const addresses: (Address | null)[] = [];
  for (let at = 0; at < answers.length; at += answerLength) {
    addresses.push(answers[at] === 1 ? toHex(answers.subarray(at + 1, at + answerLength)) : null);
  }
  return addresses;
}
