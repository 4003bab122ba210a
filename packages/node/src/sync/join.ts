import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import { EmbeddedEngine, type EmbeddedEngineOptions, ExecutionError } from "@aitbc-hybrid/execution";
import { type Evidence, encodeRecord, type Hash, type Millis } from "@aitbc-hybrid/protocol";
import { WriteAheadLog } from "@aitbc-hybrid/storage";
import { ChainStore, RegistryStore } from "../chain/index.ts";
import { NodeError, sentence } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Network } from "../network/index.ts";
import type { Settlement } from "../settlement/index.ts";
import { openDatabase } from "../storage/index.ts";
import { SyncClient, type Synced } from "./client.ts";
import { isSync } from "./messages.ts";
import { declareReady, PARTS, stagingOf, swapIn } from "./swap.ts";

export interface JoinOptions {
  readonly dataDir: string;
  readonly walSegmentBytes: number;
  /** `genesis`: fetch every block. `checkpoint`: a new folder begins at the latest checkpoint. `auto`: only where blocks' batches may be gone. */
  readonly from: "auto" | "genesis" | "checkpoint";
  /** How long peers keep batches. */
  readonly retentionMs: Millis;
  readonly chainId: number;
  readonly ledger: Pick<EmbeddedEngineOptions, "parameters" | "allocation" | "genesis">;
}

export interface JoinModules {
  readonly settlement: Settlement;
  /** A network of its own: it is closed before the node opens its. */
  readonly network: () => Promise<Network>;
  readonly log: Log;
  readonly clock: () => Millis;
}

/** How far the data folder is. */
interface Standing {
  readonly height: number;
  readonly stamp: Millis;
  readonly evidence: readonly Evidence[];
}

/** A batch may go while it is fetched: nine tenths of the retention are relied on. */
const RELIED_ON = 0.9;
const CLIENT = { answerMs: 10_000, retryMs: 1_000 } as const;

/**
 * Puts a data folder that cannot catch up by blocks, since peers no longer have their batches, at the beginning of the
 * present epoch: fetches the state from peers, verifies it, and only then replaces the folder's blocks, ledger and log.
 * The slashing protection is not touched. Can be interrupted anywhere and goes on when it is called again, after
 * {@link swapIn}. A network that stood still has nothing newer than this folder: then, as for a folder that is not
 * behind, nothing happens.
 * @throws NodeError SETTLEMENT_UNREACHABLE; StorageError
 */
export async function joinIfBehind(options: JoinOptions, modules: JoinModules): Promise<void> {
  const { dataDir, from } = options;
  if (from === "genesis") return;
  const own = await standingOf(options);
  const old = own.stamp + RELIED_ON * options.retentionMs < modules.clock();
  if (!old && !(from === "checkpoint" && own.height === 0)) return;
  const settled = await settledStamp(modules.settlement);
  if (settled === null || settled <= own.stamp) return;
  modules.log.info(
    { height: own.height },
    "beginning at the latest checkpoint: older blocks' batches may be gone",
  );
  await stage(options, modules, own);
  await swapIn(dataDir);
}

async function settledStamp(settlement: Settlement): Promise<Millis | null> {
  try {
    return (await settlement.anchor())?.stamp ?? null;
  } catch (cause) {
    throw new NodeError(
      "SETTLEMENT_UNREACHABLE",
      `The latest checkpoint cannot be read from the settlement chain: ${sentence(cause)}. A node that was away for long needs it: check settlement.url.`,
      { cause },
    );
  }
}

async function standingOf({ dataDir, ledger: { genesis } }: JoinOptions): Promise<Standing> {
  const nothing = { height: 0, stamp: genesis.stamp, evidence: [] };
  if (!existsSync(join(dataDir, "db"))) return nothing;
  const database = await openDatabase(dataDir);
  try {
    const chain = await openChain(database.bucket("chain"), genesis.hash);
    const last = await chain.at(chain.height);
    if (last === null) return nothing;
    const { height, stamp } = last.block.header;
    return { height, stamp, evidence: await chain.evidence() };
  } finally {
    await database.close();
  }
}

const openChain = (kv: Parameters<typeof ChainStore.open>[1], genesisHash: Hash): Promise<ChainStore> =>
  ChainStore.open({ answerBytes: 0, genesisHash }, kv);

/** Fetches the state and makes new folders of it. */
async function stage(options: JoinOptions, modules: JoinModules, own: Standing): Promise<void> {
  const staging = stagingOf(options.dataDir);
  const chunks = join(staging, "chunks");
  await mkdir(chunks, { recursive: true });
  const fetched = await openDatabase(chunks);
  const network = await modules.network();
  const { settlement, log, clock } = modules;
  const client = new SyncClient(
    { ...CLIENT, chainId: options.chainId, genesisHash: options.ledger.genesis.hash },
    { settlement, links: linksOf(network), kv: fetched.bucket("sync"), bls: nativeBls, clock, log },
  );
  try {
    await network.start({
      connected: () => {},
      disconnected: (peer) => client.disconnected(peer),
      frame: (peer, channel, frame) => {
        if (channel === "data" && isSync(frame)) client.receive(peer, frame);
      },
    });
    for (;;) {
      const synced = await client.run();
      for (const part of PARTS) await rm(join(staging, part), { recursive: true, force: true });
      try {
        await build(options, modules, synced, own);
        break;
      } catch (error) {
        if (!(error instanceof ExecutionError) || error.code !== "BAD_SNAPSHOT") throw error;
        await client.refuse(synced, error);
      }
    }
    await declareReady(options.dataDir);
  } finally {
    client.close();
    await network.close();
    await fetched.close();
  }
}

const linksOf = (network: Network) => ({
  send: (to: string, frame: Uint8Array) => network.send(to, "data", frame),
  connected: () => network.connected(),
  ban: (peer: string, reason: string) => network.ban(peer, reason),
});

/** A data folder whose replica stands at the epoch's beginning. @throws ExecutionError BAD_SNAPSHOT */
async function build(
  { dataDir, ledger, walSegmentBytes: segmentBytes }: JoinOptions,
  { settlement, log }: JoinModules,
  { offer, begun, accounts }: Synced,
  own: Standing,
): Promise<void> {
  const staging = stagingOf(dataDir);
  const { block, certificate } = offer.last;
  const database = await openDatabase(staging);
  try {
    await EmbeddedEngine.restore(ledger, database.bucket("ledger"), offer.ledger, accounts);
    const registries = new RegistryStore(database.bucket("registries"));
    await registries.put(begun.registry);
    await registries.put(await settlement.registry(offer.start.registryNext, begun.epoch + 1));
    const { hash } = offer.start.parent;
    const roots = offer.start.roots.at(-1)!;
    const last = { epoch: begun.epoch - 1, hash, block, certificate: certificate!, roots };
    await ChainStore.begin(database.bucket("chain"), last, offer.start.peaks);
    const chain = await openChain(database.bucket("chain"), ledger.genesis.hash);
    for (const evidence of own.evidence) chain.keep(evidence);
    await chain.flush();
  } finally {
    await database.close();
  }
  const wal = await WriteAheadLog.open({ directory: join(staging, "wal"), segmentBytes });
  try {
    const start = { ...offer.start, boundary: begun.boundary };
    await wal.append(encodeRecord({ type: "epoch", start }));
  } finally {
    await wal.close();
  }
  log.info({ epoch: begun.epoch, height: offer.ledger.height }, "the state is fetched and verified");
}
