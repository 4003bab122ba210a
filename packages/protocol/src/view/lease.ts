import { leaseEnd } from "../block/index.ts";
import type { Draft } from "../draft.ts";
import type { BlockRecord, ChainFacts } from "../state.ts";
import type { Block, Millis } from "../types/index.ts";

/**
 * Until when the own key may vote for a block (section 6, leases; own clock + drift). What the chain shows decides; of
 * an epoch's last block, which later leaders propose again unchanged, also what is known by now: its header cannot name
 * a newer reference, nor carry a newer backing. Every voter judges by its own client, as it does a new reference.
 */
export function voteDeadline(d: Draft, block: Block, chain: ChainFacts): Millis {
  const { header } = block;
  const { contracts, backed } = d.s;
  if (header.height !== d.epoch.lastHeight) return leaseEnd(d.epoch, chain, header.settledAt);
  // Another incarnation's acceptances are a recovery's: they renew nothing here.
  const isOwn = contracts !== null && contracts.incarnation === d.epoch.start.incarnation;
  const settledAt = isOwn && contracts.settledAt > header.settledAt ? contracts.settledAt : header.settledAt;
  const stamp = backed?.checkpoint.stamp ?? 0;
  const backedStamp = stamp > chain.backedStamp ? stamp : chain.backedStamp;
  return leaseEnd(d.epoch, { ...chain, backedStamp }, settledAt);
}

/** True if the own clock is past the leases of a block: no NOTARIZE or FINALIZE for it. */
export function isPastLease(d: Draft, record: BlockRecord & { readonly chain: ChainFacts }): boolean {
  const end = voteDeadline(d, record.block, record.chain);
  if (end >= d.s.now + d.epoch.params.drift) {
    if (leaseEnd(d.epoch, record.chain, record.block.header.settledAt) < d.s.now + d.epoch.params.drift)
      d.trace("6: last block's lease renewed");
    return false;
  }
  return true;
}
