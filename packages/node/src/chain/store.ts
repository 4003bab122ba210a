import {
  type Block,
  type Certificate,
  type CertifiedBlock,
  type CheckpointCertificate,
  decodeBacking,
  decodeCertifiedBlock,
  decodeVote,
  type ExecutedRoots,
  encodeBacking,
  encodeCertifiedBlock,
  encodeVote,
  fromHex,
  type Hash,
  Reader,
  type VoteEvidence,
  Writer,
} from "@aitbc-hybrid/protocol";
import { type Kv, type KvChange, keyOf, numberIn, tableRange } from "../storage/index.ts";

const BLOCKS = "f";
const HEIGHTS = "h";
const BACKINGS = "k";
const EVIDENCE = "e";
/** Highest final block by epoch. */
const EPOCHS = "p";
/** Recent blocks kept in memory: what peers that fall behind for a moment ask for. */
const RECENT = 256;

/** A final block as it is stored. */
export interface FinalBlock {
  readonly epoch: number;
  readonly hash: Hash;
  readonly block: Block;
  /** The F that made it, or a descendant of it, final. */
  readonly certificate: Certificate;
  readonly roots: Pick<ExecutedRoots, "height" | "stateRoot" | "receiptsRoot">;
}

export interface ChainOptions {
  /** Most bytes of blocks in one answer to a peer. */
  readonly answerBytes: number;
}

/** Final blocks, backed checkpoints and evidence, durable. Heights are appended in order. */
export class ChainStore {
  readonly #options: ChainOptions;
  readonly #kv: Kv;
  readonly #recent = new Map<number, FinalBlock>();
  #height: number;
  #backed: CheckpointCertificate | null;
  /** Writes happen one after the other, so that no height is durable before the one below. */
  #tail: Promise<void> = Promise.resolve();
  #waiting: KvChange[] = [];

  private constructor(options: ChainOptions, kv: Kv, height: number, backed: CheckpointCertificate | null) {
    this.#options = options;
    this.#kv = kv;
    this.#height = height;
    this.#backed = backed;
  }

  static async open(options: ChainOptions, kv: Kv): Promise<ChainStore> {
    return new ChainStore(
      options,
      kv,
      (await lastOf(kv, BLOCKS))?.height ?? 0,
      await lastOf(kv, BACKINGS).then((last) => (last === null ? null : decodeBacking(last.value))),
    );
  }

  /** Height of the highest block stored or being written; 0: none. */
  get height(): number {
    return this.#height;
  }

  /** Highest backed checkpoint. */
  get backed(): CheckpointCertificate | null {
    return this.#backed;
  }

