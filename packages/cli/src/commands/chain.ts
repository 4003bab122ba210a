import { Command } from "commander";
import { EXIT } from "../errors.ts";
import { print, type Run } from "./command.ts";
import { DEFAULT_RPC, ledgerClient } from "./ledger.ts";

/** `chain status`: what a validator says of the chain. */
export function chainCommand(run: Run): Command {
  const status = new Command("status")
    .description("heights by level of finality, epoch and mode, as one validator sees them")
    .option("--rpc <url>", "a validator's JSON-RPC", DEFAULT_RPC)
    .option("--json", "one JSON object on stdout")
    .action(run(showStatus));
  return new Command("chain").description("the chain").addCommand(status);
}

async function showStatus(options: { rpc: string; json?: boolean }): Promise<number> {
  const client = await ledgerClient(options.rpc);
  const status = (await client.request({ method: "hybrid_status" as never, params: [] as never })) as Record<
    string,
    unknown
  >;
  print(options.json ?? false, status, () =>
    Object.entries(status)
      .map(
        ([name, value]) => `${name.padEnd(18)} ${typeof value === "object" ? JSON.stringify(value) : value}`,
      )
      .join("\n"),
  );
  return EXIT.ok;
}
