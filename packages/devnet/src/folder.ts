import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DevnetError } from "./errors.ts";

/** Layout version of the data folder; another one is refused, never guessed at. */
const VERSION = 2;

/** What a data folder was made for; the same command resumes it, another needs `--reset` or another folder. */
export interface Manifest {
  readonly version: number;
  readonly authorities: number;
  readonly stakers: number;
  readonly mode: string;
  /** Chain id of the ledger. */
  readonly chainId: number;
  /** True once the chain was started: from here on the folder can be resumed. */
  readonly started: boolean;
}

/** Paths inside a devnet's data folder. */
export class Folder {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  readonly #at = (...parts: string[]): string => join(this.root, ...parts);

  get manifest(): string {
    return this.#at("devnet.json");
  }
  get settlementState(): string {
    return this.#at("settlement", "state.json");
  }
  get network(): string {
    return this.#at("network.json");
  }
  get genesis(): string {
    return this.#at("genesis.json");
  }
  get password(): string {
    return this.#at("password.txt");
  }
  log(name: string): string {
    return this.#at("logs", `${name}.log`);
  }
  account(name: string): string {
    return this.#at("accounts", `${name}.json`);
  }
  validator(name: string, ...parts: string[]): string {
    return this.#at("validators", name, ...parts);
  }
  deployment(...parts: string[]): string {
    return this.#at("deployment", ...parts);
  }

  /** Creates the folders. @throws DevnetError DATA_FOLDER or DISK_FULL with what to do. */
  create(validators: readonly string[]): void {
    guarded(this.root, () => {
      for (const path of [
        this.#at("settlement"),
        this.#at("logs"),
        this.#at("accounts"),
        this.#at("deployment"),
        ...validators.map((name) => this.validator(name)),
      ]) {
        makeFolders(path);
      }
    });
  }

  wipe(): void {
    guarded(this.root, () => rmSync(this.root, { recursive: true, force: true }));
  }

  /** Null for a folder that holds no devnet. @throws DevnetError DATA_VERSION, DATA_FOLDER. */
  readManifest(): Manifest | null {
    let text: string;
    try {
      text = readFileSync(this.manifest, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw failure(this.root, error);
    }
    try {
      const manifest = JSON.parse(text) as Manifest;
      if (manifest.version !== VERSION) throw new Error(`version ${manifest.version}`);
      return manifest;
    } catch (cause) {
      throw new DevnetError(
        "DATA_VERSION",
        `${this.manifest} is damaged or of another release: start with --reset, or name another folder with --dir`,
        { cause },
      );
    }
  }

  writeManifest(manifest: Omit<Manifest, "version">): void {
    this.write(this.manifest, `${JSON.stringify({ version: VERSION, ...manifest }, null, 2)}\n`);
  }

  /** Writes a file of the owner's only, whole or not at all. @throws DevnetError DATA_FOLDER or DISK_FULL. */
  write(path: string, text: string): void {
    guarded(this.root, () => {
      writeFileSync(`${path}.tmp`, text, { mode: 0o600 });
      renameSync(`${path}.tmp`, path);
    });
  }
}

/**
 * Makes a folder and those above it. Node's own recursion never ends where a file system has the folder above, but says
 * that there is no such file when one is made in it (/proc, some network shares).
 */
function makeFolders(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolders(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

function failure(root: string, cause: unknown): DevnetError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new DevnetError(
      "DISK_FULL",
      `the disk that holds ${root} is full: free some space, then start again`,
      { cause },
    );
  }
  return new DevnetError(
    "DATA_FOLDER",
    `the data folder ${root} cannot be used (${code ?? message}): check its owner, or name another with --dir`,
    { cause },
  );
}

function guarded(root: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    throw failure(root, error);
  }
}
