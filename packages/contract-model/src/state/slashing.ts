import type { Snapshot } from "./elections.ts";

/** A validator's first conviction. */
export interface Conviction {
  /** Second; of a group: of the group's. */
  readonly at: number;
  /** Seal that counted the stake liable. */
  readonly seal: number;
  /** Spans of the correlation window on either side. */
  readonly spans: number;
  readonly offence: string;
}

/** Convicted within one span of time. Shares are in parts of 10^9. */
export interface Span {
  /** Sealed weights, each as a share of its registry's. */
  stake: bigint;
  /** The same of authorities, by head. */
  authorities: bigint;
  count: number;
}

/** Convicted together and not charged yet. */
export interface Group {
  readonly at: number;
  readonly seal: number;
  readonly epoch: number;
  readonly offence: string;
  readonly reporter: string;
  /** Whether rewards are paid at once. */
  readonly direct: boolean;
  /** Validators by seat, those still to be charged. */
  readonly seats: Map<number, number>;
}

/** A charge for unavailability. */
export interface Absence {
  /** Second from which it is taken; 0: none waits. */
  dueAt: number;
  readonly seal: number;
  /** Millionths. */
  readonly fraction: bigint;
  /** Last epoch ever charged. */
  readonly through: number;
}

/** A reward kept back. */
export interface KeptReward {
  readonly payee: string;
  readonly at: number;
  readonly amount: bigint;
}

export interface SlashingState {
  /** Length of a span, seconds: fixed at deployment. */
  readonly spanTime: number;
  readonly convictions: Map<number, Conviction>;
  /** Held, their charges not executed: stake must not leave. */
  readonly pending: Set<number>;
  /** Second until which pending charges hold stake, by 256 validators. */
  readonly pendingUntil: Map<number, number>;
  /** Offences on record beside first ones, by validator. */
  readonly later: Map<number, Set<string>>;
  readonly settled: Set<number>;
  readonly vetoed: Set<number>;
  readonly spans: Map<number, Span>;
  readonly groups: Map<string, Group>;
  readonly absences: Map<number, Absence>;
  readonly kept: Map<string, KeptReward>;
  /** Second of the last commitment to evidence. */
  committedAt: number;
  /** Rewards kept back in all. */
  owed: bigint;
  /** Calls for veto: the registry whose authorities call, and the seats that did. */
  readonly motions: Map<string, { readonly registry: Snapshot; readonly votes: Set<number> }>;
}
