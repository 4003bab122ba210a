import type { Check, CheckResult, Registry } from "../types/index.ts";
import { Contradictions, evidenceOf, rootIn, type Statement, type Suspicion } from "./contradictions.ts";
import type { Job, Outbox } from "./outbox.ts";

/** Pairs of contradicting statements under verification. */
const MOST_SUSPICIONS = 32;
/** Statements that are looked at once some of these are verified. */
const MOST_UNSEEN = 256;

/** Has what contradicts each other verified, and makes evidence of what is true. */
export class Suspects {
  readonly #registry: Registry;
  readonly #outbox: Outbox;
  readonly #contradictions: Contradictions;
  #suspicions = 0;
  readonly #unseen = new Set<Statement>();

  constructor(registry: Registry, termViews: number, outbox: Outbox) {
    this.#registry = registry;
    this.#outbox = outbox;
    this.#contradictions = new Contradictions(termViews);
  }

  /** Takes in a statement, in the place of what its sender said before of the same. */
  note(statement: Statement, before?: Statement | null): void {
    if (this.#contradictions.note(statement, before)) this.#look(statement);
  }

  /** Looks for what contradicts a statement; the rest later, if there is more than may be under verification. */
  #look(statement: Statement): void {
    for (;;) {
      const room = MOST_SUSPICIONS - this.#suspicions;
      if (room <= 0) {
        if (this.#unseen.size < MOST_UNSEEN) this.#unseen.add(statement);
        return;
      }
      const found = this.#contradictions.against(statement, room);
      for (const suspicion of found) this.#suspect(suspicion);
      if (found.length < room) return;
    }
  }

  /** Two votes are for the own replica to look into; anything else is verified here, each of the two alone. */
  #suspect(suspicion: Suspicion): void {
    const { first, second } = suspicion;
    if (first.testimony.type === "vote" && second.testimony.type === "vote") {
      this.#outbox.emit({ type: "conflict", first: first.testimony.vote, second: second.testimony.vote });
      return;
    }
    this.#suspicions++;
    const registry = this.#registry.root;
    const signatures: Extract<Check, { what: "all" }>["signatures"][number][] = [];
    const certificates: Extract<Check, { what: "all" }>["certificates"][number][] = [];
    const singles: Statement[] = [];
    const aggregates: Statement[] = [];
    for (const each of [first, second]) {
      const { testimony } = each;
      const root = rootIn(each);
      if (testimony.type === "vote" || testimony.type === "checkpointVote") {
        const { seat, signature } = testimony.vote;
        signatures.push({ registry, seat, root, signature });
        singles.push(each);
      } else {
        const { bitmap, signature } = testimony.certificate;
        certificates.push({ registry, root, bitmap, signature });
        aggregates.push(each);
      }
    }
    this.#outbox.verify(
      { what: "suspicion", suspicion, singles, aggregates },
      { what: "all", signatures, groups: [], certificates },
    );
  }

  verified(
    { suspicion, singles, aggregates }: Extract<Job, { what: "suspicion" }>,
    { ok, failed }: Extract<CheckResult, { what: "all" }>,
  ): void {
    this.#suspicions--;
    if (ok) {
      this.#contradictions.convict(suspicion);
      this.#outbox.emit({ type: "evidence", evidence: evidenceOf(suspicion, this.#registry) });
    } else {
      const forged = (failed!.part === "signature" ? singles : aggregates)[failed!.index]!;
      if (forged.from !== null)
        this.#outbox.emit({
          type: "ban",
          seat: forged.from,
          reason: "vote" in forged.testimony ? "forged vote" : "forged aggregate",
        });
      this.#look(this.#contradictions.clear(suspicion, forged));
    }
    for (const statement of this.#unseen) {
      if (this.#suspicions >= MOST_SUSPICIONS) return;
      this.#unseen.delete(statement);
      this.#look(statement);
    }
  }

  /** Votes of terms below a view's are over, and checkpoints of views below `backed`. */
  forget(view: number, backed: number): void {
    this.#contradictions.forget(view, backed);
  }
}
