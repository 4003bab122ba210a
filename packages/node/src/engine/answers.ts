import { LIMITS, type Message, type Request } from "@aitbc-hybrid/protocol";
import type { ChainStore } from "../chain/index.ts";

/** Answers from the store what the replica does not remember; null if the store does not have it either. */
export async function answerTo(
  request: Request,
  chain: Pick<ChainStore, "range" | "byHash" | "lastOfEpoch" | "backing">,
): Promise<Message | null> {
  if (request.what === "finalized") {
    const blocks = await chain.range(request.from, Math.min(request.count, LIMITS.blocksPerMessage));
    return blocks.length > 0 ? { type: "blocks", blocks } : null;
  }
  const final =
    request.what === "block" ? await chain.byHash(request.hash) : await chain.lastOfEpoch(request.epoch);
  if (final === null) return null;
  if (request.what === "certificate")
    return final.certificate === null ? null : { type: "certificate", certificate: final.certificate };
  const own = final.certificate?.blockHash === final.hash ? final.certificate : null;
  const backing = await chain.backing(final.block.header.height);
  return { type: "blocks", blocks: [{ block: final.block, certificate: own, backing }] };
}
