import { silencedBy } from "./silence.ts";
import type {
  BlockRecord,
  EpochContext,
  Job,
  OwnVotes,
  PeerRecord,
  ReplicaState,
  Tally,
  ViewRecord,
} from "./state.ts";
import type {
  Block,
  Certificate,
  Check,
  DurableRecord,
  Effect,
  Hash,
  Message,
  Peer,
  SignIntent,
  VoteBody,
} from "./types/index.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type MapOf<T> = T extends ReadonlyMap<infer K, infer V> ? Map<K, V> : never;
type MapKey = {
  [K in keyof ReplicaState]: ReplicaState[K] extends ReadonlyMap<infer _K, infer _V> ? K : never;
}[keyof ReplicaState];

const EMPTY_VIEW: Omit<ViewRecord, "view"> = {
  notarization: null,
  finalization: null,
  nullification: null,
  certified: null,
  proposals: [],
  leaderNullified: false,
  hasNullify: false,
  tallies: [],
};

const EMPTY_OWN: OwnVotes = { proposal: null, notarize: null, finalize: null, nullify: false, votes: [] };

/** Checks of one peer's messages that may wait for the verifier; honest ones have a handful. */
const CHECKS_PER_PEER = 32;
/** Certificates of final blocks kept that contradict the own chain: one is enough to convict. */
const MOST_CONFLICTS = 8;
/** Peers remembered; the transport connects to fewer. */
const MOST_PEERS = 4_096;

/** Tallies with one in the place of what is held of its root, or behind them. */
export function withTally(
  tallies: readonly Tally<VoteBody>[],
  tally: Tally<VoteBody>,
): readonly Tally<VoteBody>[] {
  const next = tallies.slice();
  const place = tallies.findIndex(({ root }) => root === tally.root);
  next[place < 0 ? next.length : place] = tally;
  return next;
}

/**
 * One step in the making: a shallow copy of the state whose maps are copied when first written to, and the effects
 * so far. Nothing reachable from the state it began with is ever changed.
 */
export class Draft {
  readonly s: Mutable<ReplicaState>;
  readonly effects: Effect[] = [];
  /** Something happened that may let another rule apply. */
  changed = false;
  /** Maps that this step has copied, hence may change. */
  #owned: unknown[] | null = null;

  constructor(state: ReplicaState) {
    this.s = { ...state };
  }

  get epoch(): EpochContext {
    return this.s.epoch;
  }

