import type { Command } from "commander";
import type { Run } from "./command.ts";

export type { Run } from "./command.ts";

/** By its first word, what makes a command. Each loads what it needs only: a validator's stack takes a second to load. */
export const COMMANDS: Readonly<Record<string, (run: Run, version: string) => Promise<Command>>> = {
  devnet: async (run) => (await import("./devnet.ts")).devnetCommand(run),
  transfer: async (run) => (await import("./transfer.ts")).transferCommand(run),
  account: async (run) => (await import("./account.ts")).accountCommand(run),
  chain: async (run) => (await import("./chain.ts")).chainCommand(run),
  light: async (run) => (await import("./light.ts")).lightCommand(run),
  sim: async (run, version) => (await import("./sim.ts")).simCommand(run, version),
};
