import { readFileSync, writeFileSync } from "node:fs";
import { CryptoError } from "@aitbc-hybrid/crypto";
import { type KeyKind, openKeystoreFile, readPasswordFile } from "@aitbc-hybrid/crypto/keystore";
import { ExecutionError, type GenesisFile, parseGenesisFile } from "@aitbc-hybrid/execution";
import { genesisHash, type Hex, toHex } from "@aitbc-hybrid/protocol";
import { StorageError } from "@aitbc-hybrid/storage";
import { destination, pino } from "pino";
import { loadConfig, type NodeConfig } from "./config.ts";
import { NodeError, sentence } from "./errors.ts";
import type { Log } from "./log.ts";
import { startNode } from "./node.ts";
import { openSettlement } from "./settlement/index.ts";
import { localSigner, Protection, type Signer } from "./signing/index.ts";
import { openProtectionLog } from "./storage/index.ts";

const VERSION = "0.1.0";

/** Exit codes: a supervisor may restart after 1, after nothing else. */
const EXIT = {
  /** Ended as asked. */
  done: 0,
  /** Something outside failed (disk, port, settlement chain): free it, then start again. */
  failed: 1,
  /** Wrong configuration, keystore or password. */
  configuration: 2,
  /** Slashed, locked by another process, or refused by the slashing protection: starting again could cost the stake. */
  refused: 3,
  /** What is final here contradicts what a quorum signed: somebody has to look. */
  contradiction: 4,
} as const;

const HELP = `Usage: node main.ts --config FILE [--SECTION.KEY VALUE ...]

Runs a validator, or a follower where the configuration names none. The file is YAML or JSON; values given as
--rpc.port 8546 or AITBC_HYBRID_RPC_PORT=8546 come before it.

  --export-protection FILE   write what the key has signed, then end; stop the node first
  --import-protection FILE   take over what the key signed elsewhere, then end
  --version, --help

Exit codes: 0 ended as asked; 1 disk, port or settlement chain failed; 2 configuration, keystore or password is wrong;
3 slashed, in use by another process, or refused by the slashing protection; 4 halted by a contradiction, before or
when it was asked to end.
`;

interface Arguments {
  readonly config: string;
  readonly flags: Record<string, string>;
  readonly exportTo: string | null;
  readonly importFrom: string | null;
}

function parseArguments(given: readonly string[]): Arguments {
  const flags: Record<string, string> = {};
  let config: string | null = null;
  let exportTo: string | null = null;
  let importFrom: string | null = null;
  for (let i = 0; i < given.length; i++) {
    const [name, inline] = splitOnce(given[i]!);
    if (!name.startsWith("--")) throw new NodeError("CONFIG_INVALID", `"${name}" is no option. See --help.`);
    const value = inline ?? given[++i];
    if (value === undefined) throw new NodeError("CONFIG_INVALID", `${name} needs a value. See --help.`);
    if (name === "--config") config = value;
    else if (name === "--export-protection") exportTo = value;
    else if (name === "--import-protection") importFrom = value;
    else flags[name.slice(2)] = value;
  }
  if (config === null) throw new NodeError("CONFIG_INVALID", "--config FILE is missing. See --help.");
  return { config, flags, exportTo, importFrom };
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf("=");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

async function secretFrom(keystore: string, passwordFile: string, kind: KeyKind): Promise<Uint8Array> {
  return openKeystoreFile(keystore, await readPasswordFile(passwordFile), kind);
}

function readLedger(file: string): GenesisFile {
  try {
    return parseGenesisFile(readFileSync(file, "utf8"));
  } catch (cause) {
    if (cause instanceof ExecutionError) {
      throw new NodeError("CONFIG_INVALID", `The ledger's genesis file ${file} is wrong: ${cause.message}`, {
        cause,
      });
    }
    throw new NodeError(
      "FILE_UNREADABLE",
      `The ledger's genesis file ${file} cannot be read. Set ledger.genesisFile.`,
      {
        cause,
      },
    );
  }
}

function openLog(config: NodeConfig): Log {
  const { level, file } = config.log;
  const target = destination(file === undefined ? 2 : { dest: file, mkdir: true, sync: false });
  return pino({ level, base: null }, target) as unknown as Log;
}

async function run(given: readonly string[]): Promise<number> {
  const { config: file, flags, exportTo, importFrom } = parseArguments(given);
  const config = loadConfig({ file, flags, environment: process.env });
  const clock = Date.now;
  const log = openLog(config);
  const ledger = readLedger(config.ledger.genesisFile);
  const seed = await secretFrom(config.network.keystore, config.network.passwordFile, "secp256k1");
  const { validator, settlement: where } = config;
  const signer =
    validator === undefined
      ? null
      : localSigner(await secretFrom(validator.blsKeystore, validator.passwordFile, "bls12-381"));
  const operator =
    where.operator === undefined
      ? null
      : await secretFrom(where.operator.keystore, where.operator.passwordFile, "secp256k1");
  const { settlement, duties } = openSettlement(
    { ...where, key: signer?.publicKey ?? null, operator },
    { log, clock },
  );

  if (exportTo !== null || importFrom !== null) {
    if (signer === null)
      throw new NodeError("CONFIG_INVALID", "Without a validator there is no protection to move.");
    const network = genesisHash(await settlement.genesis());
    await settlement.close();
    await moveProtection(config, network, toHex(signer.publicKey), { exportTo, importFrom });
    return EXIT.done;
  }
  await requireStanding(signer, settlement, log);

  const node = await startNode(
    {
      version: VERSION,
      dataDir: config.dataDir,
      protectionDir: config.protectionDir,
      validator:
        validator === undefined ? null : { id: validator.id, feeRecipient: validator.feeRecipient as Hex },
      ledger,
      ledgerWorkers: config.ledger.workers,
      network: { ...config.network, seed },
      rpc: config.rpc,
      data: config.data,
      sync: config.sync,
      consensus: config.consensus,
      doppelgangerMs: config.doppelganger.waitMs,
    },
    { settlement, duties, signer, log, clock },
  );
  const ready = { ready: true, rpc: node.rpcUrl, metrics: `${node.rpcUrl}/metrics`, peerId: node.peerId };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  log.info(ready, "running");

  // A peer must not be able to end the process through a promise nobody waits for.
  process.on("unhandledRejection", (error) => log.error({ err: error }, "unhandled rejection"));
  const stopped = new Promise<null>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(null));
  });
  const halt = await Promise.race([stopped, node.halted]);
  const contradiction = node.contradiction();
  log.info({ reason: halt?.reason ?? "asked to" }, "stopping");
  await node.close();
  await duties?.close();
  await settlement.close();
  await signer?.close();
  if (halt === null) return contradiction === null ? EXIT.done : EXIT.contradiction;
  process.stderr.write(`The node halted: ${halt.reason}\n`);
  return halt.contradiction ? EXIT.contradiction : EXIT.failed;
}

