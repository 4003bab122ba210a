import { ParticipationCount } from "@aitbc-hybrid/protocol";
import type { RegistryStore } from "./registries.ts";
import type { ChainStore } from "./store.ts";

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
  const before = epoch === 0 ? null : await chain.lastOfEpoch(epoch - 1);
  const last = await chain.lastOfEpoch(epoch);
  if (assigned === null || registry === null || last === null || (epoch > 0 && before === null)) return null;
  const { domain, height: to } = last.block.header;
  const count = new ParticipationCount(registry, assigned.mode, domain, assigned.seed);
  for (let height = (before?.block.header.height ?? 0) + 1; height <= to; height++) {
    const final = await chain.at(height);
    if (final === null) return null;
    count.add(final.block);
  }
  return count.vector();
}
