import {
  type Checkpoint,
  checkpointRoot,
  type Hash,
  type RestartBody,
  type SignIntent,
  type VoteBody,
} from "@aitbc-hybrid/protocol";
import { NodeError } from "../errors.ts";
import { decodeRecord, encodeRecord, type ProtectionRecord } from "./records.ts";
import type { Permission, ProtectionLog } from "./types.ts";

/** Views kept vote by vote below the highest signed; older ones fall below the low-water mark. */
const VIEWS_KEPT = 4_096;

interface ViewVotes {
  notarize?: VoteBody;
  finalize?: VoteBody;
  nullify?: VoteBody;
}

interface Domain {
  readonly domain: Hash;
  readonly epoch: number;
  /** Recoveries before it. */
  readonly incarnation: number;
  /** Consecutive views of one leader (K): NULLIFY(u) excludes FINALIZE up to the end of u's term. */
  readonly termViews: number;
  /** Nothing is signed for views up to this one. */
  lowView: number;
  /** No checkpoint is signed up to this height. */
  lowHeight: number;
  /** Highest view that a FINALIZE or a checkpoint named: no RESTART is below it. */
  bound: number;
  highest: number;
  readonly votes: Map<number, ViewVotes>;
  readonly checkpoints: Map<number, Hash>;
  /** Blocks that RESTARTs named, by view. */
  readonly restarts: Map<number, Hash>;
}

/** Where signing begins: nothing is signed in earlier incarnations, nor in this one's earlier epochs. */
interface Floor {
  readonly incarnation: number;
  readonly epoch: number;
}

/** A vote in the exchange format. */
interface ExportedVote {
  readonly kind: string;
  readonly view: string;
  readonly parent_view: string;
  readonly block_hash: string;
}

/** The exchange format, after EIP-3076: numbers are decimal strings. */
export interface Interchange {
  readonly metadata: {
    readonly interchange_format: "aitbc-hybrid-slashing-protection";
    readonly interchange_format_version: "2";
    readonly genesis_hash: Hash;
  };
  readonly data: readonly {
    readonly pubkey: string;
    /** Nothing may be signed in earlier incarnations, nor in this one's epochs below. */
    readonly floor_incarnation: string;
    readonly floor_epoch: string;
    readonly domains: readonly {
      readonly domain: Hash;
      readonly epoch: string;
      readonly incarnation: string;
      readonly term_views: string;
      readonly low_view: string;
      readonly low_height: string;
      /** Highest view that a FINALIZE or a checkpoint named. */
      readonly bound_view: string;
      readonly signed_votes: readonly ExportedVote[];
      readonly signed_checkpoints: readonly { readonly height: string; readonly root: Hash }[];
      readonly signed_restarts: readonly { readonly view: string; readonly block_hash: Hash }[];
    }[];
  }[];
}

const ALLOWED: Permission = { allowed: true };
const refuse = (reason: string): Permission => ({ allowed: false, reason });
const same = (a: VoteBody, b: VoteBody): boolean =>
  a.kind === b.kind && a.view === b.view && a.parentView === b.parentView && a.blockHash === b.blockHash;

/**
 * The last line of defence against a slashable signature (protocol.md section 4): whatever the replica asks for, nothing
 * that conflicts with what this key signed before, or that lies below a low-water mark, is signed. It cannot be switched
 * off. The identical intent is allowed again. What it allows counts as signed from then on, sent or not; the signature
 * may leave once `sync` resolved.
 */
export class Protection {
  readonly #log: ProtectionLog;
  readonly #domains = new Map<Hash, Domain>();
  #floor: Floor = { incarnation: 0, epoch: 0 };

  /** @throws NodeError PROTECTION_INVALID if the log holds what this version does not know */
  constructor(log: ProtectionLog) {
    this.#log = log;
    for (const bytes of log.records) this.#apply(decodeRecord(bytes));
  }

  /** Whether anything was ever signed or imported: false for a key that is new here. */
  get used(): boolean {
    return this.#domains.size > 0 || this.#floor.epoch > 0;
  }

