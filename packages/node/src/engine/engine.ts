import {
  type Certificate,
  type Check,
  type CheckResult,
  type Effect,
  encodeMessage,
  type Hash,
  type Header,
  type Input,
  type Message,
  type PartsCheck,
  type PartsResult,
  type Peer,
  paramsAt,
  type ReplicaState,
  type Request,
  restoreReplica,
  step,
  viewOf,
} from "@aitbc-hybrid/protocol";
import { sentence } from "../errors.ts";
import type { RecoveryWork } from "../settlement/index.ts";
import type { Silence } from "../signing/index.ts";
import { Aggregating, isVoteTraffic } from "./aggregating.ts";
import { Alarm } from "./alarm.ts";
import { answerTo } from "./answers.ts";
import { ContractInputs } from "./contracts.ts";
import { Durability } from "./durability.ts";
import { Intake } from "./intake.ts";
import { Ledger } from "./ledger.ts";
import { Payloads } from "./payloads.ts";
import { Recovery } from "./recovery.ts";
import { References } from "./references.ts";
import { Signatures } from "./signatures.ts";
import type { EffectOf, EngineLoop, EngineModules, EngineOptions, Waiting } from "./types.ts";

/** A verification that waits for its turn. */
interface Unverified {
  readonly check: Check | PartsCheck;
  readonly done: (result: CheckResult | PartsResult) => void;
}

/** Inputs processed before other work of the process gets its turn. */
const INPUTS_PER_TURN = 256;

