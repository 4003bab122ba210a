import { readFileSync } from "node:fs";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import { toHex } from "@aitbc-hybrid/protocol";
import { type Network, parseNetwork } from "@aitbc-hybrid/sdk";
import { createPublicClient, createWalletClient, defineChain, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { NodeError, sentence } from "../errors.ts";
import type { Log } from "../log.ts";
import { SettlementClient } from "./client.ts";
import { OperatorDuties } from "./duties.ts";
import type { Duties, Settlement } from "./types.ts";

export interface SettlementOptions {
  readonly url: string;
  readonly networkFile: string;
  readonly pollMs: number;
  readonly turnMs: number;
  readonly chargesAtOnce: number;
  /** Compressed BLS key; null: a follower. */
  readonly key: Uint8Array | null;
  /** secp256k1 secret of the account that pays; null: posts nothing. */
  readonly operator: Uint8Array | null;
}

/** How often the duties look for what is due, ms. */
const TICK_MS = 250;
/** After this a call to the settlement chain counts as failed, ms. */
const TIMEOUT_MS = 10_000;

/**
 * Connects to the settlement chain; nothing is asked yet.
 * @throws NodeError FILE_UNREADABLE, CONFIG_INVALID
 */
export function openSettlement(
  options: SettlementOptions,
  { log, clock }: { readonly log: Log; readonly clock: () => number },
): { readonly settlement: Settlement; readonly duties: Duties | null } {
  const network = readNetwork(options.networkFile);
  const chain = defineChain({
    id: network.chainId,
    name: "settlement",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [options.url] } },
  });
  const transport = http(options.url, { timeout: TIMEOUT_MS, retryCount: 1 });
  const client = createPublicClient({ chain, transport, pollingInterval: options.pollMs });
  const settlement = new SettlementClient(
    { network, pollMs: options.pollMs },
    { client, clock, onTrouble: (sentence) => log.warn({ sentence }, "settlement chain") },
  );
  if (options.operator === null || options.key === null) return { settlement, duties: null };
  const account = privateKeyToAccount(toHex(options.operator));
  const duties = new OperatorDuties(
    {
      network,
      key: options.key,
      turnMs: options.turnMs,
      chargesAtOnce: options.chargesAtOnce,
      tickMs: TICK_MS,
    },
    {
      sender: { client, wallet: createWalletClient({ chain, transport, account }), account },
      bls: nativeBls,
      clock,
      onTrouble: (sentence) => log.warn({ sentence }, "settlement duty"),
      onNote: (sentence) => log.info({ sentence }, "settlement duty"),
    },
  );
  duties.onIncluded(({ what, transaction, gasUsed }) =>
    log.info({ what, transaction, gasUsed: Number(gasUsed) }, "settlement duty done"),
  );
  return { settlement, duties };
}

function readNetwork(file: string): Network {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new NodeError(
      "FILE_UNREADABLE",
      `The network file ${file} cannot be read. Set settlement.networkFile.`,
      {
        cause,
      },
    );
  }
  try {
    return parseNetwork(JSON.parse(text));
  } catch (cause) {
    throw new NodeError("CONFIG_INVALID", `The network file ${file} is wrong: ${sentence(cause)}`, { cause });
  }
}
