import type { Bls } from "@aitbc-hybrid/crypto";
import {
  type CheckpointCertificate,
  equalBytes,
  type Hash,
  type Hex,
  type Millis,
  MODES,
  type Registry,
  type VoteEvidence,
} from "@aitbc-hybrid/protocol";
import {
  accrue,
  checkpointManagerAbi,
  consensusParametersAbi,
  electionsAbi,
  type Network,
  readBoundary,
  rewardDistributorAbi,
  SdkError,
  type Sender,
  type Sent,
  seal,
  submitCheckpoint,
  submitEvidence,
} from "@aitbc-hybrid/sdk";
import { keccak256 } from "viem";
import type { Duties, Unsubscribe } from "./types.ts";

export interface OperatorDutiesOptions {
  readonly network: Network;
  /** Compressed BLS key of this validator: it decides when its turn comes. */
  readonly key: Uint8Array;
  /** How long each validator in the rotation has before the next one steps in, ms. */
  readonly turnMs: Millis;
  /** How often due work is looked for, ms. */
  readonly tickMs: Millis;
}

export interface OperatorDutiesModules {
  /** The operator's account, which pays the gas. */
  readonly sender: Sender;
  readonly bls: Pick<Bls, "aggregateSignatures">;
  readonly clock: () => Millis;
  readonly onTrouble: (sentence: string) => void;
}

interface Due<T> {
  readonly item: T;
  readonly registry: Registry;
  /** When this validator's turn comes, by the own clock. */
  readonly at: Millis;
}

type Included = Parameters<Parameters<Duties["onIncluded"]>[0]>[0];

/** Checkpoints and evidence waiting at most; the oldest are dropped first: later boundaries need them in order, peers have them. */
const MOST_WAITING = 256;
/** After a failure that is nobody's success, wait this long before the next attempt. */
const RETRY_MS = 2_000;

/** Reverts that mean: somebody else did it, or it can no longer be done. */
const DONE = new Set([
  "CheckpointManagerBadHeight",
  "ElectionsAlreadySealed",
  "ElectionsNotNow",
  "RewardDistributorNotInOrder",
  "SlashingManagerAlreadyCharged",
  "SlashingManagerExpired",
  "SlashingManagerUnknownDomain",
]);

/**
 * Posts what validators owe the settlement chain. Everybody holds the same certificates, so all take turns: the one
 * whose turn it is posts at once, the k-th after it `k · turnMs` later unless the contracts show it done by then.
 */
