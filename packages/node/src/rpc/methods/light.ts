import { formatCheckpoint, formatReceiptProof, formatRegistry } from "@aitbc-hybrid/sdk";
import type { CheckpointAt, ProofReader } from "../chain-reader.ts";
import { RpcError, type RpcMethods } from "../json-rpc.ts";
import { hashParam, numberParam, objectParam } from "../values.ts";

/** Methods that make a node read or hash much: each client gets a share of them. */
export const COSTLY: ReadonlySet<string> = new Set([
  "eth_getProof",
  "hybrid_getBlockProof",
  "hybrid_getReceiptProof",
  "hybrid_getRegistry",
  "hybrid_getTransactionProof",
]);

/**
 * What light clients verify; the sdk's `rpcSource` calls these. Null where this node does not have it (yet, or any
 * more): a client asks another one.
 */
export function lightMethods({ proofs }: { readonly proofs: ProofReader }): RpcMethods {
  return {
    /** A backed checkpoint with its certificate: "latest", by height, or {epoch}: the one that ends the epoch. */
    hybrid_getCheckpoint: async ([which]) => {
      const certificate = await proofs.checkpoint(checkpointParam(which));
      return certificate === null ? null : formatCheckpoint(certificate);
    },

    /** A sealed registry by its root: who signs, with what weight, under which parameters. */
    hybrid_getRegistry: async ([root]) => {
      const registry = await proofs.registry(hashParam(root, "root"));
      return registry === null ? null : formatRegistry(registry);
    },

    /** The way from a final block's header to the checkpoint at height `under`, default the highest backed one. */
    hybrid_getBlockProof: async ([height, under]) => {
      const at = numberParam(height, "height");
      if (at === 0)
        throw new RpcError(
          "INVALID_PARAMS",
          "genesis has no header: whoever follows the chain knows its hash",
        );
      return proofs.blockProof(at, underParam(under));
    },

    /** The same from an executed transaction, by its batch; null once the batch's retention is over. */
    hybrid_getTransactionProof: async ([hash, under]) =>
      proofs.transactionProof(hashParam(hash, "hash"), underParam(under)),

    /** The same from a receipt, by the header that carries it. */
    hybrid_getReceiptProof: async ([hash, under]) => {
      const proof = await proofs.receiptProof(hashParam(hash, "hash"), underParam(under));
      return proof === null ? null : formatReceiptProof(proof);
    },
  };
}

function checkpointParam(value: unknown): CheckpointAt {
  if (value === undefined || value === "latest") return "latest";
  if (typeof value === "object" && value !== null)
    return { epoch: numberParam(objectParam(value, "checkpoint").epoch, "epoch") };
  return { height: numberParam(value, "height") };
}

const underParam = (value: unknown): number | undefined =>
  value === undefined || value === null ? undefined : numberParam(value, "under");
