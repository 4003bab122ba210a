import {
  type Effect,
  firstOfTerm,
  type Hash,
  hashBytes,
  hashOf,
  type Message,
  type Millis,
  type Proposal,
  type ReplicaState,
  termOf,
  vrfRoot,
} from "@aitbc-hybrid/protocol";
import type { Answer, Notary } from "../../twins/index.ts";
import type { Local } from "../local.ts";
import type { ModelVote } from "../trace.ts";
import type { Blocks } from "./blocks.ts";
import { type Certificates, termViewsOf } from "./certificates.ts";
import { type Replicas, said } from "./replicas.ts";
import { referenceOf, settledAt, shownTo } from "./settled.ts";
import type { Domain, Instance, Node } from "./types.ts";

/** Longer than any view takes. */
const MARGIN: Millis = 1e6;

/** A proposal with the leader that made it, who may go on from there. */
interface Made {
  readonly proposal: Proposal;
  readonly leader: Local;
}

/** The proposals that the model's votes are for, each made by a corrupt leader that was led to it. */
export class Proposals {
  readonly #instance: Instance;
  readonly #notary: Notary;
  readonly #blocks: Blocks;
  readonly #replicas: Replicas;
  readonly #certificates: Certificates;
  readonly #made = new Map<string, Made>();

  constructor(
    instance: Instance,
    notary: Notary,
    blocks: Blocks,
    replicas: Replicas,
    certificates: Certificates,
  ) {
    this.#instance = instance;
    this.#notary = notary;
    this.#blocks = blocks;
    this.#replicas = replicas;
    this.#certificates = certificates;
  }

  /** The proposal of the model's vote, by the leader that proposed its parent where that is of the same term. */
  proposal(node: Pick<Node, "local" | "domain">, vote: ModelVote): Proposal | null {
    return this.#madeFor(node, vote)?.proposal ?? null;
  }

  #madeFor({ local, domain }: Pick<Node, "local" | "domain">, vote: ModelVote): Made | null {
    const name = (view: number, block: number, parentView: number): string =>
      `${domain.epoch}.${domain.incarnation} ${view} ${block} ${parentView}`;
    const key = name(vote.view, vote.block, vote.parentView);
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const { view, block, parentView } = vote;
    const parent = this.#blocks.parentOf(block);
    let { leader } = domain;
    if (view !== firstOfTerm(view, termViewsOf(domain))) {
      const own = local.state.own.get(parentView)?.notarize?.blockHash;
      const held = this.#certificates.blockAt(domain, parentView)?.blockHash ?? own;
      const before = [...this.#made].filter(
        ([of, { proposal }]) =>
          of.startsWith(`${domain.epoch}.${domain.incarnation} ${parentView} `) &&
          [`${parent}`, `${block}`].includes(this.#blocks.nameOf(hashOf(proposal.block))!),
      );
      const [, made] = before.find(([, { proposal }]) => hashOf(proposal.block) === held) ?? before[0] ?? [];
      if (made === undefined) return null;
      ({ leader } = made);
    }
    const made = this.#propose(domain, leader, vote);
    if (made !== null) {
      this.#blocks.remember(made.proposal.block, `${block}`);
      this.#made.set(key, made);
    }
    return made;
  }

  #propose(domain: Domain, begun: Local, vote: ModelVote): Made | null {
    const { incarnation } = domain;
    let found: Proposal | null = null;
    const around = this.#replicas.around(begun.seat);
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
      return this.#replicas.run(
        { ...local, state: { ...local.state, timers, timer: null } },
        [input],
        looking,
      );
    };
    const ground = this.#certificates.ground(domain, vote);
    let leader = begun;
    for (const certificate of ground) {
      const message: Message = { type: "certificate", certificate };
      leader = patiently(leader, said(message));
    }
    leader = patiently({ ...leader, now: this.#stampOf(leader, domain, vote.block) }, { type: "tick" });
    const { payload, epoch } = leader.state;
    if (found === null && payload !== null && payload.view === vote.view) {
      const { tip } = leader.state;
      const inherited = tip.reference.number;
      const reference = referenceOf(Math.max(incarnation, inherited));
      leader = patiently(leader, {
        type: "payload",
        epoch: epoch.start.epoch,
        view: vote.view,
        parentHash: payload.parentHash,
        payload: {
          batches: [hashBytes(new Uint8Array([vote.view, vote.block, vote.parentView]))],
          reference,
          settledAt: settledAt(this.#instance, incarnation),
          inboxCursor: 0,
          feeRecipient: `0x${"00".repeat(20)}`,
          candidate: shownTo(this.#instance, leader.state).candidate,
          vrfProof: this.#notary.sign(leader.seat, this.#vrfRoot(leader.state, vote.view)),
        },
      });
    }
    return found === null ? null : { proposal: found, leader };
  }

  #vrfRoot(state: ReplicaState, view: number): Hash {
    const { domain, start, params } = state.epoch;
    return vrfRoot(domain, start.seed, termOf(view, params.termViews));
  }

  /** The last block of an epoch of Fast comes late in the lease, so that the next epoch's begins where this one's ends. */
  #stampOf({ state, now }: Local, domain: Domain, block: number): Millis {
    const { params, start } = state.epoch;
    const stamps = [...state.blocks.values()].map((record) => record.block.header.stamp);
    const earliest =
      Math.max(now, settledAt(this.#instance, start.incarnation), state.tip.stamp, ...stamps) +
      params.blockTime;
    if (start.mode !== "fast" || !this.#blocks.isLast(domain, block)) return earliest;
    return start.backedStamp + params.lease - MARGIN;
  }
}
