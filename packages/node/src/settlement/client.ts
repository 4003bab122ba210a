import { pureBls } from "@aitbc-hybrid/crypto";
import type {
  Activation,
  CheckpointCertificate,
  ContractsReading,
  Genesis,
  Hash,
  InboxEntry,
  Millis,
  PostedCertificate,
  RecoveryReading,
  ReferenceReading,
  Registry,
  SettlementReference,
} from "@aitbc-hybrid/protocol";
import { dueUntil, FORCED_LIMITS, ZERO_HASH } from "@aitbc-hybrid/protocol";
import {
  type AcceptedUnder,
  checkpointManagerAbi,
  electionsAbi,
  forcedInboxAbi,
  hybridManagerAbi,
  type LightAnchor,
  type Network,
  readAcceptedBacking,
  readGenesis,
  readPastAnchor,
  readRegistry,
  validatorRegistryAbi,
} from "@aitbc-hybrid/sdk";
import { getAbiItem, hexToBytes, keccak256, type PublicClient } from "viem";
import { NodeError } from "../errors.ts";
import type {
  ContractsView,
  InboxQuestion,
  SettledCheckpoint,
  Settlement,
  SettlementBlock,
  SettlementRules,
  Standing,
  Unsubscribe,
} from "./types.ts";

export interface SettlementClientOptions {
  readonly network: Network;
  /** How often the head is asked for, ms. */
  readonly pollMs: Millis;
}

export interface SettlementClientModules {
  readonly client: PublicClient;
  readonly clock: () => Millis;
  /** Called with a sentence when a call fails; polling goes on. */
  readonly onTrouble: (sentence: string) => void;
}

/** Final blocks remembered: what leaders name and voters look up without asking again. */
const REMEMBERED = 512;
/** Newest references of final blocks that are checked against the chain at each new head. */
const WATCHED = 4;
/** Settlement blocks asked for events in one call. */
const LOG_PAGE = 1_000n;
/** Without an answer for this long the chain counts as out of reach. */
const SILENCE_MS = 10_000;

/** Events that are followed: what was accepted, what was recovered, and what was posted to a recovery. */
const EVENTS = [
  getAbiItem({ abi: checkpointManagerAbi, name: "CheckpointAccepted" }),
  getAbiItem({ abi: checkpointManagerAbi, name: "EpochRecovered" }),
  getAbiItem({ abi: hybridManagerAbi, name: "RecoveryOpened" }),
  getAbiItem({ abi: hybridManagerAbi, name: "CertificatePosted" }),
] as const;

const QUEUED = getAbiItem({ abi: forcedInboxAbi, name: "Queued" });

const STANDING: readonly Standing[] = ["unknown", "active", "jailed", "slashed", "exited"];

interface Remembered extends SettlementBlock {
  /** When it was first known to be final, by the own clock; for blocks older than this process, their own stamp. */
  readonly finalSince: Millis;
}

