import {
  type Block,
  blockHash,
  type Certificate,
  certificatesHash,
  checkpointRoot,
  commitmentHash,
  fromBitmap,
  type Hash,
  type Hex,
  type LateVote,
  lateVotesHash,
  type Message,
  MODES,
  type Peer,
  type Proposal,
  type VoteBody,
  voteRoot,
  vrfOutput,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import type { Behaviour, Wire } from "../shell/index.ts";

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
  "forging",
  "lyingLeader",
  "replaying",
  "wrongCandidate",
] as const;
export type BehaviourName = (typeof BEHAVIOURS)[number];

const OTHER_HASH: Hash = `0x${"ee".repeat(32)}`;
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

const JUNK = new Uint8Array(96).fill(7);

/** Votes in others' names, certificates and checkpoints that nobody signed, and claims to be far ahead. */
const forging = (): Behaviour => ({
  outgoing(wire, to, message) {
    if (!wire.random.chance(0.15)) return [message];
    if (message.type === "vote") {
      const seat = wire.random.whole(0, 6);
      return [message, { type: "vote", vote: { ...message.vote, seat, signature: JUNK } }];
    }
    if (message.type === "certificate") {
      const { certificate } = message;
      const other = { ...certificate, kind: "nullify", parentView: 0, blockHash: ZERO_HASH } as const;
      return [{ type: "certificate", certificate: other }, message];
    }
    if (message.type === "checkpointVote") {
      const checkpoint = { ...message.vote.checkpoint, stateRoot: ZERO_HASH };
      const signature = wire.sign(checkpointRoot(message.vote.domain, checkpoint));
      return [message, { type: "checkpointVote", vote: { ...message.vote, checkpoint, signature } }];
    }
    if (message.type === "signal") {
      const { signal } = message;
      return [
        message,
        { type: "signal", signal: { ...signal, seat: wire.random.whole(0, 6), signature: JUNK } },
      ];
    }
    if (message.type === "status") {
      const { status } = message;
      const ahead = { ...status, view: status.view + 500, finalHeight: status.finalHeight + 1000 };
      wire.send(to, { type: "status", status: ahead });
    }
    return [message];
  },
});

/** A late vote that nobody signed, of somebody who is missing in a certificate. */
function inOthersNames(certificate: Certificate | undefined): readonly LateVote[] {
  if (certificate === undefined || certificate.kind === "nullify") return [];
  const { bitmap, signature: _, ...vote } = certificate;
  const present = new Set(fromBitmap(bitmap));
  const missing = Array.from({ length: 8 * bitmap.length }, (_, seat) => seat).filter(
    (seat) => !present.has(seat),
  );
  return missing.slice(0, 1).map((seat) => ({ ...vote, seat, signature: JUNK }));
}

/** Proposals that are false in one place, signed all the same. */
function lyingLeader(): Behaviour {
  const told = new Map<string, Proposal>();
  const lie = (wire: Wire, proposal: Proposal): Proposal => {
    const { header, body } = proposal.block;
    const headers: readonly Partial<typeof header>[] = [
      { stateRoot: ZERO_HASH },
      { receiptsRoot: OTHER_HASH },
      { stamp: header.stamp + 60_000 },
      { stamp: header.stamp - 1 },
      { settledAt: header.settledAt + 1 },
      { reference: { number: header.reference.number + 100_000, hash: OTHER_HASH } },
      { reference: { number: header.reference.number, hash: OTHER_HASH } },
      { height: header.height + 1 },
      { inboxCursor: 9 },
      {},
    ];
    const [first, ...rest] = body.certificates;
    const bodies: readonly Partial<typeof body>[] = [
      { vrfProof: JUNK },
      { certificates: rest },
      { certificates: first === undefined ? [] : [{ ...first, signature: JUNK }, ...rest] },
      { commitment: null },
      { lateVotes: [...body.lateVotes, ...inOthersNames(first)] },
      { commitment: body.commitment && { ...body.commitment, modeWanted: wire.random.pick(MODES) } },
      { commitment: body.commitment && { ...body.commitment, modeNext: wire.random.pick(MODES) } },
    ];
    const inHeader = wire.random.chance(0.6);
    const told = { ...body, ...(inHeader ? {} : wire.random.pick(bodies)) };
    const block: Block = {
      header: {
        ...header,
        ...(inHeader ? wire.random.pick(headers) : {}),
        vrfOutput: vrfOutput(told.vrfProof),
        certificatesHash: certificatesHash(told),
        lateVotesHash: lateVotesHash(told.lateVotes),
        // A first block's is of what was handed over, which its body does not say.
        commitment:
          told.commitment !== null
            ? commitmentHash(told.commitment)
            : body.commitment === null
              ? header.commitment
              : ZERO_HASH,
      },
      body: told,
    };
    const { domain, view, parentView } = proposal;
    const vote = { kind: "notarize", view, parentView, blockHash: blockHash(block.header) } as const;
    return { ...proposal, block, signature: wire.sign(voteRoot(domain, vote)) };
  };
  return {
    outgoing(wire, _to, message) {
      if (message.type !== "proposal" || !isOwn(wire, message.proposal)) return [message];
      const key = `${message.proposal.domain}${message.proposal.view}`;
      const proposal = told.get(key) ?? lie(wire, message.proposal);
      told.set(key, proposal);
      return [{ type: "proposal", proposal }];
    },
  };
}

/** Keeps what it hears and says it again later: as it was, and dressed up for the present epoch. */
function replaying(): Behaviour {
  const heard: Message[] = [];
  return {
    incoming(wire, _from, message) {
      if (heard.length < 400) heard.push(message);
      if (!wire.random.chance(0.05)) return true;
      const epoch = wire.view()?.epoch ?? 0;
      for (let i = 0; i < 4; i++) {
        const old = wire.random.pick(heard);
        const to = wire.random.pick(wire.peers);
        wire.send(to, old);
        if (old.type === "vote") wire.send(to, { type: "vote", vote: { ...old.vote, epoch } });
        if (old.type === "certificate")
          wire.send(to, { type: "certificate", certificate: { ...old.certificate, epoch } });
        if (old.type === "checkpointVote")
          wire.send(to, { type: "checkpointVote", vote: { ...old.vote, epoch } });
      }
      return true;
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
    case "forging":
      return forging();
    case "lyingLeader":
      return lyingLeader();
    case "replaying":
      return replaying();
    case "wrongCandidate":
      return { candidate: "wrong" };
  }
}

/** Follows the rules on the wire; what makes it byzantine is that another process has its key (Twins). */
export const twin = (): Behaviour => ({});

/** Drops messages of some kind for good: directed scenarios. */
export const dropping = (drop: (to: Peer, message: Message) => boolean): Behaviour => ({
  outgoing: (_wire, to, message) => (drop(to, message) ? [] : [message]),
});
