import { type ExecutionEngine, type GenesisFile, genesisStateRoot } from "@aitbc-hybrid/execution";
import {
  type Certificate,
  type DurableRecord,
  type Genesis,
  type Hash,
  hashOf,
  initialReplica,
  paramsAt,
  type Registry,
  type ReplicaConfig,
  restoreReplica,
} from "@aitbc-hybrid/protocol";
import type { ChainStore, Journal, RegistryStore } from "./chain/index.ts";
import type { DataPath } from "./data/index.ts";
import { NodeError, sentence } from "./errors.ts";
import type { Log } from "./log.ts";
import type { Settlement } from "./settlement/index.ts";
import type { Protection } from "./signing/index.ts";
import { type Kv, keyOf } from "./storage/index.ts";

/** Genesis as this folder knows it, else as the contracts do; checked against the ledger's. */
export async function readGenesis(kv: Kv, settlement: Settlement, ledger: GenesisFile): Promise<Genesis> {
  const key = keyOf("g");
  const stored = await kv.get(key);
  let genesis: Genesis;
  if (stored !== undefined) genesis = JSON.parse(Buffer.from(stored).toString()) as Genesis;
  else {
    try {
      genesis = await settlement.genesis();
    } catch (cause) {
      throw new NodeError(
        "SETTLEMENT_UNREACHABLE",
        `The chain's genesis cannot be read from the settlement chain: ${sentence(cause)}. A node needs it for its first start: check settlement.url and that the chain was started.`,
        { cause },
      );
    }
  }
  const { chainId } = ledger.parameters;
  const stateRoot = genesisStateRoot(ledger);
  if (genesis.chainId !== chainId || genesis.stateRoot !== stateRoot) {
    throw new NodeError(
      "DATA_MISMATCH",
      `The ledger's genesis file (chain ${chainId}, state root ${stateRoot}) is not the one the chain was started with (chain ${genesis.chainId}, ${genesis.stateRoot}). Set ledger.genesisFile to that one.`,
    );
  }
  if (stored === undefined) {
    await kv.batch([{ type: "put", key, value: Buffer.from(JSON.stringify(genesis)) }]);
  }
  return genesis;
}

/**
 * Brings the chain's store up to the log: it may have missed the end when the process died. A log that tells of a
 * recovery is written anew from there on.
 */
export async function replay(journal: Journal, chain: ChainStore): Promise<void> {
  let epoch = 0;
  let incarnation: number | null = null;
  /** Final blocks whose F is a descendant's. */
  let waiting: Extract<DurableRecord, { type: "final" }>[] = [];
  const append = (certificate: Certificate | null): void => {
    for (const { block, roots } of waiting)
      chain.append({ epoch, hash: hashOf(block), block, certificate, roots });
    waiting = [];
  };
  for await (const record of journal.all()) {
    switch (record.type) {
      case "epoch": {
        const { start } = record;
        // Whatever has no F by now was made final by the recovery.
        append(null);
        if (incarnation !== null && start.incarnation > incarnation) chain.rewind(start.parent.height);
        epoch = start.epoch;
        incarnation = start.incarnation;
        if (start.boundary !== null) chain.back(start.boundary);
        break;
      }
      case "resumed":
        append(null);
        chain.rewind(record.height);
        ({ epoch, incarnation } = record);
        break;
      case "rewound":
        append(null);
        chain.rewind(record.height);
        break;
      case "final":
        if (incarnation === null) break;
        waiting.push(record);
        if (record.certificate !== null) append(record.certificate);
        break;
      case "backed":
        chain.back(record.certificate);
        break;
      default:
    }
  }
  await chain.flush();
}

