import { existsSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { nodeFileSystem } from "@aitbc-hybrid/storage";

/** The parts of a data folder that a node fetches anew: both or none are replaced. */
export const PARTS = ["db", "wal"] as const;

/** Below the data folder: what is fetched, and the new parts until they take the old ones' place. */
export const stagingOf = (dataDir: string): string => join(dataDir, "joining");
/** What the staging folder is called once nothing in it is needed any more. */
const usedOf = (dataDir: string): string => join(dataDir, "joined");
/** Written when the new parts are complete: from then on only they count. */
const READY = "ready";

/** What a swap does to the disk, in steps that each happen or do not. */
export interface SwapSteps {
  move(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Returns when the names in a folder are on the disk. */
  sync(folder: string): Promise<void>;
}

const STEPS: SwapSteps = {
  move: (from, to) => rename(from, to),
  remove: (path) => rm(path, { recursive: true, force: true }),
  sync: (folder) => nodeFileSystem.syncDirectory(folder),
};

/** Declares the staged parts complete. They must be closed. */
export async function declareReady(dataDir: string): Promise<void> {
  const staging = stagingOf(dataDir);
  for (const part of PARTS) await nodeFileSystem.syncDirectory(join(staging, part));
  await nodeFileSystem.syncDirectory(staging);
  await writeFile(join(staging, READY), "", { flush: true });
  await nodeFileSystem.syncDirectory(staging);
}

/**
 * Lets complete staged parts take the old ones' place; goes on where a process was killed. To be called before anything
 * in the folder is opened: in between, one of the old parts may be gone and none of the new ones there. Nothing happens
 * to parts that were not declared ready.
 */
export async function swapIn(dataDir: string, steps: SwapSteps = STEPS): Promise<void> {
  const staging = stagingOf(dataDir);
  const used = usedOf(dataDir);
  if (existsSync(used)) await steps.remove(used);
  if (!existsSync(join(staging, READY))) return;
  for (const part of PARTS) {
    const [fresh, place, old] = [join(staging, part), join(dataDir, part), join(staging, `old-${part}`)];
    if (!existsSync(fresh)) continue;
    if (existsSync(place)) {
      // Moved, not deleted: a folder that is half deleted could be opened by mistake.
      if (existsSync(old)) await steps.remove(old);
      await steps.move(place, old);
    }
    await steps.move(fresh, place);
    await steps.sync(staging);
    await steps.sync(dataDir);
  }
  await steps.move(staging, used);
  await steps.sync(dataDir);
  await steps.remove(used);
}
