import { createHash } from "node:crypto";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import {
  defaultEmbeddedOptions,
  defaultLedgerParameters,
  defaultPendingOptions,
  EmbeddedEngine,
  handedOn,
  SenderPool,
} from "@aitbc-hybrid/execution";
import {
  appendLeaf,
  type Certificate,
  type CheckpointCertificate,
  checkpointRoot,
  DEVNET_PARAMS,
  domainHash,
  EMPTY_RANGE,
  type EpochStart,
  fromHex,
  type Genesis,
  genesisHash,
  type Hash,
  type Hex,
  handoverHash,
  hashOf,
  type Registry,
  rangeRoot,
  snapshotHash,
  toBitmap,
  voteRoot,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import { genesisAnchor, type LightAnchor } from "@aitbc-hybrid/sdk";
import type { FinalBlock } from "../../src/chain/index.ts";
import { silentLog } from "../../src/log.ts";
import { memoryDatabase } from "../../src/storage/index.ts";
import { SyncServer, type SyncServerModules, type SyncServerOptions } from "../../src/sync/index.ts";

const CHAIN_ID = 31_999;
const STAMP = 1_800_000_000_000;
const hash = (text: string): Hash => `0x${createHash("sha256").update(text).digest("hex")}`;
/** Accounts of a chunk in these tests. */
export const CHUNK = 10;
/** Epoch 0 has three blocks. */
const LAST = 3;

const secrets = [0, 1, 2, 3].map((at) => {
  const secret = fromHex(hash(`validator ${at}`));
  secret[0]! &= 0x3f;
  return secret;
});

/** What all validators sign, or those on the seats given. */
export const aggregate = (root: Hash, seats: readonly number[] = [0, 1, 2, 3]): Uint8Array =>
  nativeBls.aggregateSignatures(seats.map((seat) => nativeBls.sign(secrets[seat]!, fromHex(root))));

/** A chain whose epoch 1 begins after three empty blocks, with as many accounts as asked for; all with real signatures. */
export class StateWorld {
  readonly registry: Registry;
  readonly genesis: Genesis;
  readonly genesisHash: Hash;
  readonly anchor: LightAnchor;
  readonly boundary: CheckpointCertificate;
  /** Of the blocks of epoch 0. */
  readonly hashes: Hash[] = [];
  readonly last: FinalBlock;
  /** The first block of epoch 1. */
  first!: FinalBlock;
  start!: EpochStart;
  readonly options: Parameters<typeof EmbeddedEngine.restore>[0];
  readonly engine: EmbeddedEngine;
  readonly now = STAMP + 60_000;

  /** @param stake of each of the four authorities */
  static async make(accounts: number, stake = 10_000n): Promise<StateWorld> {
    const parameters = defaultLedgerParameters(CHAIN_ID);
    const allocation = new Map(
      Array.from(
        { length: accounts },
        (_, at) => [`0x${hash(`account ${at}`).slice(26)}` as Hex, BigInt(at + 1)] as const,
      ),
    );
    const contents = {
      entries: secrets.map((secret, at) => {
        const key = nativeBls.parseKey(nativeBls.publicKey(secret));
        return { validatorId: at + 1, key: key.bytes, keyBytes: key.uncompressed, stake };
      }),
      authorities: 4,
      suspended: new Set<number>(),
      backing: new Set([0, 1, 2, 3]),
      params: { ...DEVNET_PARAMS, epochLength: { fast: LAST, balanced: LAST, secure: LAST } },
    };
    const registry = { ...contents, root: snapshotHash(contents) };
    const options = { parameters, allocation, genesis: { hash: ZERO_HASH, stamp: STAMP } };
    const probe = await openEngine(options);
    const genesis: Genesis = {
      chainId: CHAIN_ID,
      settlementChainId: 31_337,
      addressesHash: hash("addresses"),
      snapshotHash: registry.root,
      mode: "balanced",
      stateRoot: probe.finalized.stateRoot,
      stamp: STAMP,
    };
    await probe.close();
    const own = { ...options, genesis: { hash: genesisHash(genesis), stamp: STAMP } };
    return new StateWorld(registry, genesis, own, await openEngine(own)).#run();
  }

  private constructor(
    registry: Registry,
    genesis: Genesis,
    options: StateWorld["options"],
    engine: EmbeddedEngine,
  ) {
    this.registry = registry;
    this.genesis = genesis;
    this.genesisHash = genesisHash(genesis);
    this.anchor = genesisAnchor(genesis, this.genesisHash);
    this.options = options;
    this.engine = engine;
    const domain = domainHash({
      chainId: CHAIN_ID,
      genesisHash: this.genesisHash,
      epoch: 0,
      incarnation: 0,
      mode: "balanced",
      registry: registry.root,
    });
    let range = appendLeaf(EMPTY_RANGE, this.genesisHash);
    let parentHash = this.genesisHash;
    let block: FinalBlock["block"] | undefined;
    for (let height = 1; height <= LAST; height++) {
      block = blockAt(domain, height, parentHash, genesis.stateRoot);
      parentHash = hashOf(block);
      range = appendLeaf(range, parentHash);
      this.hashes.push(parentHash);
    }
    const commitment = {
      registryNext: registry.root,
      registryAfter: registry.root,
      modeNext: "balanced",
      modeWanted: "balanced",
      seedNext: hash("seed"),
    } as const;
    const accounting = {
      epoch: 0,
      views: LAST,
      stamp: STAMP,
      loadMultiplier: 1_000_000,
      vectorHash: hash("v"),
    };
    const stamp = STAMP + 500 * LAST;
    const checkpoint = {
      height: LAST,
      view: LAST,
      stamp,
      blockHash: parentHash,
      stateRoot: genesis.stateRoot,
      blocksRoot: rangeRoot(range),
      previous: this.genesisHash,
      boundary: { commitment, accounting },
    };
    const root = checkpointRoot(domain, checkpoint);
    const bitmap = toBitmap([0, 1, 2, 3], 4);
    this.boundary = { epoch: 0, domain, checkpoint, bitmap, signature: aggregate(root) };
    const vote = { kind: "finalize", view: LAST, parentView: LAST - 1, blockHash: parentHash } as const;
    const certificate: Certificate = {
      ...vote,
      epoch: 0,
      domain,
      bitmap,
      signature: aggregate(voteRoot(domain, vote)),
    };
    const roots = { height: LAST, stateRoot: genesis.stateRoot, receiptsRoot: ZERO_HASH };
    this.last = { epoch: 0, hash: parentHash, block: block!, certificate, roots };
  }

  /** How epoch 1 begins, and its first block, which commits that. */
  #begin(roots: EpochStart["roots"]): void {
    const { registry, genesis, boundary, last } = this;
    const { reference, settledAt, inboxCursor } = last.block.header;
    const { checkpoint, domain } = boundary;
    const { height, stamp } = checkpoint;
    let range = appendLeaf(EMPTY_RANGE, this.genesisHash);
    for (const hash of this.hashes) range = appendLeaf(range, hash);
    this.start = {
      epoch: 1,
      incarnation: 0,
      mode: "balanced",
      registry: registry.root,
      registryNext: registry.root,
      seed: checkpoint.boundary!.commitment.seedNext,
      firstHeight: height + 1,
      parent: { hash: last.hash, height, stamp, reference, settledAt, inboxCursor },
      peaks: range.peaks,
      roots,
      previousCheckpoint: checkpointRoot(domain, checkpoint),
      previousCheckpointHeight: height,
      boundary,
      backedStamp: stamp,
      hybrid: { modeWanted: "balanced", resident: 2, capacity: 1_000_000, rate: 7, multiplier: 1_000_000 },
    };
    const of = { epoch: 1, incarnation: 0, mode: "balanced", registry: registry.root } as const;
    const next = domainHash({ chainId: CHAIN_ID, genesisHash: this.genesisHash, ...of });
    const plain = blockAt(next, LAST + 1, last.hash, genesis.stateRoot);
    const header = { ...plain.header, view: 1, parentView: 0, commitment: handoverHash(this.start) };
    const block = { ...plain, header };
    const vote = { kind: "notarize", view: 1, parentView: 0, blockHash: hashOf(block) } as const;
    const certificate: Certificate = {
      ...vote,
      epoch: 1,
      domain: next,
      bitmap: toBitmap([0, 1, 2, 3], 4),
      signature: aggregate(voteRoot(next, vote)),
    };
    const after = { height: LAST + 1, stateRoot: genesis.stateRoot, receiptsRoot: ZERO_HASH };
    this.first = { epoch: 1, hash: vote.blockHash, block, certificate, roots: after };
  }

  async #run(): Promise<StateWorld> {
    let parentHash = this.genesisHash;
    const { stateRoot } = this.genesis;
    const unused = { used: 0, value: 0 };
    const roots = [{ height: 0, stateRoot, receiptsRoot: ZERO_HASH, handedOn: ZERO_HASH, ...unused }];
    for (let height = 1; height <= LAST; height++) {
      const block = blockAt(this.boundary.domain, height, parentHash, this.genesis.stateRoot);
      const blockHash = hashOf(block);
      const { stamp, feeRecipient } = block.header;
      const context = { hash: blockHash, height, stamp, feeRecipient, valueFrom: null };
      const result = await this.engine.execute(parentHash, context, []);
      const { receiptsRoot } = result;
      roots.push({ height, stateRoot, receiptsRoot, handedOn: handedOn(result), ...unused });
      parentHash = blockHash;
    }
    await this.engine.finalize(parentHash);
    this.#begin(roots);
    return this;
  }

  /** A peer that has the state; `send` and `ban` are told what it does. */
  server(
    links: SyncServerModules["links"],
    start = this.start,
    limits: Partial<SyncServerOptions> = {},
    modules: Partial<SyncServerModules> = {},
  ): SyncServer {
    const server = new SyncServer(
      { chunkAccounts: CHUNK, answersPerSecond: 0, answersBurst: 1, ...limits },
      {
        chain: {
          at: async (height) => (height === LAST ? this.last : height === LAST + 1 ? this.first : null),
          lastOfEpoch: async (epoch) => (epoch === 0 ? this.last : null),
          backing: async (height) => (height === LAST ? this.boundary : null),
        },
        snapshot: (of) => this.engine.snapshot(of),
        finalHeight: () => this.engine.finalized.height,
        links,
        log: silentLog,
        clock: () => this.now,
        metrics: { answered() {}, limited() {} },
        ...modules,
      },
    );
    server.begun(start);
    return server;
  }
}

