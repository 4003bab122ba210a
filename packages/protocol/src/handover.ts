import { ByView } from "./by-view.ts";
import type { Draft } from "./draft.ts";
import { epochContext, firstFacts, nextStart } from "./epoch/index.ts";
import { ProtocolError } from "./errors.ts";
import { carriedOver } from "./evidence/index.ts";
import { noAttendance } from "./modes/index.ts";
import { wantRegistry } from "./registries.ts";
import { isOver } from "./silence.ts";
import type { EpochContext, ReplicaConfig, ReplicaState, Tally } from "./state.ts";
import type { Checkpoint, EpochStart, Hash, Millis, Registry } from "./types/index.ts";
import { startTimers } from "./view/index.ts";

type PerEpoch = Pick<
  ReplicaState,
  | "epoch"
  | "begun"
  | "view"
  | "timers"
  | "entry"
  | "views"
  | "own"
  | "blocks"
  | "notarizedView"
  | "tip"
  | "finalization"
  | "recent"
  | "roots"
  | "ledgered"
  | "lastBlock"
  | "due"
  | "dueRoots"
  | "backingTallies"
  | "backingRetryAt"
  | "backed"
  | "backedHeight"
  | "uncarried"
  | "aheadBacking"
  | "readings"
  | "payload"
  | "jobs"
  | "signs"
  | "fetches"
  | "wanted"
  | "catchUp"
  | "late"
  | "collected"
  | "signals"
  | "ownSignals"
  | "signalRetry"
  | "readyDay"
  | "saidReadiness"
  | "attended"
  | "heard"
  | "reported"
  | "history"
  | "conflicts"
  | "walked"
  | "dueCheckpoints"
  | "backings"
  | "strayBackings"
  | "restarts"
  | "pastRestarts"
  | "ownRestart"
  | "answeredRecovery"
  | "postedSeen"
  | "postedView"
  | "postedTo"
  | "finalizedView"
  | "signedCheckpoint"
  | "resumeAsked"
>;

/** The part of the state that begins anew with an epoch: view 0 is the last block of the one before. */
export function freshEpoch(context: EpochContext, now: Millis): PerEpoch {
  const { start, registry } = context;
  const chain = firstFacts(start);
  const zeros = registry.entries.map(() => 0);
  return {
    epoch: context,
    begun: now,
    view: 1,
    timers: { entered: 0, lead: 0, advance: 0, retry: 0 },
    entry: null,
    views: ByView.empty(),
    own: new Map(),
    blocks: new Map(),
    notarizedView: 0,
    tip: { ...start.parent, view: 0, chain },
    finalization: null,
    recent: [],
    roots: start.roots,
    ledgered: {
      range: { count: start.parent.height + 1, peaks: start.peaks },
      attendance: noAttendance(registry.entries.length),
      used: 0,
      value: 0,
      lastDue: { hash: start.previousCheckpoint, height: start.previousCheckpointHeight },
    },
    lastBlock: null,
    due: [],
    dueRoots: new Map(),
    backingTallies: new Map<Hash, Tally<Checkpoint>>(),
    backingRetryAt: 0,
    backed: null,
    backedHeight: start.previousCheckpointHeight,
    uncarried: [],
    aheadBacking: null,
    readings: new Map(),
    payload: null,
    jobs: new Map(),
    signs: new Map(),
    fetches: new Map(),
    wanted: new Map(),
    catchUp: null,
    late: new Map(),
    collected: 0,
    signals: new Map(),
    ownSignals: [],
    signalRetry: null,
    readyDay: null,
    saidReadiness: false,
    attended: 0,
    heard: zeros,
    reported: new Set(),
    history: null,
    conflicts: [],
    walked: new Set(),
    dueCheckpoints: new Map(),
    backings: new Map(),
    strayBackings: [],
    restarts: new Map(),
    pastRestarts: new Map(),
    ownRestart: null,
    answeredRecovery: null,
    postedSeen: new Map(),
    postedView: 0,
    postedTo: null,
    finalizedView: 0,
    signedCheckpoint: null,
    resumeAsked: false,
  };
}

