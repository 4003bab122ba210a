import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CrashError, FaultyFileSystem, keepAll, tearLastWrite } from "../../src/faults/index.ts";
import { bytes, DIRECTORY, openLog, readAll, text } from "../support/wal.ts";

const contents = async (fs: FaultyFileSystem): Promise<string[]> => {
  const log = await openLog(fs);
  const records = await readAll(log);
  await log.close();
  return records.map(({ data }) => text(data));
};

/** Returns once `fs` has seen so many operations. */
async function reached(fs: FaultyFileSystem, operations: number): Promise<void> {
  for (let turn = 0; fs.operations < operations; turn++) {
    assert.ok(turn < 1000, `${operations} operations were never reached`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("write-ahead log", () => {
  it("gives back what was appended, in order, with indices from 0", async () => {
    const fs = new FaultyFileSystem();
    const log = await openLog(fs);
    assert.equal(await log.append(bytes("a")), 0);
    assert.deepEqual(await Promise.all([log.append(bytes("b")), log.append(bytes(""))]), [1, 2]);
    assert.deepEqual([log.first, log.next], [0, 3]);
    const expected = [
      { index: 0, data: bytes("a") },
      { index: 1, data: bytes("b") },
      { index: 2, data: bytes("") },
    ];
    assert.deepEqual(await readAll(log), expected);
    assert.deepEqual(await readAll(log, 2), expected.slice(2));
    assert.deepEqual(await readAll(log, 3), []);
    await log.close();
    const again = await openLog(fs);
    assert.deepEqual(await readAll(again), expected);
    assert.equal(await again.append(bytes("d")), 3);
    await again.close();
  });

  it("stores all appends of one turn with one write and one sync", async () => {
    const fs = new FaultyFileSystem();
    const log = await openLog(fs);
    const before = fs.operations;
    await Promise.all(Array.from({ length: 100 }, (_, i) => log.append(bytes(`${i}`))));
    assert.equal(fs.operations - before, 2);
    await log.close();
  });

  it("acknowledges nothing before the sync is done, and gathers meanwhile", async () => {
    const fs = new FaultyFileSystem();
    const log = await openLog(fs);
    const events: string[] = [];
    fs.holdSyncs();
    const before = fs.operations;
    const first = log.append(bytes("a")).then(() => events.push("acknowledged"));
    // Operation 2 is the sync, now held.
    await reached(fs, before + 2);
    const later = [log.append(bytes("b")), log.append(bytes("c"))];
    assert.equal(log.next, 0);
    assert.deepEqual(await readAll(log), []);
    events.push("released");
    fs.releaseSyncs();
    await first;
    assert.deepEqual(await Promise.all(later), [1, 2]);
    assert.deepEqual(events, ["released", "acknowledged"]);
    assert.equal(fs.operations - before, 4);
    await log.close();
  });

  it("copies what it is given", async () => {
    const fs = new FaultyFileSystem();
    const log = await openLog(fs);
    const data = bytes("before");
    const appended = log.append(data);
    data.set(bytes("after!"));
    await appended;
    await log.close();
    assert.deepEqual(await contents(fs), ["before"]);
  });

  it("stores what is pending when it is closed, and takes nothing more", async () => {
    const fs = new FaultyFileSystem();
    const log = await openLog(fs);
    const pending = log.append(bytes("a"));
    const closing = log.close();
    await assert.rejects(log.append(bytes("b")), { code: "CLOSED" });
    assert.equal(await pending, 0);
    await closing;
    await log.close();
    await assert.rejects(log.prune(1), { code: "CLOSED" });
    assert.deepEqual(await contents(fs), ["a"]);
  });

  it("refuses records beyond the limit and stays usable", async () => {
    const log = await openLog(new FaultyFileSystem(), { maxRecordBytes: 4 });
    await assert.rejects(log.append(bytes("12345")), { code: "RECORD_SIZE" });
    assert.equal(await log.append(bytes("1234")), 0);
    await log.close();
  });
});

describe("segments", () => {
  const fill = async (fs: FaultyFileSystem) => {
    const log = await openLog(fs, { segmentBytes: 100 });
    for (let i = 0; i < 20; i++) await log.append(bytes(`record ${i}`));
    return log;
  };

  it("rotate at their size and read on across", async () => {
    const fs = new FaultyFileSystem();
    const log = await fill(fs);
    assert.ok((await fs.list(DIRECTORY)).length > 5);
    const records = await readAll(log);
    assert.deepEqual(
      records.map(({ index, data }) => `${index} ${text(data)}`),
      records.map((_, i) => `${i} record ${i}`),
    );
    assert.equal(records.length, 20);
    assert.equal((await readAll(log, 13))[0]?.index, 13);
    await log.close();
  });

  it("are freed below the caller's mark, never at or above it", async () => {
    const fs = new FaultyFileSystem();
    const log = await fill(fs);
    const files = (await fs.list(DIRECTORY)).length;
    await log.prune(0);
    assert.equal(log.first, 0);
    await log.prune(10);
    assert.ok(log.first > 0 && log.first <= 10);
    assert.ok((await fs.list(DIRECTORY)).length < files);
    assert.equal((await readAll(log))[0]?.index, log.first);
    const { first } = log;
    await log.close();
    const again = await openLog(fs);
    assert.deepEqual([again.first, again.next], [first, 20]);
    await again.prune(1000);
    assert.equal((await fs.list(DIRECTORY)).length, 1);
    assert.equal(await again.append(bytes("next")), 20);
    await again.close();
  });

  it("prune one after the other", async () => {
    const fs = new FaultyFileSystem();
    const log = await fill(fs);
    await Promise.all([log.prune(5), log.prune(15), log.prune(10), log.append(bytes("x"))]);
    assert.ok(log.first > 10 && log.first <= 15);
    assert.equal((await readAll(log)).at(-1)?.index, 20);
    await log.close();
  });
});

describe("a log after a crash", () => {
  it("cuts off a torn last record and goes on", async () => {
    for (const torn of [0, 1, 4, 8, 23, 24, 25, 27]) {
      const fs = new FaultyFileSystem();
      const log = await openLog(fs);
      await log.append(bytes("kept"));
      fs.holdSyncs();
      const lost = assert.rejects(log.append(bytes("torn")), { code: "FAILED" });
      await reached(fs, fs.operations + 2);
      const after = fs.crash(tearLastWrite(torn));
      await lost;
      const again = await openLog(after);
      assert.deepEqual(
        (await readAll(again)).map(({ data }) => text(data)),
        ["kept"],
      );
      assert.equal(await again.append(bytes("new")), 1);
      await again.close();
      assert.deepEqual(await contents(after), ["kept", "new"]);
    }
  });

  it("may keep what was written and not acknowledged, and then keeps it for good", async () => {
    const fs = new FaultyFileSystem({ crashAt: 7 });
    const log = await openLog(fs);
    await log.append(bytes("a"));
    await assert.rejects(log.append(bytes("b")), { code: "FAILED" });
    assert.ok(fs.crashed);
    const after = fs.crash(keepAll);
    assert.deepEqual(await contents(after), ["a", "b"]);
  });

  it("fails whole: after a failed write nothing more is taken", async () => {
    const fs = new FaultyFileSystem({ failAt: { operation: 7, code: "EIO" } });
    const log = await openLog(fs);
    await log.append(bytes("a"));
    const [b, c] = await Promise.allSettled([log.append(bytes("b")), log.append(bytes("c"))]);
    assert.deepEqual([b?.status, c?.status], ["rejected", "rejected"]);
    await assert.rejects(log.append(bytes("d")), { code: "FAILED", message: /Check the disk/ });
    await log.close();
    assert.deepEqual(await contents(fs), ["a"]);
  });

  it("says that the disk is full, and works once there is room", async () => {
    const fs = new FaultyFileSystem({ capacity: 120 });
    const log = await openLog(fs);
    const data = new Uint8Array(40).fill(1);
    assert.equal(await log.append(data), 0);
    await assert.rejects(log.append(data), {
      code: "DISK_FULL",
      message: /No space is left on the disk that holds \/log\. Free space/,
    });
    await assert.rejects(log.append(bytes("x")), { code: "DISK_FULL" });
    await log.close();
    const roomy = fs.crash(keepAll);
    const again = await openLog(roomy);
    assert.deepEqual(await readAll(again), [{ index: 0, data }]);
    assert.equal(await again.append(data), 1);
    await again.close();
  });

  it("surfaces other errors of the system with their cause", async () => {
    const fs = new FaultyFileSystem({ crashAt: 1 });
    await assert.rejects(openLog(fs), (error: Error & { code: string }) => {
      assert.equal(error.code, "FAILED");
      assert.ok(error.cause instanceof CrashError);
      return true;
    });
  });
});

describe("damage that no crash explains", () => {
  const damaged = { code: "CORRUPTED", message: /record \d+ was stored and cannot be read.*Restore/s };
  const filled = async (segmentBytes: number) => {
    const fs = new FaultyFileSystem();
    const log = await openLog(fs, { segmentBytes });
    for (let i = 0; i < 6; i++) await log.append(bytes(`record ${i}`));
    await log.close();
    return fs;
  };
  const files = async (fs: FaultyFileSystem) =>
    (await fs.list(DIRECTORY)).sort().map((name) => `${DIRECTORY}/${name}`);

  it("is refused anywhere before the last record", async () => {
    const size = (await filled(10_000)).content(`${DIRECTORY}/${"0".repeat(14)}.wal`).length;
    const record = 24 + "record 0".length;
    for (let at = 24; at < size - record; at++) {
      const fs = await filled(10_000);
      fs.flip((await files(fs))[0]!, at);
      await assert.rejects(openLog(fs), damaged, `byte ${at}`);
    }
  });

  it("is refused in the header of a segment with records", async () => {
    const fs = await filled(10_000);
    fs.flip((await files(fs))[0]!, 3);
    await assert.rejects(openLog(fs), damaged);
  });

  it("is refused at the very end of a segment that has a successor", async () => {
    const fs = await filled(100);
    const first = (await files(fs))[0]!;
    fs.flip(first, fs.content(first).length - 1);
    await assert.rejects(openLog(fs), damaged);
  });

  it("is refused where a whole segment is missing", async () => {
    const fs = await filled(50);
    await fs.remove((await files(fs))[1]!);
    await assert.rejects(openLog(fs), damaged);
  });

  it("is noticed when it comes while the log is open", async () => {
    const fs = new FaultyFileSystem();
    const log = await openLog(fs);
    await log.append(bytes("a"));
    await log.append(bytes("b"));
    fs.flip((await files(fs))[0]!, 50);
    await assert.rejects(readAll(log), { code: "CORRUPTED" });
    await log.close();
  });

  it("leaves other files in the folder alone", async () => {
    const fs = await filled(10_000);
    await fs.open(`${DIRECTORY}/notes.txt`, true);
    assert.equal((await contents(fs)).length, 6);
    assert.ok((await fs.list(DIRECTORY)).includes("notes.txt"));
  });
});