/** A slashed key must not be started again; whether it is can be told only while the contracts answer. */
async function requireStanding(
  signer: Signer | null,
  settlement: { standing(key: Uint8Array): Promise<string> },
  log: Log,
): Promise<void> {
  if (signer === null) return;
  let standing: string;
  try {
    standing = await settlement.standing(signer.publicKey);
  } catch (error) {
    log.warn({ error: sentence(error) }, "the validator's standing could not be read");
    return;
  }
  if (standing === "slashed") {
    throw new NodeError(
      "VALIDATOR_PUNISHED",
      "This validator was slashed: its key signed conflicting messages. Do not start it again; find out where else the key is in use.",
    );
  }
  if (standing !== "active") log.warn({ standing }, "the contracts do not count this validator as active");
}

async function moveProtection(
  config: NodeConfig,
  network: Hex,
  key: Hex,
  { exportTo, importFrom }: { exportTo: string | null; importFrom: string | null },
): Promise<void> {
  const protection = new Protection(await openProtectionLog(config.protectionDir));
  try {
    if (importFrom !== null) {
      await protection.import(JSON.parse(readFileSync(importFrom, "utf8")), network, key);
    }
    if (exportTo !== null) {
      const text = `${JSON.stringify(protection.export(network, key), null, 2)}\n`;
      writeFileSync(exportTo, text, { mode: 0o600 });
    }
  } finally {
    await protection.close();
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CryptoError) return EXIT.configuration;
  if (error instanceof StorageError) {
    return error.code === "LOCKED" ? EXIT.refused : EXIT.failed;
  }
  if (error instanceof NodeError) {
    if (["PROTECTION_REFUSED", "PROTECTION_INVALID", "VALIDATOR_PUNISHED"].includes(error.code))
      return EXIT.refused;
    if (["CONFIG_INVALID", "FILE_UNREADABLE", "DATA_MISMATCH"].includes(error.code))
      return EXIT.configuration;
  }
  return EXIT.failed;
}

const given = process.argv.slice(2);
if (given.includes("--help") || given.length === 0) {
  process.stdout.write(HELP);
} else if (given.includes("--version")) {
  process.stdout.write(`${VERSION}\n`);
} else {
  let code: number;
  try {
    code = await run(given);
  } catch (error) {
    process.stderr.write(`${sentence(error)}\n`);
    if (!(error instanceof Error && "code" in error))
      process.stderr.write(`${(error as Error)?.stack ?? ""}\n`);
    code = exitCodeOf(error);
  }
  // Idle connections and worker threads must not keep a stopped node alive.
  process.exit(code);
}
