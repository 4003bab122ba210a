import type { BlockRecord, ReplicaState } from "./state.ts";
import type { Hash } from "./types/index.ts";

/** Walks from `hash` down to the final block (exclusive); ends early at a block that is not held. */
export function* unfinalAncestors(s: ReplicaState, hash: Hash): Generator<BlockRecord> {
  for (let at = s.blocks.get(hash); at !== undefined; at = s.blocks.get(at.block.header.parentHash)) yield at;
}
