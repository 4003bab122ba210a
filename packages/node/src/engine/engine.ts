import { type ExecutionEngine, ExecutionError, type ExecutionResult } from "@aitbc-hybrid/execution";
import {
  type Block,
  type Certificate,
  type DurableRecord,
  decodeMessage,
  type Effect,
  encodeMessage,
  type Hash,
  type Header,
  type Hex,
  type Input,
  LIMITS,
  type Message,
  type Peer,
  paramsAt,
  type ReferenceReading,
  type Registry,
  type ReplicaConfig,
  type ReplicaState,
  type Request,
  type RestartVote,
  restoreReplica,
  type SettlementReference,
  type SignIntent,
  signingRoot,
  step,
  usedOf,
  viewOf,
} from "@aitbc-hybrid/protocol";
import type { ChainStore, FinalBlock, RegistryStore } from "../chain/index.ts";
import type { DataPath } from "../data/index.ts";
import { sentence } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Settlement } from "../settlement/index.ts";
import type { Protection, Signer, Silence } from "../signing/index.ts";
import type { CertifiedHeader, ConsensusLinks, EngineListener, EngineMetrics, RecordLog } from "./types.ts";
import type { Verifier } from "./verifier.ts";

export interface EngineOptions {
  readonly replica: ReplicaConfig;
  readonly genesisHash: Hash;
  /** Ledger account that gets the tips of own blocks. */
  readonly feeRecipient: Hex;
  /** Inputs that may wait; beyond, messages of peers are dropped (repair makes good what mattered). */
  readonly queueLimit: number;
  /** Wait before the contracts are asked again, ms. */
  readonly retryMs: number;
}

export interface EngineModules {
  readonly links: ConsensusLinks;
  readonly wal: RecordLog;
  readonly protection: Protection;
  /** Null: a follower. */
  readonly signer: Signer | null;
  readonly verifier: Verifier;
  readonly data: DataPath;
  readonly execution: ExecutionEngine;
  readonly chain: ChainStore;
  readonly registries: RegistryStore;
  readonly settlement: Settlement;
  readonly listener: EngineListener;
  readonly log: Log;
  readonly metrics: EngineMetrics;
  /** ms since 1970 */
  readonly clock: () => number;
}

/** An input before the time is added: it is taken when the input's turn comes. */
type Waiting = Input extends infer I ? (I extends { now: number } ? Omit<I, "now"> : never) : never;
type EffectOf<T extends Effect["type"]> = Extract<Effect, { type: T }>;

/** Something that leaves the process once the records before it are durable. */
interface Held {
  readonly after: number;
  readonly run: () => void;
}

/** Inputs processed before other work of the process gets its turn. */
const INPUTS_PER_TURN = 256;
/** Wait before a busy ledger is asked again, ms. */
const BUSY_MS = 20;