/** The settlement chain through its JSON-RPC. */
export class SettlementClient implements Settlement {
  readonly #options: SettlementClientOptions;
  readonly #modules: SettlementClientModules;
  readonly #blocks = new Map<number, Remembered>();
  readonly #watched: SettlementReference[] = [];
  readonly #finalListeners = new Set<(block: SettlementBlock) => void>();
  readonly #revertListeners = new Set<(reference: SettlementReference) => void>();
  readonly #readings = new Map<string, Promise<ReferenceReading | null>>();
  #rules: SettlementRules = { refLag: 0, settleDepth: 0 };
  #final: Remembered | null = null;
  #settled: SettledCheckpoint | null = null;
  #reading: ContractsReading | null = null;
  #activations: readonly Activation[] = [];
  /** Certificates posted to the recovery of this number, the last one opened. */
  #posted: { readonly id: number; readonly certificates: readonly PostedCertificate[] } = {
    id: 0,
    certificates: [],
  };
  #scannedTo: bigint | null = null;
  #answeredAt: Millis;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: SettlementClientOptions, modules: SettlementClientModules) {
    this.#options = options;
    this.#modules = modules;
    this.#answeredAt = modules.clock();
  }

  genesis(): Promise<Genesis> {
    return readGenesis(this.#modules.client, this.#options.network);
  }

  anchor(): Promise<LightAnchor | null> {
    // Before anything else was read: the block that the chain itself calls final.
    return readPastAnchor(this.#modules.client, this.#options.network);
  }

  follow(rules: SettlementRules): void {
    this.#rules = rules;
    if (this.#timer === null && !this.#closed) this.#schedule(0);
  }

  latestFinal(): SettlementBlock | null {
    return this.#final;
  }

  nameable(): SettlementBlock | null {
    const { refLag } = this.#rules;
    if (refLag === 0) return this.#final;
    const oldest = this.#modules.clock() - refLag;
    let best: Remembered | null = null;
    for (const block of this.#blocks.values()) {
      if (block.finalSince <= oldest && (best === null || block.number > best.number)) best = block;
    }
    return best;
  }

  reading(
    reference: SettlementReference,
    candidateEpoch: number,
    inbox: InboxQuestion,
  ): Promise<ReferenceReading | null> {
    const key = `${reference.number} ${reference.hash} ${candidateEpoch} ${inbox.from} ${inbox.forceAfter}`;
    const known = this.#readings.get(key);
    if (known !== undefined) return known;
    const reading = this.#read(reference, candidateEpoch, inbox);
    this.#readings.set(key, reading);
    if (this.#readings.size > REMEMBERED) this.#readings.delete(this.#readings.keys().next().value!);
    // "Not final yet" and failures are asked anew.
    const forget = (): void => {
      this.#readings.delete(key);
    };
    reading.then((value) => value === null && forget(), forget);
    return reading;
  }

  async #read(
    reference: SettlementReference,
    candidateEpoch: number,
    { from, forceAfter }: InboxQuestion,
  ): Promise<ReferenceReading | null> {
    const { client } = this.#modules;
    const { addresses } = this.#options.network;
    if (this.#final === null || reference.number > this.#final.number) return null;
    const blockNumber = BigInt(reference.number);
    const shown = this.#blocks.get(reference.number) ?? (await this.#fetch(blockNumber));
    if (shown.hash !== reference.hash) return null;
    const until = dueUntil(shown.stamp, forceAfter);
    const [settledAt, candidate, due] = await Promise.all([
      client.readContract({
        address: addresses.checkpoints,
        abi: checkpointManagerAbi,
        functionName: "lastAcceptedAt",
        blockNumber,
      }),
      client.readContract({
        address: addresses.elections,
        abi: electionsAbi,
        functionName: "snapshotHashOf",
        args: [BigInt(candidateEpoch)],
        blockNumber,
      }),
      until < 0
        ? 0n
        : client.readContract({
            address: addresses.inbox,
            abi: forcedInboxAbi,
            functionName: "countUntil",
            args: [until],
            blockNumber,
          }),
    ]);
    const entries = await this.#entries(from, Number(due), blockNumber);
    this.#answeredAt = this.#modules.clock();
    return {
      settledAt: Number(settledAt),
      due: entries,
      candidate: candidate === ZERO_HASH ? null : candidate,
    };
  }

  /** Entries from one number to below another, at most as many as a block takes. */
  async #entries(from: number, to: number, blockNumber: bigint): Promise<readonly InboxEntry[]> {
    if (from >= to) return [];
    const most = Math.min(to - from, FORCED_LIMITS.entries);
    const page = await this.#modules.client.readContract({
      address: this.#options.network.addresses.inbox,
      abi: forcedInboxAbi,
      functionName: "entries",
      args: [BigInt(from), BigInt(most)],
      blockNumber,
    });
    return page.map(({ transactionHash, size }) => ({ transactionHash, size }));
  }

  /** Only the events have the bytes; the entries say which they are. Looks backward, since what is not consumed is young. */
  async forced(from: number, entries: readonly InboxEntry[]): Promise<readonly Uint8Array[]> {
    const { client } = this.#modules;
    const { addresses, deployBlock } = this.#options.network;
    const found = new Map<string, Uint8Array>();
    const lowest = BigInt(deployBlock);
    for (let end = BigInt(this.#final?.number ?? 0); end >= lowest; end -= LOG_PAGE) {
      const fromBlock = end - LOG_PAGE + 1n > lowest ? end - LOG_PAGE + 1n : lowest;
      const page = await client.getLogs({
        address: addresses.inbox,
        event: QUEUED,
        args: { index: entries.map((_, at) => BigInt(from + at)) },
        fromBlock,
        toBlock: end,
        strict: true,
      });
      for (const { args } of page) {
        const bytes = hexToBytes(args.transaction);
        found.set(keccak256(bytes), bytes);
      }
      const transactions = entries.map(({ transactionHash }) => found.get(transactionHash));
      if (transactions.every((each) => each !== undefined)) return transactions;
    }
    throw new NodeError(
      "SETTLEMENT_UNREACHABLE",
      `The settlement chain's node does not give the events of entries ${from} to ${from + entries.length - 1} of the inbox.`,
    );
  }

  registry(root: Hash, epoch: number): Promise<Registry> {
    return readRegistry(this.#modules.client, this.#options.network.addresses, root, epoch);
  }

  accepted(height: number, under: AcceptedUnder): Promise<CheckpointCertificate | null> {
    const { network } = this.#options;
    const toBlock = this.#scannedTo ?? 0n;
    const lowest = BigInt(network.deployBlock);
    const fromBlock = toBlock - LOG_PAGE > lowest ? toBlock - LOG_PAGE : lowest;
    return readAcceptedBacking(this.#modules.client, network, height, under, { fromBlock, toBlock });
  }

  settled(): SettledCheckpoint | null {
    return this.#settled;
  }

  contracts(): ContractsView | null {
    return this.#reading === null ? null : { reading: this.#reading, activations: this.#activations };
  }

  async standing(key: Uint8Array): Promise<Standing> {
    const { client } = this.#modules;
    const contract = {
      address: this.#options.network.addresses.registry,
      abi: validatorRegistryAbi,
    } as const;
    const hash = keccak256(pureBls.parseKey(key).uncompressed);
    const [validator] = await client.readContract({ ...contract, functionName: "usedKey", args: [hash] });
    if (validator === 0n) return "unknown";
    const { status } = await client.readContract({
      ...contract,
      functionName: "validator",
      args: [validator],
    });
    return STANDING[status] ?? "unknown";
  }

  onFinal(listener: (block: SettlementBlock) => void): Unsubscribe {
    this.#finalListeners.add(listener);
    return () => this.#finalListeners.delete(listener);
  }

  watch(reference: SettlementReference): void {
    if (this.#watched.some((each) => each.number === reference.number)) return;
    this.#watched.push(reference);
    if (this.#watched.length > WATCHED) this.#watched.shift();
  }

  onReverted(listener: (reference: SettlementReference) => void): Unsubscribe {
    this.#revertListeners.add(listener);
    return () => this.#revertListeners.delete(listener);
  }

  reachable(): boolean {
    return this.#modules.clock() - this.#answeredAt < SILENCE_MS;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #schedule(after: Millis): void {
    this.#timer = setTimeout(() => {
      this.#poll()
        .catch((error: unknown) =>
          this.#modules.onTrouble(
            `the settlement chain does not answer (${error instanceof Error ? error.message.split("\n", 1)[0] : error}); asking again`,
          ),
        )
        .finally(() => {
          if (!this.#closed) this.#schedule(this.#options.pollMs);
        });
    }, after);
  }

  async #poll(): Promise<void> {
    const { client, clock } = this.#modules;
    const { settleDepth } = this.#rules;
    let finalNumber: bigint;
    if (settleDepth === 0) {
      finalNumber = (await client.getBlock({ blockTag: "finalized" })).number;
    } else {
      finalNumber = (await client.getBlockNumber({ cacheTime: 0 })) - BigInt(settleDepth);
    }
    this.#answeredAt = clock();
    if (finalNumber < 0n || (this.#final !== null && Number(finalNumber) <= this.#final.number)) return;
    const first = this.#final === null ? finalNumber : BigInt(this.#final.number + 1);
    for (
      let number = first > finalNumber - 63n ? first : finalNumber - 63n;
      number <= finalNumber;
      number++
    ) {
      await this.#remember(number);
    }
    await this.#look(finalNumber);
    await this.#checkWatched(finalNumber);
    const final = this.#final;
    if (final !== null && !this.#closed) for (const listener of this.#finalListeners) listener(final);
  }

  async #fetch(blockNumber: bigint): Promise<SettlementBlock> {
    const { hash, timestamp } = await this.#modules.client.getBlock({ blockNumber });
    return { number: Number(blockNumber), hash, stamp: Number(timestamp) * 1_000 };
  }

  async #remember(number: bigint): Promise<void> {
    const block = await this.#fetch(number);
    const remembered: Remembered = {
      ...block,
      finalSince: this.#final === null ? block.stamp : this.#modules.clock(),
    };
    this.#blocks.set(remembered.number, remembered);
    this.#blocks.delete(remembered.number - REMEMBERED);
    this.#final = remembered;
  }

  /** Reads what the contracts say at a final block. */
  async #look(blockNumber: bigint): Promise<void> {
    const { client } = this.#modules;
    const { addresses } = this.#options.network;
    const checkpoints = { address: addresses.checkpoints, abi: checkpointManagerAbi, blockNumber } as const;
    const hybrid = { address: addresses.hybrid, abi: hybridManagerAbi, blockNumber } as const;
    const [last, recoveries] = await Promise.all([
      client.readContract({ ...checkpoints, functionName: "lastCheckpoint" }),
      client.readContract({ ...hybrid, functionName: "recoveryCount" }),
    ]);
    const [{ incarnation }, isOpen, recovery] = await Promise.all([
      client.readContract({ ...checkpoints, functionName: "epochRecord", args: [last.epoch] }),
      recoveries === 0 ? false : client.readContract({ ...hybrid, functionName: "isOpen" }),
      recoveries === 0
        ? null
        : client.readContract({ ...hybrid, functionName: "recovery", args: [recoveries] }),
    ]);
    await this.#scan(blockNumber, { incarnation, recovery: isOpen ? recoveries : 0 });
    const open: RecoveryReading | null =
      isOpen && recovery !== null
        ? {
            graceEnd: 1_000 * recovery.graceEnd,
            posted: this.#posted.id === recoveries ? this.#posted.certificates : [],
          }
        : null;
    this.#reading = {
      at: this.#blocks.get(Number(blockNumber))!.stamp,
      epoch: Number(last.epoch),
      incarnation,
      settledAt: 1_000 * last.acceptedAt,
      acceptedHeight: Number(last.height),
      recovery: open,
    };
  }

  /**
   * Reads events up to a final block: forward from the last look; at the start backward, until the last checkpoint, every
   * recovery activated so far and what was posted to the open one are known.
   */
  async #scan(
    to: bigint,
    wanted: { readonly incarnation: number; readonly recovery: number },
  ): Promise<void> {
    const { client } = this.#modules;
    const { addresses, deployBlock } = this.#options.network;
    const lowest = BigInt(deployBlock);
    const pages: Awaited<ReturnType<typeof read>>[] = [];
    const read = (fromBlock: bigint, toBlock: bigint) =>
      client.getLogs({
        address: [addresses.checkpoints, addresses.hybrid],
        events: EVENTS,
        fromBlock,
        toBlock,
        strict: true,
      });
    if (this.#scannedTo !== null) pages.push(await read(this.#scannedTo + 1n, to));
    else {
      for (let end = to; end >= lowest; end -= LOG_PAGE) {
        const from = end - LOG_PAGE + 1n > lowest ? end - LOG_PAGE + 1n : lowest;
        pages.unshift(await read(from, end));
        const found = pages.flat();
        const recovered = found.filter((event) => event.eventName === "EpochRecovered").length;
        const isOpened = found.some(
          (event) => event.eventName === "RecoveryOpened" && event.args.id === wanted.recovery,
        );
        const isAccepted = found.some((event) => event.eventName === "CheckpointAccepted");
        if (isAccepted && recovered >= wanted.incarnation && (wanted.recovery === 0 || isOpened)) break;
      }
    }
    for (const event of pages.flat()) {
      switch (event.eventName) {
        case "CheckpointAccepted": {
          const { height, checkpoint } = event.args;
          this.#settled = { height: Number(height), blockHash: checkpoint.blockHash };
          break;
        }
        case "EpochRecovered": {
          const { epoch, incarnation, blockHash, registryRoot, accounting } = event.args;
          const view = Number(accounting.views);
          const activation = { epoch: Number(epoch), incarnation, view, blockHash, registry: registryRoot };
          this.#activations = [...this.#activations, activation];
          break;
        }
        case "RecoveryOpened":
          this.#posted = { id: event.args.id, certificates: [] };
          break;
        case "CertificatePosted": {
          const { id, viewNumber, blockHash, highest, certificate } = event.args;
          // What is posted after grace binds nobody.
          if (!highest || id !== this.#posted.id) break;
          const parentView = Number(certificate.parentView);
          const posted = { view: Number(viewNumber), blockHash, parentView };
          this.#posted = { id, certificates: [...this.#posted.certificates, posted] };
          break;
        }
      }
    }
    this.#scannedTo = to;
  }

  async #checkWatched(final: bigint): Promise<void> {
    for (const reference of this.#watched) {
      if (BigInt(reference.number) > final) continue;
      const { hash } = await this.#modules.client.getBlock({ blockNumber: BigInt(reference.number) });
      if (hash !== reference.hash) for (const listener of this.#revertListeners) listener(reference);
    }
  }
}
