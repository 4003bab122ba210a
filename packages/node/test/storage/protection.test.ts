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

test("what is appended while a rewriting is under way stands behind it, and nothing is lost", async () => {
  const directory = join(folder, "overlap");
  const log = await openProtectionLog(directory);
  log.append(Uint8Array.of(1));
  const rewriting = log.replace([Uint8Array.of(10), Uint8Array.of(11)]);
  log.append(Uint8Array.of(12));
  await new Promise((resolve) => setImmediate(resolve));
  log.append(Uint8Array.of(13));
  await rewriting;
  await log.sync();
  await log.close();
  const again = await openProtectionLog(directory);
  assert.deepEqual(bytes(again), [[10], [11], [12], [13]]);
  await again.close();
});

test("a second opening is refused while the first is open", async () => {
  const directory = join(folder, "locked");
  const log = await openProtectionLog(directory);
  await assert.rejects(openProtectionLog(directory), { code: "LOCKED" });
  await log.close();
  await (await openProtectionLog(directory)).close();
});
