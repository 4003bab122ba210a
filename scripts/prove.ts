/**
 * Lets solc's own model checker (constrained Horn clauses, z3 inside the compiler) try to refute the statements of
 * test/symbolic: assertions over all inputs, and that no sum, difference or division on the way overflows.
 *
 *     npm run prove [-- --json] [NAME...]
 *
 * Each file holds one contract of its name. A statement counts only if it is shown safe: what the checker cannot decide
 * has failed. With --json the last line of stdout is {files, safe, open}; the exit code is 0 only if nothing is open.
 */
import { fork } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { basename, dirname, join, relative } from "node:path";

const root = join(import.meta.dirname, "..");
const folder = join(root, "test", "symbolic");
const SUFFIX = ".t.sol";

interface Message {
  readonly severity: string;
  readonly message: string;
  readonly formattedMessage?: string;
}

export interface Verdict {
  readonly name: string;
  /** Statements shown to hold. */
  readonly safe: number;
  /** Statements refuted or not decided, and errors, as the compiler words them. */
  readonly open: readonly string[];
}

/** What the compiler's messages about one contract say. */
export function verdictOf(name: string, messages: readonly Message[]): Verdict {
  const safe = messages.filter(({ message }) => /^CHC: .* check is safe!$/s.test(message)).length;
  const open = messages
    .filter(({ severity, message }) => {
      if (severity === "error") return true;
      return (
        /^(CHC|BMC): /.test(message) &&
        !/check is safe!$/s.test(message) &&
        !/verification condition\(s\) proved safe/.test(message)
      );
    })
    .map(({ message, formattedMessage }) => formattedMessage ?? message);
  if (safe === 0 && open.length === 0) open.push("the checker found nothing to prove");
  return { name, safe, open };
}

/** A file and all it imports, by path from the root. */
function sourcesOf(
  file: string,
  found: Record<string, { content: string }> = {},
): Record<string, { content: string }> {
  if (found[file] !== undefined) return found;
  const inPackage = file.startsWith("@") || file.startsWith("solady/");
  const content = readFileSync(inPackage ? join(root, "node_modules", file) : join(root, file), "utf8");
  found[file] = { content };
  for (const [, path = ""] of content.matchAll(/^import [^;]*?"([^"]+)";/gm)) {
    sourcesOf(path.startsWith(".") ? join(dirname(file), path) : path, found);
  }
  return found;
}

function check(name: string): Verdict {
  const solc = createRequire(import.meta.url)("solc") as { compile(input: string): string };
  const file = relative(root, join(folder, `${name}${SUFFIX}`));
  const modelChecker = {
    engine: "chc",
    solvers: ["z3"],
    targets: ["assert", "overflow", "underflow", "divByZero"],
    showProvedSafe: true,
    showUnproved: true,
    contracts: { [file]: [name] },
  };
  const settings = { evmVersion: "osaka", outputSelection: {}, modelChecker };
  const output = JSON.parse(
    solc.compile(JSON.stringify({ language: "Solidity", sources: sourcesOf(file), settings })),
  ) as { errors?: Message[] };
  return verdictOf(name, output.errors ?? []);
}

/** Checks in a process of its own: the compiler blocks the one it runs in. */
function checkApart(name: string): Promise<Verdict> {
  return new Promise((resolve) => {
    const child = fork(import.meta.filename, ["--worker", name], { execArgv: [] });
    let verdict: Verdict = { name, safe: 0, open: ["the compiler ended without a verdict"] };
    child.on("message", (message) => {
      verdict = message as Verdict;
    });
    child.on("exit", () => resolve(verdict));
  });
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === "--worker") {
    process.send?.(check(argv[1] ?? ""));
    return 0;
  }
  const all = readdirSync(folder)
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => basename(name, SUFFIX));
  const wanted = argv.filter((text) => text !== "--json");
  const unknown = wanted.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    console.error(`There is no ${unknown.join(", ")} in test/symbolic; there are ${all.join(", ")}.`);
    return 2;
  }
  const queue = wanted.length > 0 ? [...wanted] : all;
  const verdicts: Verdict[] = [];
  const worker = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      console.error(`...  ${name}`);
      const verdict = await checkApart(name);
      verdicts.push(verdict);
      console.error(`${verdict.open.length === 0 ? "ok  " : "OPEN"} ${name}: ${verdict.safe} shown`);
      for (const text of verdict.open) console.error(text);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  const safe = verdicts.reduce((sum, verdict) => sum + verdict.safe, 0);
  const open = verdicts.flatMap((verdict) => verdict.open);
  console.error(`${safe} statements shown, ${open.length} open`);
  if (argv.includes("--json"))
    console.log(JSON.stringify({ files: verdicts.length, safe, open: open.length }));
  return open.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
