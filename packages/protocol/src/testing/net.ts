import { equalBytes, fromBitmap, toHex } from "../codec/index.ts";
import { hashBytes } from "../hash.ts";
import { signingRoot } from "../memo.ts";
import { initialReplica, type ReplicaState, step } from "../replica.ts";
import type {
  Block,
  Check,
  CheckResult,
  DurableRecord,
  Effect,
  Genesis,
  Hash,
  Hex,
  Input,
  Message,
  Millis,
  Peer,
  Registry,
  Seat,
} from "../types/index.ts";
import { ZERO_HASH } from "../types/index.ts";
import { fakeSignature } from "./registries.ts";

/** `Input` without the time, which the network adds. */
type Untimed<T> = T extends unknown ? Omit<T, "now"> : never;
export type Event = Untimed<Input>;

/** Adds fake signatures. */
export function fakeAggregate(signatures: readonly Uint8Array[]): Uint8Array {
  const sum = new Uint8Array(96);
  for (const signature of signatures) for (let i = 0; i < 96; i++) sum[i] = (sum[i]! + signature[i]!) & 255;
  return sum;
}

/** Answers a check as a verifier with real keys would, over fake signatures. */
export function fakeVerify(registries: ReadonlyMap<Hash, Registry>, check: Check): CheckResult {
  const idOf = (root: Hash, seat: Seat): number => registries.get(root)?.entries[seat]?.validatorId ?? 0;
  const single = (c: {
    readonly registry: Hash;
    readonly seat: Seat;
    readonly root: Hash;
    readonly signature: Uint8Array;
  }) => equalBytes(c.signature, fakeSignature(idOf(c.registry, c.seat), c.root));
  const many = (c: {
    readonly registry: Hash;
    readonly root: Hash;
    readonly bitmap: Uint8Array;
    readonly signature: Uint8Array;
  }) =>
    equalBytes(
      c.signature,
      fakeAggregate(fromBitmap(c.bitmap).map((seat) => fakeSignature(idOf(c.registry, seat), c.root))),
    );
  switch (check.what) {
    case "votes": {
      const valid = check.votes.filter((vote) => single({ ...check, ...vote }));
      return {
        what: "votes",
        valid: valid.map((vote) => vote.seat),
        aggregate: valid.length === 0 ? null : fakeAggregate(valid.map((vote) => vote.signature)),
      };
    }
    case "certificate":
      return { what: "certificate", ok: many(check) };
    case "each":
      return { what: "each", valid: check.signatures.map(single) };
    case "all": {
      const signature = check.signatures.findIndex((each) => !single(each));
      const certificate = check.certificates.findIndex((each) => !many(each));
      const group = check.groups.findIndex(
        ({ votes, ...of }) => !votes.every((vote) => single({ ...of, ...vote })),
      );
      const failed =
        signature >= 0
          ? ({ part: "signature", index: signature } as const)
          : certificate >= 0
            ? ({ part: "certificate", index: certificate } as const)
            : group >= 0
              ? ({ part: "group", index: group } as const)
              : null;
      return { what: "all", ok: failed === null, failed };
    }
  }
}

/** Roots a fake ledger executes to: a function of the parent's and the block. */
export function fakeExecute(
  parentRoot: Hash,
  block: Block,
): { stateRoot: Hash; receiptsRoot: Hash; handedOn: Hash } {
  const text = `${parentRoot}${block.header.batchesRoot}${block.header.height}`;
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return {
    stateRoot: hashBytes(bytes),
    receiptsRoot: hashBytes(bytes.slice(2)),
    handedOn: hashBytes(bytes.slice(3)),
  };
}

export interface LocalNetOptions {
  readonly registry: Registry;
  readonly mode: "fast" | "balanced" | "secure";
  /** Milliseconds a message takes; null: it is lost. */
  readonly delay?: (from: number, to: number, message: Message, now: Millis) => Millis | null;
  readonly trace?: boolean;
  /** Sees every step before it is taken. */
  readonly onStep?: (node: number, state: ReplicaState, input: Input) => void;
  readonly onEffect?: (node: number, effect: Effect, now: Millis) => void;
  readonly skipViews?: number;
  /** Bytes a block takes of its capacity; default: none. */
  readonly used?: (block: Block) => number;
  /** Value moved in an epoch up to a block, where it is looked at, millionths of the supply; default: none. */
  readonly value?: (block: Block, valueFrom: number) => number;
  /** Epoch -> the registry the contracts show sealed for it. */
  readonly candidates?: (epoch: number) => Registry | null;
  /** Milliseconds until a registry that is asked for is read; default 0. */
  readonly readingTime?: Millis;
}

