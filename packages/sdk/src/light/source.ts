import type { CheckpointCertificate, Hash } from "@aitbc-hybrid/protocol";
import { SdkError } from "../errors.ts";
import type { LightClient } from "./client.ts";
import {
  parseCheckpoint,
  parseHeaderProof,
  parseReceiptProof,
  parseRegistry,
  parseTransactionProof,
} from "./json.ts";
import type { HeaderProof, ReceiptProof, RegistryPreimage, TransactionProof } from "./types.ts";

/** Where a light client gets what it verifies. It need not be trusted: it can only withhold. Null: it has it not (yet). */
export interface LightSource {
  /** The backed checkpoint that ends an epoch. */
  boundary(epoch: number): Promise<CheckpointCertificate | null>;
  /** The highest backed checkpoint. */
  latest(): Promise<CheckpointCertificate | null>;
  registry(root: Hash): Promise<RegistryPreimage | null>;
  /** The way from a block to the checkpoint at height `under`. */
  blockProof(height: number, under: number): Promise<HeaderProof | null>;
  transactionProof(transaction: Hash, under: number): Promise<TransactionProof | null>;
  receiptProof(transaction: Hash, under: number): Promise<ReceiptProof | null>;
}

export interface RpcSourceOptions {
  /** A node's RPC. */
  readonly url: string;
  /** How long an answer may take, ms. */
  readonly timeoutMs?: number;
}

const ANSWER_MS = 10_000;

/** A node's RPC as a source. Its calls throw SdkError LIGHT_SOURCE or LIGHT_MALFORMED. */
export function rpcSource({ url, timeoutMs = ANSWER_MS }: RpcSourceOptions): LightSource {
  const call = async <T>(
    method: string,
    params: readonly unknown[],
    read: (value: unknown) => T,
  ): Promise<T | null> => {
    const result = await ask(url, timeoutMs, method, params);
    return result === null ? null : read(result);
  };
  return {
    boundary: (epoch) => call("hybrid_getCheckpoint", [{ epoch }], parseCheckpoint),
    latest: () => call("hybrid_getCheckpoint", ["latest"], parseCheckpoint),
    registry: (root) => call("hybrid_getRegistry", [root], parseRegistry),
    blockProof: (height, under) => call("hybrid_getBlockProof", [height, under], parseHeaderProof),
    transactionProof: (hash, under) =>
      call("hybrid_getTransactionProof", [hash, under], parseTransactionProof),
    receiptProof: (hash, under) => call("hybrid_getReceiptProof", [hash, under], parseReceiptProof),
  };
}

async function ask(
  url: string,
  timeoutMs: number,
  method: string,
  params: readonly unknown[],
): Promise<unknown> {
  let answer: { readonly result?: unknown; readonly error?: { readonly message?: unknown } };
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    answer = (await response.json()) as typeof answer;
  } catch (cause) {
    throw new SdkError("LIGHT_SOURCE", `${url} does not answer ${method}`, { cause });
  }
  if (answer?.error !== undefined)
    throw new SdkError(
      "LIGHT_SOURCE",
      `${url} refuses ${method}: ${answer.error.message ?? "no reason given"}`,
    );
  return answer?.result ?? null;
}

/**
 * Leads a client along as far as the source can: registries, boundaries epoch by epoch, the latest checkpoint. What the
 * source says is verified; the client may freeze.
 * @returns how many checkpoints were accepted
 * @throws SdkError LIGHT_SOURCE if it ends before the chain the source itself shows; whatever the client refuses with
 */
export async function catchUp(
  client: LightClient,
  source: Pick<LightSource, "boundary" | "latest" | "registry">,
): Promise<number> {
  let accepted = 0;
  for (;;) {
    const { missing } = client;
    if (missing !== null) {
      const preimage = await source.registry(missing);
      if (preimage === null)
        throw new SdkError("LIGHT_SOURCE", `the source does not have the registry ${missing}`);
      client.learn(preimage);
      if (client.missing !== null)
        throw new SdkError("LIGHT_SOURCE", `the source answered with another registry than ${missing}`);
    }
    const { epoch } = client.position;
    const boundary = await source.boundary(epoch);
    const next = boundary ?? (await source.latest());
    if (next === null || next.epoch < epoch) return accepted;
    if (next.epoch > epoch) {
      // It may have ended while we asked.
      if (boundary === null && (await source.boundary(epoch)) !== null) continue;
      throw new SdkError("LIGHT_SOURCE", `the source has no boundary checkpoint of epoch ${epoch}`);
    }
    if (next.checkpoint.height < client.position.height) return accepted;
    const { what } = client.submit(next);
    if (what === "accepted") accepted++;
    if (what !== "accepted" || boundary === null) return accepted;
  }
}
