import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** All files below `folder` whose name `wanted` accepts, sorted; node_modules is left out. */
export function filesBelow(folder: string, wanted: (name: string) => boolean): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === "node_modules" ? [] : filesBelow(path, wanted);
      return wanted(entry.name) ? [path] : [];
    });
}