  /**
   * Allows signing in an epoch's domain; epochs before the one before are closed for good, and so are earlier
   * incarnations. Once more for a known domain: nothing happens.
   */
  open(domain: Hash, epoch: number, incarnation: number, termViews: number): void {
    if (this.#domains.has(domain)) return;
    if (epoch > 0) this.#record({ type: "floor", incarnation, epoch: epoch - 1 });
    this.#record({ type: "domain", domain, epoch, incarnation, termViews });
  }

  /** Decides, and notes what it allows. */
  permit(intent: SignIntent): Permission {
    const domain = this.#domains.get(intent.domain);
    if (domain === undefined) return refuse(`the domain ${intent.domain} was never opened`);
    if (isBelow(domain, this.#floor)) {
      return refuse(
        `epoch ${domain.epoch} of incarnation ${domain.incarnation} is below the lowest allowed, ${this.#floor.epoch} of ${this.#floor.incarnation}`,
      );
    }
    if (intent.what === "restart") return this.#permitRestart(domain, intent.restart);
    const restarted = this.#restarted(domain);
    if (restarted !== null) return refuse(`RESTART of epoch ${restarted} was signed`);
    // Nothing that a signal says can be contradicted.
    if (intent.what === "signal") return ALLOWED;
    if (intent.what !== "checkpoint") return this.#permitVote(domain, intent.vote);
    return this.#permitCheckpoint(domain, intent.checkpoint);
  }

  /** Resolves when everything allowed so far is durable. */
  sync(): Promise<void> {
    return this.#log.sync();
  }

  /** Rewrites the log with what still matters; after an epoch began. */
  async compact(): Promise<void> {
    for (const domain of [...this.#domains.values()]) {
      // A RESTART binds in the next epoch too.
      const binds = domain.restarts.size > 0 ? domain.epoch + 1 : domain.epoch;
      if (isBelow({ ...domain, epoch: binds }, this.#floor)) this.#domains.delete(domain.domain);
    }
    await this.#log.replace([...this.#records()].map(encodeRecord));
  }

  /** Everything this key signed, for another machine. Stop this one first. */
  export(genesisHash: Hash, publicKey: string): Interchange {
    return {
      metadata: {
        interchange_format: "aitbc-hybrid-slashing-protection",
        interchange_format_version: "2",
        genesis_hash: genesisHash,
      },
      data: [
        {
          pubkey: publicKey,
          floor_incarnation: String(this.#floor.incarnation),
          floor_epoch: String(this.#floor.epoch),
          domains: [...this.#domains.values()].map((domain) => ({
            domain: domain.domain,
            epoch: String(domain.epoch),
            incarnation: String(domain.incarnation),
            term_views: String(domain.termViews),
            low_view: String(domain.lowView),
            low_height: String(domain.lowHeight),
            bound_view: String(domain.bound),
            signed_votes: [...domain.votes.values()]
              .flatMap((votes) => [votes.notarize, votes.finalize, votes.nullify])
              .filter((vote) => vote !== undefined)
              .map((vote) => ({
                kind: vote.kind,
                view: String(vote.view),
                parent_view: String(vote.parentView),
                block_hash: vote.blockHash,
              })),
            signed_checkpoints: [...domain.checkpoints].map(([height, root]) => ({
              height: String(height),
              root,
            })),
            signed_restarts: [...domain.restarts].map(([view, blockHash]) => ({
              view: String(view),
              block_hash: blockHash,
            })),
          })),
        },
      ],
    };
  }

  /**
   * Takes over another machine's history: its marks become low-water marks here, so that nothing in a view or at a height
   * it may have signed is signed again.
   * @throws NodeError PROTECTION_INVALID if the file is of another network, key or format
   */
  async import(file: unknown, genesisHash: Hash, publicKey: string): Promise<void> {
    const { metadata, data } = checkInterchange(file);
    if (metadata.genesis_hash !== genesisHash) {
      throw invalid(
        `it belongs to the network with genesis ${metadata.genesis_hash}, this is ${genesisHash}`,
      );
    }
    const own = data.filter((entry) => entry.pubkey === publicKey);
    if (own.length === 0) throw invalid(`it has no entry for the key ${publicKey}`);
    for (const entry of own) {
      const [incarnation, epoch] = [whole(entry.floor_incarnation), whole(entry.floor_epoch)];
      this.#record({ type: "floor", incarnation, epoch });
      for (const each of entry.domains) {
        if (!this.#domains.has(each.domain)) {
          this.#record({
            type: "domain",
            domain: each.domain,
            epoch: whole(each.epoch),
            incarnation: whole(each.incarnation),
            termViews: whole(each.term_views),
          });
        }
        const views = each.signed_votes.map((vote) => whole(vote.view));
        const heights = each.signed_checkpoints.map((checkpoint) => whole(checkpoint.height));
        this.#record({
          type: "mark",
          domain: each.domain,
          view: Math.max(whole(each.low_view), ...views),
          height: Math.max(whole(each.low_height), ...heights),
          bound: whole(each.bound_view),
        });
        for (const { view, block_hash: blockHash } of each.signed_restarts) {
          this.#record({ type: "restart", domain: each.domain, view: whole(view), blockHash });
        }
      }
    }
    await this.sync();
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  #permitVote(domain: Domain, vote: VoteBody): Permission {
    const { view } = vote;
    const votes = domain.votes.get(view);
    const before = votes?.[vote.kind];
    if (before !== undefined) {
      return same(before, vote) ? ALLOWED : refuse(`another ${vote.kind} of view ${view} was signed`);
    }
    if (view <= domain.lowView) {
      return refuse(`view ${view} is not above the low-water mark, ${domain.lowView}`);
    }
    const conflict = this.#conflict(domain, vote, votes);
    if (conflict !== null) return refuse(conflict);
    this.#record({ type: "vote", domain: domain.domain, ...vote });
    return ALLOWED;
  }

  /** Section 7's offences: NOTARIZE against FINALIZE of one view, NULLIFY(u) against FINALIZE(w) with u <= w in a term. */
  #conflict(domain: Domain, vote: VoteBody, votes: ViewVotes | undefined): string | null {
    const { view, kind } = vote;
    const term = Math.ceil(view / domain.termViews);
    if (kind === "nullify") {
      for (let w = view; w <= term * domain.termViews; w++) {
        if (domain.votes.get(w)?.finalize !== undefined) return `FINALIZE of view ${w} was signed`;
      }
      return null;
    }
    const other = kind === "notarize" ? votes?.finalize : votes?.notarize;
    if (other !== undefined && (other.blockHash !== vote.blockHash || other.parentView !== vote.parentView)) {
      return `a ${other.kind} of view ${view} for another block was signed`;
    }
    if (kind === "notarize") return null;
    for (let u = (term - 1) * domain.termViews + 1; u <= view; u++) {
      if (domain.votes.get(u)?.nullify !== undefined) return `NULLIFY of view ${u} was signed`;
    }
    return null;
  }

