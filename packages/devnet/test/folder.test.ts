import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DevnetError } from "@aitbc-hybrid/devnet";
import { Folder } from "../src/folder.ts";
import { finalityOf, Rate } from "../src/statistics.ts";

const root = mkdtempSync(join(tmpdir(), "devnet folder "));
after(() => rmSync(root, { recursive: true }));

const manifest = { authorities: 4, stakers: 3, mode: "balanced", chainId: 1, started: true };

test("a manifest is read back; none is null; a damaged or foreign one is refused with the remedy", () => {
  const folder = new Folder(join(root, "a"));
  assert.equal(folder.readManifest(), null);
  folder.create(["authority-1"]);
  folder.writeManifest(manifest);
  assert.deepEqual(folder.readManifest(), { version: 2, ...manifest });
  for (const text of ["{", JSON.stringify({ version: 99 })]) {
    writeFileSync(folder.manifest, text);
    assert.throws(
      () => folder.readManifest(),
      (error) =>
        error instanceof DevnetError && error.code === "DATA_VERSION" && error.message.includes("--reset"),
    );
  }
  folder.wipe();
  assert.equal(folder.readManifest(), null);
});

test("files are the owner's only", () => {
  const folder = new Folder(join(root, "b"));
  folder.create([]);
  folder.write(folder.password, "secret\n");
  assert.equal(statSync(folder.password).mode & 0o077, 0);
});

test("a folder that cannot be made is named", () => {
  writeFileSync(join(root, "file"), "");
  // Below /proc, where there is one, nothing can be made, and the system says that what exists does not.
  for (const place of [join(root, "file", "below"), "/proc/devnet/below"]) {
    assert.throws(
      () => new Folder(place).create([]),
      (error) =>
        error instanceof DevnetError && error.code === "DATA_FOLDER" && error.message.includes("--dir"),
    );
  }
});

test("finality is nearest rank over every value", () => {
  assert.equal(finalityOf([]), null);
  assert.deepEqual(finalityOf([5]), { p50: 5, p99: 5 });
  assert.deepEqual(finalityOf(Array.from({ length: 100 }, (_, i) => 100 - i)), { p50: 50, p99: 99 });
});

test("a rate counts what happened inside its window", () => {
  const rate = new Rate(1_000);
  assert.equal(rate.mark(0, 0), 0);
  assert.equal(rate.mark(500, 50), 100);
  assert.equal(rate.mark(2_000, 200), 100);
  assert.equal(rate.mark(4_000, 200), 0);
});
