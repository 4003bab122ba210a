import {
  COIN,
  type Rules as ContractRules,
  type SeatParticipation,
  type Snapshot,
  type State,
  seal,
  snapshotOf,
  type Times,
  run as transact,
} from "@aitbc-hybrid/contract-model";
import {
  type Block,
  domainHash,
  type Effect,
  type EpochStart,
  type Genesis,
  genesisHash,
  type Hash,
  type Message,
  type Millis,
  ParticipationCount,
  type Peer,
  participationHash,
  type Registry,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import { behaviour, twin } from "./adversaries/index.ts";
import { Clock, EventQueue, Network } from "./events/index.ts";
import type { Observer } from "./observer.ts";
import { accusedBy, type Counts, Oracles } from "./oracles/index.ts";
import { Random } from "./random.ts";
import type { Rules, RulesConfig } from "./rules.ts";
import { type Scenario, sufficesInEveryMode, WORLD_START } from "./scenario.ts";
import {
  type Bonds,
  beginnings,
  Contracts,
  churned,
  delegatorOf,
  GOVERNANCE,
  movesTo,
  operatorOf,
  type RegistryPlan,
  rulesOf,
  type Sending,
  Settlement,
  TIMES,
} from "./settlement/index.ts";
import { type BatchStore, type Behaviour, Shell, type ShellFaults } from "./shell.ts";
import { Keyring, named, type PublicKey } from "./signatures.ts";

/** What a run showed. */
export interface RunResult {
  readonly seed: string;
  /** Empty: the run passed. */
  readonly failures: readonly string[];
  readonly disagreements: readonly string[];
  /** Hash over everything that happened: equal for equal seeds. */
  readonly trace: string;
  readonly steps: number;
  readonly counts: Counts;
  /** Final heights of the honest nodes when the run ended. */
  readonly heights: readonly number[];
  readonly accepted: number;
  /** Simulated time, ms. */
  readonly elapsed: Millis;
  readonly convicted: {
    readonly validators: readonly number[];
    readonly enough: boolean;
    /** By the evidence of the honest nodes themselves. */
    readonly accused: readonly number[];
    readonly accusedEnough: boolean;
  } | null;
}

/** Contracts as they are deployed somewhere, in place of a schedule's small ones. */
export interface Deployment {
  readonly rules: ContractRules;
  readonly times: Times;
  /** Base units that governance puts into the rewards' reserve. */
  readonly reserve: bigint;
  readonly genesis: Pick<Genesis, "chainId" | "settlementChainId" | "addressesHash" | "stateRoot">;
  /** What stands in registries; signatures stay stand-ins. */
  readonly keyOf: (validator: number) => PublicKey;
  /** Address of whom the simulated world calls by a name ("v3", "d3", "governance", "anyone"). */
  readonly accountOf: (name: string) => string;
  /** Base units by address. */
  readonly balances: ReadonlyMap<string, bigint>;
}

export interface WorldOptions {
  readonly scenario: Scenario;
  /** Breaches of the shell's duties that tests plant. */
  readonly faults?: ShellFaults;
  /** Receives a line for everything that happens. */
  readonly log?: (line: string) => void;
  /** What stakers bring the live weights to before an epoch's candidate is sealed, in place of random churn. */
  readonly candidates?: (epoch: number) => RegistryPlan;
  readonly deployment?: Deployment;
  /** Replaces the behaviours that the scenario names. */
  readonly behaviours?: ReadonlyMap<number, Behaviour>;
}

const GENESIS = {
  chainId: 4242,
  settlementChainId: 31337,
  addressesHash: named("addresses"),
  stateRoot: named("genesis state"),
};
const RESERVE = 200_000_000n * COIN;
/** What every account of the settlement chain has at first. */
const FUNDS = 10n ** 12n * COIN;
/** Transactions that a schedule queues in the contracts' inbox at most. */
const MOST_FORCED = 60;
const MOST_EVENTS = 300_000;

/** Running digest of a run: two 32-bit multiplicative hashes, enough to tell runs apart. */
class Trace {
  #a = 0x811c9dc5;
  #b = 0x01000193;

  add(text: string): void {
    for (let i = 0; i < text.length; i++) {
      this.#a = Math.imul(this.#a ^ text.charCodeAt(i), 0x01000193);
      this.#b = Math.imul(this.#b + text.charCodeAt(i), 0x85ebca6b) ^ (this.#b >>> 13);
    }
  }

  toString(): string {
    return (this.#a >>> 0).toString(16).padStart(8, "0") + (this.#b >>> 0).toString(16).padStart(8, "0");
  }
}

/** One simulated world: settlement chain, network, disks, clocks and a process for every validator. */
export class World {
  readonly scenario: Scenario;
  readonly queue = new EventQueue(WORLD_START);
  readonly network: Network;
  readonly settlement: Settlement;
  readonly oracles: Oracles;
  readonly keyring: Keyring;
  readonly genesis: Genesis;
  /** By validator, then second processes of twins. */
  readonly shells: Shell[] = [];
  readonly #random: Random;
  readonly contracts: Contracts;
  readonly #stakes: { readonly bonds: Bonds; readonly accountOf: (name: string) => string };
  /** How each epoch began, in its last incarnation. */
  readonly #starts = new Map<number, EpochStart>();
  readonly #trace = new Trace();
  readonly #options: WorldOptions;
  readonly #batches = new Map<Hash, { readonly owner: Peer; readonly kind: string }>();
  readonly #forced = new Map<Hash, { readonly from: number; readonly to: number }>();
  readonly #plans: RegistryPlan[];
  #live: RegistryPlan;
  #batchCount = 0;

  constructor(options: WorldOptions, modules: { readonly rules: Rules }) {
    const { scenario } = options;
    this.#options = options;
    this.scenario = scenario;
    const random = new Random(`world ${scenario.seed}`);
    this.#random = random;
    const registryOf = (root: Hash): Registry | undefined => this.contracts.registry(root);
    const { deployment } = options;
    this.keyring = new Keyring(
      { validators: scenario.pool, seed: scenario.seed, keyOf: deployment?.keyOf },
      { registryOf },
    );
    this.#live = scenario.plan;
    this.#plans = [scenario.plan];
    const { params } = scenario.plan;
    const delta = params.delta[scenario.mode];
    const { second } = scenario.settlement;
    const rules =
      deployment?.rules ?? rulesOf(scenario.plan, { recovery: scenario.recovery, second, params });
    const bonds = { authority: rules.stake.authorityBond, balanced: rules.stake.balancedBond };
    const accountOf = deployment?.accountOf ?? ((name: string) => name);
    this.#stakes = { bonds, accountOf };
    const reserve = deployment?.reserve ?? RESERVE;
    const accounts = Array.from({ length: scenario.pool }, (_, v) => [operatorOf(v), delegatorOf(v)]).flat();
    this.contracts = new Contracts(
      {
        rules,
        times: deployment?.times ?? TIMES,
        params,
        genesis: { ...(deployment?.genesis ?? GENESIS), mode: scenario.mode, stamp: WORLD_START },
        second,
        accountOf,
        balances:
          deployment?.balances ?? new Map([GOVERNANCE, ...accounts].map((account) => [account, FUNDS])),
      },
      { keyring: this.keyring, vectorOf: (epoch, hash) => this.#participation(epoch, hash) },
    );
    this.settlement = new Settlement(
      {
        start: WORLD_START,
        blockTime: scenario.settlement.blockTime,
        finality: scenario.settlement.finality,
        second,
        lags: Array.from({ length: scenario.pool }, () => random.between(0, scenario.settlement.lag)),
        outages: scenario.settlement.outages,
        sealChance: scenario.settlement.sealChance,
        sealDelay: scenario.settlement.sealDelay,
        recovers: scenario.recovery !== null,
      },
      {
        queue: this.queue,
        random,
        contracts: this.contracts,
        beginnings: beginnings(scenario.plan, {
          pool: scenario.pool,
          mode: scenario.mode,
          reserve,
          bonds,
        }),
        stakers: (epoch, state, at) => this.#stakers(epoch, state, at),
        isBack: (validator, incarnation) =>
          this.honest.some((shell) => {
            const view = shell.validator === validator && shell.up ? shell.view() : null;
            return view !== null && view.incarnation >= incarnation;
          }),
        activated: ({ epoch, incarnation, height, blockHash: hash, leaked }) => {
          this.#event(`recovery of epoch ${epoch} from height ${height} ${short(hash)}`);
          this.oracles.recovered({ epoch, incarnation, height, hash, leaked });
        },
      },
    );
    this.genesis = this.contracts.genesis;
    const registry = registryOf(this.genesis.snapshotHash)!;
    this.oracles = new Oracles(
      { chainId: this.genesis.chainId, beyondBounds: scenario.beyondBounds },
      { keyring: this.keyring, registryOf },
    );
    this.oracles.onEpoch = (start: EpochStart) => {
      const { epoch, incarnation, mode, registry: root } = start;
      const known = this.#starts.get(epoch);
      if (known === undefined || known.incarnation <= incarnation) this.#starts.set(epoch, start);
      this.oracles.domain(this.#domainOf(start), root, mode, { epoch, incarnation });
    };
    this.network = new Network(
      {
        stabilization: WORLD_START + scenario.stabilization,
        loss: scenario.loss,
        duplication: scenario.duplication,
        delay: [delta / 50, delta / 4],
        slowShare: scenario.slowShare,
        slowest: scenario.slowest,
        syncDelay: delta / 3,
      },
      { queue: this.queue, random },
    );
    const batches: BatchStore = {
      create: (owner, kind) => {
        const digest = named("batch", owner, this.#batchCount++);
        this.#batches.set(digest, { owner, kind });
        return digest;
      },
      force: (digest, from, to) => this.#forced.set(digest, { from, to }),
      obtain: (peer, block) => this.#obtain(peer, block, delta),
    };
    const observer = this.#observer();
    const make = (validator: number, peer: Peer, own: Behaviour | null): void => {
      const config: RulesConfig = {
        chainId: this.genesis.chainId,
        genesis: this.genesis,
        key: this.keyring.key(validator),
        skipViews: scenario.skipViews,
        backoffCap: scenario.backoffCap,
        trace: own === null,
      };
      const shell = new Shell(
        {
          peer,
          validator,
          config,
          registry,
          task: [0.2, delta / 25],
          flush: [0.5, delta / 12],
          clock: () =>
            new Clock({
              origin: WORLD_START,
              // Both ends of the drift that the protocol tolerates; a restart sets the clock anew.
              offset: random.between(0, scenario.drift),
              rate: random.between(-1e-4, 1e-4),
            }),
          wire: scenario.wire,
          twice: scenario.twice,
          faults: options.faults ?? {},
          behaviour: own,
          refuses: scenario.refusing.has(validator),
          used: (block) => usedBy(scenario, block),
        },
        {
          rules: modules.rules,
          queue: this.queue,
          network: this.network,
          settlement: this.settlement,
          keyring: this.keyring,
          batches,
          random,
          observer,
          registryOf,
          termViewsOf: (domain) => this.oracles.termViewsOf(domain),
        },
      );
      this.shells.push(shell);
      this.network.attach(shell);
      if (own === null) this.oracles.watch(validator);
    };
    const rulesOnTheWire = scenario.beyondBounds || scenario.safetyOnly;
    for (let validator = 0; validator < scenario.pool; validator++) {
      const name = scenario.byzantine.get(validator);
      const planned = options.behaviours?.get(validator);
      const own = planned ?? (name === undefined ? null : rulesOnTheWire ? twin() : behaviour(name));
      make(validator, `v${validator}`, own);
    }
    for (const validator of scenario.twins) make(validator, `v${validator}t`, twin());
    const { muted } = scenario;
    if (muted !== null)
      this.network.filter = (_from, _to, message) =>
        this.queue.now >= WORLD_START + scenario.stabilization ||
        kindOf(message) !== muted ||
        random.chance(0.1);
    this.network.observe = (what, from, to, message) => this.#note(what, from, to, message);
  }

  /** Those who are there to the end. */
  get honest(): readonly Shell[] {
    return this.shells.filter((shell) => shell.honest && !this.scenario.gone.has(shell.validator));
  }

  #domainOf({ epoch, incarnation, mode, registry }: EpochStart): Hash {
    const { chainId } = this.genesis;
    return domainHash({
      chainId,
      genesisHash: genesisHash(this.genesis),
      epoch,
      incarnation,
      mode,
      registry,
    });
  }

  /** Who did what in an epoch, from the blocks that are final; null if they are not those of this hash. */
  #participation(epoch: number, vectorHash: Hash): readonly SeatParticipation[] | null {
    const start = this.#starts.get(epoch);
    const registry = start && this.contracts.registry(start.registry);
    if (start === undefined || registry === undefined) return null;
    const domain = this.#domainOf(start);
    const count = new ParticipationCount(registry, start.mode, domain, start.seed);
    for (let height = start.firstHeight; ; height++) {
      const block = this.oracles.chain.get(height)?.block;
      if (block === undefined || block.header.domain !== domain) break;
      count.add(block);
    }
    const words = new DataView(count.vector().buffer);
    const vector = registry.entries.map((_, seat) => ({
      missed: words.getUint16(4 * seat),
      proposed: words.getUint16(4 * seat + 2),
    }));
    return participationHash(vector) === vectorHash ? vector : null;
  }

  /**
   * What stakers do before N_e is sealed: what was planned, or some churn that keeps the byzantine validators within the
   * bounds; nothing where recoveries are looked at. Null if the bounds would be broken in any case.
   */
  #stakers(epoch: number, state: State, at: number): readonly Sending[] | null {
    const planned = this.#options.candidates?.(epoch);
    if (planned !== undefined) return movesTo(state, planned, this.#stakes);
    if (this.scenario.recovery !== null) return [];
    const { pool } = this.scenario;
    const random = this.#random;
    // Sometimes everything is again as it was: an authority came back, stake returned.
    const newest = snapshotOf(state, state.elections.sealNumber);
    const returns = random.chance(0.25) ? [random.pick(this.#plans)] : [];
    for (let attempt = 0; attempt < 20; attempt++) {
      const plan = returns.pop() ?? churned(this.#live, pool, random);
      const moves = movesTo(state, plan, this.#stakes);
      const sealed = this.#sealed(epoch, state, at, moves);
      // Much of what stakers do makes no other registry: mostly something else is tried.
      if (sealed === null || (attempt < 10 && isSame(sealed, newest))) continue;
      this.#live = plan;
      if (!this.#plans.includes(plan)) this.#plans.push(plan);
      return moves;
    }
    return this.#sealed(epoch, state, at, []) === null ? null : [];
  }

  /** What these transactions would have sealed; null if the honest would not suffice in it. */
  #sealed(epoch: number, state: State, at: number, moves: readonly Sending[]): Snapshot | null {
    const { scenario } = this;
    const outcome = transact(state, { from: GOVERNANCE, at }, (tx): Snapshot => {
      for (const { from, call } of moves) this.contracts.apply(tx, from, call);
      return seal(tx, epoch);
    });
    if (!outcome.ok) return null;
    const registry = { ...this.contracts.contentsOf(outcome.value), root: ZERO_HASH };
    const suffices = sufficesInEveryMode(scenario, registry, new Set(scenario.byzantine.keys()));
    return suffices ? outcome.value : null;
  }

  #obtain(peer: Peer, block: Block, delta: Millis): ReturnType<BatchStore["obtain"]> {
    let delay = this.#random.between(0.2, delta / 10);
    const early = this.queue.now < WORLD_START + this.scenario.stabilization;
    if (early && this.#random.chance(this.scenario.slowShare))
      delay = this.#random.between(0, this.scenario.slowest);
    const shell = this.shells.find((each) => each.peer === peer);
    if (shell !== undefined && shell.boot > 0 && shell.uptime < this.scenario.coldStart)
      delay = this.#random.between(0, 6 * delta);
    let inboxFrom: number | null = null;
    for (const [at, digest] of block.body.batches.entries()) {
      const forced = this.#forced.get(digest);
      if (forced !== undefined) {
        if (at > 0 || forced.to !== block.header.inboxCursor) return null;
        inboxFrom = forced.from;
        continue;
      }
      const batch = this.#batches.get(digest);
      if (batch === undefined || batch.kind === "malformed") return null;
      if (batch.kind === "withheld" && batch.owner !== peer && this.#random.chance(0.5)) delay += 4 * delta;
    }
    return { delay, inboxFrom };
  }

  /** Somebody queues transactions in the contracts' inbox, as often as the schedule says. */
  #queueForced(random: Random): void {
    const { forced } = this.scenario;
    if (forced === 0 || this.settlement.forced >= MOST_FORCED) return;
    this.queue.after(random.between(0, 2 * forced), () => {
      const transactionHash = named("forced", this.settlement.forced);
      this.settlement.force({ transactionHash, size: random.whole(100, 32_768) });
      this.#queueForced(random);
    });
  }

  /** The oracles, preceded by the run's trace. */
  #observer(): Observer {
    const { oracles } = this;
    return {
      durable: (node, record) => oracles.durable(node, record),
      signed: (node, intent) => oracles.signed(node, intent),
      sent: (node, to, message) => oracles.sent(node, to, message),
      received: (node, from, message) => oracles.received(node, from, message),
      restarted: (node) => oracles.restarted(node),
      violation: (node, what) => {
        this.#event(`${node.peer} VIOLATION ${what}`);
        oracles.violation(node, what);
      },
      performed: (node, effect) => {
        const told = describeEffect(effect);
        if (told !== null) this.#event(`${node.peer} ${told}`);
        oracles.performed(node, effect);
      },
    };
  }

  #note(what: string, from: Peer, to: Peer, message: Message): void {
    const line = `${(this.queue.now - WORLD_START).toFixed(3)} ${what} ${from}>${to} ${describe(message)}`;
    this.#trace.add(line);
    this.#options.log?.(line);
  }

  /** Writes a line into the run's trace. */
  #event(text: string): void {
    const line = `${(this.queue.now - WORLD_START).toFixed(3)} ${text}`;
    this.#trace.add(line);
    this.#options.log?.(line);
  }

  /** Kills processes of honest validators now and starts them again after `down` ms. */
  crash(nodes: readonly number[], down: Millis): void {
    const concerned = this.honest.filter((shell) => nodes.includes(shell.validator) && shell.up);
    for (const shell of concerned) {
      this.#event(`crash ${shell.peer}`);
      shell.crash();
      this.queue.after(down, () => this.#restart(shell));
    }
  }

  #restart(shell: Shell): void {
    if (shell.up) return;
    this.#event(`restart ${shell.peer}`);
    shell.start();
    for (const peer of this.network.peers) if (peer !== shell.peer) this.network.connect(shell.peer, peer);
  }

  #schedule(): void {
    const { faults } = this.scenario;
    const peersOf = (groups: readonly (readonly number[])[]): Peer[][] => {
      const result: Peer[][] = groups.map(() => []);
      for (const shell of this.shells) {
        const found = groups.findIndex((group) => group.includes(shell.validator));
        const group = Math.max(0, found) + (shell.peer.endsWith("t") ? 1 : 0);
        result[group % groups.length]!.push(shell.peer);
      }
      return result;
    };
    for (const [validator, at] of this.scenario.gone)
      this.queue.at(WORLD_START + at, () => {
        this.#event(`v${validator} is gone`);
        for (const shell of this.shells) if (shell.validator === validator && shell.up) shell.crash();
      });
    for (const fault of faults) {
      if (fault.kind === "crash")
        this.queue.at(WORLD_START + fault.at, () => this.crash(fault.nodes, fault.down));
      else if (fault.kind === "blackout") {
        this.queue.at(WORLD_START + fault.from, () => {
          this.#event("blackout");
          this.network.blackout = true;
        });
        this.queue.at(WORLD_START + fault.to, () => {
          this.network.blackout = false;
        });
      } else if (fault.kind === "partition") {
        this.queue.at(WORLD_START + fault.from, () => {
          this.#event("partition");
          this.network.partition(peersOf(fault.groups));
        });
        this.queue.at(WORLD_START + fault.to, () => {
          this.#event("heal");
          this.network.heal(this.scenario.reconnect);
        });
      } else {
        const shell = this.shells[fault.node]!;
        shell.crashAtWrite = {
          write: fault.write,
          run: () => {
            if (this.queue.now < WORLD_START + this.scenario.stabilization)
              this.crash([fault.node, ...fault.others], fault.down);
          },
        };
      }
    }
  }

  /** Starts every process and plays faults until stabilization, then waits for the goal. */
  run(): RunResult {
    this.begin();
    this.until(() => this.queue.now >= WORLD_START + this.scenario.stabilization);
    return this.finish();
  }

  /** Starts every process and connects them. */
  begin(): void {
    for (const shell of this.shells)
      this.queue.after(this.#random.between(0, 5), () => shell.up || shell.start());
    const { peers } = this.network;
    peers.forEach((a, i) => {
      for (const b of peers.slice(i + 1)) this.queue.after(6, () => this.network.connect(a, b));
    });
    this.#schedule();
    this.settlement.run();
    // Numbers of their own: what else happens in a seed stays what it is.
    this.#queueForced(new Random(`forced ${this.scenario.seed}`));
    if (this.settlement.recoveries !== null) this.#look();
    this.queue.at(WORLD_START + this.scenario.stabilization, () => this.#event("stabilization"));
  }

  /** Every client looks at each settlement block. */
  #look(): void {
    this.queue.after(this.scenario.settlement.blockTime, () => {
      for (const shell of this.shells) shell.look();
      this.#look();
    });
  }

  /** Lets time pass until `done`; false if nothing happens any more or `deadline` (true time) passed. */
  until(done: () => boolean, deadline: Millis = Number.MAX_SAFE_INTEGER): boolean {
    while (!done()) {
      if (this.queue.now > deadline || this.queue.scheduled > MOST_EVENTS || !this.queue.next()) return false;
    }
    return true;
  }

  /** Ends every fault, demands progress and judges the run. */
  finish(): RunResult {
    const { scenario, oracles } = this;
    this.network.blackout = false;
    this.network.heal(scenario.reconnect);
    for (const shell of this.honest) if (!shell.up) this.#restart(shell);
    if (scenario.reconnect) {
      const { peers } = this.network;
      peers.forEach((a, i) => {
        for (const b of peers.slice(i + 1)) this.network.connect(a, b);
      });
    }
    const views = (): { readonly height: number; readonly epoch: number }[] =>
      this.honest.map((shell) => {
        const view = shell.view();
        return { height: view?.finalHeight ?? 0, epoch: view?.epoch ?? 0 };
      });
    const start = views();
    const height = Math.max(...start.map((view) => view.height), oracles.chain.size) + scenario.blocks;
    const epoch = Math.max(...start.map((view) => view.epoch)) + scenario.epochs;
    if (scenario.beyondBounds) {
      this.until(() => oracles.disagreements.length > 0, this.queue.now + 5000);
      this.until(() => false, this.queue.now + 1500);
    } else if (scenario.safetyOnly) {
      this.until(() => false, this.queue.now + 3000);
    } else {
      const { params } = scenario.plan;
      const patience =
        (params.delta[scenario.mode] * 2 ** scenario.backoffCap * 5 + params.blockTime.secure) *
        (scenario.blocks + 8 + 6 * scenario.epochs) *
        params.termViews;
      const settled = Math.max(0, ...scenario.settlement.outages.map((outage) => outage.to - this.queue.now));
      let countdown = 0;
      const reached = (): boolean => {
        // Looking at every node after every event would cost more than the run itself.
        if (countdown-- > 0) return false;
        countdown = 20;
        return views().every((view) => view.height >= height && view.epoch >= epoch);
      };
      if (!this.until(reached, this.queue.now + patience + settled)) {
        const stuck = views().map((view) => `${view.height}/${view.epoch}`);
        oracles.fail(
          `no progress: wanted height ${height} and epoch ${epoch} everywhere, have ${stuck.join(" ")} (${this.queue.scheduled > MOST_EVENTS ? "too many events" : "time is up"})`,
        );
      }
    }
    oracles.checkChain(
      {
        hash: genesisHash(this.genesis),
        stateRoot: this.genesis.stateRoot,
        stamp: this.genesis.stamp,
      },
      this.settlement,
    );
    if (!scenario.beyondBounds)
      for (const refusal of this.settlement.refusals) oracles.fail(`contracts: ${refusal}`);
    for (const shell of this.honest) {
      if (scenario.beyondBounds) continue;
      for (const banned of shell.bans) {
        const peer = this.shells.find((each) => each.peer === banned);
        if (peer?.honest === true) oracles.fail(`${shell.peer} bans the honest ${banned}`);
      }
    }
    const convicted = scenario.beyondBounds ? oracles.convictions() : null;
    return {
      seed: scenario.seed,
      failures: [...oracles.failures],
      disagreements: [...oracles.disagreements],
      trace: this.#trace.toString(),
      steps: this.shells.reduce((sum, shell) => sum + shell.steps, 0),
      counts: oracles.counts(),
      heights: views().map((view) => view.height),
      accepted: this.settlement.accepted,
      elapsed: this.queue.now - WORLD_START,
      convicted:
        convicted === null
          ? null
          : {
              validators: [...convicted.validators].sort(),
              enough: convicted.enough,
              accused: [...convicted.accused.validators].sort(),
              accusedEnough: convicted.accused.enough,
            },
    };
  }
}

/** Whether two registries are the same to nodes. */
const isSame = (a: Snapshot, b: Snapshot): boolean =>
  [a.validators, a.weights, [...a.suspended], [...a.backing]].join("|") ===
  [b.validators, b.weights, [...b.suspended], [...b.backing]].join("|");

/** What a block takes of its capacity: the scenario's loads by turns, eight blocks each, give or take a quarter. */
function usedBy({ loads, plan }: Scenario, block: Block): number {
  const { height, parentHash } = block.header;
  const level = loads[Math.floor(height / 8) % loads.length]!;
  const spread = 0.75 + Number.parseInt(parentHash.slice(-2), 16) / 510;
  return Math.floor(level * spread * plan.params.maxBlockBytes);
}

const kindOf = (message: Message): string => (message.type === "vote" ? message.vote.kind : message.type);

/** A message in one line. */
export function describe(message: Message): string {
  switch (message.type) {
    case "proposal": {
      const { epoch, view, parentView, block, seat } = message.proposal;
      const { height, parentHash } = block.header;
      return `PROPOSE ${epoch}/${view}<-${parentView} height ${height} on ${short(parentHash)} of ${seat}`;
    }
    case "vote": {
      const { epoch, kind, view, parentView, blockHash, seat } = message.vote;
      return `${kind.toUpperCase()} ${epoch}/${view}<-${parentView} ${short(blockHash)} of ${seat}`;
    }
    case "certificate": {
      const { epoch, kind, view, parentView, blockHash } = message.certificate;
      return `certificate ${kind} ${epoch}/${view}<-${parentView} ${short(blockHash)}`;
    }
    case "checkpointVote":
      return `CHECKPOINT ${message.vote.epoch} height ${message.vote.checkpoint.height} of ${message.vote.seat}`;
    case "checkpointCertificate":
      return `backed ${message.certificate.epoch} height ${message.certificate.checkpoint.height}`;
    case "status":
      return `status ${message.status.epoch}/${message.status.view} final ${message.status.finalHeight}`;
    case "request": {
      const { request } = message;
      if (request.what === "block") return `request block ${short(request.hash)}`;
      if (request.what === "certificate") return `request certificate ${request.epoch}/${request.view}`;
      return `request ${request.count} from ${request.from}`;
    }
    case "blocks":
      return `blocks ${message.blocks.map((each) => each.block.header.height).join()}`;
    case "restart":
      return `RESTART ${message.vote.epoch}/${message.vote.view} ${short(message.vote.blockHash)}`;
    case "signal":
      return `${message.signal.kind} ${message.signal.epoch} of ${message.signal.seat}`;
  }
}

/** An effect that the trace shows, in one line; messages show on the wire. */
function describeEffect(effect: Effect): string | null {
  switch (effect.type) {
    case "finalized":
      return `finalized ${effect.block.header.height} ${short(effect.hash)}`;
    case "epoch":
      return `epoch ${effect.start.epoch} from height ${effect.start.firstHeight}`;
    case "ban":
      return `bans ${effect.peer}: ${effect.reason}`;
    case "halt":
      return `halts: ${effect.reason}`;
    case "evidence":
      return `evidence (${effect.evidence.what}) against ${accusedBy(effect.evidence)
        .map((id) => id - 1)
        .join()}`;
    case "sign": {
      const { intent } = effect;
      if (intent.what === "checkpoint") return `signs checkpoint ${intent.checkpoint.height}`;
      if (intent.what === "signal") return `signs ${intent.signal.kind} in ${intent.epoch}`;
      if (intent.what === "restart") {
        const { view, blockHash } = intent.restart;
        return `signs RESTART ${intent.epoch}/${view} ${short(blockHash)}`;
      }
      const { kind, view, parentView, blockHash } = intent.vote;
      return `signs ${intent.what} ${kind} ${intent.epoch}/${view}<-${parentView} ${short(blockHash)}`;
    }
    case "obtain":
    case "execute":
      return `${effect.type} ${effect.block.header.height} ${short(effect.hash)}`;
    case "payload":
      return `payload ${effect.epoch}/${effect.view}`;
    default:
      return null;
  }
}

const short = (hash: Hash): string => hash.slice(2, 8);

/** Runs one schedule. */
export const runScenario = (options: WorldOptions, modules: { readonly rules: Rules }): RunResult =>
  new World(options, modules).run();
