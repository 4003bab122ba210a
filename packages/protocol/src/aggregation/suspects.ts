import type { Check, CheckResult, Registry } from "../types/index.ts";
import { Contradictions, evidenceOf, rootIn, type Statement, type Suspicion } from "./contradictions.ts";
import type { Job, Outbox } from "./outbox.ts";

/** Pairs of contradicting statements under verification. */
const MOST_SUSPICIONS = 32;

/** Has what contradicts each other verified, and makes evidence of what is true. */
export class Suspects {
  readonly #registry: Registry;
  readonly #outbox: Outbox;
  readonly #contradictions: Contradictions;
  #suspicions = 0;

  constructor(registry: Registry, termViews: number, outbox: Outbox) {
    this.#registry = registry;
    this.#outbox = outbox;
    this.#contradictions = new Contradictions(termViews);
  }

  /** Takes in a statement, in the place of what its sender said before of the same. */
  note(statement: Statement, before?: Statement | null): void {
    this.#suspect(this.#contradictions.note(statement, before));
  }

  /** Two votes are for the own replica to look into; anything else is verified here, each of the two alone. */
  #suspect(suspicions: readonly Suspicion[]): void {
    for (const suspicion of suspicions) {
      const { first, second } = suspicion;
      if (first.testimony.type === "vote" && second.testimony.type === "vote") {
        this.#outbox.emit({ type: "conflict", first: first.testimony.vote, second: second.testimony.vote });
        continue;
      }
      if (this.#suspicions >= MOST_SUSPICIONS) continue;
      this.#suspicions++;
      const registry = this.#registry.root;
      const signatures: Extract<Check, { what: "all" }>["signatures"][number][] = [];
      const certificates: Extract<Check, { what: "all" }>["certificates"][number][] = [];
      const order: Statement[] = [];
      for (const each of [first, second]) {
        const { testimony } = each;
        const root = rootIn(each);
        if (testimony.type === "vote" || testimony.type === "checkpointVote") {
          const { seat, signature } = testimony.vote;
          signatures.push({ registry, seat, root, signature });
          order.unshift(each);
        } else {
          const { bitmap, signature } = testimony.certificate;
          certificates.push({ registry, root, bitmap, signature });
          order.push(each);
        }
      }
      this.#outbox.verify(
        { what: "suspicion", suspicion, order },
        { what: "all", signatures, groups: [], certificates },
      );
    }
  }

  verified(
    { suspicion, order }: Extract<Job, { what: "suspicion" }>,
    { ok, failed }: Extract<CheckResult, { what: "all" }>,
  ): void {
    this.#suspicions--;
    if (ok) {
      this.#outbox.emit({ type: "evidence", evidence: evidenceOf(suspicion, this.#registry) });
      return;
    }
    const singles = order.filter(({ testimony }) => "vote" in testimony).length;
    const forged = order[failed!.part === "signature" ? failed!.index : singles + failed!.index]!;
    if (forged.from !== null)
      this.#outbox.emit({
        type: "ban",
        seat: forged.from,
        reason: "vote" in forged.testimony ? "forged vote" : "forged aggregate",
      });
    this.#suspect(this.#contradictions.clear(suspicion, forged));
  }

  /** Votes of terms below a view's are over, and checkpoints of views below `backed`. */
  forget(view: number, backed: number): void {
    this.#contradictions.forget(view, backed);
  }
}
