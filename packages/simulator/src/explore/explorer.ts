import * as protocol from "@aitbc-hybrid/protocol";
import {
  type Certificate,
  type DurableRecord,
  type Effect,
  type Hash,
  hashBytes,
  hashOf,
  type Message,
  type Millis,
  type Proposal,
  type ReplicaState,
  rootOf,
  type Seat,
  signingRoot,
  termOf,
  toBitmap,
  type VoteBody,
} from "@aitbc-hybrid/protocol";
import { isQuorum, voteOffence } from "../oracles/index.ts";
import { type Answer, Notary, START, stillAnswer, stillGenesis } from "../twins/index.ts";
import { Blocks } from "./blocks.ts";
import { Keys } from "./keys.ts";
import { drive, performed, type Reducer, type Surroundings } from "./local.ts";
import type { Explored, Setup } from "./types.ts";
import { disagrees, type Member, parentsOf, pathTo, type Spoken, type World } from "./world.ts";

const PEER = "peer";
/** Longer than any time-out of the views explored. */
const LONG: Millis = 1e8;

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

class Explorer {
  readonly #setup: Setup;
  readonly #reducer: Reducer;
  readonly #notary = new Notary();
  readonly #blocks = new Blocks();
  readonly #keys: Keys;
  readonly #quorums = new Map<string, boolean>();
  readonly #certificates = new Map<string, Certificate>();
  readonly #leading: ReadonlySet<Seat>;
  /** All replicas as they begin, corrupt ones too. */
  #begun: readonly Member[] = [];

  constructor(setup: Setup, reducer: Reducer) {
    this.#setup = setup;
    this.#reducer = reducer;
    this.#leading = new Set(setup.leaders);
    this.#keys = new Keys(setup, this.#blocks);
  }

