import type { Weights } from "../quorum.ts";
import type {
  Certificate,
  Checkpoint,
  CheckpointCertificate,
  Hash,
  Millis,
  PartialMessage,
  Seat,
  VoteBody,
} from "../types/index.ts";
import type { Ballot, Statement } from "./contradictions.ts";
import type { AggregationMessage, AggregationOptions } from "./io.ts";
import { MOST_ATTEMPTS } from "./turns.ts";

type Subject =
  | { readonly what: "vote"; readonly body: VoteBody }
  | { readonly what: "checkpoint"; readonly checkpoint: Checkpoint };

export interface Single {
  readonly from: Seat;
  readonly signature: Uint8Array;
}

/** Votes of a subnet for one statement at one of its aggregators. */
export interface Gathering {
  readonly subnet: number;
  /** Which of the later views' aggregators this node is. */
  readonly attempt: number;
  /** Unverified votes by signer. */
  readonly pending: Map<Seat, Single>;
  readonly verified: Map<Seat, Uint8Array>;
  /** When an aggregate is to be made; null: nothing new came. */
  due: Millis | null;
  job: boolean;
}

/** An aggregate that came to a collector. */
export interface Part {
  readonly from: Seat;
  /** Null: a single vote. */
  readonly statement: Statement | null;
  readonly bitmap: Uint8Array;
  readonly signature: Uint8Array;
  readonly weight: Weights;
  readonly signers: number;
}

export interface Topic {
  readonly root: Hash;
  readonly subject: Subject;
  readonly view: number;
  /** The own vote and how often it was sent. */
  own: { readonly message: Ballot; attempt: number; due: Millis } | null;
  readonly gatherings: Map<number, Gathering>;
  /** Aggregates by subnet, one of each sender. */
  readonly parts: Map<number, Part[]>;
  /** Single votes that count where a subnet's aggregate lacks them. */
  readonly singles: Map<Seat, Single>;
  /** When a certificate is to be made; null: there is no quorum yet. */
  due: Millis | null;
  job: boolean;
}

/** The view of what was voted for. */
export function viewOf(message: AggregationMessage): number {
  const content = "vote" in message ? message.vote : message.partial;
  return "checkpoint" in content ? content.checkpoint.view : content.view;
}

/** True of votes and their aggregates, false of what is said of checkpoints. */
export const isOfVotes = ({ type }: AggregationMessage): boolean => type === "vote" || type === "partial";

/** When an aggregation has to be looked at again; null: not before something comes. */
export function dueOf({ own, due, job, gatherings }: Topic): Millis | null {
  let earliest = Number.POSITIVE_INFINITY;
  if (own !== null && own.attempt <= MOST_ATTEMPTS) earliest = own.due;
  if (due !== null && !job && due < earliest) earliest = due;
  for (const gathering of gatherings.values())
    if (gathering.due !== null && !gathering.job && gathering.due < earliest) earliest = gathering.due;
  return earliest === Number.POSITIVE_INFINITY ? null : earliest;
}

export const statementOf = (
  certificate: Certificate | CheckpointCertificate,
  from: Seat | null,
): Statement =>
  "checkpoint" in certificate
    ? { testimony: { type: "checkpointCertificate", certificate }, from }
    : { testimony: { type: "certificate", certificate }, from };

export const messageOf = (partial: Certificate | CheckpointCertificate): PartialMessage =>
  "checkpoint" in partial ? { type: "checkpointPartial", partial } : { type: "partial", partial };

export const certificateOf = (
  { epoch, domain }: Pick<AggregationOptions, "epoch" | "domain">,
  { subject }: Topic,
  bitmap: Uint8Array,
  signature: Uint8Array,
): Certificate | CheckpointCertificate =>
  subject.what === "vote"
    ? { ...subject.body, epoch, domain, bitmap, signature }
    : { checkpoint: subject.checkpoint, epoch, domain, bitmap, signature };