  /** Stores a final block; heights that are known already do nothing. Durable when a later `flush` resolves. */
  append(final: FinalBlock): void {
    const { height } = final.block.header;
    if (height <= this.#height) return;
    this.#height = height;
    this.#recent.set(height, final);
    this.#recent.delete(height - RECENT);
    const key = keyOf(HEIGHTS, fromHex(final.hash));
    const value = new Uint8Array(8);
    new DataView(value.buffer).setBigUint64(0, BigInt(height));
    this.#write([
      { type: "put", key: keyOf(BLOCKS, height), value: encodeFinal(final) },
      { type: "put", key, value },
      { type: "put", key: keyOf(EPOCHS, final.epoch), value },
    ]);
  }

  /** The highest final block of an epoch. */
  async lastOfEpoch(epoch: number): Promise<FinalBlock | null> {
    const bytes = await this.#kv.get(keyOf(EPOCHS, epoch));
    return bytes === undefined ? null : this.at(numberIn(bytes, 0));
  }

  /** Stores a backed checkpoint. */
  back(certificate: CheckpointCertificate): void {
    const { height } = certificate.checkpoint;
    if (this.#backed === null || height > this.#backed.checkpoint.height) this.#backed = certificate;
    this.#write([{ type: "put", key: keyOf(BACKINGS, height), value: encodeBacking(certificate) }]);
  }

  /** Keeps two signatures of one key that exclude each other. */
  keep(evidence: VoteEvidence): void {
    const { epoch, seat, first, second } = evidence;
    const [a, b] = [encodeVote(first), encodeVote(second)];
    const value = new Writer(a.length + b.length + 12)
      .u64(evidence.validatorId, "validatorId")
      .u16(a.length)
      .bytes(a)
      .u16(b.length)
      .bytes(b)
      .done()
      .slice();
    this.#write([{ type: "put", key: keyOf(EVIDENCE, epoch, seat, first.view), value }]);
  }

  /** All evidence kept. */
  async evidence(): Promise<VoteEvidence[]> {
    const found: VoteEvidence[] = [];
    for await (const [key, value] of this.#kv.iterate(tableRange(EVIDENCE))) {
      const reader = new Reader(value);
      const validatorId = reader.u64("validatorId");
      const first = decodeVote(reader.bytes(reader.u16()));
      const second = decodeVote(reader.bytes(reader.u16()));
      const seat = numberIn(key, 9);
      found.push({
        what: "votes",
        epoch: numberIn(key, 1),
        domain: first.domain,
        seat,
        validatorId,
        first,
        second,
      });
    }
    return found;
  }

  async at(height: number): Promise<FinalBlock | null> {
    const recent = this.#recent.get(height);
    if (recent !== undefined) return recent;
    const bytes = await this.#kv.get(keyOf(BLOCKS, height));
    return bytes === undefined ? null : decodeFinal(bytes);
  }

  async byHash(hash: Hash): Promise<FinalBlock | null> {
    const bytes = await this.#kv.get(keyOf(HEIGHTS, fromHex(hash)));
    if (bytes !== undefined) return this.at(numberIn(bytes, 0));
    for (const recent of this.#recent.values()) if (recent.hash === hash) return recent;
    return null;
  }

  async backing(height: number): Promise<CheckpointCertificate | null> {
    if (this.#backed?.checkpoint.height === height) return this.#backed;
    const bytes = await this.#kv.get(keyOf(BACKINGS, height));
    return bytes === undefined ? null : decodeBacking(bytes);
  }

  /** Backed checkpoints above a height, in order. */
  async backingsAbove(height: number): Promise<CheckpointCertificate[]> {
    const found: CheckpointCertificate[] = [];
    const range = { gte: keyOf(BACKINGS, height + 1), lt: tableRange(BACKINGS).lt };
    for await (const [, value] of this.#kv.iterate(range)) found.push(decodeBacking(value));
    return found;
  }

  /**
   * Final blocks of one epoch from a height on for a peer, bounded in number and bytes. Ends with a block whose own F is
   * known, so that the peer can verify all of them under one registry; empty if there is none in reach.
   */
  async range(from: number, count: number): Promise<CertifiedBlock[]> {
    const blocks: CertifiedBlock[] = [];
    let provable = 0;
    let bytes = 0;
    let epoch: number | null = null;
    for (let height = Math.max(1, from); height <= this.#height && blocks.length < count; height++) {
      const final = await this.at(height);
      if (final === null || final.epoch !== (epoch ?? final.epoch)) break;
      epoch = final.epoch;
      const own = final.certificate.blockHash === final.hash;
      const each: CertifiedBlock = {
        block: final.block,
        certificate: own ? final.certificate : null,
        backing: await this.backing(height),
      };
      bytes += encodeCertifiedBlock(each).length;
      if (bytes > this.#options.answerBytes && provable > 0) break;
      blocks.push(each);
      if (own) provable = blocks.length;
    }
    return blocks.slice(0, provable);
  }

  /** Resolves when everything given so far is durable. */
  flush(): Promise<void> {
    return this.#tail;
  }

  #write(changes: readonly KvChange[]): void {
    const idle = this.#waiting.length === 0;
    this.#waiting.push(...changes);
    if (!idle) return;
    this.#tail = this.#tail.then(async () => {
      const all = this.#waiting;
      this.#waiting = [];
      await this.#kv.batch(all);
    });
    // Whoever flushes gets the error; without one it must not end the process unexplained.
    this.#tail.catch(() => {});
  }
}

function encodeFinal({ epoch, hash, block, certificate, roots }: FinalBlock): Uint8Array {
  const bytes = encodeCertifiedBlock({ block, certificate, backing: null });
  return new Writer(bytes.length + 112)
    .u64(epoch, "epoch")
    .hash(hash)
    .hash(roots.stateRoot)
    .hash(roots.receiptsRoot)
    .bytes(bytes)
    .done()
    .slice();
}

function decodeFinal(bytes: Uint8Array): FinalBlock {
  const reader = new Reader(bytes);
  const epoch = reader.u64("epoch");
  const hash = reader.hash("hash");
  const stateRoot = reader.hash("stateRoot");
  const receiptsRoot = reader.hash("receiptsRoot");
  const { block, certificate } = decodeCertifiedBlock(reader.bytes(reader.left));
  const { height } = block.header;
  return { epoch, hash, block, certificate: certificate!, roots: { height, stateRoot, receiptsRoot } };
}

/** The entry of a table with the greatest number. */
async function lastOf(kv: Kv, table: string): Promise<{ height: number; value: Uint8Array } | null> {
  for await (const [key, value] of kv.iterate({ ...tableRange(table), reverse: true, limit: 1 })) {
    return { height: numberIn(key, 1), value };
  }
  return null;
}
