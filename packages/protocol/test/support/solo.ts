import { buildBlock } from "../../src/block/index.ts";
import { foldSeed } from "../../src/epoch/index.ts";
import {
  type Block,
  type Certificate,
  type Checkpoint,
  type CheckpointCertificate,
  type Commitment,
  checkpointRootOf,
  type DurableRecord,
  type Effect,
  type ExecutedRoots,
  forcedDigest,
  type Hash,
  hashBytes,
  hashOf,
  type InboxEntry,
  type Input,
  initialReplica,
  type LateVote,
  type Message,
  type Millis,
  type Mode,
  type Peer,
  type ReferenceReading,
  type Registry,
  type ReplicaConfig,
  type ReplicaState,
  rootOf,
  type Seat,
  signingRoot,
  step,
  toBitmap,
  type VoteBody,
  vrfRoot,
  ZERO_HASH,
} from "../../src/index.ts";
import { termOf } from "../../src/leader.ts";
import {
  attendanceAt,
  type Carrying,
  modesOf,
  withCertificates,
  withLateVote,
} from "../../src/modes/index.ts";
import type { ParentFacts } from "../../src/state.ts";
import {
  type Event,
  fakeAggregate,
  fakeExecute,
  fakeSignature,
  fakeVerify,
} from "../../src/testing/index.ts";

export interface SoloOptions {
  readonly registry: Registry;
  readonly mode: Mode;
  /** Own seat; null: a follower. Default: a seat that leads none of the first views. */
  readonly seat?: Seat | null;
  readonly skipViews?: number;
}

/** What the tests decide about a block; the rest is what a correct leader would fill in. */
export interface BlockChanges {
  readonly stamp?: Millis;
  readonly reference?: { readonly number: number; readonly hash: Hash };
  readonly settledAt?: Millis;
  readonly candidate?: Hash | null;
  readonly certificates?: readonly Certificate[];
  readonly backings?: readonly CheckpointCertificate[];
  readonly lateVotes?: readonly LateVote[];
  readonly modes?: Pick<Commitment, "modeNext" | "modeWanted">;
  readonly stateRoot?: Hash;
  readonly salt?: number;
  /** What it takes of the inbox, from its parent's cursor on. */
  readonly forced?: readonly InboxEntry[];
  /** Where among its batches they stand. */
  readonly forcedAt?: number;
  /** The inbox cursor, in place of the one that goes with `forced`. */
  readonly cursor?: number;
}

const NO_KEY = new Uint8Array(48);

/** Effects that a shell answers by itself. */
type Automatic = "sign" | "verify" | "obtain" | "execute" | "reference" | "registry";

function batchesOf(view: number, parent: ParentFacts, { salt = 0, forced = [], forcedAt = 0 }: BlockChanges) {
  const plain = [hashBytes(new Uint8Array([view, salt]))];
  return forced.length === 0
    ? plain
    : plain.toSpliced(forcedAt, 0, forcedDigest(7, parent.inboxCursor, forced));
}

/** One replica, everybody else played by the test; keys are fake, answers come at once unless held back. */
export class Solo {
  readonly options: SoloOptions;
  readonly config: ReplicaConfig;
  readonly registries = new Map<Hash, Registry>();
  readonly records: DurableRecord[] = [];
  /** Effects that are not answered but kept in `held`. */
  readonly holding = new Set<Automatic>();
  readonly held: Effect[] = [];
  /** All effects since the last `take`. */
  effects: Effect[] = [];
  state: ReplicaState;
  now: Millis = 1_000_000;
  reading: ReferenceReading | null = null;
  /** Where the forced entries of blocks begin that have any. */
  readonly inboxFrom = new Map<Hash, number>();
  /** What every block takes of its capacity, bytes. */
  used = 0;
  /** Value moved up to every block, millionths of the supply. */
  value = 0;
  readonly #facts = new Map<Hash, ParentFacts>();
  readonly #roots = new Map<Hash, ExecutedRoots>();
  readonly #parents = new Map<Hash, Hash>();

  constructor(options: SoloOptions) {
    this.options = options;
    const { registry, mode } = options;
    this.registries.set(registry.root, registry);
    const genesis = {
      chainId: 7,
      settlementChainId: 31_337,
      addressesHash: ZERO_HASH,
      snapshotHash: registry.root,
      mode,
      stateRoot: hashBytes(new Uint8Array(1)),
      stamp: this.now,
    };
    const follower: ReplicaConfig = {
      chainId: 7,
      genesis,
      key: NO_KEY,
      skipViews: options.skipViews ?? 8,
      backoffCap: 6,
      trace: true,
    };
    const { state } = initialReplica(follower, registry, this.now);
    const seat = options.seat === undefined ? quietSeat(state) : options.seat;
    this.config = { ...follower, key: seat === null ? null : registry.entries[seat]!.key };
    const first = initialReplica(this.config, registry, this.now);
    this.state = first.state;
    this.#facts.set(this.state.tip.hash, this.state.tip);
    this.#roots.set(this.state.tip.hash, this.state.roots[0]!);
    this.#handle(first.effects);
  }

