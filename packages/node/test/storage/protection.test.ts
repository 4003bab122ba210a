import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openProtectionLog } from "../../src/storage/index.ts";

const folder = mkdtempSync(join(tmpdir(), "aitbc-hybrid-protection-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const bytes = (log: { records: readonly Uint8Array[] }): number[][] => log.records.map((each) => [...each]);

test("records come back in order; a rewriting replaces what was before it", async () => {
  const directory = join(folder, "log");
  const first = await openProtectionLog(directory);
  first.append(Uint8Array.of(1));
  first.append(Uint8Array.of(2));
  await first.sync();
  await first.close();

  const second = await openProtectionLog(directory);
  assert.deepEqual(bytes(second), [[1], [2]]);
  await second.replace([Uint8Array.of(3)]);
  second.append(Uint8Array.of(4));
  await second.sync();
  await second.close();

  const third = await openProtectionLog(directory);
  assert.deepEqual(bytes(third), [[3], [4]]);
  await third.close();
});

test("a second opening is refused while the first is open", async () => {
  const directory = join(folder, "locked");
  const log = await openProtectionLog(directory);
  await assert.rejects(openProtectionLog(directory), { code: "LOCKED" });
  await log.close();
  await (await openProtectionLog(directory)).close();
});
