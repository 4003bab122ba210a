import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import {
  createKeystore,
  openKeystoreFile,
  readKeystoreFile,
  readPasswordFile,
  writeKeystoreFile,
} from "../../src/keystore/index.ts";
import { secret } from "../support/fixtures.ts";

const make = (n: number) =>
  createKeystore(secret(n), "password", { kind: "bls12-381", kdf: { function: "scrypt", n: 2 } });

describe("keystore files", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "keystore "));
    path = join(folder, "signing.json");
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("are readable by their owner alone, and leave nothing else behind", async () => {
    await writeKeystoreFile(path, await make(1));
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(folder), ["signing.json"]);
    assert.deepEqual(await openKeystoreFile(path, "password", "bls12-381"), secret(1));
  });

  it("are not replaced unless asked", async () => {
    await writeKeystoreFile(path, await make(1));
    await assert.rejects(writeKeystoreFile(path, await make(2)), { code: "KEYSTORE_EXISTS" });
    assert.deepEqual(await openKeystoreFile(path, "password", "bls12-381"), secret(1));
    await writeKeystoreFile(path, await make(2), { overwrite: true });
    assert.deepEqual(await openKeystoreFile(path, "password", "bls12-381"), secret(2));
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(folder), ["signing.json"]);
  });

  it("survive a failed replacement", async () => {
    await writeKeystoreFile(path, await make(1));
    const before = await readFile(path);
    const nowhere = join(folder, "missing", "signing.json");
    await assert.rejects(writeKeystoreFile(nowhere, await make(2)), { code: "KEYSTORE_WRITE" });
    assert.deepEqual(await readFile(path), before);
  });

  it("are refused with a sentence: missing, unreadable, damaged, of the wrong kind, wrong password", async () => {
    const says = (code: string) => (error: Error & { code: string }) =>
      error.code === code && error.message.includes(folder) && error.message.endsWith(".");
    await assert.rejects(readKeystoreFile(path), says("KEYSTORE_MISSING"));
    await mkdir(path);
    await assert.rejects(readKeystoreFile(path), says("KEYSTORE_UNREADABLE"));
    await rm(path, { recursive: true });
    await writeFile(path, "{");
    await assert.rejects(readKeystoreFile(path), says("KEYSTORE_CORRUPTED"));
    await writeKeystoreFile(path, await make(1), { overwrite: true });
    await assert.rejects(openKeystoreFile(path, "password", "secp256k1"), says("KEYSTORE_KIND"));
    await assert.rejects(openKeystoreFile(path, "other", "bls12-381"), says("KEYSTORE_PASSWORD"));
  });
});

describe("password files", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "password-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("give the password without the editor's line end", async () => {
    const path = join(folder, "password");
    for (const [content, password] of [
      ["secret", "secret"],
      ["secret\n", "secret"],
      ["secret\r\n", "secret"],
      [" two words \n\n", " two words \n"],
    ] as const) {
      await writeFile(path, content);
      assert.equal(await readPasswordFile(path), password);
    }
  });

  it("are refused when missing or empty", async () => {
    const path = join(folder, "password");
    await assert.rejects(readPasswordFile(path), { code: "PASSWORD_UNREADABLE", message: /does not exist/ });
    await writeFile(path, "\n");
    await assert.rejects(readPasswordFile(path), { code: "PASSWORD_EMPTY" });
  });
});
