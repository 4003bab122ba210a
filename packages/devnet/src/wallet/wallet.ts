import type { Hex } from "viem";
import { rpc, rpcBatch } from "../rpc.ts";
import { type TransferSigner, transferSigner } from "./signing.ts";
import type { WalletAccount, WalletReport } from "./types.ts";

export interface WalletOptions {
  readonly chainId: number;
  readonly endpoints: readonly string[];
  readonly accounts: readonly WalletAccount[];
  readonly rate: number;
}

interface Pending {
  readonly hash: Hex;
  readonly raw: Hex;
  readonly sentAt: number;
  resentAt: number;
}

interface Lane {
  readonly address: Hex;
  readonly sign: TransferSigner;
  endpoint: number;
  nonce: number;
  /** Sent and without an outcome yet, oldest first. */
  readonly pending: Map<Hex, Pending>;
  /** Final height already asked receipts for. */
  seen: number;
  busy: boolean;
}

/** How often transfers are sent and final heights are looked at. */
const TICK_MS = 20;
/** A transfer without an outcome is sent again after this long, to the next endpoint. */
const RESEND_MS = 4_000;
/** Most transfers an account has under way: beyond, it waits (what a patient user would do). */
const WINDOW = 512;
/** Receipts asked for in one batch. */
const RECEIPTS = 200;
/** After a stop, wait this long for outcomes. */
const DRAIN_MS = 10_000;

const VALUE = 1_000_000_000_000n;
const TIP = 1_000_000_000n;
const FEE_CAP = 1_000_000_000_000n;

/** Sends a steady stream of transfers around its accounts and reads back every finalized receipt. */
export class Wallet {
  readonly #options: WalletOptions;
  readonly #lanes: Lane[];
  readonly #report: (report: WalletReport) => void;
  #sent = 0;
  #finalized = 0;
  #rejected = 0;
  #refusal: string | null = null;
  #latencies: number[] = [];
  #owed = 0;
  #lastTick = performance.now();
  #stopping = false;

