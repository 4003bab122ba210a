import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../bin/aitbc-hybrid.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sim "));
after(() => rmSync(folder, { recursive: true }));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const run = (...args: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(process.execPath, [BIN, "sim", ...args], (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });

const read = (...path: string[]): string => readFileSync(join(folder, ...path), "utf8");

test("every verb of sim has help with its options", async () => {
  const help = await run("--help");
  assert.equal(help.code, 0);
  for (const verb of ["list", "attacks", "montecarlo", "agents", "scale", "merge", "report"])
    assert.match(help.out, new RegExp(`^  ${verb}`, "m"));
  const attacks = await run("attacks", "--help");
  for (const option of ["--seed", "--out", "--shard", "--threads", "--levels", "--runs", "--mode", "--json"])
    assert.match(attacks.out, new RegExp(option));
});

test("the list names attacks with their bounds", async () => {
  const { attacks } = JSON.parse((await run("list", "--json")).out) as {
    attacks: { name: string; cases: { safe: number; scale: number }[] }[];
  };
  const fast = attacks.find(({ name }) => name === "silent-leader")?.cases[0];
  assert.deepEqual([fast?.safe, fast?.scale], [2, 7]);
});

test("what cannot be is refused with exit code 2 and a remedy", async () => {
  for (const [args, said] of [
    [["attacks", "nonsense"], /there is no attack "nonsense": give one of/],
    [["attacks", "--shard", "3/2"], /--shard is "3\/2"/],
    [["attacks", "--runs", "0"], /--runs is "0"/],
    [["attacks", "--levels", "few"], /--levels is "few"/],
    [["agents", "--set", "luck=1"], /there is no assumption "luck"/],
    [["montecarlo", "--pareto", "much"], /--pareto is "much"/],
    [["scale", "--validators", "3"], /--validators is "3"/],
    [["scale", "--place", "moon"], /--place is "moon": give one of eu/],
    [["report", folder], /holds no study/],
  ] as const) {
    const { code, err } = await run(...args);
    assert.equal(code, 2);
    assert.match(err, said);
  }
});

test("shards merge to the report of the whole, and a second run has nothing to do", async () => {
  const args = ["attacks", "silent-leader", "--mode", "secure", "--runs", "2", "--seed", "cli", "--json"];
  const whole = await run(...args, "--out", join(folder, "whole"));
  assert.equal(whole.code, 0);
  const told = JSON.parse(whole.out) as { runs: number; failed: string[]; unfinished: number };
  assert.deepEqual([told.runs, told.failed, told.unfinished], [4, [], 0]);
  assert.match(whole.err, /4\/4 runs/);
  for (const part of ["1", "2"])
    assert.equal((await run(...args, "--shard", `${part}/2`, "--out", join(folder, part))).code, 0);
  const merged = await run("merge", join(folder, "1"), join(folder, "2"), "--out", join(folder, "merged"));
  assert.equal(merged.code, 0);
  for (const file of ["report.html", "results.csv", "results.json"])
    assert.equal(read("merged", file), read("whole", file));
  assert.match(read("whole", "report.html"), /sim attacks silent-leader --mode secure .*--seed cli/);
  const again = await run(...args, "--out", join(folder, "whole"));
  assert.match(again.err, /4 of 4 runs are done already/);
  const other = await run("attacks", "eclipse", "--out", join(folder, "whole"));
  assert.equal(other.code, 2);
});

test("a market is played and reported with the command that gives it again", async () => {
  const args = ["agents", "--runs", "1", "--set", "days=20", "delegators=20", "--json"];
  const { code, out } = await run(...args, "--out", join(folder, "market"));
  assert.equal(code, 0);
  assert.equal((JSON.parse(out) as { unfinished: number }).unfinished, 0);
  assert.match(read("market", "report.html"), /sim agents --runs 1 --set days=20 delegators=20 --seed 1/);
});
