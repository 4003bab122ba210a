import {
  type Block,
  type Certificate,
  type CertifiedBlock,
  type CheckpointCertificate,
  decodeBacking,
  decodeCertifiedBlock,
  decodeEvidence,
  type Evidence,
  type ExecutedRoots,
  encodeBacking,
  encodeCertifiedBlock,
  encodeEvidence,
  fromHex,
  type Hash,
  hashBytes,
  type RangeProof,
  Reader,
  Writer,
} from "@aitbc-hybrid/protocol";
import { type Kv, type KvChange, keyOf, numberIn, tableRange } from "../storage/index.ts";
import { BlockRange, peakChanges } from "./range.ts";

const BLOCKS = "f";
const HEIGHTS = "h";
const BACKINGS = "k";
/** `e` held pairs of votes alone. */
const EVIDENCE = "x";
/** Highest final block by epoch. */
const EPOCHS = "p";
/** Recent blocks kept in memory: what peers that fall behind for a moment ask for. */
const RECENT = 256;

/** A final block as it is stored. */
export interface FinalBlock {
  readonly epoch: number;
  readonly hash: Hash;
  readonly block: Block;
  /** The F that made it, or a descendant of it, final; null if a recovery did. */
  readonly certificate: Certificate | null;
  readonly roots: Pick<ExecutedRoots, "height" | "stateRoot" | "receiptsRoot">;
}

export interface ChainOptions {
  /** Most bytes of blocks in one answer to a peer. */
  readonly answerBytes: number;
  /** Hash of height 0. */
  readonly genesisHash: Hash;
}

/** Changes that are written together, and the blocks among them. */
interface Write {
  readonly changes: KvChange[];
  readonly finals: FinalBlock[];
}

/** Final blocks, backed checkpoints and evidence, durable. Heights are appended in order. */
export class ChainStore {
  readonly #options: ChainOptions;
  readonly #kv: Kv;
  readonly #range: BlockRange;
  readonly #recent = new Map<number, FinalBlock>();
  #height: number;
  #backed: CheckpointCertificate | null;
  /** Writes happen one after the other, so that no height is durable before the one below. */
  #tail: Promise<void> = Promise.resolve();
  /** What the next write takes along. */
  #waiting: Write | null = null;

  private constructor(
    options: ChainOptions,
    kv: Kv,
    range: BlockRange,
    height: number,
    backed: CheckpointCertificate | null,
  ) {
    this.#options = options;
    this.#kv = kv;
    this.#range = range;
    this.#height = height;
    this.#backed = backed;
  }

  static async open(options: ChainOptions, kv: Kv): Promise<ChainStore> {
    const height = (await lastOf(kv, BLOCKS))?.height ?? 0;
    return new ChainStore(
      options,
      kv,
      await BlockRange.open(kv, height, options.genesisHash),
      height,
      await lastOf(kv, BACKINGS).then((last) => (last === null ? null : decodeBacking(last.value))),
    );
  }

  /** Fills an empty store with the block that a joining node begins after, and the peaks of the range up to it. */
  static async begin(kv: Kv, last: FinalBlock, peaks: readonly Hash[]): Promise<void> {
    const { height } = last.block.header;
    await kv.batch([...finalChanges(last), ...peakChanges(height, peaks)]);
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
    this.#write(finalChanges(final), final);
  }

