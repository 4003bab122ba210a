import { join } from "node:path";
import {
  bestRecover,
  defaultEmbeddedOptions,
  defaultPendingOptions,
  EmbeddedEngine,
  type FinalReceipt,
  type GenesisFile,
  SenderPool,
} from "@aitbc-hybrid/execution";
import {
  decodeMessage,
  domainHash,
  type EpochStart,
  type Evidence,
  type Hex,
  genesisHash as hashGenesis,
  type Registry,
  type ReplicaConfig,
  SUBNET_SIZES,
  type SubnetSizes,
} from "@aitbc-hybrid/protocol";
import { WriteAheadLog } from "@aitbc-hybrid/storage";
import {
  Archive,
  ChainStore,
  Journal,
  PastWatch,
  participationOf,
  RegistryStore,
  SettledWatch,
} from "./chain/index.ts";
import { BatchStore, DataPath } from "./data/index.ts";
import { Dues } from "./dues.ts";
import { Engine, type EngineListener, Verifier } from "./engine/index.ts";
import { NodeError, sentence } from "./errors.ts";
import type { Log } from "./log.ts";
import { createMetrics } from "./metrics/index.ts";
import { createNetwork, type NetworkOptions } from "./network/index.ts";
import { NodeReader } from "./reader.ts";
import { begin, catchUpLedger, readGenesis, relearn, replay } from "./restoring.ts";
import {
  defaultRpcServerOptions,
  type RpcServer,
  type RpcServerModules,
  type RpcServerOptions,
  startRpcServer,
} from "./rpc/index.ts";
import type { Duties, Settlement } from "./settlement/index.ts";
import { Doppelganger, Protection, type Signer, StandingWatch } from "./signing/index.ts";
import { openDatabase, openProtectionLog } from "./storage/index.ts";
import { CHUNK_ACCOUNTS, isSync, joinIfBehind, SyncServer, swapIn } from "./sync/index.ts";

export interface NodeOptions {
  readonly version: string;
  readonly dataDir: string;
  readonly protectionDir: string;
  /** Null: a follower, which signs nothing. */
  readonly validator: { readonly id: number; readonly feeRecipient: Hex } | null;
  readonly ledger: GenesisFile;
  /** Threads that recover senders; 0: none. */
  readonly ledgerWorkers: number;
  readonly network: NetworkOptions;
  readonly rpc: Pick<RpcServerOptions, "host" | "port"> & Partial<RpcServerOptions>;
  readonly data: {
    readonly batchMs: number;
    readonly ackMs: number;
    readonly quotaBytes: number;
    readonly fetchMs: number;
    readonly orderMs: number;
    readonly retentionMs: number;
  };
  /** Where a new data folder begins, and one that is behind by the batches' retention (sync/join.ts). */
  readonly sync: {
    readonly from: "auto" | "genesis" | "checkpoint";
    readonly answersPerSecond: number;
    readonly answersBurst: number;
  };
  readonly consensus: {
    readonly skipViews: number;
    readonly backoffCap: number;
    /** With more voters than this votes go through aggregators: the same at all nodes of a network. */
    readonly aggregateAbove?: number;
    /** How they are dealt to subnets; left out: as the simulator has it. */
    readonly subnets?: SubnetSizes;
    /** Votes, but tells nobody what it added up of others' votes (tests of silent aggregators). */
    readonly silent?: boolean;
  };
  /** How long to listen for the own key on the network before anything is signed, ms; 0: not at all. */
  readonly doppelgangerMs: number;
}

export interface NodeModules {
  readonly settlement: Settlement;
  /** Null: posts nothing to the settlement chain. */
  readonly duties: Duties | null;
  /** Null: a follower. */
  readonly signer: Signer | null;
  readonly log: Log;
  /** ms since 1970 */
  readonly clock: () => number;
}

/** Why a running node stopped. */
export interface Halt {
  readonly reason: string;
  /** True if it cannot go on from what is final here. */
  readonly contradiction: boolean;
}

/** A node that runs. */
export interface RunningNode {
  readonly peerId: string;
  /** Such as `http://127.0.0.1:8545`. */
  readonly rpcUrl: string;
  readonly reader: NodeReader;
  /** Resolves if the node stopped by itself. */
  readonly halted: Promise<Halt>;
  /** Why it votes no more, while what is final here contradicts what a quorum signed; else null. */
  contradiction(): string | null;
  /** Stops everything; what was acknowledged is on disk when it resolves. */
  close(): Promise<void>;
}

const WAL_SEGMENT_BYTES = 4 * 2 ** 20;

/**
 * Starts a node from its data folder: reads what is durable, executes what the ledger misses, restores the replica,
 * connects, serves RPC.
 * @throws NodeError, StorageError, ExecutionError with a sentence for the operator
 */
