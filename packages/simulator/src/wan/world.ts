import {
  Aggregation,
  aggregationTimes,
  type Block,
  DEFAULT_PARAMS,
  domainHash,
  electorate,
  encodeCertificate,
  genesisHash,
  type Hash,
  initialReplica,
  isAggregated,
  leaderSchedule,
  MAX_SEATS,
  type Millis,
  type Mode,
  type Params,
  type Peer,
  type Registry,
  type ReplicaState,
  restoreReplica,
  type Seat,
  SUBNET_SIZES,
  Subnets,
  step,
  viewOf,
} from "@aitbc-hybrid/protocol";
import { Clock, EventQueue, Network } from "../events/index.ts";
import { Random } from "../random.ts";
import type { Rules } from "../rules.ts";
import { WORLD_START } from "../scenario.ts";
import { outsizedRegistry, sealRegistry } from "../settlement/index.ts";
import { Keyring, named } from "../signatures.ts";
import { Batches, type BulkMessage } from "./batches.ts";
import { type Costs, MEASURED } from "./costs.ts";
import { Ledger } from "./ledger.ts";
import { type Distance, distances, type LineOptions, WanLinks } from "./links.ts";
import { type Meter, type Overlay, peerOf, WanNode } from "./node.ts";
import { type Preset, regionOf } from "./regions.ts";
import { sizeOf, type WanMessage } from "./sizes.ts";

export interface WanOptions {
  readonly seed: string;
  readonly mode: Mode;
  readonly authorities: number;
  readonly stakers: number;
  /** Where the validators stand, or the one-way delay between any two of them. */
  readonly place: Preset | Millis;
  readonly line?: LineOptions;
  readonly costs?: Costs;
  /** Clocks are off by at most this, ms, and drift by up to 50 millionths. */
  readonly clockError?: Millis;
  /** Bytes of transactions that all validators together send each other in a block's time. */
  readonly bytesPerBlock?: number;
  readonly params?: Partial<Params>;
  /** Validators that tell nobody what they added up of others' votes, though it is their turn. */
  readonly idle?: ReadonlySet<number>;
  /** By validator: what everything it sends takes longer, ms. */
  readonly slow?: ReadonlyMap<number, Millis>;
  /** Where votes are aggregated, proposals and certificates go from everybody to everybody, not over a mesh. */
  readonly flood?: boolean;
}

/** Lines of a data centre; parameters.md's network bound holds on them. */
export const LINE: LineOptions = { bandwidth: 500e6, loss: 1e-4, jitter: 0.02 };
/** Lines without an end and without a flaw: closed forms hold. */
export const IDEAL_LINE: LineOptions = { bandwidth: Number.POSITIVE_INFINITY, loss: 0, jitter: 0 };

const CHAIN_ID = 4242;
/** As packages/node: acknowledgements of batches are gathered. */
const ACKNOWLEDGE_AFTER: Millis = 25;

const RULES: Rules = {
  initialReplica: (config, registry, now) => initialReplica(config, registry, now),
  restoreReplica: (config, registries, records, now, activations) =>
    restoreReplica(config, registries, records, now, activations),
  step: (state, input) => step(state as ReplicaState, input),
  viewOf: (state) => {
    const view = viewOf(state as ReplicaState);
    return { ...view, leader: view.leader };
  },
};

/** A block on its way to being final. */
export interface Observation {
  readonly hash: Hash;
  readonly height: number;
  readonly view: number;
  readonly leader: Peer;
  readonly block: Block;
  /** When its leader made it. */
  readonly made: Millis;
  readonly bytes: number;
  /** The longest certificate that it carries, bytes. */
  readonly certificateBytes: number;
  /** By validator: when it was final there. */
  readonly final: (Millis | undefined)[];
}

