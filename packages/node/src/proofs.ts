import { type ExecutionEngine, receiptHash } from "@aitbc-hybrid/execution";
import {
  type CheckpointCertificate,
  type Hash,
  hashBytes,
  merkleProof,
  type Registry,
  toHex,
} from "@aitbc-hybrid/protocol";
import type { HeaderProof, ReceiptProof, TransactionProof } from "@aitbc-hybrid/sdk";
import type { ChainStore, FinalBlock, RegistryStore } from "./chain/index.ts";
import type { DataPath, SealedBatch } from "./data/index.ts";
import type { CheckpointAt, ProofReader } from "./rpc/index.ts";
import { mapInTurns, TreeCache } from "./trees.ts";

/** Leaves of the trees that are kept, of batches and of receipts each: five blocks full of transfers, 25 MB. */
const KEPT_LEAVES = 100_000;

export interface ProofModules {
  readonly chain: ChainStore;
  readonly registries: RegistryStore;
  readonly execution: Pick<ExecutionEngine, "receipt" | "receiptsOf">;
  readonly data: Pick<DataPath, "batch">;
  /** Told whether a tree that a proof is read from was there. */
  readonly onTree?: (known: boolean) => void;
}

/** What light clients verify, from the node's stores (protocol.md section 8). */
export class NodeProofs implements ProofReader {
  readonly #modules: ProofModules;
  /** Batches by digest. */
  readonly #batches: TreeCache<Pick<SealedBatch, "author" | "sequence" | "bytes">>;
  /** Receipts by the hash of their block: a recovery may give its height another one. */
  readonly #receipts: TreeCache;

  constructor(modules: ProofModules) {
    this.#modules = modules;
    this.#batches = new TreeCache({ leaves: KEPT_LEAVES }, modules.onTree);
    this.#receipts = new TreeCache({ leaves: KEPT_LEAVES }, modules.onTree);
  }

  async checkpoint(which: CheckpointAt): Promise<CheckpointCertificate | null> {
    const { chain } = this.#modules;
    if (which === "latest") return chain.backedHere();
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
      const kept = await this.#batches.of(digest, () => transactionsOf(data, digest));
      const at = kept?.places.get(transaction);
      if (kept === null || at === undefined) continue;
      const { tree, about } = kept;
      return {
        ...proof,
        batch: { ...about, count: tree.leaves.length, transactionsRoot: tree.root },
        inBlock: { index, path: merkleProof(digests, index) },
        transactionHash: transaction,
        inBatch: { index: at, path: tree.proof(at) },
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
    const kept = await this.#receipts.of(receipt.blockHash, () => receiptsOf(execution, receipt.height));
    if (kept === null) return null;
    const { transactionHash, index, status, gasUsed, fee } = receipt;
    return {
      ...proof,
      receipt: { transactionHash, index, status, gasUsed, fee },
      inBlock: { index, path: kept.tree.proof(index) },
    };
  }

  async #headerProof(final: FinalBlock, given?: number): Promise<HeaderProof | null> {
    const { chain } = this.#modules;
    const under = given ?? (await chain.backedHere())?.checkpoint.height;
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

async function transactionsOf(data: ProofModules["data"], digest: Hash) {
  const batch = await data.batch(digest);
  if (batch === null) return null;
  const { author, sequence, bytes, transactions } = batch;
  return { leaves: await mapInTurns(transactions, hashBytes), about: { author, sequence, bytes } };
}

async function receiptsOf(execution: ProofModules["execution"], height: number) {
  const receipts = await execution.receiptsOf(height);
  if (receipts === undefined) return null;
  return { leaves: await mapInTurns(receipts, (each) => toHex(receiptHash(each))), about: null };
}
