import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import type { Hash } from "@aitbc-hybrid/protocol";
import {
  catchUp,
  DEFAULT_LIGHT_OPTIONS,
  LightClient,
  type LightSource,
  parseNetwork,
  readAnchor,
  readGenesisHash,
  rpcSource,
  SdkError,
} from "@aitbc-hybrid/sdk";
import { Command } from "commander";
import { createPublicClient, http, type PublicClient } from "viem";
import { EXIT, UsageError } from "../errors.ts";
import { print, type Run } from "./command.ts";
import { DEFAULT_RPC } from "./ledger.ts";

interface Options {
  readonly rpc: string;
  readonly settlement: string;
  readonly network: string;
  readonly at: string;
  readonly timeout: string;
  readonly json?: boolean;
}

/** Wait before a node is asked again, ms. */
const POLL_MS = 500;

/** `light`: believes a node nothing but what the validators signed. */
export function lightCommand(run: Run): Command {
  const common = (command: Command): Command =>
    command
      .requiredOption("--network <file>", "network file of the deployment")
      .requiredOption("--settlement <url>", "JSON-RPC of the settlement chain: the anchor is read there")
      .option("--rpc <url>", "a node's JSON-RPC, which need not be trusted", DEFAULT_RPC)
      .option(
        "--at <tag>",
        "settlement block that the anchor is read at: finalized, safe or latest",
        "finalized",
      )
      .option("--timeout <seconds>", "how long to wait for what is not there yet", "60")
      .option("--json", "one JSON object on stdout");
  return new Command("light")
    .description("a light client: starts from the contracts' latest checkpoint and verifies the rest")
    .addCommand(
      common(new Command("follow"))
        .description("follow the hand-overs to the latest backed checkpoint")
        .action(run(follow)),
    )
    .addCommand(
      common(new Command("prove"))
        .description("prove that a transaction was executed, down from a checkpoint that the stake signed")
        .argument("<transaction>", "its hash")
        .action(run(prove)),
    )
    .addHelpText(
      "after",
      "\nExample, beside a devnet:\n  aitbc-hybrid light follow --network .devnet/network.json --settlement http://127.0.0.1:18545 --at latest",
    );
}

interface Following {
  readonly client: LightClient;
  readonly source: LightSource;
  readonly deadline: number;
}

async function open(options: Options): Promise<Following> {
  const { at, rpc, settlement } = options;
  for (const [name, url] of [
    ["--rpc", rpc],
    ["--settlement", settlement],
  ] as const)
    if (!URL.canParse(url)) throw new UsageError(`${name} is "${url}": give a URL such as ${DEFAULT_RPC}`);
  if (at !== "finalized" && at !== "safe" && at !== "latest")
    throw new UsageError(`--at is "${at}": give finalized, safe or latest`);
  if (!/^\d{1,6}$/.test(options.timeout))
    throw new UsageError(`--timeout is "${options.timeout}": give whole seconds`);
  const network = readNetwork(options.network);
  const contracts = createPublicClient({ transport: http(settlement) }) as PublicClient;
  const [{ chainId, genesisHash }, from] = await Promise.all([
    readGenesisHash(contracts, network),
    readAnchor(contracts, network, at),
  ]).catch((cause) => {
    if (cause instanceof SdkError) throw cause;
    throw new UsageError(
      `the contracts cannot be read at ${settlement}, block ${at}: does a settlement chain answer there, and is --network its file?`,
    );
  });
  const client = new LightClient(
    { ...DEFAULT_LIGHT_OPTIONS, chainId, genesisHash },
    { bls: nativeBls, clock: Date.now },
    from,
  );
  return { client, source: rpcSource({ url: rpc }), deadline: Date.now() + 1_000 * Number(options.timeout) };
}

function readNetwork(file: string) {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new UsageError(`--network is "${file}", which cannot be read`);
  }
  return parseNetwork(JSON.parse(text));
}

async function follow(options: Options): Promise<number> {
  const { client, source, deadline } = await open(options);
  const { epoch: from } = client.position;
  await catchUp(client, source);
  while (client.checkpointAt(client.position.height) === null && Date.now() < deadline) {
    await wait(POLL_MS);
    await catchUp(client, source);
  }
  const { position, status } = client;
  const checkpoint = client.checkpointAt(position.height);
  print(options.json ?? false, { status, ...position, checkpoint: checkpoint?.hash ?? null }, () =>
    [
      `${status}: epoch ${position.epoch}, ${position.mode}, anchored in epoch ${from}`,
      `  height       ${position.height}`,
      `  stamped      ${new Date(position.stamp).toISOString()}`,
      `  checkpoint   ${checkpoint?.hash ?? "none was shown yet"}`,
      `  block        ${checkpoint?.checkpoint.blockHash ?? ""}`,
    ].join("\n"),
  );
  return status === "frozen" ? EXIT.halted : checkpoint === null ? EXIT.failed : EXIT.ok;
}

async function prove(transaction: string, options: Options): Promise<number> {
  if (!/^0x[0-9a-fA-F]{64}$/.test(transaction))
    throw new UsageError(`the transaction is "${transaction}": give a hash of 32 bytes (0x and 64 digits)`);
  const hash = transaction.toLowerCase() as Hash;
  const { client, source, deadline } = await open(options);
  for (;;) {
    await catchUp(client, source);
    const under = client.position.height;
    const proof = client.checkpointAt(under) === null ? null : await source.receiptProof(hash, under);
    if (proof !== null) {
      const proved = client.proveReceipt(proof);
      const { fee } = proof.receipt;
      print(options.json ?? false, { transaction: hash, fee, ...proved }, () =>
        [
          `executed in block ${proved.executedAt ?? "unknown"}, as block ${proved.height} tells (${proved.blockHash})`,
          `  under the checkpoint of height ${proved.checkpoint.height} (${proved.checkpoint.hash})`,
        ].join("\n"),
      );
      return EXIT.ok;
    }
    if (Date.now() >= deadline)
      throw new UsageError(
        `no proof of ${hash} under the checkpoint of height ${under}: it was not executed, or the node does not have it`,
      );
    await wait(POLL_MS);
  }
}
