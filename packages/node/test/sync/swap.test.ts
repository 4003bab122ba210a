import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { declareReady, PARTS, stagingOf, swapIn } from "../../src/sync/swap.ts";

const CHILD = fileURLToPath(new URL("../support/swapper.ts", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "swap "));
after(() => rmSync(root, { recursive: true, force: true }));

type Age = "old" | "new";
let folders = 0;

function write(folder: string, age: Age): void {
  mkdirSync(folder, { recursive: true });
  for (const name of ["a", "b", "c"]) writeFileSync(join(folder, name), age);
}

/** A data folder with a staged one that is complete, but not declared so. */
function staged(old: readonly string[] = PARTS): string {
  const dataDir = join(root, `${folders++}`);
  mkdirSync(dataDir);
  for (const part of old) write(join(dataDir, part), "old");
  for (const part of PARTS) write(join(stagingOf(dataDir), part), "new");
  writeFileSync(join(stagingOf(dataDir), "chunks"), "");
  writeFileSync(join(dataDir, "protection"), "kept");
  return dataDir;
}

/** What the parts of a data folder are, whole. */
function agesOf(dataDir: string): Age[] {
  return PARTS.map((part) => {
    const contents = readdirSync(join(dataDir, part)).map((name) =>
      readFileSync(join(dataDir, part, name), "utf8"),
    );
    assert.equal(contents.length, 3, `${part} is whole`);
    assert.equal(new Set(contents).size, 1);
    return contents[0] as Age;
  });
}

function assertNew(dataDir: string): void {
  assert.deepEqual(agesOf(dataDir), ["new", "new"]);
  assert.deepEqual(readdirSync(dataDir).sort(), ["db", "protection", "wal"]);
  assert.equal(readFileSync(join(dataDir, "protection"), "utf8"), "kept");
}

/** Swaps in a process of its own; true if it was killed before step `killAt`. */
function isKilled(dataDir: string, killAt: number): boolean {
  const { status, signal, stderr } = spawnSync(process.execPath, [CHILD, dataDir, `${killAt}`], {
    encoding: "utf8",
  });
  if (signal === "SIGKILL") return true;
  assert.equal(status, 0, stderr);
  return false;
}

describe("the swap of folders at the end of a join", () => {
  for (const old of [PARTS, ["wal"], []] as const) {
    const what = old.join(" and ") || "nothing";
    it(`ends with the new folders, whichever step it is killed before: over ${what}`, async () => {
      const ready = staged(old);
      await declareReady(ready);
      let steps = 0;
      for (;;) {
        const dataDir = join(root, `${folders++}`);
        cpSync(ready, dataDir, { recursive: true });
        if (!isKilled(dataDir, steps + 1)) {
          assertNew(dataDir);
          break;
        }
        steps++;
        // Killed once more on the way.
        if (old === PARTS) isKilled(dataDir, 2);
        await swapIn(dataDir);
        assertNew(dataDir);
      }
      assert.ok(steps > 6, `${steps} steps`);
    });
  }

  it("leaves the old folders as they are until the new ones were declared ready", async () => {
    const dataDir = staged();
    await swapIn(dataDir);
    assert.deepEqual(agesOf(dataDir), ["old", "old"]);
    // What was fetched is used when the node joins again.
    assert.ok(existsSync(join(stagingOf(dataDir), "chunks")));
  });

  it("does not take for new what was made in a folder's place before the swap was gone on with", async () => {
    const dataDir = staged();
    await declareReady(dataDir);
    assert.ok(isKilled(dataDir, 2));
    assert.ok(!existsSync(join(dataDir, "db")));
    write(join(dataDir, "db"), "old");
    await swapIn(dataDir);
    assertNew(dataDir);
  });

  it("does nothing where nobody joined", async () => {
    const dataDir = join(root, `${folders++}`);
    await swapIn(dataDir);
    assert.ok(!existsSync(dataDir));
  });
});
