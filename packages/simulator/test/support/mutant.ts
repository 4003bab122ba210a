import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const root = join(import.meta.dirname, "../../../..");
const protocol = join(root, "packages/protocol");

/** A change of the rules' source that breaks one of them. */
export interface Mutation {
  readonly name: string;
  /** Below packages/protocol/src. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly from: string;
  readonly to: string;
}

/** Copies the rules, changes one place and gives `use` the copy's URL. */
export async function withMutant<T>(mutation: Mutation, use: (rules: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "mutant-"));
  try {
    cpSync(join(protocol, "src"), join(folder, "src"), { recursive: true });
    cpSync(join(protocol, "package.json"), join(folder, "package.json"));
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
    const file = join(folder, "src", mutation.file);
    const text = readFileSync(file, "utf8");
    const places = text.split(mutation.from).length - 1;
    if (places !== 1)
      throw new Error(`${mutation.name}: its text stands ${places} times in ${mutation.file}, not once`);
    // A function, so that `$` in the text means itself.
    writeFileSync(
      file,
      text.replace(mutation.from, () => mutation.to),
    );
    return await use(pathToFileURL(join(folder, "src/index.ts")).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
