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
/** Different statements of which aggregates are kept in a slot: honest aggregators need a handful. */
const MOST_AGGREGATED = 256;
/** Different votes kept of a signer in a slot. */
const MOST_OF_SIGNER = 16;
/** Checkpoints kept of a signer in a view: that of its block, and one that it must not sign. Their heights are what it says. */
const MOST_OF_VIEW = 2;

/** Statements that may contradict each other: votes of a term, or checkpoints of a height. */
interface Slot {
  /** Highest view of them. */
  view: number;
  /** By what they sign. Honest ones are thousands of few. */
  readonly aggregates: Map<Hash, Statement[]>;
  readonly ballots: Map<Seat, Statement[]>;
  /** One statement of each, as long as none contradicts another: so nothing is looked for where all agree. Null: some do. */
  agreeing: Map<Hash, Statement> | null;
  /** Who is suspected already, by pairs of what two statements sign. */
  readonly told: Map<string, Set<Seat>>;
  /** Of whom one pair was verified: nothing more is to be found out. */
  readonly convicted: Set<Seat>;
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
  /** How many checkpoints are kept of whom, by view. */
  readonly #checkpointsOf = new Map<number, Map<Seat, number>>();

  constructor(termViews: number) {
    this.#termViews = termViews;
  }

  /**
   * Takes in a statement of well-formed content, in the place of what its sender said before of the same; false: it is
   * known, or too much.
   */
  note(statement: Statement, before: Statement | null = null): boolean {
    const slot = this.#slotOf(statement);
    const isKept = isBallot(statement)
      ? this.#keepBallot(slot, statement)
      : this.#keepAggregate(slot, statement, before);
    if (isKept) this.#compare(slot, statement);
    return isKept;
  }