export class OperatorDuties implements Duties {
  readonly #options: OperatorDutiesOptions;
  readonly #modules: OperatorDutiesModules;
  readonly #checkpoints = new Map<number, Due<CheckpointCertificate>>();
  readonly #evidence = new Map<string, Due<VoteEvidence>>();
  readonly #listeners = new Set<(event: Included) => void>();
  #seal: { epoch: number; at: Millis } | null = null;
  #accrual: { epoch: number; at: Millis } | null = null;
  #vectorOf: Parameters<Duties["accruals"]>[0] | null = null;
  #registry: Registry | null = null;
  #notBefore: Millis = 0;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: OperatorDutiesOptions, modules: OperatorDutiesModules) {
    this.#options = options;
    this.#modules = modules;
    this.#schedule();
  }

  checkpoint(certificate: CheckpointCertificate, registry: Registry): void {
    const { height } = certificate.checkpoint;
    if (this.#checkpoints.has(height)) return;
    this.#checkpoints.set(height, { item: certificate, registry, at: this.#turn(registry, height) });
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

  evidence(evidence: VoteEvidence, registry: Registry): void {
    const key = `${evidence.domain} ${evidence.seat} ${evidence.first.view} ${evidence.first.kind} ${evidence.second.kind}`;
    if (this.#evidence.has(key) || this.#evidence.size >= MOST_WAITING) return;
    this.#evidence.set(key, { item: evidence, registry, at: this.#turn(registry, evidence.first.view) });
    this.#wake();
  }

  onIncluded(listener: (event: Included) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  /** When this validator's turn for the `number`-th piece of work comes; never, if it has no seat. */
  #turn(registry: Registry, number: number): Millis {
    const seats = registry.entries.length;
    const own = registry.entries.findIndex((entry) => equalBytes(entry.key, this.#options.key));
    if (own < 0) return Number.POSITIVE_INFINITY;
    const rank = (((own - number) % seats) + seats) % seats;
    return this.#modules.clock() + rank * this.#options.turnMs;
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
        this.#modules.onTrouble(error instanceof Error ? error.message.split("\n", 1)[0]! : String(error));
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
      () => this.#postEvidence(),
      () => this.#accrueDue(),
    ]) {
      await work().catch((error: unknown) => outcomes.push(error));
    }
    if (outcomes.length > 0) throw outcomes[0];
  }

  async #postEvidence(): Promise<void> {
    for (const [key, due] of this.#evidence) {
      if (this.#closed || due.at > this.#modules.clock()) continue;
      const record = await this.#record(due.item.epoch);
      const done = await this.#attempt("evidence", () =>
        submitEvidence(this.#modules.sender, this.#options.network, this.#modules.bls, due.item, {
          incarnation: record.incarnation,
          mode: MODES[record.mode]!,
          registryRoot: due.registry.root,
        }),
      );
      if (done) this.#evidence.delete(key);
    }
  }

  async #postCheckpoints(): Promise<void> {
    for (const height of [...this.#checkpoints.keys()].sort((a, b) => a - b)) {
      const due = this.#checkpoints.get(height);
      if (due === undefined || this.#closed) return;
      if (due.at > this.#modules.clock()) continue;
      const last = await this.#last();
      if (height <= Number(last.height)) {
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
        done = await this.#attempt("checkpoint", () =>
          submitCheckpoint(sender, this.#options.network, due.item, due.registry, mode),
        );
      } catch (error) {
        // Somebody else's, included between the look and the simulation, can make that fail in several ways.
        if (height > Number((await this.#last()).height)) throw error;
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
      this.#seal = { epoch, at: this.#turn(this.#registry, epoch) + this.#options.turnMs };
    }
    if (this.#seal.at > this.#modules.clock()) return;
    const sealed = await this.#modules.sender.client.readContract({
      address: this.#options.network.addresses.elections,
      abi: electionsAbi,
      functionName: "sealOf",
      args: [BigInt(epoch)],
    });
    if (sealed === 0)
      await this.#attempt("seal", () => seal(this.#modules.sender, this.#options.network, epoch));
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
      this.#accrual = { epoch, at: this.#turn(this.#registry, epoch) };
    }
    if (this.#accrual.at > this.#modules.clock()) return;
    // Once in all turns, whatever comes of it.
    this.#accrual.at = this.#modules.clock() + this.#registry.entries.length * this.#options.turnMs;
    const boundary = await readBoundary(this.#modules.sender.client, this.#options.network, epoch);
    if (boundary === null) return;
    const vector = await this.#vector(epoch, boundary.accounting.vectorHash);
    if (vector === null) return;
    await this.#attempt("accrual", () =>
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

  #record(epoch: number) {
    return this.#modules.sender.client.readContract({
      address: this.#options.network.addresses.checkpoints,
      abi: checkpointManagerAbi,
      functionName: "epochRecord",
      args: [BigInt(epoch)],
    });
  }

  /** True if the work is off the table: done by us, or by somebody else. Other failures are thrown. */
  async #attempt(what: Included["what"], send: () => Promise<Sent>): Promise<boolean> {
    let sent: Sent;
    try {
      sent = await send();
    } catch (error) {
      if (error instanceof SdkError && error.revert !== undefined && DONE.has(error.revert.name)) return true;
      if (error instanceof SdkError && error.code === "TRANSACTION_FAILED") return false;
      throw error;
    }
    this.#tell({ what, transaction: sent.hash as Hex, gasUsed: sent.gasUsed, succeeded: true });
    return true;
  }

  #tell(event: Included): void {
    for (const listener of this.#listeners) listener(event);
  }
}
