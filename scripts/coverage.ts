/**
 * Runs the contract tests on instrumented contracts and says which lines and statements of contracts/ were executed.
 *
 *     npm run coverage [-- --json] [-- test files...]
 *
 * Hardhat counts the statements of a file only as a percentage; the total weighs each file with its lines, which is
 * exact where every file is covered whole. With --json the last line of stdout is {lines, statements, uncovered}, in
 * percent of contracts/; the exit code is 0 only if the tests pass and nothing is uncovered.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

const root = join(import.meta.dirname, "..");
const HARDHAT = join(root, "node_modules", "hardhat", "dist", "src", "cli.js");
const OURS = "contracts/";

export interface FileCoverage {
  readonly file: string;
  readonly lines: number;
  /** Numbers of the lines that no test executes. */
  readonly uncovered: readonly number[];
  /** Statements executed, in percent. */
  readonly statements: number;
}

/** Files of contracts/ from a report: an lcov file for the lines, Hardhat's printed table for the statements. */
export function readReport(lcov: string, printed: string): FileCoverage[] {
  const statements = new Map<string, number>();
  for (const [, file = "", , share = ""] of printed.matchAll(/║ (\S+\.sol) +│ ([\d.]+) +│ ([\d.]+) +│/g)) {
    statements.set(file, Number(share));
  }
  const files: FileCoverage[] = [];
  for (const section of lcov.split("end_of_record")) {
    const file = /^SF:(.+)$/m.exec(section)?.[1];
    if (file === undefined || !file.startsWith(OURS)) continue;
    const lines = [...section.matchAll(/^DA:(\d+),(\d+)/gm)];
    const uncovered = lines.filter((line) => line[2] === "0").map((line) => Number(line[1]));
    // The table shortens long paths from the left.
    const share =
      statements.get(file) ?? [...statements].find(([name]) => file.endsWith(name.replace(/^…/, "")))?.[1];
    if (share === undefined) throw new Error(`the printed table does not list ${file}`);
    files.push({ file, lines: lines.length, uncovered, statements: share });
  }
  if (files.length === 0) throw new Error("the report lists no contract");
  return files;
}

/** Lines and statements executed in all files, in percent, rounded down to hundredths. */
export function totals(files: readonly FileCoverage[]): { lines: number; statements: number } {
  const all = files.reduce((sum, { lines }) => sum + lines, 0);
  const open = files.reduce((sum, { uncovered }) => sum + uncovered.length, 0);
  const executed = files.reduce((sum, { lines, statements }) => sum + lines * statements, 0);
  const floor = (value: number): number => Math.floor(Number((100 * value).toFixed(6))) / 100;
  return { lines: floor((100 * (all - open)) / all), statements: floor(executed / all) };
}

function run(argv: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [HARDHAT, "test", "--coverage", ...argv], {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      process.stderr.write(text);
    });
    child.on("close", (code) => resolve({ code, output: stripVTControlCharacters(output) }));
  });
}

async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes("--json");
  const { code, output } = await run(argv.filter((text) => text !== "--json"));
  const files = readReport(readFileSync(join(root, "coverage", "lcov.info"), "utf8"), output);
  const uncovered: Record<string, readonly number[]> = {};
  for (const { file, uncovered: lines, statements } of files) {
    if (lines.length > 0 || statements < 100) uncovered[file] = lines;
  }
  for (const [file, lines] of Object.entries(uncovered))
    console.error(`${file}: not executed: ${lines.join(", ")}`);
  const { lines, statements } = totals(files);
  console.error(`${lines} % of the lines, ${statements} % of the statements of contracts/`);
  if (json) console.log(JSON.stringify({ lines, statements, uncovered }));
  return code === 0 && Object.keys(uncovered).length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
