import { fromBitmap } from "../codec/index.ts";
import { slashable } from "../evidence/index.ts";
import { termOf } from "../leader.ts";
import { checkpointRootOf, rootOf } from "../memo.ts";
import { hasSeat } from "../quorum.ts";
import type {
  Certificate,
  CheckpointCertificate,
  CheckpointTestimony,
  CheckpointVote,
  Evidence,
  Hash,
  Registry,
  Seat,
  Testimony,
  Vote,
} from "../types/index.ts";

/** A single vote, in the form in which it travels. */
export type Ballot =
  | { readonly type: "vote"; readonly vote: Vote }
  | { readonly type: "checkpointVote"; readonly vote: CheckpointVote };

/** Something signed that came to this node. */
export interface Statement {
  readonly testimony: Ballot | CheckpointTestimony | Extract<Testimony, { readonly type: "certificate" }>;
  /** Who sent it; null: it is verified. */
  readonly from: Seat | null;
}

/** Two statements that some keys must not have signed both, if they signed them. */
export interface Suspicion {
  readonly first: Statement;
  readonly second: Statement;
  /** Who is in both. */
  readonly seats: readonly Seat[];
}

/** Aggregates kept of a term: of all subnets by all their aggregators, of a handful of votes. */
const MOST_AGGREGATES = 2_048;
/** Different votes kept of a signer in a slot. */
const MOST_OF_SIGNER = 16;

/** Statements that may contradict each other: votes of a term, or checkpoints of a height. */
interface Slot {
  /** Highest view of them. */
  view: number;
  readonly aggregates: Statement[];
  readonly ballots: Map<Seat, Statement[]>;
  /** What the statements sign, each once, and what contradicts it. Honest ones are thousands of few, and agree. */
  readonly contradicting: Map<Hash, { readonly of: Statement; readonly by: Set<Hash> }>;
  /** Who is suspected already, and by what. */
  readonly told: Set<string>;
}

const contentOf = ({ testimony }: Statement): Vote | CheckpointVote | Certificate | CheckpointCertificate =>
  testimony.type === "vote" || testimony.type === "checkpointVote" ? testimony.vote : testimony.certificate;

/** What a statement's signature signs. */
export function rootIn(statement: Statement): Hash {
  const content = contentOf(statement);
  return "checkpoint" in content
    ? checkpointRootOf(content.domain, content.checkpoint)
    : rootOf(content.domain, content);
}

const signedBy = ({ testimony }: Statement, seat: Seat): boolean =>
  testimony.type === "vote" || testimony.type === "checkpointVote"
    ? testimony.vote.seat === seat
    : hasSeat(testimony.certificate.bitmap, seat);

const signersOf = ({ testimony }: Statement): readonly Seat[] =>
  testimony.type === "vote" || testimony.type === "checkpointVote"
    ? [testimony.vote.seat]
    : fromBitmap(testimony.certificate.bitmap);

const isBallot = ({ testimony }: Statement): boolean =>
  testimony.type === "vote" || testimony.type === "checkpointVote";

/**
 * What came of each term near the current one, single votes and aggregates alike: a key that is in two that contradict
 * each other is convicted by them (section 7), although neither may ever become part of a certificate.
 */
export class Contradictions {
  readonly #termViews: number;
  /** By slot. */
  readonly #votes = new Map<number, Slot>();
  /** By height. */
  readonly #checkpoints = new Map<number, Slot>();

  constructor(termViews: number) {
    this.#termViews = termViews;
  }

  /**
   * Takes in a statement of well-formed content, in the place of what its sender said before of the same; answers with
   * whom it makes suspect, each by one pair.
   */
  note(statement: Statement, before: Statement | null = null): readonly Suspicion[] {
    const slot = this.#slotOf(statement);
    const root = rootIn(statement);
    if (isBallot(statement)) {
      const [seat] = signersOf(statement) as [Seat];
      const held = slot.ballots.get(seat) ?? [];
      if (held.length >= MOST_OF_SIGNER || held.some((each) => rootIn(each) === root)) return [];
      slot.ballots.set(seat, [...held, statement]);
    } else {
      const at = before === null ? -1 : slot.aggregates.indexOf(before);
      if (at >= 0) slot.aggregates[at] = statement;
      else if (slot.aggregates.length >= MOST_AGGREGATES) return [];
      else slot.aggregates.push(statement);
    }
    this.#compare(slot, statement, root);
    return this.#against(slot, statement);
  }

