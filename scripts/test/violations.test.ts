/**
 * Plants each violation that `npm run check` is there for in a copy of the repository's frame (all its real
 * configuration, a few lines of source) and demands that the step in charge refuses it, and says why.
 */
import assert from "node:assert/strict";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { runStep, type StepResult, steps } from "../check.ts";

const home = join(import.meta.dirname, "..", "..");
let root = "";

const CONFIGURATION = [
  ".gitignore",
  ".prettierignore",
  ".prettierrc.json",
  ".solhint.json",
  "biome.json",
  "package.json",
  "package-lock.json",
  "scripts/pathname.grit",
  "tsconfig.base.json",
];

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

before(() => {
  root = mkdtempSync(join(tmpdir(), "aitbc violations "));
  for (const file of CONFIGURATION) cpSync(join(home, file), join(root, file));
  const packages = readdirSync(join(home, "packages")).filter((name) =>
    existsSync(join(home, "packages", name, "package.json")),
  );
  const references: { path: string }[] = [];
  for (const name of packages) {
    for (const file of ["package.json", "tsconfig.json", "test/tsconfig.json"]) {
      mkdirSync(join(root, "packages", name, "test"), { recursive: true });
      cpSync(join(home, "packages", name, file), join(root, "packages", name, file));
    }
    write(`packages/${name}/src/index.ts`, "export const one = 1;\n");
    write(
      `packages/${name}/test/index.test.ts`,
      'import { test } from "node:test";\n\ntest("holds", () => {});\n',
    );
    references.push({ path: `packages/${name}` }, { path: `packages/${name}/test` });
  }
  write("packages/protocol/src/view/index.ts", "export const two = 2;\n");
  write("packages/protocol/src/view/rules.ts", "export const three = 3;\n");
  write("tsconfig.json", `${JSON.stringify({ files: [], references }, null, 2)}\n`);
  const fine = "// SPDX-License-Identifier: Apache-2.0\npragma solidity 0.8.37;\n\ncontract Fine {}\n";
  write("contracts/Fine.sol", fine);
  write("test/harness/Fine.sol", fine);

  // The packages of this copy, everything else from the real installation. The compiler's cache stays here.
  for (const name of readdirSync(join(home, "node_modules"))) {
    if (name === "@aitbc-hybrid" || name.startsWith(".")) continue;
    mkdirSync(join(root, "node_modules"), { recursive: true });
    symlinkSync(join(home, "node_modules", name), join(root, "node_modules", name));
  }
  mkdirSync(join(root, "node_modules", "@aitbc-hybrid"));
  for (const name of packages) {
    symlinkSync(join(root, "packages", name), join(root, "node_modules", "@aitbc-hybrid", name));
  }
});

after(() => rmSync(root, { recursive: true, force: true }));

function run(name: string): Promise<StepResult> {
  const step = steps.find((one) => one.name === name);
  assert.ok(step !== undefined, `there is a step called ${name}`);
  return runStep(step, root);
}

interface Violation {
  readonly what: string;
  /** The step that has to refuse it. */
  readonly step: string;
  /** Files to write, by path; a function gets the file's present text. */
  readonly files: Readonly<Record<string, string | ((text: string) => string)>>;
  /** What the refusal has to say. */
  readonly says: RegExp;
}

const PROTOCOL = "packages/protocol/src/planted.ts";

/** Adds to a JSON object at `path` of keys. */
const withJson =
  (path: readonly string[], value: unknown) =>
  (text: string): string => {
    const whole = JSON.parse(text) as Record<string, unknown>;
    let at = whole;
    for (const key of path.slice(0, -1)) {
      at[key] ??= {};
      at = at[key] as Record<string, unknown>;
    }
    at[path.at(-1) ?? ""] = value;
    return `${JSON.stringify(whole, null, 2)}\n`;
  };

