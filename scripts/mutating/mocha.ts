/**
 * Runs one test file of the contracts on the artifacts as they are, for scripts/mutate.ts, and says by message what
 * came of it. `hardhat test` would look whether something is to be compiled, and could not tell a failing test from a
 * file that cannot be loaded.
 *
 *     node scripts/mutating/mocha.ts FILE [--bail]
 */
import type {} from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import hre from "hardhat";
import type { Verdict } from "./verdict.ts";

interface Runner {
  on(event: "pass", listener: () => void): void;
  on(event: "fail", listener: (test: { fullTitle(): string }, error: Error) => void): void;
}

const [file = "", ...options] = process.argv.slice(2);
const verdict: { passed: number; failures: { test: string; message: string; late: boolean }[] } = {
  passed: 0,
  failures: [],
};

/** Collects instead of printing. */
class Collector {
  constructor(runner: Runner) {
    runner.on("pass", () => verdict.passed++);
    runner.on("fail", (test, error) => {
      const late = (error as { code?: string }).code === "ERR_MOCHA_TIMEOUT";
      verdict.failures.push({ test: test.fullTitle(), message: error.message, late });
    });
  }
}

hre.config.test.mocha.reporter = Collector as never;
await hre.tasks
  .getTask(["test", "mocha"])
  .run({ testFiles: [file], bail: options.includes("--bail"), noCompile: true });
process.send?.(verdict satisfies Verdict, () => process.exit());
