import { Command } from "commander";
import { isAddress } from "viem";
import { EXIT, UsageError } from "../errors.ts";
import { print, type Run } from "./command.ts";
import { coins, DEFAULT_RPC, ledgerClient } from "./ledger.ts";

/** `account show`: balance and nonce on the ledger. */
export function accountCommand(run: Run): Command {
  const show = new Command("show")
    .description("an account's balance and nonce, finalized and latest")
    .argument("<address>", "the account")
    .option("--rpc <url>", "a validator's JSON-RPC", DEFAULT_RPC)
    .option("--json", "one JSON object on stdout")
    .action(run(showAccount));
  return new Command("account").description("accounts of the ledger").addCommand(show);
}

async function showAccount(address: string, options: { rpc: string; json?: boolean }): Promise<number> {
  if (!isAddress(address)) {
    throw new UsageError(`the account is "${address}": give an address of 20 bytes (0x and 40 digits)`);
  }
  const client = await ledgerClient(options.rpc);
  const [finalized, latest, nonce] = await Promise.all([
    client.getBalance({ address, blockTag: "finalized" }),
    client.getBalance({ address, blockTag: "latest" }),
    client.getTransactionCount({ address, blockTag: "finalized" }),
  ]);
  print(options.json ?? false, { address, finalized, latest, nonce }, () =>
    [
      `${address}`,
      `  final    ${coins(finalized)}`,
      `  latest   ${coins(latest)}`,
      `  nonce    ${nonce}`,
    ].join("\n"),
  );
  return EXIT.ok;
}