  /** Replaces the state, as after a restart. */
  adopt(state: ReplicaState, effects: readonly Effect[]): void {
    this.state = state;
    this.effects = [];
    this.#handle(effects);
  }

  get domain(): Hash {
    return this.state.epoch.domain;
  }

  leader(view: number): Seat {
    const { epoch } = this.state;
    return epoch.leader(termOf(view, epoch.params.termViews));
  }

  /** One input at the present time; answers follow at once. Returns all effects that came of it. */
  input(event: Event): readonly Effect[] {
    const from = this.effects.length;
    this.#step(event);
    return this.effects.slice(from);
  }

  /** Lets time pass up to `ms` later, with ticks whenever the replica asked for one. */
  wait(ms: Millis): readonly Effect[] {
    const from = this.effects.length;
    const until = this.now + ms;
    for (;;) {
      const { timer } = this.state;
      if (timer === null || timer > until) break;
      this.now = Math.max(timer, this.now);
      this.#step({ type: "tick" });
    }
    this.now = until;
    this.#step({ type: "tick" });
    return this.effects.slice(from);
  }

  #step(event: Event): void {
    const { state, effects } = step(this.state, { ...event, now: this.now } as Input);
    this.state = state;
    this.#handle(effects);
  }

  #handle(effects: readonly Effect[]): void {
    for (const effect of effects) {
      this.effects.push(effect);
      if (effect.type === "persist") this.records.push(effect.record);
      // The last block of the epoch before is view 0 now.
      if (effect.type === "epoch") this.#facts.set(this.state.tip.hash, this.state.tip);
      if (effect.type === "sign") this.records.push({ type: "signed", intent: effect.intent });
    }
    for (const effect of effects) {
      if (this.holding.has(effect.type as Automatic)) this.held.push(effect);
      else this.answer(effect);
    }
  }

  /** Answers an effect as a shell would. */
  answer(effect: Effect): void {
    switch (effect.type) {
      case "sign": {
        const { seat } = this.#own();
        const signature = this.signature(seat, signingRoot(effect.intent));
        this.#step({ type: "signed", id: effect.id, signature });
        return;
      }
      case "verify":
        this.#step({ type: "verified", job: effect.job, result: fakeVerify(this.registries, effect.check) });
        return;
      case "obtain":
        this.#step({
          type: "available",
          hash: effect.hash,
          ok: true,
          inboxFrom: this.inboxFrom.get(effect.hash) ?? null,
        });
        return;
      case "execute": {
        const roots = this.rootsOf(effect.hash, effect.block);
        this.#step({ type: "executed", hash: effect.hash, ...roots });
        return;
      }
      case "reference":
        this.#step({
          type: "reference",
          reference: effect.reference,
          epoch: effect.epoch,
          inboxFrom: effect.inboxFrom,
          reading: this.readingFrom(effect.inboxFrom),
        });
        return;
      case "registry": {
        const registry = this.registries.get(effect.root);
        if (registry !== undefined) this.#step({ type: "registry", registry });
        return;
      }
      default:
        return;
    }
  }

  /** The reading with the entries that are left from a number on: `reading` has all of them. */
  readingFrom(inboxFrom: number): ReferenceReading | null {
    return this.reading === null ? null : { ...this.reading, due: this.reading.due.slice(inboxFrom) };
  }

  /** Answers what was held back of one kind, and answers that kind again from now on. */
  release(what: Automatic): void {
    this.holding.delete(what);
    for (const effect of this.held.splice(0)) {
      if (effect.type === what) this.answer(effect);
      else this.held.push(effect);
    }
  }

  #own(): { seat: Seat } {
    const { voterSeat, backerSeat } = this.state.epoch;
    return { seat: (voterSeat ?? backerSeat)! };
  }

  rootsOf(hash: Hash, block: Block): ExecutedRoots {
    let roots = this.#roots.get(hash);
    if (roots === undefined) {
      const parent = this.#roots.get(block.header.parentHash)!;
      roots = {
        height: block.header.height,
        ...fakeExecute(parent.stateRoot, block),
        used: this.used,
        value: this.value,
      };
      this.#roots.set(hash, roots);
    }
    return roots;
  }

  /** What a correct leader commits; for a parent that the replica has not executed, the modes in force. */
  #modes(view: number, parent: Hash, carrying: Carrying) {
    const { epoch } = this.state;
    const { mode } = epoch.start;
    const certified = withCertificates(epoch, attendanceAt(this.state, epoch, parent), view, carrying);
    const attendance = carrying.lateVotes.reduce(withLateVote, certified);
    return modesOf(this.state, epoch, parent, attendance) ?? { modeNext: mode, modeWanted: mode };
  }

  signature(seat: Seat, root: Hash): Uint8Array {
    return fakeSignature(this.state.epoch.registry.entries[seat]!.validatorId, root);
  }

  message(from: Seat | Peer, message: Message): readonly Effect[] {
    return this.input({ type: "message", from: String(from), message });
  }

  /** A vote of `seat`, by default sent by itself. */
  vote(seat: Seat, body: VoteBody, from: Seat | Peer = seat): readonly Effect[] {
    return this.message(from, { type: "vote", vote: this.signedVote(seat, body) });
  }

  signedVote(seat: Seat, body: VoteBody) {
    const { epoch } = this.state.epoch.start;
    const signature = this.signature(seat, rootOf(this.domain, { ...body }));
    return { ...body, epoch, domain: this.domain, seat, signature };
  }

  certificate(body: VoteBody, seats: readonly Seat[] = this.quorum()): Certificate {
    const { start, registry } = this.state.epoch;
    const root = rootOf(this.domain, { ...body });
    return {
      ...body,
      epoch: start.epoch,
      domain: this.domain,
      bitmap: toBitmap(seats, registry.entries.length),
      signature: fakeAggregate(seats.map((seat) => this.signature(seat, root))),
    };
  }

  /** Delivers a certificate by some peer. */
  give(certificate: Certificate, from: Seat | Peer = "peer"): readonly Effect[] {
    return this.message(from, { type: "certificate", certificate });
  }

  backing(checkpoint: Checkpoint, seats: readonly Seat[] = this.quorum()): CheckpointCertificate {
    const root = checkpointRootOf(this.domain, checkpoint);
    const { start, registry } = this.state.epoch;
    return {
      epoch: start.epoch,
      domain: this.domain,
      checkpoint,
      bitmap: toBitmap(seats, registry.entries.length),
      signature: fakeAggregate(seats.map((seat) => this.signature(seat, root))),
    };
  }

  /** All voters but the own seat. */
  quorum(): Seat[] {
    const { electorate, voterSeat } = this.state.epoch;
    return electorate.voters.flatMap((votes, seat) => (votes && seat !== voterSeat ? [seat] : []));
  }

  /** A block as the leader of `view` would build it on `parent` (default: the final block), certified at `parentView`. */
  build(view: number, parent: Hash = this.state.tip.hash, changes: BlockChanges = {}): Block {
    const facts = this.#facts.get(parent) ?? this.state.tip;
    const context = this.state.epoch;
    const { termViews, blockTime, rootLag } = context.params;
    const certificates: Certificate[] = [];
    if (facts.view > 0 && (view - 1) % termViews === 0)
      certificates.push(this.certificate(this.bodyOf("notarize", parent)));
    for (let w = facts.view + 1; w < view; w++) {
      if ((w - 1) % termViews === 0 || w === facts.view + 1)
        certificates.push(
          this.certificate({ kind: "nullify", view: w, parentView: 0, blockHash: ZERO_HASH }),
        );
    }
    const height = facts.height + 1;
    let at = parent;
    const lagged = Math.max(height - rootLag, 0);
    while (this.#roots.get(at)!.height > lagged) at = this.#parents.get(at)!;
    const roots = this.#roots.get(at)!;
    const carrying = {
      certificates: changes.certificates ?? certificates,
      backings: changes.backings ?? [],
      lateVotes: changes.lateVotes ?? [],
    };
    const block = buildBlock({
      context,
      view,
      parent: facts,
      stamp: changes.stamp ?? facts.stamp + blockTime,
      payload: {
        batches: batchesOf(view, facts, changes),
        reference: changes.reference ?? facts.reference,
        settledAt: changes.settledAt ?? facts.settledAt,
        inboxCursor: changes.cursor ?? facts.inboxCursor + (changes.forced?.length ?? 0),
        feeRecipient: `0x${"00".repeat(20)}`,
        candidate: changes.candidate ?? null,
        vrfProof: this.signature(
          this.leader(view),
          vrfRoot(this.domain, context.start.seed, termOf(view, termViews)),
        ),
      },
      roots: { ...roots, stateRoot: changes.stateRoot ?? roots.stateRoot },
      ...carrying,
      decided:
        height === context.lastHeight
          ? {
              ...(changes.modes ?? this.#modes(view, parent, carrying)),
              registryAfter: changes.candidate ?? context.start.registryNext,
            }
          : null,
    });
    if (block.header.inboxCursor > facts.inboxCursor) this.inboxFrom.set(hashOf(block), facts.inboxCursor);
    this.#remember(block, facts);
    return block;
  }

  #remember(block: Block, parent: ParentFacts): void {
    const { header, body } = block;
    const hash = hashOf(block);
    const carried = body.certificates.filter((c) => c.kind !== "nullify").at(-1)?.view;
    this.#parents.set(hash, header.parentHash);
    this.#facts.set(hash, {
      hash,
      view: header.view,
      height: header.height,
      stamp: header.stamp,
      reference: header.reference,
      settledAt: header.settledAt,
      inboxCursor: header.inboxCursor,
      chain: {
        ...foldSeed(parent.chain, header, this.state.epoch.params.termViews),
        carriedView: carried ?? parent.chain.carriedView,
        backedHeight: body.backings.at(-1)?.checkpoint.height ?? parent.chain.backedHeight,
        backedStamp: body.backings.at(-1)?.checkpoint.stamp ?? parent.chain.backedStamp,
      },
    });
    this.rootsOf(hash, block);
  }

  /** The body of a vote for a block built here, in its own view. */
  bodyOf(kind: "notarize" | "finalize", hash: Hash): VoteBody {
    const facts = this.#facts.get(hash)!;
    const parent = this.#parents.get(hash)!;
    return { kind, view: facts.view, parentView: this.#facts.get(parent)?.view ?? 0, blockHash: hash };
  }

  /** Delivers a PROPOSE of the leader of `view`. */
  propose(block: Block, view: number = block.header.view, parentView: number = block.header.parentView) {
    return this.message(this.leader(view), {
      type: "proposal",
      proposal: this.proposal(block, view, parentView),
    });
  }

  proposal(block: Block, view: number = block.header.view, parentView: number = block.header.parentView) {
    const seat = this.leader(view);
    const vote = this.signedVote(seat, { kind: "notarize", view, parentView, blockHash: hashOf(block) });
    const { epoch, domain, signature } = vote;
    return { epoch, domain, view, parentView, block, seat, signature };
  }

  /** A proposal, its N, its F: one block final. Returns its hash. */
  finalize(view: number, parent: Hash = this.state.tip.hash, changes: BlockChanges = {}): Hash {
    const block = this.build(view, parent, changes);
    if (this.now < block.header.stamp) this.now = block.header.stamp;
    this.propose(block);
    const hash = hashOf(block);
    this.give(this.certificate(this.bodyOf("notarize", hash)));
    this.give(this.certificate(this.bodyOf("finalize", hash)));
    return hash;
  }

  /** Own view votes asked to be signed since the beginning, as "kind view". */
  signed(): string[] {
    return this.records.flatMap((record) =>
      record.type === "signed" && (record.intent.what === "vote" || record.intent.what === "proposal")
        ? [`${record.intent.vote.kind} ${record.intent.vote.view}`]
        : [],
    );
  }

  take<T extends Effect["type"]>(type: T): (Effect & { type: T })[] {
    return this.effects.filter((effect): effect is Effect & { type: T } => effect.type === type);
  }

  rules(): Set<string> {
    return new Set(this.take("trace").map((effect) => effect.rule));
  }
}

/** A voter that leads none of the first views: it only votes. */
function quietSeat(state: ReplicaState): Seat {
  const { epoch } = state;
  const leaders = new Set<Seat>();
  const counts = new Map<Seat, number>();
  for (let view = 1; view <= 7; view++) {
    const seat = epoch.leader(termOf(view, epoch.params.termViews));
    leaders.add(seat);
    counts.set(seat, (counts.get(seat) ?? 0) + 1);
  }
  const voters = epoch.electorate.voters.flatMap((votes, seat) => (votes ? [seat] : []));
  voters.sort((a, b) => (counts.get(a) ?? 0) - (counts.get(b) ?? 0) || b - a);
  return voters[0]!;
}

export const nullify = (view: number): VoteBody => ({
  kind: "nullify",
  view,
  parentView: 0,
  blockHash: ZERO_HASH,
});