export async function startNode(options: NodeOptions, modules: NodeModules): Promise<RunningNode> {
  const opened: (() => Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    // Last opened, first closed; one that fails must not keep the others open.
    for (const close of opened.reverse()) {
      await close().catch((error) => modules.log.error({ error: sentence(error) }, "closing failed"));
    }
    opened.length = 0;
  };
  try {
    return await start(options, modules, opened, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function start(
  options: NodeOptions,
  { settlement, duties, signer, log, clock }: NodeModules,
  opened: (() => Promise<void>)[],
  closeAll: () => Promise<void>,
): Promise<RunningNode> {
  // The protection first: its lock is what keeps a second process from signing with the same key.
  const protection = new Protection(await openProtectionLog(options.protectionDir));
  opened.push(() => protection.close());
  await swapIn(options.dataDir);
  await joinAtCheckpoint(options, { settlement, log, clock });
  const wal = await WriteAheadLog.open({
    directory: join(options.dataDir, "wal"),
    segmentBytes: WAL_SEGMENT_BYTES,
  });
  opened.push(() => wal.close());
  const database = await openDatabase(options.dataDir);
  opened.push(() => database.close());

  const genesis = await readGenesis(database.bucket("node"), settlement, options.ledger);
  const genesisHash = hashGenesis(genesis);
  const registries = new RegistryStore(database.bucket("registries"));
  const chain = await ChainStore.open({ answerBytes: 2_000_000, genesisHash }, database.bucket("chain"));
  opened.push(() => chain.flush());
  const execution = await EmbeddedEngine.open(
    {
      ...defaultEmbeddedOptions,
      parameters: options.ledger.parameters,
      allocation: options.ledger.allocation,
      genesis: { hash: genesisHash, stamp: genesis.stamp },
      pending: defaultPendingOptions,
    },
    {
      database: database.bucket("ledger"),
      senders: new SenderPool(
        { workers: options.ledgerWorkers, maximumQueued: 50_000, chunk: 256, inline: 2 },
        { recover: bestRecover() },
      ),
    },
  );
  opened.push(() => execution.close());

  const metrics = createMetrics(options.version, () => engine.view().mode);
  opened.push(async () => metrics.close());
  const network = await createNetwork(options.network, {
    log: log.child({ module: "network" }),
    metrics: metrics.network,
  });
  const states = new SyncServer(
    { ...options.sync, chunkAccounts: CHUNK_ACCOUNTS },
    {
      chain,
      snapshot: (hash) => execution.snapshot(hash),
      finalHeight: () => execution.finalized.height,
      links: {
        send: (to, frame) => network.send(to, "data", frame),
        ban: (peer, reason) => network.ban(peer, reason),
      },
      log: log.child({ module: "sync" }),
      clock,
      metrics: metrics.sync,
    },
  );
  opened.push(async () => states.close());
  const data = new DataPath(
    { ...options.data, chainId: genesis.chainId, author: options.validator?.id ?? null },
    {
      store: new BatchStore(genesis.chainId, database.bucket("batches")),
      links: {
        send: (to, frame) => network.send(to, "data", frame),
        broadcast: (frame) => network.broadcast("data", frame),
        connected: () => network.connected(),
        validatorOf: (peer) => network.validatorOf(peer),
        peerOf: (validator) => network.peerOf(validator),
      },
      execution,
      log: log.child({ module: "data" }),
      metrics: metrics.data,
      clock,
      ban: (peer, reason) => network.ban(peer, reason),
    },
  );
  opened.push(() => data.close());

  const config: ReplicaConfig = {
    chainId: genesis.chainId,
    genesis,
    key: signer?.publicKey ?? null,
    skipViews: options.consensus.skipViews,
    backoffCap: options.consensus.backoffCap,
    aggregateAbove: options.consensus.aggregateAbove,
    trace: false,
  };
  const journal = await Journal.open(wal);
  const records = await journal.current();
  await replay(journal, chain);
  const begins = records[0]?.type === "epoch" ? records[0].start : null;
  const registryOf = async (epoch: number): Promise<Registry | null> => {
    const root = epoch === begins?.epoch ? begins.registry : (await registries.ofEpoch(epoch))?.root;
    return root === undefined ? null : registries.get(root);
  };
  await catchUpLedger(execution, chain, data, registryOf, log);
  const begun = await begin(config, records, { genesis, registries, settlement, clock });
  if (!protection.used) relearn(protection, records, begun.state);

  const { promise: halted, resolve: onHalted } = Promise.withResolvers<Halt>();
  /** Notes what an epoch runs under, and what its domain stands for. */
  const noteEpoch = async (begins: EpochStart, registry: Registry): Promise<void> => {
    const { epoch, incarnation, mode, seed } = begins;
    const { root } = registry;
    await registries.assign(epoch, { root, mode, seed });
    const { chainId } = genesis;
    const domain = domainHash({ chainId, genesisHash, epoch, incarnation, mode, registry: root });
    await registries.noteDomain(domain, { epoch, incarnation, mode, registryRoot: root });
  };
  const dues = new Dues({ duties, chain, registries, settlement, log });
  const verifier = new Verifier((root) => registries.known(root));
  const past = new PastWatch({
    archive: new Archive(chain, registries),
    registries,
    verify: (registry, root, { bitmap, signature }) => {
      const result = verifier.run({ what: "certificate", registry, root, bitmap, signature });
      return result.what === "certificate" && result.ok;
    },
    evidence: (evidence) => {
      chain.keep(evidence);
      listener.evidence(evidence);
    },
    ban: (peer, reason) => network.ban(peer, reason),
    log: log.child({ module: "archive" }),
  });
  const settled = new SettledWatch({
    chain,
    registries,
    settlement,
    past,
    log: log.child({ module: "archive" }),
  });
  const listener: EngineListener = {
    finalized: (final, result) => {
      const { hash } = final;
      const { height, stamp } = final.block.header;
      metrics.final((clock() - stamp) / 1_000, result?.executed ?? 0);
      reader.finalized();
      const receipts: FinalReceipt[] =
        result?.receipts.map((receipt) => ({ ...receipt, blockHash: hash, height })) ?? [];
      reader.moved(receipts);
    },
    executed: () => reader.moved(),
    backed: (certificate) => {
      reader.moved();
      dues.checkpoint(certificate);
    },
    epoch: (begins, registry) => {
      states.begun(begins);
      const { epoch, incarnation, mode } = begins;
      log.info({ epoch, incarnation, registry: registry.root, mode }, "epoch begins");
      if (engine.view().halted === null) metrics.halted(false);
      noteEpoch(begins, registry).then(
        () => duties?.epoch(epoch, registry),
        (error) => log.error({ error: sentence(error) }, "an epoch could not be noted"),
      );
    },
    evidence: (evidence) => {
      metrics.evidence();
      log.warn(
        { what: evidence.what, epoch: evidence.epoch, who: accusedBy(evidence) },
        "conflicting signatures",
      );
      dues.evidence(evidence);
    },
    certificate: (held, registry) => duties?.certificate(held, registry),
    restart: (vote, held) => duties?.restart(vote, held),
    ready: (signal, registry) => duties?.ready(signal, registry),
    past: (from, statement) => past.look(from, statement),
    contradicted: () => metrics.halted(true),
    halted: (reason, contradiction) => {
      metrics.halted(true);
      onHalted({ reason, contradiction });
    },
  };
  const engine: Engine = new Engine(
    {
      replica: config,
      genesisHash,
      feeRecipient: options.validator?.feeRecipient ?? `0x${"00".repeat(20)}`,
      queueLimit: 20_000,
      subnets: options.consensus.subnets ?? SUBNET_SIZES,
      silent: options.consensus.silent ?? false,
      retryMs: 500,
    },
    {
      links: {
        self: network.self,
        send: (to, frame) => network.send(to, "consensus", frame),
        broadcast: (frame) => network.broadcast("consensus", frame),
        ban: (peer, reason) => network.ban(peer, reason),
        connected: () => network.connected(),
        validatorOf: (peer) => network.validatorOf(peer),
        peerOf: (validator) => network.peerOf(validator),
      },
      wal: journal,
      protection,
      signer,
      verifier,
      data,
      execution,
      chain,
      registries,
      settlement,
      listener,
      log: log.child({ module: "engine" }),
      metrics: metrics.engine,
      clock,
    },
    begun,
  );
  const reader: NodeReader = new NodeReader(
    {
      clientVersion: `aitbc-hybrid/${options.version}`,
      genesis,
      genesisHash,
      ledger: options.ledger.parameters,
    },
    {
      engine,
      execution,
      chain,
      registries,
      data,
      network,
      settlement,
      settled,
      signer,
      metrics,
      clock,
    },
  );
  metrics.sample({
    height: (level) => reader.heads()[level],
    epoch: () => engine.view().epoch,
    view: () => engine.view().view,
    settlementReachable: () => settlement.reachable(),
    signerReady: () => signer?.ready() ?? true,
  });

  const { start: current, registry } = begun.state.epoch;
  await noteEpoch(current, registry);
  duties?.epoch(current.epoch, registry);
  duties?.recoveries(() => engine.recoveryWork());
  duties?.accruals((epoch) => participationOf(chain, registries, epoch));
  // After a restart the ledger has the state of one height.
  if (current.parent.height === execution.finalized.height) states.begun(current);
  await data.start();
  opened.push(() => engine.close());
  let owesAgain = true;
  const stopWatching = settlement.onFinal(() => {
    reader.moved();
    void settled.look().catch((error) => log.error({ error: sentence(error) }, "a block could not be read"));
    // The first look at the contracts says which checkpoints they have.
    if (owesAgain) void dues.again();
    owesAgain = false;
  });
  opened.push(async () => stopWatching());
  if (signer !== null) {
    const standing = new StandingWatch(signer.publicKey, {
      settlement,
      log,
      onChange: (silence) => engine.silence(silence),
    });
    const stopAsking = standing.start();
    opened.push(async () => stopAsking());
  }
  opened.push(() => network.close());
  const guard =
    signer === null || options.doppelgangerMs === 0 ? null : new Doppelganger(signer.publicKey, registry);
  let listening = guard !== null;
  await network.start({
    connected: (peer) => {
      if (!listening) engine.connected(peer);
      data.connected(peer);
    },
    disconnected: (peer) => engine.disconnected(peer),
    frame: (peer, channel, frame) => {
      if (channel === "data" && isSync(frame)) states.receive(peer, frame);
      else if (channel === "data") data.receive(peer, frame);
      else if (listening) observe(guard, frame);
      else engine.receive(peer, frame);
    },
  });
  if (guard !== null) {
    await requireAlone(guard, options.doppelgangerMs, log);
    listening = false;
    for (const peer of network.connected()) engine.connected(peer);
  }
  engine.start(begun.effects);
  const rpc = await listen(options, { chain: reader, log, clock, onLimited: metrics.limited });
  opened.push(() => rpc.close());
  const contradiction = (): string | null => engine.view().halted;
  return { peerId: network.self, rpcUrl: rpc.url, reader, halted, contradiction, close: closeAll };
}

/** Begins at a checkpoint where the folder cannot catch up by blocks. */
async function joinAtCheckpoint(
  options: NodeOptions,
  { settlement, log, clock }: Pick<NodeModules, "settlement" | "log" | "clock">,
): Promise<void> {
  const database = await openDatabase(options.dataDir);
  const genesis = await readGenesis(database.bucket("node"), settlement, options.ledger).finally(() =>
    database.close(),
  );
  const nothing = (): void => {};
  await joinIfBehind(
    {
      dataDir: options.dataDir,
      walSegmentBytes: WAL_SEGMENT_BYTES,
      from: options.sync.from,
      retentionMs: options.data.retentionMs,
      chainId: genesis.chainId,
      ledger: {
        parameters: options.ledger.parameters,
        allocation: options.ledger.allocation,
        genesis: { hash: hashGenesis(genesis), stamp: genesis.stamp },
      },
    },
    {
      settlement,
      network: () =>
        createNetwork(options.network, {
          log: log.child({ module: "network" }),
          metrics: { peers: nothing, sent: nothing, received: nothing, dropped: nothing, banned: nothing },
        }),
      log: log.child({ module: "sync" }),
      clock,
    },
  );
}

function observe(guard: Doppelganger | null, frame: Uint8Array): void {
  try {
    guard?.observe(decodeMessage(frame));
  } catch {
    // The engine bans peers for what is malformed, once it runs.
  }
}

/** Waits, and refuses to go on if somebody else signs with the own key meanwhile. */
async function requireAlone(guard: Doppelganger, waitMs: number, log: Log): Promise<void> {
  log.info(
    { waitMs },
    "listening whether this key signs elsewhere before it signs here; two at a time would be slashed (doppelganger.waitMs)",
  );
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  if (guard.found === null) return;
  throw new NodeError(
    "PROTECTION_REFUSED",
    `This key signs elsewhere: ${guard.found} was seen on the network. Stop the other node, move its slashing protection here (--export-protection, --import-protection), then start again.`,
  );
}

const accusedBy = (evidence: Evidence): readonly number[] =>
  evidence.what === "votes" ? [evidence.validatorId] : evidence.validatorIds;

async function listen(
  options: NodeOptions,
  { log, ...modules }: RpcServerModules & { readonly log: Log },
): Promise<RpcServer> {
  try {
    return await startRpcServer(
      { ...defaultRpcServerOptions, ...options.rpc },
      { ...modules, log: log.child({ module: "rpc" }) },
    );
  } catch (cause) {
    const { host, port } = options.rpc;
    if ((cause as NodeJS.ErrnoException).code === "EADDRINUSE") {
      throw new NodeError(
        "PORT_IN_USE",
        `Another program listens on ${host}:${port}: stop it, or choose another port (rpc.port).`,
        { cause },
      );
    }
    throw new NodeError("LISTEN_FAILED", `RPC cannot listen on ${host}:${port}: ${sentence(cause)}`, {
      cause,
    });
  }
}
