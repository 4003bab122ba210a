import {
  type CertifiedBlock,
  type DurableRecord,
  type Hash,
  hashOf,
  LIMITS,
  type Message,
  type Request,
  signingRoot,
} from "@aitbc-hybrid/protocol";

/** What a node's durable records say: what it serves to peers, and what it may send. */
export class Archive {
  /** Final blocks by height. */
  readonly chain: CertifiedBlock[] = [];
  readonly #heights = new Map<Hash, number>();
  readonly #states = new Map<Hash, Hash>();
  readonly #roots = new Set<Hash>();
  readonly #certificates = new Map<string, DurableRecord & { readonly type: "certificate" }>();

  /** State roots of final blocks. */
  get states(): ReadonlyMap<Hash, Hash> {
    return this.#states;
  }

  /** True if a signature of this root is recorded. */
  isRecorded(root: Hash): boolean {
    return this.#roots.has(root);
  }

  /** Takes note of a record that became durable. */
  take(record: DurableRecord): void {
    switch (record.type) {
      case "signed":
        this.#roots.add(signingRoot(record.intent));
        break;
      case "certificate": {
        const { kind, domain, view } = record.certificate;
        this.#certificates.set(`${domain}${kind}${view}`, record);
        break;
      }
      case "final": {
        const hash = hashOf(record.block);
        this.#heights.set(hash, record.block.header.height);
        this.#states.set(hash, record.roots.stateRoot);
        this.chain[record.block.header.height] = {
          block: record.block,
          certificate: record.certificate,
          backing: null,
        };
        break;
      }
      case "rewound":
        this.chain.length = Math.min(this.chain.length, record.height + 1);
        break;
      case "backed": {
        const { height } = record.certificate.checkpoint;
        const entry = this.chain[height];
        if (entry !== undefined) this.chain[height] = { ...entry, backing: record.certificate };
        break;
      }
      default:
    }
  }

  /** What a peer asked for, as far as it is held. */
  answer(request: Request): Message | null {
    if (request.what === "finalized") {
      const blocks: CertifiedBlock[] = [];
      for (let height = request.from; blocks.length < LIMITS.blocksPerMessage; height++) {
        const entry = this.chain[height];
        if (entry === undefined) break;
        blocks.push(entry);
        // A block is believed by a certificate of its own or of one above it: the answer ends with such a one.
        if (blocks.length >= request.count && entry.certificate !== null) break;
      }
      while (blocks.length > 0 && blocks.at(-1)!.certificate === null) blocks.pop();
      return blocks.length > 0 ? { type: "blocks", blocks } : null;
    }
    if (request.what === "block") {
      const height = this.#heights.get(request.hash);
      const entry = height === undefined ? undefined : this.chain[height];
      const isHeld = entry !== undefined && hashOf(entry.block) === request.hash;
      return isHeld ? { type: "blocks", blocks: [entry] } : null;
    }
    for (const kind of ["finalize", "notarize", "nullify"]) {
      const found = this.#certificates.get(`${request.domain}${kind}${request.view}`);
      if (found === undefined) continue;
      return { type: "certificate", certificate: found.certificate };
    }
    return null;
  }
}
