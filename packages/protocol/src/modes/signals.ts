import { equalBytes, signalRoot } from "../codec/index.ts";
import type { Draft } from "../draft.ts";
import { termOf } from "../leader.ts";
import { NO_WEIGHT, type Weights } from "../quorum.ts";
import type { EpochContext, Job, OwnSignal } from "../state.ts";
import type { CheckResult, Hash, Peer, Seat, Signal, SignalBody, SignIntent } from "../types/index.ts";
import { MAX_SEATS } from "../types/index.ts";
import { emptyTally, resolve, unverified, withVerified, withVote } from "../votes/index.ts";
import { isSwitching, wantedElectorate } from "./decide.ts";
import { dayOf, isStandby } from "./late.ts";

/*
 * READY and READINESS (protocol.md section 6): signed by those whom they concern, sent to everybody, carried by any
 * leader, repeated until they stand in a final block.
 */

/** First wait before a signal is repeated, in Δ; it doubles so many times. */
const PATIENCE = 8;
const MOST_DOUBLINGS = 5;

/** Signals are weighed when they are carried, not when they come. */
const WEIGHTLESS: readonly Weights[] = new Array<Weights>(MAX_SEATS).fill(NO_WEIGHT);

const rootOfSignal = (context: EpochContext, signal: SignalBody): Hash =>
  signalRoot(context.domain, context.start.epoch, signal);

/** Own seat that the signal is signed for: in R_e for READY, in R_{e+1} for READINESS; null: none of the own. */
function ownSeat(d: Draft, signal: SignalBody): Seat | null {
  const { key } = d.s.config;
  if (key === null) return null;
  if (signal.kind === "ready") {
    const seat = d.epoch.registry.entries.findIndex((entry) => equalBytes(entry.key, key));
    return seat >= 0 && isStandby(d.epoch, seat) ? seat : null;
  }
  const members = wantedElectorate(d.s);
  if (members === null) return null;
  const seat = members.registry.entries.findIndex(
    (entry, at) => members.voters[at] && equalBytes(entry.key, key),
  );
  return seat < 0 ? null : seat;
}

/** True if a final block carries it. */
function isCarried(d: Draft, signal: SignalBody, seat: Seat): boolean {
  const { ready, readiness } = d.s.ledgered.attendance;
  return (signal.kind === "ready" ? ready : readiness).has(seat);
}

/** Signs what the epoch asks of the own key, each once. */
export function signSignals(d: Draft): void {
  if (d.s.config.key === null || d.s.lastBlock !== null) return;
  const day = dayOf(d.s.now);
  if (d.s.readyDay !== day) {
    d.s.readyDay = day;
    ask(d, { kind: "ready", day });
  }
  if (!isSwitching(d.epoch) || d.s.saidReadiness || wantedElectorate(d.s) === null) return;
  d.s.saidReadiness = true;
  ask(d, { kind: "readiness", mode: d.epoch.start.hybrid.modeWanted });
}

function ask(d: Draft, body: SignalBody): void {
  const seat = ownSeat(d, body);
  if (seat === null || isCarried(d, body, seat)) return;
  const isReady = body.kind === "ready";
  d.trace(isReady ? "6: READY" : "6: READINESS");
  d.sign({ what: "signal", epoch: d.epoch.start.epoch, domain: d.epoch.domain, signal: body });
}

/** After a restart the own signals are asked for again by {@link signSignals}: nothing about them can be contradicted. */
export function onSignalSigned(
  d: Draft,
  intent: Extract<SignIntent, { what: "signal" }>,
  signature: Uint8Array,
): void {
  const { signal: body, epoch, domain } = intent;
  const seat = ownSeat(d, body);
  if (seat === null) return;
  const signal: Signal = { ...body, epoch, domain, seat, signature };
  d.s.ownSignals = [...d.s.ownSignals.filter((own) => own.signal.kind !== signal.kind), { body, signal }];
  d.s.signalRetry = { at: d.s.now + PATIENCE * d.epoch.params.delta, tries: 0 };
  d.broadcast({ type: "signal", signal });
  if (d.epoch.voterSeat === null) return;
  const root = rootOfSignal(d.epoch, body);
  const tally = d.s.signals.get(root) ?? emptyTally(root, body);
  d.map("signals").set(root, withVerified(tally, seat, signature, NO_WEIGHT));
}

