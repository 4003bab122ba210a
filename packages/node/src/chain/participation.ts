import { ParticipationCount } from "@aitbc-hybrid/protocol";
import type { RegistryStore } from "./registries.ts";
import type { ChainStore, FinalBlock } from "./store.ts";

/**
 * The participation vector of a past epoch as far as this node has its final blocks; null if it has none of them or
 * not what they ran under. Counted again from the blocks: nothing more has to be kept, and a node that was away has it
 * too.
 */
export async function participationOf(
  chain: ChainStore,
  registries: RegistryStore,
  epoch: number,
): Promise<Uint8Array | null> {
  const assigned = await registries.ofEpoch(epoch);
  const registry = assigned === null ? null : await registries.get(assigned.root);
  const last = await chain.lastOfEpoch(epoch);
  if (assigned === null || registry === null || last === null) return null;
  // A recovery may leave an epoch without any block.
  let before: FinalBlock | null = null;
  for (let earlier = epoch - 1; earlier >= 0 && before === null; earlier--)
    before = await chain.lastOfEpoch(earlier);
  const { domain, height: to } = last.block.header;
  const count = new ParticipationCount(registry, assigned.mode, domain, assigned.seed);
  for (let height = (before?.block.header.height ?? 0) + 1; height <= to; height++) {
    const final = await chain.at(height);
    if (final === null || final.epoch !== epoch) return null;
    count.add(final.block);
  }
  return count.vector();
}
