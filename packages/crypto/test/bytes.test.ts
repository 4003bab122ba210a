import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { rootBytes } from "../src/bytes.ts";
import { root } from "./support/fixtures.ts";

describe("roots", () => {
  it("are 32 bytes, or their hexadecimal text", () => {
    assert.deepEqual(rootBytes(root(0xab)), root(0xab));
    assert.deepEqual(rootBytes(`0x${"ab".repeat(32)}`), root(0xab));
  });

  it("have no other length and no other form", () => {
    const short = `0x${"ab".repeat(31)}` as const;
    for (const bad of [
      new Uint8Array(31),
      new Uint8Array(33),
      short,
      `${short}ag`,
      `${short}abab`,
    ] as const) {
      assert.throws(() => rootBytes(bad), { code: "MESSAGE_LENGTH" });
    }
  });
});
