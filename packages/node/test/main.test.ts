import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createKeystore, type KeyKind, randomSecret, writeKeystoreFile } from "@aitbc-hybrid/crypto/keystore";
import { defaultLedgerParameters, formatGenesisFile } from "@aitbc-hybrid/execution";
import { ADDRESS_NAMES } from "@aitbc-hybrid/sdk";
import type { NodeConfigInput } from "../src/config.ts";
import { openProtectionLog } from "../src/storage/index.ts";
import { HANGS_MS } from "./support/until.ts";

const PROGRAM = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "aitbc-hybrid-main-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

// A settlement chain that refuses every question.
const settlement = createServer((_request, response) => response.writeHead(503).end());
after(() => settlement.close());

const config = (): NodeConfigInput => ({
  dataDir: "data",
  validator: { id: 1, blsKeystore: "bls.json", passwordFile: "password.txt" },
  ledger: { genesisFile: "genesis.json", workers: 0 },
  network: { keystore: "network.json", passwordFile: "password.txt", listen: ["/ip4/127.0.0.1/tcp/0"] },
  settlement: {
    url: `http://127.0.0.1:${(settlement.address() as AddressInfo).port}`,
    networkFile: "addresses.json",
  },
  rpc: { port: 0 },
});

before(async () => {
  await new Promise<void>((resolve) => settlement.listen(0, "127.0.0.1", resolve));
  const kinds: [string, KeyKind][] = [
    ["bls.json", "bls12-381"],
    ["network.json", "secp256k1"],
  ];
  for (const [name, kind] of kinds) {
    const kdf = { function: "pbkdf2", c: 1_024 } as const;
    await writeKeystoreFile(at(name), await createKeystore(randomSecret(kind), "correct", { kind, kdf }));
  }
  writeFileSync(at("password.txt"), "correct\n");
  writeFileSync(at("wrong.txt"), "guess\n");
  writeFileSync(at("damaged.json"), readFileSync(at("bls.json"), "utf8").slice(0, 100));
  writeFileSync(
    at("genesis.json"),
    formatGenesisFile({ parameters: defaultLedgerParameters(31_999), allocation: new Map() }),
  );
  const addresses = Object.fromEntries(
    ADDRESS_NAMES.map((name, i) => [name, `0x${`${i + 1}`.padStart(40, "0")}`]),
  );
  writeFileSync(at("addresses.json"), JSON.stringify({ chainId: 31_337, deployBlock: 0, addresses }));
});

interface Outcome {
  readonly code: number | null;
  readonly errors: string;
}

function run(arguments_: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [PROGRAM, ...arguments_], { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    child.on("close", (code) => resolve({ code, errors }));
  });
}

function runWith(name: string, changed: NodeConfigInput, ...flags: string[]): Promise<Outcome> {
  writeFileSync(at(name), JSON.stringify(changed));
  return run(["--config", at(name), ...flags]);
}

const cases: [string, () => Promise<Outcome>, number, RegExp][] = [
  ["a wrong value", () => runWith("1.json", config(), "--rpc.port", "99999"), 2, /rpc\.port is 99999/],
  [
    "a wrong password",
    () =>
      runWith("2.json", { ...config(), validator: { ...config().validator!, passwordFile: "wrong.txt" } }),
    2,
    /password/i,
  ],
  [
    "a corrupted keystore",
    () =>
      runWith("3.json", { ...config(), validator: { ...config().validator!, blsKeystore: "damaged.json" } }),
    2,
    /damaged\.json/,
  ],
  [
    "a settlement chain that does not answer at the first start",
    () => runWith("4.json", config()),
    1,
    /settlement\.url/,
  ],
];
for (const [name, start, code, sentence] of cases) {
  test(`${name} ends with a sentence that names the remedy, and code ${code}`, {
    timeout: HANGS_MS,
  }, async () => {
    const outcome = await start();
    assert.match(outcome.errors, sentence);
    assert.equal(outcome.code, code);
    // The sentence alone: no stack for what the operator can put right.
    assert.doesNotMatch(outcome.errors, /\n\s+at /);
  });
}

test("a key in use by another process is refused with code 3", { timeout: HANGS_MS }, async () => {
  const log = await openProtectionLog(at("held"));
  const outcome = await runWith("5.json", { ...config(), protectionDir: "held" });
  assert.match(outcome.errors, /in use by process/);
  assert.equal(outcome.code, 3);
  await log.close();
});