/** A whole state at the beginning of an epoch. */
export function stateAt(
  config: ReplicaConfig,
  genesisHash: Hash,
  start: EpochStart,
  registries: ReadonlyMap<Hash, Registry>,
  registry: Registry,
  now: Millis,
): ReplicaState {
  return {
    ...freshEpoch(epochContext(config, genesisHash, start, registry), now),
    config,
    genesisHash,
    now,
    halted: null,
    contradicted: false,
    contracts: null,
    activations: new Map(),
    restarted: null,
    registries,
    registriesAsked: new Set(),
    past:
      start.boundary === null
        ? null
        : { epoch: start.epoch - 1, domain: null, finalization: null, boundary: start.boundary },
    nextJob: 1,
    nextSign: 1,
    peers: new Map(),
    behind: false,
    early: [],
    timer: null,
  };
}

function contextOrHalt(d: Draft, start: EpochStart, registry: Registry): EpochContext | null {
  try {
    return epochContext(d.s.config, d.s.genesisHash, start, registry);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    // Section 1 never takes such a registry over: how it came about is a matter for people.
    d.halt(`epoch ${start.epoch} cannot begin: ${error.message}`, []);
    return null;
  }
}

/**
 * Hand-over (section 6): once the last block of e is final and its boundary checkpoint backed, epoch e + 1 begins.
 * Returns true if it did; the caller replays what came early.
 */
export function handOver(d: Draft): boolean {
  const { s, epoch } = d;
  const last = s.lastBlock;
  if (last === null || isOver(s)) return false;
  const commitment = last.body.commitment!;
  wantRegistry(d, commitment.registryNext, epoch.start.epoch + 1);
  wantRegistry(d, commitment.registryAfter, epoch.start.epoch + 2);
  const { backed } = s;
  if (backed === null || s.backedHeight !== epoch.lastHeight) return false;
  const registry = s.registries.get(commitment.registryNext);
  if (registry === undefined) return false;
  const start = nextStart(s as ReplicaState, epoch, last, backed, registry);
  const past = {
    epoch: epoch.start.epoch,
    domain: epoch.domain,
    finalization: s.finalization,
    boundary: backed,
  };
  if (!beginEpoch(d, start, registry, past)) return false;
  d.trace(start.registry === epoch.start.registry ? "1: registry carried over" : "1: registry handed over");
  if (start.mode !== epoch.start.mode) d.trace("6: mode switched");
  else if (epoch.start.hybrid.modeWanted !== start.mode) d.trace("6: not ready for the wanted mode");
  return true;
}

/** Leaves the epoch for another; false if that cannot begin. */
export function beginEpoch(
  d: Draft,
  start: EpochStart,
  registry: Registry,
  past: ReplicaState["past"],
): boolean {
  const { s, epoch } = d;
  const context = contextOrHalt(d, start, registry);
  if (context === null) return false;
  const registries = new Map<Hash, Registry>();
  for (const root of [start.registry, start.registryNext]) {
    const known = s.registries.get(root);
    if (known !== undefined) registries.set(root, known);
  }
  const pastRestarts = past === null ? new Map() : carriedOver(s.restarts, epoch.registry, registry);
  Object.assign(s, freshEpoch(context, s.now));
  s.past = past;
  s.pastRestarts = pastRestarts;
  s.registries = registries;
  // A later epoch may name a registry again that is dropped here: then it has to be asked for again.
  s.registriesAsked = new Set(s.registriesAsked.has(start.registryNext) ? [start.registryNext] : []);
  d.persist({ type: "epoch", start });
  if (s.restarted?.epoch === start.epoch - 1 && s.restarted.incarnation === start.incarnation)
    d.persist({ type: "silent" });
  d.emit({ type: "epoch", start, registry });
  startTimers(d);
  return true;
}
