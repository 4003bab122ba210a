import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Done, Shard, Study } from "./study.ts";

/** A folder that does not hold what was asked for. */
export class JournalError extends Error {
  readonly code: "OTHER_STUDY" | "NO_STUDY";

  constructor(code: JournalError["code"], message: string) {
    super(message);
    this.name = "JournalError";
    this.code = code;
  }
}

const STUDY = "study.json";
const isRuns = (name: string): boolean => /^runs(\.\d+-of-\d+)?\.jsonl$/.test(name);
const runsOf = ({ index, count }: Shard): string =>
  count === 1 ? "runs.jsonl" : `runs.${index}-of-${count}.jsonl`;

/** Same text for same studies, whatever the order in which their fields were written. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, held: unknown) =>
    held !== null && typeof held === "object" && !Array.isArray(held)
      ? Object.fromEntries(Object.entries(held).sort(([a], [b]) => (a < b ? -1 : 1)))
      : held,
  );

/**
 * Results in a folder, one JSON line for each job that is done, appended as soon as it is: an interrupted study goes on
 * where it stopped. Shards write files of their own, so that many machines may share a folder.
 */
export class Journal {
  readonly study: Study;
  readonly #folder: string;
  readonly #results = new Map<string, Done>();

  private constructor(folder: string, study: Study) {
    this.#folder = folder;
    this.study = study;
    for (const name of readdirSync(folder).filter(isRuns).sort()) this.#read(join(folder, name));
  }

  /** Opens a folder for a study, which it must be about if it holds one; makes it otherwise. */
  static open(folder: string, study: Study): Journal {
    mkdirSync(folder, { recursive: true });
    const file = join(folder, STUDY);
    if (!existsSync(file)) writeFileSync(file, `${JSON.stringify(study, null, 2)}\n`);
    const known = JSON.parse(readFileSync(file, "utf8")) as Study;
    if (canonical(known) !== canonical(study))
      throw new JournalError(
        "OTHER_STUDY",
        `${folder} holds the results of another study (other options or another seed): give another --out, or remove it`,
      );
    return new Journal(folder, study);
  }

  /** Opens what a folder holds. */
  static existing(folder: string): Journal {
    const file = join(folder, STUDY);
    if (!existsSync(file))
      throw new JournalError("NO_STUDY", `${folder} holds no study: there is no ${STUDY} in it`);
    return new Journal(folder, JSON.parse(readFileSync(file, "utf8")) as Study);
  }

  #read(file: string): void {
    for (const line of readFileSync(file, "utf8").split("\n")) {
      let done: Done;
      try {
        done = JSON.parse(line) as Done;
      } catch {
        // The last line of a run that was killed while it wrote.
        continue;
      }
      this.#results.set(done.key, done);
    }
  }

  /** What is done, by key. */
  get results(): ReadonlyMap<string, Done> {
    return this.#results;
  }

  /** Adds a result and writes it down. */
  append(done: Done, shard: Shard): void {
    const file = join(this.#folder, runsOf(shard));
    const torn = existsSync(file) && !endsLine(file);
    appendFileSync(file, `${torn ? "\n" : ""}${JSON.stringify(done)}\n`);
    this.#results.set(done.key, done);
  }

  /** Takes over the results of another journal of the same study; returns how many were new. */
  merge(other: Journal): number {
    if (canonical(other.study) !== canonical(this.study))
      throw new JournalError("OTHER_STUDY", "these folders hold results of different studies");
    let added = 0;
    for (const [key, done] of other.results) {
      if (this.#results.has(key)) continue;
      this.append(done, { index: 1, count: 1 });
      added++;
    }
    return added;
  }

  /** Writes a file beside the results. */
  write(name: string, text: string): string {
    const file = join(this.#folder, name);
    writeFileSync(file, text);
    return file;
  }
}

function endsLine(file: string): boolean {
  const text = readFileSync(file, "utf8");
  return text.length === 0 || text.endsWith("\n");
}
