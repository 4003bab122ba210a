import type { Electorate } from "../quorum.ts";
import type {
  Certificate,
  Check,
  CheckpointCertificate,
  Evidence,
  Hash,
  Millis,
  PartialMessage,
  Seat,
  Vote,
} from "../types/index.ts";
import type { Ballot } from "./contradictions.ts";
import type { Subnets } from "./subnets.ts";

/** What aggregators are sent and send: single votes, and what they made of them, in a certificate's form. */
export type AggregationMessage = Ballot | PartialMessage;

/** Aggregates of one root over disjoint sets of seats: answered with those that are valid, and their sum. */
export interface PartsCheck {
  readonly what: "parts";
  readonly registry: Hash;
  readonly root: Hash;
  readonly parts: readonly { readonly bitmap: Uint8Array; readonly signature: Uint8Array }[];
}

/** The sum of what is named valid is always valid, even where two parts are false alone. */
export interface PartsResult {
  readonly what: "parts";
  readonly valid: readonly number[];
  readonly aggregate: Uint8Array | null;
}

export type AggregationEffect =
  | { readonly type: "send"; readonly to: Seat; readonly message: AggregationMessage }
  /** The own vote, to everybody: no aggregator answered. */
  | { readonly type: "broadcast"; readonly message: Ballot }
  /** A vote that is not for this node to aggregate: for the own replica, as if its signer had told everybody. */
  | { readonly type: "deliver"; readonly from: Seat; readonly message: Ballot }
  /** Answered with `verified`. */
  | {
      readonly type: "verify";
      readonly job: number;
      readonly check: Extract<Check, { what: "votes" | "all" }> | PartsCheck;
    }
  /** Made here: for the own replica, which verifies it and sends it on. */
  | { readonly type: "certificate"; readonly certificate: Certificate }
  | { readonly type: "checkpointCertificate"; readonly certificate: CheckpointCertificate }
  /** Two votes of one key that contradict each other: for the own replica, which looks into it. */
  | { readonly type: "conflict"; readonly first: Vote; readonly second: Vote }
  /** Verified: everyone in both of two statements that contradict each other, at least one of them an aggregate. */
  | { readonly type: "evidence"; readonly evidence: Evidence }
  /** This seat sent what no honest node sends. */
  | { readonly type: "ban"; readonly seat: Seat; readonly reason: string };

/** How long is waited for what. Local settings. */
export interface AggregationTimes {
  /** An aggregator gathers votes so long before it sends an aggregate. */
  readonly gather: Millis;
  /** A collector that has a quorum waits so long for the rest: who is missing from certificates seems absent. */
  readonly complete: Millis;
  /** t_agg: without a certificate after so long a voter turns to the next view's aggregators as well. */
  readonly again: Millis;
}

/** For a Δ: t_advance leaves 4Δ from the proposal to the certificate. */
export const aggregationTimes = (delta: Millis): AggregationTimes => ({
  gather: delta / 10,
  complete: delta / 5,
  again: delta / 2,
});

export interface AggregationOptions {
  readonly subnets: Subnets;
  readonly electorate: Electorate;
  readonly epoch: number;
  readonly domain: Hash;
  /** Own seat; null: neither votes nor aggregates. */
  readonly seat: Seat | null;
  readonly termViews: number;
  readonly times: AggregationTimes;
  /** Leader of a term. */
  readonly leader: (term: number) => Seat;
  /** Views for which leaders may carry a vote that a certificate lacks (section 6). */
  readonly voteWindow: number;
}
