import type { Bls } from "@aitbc-hybrid/crypto";
import { equalBytes, type Hex, type Millis, type Registry } from "@aitbc-hybrid/protocol";
import { type Network, SdkError, type Sender, type Sent } from "@aitbc-hybrid/sdk";
import type { Duties, Duty, Unsubscribe } from "./types.ts";

export interface DeskOptions {
  readonly network: Network;
  /** Compressed BLS key of this validator: it decides when its turn comes. */
  readonly key: Uint8Array;
  /** How long each validator in the rotation has before the next one steps in, ms. */
  readonly turnMs: Millis;
  /** Validators charged in one transaction, of those that were convicted or left out together. */
  readonly chargesAtOnce: number;
}

export interface DeskModules {
  /** The operator's account, which pays the gas. */
  readonly sender: Sender;
  readonly bls: Pick<Bls, "aggregateSignatures">;
  readonly clock: () => Millis;
  /** Told what failed; it is tried again. */
  readonly onTrouble: (sentence: string) => void;
  /** Told what an operator wants to know of. */
  readonly onNote: (sentence: string) => void;
}

type Included = Parameters<Parameters<Duties["onIncluded"]>[0]>[0];

/** Reverts that mean: somebody else did it, or it can no longer be done. */
const DONE = new Set([
  "CheckpointManagerBadHeight",
  "ElectionsAlreadySealed",
  "ElectionsNotNow",
  "HybridManagerAlreadyOpen",
  "HybridManagerBelowFloor",
  "HybridManagerNotHigher",
  "HybridManagerNotLeft",
  "HybridManagerNotOpen",
  "HybridManagerNotYet",
  "HybridManagerNothingToLeak",
  "HybridManagerTooFewStakers",
  "RewardDistributorNotInOrder",
  "SlashingManagerAlreadyCharged",
  "SlashingManagerExpired",
  "SlashingManagerUnknownDomain",
  "SlashingManagerUnknownGroup",
]);

/** What every duty needs: the rotation, and transactions that somebody else may have sent before. */
export class Desk {
  readonly options: DeskOptions;
  readonly modules: DeskModules;
  readonly #listeners = new Set<(event: Included) => void>();

  constructor(options: DeskOptions, modules: DeskModules) {
    this.options = options;
    this.modules = modules;
  }

  now(): Millis {
    return this.modules.clock();
  }

  /** When this validator's turn for the `number`-th piece of work comes; never, if it has no seat. */
  turn(registry: Registry, number: number): Millis {
    const seats = registry.entries.length;
    const own = registry.entries.findIndex((entry) => equalBytes(entry.key, this.options.key));
    if (own < 0) return Number.POSITIVE_INFINITY;
    const rank = (((own - number) % seats) + seats) % seats;
    return this.now() + rank * this.options.turnMs;
  }

  /**
   * Null if the work is off the table: somebody else did it, or it can no longer be done. Undefined if the chain changed
   * under the transaction: to be looked at again. Other failures are thrown.
   */
  async send<T extends Sent>(what: Duty, send: () => Promise<T>): Promise<T | null | undefined> {
    let sent: T;
    try {
      sent = await send();
    } catch (error) {
      if (revertOf(error) !== null && DONE.has(revertOf(error)!)) return null;
      if (error instanceof SdkError && error.code === "TRANSACTION_FAILED") return undefined;
      throw error;
    }
    const event = { what, transaction: sent.hash as Hex, gasUsed: sent.gasUsed, succeeded: true };
    for (const listener of this.#listeners) listener(event);
    return sent;
  }

  /** True if the work is off the table: done by us, or by somebody else. */
  async attempt(what: Duty, send: () => Promise<Sent>): Promise<boolean> {
    return (await this.send(what, send)) !== undefined;
  }

  onIncluded(listener: (event: Included) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Name of the contracts' error that a call ended with; null: another failure. */
export const revertOf = (error: unknown): string | null =>
  error instanceof SdkError && error.revert !== undefined ? error.revert.name : null;

/** The first line of what went wrong. */
export const firstLine = (error: unknown): string =>
  error instanceof Error ? error.message.split("\n", 1)[0]! : String(error);
