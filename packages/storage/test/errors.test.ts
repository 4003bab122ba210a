import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { storageError } from "../src/errors.ts";
import { StorageError } from "../src/index.ts";

const system = (code: string) => Object.assign(new Error(`${code}: it failed`), { code });

describe("errors of the system", () => {
  it("become sentences with a code, the path and a remedy", () => {
    for (const [code, expected, remedy] of [
      ["ENOSPC", "DISK_FULL", /Free space there/],
      ["EDQUOT", "DISK_FULL", /Free space there/],
      ["EACCES", "UNREADABLE", /choose another folder/],
      ["EPERM", "UNREADABLE", /choose another folder/],
      ["EROFS", "UNREADABLE", /choose another folder/],
      ["EIO", "FAILED", /Check the disk/],
    ] as const) {
      const cause = system(code);
      const error = storageError(cause, "/data/log", "Writing");
      assert.equal(error.code, expected);
      assert.equal(error.cause, cause);
      assert.ok(error.message.includes("/data/log"));
      assert.match(error.message, remedy);
    }
  });

  it("are not wrapped twice", () => {
    const error = new StorageError("CLOSED", "closed");
    assert.equal(storageError(error, "/x", "Writing"), error);
  });
});
