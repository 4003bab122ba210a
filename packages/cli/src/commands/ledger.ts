import { createPublicClient, defineChain, formatEther, http, type PublicClient } from "viem";
import { UsageError } from "../errors.ts";

/** Default endpoint: the first validator of a devnet on its default ports. */
export const DEFAULT_RPC = "http://127.0.0.1:18601";

/** A client of the ledger behind `url`, which answers quickly after finality. */
export async function ledgerClient(url: string): Promise<PublicClient> {
  if (!URL.canParse(url)) throw new UsageError(`--rpc is "${url}": give a URL such as ${DEFAULT_RPC}`);
  const transport = http(url, { retryCount: 0 });
  let id: number;
  try {
    id = await createPublicClient({ transport }).getChainId();
  } catch {
    throw new UsageError(
      `nothing answers at ${url}: is a validator running there? (npm start shows the URLs)`,
    );
  }
  const chain = defineChain({
    id,
    name: "AITBC hybrid",
    nativeCurrency: { name: "AITBC", symbol: "AITBC", decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  });
  return createPublicClient({ chain, transport, pollingInterval: 50 }) as PublicClient;
}

/** An amount of the ledger's coin for people; never rounded up. */
export const coins = (wei: bigint): string => `${formatEther(wei)} AITBC`;
