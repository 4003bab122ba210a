import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import { defaultLedgerParameters, type GenesisFile, genesisStateRoot } from "@aitbc-hybrid/execution";
import {
  DEVNET_PARAMS,
  fromHex,
  type Genesis,
  type Hash,
  type Hex,
  type Params,
  type Registry,
  snapshotHash,
  toHex,
} from "@aitbc-hybrid/protocol";
import { privateKeyToAccount } from "viem/accounts";
import { type Log, silentLog } from "../../src/log.ts";
import { type PeerEntry, peerIdOf } from "../../src/network/index.ts";
import { type NodeOptions, type RunningNode, startNode } from "../../src/node.ts";
import type { Settlement } from "../../src/settlement/index.ts";
import { localSigner } from "../../src/signing/index.ts";
import { KeptDuties } from "./duties.ts";
import { freePorts } from "./ports.ts";
import { FakeSettlement } from "./settlement.ts";

const CHAIN_ID = 31_999;
const seedOf = (text: string): Uint8Array => createHash("sha256").update(text).digest();

/** A secret below the group's order, from a text. */
function secretOf(text: string): Uint8Array {
  const secret = seedOf(text);
  secret[0]! &= 0x3f;
  return secret;
}

/** How a node begins, and how long it takes batches to be kept. */
export interface Begins {
  readonly from: NodeOptions["sync"]["from"];
  readonly retentionMs?: number;
}

export interface ClusterOptions {
  readonly nodes: number;
  /** The first ones; all if left out. */
  readonly authorities?: number;
  readonly params?: Partial<Params>;
  readonly log?: (node: number) => Log;
  /** Of everything a node sends. */
  readonly delayMs?: (node: number) => number;
  /** Of a node, beside what all have. */
  readonly consensus?: (node: number) => Partial<NodeOptions["consensus"]>;
  /** The settlement chain as a node's own client shows it. */
  readonly shown?: (node: number, settlement: FakeSettlement) => Settlement;
}

/** Validators in this process: real keys, links, disks and ledger, a settlement chain in memory. */
export class Cluster {
  readonly settlement: FakeSettlement;
  /** A funded account of the ledger. */
  readonly rich = privateKeyToAccount(toHex(seedOf("rich")));
  readonly #directory = mkdtempSync(join(tmpdir(), "aitbc-hybrid-cluster-"));
  readonly #ledger: GenesisFile;
  readonly #registry: Registry;
  readonly #secrets: readonly Uint8Array[];
  readonly #log: (node: number) => Log;
  readonly #delayMs: (node: number) => number;
  readonly #consensus: (node: number) => Partial<NodeOptions["consensus"]>;
  readonly #shown: (node: number, settlement: FakeSettlement) => Settlement;
  readonly #nodes = new Map<number, RunningNode>();
  readonly #duties = new Map<number, KeptDuties>();
  readonly #begins = new Map<number, Begins>();
  #peers: PeerEntry[] = [];

