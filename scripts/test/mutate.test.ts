import { deepEqual, equal, match } from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { faultsOf, type Mutant, mutantsOf, optionsOf, readReport } from "../mutate.ts";
import { type CompileAnswer, Compiler, dependents } from "../mutating/compile.ts";
import { hashOfShared, Ledger } from "../mutating/ledger.ts";
import { faultOf, judge, limitOf, type Run } from "../mutating/verdict.ts";

describe("lists of mutants", () => {
  test("stand for texts that are in the sources once", async () => {
    for (const suite of ["contracts", "protocol", "clients", "model"])
      deepEqual(faultsOf(await mutantsOf(suite)), []);
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

describe("options", () => {
  test("are read", () => {
    deepEqual(optionsOf(["clients", "--json", "--only", "Joining", "--workers", "3"]), {
      suite: "clients",
      only: "joining",
      workers: 3,
      flags: new Set(["--json"]),
    });
  });

  for (const argv of [
    [],
    ["toString"],
    ["model", "--only"],
    ["model", "--workers", "0"],
    ["model", "--all"],
  ]) {
    test(`are refused: ${argv.join(" ")}`, () => equal(optionsOf(argv), null));
  }
});

describe("a verdict", () => {
  const run = (change: Partial<Run>): Run => ({
    verdict: { passed: 3, failures: [] },
    hung: false,
    printed: "",
    seconds: 1,
    ...change,
  });
  const failing = (late: boolean): Run =>
    run({ verdict: { passed: 1, failures: [{ test: "holds", message: "1 is not 2", late }] } });

  test("is death only where a test fails by itself", () => {
    deepEqual(judge(failing(false), false), { outcome: "killed", why: "holds: 1 is not 2", hung: false });
    deepEqual(judge(run({}), false), { outcome: "survived", why: "", hung: false });
    deepEqual(judge(run({ verdict: null, printed: "no such module" }), false), {
      outcome: "does not run",
      why: "no such module",
      hung: false,
    });
    deepEqual(judge(run({ verdict: { passed: 0, failures: [] } }), false), {
      outcome: "does not run",
      why: "",
      hung: false,
    });
  });

  test("waits for a second look where a test does not end", () => {
    for (const late of [failing(true), run({ verdict: null, hung: true })]) {
      equal(judge(late, false), "again");
      const second = judge(late, true);
      deepEqual(second === "again" ? second : [second.outcome, second.hung], ["killed", true]);
    }
  });

  test("needs a test that passes unchanged", () => {
    equal(faultOf(run({})), null);
    equal(faultOf(failing(false)), "holds: 1 is not 2");
    equal(faultOf(run({ verdict: { passed: 0, failures: [] } })), "no test ran");
    equal(faultOf(run({ verdict: null, printed: "no such module\n" })), "no such module");
    equal(faultOf(run({ verdict: null, hung: true })), "did not end");
  });

  test("comes within ten times the usual, at least three minutes", () => {
    deepEqual([limitOf(2), limitOf(60)], [180, 600]);
  });

  test("is not taken from a file that cannot be loaded", () => {
    const line = (kind: string, name = "", error = ""): string =>
      JSON.stringify({ kind, name, where: "", error });
    const output = [line("pass"), "printed", line("fail", "holds", "1 is not 2")].join("\n");
    deepEqual(readReport(output, undefined, "a/b.test.ts"), {
      passed: 1,
      failures: [{ test: "holds", message: "1 is not 2", late: false }],
    });
    equal(readReport(line("fail", "/copy/a/b.test.ts", "SyntaxError"), undefined, "a/b.test.ts"), null);
  });
});

describe("what was found", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "ledger-"));
    mkdirSync(join(folder, "src"));
    mkdirSync(join(folder, "src", "mutants"));
    writeFileSync(join(folder, "src", "a.ts"), "1");
    writeFileSync(join(folder, "package.json"), "{}");
  });
  after(() => rmSync(folder, { recursive: true }));

  test("is known to the next run, for the same inputs, until it is forgotten", () => {
    const file = join(folder, "kept", "found.json");
    const judgement = { outcome: "killed", why: "holds", hung: false } as const;
    new Ledger(file, false).keep("order", { inputs: "x", judgement });
    const next = new Ledger(file, false);
    deepEqual(next.find("order", "x")?.judgement, judgement);
    equal(next.find("order", "y"), undefined);
    equal(next.find("other", "x"), undefined);
    equal(new Ledger(file, true).find("order", "x"), undefined);
    next.keep("order", { inputs: "x", judgement });
    next.forget();
    equal(existsSync(file), false);
  });

  test("rests on sources and what tests share, not on other tests, lists and texts", () => {
    const hash = (): string => hashOfShared(folder, ["src", "package.json", "absent"]);
    const before = hash();
    for (const name of ["a.test.ts", "a.t.sol", "a.md", "mutants/a.ts"])
      writeFileSync(join(folder, "src", name), "2");
    equal(hash(), before);
    for (const name of ["src/support.ts", "package.json"]) {
      const old = hash();
      writeFileSync(join(folder, name), "3");
      equal(hash() === old, false);
    }
  });
});

