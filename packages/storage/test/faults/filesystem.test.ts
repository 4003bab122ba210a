import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  CrashError,
  dropAll,
  FaultyFileSystem,
  fatesFrom,
  holeInLastWrite,
  keepAll,
  tearLastWrite,
} from "../../src/faults/index.ts";
import { bytes, text } from "../support/wal.ts";

const PATH = "/d/file";
async function synced(content: string): Promise<FaultyFileSystem> {
  const fs = new FaultyFileSystem();
  const file = await fs.open(PATH, true);
  await file.write(bytes(content), 0);
  await file.sync();
  await fs.syncDirectory("/d");
  return fs;
}

describe("file system with faults", () => {
  it("keeps what was synced whatever happens", async () => {
    assert.equal(text((await synced("abc")).crash(dropAll).content(PATH)), "abc");
  });

  it("loses, keeps or tears what was not", async () => {
    const crashed = async (fates: Parameters<FaultyFileSystem["crash"]>[0]) => {
      const fs = await synced("abc");
      const file = await fs.open(PATH, false);
      await file.write(bytes("XY"), 1);
      await file.write(bytes("1234"), 3);
      assert.equal(text(fs.content(PATH)), "aXY1234");
      return text(fs.crash(fates).content(PATH));
    };
    assert.equal(await crashed(dropAll), "abc");
    assert.equal(await crashed(keepAll), "aXY1234");
    assert.equal(await crashed(tearLastWrite(2)), "aXY12");
    assert.equal(await crashed((_, index) => (index === 0 ? "drop" : "keep")), "abc1234");
    assert.equal(await crashed(fatesFrom([0, 1])), "abc1234");
    assert.equal(await crashed(fatesFrom([1, 10])), "aXY12");
    assert.equal(await crashed(fatesFrom([7, 4])), "abY");
    assert.equal(await crashed(fatesFrom([0, 11])), "abc\0\u{0}34");
    assert.equal(await crashed(holeInLastWrite(1)), "aXY\u{0}234");
    assert.equal(await crashed(holeInLastWrite(9)), "aXY");
    assert.equal(await crashed(fatesFrom([])), "abc");
  });

  it("fills with zeros what a later write left open", async () => {
    const fs = await synced("a");
    await (await fs.open(PATH, false)).write(bytes("z"), 3);
    assert.deepEqual(fs.crash(keepAll).content(PATH), Uint8Array.of(97, 0, 0, 122));
  });

  it("syncs names apart from contents", async () => {
    const fs = await synced("abc");
    const file = await fs.open("/d/new", true);
    await file.write(bytes("new"), 0);
    await file.sync();
    await fs.remove(PATH);
    assert.deepEqual(await fs.list("/d"), ["new"]);
    assert.deepEqual(await fs.crash(dropAll).list("/d"), ["file"]);
    assert.equal(text(fs.crash(keepAll).content("/d/new")), "new");
    const synced_ = new FaultyFileSystem();
    await synced_.open("/d/x", true);
    await synced_.syncDirectory("/elsewhere");
    assert.deepEqual(await synced_.crash(dropAll).list("/d"), []);
  });

  it("truncates, and forgets that too", async () => {
    const fs = await synced("abc");
    await (await fs.open(PATH, false)).truncate(1);
    assert.equal(text(fs.content(PATH)), "a");
    assert.equal(text(fs.crash(keepAll).content(PATH)), "a");
    assert.equal(text(fs.crash(dropAll).content(PATH)), "abc");
  });

  it("crashes at the operation it is told, which may still take effect", async () => {
    const fs = new FaultyFileSystem({ crashAt: 2 });
    const file = await fs.open(PATH, true);
    await assert.rejects(file.write(bytes("a"), 0), CrashError);
    await assert.rejects(file.size(), CrashError);
    await assert.rejects(fs.open(PATH, false), CrashError);
    assert.equal(text(fs.crash(keepAll).content(PATH)), "a");
  });

  it("fails once, without effect, where it is told", async () => {
    const fs = new FaultyFileSystem({ failAt: { operation: 2, code: "EIO" } });
    const file = await fs.open(PATH, true);
    await assert.rejects(file.write(bytes("a"), 0), { code: "EIO" });
    assert.equal(await file.size(), 0);
    await file.write(bytes("b"), 0);
    assert.equal(text(fs.content(PATH)), "b");
  });

  it("runs full after what still fits", async () => {
    const fs = new FaultyFileSystem({ capacity: 4 });
    const file = await fs.open(PATH, true);
    await file.write(bytes("abc"), 0);
    await file.write(bytes("xyz"), 0);
    await assert.rejects(file.write(bytes("123"), 2), { code: "ENOSPC" });
    assert.equal(text(fs.content(PATH)), "xy12");
    await file.truncate(1);
    await file.write(bytes("abc"), 1);
  });

  it("holds syncs back; one covers only what was written before it", async () => {
    const fs = await synced("");
    const file = await fs.open(PATH, false);
    await file.write(bytes("a"), 0);
    fs.holdSyncs();
    fs.holdSyncs();
    const sync = file.sync();
    await file.write(bytes("b"), 1);
    fs.releaseSyncs();
    await sync;
    assert.equal(text(fs.crash(dropAll).content(PATH)), "a");
  });

  it("says like the system what does not exist or does already", async () => {
    const fs = await synced("");
    await assert.rejects(fs.open("/d/none", false), { code: "ENOENT" });
    await assert.rejects(fs.remove("/d/none"), { code: "ENOENT" });
    await assert.rejects(fs.open(PATH, true), { code: "EEXIST" });
  });
});
