import {
  type CheckpointCertificate,
  type Evidence,
  type Hash,
  type Millis,
  MODES,
  type Registry,
  type RestartVote,
} from "@aitbc-hybrid/protocol";
import {
  accrue,
  checkpointManagerAbi,
  consensusParametersAbi,
  electionsAbi,
  readBoundary,
  rewardDistributorAbi,
  type SignedDomain,
  seal,
  submitCheckpoint,
} from "@aitbc-hybrid/sdk";
import { keccak256 } from "viem";
import { Desk, type DeskModules, type DeskOptions, firstLine } from "./desk.ts";
import { EvidenceDuty } from "./evidence.ts";
import { RecoveryDuty } from "./recovery.ts";
import type { Duties, Held, Ready, RecoveryWork, Unsubscribe } from "./types.ts";

export interface OperatorDutiesOptions extends DeskOptions {
  /** How often due work is looked for, ms. */
  readonly tickMs: Millis;
}

interface Due<T> {
  readonly item: T;
  readonly registry: Registry;
  /** When this validator's turn comes, by the own clock. */
  readonly at: Millis;
}

/** Checkpoints waiting at most; the oldest are dropped first: later boundaries need them in order, peers have them. */
const MOST_WAITING = 256;
/** After a failure that is nobody's success, wait this long before the next attempt. */
const RETRY_MS = 2_000;

/**
 * Posts what validators owe the settlement chain. Everybody holds the same certificates, so all take turns: the one
 * whose turn it is posts at once, the k-th after it `k · turnMs` later unless the contracts show it done by then.
 */
