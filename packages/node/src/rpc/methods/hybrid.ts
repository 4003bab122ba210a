import type { Hash } from "@aitbc-hybrid/execution";
import type { ChainBlock, ChainReader, Heads } from "../chain-reader.ts";
import { RpcError, type RpcMethods } from "../json-rpc.ts";
import { hashParam, hexOf, numberParam } from "../values.ts";
import type { ReceiptWaiters } from "./receipt-waiters.ts";
import { ethReceipt } from "./shapes.ts";
import { blockParam } from "./tags.ts";

/** Longest wait of hybrid_waitForReceipt, ms. */
const longestWait = 30_000;

/**
 * What Ethereum's methods have no words for. Heights, views, epochs and stamps (ms) are JSON numbers, amounts of wei
 * decimal strings, bytes hex.
 */
export function hybridMethods(modules: {
  readonly chain: ChainReader;
  readonly waiters: ReceiptWaiters;
}): RpcMethods {
  const { chain, waiters } = modules;
  return {
    hybrid_status: () => ({
      clientVersion: chain.clientVersion,
      chainId: chain.chainId,
      ...chain.status(),
      heights: chain.heads(),
    }),

    /** The final block's hash at a height; null if the height is not final (yet). */
    hybrid_getFinalizedHash: async ([height]) => {
      const at = numberParam(height, "height");
      if (at > chain.heads().finalized) return null;
      return (await chain.block({ height: at }))?.hash ?? null;
    },

    /** A block by hash, height or tag, with its finality level. */
    hybrid_getBlock: async ([which]) => {
      const isHash = typeof which === "string" && which.length === 66;
      const wanted = isHash ? { hash: hashParam(which, "hash") } : blockParam(chain, which);
      const block = await chain.block(wanted === "pending" ? { height: chain.heads().latest } : wanted);
      if (block === undefined) return null;
      const { baseFee, burnt, ...fields } = block;
      return { ...fields, baseFee: `${baseFee}`, burnt: `${burnt}`, level: await levelOf(chain, block) };
    },

    /** The certificate that made a height's block final; null if there is none (yet). */
    hybrid_getCertificate: async ([height]) => {
      const certificate = await chain.certificate(numberParam(height, "height"));
      if (certificate === undefined) return null;
      const { bitmap, signature, ...fields } = certificate;
      return { ...fields, bitmap: hexOf(bitmap), signature: hexOf(signature) };
    },

    hybrid_metricsSummary: () => chain.metricsSummary(),

    /** The receipt as soon as its block is final, or null after the time-out (ms, at most 30 s): one call, no polling. */
    hybrid_waitForReceipt: async ([hash, timeout]) => {
      const wanted: Hash = hashParam(hash, "hash");
      const wait = timeout === undefined ? longestWait : numberParam(timeout, "timeout");
      if (wait > longestWait)
        throw new RpcError("INVALID_PARAMS", `timeout must be at most ${longestWait} ms`);
      const receipt = await waiters.wait(wanted, wait);
      return receipt === undefined ? null : ethReceipt(receipt);
    },
  };
}

/** The strongest level that a block has reached; `null` for one that is on a fork. */
async function levelOf(chain: ChainReader, block: ChainBlock): Promise<keyof Heads | null> {
  const canonical = await chain.block({ height: block.height });
  if (canonical?.hash !== block.hash) return null;
  const { finalized, backed, settled } = chain.heads();
  if (block.height <= settled) return "settled";
  if (block.height <= backed) return "backed";
  return block.height <= finalized ? "finalized" : "latest";
}
