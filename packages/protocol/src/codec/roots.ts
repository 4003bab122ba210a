import { hashBytes } from "../hash.ts";
import type {
  Accounting,
  Batch,
  BlockBody,
  Boundary,
  Certificate,
  Checkpoint,
  CheckpointCertificate,
  Commitment,
  EpochStart,
  Genesis,
  Hash,
  Header,
  Hex,
  LateVote,
  Mode,
  Params,
  Participation,
  SignalBody,
  VoteBody,
} from "../types/index.ts";
import { isSignal, modeIndex, ZERO_HASH } from "../types/index.ts";
import { Writer } from "./bytes.ts";
import { writeAccounting, writeCommitment, writeHeader } from "./fields.ts";
import { merkleRoot } from "./merkle.ts";
import { writeParams } from "./params.ts";

/**
 * Kind tags: the first byte of everything that is hashed, so that no two kinds share a preimage (docs/encodings.md).
 * Numbers are never reused.
 */
export const TAG = {
  domain: 0x01,
  notarize: 0x02,
  finalize: 0x03,
  nullify: 0x04,
  checkpoint: 0x05,
  restart: 0x06,
  vrf: 0x07,
  ready: 0x08,
  possession: 0x09,
  vrfOutput: 0x0a,
  readiness: 0x0b,
  header: 0x10,
  batch: 0x11,
  certificates: 0x12,
  lateVotes: 0x13,
  commitment: 0x14,
  boundary: 0x15,
  accounting: 0x16,
  certificate: 0x17,
  handover: 0x18,
  seed: 0x20,
  seedStep: 0x21,
  drawClass: 0x22,
  drawMember: 0x23,
  recoverySeed: 0x24,
  genesis: 0x30,
  snapshot: 0x31,
  key: 0x32,
  mountainRange: 0x36,
  // 0x35 was the parameters before modes switched.
  params: 0x37,
  addresses: 0x3f,
} as const;

/** Writers at rest. One field of a hash may be another hash, so that several can be in use. */
const idle: Writer[] = [];

const tagged = (tag: number): Writer => (idle.pop() ?? new Writer(512)).u8(tag);

function finish(writer: Writer): Hash {
  const hash = hashBytes(writer.done());
  idle.push(writer.reset());
  return hash;
}

/** What identifies a domain D (protocol.md section 1). */
export interface DomainFields {
  readonly chainId: number;
  readonly genesisHash: Hash;
  readonly epoch: number;
  readonly incarnation: number;
  readonly mode: Mode;
  /** `snapshotHash` of R_e. */
  readonly registry: Hash;
}

/** D: every signature covers it; signatures of different domains never count together. */
export function domainHash(d: DomainFields): Hash {
  return finish(
    tagged(TAG.domain)
      .u64(d.chainId, "chainId")
      .hash(d.genesisHash)
      .u64(d.epoch, "epoch")
      .u32(d.incarnation, "incarnation")
      .u8(modeIndex(d.mode))
      .hash(d.registry),
  );
}

/** The 32 bytes that a vote's signature signs. */
export function voteRoot(domain: Hash, vote: VoteBody): Hash {
  if (vote.kind === "nullify") return finish(tagged(TAG.nullify).hash(domain).u64(vote.view, "view"));
  return finish(
    tagged(vote.kind === "notarize" ? TAG.notarize : TAG.finalize)
      .hash(domain)
      .u64(vote.view, "view")
      .u64(vote.parentView, "parentView")
      .hash(vote.blockHash),
  );
}

/** Hash of an epoch's last block's commitment. */
export function commitmentHash(c: Commitment): Hash {
  const writer = tagged(TAG.commitment);
  writeCommitment(writer, c);
  return finish(writer);
}

function participationWriter(vector: readonly Participation[]): Writer {
  const writer = new Writer(4 * vector.length + 4);
  for (const seat of vector) writer.u16(seat.missed, "missed").u16(seat.proposed, "proposed");
  return writer;
}

/** A participation vector as the contracts take it: four bytes a seat, no tag (docs/encodings.md, tag 16). */
export const encodeParticipation = (vector: readonly Participation[]): Uint8Array =>
  participationWriter(vector).done().slice();

/** Its hash. */
export const participationHash = (vector: readonly Participation[]): Hash =>
  hashBytes(participationWriter(vector).done());

/** Hash of what rewards are computed from. */
export function accountingHash(a: Accounting): Hash {
  const writer = tagged(TAG.accounting);
  writeAccounting(writer, a);
  return finish(writer);
}

