import * as protocol from "@aitbc-hybrid/protocol";
import {
  type Block,
  type Certificate,
  type Effect,
  type Hash,
  hashBytes,
  hashOf,
  type Input,
  type Message,
  type Millis,
  type Mode,
  type Proposal,
  type Registry,
  type ReplicaState,
  rootOf,
  type Seat,
  signingRoot,
  termOf,
  toBitmap,
  type VoteBody,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import { isQuorum, voteOffence } from "../oracles/index.ts";
import { type Answer, Notary, START, stillAnswer, stillGenesis } from "../twins/index.ts";

const PEER = "peer";
const NO_VOTE: ModelVote = { view: 0, block: 0, parentView: 0 };
/** More than an input ever needs. */
const MOST_ANSWERS = 256;
/** Longer than any time-out of the views explored. */
const LONG: Millis = 1e8;

/** What is explored: all that these replicas can do in their first views. */
export interface Setup {
  readonly mode: Mode;
  readonly registry: Registry;
  /** Seats whose signatures can be had for everything. Their blocks are valid, two in each view on every parent. */
  readonly corrupt: readonly Seat[];
  /** Leader of each term. */
  readonly leaders: readonly Seat[];
  /** Nothing of a later view is delivered. */
  readonly views: number;
  /** False: certificates of FINALIZE are counted, but given to nobody: fewer states, later views. */
  readonly deliversFinal?: boolean;
  /** Stop when so many states were seen. */
  readonly mostStates?: number;
}

/** The reducer that is explored; a mutant of it in tests. */
export type Reducer = Pick<typeof protocol, "initialReplica" | "step">;

export interface Explored {
  /** Different states of all honest replicas and what they sent. */
  readonly states: number;
  readonly transitions: number;
  /** False if `mostStates` ended it. */
  readonly complete: boolean;
  /** States in which some block is final; without any the exploration shows nothing. */
  readonly withFinal: number;
  /** Steps to the first state in which two blocks are final and neither descends from the other; null: there is none. */
  readonly disagreement: readonly string[] | null;
  /** The same for an honest key that can be slashed, or a replica that halts. */
  readonly violation: readonly string[] | null;
}

interface Local {
  readonly seat: Seat;
  readonly state: ReplicaState;
  readonly now: Millis;
  /** Names of final blocks in order. */
  readonly finals: readonly string[];
  /** What is wrong with this replica; null: nothing. */
  readonly wrong: string | null;
}

interface Spoken {
  readonly body: VoteBody;
  readonly seats: readonly Seat[];
}

interface World {
  readonly locals: readonly Local[];
  /** Votes of honest replicas by what they say. */
  readonly votes: ReadonlyMap<string, Spoken>;
  readonly proposals: ReadonlyMap<string, Proposal>;
  /** How it came about. */
  readonly last: { readonly action: string; readonly before: World["last"] } | null;
}

/**
 * Explores what honest replicas may come to, whatever the order in which messages arrive or time passes. An action gives
 * one replica a proposal, a certificate of a quorum whose votes exist, or lets its view time out; answers of its own
 * shell, requested blocks and payloads come at once. Votes are given a quorum at a time: fewer change nothing that a
 * replica signs. States that differ only in stamps, in the signers of certificates or in the names of replicas that lead
 * no view count as one.
 */
export function explore(setup: Setup, reducer: Reducer = protocol): Explored {
  return new Explorer(setup, reducer).run();
}

/** A step of the Quint model's view rules: blocks are numbered, block 0 is the last one before the epoch. */
export type ModelAction =
  | { readonly do: "propose"; readonly block: number; readonly parent: number }
  | { readonly do: "enter"; readonly node: number; readonly view: number }
  | { readonly do: "nullify"; readonly node: number; readonly view: number }
  | ({ readonly do: "notarize" | "finalize"; readonly node: number } & ModelVote);

export interface ModelVote {
  readonly view: number;
  readonly block: number;
  readonly parentView: number;
}

export interface Followed {
  /** Actions that the reducer took as the model did. */
  readonly matched: number;
  /** NULLIFY and NOTARIZE of views that the replica had left: the reducer enters, and finalizes, as soon as it may. */
  readonly ahead: number;
  /** Final blocks in which both ended. */
  readonly final: number;
  /** Where they differ. */
  readonly differences: readonly string[];
}

/**
 * Takes a trace of the Quint model through the reducer: node i of the model is the i-th honest seat, all leaders are
 * corrupt, and each action is made possible by giving the replica what the model says is there. Compared are view,
 * NOTARIZE, NULLIFY and FINALIZE of each node, and in the end the final chain.
 */
export function follow(setup: Setup, trace: readonly ModelAction[], reducer: Reducer = protocol): Followed {
  return new Explorer(setup, reducer).follow(trace);
}

class Explorer {
  readonly #setup: Setup;
  readonly #reducer: Reducer;
  readonly #notary = new Notary();
  readonly #blocks = new Map<Hash, Block>();
  readonly #names = new Map<Hash, string>();
  readonly #ids = new Map<string, number>();
  readonly #quorums = new Map<string, boolean>();
  readonly #certificates = new Map<string, Certificate>();
  readonly #leading: ReadonlySet<Seat>;
  /** All replicas as they begin, corrupt ones too. */
  #begun: readonly Local[] = [];

  constructor(setup: Setup, reducer: Reducer) {
    this.#setup = setup;
    this.#reducer = reducer;
    this.#leading = new Set(setup.leaders);
  }

  run(): Explored {
    const { mostStates = Number.POSITIVE_INFINITY } = this.#setup;
    const first = this.#completed(this.#begin());
    const seen = new Set<string>([this.#keyOf(first)]);
    // By the number of final blocks; from where there are most a disagreement is nearest.
    const open: World[][] = [[first]];
    let transitions = 0;
    let withFinal = 0;
    let disagreement: readonly string[] | null = null;
    let violation: readonly string[] | null = null;
    while (open.length > 0 && disagreement === null && seen.size < mostStates) {
      const world = open.at(-1)!.pop();
      if (world === undefined) {
        open.pop();
        continue;
      }
      const final = this.#finalIn(world);
      if (final.length > 0) withFinal++;
      if (disagrees(world) || this.#contradict(final)) disagreement = pathTo(world);
      const wrong = world.locals.find((local) => local.wrong !== null)?.wrong ?? null;
      if (violation === null && wrong !== null) violation = [...pathTo(world), wrong];
      for (const next of this.#successors(world)) {
        transitions++;
        const key = this.#keyOf(next);
        if (seen.has(key)) continue;
        seen.add(key);
        const rank = this.#finalIn(next).length;
        while (open.length <= rank) open.push([]);
        open[rank]!.push(next);
      }
    }
    const complete = open.length === 0;
    return { states: seen.size, transitions, complete, withFinal, disagreement, violation };
  }

  follow(trace: readonly ModelAction[]): Followed {
    const nodes = [...this.#begin().locals];
    const leader = this.#setup.leaders[0]!;
    const parents = new Map<number, number>([[0, 0]]);
    const proposals = new Map<string, Proposal>();
    const votes = new Map<
      string,
      { readonly body: VoteBody; readonly block: number; readonly seats: Seat[] }
    >();
    const differences: string[] = [];
    let matched = 0;
    let ahead = 0;
    const certificateOf = (kind: VoteBody["kind"], view: number): Certificate | null => {
      for (const { body, seats } of votes.values()) {
        const signers = [...seats, ...this.#setup.corrupt];
        if (body.kind === kind && body.view === view && this.#isQuorum(signers))
          return this.#certificate(body, signers);
      }
      return null;
    };
    const blockAt = (view: number): Certificate | null =>
      certificateOf("notarize", view) ?? certificateOf("finalize", view);
    // What a proposal on `parentView` rests on: its chain of certificates, oldest first, then the X of the gap.
    const ground = ({ view, parentView }: ModelVote): Certificate[] => {
      const chain: Certificate[] = [];
      for (let at = parentView; at > 0; ) {
        const certificate = blockAt(at);
        if (certificate === null) break;
        chain.unshift(certificate);
        at = certificate.parentView;
      }
      for (let w = parentView + 1; w < view; w++) {
        const x = certificateOf("nullify", w);
        if (x !== null) chain.push(x);
      }
      return chain;
    };
    const give = (local: Local, message: Message): Local =>
      this.#drive(local, { type: "message", from: PEER, message }, [], 0);
    const giveAll = (local: Local, certificates: readonly Certificate[]): Local =>
      certificates.reduce((to, certificate) => give(to, { type: "certificate", certificate }), local);
    const proposalOf = (vote: ModelVote): Proposal | null => {
      const key = `${vote.view} ${vote.block} ${vote.parentView}`;
      const known = proposals.get(key);
      if (known !== undefined) return known;
      const proposal = this.#toldProposal(leader, ground(vote), vote, vote.block, LONG);
      if (proposal === null) return null;
      this.#remember(proposal.block, `${vote.block}`);
      proposals.set(key, proposal);
      return proposal;
    };
    const note = (node: number, kind: VoteBody["kind"], vote: ModelVote, blockHash: Hash): void => {
      const { view, parentView } = vote;
      const body = { kind, view, parentView, blockHash };
      const key = `${kind} ${view} ${parentView} ${blockHash}`;
      const known = votes.get(key);
      if (known === undefined) votes.set(key, { body, block: vote.block, seats: [nodes[node]!.seat] });
      else known.seats.push(nodes[node]!.seat);
    };
    const expect = (holds: boolean, action: ModelAction): void => {
      if (holds) matched++;
      else differences.push(JSON.stringify(action));
    };
    for (const action of trace) {
      if (action.do === "propose") {
        parents.set(action.block, action.parent);
        continue;
      }
      const { node, view } = action;
      let local = nodes[node];
      if (local === undefined) continue;
      const isPast = local.state.view > view;
      if (action.do === "enter") {
        const certificate = certificateOf("nullify", view - 1) ?? blockAt(view - 1);
        if (!isPast && certificate !== null)
          local = giveAll(local, [...ground({ ...NO_VOTE, ...certificate }), certificate]);
        expect(local.state.view >= view, action);
      } else if (action.do === "nullify") {
        note(node, "nullify", { ...NO_VOTE, view }, ZERO_HASH);
        if (isPast) ahead++;
        else {
          const at = { ...local, now: Math.max(local.now, local.state.timers.advance) };
          local = this.#drive(at, { type: "tick" }, [], 0);
          expect(local.state.view === view && local.state.own.get(view)?.nullify === true, action);
        }
      } else {
        const proposal = proposalOf(action);
        if (proposal === null) {
          differences.push(`nobody can propose ${JSON.stringify(action)}`);
          break;
        }
        const hash = hashOf(proposal.block);
        if (action.do === "finalize") {
          const certificate = certificateOf("notarize", view);
          if (certificate !== null) local = giveAll(local, [...ground(action), certificate]);
          expect(local.state.own.get(view)?.finalize?.blockHash === hash, action);
        } else if (isPast) ahead++;
        else {
          local = give(giveAll(local, ground(action)), { type: "proposal", proposal });
          expect(local.state.own.get(view)?.notarize?.blockHash === hash, action);
        }
        note(node, action.do, action, hash);
      }
      if (local.wrong !== null) differences.push(local.wrong);
      nodes[node] = local;
    }
    // The highest final block of the model, with its ancestors, is what every replica ends in.
    const finals = [...votes.values()]
      .filter(
        ({ body, seats }) => body.kind === "finalize" && this.#isQuorum([...seats, ...this.#setup.corrupt]),
      )
      .sort((a, b) => a.body.view - b.body.view);
    const chain: string[] = [];
    for (let at = finals.at(-1)?.block ?? 0; at !== 0; at = parents.get(at)!) chain.unshift(`${at}`);
    for (const node of nodes) {
      let local = node;
      for (const { body } of finals) {
        const f = certificateOf("finalize", body.view)!;
        local = giveAll(local, [...ground({ ...NO_VOTE, ...body }), f]);
      }
      if (local.finals.join() !== chain.join())
        differences.push(`${local.seat} ends in ${local.finals.join()}, the model in ${chain.join()}`);
    }
    return { matched, ahead, final: chain.length, differences };
  }

  /** Blocks that a quorum's FINALIZE is there for. */
  #finalIn(world: World): Hash[] {
    const final: Hash[] = [];
    for (const { body, seats } of world.votes.values())
      if (body.kind === "finalize" && this.#isQuorum([...seats, ...this.#setup.corrupt]))
        final.push(body.blockHash);
    return final;
  }

  #contradict(final: readonly Hash[]): boolean {
    const chainOf = (hash: Hash): Set<Hash> => {
      const chain = new Set<Hash>([hash]);
      for (let block = this.#blocks.get(hash); block !== undefined; ) {
        chain.add(block.header.parentHash);
        block = this.#blocks.get(block.header.parentHash);
      }
      return chain;
    };
    return final.some((a, i) => final.slice(0, i).some((b) => !chainOf(a).has(b) && !chainOf(b).has(a)));
  }

  #begin(): World {
    const { mode, registry, corrupt, leaders } = this.#setup;
    const genesis = stillGenesis(mode, registry);
    const leader = (term: number): Seat => leaders[(term - 1) % leaders.length]!;
    this.#begun = registry.entries.map(({ key }, seat) => {
      const config = { chainId: 7, genesis, key, skipViews: 1000, backoffCap: 0, trace: false };
      let { state } = this.#reducer.initialReplica(config, registry, START);
      ({ state } = this.#reducer.step(state, { type: "connected", peer: PEER, now: START }));
      this.#names.set(state.tip.hash, "0");
      return {
        seat,
        state: { ...state, epoch: { ...state.epoch, leader } },
        now: START,
        finals: [],
        wrong: null,
      };
    });
    const locals = this.#begun.filter(({ seat }) => !corrupt.includes(seat));
    let world: World = { locals, votes: new Map(), proposals: new Map(), last: null };
    for (const at of locals.keys()) world = this.#step(world, at, { type: "tick" }, null);
    return world;
  }

  get #epoch(): ReplicaState["epoch"] {
    return this.#begun[0]!.state.epoch;
  }

  #leaderOf(view: number): Seat {
    const { leaders } = this.#setup;
    const { termViews } = this.#epoch.params;
    return leaders[(termOf(view, termViews) - 1) % leaders.length]!;
  }

  *#successors(world: World): Generator<World> {
    const { views } = this.#setup;
    for (const [at, local] of world.locals.entries()) {
      const { state } = local;
      for (const [name, proposal] of world.proposals) {
        const known = state.views.get(proposal.view)?.proposals ?? [];
        const hash = hashOf(proposal.block);
        if (proposal.view < state.view || proposal.view > views || known.length > 1) continue;
        if (known.some((each) => this.#names.get(each.blockHash) === this.#names.get(hash))) continue;
        yield this.#after(world, at, { type: "proposal", proposal }, `${local.seat} hears ${name}`);
      }
      for (const { body, seats } of world.votes.values()) {
        if (body.view > views || !this.#isNews(state, body)) continue;
        if (body.kind === "finalize" && this.#setup.deliversFinal === false) continue;
        const signers = [...seats, ...this.#setup.corrupt];
        if (!this.#isQuorum(signers)) continue;
        const certificate = this.#certificate(body, signers);
        yield this.#after(
          world,
          at,
          { type: "certificate", certificate },
          `${local.seat} gets ${this.#say(body)}`,
        );
      }
      if (state.view <= views && !state.own.get(state.view)?.nullify) {
        const late = { ...world, locals: world.locals.with(at, { ...local, now: state.timers.advance }) };
        yield this.#completed(
          this.#step(late, at, { type: "tick" }, `${local.seat} times out in ${state.view}`),
        );
      }
    }
  }

  #after(world: World, at: number, message: Message, action: string): World {
    return this.#completed(this.#step(world, at, { type: "message", from: PEER, message }, action));
  }

  /** True if a certificate of this is not held yet and not overtaken. */
  #isNews(state: ReplicaState, body: VoteBody): boolean {
    if (body.view <= state.tip.view) return false;
    const record = state.views.get(body.view);
    if (body.kind === "nullify") return (record?.nullification ?? null) === null;
    return (body.kind === "notarize" ? record?.notarization : record?.finalization) == null;
  }

  #isQuorum(seats: readonly Seat[]): boolean {
    const key = [...seats].sort().join();
    let known = this.#quorums.get(key);
    if (known === undefined) {
      known = isQuorum(this.#setup.registry, this.#setup.mode, new Set(seats));
      this.#quorums.set(key, known);
    }
    return known;
  }

  #certificate(body: VoteBody, seats: readonly Seat[]): Certificate {
    const { domain, start, registry } = this.#epoch;
    const root = rootOf(domain, body);
    const key = `${root} ${[...seats].sort().join()}`;
    let known = this.#certificates.get(key);
    if (known === undefined) {
      const bitmap = toBitmap([...seats], registry.entries.length);
      known = { ...body, epoch: start.epoch, domain, bitmap, signature: this.#notary.sum(seats, root) };
      this.#certificates.set(key, known);
    }
    return known;
  }

  /** What corrupt leaders can propose by now: two blocks on every parent that an honest replica of their view could show. */
  #completed(world: World): World {
    let now = world;
    for (const { state, now: clock } of world.locals) {
      const { view } = state;
      const leader = this.#leaderOf(view);
      if (view > this.#setup.views || !this.#setup.corrupt.includes(leader)) continue;
      for (const parent of parentsOf(state)) {
        const parentName = this.#names.get(parent.hash)!;
        for (const salt of [0, 1]) {
          const name = `${view}<${parentName}#${salt}`;
          if (now.proposals.has(name)) continue;
          const proposal = this.#corruptProposal(state, leader, parent.view, salt, clock);
          if (proposal === null) continue;
          this.#remember(proposal.block, name);
          now = { ...now, proposals: new Map(now.proposals).set(name, proposal) };
        }
      }
    }
    return now;
  }

  /** The reducer proposes with the corrupt key, told of what the honest replica holds, less what it keeps back. */
  #corruptProposal(
    { view, views }: ReplicaState,
    leader: Seat,
    parentView: number,
    salt: number,
    clock: Millis,
  ): Proposal | null {
    const told: (Certificate | null)[] = [];
    for (const record of views.values())
      if (record.view <= parentView) told.push(record.notarization ?? record.finalization);
    for (const { nullification } of views.values()) told.push(nullification);
    const certificates = told.filter((certificate) => certificate !== null);
    return this.#toldProposal(leader, certificates, { view, parentView }, salt, clock + LONG);
  }

  /** What a leader proposes that is told these certificates, late enough for every parent's stamp, and does not time out. */
  #toldProposal(
    leader: Seat,
    certificates: readonly Certificate[],
    at: { readonly view: number; readonly parentView: number },
    salt: number,
    now: Millis,
  ): Proposal | null {
    const said: Message[] = [];
    let puppet: Local = { ...this.#begun.find(({ seat }) => seat === leader)!, now };
    const patiently = (event: Answer): void => {
      const never = Number.MAX_SAFE_INTEGER;
      const timers = { ...puppet.state.timers, lead: never, advance: never, retry: never };
      puppet = this.#drive({ ...puppet, state: { ...puppet.state, timers } }, event, said, salt);
    };
    for (const certificate of certificates)
      patiently({ type: "message", from: PEER, message: { type: "certificate", certificate } });
    patiently({ type: "tick" });
    for (const message of said)
      if (message.type === "proposal") {
        const { proposal } = message;
        if (proposal.view === at.view && proposal.parentView === at.parentView) return proposal;
      }
    return null;
  }

  #remember(block: Block, name: string): void {
    const hash = hashOf(block);
    this.#blocks.set(hash, block);
    this.#names.set(hash, name);
  }

  /** Gives a replica an input and takes in what it says. */
  #step(world: World, at: number, event: Answer, action: string | null): World {
    const said: Message[] = [];
    const local = this.#drive(world.locals[at]!, event, said, 0);
    const votes = new Map(world.votes);
    const proposals = new Map(world.proposals);
    for (const message of said) {
      let body: VoteBody | null = null;
      if (message.type === "proposal") {
        const { proposal } = message;
        const { view, parentView, block } = proposal;
        const carried = block.body.certificates.map((c) => `${c.kind[1]}${c.view}`).join("");
        const own = block.header.view === view;
        const name = own
          ? `${view}<${this.#names.get(block.header.parentHash)}${carried}`
          : this.#names.get(hashOf(block))!;
        this.#remember(block, name);
        if (!proposals.has(name)) proposals.set(name, proposal);
        body = { kind: "notarize", view, parentView, blockHash: hashOf(block) };
      } else if (message.type === "vote") {
        const { kind, view, parentView, blockHash } = message.vote;
        body = { kind, view, parentView, blockHash };
      }
      if (body === null) continue;
      const key = this.#say(body);
      const known = votes.get(key);
      if (known === undefined) votes.set(key, { body, seats: [local.seat] });
      else if (!known.seats.includes(local.seat))
        votes.set(key, { body: known.body, seats: [...known.seats, local.seat] });
    }
    let { wrong } = local;
    if (wrong === null) wrong = this.#offenceOf(votes, local.seat);
    return {
      locals: world.locals.with(at, { ...local, wrong }),
      votes,
      proposals,
      last: action === null ? null : { action, before: world.last },
    };
  }

  #offenceOf(votes: ReadonlyMap<string, Spoken>, seat: Seat): string | null {
    const own = [...votes.values()].filter(({ seats }) => seats.includes(seat)).map(({ body }) => body);
    const { termViews } = this.#epoch.params;
    for (let i = 0; i < own.length; i++)
      for (let j = 0; j < i; j++) {
        const offence = voteOffence(own[j]!, own[i]!, termViews);
        if (offence !== null) return `${seat} signed ${offence}`;
      }
    return null;
  }

  #say({ kind, view, parentView, blockHash }: VoteBody): string {
    return kind === "nullify" ? `X${view}` : `${kind} ${view}<-${parentView} ${this.#names.get(blockHash)}`;
  }

  /** Steps one replica with all that its shell answers at once. */
  #drive(local: Local, first: Answer, said: Message[], salt: number): Local {
    let { state, now, finals, wrong } = local;
    const queue: Answer[] = [first];
    for (let at = 0; ; at++) {
      if (at === queue.length) {
        // A proposal that only waits for its parent's stamp.
        if (state.timer === null || state.timer >= state.timers.lead || at > MOST_ANSWERS) break;
        now = Math.max(now, state.timer);
        queue.push({ type: "tick" });
      }
      const stepped = this.#reducer.step(state, { ...queue[at]!, now } as Input);
      state = stepped.state;
      for (const effect of stepped.effects) {
        if (effect.type === "finalized") finals = [...finals, this.#names.get(effect.hash) ?? effect.hash];
        else if (effect.type === "halt") wrong ??= `${local.seat} halts: ${effect.reason}`;
        else if (effect.type === "broadcast") said.push(effect.message);
        const answer = this.#answer(local, effect, salt, state);
        if (answer !== null) queue.push(answer);
      }
    }
    return { seat: local.seat, state, now, finals, wrong };
  }

  #answer(local: Local, effect: Effect, salt: number, state: ReplicaState): Answer | null {
    switch (effect.type) {
      case "sign":
        return {
          type: "signed",
          id: effect.id,
          signature: this.#notary.sign(local.seat, signingRoot(effect.intent)),
        };
      case "send": {
        const { message } = effect;
        if (message.type !== "request" || message.request.what !== "block") return null;
        const block = this.#blocks.get(message.request.hash);
        if (block === undefined) return null;
        const blocks = [{ block, certificate: null, backing: null }];
        return { type: "message", from: PEER, message: { type: "blocks", blocks } };
      }
      default:
        return stillAnswer(effect, {
          notary: this.#notary,
          seat: local.seat,
          batch: (view) => hashBytes(new Uint8Array([view, salt])),
          settledAt: state.tip.settledAt,
        });
    }
  }

  #id(hash: Hash): number {
    const name = this.#names.get(hash) ?? hash;
    let id = this.#ids.get(name);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(name, id);
    }
    return id;
  }

  /** A text that is the same for states that may do the same. */
  #keyOf(world: World): string {
    const parts = world.locals.map((local) => ({ seat: local.seat, text: this.#localKey(local) }));
    // Replicas that lead nothing and weigh the same may change places.
    const { registry } = this.#setup;
    const kindOf = (seat: Seat): string =>
      this.#leading.has(seat) ? `${seat}` : `${seat < registry.authorities} ${registry.entries[seat]!.stake}`;
    parts.sort((a, b) => {
      const [x, y] = [`${kindOf(a.seat)}|${a.text}`, `${kindOf(b.seat)}|${b.text}`];
      return x < y ? -1 : x > y ? 1 : 0;
    });
    const place = new Map(parts.map(({ seat }, at) => [seat, at]));
    const votes: string[] = [];
    for (const { body, seats } of world.votes.values()) {
      let mask = 0;
      for (const seat of seats) mask |= 1 << place.get(seat)!;
      const { kind, view, parentView, blockHash } = body;
      votes.push(`${kind[1]}${view}.${parentView}.${kind === "nullify" ? "" : this.#id(blockHash)}:${mask}`);
    }
    votes.sort();
    const proposals = [...world.proposals.values()]
      .map(({ view, block }) => `${view}.${this.#id(hashOf(block))}`)
      .sort();
    return hashBytes(
      new TextEncoder().encode(
        `${parts.map(({ text }) => text).join("/")}//${votes.join()}//${proposals.join()}`,
      ),
    ).slice(2, 34);
  }

  #localKey({ state, finals }: Local): string {
    const { view, views, own, tip } = state;
    let text = `${view} ${tip.view} ${this.#id(tip.hash)} ${finals.length} ${state.halted === null}`;
    for (const at of [...new Set([...views.keys(), ...own.keys()])].sort((a, b) => a - b)) {
      const record = views.get(at);
      const mine = own.get(at);
      const target = (of: { readonly blockHash: Hash } | null | undefined): string =>
        of == null ? "-" : `${this.#id(of.blockHash)}`;
      text += `|${at} ${target(record?.notarization)} ${target(record?.finalization)} ${target(record?.certified)}`;
      text += record?.nullification == null ? "-" : "X";
      for (const { blockHash, invalid } of record?.proposals ?? [])
        text += ` ${this.#id(blockHash)}${invalid ? "!" : ""}`;
      text += ` ${target(mine?.notarize)} ${target(mine?.finalize)} ${mine?.nullify === true ? "x" : "-"}`;
    }
    return text;
  }
}

const pathTo = (world: World): string[] => {
  const path: string[] = [];
  for (let at = world.last; at !== null; at = at.before) path.push(at.action);
  return path.reverse();
};

/** True if two honest replicas hold different final blocks of one height. */
function disagrees({ locals }: World): boolean {
  return locals.some((a) =>
    locals.some((b) => a.finals.some((name, height) => (b.finals[height] ?? name) !== name)),
  );
}

/** Parents that a leader of the current view may choose: certified, with an X held for every view above (terms of one view). */
function parentsOf({ view, views, tip }: ReplicaState): { readonly view: number; readonly hash: Hash }[] {
  const parents: { view: number; hash: Hash }[] = [];
  for (let w = view - 1; w >= tip.view; w--) {
    if (w === tip.view) {
      parents.push({ view: w, hash: tip.hash });
      break;
    }
    const record = views.get(w);
    if (record?.certified) parents.push({ view: w, hash: record.certified.blockHash });
    if ((record?.nullification ?? null) === null) break;
  }
  return parents;
}
