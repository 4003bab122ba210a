import { openKeystoreFile, readPasswordFile } from "@aitbc-hybrid/crypto/keystore";
import { Command } from "commander";
import { createWalletClient, getAddress, http, isAddress, parseEther, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { EXIT, UsageError } from "../errors.ts";
import { print, type Run } from "./command.ts";
import { coins, DEFAULT_RPC, ledgerClient } from "./ledger.ts";

interface Options {
  readonly rpc: string;
  readonly keystore: string;
  readonly passwordFile: string;
  readonly to: string;
  readonly amount: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `transfer send`: signs a transfer on the ledger, sends it, waits until it is final. */
export function transferCommand(run: Run): Command {
  const send = new Command("send")
    .description("send coins of the ledger and wait until the transfer is final")
    .requiredOption("--keystore <file>", "keystore of the sender (secp256k1, EIP-2335 container)")
    .requiredOption("--password-file <file>", "file with its password")
    .requiredOption("--to <address>", "receiver")
    .requiredOption("--amount <coins>", "amount in AITBC, such as 1.5")
    .option("--rpc <url>", "a validator's JSON-RPC", DEFAULT_RPC)
    .option("--dry-run", "check and show it, send nothing")
    .option("--json", "one JSON object on stdout")
    .addHelpText(
      "after",
      "\nExample:\n  aitbc-hybrid transfer send --keystore .devnet/accounts/test.json --password-file .devnet/password.txt \\\n    --to 0x000000000000000000000000000000000000dEaD --amount 1.5",
    )
    .action(run(sendTransfer));
  return new Command("transfer").description("transfers on the ledger").addCommand(send);
}

async function sendTransfer(options: Options): Promise<number> {
  if (!isAddress(options.to)) {
    throw new UsageError(
      `--to is "${options.to}": give an address of 20 bytes (0x and 40 digits, checksum intact)`,
    );
  }
  if (!/^\d+(\.\d{1,18})?$/.test(options.amount)) {
    throw new UsageError(`--amount is "${options.amount}": give a number of AITBC with at most 18 decimals`);
  }
  const password = await readPasswordFile(options.passwordFile);
  const account = privateKeyToAccount(toHex(await openKeystoreFile(options.keystore, password, "secp256k1")));
  const client = await ledgerClient(options.rpc);
  const wallet = createWalletClient({
    account,
    chain: client.chain!,
    transport: http(options.rpc, { retryCount: 0 }),
  });
  const to = getAddress(options.to);
  const value = parseEther(options.amount);
  const request = await wallet.prepareTransactionRequest({ to, value, type: "eip1559" });
  if (options.dryRun) {
    print(options.json ?? false, { from: account.address, to, value, nonce: request.nonce }, () => {
      return `would send ${coins(value)} from ${account.address} to ${to} with nonce ${request.nonce}`;
    });
    return EXIT.ok;
  }
  const began = performance.now();
  const hash = await wallet.sendRawTransaction({
    serializedTransaction: await wallet.signTransaction(
      request as Parameters<typeof wallet.signTransaction>[0],
    ),
  });
  const receipt = await client.waitForTransactionReceipt({ hash, timeout: 60_000 });
  const finalityMs = Math.round(performance.now() - began);
  print(
    options.json ?? false,
    { hash, height: receipt.blockNumber, from: account.address, to, value, finalityMs },
    () =>
      `sent ${coins(value)} to ${to}: final in block ${receipt.blockNumber} after ${finalityMs} ms (${hash})`,
  );
  return receipt.status === "success" ? EXIT.ok : EXIT.failed;
}
