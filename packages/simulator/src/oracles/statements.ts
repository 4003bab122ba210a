import {
  type Checkpoint,
  checkpointsSlashable,
  type Hash,
  type SignIntent,
  signingRoot,
} from "@aitbc-hybrid/protocol";
import type { Domains } from "./domains.ts";
import { intentOffence, termOf } from "./offences.ts";

type Statement = Exclude<SignIntent, { what: "signal" }>;

/** What honest keys signed, sent or not: no two signatures of one key may be an offence (section 10). */
export class Statements {
  readonly #all = new Map<number, Statement[]>();
  readonly #groups = new Map<number, Map<string, { readonly root: Hash; readonly intent: Statement }[]>>();
  readonly #checkpoints = new Map<Hash, Checkpoint>();
  readonly #domains: Domains;
  readonly #fail: (what: string) => void;

  constructor(modules: { readonly domains: Domains; readonly fail: (what: string) => void }) {
    this.#domains = modules.domains;
    this.#fail = modules.fail;
  }

  /** The contracts' predicate over all pairs of signatures of an honest key, over epochs and incarnations. */
  add(validator: number, intent: SignIntent): void {
    if (intent.what === "signal") return;
    const root = signingRoot(intent);
    const groups = this.#groups.get(validator) ?? new Map<string, { root: Hash; intent: Statement }[]>();
    this.#groups.set(validator, groups);
    const restarts = groups.get("restart") ?? [];
    const group = groups.get(this.#groupOf(intent)) ?? [];
    if (group.some((each) => each.root === root)) return;
    groups.set(this.#groupOf(intent), group);
    const statements = this.#all.get(validator) ?? [];
    this.#all.set(validator, statements);
    // Only signatures of one term or of one checkpoint height can be an offence, and a RESTART beside anything.
    const others =
      intent.what === "restart" ? statements : [...group, ...restarts].map((each) => each.intent);
    for (const other of others) {
      const offence = intentOffence(other, intent, (domain) => this.#domains.eraOf(domain));
      if (offence !== null)
        this.#fail(
          `honest validator ${validator} signed ${offence} (${describeStatement(other)}, ${describeStatement(intent)})`,
        );
    }
    if (intent.what === "checkpoint") this.#checkpoint(validator, intent, root, statements);
    group.push({ root, intent });
    statements.push(intent);
  }

  #groupOf(intent: Statement): string {
    switch (intent.what) {
      case "restart":
        return "restart";
      case "checkpoint":
        return `${intent.domain}h${intent.checkpoint.height}`;
      default:
        return `${intent.domain}t${termOf(intent.vote.view, this.#domains.termViewsOf(intent.domain))}`;
    }
  }

  /** Checkpoints of one key in one domain are of one chain. */
  #checkpoint(
    validator: number,
    intent: Extract<SignIntent, { what: "checkpoint" }>,
    root: Hash,
    statements: readonly Statement[],
  ): void {
    this.#checkpoints.set(root, intent.checkpoint);
    for (const other of statements) {
      if (other.what !== "checkpoint" || other.domain !== intent.domain) continue;
      const [lower, higher] =
        other.checkpoint.height < intent.checkpoint.height ? [other, intent] : [intent, other];
      const chain: Checkpoint[] = [];
      let above = higher.checkpoint;
      for (;;) {
        const below = this.#checkpoints.get(above.previous);
        if (below === undefined || above.height <= lower.checkpoint.height) break;
        chain.push(below);
        above = below;
      }
      if (checkpointsSlashable(intent.domain, lower.checkpoint, higher.checkpoint, chain))
        this.#fail(`honest validator ${validator} signed checkpoints of two chains`);
    }
  }
}

function describeStatement(intent: Statement): string {
  if (intent.what === "checkpoint") return `checkpoint ${intent.checkpoint.height}`;
  if (intent.what === "restart") return `RESTART ${intent.restart.view} of epoch ${intent.epoch}`;
  const { kind, view, parentView, blockHash: hash } = intent.vote;
  return `${kind} ${view}<-${parentView} ${hash.slice(0, 10)} in epoch ${intent.epoch}`;
}