  constructor(options: WalletOptions, report: (report: WalletReport) => void) {
    this.#options = options;
    this.#report = report;
    this.#lanes = options.accounts.map((account, index) => ({
      address: account.address,
      sign: transferSigner(account.key),
      endpoint: index % options.endpoints.length,
      nonce: 0,
      pending: new Map(),
      seen: -1,
      busy: false,
    }));
  }

  /** Runs until {@link stop} was called and every transfer has an outcome (or its time is over). */
  async run(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => this.#readNonce(lane)));
    this.#lastTick = performance.now();
    const reporter = setInterval(() => this.#tell(false), 1_000);
    let until = Number.POSITIVE_INFINITY;
    while (performance.now() < until) {
      this.#tick();
      if (this.#stopping) {
        until = Math.min(until, performance.now() + DRAIN_MS);
        if (this.#lanes.every((lane) => lane.pending.size === 0 && !lane.busy)) break;
      }
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    clearInterval(reporter);
    this.#tell(true);
  }

  stop(): void {
    this.#stopping = true;
  }

  #tell(done: boolean): void {
    const latencies = this.#latencies;
    this.#latencies = [];
    this.#report({
      type: "report",
      sent: this.#sent,
      finalized: this.#finalized,
      rejected: this.#rejected,
      pending: this.#lanes.reduce((sum, lane) => sum + lane.pending.size, 0),
      latencies,
      refusal: this.#refusal,
      done,
    });
  }

  #tick(): void {
    const now = performance.now();
    if (!this.#stopping) this.#owed += ((now - this.#lastTick) * this.#options.rate) / 1_000;
    this.#lastTick = now;
    // What cannot be sent in time is not made up for in a burst.
    this.#owed = Math.min(this.#owed, this.#options.rate / 2);
    const due = this.#stopping ? 0 : Math.floor(this.#owed);
    const idle = this.#lanes.filter((lane) => !lane.busy);
    let left = due;
    for (const [at, lane] of idle.entries()) {
      const share = Math.min(Math.ceil(left / (idle.length - at)), Math.max(0, WINDOW - lane.pending.size));
      left -= share;
      lane.busy = true;
      this.#serve(lane, share).finally(() => {
        lane.busy = false;
      });
    }
    this.#owed -= due - left;
  }

  async #serve(lane: Lane, transfers: number): Promise<void> {
    try {
      if (transfers > 0) await this.#send(lane, transfers);
      if (lane.pending.size > 0) await this.#collect(lane);
    } catch {
      // The endpoint is down: the account moves on; what is under way is sent again there.
      lane.endpoint = (lane.endpoint + 1) % this.#options.endpoints.length;
      lane.seen = -1;
      await this.#resend(lane, 0).catch(() => {});
    }
  }

  #url(lane: Lane): string {
    return this.#options.endpoints[lane.endpoint]!;
  }

  async #readNonce(lane: Lane): Promise<void> {
    lane.nonce = Number(await rpc(this.#url(lane), "eth_getTransactionCount", [lane.address, "pending"]));
  }

  async #send(lane: Lane, transfers: number): Promise<void> {
    const others = this.#lanes.length;
    const own = this.#lanes.indexOf(lane);
    const signed = await Promise.all(
      Array.from({ length: transfers }, (_, i) =>
        lane.sign({
          type: "eip1559",
          chainId: this.#options.chainId,
          nonce: lane.nonce + i,
          to: this.#lanes[(own + 1 + i) % others]!.address,
          value: VALUE,
          gas: 21_000n,
          maxPriorityFeePerGas: TIP,
          maxFeePerGas: FEE_CAP,
        }),
      ),
    );
    lane.nonce += transfers;
    const sentAt = performance.now();
    for (const { raw, hash } of signed) lane.pending.set(hash, { hash, raw, sentAt, resentAt: sentAt });
    this.#sent += transfers;
    await this.#submit(lane, [...lane.pending.values()].slice(-transfers));
  }

  async #submit(lane: Lane, transfers: readonly Pending[]): Promise<void> {
    const answers = await rpcBatch(
      this.#url(lane),
      transfers.map(({ raw }) => ({ method: "eth_sendRawTransaction", params: [raw] })),
    );
    let refused = false;
    answers.forEach(({ error }, at) => {
      if (error === undefined || /already known|ALREADY_KNOWN/.test(error.message)) return;
      const transfer = transfers[at]!;
      // A resent transfer that is final meanwhile is refused for its nonce: its receipt decides.
      if (transfer.resentAt !== transfer.sentAt) return;
      lane.pending.delete(transfer.hash);
      this.#rejected++;
      this.#refusal = error.message;
      refused = true;
    });
    if (refused) await this.#readNonce(lane);
  }

  async #collect(lane: Lane): Promise<void> {
    const block = (await rpc(this.#url(lane), "eth_getBlockByNumber", ["finalized", false])) as {
      number: Hex;
    };
    const height = Number(block.number);
    if (height > lane.seen) {
      lane.seen = height;
      const waiting = [...lane.pending.values()];
      for (let from = 0; from < waiting.length; from += RECEIPTS) {
        const page = waiting.slice(from, from + RECEIPTS);
        const answers = await rpcBatch(
          this.#url(lane),
          page.map(({ hash }) => ({ method: "eth_getTransactionReceipt", params: [hash] })),
        );
        const readAt = performance.now();
        let found = 0;
        answers.forEach(({ result }, at) => {
          if (result === null || result === undefined) return;
          const { hash, sentAt } = page[at]!;
          lane.pending.delete(hash);
          this.#latencies.push(readAt - sentAt);
          this.#finalized++;
          found++;
        });
        // Nonces are ordered: nothing after a page without receipts is final.
        if (found === 0) break;
      }
    }
    await this.#resend(lane, RESEND_MS);
  }

  async #resend(lane: Lane, after: number): Promise<void> {
    const now = performance.now();
    const late = [...lane.pending.values()].filter((transfer) => now - transfer.resentAt >= after);
    if (late.length === 0) return;
    for (const transfer of late) transfer.resentAt = now;
    await this.#submit(lane, late.slice(0, RECEIPTS));
  }
}
