import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { checkConfig, loadConfig, type NodeConfigInput } from "../src/config.ts";

const folder = mkdtempSync(join(tmpdir(), "aitbc-hybrid-config-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const least: NodeConfigInput = {
  dataDir: "data",
  ledger: { genesisFile: "genesis.json" },
  network: { keystore: "network.json", passwordFile: "password.txt" },
  settlement: { url: "http://127.0.0.1:8545", networkFile: "addresses.json" },
};
const yaml = `
dataDir: data
ledger: { genesisFile: genesis.json }
network: { keystore: network.json, passwordFile: password.txt }
settlement: { url: "http://127.0.0.1:8545", networkFile: addresses.json }
rpc: { port: 9000 }
`;

test("a short file is completed with defaults, paths are relative to it", () => {
  const config = checkConfig(least, "/srv/node");
  assert.equal(config.dataDir, "/srv/node/data");
  assert.equal(config.protectionDir, "/srv/node/data/protection");
  assert.equal(config.network.keystore, "/srv/node/network.json");
  assert.equal(config.rpc.host, "127.0.0.1");
  assert.equal(config.network.followers, 0);
  assert.equal(config.validator, undefined);
});

test("the guide's example is accepted", () => {
  const guide = readFileSync(new URL("../../../docs/node.md", import.meta.url), "utf8");
  const file = join(folder, "guide.yaml");
  writeFileSync(file, /```yaml\n([\s\S]*?)```/.exec(guide)![1]!);
  const config = loadConfig({ file });
  assert.equal(config.validator?.id, 3);
  assert.equal(config.network.peers[0]?.validatorId, 1);
});

test("flags come before the environment, the environment before the file", () => {
  const file = join(folder, "node.yaml");
  writeFileSync(file, yaml);
  assert.equal(loadConfig({ file }).rpc.port, 9000);
  const environment = { AITBC_HYBRID_RPC_PORT: "9001", AITBC_HYBRID_DATA_BATCH_MS: "40", PATH: "/bin" };
  const config = loadConfig({ file, environment });
  assert.equal(config.rpc.port, 9001);
  assert.equal(config.data.batchMs, 40);
  assert.equal(loadConfig({ file, environment, flags: { "rpc.port": "9002" } }).rpc.port, 9002);
});

test("peers may stand in a file of their own", () => {
  writeFileSync(join(folder, "peers.json"), JSON.stringify([{ peerId: "b", validatorId: 2 }]));
  const config = checkConfig(
    { ...least, network: { ...least.network, peers: [{ peerId: "a" }], peersFile: "peers.json" } },
    folder,
  );
  assert.deepEqual(
    config.network.peers.map(({ peerId, validatorId }) => [peerId, validatorId]),
    [
      ["a", null],
      ["b", 2],
    ],
  );
});

const wrong: [string, unknown, RegExp][] = [
  ["an unknown key", { ...least, rcp: {} }, /rcp is no setting/],
  ["an unknown key inside", { ...least, data: { batchms: 3 } }, /data\.batchms is no setting/],
  ["a port out of range", { ...least, rpc: { port: 70_000 } }, /rpc\.port is 70000/],
  ["a missing section", { ...least, settlement: undefined }, /settlement is missing/],
  [
    "a proxy's name",
    { ...least, rpc: { trustedProxies: ["proxy.example"] } },
    /rpc\.trustedProxies\.0.*IP address/,
  ],
  [
    "a wrong address",
    { ...least, network: { ...least.network, listen: ["0.0.0.0:1"] } },
    /network\.listen\.0.*multiaddress/,
  ],
];
for (const [name, raw, message] of wrong) {
  test(`${name} is named with its value and the remedy`, () => {
    assert.throws(
      () => checkConfig(raw, "/"),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, "CONFIG_INVALID");
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test("a variable that names no setting, a file that is missing or no YAML are refused", () => {
  const file = join(folder, "again.yaml");
  writeFileSync(file, yaml);
  assert.throws(
    () => loadConfig({ file, environment: { AITBC_HYBRID_RPC_PROT: "1" } }),
    /AITBC_HYBRID_RPC_PROT/,
  );
  assert.throws(() => loadConfig({ file: join(folder, "none.yaml") }), { code: "FILE_UNREADABLE" });
  writeFileSync(file, "{");
  assert.throws(() => loadConfig({ file }), { code: "CONFIG_INVALID" });
});