/**
 * Drives the replica: the only caller of `step`. It performs effects in their order; what leaves the process waits until
 * every record before it is durable, and all records of one turn of the event loop share one write (protocol.md
 * section 4). It decides nothing that a rule decides.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #modules: EngineModules;
  #state: ReplicaState;
  #inputs: Waiting[] = [];
  #checks: EffectOf<"verify">[] = [];
  #started = false;
  #scheduled = false;
  #putOff = false;
  #timer: NodeJS.Timeout | null = null;
  #outbox: Held[] = [];
  /** Records given to the log, and how many of them are durable. */
  #recorded = 0;
  #durable = 0;
  #lastAppend: Promise<unknown> = Promise.resolve();
  #halted = false;
  #closed = false;
  /** Blocks above the final one, by hash: what a branch ordered already. */
  readonly #blocks = new Map<Hash, Block>();
  /** Outcomes of blocks above the final one. */
  readonly #results = new Map<Hash, ExecutionResult>();
  /** What the contracts said at a reference; kept while blocks may still name it. */
  readonly #readings = new Map<string, ReferenceReading>();
  /** References asked for that the own client does not show final yet. */
  readonly #pendingReferences = new Map<string, EffectOf<"reference">>();
  /** What the replica was last told of the contracts, and of how many activations. */
  #shown = "";
  #activations = 0;
  /** Counts the replicas that took each other's place: numbers of intents are a replica's own. */
  #replica = 0;
  /** Why the own key signs nothing at present; null: it does. */
  #silenced: Silence | null = null;
  /** Finalization happens one block after the other. */
  #finalizing: Promise<void> = Promise.resolve();
  readonly #unsubscribe: (() => void)[] = [];

  constructor(options: EngineOptions, modules: EngineModules, start: { state: ReplicaState }) {
    this.#options = options;
    this.#modules = modules;
    this.#state = start.state;
  }

  /** Performs the effects of the beginning, then goes on; inputs that came before wait until then. */
  start(effects: readonly Effect[]): void {
    this.#started = true;
    const { settlement } = this.#modules;
    this.#unsubscribe.push(
      settlement.onFinal(() => {
        this.#askAgain();
        this.#lookAtContracts();
      }),
      settlement.onReverted((reference) => this.submit({ type: "reverted", reference })),
    );
    this.#enterEpoch();
    this.#perform(effects);
    this.#commit();
    this.#lookAtContracts();
    this.#schedule();
  }

  /** The contracts punished the own key: nothing is signed from now on. Null: it is in good standing again. */
  silence(why: Silence | null): void {
    this.#silenced = why;
  }

  /** Why the own key signs nothing; null: it does. */
  get silenced(): string | null {
    return this.#silenced?.reason ?? null;
  }

  /** What the node holds for a recovery of the epoch it is in. */
  recoveryWork(): {
    readonly epoch: number;
    readonly registry: Registry;
    readonly registryNext: Registry | null;
    readonly restarts: readonly RestartVote[];
  } {
    const { epoch, registries, restarts } = this.#state;
    const { start, registry } = epoch;
    const registryNext = registries.get(start.registryNext) ?? null;
    return { epoch: start.epoch, registry, registryNext, restarts: [...restarts.values()].flat() };
  }

  /** Read model of the replica. */
  view(): ReturnType<typeof viewOf> {
    return viewOf(this.#state);
  }

  get halted(): boolean {
    return this.#halted;
  }

  /** A block above the final one with its outcome, as far as it was executed. */
  speculative(hash: Hash): { readonly block: Block; readonly result: ExecutionResult | null } | null {
    const block = this.#blocks.get(hash);
    return block === undefined ? null : { block, result: this.#results.get(hash) ?? null };
  }

  /** A peer came. */
  connected(peer: Peer): void {
    this.submit({ type: "connected", peer });
  }

  /** A frame of the consensus channel: parsed at once, so that what is malformed never waits. */
  receive(from: Peer, frame: Uint8Array): void {
    const { links, metrics, verifier } = this.#modules;
    if (this.#inputs.length >= this.#options.queueLimit) {
      metrics.refused("queue-full");
      return;
    }
    let message: Message;
    try {
      message = decodeMessage(frame);
    } catch (error) {
      metrics.refused("malformed");
      links.ban(from, `sent a malformed message: ${sentence(error)}`);
      return;
    }
    metrics.message(message.type, "in");
    if (!verifier.wellFormed(message)) {
      metrics.refused("signature");
      links.ban(from, `sent a ${message.type} whose signature is no point of the group`);
      return;
    }
    this.#holdAgainstArchive(from, message);
    this.submit({ type: "message", from, message });
  }

  /** What is said of epochs that are over says nothing to the replica: the archive looks at it. */
  #holdAgainstArchive(from: Peer, message: Message): void {
    const { epoch } = this.#state.epoch.start;
    if (message.type !== "certificate" && message.type !== "checkpointCertificate") return;
    if (message.certificate.epoch < epoch) this.#modules.listener.past(from, message);
  }

  /** Queues an input. */
  submit(input: Waiting): void {
    if (this.#closed) return;
    this.#inputs.push(input);
    this.#schedule();
  }

  /** Stops; resolves when everything recorded is durable and final blocks are stored. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const end of this.#unsubscribe) end();
    await this.#lastAppend.catch(() => {});
    await this.#modules.protection.sync().catch(() => {});
    await this.#finalizing;
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed || !this.#started) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  /**
   * Inputs, and one verification, if any waits. After a turn with inputs the verification is put off once: what they had
   * to say leaves before a pairing holds up the loop.
   */
  #turn(): void {
    if (this.#closed || this.#halted) return;
    const inputs = this.#inputs.splice(0, INPUTS_PER_TURN);
    this.#modules.metrics.queued(this.#inputs.length);
    try {
      for (const input of inputs) this.#step(input);
      if (inputs.length === 0 || this.#putOff) {
        this.#putOff = false;
        this.#verifyNext();
      } else this.#putOff = true;
    } catch (error) {
      this.#modules.log.fatal({ err: error }, "the replica failed");
      this.#halt(`the replica failed: ${sentence(error)}`, false);
    }
    this.#commit();
    if (this.#inputs.length > 0 || this.#checks.length > 0) this.#schedule();
  }

  #step(waiting: Waiting): void {
    const begun = performance.now();
    const input = { ...waiting, now: this.#modules.clock() } as Input;
    const { state, effects } = step(this.#state, input);
    this.#state = state;
    this.#modules.metrics.step(input.type, (performance.now() - begun) / 1_000);
    this.#perform(effects);
  }

  #verifyNext(): void {
    const effect = this.#checks.shift();
    if (effect === undefined) return;
    const begun = performance.now();
    const result = this.#modules.verifier.run(effect.check);
    this.#modules.metrics.verified(effect.check.what, (performance.now() - begun) / 1_000);
    this.#step({ type: "verified", job: effect.job, result });
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.#performOne(effect);
  }

  #performOne(effect: Effect): void {
    const { data, links, log, listener, chain } = this.#modules;
    switch (effect.type) {
      case "persist":
        if (effect.record.type === "epoch") this.#compactAfter(this.#record(effect.record));
        else this.#record(effect.record);
        return;
      case "sign":
        this.#sign(effect);
        return;
      case "broadcast": {
        const { registry } = this.#state.epoch;
        this.#hold(() => {
          const { message } = effect;
          if (message.type === "signal" && message.signal.kind === "ready")
            listener.ready(message.signal, registry);
          this.#modules.metrics.message(effect.message.type, "out");
          links.broadcast(encodeMessage(effect.message));
        });
        return;
      }
      case "send":
        this.#hold(() => this.#send(effect.to, effect.message));
        return;
      case "serve":
        this.#background(this.#serve(effect.to, effect.request), "answering a peer");
        return;
      case "verify":
        this.#checks.push(effect);
        return;
      case "payload":
        this.#background(this.#payload(effect), "building a payload");
        return;
      case "obtain":
        this.#blocks.set(effect.hash, effect.block);
        this.#background(
          data.obtain(effect.block, effect.from, effect.capacity).then((availability) => {
            if (!availability.ok)
              log.warn({ block: effect.hash, reason: availability.reason }, "block refused");
            this.submit({ type: "available", hash: effect.hash, ok: availability.ok });
          }),
          "obtaining batches",
        );
        return;
      case "execute":
        this.#blocks.set(effect.hash, effect.block);
        this.#background(this.#execute(effect), "executing a block");
        return;
      case "reference":
        this.#background(this.#reference(effect), "reading a settlement block");
        return;
      case "registry":
        this.#background(this.#readRegistry(effect), "reading a registry");
        return;
      case "timer":
        this.#setTimer(effect.at);
        return;
      case "finalized":
        // Not before its record is durable: the ledger must never be ahead of the log.
        this.#hold(() => {
          const { epoch, hash, block, certificate, roots } = effect;
          this.#append({ epoch, hash, block, certificate, roots });
        });
        return;
      case "recovered":
        this.#hold(() => {
          const { epoch, hash, block, roots } = effect;
          this.#append({ epoch, hash, block, certificate: null, roots });
        });
        return;
      case "rewind":
        this.#hold(() => this.#rewind(effect.hash, effect.height));
        return;
      case "resume":
        this.#background(this.#resume(effect), "going back to the recovered epoch");
        return;
      case "post":
        this.#background(this.#post(effect), "posting a certificate");
        return;
      case "restart":
        this.#background(this.#restart(effect), "posting RESTART");
        return;
      case "abandoned":
        this.#blocks.delete(effect.hash);
        this.#results.delete(effect.hash);
        return;
      case "backed":
        this.#hold(() => {
          chain.back(effect.certificate);
          listener.backed(effect.certificate);
        });
        return;
      case "epoch":
        this.#enterEpoch();
        this.#hold(() => listener.epoch(effect.start, effect.registry));
        return;
      case "evidence":
        chain.keep(effect.evidence);
        listener.evidence(effect.evidence);
        return;
      case "ban":
        links.ban(effect.peer, effect.reason);
        return;
      case "halt":
        if (this.#state.contradicted) {
          log.fatal({ reason: effect.reason }, "halted by a contradiction: votes wait for a recovery");
          listener.contradicted(effect.reason);
        } else this.#halt(effect.reason, true);
        return;
      case "trace":
        return;
    }
  }

  /** Gives a record to the log. */
  #record(record: DurableRecord): Promise<number> {
    return this.#recording(this.#modules.wal.append(record));
  }

  #recording(appended: Promise<number>): Promise<number> {
    this.#recorded++;
    appended.catch(() => {});
    this.#lastAppend = appended;
    return appended;
  }

  /** Waits for what this turn recorded, all in one, then lets go what depends on it. */
  #commit(): void {
    const upTo = this.#recorded;
    if (upTo === this.#durable) return;
    const begun = performance.now();
    Promise.all([this.#lastAppend, this.#modules.protection.sync()]).then(
      () => {
        this.#modules.metrics.commit((performance.now() - begun) / 1_000);
        this.#durable = Math.max(this.#durable, upTo);
        this.#release();
      },
      (error) => this.#halt(sentence(error), false),
    );
  }

  #hold(run: () => void): void {
    if (this.#outbox.length === 0 && this.#recorded === this.#durable) run();
    else this.#outbox.push({ after: this.#recorded, run });
  }

  #release(): void {
    let count = 0;
    while (count < this.#outbox.length && this.#outbox[count]!.after <= this.#durable) count++;
    for (const held of this.#outbox.splice(0, count)) held.run();
  }

  #sign({ id, intent }: EffectOf<"sign">): void {
    const { protection, signer, metrics, log } = this.#modules;
    if (signer === null) {
      // A follower on the data of a validator: the log still asks for what that one signed.
      this.submit({ type: "refused", id, reason: "this node has no key" });
      return;
    }
    if (this.#isSilenced(intent)) {
      this.submit({ type: "refused", id, reason: this.#silenced!.reason });
      return;
    }
    const permission = protection.permit(intent);
    if (!permission.allowed) {
      const { reason } = permission;
      metrics.refused("protection");
      log.error(
        { epoch: intent.epoch, what: intent.what, reason },
        "signature refused by slashing protection",
      );
      this.submit({ type: "refused", id, reason });
      return;
    }
    const recorded = this.#record({ type: "signed", intent });
    const synced = protection.sync();
    const replica = this.#replica;
    // Signing and writing overlap; the signature is known to nobody before the record is durable.
    Promise.all([signer.sign(signingRoot(intent)), recorded, synced]).then(
      ([signature]) => {
        if (replica === this.#replica) this.submit({ type: "signed", id, signature });
      },
      (error) => {
        log.error({ error: sentence(error) }, "signing failed");
        if (replica === this.#replica) this.submit({ type: "refused", id, reason: sentence(error) });
      },
    );
  }

  #isSilenced(intent: SignIntent): boolean {
    return this.#silenced !== null && !(intent.what === "restart" && this.#silenced.restarts);
  }

  /** Tells the replica what the own settlement client shows of the contracts, if that changed. */
  #lookAtContracts(): void {
    const { settlement, log, wal } = this.#modules;
    const view = settlement.contracts();
    if (view === null) return;
    const { at, ...rest } = view.reading;
    const { recovery, epoch, incarnation } = rest;
    // The end of grace is a change, too: nothing can be posted any more, and all of it was read.
    const isPast = recovery !== null && at > recovery.graceEnd;
    const shown = JSON.stringify({ ...rest, isPast });
    if (shown !== this.#shown) {
      this.#shown = shown;
      if (recovery !== null) {
        const posted = recovery.posted.length;
        log.warn({ epoch, incarnation, graceEnd: recovery.graceEnd, isPast, posted }, "recovery is open");
      }
      this.submit({ type: "contracts", reading: view.reading });
    }
    for (const activation of view.activations.slice(this.#activations)) {
      log.warn({ ...activation }, "a recovery was activated");
      this.submit({ type: "activated", activation });
    }
    this.#activations = view.activations.length;
    // Not before the replica is in their incarnation: until then it may have to go back to the epoch before.
    if (incarnation === this.#state.epoch.start.incarnation)
      this.#background(wal.settled(epoch), "freeing the log");
  }

  async #headerOf(hash: Hash): Promise<Header | null> {
    const held = this.#state.blocks.get(hash)?.block ?? this.#blocks.get(hash);
    return held?.header ?? (await this.#modules.chain.byHash(hash))?.block.header ?? null;
  }

  async #held(certificate: Certificate): Promise<CertifiedHeader | null> {
    const header = await this.#headerOf(certificate.blockHash);
    return header === null ? null : { certificate, header };
  }

  async #post({ certificate }: EffectOf<"post">): Promise<void> {
    const { registry } = this.#state.epoch;
    const held = await this.#held(certificate);
    if (held !== null) this.#hold(() => this.#modules.listener.certificate(held, registry));
  }

  async #restart({ vote, certificate }: EffectOf<"restart">): Promise<void> {
    const held = certificate === null ? null : await this.#held(certificate);
    const { epoch, view, blockHash } = vote;
    this.#modules.log.warn({ epoch, view, blockHash }, "RESTART is signed");
    this.#hold(() => this.#modules.listener.restart(vote, held));
  }

  #append(final: FinalBlock): void {
    this.#modules.chain.append(final);
    this.#finalizing = this.#finalizing.then(() => this.#finalize(final));
  }

  /** Final blocks above this one are given up, in the store and in the ledger. */
  #rewind(hash: Hash, height: number): void {
    const { chain, execution, log } = this.#modules;
    log.warn({ height, hash }, "final blocks above are given up: a recovery goes on from here");
    chain.rewind(height);
    this.#finalizing = this.#finalizing.then(async () => {
      try {
        await execution.rewind(hash);
      } catch (error) {
        this.#halt(`the ledger cannot go back to block ${height}: ${sentence(error)}`, false);
      }
    });
  }

  /** Takes the place of the replica by one restored from the records of an earlier epoch, of which a recovery was activated. */
  async #resume({ epoch, incarnation }: EffectOf<"resume">): Promise<void> {
    const { wal, registries, settlement, log, clock, listener } = this.#modules;
    const records = await wal.ofEpoch(epoch, incarnation);
    const first = records?.[0];
    if (records === null || first?.type !== "epoch") {
      this.#halt(`epoch ${epoch} was recovered, and its records are not kept any more`, false);
      return;
    }
    log.warn({ epoch, incarnation }, "going back to a recovered epoch");
    const roots = new Set([first.start.registry, first.start.registryNext]);
    const known = (await Promise.all([...roots].map((root) => registries.get(root)))).filter(
      (registry) => registry !== null,
    );
    const activations = settlement.contracts()?.activations ?? [];
    const { replica } = this.#options;
    const restored = restoreReplica(replica, known, records, clock(), activations);
    this.#state = restored.state;
    this.#replica++;
    this.#inputs = [];
    this.#checks = [];
    this.#blocks.clear();
    this.#results.clear();
    const { tip } = restored.state;
    this.#recording(wal.resumed(epoch, incarnation, tip.height));
    this.#hold(() => this.#rewind(tip.hash, tip.height));
    this.#enterEpoch();
    this.#perform(restored.effects);
    this.#commit();
    for (const peer of listener.peers()) this.connected(peer);
    this.#shown = "";
    this.#activations = 0;
    this.#lookAtContracts();
    this.#schedule();
  }

  #send(to: Peer, message: Message): void {
    this.#modules.metrics.message(message.type, "out");
    this.#modules.links.send(to, encodeMessage(message));
  }

  /** Answers from the store what the replica does not remember. */
  async #serve(to: Peer, request: Request): Promise<void> {
    const { chain } = this.#modules;
    if (request.what === "finalized") {
      const blocks = await chain.range(request.from, Math.min(request.count, LIMITS.blocksPerMessage));
      if (blocks.length > 0) this.#send(to, { type: "blocks", blocks });
      return;
    }
    const final =
      request.what === "block" ? await chain.byHash(request.hash) : await chain.lastOfEpoch(request.epoch);
    if (final === null) return;
    if (request.what === "certificate") {
      if (final.certificate !== null) this.#send(to, { type: "certificate", certificate: final.certificate });
      return;
    }
    const own = final.certificate?.blockHash === final.hash ? final.certificate : null;
    const backing = await chain.backing(final.block.header.height);
    this.#send(to, { type: "blocks", blocks: [{ block: final.block, certificate: own, backing }] });
  }

  async #payload(effect: EffectOf<"payload">): Promise<void> {
    const { data, signer } = this.#modules;
    if (signer === null) return;
    const { epoch, view, parentHash } = effect;
    const [vrfProof, named] = await Promise.all([signer.sign(effect.vrfRoot), this.#nameReference(effect)]);
    if (named === null) return;
    const taken = new Set<Hash>();
    for (let hash = parentHash; ; ) {
      const block = this.#blocks.get(hash);
      if (block === undefined) break;
      for (const digest of block.body.batches) taken.add(digest);
      hash = block.header.parentHash;
    }
    this.submit({
      type: "payload",
      epoch,
      view,
      parentHash,
      payload: {
        batches: data.payload(taken),
        reference: named.reference,
        settledAt: named.reading?.settledAt ?? effect.parentSettledAt,
        inboxCursor: named.reading?.inboxCursor ?? 0,
        feeRecipient: this.#options.feeRecipient,
        candidate: effect.candidateEpoch === null ? null : (named.reading?.candidate ?? null),
        vrfProof,
      },
    });
  }

  /**
   * The settlement block a proposal names: the newest that may be named and can be read; the parent's where the chain
   * does not answer, which needs no reading except for a candidate.
   */
  async #nameReference(
    effect: EffectOf<"payload">,
  ): Promise<{ reference: SettlementReference; reading: ReferenceReading | null } | null> {
    const { settlement, log } = this.#modules;
    const parent = effect.parentReference;
    const epoch = effect.candidateEpoch ?? effect.epoch + 2;
    const newest = settlement.nameable();
    if (newest !== null && newest.number > parent.number) {
      const reference = { number: newest.number, hash: newest.hash };
      try {
        const reading = await this.#read(reference, epoch);
        if (reading !== null) return { reference, reading };
      } catch (error) {
        log.warn({ error: sentence(error) }, "settlement chain does not answer");
      }
    }
    try {
      const reading = await this.#read(parent, epoch);
      if (reading !== null || effect.candidateEpoch === null) return { reference: parent, reading };
    } catch (error) {
      if (effect.candidateEpoch === null) return { reference: parent, reading: null };
      log.warn(
        { error: sentence(error) },
        "cannot propose the epoch's last block: settlement chain does not answer",
      );
    }
    return null;
  }

  async #read(reference: SettlementReference, candidateEpoch: number): Promise<ReferenceReading | null> {
    const name = `${reference.hash}${candidateEpoch}`;
    const known = this.#readings.get(name);
    if (known !== undefined) return known;
    const reading = await this.#modules.settlement.reading(reference, candidateEpoch);
    if (reading !== null) {
      if (this.#readings.size > 1_024) this.#readings.delete(this.#readings.keys().next().value!);
      this.#readings.set(name, reading);
    }
    return reading;
  }

  async #reference(effect: EffectOf<"reference">): Promise<void> {
    const { reference, epoch } = effect;
    let reading: ReferenceReading | null = null;
    try {
      reading = await this.#read(reference, epoch + 2);
    } catch (error) {
      this.#modules.log.warn({ error: sentence(error) }, "settlement chain does not answer");
    }
    const name = `${reference.hash}${epoch}`;
    if (reading === null) this.#pendingReferences.set(name, effect);
    else this.#pendingReferences.delete(name);
    this.submit({ type: "reference", reference, epoch, reading });
  }

  /** The own client shows a new block final: what could not be read before may be readable now. */
  #askAgain(): void {
    const waiting = [...this.#pendingReferences.values()];
    this.#pendingReferences.clear();
    for (const effect of waiting) {
      if (effect.epoch + 1 >= this.#state.epoch.start.epoch) {
        this.#background(this.#reference(effect), "reading a settlement block");
      }
    }
  }

  async #readRegistry(effect: EffectOf<"registry">): Promise<void> {
    const { registries, settlement, log } = this.#modules;
    for (;;) {
      try {
        let registry = await registries.get(effect.root);
        if (registry === null) {
          registry = await settlement.registry(effect.root, effect.epoch);
          await registries.put(registry);
        }
        this.submit({ type: "registry", registry });
        return;
      } catch (error) {
        log.warn({ root: effect.root, epoch: effect.epoch, error: sentence(error) }, "registry not read yet");
      }
      await new Promise((resolve) => setTimeout(resolve, this.#options.retryMs).unref());
      if (this.#closed) return;
    }
  }

  async #execute({ hash, parentHash, block }: EffectOf<"execute">): Promise<void> {
    const { data, execution, listener, metrics } = this.#modules;
    const begun = performance.now();
    const { height, stamp, feeRecipient } = block.header;
    const transactions = await data.transactions(block);
    const context = { hash, height, stamp, feeRecipient };
    let result: ExecutionResult | null = null;
    while (result === null) {
      try {
        result = await execution.execute(parentHash, context, transactions);
      } catch (error) {
        // The workers that recover senders have more to do than they may queue.
        if (!(error instanceof ExecutionError) || error.code !== "BUSY" || this.#closed) throw error;
        await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
      }
    }
    metrics.executed((performance.now() - begun) / 1_000);
    this.#results.set(hash, result);
    this.submit({
      type: "executed",
      hash,
      stateRoot: result.stateRoot,
      receiptsRoot: result.receiptsRoot,
      used: usedOf(
        transactions.reduce((sum, transaction) => sum + transaction.length, 0),
        result.gasUsed,
      ),
      // The ledger does not follow what each account moved: the rule on it is off (docs/protocol-notes.md).
      value: 0,
    });
    listener.executed();
  }

  async #finalize(final: FinalBlock): Promise<void> {
    const { data, execution, listener, settlement } = this.#modules;
    const { header } = final.block;
    try {
      await execution.finalize(final.hash);
    } catch (error) {
      this.#modules.log.fatal({ err: error, height: header.height }, "a final block could not be stored");
      this.#halt(`a final block could not be stored: ${sentence(error)}`, false);
      return;
    }
    // Receipts need not wait for this.
    this.#background(data.finalized(final.block), "noting final batches");
    const result = this.#results.get(final.hash) ?? null;
    for (const [hash, block] of this.#blocks) {
      if (block.header.height > header.height) continue;
      this.#blocks.delete(hash);
      this.#results.delete(hash);
    }
    if (header.reference.number > 0) settlement.watch(header.reference);
    listener.finalized(final, result);
  }

  /** The log begins anew with an epoch, once all final blocks before it are stored elsewhere. */
  #compactAfter(recorded: Promise<number>): void {
    const compact = async (): Promise<void> => {
      const index = await recorded;
      await this.#modules.chain.flush();
      await this.#modules.wal.stored(index);
      await this.#modules.protection.compact();
    };
    // Held: by then every final block before the record was given to the chain's store.
    this.#hold(() => this.#background(compact(), "compacting the log"));
  }

  /** Lets the protection, the data path and the settlement client know of the epoch that the replica is in. */
  #enterEpoch(): void {
    const { protection, data, settlement } = this.#modules;
    const { start, domain, registry } = this.#state.epoch;
    protection.open(domain, start.epoch, start.incarnation, paramsAt(registry, start.mode).termViews);
    data.setEpoch({ registry, mode: start.mode, capacity: start.hybrid.capacity });
    settlement.follow({ refLag: registry.params.refLag, settleDepth: registry.params.settleDepth });
  }

  #setTimer(at: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const wait = Math.max(0, at - this.#modules.clock());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      // Node's timers count by another clock and may fire a millisecond early: a tick before its time does nothing.
      if (this.#modules.clock() < at) this.#setTimer(at);
      else this.submit({ type: "tick" });
    }, wait);
  }

  #halt(reason: string, contradiction: boolean): void {
    if (this.#halted) return;
    this.#halted = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#modules.log.fatal({ reason }, "halted");
    this.#modules.listener.halted(reason, contradiction);
  }

  /** Lets a promise run; what it fails with is logged, never lost. */
  #background(work: Promise<unknown>, doing: string): void {
    work.catch((error) => {
      if (!this.#closed) this.#modules.log.error({ err: error }, `${doing} failed`);
    });
  }
}