describe("the compiler of changes", () => {
  const SOURCES = {
    "contracts/Limit.sol":
      "pragma solidity 0.8.37; library Limit { function fits(uint256 x) internal pure returns (bool) { return x < 5; } }",
    "contracts/sub/Gate.sol":
      'pragma solidity 0.8.37; import {Limit} from "../Limit.sol"; contract Gate { function open(uint256 x) external pure returns (bool) { return Limit.fits(x); } }',
    "contracts/Other.sol":
      "pragma solidity 0.8.37; contract Other { function one() external pure returns (uint256) { return 1; } }",
    "contracts/User.sol":
      'pragma solidity 0.8.37; import {Limit} from "./Limit.sol"; abstract contract User { function uses(uint256 x) internal pure returns (bool) { return Limit.fits(x); } }',
  };
  const GATE = "artifacts/contracts/sub/Gate.sol/Gate.json";
  const OTHER = "artifacts/contracts/Other.sol/Other.json";
  let folder = "";
  let compiler: Compiler;
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  const change = (file: keyof typeof SOURCES, from: string, to: string): CompileAnswer =>
    compiler.build({ file, text: SOURCES[file].replace(from, to) });

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "compiler-"));
    const write = (name: string, text: string): void => {
      mkdirSync(join(folder, name, ".."), { recursive: true });
      writeFileSync(join(folder, name), text);
    };
    for (const [name, text] of Object.entries(SOURCES)) write(name, text);
    const sources = Object.fromEntries(
      // What a build knew is old; what counts stands in the folder.
      Object.keys(SOURCES).map((name) => [`project/${name}`, { content: "" }]),
    );
    const input = { language: "Solidity", sources, settings: { metadata: { bytecodeHash: "none" } } };
    write("artifacts/build-info/a.json", JSON.stringify({ input }));
    for (const name of [GATE, OTHER]) write(name, JSON.stringify({ contractName: "kept" }));
    compiler = new Compiler(join(folder, "artifacts"), folder);
  });
  after(() => rmSync(folder, { recursive: true }));

  test("writes what imports the change, and says what was there", () => {
    const old = { gate: read(GATE), other: read(OTHER) };
    const answer = change("contracts/Limit.sol", "x < 5", "x < 6");
    equal(answer.built, true);
    deepEqual(answer.built && answer.before, { [join(folder, GATE)]: old.gate });
    equal(read(OTHER), old.other);
    const { contractName, abi, bytecode } = JSON.parse(read(GATE)) as Record<string, string>;
    equal(contractName, "kept");
    match(bytecode ?? "", /^0x60/);
    equal(abi?.length, 1);
  });

  test("knows a change that changes no code", () => {
    equal(change("contracts/Limit.sol", "x < 5", "x <  6").built, false);
    deepEqual(change("contracts/Limit.sol", "x < 5", "x <  6"), {
      built: false,
      why: "compiles to the same code",
    });
  });

  test("refuses what no longer compiles anywhere", () => {
    const answer = change("contracts/Limit.sol", "function fits(", "function under(");
    match(answer.built ? "" : answer.why, /Member "fits" not found/);
  });

  test("refuses what a chain would not take", () => {
    const long = `bytes internal constant DATA = hex"${"ab".repeat(25_000)}"; function data() external pure returns (bytes memory) { return DATA; } function one`;
    const answer = change("contracts/Other.sol", "function one", long);
    match(answer.built ? "" : answer.why, /Other is longer than a chain accepts/);
  });

  test("finds what imports a file, however indirectly", () => {
    const sources = {
      "a/A.sol": { content: "" },
      "a/B.sol": { content: 'import {A} from "./A.sol";' },
      "b/C.sol": { content: 'import {\n  B\n} from "../a/B.sol";' },
      "b/D.sol": { content: 'import "c/A.sol";' },
    };
    deepEqual(dependents(sources, "a/A.sol"), ["a/A.sol", "a/B.sol", "b/C.sol"]);
  });
});
