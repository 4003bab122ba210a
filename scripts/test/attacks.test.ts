import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

const root = join(import.meta.dirname, "..", "..");
const page = readFileSync(join(root, "docs", "security", "attacks.md"), "utf8");
const named = [...page.matchAll(/`([^`]+\.test\.ts)`: "([^"]+)"/g)].map(([, file = "", title = ""]) => ({
  file,
  title,
}));

describe("docs/security/attacks.md", () => {
  test("names tests that there are, by their titles", () => {
    assert.ok(named.length > 50);
    for (const { file, title } of named) {
      const path = join(root, "test", file);
      assert.ok(existsSync(path), `${file} is missing`);
      assert.ok(readFileSync(path, "utf8").includes(title), `${file} has no test "${title}"`);
    }
  });

  test("leaves out no attack that is tested", () => {
    const files = new Set(named.map(({ file }) => file));
    for (const name of readdirSync(join(root, "test", "attacks"))) {
      assert.ok(files.has(`attacks/${name}`), `attacks/${name} is not on the page`);
    }
  });
});
