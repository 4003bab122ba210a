/**
 * Keeps package-lock.json installable on every platform and from every registry.
 *
 * A registry mirror may lack the builds of a native package for other platforms. `npm install` then leaves
 * them out of the lock file, and `npm ci` refuses that file everywhere, because an optional dependency has
 * no entry. This program adds the entries (name and exact version as the parent package declares them; npm
 * skips them where `os`, `cpu` or `libc` do not match) and drops addresses of hosts other than npm's own.
 *
 *     node scripts/lock.ts           repairs the file
 *     node scripts/lock.ts --check   fails with a list of what is wrong, changes nothing
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const REGISTRY = "https://registry.npmjs.org/";

type Versions = Record<string, string>;

interface LockEntry {
  version?: string;
  resolved?: string;
  integrity?: string;
  link?: boolean;
  optional?: boolean;
  dev?: boolean;
  cpu?: string[];
  os?: string[];
  libc?: string[];
  dependencies?: Versions;
  devDependencies?: Versions;
  optionalDependencies?: Versions;
}

interface Lock {
  packages: Record<string, LockEntry>;
}

/** What the name of a platform package says about where it may be installed, or null if it says nothing. */
export function platformOf(name: string): Pick<LockEntry, "cpu" | "os" | "libc"> | null {
  const words = name.split("/").at(-1)?.split(/[-_.]/) ?? [];
  const os = words.find((word) =>
    ["android", "darwin", "freebsd", "linux", "openbsd", "sunos", "win32"].includes(word),
  );
  const cpus: Record<string, string> = { x64: "x64", amd64: "x64", arm64: "arm64", arm: "arm", ia32: "ia32" };
  const cpu = words.map((word) => cpus[word]).find((word) => word !== undefined);
  if (os === undefined || cpu === undefined) return null;
  const libc = words.includes("musl") ? "musl" : words.includes("gnu") ? "glibc" : undefined;
  return { cpu: [cpu], os: [os], ...(libc === undefined ? {} : { libc: [libc] }) };
}

function find(lock: Lock, from: string, name: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    if (`${folder === "" ? "" : `${folder}/`}node_modules/${name}` in lock.packages) return true;
    if (!folder.includes("node_modules/")) return `node_modules/${name}` in lock.packages;
  }
}

/** Repairs `lock` in place and returns a sentence for each thing that was wrong. */
export function repair(lock: Lock): string[] {
  const wrong: string[] = [];
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (entry.resolved !== undefined && !entry.link && !entry.resolved.startsWith(REGISTRY)) {
      wrong.push(`${path} comes from ${entry.resolved}`);
      delete entry.resolved;
    }
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (find(lock, path, name)) continue;
      const platform = platformOf(name);
      if (platform === null) continue;
      wrong.push(`${name}@${version}, wanted by ${path}, has no entry`);
      const dev = entry.dev === true ? { dev: true } : {};
      lock.packages[`node_modules/${name}`] = { version, ...platform, ...dev, optional: true };
    }
  }
  const root = lock.packages[""];
  const rest = Object.entries(lock.packages).filter(([path]) => path !== "");
  rest.sort(([a], [b]) => a.localeCompare(b, "en"));
  lock.packages = Object.fromEntries([...(root === undefined ? [] : [["", root] as const]), ...rest]);
  return wrong;
}

/** A sentence for each package.json that the lock file does not match, which makes `npm ci` refuse both. */
function disagreements(lock: Lock, root: string): string[] {
  const wrong: string[] = [];
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path.includes("node_modules/")) continue;
    const manifest = JSON.parse(readFileSync(join(root, path, "package.json"), "utf8")) as LockEntry;
    for (const group of ["dependencies", "devDependencies", "optionalDependencies"] as const) {
      const [locked, declared] = [entry[group] ?? {}, manifest[group] ?? {}];
      for (const name of new Set([...Object.keys(locked), ...Object.keys(declared)])) {
        if (locked[name] === declared[name]) continue;
        wrong.push(
          `${join(path, "package.json")} wants ${name} ${declared[name]}, the lock file ${locked[name]}`,
        );
      }
    }
  }
  return wrong;
}

if (import.meta.main) {
  const argv = process.argv.slice(2);
  const root = argv.find((word) => !word.startsWith("--")) ?? join(import.meta.dirname, "..");
  const file = join(root, "package-lock.json");
  const lock = JSON.parse(readFileSync(file, "utf8")) as Lock;
  const unlike = disagreements(lock, root);
  for (const line of unlike) console.error(line);
  if (unlike.length > 0) console.error("Bring them together with: npm install && node scripts/lock.ts");
  const wrong = repair(lock);
  if (argv.includes("--check")) {
    for (const line of wrong) console.error(`package-lock.json: ${line}`);
    if (wrong.length > 0) console.error("Repair it with: node scripts/lock.ts");
    if (wrong.length + unlike.length > 0) process.exitCode = 1;
  } else {
    if (wrong.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
    for (const line of wrong) console.log(`repaired: ${line}`);
    if (wrong.length === 0) console.log("package-lock.json needs no repair");
  }
}
