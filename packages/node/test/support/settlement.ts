import {
  type Genesis,
  type Hash,
  hashBytes,
  type InboxEntry,
  type ReferenceReading,
  type Registry,
  type SettlementReference,
} from "@aitbc-hybrid/protocol";
import type { LightAnchor } from "@aitbc-hybrid/sdk";
import type {
  ContractsView,
  InboxQuestion,
  SettledCheckpoint,
  Settlement,
  SettlementBlock,
  SettlementRules,
  Standing,
  Unsubscribe,
} from "../../src/settlement/index.ts";

const entryOf = (transaction: Uint8Array): InboxEntry => ({
  transactionHash: hashBytes(transaction),
  size: transaction.length,
});

/** A settlement chain in memory whose contracts sealed R_0 and nothing since. */
export class FakeSettlement implements Settlement {
  readonly #genesis: Genesis;
  readonly #registry: Registry;
  #final: SettlementBlock;
  /** Blocks that were final at some time, by number. */
  readonly #blocks = new Map<number, SettlementBlock>();
  readonly #listeners = new Set<(block: SettlementBlock) => void>();
  #view: ContractsView | null = null;
  /** False: every question is refused. */
  answers = true;
  /** Transactions in the contracts' inbox, due from the block on that holds them. */
  readonly #queued: { readonly transaction: Uint8Array; readonly number: number }[] = [];
  /** What the contracts say about a key. */
  standingOf: (key: Uint8Array) => Standing = () => "active";
  /** What the contracts recorded for those who join. */
  anchored: LightAnchor | null = null;

  constructor(genesis: Genesis, registry: Registry) {
    this.#genesis = genesis;
    this.#registry = registry;
    this.#final = { number: 7, hash: `0x${"77".repeat(32)}`, stamp: genesis.stamp };
    this.#blocks.set(7, this.#final);
  }

  async genesis(): Promise<Genesis> {
    this.#require();
    return this.#genesis;
  }
  async anchor(): Promise<LightAnchor | null> {
    this.#require();
    return this.anchored;
  }
  follow(_rules: SettlementRules): void {}
  latestFinal(): SettlementBlock | null {
    return this.answers ? this.#final : null;
  }
  nameable(): SettlementBlock | null {
    return this.latestFinal();
  }
  async reading(
    reference: SettlementReference,
    _candidateEpoch: number,
    inbox: InboxQuestion,
  ): Promise<ReferenceReading | null> {
    this.#require();
    const { number, hash } = reference;
    if (this.#blocks.get(number)?.hash !== hash) return null;
    const due = this.#queued.filter((each) => each.number <= number).slice(inbox.from);
    return {
      settledAt: this.#genesis.stamp,
      due: due.map(({ transaction }) => entryOf(transaction)),
      candidate: null,
    };
  }
  async forced(from: number, entries: readonly InboxEntry[]): Promise<readonly Uint8Array[]> {
    this.#require();
    return this.#queued.slice(from, from + entries.length).map(({ transaction }) => transaction);
  }
  /** Somebody queues transactions in the contracts' inbox: a new block holds them. */
  force(...transactions: Uint8Array[]): void {
    const number = this.#final.number + 1;
    for (const transaction of transactions) this.#queued.push({ transaction, number });
    this.#final = { ...this.#final, number, hash: hashBytes(new Uint8Array([number])) };
    this.#blocks.set(number, this.#final);
    for (const listener of this.#listeners) listener(this.#final);
  }
  async registry(root: Hash, _epoch: number): Promise<Registry> {
    this.#require();
    if (root !== this.#registry.root) throw new Error(`no registry ${root}`);
    return this.#registry;
  }
  settled(): SettledCheckpoint | null {
    return null;
  }
  async accepted(): Promise<null> {
    return null;
  }
  contracts(): ContractsView | null {
    return this.#view;
  }
  /** A new block is final, which shows this of the contracts. */
  show(view: ContractsView | null): void {
    this.#view = view;
    for (const listener of this.#listeners) listener(this.#final);
  }
  async standing(key: Uint8Array): Promise<Standing> {
    return this.standingOf(key);
  }
  onFinal(listener: (block: SettlementBlock) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  watch(_reference: SettlementReference): void {}
  onReverted(_listener: (reference: SettlementReference) => void): Unsubscribe {
    return () => {};
  }
  reachable(): boolean {
    return this.answers;
  }
  async close(): Promise<void> {}

  #require(): void {
    if (!this.answers) throw new Error("the settlement chain does not answer");
  }
}