  /** The epoch whose RESTART silences this domain: its own, or the one before in the same incarnation; null: none. */
  #restarted({ epoch, incarnation }: Domain): number | null {
    for (const other of this.#domains.values()) {
      const binds = other.epoch === epoch || other.epoch + 1 === epoch;
      if (binds && other.incarnation === incarnation && other.restarts.size > 0) return other.epoch;
    }
    return null;
  }

  /**
   * RESTARTs of different views may follow each other: one that a checkpoint cancelled is asked for again above it
   * (protocol.md section 6). Two blocks of one view never, nor a view below what was finalized or backed.
   */
  #permitRestart(domain: Domain, { view, blockHash }: RestartBody): Permission {
    const before = domain.restarts.get(view);
    if (before !== undefined) {
      return before === blockHash ? ALLOWED : refuse(`RESTART of view ${view} with another block was signed`);
    }
    if (view < domain.bound) {
      return refuse(`a FINALIZE or a checkpoint up to view ${domain.bound} was signed`);
    }
    for (const later of this.#domains.values()) {
      const used = later.votes.size > 0 || later.checkpoints.size > 0 || later.lowView + later.lowHeight > 0;
      if (later.epoch > domain.epoch && used) return refuse(`epoch ${later.epoch} was signed in already`);
    }
    this.#record({ type: "restart", domain: domain.domain, view, blockHash });
    return ALLOWED;
  }

  #permitCheckpoint(domain: Domain, checkpoint: Checkpoint): Permission {
    const { height, view } = checkpoint;
    const root = checkpointRoot(domain.domain, checkpoint);
    const before = domain.checkpoints.get(height);
    if (before !== undefined) {
      return before === root ? ALLOWED : refuse(`another checkpoint of height ${height} was signed`);
    }
    if (height <= domain.lowHeight) {
      return refuse(`height ${height} is not above the low-water mark, ${domain.lowHeight}`);
    }
    this.#record({ type: "checkpoint", domain: domain.domain, height, view, root });
    return ALLOWED;
  }

  #record(record: ProtectionRecord): void {
    this.#log.append(encodeRecord(record));
    this.#apply(record);
  }

  #apply(record: ProtectionRecord): void {
    if (record.type === "floor") {
      if (isBelow(this.#floor, record)) this.#floor = record;
      return;
    }
    if (record.type === "domain") {
      // Known already: the beginning of a rewriting that a crash cut off.
      if (this.#domains.has(record.domain)) return;
      this.#domains.set(record.domain, {
        domain: record.domain,
        epoch: record.epoch,
        incarnation: record.incarnation,
        termViews: record.termViews,
        lowView: 0,
        lowHeight: 0,
        bound: 0,
        highest: 0,
        votes: new Map(),
        checkpoints: new Map(),
        restarts: new Map(),
      });
      return;
    }
    const domain = this.#domains.get(record.domain);
    if (domain === undefined) throw invalid(`its log signs in the unknown domain ${record.domain}`);
    if (record.type === "mark") {
      domain.lowView = Math.max(domain.lowView, record.view);
      domain.lowHeight = Math.max(domain.lowHeight, record.height);
      domain.bound = Math.max(domain.bound, record.bound);
    } else if (record.type === "checkpoint") {
      domain.checkpoints.set(record.height, record.root);
      domain.bound = Math.max(domain.bound, record.view);
    } else if (record.type === "restart") {
      domain.restarts.set(record.view, record.blockHash);
    } else {
      const { kind, view, parentView, blockHash } = record;
      const votes = domain.votes.get(view) ?? {};
      votes[kind] = { kind, view, parentView, blockHash };
      domain.votes.set(view, votes);
      domain.highest = Math.max(domain.highest, view);
      if (kind === "finalize") domain.bound = Math.max(domain.bound, view);
      this.#raise(domain);
    }
  }

  /** Forgets votes far below the highest: the mark stands in for them. */
  #raise(domain: Domain): void {
    if (domain.votes.size <= 2 * VIEWS_KEPT) return;
    domain.lowView = Math.max(domain.lowView, domain.highest - VIEWS_KEPT);
    for (const view of domain.votes.keys()) if (view <= domain.lowView) domain.votes.delete(view);
  }

  *#records(): Generator<ProtectionRecord> {
    yield { type: "floor", ...this.#floor };
    for (const each of this.#domains.values()) {
      const { domain, epoch, incarnation, termViews, lowView, lowHeight, bound, votes, checkpoints } = each;
      yield { type: "domain", domain, epoch, incarnation, termViews };
      yield { type: "mark", domain, view: lowView, height: lowHeight, bound };
      for (const { notarize, finalize, nullify } of votes.values()) {
        for (const vote of [notarize, finalize, nullify]) {
          if (vote !== undefined) yield { type: "vote", domain, ...vote };
        }
      }
      // Their views are below the mark's bound.
      for (const [height, root] of checkpoints) yield { type: "checkpoint", domain, height, view: 0, root };
      for (const [view, blockHash] of each.restarts) yield { type: "restart", domain, view, blockHash };
    }
  }
}

