import { COIN, type SeatParticipation } from "@aitbc-hybrid/contract-model";
import {
  type Block,
  domainHash,
  type EpochStart,
  type Genesis,
  genesisHash,
  type Hash,
  type Millis,
  ParticipationCount,
  type Peer,
  participationHash,
  type Registry,
} from "@aitbc-hybrid/protocol";
import { behaviour, twin } from "../adversaries/index.ts";
import { Clock, EventQueue, Network } from "../events/index.ts";
import type { Observer } from "../observer.ts";
import { Oracles } from "../oracles/index.ts";
import { Random } from "../random.ts";
import type { Rules, RulesConfig } from "../rules.ts";
import { type Scenario, WORLD_START } from "../scenario.ts";
import {
  beginnings,
  Contracts,
  delegatorOf,
  GOVERNANCE,
  operatorOf,
  rulesOf,
  Settlement,
  TIMES,
} from "../settlement/index.ts";
import { type Behaviour, Shell } from "../shell/index.ts";
import { Keyring, named } from "../signatures.ts";
import { Batches } from "./batches.ts";
import { describe, describeEffect, kindOf, short } from "./describe.ts";
import { queueFaults } from "./faults.ts";
import { Journal } from "./journal.ts";
import { Stakers } from "./stakers.ts";
import type { RunResult, WorldOptions } from "./types.ts";

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
  /** How each epoch began, in its last incarnation. */
  readonly #starts = new Map<number, EpochStart>();
  readonly #journal: Journal;

  constructor(options: WorldOptions, modules: { readonly rules: Rules }) {
    const { scenario } = options;
    this.scenario = scenario;
    this.#journal = new Journal({ start: WORLD_START, log: options.log }, { queue: this.queue });
    const random = new Random(`world ${scenario.seed}`);
    this.#random = random;
    const registryOf = (root: Hash): Registry | undefined => this.contracts.registry(root);
    const { deployment } = options;
    this.keyring = new Keyring(
      { validators: scenario.pool, seed: scenario.seed, keyOf: deployment?.keyOf },
      { registryOf },
    );
    const { params } = scenario.plan;
    const delta = params.delta[scenario.mode];
    const { second } = scenario.settlement;
    const rules =
      deployment?.rules ?? rulesOf(scenario.plan, { recovery: scenario.recovery, second, params });
    const bonds = { authority: rules.stake.authorityBond, balanced: rules.stake.balancedBond };
    const accountOf = deployment?.accountOf ?? ((name: string) => name);
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
    const stakers = new Stakers(
      { scenario, candidates: options.candidates, stakes: { bonds, accountOf } },
      { random, contracts: this.contracts },
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
        stakers: (epoch, state, at) => stakers.before(epoch, state, at),
        isBack: (validator, incarnation) =>
          this.honest.some((shell) => {
            const view = shell.validator === validator && shell.up ? shell.view() : null;
            return view !== null && view.incarnation >= incarnation;
          }),
        activated: ({ epoch, incarnation, height, blockHash: hash, leaked }) => {
          this.#journal.write(`recovery of epoch ${epoch} from height ${height} ${short(hash)}`);
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
    const batches = new Batches(
      { scenario },
      {
        queue: this.queue,
        random,
        shellOf: (peer) => this.shells.find((shell) => shell.peer === peer),
      },
    );
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
    this.network.observe = (what, from, to, message) =>
      this.#journal.write(`${what} ${from}>${to} ${describe(message)}`);
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
        this.#journal.write(`${node.peer} VIOLATION ${what}`);
        oracles.violation(node, what);
      },
      performed: (node, effect) => {
        const told = describeEffect(effect);
        if (told !== null) this.#journal.write(`${node.peer} ${told}`);
        oracles.performed(node, effect);
      },
    };
  }

  /** Kills processes of honest validators now and starts them again after `down` ms. */
  crash(nodes: readonly number[], down: Millis): void {
    const concerned = this.honest.filter((shell) => nodes.includes(shell.validator) && shell.up);
    for (const shell of concerned) {
      this.#journal.write(`crash ${shell.peer}`);
      shell.crash();
      this.queue.after(down, () => this.#restart(shell));
    }
  }

  #restart(shell: Shell): void {
    if (shell.up) return;
    this.#journal.write(`restart ${shell.peer}`);
    shell.start();
    for (const peer of this.network.peers) if (peer !== shell.peer) this.network.connect(shell.peer, peer);
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
    queueFaults(this.scenario, {
      queue: this.queue,
      network: this.network,
      shells: this.shells,
      journal: this.#journal,
      crash: (nodes, down) => this.crash(nodes, down),
    });
    this.settlement.run();
    // Numbers of their own: what else happens in a seed stays what it is.
    this.#queueForced(new Random(`forced ${this.scenario.seed}`));
    if (this.settlement.recoveries !== null) this.#look();
    this.queue.at(WORLD_START + this.scenario.stabilization, () => this.#journal.write("stabilization"));
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
      trace: this.#journal.digest,
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

/** What a block takes of its capacity: the scenario's loads by turns, eight blocks each, give or take a quarter. */
function usedBy({ loads, plan }: Scenario, block: Block): number {
  const { height, parentHash } = block.header;
  const level = loads[Math.floor(height / 8) % loads.length]!;
  const spread = 0.75 + Number.parseInt(parentHash.slice(-2), 16) / 510;
  return Math.floor(level * spread * plan.params.maxBlockBytes);
}

/** Runs one schedule. */
export const runScenario = (options: WorldOptions, modules: { readonly rules: Rules }): RunResult =>
  new World(options, modules).run();
