import type { Activation, ContractsReading, Millis, PostedCertificate } from "@aitbc-hybrid/protocol";
import { START } from "../../twins/index.ts";
import { isIn } from "./epochs.ts";
import { at } from "./replicas.ts";
import { settledAt } from "./settled.ts";
import type { Shared } from "./shared.ts";
import { type Domain, FIRST_EPOCH, type Node } from "./types.ts";

/** Later than every clock. */
const GRACE: Millis = 1e15;

export interface Recovery {
  readonly domain: Domain;
  readonly graceEnd: Millis;
  readonly over: boolean;
  readonly posted: readonly PostedCertificate[];
}

/** What the model's contracts did: accepted blocks, recoveries, leaks. */
export class Contracts {
  readonly #shared: Shared;
  #accepted = 0;
  #now: Domain;
  #recovery: Recovery | null = null;
  #opened = 0;
  /** They took somebody's stake out of the count of the open recovery. */
  #leaking = false;
  #leaks = 0;

  constructor(shared: Shared) {
    this.#shared = shared;
    this.#now = shared.epochs.first;
  }

  /** The contracts' domain. */
  get now(): Domain {
    return this.#now;
  }

  get recovery(): Recovery | null {
    return this.#recovery;
  }

  /** Recoveries that a leak made possible. */
  get leaks(): number {
    return this.#leaks;
  }

  /** Since when the settlement chain accepted nothing, as the nodes' clocks are set. */
  get settled(): Millis {
    return settledAt(this.#shared.instance, this.#now.incarnation);
  }

  reading(): ContractsReading {
    const recovery = this.#recovery;
    return {
      at: recovery === null ? START : recovery.graceEnd + (recovery.over ? 1 : -1),
      epoch: FIRST_EPOCH + this.#now.epoch,
      incarnation: this.#now.incarnation,
      settledAt: this.settled,
      acceptedHeight: this.#shared.blocks.heightOf(this.#accepted),
      recovery:
        recovery === null
          ? null
          : {
              graceEnd: recovery.graceEnd,
              posted: recovery.posted.map(({ view, blockHash, parentView }) => ({
                view,
                blockHash,
                parentView,
              })),
            },
    };
  }

  /** What is wrong then; null: nothing. */
  accept(block: number): string | null {
    this.#accepted = block;
    if (!this.#shared.blocks.isLast(this.#now, block)) return null;
    this.#recovery = null;
    const { epoch, incarnation } = this.#now;
    const next = this.#shared.epochs.find(epoch + 1, incarnation);
    if (next === undefined) return this.#enterFirst(block);
    this.#now = next;
    return null;
  }

  open(): void {
    this.#recovery = {
      domain: this.#now,
      graceEnd: GRACE + 10 * this.#opened++,
      over: false,
      posted: [],
    };
  }

  post({ view }: { readonly view: number }): void {
    const recovery = this.#recovery!;
    const certificate = this.#shared.certificates.blockAt(recovery.domain, view)!;
    const { blockHash, parentView } = certificate;
    const posted = [...recovery.posted, { view, blockHash, parentView }];
    this.#recovery = { ...recovery, posted };
  }

  endGrace(): void {
    if (this.#recovery !== null) this.#recovery = { ...this.#recovery, over: true };
  }

  leak(): void {
    this.#leaking = true;
  }

  /** What is wrong then; null: nothing. */
  activate({ view, block }: { readonly view: number; readonly block: number }): string | null {
    const { domain } = this.#recovery!;
    const blockHash =
      view === 0
        ? domain.leader.state.epoch.start.parent.hash
        : this.#shared.certificates.blockAt(domain, view)!.blockHash;
    const incarnation = domain.incarnation + 1;
    const epoch = domain.epoch + 1;
    const registry = domain.next;
    const activation: Activation = {
      epoch: FIRST_EPOCH + domain.epoch,
      incarnation,
      registry: registry.root,
      view,
      blockHash,
    };
    const told = this.#shared.replicas.giveAll(
      at(domain.leader, settledAt(this.#shared.instance, incarnation)),
      view === 0 ? [] : this.#shared.certificates.chain(domain, view),
    );
    const leader = this.#shared.replicas.give(told, { type: "activated", activation });
    const next: Domain = {
      epoch,
      incarnation,
      mode: "secure",
      registry,
      next: registry,
      root: block,
      from: domain,
      by: activation,
      leader,
    };
    this.#shared.epochs.add(next);
    this.#now = next;
    this.#accepted = block;
    this.#recovery = null;
    if (this.#leaking) this.#leaks++;
    this.#leaking = false;
    return isIn(leader, next) ? null : `nobody can begin after a recovery at ${block}`;
  }

  /** The contracts may be the first to begin an epoch. */
  #enterFirst(block: number): string | null {
    const domain = this.#now;
    const leading: Node = { local: domain.leader, domain, pastLease: null };
    const isBegun = this.#shared.epochs.begin(leading, block) === "same";
    this.#now = leading.domain;
    return isBegun ? null : `nobody can begin an epoch after block ${block}`;
  }
}
