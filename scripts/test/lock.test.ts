import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { platformOf, repair } from "../lock.ts";

describe("the platform in a package's name", () => {
  test("is read with cpu, system and C library", () => {
    assert.deepEqual(platformOf("@biomejs/cli-darwin-arm64"), { os: ["darwin"], cpu: ["arm64"] });
    assert.deepEqual(platformOf("@foundry-rs/anvil-win32-amd64"), { os: ["win32"], cpu: ["x64"] });
    assert.deepEqual(platformOf("@nomicfoundation/edr-linux-arm64-musl"), {
      os: ["linux"],
      cpu: ["arm64"],
      libc: ["musl"],
    });
  });

  test("is not invented", () => {
    assert.equal(platformOf("bufferutil"), null);
    assert.equal(platformOf("@scope/linux-tools"), null);
  });
});

describe("a lock file", () => {
  const entry = (optionalDependencies: Record<string, string>) => ({
    version: "1.0.0",
    optionalDependencies,
  });

  test("gets an entry for each build that is missing, once", () => {
    const lock = { packages: { "": {}, "node_modules/a": entry({ "a-darwin-arm64": "1.0.0" }) } };
    assert.equal(repair(lock).length, 1);
    assert.deepEqual((lock.packages as Record<string, unknown>)["node_modules/a-darwin-arm64"], {
      version: "1.0.0",
      cpu: ["arm64"],
      os: ["darwin"],
      optional: true,
    });
    assert.deepEqual(repair(lock), []);
  });

  test("keeps a build that stands beside its package", () => {
    const lock = {
      packages: {
        "node_modules/b/node_modules/a": entry({ "a-linux-x64": "1.0.0" }),
        "node_modules/b/node_modules/a-linux-x64": { version: "1.0.0" },
      },
    };
    assert.deepEqual(repair(lock), []);
  });

  test("loses the addresses of other registries, and only these", () => {
    const lock = {
      packages: {
        "node_modules/a": { version: "1.0.0", resolved: "https://mirror.example/a-1.0.0.tgz" },
        "node_modules/b": { version: "1.0.0", resolved: "https://registry.npmjs.org/b/-/b-1.0.0.tgz" },
        "node_modules/@aitbc-hybrid/c": { resolved: "packages/c", link: true },
      },
    };
    assert.equal(repair(lock).length, 1);
    assert.equal(lock.packages["node_modules/a"].resolved, undefined);
    assert.notEqual(lock.packages["node_modules/b"].resolved, undefined);
    assert.notEqual(lock.packages["node_modules/@aitbc-hybrid/c"].resolved, undefined);
  });
});