  /** The way from the block at a height to the `blocksRoot` of a checkpoint; null if this node has not all of it. */
  async proof(height: number, checkpoint: number): Promise<RangeProof | null> {
    // The range grows as blocks are written.
    if (checkpoint <= this.#height) await this.flush();
    return this.#range.proof(height, checkpoint);
  }

  /** The highest backed checkpoint whose block is here: one may be known before the block it backs. */
  async backedHere(): Promise<CheckpointCertificate | null> {
    const height = this.#height;
    if (this.#backed === null || this.#backed.checkpoint.height <= height) return this.#backed;
    await this.flush();
    const last = await lastOf(this.#kv, BACKINGS, height);
    return last === null ? null : decodeBacking(last.value);
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

  /**
   * Gives up the final blocks above a height, and their backings: a recovery goes on from there. What is appended
   * afterwards takes their place.
   */
  rewind(height: number): void {
    if (height >= this.#height) return;
    this.#height = height;
    for (const above of [...this.#recent.keys()]) if (above > height) this.#recent.delete(above);
    if (this.#backed !== null && this.#backed.checkpoint.height > height) this.#backed = null;
    this.#waiting = null;
    this.#enqueue(() => this.#giveUp(height));
  }

  async #giveUp(height: number): Promise<void> {
    const changes: KvChange[] = [];
    const above = (table: string) => ({ gte: keyOf(table, height + 1), lt: tableRange(table).lt });
    for await (const [key, value] of this.#kv.iterate(above(BLOCKS))) {
      const { hash, epoch } = decodeFinal(value);
      changes.push(
        { type: "del", key },
        { type: "del", key: keyOf(HEIGHTS, fromHex(hash)) },
        { type: "del", key: keyOf(EPOCHS, epoch) },
      );
    }
    for await (const [key] of this.#kv.iterate(above(BACKINGS))) changes.push({ type: "del", key });
    const bytes = await this.#kv.get(keyOf(BLOCKS, height));
    if (bytes !== undefined) {
      const { epoch } = decodeFinal(bytes);
      changes.push({ type: "put", key: keyOf(EPOCHS, epoch), value: heightBytes(height) });
    }
    await this.#kv.batch(changes);
    await this.#range.rewind(height);
    const last = await lastOf(this.#kv, BACKINGS);
    if (this.#backed === null && last !== null) this.#backed = decodeBacking(last.value);
  }

  /** Keeps two statements that exclude each other. */
  keep(evidence: Evidence): void {
    const value = encodeEvidence(evidence);
    this.#write([{ type: "put", key: keyOf(EVIDENCE, evidence.epoch, fromHex(hashBytes(value))), value }]);
  }

  /** All evidence kept, of old epochs first. */
  async evidence(): Promise<Evidence[]> {
    const found: Evidence[] = [];
    for await (const [, value] of this.#kv.iterate(tableRange(EVIDENCE))) found.push(decodeEvidence(value));
    return found;
  }

  async at(height: number): Promise<FinalBlock | null> {
    if (height > this.#height) return null;
    const recent = this.#recent.get(height);
    if (recent !== undefined) return recent;
    const bytes = await this.#kv.get(keyOf(BLOCKS, height));
    return bytes === undefined ? null : decodeFinal(bytes);
  }

  async byHash(hash: Hash): Promise<FinalBlock | null> {
    const bytes = await this.#kv.get(keyOf(HEIGHTS, fromHex(hash)));
    const found = bytes === undefined ? null : await this.at(numberIn(bytes, 0));
    if (found?.hash === hash) return found;
    for (const recent of this.#recent.values()) if (recent.hash === hash) return recent;
    return null;
  }

  async backing(height: number): Promise<CheckpointCertificate | null> {
    if (this.#backed?.checkpoint.height === height) return this.#backed;
    const bytes = await this.#kv.get(keyOf(BACKINGS, height));
    return bytes === undefined ? null : decodeBacking(bytes);
  }

  /** Backed checkpoints above a height, in order, up to another if that is given. */
  async backingsAbove(height: number, to?: number): Promise<CheckpointCertificate[]> {
    const found: CheckpointCertificate[] = [];
    const lt = to === undefined ? tableRange(BACKINGS).lt : keyOf(BACKINGS, to + 1);
    const range = { gte: keyOf(BACKINGS, height + 1), lt };
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
      const own = final.certificate?.blockHash === final.hash;
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

  #write(changes: readonly KvChange[], final?: FinalBlock): void {
    if (this.#waiting === null) {
      const all: Write = { changes: [], finals: [] };
      this.#waiting = all;
      this.#enqueue(async () => {
        if (this.#waiting === all) this.#waiting = null;
        // The range grows in the order of writes: what is given up in between is known by then.
        const nodes = all.finals.flatMap(({ block, hash }) => this.#range.append(block.header.height, hash));
        await this.#kv.batch([...all.changes, ...nodes]);
      });
    }
    this.#waiting.changes.push(...changes);
    if (final !== undefined) this.#waiting.finals.push(final);
  }

  #enqueue(work: () => Promise<void>): void {
    this.#tail = this.#tail.then(work);
    // Whoever flushes gets the error; without one it must not end the process unexplained.
    this.#tail.catch(() => {});
  }
}

function heightBytes(height: number): Uint8Array {
  const value = new Uint8Array(8);
  new DataView(value.buffer).setBigUint64(0, BigInt(height));
  return value;
}

function finalChanges(final: FinalBlock): KvChange[] {
  const { height } = final.block.header;
  const value = heightBytes(height);
  return [
    { type: "put", key: keyOf(BLOCKS, height), value: encodeFinal(final) },
    { type: "put", key: keyOf(HEIGHTS, fromHex(final.hash)), value },
    { type: "put", key: keyOf(EPOCHS, final.epoch), value },
  ];
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
  return { epoch, hash, block, certificate, roots: { height, stateRoot, receiptsRoot } };
}

/** The entry of a table with the greatest number, or the greatest up to one. */
async function lastOf(
  kv: Kv,
  table: string,
  to?: number,
): Promise<{ height: number; value: Uint8Array } | null> {
  const range = tableRange(table);
  const lt = to === undefined ? range.lt : keyOf(table, to + 1);
  for await (const [key, value] of kv.iterate({ ...range, lt, reverse: true, limit: 1 })) {
    return { height: numberIn(key, 1), value };
  }
  return null;
}
