import * as protocol from "@aitbc-hybrid/protocol";
import {
  type Activation,
  type Block,
  type Certificate,
  type Checkpoint,
  type CheckpointCertificate,
  type ContractsReading,
  checkpointRootOf,
  type DurableRecord,
  type Effect,
  firstOfTerm,
  type Hash,
  hashBytes,
  hashOf,
  lastOfTerm,
  type Message,
  type Millis,
  type Mode,
  type PostedCertificate,
  type Proposal,
  paramsAt,
  type Registry,
  type ReplicaState,
  rootOf,
  type Seat,
  type SettlementReference,
  type SignIntent,
  signingRoot,
  toBitmap,
  type VoteBody,
  type VoteKind,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import { backingSeats, backs, type Era, intentOffence, isQuorum, votingSeats } from "../oracles/index.ts";
import { type Answer, Notary, START, stillAnswer, stillGenesis } from "../twins/index.ts";
import { drive, type Local, performed, type Reducer } from "./local.ts";
import type { ModelAction, ModelVote } from "./trace.ts";

type EpochContext = ReplicaState["epoch"];

const PEER = "peer";
/** The model's epoch 0 is this one of the reducer, which reads a candidate registry at its end, as all later ones do. */
const FIRST_EPOCH = 1;
/** Longer than any view takes. */
const MARGIN: Millis = 1e6;
/** Later than every clock. */
const GRACE: Millis = 1e15;

/** An instance of the model as registries of the reducer: seat i is validator i in all of them. */
export interface Instance {
  readonly mode: Mode;
  /** Seats of the model's nodes; the others are corrupt. */
  readonly nodes: readonly Seat[];
  /** N_e is the one at e mod their number, as in the model. Where two that follow each other are one, it is carried over. */
  readonly registries: readonly Registry[];
  /** The corrupt seat that leads every view. */
  readonly leader: Seat;
}

/** Why the reducer does not take an action as the model does, where its rules are the narrower ones. */
export interface Narrower {
  /** Votes in views, and checkpoints in chains, that the replica has left: it enters, and finalizes, as soon as it may. */
  readonly left: number;
  /** NOTARIZE further beyond the last certified view than `ahead`, a bound that the model does not have. */
  readonly ahead: number;
  /** RESTART of an epoch that it has left: it holds the backing of that epoch's end, which cancels the recovery. */
  readonly over: number;
  /** RESTART for another block that the rules allow: the reducer names the highest, in Fast the lowest of what nobody posted. */
  readonly other: number;
}

export interface Followed {
  /** Actions that the reducer took as the model did. */
  readonly matched: number;
  readonly narrower: Narrower;
  /** Final blocks in which both ended. */
  readonly final: number;
  /** Epochs begun after the first, in whatever incarnation; the third and later ones; recoveries; such as a leak made possible. */
  readonly epochs: number;
  readonly laterEpochs: number;
  readonly recoveries: number;
  readonly leaks: number;
  /** Where they differ. */
  readonly differences: readonly string[];
}

/**
 * Takes a trace of the Quint model through the reducer: each action of a node is made possible by giving its replica what
 * the model says is there. Compared are view, NOTARIZE, NULLIFY, FINALIZE, checkpoints, RESTART, epoch and incarnation of
 * each node, and in the end the final chain; and no replica may have signed an offence, whatever it signed besides.
 */
export function follow(
  instance: Instance,
  trace: readonly ModelAction[],
  reducer: Reducer = protocol,
): Followed {
  return new Follower(instance, reducer).follow(trace);
}

/** An epoch of an incarnation, as the model numbers them. */
interface Domain {
  readonly epoch: number;
  readonly incarnation: number;
  readonly mode: Mode;
  readonly registry: Registry;
  readonly next: Registry;
  /** The model's block that it begins after. */
  readonly root: number;
  /** How a replica comes into it; null for the first. */
  readonly from: Domain | null;
  readonly by: CheckpointCertificate | Activation | null;
  /** The corrupt leader at its beginning. */
  readonly leader: Local;
}

/** A node of the model with its replica. */
interface Node {
  local: Local;
  domain: Domain;
  /** Length of its log when its clock passed a lease of the domain; null: it did not. */
  pastLease: number | null;
}

/** Who of the model voted so. */
interface Voted {
  readonly domain: Domain;
  readonly body: VoteBody;
  readonly block: number;
  readonly seats: Set<Seat>;
}

/** A proposal with the leader that made it, who may go on from there. */
interface Made {
  readonly proposal: Proposal;
  readonly leader: Local;
}

interface Recovery {
  readonly domain: Domain;
  readonly graceEnd: Millis;
  readonly over: boolean;
  readonly posted: readonly PostedCertificate[];
}

class Follower {
  readonly #instance: Instance;
  readonly #reducer: Reducer;
  readonly #notary = new Notary();
  readonly #corrupt: readonly Seat[];
  readonly #blocks = new Map<Hash, Block>();
  readonly #names = new Map<Hash, string>();
  readonly #parents = new Map<number, number>();
  readonly #votes = new Map<string, Voted>();
  readonly #made = new Map<string, Made>();
  /** By block hash. */
  readonly #checkpoints = new Map<Hash, Checkpoint>();
  readonly #backers = new Map<string, Set<Seat>>();
  readonly #domains: Domain[] = [];
  /** Contexts with the leader put in. */
  readonly #led = new WeakSet<EpochContext>();
  readonly #differences: string[] = [];
  readonly #narrower = { left: 0, ahead: 0, over: 0, other: 0 };
  #nodes: Node[] = [];
  #accepted = 0;
  /** The contracts' domain. */
  #now: Domain;
  #recovery: Recovery | null = null;
  #opened = 0;
  /** The contracts took somebody's stake out of the count of the open recovery. */
  #leaking = false;
  #leaks = 0;
  #matched = 0;
  /** Since when the settlement chain accepted nothing, as the nodes' clocks are set. */
  #settled = START;

  constructor(instance: Instance, reducer: Reducer) {
    this.#instance = instance;
    this.#reducer = reducer;
    const [first] = instance.registries;
    this.#corrupt = first!.entries.map((_, seat) => seat).filter((seat) => !instance.nodes.includes(seat));
    this.#now = this.#first();
    this.#domains.push(this.#now);
    this.#nodes = instance.nodes.map((seat) => ({
      local: this.#begun(seat),
      domain: this.#now,
      pastLease: null,
    }));
  }

  follow(trace: readonly ModelAction[]): Followed {
    for (const action of trace) {
      this.#take(action);
      if (this.#differences.length > 0) break;
    }
    const final = this.#differences.length > 0 ? 0 : this.#end();
    for (const { local } of this.#nodes) {
      const offence = this.#offenceOf(local);
      if (offence !== null) this.#differences.push(`${local.seat} signed ${offence}`);
      if (local.wrong !== null) this.#differences.push(local.wrong);
    }
    return {
      matched: this.#matched,
      narrower: this.#narrower,
      final,
      epochs: this.#domains.length - 1,
      laterEpochs: this.#domains.filter(({ epoch }) => epoch > 1).length,
      recoveries: this.#domains.filter(({ by }) => by !== null && "incarnation" in by).length,
      leaks: this.#leaks,
      differences: this.#differences,
    };
  }

  #take(action: ModelAction): void {
    switch (action.do) {
      case "propose":
        this.#parents.set(action.block, action.parent);
        return;
      case "accept":
        this.#accept(action.block);
        return;
      case "open":
        this.#recovery = {
          domain: this.#now,
          graceEnd: GRACE + 10 * this.#opened++,
          over: false,
          posted: [],
        };
        // In Fast who sees it open backs nothing more.
        for (const node of this.#nodes)
          if (node.domain === this.#now && this.#now.mode === "fast")
            node.local = this.#give(node.local, { type: "contracts", reading: this.#reading() });
        return;
      case "post":
        this.#post(action);
        return;
      case "grace":
        if (this.#recovery !== null) this.#recovery = { ...this.#recovery, over: true };
        return;
      case "activate":
        this.#activate(action);
        return;
      case "leak":
        this.#leaking = true;
        return;
      case "lapse":
      case "cut":
        this.#wait(this.#nodes[action.node]!, action.do);
        return;
      default: {
        const node = this.#nodes[action.node]!;
        const { domain } = node;
        const outcome = this.#act(node, action);
        if (node.domain !== domain) node.pastLease = null;
        else if (this.#signsPastLease(node)) this.#differences.push(`${node.local.seat} signs past a lease`);
        if (outcome === "same") this.#matched++;
        else if (outcome === "different") this.#differences.push(JSON.stringify(action));
        else this.#narrower[outcome]++;
      }
    }
  }

  #act(
    node: Node,
    action: Exclude<
      Extract<ModelAction, { readonly node: number }>,
      { readonly do: "lapse" | "cut" | "leak" }
    >,
  ): "same" | "different" | keyof Narrower {
    const { domain } = node;
    const { params } = node.local.state.epoch;
    switch (action.do) {
      case "enter": {
        const certificate = this.#leadingTo(domain, action.view);
        if (node.local.state.view < action.view && certificate !== null)
          node.local = this.#giveAll(node.local, [...this.#below(domain, certificate), certificate]);
        if (node.local.state.view >= action.view) return "same";
        return node.local.state.lastBlock === null ? "different" : "left";
      }
      case "nullify": {
        const { view } = action;
        this.#count(node, "nullify", { view, block: 0, parentView: 0 }, ZERO_HASH);
        if (this.#hasLeft(node.local, view)) return "left";
        const { timers } = node.local.state;
        node.local = this.#give(
          { ...node.local, now: Math.max(node.local.now, timers.advance) },
          { type: "tick" },
        );
        return node.local.state.own.get(view)?.nullify === true ? "same" : "different";
      }
      case "notarize": {
        const { view } = action;
        const made = this.#proposal(node, action);
        if (made === null) return "different";
        const blockHash = hashOf(made.proposal.block);
        this.#count(node, "notarize", action, blockHash);
        if (this.#hasLeft(node.local, view)) return "left";
        node.local = at(node.local, made.proposal.block.header.stamp);
        node.local = this.#giveAll(node.local, this.#ground(domain, action));
        node.local = this.#tell(node.local, { type: "proposal", proposal: made.proposal });
        if (node.local.state.own.get(view)?.notarize?.blockHash === blockHash) return "same";
        if (this.#hasLeft(node.local, view)) return "left";
        const { notarizedView } = node.local.state;
        const isFurther = view !== firstOfTerm(view, params.termViews) && view - notarizedView > params.ahead;
        if (isFurther) return "ahead";
        return "different";
      }
      case "finalize": {
        const { view } = action;
        const certificate = this.#certificateOf(domain, "notarize", view);
        if (certificate === null) return "different";
        this.#count(node, "finalize", action, certificate.blockHash);
        if (view <= node.local.state.tip.view || node.local.state.lastBlock !== null) {
          const own = node.local.state.own.get(view)?.finalize?.blockHash;
          return own === certificate.blockHash ? "same" : "left";
        }
        node.local = this.#giveAll(node.local, [...this.#below(domain, certificate), certificate]);
        if (node.local.state.own.get(view)?.finalize?.blockHash === certificate.blockHash) return "same";
        return "different";
      }
      case "checkpoint": {
        const hash = this.#bringFinal(node, action.block);
        if (hash === null) return "different";
        const signers = this.#backersOf(domain, action.block);
        signers.add(node.local.seat);
        return this.#signedCheckpoint(node.local, hash) ? "same" : "different";
      }
      case "begin":
        return this.#begin(node, action.block);
      case "restart":
        return this.#restart(node, action);
      case "resume":
        return this.#resume(node);
    }
  }

  #signsPastLease({ local, pastLease }: Node): boolean {
    if (pastLease === null) return false;
    return local.log
      .slice(pastLease)
      .some(
        (record) =>
          record.type === "signed" && record.intent.what === "vote" && record.intent.vote.kind !== "nullify",
      );
  }

  /** A node's clock passes a lease. */
  #wait(node: Node, lease: "lapse" | "cut"): void {
    node.pastLease ??= node.local.log.length;
    const { start, params } = node.local.state.epoch;
    const end = lease === "lapse" ? start.backedStamp + params.lease : this.#settled + params.settleLease;
    node.local = at(node.local, end + params.drift + 1);
  }

  /** Votes of a view that the replica has left, or of an epoch whose last block it holds final, are nothing to it. */
  #hasLeft({ state }: Local, view: number): boolean {
    return state.view > view || state.lastBlock !== null;
  }

  get #termViews(): (domain: Domain) => number {
    return ({ registry, mode }) => paramsAt(registry, mode).termViews;
  }

  /** The model's seating: an incarnation's second epoch keeps the registry of its first. */
  #after(domain: Pick<Domain, "epoch" | "incarnation" | "registry">): Registry {
    const { registries } = this.#instance;
    const isFirst =
      domain.incarnation > 0 &&
      !this.#domains.some((d) => d.incarnation === domain.incarnation && d.epoch === domain.epoch - 1);
    return isFirst ? domain.registry : registries[(domain.epoch + 1) % registries.length]!;
  }

  #first(): Domain {
    const { mode, leader, registries } = this.#instance;
    const [registry] = registries;
    const next = registries[1 % registries.length]!;
    return {
      epoch: 0,
      incarnation: 0,
      mode,
      registry: registry!,
      next,
      root: 0,
      from: null,
      by: null,
      leader: this.#begun(leader),
    };
  }

  /** A replica at the beginning of the first domain. */
  #begun(seat: Seat): Local {
    const { mode, registries } = this.#instance;
    const [registry] = registries;
    const next = registries[1 % registries.length]!;
    const genesis = stillGenesis(mode, registry!);
    const key =
      [...registries].map((each) => each.entries[seat]!.key).find((bytes) => bytes.length > 0) ?? null;
    const config = { chainId: 7, genesis, key, skipViews: 1000, backoffCap: 0, trace: false };
    const made = this.#reducer.initialReplica(config, registry!, START);
    const record = made.effects.find((effect) => effect.type === "persist");
    if (record?.type !== "persist" || record.record.type !== "epoch")
      throw new Error("a replica begins an epoch");
    const start = { ...record.record.start, epoch: FIRST_EPOCH, registryNext: next.root };
    const log: DurableRecord[] = [{ type: "epoch", start }];
    const restored = this.#reducer.restoreReplica(config, [registry!, next], log, START);
    this.#names.set(start.parent.hash, "0");
    const local = {
      seat,
      state: this.#placed(restored.state, seat),
      now: START,
      finals: [],
      log,
      wrong: null,
    };
    const begun = performed(local, restored.effects, this.#around(seat));
    return this.#run(begun.local, [...begun.answers, { type: "connected", peer: PEER }]);
  }

  /** Every view is the corrupt leader's, whom no bound keeps from running ahead. */
  #placed(state: ReplicaState, seat: Seat): ReplicaState {
    const { leader } = this.#instance;
    if (this.#led.has(state.epoch)) return state;
    const { params } = state.epoch;
    const ahead = seat === leader ? Number.MAX_SAFE_INTEGER : params.ahead;
    const epoch = { ...state.epoch, params: { ...params, ahead }, leader: () => leader };
    this.#led.add(epoch);
    return { ...state, epoch };
  }

  #around(seat: Seat) {
    return {
      timeStands: true,
      placed: (state: ReplicaState) => this.#placed(state, seat),
      nameOf: (hash: string) => this.#names.get(hash as Hash) ?? hash,
      saw: (effect: Effect) => {
        if (effect.type !== "sign" || effect.intent.what !== "checkpoint") return;
        this.#checkpoints.set(effect.intent.checkpoint.blockHash, effect.intent.checkpoint);
      },
      answer: (effect: Effect, state: ReplicaState) => this.#answer(effect, state, seat),
    };
  }

  #answer(effect: Effect, state: ReplicaState, seat: Seat): Answer | null {
    const { registries } = this.#instance;
    switch (effect.type) {
      case "sign": {
        const signature = this.#notary.sign(seat, signingRoot(effect.intent));
        return { type: "signed", id: effect.id, signature };
      }
      case "registry": {
        const registry = registries.find(({ root }) => root === effect.root);
        return registry === undefined ? null : { type: "registry", registry };
      }
      case "reference": {
        const { reference, epoch, inboxFrom } = effect;
        return { type: "reference", reference, epoch, inboxFrom, reading: this.#shown(state) };
      }
      case "send": {
        const { message } = effect;
        if (message.type !== "request" || message.request.what !== "block") return null;
        const block = this.#blocks.get(message.request.hash);
        if (block === undefined) return null;
        const blocks = [{ block, certificate: null, backing: null }];
        return { type: "message", from: PEER, message: { type: "blocks", blocks } };
      }
      case "payload":
        // The leader's blocks are asked for one by one.
        return null;
      default:
        return stillAnswer(effect, { notary: this.#notary, seat, batch: () => ZERO_HASH, settledAt: START });
    }
  }

  /** What the settlement chain shows to all of an incarnation: its activation, and N_{e+2} where that is another registry. */
  #shown({ epoch: { start } }: ReplicaState) {
    const { registries } = this.#instance;
    const sealed = registries[(start.epoch - FIRST_EPOCH + 2) % registries.length]!;
    const candidate = sealed.root === start.registryNext ? null : sealed.root;
    return { settledAt: this.#settledAt(start.incarnation), due: [], candidate };
  }

  /** Activations lie further apart than the settlement lease lasts. */
  #settledAt(incarnation: number): Millis {
    return START + 2 * incarnation * this.#instance.registries[0]!.params.settleLease;
  }

  #referenceOf(incarnation: number): SettlementReference {
    return incarnation === 0
      ? { number: 0, hash: ZERO_HASH }
      : { number: incarnation, hash: hashBytes(new Uint8Array([incarnation])) };
  }

  #run(local: Local, inputs: readonly Answer[]): Local {
    return drive(this.#reducer, local, inputs, this.#around(local.seat));
  }

  #give(local: Local, input: Answer): Local {
    return this.#run(local, [input]);
  }

  #tell(local: Local, message: Message): Local {
    return this.#give(local, { type: "message", from: PEER, message });
  }

  #giveAll(local: Local, certificates: readonly Certificate[]): Local {
    return certificates.reduce(
      (to, certificate) => this.#tell(to, { type: "certificate", certificate }),
      local,
    );
  }

  #count(node: Node, kind: VoteKind, vote: ModelVote, blockHash: Hash): void {
    const { view, block, parentView } = vote;
    const { domain } = node;
    const body = { kind, view, parentView, blockHash };
    const key = `${domain.epoch}.${domain.incarnation} ${kind} ${view} ${parentView} ${blockHash}`;
    const known = this.#votes.get(key);
    if (known === undefined)
      this.#votes.set(key, { domain, body, block, seats: new Set([node.local.seat, ...this.#corrupt]) });
    else known.seats.add(node.local.seat);
  }

  #votedIn(domain: Domain, kind: VoteKind): Voted[] {
    return [...this.#votes.values()].filter(
      (voted) =>
        voted.domain === domain &&
        voted.body.kind === kind &&
        isQuorum(domain.registry, domain.mode, voted.seats),
    );
  }

  #certificate({ domain, body, seats }: Voted): Certificate {
    const { registry, mode, leader } = domain;
    const signers = votingSeats(registry, mode).filter((seat) => seats.has(seat));
    const d = leader.state.epoch.domain;
    return {
      ...body,
      epoch: leader.state.epoch.start.epoch,
      domain: d,
      bitmap: toBitmap(signers, registry.entries.length),
      signature: this.#notary.sum(signers, rootOf(d, body)),
    };
  }

  #certificateOf(domain: Domain, kind: VoteKind, view: number): Certificate | null {
    const voted = this.#votedIn(domain, kind).find(({ body }) => body.view === view);
    return voted === undefined ? null : this.#certificate(voted);
  }

  #blockAt(domain: Domain, view: number): Certificate | null {
    return this.#certificateOf(domain, "notarize", view) ?? this.#certificateOf(domain, "finalize", view);
  }

  /** The X of a view or of an earlier one of its term. */
  #coverOf(domain: Domain, view: number): Certificate | null {
    for (let u = view; u >= firstOfTerm(view, this.#termViews(domain)); u--) {
      const x = this.#certificateOf(domain, "nullify", u);
      if (x !== null) return x;
    }
    return null;
  }

  #leadingTo(domain: Domain, view: number): Certificate | null {
    const certified = this.#blockAt(domain, view - 1);
    if (certified !== null) return certified;
    return lastOfTerm(view - 1, this.#termViews(domain)) === view - 1
      ? this.#coverOf(domain, view - 1)
      : null;
  }

  /** The certificates of a certificate's ancestors, oldest first. */
  #below(domain: Domain, certificate: Certificate): Certificate[] {
    return certificate.kind === "nullify" ? [] : this.#chain(domain, certificate.parentView);
  }

  #chain(domain: Domain, view: number): Certificate[] {
    const chain: Certificate[] = [];
    for (let at = view; at > 0; ) {
      const certificate = this.#blockAt(domain, at);
      if (certificate === null) break;
      chain.unshift(certificate);
      at = certificate.parentView;
    }
    return chain;
  }

  /** What a proposal rests on: its parent's certificate and those below, the X of the gap. */
  #ground(domain: Domain, { view, parentView }: ModelVote): Certificate[] {
    const ground = this.#chain(domain, parentView);
    for (let w = parentView + 1; w < view; w++) {
      const x = this.#coverOf(domain, w);
      if (x !== null && !ground.some((c) => c.kind === "nullify" && c.view === x.view)) ground.push(x);
    }
    // A term may run ahead of what is certified in it.
    if (this.#chain(domain, parentView).length > 0) return ground;
    for (let w = firstOfTerm(view, this.#termViews(domain)); w < parentView; w++)
      if (this.#blockAt(domain, w) !== null) ground.unshift(...this.#chain(domain, w));
    return ground;
  }

  #isLast(domain: Domain, block: number): boolean {
    const length = paramsAt(domain.registry, domain.mode).epochLength;
    let height = 0;
    for (let at = block; at !== domain.root && at !== 0; at = this.#parents.get(at)!) height++;
    return height === length;
  }

  /** The proposal of the model's vote, by the leader that proposed its parent where that is of the same term. */
  #proposal({ local, domain }: Pick<Node, "local" | "domain">, vote: ModelVote): Made | null {
    const name = (view: number, block: number, parentView: number): string =>
      `${domain.epoch}.${domain.incarnation} ${view} ${block} ${parentView}`;
    const key = name(vote.view, vote.block, vote.parentView);
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const { view, block, parentView } = vote;
    const parent = this.#parents.get(block)!;
    let { leader } = domain;
    if (view !== firstOfTerm(view, this.#termViews(domain))) {
      const own = local.state.own.get(parentView)?.notarize?.blockHash;
      const held = this.#blockAt(domain, parentView)?.blockHash ?? own;
      const before = [...this.#made].filter(
        ([of, { proposal }]) =>
          of.startsWith(`${domain.epoch}.${domain.incarnation} ${parentView} `) &&
          [`${parent}`, `${block}`].includes(this.#names.get(hashOf(proposal.block))!),
      );
      const [, made] = before.find(([, { proposal }]) => hashOf(proposal.block) === held) ?? before[0] ?? [];
      if (made === undefined) return null;
      ({ leader } = made);
    }
    const made = this.#propose(domain, leader, vote);
    if (made !== null) {
      this.#remember(made.proposal.block, `${block}`);
      this.#made.set(key, made);
    }
    return made;
  }

  #propose(domain: Domain, begun: Local, vote: ModelVote): Made | null {
    const { incarnation } = domain;
    let found: Proposal | null = null;
    const around = this.#around(begun.seat);
    const looking = {
      ...around,
      saw: (effect: Effect) => {
        if (effect.type !== "broadcast" || effect.message.type !== "proposal") return;
        const { proposal } = effect.message;
        if (proposal.view === vote.view && proposal.parentView === vote.parentView) found ??= proposal;
      },
    };
    const never = Number.MAX_SAFE_INTEGER;
    const patiently = (local: Local, input: Answer): Local => {
      const timers = { ...local.state.timers, lead: never, advance: never, retry: never };
      return drive(
        this.#reducer,
        { ...local, state: { ...local.state, timers, timer: null } },
        [input],
        looking,
      );
    };
    const ground = this.#ground(domain, vote);
    let leader = begun;
    for (const certificate of ground) {
      const message: Message = { type: "certificate", certificate };
      leader = patiently(leader, { type: "message", from: PEER, message });
    }
    leader = patiently({ ...leader, now: this.#stampOf(leader, domain, vote.block) }, { type: "tick" });
    const { payload, epoch } = leader.state;
    if (found === null && payload !== null && payload.view === vote.view) {
      const { tip } = leader.state;
      const inherited = tip.reference.number;
      const reference = this.#referenceOf(Math.max(incarnation, inherited));
      leader = patiently(leader, {
        type: "payload",
        epoch: epoch.start.epoch,
        view: vote.view,
        parentHash: payload.parentHash,
        payload: {
          batches: [hashBytes(new Uint8Array([vote.view, vote.block, vote.parentView]))],
          reference,
          settledAt: this.#settledAt(incarnation),
          inboxCursor: 0,
          feeRecipient: `0x${"00".repeat(20)}`,
          candidate: this.#shown(leader.state).candidate,
          vrfProof: this.#notary.sign(leader.seat, this.#vrfRoot(leader.state, vote.view)),
        },
      });
    }
    return found === null ? null : { proposal: found, leader };
  }

  #vrfRoot(state: ReplicaState, view: number): Hash {
    const { domain, start, params } = state.epoch;
    return protocol.vrfRoot(domain, start.seed, protocol.termOf(view, params.termViews));
  }

  /** The last block of an epoch of Fast comes late in the lease, so that the next epoch's begins where this one's ends. */
  #stampOf({ state, now }: Local, domain: Domain, block: number): Millis {
    const { params, start } = state.epoch;
    const stamps = [...state.blocks.values()].map((record) => record.block.header.stamp);
    const earliest =
      Math.max(now, this.#settledAt(start.incarnation), state.tip.stamp, ...stamps) + params.blockTime;
    if (start.mode !== "fast" || !this.#isLast(domain, block)) return earliest;
    return start.backedStamp + params.lease - MARGIN;
  }

  #remember(block: Block, name: string): void {
    const hash = hashOf(block);
    this.#blocks.set(hash, block);
    this.#names.set(hash, name);
  }

  #backersOf({ epoch, incarnation }: Domain, block: number): Set<Seat> {
    const key = `${epoch}.${incarnation} ${block}`;
    let known = this.#backers.get(key);
    if (known === undefined) {
      known = new Set(this.#corrupt);
      this.#backers.set(key, known);
    }
    return known;
  }

  /** Gives a node F of a block; its hash, null if there is no F. */
  #bringFinal(node: Node, block: number): Hash | null {
    const { domain } = node;
    const voted = this.#votedIn(domain, "finalize").find((each) => each.block === block);
    if (voted === undefined) return null;
    const certificate = this.#certificate(voted);
    const { stamp } = this.#blocks.get(certificate.blockHash)!.header;
    node.local = this.#giveAll(at(node.local, stamp), [...this.#below(domain, certificate), certificate]);
    return certificate.blockHash;
  }

  #signedCheckpoint({ log }: Local, hash: Hash): boolean {
    return log.some(
      (record) =>
        record.type === "signed" &&
        record.intent.what === "checkpoint" &&
        record.intent.checkpoint.blockHash === hash,
    );
  }

  #begin(node: Node, block: number): "same" | "different" {
    const { domain } = node;
    const hash = this.#bringFinal(node, block);
    const checkpoint = hash === null ? undefined : this.#checkpoints.get(hash);
    if (checkpoint === undefined) return "different";
    const seats = this.#backersOf(domain, block);
    const { registry, mode } = domain;
    const signers = backingSeats(registry, mode).filter((seat) => seats.has(seat));
    if (!backs(registry, mode, new Set(signers))) return "different";
    const { domain: d, start } = domain.leader.state.epoch;
    const backing: CheckpointCertificate = {
      epoch: start.epoch,
      domain: d,
      checkpoint,
      bitmap: toBitmap(signers, registry.entries.length),
      signature: this.#notary.sum(signers, checkpointRootOf(d, checkpoint)),
    };
    const epoch = domain.epoch + 1;
    let next = this.#domains.find((each) => each.epoch === epoch && each.incarnation === domain.incarnation);
    if (next === undefined) {
      const leading: Node = { local: domain.leader, domain, pastLease: null };
      this.#bringFinal(leading, block);
      const leader = this.#tell(leading.local, { type: "checkpointCertificate", certificate: backing });
      next = {
        ...domain,
        epoch,
        registry: domain.next,
        next: domain.next,
        root: block,
        from: domain,
        by: backing,
        leader,
      };
      next = { ...next, next: this.#after(next) };
      this.#domains.push(next);
    }
    node.local = this.#tell(node.local, { type: "checkpointCertificate", certificate: backing });
    node.domain = next;
    return this.#isIn(node.local, next) ? "same" : "different";
  }

  #isIn({ state }: Local, { epoch, incarnation, mode, registry, next }: Domain): boolean {
    const { start } = state.epoch;
    return (
      start.epoch === FIRST_EPOCH + epoch &&
      start.incarnation === incarnation &&
      start.mode === mode &&
      start.registry === registry.root &&
      start.registryNext === next.root
    );
  }

  #heightOf(block: number): number {
    let height = 0;
    for (let at = block; at !== 0; at = this.#parents.get(at)!) height++;
    return height;
  }

  #reading(): ContractsReading {
    const recovery = this.#recovery;
    return {
      at: recovery === null ? START : recovery.graceEnd + (recovery.over ? 1 : -1),
      epoch: FIRST_EPOCH + this.#now.epoch,
      incarnation: this.#now.incarnation,
      settledAt: this.#settledAt(this.#now.incarnation),
      acceptedHeight: this.#heightOf(this.#accepted),
      recovery:
        recovery === null
          ? null
          : {
              graceEnd: recovery.graceEnd,
              posted: recovery.posted.map(({ view, blockHash, parentView }) => ({
                view,
                blockHash,
                parentView,
              })),
            },
    };
  }

  #accept(block: number): void {
    this.#accepted = block;
    if (!this.#isLast(this.#now, block)) return;
    this.#recovery = null;
    const { epoch, incarnation } = this.#now;
    const next = this.#domains.find((d) => d.epoch === epoch + 1 && d.incarnation === incarnation);
    this.#now = next ?? this.#enteredFirst(block);
  }

  /** The contracts may be the first to begin an epoch. */
  #enteredFirst(block: number): Domain {
    const domain = this.#now;
    const leading: Node = { local: domain.leader, domain, pastLease: null };
    const isBegun = this.#begin(leading, block) === "same";
    if (!isBegun) this.#differences.push(`nobody can begin an epoch after block ${block}`);
    return leading.domain;
  }

  #post({ view }: { readonly view: number }): void {
    const recovery = this.#recovery!;
    const certificate = this.#blockAt(recovery.domain, view)!;
    const { blockHash, parentView } = certificate;
    const posted = [...recovery.posted, { view, blockHash, parentView }];
    this.#recovery = { ...recovery, posted };
  }

  #restart(node: Node, { view }: { readonly view: number }): "same" | "different" | keyof Narrower {
    const recovery = this.#recovery!;
    const { domain } = recovery;
    if (node.domain !== domain) return "over";
    const wanted = view === 0 ? [] : this.#chain(domain, view);
    const posted = recovery.posted.flatMap((each) => this.#chain(domain, each.view));
    node.local = this.#giveAll(node.local, [...posted, ...wanted]);
    const { params, registry, start } = node.local.state.epoch;
    const signed = node.local.state.signedCheckpoint?.stamp ?? start.parent.stamp;
    const quiet = start.mode === "fast" ? signed + registry.params.lease + 2 * params.drift : 0;
    node.local = this.#give(at(node.local, quiet), { type: "contracts", reading: this.#reading() });
    const own = node.local.state.ownRestart;
    if (own === null) return "different";
    const hash = view === 0 ? start.parent.hash : wanted.at(-1)?.blockHash;
    if (own.view === view && own.blockHash === hash) return "same";
    return this.#isAllowed(node.local, recovery, own.view) ? "other" : "different";
  }

  /** The model's conditions for another view than its own choice, with the FINALIZE votes that this replica signed. */
  #isAllowed({ state }: Local, { domain, posted }: Recovery, view: number): boolean {
    const isCertified = view === 0 || this.#blockAt(domain, view) !== null;
    const highest = posted.at(-1)?.view ?? 0;
    return (
      isCertified &&
      (domain.mode === "fast" && highest > 0 ? view === highest : view >= highest) &&
      state.finalizedView <= view
    );
  }

  #activate({ view, block }: { readonly view: number; readonly block: number }): void {
    const { domain } = this.#recovery!;
    const blockHash =
      view === 0 ? domain.leader.state.epoch.start.parent.hash : this.#blockAt(domain, view)!.blockHash;
    const incarnation = domain.incarnation + 1;
    const epoch = domain.epoch + 1;
    const registry = domain.next;
    const activation: Activation = {
      epoch: FIRST_EPOCH + domain.epoch,
      incarnation,
      registry: registry.root,
      view,
      blockHash,
    };
    const told = this.#giveAll(
      at(domain.leader, this.#settledAt(incarnation)),
      view === 0 ? [] : this.#chain(domain, view),
    );
    const leader = this.#give(told, { type: "activated", activation });
    const next: Domain = {
      epoch,
      incarnation,
      mode: "secure",
      registry,
      next: registry,
      root: block,
      from: domain,
      by: activation,
      leader,
    };
    this.#domains.push(next);
    this.#now = next;
    this.#accepted = block;
    this.#recovery = null;
    this.#settled = this.#settledAt(incarnation);
    if (this.#leaking) this.#leaks++;
    this.#leaking = false;
    if (!this.#isIn(leader, next)) this.#differences.push(`nobody can begin after a recovery at ${block}`);
  }

  /** Brings a node from wherever it is to the contracts' epoch and incarnation. */
  #resume(node: Node): "same" | "different" {
    const path: Domain[] = [];
    for (let at: Domain | null = this.#now; at !== null && at !== node.domain; at = at.from) path.unshift(at);
    const activations = path.flatMap(({ by }) => (by !== null && "incarnation" in by ? [by] : []));
    node.local = at(node.local, this.#settledAt(this.#now.incarnation));
    for (const activation of activations) node.local = this.#learn(node.local, activation);
    for (const next of path) {
      if (this.#isIn(node.local, next)) continue;
      const { by, from } = next;
      if (by === null || from === null) continue;
      if ("incarnation" in by) {
        node.local = this.#giveAll(node.local, by.view === 0 ? [] : this.#chain(from, by.view));
      } else if (this.#isIn(node.local, from)) {
        const there: Node = { ...node, domain: from };
        this.#bringFinal(there, next.root);
        node.local = this.#tell(there.local, { type: "checkpointCertificate", certificate: by });
      }
    }
    node.domain = this.#now;
    return this.#isIn(node.local, this.#now) ? "same" : "different";
  }

  /** A replica that has gone on to a later epoch starts again from the records of the one that was recovered. */
  #learn(local: Local, activation: Activation): Local {
    let earlier: { readonly epoch: number; readonly incarnation: number } | null = null;
    const around = this.#around(local.seat);
    const told = drive(this.#reducer, local, [{ type: "activated", activation }], {
      ...around,
      saw: (effect: Effect) => {
        around.saw(effect);
        if (effect.type === "resume") earlier = effect;
      },
    });
    if (earlier === null) return told;
    const { epoch, incarnation } = earlier as { readonly epoch: number; readonly incarnation: number };
    const isStart = (record: DurableRecord): boolean => record.type === "epoch";
    const from = told.log.findIndex(
      (record) =>
        record.type === "epoch" && record.start.epoch === epoch && record.start.incarnation === incarnation,
    );
    const to = told.log.findIndex((record, at) => at > from && isStart(record));
    const records = told.log.slice(from, to < 0 ? undefined : to);
    const { registries } = this.#instance;
    const restored = this.#reducer.restoreReplica(told.state.config, registries, records, told.now, [
      activation,
    ]);
    const finals = this.#finalsOf(told.log, epoch, incarnation);
    const begun = performed(
      { ...told, state: this.#placed(restored.state, told.seat), finals },
      restored.effects,
      around,
    );
    return this.#run(begun.local, [...begun.answers, { type: "connected", peer: PEER }]);
  }

  /** Final blocks recorded up to the end of an epoch. */
  #finalsOf(log: readonly DurableRecord[], epoch: number, incarnation: number): string[] {
    const finals: string[] = [];
    let isPast = false;
    for (const record of log) {
      if (record.type === "epoch" && isPast) break;
      if (record.type === "epoch")
        isPast = record.start.epoch === epoch && record.start.incarnation === incarnation;
      else if (record.type === "final") finals.push(this.#names.get(hashOf(record.block))!);
    }
    return finals;
  }

  /** The highest final block of each node's domain, with all below it, is where the node ends. */
  #end(): number {
    let longest = 0;
    for (const node of this.#nodes) {
      const { domain } = node;
      const finals = this.#votedIn(domain, "finalize").sort((a, b) => a.body.view - b.body.view);
      for (const voted of finals) {
        const certificate = this.#certificate(voted);
        node.local = this.#giveAll(node.local, [...this.#below(domain, certificate), certificate]);
      }
      const chain: string[] = [];
      for (let at = finals.at(-1)?.block ?? domain.root; at !== 0; at = this.#parents.get(at)!)
        chain.unshift(`${at}`);
      if (chain.length > longest) longest = chain.length;
      if (node.local.finals.join() !== chain.join())
        this.#differences.push(
          `${node.local.seat} ends in ${node.local.finals.join()}, the model in ${chain.join()}`,
        );
    }
    return longest;
  }

  #offenceOf({ log }: Local): string | null {
    const era = (hash: Hash): Era | undefined => {
      const domain = this.#domains.find(({ leader }) => leader.state.epoch.domain === hash);
      if (domain === undefined) return undefined;
      const { start, params } = domain.leader.state.epoch;
      return { epoch: start.epoch, incarnation: start.incarnation, termViews: params.termViews };
    };
    const signed: SignIntent[] = log.flatMap((record) => (record.type === "signed" ? [record.intent] : []));
    for (let i = 0; i < signed.length; i++)
      for (let j = 0; j < i; j++) {
        const offence = intentOffence(signed[j]!, signed[i]!, era);
        if (offence !== null) return offence;
      }
    return null;
  }
}

/** A replica at a later time. It might have entered its view later, so that no time-out passes by this. */
function at(local: Local, time: Millis): Local {
  const later = time - local.now;
  if (later <= 0) return local;
  const { entered, lead, advance, retry } = local.state.timers;
  const timers = {
    entered: entered + later,
    lead: lead + later,
    advance: advance + later,
    retry: retry + later,
  };
  return { ...local, now: time, state: { ...local.state, timers } };
}
