/**
 * Checks who imports whom (docs/architecture.md has the same table in words):
 *
 * - a package depends only on the packages the table allows, in package.json and in every import, tests included;
 * - a relative import stays inside its package, and a third-party one is declared (tests may use the root's);
 * - pure packages are compiled without the types of any surroundings;
 * - what a browser loads from a browser-safe entry reaches neither Node's modules nor native code.
 *
 *     node scripts/layers.ts [root]
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";
import { filesBelow } from "./files.ts";

const SCOPE = "@aitbc-hybrid/";

/** For every package the packages of ours it may import. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  "contract-model": [],
  storage: [],
  crypto: ["protocol"],
  execution: ["protocol", "storage"],
  sdk: ["protocol", "crypto"],
  contracts: ["sdk"],
  simulator: ["protocol", "crypto", "contract-model"],
  dapp: ["protocol", "crypto", "sdk"],
  node: ["protocol", "crypto", "storage", "execution", "sdk"],
  devnet: ["protocol", "crypto", "storage", "execution", "sdk", "node", "simulator", "contract-model"],
  cli: ["protocol", "crypto", "storage", "execution", "sdk", "node", "simulator", "contract-model", "devnet"],
};

/** Packages that are functions of their arguments and nothing else. */
const PURE = ["protocol", "contract-model"];

/** Packages whose main entry a browser may load. */
const BROWSER_SAFE = ["protocol", "contract-model", "crypto", "sdk", "contracts"];

/** Third-party packages that are native code or need Node. */
const NODE_ONLY = ["@chainsafe/blst", "classic-level", "secp256k1", "@foundry-rs/anvil", "hardhat"];