interface Queued {
  readonly at: Millis;
  readonly order: number;
  readonly node: number;
  readonly event: Event;
}

/**
 * A minimal network of replicas in one place: answers are instantaneous, keys fake, disks perfect. For rule tests and
 * benchmarks; adversaries, crashes and oracles are the simulator's.
 */
export class LocalNet {
  readonly options: LocalNetOptions;
  readonly genesis: Genesis;
  readonly states: ReplicaState[] = [];
  readonly finals: Hash[][] = [];
  readonly records: DurableRecord[][] = [];
  readonly registries = new Map<Hash, Registry>();
  readonly stored = new Map<Hash, { block: Block; certificate: Effect & { type: "finalized" } }>();
  readonly backings = new Map<Hash, Effect & { type: "backed" }>();
  readonly traces = new Map<string, number>();
  readonly down = new Set<number>();
  now: Millis;
  steps = 0;
  #order = 0;
  #heap: Queued[] = [];
  #timers: Millis[] = [];
  #roots: Map<Hash, Hash>[] = [];

  constructor(options: LocalNetOptions) {
    this.options = options;
    const { registry, mode } = options;
    this.now = 1_000_000;
    this.registries.set(registry.root, registry);
    this.genesis = {
      chainId: 7,
      settlementChainId: 31_337,
      addressesHash: ZERO_HASH,
      snapshotHash: registry.root,
      mode,
      stateRoot: hashBytes(new Uint8Array(1)),
      stamp: this.now,
    };
    registry.entries.forEach((_, node) => {
      this.finals.push([]);
      this.records.push([]);
      this.#timers.push(Number.POSITIVE_INFINITY);
      this.#roots.push(new Map());
      const { state, effects } = initialReplica(this.config(node), registry, this.now);
      this.states.push(state);
      this.#roots[node]!.set(state.tip.hash, this.genesis.stateRoot);
      this.perform(node, effects);
    });
    registry.entries.forEach((_, node) => {
      registry.entries.forEach((_, other) => {
        if (other !== node) this.post(0, node, { type: "connected", peer: String(other) });
      });
    });
  }

  config(node: number) {
    return {
      chainId: this.genesis.chainId,
      genesis: this.genesis,
      key: this.options.registry.entries[node]!.key,
      skipViews: this.options.skipViews ?? 8,
      backoffCap: 6,
      trace: this.options.trace ?? false,
    };
  }

