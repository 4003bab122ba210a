import {
  type Block,
  type Boundary,
  batchDigest,
  type Certificate,
  type Checkpoint,
  checkpointRootOf,
  checkpointsSlashable,
  type DurableRecord,
  type Effect,
  type EpochStart,
  type Evidence,
  fromBitmap,
  type Hash,
  hashOf,
  lateRoot,
  type Message,
  type Mode,
  type Peer,
  type ReferenceReading,
  type Registry,
  rootOf,
  type SignIntent,
  signingRoot,
  type Vote,
  type VoteBody,
  vrfRoot,
} from "@aitbc-hybrid/protocol";
import { certificatesIn, type Observed, type Observer } from "../observer.ts";
import type { Keyring } from "../signatures.ts";
import { type Audited, auditEpoch } from "./hybrid.ts";
import { type Era, intentOffence, termOf, voteOffence } from "./offences.ts";
import { backingSeats, backs, canDecide, isQuorum, totals, votingSeats, weigh } from "./weights.ts";

const MOST_FAILURES = 20;

/** Counts of a run, added up over many by the report. */
export interface Counts {
  /** Branches of the rules, by name. */
  readonly rules: Map<string, number>;
  readonly final: number;
  readonly epochs: number;
  /** Epochs begun under another registry than the one before, and under the same for want of a sealed one. */
  readonly handOvers: number;
  readonly carriedOver: number;
  /** Modes of the epochs begun, in order. */
  readonly modes: readonly Mode[];
  readonly signatures: number;
}

export interface OracleOptions {
  readonly chainId: number;
  /** Faults beyond the bounds: contradictions are collected, not failures. */
  readonly beyondBounds: boolean;
}

/** Where a recovery continued, as the contracts settled it. */
export interface RecoveryPoint {
  /** The recovered epoch. */
  readonly epoch: number;
  /** From the next epoch on. */
  readonly incarnation: number;
  readonly height: number;
  readonly hash: Hash;
  /** Somebody's stake had leaked: final blocks may be lost. */
  readonly leaked: boolean;
}

/** Whom a run convicts, and whether that is enough. */
export interface Convictions {
  /** By what honest nodes received and stored, searched by the harness. */
  readonly validators: ReadonlySet<number>;
  readonly enough: boolean;
  /** By the evidence that honest nodes gave themselves. */
  readonly accused: { readonly validators: ReadonlySet<number>; readonly enough: boolean };
}

/** Watches a run from outside and judges it by protocol.md alone. */
export class Oracles implements Observer {
  readonly #options: OracleOptions;
  readonly #keyring: Keyring;
  readonly #registryOf: (root: Hash) => Registry | undefined;
  readonly #validators = new Set<number>();
  /** First final block of each height, as some honest node made it durable. */
  readonly chain = new Map<
    number,
    { readonly hash: Hash; readonly block: Block; readonly stateRoot: Hash; readonly used: number }
  >();
  readonly #boundaries = new Map<Hash, Boundary>();
  readonly #certified = new Map<string, string>();
  readonly #finalized = new Map<Hash, Set<number>>();
  readonly #nullified = new Map<Hash, Set<number>>();
  /** By epoch and incarnation. */
  readonly #starts = new Map<string, { readonly text: string; readonly start: EpochStart }>();
  readonly #recoveries: RecoveryPoint[] = [];
  /** Blocks that some honest node saw backed. */
  readonly #backed = new Set<Hash>();
  readonly #lost = new Set<Hash>();
  readonly #statements = new Map<number, SignIntent[]>();
  readonly #checkpoints = new Map<Hash, Checkpoint>();
  readonly #intents = new Map<number, Map<string, { readonly root: Hash; readonly intent: SignIntent }[]>>();
  readonly #domains = new Map<
    Hash,
    { readonly registry: Hash; readonly mode: Mode; readonly epoch: number; readonly incarnation: number }
  >();
  /** Votes by signer as honest nodes received or stored them: the archives. */
  readonly #archive = new Map<
    string,
    { readonly domain: Hash; readonly seat: number; readonly votes: Map<Hash, VoteBody> }
  >();
  readonly #checked = new WeakSet<Certificate>();
  readonly rules = new Map<string, number>();
  readonly failures: string[] = [];
  /** Entries of the inbox that final blocks took. */
  forced = 0;
  /** Heights at which honest nodes finalized different blocks. */
  readonly disagreements: string[] = [];
  /** Whom honest nodes accuse. */
  readonly #accused = new Set<number>();
  #signatures = 0;

