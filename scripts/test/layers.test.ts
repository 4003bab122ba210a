import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { importsOf, MAY_IMPORT } from "../layers.ts";

const names = (source: string): string[] => importsOf(source).map(({ specifier }) => specifier);

describe("importsOf finds", () => {
  const forms: readonly (readonly [what: string, source: string])[] = [
    ["a named import", 'import { a } from "x";'],
    ["a default import", 'import a from "x";'],
    ["everything under one name", 'import * as a from "x";'],
    ["an import over many lines", 'import {\n  a,\n  type B,\n} from "x";'],
    ["an import for its effect", 'import "x";'],
    ["names passed on", 'export { a } from "x";'],
    ["everything passed on", 'export * from "x";'],
    ["an import when needed", 'const a = await import("x");'],
    ["require", 'const a = require("x");'],
    ["the place of a module", 'const a = import.meta.resolve("x");'],
    ["an import after other statements", 'const a = 1;\nimport { b } from "x";'],
    ["an import behind a comment", '/* first */ import { b } from "x";'],
    ["an import behind an address in a string", 'const a = "http://y";\nimport { b } from "x";'],
  ];
  for (const [what, source] of forms) test(what, () => assert.deepEqual(names(source), ["x"]));

  test("types, and says so", () => {
    assert.deepEqual(importsOf('import type { A } from "x";'), [{ specifier: "x", typeOnly: true }]);
    assert.deepEqual(importsOf('import { type A } from "x";'), [{ specifier: "x", typeOnly: false }]);
  });

  test("nothing in comments", () => {
    assert.deepEqual(
      names('// import { a } from "x";\n/** import { a } from "x"; */\nexport const a = 1;'),
      [],
    );
  });
});

describe("the import table", () => {
  test("has no circle, so that every package can be tested before those above it", () => {
    const visit = (name: string, path: readonly string[]): void => {
      assert.ok(!path.includes(name), [...path, name].join(" -> "));
      for (const below of MAY_IMPORT[name] ?? []) visit(below, [...path, name]);
    };
    for (const name of Object.keys(MAY_IMPORT)) visit(name, []);
  });

  test("names only packages it has a row for", () => {
    for (const list of Object.values(MAY_IMPORT))
      for (const name of list) assert.ok(name in MAY_IMPORT, name);
  });
});
