/**
 * What can be known without running the code: types, style, who imports whom, the lock file, Solidity's lint.
 *
 *     npm run check [-- --only types,style]
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

export interface Step {
  /** What `--only` calls it. */
  readonly name: string;
  /** What it makes sure of, as a sentence's end. */
  readonly about: string;
  /** The command line, run by this Node in the checkout that is checked. */
  readonly argv: readonly string[];
}

export interface StepResult {
  readonly step: Step;
  readonly passed: boolean;
  readonly output: string;
  readonly seconds: number;
}

const home = join(import.meta.dirname, "..");
const bin = (...path: string[]): string => join(home, "node_modules", ...path);

export const steps: readonly Step[] = [
  { name: "types", about: "all TypeScript compiles", argv: [bin("typescript", "bin", "tsc"), "-b"] },
  {
    name: "style",
    about: "Biome finds nothing",
    argv: [
      bin("@biomejs", "biome", "bin", "biome"),
      "ci",
      "--error-on-warnings",
      "--max-diagnostics=100",
      ".",
    ],
  },
  { name: "layers", about: "every import is allowed", argv: [join(home, "scripts", "layers.ts"), "."] },
  {
    name: "lock",
    about: "package-lock.json installs everywhere",
    argv: [join(home, "scripts", "lock.ts"), "--check", "."],
  },
  {
    name: "solidity",
    about: "solhint finds nothing",
    argv: [bin("solhint", "solhint.js"), "--disc", "--noPoster", "--max-warnings=0", "contracts/**/*.sol"],
  },
  {
    name: "layout",
    about: "the Solidity files are formatted",
    argv: [bin("prettier", "bin", "prettier.cjs"), "--list-different", "contracts/**/*.sol", "test/**/*.sol"],
  },
];

/** Runs one step on the checkout at `root`; a program that cannot be started counts as failed. */
export function runStep(step: Step, root: string = home): Promise<StepResult> {
  const begin = performance.now();
  return new Promise((resolve) => {
    const end = (passed: boolean, output: string): void =>
      resolve({
        step,
        passed,
        output: stripVTControlCharacters(output).trim(),
        seconds: (performance.now() - begin) / 1000,
      });
    const program = step.argv[0] ?? "";
    if (!existsSync(program)) return end(false, `${program} is missing`);
    const child = spawn(process.execPath, step.argv, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
    });
    let output = "";
    const keep = (chunk: string): void => {
      output += chunk;
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    child.on("error", (error) => end(false, error.message));
    child.on("close", (code, signal) =>
      end(code === 0, signal === null ? output : `${output}\nended by ${signal}`),
    );
  });
}

/** Runs the steps two at a time, in order of the list. */
export async function runSteps(wanted: readonly Step[], done: (result: StepResult) => void): Promise<void> {
  const waiting = [...wanted];
  const worker = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) done(await runStep(step));
  };
  await Promise.all([worker(), worker()]);
}

if (import.meta.main) {
  const at = process.argv.indexOf("--only");
  const names = at === -1 ? steps.map((step) => step.name) : (process.argv[at + 1] ?? "").split(",");
  const unknown = names.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0) {
    console.error(
      `No step is called ${unknown.join(", ")}. There are: ${steps.map((step) => step.name).join(", ")}.`,
    );
    process.exit(2);
  }
  await runSteps(
    steps.filter((step) => names.includes(step.name)),
    ({ step, passed, output, seconds }) => {
      console.log(
        `${passed ? "ok  " : "FAIL"} ${step.name.padEnd(8)} ${step.about}, ${seconds.toFixed(1)} s`,
      );
      if (passed) return;
      console.log(output === "" ? "(it says nothing)" : output);
      process.exitCode = 1;
    },
  );
}
