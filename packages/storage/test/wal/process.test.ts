import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { WriteAheadLog } from "../../src/index.ts";
import { readAll, text } from "../support/wal.ts";

const child = fileURLToPath(new URL("../support/appender.ts", import.meta.url));

describe("write-ahead log of a real process", () => {
  let directory: string;
  before(async () => {
    directory = join(await mkdtemp(join(tmpdir(), "log of ")), "deep", "er");
  });
  after(() => rm(join(directory, "..", ".."), { recursive: true }));

  it("survives kill -9 with everything acknowledged, and its lock does not", async () => {
    for (let round = 0; round < 3; round++) {
      const process_ = spawn(process.execPath, [child, directory], { stdio: ["ignore", "pipe", "inherit"] });
      let acknowledged = -1;
      let pending = "";
      const enough = new Promise<void>((resolve) => {
        process_.stdout.on("data", (chunk) => {
          const lines = (pending + chunk).split("\n");
          pending = lines.pop()!;
          acknowledged = Number(lines.at(-1) ?? acknowledged);
          if (acknowledged % 1000 > 200) resolve();
        });
      });
      await enough;
      await assert.rejects(WriteAheadLog.open({ directory }), {
        code: "LOCKED",
        message: new RegExp(`in use by process ${process_.pid}.*Stop that process`),
      });
      process_.kill("SIGKILL");
      await once(process_, "close");
      const log = await WriteAheadLog.open({ directory });
      assert.ok(log.next > acknowledged);
      for (const { index, data } of await readAll(log)) assert.equal(text(data), `record ${index}`);
      // The next round starts from a round number, to tell its lines from these.
      while (log.next % 1000 !== 0) {
        const { next } = log;
        const count = 1000 - (next % 1000);
        await Promise.all(
          Array.from({ length: count }, (_, i) => log.append(new TextEncoder().encode(`record ${next + i}`))),
        );
      }
      await log.close();
    }
  });

  it("cuts off a torn tail and frees segments on a real disk", async () => {
    const folder = join(directory, "torn", "log");
    const log = await WriteAheadLog.open({ directory: folder, segmentBytes: 60 });
    for (let i = 0; i < 4; i++) await log.append(new Uint8Array(30).fill(i));
    await log.prune(2);
    assert.equal(log.first, 2);
    await log.close();
    await appendFile(join(folder, "00000000000003.wal"), new Uint8Array(10).fill(1));
    const again = await WriteAheadLog.open({ directory: folder });
    assert.deepEqual([again.first, again.next], [2, 4]);
    await again.close();
    assert.deepEqual(await readdir(folder), ["00000000000002.wal", "00000000000003.wal"]);
    assert.equal((await stat(join(folder, "00000000000003.wal"))).size, 24 + 54);
  });

  it("says so where its folder cannot be made", async () => {
    await writeFile(join(directory, "file"), "");
    await assert.rejects(WriteAheadLog.open({ directory: join(directory, "file", "log") }), {
      code: "FAILED",
      message: /^Creating .*file\/log failed/,
    });
  });

  it("is refused a second time within the process, and free after closing", async () => {
    const log = await WriteAheadLog.open({ directory });
    await assert.rejects(WriteAheadLog.open({ directory }), {
      code: "LOCKED",
      message: /this process already/,
    });
    await log.close();
    await (await WriteAheadLog.open({ directory })).close();
  });

  it("gives the lock back when opening fails", async () => {
    const folder = join(directory, "bad");
    const log = await WriteAheadLog.open({ directory: folder });
    await log.append(new Uint8Array(100));
    await log.close();
    await writeFile(join(folder, "00000000000000.wal"), new Uint8Array(200));
    await assert.rejects(WriteAheadLog.open({ directory: folder }), { code: "CORRUPTED" });
    await assert.rejects(WriteAheadLog.open({ directory: folder }), { code: "CORRUPTED" });
  });
});
