import { readdirSync, rmSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { nodeFileSystem } from "@aitbc-hybrid/storage";
import { type SwapSteps, swapIn } from "../../src/sync/swap.ts";

// Swaps the parts of the data folder named by the first argument; is killed before the step of the second one's number.
// A folder that is to be removed loses one of its entries before.
const [folder, killAt] = process.argv.slice(2) as [string, string];
let step = 0;

async function counted(run: () => Promise<void>, half: () => void = () => {}): Promise<void> {
  if (++step === Number(killAt)) {
    half();
    process.kill(process.pid, "SIGKILL");
    // The signal may arrive a moment later.
    await new Promise(() => {});
  }
  await run();
}

const steps: SwapSteps = {
  move: (from, to) => counted(() => rename(from, to)),
  remove: (path) =>
    counted(
      () => rm(path, { recursive: true, force: true }),
      () => rmSync(join(path, readdirSync(path).sort().at(-1)!), { recursive: true }),
    ),
  sync: (path) => counted(() => nodeFileSystem.syncDirectory(path)),
};
await swapIn(folder, steps);
