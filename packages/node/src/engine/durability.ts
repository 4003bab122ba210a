import type { DurableRecord } from "@aitbc-hybrid/protocol";
import type { ChainStore } from "../chain/index.ts";
import { sentence } from "../errors.ts";
import type { Protection } from "../signing/index.ts";
import type { EngineLoop, EngineMetrics, RecordLog } from "./types.ts";

export interface DurabilityModules {
  readonly wal: RecordLog;
  readonly protection: Pick<Protection, "sync" | "compact">;
  readonly chain: Pick<ChainStore, "flush">;
  readonly metrics: Pick<EngineMetrics, "commit">;
  readonly loop: EngineLoop;
}

/** Something that leaves the process once the records before it are durable. */
interface Held {
  readonly after: number;
  readonly run: () => void;
}

/**
 * The records of the replica, and what waits for them: nothing leaves the process before every record before it is
 * durable, and all records of one turn of the event loop share one write (protocol.md section 4).
 */
export class Durability {
  readonly #modules: DurabilityModules;
  #outbox: Held[] = [];
  /** Records given to the log, and how many of them are durable. */
  #recorded = 0;
  #durable = 0;
  #lastAppend: Promise<unknown> = Promise.resolve();

  constructor(modules: DurabilityModules) {
    this.#modules = modules;
  }

  /** Gives a record to the log; resolves with its index once it is durable. */
  record(record: DurableRecord): Promise<number> {
    return this.#recording(this.#modules.wal.append(record));
  }

  /** Records that the replica goes back to an epoch whose highest final block is at this height. */
  resumed(epoch: number, incarnation: number, height: number): void {
    this.#recording(this.#modules.wal.resumed(epoch, incarnation, height));
  }

  /** Waits for what this turn recorded, all in one, then lets go what depends on it. */
  commit(): void {
    const upTo = this.#recorded;
    if (upTo === this.#durable) return;
    const begun = performance.now();
    Promise.all([this.#lastAppend, this.#modules.protection.sync()]).then(
      () => {
        this.#modules.metrics.commit((performance.now() - begun) / 1_000);
        this.#durable = Math.max(this.#durable, upTo);
        this.#release();
      },
      (error) => this.#modules.loop.halt(sentence(error), false),
    );
  }

  /** Runs something once what was recorded so far is durable, in the order of the calls. */
  hold(run: () => void): void {
    if (this.#outbox.length === 0 && this.#recorded === this.#durable) run();
    else this.#outbox.push({ after: this.#recorded, run });
  }

  /** Records how an epoch begins: the log begins anew there, once all final blocks before it are stored elsewhere. */
  begin(record: DurableRecord): void {
    const { wal, protection, chain, loop } = this.#modules;
    const recorded = this.record(record);
    const compact = async (): Promise<void> => {
      const index = await recorded;
      await chain.flush();
      await wal.stored(index);
      await protection.compact();
    };
    // Held: by then every final block before the record was given to the chain's store.
    this.hold(() => loop.background(compact(), "compacting the log"));
  }

  /** Resolves when everything recorded is durable, or failed to be. */
  async close(): Promise<void> {
    await this.#lastAppend.catch(() => {});
    await this.#modules.protection.sync().catch(() => {});
  }

  #recording(appended: Promise<number>): Promise<number> {
    this.#recorded++;
    appended.catch(() => {});
    this.#lastAppend = appended;
    return appended;
  }

  #release(): void {
    let count = 0;
    while (count < this.#outbox.length && this.#outbox[count]!.after <= this.#durable) count++;
    for (const held of this.#outbox.splice(0, count)) held.run();
  }
}