  #keepBallot({ ballots }: Slot, statement: Statement): boolean {
    const [seat] = signersOf(statement) as [Seat];
    const held = ballots.get(seat) ?? [];
    const root = rootIn(statement);
    if (held.length >= MOST_OF_SIGNER || held.some((each) => rootIn(each) === root)) return false;
    const content = contentOf(statement);
    if ("checkpoint" in content) {
      const { view } = content.checkpoint;
      let counts = this.#checkpointsOf.get(view);
      if (counts === undefined) {
        counts = new Map();
        this.#checkpointsOf.set(view, counts);
      }
      const count = counts.get(seat) ?? 0;
      if (count >= MOST_OF_VIEW) return false;
      counts.set(seat, count + 1);
    }
    ballots.set(seat, [...held, statement]);
    return true;
  }

  #keepAggregate({ aggregates }: Slot, statement: Statement, before: Statement | null): boolean {
    const root = rootIn(statement);
    const held = aggregates.get(root);
    const at = before === null || held === undefined ? -1 : held.indexOf(before);
    if (at >= 0) {
      held![at] = statement;
      return true;
    }
    // What is verified is always taken: nobody makes room for a lie by filling it.
    if (statement.from !== null) {
      if (held === undefined && aggregates.size >= MOST_AGGREGATED) return false;
      let count = 0;
      for (const { length } of aggregates.values()) count += length;
      if (count >= MOST_AGGREGATES) return false;
    }
    if (held === undefined) aggregates.set(root, [statement]);
    else held.push(statement);
    return true;
  }

  #compare(slot: Slot, statement: Statement): void {
    const { agreeing } = slot;
    if (agreeing === null) return;
    const root = rootIn(statement);
    if (agreeing.has(root)) return;
    for (const other of agreeing.values())
      if (contradictory(other, statement, this.#termViews)) {
        slot.agreeing = null;
        return;
      }
    agreeing.set(root, statement);
  }

  #slotOf(statement: Statement): Slot {
    const content = contentOf(statement);
    const [slots, key, view] =
      "checkpoint" in content
        ? [this.#checkpoints, content.checkpoint.height, content.checkpoint.view]
        : [this.#votes, termOf(content.view, this.#termViews), content.view];
    let slot = slots.get(key);
    if (slot === undefined) {
      slot = {
        view,
        aggregates: new Map(),
        ballots: new Map(),
        agreeing: new Map(),
        told: new Map(),
        convicted: new Set(),
      };
      slots.set(key, slot);
    }
    if (view > slot.view) slot.view = view;
    return slot;
  }

  /** Whom a statement that was taken in makes suspect and nothing did before, each by one pair; so many pairs at most. */
  against(statement: Statement, most: number): readonly Suspicion[] {
    const slot = this.#slotOf(statement);
    const found: Suspicion[] = [];
    if (slot.agreeing !== null || !isIn(slot, statement)) return found;
    const suspect = (other: Statement, of: readonly Seat[]): void => {
      const name = nameOf(other, statement);
      const told = slot.told.get(name);
      const seats = of.filter((seat) => signedBy(other, seat) && told?.has(seat) !== true);
      if (seats.length === 0) return;
      slot.told.set(name, new Set([...(told ?? []), ...seats]));
      found.push({ first: other, second: statement, seats });
    };
    const signers = signersOf(statement).filter((seat) => !slot.convicted.has(seat));
    for (const aggregates of slot.aggregates.values()) {
      if (!contradictory(aggregates[0]!, statement, this.#termViews)) continue;
      for (const other of aggregates) {
        if (found.length >= most) return found;
        suspect(other, signers);
      }
    }
    for (const seat of signers)
      for (const other of slot.ballots.get(seat) ?? []) {
        if (found.length >= most) return found;
        if (contradictory(other, statement, this.#termViews)) suspect(other, [seat]);
      }
    return found;
  }

  /** A suspicion proved true. */
  convict({ second, seats }: Suspicion): void {
    const { convicted } = this.#slotOf(second);
    for (const seat of seats) convicted.add(seat);
  }

  /**
   * A suspicion came to nothing, since something in it is forged, which is not kept: its keys are to be suspected by what
   * else there is. Answers with what is left of it.
   */
  clear({ first, second, seats }: Suspicion, forged: Statement): Statement {
    const slot = this.#slotOf(second);
    const told = slot.told.get(nameOf(first, second));
    for (const seat of seats) told?.delete(seat);
    if (isBallot(forged)) {
      const [seat] = signersOf(forged) as [Seat];
      const left = (slot.ballots.get(seat) ?? []).filter((each) => each !== forged);
      if (left.length === 0) slot.ballots.delete(seat);
      else slot.ballots.set(seat, left);
    } else {
      const root = rootIn(forged);
      const left = (slot.aggregates.get(root) ?? []).filter((each) => each !== forged);
      if (left.length === 0) slot.aggregates.delete(root);
      else slot.aggregates.set(root, left);
    }
    return forged === first ? second : first;
  }

  /** Votes of terms below a view's are over, and checkpoints of views below `backed`. */
  forget(view: number, backed: number): void {
    const lowest = termOf(view, this.#termViews);
    for (const term of this.#votes.keys()) if (term < lowest) this.#votes.delete(term);
    for (const [height, slot] of this.#checkpoints) if (slot.view < backed) this.#checkpoints.delete(height);
    for (const at of this.#checkpointsOf.keys()) if (at < backed) this.#checkpointsOf.delete(at);
  }
}

/** Whether a slot still has a statement: it may have turned out forged, or be over. */
const isIn = ({ aggregates, ballots }: Slot, statement: Statement): boolean =>
  (isBallot(statement) ? ballots.get(signersOf(statement)[0]!) : aggregates.get(rootIn(statement)))?.includes(
    statement,
  ) === true;

/** A forged vote must not stand for an aggregate of the same: who is suspected by the one may be by the other. */
function nameOf(a: Statement, b: Statement): string {
  const [first, second] = [a, b].map((each) => `${rootIn(each)}${isBallot(each)}`) as [string, string];
  return first < second ? `${first} ${second}` : `${second} ${first}`;
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
