/** The door to every command, in a checkout of a few files, with an npm that only pretends. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, afterEach, beforeEach, describe, test } from "node:test";

const home = join(import.meta.dirname, "..", "..");
let folder = "";
const started: ChildProcess[] = [];

function write(path: string, text: string, mode?: number): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
  if (mode !== undefined) chmodSync(join(folder, path), mode);
}

const LOCK = {
  packages: {
    "": {},
    "node_modules/node": { version: "22.23.3" },
    "node_modules/elsewhere": { version: "1.0.0", optional: true, os: ["aix"], cpu: ["ppc64"] },
  },
};

/** Notes each call, and lays out what an installation would. */
const NPM = `
const fs = require("node:fs");
const root = process.argv[process.argv.indexOf("--prefix") + 1];
fs.appendFileSync(root + "/npm-calls", "called\\n");
console.log("words of npm");
if (process.env.NPM_FAILS) { console.error("npm error code " + process.env.NPM_FAILS); process.exit(1); }
fs.mkdirSync(root + "/node_modules/node/bin", { recursive: true });
fs.symlinkSync(process.execPath, root + "/node_modules/node/bin/node");
fs.mkdirSync(root + "/node_modules/hardhat/dist/src", { recursive: true });
fs.copyFileSync(root + "/compiler.mjs", root + "/node_modules/hardhat/dist/src/cli.js");
fs.writeFileSync(root + "/node_modules/.package-lock.json", JSON.stringify(${JSON.stringify(LOCK)}));
`;

const COMPILER = `
const fs = require("node:fs");
fs.appendFileSync("compiler-calls", "called\\n");
console.log("words of the compiler");
fs.mkdirSync("artifacts/build-info", { recursive: true });
fs.writeFileSync("artifacts/build-info/one.json", "{}");
if (fs.readFileSync("contracts/A.sol", "utf8").includes("wrong")) process.exit(1);
`;

const PROGRAM = `
const [, , ...argv] = process.argv;
if (argv[1] === "--wait") {
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => { console.log(signal); process.exit(7); });
  setInterval(() => {}, 1000);
}
console.log(JSON.stringify(argv));
if (argv[1] === "--exit") process.exit(Number(argv[2]));
`;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "aitbc a checkout "));
  cpSync(join(home, "scripts", "bootstrap.mjs"), join(folder, "scripts", "bootstrap.mjs"));
  write("package.json", JSON.stringify({ devDependencies: { node: "22.23.3" } }));
  write("package-lock.json", JSON.stringify(LOCK));
  write("hardhat.config.ts", "");
  write("contracts/A.sol", "one");
  write("compiler.mjs", COMPILER);
  write("packages/cli/bin/aitbc-hybrid.mjs", PROGRAM);
  write("tools/npm.cjs", NPM);
  // Through a shell: a path with a space, which this Node may have, cannot stand in a first line "#!".
  write(
    "tools/npm",
    `#!/bin/sh\nexec "${process.execPath}" "${join(folder, "tools", "npm.cjs")}" "$@"\n`,
    0o755,
  );
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));
after(() => {
  for (const child of started) child.kill("SIGKILL");
});