  /** Compares what a statement signs with all that others of its slot sign, if it is new there. */
  #compare({ contradicting }: Slot, statement: Statement, root: Hash): void {
    if (contradicting.has(root)) return;
    const by = new Set<Hash>();
    for (const [other, known] of contradicting) {
      if (!contradictory(known.of, statement, this.#termViews)) continue;
      by.add(other);
      known.by.add(root);
    }
    contradicting.set(root, { of: statement, by });
  }

  #slotOf(statement: Statement): Slot {
    const content = contentOf(statement);
    const [slots, key, view] =
      "checkpoint" in content
        ? [this.#checkpoints, content.checkpoint.height, content.checkpoint.view]
        : [this.#votes, termOf(content.view, this.#termViews), content.view];
    let slot = slots.get(key);
    if (slot === undefined) {
      slot = { view, aggregates: [], ballots: new Map(), contradicting: new Map(), told: new Set() };
      slots.set(key, slot);
    }
    if (view > slot.view) slot.view = view;
    return slot;
  }

  #against(slot: Slot, statement: Statement): readonly Suspicion[] {
    const by = slot.contradicting.get(rootIn(statement))?.by;
    if (by === undefined || by.size === 0) return [];
    const found: Suspicion[] = [];
    const suspect = (other: Statement, of: readonly Seat[]): void => {
      const seats = of.filter(
        (seat) => signedBy(other, seat) && !slot.told.has(nameOf(other, statement, seat)),
      );
      if (seats.length === 0) return;
      for (const seat of seats) slot.told.add(nameOf(other, statement, seat));
      found.push({ first: other, second: statement, seats });
    };
    const signers = signersOf(statement);
    for (const other of slot.aggregates) if (by.has(rootIn(other))) suspect(other, signers);
    for (const seat of signers)
      for (const other of slot.ballots.get(seat) ?? []) if (by.has(rootIn(other))) suspect(other, [seat]);
    return found;
  }

  /** A suspicion came to nothing, since something in it is forged: its keys are suspected by what else there is. */
  clear({ first, second, seats }: Suspicion, forged: Statement): readonly Suspicion[] {
    const slot = this.#slotOf(second);
    for (const seat of seats) slot.told.delete(nameOf(first, second, seat));
    const at = slot.aggregates.indexOf(forged);
    if (at >= 0) slot.aggregates.splice(at, 1);
    if (isBallot(forged)) {
      const [seat] = signersOf(forged) as [Seat];
      const held = slot.ballots.get(seat) ?? [];
      slot.ballots.set(
        seat,
        held.filter((each) => each !== forged),
      );
    }
    return slot.aggregates.flatMap((each) => this.#against(slot, each));
  }

  /** Votes of terms below a view's are over, and checkpoints of views below `backed`. */
  forget(view: number, backed: number): void {
    const lowest = termOf(view, this.#termViews);
    for (const term of this.#votes.keys()) if (term < lowest) this.#votes.delete(term);
    for (const [height, slot] of this.#checkpoints) if (slot.view < backed) this.#checkpoints.delete(height);
  }
}

/** A forged vote must not stand for an aggregate of the same: who is suspected by the one may be by the other. */
function nameOf(a: Statement, b: Statement, seat: Seat): string {
  const [first, second] = [a, b].map((each) => `${rootIn(each)}${isBallot(each)}`) as [string, string];
  return first < second ? `${seat} ${first} ${second}` : `${seat} ${second} ${first}`;
}

function contradictory(a: Statement, b: Statement, termViews: number): boolean {
  const [first, second] = [contentOf(a), contentOf(b)];
  if ("checkpoint" in first && "checkpoint" in second)
    return first.checkpoint.height === second.checkpoint.height && rootIn(a) !== rootIn(b);
  return !("checkpoint" in first) && !("checkpoint" in second) && slashable(first, second, termViews);
}

/** What two verified statements prove of those in both. */
export function evidenceOf({ first, second, seats }: Suspicion, registry: Registry): Evidence {
  const { epoch, domain } = contentOf(first);
  const [a, b] = isBallot(second) && !isBallot(first) ? [second, first] : [first, second];
  if (a.testimony.type === "vote" && b.testimony.type === "vote") {
    const { vote } = a.testimony;
    const { seat } = vote;
    const { validatorId } = registry.entries[seat]!;
    return { what: "votes", epoch, domain, seat, validatorId, first: vote, second: b.testimony.vote };
  }
  return {
    what: "checkpoint" in contentOf(a) ? "checkpoints" : isBallot(a) ? "member" : "certificates",
    epoch,
    domain,
    seats,
    validatorIds: seats.map((seat) => registry.entries[seat]!.validatorId),
    first: a.testimony,
    second: b.testimony,
    chain: [],
  };
}