interface Manifest {
  name?: string;
  exports?: Record<string, unknown>;
  imports?: Record<string, unknown>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

interface Package {
  name: string;
  folder: string;
  manifest: Manifest;
}

const builtins = new Set(builtinModules);
const isBuiltin = (specifier: string): boolean =>
  specifier.startsWith("node:") || builtins.has(specifier.split("/")[0] ?? "");

/** The package a bare specifier belongs to: "@a/b/c" -> "@a/b", "d/e" -> "d". */
const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

/**
 * The module names a TypeScript or JavaScript source imports. Comments are dropped first; a name is taken from
 * `import`, `export ... from`, `import()`, `require()` and `import.meta.resolve()`.
 */
export function importsOf(source: string): { specifier: string; typeOnly: boolean }[] {
  const code = source.replace(/\/\*[\s\S]*?\*\/|(^|[^:"'`\\])\/\/[^\n]*/g, "$1");
  const found: { specifier: string; typeOnly: boolean }[] = [];
  const statement =
    /(?:^|[;\n}])\s*(import|export)(\s+type\b)?(?:\s*["']|[\w\s{},*$]*?\bfrom\s*["'])([^"'\n]+)["']/g;
  for (const match of code.matchAll(statement)) {
    found.push({ specifier: match[3] ?? "", typeOnly: match[2] !== undefined });
  }
  for (const match of code.matchAll(
    /\b(?:import|require|import\.meta\.resolve)\s*\(\s*["'`]([^"'`\n]+)["'`]/g,
  )) {
    found.push({ specifier: match[1] ?? "", typeOnly: false });
  }
  return found;
}

const isSource = (name: string): boolean => /\.(ts|tsx|mts|mjs|js)$/.test(name) && !name.endsWith(".d.ts");

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));

/** Returns a sentence for every breach of the rules below `root`; an empty list means that all hold. */
export function check(root: string): string[] {
  const wrong: string[] = [];
  const manifestOfRoot = readJson(join(root, "package.json")) as Manifest;
  const rootDependencies = new Set(
    [
      ...Object.keys(manifestOfRoot.dependencies ?? {}),
      ...Object.keys(manifestOfRoot.devDependencies ?? {}),
    ].filter((name) => !name.startsWith(SCOPE)),
  );
  const packages = new Map<string, Package>();
  for (const entry of readdirSync(join(root, "packages"), { withFileTypes: true })) {
    const folder = join(root, "packages", entry.name);
    if (!entry.isDirectory() || !existsSync(join(folder, "package.json"))) continue;
    packages.set(entry.name, {
      name: entry.name,
      folder,
      manifest: readJson(join(folder, "package.json")) as Manifest,
    });
  }
  if (packages.size === 0) wrong.push("packages/ holds no package: there is nothing to check");

  for (const { name, folder, manifest } of packages.values()) {
    const allowed = MAY_IMPORT[name];
    if (allowed === undefined) {
      wrong.push(`packages/${name} is not in the import table (scripts/layers.ts)`);
      continue;
    }
    if (manifest.name !== SCOPE + name) wrong.push(`packages/${name}/package.json is named ${manifest.name}`);
    const runtime = new Set(
      [manifest.dependencies, manifest.peerDependencies, manifest.optionalDependencies].flatMap((group) =>
        Object.keys(group ?? {}),
      ),
    );
    const forTests = new Set([
      ...runtime,
      ...Object.keys(manifest.devDependencies ?? {}),
      ...rootDependencies,
    ]);
    for (const dependency of [...runtime, ...Object.keys(manifest.devDependencies ?? {})]) {
      if (dependency === manifestOfRoot.name) wrong.push(`packages/${name} depends on the root`);
      if (!dependency.startsWith(SCOPE)) continue;
      if (!allowed.includes(dependency.slice(SCOPE.length))) {
        wrong.push(`packages/${name}/package.json: ${name} may not depend on ${dependency}`);
      }
    }

    for (const file of ["src", "bin", "test"].flatMap((part) => filesBelow(join(folder, part), isSource))) {
      const where = relative(root, file).split(sep).join("/");
      const declared = relative(folder, file).startsWith("test") ? forTests : runtime;
      for (const { specifier } of importsOf(readFileSync(file, "utf8"))) {
        if (specifier.startsWith(".")) {
          const target = relative(folder, resolve(dirname(file), specifier));
          if (target.startsWith("..")) wrong.push(`${where}: ${specifier} leaves the package`);
        } else if (specifier.startsWith("#") || isBuiltin(specifier)) {
          // "#" names stand in the package's own `imports`; Node's modules are Biome's to judge.
        } else if (specifier.startsWith(SCOPE)) {
          const other = packageOf(specifier).slice(SCOPE.length);
          if (other !== name && !allowed.includes(other))
            wrong.push(`${where}: ${name} may not import ${other}`);
        } else if (!declared.has(packageOf(specifier))) {
          wrong.push(`${where}: ${packageOf(specifier)} is not declared in packages/${name}/package.json`);
        }
      }
    }

    if (PURE.includes(name)) wrong.push(...checkPure(root, name));
    if (BROWSER_SAFE.includes(name)) wrong.push(...checkBrowserSafe(root, packages, name));
  }
  return wrong;
}

interface CompilerConfig {
  extends?: string;
  compilerOptions?: { lib?: string[]; types?: string[] };
}

/** A pure package sees no types but the language's: neither timers nor process nor fetch compile. */
function checkPure(root: string, name: string): string[] {
  const file = join(root, "packages", name, "tsconfig.json");
  const own = readJson(file) as CompilerConfig;
  const base = readJson(join(root, "tsconfig.base.json")) as CompilerConfig;
  const options = { ...base.compilerOptions, ...own.compilerOptions };
  const wrong: string[] = [];
  if (JSON.stringify(options.lib) !== '["ES2024"]') {
    wrong.push(
      `packages/${name}/tsconfig.json: a pure package has "lib": ["ES2024"], not ${JSON.stringify(options.lib)}`,
    );
  }
  if (JSON.stringify(options.types) !== "[]") {
    wrong.push(
      `packages/${name}/tsconfig.json: a pure package has "types": [], not ${JSON.stringify(options.types)}`,
    );
  }
  return wrong;
}

/** The file a browser gets for an entry of `exports` or `imports`: conditions "node" do not apply. */
function browserTarget(entry: unknown): string | null {
  if (typeof entry === "string") return entry;
  if (entry === null || typeof entry !== "object") return null;
  for (const [condition, value] of Object.entries(entry)) {
    if (["browser", "import", "default"].includes(condition)) return browserTarget(value);
  }
  return null;
}

/** Follows the imports of a package's main entry, types aside, through all packages of ours. */
function checkBrowserSafe(root: string, packages: Map<string, Package>, name: string): string[] {
  const wrong: string[] = [];
  const seen = new Set<string>();
  const entryOf = (owner: Package, specifier: string): string | null => {
    const target = specifier.startsWith("#")
      ? browserTarget(owner.manifest.imports?.[specifier])
      : browserTarget(owner.manifest.exports?.[`.${specifier.slice(SCOPE.length + owner.name.length)}`]);
    return target === null ? null : join(owner.folder, target);
  };
  const visit = (owner: Package, file: string | null, path: readonly string[]): void => {
    if (file === null || seen.has(file) || !existsSync(file)) return;
    seen.add(file);
    const trail = [...path, relative(root, file).split(sep).join("/")];
    for (const { specifier, typeOnly } of importsOf(readFileSync(file, "utf8"))) {
      if (typeOnly) continue;
      if (specifier.startsWith(".")) visit(owner, resolve(dirname(file), specifier), trail);
      else if (specifier.startsWith("#")) visit(owner, entryOf(owner, specifier), trail);
      else if (specifier.startsWith(SCOPE)) {
        const other = packages.get(packageOf(specifier).slice(SCOPE.length));
        if (other !== undefined) visit(other, entryOf(other, specifier), trail);
      } else if (isBuiltin(specifier) || NODE_ONLY.includes(packageOf(specifier))) {
        wrong.push(`packages/${name} is for browsers too, but reaches ${specifier}: ${trail.join(" -> ")}`);
      }
    }
  };
  const self = packages.get(name);
  if (self !== undefined) visit(self, entryOf(self, SCOPE + name), []);
  return wrong;
}

if (import.meta.main) {
  const root = resolve(process.argv[2] ?? join(import.meta.dirname, ".."));
  const wrong = check(root);
  for (const line of wrong) console.error(line);
  if (wrong.length > 0) process.exitCode = 1;
  else console.log("Every import is allowed.");
}
