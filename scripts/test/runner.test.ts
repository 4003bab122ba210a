/** What the test runner makes of suites that fail in every way a suite can fail. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { nodeSuite, readHardhatCounts, runSuite, type Tally, withoutPassed } from "../test.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "aitbc suites "));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function outcomeOf(files: Readonly<Record<string, string>>): Promise<Tally> {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), `import { describe, test } from "node:test";\n${text}\n`);
  }
  const { tally } = await runSuite(
    nodeSuite("planted", folder),
    { concurrency: 1 },
    { passed: 0, failures: [] },
  );
  return tally;
}

describe("a suite of node:test", () => {
  test("counts tests, not the groups they stand in", async () => {
    const tally = await outcomeOf({
      "one.test.ts": 'describe("group", () => {\n  test("a", () => {});\n  test("b", () => {});\n});',
      "deep/two.test.ts": 'test("c", () => {});',
    });
    assert.deepEqual(tally, { passed: 3, failures: [] });
  });

  test("prints a failure with its name, its place, its reason and what the file printed", async () => {
    const tally = await outcomeOf({
      "one.test.ts":
        'test("good", () => {});\ntest("bad", () => {\n  console.log("a hint");\n  throw new Error("the reason");\n});',
    });
    assert.equal(tally.passed, 1);
    assert.equal(tally.failures.length, 1);
    assert.match(tally.failures[0] ?? "", /one\.test\.ts:\d+: bad[\s\S]*the reason[\s\S]*a hint/);
  });

  test("fails for a file that ends before its tests", async () => {
    const tally = await outcomeOf({ "one.test.ts": 'test("a", () => {});\nprocess.exit(3);' });
    assert.ok(tally.failures.length > 0);
  });

  test("fails for a file that does not parse", async () => {
    const tally = await outcomeOf({ "one.test.ts": "test(;" });
    assert.ok(tally.failures.length > 0);
  });

  test("fails for a skipped test", async () => {
    const tally = await outcomeOf({
      "one.test.ts": 'test("a", () => {});\ntest("b", { skip: true }, () => {});',
    });
    assert.equal(tally.passed, 1);
    assert.match(tally.failures.join(), /was skipped/);
  });

  test("fails for a file without tests", async () => {
    const tally = await outcomeOf({
      "one.test.ts": "export const a = test;",
      "two.test.ts": 'test("a", () => {});',
    });
    assert.match(tally.failures.join(), /holds no test/);
  });

  test("fails without files", async () => {
    const tally = await outcomeOf({});
    assert.deepEqual(tally, { passed: 0, failures: ["planted holds no tests"] });
  });
});

test("Hardhat's totals are read, not the subtotals of its parts", () => {
  const output =
    "  A\n    ✔ works\n\n  1 passing (4ms)\n  1 pending\n  1 failing\n\n\n3 passing (1 solidity, 2 mocha)\n2 failing (1 solidity, 1 mocha)\n1 pending (1 mocha)\n";
  assert.deepEqual(readHardhatCounts(output), { passed: 3, failed: 2, pending: 1 });
  assert.deepEqual(readHardhatCounts("No Solidity tests to compile"), { passed: 0, failed: 0, pending: 0 });
});

test("of Hardhat's output the failures are printed, or everything when nothing ran", () => {
  assert.equal(
    withoutPassed("  A\n    ✔ works\n\n  1 passing\n  1 failing\n\n  1) A\n"),
    "1 passing\n  1 failing\n\n  1) A",
  );
  assert.equal(withoutPassed("Error HHE1: no such file\n"), "Error HHE1: no such file");
});