/** A network of honest validators on long ways, to be timed. */
export class WanWorld {
  readonly queue = new EventQueue(WORLD_START);
  readonly nodes: WanNode[] = [];
  /** In the order in which they were made. */
  readonly blocks = new Map<Hash, Observation>();
  /** What should not have happened. */
  readonly surprises: string[] = [];
  readonly registry: Registry;
  readonly #options: WanOptions;
  readonly #batches: Batches;
  /** Highest final height of each node, and how many nodes hold each height final. */
  readonly #heights: number[] = [];
  readonly #holders: number[] = [];

  constructor(options: WanOptions) {
    this.#options = options;
    const { seed, mode, authorities, stakers, place, costs = MEASURED, line = LINE } = options;
    const size = authorities + stakers;
    const random = new Random(`wan ${seed}`);
    const registries = new Map<Hash, Registry>();
    const keyring = new Keyring({ validators: size, seed }, { registryOf: (root) => registries.get(root) });
    const params = { ...DEFAULT_PARAMS, ...options.params };
    const seal = size > MAX_SEATS ? outsizedRegistry : sealRegistry;
    this.registry = seal(
      {
        authorities,
        // Stakes between one and about six times the least, so that heads and weights differ.
        seats: Array.from({ length: size }, (_, validator) => ({
          validator,
          stake: validator < authorities ? 1_000n : 1_000n + BigInt((37 * validator) % 5_000),
        })),
        suspended: new Set(),
        unseated: new Set(),
        params,
      },
      keyring,
    );
    registries.set(this.registry.root, this.registry);
    const peers = Array.from({ length: size }, (_, validator): Peer => peerOf(validator));
    const way: Distance =
      typeof place === "number"
        ? () => place
        : distances(new Map(peers.map((peer, validator) => [peer, regionOf(place, validator)])));
    const slow = new Map([...(options.slow ?? [])].map(([validator, by]) => [peerOf(validator), by]));
    const distance: Distance = slow.size === 0 ? way : (from, to) => way(from, to) + (slow.get(from) ?? 0);
    const { queue } = this;
    const links = new WanLinks<WanMessage | BulkMessage>(line, {
      queue,
      random,
      distance,
      sizeOf: (message) => ("bytes" in message ? message.bytes : sizeOf(message)),
    });
    const network = new Network<WanMessage>(
      {
        stabilization: WORLD_START,
        loss: 0,
        duplication: 0,
        delay: [0, 0],
        slowShare: 0,
        slowest: 0,
        syncDelay: 0,
      },
      { queue, random, links },
    );
    const voters = electorate(this.registry, mode).voters.filter((votes) => votes).length;
    this.#batches = new Batches(
      {
        validators: peers,
        bytesPerBlock: options.bytesPerBlock ?? 0,
        blockTime: params.blockTime[mode],
        acknowledgeAfter: ACKNOWLEDGE_AFTER,
        quorum: Math.floor((2 * voters) / 3) + 1,
      },
      { queue, links, distance },
    );
    const genesis = {
      chainId: CHAIN_ID,
      settlementChainId: 31337,
      addressesHash: named("addresses"),
      snapshotHash: this.registry.root,
      mode,
      stateRoot: named("genesis state"),
      stamp: WORLD_START,
    };
    const meter = this.#meter();
    const hash = genesisHash(genesis);
    const ledger = new Ledger({ hash, stateRoot: genesis.stateRoot });
    const overlay = isAggregated(electorate(this.registry, mode)) ? this.#overlay(peers, hash) : null;
    const error = options.clockError ?? 5;
    for (const [validator, peer] of peers.entries()) {
      const node = new WanNode(
        {
          peer,
          validator,
          config: {
            chainId: CHAIN_ID,
            genesis,
            key: keyring.key(validator),
            skipViews: 8,
            backoffCap: 6,
            trace: false,
          },
          registry: this.registry,
          clock: new Clock({
            origin: WORLD_START,
            offset: error === 0 ? 0 : random.between(-error, error),
            rate: error === 0 ? 0 : random.between(-5e-5, 5e-5),
          }),
          costs,
          idle: options.idle?.has(validator) ?? false,
        },
        { rules: RULES, queue, network, overlay, keyring, ledger, batches: this.#batches, meter },
      );
      this.nodes.push(node);
      network.attach(node);
    }
    this.#batches.start();
    for (const node of this.nodes) node.start();
  }

