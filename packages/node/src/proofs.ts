import { type ExecutionEngine, receiptHash } from "@aitbc-hybrid/execution";
import {
  type CheckpointCertificate,
  type Hash,
  hashBytes,
  merkleProof,
  merkleRoot,
  type Registry,
  toHex,
} from "@aitbc-hybrid/protocol";
import type { HeaderProof, ReceiptProof, TransactionProof } from "@aitbc-hybrid/sdk";
import type { ChainStore, FinalBlock, RegistryStore } from "./chain/index.ts";
import type { DataPath } from "./data/index.ts";
import type { CheckpointAt, ProofReader } from "./rpc/index.ts";

export interface ProofModules {
  readonly chain: ChainStore;
  readonly registries: RegistryStore;
  readonly execution: ExecutionEngine;
  readonly data: DataPath;
}

/** What light clients verify, from the node's stores (protocol.md section 8). */
export class NodeProofs implements ProofReader {
  readonly #modules: ProofModules;

  constructor(modules: ProofModules) {
    this.#modules = modules;
  }

  async checkpoint(which: CheckpointAt): Promise<CheckpointCertificate | null> {
    const { chain } = this.#modules;
    if (which === "latest") return chain.backed;
    if ("height" in which) return chain.backing(which.height);
    const last = await chain.lastOfEpoch(which.epoch);
    const certificate = last === null ? null : await chain.backing(last.block.header.height);
    return certificate?.checkpoint.boundary == null ? null : certificate;
  }

  registry(root: Hash): Promise<Registry | null> {
    return this.#modules.registries.get(root);
  }

  async blockProof(height: number, under?: number): Promise<HeaderProof | null> {
    const final = await this.#modules.chain.at(height);
    return final === null ? null : this.#headerProof(final, under);
  }

  async transactionProof(transaction: Hash, under?: number): Promise<TransactionProof | null> {
    const { chain, execution, data } = this.#modules;
    const receipt = await execution.receipt(transaction);
    const final = receipt === undefined ? null : await chain.at(receipt.height);
    const proof = final === null ? null : await this.#headerProof(final, under);
    if (final === null || proof === null) return null;
    const digests = final.block.body.batches;
    for (const [index, digest] of digests.entries()) {
      const batch = await data.batch(digest);
      if (batch === null) continue;
      const hashes = batch.transactions.map(hashBytes);
      const at = hashes.indexOf(transaction);
      if (at < 0) continue;
      const { author, sequence, bytes } = batch;
      return {
        ...proof,
        batch: { author, sequence, count: hashes.length, bytes, transactionsRoot: merkleRoot(hashes) },
        inBlock: { index, path: merkleProof(digests, index) },
        transactionHash: transaction,
        inBatch: { index: at, path: merkleProof(hashes, at) },
      };
    }
    // Its batch was kept for the retention and is gone.
    return null;
  }

  async receiptProof(transaction: Hash, under?: number): Promise<ReceiptProof | null> {
    const { execution } = this.#modules;
    const receipt = await execution.receipt(transaction);
    const carrier = receipt === undefined ? null : await this.#carrierOf(receipt.height);
    const proof = carrier === null ? null : await this.#headerProof(carrier, under);
    if (receipt === undefined || proof === null) return null;
    const leaves = ((await execution.receiptsOf(receipt.height)) ?? []).map((each) =>
      toHex(receiptHash(each)),
    );
    const { transactionHash, index, status, gasUsed, fee } = receipt;
    return {
      ...proof,
      receipt: { transactionHash, index, status, gasUsed, fee },
      inBlock: { index, path: merkleProof(leaves, index) },
    };
  }

  async #headerProof(final: FinalBlock, given?: number): Promise<HeaderProof | null> {
    const { chain } = this.#modules;
    const under = given ?? chain.backed?.checkpoint.height;
    if (under === undefined) return null;
    const { height } = final.block.header;
    const proof = await chain.proof(height, under);
    return proof === null
      ? null
      : { under, height, blockHash: final.hash, ...proof, header: final.block.header };
  }

  /**
   * The final block whose header carries the receipts of a height: `rootLag` above it, by the parameters of its own
   * epoch. Where a new epoch shortens the lag, a few heights are carried by none.
   */
  async #carrierOf(height: number): Promise<FinalBlock | null> {
    const { chain } = this.#modules;
    const executed = await chain.at(height);
    let lag = executed === null ? null : await this.#rootLag(executed.epoch);
    for (let tries = 0; tries < 2 && lag !== null; tries++) {
      const carrier = await chain.at(height + lag);
      if (carrier === null) return null;
      const own = await this.#rootLag(carrier.epoch);
      if (own === lag) return carrier;
      lag = own;
    }
    return null;
  }

  async #rootLag(epoch: number): Promise<number | null> {
    const { registries } = this.#modules;
    const assigned = await registries.ofEpoch(epoch);
    const registry = assigned === null ? null : await registries.get(assigned.root);
    return registry?.params.rootLag ?? null;
  }
}
