import {
  type CheckResult,
  type DurableRecord,
  decodeMessage,
  type Effect,
  encodeMessage,
  genesisHash,
  type Hash,
  type Header,
  type Input,
  type Message,
  type Millis,
  type Peer,
  type Registry,
  signingRoot,
} from "@aitbc-hybrid/protocol";
import { type Clock, Disk, type Endpoint } from "../events/index.ts";
import type { Observed } from "../observer.ts";
import { SlashingProtection } from "../protection.ts";
import type { Random } from "../random.ts";
import type { RulesView } from "../rules.ts";
import { operatorOf } from "../settlement/index.ts";
import { named } from "../signatures.ts";
import { Archive } from "./archive.ts";
import { type Answering, answerPayload, answerReference } from "./client.ts";
import { signatureIn } from "./signature-in.ts";
import type { ShellModules, ShellOptions, Timeless, Wire } from "./types.ts";

interface Waiting {
  /** Records that must be durable first. */
  readonly after: number;
  readonly run: () => void;
}

/** A node's process: performs the effects of one replica, loses its memory in a crash and keeps its disk. */
export class Shell implements Endpoint, Observed, Wire {
  readonly peer: Peer;
  readonly validator: number;
  readonly honest: boolean;
  readonly random: Random;
  readonly #options: ShellOptions;
  readonly #modules: ShellModules;
  readonly #disk: Disk<DurableRecord>;
  readonly #genesisState: Hash;
  readonly #genesisHash: Hash;
  readonly #registries = new Map<Hash, Registry>();
  readonly #archive = new Archive();
  readonly #answering: Answering;
  /** State roots of executed blocks: lost in a crash unless final. */
  #states = new Map<Hash, Hash>();
  #waiting: Waiting[] = [];
  #protection: SlashingProtection;
  /** Messages that were found to be recorded. */
  readonly #recorded = new WeakSet<Message>();
  #banned = new Set<Peer>();
  #clock: Clock;
  #state: unknown = null;
  #timer = 0;
  #started = 0;
  /** What the replica was last told of the contracts, and how many recoveries. */
  #shown = "";
  #activated = 0;
  readonly #headers = new Map<Hash, Header>();
  #reported = 0;
  #nextReport: number | null = null;
  up = false;
  boot = 0;
  halted: string | null = null;
  /** Everybody this node ever banned. */
  readonly bans = new Set<Peer>();
  /** Inputs stepped so far. */
  steps = 0;
  /** Crashes when this many records were appended since the last start, before their acknowledgement. */
  crashAtWrite: { readonly write: number; readonly run: () => void } | null = null;
  #writes = 0;