/** Own signals that no final block carries yet. */
export const openSignals = (d: Draft): readonly OwnSignal[] =>
  d.s.ownSignals.filter(({ body, signal }) => !isCarried(d, body, signal.seat));

/** Sends own signals again until they are carried. */
export function repeatSignals(d: Draft): void {
  const { now, signalRetry: retry } = d.s;
  if (retry === null || now < retry.at) return;
  const open = openSignals(d);
  const tries = retry.tries < MOST_DOUBLINGS ? retry.tries + 1 : retry.tries;
  d.s.signalRetry =
    open.length === 0 || d.s.lastBlock !== null
      ? null
      : { at: now + PATIENCE * d.epoch.params.delta * 2 ** tries, tries };
  for (const { signal } of open) d.broadcast({ type: "signal", signal });
}

/** Takes in another's signal: kept unverified until the own key leads. */
export function onSignal(d: Draft, signal: Signal, from: Peer): void {
  const { epoch, s } = d;
  if (epoch.voterSeat === null || s.lastBlock !== null) return;
  const body: SignalBody =
    signal.kind === "ready" ? { kind: "ready", day: signal.day } : { kind: "readiness", mode: signal.mode };
  if (body.kind === "ready") {
    if (!isStandby(epoch, signal.seat)) {
      d.ban(from, "READY of no standby seat");
      return;
    }
    const today = dayOf(s.now);
    if (body.day > today + 1 || body.day + epoch.registry.params.readyDays < today) return;
  } else {
    const members = wantedElectorate(s);
    // Its sender repeats it until then.
    if (members === null) return;
    if (!isSwitching(epoch) || body.mode !== epoch.start.hybrid.modeWanted || !members.voters[signal.seat]) {
      d.ban(from, "READINESS of no member");
      return;
    }
  }
  if (isCarried(d, body, signal.seat)) return;
  const root = rootOfSignal(epoch, body);
  const tally = s.signals.get(root) ?? emptyTally(root, body);
  const next = withVote(tally, signal.seat, { from, signature: signal.signature }, NO_WEIGHT);
  if (next !== tally) d.map("signals").set(root, next);
}

/** Verifies signals when the own key leads this term or the next. */
export function collectSignals(d: Draft): void {
  const { voterSeat, leader, params, registry, start } = d.epoch;
  if (d.s.signals.size === 0 || voterSeat === null || d.s.lastBlock !== null) return;
  const term = termOf(d.s.view, params.termViews);
  if (leader(term) !== voterSeat && leader(term + 1) !== voterSeat) return;
  for (const tally of d.s.signals.values()) {
    if (tally.job !== null || tally.pending.size === 0) continue;
    const { root, subject } = tally;
    const asked = unverified(tally);
    const job = d.verify(
      { what: "signals", root, asked },
      {
        what: "votes",
        registry: subject.kind === "ready" ? registry.root : start.registryNext,
        root,
        votes: asked.map(({ seat, signature }) => ({ seat, signature })),
      },
    );
    d.map("signals").set(root, { ...tally, job });
  }
}

/** The verifier's answer about signals. */
export function onSignalsVerified(
  d: Draft,
  job: Extract<Job, { what: "signals" }>,
  result: Extract<CheckResult, { what: "votes" }>,
): void {
  const known = d.s.signals.get(job.root);
  if (known === undefined) return;
  const { tally, forged } = resolve(known, job.asked, result.valid, WEIGHTLESS);
  for (const { from } of forged) d.ban(from, "forged signal");
  d.map("signals").set(job.root, tally);
}
