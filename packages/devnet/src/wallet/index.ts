export { walletAccounts } from "./accounts.ts";
export type * from "./types.ts";