function start(argv: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_TEST_CONTEXT$/.test(name));
  const child = spawn(process.execPath, [join(folder, "scripts", "bootstrap.mjs"), ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...Object.fromEntries(inherited),
      ...env,
      PATH: [join(folder, "tools"), process.env.PATH].join(delimiter),
    },
  });
  started.push(child);
  child.stdout?.setEncoding("utf8");
  child.stderr?.setEncoding("utf8");
  return child;
}

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function end(child: ChildProcess): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.on("data", (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

const run = (argv: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended> =>
  end(start(argv, env));
const calls = (of: string): number =>
  existsSync(join(folder, `${of}-calls`))
    ? readFileSync(join(folder, `${of}-calls`), "utf8").split("\n").length - 1
    : 0;

describe("the first run", () => {
  test("installs, compiles and runs the program, whose stdout stays its own", async () => {
    const { code, stdout, stderr } = await run(["devnet", "--for", "30s", "an argument"]);
    assert.equal(stdout, '["devnet","--for","30s","an argument"]\n');
    assert.match(stderr, /Installing 1 packages[\s\S]*Installed[\s\S]*Compiling[\s\S]*Compiled/);
    assert.doesNotMatch(stderr, /words of/);
    assert.equal(code, 0);
  });

  test("runs side by side with another one install once", async () => {
    const both = await Promise.all([run(["devnet"]), run(["devnet"])]);
    assert.deepEqual(
      both.map(({ code }) => code),
      [0, 0],
    );
    assert.equal(calls("npm"), 1);
    assert.equal(calls("compiler"), 1);
  });

  test("takes over from a run that died", async () => {
    write(".bootstrap.lock", "999999999");
    assert.equal((await run(["devnet"])).code, 0);
    assert.equal(existsSync(join(folder, ".bootstrap.lock")), false);
  });

  for (const [code, says] of [
    ["ENOTFOUND", /registry cannot be reached/],
    ["ENOSPC", /disk is full/],
    ["EUSAGE", /do not agree/],
  ] as const) {
    test(`explains ${code}`, async () => {
      const ended = await run(["devnet"], { NPM_FAILS: code });
      assert.equal(ended.code, 1);
      assert.equal(ended.stdout, "");
      assert.match(ended.stderr, says);
    });
  }
});

describe("a later run", () => {
  beforeEach(async () => {
    assert.equal((await run(["compile"])).code, 0);
  });

  test("does nothing again", async () => {
    const { stderr } = await run(["devnet"]);
    assert.equal(stderr, "");
    assert.deepEqual([calls("npm"), calls("compiler")], [1, 1]);
  });

  test("compiles when a contract changed", async () => {
    write("contracts/A.sol", "two");
    await run(["devnet"]);
    assert.deepEqual([calls("npm"), calls("compiler")], [1, 2]);
  });

  test("compiles when another build, such as one that measures coverage, replaced the artifacts", async () => {
    write("artifacts/build-info/instrumented.json", "{}");
    await run(["devnet"]);
    assert.equal(calls("compiler"), 2);
  });

  test("prints the compiler's words and stops when a contract is wrong", async () => {
    write("contracts/A.sol", "wrong");
    const { code, stdout, stderr } = await run(["devnet"]);
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /words of the compiler[\s\S]*do not compile/);
    await run(["devnet"]);
    assert.equal(calls("compiler"), 3, "a failed run leaves no stamp");
  });

  test("installs when the lock file asks for another version", async () => {
    rmSync(join(folder, "node_modules", "node", "bin"), { recursive: true });
    const packages = { ...LOCK.packages, "node_modules/node": { version: "22.24.0" } };
    write("package-lock.json", JSON.stringify({ packages }));
    await run(["devnet"]);
    assert.equal(calls("npm"), 2);
  });

  test("keeps what somebody installed by hand, if it is the same", async () => {
    rmSync(join(folder, "node_modules", ".install-stamp"));
    await run(["devnet"]);
    assert.equal(calls("npm"), 1);
  });

  test("ends with the program's exit code", async () => {
    assert.equal((await run(["devnet", "--exit", "5"])).code, 5);
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`passes ${signal} on and waits for the program`, async () => {
      const child = start(["devnet", "--wait"]);
      const ended = end(child);
      if (child.stdout !== null) await once(child.stdout, "data");
      child.kill(signal);
      const { code, stdout } = await ended;
      assert.equal(code, 7);
      assert.match(stdout, new RegExp(`${signal}\n$`));
    });
  }
});

test("an unknown command is refused with the list of commands", async () => {
  const { code, stderr } = await run(["nonsense"]);
  assert.equal(code, 2);
  assert.match(stderr, /devnet\|test\|check/);
});
