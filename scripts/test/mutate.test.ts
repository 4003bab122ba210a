import { deepEqual, equal, match } from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { faultsOf, type Mutant, mutantsOf } from "../mutate.ts";

describe("lists of mutants", () => {
  test("stand for texts that are in the sources once", async () => {
    for (const suite of ["contracts", "protocol", "model"]) deepEqual(faultsOf(await mutantsOf(suite)), []);
  });
});

describe("faultsOf", () => {
  let base = "";
  before(() => {
    base = mkdtempSync(join(tmpdir(), "faults-"));
    mkdirSync(join(base, "src"));
    writeFileSync(join(base, "src", "a.sol"), "if (x < y) revert(); if (y < z) revert(); return;");
    writeFileSync(join(base, "a.test.ts"), "");
  });
  after(() => rmSync(base, { recursive: true }));

  const mutant = (change: Partial<Mutant>): Mutant => ({
    name: "order",
    file: "src/a.sol",
    find: "x < y",
    replace: "x <= y",
    opens: "the last second",
    test: "a.test.ts",
    ...change,
  });

  test("accepts a text that stands once", () => deepEqual(faultsOf([mutant({})], base), []));

  for (const [what, change, says] of [
    ["a text that stands twice", { find: "revert()" }, /2 times/],
    ["a text that is gone", { find: "x > y" }, /0 times/],
    ["a file that is gone", { file: "src/b.sol" }, /0 times in src\/b.sol/],
    ["a test that is gone", { test: "b.test.ts" }, /no b.test.ts/],
    ["a mutant that changes nothing", { replace: "x < y" }, /changes nothing/],
  ] as const) {
    test(`names ${what}`, () => {
      const faults = faultsOf([mutant(change)], base);
      equal(faults.length, 1);
      match(faults[0] ?? "", says);
    });
  }

  test("names a name used twice", () => {
    match(faultsOf([mutant({}), mutant({ find: "y < z" })], base)[0] ?? "", /two mutants are called "order"/);
  });
});