  post(delay: Millis, node: number, event: Event): void {
    const item = { at: this.now + delay, order: this.#order++, node, event };
    const heap = this.#heap;
    heap.push(item);
    for (let i = heap.length - 1; i > 0; ) {
      const up = (i - 1) >> 1;
      if (!before(heap[i]!, heap[up]!)) break;
      [heap[i], heap[up]] = [heap[up]!, heap[i]!];
      i = up;
    }
  }

  #pop(): Queued | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || top === undefined || heap.length === 0) return top;
    heap[0] = last;
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2])
        if (child < heap.length && before(heap[child]!, heap[least]!)) least = child;
      if (least === i) return top;
      [heap[i], heap[least]] = [heap[least]!, heap[i]!];
      i = least;
    }
  }

  /** Runs until `done` or `until`; returns whether `done` came first. */
  run(until: Millis, done: () => boolean = () => false): boolean {
    while (!done()) {
      const next = this.#pop();
      if (next === undefined || next.at > until) {
        if (next !== undefined) this.post(next.at - this.now, next.node, next.event);
        return false;
      }
      this.now = next.at > this.now ? next.at : this.now;
      if (this.down.has(next.node)) continue;
      if (next.event.type === "tick" && this.#timers[next.node]! > this.now) continue;
      this.input(next.node, next.event);
    }
    return true;
  }

  input(node: number, event: Event): readonly Effect[] {
    const input = { ...event, now: this.now } as Input;
    this.options.onStep?.(node, this.states[node]!, input);
    const { state, effects } = step(this.states[node]!, input);
    this.steps++;
    this.states[node] = state;
    this.perform(node, effects);
    return effects;
  }

  perform(node: number, effects: readonly Effect[]): void {
    for (const effect of effects) {
      this.options.onEffect?.(node, effect, this.now);
      this.#perform(node, effect);
    }
  }

  #deliver(from: number, to: number, message: Message): void {
    const delay = this.options.delay?.(from, to, message, this.now) ?? (this.options.delay ? null : 1);
    if (delay !== null) this.post(delay, to, { type: "message", from: String(from), message });
  }

  #perform(node: number, effect: Effect): void {
    switch (effect.type) {
      case "persist":
        this.records[node]!.push(effect.record);
        return;
      case "sign": {
        this.records[node]!.push({ type: "signed", intent: effect.intent });
        const root = signingRoot(effect.intent);
        const id = this.options.registry.entries[node]!.validatorId;
        this.post(0, node, { type: "signed", id: effect.id, signature: fakeSignature(id, root) });
        return;
      }
      case "broadcast":
        for (let to = 0; to < this.states.length; to++)
          if (to !== node) this.#deliver(node, to, effect.message);
        return;
      case "send": {
        this.#deliver(node, Number(effect.to), effect.message);
        return;
      }
      case "serve": {
        this.#serve(node, effect);
        return;
      }
      case "verify": {
        this.post(0, node, {
          type: "verified",
          job: effect.job,
          result: fakeVerify(this.registries, effect.check),
        });
        return;
      }
      case "payload": {
        const { entries } = this.options.registry;
        const candidate = effect.candidateEpoch === null ? null : this.#candidate(effect.candidateEpoch);
        this.post(0, node, {
          type: "payload",
          epoch: effect.epoch,
          view: effect.view,
          parentHash: effect.parentHash,
          payload: {
            batches: [hashBytes(new Uint8Array([node, effect.view & 255, effect.view >> 8]))],
            reference: effect.parentReference,
            settledAt: effect.parentSettledAt,
            inboxCursor: effect.parentInboxCursor,
            feeRecipient: toHex(new Uint8Array(20)) as Hex,
            candidate,
            vrfProof: fakeSignature(entries[node]!.validatorId, effect.vrfRoot),
          },
        });
        return;
      }
      case "obtain": {
        this.post(0, node, { type: "available", hash: effect.hash, ok: true, inboxFrom: null });
        return;
      }
      case "execute": {
        const roots = this.#roots[node]!;
        const result = fakeExecute(roots.get(effect.parentHash)!, effect.block);
        roots.set(effect.hash, result.stateRoot);
        this.post(0, node, {
          type: "executed",
          hash: effect.hash,
          ...result,
          used: this.options.used?.(effect.block) ?? 0,
          value: effect.valueFrom === null ? 0 : (this.options.value?.(effect.block, effect.valueFrom) ?? 0),
        });
        return;
      }
      case "reference": {
        this.post(0, node, {
          type: "reference",
          reference: effect.reference,
          epoch: effect.epoch,
          inboxFrom: effect.inboxFrom,
          reading: {
            settledAt: this.states[node]!.tip.settledAt,
            due: [],
            candidate: this.#candidate(effect.epoch + 2),
          },
        });
        return;
      }
      case "registry": {
        this.post(this.options.readingTime ?? 0, node, {
          type: "registry",
          registry: this.registries.get(effect.root)!,
        });
        return;
      }
      case "timer":
        this.#timers[node] = effect.at;
        this.post(effect.at - this.now, node, { type: "tick" });
        return;
      case "finalized":
        this.finals[node]!.push(effect.hash);
        this.stored.set(effect.hash, { block: effect.block, certificate: effect });
        return;
      case "backed":
        this.backings.set(effect.certificate.checkpoint.blockHash, effect);
        return;
      case "trace":
        this.traces.set(effect.rule, (this.traces.get(effect.rule) ?? 0) + 1);
        return;
      default:
        return;
    }
  }

  #candidate(epoch: number): Hash | null {
    const registry = this.options.candidates?.(epoch) ?? null;
    if (registry === null) return null;
    this.registries.set(registry.root, registry);
    return registry.root;
  }

  #serve(node: number, effect: Effect & { type: "serve" }): void {
    const { request, to } = effect;
    let hashes: Hash[] = [];
    if (request.what === "block") hashes = [request.hash];
    else if (request.what === "finalized")
      hashes = this.finals[node]!.slice(request.from - 1, request.from - 1 + request.count);
    const blocks = hashes.flatMap((hash) => {
      const held = this.stored.get(hash);
      if (held === undefined) return [];
      const { certificate } = held.certificate;
      return [
        {
          block: held.block,
          certificate: certificate.blockHash === hash ? certificate : null,
          backing:
            held.block.body.commitment === null ? null : (this.backings.get(hash)?.certificate ?? null),
        },
      ];
    });
    this.#deliver(node, Number(to as Peer), { type: "blocks", blocks });
  }
}

const before = (a: Queued, b: Queued): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
