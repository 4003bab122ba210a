import type { ChainReader, StateAt } from "../chain-reader.ts";
import { RpcError } from "../json-rpc.ts";
import { hashParam, numberParam, objectParam } from "../values.ts";

/**
 * Where a block parameter points: a height, a hash, or the pending state. `latest` is certified, `finalized` final by
 * quorum, `safe` backed by the stake (protocol.md section 8): the strongest level that Ethereum has a word for, since
 * reverting it takes two thirds of the stake besides the quorum.
 * @throws {RpcError} INVALID_PARAMS
 */
export function blockParam(
  chain: ChainReader,
  value: unknown,
): { height: number } | { hash: `0x${string}` } | "pending" {
  const heads = chain.heads();
  switch (value) {
    case undefined:
    case "latest":
      return { height: heads.latest };
    case "pending":
      return "pending";
    case "safe":
      // Before the first checkpoint only genesis is backed, by the contracts that stored its hash.
      return { height: Math.max(heads.backed, 0) };
    case "finalized":
      return { height: heads.finalized };
    case "settled":
      return { height: Math.max(heads.settled, 0) };
    case "earliest":
      return { height: 0 };
  }
  if (typeof value === "object" && value !== null) {
    const { blockHash, blockNumber } = objectParam(value, "block");
    if (blockHash !== undefined) return { hash: hashParam(blockHash, "blockHash") };
    return { height: numberParam(blockNumber, "blockNumber") };
  }
  return { height: numberParam(value, "block") };
}

/**
 * The state that a block parameter means (EIP-1898 objects too).
 * @throws {RpcError} INVALID_PARAMS; RESOURCE_NOT_FOUND for a block that is unknown or not there yet
 */
export async function stateParam(chain: ChainReader, value: unknown): Promise<StateAt> {
  if (value === undefined || value === "latest") return "latest";
  const block = blockParam(chain, value);
  if (block === "pending") return "pending";
  const height = "height" in block ? block.height : (await chain.block(block))?.height;
  if (height === undefined || height > chain.heads().latest) {
    throw new RpcError("RESOURCE_NOT_FOUND", "the block is unknown", { code: "UNKNOWN_BLOCK" });
  }
  return height;
}

/** Reads state, telling a client when a height's is no longer kept. */
export async function readState<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "STATE_UNAVAILABLE") {
      throw new RpcError("RESOURCE_UNAVAILABLE", error.message, { code: error.code });
    }
    throw error;
  }
}
