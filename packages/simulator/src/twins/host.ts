import {
  type Block,
  type Certificate,
  type CheckpointCertificate,
  type Effect,
  type Hash,
  hashBytes,
  type Input,
  initialReplica,
  type Message,
  type Millis,
  type Peer,
  type ReplicaState,
  type Request,
  type Seat,
  type SignIntent,
  signingRoot,
  step,
} from "@aitbc-hybrid/protocol";
import { accusedBy } from "../oracles/index.ts";
import { Random } from "../random.ts";
import { Archive, OwnStatements } from "./judge.ts";
import { Notary } from "./notary.ts";
import { DELTA, type Setting, type TwinsSchedule } from "./schedule.ts";
import { type Answer, START, stillAnswer, stillGenesis } from "./still.ts";

/** How long after healing new final blocks may take: far beyond every back-off. */
const PATIENCE: Millis = 400 * DELTA;

/** What one schedule showed. */
export interface TwinsResult {
  /** Heights at which honest nodes finalized different blocks. */
  readonly disagreements: number;
  /** After a disagreement: the honest nodes' archives convict more than a third of what section 2's table names. */
  readonly convicted: boolean;
  /** New blocks were owed after healing, and did not come. */
  readonly stalled: boolean;
  /** What must never happen, whatever the bounds: an honest key accused, or caught at an offence. */
  readonly slashable: readonly string[];
  readonly steps: number;
  /** Highest final block of an honest node. */
  readonly height: number;
  readonly epoch: number;
}

interface Process {
  readonly seat: Seat;
  readonly honest: boolean;
  state: ReplicaState;
  timer: Millis;
  height: number;
  readonly finals: { readonly hash: Hash; readonly block: Block; readonly certificate: Certificate }[];
  readonly backings: Map<Hash, CheckpointCertificate>;
  /** Certificates that it sent to everybody, hence holds. */
  readonly relayed: Set<string>;
}

interface Delivery {
  readonly at: Millis;
  readonly order: number;
  readonly from: number;
  readonly to: number;
  readonly message: Message;
}

const beginnings = new Map<string, ReplicaState>();

/** A replica that knows all its peers and has not begun; states are never changed, so that schedules may share them. */
function beginning(setting: Setting, processes: number, process: number, seat: Seat): ReplicaState {
  const key = `${setting.name} ${processes} ${process} ${seat}`;
  const known = beginnings.get(key);
  if (known !== undefined) return known;
  const config = {
    chainId: 7,
    genesis: stillGenesis(setting.mode, setting.registry),
    key: setting.registry.entries[seat]!.key,
    skipViews: 3,
    backoffCap: 2,
    trace: false,
  };
  let { state } = initialReplica(config, setting.registry, START);
  for (let other = 0; other < processes; other++)
    if (other !== process) ({ state } = step(state, { type: "connected", peer: String(other), now: START }));
  beginnings.set(key, state);
  return state;
}

const payloads = new Map<number, Hash>();

/** What this process puts into a block of this view: two copies of one key never propose the same. */
function batchOf(process: number, view: number): Hash {
  const key = 256 * view + process;
  let hash = payloads.get(key);
  if (hash === undefined) {
    hash = hashBytes(new Uint8Array([process, view & 255, view >> 8]));
    payloads.set(key, hash);
  }
  return hash;
}

/** Runs one schedule to its end. */
export function runTwins(schedule: TwinsSchedule): TwinsResult {
  return new Host(schedule).run();
}

/** Processes in one place: local answers come at once, messages after a delay, unless their view's cells keep them. */
class Host {
  readonly #schedule: TwinsSchedule;
  readonly #random: Random;
  readonly #notary = new Notary();
  readonly #archive: Archive;
  readonly #own: OwnStatements;
  readonly #processes: Process[];
  readonly #heap: Delivery[] = [];
  readonly #chain = new Map<number, Hash>();
  readonly #slashable: string[] = [];
  #order = 0;
  #now = START;
  #healed = false;
  #steps = 0;
  /** The highest view that a process entered. */
  #view = 1;
  #disagreements = 0;
  /** Honest processes below this height have not made progress since the network healed. */
  #goal = Number.POSITIVE_INFINITY;
  #behind = 0;

