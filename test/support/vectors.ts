import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A file of vectors/, for example `codec.json` or `outside/eip2537.json`. The caller names the shape it expects; a
 * wrong shape fails in the test that reads it.
 */
export function readVectors<T>(file: string): T {
  return JSON.parse(readFileSync(join(import.meta.dirname, "..", "..", "vectors", file), "utf8")) as T;
}