/** Hash of what a boundary checkpoint adds. */
export function boundaryHash(b: Boundary): Hash {
  return finish(tagged(TAG.boundary).hash(commitmentHash(b.commitment)).hash(accountingHash(b.accounting)));
}

/** A checkpoint's hash, which is also its signing root and the next checkpoint's `previous`. */
export function checkpointRoot(domain: Hash, c: Checkpoint): Hash {
  return finish(
    tagged(TAG.checkpoint)
      .hash(domain)
      .u64(c.height, "height")
      .u64(c.view, "view")
      .u64(c.stamp, "stamp")
      .hash(c.blockHash)
      .hash(c.stateRoot)
      .hash(c.blocksRoot)
      .hash(c.previous)
      .hash(c.boundary === null ? ZERO_HASH : boundaryHash(c.boundary)),
  );
}

/** RESTART's signing root (protocol.md section 6). */
export function restartRoot(domain: Hash, view: number, blockHash: Hash): Hash {
  return finish(tagged(TAG.restart).hash(domain).u64(view, "view").hash(blockHash));
}

/** What a leader signs to prove its VRF output for a term (section 5). */
export function vrfRoot(domain: Hash, seed: Hash, term: number): Hash {
  return finish(tagged(TAG.vrf).hash(domain).hash(seed).u64(term, "term"));
}

/** VRF output: hash of the unique signature, compressed, 96 bytes. */
export function vrfOutput(proof: Uint8Array): Hash {
  return finish(tagged(TAG.vrfOutput).bytes(proof));
}

/** Root of a daily READY signature of a standby seat. */
export function readyRoot(domain: Hash, day: number): Hash {
  return finish(tagged(TAG.ready).hash(domain).u32(day, "day"));
}

/** Root of a member's sign that it can run `epoch` in `mode`; `domain` is that of the epoch before, in which it is carried. */
export function readinessRoot(domain: Hash, epoch: number, mode: Mode): Hash {
  return finish(tagged(TAG.readiness).hash(domain).u64(epoch, "epoch").u8(modeIndex(mode)));
}

/** Signing root of a signal that is signed in `epoch`, whose domain is `domain`. */
export function signalRoot(domain: Hash, epoch: number, signal: SignalBody): Hash {
  return signal.kind === "ready"
    ? readyRoot(domain, signal.day)
    : readinessRoot(domain, epoch + 1, signal.mode);
}

/** What proves possession of a key to ValidatorRegistry; signed under the possession DST. */
export function possessionRoot(p: {
  readonly settlementChainId: number;
  readonly registryAddress: Hex;
  readonly validatorId: number;
  /** x | y, 96 bytes. */
  readonly keyBytes: Uint8Array;
}): Hash {
  return finish(
    tagged(TAG.possession)
      .u64(p.settlementChainId, "settlementChainId")
      .hex(p.registryAddress, 20, "registryAddress")
      .u64(p.validatorId, "validatorId")
      .bytes(p.keyBytes),
  );
}

/** seed_0. */
export function genesisSeed(genesisHash: Hash): Hash {
  return finish(tagged(TAG.seed).hash(genesisHash));
}

/** Folds the output of one more term into the seed accumulator (starts as seed_e, ends as seed_{e+1}). */
export function seedStep(accumulator: Hash, output: Hash): Hash {
  return finish(tagged(TAG.seedStep).hash(accumulator).hash(output));
}

/** seed_{e+1} after a recovery of e: no term's output counts, the recovery point does (sections 5 and 6). */
export function recoverySeed(seed: Hash, incarnation: number, blockHash: Hash): Hash {
  return finish(tagged(TAG.recoverySeed).hash(seed).u32(incarnation, "incarnation").hash(blockHash));
}

/** The two independent draws of section 5, as 256-bit integers. */
export function draw(what: "class" | "member", domain: Hash, seed: Hash, term: number): bigint {
  const tag = what === "class" ? TAG.drawClass : TAG.drawMember;
  return BigInt(finish(tagged(tag).hash(domain).hash(seed).u64(term, "term")));
}

/** Roots of final heights that every epoch takes over, as far as there are as many: more than `rootLag` looks back at. */
export const ROOTS_HANDED_OVER = 64;

/**
 * What an epoch begins with that nothing else signed says: the hybrid manager's averages, the last roots, and with them
 * what the ledger hands on. The `commitment` of its first header, so that a node that joins takes nothing over on anybody's word.
 */
