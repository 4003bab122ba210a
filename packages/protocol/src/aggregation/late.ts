import { termOf } from "../leader.ts";
import { hasSeat } from "../quorum.ts";
import type { BlockBody, Hash, Header, Vote } from "../types/index.ts";
import type { Horizon } from "./horizon.ts";
import type { AggregationOptions } from "./io.ts";
import type { Outbox } from "./outbox.ts";

/** A vote missing in what a final block carries is sent to the leaders of so many terms to come. */
const LATE_LEADERS = 3;
/** Views after which that is done again, as long as nobody carried it. */
const LATE_AGAIN = 8;

/** A block's certificate that a final block carries without the own vote. */
interface Absence {
  readonly parentView: number;
  readonly blockHash: Hash;
  /** View at which the own vote was last sent to leaders. */
  sent: number;
}

/** What of a block is looked at once it is final. */
export interface Carrier {
  readonly header: Pick<Header, "domain" | "view">;
  readonly body: Pick<BlockBody, "certificates" | "lateVotes">;
}

/** The own votes that certificates lack, and that leaders to come may carry (section 6). */
export class LateVotes {
  readonly #options: AggregationOptions;
  readonly #horizon: Horizon;
  readonly #outbox: Outbox;
  /** Own NOTARIZE and FINALIZE by view. */
  readonly #own = new Map<number, Vote[]>();
  /** By view. */
  readonly #absences = new Map<number, Absence>();

  constructor(options: AggregationOptions, horizon: Horizon, outbox: Outbox) {
    this.#options = options;
    this.#horizon = horizon;
    this.#outbox = outbox;
  }

  /** The own vote was cast. */
  remember(vote: Vote): void {
    if (vote.kind === "nullify") return;
    const held = this.#own.get(vote.view) ?? [];
    if (held.some(({ kind }) => kind === vote.kind)) return;
    this.#own.set(vote.view, [...held, vote]);
    const absence = this.#absences.get(vote.view);
    if (absence !== undefined) this.#send(vote.view, absence);
  }

  /** A block became final: own votes that its certificates lack go to leaders, again until one carried them. */
  final({ header, body }: Carrier): void {
    const { seat, domain, voteWindow } = this.#options;
    if (seat === null || header.domain !== domain) return;
    for (const { kind, view, parentView, blockHash, bitmap } of body.certificates)
      if (kind !== "nullify" && !hasSeat(bitmap, seat))
        this.#absences.set(view, { parentView, blockHash, sent: Number.NEGATIVE_INFINITY });
    for (const item of body.lateVotes)
      if (item.seat === seat && "blockHash" in item) this.#absences.delete(item.view);
    this.#horizon.reach(header.view);
    for (const [view, absence] of this.#absences) {
      if (view + voteWindow <= this.#horizon.highest) this.#absences.delete(view);
      else if (absence.sent + LATE_AGAIN <= this.#horizon.highest) this.#send(view, absence);
    }
    for (const view of this.#own.keys()) if (view + voteWindow < header.view) this.#own.delete(view);
  }

  #send(view: number, absence: Absence): void {
    const { leader, termViews, seat } = this.#options;
    const vote = this.#own
      .get(view)
      ?.find(
        ({ blockHash, parentView }) => blockHash === absence.blockHash && parentView === absence.parentView,
      );
    if (vote === undefined) return;
    absence.sent = this.#horizon.highest;
    const term = termOf(this.#horizon.highest, termViews);
    const leaders = new Set(Array.from({ length: LATE_LEADERS }, (_, ahead) => leader(term + 1 + ahead)));
    // The own replica holds its votes.
    for (const to of leaders)
      if (to !== seat) this.#outbox.emit({ type: "send", to, message: { type: "vote", vote } });
  }
}
