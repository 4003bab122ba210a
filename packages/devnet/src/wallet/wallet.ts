import type { Hex } from "viem";
import { type RpcCall, rpc, rpcBatch } from "../rpc.ts";
import { type TransferSigner, transferSigner } from "./signing.ts";
import type { WalletAccount, WalletReport } from "./types.ts";

export interface WalletOptions {
  readonly chainId: number;
  readonly endpoints: readonly string[];
  readonly accounts: readonly WalletAccount[];
  readonly rate: number;
}

interface Transfer {
  readonly hash: Hex;
  readonly raw: Hex;
  readonly nonce: number;
  readonly sentAt: number;
  resentAt: number;
}

/** An account: its own nonces, and what it sent that has no outcome yet, in the order of nonces. */
interface Lane {
  readonly address: Hex;
  readonly sign: TransferSigner;
  nonce: number;
  readonly pending: Map<Hex, Transfer>;
}

/** An endpoint and the accounts that use it at present. */
interface Line {
  readonly url: string;
  readonly lanes: Set<Lane>;
  /** Final height already asked receipts for. */
  seen: number;
  busy: boolean;
}

/** How often transfers are sent and final heights are looked at, one request each time and endpoint. */
const TICK_MS = 20;
/** A transfer without an outcome is sent again after this long. */
const RESEND_MS = 4_000;
/** Most transfers an account has under way: beyond, it waits (what a patient user would do). */
const WINDOW = 512;
/** Calls in one batch. */
const PAGE = 200;
/** After a stop, wait this long for outcomes. */
const DRAIN_MS = 30_000;

const VALUE = 1_000_000_000_000n;
const TIP = 1_000_000_000n;
const FEE_CAP = 1_000_000_000_000n;

/**
 * Sends a steady stream of transfers around its accounts and reads back every finalized receipt. It shares the machine
 * with the validators it measures, so it asks little: the final height, the final nonce of accounts that wait, and
 * receipts only of transfers that are final.
 */
export class Wallet {
  readonly #options: WalletOptions;
  readonly #report: (report: WalletReport) => void;
  readonly #lanes: readonly Lane[];
  readonly #lines: readonly Line[];
  #sent = 0;
  #finalized = 0;
  #rejected = 0;
  #refusal: string | null = null;
  #latencies: number[] = [];
  #owed = 0;
  #lastTick = 0;
  #turn = 0;
  #stopping = false;