export function handoverHash({ hybrid, roots }: Pick<EpochStart, "hybrid" | "roots">): Hash {
  const writer = tagged(TAG.handover)
    .u8(modeIndex(hybrid.modeWanted))
    .u64(hybrid.resident, "resident")
    .u64(hybrid.capacity, "capacity")
    .u64(hybrid.rate, "rate")
    .u32(hybrid.multiplier, "multiplier");
  for (const { stateRoot, receiptsRoot, handedOn } of roots.slice(-ROOTS_HANDED_OVER))
    writer.hash(stateRoot).hash(receiptsRoot).hash(handedOn);
  return finish(writer);
}

/** Digest of a batch: proves author, order and each transaction (section 9). `transactions` are transaction hashes. */
export function batchDigest(
  chainId: number,
  batch: Pick<Batch, "author" | "sequence"> & {
    readonly bytes: number;
    readonly transactions: readonly Hash[];
  },
): Hash {
  return finish(
    tagged(TAG.batch)
      .u64(chainId, "chainId")
      .u64(batch.author, "author")
      .u64(batch.sequence, "sequence")
      .u32(batch.transactions.length, "count")
      .u32(batch.bytes, "bytes")
      .hash(merkleRoot(batch.transactions)),
  );
}

function certificateItem(root: Hash, bitmap: Uint8Array, signature: Uint8Array): Hash {
  return finish(
    tagged(TAG.certificate).hash(root).u16(bitmap.length, "bitmap").bytes(bitmap).bytes(signature),
  );
}

/** Hash of a certificate as a block carries it. */
export function certificateHash(c: Certificate): Hash {
  return certificateItem(voteRoot(c.domain, c), c.bitmap, c.signature);
}

/** Hash of a backed checkpoint as a block carries it. */
export function backingHash(c: CheckpointCertificate): Hash {
  return certificateItem(checkpointRoot(c.domain, c.checkpoint), c.bitmap, c.signature);
}

/** The header's `certificatesHash`. */
export function certificatesHash(body: Pick<BlockBody, "certificates" | "backings">): Hash {
  const writer = tagged(TAG.certificates);
  for (const certificate of body.certificates) writer.hash(certificateHash(certificate));
  for (const backing of body.backings) writer.hash(backingHash(backing));
  return finish(writer);
}

/** Signing root of a late vote or signal. */
export const lateRoot = (item: LateVote): Hash =>
  isSignal(item) ? signalRoot(item.domain, item.epoch, item) : voteRoot(item.domain, item);

/** True if two late votes are of one root because they say the same, signer apart. */
const saysTheSame = (a: LateVote, b: LateVote): boolean =>
  !isSignal(a) &&
  !isSignal(b) &&
  a.kind === b.kind &&
  a.view === b.view &&
  a.parentView === b.parentView &&
  a.blockHash === b.blockHash &&
  a.domain === b.domain;

/** Signing roots of late votes and signals. Those of one block stand side by side, and share theirs. */
export function lateRoots(votes: readonly LateVote[]): readonly Hash[] {
  const roots: Hash[] = [];
  votes.forEach((vote, at) => {
    const before = votes[at - 1];
    roots.push(before !== undefined && saysTheSame(before, vote) ? roots[at - 1]! : lateRoot(vote));
  });
  return roots;
}

/** The header's `lateVotesHash`, over votes and their {@link lateRoots}. */
export function lateVotesHash(votes: readonly LateVote[], roots: readonly Hash[] = lateRoots(votes)): Hash {
  const writer = tagged(TAG.lateVotes);
  votes.forEach(({ seat, signature }, at) => {
    writer.hash(roots[at]!).u16(seat, "seat").bytes(signature);
  });
  return finish(writer);
}

/** A block's hash. */
export function blockHash(h: Header): Hash {
  const writer = tagged(TAG.header);
  writeHeader(writer, h);
  return finish(writer);
}

/** Hash of height 0, as CheckpointManager computes it in `start`. */
export function genesisHash(g: Genesis): Hash {
  return finish(
    tagged(TAG.genesis)
      .u64(g.chainId, "chainId")
      .u64(g.settlementChainId, "settlementChainId")
      .hash(g.addressesHash)
      .hash(g.snapshotHash)
      .u8(modeIndex(g.mode))
      .hash(g.stateRoot)
      .u64(g.stamp, "stamp"),
  );
}

/** Hash of the core contracts' addresses, in the documented order. */
export function addressesHash(addresses: readonly Hex[]): Hash {
  const writer = tagged(TAG.addresses);
  for (const address of addresses) writer.hex(address, 20, "address");
  return finish(writer);
}

/** Hash of the sealed parameters. */
export function paramsHash(params: Params): Hash {
  const writer = tagged(TAG.params);
  writeParams(writer, params);
  return finish(writer);
}
