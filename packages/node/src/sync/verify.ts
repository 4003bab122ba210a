import type { Bls } from "@aitbc-hybrid/crypto";
import { bitmapSeats } from "@aitbc-hybrid/crypto";
import {
  bitmapWeights,
  type CheckpointCertificate,
  checkpointRootOf,
  electorate,
  fromHex,
  hashOf,
  isQuorum,
  type Mode,
  type Registry,
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

/** Why an offer cannot be true; null if nothing that is signed contradicts it. */
export function contradiction(
  offer: Offer,
  begun: Begun,
  bls: Pick<Bls, "keyTable" | "aggregateVerify">,
): string | null {
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
  const roots = start.roots.at(-1);
  if (roots?.height !== checkpoint.height || roots.stateRoot !== checkpoint.stateRoot)
    return "its roots do not end with the checkpoint's";
  if (start.roots.some((each, at) => each.height !== checkpoint.height - start.roots.length + 1 + at))
    return "its roots are not in order";
  return null;
}

/** Whether the last block comes with the F of a quorum of its epoch. */
function isFinal(
  { last }: Offer,
  { boundary, before }: Begun,
  bls: Pick<Bls, "keyTable" | "aggregateVerify">,
): boolean {
  const { certificate } = last;
  if (certificate?.kind !== "finalize" || certificate.blockHash !== boundary.checkpoint.blockHash)
    return false;
  if (certificate.domain !== boundary.domain || certificate.epoch !== boundary.epoch) return false;
  const e = electorate(before.registry, before.mode);
  const weights = bitmapWeights(e, e.voters, certificate.bitmap);
  const seats = bitmapSeats(certificate.bitmap, e.voters.length);
  if (weights === null || seats === null || !isQuorum(e, weights)) return false;
  const keys = bls.keyTable(
    before.registry.entries.map(({ key }) => key),
    { trusted: true },
  );
  return bls.aggregateVerify(
    keys,
    seats,
    fromHex(voteRoot(certificate.domain, certificate)),
    certificate.signature,
  );
}