/** Executes the final blocks that the ledger has not stored: it may be behind the log, never ahead. */
export async function catchUpLedger(
  execution: ExecutionEngine,
  chain: ChainStore,
  data: DataPath,
  registryOf: (epoch: number) => Promise<Registry | null>,
  log: Log,
): Promise<void> {
  // A crash may have come between the two halves of going back to a recovery's point.
  for (let { height, hash } = execution.finalized; height > 0; ) {
    if ((await chain.at(height))?.hash === hash) {
      await execution.rewind(hash);
      break;
    }
    height--;
    hash = (await execution.block({ height }))?.hash ?? hash;
    if (height === 0) await execution.rewind(hash);
  }
  const from = execution.finalized.height + 1;
  if (from <= chain.height) log.info({ from, to: chain.height }, "executing final blocks again");
  let epoch: number | null = null;
  let valueFrom: number | null = null;
  for (let height = from; height <= chain.height; height++) {
    const final = await chain.at(height);
    if (final === null)
      throw new NodeError("DATA_MISMATCH", `Block ${height} is missing in the chain's store. ${RESTORE}`);
    const { parentHash, stamp, feeRecipient } = final.block.header;
    const transactions = await data.transactions(final.block);
    if (final.epoch !== epoch) {
      epoch = final.epoch;
      valueFrom = await valueFromOf(epoch, chain, registryOf);
    }
    const context = { hash: final.hash, height, stamp, feeRecipient, valueFrom };
    const { stateRoot } = await execution.execute(parentHash, context, transactions);
    if (stateRoot !== final.roots.stateRoot) {
      throw new NodeError("DATA_MISMATCH", `Executing block ${height} again gave another state. ${RESTORE}`);
    }
    await execution.finalize(final.hash);
  }
}

/** From which height on the value moved in an epoch is counted; null: its registry does not look at it. */
async function valueFromOf(
  epoch: number,
  chain: ChainStore,
  registryOf: (epoch: number) => Promise<Registry | null>,
): Promise<number | null> {
  if (((await registryOf(epoch))?.params.valueLimit ?? 0) === 0) return null;
  return epoch === 0 ? 1 : ((await chain.lastOfEpoch(epoch - 1))?.block.header.height ?? 0) + 1;
}

const RESTORE =
  "The data folder is damaged: restore it from a backup, or delete it (not the protection) and let the node fetch the chain anew.";

/** The replica as the log left it, or at genesis. */
export async function begin(
  config: ReplicaConfig,
  records: readonly DurableRecord[],
  {
    genesis,
    registries,
    settlement,
    clock,
  }: {
    genesis: Genesis;
    registries: RegistryStore;
    settlement: Settlement;
    clock: () => number;
  },
): Promise<ReturnType<typeof initialReplica>> {
  const read = async (root: Hash, epoch: number): Promise<Registry> => {
    const stored = await registries.get(root);
    if (stored !== null) return stored;
    const registry = await settlement.registry(root, epoch).catch((cause) => {
      throw new NodeError(
        "SETTLEMENT_UNREACHABLE",
        `The validators of epoch ${epoch} cannot be read from the settlement chain: ${sentence(cause)}. Check settlement.url, then start again.`,
        { cause },
      );
    });
    await registries.put(registry);
    return registry;
  };
  const first = records[0];
  if (first?.type !== "epoch") return initialReplica(config, await read(genesis.snapshotHash, 0), clock());
  const { epoch, registry, registryNext } = first.start;
  const known = new Map([[registry, await read(registry, epoch)]]);
  if (!known.has(registryNext)) known.set(registryNext, await read(registryNext, epoch + 1));
  return restoreReplica(config, [...known.values()], records, clock());
}

/** A protection that was lost learns again what the log says was signed. */
export function relearn(
  protection: Protection,
  records: readonly DurableRecord[],
  state: ReturnType<typeof initialReplica>["state"],
): void {
  const { domain, start, registry } = state.epoch;
  protection.open(domain, start.epoch, start.incarnation, paramsAt(registry, start.mode).termViews);
  for (const record of records) {
    if (record.type !== "signed" || record.intent.domain !== domain) continue;
    const permission = protection.permit(record.intent);
    if (!permission.allowed) {
      throw new NodeError(
        "PROTECTION_REFUSED",
        `The node's log holds signatures that exclude each other (${permission.reason}). Do not start this key again before you know how that came about.`,
      );
    }
  }
}