  constructor(
    options: OracleOptions,
    modules: { readonly keyring: Keyring; readonly registryOf: (root: Hash) => Registry | undefined },
  ) {
    this.#options = options;
    this.#keyring = modules.keyring;
    this.#registryOf = modules.registryOf;
  }

  /** Says that this validator's key is honest. */
  watch(validator: number): void {
    this.#validators.add(validator);
  }

  /** Records what was found wrong. */
  fail(what: string): void {
    if (this.failures.length < MOST_FAILURES && !this.failures.includes(what)) this.failures.push(what);
  }

  violation(node: Observed, what: string): void {
    this.fail(`${node.peer}: ${what}`);
  }

  restarted(_node: Observed): void {}

  sent(_node: Observed, _to: Peer, message: Message): void {
    if (message.type === "proposal")
      for (const each of message.proposal.block.body.certificates) this.#certificate(each);
  }

  received(node: Observed, _from: Peer, message: Message): void {
    if (!node.honest || !this.#options.beyondBounds) return;
    if (message.type === "vote") this.#vote(message.vote);
    else if (message.type === "certificate") this.#archiveCertificate(message.certificate);
    else if (message.type === "proposal") {
      const { epoch, domain, view, parentView, block, seat, signature } = message.proposal;
      const body = { kind: "notarize", view, parentView, blockHash: hashOf(block) } as const;
      this.#vote({ ...body, epoch, domain, seat, signature });
      for (const each of block.body.certificates) this.#archiveCertificate(each);
    } else if (message.type === "blocks") {
      for (const each of message.blocks) {
        if (each.certificate !== null) this.#archiveCertificate(each.certificate);
        for (const carried of each.block.body.certificates) this.#archiveCertificate(carried);
      }
    }
  }

  durable(node: Observed, record: DurableRecord): void {
    if (!node.honest) return;
    switch (record.type) {
      case "signed":
        this.#intent(node.validator, record.intent);
        break;
      case "final":
        this.#final(node, record);
        break;
      case "certificate":
        this.#certificate(record.certificate);
        break;
      case "backed": {
        const { certificate } = record;
        const { boundary } = certificate.checkpoint;
        if (boundary !== null) this.#boundaries.set(certificate.domain, boundary);
        const registry = this.registryOfDomain(certificate.domain);
        const root = checkpointRootOf(certificate.domain, certificate.checkpoint);
        if (registry === undefined) break;
        const seats = new Set(fromBitmap(certificate.bitmap));
        const mode = this.modeOf(certificate.domain);
        const backing = new Set(backingSeats(registry, mode));
        if (!backs(registry, mode, seats) || [...seats].some((seat) => !backing.has(seat)))
          this.fail(`${node.peer}: the checkpoint at ${certificate.checkpoint.height} is not backed`);
        if (!this.#keyring.validAggregate(registry.root, root, certificate.bitmap, certificate.signature))
          this.fail(`${node.peer}: the backing at ${certificate.checkpoint.height} does not verify`);
        const { blockHash } = certificate.checkpoint;
        if (
          this.#lost.has(blockHash) &&
          !this.#options.beyondBounds &&
          !this.#recoveries.some((r) => r.leaked)
        )
          this.fail(`the block at height ${certificate.checkpoint.height} is backed and lost`);
        this.#backed.add(blockHash);
        break;
      }
      default:
    }
  }

  signed(node: Observed, intent: SignIntent): void {
    this.#signatures++;
    if (node.honest) this.#intent(node.validator, intent);
  }

  performed(node: Observed, effect: Effect): void {
    if ((effect as { readonly type: string }).type === "trace") {
      const { rule } = effect as unknown as { readonly rule: string };
      if (node.honest) this.rules.set(rule, (this.rules.get(rule) ?? 0) + 1);
      return;
    }
    if (!node.honest) return;
    if (effect.type === "persist" && effect.record.type === "epoch") this.#epoch(node, effect.record.start);
    for (const certificate of certificatesIn(effect)) this.#certificate(certificate);
    if (effect.type === "sign") this.#domainKnown(node, effect.intent.domain);
    if (effect.type === "evidence") {
      for (const id of accusedBy(effect.evidence)) {
        this.#accused.add(id - 1);
        if (this.#validators.has(id - 1)) this.fail(`${node.peer} accuses the honest validator ${id - 1}`);
      }
    }
    if (effect.type === "halt" && !this.#options.beyondBounds)
      this.fail(`${node.peer} halts: ${effect.reason}`);
  }

  /** Learns which registry and mode a domain stands for. */
  domain(
    domain: Hash,
    registry: Hash,
    mode: Mode,
    place: { readonly epoch: number; readonly incarnation: number },
  ): void {
    const { epoch, incarnation } = place;
    this.#domains.set(domain, { registry, mode, epoch, incarnation });
  }

  /** Epoch and incarnation of a domain that some node entered. */
  placeOf(domain: Hash): { readonly epoch: number; readonly incarnation: number } | undefined {
    return this.#domains.get(domain);
  }

  /** The contracts activated a recovery: what was final above its point is lost, which only some blocks may be. */
  recovered(point: RecoveryPoint): void {
    this.#recoveries.push(point);
    for (const [height, { block, hash }] of this.chain) {
      if (height < point.height || hash === point.hash) continue;
      this.#lose(block, hash, point);
      this.chain.delete(height);
    }
  }

  /** Blocks that were final at some node and given up by a recovery. */
  get lost(): number {
    return this.#lost.size;
  }

  /** The recovery that this block lies above, if any. */
  #givenUp(header: Block["header"], hash: Hash): RecoveryPoint | undefined {
    const place = this.#domains.get(header.domain);
    if (place === undefined) return undefined;
    return this.#recoveries.find(
      (point) =>
        place.incarnation < point.incarnation &&
        (place.epoch > point.epoch ||
          (place.epoch === point.epoch && header.height >= point.height && hash !== point.hash)),
    );
  }

  /** Section 6: a backed block is never lost, nor a final one outside Fast, unless by a leak. */
  #lose(block: Block, hash: Hash, point: RecoveryPoint): void {
    this.#lost.add(hash);
    if (point.leaked || this.#options.beyondBounds) return;
    const { height, domain } = block.header;
    if (this.#backed.has(hash)) this.fail(`the backed block at height ${height} is lost by a recovery`);
    if (this.modeOf(domain) !== "fast")
      this.fail(`the final block at height ${height} is lost by a recovery`);
  }

  /** Mode of a domain that some node entered. */
  modeOf(domain: Hash): Mode {
    const known = this.#domains.get(domain);
    if (known === undefined) throw new Error(`domain ${domain} is of no epoch`);
    return known.mode;
  }

  /** K of a domain; 1 for one that no honest node entered. */
  termViewsOf(domain: Hash): number {
    const registry = this.registryOfDomain(domain);
    return registry === undefined || this.modeOf(domain) !== "fast" ? 1 : registry.params.termViews;
  }

  /** The registry whose seats sign in a domain; undefined for a domain that no honest node entered. */
  registryOfDomain(domain: Hash): Registry | undefined {
    const known = this.#domains.get(domain);
    return known === undefined ? undefined : this.#registryOf(known.registry);
  }

  #domainKnown(node: Observed, domain: Hash): void {
    if (!this.#domains.has(domain)) this.fail(`${node.peer} signs in a domain of no epoch`);
  }

  /** Called when a node enters an epoch, to compute its domain. */
  onEpoch: (start: EpochStart) => void = () => {};

  #epoch(node: Observed, start: EpochStart): void {
    this.onEpoch(start);
    const text = [
      start.incarnation,
      start.mode,
      start.registry,
      start.registryNext,
      start.seed,
      start.firstHeight,
      start.parent.hash,
      ...Object.values(start.hybrid),
    ].join();
    const key = `${start.epoch}/${start.incarnation}`;
    const known = this.#starts.get(key);
    if (known === undefined) this.#starts.set(key, { text, start });
    else if (known.text !== text && !this.#options.beyondBounds)
      this.fail(`${node.peer} begins epoch ${start.epoch} differently: ${text} instead of ${known.text}`);
  }

  #final(node: Observed, record: DurableRecord & { readonly type: "final" }): void {
    const { header } = record.block;
    const hash = hashOf(record.block);
    if (record.certificate !== null) this.#certificate(record.certificate);
    const point = this.#givenUp(header, hash);
    if (point !== undefined) {
      this.#lose(record.block, hash, point);
      return;
    }
    const known = this.chain.get(header.height);
    if (known === undefined) {
      const { stateRoot, used } = record.roots;
      this.chain.set(header.height, { hash, block: record.block, stateRoot, used });
      return;
    }
    if (known.hash === hash) {
      if (known.stateRoot !== record.roots.stateRoot)
        this.fail(`${node.peer} executed height ${header.height} differently`);
      return;
    }
    const what = `${node.peer} finalized ${hash.slice(0, 10)} at height ${header.height}, others ${known.hash.slice(0, 10)}`;
    this.disagreements.push(what);
    if (!this.#options.beyondBounds) this.fail(`disagreement: ${what}`);
  }

  /** Certificates of one view name one block, and no X covers a view that has F. */
  #certificate(c: Certificate): void {
    if (this.#checked.has(c)) return;
    this.#checked.add(c);
    if (this.#options.beyondBounds) this.#archiveCertificate(c);
    const registry = this.registryOfDomain(c.domain);
    if (registry === undefined) return;
    const { beyondBounds } = this.#options;
    const mode = this.modeOf(c.domain);
    const termViews = this.termViewsOf(c.domain);
    const seats = new Set(fromBitmap(c.bitmap));
    const voting = new Set(votingSeats(registry, mode));
    if (!isQuorum(registry, mode, seats) || [...seats].some((seat) => !voting.has(seat)))
      this.fail(`a certificate of ${c.kind} ${c.view} in epoch ${c.epoch} is not one of a quorum`);
    if (!this.#keyring.validAggregate(registry.root, rootOf(c.domain, c), c.bitmap, c.signature))
      this.fail(`a certificate of ${c.kind} ${c.view} in epoch ${c.epoch} does not verify`);
    if (beyondBounds) return;
    if (c.kind === "nullify") {
      const views = this.#nullified.get(c.domain) ?? new Set();
      this.#nullified.set(c.domain, views.add(c.view));
    } else {
      const key = `${c.domain}${c.view}`;
      const target = `${c.parentView}:${c.blockHash}`;
      const known = this.#certified.get(key);
      if (known === undefined) this.#certified.set(key, target);
      else if (known !== target) this.fail(`two blocks are certified in view ${c.view} of epoch ${c.epoch}`);
      if (c.kind === "finalize") {
        const views = this.#finalized.get(c.domain) ?? new Set();
        this.#finalized.set(c.domain, views.add(c.view));
      }
    }
    for (const w of this.#finalized.get(c.domain) ?? []) {
      for (const u of this.#nullified.get(c.domain) ?? []) {
        if (u <= w && termOf(u, termViews) === termOf(w, termViews))
          this.fail(`X(${u}) covers the final view ${w} of epoch ${c.epoch}`);
      }
    }
  }

  /** The contracts' predicate over all pairs of signatures of an honest key, over epochs and incarnations (section 10). */
  #intent(validator: number, intent: SignIntent): void {
    if (intent.what === "signal") return;
    const root = signingRoot(intent);
    let groups = this.#intents.get(validator);
    if (groups === undefined) {
      groups = new Map();
      this.#intents.set(validator, groups);
    }
    const restarts = groups.get("restart") ?? [];
    const group = groups.get(this.#groupOf(intent)) ?? [];
    if (group.some((each) => each.root === root)) return;
    groups.set(this.#groupOf(intent), group);
    const statements = this.#statements.get(validator) ?? [];
    this.#statements.set(validator, statements);
    // Only signatures of one term or of one checkpoint height can be an offence, and a RESTART beside anything.
    const others =
      intent.what === "restart" ? statements : [...group, ...restarts].map((each) => each.intent);
    for (const other of others) {
      const offence = intentOffence(other, intent, (domain) => this.#eraOf(domain));
      if (offence !== null)
        this.fail(
          `honest validator ${validator} signed ${offence} (${describeIntent(other)}, ${describeIntent(intent)})`,
        );
    }
    if (intent.what === "checkpoint") this.#checkpoint(validator, intent, root, statements);
    group.push({ root, intent });
    statements.push(intent);
  }

  #groupOf(intent: Exclude<SignIntent, { what: "signal" }>): string {
    switch (intent.what) {
      case "restart":
        return "restart";
      case "checkpoint":
        return `${intent.domain}h${intent.checkpoint.height}`;
      default:
        return `${intent.domain}t${termOf(intent.vote.view, this.termViewsOf(intent.domain))}`;
    }
  }

  #eraOf(domain: Hash): Era | undefined {
    const place = this.#domains.get(domain);
    return place === undefined ? undefined : { ...place, termViews: this.termViewsOf(domain) };
  }

  /** Checkpoints of one key in one domain are of one chain. */
  #checkpoint(
    validator: number,
    intent: Extract<SignIntent, { what: "checkpoint" }>,
    root: Hash,
    statements: readonly SignIntent[],
  ): void {
    this.#checkpoints.set(root, intent.checkpoint);
    for (const other of statements) {
      if (other.what !== "checkpoint" || other.domain !== intent.domain) continue;
      const [lower, higher] =
        other.checkpoint.height < intent.checkpoint.height ? [other, intent] : [intent, other];
      const chain: Checkpoint[] = [];
      let above = higher.checkpoint;
      for (;;) {
        const below = this.#checkpoints.get(above.previous);
        if (below === undefined || above.height <= lower.checkpoint.height) break;
        chain.push(below);
        above = below;
      }
      if (checkpointsSlashable(intent.domain, lower.checkpoint, higher.checkpoint, chain))
        this.fail(`honest validator ${validator} signed checkpoints of two chains`);
    }
  }

  #vote(vote: Vote): void {
    const registry = this.#domains.get(vote.domain)?.registry;
    if (registry === undefined) return;
    const root = rootOf(vote.domain, vote);
    if (!this.#keyring.valid(registry, vote.seat, root, vote.signature)) return;
    this.#keep(vote.domain, vote.seat, root, vote);
  }

  #archiveCertificate(c: Certificate): void {
    const registry = this.#domains.get(c.domain)?.registry;
    if (registry === undefined) return;
    const root = rootOf(c.domain, c);
    if (!this.#keyring.validAggregate(registry, root, c.bitmap, c.signature)) return;
    for (const seat of fromBitmap(c.bitmap)) this.#keep(c.domain, seat, root, c);
  }

  #keep(domain: Hash, seat: number, root: Hash, body: VoteBody): void {
    const key = `${domain}${seat}`;
    const known = this.#archive.get(key) ?? { domain, seat, votes: new Map<Hash, VoteBody>() };
    this.#archive.set(key, known);
    known.votes.set(root, body);
  }

  /**
   * Whom the honest archives convict, and whether that is more than a third of every class that section 2's table
   * names for the mode.
   */
  convictions(): Convictions {
    const validators = new Set<number>();
    const byDomain = new Map<Hash, Set<number>>();
    for (const { domain, seat, votes } of this.#archive.values()) {
      const list = [...votes.values()];
      const guilty = list.some((a, i) =>
        list.slice(i + 1).some((b) => voteOffence(a, b, this.termViewsOf(domain)) !== null),
      );
      if (!guilty) continue;
      byDomain.set(domain, (byDomain.get(domain) ?? new Set()).add(seat));
      const validator = this.#keyring.members(this.#domains.get(domain)!.registry)[seat];
      if (validator !== null && validator !== undefined) validators.add(validator);
    }
    let enough = false;
    let accused = false;
    for (const [domain, seats] of byDomain) {
      if (this.#isEnough(domain, seats)) enough = true;
      const members = this.#keyring.members(this.#domains.get(domain)!.registry);
      const named = new Set([...members.keys()].filter((seat) => this.#accused.has(members[seat] ?? -1)));
      if (this.#isEnough(domain, named)) accused = true;
    }
    return { validators, enough, accused: { validators: new Set(this.#accused), enough: accused } };
  }

  /** More than a third of every class that section 2's table names. */
  #isEnough(domain: Hash, seats: ReadonlySet<number>): boolean {
    const registry = this.registryOfDomain(domain)!;
    const mode = this.modeOf(domain);
    const voting = votingSeats(registry, mode);
    const all = totals(registry, voting);
    const part = weigh(registry, voting, seats);
    const authorities = all.authorities === 0 || 3 * part.authorities > all.authorities;
    const stake = all.stake === 0n || 3n * part.stake > all.stake;
    return mode === "fast" ? authorities : mode === "secure" ? stake : authorities && stake;
  }

  /** What a final block takes of the inbox: all that is due or as much as its quota holds, in order, as its first batch. */
  #checkForced({ header, body }: Block, from: number, due: ReferenceReading["due"], quota: number): void {
    const taken = due.slice(0, header.inboxCursor - from);
    const bytes = taken.reduce((sum, { size }) => sum + size, 0);
    const next = due[taken.length];
    const most = taken.length === 1 || bytes <= quota;
    const least = next === undefined || (taken.length > 0 && bytes + next.size > quota);
    if (header.inboxCursor !== from + taken.length || !most || !least)
      this.fail(
        `height ${header.height} takes entries ${from} to ${header.inboxCursor} of ${due.length} due`,
      );
    if (taken.length === 0) return;
    const transactions = taken.map(({ transactionHash }) => transactionHash);
    const batch = { author: 0, sequence: from, bytes, transactions };
    if (body.batches[0] !== batchDigest(this.#options.chainId, batch))
      this.fail(`height ${header.height} does not hold the forced entries that it takes`);
    this.forced += taken.length;
  }

  /** Follows the final chain from genesis and checks what every block owes to its ancestors. */
  checkChain(
    genesis: { readonly hash: Hash; readonly stateRoot: Hash; readonly stamp: number },
    contracts: {
      hashOf(number: number): Hash;
      reading(number: number, candidateEpoch: number, inboxFrom: number): ReferenceReading;
    },
  ): void {
    if (this.#options.beyondBounds) return;
    this.#auditModes();
    let parent = { hash: genesis.hash, stamp: genesis.stamp, reference: 0, inboxCursor: 0 };
    const epochs = new Map<number, { readonly epoch: number; readonly start: EpochStart }>();
    for (const { start } of this.#starts.values()) {
      const { epoch, incarnation, firstHeight } = start;
      if (this.#recoveries.some((point) => point.epoch < epoch && point.incarnation > incarnation)) continue;
      epochs.set(firstHeight, { epoch, start });
    }
    let current = epochs.get(1);
    let domain: Hash | null = null;
    let registry: Registry | undefined;
    let carried = new Map<string, Certificate>();
    for (let height = 1; ; height++) {
      const entry = this.chain.get(height);
      if (entry === undefined) {
        if (this.chain.size >= height) this.fail(`no final block at height ${height}`);
        return;
      }
      const { header, body } = entry.block;
      current = epochs.get(height) ?? current;
      let forced: ReferenceReading["due"] = [];
      if (current !== undefined) {
        const { number, hash } = header.reference;
        const reading = contracts.reading(number, current.epoch + 2, parent.inboxCursor);
        if (hash !== contracts.hashOf(number))
          this.fail(`height ${height} names a settlement block that is none`);
        if (number < parent.reference) this.fail(`height ${height} goes back in the settlement chain`);
        if (header.settledAt !== reading.settledAt)
          this.fail(`height ${height} does not say what the contracts show at its reference`);
        forced = reading.due;
        const { registryNext } = current.start;
        if (body.commitment !== null) {
          const { registryAfter, modeNext } = body.commitment;
          const candidate = current.epoch === 0 ? null : reading.candidate;
          const sealed = candidate === null ? undefined : this.#registryOf(candidate);
          const due = sealed !== undefined && canDecide(sealed, modeNext) ? candidate : registryNext;
          if (registryAfter !== due)
            this.fail(`height ${height} commits another registry than its reference shows`);
        }
      }
      const first = header.domain !== domain;
      if (first) {
        domain = header.domain;
        registry = this.registryOfDomain(domain);
        carried = new Map();
      }
      const params = registry?.params;
      if (params === undefined) {
        this.fail(`height ${height} is of no known epoch`);
        return;
      }
      this.#checkForced(entry.block, parent.inboxCursor, forced, params.forceQuota);
      const mode = this.modeOf(header.domain);
      const termViews = this.termViewsOf(header.domain);
      if (header.parentHash !== parent.hash) this.fail(`height ${height} does not extend its parent`);
      if (header.stamp < parent.stamp + params.blockTime[mode]) this.fail(`height ${height} comes too early`);
      const below = Math.max(0, height - params.rootLag);
      const expected = below === 0 ? genesis.stateRoot : this.chain.get(below)?.stateRoot;
      if (header.stateRoot !== expected) this.fail(`height ${height} names a wrong state root`);
      for (const c of body.certificates) carried.set(`${c.kind}${c.view}`, c);
      if (termViews === 1) {
        const { parentView } = header;
        const names =
          parentView === 0
            ? first
            : [carried.get(`notarize${parentView}`), carried.get(`finalize${parentView}`)].some(
                (c) => c?.blockHash === header.parentHash,
              );
        if (!names) this.fail(`height ${height} (view ${header.view}) carries no certificate of its parent`);
        for (let u = parentView + 1; u < header.view; u++)
          if (!carried.has(`nullify${u}`))
            this.fail(`height ${height} does not show that view ${u} was skipped`);
      }
      parent = {
        hash: entry.hash,
        stamp: header.stamp,
        reference: header.reference.number,
        inboxCursor: header.inboxCursor,
      };
    }
  }

  #auditModes(): void {
    for (const { start } of this.#starts.values()) {
      const blocks: Audited[] = [];
      for (let height = start.firstHeight; ; height++) {
        const entry = this.chain.get(height);
        const place = entry && this.#domains.get(entry.block.header.domain);
        if (entry === undefined || place?.epoch !== start.epoch || place.incarnation !== start.incarnation)
          break;
        blocks.push(entry);
        if (entry.block.body.commitment !== null) break;
      }
      auditEpoch(
        start,
        blocks,
        {
          boundary: this.#boundaries.get(blocks.at(-1)?.block.header.domain ?? start.registry),
          next: this.#starts.get(`${start.epoch + 1}/${start.incarnation}`)?.start,
        },
        {
          fail: (what) => this.fail(what),
          registryOf: this.#registryOf,
          leaderOf: (block, of) => this.#leaderOf(block, of),
          isSigned: (item, registry) =>
            this.#keyring.valid(registry.root, item.seat, lateRoot(item), item.signature),
        },
      );
    }
  }

  #leaderOf({ header, body }: Block, start: EpochStart): number {
    const term = Math.ceil(header.view / this.termViewsOf(header.domain));
    const root = vrfRoot(header.domain, start.seed, term);
    const members = this.#keyring.members(start.registry);
    return members.findIndex((_, seat) => this.#keyring.valid(start.registry, seat, root, body.vrfProof));
  }

  /** What the run reached. */
  counts(): Counts {
    let handOvers = 0;
    let carriedOver = 0;
    for (const { start } of this.#starts.values()) {
      const { epoch } = start;
      const before = this.#starts.get(`${epoch - 1}/${start.incarnation}`)?.start;
      if (before === undefined) continue;
      if (before.registry !== start.registry) handOvers++;
      // R_0 serves epochs 0 to 2 by definition.
      else if (epoch >= 3) carriedOver++;
    }
    return {
      rules: this.rules,
      final: this.chain.size,
      epochs: this.#starts.size,
      handOvers,
      carriedOver,
      modes: [...this.#starts.values()]
        .map(({ start }) => start)
        .sort((a, b) => a.epoch - b.epoch || a.incarnation - b.incarnation)
        .map((start) => start.mode),
      signatures: this.#signatures,
    };
  }
}

/** Validator ids that evidence convicts. */
export const accusedBy = (evidence: Evidence): readonly number[] =>
  evidence.what === "votes" ? [evidence.validatorId] : evidence.validatorIds;

function describeIntent(intent: SignIntent): string {
  if (intent.what === "checkpoint") return `checkpoint ${intent.checkpoint.height}`;
  if (intent.what === "signal") return intent.signal.kind;
  if (intent.what === "restart") return `RESTART ${intent.restart.view} of epoch ${intent.epoch}`;
  const { kind, view, parentView, blockHash: hash } = intent.vote;
  return `${kind} ${view}<-${parentView} ${hash.slice(0, 10)} in epoch ${intent.epoch}`;
}