  constructor(options: WalletOptions, report: (report: WalletReport) => void) {
    this.#options = options;
    this.#report = report;
    this.#lanes = options.accounts.map(({ address, key }) => ({
      address,
      sign: transferSigner(key),
      nonce: 0,
      pending: new Map(),
    }));
    this.#lines = options.endpoints.map((url, at) => ({
      url,
      lanes: new Set(this.#lanes.filter((_, lane) => lane % options.endpoints.length === at)),
      seen: -1,
      busy: false,
    }));
  }

  /** Runs until {@link stop} was called and every transfer has an outcome (or its time is over). */
  async run(): Promise<void> {
    await Promise.all(
      this.#lines.flatMap((line) => [...line.lanes].map((lane) => this.#readNonce(line, lane))),
    );
    this.#lastTick = performance.now();
    const reporter = setInterval(() => this.#tell(false), 1_000);
    let until = Number.POSITIVE_INFINITY;
    while (performance.now() < until) {
      this.#tick();
      if (this.#stopping) {
        until = Math.min(until, performance.now() + DRAIN_MS);
        if (this.#underWay() === 0 && this.#lines.every((line) => !line.busy)) break;
      }
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    clearInterval(reporter);
    this.#tell(true);
  }

  stop(): void {
    this.#stopping = true;
  }

  #underWay(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.pending.size, 0);
  }

  #tell(done: boolean): void {
    const latencies = this.#latencies;
    this.#latencies = [];
    this.#report({
      type: "report",
      sent: this.#sent,
      finalized: this.#finalized,
      rejected: this.#rejected,
      pending: this.#underWay(),
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
    const idle = this.#lines.filter((line) => !line.busy && line.lanes.size > 0);
    let due = this.#stopping ? 0 : Math.floor(this.#owed);
    this.#owed -= due;
    this.#turn++;
    for (let at = 0; at < idle.length; at++) {
      // Turns rotate, so that a slow trickle reaches every endpoint.
      const line = idle[(at + this.#turn) % idle.length]!;
      const share = Math.ceil(due / (idle.length - at));
      due -= share;
      line.busy = true;
      this.#serve(line, share).finally(() => {
        line.busy = false;
      });
    }
    this.#owed += due;
  }

  async #serve(line: Line, transfers: number): Promise<void> {
    try {
      const fresh = await this.#sign(line, transfers);
      const late = this.#late(line);
      const calls: RpcCall[] = [...fresh, ...late].map(({ transfer }) => ({
        method: "eth_sendRawTransaction",
        params: [transfer.raw],
      }));
      const answers = await rpcBatch(line.url, [...calls, { method: "eth_blockNumber", params: [] }]);
      const height = Number(answers.pop()?.result);
      for (const [at, { error }] of answers.entries()) {
        if (error !== undefined && at < fresh.length) await this.#refused(line, fresh[at]!, error.message);
      }
      if (height > line.seen) {
        line.seen = height;
        await this.#collect(line);
      }
    } catch {
      this.#moveOn(line);
    }
  }

  /** Signs transfers of the line's accounts in turn, within their windows. */
  async #sign(line: Line, transfers: number): Promise<{ lane: Lane; transfer: Transfer }[]> {
    const lanes = [...line.lanes];
    const signed: { lane: Lane; transfer: Transfer }[] = [];
    for (let i = 0; i < transfers; i++) {
      const lane = lanes[(this.#turn + i) % lanes.length]!;
      if (lane.pending.size >= WINDOW) continue;
      const nonce = lane.nonce++;
      const to = this.#lanes[(this.#lanes.indexOf(lane) + 1 + nonce) % this.#lanes.length]!.address;
      const { raw, hash } = await lane.sign({
        type: "eip1559",
        chainId: this.#options.chainId,
        nonce,
        to,
        value: VALUE,
        gas: 21_000n,
        maxPriorityFeePerGas: TIP,
        maxFeePerGas: FEE_CAP,
      });
      const sentAt = performance.now();
      const transfer = { hash, raw, nonce, sentAt, resentAt: sentAt };
      lane.pending.set(hash, transfer);
      signed.push({ lane, transfer });
    }
    this.#sent += signed.length;
    return signed;
  }

  /** Transfers that have waited long: the endpoint they were sent to may have lost them. */
  #late(line: Line): { lane: Lane; transfer: Transfer }[] {
    const now = performance.now();
    const late: { lane: Lane; transfer: Transfer }[] = [];
    for (const lane of line.lanes) {
      for (const transfer of lane.pending.values()) {
        if (late.length >= PAGE || now - transfer.resentAt < RESEND_MS) break;
        transfer.resentAt = now;
        late.push({ lane, transfer });
      }
    }
    return late;
  }

  async #refused(
    line: Line,
    { lane, transfer }: { lane: Lane; transfer: Transfer },
    reason: string,
  ): Promise<void> {
    if (!lane.pending.delete(transfer.hash)) return;
    this.#rejected++;
    this.#refusal = reason;
    // What follows a refused nonce can never be final: the account begins again from what the ledger says.
    for (const other of lane.pending.values()) {
      if (other.nonce < transfer.nonce) continue;
      lane.pending.delete(other.hash);
      this.#rejected++;
    }
    await this.#readNonce(line, lane);
  }

  async #readNonce(line: Line, lane: Lane): Promise<void> {
    lane.nonce = Number(await rpc(line.url, "eth_getTransactionCount", [lane.address, "pending"]));
  }

  /** Reads back the receipts of all transfers below their accounts' final nonces. */
  async #collect(line: Line): Promise<void> {
    const lanes = [...line.lanes].filter((lane) => lane.pending.size > 0);
    const counts = await rpcBatch(
      line.url,
      lanes.map(({ address }) => ({ method: "eth_getTransactionCount", params: [address, "finalized"] })),
    );
    const final = lanes.flatMap((lane, at) =>
      [...lane.pending.values()]
        .filter(({ nonce }) => nonce < Number(counts[at]!.result))
        .map((transfer) => ({ lane, transfer })),
    );
    for (let from = 0; from < final.length; from += PAGE) {
      const page = final.slice(from, from + PAGE);
      const answers = await rpcBatch(
        line.url,
        page.map(({ transfer }) => ({ method: "eth_getTransactionReceipt", params: [transfer.hash] })),
      );
      const readAt = performance.now();
      for (const [at, { result }] of answers.entries()) {
        if (result === null || result === undefined) continue;
        const { lane, transfer } = page[at]!;
        lane.pending.delete(transfer.hash);
        this.#latencies.push(readAt - transfer.sentAt);
        this.#finalized++;
      }
    }
  }

  /** The endpoint does not answer: its accounts go to the next one, which is sent again what is under way. */
  #moveOn(line: Line): void {
    if (this.#lines.length === 1) return;
    const next = this.#lines[(this.#lines.indexOf(line) + 1) % this.#lines.length]!;
    for (const lane of line.lanes) {
      next.lanes.add(lane);
      for (const transfer of lane.pending.values()) transfer.resentAt = 0;
    }
    line.lanes.clear();
    next.seen = -1;
  }
}