/** True if `a` lies before the floor `b`. */
const isBelow = (a: Floor, b: Floor): boolean =>
  a.incarnation < b.incarnation || (a.incarnation === b.incarnation && a.epoch < b.epoch);

const invalid = (why: string): NodeError =>
  new NodeError(
    "PROTECTION_INVALID",
    `The slashing protection cannot be used: ${why}. Restore the right file; never delete it while the key is in use.`,
  );

function whole(text: string): number {
  const value = Number(text);
  if (typeof text !== "string" || !/^[0-9]{1,16}$/.test(text) || !Number.isSafeInteger(value)) {
    throw invalid(`"${text}" is not a whole number`);
  }
  return value;
}

function checkInterchange(file: unknown): Interchange {
  const { metadata, data } = (file ?? {}) as Partial<Interchange>;
  if (metadata?.interchange_format !== "aitbc-hybrid-slashing-protection" || !Array.isArray(data)) {
    throw invalid("the file is no slashing protection of this network's validators");
  }
  if (metadata.interchange_format_version !== "2") {
    throw invalid(`version ${metadata.interchange_format_version} of its format is not supported, 2 is`);
  }
  const hash = /^0x[0-9a-f]{64}$/;
  for (const entry of data) {
    for (const each of entry.domains ?? []) {
      if (
        !hash.test(each.domain) ||
        !Array.isArray(each.signed_votes) ||
        !Array.isArray(each.signed_checkpoints) ||
        !Array.isArray(each.signed_restarts)
      ) {
        throw invalid("a domain is incomplete");
      }
    }
  }
  return { metadata, data };
}
