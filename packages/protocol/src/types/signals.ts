import type { Hash, Mode, Seat } from "./primitives.ts";
import type { Vote } from "./votes.ts";

/**
 * What a key says beside votes (protocol.md section 6), carried in blocks with the late votes.
 *
 * * READY: a standby seat of R_e is there, on a day (days since 1970).
 * * READINESS: a member of V_{e+1} under the wanted mode can run e + 1 in it; `seat` counts in R_{e+1}.
 */
export type SignalBody =
  | { readonly kind: "ready"; readonly day: number }
  | { readonly kind: "readiness"; readonly mode: Mode };

/** A signal under the domain of the epoch in which it is signed and carried. */
export type Signal = SignalBody & {
  readonly epoch: number;
  readonly domain: Hash;
  readonly seat: Seat;
  readonly signature: Uint8Array;
};

/** What a block carries beside certificates. */
export type LateVote = Vote | Signal;

export const isSignal = (item: LateVote): item is Signal =>
  item.kind === "ready" || item.kind === "readiness";