  /** The mesh and the aggregation as the registry and the epoch's seed have them. */
  #overlay(peers: readonly Peer[], genesis: Hash): Overlay {
    const { mode, flood = false } = this.#options;
    const members = electorate(this.registry, mode);
    const subnets = new Map<Hash, { readonly of: Subnets; readonly leader: (term: number) => Seat }>();
    const { delta, termViews, voteWindow } = this.registry.params;
    return ({ epoch, incarnation, seed, registry }, seat) => {
      const domain = domainHash({
        chainId: CHAIN_ID,
        genesisHash: genesis,
        epoch,
        incarnation,
        mode,
        registry,
      });
      let shared = subnets.get(domain);
      if (shared === undefined) {
        shared = {
          of: new Subnets(members, seed, SUBNET_SIZES),
          leader: leaderSchedule(members, domain, seed),
        };
        subnets.set(domain, shared);
      }
      const { of, leader } = shared;
      const aggregation = new Aggregation({
        subnets: of,
        leader,
        voteWindow,
        electorate: members,
        epoch,
        domain,
        seat,
        termViews: mode === "fast" ? termViews : 1,
        times: aggregationTimes(delta[mode]),
      });
      return {
        aggregation,
        neighbours: flood
          ? () => peers.filter((_, other) => other !== seat)
          : (view) => of.neighbours(view, seat).map(peerOf),
      };
    };
  }

  #meter(): Meter {
    return {
      proposed: ({ peer }, hash, block) => {
        if (this.blocks.has(hash)) return;
        this.blocks.set(hash, {
          hash,
          height: block.header.height,
          view: block.header.view,
          leader: peer,
          block,
          made: this.queue.now,
          bytes: this.#bytesOf(block),
          certificateBytes: block.body.certificates.reduce(
            (most, each) => Math.max(most, encodeCertificate(each).length),
            0,
          ),
          final: [],
        });
      },
      finalized: ({ validator }, hash, { header: { height } }) => {
        this.blocks.get(hash)!.final[validator] = this.queue.now;
        this.#heights[validator] = height;
        this.#holders[height] = (this.#holders[height] ?? 0) + 1;
      },
      surprised: ({ peer }, what) => this.surprises.push(`${peer} ${what}`),
    };
  }

  #bytesOf(block: Block): number {
    return this.#batches.bytesOf(block);
  }

  /** The lowest of the nodes' final heights. */
  get height(): number {
    return this.nodes.reduce(
      (lowest, { validator }) => Math.min(lowest, this.#heights[validator] ?? 0),
      Infinity,
    );
  }

  /**
   * Runs until every node holds `height` blocks final.
   * @throws Error if that takes more than `patience` ms of simulated time
   */
  runTo(height: number, patience: Millis): void {
    const end = this.queue.now + patience;
    const all = this.nodes.filter((node) => node.up).length;
    while ((this.#holders[height] ?? 0) < all) {
      this.queue.next();
      if (this.queue.now > end)
        throw new Error(`height ${this.height} of ${height} after ${patience} ms of simulated time`);
    }
  }

  /** Runs until a moment. */
  runUntil(at: Millis): void {
    while (this.queue.now < at && this.queue.next());
  }

  /** Time from making to finality, one figure for every block from `first` to `last` and every node, ascending. */
  latencies(first: number, last: number): Millis[] {
    const all: Millis[] = [];
    for (const { height, made, final } of this.blocks.values()) {
      if (height < first || height > last) continue;
      for (const at of final) if (at !== undefined) all.push(at - made);
    }
    return all.sort((a, b) => a - b);
  }

  get mode(): Mode {
    return this.#options.mode;
  }
}

/** The value below which the share `p` of ascending values lies. */
export function quantile(ascending: readonly number[], p: number): number {
  if (ascending.length === 0) throw new RangeError("no values");
  return ascending[Math.max(0, Math.ceil(p * ascending.length) - 1)]!;
}