/**
 * Drives the replica: the only caller of `step`. It hands effects to its parts in their order and queues their answers as
 * inputs; what leaves the process waits until every record before it is durable (protocol.md section 4). It decides
 * nothing that a rule decides.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #modules: EngineModules;
  readonly #durability: Durability;
  readonly #signatures: Signatures;
  readonly #ledger: Ledger;
  readonly #references: References;
  readonly #contracts: ContractInputs;
  readonly #payloads: Payloads;
  readonly #recovery: Recovery;
  readonly #intake: Intake;
  readonly #aggregating: Aggregating;
  readonly #alarm: Alarm;
  #state: ReplicaState;
  #inputs: Waiting[] = [];
  #checks: Unverified[] = [];
  #started = false;
  #scheduled = false;
  #putOff = false;
  #halted = false;
  #closed = false;
  readonly #unsubscribe: (() => void)[] = [];

  constructor(options: EngineOptions, modules: EngineModules, start: { state: ReplicaState }) {
    this.#options = options;
    this.#modules = modules;
    this.#state = start.state;
    const loop: EngineLoop = {
      submit: (input) => this.submit(input),
      background: (work, doing) => this.#background(work, doing),
      halt: (reason, contradiction) => this.#halt(reason, contradiction),
      isClosed: () => this.#closed,
    };
    const durability = new Durability({ ...modules, loop });
    const ledger = new Ledger({ ...modules, loop });
    const references = new References({ ...modules, loop });
    this.#durability = durability;
    this.#ledger = ledger;
    this.#references = references;
    this.#signatures = new Signatures({ ...modules, durability, loop });
    this.#contracts = new ContractInputs(options, { ...modules, loop });
    this.#payloads = new Payloads(options, { ...modules, references, ledger, loop });
    this.#recovery = new Recovery({ ...modules, ledger, durability });
    this.#intake = new Intake(modules);
    this.#aggregating = new Aggregating(
      { above: options.replica.aggregateAbove, sizes: options.subnets, silent: options.silent },
      {
        ...modules,
        loop,
        keep: (evidence) => modules.chain.keep(evidence),
        verify: (check, done) => {
          this.#checks.push({ check, done });
          this.#schedule();
        },
      },
    );
    this.#alarm = new Alarm({ clock: modules.clock, ring: () => this.submit({ type: "tick" }) });
  }

  /** Performs the effects of the beginning, then goes on; inputs that came before wait until then. */
  start(effects: readonly Effect[]): void {
    this.#started = true;
    const { settlement } = this.#modules;
    this.#unsubscribe.push(
      settlement.onFinal(() => {
        this.#references.lookAgain(this.#state.epoch.start.epoch);
        this.#lookAtContracts();
      }),
      settlement.onReverted((reference) => this.submit({ type: "reverted", reference })),
    );
    this.#enterEpoch();
    this.#perform(effects);
    this.#durability.commit();
    this.#lookAtContracts();
    this.#schedule();
  }

  /** The contracts punished the own key: nothing is signed from now on. Null: it is in good standing again. */
  silence(why: Silence | null): void {
    this.#signatures.silence(why);
  }

  /** Why the own key signs nothing; null: it does. */
  get silenced(): string | null {
    return this.#signatures.silenced;
  }

  /** What the node holds for a recovery of the epoch it is in. */
  recoveryWork(): RecoveryWork {
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
  speculative(hash: Hash): ReturnType<Ledger["speculative"]> {
    return this.#ledger.speculative(hash);
  }

  /** A peer came. */
  connected(peer: Peer): void {
    this.submit({ type: "connected", peer });
  }

  /** A frame of the consensus channel. */
  receive(from: Peer, frame: Uint8Array): void {
    if (this.#inputs.length >= this.#options.queueLimit) {
      this.#modules.metrics.refused("queue-full");
      return;
    }
    const parsed = this.#intake.parse(from, frame, this.#state.epoch.start.epoch);
    const message = parsed === null ? null : this.#aggregating.receive(from, parsed);
    if (message !== null) this.submit({ type: "message", from, message });
  }

  /** A peer is gone. */
  disconnected(peer: Peer): void {
    this.#aggregating.disconnected(peer);
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
    this.#alarm.clear();
    this.#aggregating.close();
    for (const end of this.#unsubscribe) end();
    await this.#durability.close();
    await this.#ledger.close();
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
    this.#durability.commit();
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
    const next = this.#checks.shift();
    if (next === undefined) return;
    const { verifier, metrics } = this.#modules;
    const { check, done } = next;
    const begun = performance.now();
    const result = check.what === "parts" ? verifier.parts(check) : verifier.run(check);
    metrics.verified(check.what, (performance.now() - begun) / 1_000);
    done(result);
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.#performOne(effect);
  }

  #performOne(effect: Effect): void {
    const { links, log, listener, chain } = this.#modules;
    switch (effect.type) {
      case "persist":
        if (effect.record.type === "epoch") this.#durability.begin(effect.record);
        else this.#durability.record(effect.record);
        return;
      case "sign":
        this.#signatures.sign(effect);
        return;
      case "broadcast": {
        const { registry } = this.#state.epoch;
        this.#durability.hold(() => {
          const { message } = effect;
          if (message.type === "signal" && message.signal.kind === "ready")
            listener.ready(message.signal, registry);
          if (!this.#aggregating.broadcast(message)) this.#tellEverybody(message);
        });
        return;
      }
      case "send":
        this.#durability.hold(() => this.#send(effect.to, effect.message));
        return;
      case "serve":
        this.#background(this.#serve(effect.to, effect.request), "answering a peer");
        return;
      case "verify": {
        const { job, check } = effect;
        this.#checks.push({
          check,
          done: (result) => {
            if (result.what === "parts") return;
            this.#step({ type: "verified", job, result });
            this.#aggregating.passOn(this.#state);
          },
        });
        return;
      }
      case "payload":
        this.#background(this.#payloads.build(effect), "building a payload");
        return;
      case "obtain":
        this.#background(this.#ledger.obtain(effect), "obtaining batches");
        return;
      case "execute":
        this.#background(this.#ledger.execute(effect), "executing a block");
        return;
      case "reference":
        this.#background(this.#references.look(effect), "reading a settlement block");
        return;
      case "registry":
        this.#background(this.#contracts.registry(effect), "reading a registry");
        return;
      case "timer":
        this.#alarm.set(effect.at);
        return;
      case "finalized":
        this.#aggregating.finalized(effect.block, effect.certificate);
        this.#append(effect, effect.certificate);
        return;
      case "recovered":
        this.#append(effect, null);
        return;
      case "rewind":
        this.#durability.hold(() => this.#ledger.rewind(effect.hash, effect.height));
        return;
      case "resume":
        this.#background(this.#resume(effect), "going back to the recovered epoch");
        return;
      case "post": {
        const header = this.#headerOf(effect.certificate.blockHash);
        const { registry } = this.#state.epoch;
        this.#background(this.#recovery.post(effect, header, registry), "posting a certificate");
        return;
      }
      case "restart": {
        const header = this.#headerOf(effect.certificate?.blockHash);
        this.#background(this.#recovery.restart(effect, header), "posting RESTART");
        return;
      }
      case "abandoned":
        this.#ledger.abandon(effect.hash);
        return;
      case "backed":
        this.#durability.hold(() => {
          chain.back(effect.certificate);
          listener.backed(effect.certificate);
        });
        return;
      case "epoch":
        this.#enterEpoch();
        this.#durability.hold(() => listener.epoch(effect.start, effect.registry));
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

  /** Not before its record is durable: the ledger must never be ahead of the log. */
  #append(
    { epoch, hash, block, roots }: EffectOf<"finalized" | "recovered">,
    certificate: Certificate | null,
  ): void {
    this.#durability.hold(() => this.#ledger.append({ epoch, hash, block, certificate, roots }));
  }

  /** Tells the replica what the own settlement client shows of the contracts, if that changed. */
  #lookAtContracts(): void {
    this.#contracts.look(this.#state.epoch.start.incarnation);
  }

  /** Of a block that the replica remembers. */
  #headerOf(hash: Hash | undefined): Header | null {
    return (hash === undefined ? undefined : this.#state.blocks.get(hash)?.block.header) ?? null;
  }

  /** Takes the place of the replica by one restored from the records of an earlier epoch, of which a recovery was activated. */
  async #resume(effect: EffectOf<"resume">): Promise<void> {
    const { settlement, clock, links } = this.#modules;
    const { epoch, incarnation } = effect;
    const kept = await this.#recovery.recordsOf(effect);
    if (kept === null) {
      this.#halt(`epoch ${epoch} was recovered, and its records are not kept any more`, false);
      return;
    }
    const activations = settlement.contracts()?.activations ?? [];
    const { replica } = this.#options;
    const restored = restoreReplica(replica, kept.registries, kept.records, clock(), activations);
    this.#state = restored.state;
    this.#signatures.forget();
    this.#inputs = [];
    this.#checks = [];
    this.#ledger.forget();
    const { tip } = restored.state;
    this.#durability.resumed(epoch, incarnation, tip.height);
    this.#durability.hold(() => this.#ledger.rewind(tip.hash, tip.height));
    this.#enterEpoch();
    this.#perform(restored.effects);
    this.#durability.commit();
    for (const peer of links.connected()) this.connected(peer);
    this.#contracts.forget();
    this.#lookAtContracts();
    this.#schedule();
  }

  #send(to: Peer, message: Message): void {
    const { metrics, links } = this.#modules;
    const frame = encodeMessage(message);
    metrics.message(message.type, "out");
    if (isVoteTraffic(message)) metrics.votes("out", frame.length);
    links.send(to, frame);
  }

  #tellEverybody(message: Message): void {
    const { metrics, links } = this.#modules;
    const frame = encodeMessage(message);
    metrics.message(message.type, "out");
    if (isVoteTraffic(message)) metrics.votes("out", frame.length * links.connected().length);
    links.broadcast(frame);
  }

  async #serve(to: Peer, request: Request): Promise<void> {
    const answer = await answerTo(request, this.#modules.chain);
    if (answer !== null) this.#send(to, answer);
  }

  /** Lets the protection, the data path and the settlement client know of the epoch that the replica is in. */
  #enterEpoch(): void {
    const { protection, data, settlement } = this.#modules;
    const { start, domain, registry } = this.#state.epoch;
    protection.open(domain, start.epoch, start.incarnation, paramsAt(registry, start.mode).termViews);
    data.setEpoch({ registry, mode: start.mode, capacity: start.hybrid.capacity });
    settlement.follow({ refLag: registry.params.refLag, settleDepth: registry.params.settleDepth });
    this.#aggregating.begin(this.#state);
  }

  #halt(reason: string, contradiction: boolean): void {
    if (this.#halted) return;
    this.#halted = true;
    this.#alarm.clear();
    this.#aggregating.close();
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