const openEngine = (options: Parameters<typeof EmbeddedEngine.restore>[0]): Promise<EmbeddedEngine> =>
  EmbeddedEngine.open(
    { ...defaultEmbeddedOptions, ...options, pending: defaultPendingOptions },
    {
      database: memoryDatabase().bucket("ledger"),
      senders: new SenderPool({ workers: 0, maximumQueued: 10, chunk: 1, inline: 1 }),
    },
  );

const blockAt = (domain: Hash, height: number, parentHash: Hash, stateRoot: Hash): FinalBlock["block"] => ({
  header: {
    domain,
    view: height,
    parentView: height - 1,
    parentHash,
    height,
    stamp: STAMP + 500 * height,
    reference: { number: 7, hash: hash("reference") },
    settledAt: STAMP,
    inboxCursor: 0,
    feeRecipient: `0x${"fe".repeat(20)}`,
    vrfOutput: ZERO_HASH,
    batchesRoot: ZERO_HASH,
    stateRoot,
    receiptsRoot: ZERO_HASH,
    certificatesHash: ZERO_HASH,
    lateVotesHash: ZERO_HASH,
    commitment: ZERO_HASH,
  },
  body: {
    vrfProof: new Uint8Array(96),
    batches: [],
    certificates: [],
    backings: [],
    lateVotes: [],
    commitment: null,
  },
});
