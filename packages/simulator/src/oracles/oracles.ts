import {
  type Block,
  type Boundary,
  type Certificate,
  type CheckpointCertificate,
  checkpointRootOf,
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
  type Registry,
  type SignIntent,
  vrfRoot,
} from "@aitbc-hybrid/protocol";
import { certificatesIn, type Observed, type Observer } from "../observer.ts";
import type { Keyring } from "../signatures.ts";
import { Archive, type Convictions } from "./archive.ts";
import { Certificates } from "./certificates.ts";
import { Domains } from "./domains.ts";
import { type ChainContracts, type ChainGenesis, checkFinalChain, type FinalBlock } from "./final-chain.ts";
import { type Audited, auditEpoch } from "./hybrid.ts";
import { Statements } from "./statements.ts";
import { backingSeats, backs } from "./weights.ts";

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

/** Watches a run from outside and judges it by protocol.md alone. */
export class Oracles implements Observer {
  readonly #options: OracleOptions;
  readonly #keyring: Keyring;
  readonly #registryOf: (root: Hash) => Registry | undefined;
  readonly #validators = new Set<number>();
  /** First final block of each height, as some honest node made it durable. */
  readonly chain = new Map<number, FinalBlock>();
  readonly #boundaries = new Map<Hash, Boundary>();
  readonly #domains: Domains;
  readonly #archive: Archive;
  readonly #statements: Statements;
  readonly #certificates: Certificates;
  readonly #checked = new WeakSet<Certificate>();
  /** By epoch and incarnation. */
  readonly #starts = new Map<string, { readonly text: string; readonly start: EpochStart }>();
  readonly #recoveries: RecoveryPoint[] = [];
  /** Blocks that some honest node saw backed. */
  readonly #backed = new Set<Hash>();
  readonly #lost = new Set<Hash>();
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
    const { keyring } = modules;
    const domains = new Domains(modules.registryOf);
    const fail = (what: string): void => this.fail(what);
    this.#domains = domains;
    this.#archive = new Archive({ domains, keyring });
    this.#statements = new Statements({ domains, fail });
    this.#certificates = new Certificates({ domains, keyring, fail });
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
    this.#archive.message(message);
  }

  durable(node: Observed, record: DurableRecord): void {
    if (!node.honest) return;
    switch (record.type) {
      case "signed":
        this.#statements.add(node.validator, record.intent);
        break;
      case "final":
        this.#final(node, record);
        break;
      case "certificate":
        this.#certificate(record.certificate);
        break;
      case "backed":
        this.#backing(node, record.certificate);
        break;
      default:
    }
  }

  /** A checkpoint that a node holds backed: by enough of W_e, and not of a block that was given up. */
  #backing(node: Observed, certificate: CheckpointCertificate): void {
    const { checkpoint, domain, bitmap, signature } = certificate;
    const { boundary, height, blockHash } = checkpoint;
    if (boundary !== null) this.#boundaries.set(domain, boundary);
    const registry = this.registryOfDomain(domain);
    if (registry === undefined) return;
    const seats = new Set(fromBitmap(bitmap));
    const mode = this.modeOf(domain);
    const backing = new Set(backingSeats(registry, mode));
    if (!backs(registry, mode, seats) || [...seats].some((seat) => !backing.has(seat)))
      this.fail(`${node.peer}: the checkpoint at ${height} is not backed`);
    const root = checkpointRootOf(domain, checkpoint);
    if (!this.#keyring.validAggregate(registry.root, root, bitmap, signature))
      this.fail(`${node.peer}: the backing at ${height} does not verify`);
    const mayBeLost = this.#options.beyondBounds || this.#recoveries.some(({ leaked }) => leaked);
    if (this.#lost.has(blockHash) && !mayBeLost)
      this.fail(`the block at height ${height} is backed and lost`);
    this.#backed.add(blockHash);
  }

  signed(node: Observed, intent: SignIntent): void {
    this.#signatures++;
    if (node.honest) this.#statements.add(node.validator, intent);
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
    this.#domains.learn(domain, { ...place, registry, mode });
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
    return this.#domains.modeOf(domain);
  }

  /** K of a domain; 1 for one that no honest node entered. */
  termViewsOf(domain: Hash): number {
    return this.#domains.termViewsOf(domain);
  }

  /** The registry whose seats sign in a domain; undefined for a domain that no honest node entered. */
  registryOfDomain(domain: Hash): Registry | undefined {
    return this.#domains.registryOf(domain);
  }

  #domainKnown(node: Observed, domain: Hash): void {
    if (this.#domains.get(domain) === undefined) this.fail(`${node.peer} signs in a domain of no epoch`);
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

  #certificate(c: Certificate): void {
    // One of a domain that no honest node entered yet is looked at when it comes again.
    if (this.#checked.has(c) || this.#domains.get(c.domain) === undefined) return;
    this.#checked.add(c);
    const { beyondBounds } = this.#options;
    if (beyondBounds) this.#archive.certificate(c);
    this.#certificates.checkSigners(c);
    if (!beyondBounds) this.#certificates.checkBeside(c);
  }

  /** Whom the run convicts. */
  convictions(): Convictions {
    return this.#archive.convictions(this.#accused);
  }

  /** Judges the final chain, once the run is over. */
  checkChain(genesis: ChainGenesis, contracts: ChainContracts): void {
    if (this.#options.beyondBounds) return;
    this.#auditModes();
    const starts = new Map<number, EpochStart>();
    for (const { start } of this.#starts.values()) {
      const { epoch, incarnation, firstHeight } = start;
      if (this.#recoveries.some((point) => point.epoch < epoch && point.incarnation > incarnation)) continue;
      starts.set(firstHeight, start);
    }
    this.forced += checkFinalChain(this.chain, starts, {
      chainId: this.#options.chainId,
      genesis,
      contracts,
      domains: this.#domains,
      registryOf: this.#registryOf,
      fail: (what) => this.fail(what),
    });
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
