import { checkpointRootOf, type Hash, type SignIntent } from "@aitbc-hybrid/protocol";

interface Signed {
  /** Lowest view of a RESTART; null: none. */
  restart: number | null;
  readonly notarized: Map<number, string>;
  readonly finalized: Map<number, string>;
  readonly nullified: Set<number>;
  readonly checkpoints: Map<number, Hash>;
  /** Highest view of a checkpoint. */
  checkpointView: number;
}

/**
 * A node's own slashing protection, keyed by domain. It is the last line: the replica must never ask for what it has
 * to refuse.
 */
export class SlashingProtection {
  readonly #termViewsOf: (domain: Hash) => number;
  readonly #domains = new Map<Hash, Signed>();

  constructor(modules: { readonly termViewsOf: (domain: Hash) => number }) {
    this.#termViewsOf = modules.termViewsOf;
  }

  /** Takes note of an intent; or says why it must not be signed. */
  admit(intent: SignIntent): string | null {
    if (intent.what === "signal") return null;
    let signed = this.#domains.get(intent.domain);
    if (signed === undefined) {
      signed = {
        restart: null,
        notarized: new Map(),
        finalized: new Map(),
        nullified: new Set(),
        checkpoints: new Map(),
        checkpointView: 0,
      };
      this.#domains.set(intent.domain, signed);
    }
    if (intent.what === "restart") {
      const { view } = intent.restart;
      for (const w of signed.finalized.keys()) if (w > view) return `RESTART(${view}) after FINALIZE(${w})`;
      if (signed.checkpointView > view) return `RESTART(${view}) below a checkpoint`;
      signed.restart = Math.min(view, signed.restart ?? view);
      return null;
    }
    if (signed.restart !== null) return `a ${intent.what} after RESTART`;
    if (intent.what === "checkpoint") {
      const { height } = intent.checkpoint;
      const root = checkpointRootOf(intent.domain, intent.checkpoint);
      const known = signed.checkpoints.get(height);
      if (known !== undefined && known !== root) return `a second checkpoint at height ${height}`;
      signed.checkpoints.set(height, root);
      signed.checkpointView = Math.max(signed.checkpointView, intent.checkpoint.view);
      return null;
    }
    const { kind, view, parentView, blockHash } = intent.vote;
    const target = `${parentView}:${blockHash}`;
    const K = this.#termViewsOf(intent.domain);
    const first = view - ((view - 1) % K);
    if (kind === "nullify") {
      for (let w = view; w < first + K; w++)
        if (signed.finalized.has(w)) return `NULLIFY(${view}) after FINALIZE(${w})`;
      signed.nullified.add(view);
      return null;
    }
    const notarized = signed.notarized.get(view);
    const finalized = signed.finalized.get(view);
    if ((notarized ?? target) !== target) return `${kind} of a second block in view ${view}`;
    if ((finalized ?? target) !== target) return `${kind} beside another FINALIZE in view ${view}`;
    if (kind === "notarize") signed.notarized.set(view, target);
    else {
      for (let u = first; u <= view; u++)
        if (signed.nullified.has(u)) return `FINALIZE(${view}) after NULLIFY(${u})`;
      signed.finalized.set(view, target);
    }
    return null;
  }
}
