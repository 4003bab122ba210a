import type { Bls } from "@aitbc-hybrid/crypto";
import { bitmapSeats } from "@aitbc-hybrid/crypto";
import { handedOn } from "@aitbc-hybrid/execution";
import {
  bitmapWeights,
  type CertifiedBlock,
  type CheckpointCertificate,
  checkpointRootOf,
  domainHash,
  electorate,
  fromHex,
  type Hash,
  handoverHash,
  hashOf,
  isQuorum,
  type Mode,
  type Registry,
  ROOTS_HANDED_OVER,
  rangeRoot,
  voteRoot,
} from "@aitbc-hybrid/protocol";
import type { LightPosition } from "@aitbc-hybrid/sdk";
import type { Offer } from "./messages.ts";

/** What a light client knows of the epoch that an offer is for. */
export interface Begun extends LightPosition {
  readonly registry: Registry;
  readonly registryNext: string;
  /** The checkpoint that ends the epoch before, verified. */
  readonly boundary: CheckpointCertificate;
  /** Registry and mode of the epoch before. */
  readonly before: { readonly registry: Registry; readonly mode: Mode };
}

/** What tells a chain from others. */
export interface Chain {
  readonly chainId: number;
  readonly genesisHash: Hash;
}

/** Why an offer cannot be true; null if nothing that is signed contradicts it. */
export function contradiction(offer: Offer, begun: Begun, chain: Chain, bls: Verifier): string | null {
  const { last, start, ledger } = offer;
  const { checkpoint } = begun.boundary;
  const { commitment } = checkpoint.boundary!;
  const { header } = last.block;
  if (hashOf(last.block) !== checkpoint.blockHash)
    return "its block is not the one that the checkpoint names";
  if (!isFinal(offer, begun, bls)) return "its block has no valid F";
  const { parent, hybrid } = start;
  const count = checkpoint.height + 1;
  const proved: readonly (readonly [unknown, unknown])[] = [
    [start.epoch, begun.epoch],
    [start.incarnation, begun.incarnation],
    [start.mode, begun.mode],
    [start.registry, begun.registry.root],
    [start.registryNext, begun.registryNext],
    [start.seed, commitment.seedNext],
    [start.firstHeight, count],
    [parent.hash, checkpoint.blockHash],
    [parent.height, checkpoint.height],
    [parent.stamp, checkpoint.stamp],
    [parent.reference.number, header.reference.number],
    [parent.reference.hash, header.reference.hash],
    [parent.settledAt, header.settledAt],
    [parent.inboxCursor, header.inboxCursor],
    [rangeRoot({ count, peaks: start.peaks }), checkpoint.blocksRoot],
    [start.previousCheckpoint, checkpointRootOf(begun.boundary.domain, checkpoint)],
    [start.previousCheckpointHeight, checkpoint.height],
    [start.backedStamp, checkpoint.stamp],
    [hybrid.modeWanted, commitment.modeWanted],
    [ledger.hash, checkpoint.blockHash],
    [ledger.parentHash, header.parentHash],
    [ledger.height, checkpoint.height],
    [ledger.stamp, checkpoint.stamp],
    [ledger.feeRecipient, header.feeRecipient],
    [ledger.stateRoot, checkpoint.stateRoot],
  ];
  if (proved.some(([given, signed]) => given !== signed)) return "it is not what the checkpoint says";
  return beginningReason(offer, begun, chain, bls);
}

/** Why the rest of the beginning is not what the epoch's first header commits, which a quorum of the epoch signed. */
function beginningReason(
  { first, start, ledger }: Offer,
  begun: Begun,
  chain: Chain,
  bls: Verifier,
): string | null {
  const { header } = first.block;
  const { checkpoint } = begun.boundary;
  const { epoch, incarnation, mode, registry: root } = start;
  const domain = domainHash({ ...chain, epoch, incarnation, mode, registry: root });
  if (header.domain !== domain || header.parentHash !== checkpoint.blockHash)
    return "its first block is not the checkpointed one's child";
  if (!isCertified(first, { registry: begun.registry, mode, epoch, domain }, bls))
    return "its first block has no valid certificate";
  const { roots } = start;
  const last = roots.at(-1);
  const count = Math.min(checkpoint.height + 1, ROOTS_HANDED_OVER);
  if (last?.stateRoot !== checkpoint.stateRoot || roots.length !== count)
    return "its roots do not end with the checkpoint's";
  if (roots.some(({ height }, at) => height !== checkpoint.height - count + 1 + at))
    return "its roots are not in order";
  if (roots.some(({ used, value }) => used !== 0 || value !== 0)) return "its roots say what blocks used";
  if (ledger.receiptsRoot !== last.receiptsRoot || handedOn(ledger) !== last.handedOn)
    return "its ledger is not what the last block handed on";
  return handoverHash(start) === header.commitment ? null : "it is not what the epoch's first block commits";
}

type Verifier = Pick<Bls, "keyTable" | "aggregateVerify">;

/** Whether the last block comes with the F of a quorum of its epoch. */
function isFinal({ last }: Offer, { boundary, before }: Begun, bls: Verifier): boolean {
  const { epoch, domain } = boundary;
  return last.certificate?.kind === "finalize" && isCertified(last, { ...before, epoch, domain }, bls);
}

/** Whether a block comes with a certificate of its own by a quorum under a registry. */
function isCertified(
  { block, certificate }: CertifiedBlock,
  by: { readonly registry: Registry; readonly mode: Mode; readonly epoch: number; readonly domain: Hash },
  bls: Verifier,
): boolean {
  if (certificate === null || certificate.kind === "nullify") return false;
  if (certificate.blockHash !== hashOf(block)) return false;
  if (certificate.domain !== by.domain || certificate.epoch !== by.epoch) return false;
  const { entries } = by.registry;
  const e = electorate(by.registry, by.mode);
  const weights = bitmapWeights(e, e.voters, certificate.bitmap);
  const seats = bitmapSeats(certificate.bitmap, e.voters.length);
  if (weights === null || seats === null || !isQuorum(e, weights)) return false;
  const keys = bls.keyTable(
    entries.map(({ key }) => key),
    { trusted: true },
  );
  const root = fromHex(voteRoot(certificate.domain, certificate));
  return bls.aggregateVerify(keys, seats, root, certificate.signature);
}