  constructor(options: ShellOptions, modules: ShellModules) {
    this.#options = options;
    this.#modules = modules;
    this.peer = options.peer;
    this.validator = options.validator;
    this.honest = options.behaviour === null;
    this.random = modules.random;
    this.#clock = options.clock();
    this.#protection = new SlashingProtection(modules);
    this.#disk = new Disk<DurableRecord>(
      { latency: () => this.random.between(...options.flush), acknowledged: () => this.#acknowledged() },
      { queue: modules.queue },
    );
    this.#answering = {
      peer: this.peer,
      validator: this.validator,
      random: this.random,
      options,
      modules,
      sign: (root) => this.sign(root),
      task: () => this.#task(),
      answer: (delay, input) => this.#answer(delay, input),
    };
    this.#registries.set(options.registry.root, options.registry);
    const { genesis } = options.config;
    this.#genesisState = genesis.stateRoot;
    this.#genesisHash = genesisHash(genesis);
  }

  get peers(): readonly Peer[] {
    return this.#modules.network.peers;
  }

  /** Time since the process started, ms. */
  get uptime(): Millis {
    return this.#modules.queue.now - this.#started;
  }

  /** Own clock, ms. */
  get now(): Millis {
    return this.#clock.read(this.#modules.queue.now);
  }

  view(): RulesView | null {
    return this.#state === null ? null : this.#modules.rules.viewOf(this.#state);
  }

  sign(root: Hash): Uint8Array {
    return this.#modules.keyring.sign(this.validator, root);
  }

  send(to: Peer, message: Message): void {
    this.#modules.network.send(this.peer, to, message);
  }

  later(delay: Millis, run: () => void): void {
    const { boot } = this;
    this.#modules.queue.after(delay, () => {
      if (this.up && this.boot === boot) run();
    });
  }

  /** Starts the process: from nothing, or from what the disk kept. */
  start(): void {
    const { rules } = this.#modules;
    const { config, registry, faults } = this.#options;
    this.up = true;
    this.#started = this.#modules.queue.now;
    this.#clock = this.#options.clock();
    const records = this.#disk.read();
    let from = records.length - 1;
    while (from >= 0 && records[from]!.type !== "epoch") from--;
    this.#states = new Map(this.#archive.states);
    this.#writes = 0;
    let result: { readonly state: unknown; readonly effects: readonly Effect[] };
    if (from < 0) {
      result = rules.initialReplica(config, registry, this.now);
    } else {
      const kept = records
        .slice(from)
        .filter((record) => !(faults.forgetsSigned === true && record.type === "signed"))
        .filter((record) => !(faults.forgetsCertificates === true && record.type === "certificate"));
      result = rules.restoreReplica(config, [...this.#registries.values()], kept, this.now);
    }
    this.#state = result.state;
    this.#perform(result.effects);
    this.#disk.commit();
    this.look(true);
  }

  /** The process dies at once, with everything it had not on disk. */
  crash(): void {
    if (!this.up) return;
    this.up = false;
    this.boot++;
    this.#disk.crash(this.random);
    this.#readDurable();
    this.#waiting = [];
    this.#state = null;
    this.#timer = 0;
    this.#nextReport = null;
    this.halted = null;
    this.#banned.clear();
    // What was appended but lost was never signed with: protection is rebuilt from the disk.
    this.#protection = new SlashingProtection(this.#modules);
    for (const record of this.#disk.read()) {
      if (record.type === "signed") this.#protection.admit(record.intent);
    }
    this.#modules.observer.restarted(this);
  }

  receive(from: Peer, message: Message): void {
    if (this.#banned.has(from)) return;
    this.#modules.observer.received(this, from, message);
    if (this.#options.behaviour?.incoming?.(this, from, message) === false) return;
    this.#input({ type: "message", from, message });
  }

  connected(peer: Peer): void {
    this.#input({ type: "connected", peer });
  }

  #input(input: Timeless): void {
    if (!this.up) return;
    const { rules } = this.#modules;
    const full = { ...input, now: this.now } as Input;
    this.steps++;
    const before = this.#state;
    const result = rules.step(before, full);
    if (this.#options.twice) {
      const again = rules.step(before, full);
      if (text(again.effects) !== text(result.effects))
        this.#violation(`step is not a pure function: two answers to one ${input.type}`);
    }
    this.#state = result.state;
    this.#perform(result.effects);
    if (this.up) this.#disk.commit();
  }

  /** Answers the replica later, unless the process dies first. */
  #answer(delay: Millis, input: () => Timeless | null): void {
    this.later(delay, () => {
      const made = input();
      if (made !== null) this.#input(made);
    });
  }

  #task(): Millis {
    return this.random.between(...this.#options.task);
  }

  #violation(what: string): void {
    this.#modules.observer.violation(this, what);
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (!this.up) return;
      this.#modules.observer.performed(this, effect);
      this.#effect(effect);
    }
  }

  #append(record: DurableRecord): void {
    this.#disk.append(record);
    this.#writes++;
    if (this.crashAtWrite !== null && this.#writes === this.crashAtWrite.write) {
      const { run } = this.crashAtWrite;
      this.crashAtWrite = null;
      run();
    }
  }

  /** Runs something that depends on every record so far. */
  #whenDurable(run: () => void): void {
    const after = this.#disk.appended;
    if (this.#options.faults.sendsBeforeDurable === true || after <= this.#disk.durable) run();
    else this.#waiting.push({ after, run });
  }

  #acknowledged(): void {
    this.#readDurable();
    const durable = this.#disk.durable;
    while (this.#waiting.length > 0 && this.#waiting[0]!.after <= durable) {
      this.#waiting.shift()!.run();
      if (!this.up) return;
    }
  }

  /** Takes note of records that became durable. */
  #readDurable(): void {
    const { observer } = this.#modules;
    for (; this.#reported < this.#disk.durable; this.#reported++) {
      const record = this.#disk.at(this.#reported)!;
      observer.durable(this, record);
      this.#archive.take(record);
    }
  }

  #effect(effect: Effect): void {
    const { observer, settlement, keyring, batches, network } = this.#modules;
    switch (effect.type) {
      case "persist":
        this.#append(effect.record);
        return;
      case "sign": {
        if (this.#options.refuses && effect.intent.what === "checkpoint") {
          this.#answer(0, () => ({ type: "refused", id: effect.id, reason: "its owner refuses" }));
          return;
        }
        const refusal = this.#protection.admit(effect.intent);
        if (refusal !== null) {
          if (this.honest) this.#violation(`slashing protection refuses ${refusal}`);
          this.#answer(0, () => ({ type: "refused", id: effect.id, reason: refusal }));
          return;
        }
        this.#append({ type: "signed", intent: effect.intent });
        if (!this.up) return;
        this.#whenDurable(() => {
          observer.signed(this, effect.intent);
          const signature = this.sign(signingRoot(effect.intent));
          this.#answer(0, () => ({ type: "signed", id: effect.id, signature }));
        });
        return;
      }
      case "broadcast":
        this.#whenDurable(() => {
          for (const to of network.peers) if (to !== this.peer) this.#transmit(to, effect.message);
        });
        return;
      case "send":
        this.#whenDurable(() => this.#transmit(effect.to, effect.message));
        return;
      case "serve":
        this.#whenDurable(() => {
          const answer = this.#archive.answer(effect.request);
          if (answer !== null) this.#transmit(effect.to, answer);
        });
        return;
      case "verify": {
        const result: CheckResult = keyring.check(effect.check);
        this.#answer(this.#task(), () => ({ type: "verified", job: effect.job, result }));
        return;
      }
      case "payload":
        answerPayload(effect, this.#answering);
        return;
      case "obtain": {
        this.#headers.set(effect.hash, effect.block.header);
        const obtained = batches.obtain(this.peer, effect.block);
        this.#answer(obtained?.delay ?? this.#task(), () => ({
          type: "available",
          hash: effect.hash,
          ok: obtained !== null,
          inboxFrom: obtained?.inboxFrom ?? null,
        }));
        return;
      }
      case "execute": {
        this.#headers.set(effect.hash, effect.block.header);
        const parent = this.#stateOf(effect.parentHash);
        if (parent === undefined) {
          this.#violation(`execute of height ${effect.block.header.height} on a parent that is not executed`);
          return;
        }
        this.#answer(this.#task(), () => {
          const stateRoot = named("state", parent, effect.hash);
          this.#states.set(effect.hash, stateRoot);
          return {
            type: "executed",
            hash: effect.hash,
            stateRoot,
            receiptsRoot: named("receipts", effect.hash),
            handedOn: named("handed on", effect.hash),
            used: this.#options.used(effect.block),
            value: 0,
          };
        });
        return;
      }
      case "reference":
        answerReference(effect, this.#answering);
        return;
      case "registry": {
        const ask = (): Timeless | null => {
          const registry = this.#modules.registryOf(effect.root);
          if (registry === undefined) {
            this.#violation(`asks for the registry ${effect.root}, which was never sealed`);
            return null;
          }
          this.#registries.set(registry.root, registry);
          return { type: "registry", registry };
        };
        this.#answer(this.#task(), ask);
        return;
      }
      case "timer":
        this.#setTimer(effect.at);
        return;
      case "finalized": {
        const { height } = effect.block.header;
        if (this.#nextReport !== null && height !== this.#nextReport)
          this.#violation(`finalized reports height ${height}, expected ${this.#nextReport}`);
        if (this.#nextReport === null && height > Math.max(1, this.#archive.chain.length))
          this.#violation(
            `finalized skips to height ${height}, ${this.#archive.chain.length - 1} are durable`,
          );
        this.#nextReport = height + 1;
        return;
      }
      case "backed":
        this.later(this.#task(), () => settlement.post(effect.certificate, operatorOf(this.validator)));
        return;
      case "post": {
        const { certificate } = effect;
        const header = this.#headers.get(certificate.blockHash);
        if (header === undefined) return;
        this.later(this.#task(), () =>
          settlement.postCertificate(certificate, header, operatorOf(this.validator)),
        );
        return;
      }
      case "restart": {
        const { vote, certificate } = effect;
        const header = this.#headers.get(vote.blockHash);
        const certified = certificate === null || header === undefined ? null : { certificate, header };
        this.later(this.#task(), () => settlement.restart(vote, certified, operatorOf(this.validator)));
        return;
      }
      case "rewind":
        if (!this.#states.has(effect.hash) && effect.hash !== this.#genesisHash)
          this.#violation(`rewinds to a block that was never executed`);
        this.#nextReport = effect.height + 1;
        return;
      case "recovered": {
        const { height } = effect.block.header;
        if (this.#nextReport !== null && height !== this.#nextReport)
          this.#violation(`recovered reports height ${height}, expected ${this.#nextReport}`);
        this.#nextReport = height + 1;
        return;
      }
      case "resume":
        this.#resume(effect.epoch, effect.incarnation);
        return;
      case "epoch":
        this.#registries.set(effect.registry.root, effect.registry);
        return;
      case "ban":
        this.#banned.add(effect.peer);
        this.bans.add(effect.peer);
        return;
      case "halt":
        this.halted = effect.reason;
        return;
      default:
    }
  }

  /** Starts the replica anew from the records of an earlier epoch, of which the contracts activated a recovery. */
  #resume(epoch: number, incarnation: number): void {
    const { rules, settlement } = this.#modules;
    const records = this.#disk.read();
    const from = records.findIndex(
      (record) =>
        record.type === "epoch" && record.start.epoch === epoch && record.start.incarnation === incarnation,
    );
    if (from < 0) {
      this.#violation(`has no records of epoch ${epoch}`);
      return;
    }
    const to = records.findIndex((record, at) => at > from && record.type === "epoch");
    const kept = records.slice(from, to < 0 ? undefined : to);
    this.#nextReport = null;
    const registries = [...this.#registries.values()];
    const activations = settlement.activations(this.validator);
    const { state, effects } = rules.restoreReplica(
      this.#options.config,
      registries,
      kept,
      this.now,
      activations,
    );
    this.later(0, () => {
      this.#state = state;
      this.#perform(effects);
      for (const peer of this.peers) if (peer !== this.peer) this.connected(peer);
      this.look(true);
    });
  }

  /** Tells the replica what the own settlement client shows of the contracts, if that changed. */
  look(anew = false): void {
    const { settlement } = this.#modules;
    const reading = settlement.contracts(this.validator);
    if (!this.up || reading === null) return;
    const { at, ...rest } = reading;
    const isPast = reading.recovery !== null && at > reading.recovery.graceEnd;
    const shown = text({ ...rest, isPast });
    const activations = settlement.activations(this.validator);
    if (anew) this.#shown = "";
    const before = this.#shown === "" ? 0 : this.#activated;
    this.#activated = activations.length;
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#input({ type: "contracts", reading });
    }
    for (const activation of activations.slice(before)) this.#input({ type: "activated", activation });
  }

  #stateOf(hash: Hash): Hash | undefined {
    return this.#states.get(hash) ?? (hash === this.#genesisHash ? this.#genesisState : undefined);
  }

  #setTimer(at: Millis): void {
    const id = ++this.#timer;
    const { queue } = this.#modules;
    const { boot } = this;
    queue.at(this.#clock.instant(at), () => {
      if (this.up && this.boot === boot && id === this.#timer) this.#input({ type: "tick" });
    });
  }

  #transmit(to: Peer, message: Message): void {
    const { behaviour } = this.#options;
    if (behaviour !== null) {
      for (const each of behaviour.outgoing?.(this, to, message) ?? [message]) this.send(to, each);
      return;
    }
    if (!this.up) return;
    this.#checkRecorded(message);
    this.#modules.observer.sent(this, to, message);
    this.send(to, this.#options.wire ? decodeMessage(encodeMessage(message)) : message);
  }

  /** Refuses what leaves although its record is not acknowledged (protocol.md section 4). */
  #checkRecorded(message: Message): void {
    if (this.#recorded.has(message)) return;
    this.#recorded.add(message);
    const signed = signatureIn(message);
    if (signed === null || this.#archive.isRecorded(signed.root)) return;
    if (this.#modules.keyring.isSignature(this.validator, signed.root, signed.signature))
      this.#violation(`sends a ${message.type} whose record is not durable`);
  }

  /** All records on disk: the node's archive. */
  archive(): readonly DurableRecord[] {
    return this.#disk.read();
  }
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "bigint"
      ? part.toString()
      : part instanceof Map || part instanceof Set
        ? [...part]
        : part,
  );
