import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { vectorFiles } from "../../scripts/codegen/vectors.ts";

describe("vectors/", () => {
  for (const [name, text] of vectorFiles()) {
    it(`${name} is what scripts/codegen/vectors.ts writes`, () => {
      const committed = readFileSync(join(import.meta.dirname, "..", "..", "vectors", name), "utf8");
      expect(committed === text, "run: node scripts/codegen/vectors.ts").to.equal(true);
    });
  }
});
