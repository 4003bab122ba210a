import type { Mode, Registry, Seat } from "@aitbc-hybrid/protocol";

/** What is explored: all that these replicas can do in their first views. */
export interface Setup {
  readonly mode: Mode;
  readonly registry: Registry;
  /** Seats whose signatures can be had for everything. Their blocks are valid, two in each view on every parent. */
  readonly corrupt: readonly Seat[];
  /** Leader of each term. */
  readonly leaders: readonly Seat[];
  /** Nothing of a later view is delivered. */
  readonly views: number;
  /** False: certificates of FINALIZE are counted, but given to nobody: fewer states, later views. */
  readonly deliversFinal?: boolean;
  /**
   * How many crashes there may be, in all. A replica loses everything but its log, of whose last turn any part may be
   * missing; then nothing of that turn has left. What it holds is obtained and executed again only some time later.
   */
  readonly crashes?: number;
  /** Stop at the first replica with something wrong, not only at a disagreement. */
  readonly stopsAtViolation?: boolean;
  /** Stop when so many states were seen. */
  readonly mostStates?: number;
}

export interface Explored {
  /** Different states of all honest replicas and what they sent. */
  readonly states: number;
  readonly transitions: number;
  /** False if `mostStates` ended it. */
  readonly complete: boolean;
  /** States in which some block is final; without any the exploration shows nothing. */
  readonly withFinal: number;
  /** Steps to the first state in which two blocks are final and neither descends from the other; null: there is none. */
  readonly disagreement: readonly string[] | null;
  /** The same for an honest key that can be slashed, or a replica that halts. */
  readonly violation: readonly string[] | null;
}
