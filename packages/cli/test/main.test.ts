import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createKeystore, randomSecret, writeKeystoreFile } from "@aitbc-hybrid/crypto/keystore";

const BIN = fileURLToPath(new URL("../bin/aitbc-hybrid.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "cli "));
after(() => rmSync(folder, { recursive: true }));
const ADDRESSES =
  "token registry pool queue elections checkpoints slashing distributor parameters hybrid inclusion access timelock governor upgrades council inbox".split(
    " ",
  );
const NETWORK = join(folder, "network.json");
writeFileSync(
  NETWORK,
  JSON.stringify({
    chainId: 31_337,
    deployBlock: 0,
    addresses: Object.fromEntries(ADDRESSES.map((name) => [name, `0x${"11".repeat(20)}`])),
  }),
);

const LIGHT = ["--network", "missing.json", "--settlement", "http://127.0.0.1:1"];

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const run = (...args: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(process.execPath, [BIN, ...args], (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });

test("help and version answer on stdout with exit code 0; every command has help with its options", async () => {
  const help = await run("--help");
  assert.equal(help.code, 0);
  for (const name of ["devnet", "transfer", "account", "chain", "light", "Exit codes"])
    assert.match(help.out, new RegExp(name));
  const version = await run("--version");
  assert.equal(version.code, 0);
  assert.match(version.out, /^\d+\.\d+\.\d+/);
  const devnet = await run("devnet", "--help");
  for (const option of [
    "--authorities",
    "--for",
    "--json",
    "--misbehave",
    "--kill",
    "--reset",
    "--dir",
    "--port-base",
  ]) {
    assert.match(devnet.out, new RegExp(option));
  }
});

test("what cannot be is refused with exit code 2 and a sentence that names field, value and remedy", async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["nonsense"], /unknown command 'nonsense'/],
    [["devnet", "--authorities", "3"], /--authorities is 3: give a whole number from 4 to 21/],
    [["devnet", "--authorities", "many"], /--authorities is "many"/],
    [["devnet", "--for", "30"], /--for is "30": give a duration/],
    [["devnet", "--mode", "quick"], /--mode is "quick"/],
    [["account", "show", "0x12"], /the account is "0x12"/],
    [["light", "prove", "0x12", ...LIGHT], /the transaction is "0x12"/],
    [["light", "follow", ...LIGHT, "--at", "soon"], /--at is "soon"/],
    [["light", "follow", ...LIGHT, "--rpc", "nowhere"], /--rpc is "nowhere"/],
    [["light", "follow", ...LIGHT], /--network is "missing.json", which cannot be read/],
    [
      ["light", "follow", ...LIGHT.with(1, NETWORK)],
      /the contracts cannot be read at http:\/\/127\.0\.0\.1:1, block/,
    ],
    [["chain", "status", "--rpc", "nowhere"], /--rpc is "nowhere": give a URL/],
    [["chain", "status", "--rpc", "http://127.0.0.1:1"], /nothing answers at http:\/\/127\.0\.0\.1:1/],
  ];
  const results = await Promise.all(cases.map(([args]) => run(...args)));
  results.forEach(({ code, out, err }, at) => {
    const [args, sentence] = cases[at]!;
    assert.equal(code, 2, `${args.join(" ")}: ${err}`);
    assert.match(err, sentence);
    assert.equal(out, "");
  });
});

test("a wrong password or a damaged keystore is said so, and nothing is sent", async () => {
  const keystore = join(folder, "key.json");
  const password = join(folder, "password.txt");
  const secret = randomSecret("secp256k1");
  await writeKeystoreFile(
    keystore,
    await createKeystore(secret, "right", { kind: "secp256k1", kdf: { function: "scrypt", n: 1024 } }),
  );
  writeFileSync(password, "wrong\n");
  const send = (...more: string[]): Promise<Ran> =>
    run("transfer", "send", "--to", "0x000000000000000000000000000000000000dEaD", "--amount", "1", ...more);
  const wrong = await send("--keystore", keystore, "--password-file", password);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /password/i);
  writeFileSync(join(folder, "bad.json"), "{}");
  const bad = await send("--keystore", join(folder, "bad.json"), "--password-file", password);
  assert.equal(bad.code, 2);
  assert.match(bad.err, /bad\.json/);
  const amount = await run(
    "transfer",
    "send",
    ...["--to", "0x000000000000000000000000000000000000dEaD", "--amount", "1e3", "--keystore", keystore],
    ...["--password-file", password],
  );
  assert.match(amount.err, /--amount is "1e3"/);
});
