import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { MOST_BROADCASTING } from "@aitbc-hybrid/protocol";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { NodeError } from "./errors.ts";

const path = z.string().min(1);
const port = z.int().min(0).max(65_535);
const count = (least: number, most: number) => z.int().min(least).max(most);
const address = z.string().regex(/^0x[0-9a-f]{40}$/, "must be 0x and 40 lower-case hexadecimal digits");
const network = z.union(
  [z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()],
  "must be an IP address or a range of them",
);
const multiaddress = z.string().startsWith("/", "must be a multiaddress such as /ip4/127.0.0.1/tcp/9000");

const PEER = z.strictObject({
  /** libp2p peer id. */
  peerId: z.string().min(1),
  /** Where to dial it. */
  addresses: z.array(multiaddress).default([]),
  /** Its id in ValidatorRegistry; null: a follower. */
  validatorId: z.int().min(1).nullable().default(null),
  /** Artificial delay of what is sent to it, ms (tests). */
  delayMs: count(0, 60_000).default(0),
});

/** The configuration file. Unknown keys are errors; paths are relative to the file. */
const SCHEMA = z.strictObject({
  /** Folder of the node's data. */
  dataDir: path,
  /** Folder of the slashing protection; outlives the data, which may be deleted. Default: `protection` in dataDir. */
  protectionDir: path.optional(),
  /** Left out: a follower, which signs nothing. */
  validator: z
    .strictObject({
      /** Id in ValidatorRegistry. */
      id: z.int().min(1),
      /** EIP-2335 keystore with the BLS key. */
      blsKeystore: path,
      /** File with its password. */
      passwordFile: path,
      /** Ledger account that gets the tips of own blocks. */
      feeRecipient: address.default(`0x${"00".repeat(20)}`),
    })
    .optional(),
  /** Genesis of the ledger: parameters and allocation. */
  ledger: z.strictObject({
    genesisFile: path,
    /** Threads that recover senders; 0: none. */
    workers: count(0, 64).default(1),
  }),
  network: z.strictObject({
    /** EIP-2335 keystore with the node key, 32 bytes. */
    keystore: path,
    passwordFile: path,
    listen: z.array(multiaddress).default(["/ip4/127.0.0.1/tcp/9100"]),
    peers: z.array(PEER).default([]),
    /** JSON or YAML file with a list of further peers. */
    peersFile: path.optional(),
    /** Unknown peers that may be connected at a time. */
    followers: count(0, 1_000).default(0),
    /** How long a banned peer stays away, ms. */
    banMs: count(0, 86_400_000).default(60_000),
    maxFrameBytes: count(65_536, 64_000_000).default(8_000_000),
    maxQueueBytes: count(1_000_000, 1_000_000_000).default(64_000_000),
  }),
  settlement: z.strictObject({
    /** JSON-RPC of the settlement chain. */
    url: z.url(),
    /** What `hardhat deploy` wrote. */
    networkFile: path,
    pollMs: count(50, 60_000).default(500),
    /** The account that pays for checkpoints, seals and evidence; left out: this node posts nothing. */
    operator: z.strictObject({ keystore: path, passwordFile: path }).optional(),
    /** How long each validator in the rotation has before the next one steps in, ms. */
    turnMs: count(100, 3_600_000).default(3_000),
    /** Validators charged in one transaction, of those convicted or left out together: fewer where gas is scarce. */
    chargesAtOnce: count(1, 64).default(16),
  }),
  rpc: z
    .strictObject({
      host: z.string().default("127.0.0.1"),
      port: port.default(8_545),
      corsOrigins: z.array(z.string()).default([]),
      /** Proofs and registries that a client gets a second; 0: no limit. */
      proofsPerSecond: count(0, 1_000_000).default(50),
      /** How many of them it gets at once after a pause. */
      proofsBurst: count(1, 1_000_000).default(200),
      /** Addresses or ranges of proxies that say for whom they ask. */
      trustedProxies: z.array(network).default([]),
    })
    .prefault({}),
  data: z
    .strictObject({
      batchMs: count(1, 10_000).default(25),
      ackMs: count(0, 1_000).default(15),
      quotaBytes: count(1_000_000, 4_000_000_000).default(64_000_000),
      fetchMs: count(10, 60_000).default(150),
      orderMs: count(0, 60_000).default(2_000),
      retentionMs: count(60_000, 31_536_000_000).default(86_400_000),
    })
    .prefault({}),
  /**
   * Where a new data folder begins: at genesis, at the latest checkpoint, or (auto) at genesis unless batches of blocks
   * from then on may be gone. A folder that is behind by as much begins anew at the latest checkpoint, but with `genesis`.
   */
  sync: z
    .strictObject({
      from: z.enum(["auto", "genesis", "checkpoint"]).default("auto"),
      /** Answers about the state (a chunk is 360 kB) that a peer gets a second; 0: no limit. */
      answersPerSecond: count(0, 100_000).default(20),
      /** How many of them it gets at once after a pause. */
      answersBurst: count(1, 100_000).default(40),
    })
    .prefault({}),
  consensus: z
    .strictObject({
      /** Views without a vote of a leader after which it is not waited for; 0: always wait. */
      skipViews: count(0, 1_000).default(8),
      backoffCap: count(0, 16).default(6),
      /** With more voters than this votes go through aggregators. Nodes of one network must agree. */
      aggregateAbove: count(0, 1_000).default(MOST_BROADCASTING),
    })
    .prefault({}),
  /** Time to listen for the own key on the network before signing, ms; 0: do not. */
  doppelganger: z.strictObject({ waitMs: count(0, 86_400_000).default(0) }).prefault({}),
  log: z
    .strictObject({
      level: z.enum(["debug", "info", "warn", "error"]).default("info"),
      /** Left out: standard error. */
      file: path.optional(),
    })
    .prefault({}),
});