  constructor(options: ClusterOptions) {
    this.#log = options.log ?? (() => silentLog);
    this.#delayMs = options.delayMs ?? (() => 0);
    this.#consensus = options.consensus ?? (() => ({}));
    this.#shown = options.shown ?? ((_, settlement) => settlement);
    this.#secrets = Array.from({ length: options.nodes }, (_, i) => secretOf(`validator ${i}`));
    this.#ledger = {
      parameters: defaultLedgerParameters(CHAIN_ID),
      allocation: new Map([[this.rich.address.toLowerCase() as Hex, 10n ** 24n]]),
    };
    const contents = {
      entries: this.#secrets.map((secret, i) => {
        const key = nativeBls.parseKey(nativeBls.publicKey(secret));
        return { validatorId: i + 1, key: key.bytes, keyBytes: key.uncompressed, stake: 10_000n };
      }),
      authorities: options.authorities ?? options.nodes,
      suspended: new Set<number>(),
      backing: new Set(this.#secrets.keys()),
      params: { ...DEVNET_PARAMS, ...options.params },
    };
    const registry: Registry = { ...contents, root: snapshotHash(contents) };
    this.#registry = registry;
    const genesis: Genesis = {
      chainId: CHAIN_ID,
      settlementChainId: 31_337,
      addressesHash: `0x${"ad".repeat(32)}`,
      snapshotHash: registry.root,
      mode: "balanced",
      stateRoot: genesisStateRoot(this.#ledger),
      stamp: Date.now() - 1_000,
    };
    this.settlement = new FakeSettlement(genesis, registry);
  }

  get registry(): Registry {
    return this.#registry;
  }

  node(index: number): RunningNode {
    return this.#nodes.get(index)!;
  }

  /** What a node owed since it was last started. */
  duties(index: number): KeptDuties {
    return this.#duties.get(index)!;
  }

  get running(): RunningNode[] {
    return [...this.#nodes.values()];
  }

  async start(): Promise<void> {
    const ports = await freePorts(this.#secrets.length);
    this.#peers = await Promise.all(
      ports.map(async (port, i) => ({
        peerId: await peerIdOf(seedOf(`node ${i}`)),
        addresses: [`/ip4/127.0.0.1/tcp/${port}`],
        validatorId: i + 1,
      })),
    );
    await Promise.all(ports.map((_, i) => this.startOne(i)));
  }

  async startOne(index: number): Promise<RunningNode> {
    const duties = new KeptDuties();
    this.#duties.set(index, duties);
    const node = await startNode(this.optionsOf(index), {
      settlement: this.#shown(index, this.settlement),
      duties,
      signer: localSigner(Uint8Array.from(this.#secrets[index]!)),
      log: this.#log(index),
      clock: Date.now,
    });
    this.#nodes.set(index, node);
    return node;
  }

  /** What a corrupted validator signs with its key. */
  signAs(index: number, root: Hash): Uint8Array {
    return nativeBls.sign(this.#secrets[index]!, fromHex(root));
  }

  async stopOne(index: number): Promise<void> {
    await this.#nodes.get(index)?.close();
    this.#nodes.delete(index);
  }

  /** Deletes a stopped node's data; its slashing protection stays. */
  loseData(index: number): void {
    const { dataDir } = this.optionsOf(index);
    for (const part of ["db", "wal"]) rmSync(join(dataDir, part), { recursive: true });
  }

  /** Where a node begins when it is started next. */
  beginAt(index: number, begins: Begins): void {
    this.#begins.set(index, begins);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#nodes.keys()].map((index) => this.stopOne(index)));
    rmSync(this.#directory, { recursive: true, force: true });
  }

  optionsOf(index: number): NodeOptions {
    const dataDir = join(this.#directory, `${index}`);
    return {
      version: "test",
      dataDir,
      protectionDir: join(dataDir, "protection"),
      validator: { id: index + 1, feeRecipient: `0x${"fe".repeat(20)}` },
      ledger: this.#ledger,
      ledgerWorkers: 0,
      network: {
        seed: seedOf(`node ${index}`),
        listen: this.#peers[index]!.addresses,
        peers: this.#peers.map((peer) => ({ ...peer, delayMs: this.#delayMs(index) })),
        followers: 0,
        maxFrameBytes: 8_000_000,
        maxQueueBytes: 64_000_000,
        banMs: 1_000,
        backoffMs: { first: 20, last: 500 },
      },
      rpc: { host: "127.0.0.1", port: 0, corsOrigins: [] },
      data: {
        batchMs: 20,
        ackMs: 5,
        quotaBytes: 64_000_000,
        fetchMs: 100,
        orderMs: 2_000,
        retentionMs: this.#begins.get(index)?.retentionMs ?? 3_600_000,
      },
      sync: {
        from: this.#begins.get(index)?.from ?? "genesis",
        answersPerSecond: 20,
        answersBurst: 40,
      },
      consensus: { skipViews: 8, backoffCap: 6, ...this.#consensus(index) },
      doppelgangerMs: 0,
    };
  }
}

/** Resolves once a node's final chain reaches a height. */
export function reaches(node: RunningNode, height: number): Promise<void> {
  return new Promise((resolve) => {
    if (node.reader.heads().finalized >= height) {
      resolve();
      return;
    }
    const end = node.reader.subscribeHeads(({ heads }) => {
      if (heads.finalized < height) return;
      end();
      resolve();
    });
  });
}
