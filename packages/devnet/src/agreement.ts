import { rpc, rpcBatch } from "./rpc.ts";

/** Heights compared in one batch. */
const PAGE = 500;

/** Outcome of comparing finalized chains. */
export interface Agreement {
  /** True only if every validator answered and its hash matched at every height from 1 to `height`. */
  readonly agreed: boolean;
  /** Highest height that every validator holds final. */
  readonly height: number;
  /** What did not match, as a sentence. */
  readonly problem: string | null;
}

/** Finalized height of a validator, from its RPC. */
export async function finalHeight(url: string): Promise<number> {
  return Number(await rpc(url, "eth_blockNumber"));
}

/**
 * Waits until every validator holds height `atLeast` final (or `deadline`, ms since 1970, is over), then compares the
 * finalized chains of all, by hash, at every height, over their RPC: the processes share no storage.
 */
export async function compareChains(
  urls: readonly string[],
  atLeast: number,
  deadline: number,
): Promise<Agreement> {
  let heights: number[] = [];
  for (;;) {
    heights = await Promise.all(urls.map((url) => finalHeight(url).catch(() => -1)));
    if (heights.every((height) => height >= atLeast) || Date.now() > deadline) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const height = Math.min(...heights);
  const silent = urls[heights.indexOf(-1)];
  if (silent !== undefined) return { agreed: false, height: 0, problem: `${silent} does not answer` };
  if (height < atLeast) {
    return {
      agreed: false,
      height,
      problem: `${urls[heights.indexOf(height)]} holds height ${height} final, others ${atLeast}`,
    };
  }
  for (let from = 1; from <= height; from += PAGE) {
    const calls = Array.from({ length: Math.min(PAGE, height - from + 1) }, (_, at) => ({
      method: "hybrid_getFinalizedHash",
      params: [from + at],
    }));
    const chains = await Promise.all(urls.map((url) => rpcBatch(url, calls)));
    for (let at = 0; at < calls.length; at++) {
      const expected = chains[0]![at]!.result;
      const other = chains.findIndex((chain) => chain[at]!.result !== expected);
      if (typeof expected !== "string" || other >= 0) {
        const what =
          typeof expected !== "string" ? `${urls[0]} has no block` : `${urls[other]} and ${urls[0]} differ`;
        return { agreed: false, height, problem: `${what} at height ${from + at}` };
      }
    }
  }
  return { agreed: true, height, problem: null };
}