  run(): Explored {
    const { mostStates = Number.POSITIVE_INFINITY, stopsAtViolation = false } = this.#setup;
    const first = this.#completed(this.#begin());
    const seen = new Set<string>([this.#keys.of(first)]);
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
      if (disagrees(world) || this.#blocks.contradict(final)) disagreement = pathTo(world);
      const wrong = world.locals.find((local) => local.wrong !== null)?.wrong ?? null;
      if (violation === null && wrong !== null) violation = [...pathTo(world), wrong];
      if (violation !== null && stopsAtViolation) break;
      for (const next of this.#successors(world)) {
        transitions++;
        const key = this.#keys.of(next);
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

  /** Blocks that a quorum's FINALIZE is there for. */
  #finalIn(world: World): Hash[] {
    const final: Hash[] = [];
    for (const { body, seats } of world.votes.values())
      if (body.kind === "finalize" && this.#isQuorum([...seats, ...this.#setup.corrupt]))
        final.push(body.blockHash);
    return final;
  }

  #begin(): World {
    const { mode, registry, corrupt, leaders } = this.#setup;
    const genesis = stillGenesis(mode, registry);
    const leader = (term: number): Seat => leaders[(term - 1) % leaders.length]!;
    this.#begun = registry.entries.map(({ key }, seat) => {
      const config = { chainId: 7, genesis, key, skipViews: 1000, backoffCap: 0, trace: false };
      const first = this.#reducer.initialReplica(config, registry, START);
      let { state } = first;
      ({ state } = this.#reducer.step(state, { type: "connected", peer: PEER, now: START }));
      this.#blocks.name(state.tip.hash, "0");
      return {
        seat,
        state: { ...state, epoch: { ...state.epoch, leader } },
        now: START,
        finals: [],
        log: first.effects.flatMap((effect) => (effect.type === "persist" ? [effect.record] : [])),
        wrong: null,
        late: [],
        crashed: 0,
      };
    });
    const locals = this.#begun.filter(({ seat }) => !corrupt.includes(seat));
    const { crashes = 0 } = this.#setup;
    let world: World = { locals, crashes, votes: new Map(), proposals: new Map(), last: null };
    for (const at of locals.keys()) world = this.#step(world, at, [{ type: "tick" }], null);
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
    const sure = this.#sure(world);
    if (sure !== null) {
      yield this.#completed(sure);
      return;
    }
    for (const [at, local] of world.locals.entries()) {
      for (const { inputs, action, late } of this.#inputs(world, local)) {
        const now = late ? local.state.timers.advance : local.now;
        const ready = { ...world, locals: world.locals.with(at, { ...local, now }) };
        const next = this.#step(ready, at, inputs, action);
        yield this.#completed(next);
        if (world.crashes === 0) continue;
        const { log } = next.locals[at]!;
        for (let kept = local.log.length + 1; kept <= log.length; kept++)
          yield this.#completed(this.#crash(world, at, log.slice(0, kept), `${action}, and crashes`));
      }
      if (world.crashes > 0)
        yield this.#completed(this.#crash(world, at, local.log, `${local.seat} crashes`));
    }
  }

  /**
   * What can only add to what may happen, and is therefore the only thing that does: N or X of a view below its own, to a
   * replica that leads nothing any more. It may finalize that view late, and vote for more proposals; what it may do
   * without it, it may still do, and what the others may do only grows with the votes there are. (A replica that comes
   * back from a crash may do less for it, and a leader builds on another parent.)
   */
  #sure(world: World): World | null {
    if (world.crashes > 0) return null;
    for (const [at, { seat, state }] of world.locals.entries()) {
      if (this.#leadsFrom(seat, state.view)) continue;
      for (const { body, seats } of world.votes.values()) {
        const isPast = body.view < state.view && body.kind !== "finalize";
        if (!isPast || !this.#isNews(state, body)) continue;
        const signers = [...seats, ...this.#setup.corrupt];
        if (!this.#isQuorum(signers)) continue;
        const message: Message = { type: "certificate", certificate: this.#certificate(body, signers) };
        const inputs: Answer[] = [{ type: "message", from: PEER, message }];
        return this.#step(world, at, inputs, `${seat} gets ${this.#blocks.say(body)}`);
      }
    }
    return null;
  }

  #leadsFrom(seat: Seat, view: number): boolean {
    if (!this.#leading.has(seat)) return false;
    for (let w = view; w <= this.#setup.views; w++) if (this.#leaderOf(w) === seat) return true;
    return false;
  }

  /** What may happen to a replica next. */
  *#inputs(
    world: World,
    { seat, state, late }: Member,
  ): Generator<{ readonly inputs: readonly Answer[]; readonly action: string; readonly late?: boolean }> {
    const { views, deliversFinal } = this.#setup;
    for (const [name, proposal] of world.proposals) {
      const known = state.views.get(proposal.view)?.proposals ?? [];
      const hash = hashOf(proposal.block);
      if (proposal.view < state.view || proposal.view > views || known.length > 1) continue;
      if (known.some((each) => this.#blocks.nameOf(each.blockHash) === this.#blocks.nameOf(hash))) continue;
      const message: Message = { type: "proposal", proposal };
      yield { inputs: [{ type: "message", from: PEER, message }], action: `${seat} hears ${name}` };
    }
    for (const { body, seats } of world.votes.values()) {
      if (body.view > views || !this.#isNews(state, body)) continue;
      if (body.kind === "finalize" && deliversFinal === false) continue;
      const signers = [...seats, ...this.#setup.corrupt];
      if (!this.#isQuorum(signers)) continue;
      const message: Message = { type: "certificate", certificate: this.#certificate(body, signers) };
      yield {
        inputs: [{ type: "message", from: PEER, message }],
        action: `${seat} gets ${this.#blocks.say(body)}`,
      };
    }
    if (state.view <= views && !state.own.get(state.view)?.nullify)
      yield { inputs: [{ type: "tick" }], action: `${seat} times out in ${state.view}`, late: true };
    if (late.length > 0) yield { inputs: late, action: `${seat} has its blocks again` };
  }

  /** A replica that comes back with this log. */
  #crash(world: World, at: number, log: readonly DurableRecord[], action: string): World {
    const before = world.locals[at]!;
    const { seat, now } = before;
    const restored = this.#reducer.restoreReplica(before.state.config, [this.#setup.registry], log, now);
    const { leader } = this.#epoch;
    const state = { ...restored.state, epoch: { ...restored.state.epoch, leader }, payload: null };
    const finals = log.flatMap((record) =>
      record.type === "final" ? [this.#blocks.nameOf(hashOf(record.block))!] : [],
    );
    const late: Answer[] = [];
    const said: Message[] = [];
    const crashed = before.crashed + 1;
    const around = this.#around({ ...before, crashed }, said, late);
    const begun = performed({ seat, state, now, finals, log, wrong: before.wrong }, restored.effects, around);
    const inputs: Answer[] = [...begun.answers, { type: "connected", peer: PEER }];
    const local = drive(this.#reducer, begun.local, inputs, around);
    const fewer = { ...world, crashes: world.crashes - 1 };
    return this.#said(fewer, at, { ...local, late, crashed }, said, action);
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
        const parentName = this.#blocks.nameOf(parent.hash)!;
        for (const salt of [0, 1]) {
          const name = `${view}<${parentName}#${salt}`;
          if (now.proposals.has(name)) continue;
          const proposal = this.#corruptProposal(state, leader, parent.view, salt, clock);
          if (proposal === null) continue;
          this.#blocks.remember(proposal.block, name);
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
    let puppet: Member = { ...this.#begun.find(({ seat }) => seat === leader)!, now, crashed: salt };
    const patiently = (event: Answer): void => {
      const never = Number.MAX_SAFE_INTEGER;
      const timers = { ...puppet.state.timers, lead: never, advance: never, retry: never };
      const patient = { ...puppet, state: { ...puppet.state, timers } };
      puppet = { ...puppet, ...drive(this.#reducer, patient, [event], this.#around(patient, said, null)) };
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

  /** Gives a replica inputs and takes in what it says. */
  #step(world: World, at: number, inputs: readonly Answer[], action: string | null): World {
    const before = world.locals[at]!;
    const said: Message[] = [];
    // One that waits for its blocks waits for more of them, too.
    const isLate = before.late.length > 0 && inputs !== before.late;
    const late: Answer[] = isLate ? [...before.late] : [];
    const local = drive(this.#reducer, before, inputs, this.#around(before, said, isLate ? late : null));
    return this.#said(world, at, { ...local, late, crashed: before.crashed }, said, action);
  }

  #said(world: World, at: number, local: Member, said: readonly Message[], action: string | null): World {
    const votes = new Map(world.votes);
    const proposals = new Map(world.proposals);
    for (const message of said) {
      let body: VoteBody | null = null;
      if (message.type === "proposal") {
        const { proposal } = message;
        const { view, parentView, block } = proposal;
        const carried = block.body.certificates.map((c) => `${c.kind[1]}${c.view}`).join("");
        const parent = this.#blocks.nameOf(block.header.parentHash);
        // Proposed again it keeps its name; after a crash others are ordered.
        const known = this.#blocks.nameOf(hashOf(block));
        const name = known ?? `${view}<${parent}${carried}${"'".repeat(local.crashed)}`;
        this.#blocks.remember(block, name);
        if (!proposals.has(name)) proposals.set(name, proposal);
        body = { kind: "notarize", view, parentView, blockHash: hashOf(block) };
      } else if (message.type === "vote") {
        const { kind, view, parentView, blockHash } = message.vote;
        body = { kind, view, parentView, blockHash };
      }
      if (body === null) continue;
      const key = this.#blocks.say(body);
      const known = votes.get(key);
      if (known === undefined) votes.set(key, { body, seats: [local.seat] });
      else if (!known.seats.includes(local.seat))
        votes.set(key, { body: known.body, seats: [...known.seats, local.seat] });
    }
    let { wrong } = local;
    if (wrong === null) wrong = this.#offenceOf(votes, local.seat);
    return {
      locals: world.locals.with(at, { ...local, wrong }),
      crashes: world.crashes,
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

  /** What surrounds a replica: what it says goes into `said`; with `late`, blocks are obtained and executed only then. */
  #around({ seat, crashed }: Member, said: Message[], late: Answer[] | null): Surroundings {
    return {
      nameOf: (hash) => this.#blocks.nameOf(hash as Hash) ?? hash,
      saw: (effect) => {
        if (effect.type === "broadcast") said.push(effect.message);
      },
      answer: (effect, state) => {
        const answer = this.#answer(seat, effect, crashed, state);
        if (late === null || answer === null || !["obtain", "execute"].includes(effect.type)) return answer;
        late.push(answer);
        return null;
      },
    };
  }

  #answer(seat: Seat, effect: Effect, salt: number, state: ReplicaState): Answer | null {
    switch (effect.type) {
      case "sign":
        return {
          type: "signed",
          id: effect.id,
          signature: this.#notary.sign(seat, signingRoot(effect.intent)),
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
          seat,
          batch: (view) => hashBytes(new Uint8Array([view, salt])),
          settledAt: state.tip.settledAt,
        });
    }
  }
}
