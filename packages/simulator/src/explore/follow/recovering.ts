import { type Activation, type DurableRecord, type Effect, hashOf } from "@aitbc-hybrid/protocol";
import type { Local } from "../local.ts";
import type { Contracts, Recovery } from "./contracts.ts";
import { isIn } from "./epochs.ts";
import { at } from "./replicas.ts";
import type { Shared } from "./shared.ts";
import type { Domain, Node, Outcome } from "./types.ts";

/** What nodes do in a recovery and after it. */
export class Recovering {
  readonly #shared: Shared;
  readonly #contracts: Contracts;

  constructor(shared: Shared, contracts: Contracts) {
    this.#shared = shared;
    this.#contracts = contracts;
  }

  restart(node: Node, { view }: { readonly view: number }): Outcome {
    const recovery = this.#contracts.recovery!;
    const { domain } = recovery;
    if (node.domain !== domain) return "over";
    const wanted = view === 0 ? [] : this.#shared.certificates.chain(domain, view);
    const posted = recovery.posted.flatMap((each) => this.#shared.certificates.chain(domain, each.view));
    node.local = this.#shared.replicas.giveAll(node.local, [...posted, ...wanted]);
    const { params, registry, start } = node.local.state.epoch;
    const signed = node.local.state.signedCheckpoint?.stamp ?? start.parent.stamp;
    const quiet = start.mode === "fast" ? signed + registry.params.lease + 2 * params.drift : 0;
    node.local = this.#shared.replicas.give(at(node.local, quiet), {
      type: "contracts",
      reading: this.#contracts.reading(),
    });
    const own = node.local.state.ownRestart;
    if (own === null) return "different";
    const hash = view === 0 ? start.parent.hash : wanted.at(-1)?.blockHash;
    if (own.view === view && own.blockHash === hash) return "same";
    return this.#isAllowed(node.local, recovery, own.view) ? "other" : "different";
  }

  /** The model's conditions for another view than its own choice, with the FINALIZE votes that this replica signed. */
  #isAllowed({ state }: Local, { domain, posted }: Recovery, view: number): boolean {
    const isCertified = view === 0 || this.#shared.certificates.blockAt(domain, view) !== null;
    const highest = posted.at(-1)?.view ?? 0;
    return (
      isCertified &&
      (domain.mode === "fast" && highest > 0 ? view === highest : view >= highest) &&
      state.finalizedView <= view
    );
  }

  /** Brings a node from wherever it is to the contracts' epoch and incarnation. */
  resume(node: Node): "same" | "different" {
    const path: Domain[] = [];
    for (let at: Domain | null = this.#contracts.now; at !== null && at !== node.domain; at = at.from)
      path.unshift(at);
    const activations = path.flatMap(({ by }) => (by !== null && "incarnation" in by ? [by] : []));
    node.local = at(node.local, this.#contracts.settled);
    for (const activation of activations) node.local = this.#learn(node.local, activation);
    for (const next of path) {
      if (isIn(node.local, next)) continue;
      const { by, from } = next;
      if (by === null || from === null) continue;
      if ("incarnation" in by) {
        node.local = this.#shared.replicas.giveAll(
          node.local,
          by.view === 0 ? [] : this.#shared.certificates.chain(from, by.view),
        );
      } else if (isIn(node.local, from)) {
        const there: Node = { ...node, domain: from };
        this.#shared.epochs.bringFinal(there, next.root);
        node.local = this.#shared.replicas.tell(there.local, {
          type: "checkpointCertificate",
          certificate: by,
        });
      }
    }
    node.domain = this.#contracts.now;
    return isIn(node.local, this.#contracts.now) ? "same" : "different";
  }

  /** A replica that has gone on to a later epoch starts again from the records of the one that was recovered. */
  #learn(local: Local, activation: Activation): Local {
    let earlier: { readonly epoch: number; readonly incarnation: number } | null = null;
    const around = this.#shared.replicas.around(local.seat);
    const told = this.#shared.replicas.run(local, [{ type: "activated", activation }], {
      ...around,
      saw: (effect: Effect) => {
        around.saw(effect);
        if (effect.type === "resume") earlier = effect;
      },
    });
    if (earlier === null) return told;
    const { epoch, incarnation } = earlier as { readonly epoch: number; readonly incarnation: number };
    const isStart = (record: DurableRecord): boolean => record.type === "epoch";
    const from = told.log.findIndex(
      (record) =>
        record.type === "epoch" && record.start.epoch === epoch && record.start.incarnation === incarnation,
    );
    const to = told.log.findIndex((record, at) => at > from && isStart(record));
    const records = told.log.slice(from, to < 0 ? undefined : to);
    const { registries } = this.#shared.instance;
    const restored = this.#shared.replicas.reducer.restoreReplica(
      told.state.config,
      registries,
      records,
      told.now,
      [activation],
    );
    const finals = this.#finalsOf(told.log, epoch, incarnation);
    return this.#shared.replicas.started({ ...told, state: restored.state, finals }, restored.effects);
  }

  /** Final blocks recorded up to the end of an epoch. */
  #finalsOf(log: readonly DurableRecord[], epoch: number, incarnation: number): string[] {
    const finals: string[] = [];
    let isPast = false;
    for (const record of log) {
      if (record.type === "epoch" && isPast) break;
      if (record.type === "epoch")
        isPast = record.start.epoch === epoch && record.start.incarnation === incarnation;
      else if (record.type === "final") finals.push(this.#shared.blocks.nameOf(hashOf(record.block))!);
    }
    return finals;
  }
}