export class OperatorDuties implements Duties {
  readonly #options: OperatorDutiesOptions;
  readonly #modules: DeskModules;
  readonly #desk: Desk;
  readonly #evidence: EvidenceDuty;
  readonly #recovery: RecoveryDuty;
  readonly #checkpoints = new Map<number, Due<CheckpointCertificate>>();
  #seal: { epoch: number; at: Millis } | null = null;
  #accrual: { epoch: number; at: Millis } | null = null;
  #vectorOf: Parameters<Duties["accruals"]>[0] | null = null;
  #registry: Registry | null = null;
  #notBefore: Millis = 0;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: OperatorDutiesOptions, modules: DeskModules) {
    this.#options = options;
    this.#modules = modules;
    this.#desk = new Desk(options, modules);
    this.#evidence = new EvidenceDuty(this.#desk);
    this.#recovery = new RecoveryDuty(this.#desk);
    this.#schedule();
  }

  checkpoint(certificate: CheckpointCertificate, registry: Registry): void {
    const { height } = certificate.checkpoint;
    if (this.#checkpoints.has(height)) return;
    this.#checkpoints.set(height, { item: certificate, registry, at: this.#desk.turn(registry, height) });
    if (this.#checkpoints.size > MOST_WAITING) {
      const lowest = Math.min(...this.#checkpoints.keys());
      this.#checkpoints.delete(lowest);
    }
    this.#wake();
  }

  epoch(_epoch: number, registry: Registry): void {
    this.#registry = registry;
  }

  accruals(vectorOf: Parameters<Duties["accruals"]>[0]): void {
    this.#vectorOf = vectorOf;
  }

  evidence(evidence: Evidence, domainOf: (domain: Hash) => SignedDomain, registry: Registry): void {
    if (this.#evidence.add(evidence, domainOf, registry)) this.#wake();
  }

  certificate(held: Held, registry: Registry): void {
    this.#recovery.certificate(held, registry);
    this.#wake();
  }

  restart(vote: RestartVote, held: Held | null): void {
    this.#recovery.restart(vote, held);
    this.#wake();
  }

  ready(signal: Ready, registry: Registry): void {
    this.#recovery.ready(signal, registry);
  }

  recoveries(work: () => RecoveryWork): void {
    this.#recovery.source(work);
  }

  onIncluded(listener: Parameters<Duties["onIncluded"]>[0]): Unsubscribe {
    return this.#desk.onIncluded(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(): void {
    this.#timer = setTimeout(() => this.#wake(), this.#options.tickMs);
  }

  #working = false;

  #wake(): void {
    if (this.#closed || this.#working) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#working = true;
    this.#running = this.#work()
      .catch((error: unknown) => {
        this.#notBefore = this.#modules.clock() + RETRY_MS;
        this.#modules.onTrouble(firstLine(error));
      })
      .finally(() => {
        this.#working = false;
        if (!this.#closed) this.#schedule();
      });
  }

  async #work(): Promise<void> {
    if (this.#modules.clock() < this.#notBefore) return;
    // One kind of work that keeps failing must not hold up the others: checkpoints renew the settlement lease.
    const outcomes: unknown[] = [];
    for (const work of [
      () => this.#postCheckpoints(),
      () => this.#sealDue(),
      () => this.#evidence.run(),
      () => this.#recovery.run(),
      () => this.#accrueDue(),
    ]) {
      await work().catch((error: unknown) => outcomes.push(error));
    }
    if (outcomes.length > 0) throw outcomes[0];
  }

  async #postCheckpoints(): Promise<void> {
    for (const height of [...this.#checkpoints.keys()].sort((a, b) => a - b)) {
      const due = this.#checkpoints.get(height);
      if (due === undefined || this.#closed) return;
      if (due.at > this.#modules.clock()) continue;
      const last = await this.#last();
      if (height <= Number(last.height) || due.item.epoch < Number(last.epoch)) {
        this.#checkpoints.delete(height);
        continue;
      }
      // Beyond the epoch the contracts are in: the boundary before it comes first.
      if (due.item.epoch > Number(last.epoch)) continue;
      const record = await this.#record(due.item.epoch);
      const { sender } = this.#modules;
      const mode = MODES[record.mode]!;
      let done: boolean;
      try {
        done = await this.#desk.attempt("checkpoint", () =>
          submitCheckpoint(sender, this.#options.network, due.item, due.registry, mode),
        );
      } catch (error) {
        // Somebody else's, included between the look and the simulation, can make that fail in several ways.
        if (
          height > Number((await this.#last()).height) &&
          (await this.#domain(due.item.epoch)) === due.item.domain
        )
          throw error;
        // That, or a recovery began the epoch anew under another domain.
        done = true;
      }
      if (done) this.#checkpoints.delete(height);
    }
  }

  /** A boundary normally seals on its own; this is for one that was posted without. */
  async #sealDue(): Promise<void> {
    if (this.#registry === null || this.#closed) return;
    const now = Number((await this.#last()).epoch);
    const epoch = now + 2;
    if (now === 0) return;
    if (this.#seal === null || this.#seal.epoch !== epoch) {
      this.#seal = { epoch, at: this.#desk.turn(this.#registry, epoch) + this.#options.turnMs };
    }
    if (this.#seal.at > this.#modules.clock()) return;
    const sealed = await this.#modules.sender.client.readContract({
      address: this.#options.network.addresses.elections,
      abi: electionsAbi,
      functionName: "sealOf",
      args: [BigInt(epoch)],
    });
    if (sealed === 0)
      await this.#desk.attempt("seal", () => seal(this.#modules.sender, this.#options.network, epoch));
    this.#seal = { epoch, at: this.#modules.clock() + this.#options.turnMs };
  }

  /** Rewards of the oldest epoch that ended and was not accrued. */
  async #accrueDue(): Promise<void> {
    if (this.#registry === null || this.#vectorOf === null || this.#closed) return;
    const epoch = Number(
      await this.#modules.sender.client.readContract({
        address: this.#options.network.addresses.distributor,
        abi: rewardDistributorAbi,
        functionName: "accruedEpochs",
      }),
    );
    if (epoch >= Number((await this.#last()).epoch)) return;
    if (this.#accrual === null || this.#accrual.epoch !== epoch) {
      this.#accrual = { epoch, at: this.#desk.turn(this.#registry, epoch) };
    }
    if (this.#accrual.at > this.#modules.clock()) return;
    // Once in all turns, whatever comes of it.
    this.#accrual.at = this.#modules.clock() + this.#registry.entries.length * this.#options.turnMs;
    const boundary = await readBoundary(this.#modules.sender.client, this.#options.network, epoch);
    if (boundary === null) return;
    const vector = await this.#vector(epoch, boundary.accounting.vectorHash);
    if (vector === null) return;
    await this.#desk.attempt("accrual", () =>
      accrue(this.#modules.sender, this.#options.network, boundary, vector),
    );
  }

  /** What an epoch is accrued with; empty once its deadline is over; null: not known here. */
  async #vector(epoch: number, hash: Hash): Promise<Uint8Array | null> {
    const none = new Uint8Array(0);
    if (keccak256(none) === hash) return none;
    const vector = await this.#vectorOf!(epoch);
    if (vector !== null && keccak256(vector) === hash) return vector;
    const { boundaryAt } = await this.#record(epoch);
    const { accrualDeadline } = await this.#modules.sender.client.readContract({
      address: this.#options.network.addresses.parameters,
      abi: consensusParametersAbi,
      functionName: "rewards",
    });
    return this.#modules.clock() > 1_000 * (boundaryAt + Number(accrualDeadline)) ? none : null;
  }

  #last() {
    return this.#modules.sender.client.readContract({
      address: this.#options.network.addresses.checkpoints,
      abi: checkpointManagerAbi,
      functionName: "lastCheckpoint",
    });
  }

  #domain(epoch: number) {
    return this.#modules.sender.client.readContract({
      address: this.#options.network.addresses.checkpoints,
      abi: checkpointManagerAbi,
      functionName: "domain",
      args: [BigInt(epoch)],
    });
  }

  #record(epoch: number) {
    return this.#modules.sender.client.readContract({
      address: this.#options.network.addresses.checkpoints,
      abi: checkpointManagerAbi,
      functionName: "epochRecord",
      args: [BigInt(epoch)],
    });
  }
}
