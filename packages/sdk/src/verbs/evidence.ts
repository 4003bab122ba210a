import { type Bls, signatureWords } from "@aitbc-hybrid/crypto";
import {
  type Checkpoint,
  fromBitmap,
  type Hash,
  type Mode,
  modeIndex,
  type Seat,
  type StatementEvidence,
  type Testimony,
  type VoteBody,
  type VoteEvidence,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import { type PublicClient, parseEventLogs } from "viem";
import { slashingManagerAbi } from "../abi/index.ts";
import { hasBit } from "../chain/index.ts";
import type { Network } from "../network.ts";
import { checkpointWords } from "./checkpoints.ts";
import { type Sender, type Sent, transact } from "./transact.ts";

/** The domain of the two votes, as the contracts find the registry by it. */
export interface EvidenceDomain {
  readonly incarnation: number;
  readonly mode: Mode;
  readonly registryRoot: `0x${string}`;
}

/** A domain as it was signed. */
export interface SignedDomain extends EvidenceDomain {
  readonly epoch: number;
}

const KIND = { notarize: 2, finalize: 3, nullify: 4 } as const;

const vote = (body: VoteBody) => ({
  kind: KIND[body.kind],
  viewNumber: BigInt(body.view),
  parentView: BigInt(body.parentView),
  blockHash: body.blockHash,
});

/** Two conflicting votes in the contracts' form: ordered by kind, their signatures added. */
export function votePair(
  bls: Pick<Bls, "aggregateSignatures">,
  evidence: VoteEvidence,
  domain: EvidenceDomain,
) {
  const [first, second] =
    KIND[evidence.first.kind] <= KIND[evidence.second.kind]
      ? [evidence.first, evidence.second]
      : [evidence.second, evidence.first];
  return {
    epoch: BigInt(evidence.epoch),
    incarnation: domain.incarnation,
    mode: modeIndex(domain.mode),
    registryRoot: domain.registryRoot,
    seat: evidence.seat,
    first: vote(first),
    second: vote(second),
    signature: signatureWords(bls.aggregateSignatures([first.signature, second.signature])),
  };
}

/**
 * Convicts the signer of two votes that no honest key makes; the sender is rewarded.
 * @throws SdkError REVERTED (SlashingManagerAlreadyCharged: somebody was faster).
 */
export async function submitEvidence(
  sender: Sender,
  network: Network,
  bls: Pick<Bls, "aggregateSignatures">,
  evidence: VoteEvidence,
  domain: EvidenceDomain,
): Promise<Sent & { readonly validator: number; readonly taken: bigint; readonly reward: bigint }> {
  const sent = await transact(sender, {
    address: network.addresses.slashing,
    abi: slashingManagerAbi,
    functionName: "submitVotes",
    args: [votePair(bls, evidence, domain)],
  });
  const [event] = parseEventLogs({ abi: slashingManagerAbi, logs: [...sent.logs], eventName: "Convicted" });
  return {
    ...sent,
    validator: Number(event?.args.validator ?? 0n),
    taken: (event?.args.bondTaken ?? 0n) + (event?.args.delegatedTaken ?? 0n),
    reward: event?.args.reward ?? 0n,
  };
}

const NO_SEATS: readonly [bigint, bigint, bigint, bigint] = [0n, 0n, 0n, 0n];

/** Seats as the contracts' bitmaps of four words. */
function bitmapOf(seats: readonly Seat[]): readonly [bigint, bigint, bigint, bigint] {
  const words: [bigint, bigint, bigint, bigint] = [0n, 0n, 0n, 0n];
  for (const seat of seats) words[seat >> 8]! |= 1n << BigInt(seat & 255);
  return words;
}

const NO_CHECKPOINT = checkpointWords({
  height: 0,
  view: 0,
  stamp: 0,
  blockHash: ZERO_HASH,
  stateRoot: ZERO_HASH,
  blocksRoot: ZERO_HASH,
  previous: ZERO_HASH,
  boundary: null,
});

const checkpointVote = { kind: 5, viewNumber: 0n, parentView: 0n, blockHash: ZERO_HASH } as const;

/** What a testimony says, in the contracts' form, without its domain. */
function saidBy(testimony: Testimony) {
  switch (testimony.type) {
    case "vote":
      return {
        vote: vote(testimony.vote),
        checkpoint: NO_CHECKPOINT,
        signers: bitmapOf([testimony.vote.seat]),
      };
    case "certificate": {
      const { certificate } = testimony;
      const signers = bitmapOf(fromBitmap(certificate.bitmap));
      return { vote: vote(certificate), checkpoint: NO_CHECKPOINT, signers };
    }
    case "checkpointVote": {
      const { checkpoint, seat } = testimony.vote;
      return { vote: checkpointVote, checkpoint: checkpointWords(checkpoint), signers: bitmapOf([seat]) };
    }
    case "checkpointCertificate": {
      const { checkpoint, bitmap } = testimony.certificate;
      const signers = bitmapOf(fromBitmap(bitmap));
      return { vote: checkpointVote, checkpoint: checkpointWords(checkpoint), signers };
    }
    case "restart": {
      const { view, blockHash, seat } = testimony.vote;
      const said = { kind: 6, viewNumber: BigInt(view), parentView: 0n, blockHash } as const;
      return { vote: said, checkpoint: NO_CHECKPOINT, signers: seat === null ? NO_SEATS : bitmapOf([seat]) };
    }
  }
}

const statement = (testimony: Testimony, domain: SignedDomain) => ({
  epoch: BigInt(domain.epoch),
  incarnation: domain.incarnation,
  mode: modeIndex(domain.mode),
  registryRoot: domain.registryRoot,
  ...saidBy(testimony),
  nextRoot: ZERO_HASH,
  nextSigners: NO_SEATS,
});

/** Domain hash and signature of a testimony. */
export function signedIn(testimony: Testimony): { readonly domain: Hash; readonly signature: Uint8Array } {
  return "certificate" in testimony ? testimony.certificate : testimony.vote;
}

/** Two statements that exclude each other in the contracts' form: by kind, a RESTART second; of checkpoints the higher second. */
export function contradiction(
  bls: Pick<Bls, "aggregateSignatures">,
  evidence: StatementEvidence,
  domainOf: (domain: Hash) => SignedDomain,
) {
  const sides = [evidence.first, evidence.second].map((testimony) => {
    const { domain, signature } = signedIn(testimony);
    return { testimony, domain, signature, words: statement(testimony, domainOf(domain)) };
  });
  const [first, second] = sides as [(typeof sides)[number], (typeof sides)[number]];
  const inOrder = first.words.vote.kind <= second.words.vote.kind ? [first, second] : [second, first];
  const [lower, higher] = inOrder as [typeof first, typeof first];
  return {
    first: lower.words,
    second: higher.words,
    chain: evidence.chain.map((checkpoint: Checkpoint) => ({
      domain: evidence.domain,
      checkpoint: checkpointWords(checkpoint),
    })),
    ...movedIn(evidence, lower, higher),
    signature: signatureWords(bls.aggregateSignatures([lower.signature, higher.signature])),
  };
}

interface Side {
  readonly testimony: Testimony;
  readonly words: ReturnType<typeof statement>;
}

/** A RESTART of the epoch before binds a key that may have another seat by now, or had none: it is named by both seats. */
function movedIn(evidence: StatementEvidence, other: Side, restart: Side) {
  const together = { moved: false, firstSeat: 0, secondSeat: 0 };
  if (restart.testimony.type !== "restart" || restart.words.epoch === other.words.epoch) return together;
  const { seat, seatNext } = restart.testimony.vote;
  const firstSeat = evidence.seats[0]!;
  if (seat !== null) return { moved: true, firstSeat, secondSeat: seat };
  const { registryRoot } = other.words;
  const nextSigners = bitmapOf([seatNext ?? firstSeat]);
  const second = { ...restart.words, nextRoot: registryRoot, nextSigners };
  return { second, moved: true, firstSeat, secondSeat: 1_024 + (seatNext ?? firstSeat) };
}

/**
 * Convicts everybody who signed both of two statements: a single one is charged at once, many have to be charged by
 * `executeGroup`.
 * @throws SdkError REVERTED (SlashingManagerAlreadyCharged: all of them are convicted).
 */
export async function submitContradiction(
  sender: Sender,
  network: Network,
  bls: Pick<Bls, "aggregateSignatures">,
  evidence: StatementEvidence,
  domainOf: (domain: Hash) => SignedDomain,
): Promise<Sent & { readonly group: Hash | null }> {
  const sent = await transact(sender, {
    address: network.addresses.slashing,
    abi: slashingManagerAbi,
    functionName: "submitContradiction",
    args: [contradiction(bls, evidence, domainOf), ZERO_HASH],
  });
  const [event] = parseEventLogs({
    abi: slashingManagerAbi,
    logs: [...sent.logs],
    eventName: "GroupConvicted",
  });
  return { ...sent, group: event?.args.id ?? null };
}

/** Seats of a group that are convicted and not charged yet; none once it is executed. */
export async function waitingIn(client: PublicClient, network: Network, group: Hash): Promise<Seat[]> {
  const { seats } = await client.readContract({
    address: network.addresses.slashing,
    abi: slashingManagerAbi,
    functionName: "group",
    args: [group],
  });
  return Array.from({ length: 1_024 }, (_, seat) => seat).filter((seat) => hasBit(seats, seat));
}

/** Groups convicted since a block. */
export async function groupsSince(
  client: PublicClient,
  network: Network,
  fromBlock: bigint,
): Promise<Hash[]> {
  const events = await client.getContractEvents({
    address: network.addresses.slashing,
    abi: slashingManagerAbi,
    eventName: "GroupConvicted",
    strict: true,
    fromBlock,
  });
  return events.map(({ args }) => args.id);
}

/** Charges members of a group; those charged already are passed over. Anyone. */
export const executeGroup = (
  sender: Sender,
  network: Network,
  group: Hash,
  seats: readonly Seat[],
): Promise<Sent> =>
  transact(sender, {
    address: network.addresses.slashing,
    abi: slashingManagerAbi,
    functionName: "executeGroup",
    args: [group, [...seats]],
  });

/** Takes what is due from a validator: the surcharge of a conviction once its window is over, a charge for absence once its delay is. Anyone. */
export function settleCharges(sender: Sender, network: Network, validator: number): Promise<Sent> {
  return transact(sender, {
    address: network.addresses.slashing,
    abi: slashingManagerAbi,
    functionName: "settle",
    args: [BigInt(validator)],
  });
}

/** Pays a reward for evidence that was kept back for an hour to who reported. @param id The offence, or the group. */
export async function takeReward(
  sender: Sender,
  network: Network,
  id: `0x${string}`,
): Promise<Sent & { readonly amount: bigint }> {
  const sent = await transact(sender, {
    address: network.addresses.slashing,
    abi: slashingManagerAbi,
    functionName: "takeReward",
    args: [id, ZERO_HASH],
  });
  const [event] = parseEventLogs({ abi: slashingManagerAbi, logs: [...sent.logs], eventName: "RewardPaid" });
  return { ...sent, amount: event?.args.amount ?? 0n };
}