  /** The map under `key`, free to be changed in this step. */
  map<K extends MapKey>(key: K): MapOf<ReplicaState[K]> {
    const current = this.s[key];
    if (this.#owned?.includes(current)) return current as unknown as MapOf<ReplicaState[K]>;
    const copy = new Map<unknown, unknown>(current as ReadonlyMap<unknown, unknown>);
    if (this.#owned === null) this.#owned = [copy];
    else this.#owned.push(copy);
    (this.s as Record<MapKey, unknown>)[key] = copy;
    return copy as unknown as MapOf<ReplicaState[K]>;
  }

  view(view: number): ViewRecord {
    return this.s.views.get(view) ?? { view, ...EMPTY_VIEW };
  }

  setView(view: number, patch: Partial<ViewRecord>): void {
    this.s.views = this.s.views.with(view, { ...this.view(view), ...patch });
    this.changed = true;
  }

  /**
   * Keeps votes of a view. No rule reads them, since what they come to the verifier's answer tells: they change nothing
   * but for what is due by now, tick or not.
   */
  setTally(view: number, tally: Tally<VoteBody>): void {
    const record = this.view(view);
    const tallies = withTally(record.tallies, tally);
    const hasNullify = record.hasNullify || tally.subject.kind === "nullify";
    this.s.views = this.s.views.with(view, { ...record, tallies, hasNullify });
    const { timer, now } = this.s;
    if (timer !== null && now >= timer) this.changed = true;
  }

  own(view: number): OwnVotes {
    return this.s.own.get(view) ?? EMPTY_OWN;
  }

  setOwn(view: number, patch: Partial<OwnVotes>): void {
    this.map("own").set(view, { ...this.own(view), ...patch });
    this.changed = true;
  }

  setBlock(record: BlockRecord): void {
    this.map("blocks").set(record.hash, record);
    this.changed = true;
  }

  peer(peer: Peer): PeerRecord {
    return this.s.peers.get(peer) ?? { epoch: 0, finalHeight: 0, answeredAt: Number.NEGATIVE_INFINITY };
  }

  setPeer(peer: Peer, patch: Partial<PeerRecord>): void {
    const peers = this.map("peers");
    peers.set(peer, { ...this.peer(peer), ...patch });
    if (peers.size > MOST_PEERS) peers.delete(peers.keys().next().value!);
  }

  emit(effect: Effect): void {
    this.effects.push(effect);
  }

  persist(record: DurableRecord): void {
    this.effects.push({ type: "persist", record });
  }

  broadcast(message: Message): void {
    this.effects.push({ type: "broadcast", message });
  }

  send(to: Peer, message: Message): void {
    this.effects.push({ type: "send", to, message });
  }

  /** Asks for a signature; the caller has marked the intent as signed already. False: the own key keeps silent. */
  sign(intent: SignIntent): boolean {
    const reason = silencedBy(this.s, intent);
    if (reason !== null) {
      this.trace(`6: silent: ${reason}`);
      return false;
    }
    this.bind(intent);
    const id = this.s.nextSign++;
    this.map("signs").set(id, intent);
    this.effects.push({ type: "sign", id, intent });
    return true;
  }

  /** What the own key signed binds RESTART (section 6, 3); also after a restart. */
  bind(intent: SignIntent): void {
    if (intent.what === "checkpoint") {
      const { blockHash: hash, height, stamp } = intent.checkpoint;
      if (height > (this.s.signedCheckpoint?.height ?? -1)) this.s.signedCheckpoint = { hash, height, stamp };
    } else if (intent.what === "restart") {
      this.s.ownRestart = intent.restart;
      this.s.restarted = { epoch: intent.epoch, incarnation: this.epoch.start.incarnation };
    } else if (
      intent.what !== "signal" &&
      intent.vote.kind === "finalize" &&
      intent.vote.view > this.s.finalizedView
    ) {
      this.s.finalizedView = intent.vote.view;
    }
  }

  /** Hands a check to the verifier and remembers why. */
  verify(job: Job, check: Check): number {
    const id = this.s.nextJob++;
    this.map("jobs").set(id, job);
    this.effects.push({ type: "verify", job: id, check });
    return id;
  }

  /** True if so many checks of this peer's messages wait that it has to be patient: nobody can fill the verifier alone. */
  isBusyWith(peer: Peer | null): boolean {
    if (peer === null) return false;
    let waiting = 0;
    for (const job of this.s.jobs.values()) if ("from" in job && job.from === peer) waiting++;
    return waiting >= CHECKS_PER_PEER;
  }

  ban(peer: Peer | null, reason: string): void {
    if (peer !== null) this.effects.push({ type: "ban", peer, reason });
  }

  /** Stops for good on a contradiction (rule 8), with what proves it. */
  halt(reason: string, keep: readonly (Certificate | Block)[]): void {
    if (this.s.halted !== null) return;
    this.s.halted = reason;
    this.effects.push({ type: "halt", reason, keep });
  }

  /** Halts because others finalized (`f`) or backed another chain than the own: rule 8. */
  contradict(reason: string, keep: readonly (Certificate | Block)[], f: Certificate | null): void {
    this.halt(reason, keep);
    this.s.contradicted = true;
    this.changed = true;
    if (f === null || this.s.conflicts.length >= MOST_CONFLICTS) return;
    if (this.s.conflicts.some((known) => known.view === f.view && known.blockHash === f.blockHash)) return;
    this.s.conflicts = [...this.s.conflicts, f];
  }

  /** Counts a rule's branch where a harness asked for it. */
  trace(rule: string): void {
    if (this.s.config.trace) this.effects.push({ type: "trace", rule });
  }

  block(hash: Hash): BlockRecord | undefined {
    return this.s.blocks.get(hash);
  }
}
