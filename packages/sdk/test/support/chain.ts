import { compressKey } from "@aitbc-hybrid/crypto";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import {
  appendLeaf,
  type Boundary,
  blockHash,
  type Checkpoint,
  type CheckpointCertificate,
  checkpointRoot,
  DEVNET_PARAMS,
  domainHash,
  EMPTY_RANGE,
  electorate,
  fromHex,
  type Genesis,
  genesisHash,
  type Hash,
  type Header,
  hashBytes,
  type Mode,
  type Params,
  peakPlaces,
  type Registry,
  rangePath,
  rangeRoot,
  restartRoot,
  type Seat,
  snapshotHash,
  toBitmap,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import type { BlockProof } from "@aitbc-hybrid/sdk";

export const START = 1_800_000_000_000;

/** A hash that depends on its label only. */
export const label = (text: string): Hash => hashBytes(new TextEncoder().encode(text));

/** The secret of a label's key. */
export function secretOf(text: string): Uint8Array {
  const secret = fromHex(label(`secret ${text}`));
  secret[0]! &= 0x3f;
  return secret;
}

export interface Member {
  readonly name: string;
  readonly stake: bigint;
}

const secrets = new Map<string, Uint8Array>();

/** A registry of named members: authorities first. */
export function registryOf(
  authorities: readonly Member[],
  stakers: readonly Member[],
  change: { readonly suspended?: readonly Seat[]; readonly params?: Partial<Params> } = {},
): Registry {
  const suspended = new Set(change.suspended ?? []);
  const entries = [...authorities, ...stakers].map(({ name, stake }, at) => {
    const secret = secretOf(name);
    const keyBytes = nativeBls.parseKey(nativeBls.publicKey(secret)).uncompressed;
    const key = compressKey(keyBytes);
    secrets.set(`${key}`, secret);
    return { validatorId: at + 1, key, keyBytes, stake };
  });
  const contents = {
    entries,
    authorities: authorities.length,
    suspended,
    backing: new Set([...entries.keys()].filter((seat) => !suspended.has(seat))),
    params: { ...DEVNET_PARAMS, ...change.params },
  };
  return { root: snapshotHash(contents), ...contents };
}

const named = (prefix: string, stakes: readonly number[]): Member[] =>
  stakes.map((stake, at) => ({ name: `${prefix} ${at}`, stake: BigInt(stake) }));

/** Four authorities of 10 AITBC, four stakers. */
export const defaultRegistry = (change: Parameters<typeof registryOf>[2] = {}): Registry =>
  registryOf(named("authority", [10, 10, 10, 10]), named("staker", [100, 100, 100, 70]), change);

export interface Signing {
  /** Seats of the backing set that do not sign. */
  readonly absent?: readonly Seat[];
  /** Seats that sign, whatever set they are of. */
  readonly signers?: readonly Seat[];
}

interface Slot {
  readonly registry: Registry;
  readonly mode: Mode;
  readonly firstHeight: number;
}

/** A chain as its checkpoints show it, signed with real keys. */
export class TestChain {
  readonly genesis: Genesis;
  readonly genesisHash: Hash;
  readonly blocks: Hash[];
  readonly headers: (Header | null)[] = [null];
  readonly #slots = new Map<number, Slot>();
  /** Hash of the last checkpoint made. */
  last: Hash;
  epoch = 0;
  incarnation = 0;

  constructor(registry: Registry, mode: Mode = "balanced") {
    this.genesis = {
      chainId: 26_090,
      settlementChainId: 31_337,
      addressesHash: label("addresses"),
      snapshotHash: registry.root,
      mode,
      stateRoot: label("state 0"),
      stamp: START,
    };
    this.genesisHash = genesisHash(this.genesis);
    this.blocks = [this.genesisHash];
    this.last = this.genesisHash;
    this.#slots.set(0, { registry, mode, firstHeight: 1 });
    this.#slots.set(1, { registry, mode, firstHeight: 0 });
  }

  slot(epoch = this.epoch): Slot {
    return this.#slots.get(epoch)!;
  }

  domainFields(epoch = this.epoch) {
    const { registry, mode } = this.slot(epoch);
    const { chainId } = this.genesis;
    const { genesisHash, incarnation } = this;
    return { chainId, genesisHash, epoch, incarnation, mode, registry: registry.root };
  }

  domain(epoch = this.epoch): Hash {
    return domainHash(this.domainFields(epoch));
  }

  get height(): number {
    return this.blocks.length - 1;
  }

  stampAt(height: number): number {
    return START + 500 * height;
  }

  /** Appends blocks up to a height; `change` is the last one's. */
  grow(to: number, change: Partial<Header> = {}): void {
    while (this.height < to) {
      const height = this.height + 1;
      const header: Header = {
        domain: this.domain(),
        view: height,
        parentView: height - 1,
        parentHash: this.blocks[height - 1]!,
        height,
        stamp: this.stampAt(height),
        reference: { number: 7, hash: label("reference") },
        settledAt: START,
        inboxCursor: 0,
        feeRecipient: "0x00000000000000000000000000000000000000fe",
        vrfOutput: label(`vrf ${height}`),
        batchesRoot: ZERO_HASH,
        stateRoot: label(`state ${height - 2}`),
        receiptsRoot: ZERO_HASH,
        certificatesHash: label(`certificates ${height}`),
        lateVotesHash: label(`late ${height}`),
        commitment: ZERO_HASH,
        ...(height === to ? change : {}),
      };
      this.headers.push(header);
      this.blocks.push(blockHash(header));
    }
  }

  /** The content of the checkpoint at a height of the chain. */
  content(height: number, change: Partial<Checkpoint> = {}): Checkpoint {
    this.grow(height);
    let range = EMPTY_RANGE;
    for (const block of this.blocks.slice(0, height + 1)) range = appendLeaf(range, block);
    return {
      height,
      view: height,
      stamp: this.stampAt(height),
      blockHash: this.blocks[height]!,
      stateRoot: label(`state ${height}`),
      blocksRoot: rangeRoot(range),
      previous: this.last,
      boundary: null,
      ...change,
    };
  }

  /** Signs whatever it is given, as the present epoch's backing set. */
  sign(checkpoint: Checkpoint, signing: Signing = {}, epoch = this.epoch): CheckpointCertificate {
    const domain = this.domain(epoch);
    const { seats, signature } = this.#signed(epoch, checkpointRoot(domain, checkpoint), signing);
    const bitmap = toBitmap(seats, this.slot(epoch).registry.entries.length);
    return { epoch, domain, checkpoint, bitmap, signature };
  }

  /** The next checkpoint of the chain. */
  checkpoint(height: number, signing: Signing = {}): CheckpointCertificate {
    const certificate = this.sign(this.content(height), signing);
    this.last = checkpointRoot(certificate.domain, certificate.checkpoint);
    return certificate;
  }

  /** What the boundary of the present epoch says. */
  boundary(change: Partial<Boundary["commitment"]> = {}): Boundary {
    const { mode } = this.slot();
    const { registry } = this.slot(this.epoch + 1);
    return {
      commitment: {
        registryNext: registry.root,
        registryAfter: registry.root,
        modeNext: mode,
        modeWanted: mode,
        seedNext: label(`seed ${this.epoch + 1}`),
        ...change,
      },
      accounting: {
        epoch: this.epoch,
        views: 10,
        stamp: START,
        loadMultiplier: 1_000_000,
        vectorHash: label(`vector ${this.epoch}`),
      },
    };
  }

  get lastHeight(): number {
    const { registry, mode, firstHeight } = this.slot();
    return firstHeight + registry.params.epochLength[mode] - 1;
  }

  /** Ends the epoch; the next one begins. */
  close(
    next: { readonly after?: Registry; readonly modeNext?: Mode; readonly modeWanted?: Mode } = {},
    signing: Signing = {},
  ): CheckpointCertificate {
    const after = next.after ?? this.slot(this.epoch + 1).registry;
    const modeNext = next.modeNext ?? this.slot().mode;
    const modeWanted = next.modeWanted ?? modeNext;
    const boundary = this.boundary({ registryAfter: after.root, modeNext, modeWanted });
    const certificate = this.sign(this.content(this.lastHeight, { boundary }), signing);
    this.last = checkpointRoot(certificate.domain, certificate.checkpoint);
    const { registry } = this.slot(this.epoch + 1);
    this.#slots.set(this.epoch + 1, { registry, mode: modeNext, firstHeight: this.lastHeight + 1 });
    this.#slots.set(this.epoch + 2, { registry: after, mode: modeWanted, firstHeight: 0 });
    this.epoch++;
    return certificate;
  }

  /** A quorum's wish to restart the present epoch. */
  restart(view: number, hash: Hash, signing: Signing = {}) {
    const { seats, signature } = this.#signed(this.epoch, restartRoot(this.domain(), view, hash), signing);
    return { present: true, seats, signature };
  }

  /** The way from a block to the checkpoint at a height. */
  blockProof(height: number, under: number): BlockProof {
    const rows = [this.blocks.slice(0, under + 1)];
    const nodeAt = (level: number, index: number): Hash => {
      while (rows.length <= level) {
        const below = rows[rows.length - 1]!;
        const row: Hash[] = [];
        for (let i = 0; i + 1 < below.length; i += 2)
          row.push(hashBytes(fromHex(`${below[i]!}${below[i + 1]!.slice(2)}`)));
        rows.push(row);
      }
      return rows[level]![index]!;
    };
    const place = rangePath(under + 1, height);
    if (place === null) throw new RangeError(`no block ${height} below ${under}`);
    return {
      under,
      height,
      blockHash: this.blocks[height]!,
      path: place.path.map(({ level, index }) => nodeAt(level, index)),
      peaks: peakPlaces(under + 1).map(({ level, index }) => nodeAt(level, index)),
    };
  }

  #signed(epoch: number, root: Hash, { absent = [], signers }: Signing) {
    const { registry, mode } = this.slot(epoch);
    const { backers } = electorate(registry, mode);
    const seats =
      signers ?? backers.flatMap((signs, seat) => (signs && !absent.includes(seat) ? [seat] : []));
    const message = fromHex(root);
    const signature = nativeBls.aggregateSignatures(
      seats.map((seat) => nativeBls.sign(secrets.get(`${registry.entries[seat]!.key}`)!, message)),
    );
    return { seats: [...seats], signature };
  }
}
