import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ManagedProcess } from "../src/processes.ts";

const root = mkdtempSync(join(tmpdir(), "devnet process "));
after(() => rmSync(root, { recursive: true, force: true }));

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
};

async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!holds()) {
    assert.ok(Date.now() < deadline, what);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("a binary under the guard ends when asked, and its end is reported", async () => {
  const started = join(root, "started");
  const sleeper = new ManagedProcess({
    name: "sleep",
    program: { binary: "sh" },
    args: ["-c", `echo > "${started}"; exec sleep 1000`],
    cwd: root,
    logFile: join(root, "sleep.log"),
  });
  await until(() => existsSync(started), "the binary starts");
  assert.equal(sleeper.result, null);
  const ended = await sleeper.stop();
  assert.equal(ended.code, 0);
  assert.equal(alive(sleeper.pid!), false);
});

test("a program that cannot be started says so in its log", async () => {
  const missing = new ManagedProcess({
    name: "missing",
    program: { binary: "/no/such/program" },
    args: [],
    cwd: root,
    logFile: join(root, "missing.log"),
  });
  assert.equal((await missing.ended).code, 127);
  assert.match(missing.logTail(), /no\/such\/program/);
});

test("when its starter is killed with SIGKILL, a guarded binary ends too", async () => {
  const pidFile = join(root, "pid");
  const starter = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { ManagedProcess } from ${JSON.stringify(new URL("../src/processes.ts", import.meta.url).href)};
       new ManagedProcess({ name: "sh", program: { binary: "sh" }, args: ["-c", "echo $$ > pid; exec sleep 1000"], cwd: ${JSON.stringify(root)}, logFile: ${JSON.stringify(join(root, "sh.log"))} });
       setInterval(() => {}, 1000);`,
    ],
    { cwd: fileURLToPath(new URL(".", import.meta.url)), stdio: "ignore" },
  );
  await until(() => existsSync(pidFile) && readFileSync(pidFile, "utf8").includes("\n"), "the binary starts");
  const pid = Number(readFileSync(pidFile, "utf8"));
  assert.equal(alive(pid), true);
  starter.kill("SIGKILL");
  await until(() => !alive(pid), "the binary ends");
});
