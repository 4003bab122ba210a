import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { lockDirectory } from "../src/index.ts";

describe("directory lock", () => {
  let directory: string;
  let path: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "lock-"));
    path = join(directory, "LOCK");
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("is one process's until released, and leaves nothing behind", async () => {
    const release = await lockDirectory(directory);
    await assert.rejects(lockDirectory(directory), (error: Error & { code: string }) => {
      assert.equal(error.code, "LOCKED");
      for (const part of [directory, path, "Stop that process"]) assert.ok(error.message.includes(part));
      return true;
    });
    assert.deepEqual(await readdir(directory), ["LOCK"]);
    await release();
    assert.deepEqual(await readdir(directory), []);
    const again = await lockDirectory(directory);
    // The first holder's second release must not take the second holder's lock.
    await release();
    assert.deepEqual(await readdir(directory), ["LOCK"]);
    await again();
  });

  it("of a dead process is taken over", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    await writeFile(path, JSON.stringify({ pid: child.pid, started: null }));
    const release = await lockDirectory(directory);
    assert.equal(JSON.parse(await readFile(path, "utf8")).pid, process.pid);
    await release();
  });

  it("of a dead process whose number another one got is taken over", async () => {
    await writeFile(path, JSON.stringify({ pid: process.pid, started: "another boot 1" }));
    await (await lockDirectory(directory))();
  });

  it("that a crash left torn is taken over", async () => {
    for (const content of ["", '{"pid":', '{"pid":"x"}', "null", '{"pid":-1}']) {
      await writeFile(path, content);
      await (await lockDirectory(directory))();
    }
  });

  it("names the files to delete where a process died while it took over", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    const dead = JSON.stringify({ pid: child.pid, started: null });
    await writeFile(path, dead);
    const claim = `${path}.${createHash("sha256").update(dead).digest("hex").slice(0, 16)}.claim`;
    await writeFile(claim, dead);
    await assert.rejects(lockDirectory(directory), (error: Error & { code: string }) => {
      assert.equal(error.code, "LOCKED");
      assert.ok(error.message.includes(`delete ${claim} and ${path}`));
      return true;
    });
    await rm(claim);
    await (await lockDirectory(directory))();
  });

  it("is not taken from the one who holds it by a release that comes late", async () => {
    const release = await lockDirectory(directory);
    await rm(path);
    const second = await lockDirectory(directory);
    await release();
    assert.deepEqual(await readdir(directory), ["LOCK"]);
    await second();
  });

  it("cannot be had on what is no directory", async () => {
    await writeFile(join(directory, "file"), "");
    await assert.rejects(lockDirectory(join(directory, "file")), { code: "FAILED", message: /file failed/ });
  });

  it("goes to one of many who find it stale", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    for (let round = 0; round < 20; round++) {
      await writeFile(path, JSON.stringify({ pid: child.pid, started: null }));
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockDirectory(directory)));
      const holders = results.filter((result) => result.status === "fulfilled");
      assert.equal(holders.length, 1);
      await holders[0]!.value();
    }
  });
});
