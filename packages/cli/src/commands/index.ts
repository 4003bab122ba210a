export { accountCommand } from "./account.ts";
export { chainCommand } from "./chain.ts";
export type { Run } from "./command.ts";
export { devnetCommand } from "./devnet.ts";
export { lightCommand } from "./light.ts";
export { simCommand } from "./sim.ts";
export { transferCommand } from "./transfer.ts";
