import { readFileSync } from "node:fs";
import { openKeystoreFile, readPasswordFile } from "@aitbc-hybrid/crypto/keystore";
import { walletAccounts } from "./accounts.ts";
import type { WalletCommand, WalletPlan } from "./types.ts";
import { Wallet } from "./wallet.ts";

/** The wallet as a process of its own: `node main.ts PLAN.json`, started by the devnet and told to stop over the channel. */
const plan = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as WalletPlan;
const secret = await openKeystoreFile(plan.keystore, await readPasswordFile(plan.passwordFile), "secp256k1");
const wallet = new Wallet(
  {
    chainId: plan.chainId,
    endpoints: plan.endpoints,
    accounts: walletAccounts(secret, plan.accounts),
    rate: plan.rate,
  },
  (report) => process.send?.(report),
);
process.on("message", (message: WalletCommand) => {
  if (message.type === "stop") wallet.stop();
});
process.on("SIGTERM", () => process.exit(0));
process.on("disconnect", () => process.exit(0));
await wallet.run();
process.disconnect?.();