/** The node's configuration, complete, with absolute paths. */
export type NodeConfig = z.infer<typeof SCHEMA> & { readonly protectionDir: string };
/** What a file may say: defaults left out. */
export type NodeConfigInput = z.input<typeof SCHEMA>;

const PREFIX = "AITBC_HYBRID_";

/** Where values come from, strongest first: flags, environment, file. */
export interface ConfigSources {
  /** YAML or JSON file. */
  readonly file: string;
  /** `section.key` to value, as given on the command line. */
  readonly flags?: Readonly<Record<string, string>>;
  /** `AITBC_HYBRID_SECTION_KEY` variables; others are ignored. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads and checks the configuration.
 * @throws NodeError CONFIG_INVALID naming each wrong field with its value and what it must be; FILE_UNREADABLE
 */
export function loadConfig(sources: ConfigSources): NodeConfig {
  const raw = parseFile(sources.file);
  for (const [name, value] of Object.entries(sources.environment ?? {})) {
    if (!name.startsWith(PREFIX) || value === undefined) continue;
    const known = keyOfVariable(name.slice(PREFIX.length));
    if (known === null) throw invalid([`the variable ${name} names no setting`]);
    assign(raw, known, value);
  }
  for (const [key, value] of Object.entries(sources.flags ?? {})) assign(raw, key.split("."), value);
  return checkConfig(raw, dirname(resolve(sources.file)));
}

/** Checks a configuration and resolves its paths against `base`. @throws NodeError CONFIG_INVALID, FILE_UNREADABLE */
export function checkConfig(raw: unknown, base: string): NodeConfig {
  const config = parsed(SCHEMA, raw);
  const at = (file: string): string => resolve(base, file);
  const { validator, network, settlement } = config;
  const peers = [...network.peers];
  if (network.peersFile !== undefined) {
    peers.push(...parsed(z.array(PEER), parseFile(at(network.peersFile)), network.peersFile));
  }
  return {
    ...config,
    dataDir: at(config.dataDir),
    protectionDir: at(config.protectionDir ?? resolve(at(config.dataDir), "protection")),
    ...(validator === undefined
      ? {}
      : {
          validator: {
            ...validator,
            blsKeystore: at(validator.blsKeystore),
            passwordFile: at(validator.passwordFile),
          },
        }),
    ledger: { ...config.ledger, genesisFile: at(config.ledger.genesisFile) },
    network: { ...network, peers, keystore: at(network.keystore), passwordFile: at(network.passwordFile) },
    settlement: {
      ...settlement,
      networkFile: at(settlement.networkFile),
      ...(settlement.operator === undefined
        ? {}
        : {
            operator: {
              keystore: at(settlement.operator.keystore),
              passwordFile: at(settlement.operator.passwordFile),
            },
          }),
    },
    log: { ...config.log, ...(config.log.file === undefined ? {} : { file: at(config.log.file) }) },
  };
}

function parsed<T extends z.ZodType>(schema: T, raw: unknown, file = "configuration"): z.infer<T> {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  throw invalid(
    result.error.issues.map((issue) => {
      const field = issue.path.join(".") || file;
      if (issue.code === "unrecognized_keys") {
        const keys = issue.keys.map((key) => [...issue.path, key].join(".")).join(", ");
        return `${keys} is no setting: correct or remove it`;
      }
      const found = issue.path.reduce<unknown>(
        (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key as string],
        raw,
      );
      return `${field} is ${JSON.stringify(found) ?? "missing"}: ${issue.message}`;
    }),
  );
}

function parseFile(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new NodeError(
      "FILE_UNREADABLE",
      `${file} cannot be read (${code}). Check the path and its owner.`,
      {
        cause,
      },
    );
  }
  try {
    return parseYaml(text) as Record<string, unknown>;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split("\n", 1)[0] : String(cause);
    throw new NodeError("CONFIG_INVALID", `${file} is neither YAML nor JSON: ${why}`, { cause });
  }
}

/** `RPC_CORS_ORIGINS` to `["rpc", "corsOrigins"]`, by the schema; null if there is no such setting. */
function keyOfVariable(name: string): string[] | null {
  const wanted = name.replaceAll("_", "").toLowerCase();
  const search = (schema: unknown, at: readonly string[]): string[] | null => {
    const object = unwrapped(schema);
    if (!(object instanceof z.ZodObject)) return null;
    for (const [key, inner] of Object.entries(object.shape)) {
      const path = [...at, key];
      if (path.join("").toLowerCase() === wanted) return path;
      const deeper = search(inner, path);
      if (deeper !== null) return deeper;
    }
    return null;
  };
  return search(SCHEMA, []);
}

function unwrapped(schema: unknown): unknown {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    inner = inner.unwrap();
  }
  return inner;
}

/** Sets a value from text: JSON where it is JSON, else the text itself. */
function assign(target: Record<string, unknown>, keys: readonly string[], text: string): void {
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // A plain string.
  }
  let object = target;
  for (const key of keys.slice(0, -1)) {
    const inner = object[key];
    object[key] = typeof inner === "object" && inner !== null ? inner : {};
    object = object[key] as Record<string, unknown>;
  }
  object[keys.at(-1)!] = value;
}

const invalid = (problems: readonly string[]): NodeError =>
  new NodeError(
    "CONFIG_INVALID",
    `The configuration is wrong:\n${problems.map((each) => `  ${each}`).join("\n")}`,
  );
