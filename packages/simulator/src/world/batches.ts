import type { Block, Hash, Peer } from "@aitbc-hybrid/protocol";
import type { EventQueue } from "../events/index.ts";
import type { Random } from "../random.ts";
import { type Scenario, WORLD_START } from "../scenario.ts";
import type { BatchStore, Shell } from "../shell/index.ts";
import { named } from "../signatures.ts";

export interface BatchesModules {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly shellOf: (peer: Peer) => Shell | undefined;
}

/** Batches of transactions, which some take long to get, and some never. */
export class Batches implements BatchStore {
  readonly #options: { readonly scenario: Scenario };
  readonly #modules: BatchesModules;
  readonly #batches = new Map<Hash, { readonly owner: Peer; readonly kind: string }>();
  readonly #forced = new Map<Hash, { readonly from: number; readonly to: number }>();
  #count = 0;

  constructor(options: { readonly scenario: Scenario }, modules: BatchesModules) {
    this.#options = options;
    this.#modules = modules;
  }

  create(owner: Peer, kind: "plain" | "malformed" | "withheld"): Hash {
    const digest = named("batch", owner, this.#count++);
    this.#batches.set(digest, { owner, kind });
    return digest;
  }

  force(digest: Hash, from: number, to: number): void {
    this.#forced.set(digest, { from, to });
  }

  obtain(peer: Peer, block: Block): ReturnType<BatchStore["obtain"]> {
    const { scenario } = this.#options;
    const { queue, random, shellOf } = this.#modules;
    const delta = scenario.plan.params.delta[scenario.mode];
    let delay = random.between(0.2, delta / 10);
    const early = queue.now < WORLD_START + scenario.stabilization;
    if (early && random.chance(scenario.slowShare)) delay = random.between(0, scenario.slowest);
    const shell = shellOf(peer);
    if (shell !== undefined && shell.boot > 0 && shell.uptime < scenario.coldStart)
      delay = random.between(0, 6 * delta);
    let inboxFrom: number | null = null;
    for (const [at, digest] of block.body.batches.entries()) {
      const forced = this.#forced.get(digest);
      if (forced !== undefined) {
        if (at > 0 || forced.to !== block.header.inboxCursor) return null;
        inboxFrom = forced.from;
        continue;
      }
      const batch = this.#batches.get(digest);
      if (batch === undefined || batch.kind === "malformed") return null;
      if (batch.kind === "withheld" && batch.owner !== peer && random.chance(0.5)) delay += 4 * delta;
    }
    return { delay, inboxFrom };
  }
}
