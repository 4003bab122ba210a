import {
  type Block,
  blockHash,
  type Hash,
  type Hex,
  type Message,
  type Peer,
  type Proposal,
  type VoteBody,
  voteRoot,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import type { Behaviour, Wire } from "../shell.ts";

/** The byzantine behaviours of random schedules. */
export const BEHAVIOURS = [
  "silent",
  "equivocating",
  "selective",
  "withholding",
  "doubleVoting",
  "nullifySpam",
  "malformed",
  "withheldBatches",
] as const;
export type BehaviourName = (typeof BEHAVIOURS)[number];

const OTHER: Hex = `0x${"ee".repeat(20)}`;

/** Which half of the network a peer is in, for this view: halves change so that nobody is always the victim. */
const half = (peer: Peer, view: number): boolean => {
  let sum = view;
  for (let i = 0; i < peer.length; i++) sum += peer.charCodeAt(i) * (i + 1);
  return sum % 2 === 0;
};

function sendVote(wire: Wire, to: Peer, epoch: number, domain: Hash, body: VoteBody): void {
  const seat = wire.view()?.ownSeat ?? null;
  if (seat === null) return;
  wire.send(to, {
    type: "vote",
    vote: { ...body, epoch, domain, seat, signature: wire.sign(voteRoot(domain, body)) },
  });
}

/** A second proposal of the same view, as valid as the first. */
export function variant(wire: Wire, proposal: Proposal): Proposal {
  const header = { ...proposal.block.header, feeRecipient: OTHER };
  const block: Block = { header, body: proposal.block.body };
  const { domain, view, parentView } = proposal;
  const vote = { kind: "notarize", view, parentView, blockHash: blockHash(header) } as const;
  return { ...proposal, block, signature: wire.sign(voteRoot(domain, vote)) };
}

const isOwn = (wire: Wire, proposal: Proposal): boolean => proposal.seat === wire.view()?.ownSeat;

const silent = (): Behaviour => ({ outgoing: () => [] });

/** Two blocks to two halves, each with the leader's NOTARIZE and FINALIZE; some get both. */
function equivocating(): Behaviour {
  const second = new Map<number, Proposal>();
  return {
    outgoing(wire, to, message) {
      if (message.type !== "proposal" || !isOwn(wire, message.proposal)) return [message];
      const { proposal } = message;
      const { view, epoch, domain, parentView } = proposal;
      const other = second.get(view) ?? variant(wire, proposal);
      second.set(view, other);
      const first = half(to, view);
      wire.later(5, () => {
        const hash = blockHash((first ? proposal : other).block.header);
        sendVote(wire, to, epoch, domain, { kind: "finalize", view, parentView, blockHash: hash });
      });
      if (wire.random.chance(0.1)) return [message, { type: "proposal", proposal: other }];
      return [first ? message : { type: "proposal", proposal: other }];
    },
  };
}

/** Serves only half of the network, another half in every view. */
const selective = (): Behaviour => ({
  outgoing: (wire, to, message) => (half(to, wire.view()?.view ?? 0) ? [message] : []),
});

/** Leaves out single kinds of messages. */
const withholding = (): Behaviour => ({
  outgoing(wire, _to, message) {
    if (message.type === "vote" && message.vote.kind !== "nullify" && wire.random.chance(0.7)) return [];
    return message.type === "certificate" && wire.random.chance(0.7) ? [] : [message];
  },
});

/** Votes for everything it sees, in every way, towards different halves. */
function doubleVoting(): Behaviour {
  const seen = new Set<Hash>();
  return {
    incoming(wire, _from, message) {
      if (message.type !== "proposal") return true;
      const { proposal } = message;
      const hash = blockHash(proposal.block.header);
      if (seen.has(hash)) return true;
      seen.add(hash);
      const { epoch, domain, view, parentView } = proposal;
      for (const to of wire.peers) {
        if (to === wire.peer) continue;
        const target = { view, parentView, blockHash: hash };
        sendVote(wire, to, epoch, domain, { kind: "notarize", ...target });
        if (half(to, view)) sendVote(wire, to, epoch, domain, { kind: "finalize", ...target });
        else
          sendVote(wire, to, epoch, domain, { kind: "nullify", view, parentView: 0, blockHash: ZERO_HASH });
      }
      return true;
    },
  };
}

/** NULLIFY of this view and of later ones, at once and again. */
function nullifySpam(): Behaviour {
  let last = -1;
  return {
    outgoing(wire, _to, message) {
      if (message.type !== "vote") return [message];
      const { epoch, domain, view } = message.vote;
      if (view !== last) {
        last = view;
        for (const peer of wire.peers) {
          if (peer === wire.peer) continue;
          for (let u = view; u < view + 3; u++)
            sendVote(wire, peer, epoch, domain, {
              kind: "nullify",
              view: u,
              parentView: 0,
              blockHash: ZERO_HASH,
            });
        }
      }
      return wire.random.chance(0.5) ? [message] : [message, message];
    },
  };
}

/** A behaviour with memory of its own: one for each node. */
export function behaviour(name: BehaviourName): Behaviour {
  switch (name) {
    case "silent":
      return silent();
    case "equivocating":
      return equivocating();
    case "selective":
      return selective();
    case "withholding":
      return withholding();
    case "doubleVoting":
      return doubleVoting();
    case "nullifySpam":
      return nullifySpam();
    case "malformed":
      return { batches: "malformed" };
    case "withheldBatches":
      return { batches: "withheld" };
  }
}

/** Follows the rules on the wire; what makes it byzantine is that another process has its key (Twins). */
export const twin = (): Behaviour => ({});

/** Drops messages of some kind for good: directed scenarios. */
export const dropping = (drop: (to: Peer, message: Message) => boolean): Behaviour => ({
  outgoing: (_wire, to, message) => (drop(to, message) ? [] : [message]),
});
