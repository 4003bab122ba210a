/**
 * What a run of scripts/mutate.ts found so far, kept in a file so that an interrupted run goes on where it stopped. An
 * entry counts only as long as everything it rests on is as it was: the sources, what tests share, and the test file.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { filesBelow } from "../files.ts";
import type { Judgement } from "./verdict.ts";

interface Entry {
  readonly inputs: string;
  readonly judgement?: Judgement;
  /** How long a test took without a change. */
  readonly seconds?: number;
}

const isTest = (name: string): boolean => /\.(test\.ts|t\.sol)$/.test(name);

/** A hash of the files that any test could depend on: sources and what tests share, without the tests. */
export function hashOfShared(root: string, folders: readonly string[]): string {
  const hash = createHash("sha256");
  const files = folders.flatMap((name) => {
    const path = join(root, name);
    if (existsSync(path) && statSync(path).isFile()) return [path];
    return filesBelow(path, (file) => !isTest(file) && !file.endsWith(".md"));
  });
  for (const path of files) {
    const name = relative(root, path);
    if (!/(^|\/)mutants\//.test(name)) hash.update(name).update("\0").update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

export class Ledger {
  readonly #file: string;
  readonly #entries: Map<string, Entry>;

  constructor(file: string, fresh: boolean) {
    this.#file = file;
    if (fresh) rmSync(file, { force: true });
    this.#entries = new Map(
      existsSync(file) ? Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, Entry>) : [],
    );
  }

  /** What was found for these inputs. */
  find(name: string, inputs: string): Entry | undefined {
    const entry = this.#entries.get(name);
    return entry?.inputs === inputs ? entry : undefined;
  }

  keep(name: string, entry: Entry): void {
    this.#entries.set(name, entry);
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, JSON.stringify(Object.fromEntries(this.#entries), null, 1));
  }

  forget(): void {
    rmSync(this.#file, { force: true });
  }
}