const violations: readonly Violation[] = [
  {
    what: "a timer in a pure package",
    step: "types",
    files: { [PROTOCOL]: "export const planted = setTimeout(() => {}, 1);\n" },
    says: /setTimeout/,
  },
  {
    what: "the environment in a pure package",
    step: "types",
    files: { [PROTOCOL]: "export const planted = process.env.HOME;\n" },
    says: /process/,
  },
  {
    what: "the network in a pure package",
    step: "types",
    files: { [PROTOCOL]: 'export const planted = fetch("http://localhost");\n' },
    says: /fetch/,
  },
  {
    what: "an enum, which Node cannot strip",
    step: "types",
    files: { "packages/node/src/planted.ts": "export enum Planted {\n  One,\n}\n" },
    says: /erasableSyntaxOnly/,
  },
  {
    what: "an import past another package's exports",
    step: "types",
    files: {
      "packages/node/src/planted.ts": 'export { two } from "@aitbc-hybrid/protocol/view";\n',
    },
    says: /TS2307/,
  },
  {
    what: "an import of another package's files by a relative path",
    step: "types",
    files: { "packages/node/src/planted.ts": 'export { one } from "../../cli/src/index.ts";\n' },
    says: /rootDir|TS6059|TS6307/,
  },
  {
    what: "floating point in a pure package",
    step: "style",
    files: { [PROTOCOL]: "export const planted = Math.sqrt(2);\n" },
    says: /Math/,
  },
  {
    what: "the clock in a pure package",
    step: "style",
    files: { [PROTOCOL]: "export const planted = Date.now();\n" },
    says: /Date/,
  },
  {
    what: "a way around through globalThis",
    step: "style",
    files: { [PROTOCOL]: "export const planted = globalThis.Date;\n" },
    says: /globalThis/,
  },
  {
    what: "one of Node's modules in a pure package",
    step: "style",
    files: { [PROTOCOL]: 'export { readFileSync } from "node:fs";\n' },
    says: /noNodejsModules/,
  },
  {
    what: "floating point in the ledger",
    step: "style",
    files: { "packages/execution/src/ledger/planted.ts": "export const planted = Math.random();\n" },
    says: /Math/,
  },
  {
    what: "one of Node's modules in a package for browsers",
    step: "style",
    files: { "packages/sdk/src/planted.ts": 'export { createHash } from "node:crypto";\n' },
    says: /noNodejsModules/,
  },
  {
    what: "one of Node's modules in crypto's main entry",
    step: "style",
    files: { "packages/crypto/src/planted.ts": 'export { createHash } from "node:crypto";\n' },
    says: /noNodejsModules/,
  },
  {
    what: "an import that package.json lacks",
    step: "style",
    files: { "packages/storage/src/planted.ts": 'export { z } from "zod";\n' },
    says: /noUndeclaredDependencies/,
  },
  {
    what: "an import of another package's src",
    step: "style",
    files: { "packages/node/src/planted.ts": 'export { one } from "@aitbc-hybrid/protocol/src/index.ts";\n' },
    says: /only what its package\.json exports is public/,
  },
  {
    what: "a test that opens another package",
    step: "style",
    files: { "packages/node/test/planted.test.ts": 'export { one } from "../../protocol/src/index.ts";\n' },
    says: /import another one by its name/,
  },
  {
    what: "an import of a folder's inner file",
    step: "style",
    files: { [PROTOCOL]: 'export { three } from "./view/rules.ts";\n' },
    says: /only public face/,
  },
  {
    what: "an import of a sibling folder's inner file",
    step: "style",
    files: { "packages/protocol/src/votes/planted.ts": 'export { three } from "../view/rules.ts";\n' },
    says: /only public face/,
  },
  {
    what: "a circle of imports",
    step: "style",
    files: {
      "packages/protocol/src/a.ts": 'import { b } from "./b.ts";\n\nexport const a = () => b;\n',
      "packages/protocol/src/b.ts": 'import { a } from "./a.ts";\n\nexport const b = () => a;\n',
    },
    says: /noImportCycles/,
  },
  {
    what: "a value without a type",
    step: "style",
    files: { "packages/node/src/planted.ts": "export const planted: any = 1;\n" },
    says: /noExplicitAny/,
  },
  {
    what: "a skipped test",
    step: "style",
    files: {
      "packages/node/test/planted.test.ts":
        'import { test } from "node:test";\n\ntest.skip("planted", () => {});\n',
    },
    says: /noSkippedTests/,
  },
  {
    what: "a test that silences the others",
    step: "style",
    files: {
      "packages/node/test/planted.test.ts":
        'import { test } from "node:test";\n\ntest.only("planted", () => {});\n',
    },
    says: /noFocusedTests/,
  },
  {
    what: "a file name that breaks in a path with a space",
    step: "style",
    files: {
      "packages/node/src/planted.ts":
        'export const planted = new URL("./index.ts", import.meta.url).pathname;\n',
    },
    says: /names no file in a path with a space/,
  },
  {
    what: "a file that is not formatted",
    step: "style",
    files: { "packages/node/src/planted.ts": "export const planted = 'one'\n" },
    says: /formatting/,
  },
  {
    what: "a dependency the import table does not allow",
    step: "layers",
    files: { "packages/crypto/package.json": withJson(["dependencies", "@aitbc-hybrid/node"], "0.1.0") },
    says: /crypto may not depend on @aitbc-hybrid\/node/,
  },
  {
    what: "the same as a development dependency",
    step: "layers",
    files: {
      "packages/protocol/package.json": withJson(["devDependencies", "@aitbc-hybrid/crypto"], "0.1.0"),
    },
    says: /protocol may not depend on @aitbc-hybrid\/crypto/,
  },
  {
    what: "a dependency on the root",
    step: "layers",
    files: { "packages/cli/package.json": withJson(["dependencies", "aitbc-hybrid"], "0.1.0") },
    says: /depends on the root/,
  },
  {
    what: "a package of ours imported by a test that may not",
    step: "layers",
    files: { "packages/protocol/test/planted.test.ts": 'export { one } from "@aitbc-hybrid/crypto";\n' },
    says: /protocol may not import crypto/,
  },
  {
    what: "a package of ours imported when it is needed",
    step: "layers",
    files: {
      "packages/storage/src/planted.ts": 'export const planted = () => import("@aitbc-hybrid/node");\n',
    },
    says: /storage may not import node/,
  },
  {
    what: "a package the import table does not know",
    step: "layers",
    files: { "packages/planted/package.json": '{ "name": "@aitbc-hybrid/planted" }\n' },
    says: /planted is not in the import table/,
  },
  {
    what: "a test that needs a package nobody declares",
    step: "layers",
    files: { "packages/storage/test/planted.test.ts": 'export { z } from "zod";\n' },
    says: /zod is not declared/,
  },
  {
    what: "a relative import that leaves its package",
    step: "layers",
    files: { "packages/storage/test/planted.test.ts": 'export { one } from "../../node/src/index.ts";\n' },
    says: /leaves the package/,
  },
  {
    what: "a pure package that sees Node's types",
    step: "layers",
    files: { "packages/protocol/tsconfig.json": withJson(["compilerOptions", "types"], ["node"]) },
    says: /a pure package has "types": \[\]/,
  },
  {
    what: "a pure package that sees the browser's types",
    step: "layers",
    files: { "packages/protocol/tsconfig.json": withJson(["compilerOptions", "lib"], ["ES2024", "DOM"]) },
    says: /a pure package has "lib"/,
  },
  {
    what: "native code behind the main entry of a package for browsers",
    step: "layers",
    files: {
      "packages/crypto/src/index.ts": 'export { sign } from "./native/index.ts";\n',
      "packages/crypto/src/native/index.ts": 'export { SecretKey as sign } from "@chainsafe/blst";\n',
    },
    says: /crypto is for browsers too, but reaches @chainsafe\/blst: .*native\/index\.ts/,
  },
  {
    what: "the same through another package",
    step: "layers",
    files: {
      "packages/sdk/src/index.ts": 'export { sign } from "@aitbc-hybrid/crypto";\n',
      "packages/crypto/src/index.ts": 'export { randomBytes as sign } from "node:crypto";\n',
    },
    says: /sdk is for browsers too, but reaches node:crypto/,
  },
  {
    what: "a lock file that names a registry of somebody's own",
    step: "lock",
    files: {
      "package-lock.json": withJson(["packages", "node_modules/planted"], {
        version: "1.0.0",
        resolved: "https://mirror.example/planted-1.0.0.tgz",
      }),
    },
    says: /planted comes from https:\/\/mirror\.example/,
  },
  {
    what: "a lock file without the builds for other platforms",
    step: "lock",
    files: {
      "package-lock.json": (text) => {
        const lock = JSON.parse(text) as { packages: Record<string, unknown> };
        delete lock.packages["node_modules/@biomejs/cli-darwin-arm64"];
        return JSON.stringify(lock);
      },
    },
    says: /cli-darwin-arm64.* has no entry/,
  },
  {
    what: "a dependency that the lock file does not know",
    step: "lock",
    files: { "package.json": withJson(["devDependencies", "planted"], "1.0.0") },
    says: /wants planted 1\.0\.0/,
  },
  {
    what: "a contract for any compiler",
    step: "solidity",
    files: {
      "contracts/Planted.sol":
        "// SPDX-License-Identifier: Apache-2.0\npragma solidity ^0.8.0;\n\ncontract Planted {}\n",
    },
    says: /compiler-version/,
  },
  {
    what: "a revert with a string",
    step: "solidity",
    files: {
      "contracts/Planted.sol":
        '// SPDX-License-Identifier: Apache-2.0\npragma solidity 0.8.37;\n\ncontract Planted {\n    constructor() {\n        revert("no");\n    }\n}\n',
    },
    says: /gas-custom-errors/,
  },
  {
    what: "a Solidity file that is not formatted",
    step: "layout",
    files: { "contracts/Planted.sol": "pragma solidity 0.8.37;\ncontract Planted{uint x;}\n" },
    says: /Planted\.sol/,
  },
];

describe("an honest repository", () => {
  for (const { name } of steps) {
    test(`passes ${name}`, async () => {
      const { passed, output } = await run(name);
      assert.ok(passed, output);
    });
  }
});

describe("the check refuses", () => {
  for (const { what, step, files, says } of violations) {
    test(what, async () => {
      const former = new Map<string, string | null>();
      for (const [path, content] of Object.entries(files)) {
        const text = existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : null;
        former.set(path, text);
        write(path, typeof content === "string" ? content : content(text ?? ""));
      }
      try {
        const { passed, output } = await run(step);
        assert.equal(passed, false, `the step ${step} lets it pass`);
        assert.match(output, says);
      } finally {
        for (const [path, text] of former) {
          if (text !== null) write(path, text);
          else rmSync(join(root, path));
        }
        rmSync(join(root, "packages", "planted"), { recursive: true, force: true });
      }
    });
  }
});
