import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StorageError, storageError } from "./errors.ts";

/** Gives the lock back. Twice does no harm. */
export type Release = () => Promise<void>;

interface Owner {
  readonly pid: number;
  /** When that process started, in the system's own terms; null where it cannot be told. Tells a reused pid. */
  readonly started: string | null;
}

const NAME = "LOCK";

/**
 * Makes `directory` this process's own until released: a second process (or a second log in this one) gets LOCKED, with
 * the path, the owner and the remedy. The lock of a process that died is taken over. Advisory: it binds those who ask.
 */
export async function lockDirectory(directory: string): Promise<Release> {
  const path = join(directory, NAME);
  const nonce = randomBytes(8).toString("hex");
  const mine = `${path}.${nonce}`;
  const content = JSON.stringify({ pid: process.pid, started: startOf(process.pid), nonce });
  try {
    await mkdir(directory, { recursive: true });
    await writeFile(mine, content, { flag: "wx", mode: 0o600 });
  } catch (cause) {
    throw storageError(cause, directory, "Locking");
  }
  try {
    // Linking a written file creates the lock with its content in one step: nobody reads an empty one.
    while (!(await linked(mine, path))) await removeStale(directory, path, mine);
  } finally {
    await rm(mine, { force: true });
  }
  let released = false;
  return async () => {
    if (released) return;
    released = true;
    // An operator may have deleted it, and another process may hold it since.
    if ((await contentOf(path)) === content) await rm(path, { force: true });
  };
}

/**
 * Removes the lock at `path` if its owner is dead, else throws LOCKED. Only who holds the claim on a lock's very content
 * may remove it, and looks again once it holds it: so nobody removes the lock of another who was quicker.
 */
async function removeStale(directory: string, path: string, mine: string): Promise<void> {
  const content = await contentOf(path);
  if (content === null) return;
  refuseAlive(content, directory, path);
  const claim = `${path}.${createHash("sha256").update(content).digest("hex").slice(0, 16)}.claim`;
  if (await linked(mine, claim)) {
    try {
      if ((await contentOf(path)) === content) await rm(path);
    } finally {
      await rm(claim, { force: true });
    }
    return;
  }
  const claimant = await contentOf(claim);
  if (claimant === null) return;
  refuseAlive(claimant, directory, path);
  throw new StorageError(
    "LOCKED",
    `A process died while it took over ${directory}. If no other process uses it, delete ${claim} and ${path}.`,
  );
}

function refuseAlive(content: string, directory: string, path: string): void {
  const owner = parse(content);
  if (owner === null || !isAlive(owner)) return;
  const who = owner.pid === process.pid ? "this process already" : `process ${owner.pid}`;
  throw new StorageError(
    "LOCKED",
    `${directory} is in use by ${who}. Stop that process, or give this one another folder; if no such process runs, delete ${path}.`,
  );
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw storageError(error, to, "Locking");
  }
}

async function contentOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw storageError(error, path, "Reading the lock");
  }
}

function parse(content: string): Owner | null {
  try {
    const owner = JSON.parse(content) as Partial<Owner>;
    if (!Number.isSafeInteger(owner.pid) || owner.pid! <= 0) return null;
    return { pid: owner.pid!, started: typeof owner.started === "string" ? owner.started : null };
  } catch {
    // Torn by a crash of the machine: its owner is gone.
    return null;
  }
}

function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it runs, as another user.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const started = startOf(owner.pid);
  return owner.started === null || started === null || started === owner.started;
}

/** The boot and the tick at which `pid` started, on Linux; elsewhere null. */
function startOf(pid: number): string | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may contain anything; the start is the 20th field after it.
    const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return start === undefined ? null : `${boot} ${start}`;
  } catch {
    return null;
  }
}