  constructor(schedule: TwinsSchedule) {
    const { setting, twins, leaders } = schedule;
    this.#schedule = schedule;
    this.#random = new Random(`order ${schedule.seed}`);
    this.#archive = new Archive(setting, this.#notary);
    this.#own = new OwnStatements(setting);
    const seats = [...setting.registry.entries.keys(), ...twins];
    const leader = (term: number): Seat => leaders[(term - 1) % leaders.length]!;
    this.#processes = seats.map((seat, process) => {
      const begun = beginning(setting, seats.length, process, seat);
      return {
        seat,
        honest: !twins.includes(seat),
        // Another outcome of the beacon: its draws for this epoch are the schedule's to choose.
        state: { ...begun, epoch: { ...begun.epoch, leader } },
        timer: START + 10,
        height: 0,
        finals: [],
        backings: new Map(),
        relayed: new Set(),
      };
    });
  }

  run(): TwinsResult {
    const { heal, live, setting, cells } = this.#schedule;
    let healing = START + heal;
    let stalled = false;
    for (;;) {
      const process = this.#nextTimer();
      const timer = this.#processes[process]!.timer;
      const top = this.#heap[0];
      const at = top !== undefined && top.at <= timer ? top.at : timer;
      if (!this.#healed && (at >= healing || this.#view > cells.length)) {
        if (!live || this.#disagreements > 0) break;
        healing = this.#now;
        this.#heal();
      }
      if (this.#healed && this.#behind === 0) break;
      if (at > healing + PATIENCE) {
        stalled = true;
        break;
      }
      this.#now = at;
      if (top !== undefined && top.at <= timer) {
        this.#pop();
        const receiver = this.#processes[top.to]!;
        if (this.#isIdle(receiver, top.message)) continue;
        if (receiver.honest) this.#archive.received(top.message);
        this.#input(top.to, { type: "message", from: String(top.from), message: top.message });
      } else {
        this.#processes[process]!.timer = Number.POSITIVE_INFINITY;
        this.#input(process, { type: "tick" });
      }
    }
    const offence = this.#own.offence();
    if (offence !== null) this.#slashable.push(offence);
    let height = 0;
    let epoch = 0;
    for (const each of this.#processes) {
      if (!each.honest) continue;
      if (each.height > height) height = each.height;
      if (each.state.epoch.start.epoch > epoch) epoch = each.state.epoch.start.epoch;
    }
    return {
      disagreements: this.#disagreements,
      convicted: this.#disagreements > 0 && this.#archive.convicts(setting),
      stalled,
      slashable: this.#slashable,
      steps: this.#steps,
      height,
      epoch,
    };
  }

  /**
   * True for another copy of a certificate that the receiver sent on itself, unless it shows that somebody lags: the
   * rules do nothing about it, and half of all messages are such copies.
   */
  #isIdle(receiver: Process, message: Message): boolean {
    if (message.type !== "certificate") return false;
    const { certificate } = message;
    const { view, epoch } = receiver.state;
    if (certificate.epoch !== epoch.start.epoch || certificate.view + 1 < view) return false;
    return receiver.relayed.has(nameOf(certificate));
  }

  #nextTimer(): number {
    let next = 0;
    for (let i = 1; i < this.#processes.length; i++)
      if (this.#processes[i]!.timer < this.#processes[next]!.timer) next = i;
    return next;
  }

  #heal(): void {
    this.#healed = true;
    let highest = 0;
    for (const { honest, height } of this.#processes) if (honest && height > highest) highest = height;
    this.#goal = highest + 1;
    for (const { honest, height } of this.#processes) if (honest && height < this.#goal) this.#behind++;
  }

  #input(process: number, first: Answer): void {
    const running = this.#processes[process]!;
    const queue: Answer[] = [first];
    for (let at = 0; at < queue.length; at++) {
      const { state, effects } = step(running.state, { ...queue[at]!, now: this.#now } as Input);
      this.#steps++;
      running.state = state;
      if (state.view > this.#view) this.#view = state.view;
      for (const effect of effects) {
        const answer = this.#perform(process, running, effect);
        if (answer !== null) queue.push(answer);
      }
    }
  }

  /** Performs an effect; what the process itself has to be told about it comes back. */
  #perform(process: number, running: Process, effect: Effect): Answer | null {
    switch (effect.type) {
      case "broadcast":
        if (effect.message.type === "certificate") running.relayed.add(nameOf(effect.message.certificate));
        for (let to = 0; to < this.#processes.length; to++)
          if (to !== process) this.#send(process, to, effect.message);
        return null;
      case "send":
        this.#send(process, Number(effect.to), effect.message);
        return null;
      case "sign":
        return { type: "signed", id: effect.id, signature: this.#sign(running, effect.intent) };
      case "timer":
        running.timer = effect.at;
        return null;
      case "registry":
        return { type: "registry", registry: this.#schedule.setting.registry };
      case "finalized":
        this.#finalized(running, effect);
        return null;
      case "backed": {
        const { certificate } = effect;
        running.backings.set(certificate.checkpoint.blockHash, certificate);
        return null;
      }
      case "serve":
        this.#serve(process, running, effect.to, effect.request);
        return null;
      case "evidence":
        for (const id of accusedBy(effect.evidence))
          if (running.honest && !this.#schedule.twins.includes(id - 1))
            this.#slashable.push(`an honest node accuses the honest seat ${id - 1}`);
        return null;
      default:
        return stillAnswer(effect, {
          notary: this.#notary,
          seat: running.seat,
          batch: (view) => batchOf(process, view),
          settledAt: running.state.tip.settledAt,
        });
    }
  }

  #sign(running: Process, intent: SignIntent): Uint8Array {
    if (running.honest) this.#own.signed(running.seat, intent);
    return this.#notary.sign(running.seat, signingRoot(intent));
  }

  #finalized(running: Process, effect: Extract<Effect, { type: "finalized" }>): void {
    const { hash, block, certificate } = effect;
    const { height } = block.header;
    running.finals.push({ hash, block, certificate });
    if (!running.honest) return;
    const before = running.height;
    running.height = height;
    if (before < this.#goal && height >= this.#goal) this.#behind--;
    this.#archive.holds(certificate);
    const known = this.#chain.get(height);
    if (known === undefined) this.#chain.set(height, hash);
    else if (known !== hash) this.#disagreements++;
  }

  #serve(process: number, running: Process, to: Peer, request: Request): void {
    let wanted = running.finals.slice(0, 0);
    if (request.what === "block") wanted = running.finals.filter(({ hash }) => hash === request.hash);
    else if (request.what === "finalized")
      wanted = running.finals.slice(request.from - 1, request.from - 1 + request.count);
    const blocks = wanted.map(({ hash, block, certificate }) => ({
      block,
      certificate: certificate.blockHash === hash ? certificate : null,
      backing: running.backings.get(hash) ?? null,
    }));
    this.#send(process, Number(to), { type: "blocks", blocks });
  }

  #send(from: number, to: number, message: Message): void {
    const { cells, loss, slowest } = this.#schedule;
    if (!this.#healed) {
      const view = viewOf(message) ?? this.#processes[from]!.state.view;
      const of = cells[view <= cells.length ? view - 1 : cells.length - 1]!;
      if (of[from] !== of[to] || (loss > 0 && this.#random.chance(loss))) return;
    }
    const at = this.#now + 1 + Math.floor(this.#random.unit() * slowest);
    this.#push({ at, order: this.#order++, from, to, message });
  }

  #push(item: Delivery): void {
    const heap = this.#heap;
    heap.push(item);
    for (let i = heap.length - 1; i > 0; ) {
      const up = (i - 1) >> 1;
      if (!before(heap[i]!, heap[up]!)) break;
      [heap[i], heap[up]] = [heap[up]!, heap[i]!];
      i = up;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    heap[0] = last;
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2])
        if (child < heap.length && before(heap[child]!, heap[least]!)) least = child;
      if (least === i) return;
      [heap[i], heap[least]] = [heap[least]!, heap[i]!];
      i = least;
    }
  }
}

const before = (a: Delivery, b: Delivery): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

const nameOf = ({ kind, epoch, view, blockHash }: Certificate): string =>
  `${kind}${epoch} ${view} ${blockHash.slice(2, 14)}`;

/** The view a message is of; null if of none. */
function viewOf(message: Message): number | null {
  switch (message.type) {
    case "vote":
      return message.vote.view;
    case "proposal":
      return message.proposal.view;
    case "certificate":
      return message.certificate.view;
    default:
      return null;
  }
}
